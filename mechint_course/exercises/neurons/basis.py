"""Chapter 2, privileged basis: are the axes of the neurons special directions?"""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture, prediction
from mechint_course.exercises.neurons.plain import run
from mechint_course.exercises.values import Fixture, Value

guess_basis = prediction(
    id="neurons.guess_basis",
    title="Where are the axes special?",
    options=("in the MLP only", "in the residual stream only", "in both", "in neither"),
    core=False,
)


@exercise(
    id="neurons.kurtosis",
    title="How heavy are the tails?",
    points=2,
    minutes=8,
    difficulty=1,
    core=False,
    hints=(
        "Take each column by itself: how far is each value from the column's mean?",
        "With d = x - x.mean(dim=0) you need two means over the samples, of d ** 4 and of d ** 2.",
        "(d ** 4).mean(dim=0) / (d ** 2).mean(dim=0) ** 2",
    ),
)
def kurtosis(ask: Ask) -> None:
    "The kurtosis of every column against sums, number by number."
    ask.compare(
        _columns(ask),
        expected=_moments,
        known=(
            Known(
                "excess",
                "You take 3 off. That is the excess kurtosis; here a bell curve has 3.",
                lambda x: _moments(x) - 3,
            ),
            Known(
                "mean-not-removed",
                "You use x itself; take each column's mean off first.",
                lambda x: _ratio(x.double()),
            ),
            Known(
                "unbiased-variance",
                "You divide by n - 1 in the variance, as torch.var and torch.std do unless told otherwise; take plain means.",
                lambda x: (x - x.mean(0)).double().pow(4).mean(0) / x.double().var(0) ** 2,
            ),
            Known(
                "variance-not-squared",
                "You divide by the variance; divide by its square, so that the unit of x cancels.",
                lambda x: _fourth(x) / _second(x),
            ),
            Known(
                "not-divided",
                "You return the mean fourth power; divide by the squared mean second power.",
                lambda x: _fourth(x),
            ),
            Known(
                "third-power",
                "You use the third power, which measures how lopsided a column is; the fourth is asked for.",
                lambda x: (x - x.mean(0)).double().pow(3).mean(0) / _second(x) ** 1.5,
            ),
            Known(
                "rows-for-columns",
                "You measure along each row; each column is a unit.",
                lambda x: _ratio((x.T - x.T.mean(0)).double()),
            ),
            Known(
                "one-number",
                "You return one number for all units; one for each is asked for.",
                lambda x: _moments(x.reshape(-1, 1))[0],
            ),
            Known(
                "averaged",
                "You average over the units; one number for each is asked for.",
                lambda x: _moments(x).mean(),
            ),
            Known(
                "common-mean",
                "You take the mean of the whole table off; each column has its own.",
                lambda x: _ratio((x - x.mean()).double()),
            ),
            Known(
                "upside-down",
                "Your fraction is upside down: the fourth power belongs on top.",
                lambda x: 1 / _moments(x),
            ),
            Known(
                "mean-of-ratios",
                "The mean of the squares is squared, not the squares: (d ** 2).mean() ** 2. Yours gives 1 everywhere.",
                lambda x: torch.ones(x.shape[1]),
            ),
        ),
        look="the column 0, 0, 0, 4 by hand: its mean is 1, so the deviations are -1, -1, -1, 3.",
    )


def _columns(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"x": torch.tensor([[0.0], [0.0], [0.0], [4.0]])}
    yield {"x": torch.tensor([[1.0, 0.0, 2.0], [3.0, 1.0, 2.5], [1.0, 0.0, 7.0], [3.0, 5.0, -1.0]])}
    for _ in range(8):
        n_samples, n_units = ask.sizes(2, low=3, high=11)
        x = torch.randn(n_samples + 3, n_units, generator=ask.generator)
        yield {"x": x * x.abs() * 2 + torch.randn(n_units, generator=ask.generator)}


def _moments(x: Tensor) -> Tensor:
    """Column by column, in 64 bits."""
    found = []
    for column in x.double().T.tolist():
        mean = sum(column) / len(column)
        second = sum((value - mean) ** 2 for value in column) / len(column)
        fourth = sum((value - mean) ** 4 for value in column) / len(column)
        found.append(fourth / second**2)
    return torch.tensor(found, dtype=torch.float64)


def _second(x: Tensor) -> Tensor:
    return (x - x.mean(0)).double().pow(2).mean(0)


def _fourth(x: Tensor) -> Tensor:
    return (x - x.mean(0)).double().pow(4).mean(0)


def _ratio(d: Tensor) -> Tensor:
    return d.pow(4).mean(0) / d.pow(2).mean(0) ** 2


