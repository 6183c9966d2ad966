"""Chapter 3, section 8: scores that a control fools, and scores that it does not."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, exercise, prediction
from mechint_course.exercises.neurons.real import layer, often
from mechint_course.exercises.values import Value

guess_control = prediction(
    id="sae.guess_control",
    title="Prediction: a dictionary of nothing",
    options=("much worse", "about as well", "better"),
    core=False,
)


@exercise(
    id="sae.matched_noise",
    title="Noise that looks like a layer",
    points=3,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "If z has independent numbers of variance 1, then z @ R.T has the covariance R @ R.T. So you need a square root of "
        "the covariance of x, and then the mean.",
        "centred = x - x.mean(0); covariance = centred.T @ centred / len(x). torch.linalg.eigh gives its eigenvalues and "
        "eigenvectors; eigenvectors * eigenvalues.sqrt() is a square root.",
        "values, vectors = torch.linalg.eigh(covariance); root = vectors * values.clamp_min(0).sqrt(); the answer is "
        "x.mean(0) + z @ root.T.",
    ),
)
def matched_noise(ask: Ask) -> None:
    "Any root will do: the map from z is read off at zeros and at unit vectors, and its covariance compared with that of x."
    cases = sorted(_noise_cases(ask), key=Tensor.numel)
    found = []
    for x in cases:
        d_in = x.shape[1]
        z = torch.cat([torch.zeros(1, d_in), torch.eye(d_in)])
        found.append((x, z, ask(x=x, z=z)))
    for x, z, answer in found:
        d_in = x.shape[1]
        if not isinstance(answer, Tensor) or answer.shape != z.shape:
            shape = list(answer.shape) if isinstance(answer, Tensor) else type(answer).__name__
            slug = "returns-nothing" if answer is None else "wrong-shape"
            ask.fail(
                slug,
                f"A tensor [{len(z)}, {d_in}] is expected, a row of noise for each row of z; found {shape}.",
                inputs={"x": x, "z": z},
            )
    shares = [_read_off(answer) for _, _, answer in found]
    wanted = [(x.double().mean(0), _covariance(x)) for x in cases]
    for slug, sentence, mean_of, covariance_of in _NOISE_MISTAKES:
        told = [(mean_of(x), covariance_of(x)) for x in cases]
        if all(_near(a, b) for a, b in zip(shares, told, strict=True)):
            ask.fail(slug, sentence, inputs={"x": cases[0]}, **_shown(shares[0], wanted[0]))
    for x, mine, right in zip(cases, shares, wanted, strict=True):
        if not _near(mine, right):
            ask.fail(
                "wrong-value",
                "At z = 0 your noise should be the mean of x, and the covariance of your noise that of x.",
                inputs={"x": x},
                look="the covariance that your rows have when z is standard normal: R @ R.T for x.mean(0) + z @ R.T.",
                **_shown(mine, right),
            )
    # Linear in z: another z must give the same map.
    x, z = cases[-1], torch.randn(9, cases[-1].shape[1], generator=ask.generator)
    answer = ask(x=x, z=z)
    at_zero, units = found[-1][2][0], found[-1][2][1:] - found[-1][2][0]
    straight = (
        isinstance(answer, Tensor)
        and answer.shape == z.shape
        and torch.allclose(answer.float(), (at_zero + z @ units).float(), atol=1e-2, rtol=1e-3)
    )
    ask.require(
        straight,
        "not-linear-in-z",
        "Your noise is not the mean plus a fixed matrix times z: use z as it is given.",
    )


def _noise_cases(ask: Ask) -> Iterator[Tensor]:
    yield torch.tensor([[0.0, 1.0], [4.0, 1.0], [0.0, 3.0], [4.0, 7.0]])
    for number in range(3):
        d_in, n_tokens = sorted(ask.sizes(2, low=3, high=12))
        mix = torch.randn(d_in, d_in, generator=ask.generator)
        x = torch.randn(n_tokens + (0 if number else 9), d_in, generator=ask.generator) @ mix
        yield x + 3 * torch.randn(d_in, generator=ask.generator)
    neurons = ask.random.sample(often(), 6)
    yield layer()[:8, :40, neurons].flatten(0, 1).clone()


def _covariance(x: Tensor) -> Tensor:
    return torch.from_numpy(np.cov(x.double().numpy(), rowvar=False, bias=True))


def _read_off(answer: Tensor) -> tuple[Tensor, Tensor]:
    rows = answer.double()
    root = rows[1:] - rows[0]
    return rows[0], root.T @ root


def _near(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> bool:
    return all(
        bool(torch.isfinite(x).all()) and torch.allclose(x, y, atol=1e-3 * max(1.0, float(y.abs().max())))
        for x, y in zip(a, b, strict=True)
    )


def _shown(mine: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> dict[str, Value]:
    return {
        "yours": {"mean": mine[0], "covariance": mine[1]},
        "expected": {"mean": right[0], "covariance": right[1]},
    }


def _zero(x: Tensor) -> Tensor:
    return torch.zeros(x.shape[1], dtype=torch.float64)


def _mean(x: Tensor) -> Tensor:
    return x.double().mean(0)


def _second_moment(x: Tensor) -> Tensor:
    return x.double().T @ x.double() / len(x)


def _of_root(x: Tensor) -> Tensor:
    """The covariance of mean + z @ covariance: the covariance squared."""
    return _covariance(x) @ _covariance(x)


_Of = Callable[[Tensor], Tensor]
_NOISE_MISTAKES: tuple[tuple[str, str, _Of, _Of], ...] = (
    (
        "mean-missing",
        "Your noise has the covariance of x but not its mean: add x.mean(0).",
        _zero,
        _covariance,
    ),
    (
        "only-variances",
        "Each neuron has its variance, but your neurons are independent: the covariance between them is missing.",
        _mean,
        lambda x: torch.diag(torch.diag(_covariance(x))),
    ),
    (
        "no-root",
        "You multiply z by the covariance itself, so that your noise has its square; a square root of it is needed.",
        _mean,
        _of_root,
    ),
    (
        "not-centred",
        "Your covariance still holds the mean: take the mean off x before you multiply x with itself.",
        _mean,
        _second_moment,
    ),
    (
        "divided-by-one-less",
        "You divide by one row too few (torch.cov does by default); divide by the number of rows.",
        _mean,
        lambda x: _covariance(x) * len(x) / max(1, len(x) - 1),
    ),
    (
        "not-divided",
        "Divide the covariance by the number of rows of x.",
        _mean,
        lambda x: _covariance(x) * len(x),
    ),
    (
        "correlation",
        "That is the correlation matrix: every neuron has variance 1 in your noise, and should have its own.",
        _mean,
        lambda x: _covariance(x) / torch.outer(*[torch.diag(_covariance(x)).sqrt()] * 2),
    ),
    (
        "plain-noise",
        "Your noise has variance 1 and no covariance: only the mean is that of x.",
        _mean,
        lambda x: torch.eye(x.shape[1], dtype=torch.float64),
    ),
    (
        "scaled-by-eigenvalues",
        "Your root is right but for its scale: take the square root of the eigenvalues.",
        _mean,
        _of_root,
    ),
)
