"""From few training examples to many: models fitted once at each size, and shipped as small data.

Henighan et al. 2023, "Superposition, Memorization, and Double Descent". Made by

    mechint-course train toy-points --out FILE

and read by `load_regimes`; the chapter fits one or two of the models itself and lays them over.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from mechint_course.resources import data_folder, make_folder
from mechint_course.toy.checking import whole_number
from mechint_course.toy.geometry import dimensionality_of
from mechint_course.toy.points import fit_examples, loss_on, unit_examples
from mechint_course.work import work

SIZES = (3, 5, 8, 12, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000)
"""Training-set sizes of the shipped file."""
STEPS, N_SEEDS, N_TEST = 5_000, 4, 20_000
FILE = "points.safetensors"

_TABLES = ("train_loss", "test_loss", "largest_example", "largest_feature")


@dataclass(frozen=True)
class Regimes:
    """Models with two hidden dimensions, each fitted to a training set of its own; a row for each size."""

    n_examples: Int[Tensor, "n_sizes"]
    """How many examples the training sets have, smallest first."""
    train_loss: Float[Tensor, "n_sizes n_seeds"]
    """Squared error on the training set; 1 would be no model at all."""
    test_loss: Float[Tensor, "n_sizes n_seeds"]
    """The same on samples that nobody trained on."""
    largest_example: Float[Tensor, "n_sizes n_seeds"]
    """The largest fraction of a dimension that a training example has to itself."""
    largest_feature: Float[Tensor, "n_sizes n_seeds"]
    """The largest fraction of a dimension that a feature has to itself."""
    W: Float[Tensor, "n_sizes 2 n_features"]
    """The weights of the first seed."""
    hidden: tuple[Float[Tensor, "_ 2"], ...]
    """The hidden vectors of the training examples of the first seed, one matrix for each size."""


def measure_regimes(
    sizes: Sequence[int] = SIZES, *, steps: int = STEPS, n_seeds: int = N_SEEDS, progress: bool = True
) -> Regimes:
    """Fits the models of every size and seed. The shipped sizes take a few minutes on one core.

    Raises ValueError for sizes below 1 or no seed; an interrupt raises KeyboardInterrupt, because half a table is none.
    """
    whole_number("n_seeds", n_seeds)
    rows = torch.empty(len(sizes), n_seeds, len(_TABLES))
    weights, hidden = [], []
    with work(sum(sizes) * n_seeds, "Fitting", unit="example", disable=not progress) as bar:
        for i, n_examples in enumerate(sizes):
            for seed in range(n_seeds):
                x = unit_examples(n_examples, seed=seed)
                fit = fit_examples(x, steps=steps, seed=seed, progress=False)
                fresh = unit_examples(N_TEST, seed=1_000_000 + seed)
                vectors = x @ fit.W.T
                rows[i, seed] = torch.tensor(
                    [
                        fit.train_loss,
                        loss_on(fresh, fit.W, fit.b_final),
                        float(dimensionality_of(vectors).max()),
                        float(dimensionality_of(fit.W.T).max()),
                    ]
                )
                if seed == 0:
                    weights.append(fit.W)
                    hidden.append(vectors)
                bar.update(n_examples)
    if bar.interrupted:
        raise KeyboardInterrupt
    tables = dict(zip(_TABLES, rows.unbind(-1), strict=True))
    return Regimes(n_examples=torch.tensor(sizes), W=torch.stack(weights), hidden=tuple(hidden), **tables)


def save_regimes(regimes: Regimes, path: Path) -> None:
    """Writes the measured models as one safetensors file, weights and hidden vectors at half precision."""
    held = {name: getattr(regimes, name).contiguous() for name in _TABLES}
    save_file(
        held
        | {
            "n_examples": regimes.n_examples,
            "W": regimes.W.half(),
            "hidden": torch.cat(regimes.hidden).half(),
        },
        path,
    )


def load_regimes(path: Path | None = None) -> Regimes:
    """The shipped models, or those in the file at `path`.

    Raises ValueError, naming the file, what was expected and what was found, for one that is missing, damaged or
    foreign.

    The double descent: the loss on new samples is near 1 with few training examples and with many, and far above it
    in between.

    >>> regimes = load_regimes()
    >>> test_loss = regimes.test_loss.median(dim=1).values
    >>> [(int(regimes.n_examples[i]), round(float(test_loss[i]), 1)) for i in (0, 10, 13)]
    [(3, 1.1), (500, 9.5), (3000, 1.0)]
    """
    path = path or data_folder() / "toy" / FILE
    try:
        held = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ValueError(
            f"{path} must be a file of `mechint-course train toy-points`, but it cannot be read: {error}."
        ) from None
    wanted = {"n_examples", "W", "hidden", *_TABLES}
    if set(held) != wanted:
        raise ValueError(
            f"{path} must hold {', '.join(sorted(wanted))}, but it holds {', '.join(sorted(held)) or 'nothing'}; "
            "make it again with `mechint-course train toy-points`."
        )
    n_examples = held["n_examples"]
    shape = held["train_loss"].shape
    sizes = n_examples.tolist() if n_examples.dim() == 1 and n_examples.dtype == torch.int64 else []
    fits = (
        len(shape) == 2
        and shape[0] == len(sizes) > 0
        and min(sizes) > 0
        and all(held[name].shape == shape for name in _TABLES)
        and held["W"].shape[:2] == (len(sizes), 2)
        and held["W"].dim() == 3
        and held["hidden"].shape == (sum(sizes), 2)
    )
    if not fits or not all(bool(torch.isfinite(tensor).all()) for tensor in held.values()):
        shapes = {name: list(tensor.shape) for name, tensor in sorted(held.items())}
        raise ValueError(
            f"{path} must hold one row for each training-set size, all numbers finite, but its shapes are {shapes}; "
            "make it again with `mechint-course train toy-points`."
        )
    return Regimes(
        n_examples=n_examples,
        W=held["W"].float(),
        hidden=held["hidden"].float().split(sizes),
        **{name: held[name] for name in _TABLES},
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `mechint-course train toy-points`."""
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=list(SIZES),
        help="training-set sizes (default: the shipped ones)",
    )
    parser.add_argument(
        "--steps", type=int, default=STEPS, help="full-batch steps of each model (default: %(default)s)"
    )
    parser.add_argument(
        "--seeds", type=int, default=N_SEEDS, help="models of each size (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help=f"the file to write, for example {FILE}")


def run(arguments: argparse.Namespace) -> int:
    """Fits all models and writes the file, with its card beside it (.md); raises ValueError where one is there, or can be none."""
    out: Path = arguments.out
    if out.exists():
        raise ValueError(f"{out} is there already: name another file with --out, or remove that one.")
    make_folder(out.parent)
    regimes = measure_regimes(sorted(arguments.sizes), steps=arguments.steps, n_seeds=arguments.seeds)
    save_regimes(regimes, out)
    out.with_suffix(".md").write_text(card(regimes, arguments.steps), encoding="utf-8", newline="\n")
    print(f"Wrote {out} and {out.with_suffix('.md').name}.")
    return 0


def card(regimes: Regimes, steps: int) -> str:
    """What the file holds, how it was made, and its numbers as a table."""
    n_seeds = regimes.train_loss.shape[1]
    sizes = " ".join(str(size) for size in regimes.n_examples.tolist())
    rows = []
    for i, size in enumerate(regimes.n_examples.tolist()):
        values = (getattr(regimes, name)[i] for name in _TABLES)
        rows.append(f"| {size} | " + " | ".join(f"{float(v.median()):.3f}" for v in values) + " |")
    return f"""# Data points instead of features

Toy models x' = ReLU(W^T W x + b) with {regimes.W.shape[2]:,} features of density 0.01 in 2 hidden dimensions, every example
scaled to length 1, fitted to training sets of {len(regimes.n_examples)} sizes with {steps:,} full-batch steps of AdamW
(learning rate 0.005 with warm-up and cosine, weight decay 0.01; {n_seeds} seeds of data and weights). After Henighan et
al. 2023, *Superposition, Memorization, and Double Descent*, who take 10,000 features and 50,000 steps.

Make it again:

    mechint-course train toy-points --sizes {sizes} --steps {steps} --seeds {n_seeds} --out FILE

Medians over the seeds. The test loss is that of {N_TEST:,} samples that nobody trained on. The last two columns are
the largest fraction of a dimension that one training example, or one feature, has to itself.

| examples | training loss | test loss | example | feature |
|---|---|---|---|---|
{chr(10).join(rows)}

`W` and `hidden` (the examples' hidden vectors, all sizes behind each other) are those of the first seed, at half
precision. Licence: MIT, as the course.
"""
