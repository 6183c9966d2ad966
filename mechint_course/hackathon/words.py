"""What `new` and `evaluate` understand. Standard library only: the command line is read before anything is installed."""

import argparse
from pathlib import Path


def add_new(new: argparse.ArgumentParser) -> None:
    """The words that `new` understands."""
    new.add_argument("name", metavar="NAME", help="the project's folder; it must not exist yet")
    new.add_argument(
        "--track",
        metavar="TRACK",
        help="dictionaries, neurons, universality, geometry or own-model; left out, they are listed",
    )


def add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    """The words that `evaluate` understands."""
    evaluate.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="a dictionary in SAELens' format: a folder with cfg.json and sae_weights.safetensors",
    )
    on = evaluate.add_mutually_exclusive_group()
    on.add_argument(
        "--model", choices=("A", "B"), default="A", help="whose activations they take (default: A)"
    )
    on.add_argument(
        "--activations",
        type=Path,
        metavar="FILE",
        help="score on this safetensors file ('activations', perhaps 'labels') in place of a model of the course",
    )
    evaluate.add_argument(
        "--secret-seed",
        metavar="WORDS",
        help="score on a text that the grammars write from these words, which nobody could train on; it covers the "
        "generated domains only",
    )
    evaluate.add_argument(
        "--most-latents",
        type=int,
        default=4096,
        metavar="N",
        help="rank dictionaries of at most N latents; larger ones are listed without a rank (default: 4096)",
    )
    evaluate.add_argument(
        "--out",
        type=Path,
        default=Path("scores"),
        metavar="DIR",
        help="where cards and leaderboard go (default: ./scores)",
    )
    evaluate.add_argument("--json", action="store_true", help="print JSON, for a program to read")
