"""`mechint-course train toy-strip`: the geometry strip with its card, column by column; stopped, it goes on."""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from mechint_course.resources import make_folder, replace_file
from mechint_course.toy.geometry import feature_dimensionality
from mechint_course.toy.model import ToyModel
from mechint_course.toy.strip import DENSITIES, FILE, N_FEATURES, N_HIDDEN, Strip, load_strip
from mechint_course.toy.training import evaluate, train

HALF_DONE = "strip.half-done.safetensors"
"""The columns that are finished, beside the file to be; removed when that one is written."""
CARD = "strip.md"
STEPS, BATCH_SIZE = 8000, 1024
_QUICK = 0.25
"""Up to this density a column gets a quarter of the steps: above it, pairs form one after the other."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--steps",
        type=int,
        default=STEPS,
        help="steps of a dense column; sparse ones take a quarter (default: %(default)s)",
    )
    parser.add_argument(
        "--batch-size", type=int, default=BATCH_SIZE, help="samples a step (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help=f"folder for {FILE} and {CARD}")


def run(args: argparse.Namespace) -> int:
    """Trains, or goes on where the same command stopped; 0 when the strip is written, 1 when it was interrupted."""
    start = time.monotonic()
    strip = make_strip(args.out, steps=args.steps, batch_size=args.batch_size)
    if strip is None:
        print("The same command goes on from here.")
        return 1
    print(
        f"Wrote {args.out / FILE}: {len(strip.density)} columns, in {(time.monotonic() - start) / 60:.0f} minutes."
    )
    return 0


def make_strip(
    folder: Path,
    *,
    densities: Sequence[float] = DENSITIES,
    steps: int = STEPS,
    batch_size: int = BATCH_SIZE,
    n_features: int = N_FEATURES,
    n_hidden: int = N_HIDDEN,
    progress: bool = True,
) -> Strip | None:
    """Trains a model for each density, and writes all of them and a card; None where it was interrupted.

    Column k starts from seed k. `steps` is for the dense columns; those up to density 0.25 take a quarter. Finished
    columns are kept in a file of their own; the next call with the same arguments goes on from there. Raises ValueError
    where `folder` holds a strip already, or one half done of another recipe, or cannot be made.
    """
    if (folder / FILE).exists():
        raise ValueError(f"{folder} already holds a strip ({FILE}); name another folder, or remove that one.")
    recipe = {
        "densities": list(densities),
        "steps": steps,
        "batch_size": batch_size,
        "n_features": n_features,
        "n_hidden": n_hidden,
    }
    make_folder(folder)
    columns = _finished(folder / HALF_DONE, recipe)
    for k in range(len(columns), len(densities)):
        model = ToyModel(n_features, n_hidden, feature_probability=densities[k], seed=k)
        title = f"Density {densities[k]:g}"
        n_steps = steps if densities[k] > _QUICK else max(1, steps // 4)
        history = train(model, steps=n_steps, batch_size=batch_size, seed=k, title=title, progress=progress)
        if history.interrupted:
            return None
        columns.append(
            {
                "density": torch.tensor(densities[k]),
                "W": model.W.detach()[0],
                "b_final": model.b_final.detach()[0],
                "loss": evaluate(model, n_samples=16384)[0],
            }
        )
        _write(folder / HALF_DONE, columns, recipe)
        if progress:
            print(f"Column {k + 1} of {len(densities)}: {_row(columns[-1])}", flush=True)
    _write(folder / FILE, columns, recipe)
    (folder / CARD).write_text(_card(columns, recipe), encoding="utf-8", newline="\n")
    (folder / HALF_DONE).unlink()
    return load_strip(folder / FILE)


def _finished(path: Path, recipe: dict[str, object]) -> list[dict[str, Tensor]]:
    """The columns that an earlier call finished; ValueError where it had another recipe."""
    if not path.exists():
        return []
    strip = load_strip(path)
    with safe_open(path, framework="pt") as file:
        found = json.loads((file.metadata() or {}).get("recipe", "{}"))
    if found != recipe:
        raise ValueError(
            f"{path} must be of the recipe {json.dumps(recipe)}, but it is of {json.dumps(found)}; "
            "ask for that one again, or remove the file."
        )
    fields = ("density", "W", "b_final", "loss")
    return [{name: getattr(strip, name)[k] for name in fields} for k in range(len(strip.density))]


def _write(path: Path, columns: list[dict[str, Tensor]], recipe: dict[str, object]) -> None:
    """Weights and biases in 16 bits, which changes D* by less than one part in a thousand."""
    tensors = {name: torch.stack([column[name] for column in columns]) for name in columns[0]}
    tensors |= {name: tensors[name].half() for name in ("W", "b_final")}
    replace_file(path, to_bytes(tensors, metadata={"recipe": json.dumps(recipe)}))


def _row(column: dict[str, Float[Tensor, "..."]]) -> str:
    W = column["W"]
    return (
        f"density {float(column['density']):g}, D* {len(W) / float(W.square().sum()):.3f}, "
        f"dimensions in use {float(feature_dimensionality(W).sum()):.2f}, loss {float(column['loss']):.4f}"
    )


def _card(columns: list[dict[str, Tensor]], recipe: dict[str, object]) -> str:
    rows = [_row(column).split(", ") for column in columns]
    table = "\n".join("| " + " | ".join(cell.split(" ")[-1] for cell in row) + " |" for row in rows)
    return f"""# The geometry strip

For each of {len(columns)} densities, one model x' = ReLU(W^T W x + b) of {recipe["n_features"]} features, all equally important, in
{recipe["n_hidden"]} dimensions, after Elhage et al. 2022, "Toy Models of Superposition", section "The Geometry of Superposition". Made by

    mechint-course train toy-strip --steps {recipe["steps"]} --batch-size {recipe["batch_size"]} --out FOLDER

with Adam, learning rate 0.01 falling to 0 along a cosine, column k from seed k; one start for each density, no restarts.
Columns of density {_QUICK:g} and below take a quarter of the steps.

`{FILE}` holds `density`, `loss` (on 16,384 fresh samples, all features added up), and in 16 bits `W`
[densities, hidden, features] and `b_final` [densities, features].

D* is hidden dimensions over the squared Frobenius norm of W; "in use" is the sum of all D_i, at most {recipe["n_hidden"]}.

| density | D* | in use | loss |
|---|---|---|---|
{table}
"""
