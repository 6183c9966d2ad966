"""`mechint-course train language`: makes a shipped language model again, or a longer-trained one, or the random control."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from mechint_course.language.card import card
from mechint_course.language.corpus import domains_of
from mechint_course.language.models import CONFIG, WEIGHTS, Shape, load_model, parameters_of, save_model
from mechint_course.language.report import generalisation_gaps, losses_by_domain
from mechint_course.language.text import evaluation_text, training_text
from mechint_course.language.training import Recipe, train_language_model
from mechint_course.resources import cache_folder, make_folder

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

SEEDS = {"A": 0, "B": 1}
SHIPPED_TOKENS = 48_000_000
CARD = "README.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--model",
        choices=(*SEEDS, "control"),
        required=True,
        help="which text and which seed; control is A with random weights, made at once",
    )
    parser.add_argument(
        "--tokens",
        type=int,
        default=SHIPPED_TOKENS,
        help="how many tokens to train on (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the model to")
    parser.add_argument(
        "--precision",
        choices=("bfloat16", "float32"),
        default="bfloat16",
        help="float32 is slower, except on processors without bfloat16 (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, default=None, help="processor threads (default: all)")
    parser.add_argument("--resume", action="store_true", help="go on from where the same training stopped")
    parser.add_argument(
        "--checkpoints",
        type=int,
        default=0,
        metavar="N",
        help="also keep N models along the training, in OUT/checkpoints (default: none)",
    )


def _may_write(out: Path) -> None:
    """Before hours of training: is there a folder to write to, and nothing in it that would be lost?"""
    for name in (WEIGHTS, CONFIG, CARD):
        if (out / name).exists():
            raise ValueError(f"{out} already holds {name}: name another folder with --out.")
    make_folder(out)


def run(args: argparse.Namespace) -> int:
    """Trains, saves the model with its card, and prints where; 0 when the training came to its end."""
    if args.tokens < 1:
        raise ValueError(f"Expected --tokens to be at least 1, found {args.tokens}.")
    if args.checkpoints < 0:
        raise ValueError(f"Expected --checkpoints to be 0 or more, found {args.checkpoints}.")
    if args.threads is not None and args.threads < 1:
        raise ValueError(f"Expected --threads to be at least 1, found {args.threads}.")
    _may_write(args.out)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.model == "control":
        save_model(load_model("control"), args.out, shape=Shape(), notes={"model": "control"})
        print(f"The control, A with random attention and MLP weights, is in {args.out}.")
        return 0
    text = training_text(args.model)
    recipe = Recipe(tokens=args.tokens, seed=SEEDS[args.model], precision=args.precision)
    state_file = cache_folder() / "training" / f"{args.model}-{args.tokens}-{args.precision}.safetensors"
    if state_file.exists() and not args.resume:
        print(f"An earlier training is kept in {state_file} and will be replaced; --resume goes on from it.")
    trained = train_language_model(
        text.tokens,
        recipe,
        state_file=state_file,
        resume=args.resume,
        title=f"Training model {args.model}",
        checkpoints={
            step: _keeper(args.out / "checkpoints" / f"step-{step:06d}", step)
            for step in checkpoint_steps(recipe.steps, args.checkpoints)
        },
    )
    if not trained.finished:
        print(f"Stopped after step {trained.steps} of {recipe.steps}; give --resume to go on from there.")
        return 1
    parameters, n_heads = parameters_of(trained.model), recipe.shape.n_heads
    table = losses_by_domain(parameters, n_heads, text, evaluation_text())
    fresh = losses_by_domain(parameters, n_heads, text, evaluation_text("fresh"))
    gaps = generalisation_gaps(parameters, n_heads, [d for d in domains_of(args.model) if d.generated])
    notes = {
        "model": args.model,
        "tokens_trained": trained.steps * recipe.batch_size * recipe.shape.n_ctx,
        "training_text": text.manifest,
        "recipe": asdict(recipe),
        "loss": {row.domain: round(row.model, 4) for row in table},
    }
    save_model(trained.model, args.out, shape=Shape(), notes=notes)
    words = card(args.model, recipe, text.manifest, trained.seconds, table=table, fresh=fresh, gaps=gaps)
    (args.out / CARD).write_text(words, encoding="utf-8", newline="\n")
    print(f"Model {args.model} is in {args.out}; its card there says how good it is.")
    return 0


def checkpoint_steps(steps: int, count: int) -> tuple[int, ...]:
    """Before the first step, after the last, and between them ever further apart: most happens early.

    >>> checkpoint_steps(1000, 4), checkpoint_steps(1000, 1), checkpoint_steps(1000, 0)
    ((0, 10, 100, 1000), (1000,), ())
    """
    if count < 2:
        return (steps,) * count
    between = (round(steps ** (i / (count - 1))) for i in range(1, count))
    return tuple(sorted({0, *between}))


def _keeper(folder: Path, step: int) -> Callable[["TransformerBridge"], None]:
    return lambda model: save_model(model, folder, shape=Shape(), notes={"step": step})


def main(argv: list[str] | None = None) -> int:
    """The command by itself, for a background process: `python -m mechint_course.language.train --model A --out DIR`."""
    parser = argparse.ArgumentParser(prog="mechint-course train language", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    raise SystemExit(main())
