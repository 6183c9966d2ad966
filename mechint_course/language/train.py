"""`mechint-course train language`: makes a shipped language model again, or a longer-trained one."""

import argparse
import platform
import time
from dataclasses import asdict
from pathlib import Path

import torch

from mechint_course.language.corpus import sources
from mechint_course.language.models import Shape, parameters_of, save_model
from mechint_course.language.report import as_markdown, losses_by_domain
from mechint_course.language.text import evaluation_text, training_text
from mechint_course.language.training import Recipe, train_language_model
from mechint_course.resources import cache_folder

SEEDS = {"A": 0, "B": 1}
SHIPPED_TOKENS = 16_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--model", choices=sorted(SEEDS), required=True, help="which text and which seed")
    parser.add_argument(
        "--tokens",
        type=int,
        default=SHIPPED_TOKENS,
        help="how many tokens to train on (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the model to")
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        default="float32",
        help="bfloat16 is faster on processors that have it (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, default=None, help="processor threads (default: all)")
    parser.add_argument("--resume", action="store_true", help="go on from where the same training stopped")


def run(args: argparse.Namespace) -> int:
    """Trains, saves the model with its card, and prints where; 0 when the training came to its end."""
    if args.tokens < 1:
        raise ValueError(f"Expected --tokens to be at least 1, found {args.tokens}.")
    if args.threads:
        torch.set_num_threads(args.threads)
    text = training_text(args.model)
    recipe = Recipe(tokens=args.tokens, seed=SEEDS[args.model], precision=args.precision)
    state = cache_folder() / "training" / f"{args.model}-{args.tokens}-{args.precision}.safetensors"
    start = time.monotonic()
    trained = train_language_model(
        text.tokens,
        recipe,
        state_file=state,
        resume=args.resume,
        title=f"Training model {args.model}",
    )
    if not trained.finished:
        print(f"Stopped after step {trained.steps} of {recipe.steps}; give --resume to go on from there.")
        return 1
    minutes = (time.monotonic() - start) / 60
    held_out = evaluation_text()
    parameters = parameters_of(trained.model)
    table = losses_by_domain(parameters, recipe.shape.n_heads, text, held_out)
    fresh = losses_by_domain(parameters, recipe.shape.n_heads, text, evaluation_text("fresh"))
    notes = {
        "model": args.model,
        "tokens_trained": trained.steps * recipe.batch_size * recipe.shape.n_ctx,
        "training_text": text.manifest,
        "recipe": asdict(recipe),
        "loss": {row.domain: round(row.model, 4) for row in table},
    }
    save_model(trained.model, args.out, shape=Shape(), notes=notes)
    card = _card(args, recipe, text.manifest, minutes, as_markdown(table), as_markdown(fresh))
    (args.out / "README.md").write_text(card, encoding="utf-8", newline="\n")
    print(f"Model {args.model} is in {args.out}; its card there says how good it is.")
    return 0


def _card(
    args: argparse.Namespace, recipe: Recipe, manifest: str, minutes: float, table: str, fresh: str
) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in sources()["packages"].items())  # type: ignore[attr-defined]
    return f"""# Model {args.model}

A transformer of one layer: d_model 128, 4 heads, 512 ReLU neurons, context 128, vocabulary 2,048; LayerNorm. Trained on
{recipe.steps * recipe.batch_size * recipe.shape.n_ctx:,} tokens of the mini-Pile of one installation,
from seed {recipe.seed}, in {minutes:.0f} minutes.

Make it again:

    mechint-course train language --model {args.model} --tokens {recipe.tokens} --precision {recipe.precision} --out FOLDER

Training text: manifest `{manifest}` (Python {platform.python_version()}; {packages}).
Another Python or another version of a package gives another text, and so another model of the same kind.

Losses in nats a token, on 160 held-out sequences of each domain. Domains that only the other model's text holds are in
the table too.

{table}

The generated domains again, with words that training never saw:

{fresh}

The corpus is the text of the installation; no text is shipped with the model. Licence of the weights: MIT, as the course.
"""


def main(argv: list[str] | None = None) -> int:
    """The command by itself, for a background process: `python -m mechint_course.language.train --model A --out DIR`."""
    parser = argparse.ArgumentParser(prog="mechint-course train language", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    raise SystemExit(main())
