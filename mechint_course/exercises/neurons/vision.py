"""Chapter 2, a vision neuron: the picture that excites it."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_digits = prediction(
    id="neurons.guess_digits",
    title="How many digits does a neuron answer to?",
    options=("one", "two or three", "four or more"),
    core=False,
)


@exercise(
    id="neurons.excite",
    title="The picture that excites it",
    points=3,
    minutes=15,
    difficulty=3,
    core=False,
    hints=(
        "One step: what does the neuron get now, and how does that change with each pixel? Go that way, then keep the ink between "
        "0 and 1. Then the next step, from where you are.",
        "image.requires_grad_() on a copy, then torch.autograd.grad(z, image), which gives a tuple of one, where "
        "z = (torch.relu(image @ W1 + b1) @ W2 + b2)[neuron], "
        "without a ReLU around it. Divide the gradient by its norm().",
        "for _ in range(n_steps): x = x.detach().clone().requires_grad_(); z = (torch.relu(x @ W1 + b1) @ W2 + b2)[neuron]; "
        "g, = torch.autograd.grad(z, x); x = (x + step * g / g.norm()).clamp(0, 1). Return x.detach().",
    ),
)
def excite(ask: Ask) -> None:
    "Every pixel against steps whose gradients are worked out by hand."
    ask.compare(
        _networks(ask),
        expected=_climb,
        known=(
            Known(
                "downhill",
                "You go down: your picture silences the neuron. Add the gradient.",
                lambda **c: _climb(**c, sign=-1.0),
            ),
            Known(
                "not-scaled",
                "You take the gradient as long as it is. Divide it by its norm, so that every step is as long as `step`.",
                lambda **c: _climb(**c, scaled=False),
            ),
            Known(
                "ink-not-kept",
                "Your ink leaves the range from 0 to 1: clamp after every step.",
                lambda **c: _climb(**c, kept="never"),
            ),
            Known(
                "ink-kept-at-the-end",
                "You clamp once, at the end; clamp after every step, or later steps start from impossible pictures.",
                lambda **c: _climb(**c, kept="at the end"),
            ),
            Known(
                "gradient-frozen",
                "You use the gradient of the first picture in every step; work it out anew each time.",
                lambda **c: _climb(**c, anew=False),
            ),
            Known(
                "first-layer-linear",
                "You leave the ReLU of the first layer out: hidden neurons that are silent pass nothing on.",
                lambda **c: _climb(**c, gate=False),
            ),
            Known(
                "one-step",
                "You take one step, whatever n_steps is.",
                lambda **c: _climb(**(c | {"n_steps": 1})),
            ),
            Known(
                "one-step-too-many",
                "You take one step more than n_steps.",
                lambda **c: _climb(**(c | {"n_steps": c["n_steps"] + 1})),
            ),
            Known(
                "all-neurons",
                "You excite all neurons of the second layer at once; one is asked for.",
                lambda **c: _climb(**c, everyone=True),
            ),
            Known(
                "second-relu",
                "You climb what comes after the neuron's ReLU. While it is silent its slope is 0, and your picture never starts: "
                "climb what the neuron gets before its ReLU.",
                lambda **c: _climb(**c, after=True),
            ),
            Known(
                "sign-of-gradient",
                "You take only the sign of the gradient, so every pixel moves by `step`. Divide the gradient by its norm instead.",
                lambda **c: _climb(**c, signs=True),
            ),
            Known("picture-unchanged", "Your picture is the one you were given.", lambda **c: c["image"]),
        ),
        look="one step from a blank image: which pixels gain ink, and how long is the step as a whole?",
        atol=1e-4,
        rtol=1e-3,
    )


def _networks(ask: Ask) -> Iterator[dict[str, Tensor | int | float]]:
    yield {
        "W1": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]),
        "b1": torch.tensor([0.5, -2.0]),
        "W2": torch.tensor([[3.0], [7.0]]),
        "b2": torch.tensor([-9.0]),
        "image": torch.zeros(3),
        "neuron": 0,
        "n_steps": 1,
        "step": 0.5,
    }
    yield {
        "W1": torch.eye(2),
        "b1": torch.zeros(2),
        "W2": torch.tensor([[3.0], [4.0]]),
        "b2": torch.tensor([1.0]),
        "image": torch.tensor([0.1, 0.9]),
        "neuron": 0,
        "n_steps": 1,
        "step": 0.5,
    }
    # The second hidden neuron opens on the way and turns the climb round: where the ink was not kept, and where the
    # gradient was not worked out anew, the end is another.
    yield {
        "W1": torch.tensor([[1.0, 2.0], [0.5, 2.0]]),
        "b1": torch.tensor([0.1, -3.0]),
        "W2": torch.tensor([[1.0, 0.5], [-2.0, 1.0]]),
        "b2": torch.tensor([0.3, -0.2]),
        "image": torch.tensor([0.9, 0.4]),
        "neuron": 0,
        "n_steps": 2,
        "step": 0.5,
    }
    made = 0
    while made < 5:
        n_neurons, n_hidden, n_pixels = sorted(ask.sizes(3, low=3, high=9))
        case: dict[str, Tensor | int | float] = {
            "W1": torch.randn(n_pixels, n_hidden, generator=ask.generator),
            "b1": torch.randn(n_hidden, generator=ask.generator) / 2,
            "W2": torch.randn(n_hidden, n_neurons, generator=ask.generator),
            "b2": torch.randn(n_neurons, generator=ask.generator) - 1,
            "image": torch.rand(n_pixels, generator=ask.generator),
            "neuron": ask.random.randrange(n_neurons),
            "n_steps": ask.random.randint(2, 4),
            "step": 0.2 + 0.3 * ask.random.random(),
        }
        # A hidden neuron at the edge of its ReLU would make rounding decide, and a slope of 0 leads nowhere.
        if min(_least_margin(**case, **detour) for detour in _DETOURS) < 0.003:  # type: ignore[arg-type]
            continue
        made += 1
        yield case


_DETOURS: tuple[dict[str, Any], ...] = (
    {},
    {"sign": -1.0},
    {"scaled": False},
    {"kept": "never"},
    {"everyone": True},
    {"signs": True},
)
"""The right way and the mistakes whose gradient depends on where they have got to."""


def _climb(
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    image: Tensor,
    neuron: int,
    n_steps: int,
    step: float,
    *,
    sign: float = 1.0,
    scaled: bool = True,
    kept: str = "always",
    anew: bool = True,
    gate: bool = True,
    everyone: bool = False,
    after: bool = False,
    signs: bool = False,
) -> Tensor:
    """No autograd: the gradient is W1 times what the open hidden neurons pass on. The flags are the known mistakes."""
    first, second, x = W1.double(), W2.double(), image.double()
    out = second.sum(1) if everyone else second[:, neuron]
    start = x
    for _ in range(n_steps):
        hidden = (x if anew else start) @ first + b1.double()
        passed = out * (hidden > 0) if gate else out
        g = first @ passed
        if after and hidden.clamp(min=0) @ out + b2.double()[neuron] <= 0:
            g = 0 * g
        if signs:
            g = g.sign()
        elif scaled:
            g = g / g.square().sum().sqrt().clamp(min=1e-12)
        x = x + sign * step * g
        if kept == "always":
            x = x.clamp(0, 1)
    return (x.clamp(0, 1) if kept == "at the end" else x).float()


def _least_margin(
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    image: Tensor,
    neuron: int,
    n_steps: int,
    step: float,
    **detour: Any,
) -> float:
    """How near any hidden neuron comes to its edge on the way, or the slope to 0."""
    found = []
    for taken in range(n_steps + 1):
        x = _climb(W1, b1, W2, b2, image, neuron, taken, step, **detour)
        hidden = x @ W1 + b1
        found += [hidden.abs().min().item(), (W1 @ ((hidden > 0) * W2[:, neuron])).norm().item() / 10]
    return min(found)