@exercise(
    id="neurons.in_basis",
    title="The same activations along other axes",
    points=2,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "First get the activations at the hook point, then bring them into the shape one row for each token, then read each "
        "row along the new axes.",
        "_, cache = model.run_with_cache(tokens); cache[hook] is [batch, n_ctx, d]. flatten(0, 1) makes one row for each token. "
        "The value along a direction is a dot product with it.",
        "The axes are the columns of rotation, so all dot products at once are cache[hook].flatten(0, 1) @ rotation.",
    ),
    seconds=20,
)
def in_basis(ask: Ask) -> None:
    "Activations of two models at three hook points against a run in plain torch and dot products."
    ask.compare(
        _rotations(ask),
        expected=_along_axes,
        known=(
            Known(
                "rows-for-axes",
                "You take the rows of rotation as the axes; its columns are.",
                lambda model, tokens, hook, rotation: _along_axes(model, tokens, hook, rotation.T),
            ),
            Known(
                "not-turned",
                "You return the activations along their own axes; read them along the columns of rotation.",
                lambda model, tokens, hook, rotation: run(model, tokens).at(hook).flatten(0, 1),
            ),
            Known(
                "not-flattened",
                "Your result is [batch, n_ctx, d]; one row for each token is asked for, [batch * n_ctx, d].",
                lambda model, tokens, hook, rotation: run(model, tokens).at(hook) @ rotation,
            ),
            Known(
                "positions-first",
                "Your rows go position by position; they go sequence by sequence.",
                lambda model, tokens, hook, rotation: (
                    (run(model, tokens).at(hook) @ rotation).transpose(0, 1).flatten(0, 1)
                ),
            ),
            Known(
                "last-token-only",
                "You keep the last token of each sequence only; all tokens are asked for.",
                lambda model, tokens, hook, rotation: run(model, tokens).at(hook)[:, -1] @ rotation,
            ),
            Known(
                "first-sequence-only",
                "You keep the first sequence only; all are asked for.",
                lambda model, tokens, hook, rotation: run(model, tokens).at(hook)[0] @ rotation,
            ),
            Known(
                "first-token-dropped",
                "You leave out the first token of each sequence; here all tokens count.",
                lambda model, tokens, hook, rotation: (run(model, tokens).at(hook)[:, 1:] @ rotation).flatten(
                    0, 1
                ),
            ),
            Known(
                "centred",
                "You take the mean off. The exercise wants the activations as they are.",
                lambda model, tokens, hook, rotation: _centred(_along_axes(model, tokens, hook, rotation)),
            ),
            Known(
                "units-for-rows",
                "Your result is turned on its side: tokens in rows, axes in columns.",
                lambda model, tokens, hook, rotation: _along_axes(model, tokens, hook, rotation).T,
            ),
            Known(
                "sequences-averaged",
                "You average the sequences; every token gets a row of its own.",
                lambda model, tokens, hook, rotation: run(model, tokens).at(hook).mean(0) @ rotation,
            ),
        ),
        look="cache[hook].shape, and one entry by hand: the dot product of one token's activations with one column of rotation.",
        atol=1e-4,
        rtol=1e-3,
    )


_HOOKS = ("blocks.0.mlp.hook_post", "blocks.0.hook_resid_mid", "blocks.0.hook_resid_post")


def _rotations(ask: Ask) -> Iterator[dict[str, Value]]:
    on_tiny, on_a = ask.random.sample(_HOOKS, 2)
    for name, hook in (("model:tiny", on_tiny), ("model:A", on_a)):
        model = fixture(name)
        shape = build(name).cfg
        n = shape.d_mlp if hook.endswith("post") and "mlp" in hook else shape.d_model
        batch, n_ctx = ask.sizes(2, low=2, high=7)
        tokens = torch.randint(1, 25, (batch, n_ctx), generator=ask.generator)
        tokens[:, 0] = 0
        yield {"model": model, "tokens": tokens, "hook": hook, "rotation": _turn(n, ask.generator)}


def _turn(n: int, generator: torch.Generator) -> Tensor:
    """An orthogonal matrix that is not its own inverse: two mirrorings."""
    turned = torch.eye(n)
    for _ in range(2):
        mirror = torch.randn(n, generator=generator)
        turned = turned - 2 * torch.outer(turned @ mirror, mirror) / mirror.dot(mirror)
    return turned


def _along_axes(model: Fixture, tokens: Tensor, hook: str, rotation: Tensor) -> Tensor:
    """All dot products, in 64 bits."""
    return torch.einsum("btd,da->bta", run(model, tokens).at(hook).double(), rotation.double()).flatten(0, 1)


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(0)
