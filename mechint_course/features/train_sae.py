"""`mechint-course train sae`: a dictionary on a language model's activations, with its card; stopped, it goes on.

For larger models several processes do it together, each on its own part of the text:

    torchrun --nproc-per-node 4 -m mechint_course train sae --batch-size 8192 --out DIR
"""

import argparse
import json
import shlex
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from mechint_course.features.latents import sparse_latents
from mechint_course.features.splice import loss_recovered
from mechint_course.features.stream import ActivationBatches
from mechint_course.language.activations import activations
from mechint_course.resources import make_folder, replace_file
from mechint_course.sae import SAE, MatryoshkaSAE, Team, TopKSAE, fvu, joined, train_sae
from mechint_course.sae.files import CONFIG
from mechint_course.sae.packed import load_packed, save_packed
from mechint_course.sae.team import ALONE

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

HALF_DONE = "training.safetensors"
"""The checkpoint beside the files to be; removed when they are written."""
CARD = "card.json"

_SCORED = 40
"""Held-out sequences of each domain that a dictionary is scored on."""


@dataclass(frozen=True)
class Recipe:
    """What is trained, and how: a top-k dictionary, or a Matryoshka one where there are prefixes."""

    d_sae: int = 4096
    k: int = 16
    prefixes: tuple[int, ...] = ()
    n_tokens: int = 4_000_000
    batch_size: int = 2048
    learning_rate: float = 3e-3
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError where a size is below 1, or the tokens do not fill a batch: before any text is read."""
        for name in ("d_sae", "k", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"Expected --{name.replace('_', '-')} to be at least 1, found {getattr(self, name)}."
                )
        if self.n_tokens < self.batch_size:
            raise ValueError(
                f"{self.n_tokens} tokens do not fill one batch of {self.batch_size}: ask for more tokens."
            )
        if any(a >= b for a, b in pairwise((0, *self.prefixes, self.d_sae))):
            raise ValueError(
                f"Expected --prefixes to grow, from 1 on, and to stay below --d-sae {self.d_sae}, "
                f"found {' '.join(map(str, self.prefixes))}."
            )

    @property
    def architecture(self) -> str:
        """In words, for the card."""
        if not self.prefixes:
            return "Top-k"
        *first, last = (f"{size:,}" for size in (*self.prefixes, self.d_sae))
        return (
            f"Matryoshka: nested dictionaries of {', '.join(first)} and {last} latents, one threshold for all"
        )

    def untrained(self, d_in: int) -> SAE:
        """The dictionary that this recipe begins with."""
        if self.prefixes:
            return MatryoshkaSAE(d_in, self.d_sae, self.k, self.prefixes, seed=self.seed)
        return TopKSAE(d_in, self.d_sae, self.k, seed=self.seed)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `mechint-course train sae`."""
    usual = Recipe()
    parser.add_argument(
        "--model", choices=("A", "B", "control"), default="A", help="whose activations (default: A)"
    )
    parser.add_argument("--d-sae", type=int, default=usual.d_sae, help="latents (default: %(default)s)")
    parser.add_argument("--k", type=int, default=usual.k, help="latents on at a time (default: %(default)s)")
    parser.add_argument(
        "--prefixes",
        type=int,
        nargs="+",
        default=usual.prefixes,
        metavar="SIZE",
        help="train a Matryoshka dictionary, whose first SIZE latents are a dictionary of their own",
    )
    parser.add_argument(
        "--tokens", type=int, default=usual.n_tokens, help="tokens to train on (default: %(default)s)"
    )
    parser.add_argument(
        "--batch-size", type=int, default=usual.batch_size, help="tokens a step (default: %(default)s)"
    )
    parser.add_argument(
        "--learning-rate", type=float, default=usual.learning_rate, help="of Adam (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=usual.seed, help="for initialisation and order (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for cfg.json, sae_weights.safetensors and card.json"
    )
    parser.add_argument(
        "--ship",
        type=Path,
        metavar="FOLDER",
        help="also write it as the course ships it: 8 bits a weight, and a card with every score (some minutes)",
    )


def run(args: argparse.Namespace) -> int:
    """Trains, or goes on where the same command stopped; 0 when the dictionary is written, 1 when it was interrupted."""
    from mechint_course.language.models import load_model
    from mechint_course.language.text import evaluation_text, training_text

    recipe = recipe_of(args)
    for folder in filter(None, (args.out, args.ship)):
        _may_write(folder)
    model = load_model(args.model)
    # The control is A with other weights: it reads A's text.
    text = training_text("B" if args.model == "B" else "A")
    held_out = evaluation_text().sample(_SCORED)
    card = {
        "model": args.model,
        "training_text": text.manifest,
        "evaluation_text": f"{held_out.manifest}, {_SCORED} sequences of each domain",
        "command": f"mechint-course train sae {' '.join(options_of(args.model, recipe))} --out {shlex.quote(args.out.name)}",
    }
    with joined() as team:
        scores = train_dictionary(model, text.tokens, held_out.tokens, recipe, args.out, card=card, team=team)
    if scores is None:
        print("The same command goes on from here.")
        return 1
    if scores:  # one process of a team writes, and says so
        print(
            f"Wrote {args.out}: {scores['recovered']:.1%} of the loss recovered, FVU {scores['fvu']:.3f}, "
            f"L0 {scores['l0']:.1f}, {scores['silent']} of {recipe.d_sae} latents silent on the evaluation text."
        )
        if args.ship is not None:
            ship(args.out, args.ship)
            print(f"Wrote {args.ship}, as the course ships it.")
    return 0


def ship(trained: Path, folder: Path, *, per_domain: int = 80) -> None:
    """Writes the dictionary in `trained` to `folder` in 8 bits, with README.md: every score, before and after rounding.

    Raises ValueError where `trained` holds no dictionary of this command, or `folder` holds one already.
    """
    from mechint_course.features.dictionary_card import card
    from mechint_course.features.dictionary_scores import measure
    from mechint_course.features.splice import loss_recovered
    from mechint_course.language.models import load_model
    from mechint_course.language.text import evaluation_text

    _may_write(folder)
    if not (trained / CARD).is_file():
        raise ValueError(f"{trained / CARD} is missing: `train sae` writes it beside a dictionary.")
    made = json.loads((trained / CARD).read_text(encoding="utf-8"))
    recipe = Recipe(**made["recipe"] | {"prefixes": tuple(made["recipe"].get("prefixes", ()))})
    model, text = load_model(made["model"]), evaluation_text().sample(per_domain)
    sae = SAE.load_from_disk(trained)
    unrounded = loss_recovered(model, text.tokens, sae).recovered
    save_packed(sae, folder)
    words = card(
        folder.name,
        architecture=recipe.architecture,
        command=made["command"].removeprefix("mechint-course ")
        + f" --ship shipped/{shlex.quote(folder.name)}",
        n_inputs=recipe.n_tokens // recipe.batch_size * recipe.batch_size,
        training_text=made["training_text"],
        evaluation_text=f"{text.manifest}, {per_domain} sequences of each domain",
        unrounded=unrounded,
        packed=measure(model, text, load_packed(folder)),
        d_sae=sae.d_sae,
    )
    replace_file(folder / "README.md", words.encode())


def recipe_of(args: argparse.Namespace) -> Recipe:
    """What the options ask for. Raises ValueError where it cannot be."""
    return Recipe(
        d_sae=args.d_sae,
        k=args.k,
        prefixes=tuple(args.prefixes),
        n_tokens=args.tokens,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        seed=args.seed,
    )


def options_of(model: str, recipe: Recipe) -> list[str]:
    """The options that ask for it."""
    prefixes = ["--prefixes", *map(str, recipe.prefixes)] if recipe.prefixes else []
    return [
        *("--model", model, "--d-sae", str(recipe.d_sae), "--k", str(recipe.k), *prefixes),
        *("--tokens", str(recipe.n_tokens), "--batch-size", str(recipe.batch_size)),
        *("--learning-rate", str(recipe.learning_rate), "--seed", str(recipe.seed)),
    ]


def train_dictionary(
    model: "TransformerBridge",
    tokens: Int[Tensor, "n_sequences n_ctx"],
    held_out: Int[Tensor, "n_held_out n_ctx"],
    recipe: Recipe,
    out: Path,
    *,
    card: dict[str, Any],
    checkpoint_every: int = 200,
    quiet: bool = False,
    team: Team = ALONE,
) -> dict[str, float] | None:
    """Trains a dictionary on `tokens`, scores it on `held_out`, writes it with its card, and gives the scores.

    None where it was interrupted; the next call with the same arguments goes on. Each process of a `team` reads its
    own sequences and gives its share of every batch; the one of rank 0 scores and writes, the others get no scores.
    Raises ValueError where `out` holds a dictionary already, the half-done one there has another recipe, or the batch
    cannot be shared.
    """
    _may_write(out)
    if recipe.batch_size % team.size:
        raise ValueError(
            f"A batch of {recipe.batch_size} cannot be shared evenly by {team.size} processes: choose a multiple of {team.size}."
        )
    sae = recipe.untrained(model.cfg.d_mlp)
    own = tokens[team.rank :: team.size]
    batches = ActivationBatches(model, own, batch_size=recipe.batch_size // team.size, seed=recipe.seed)
    half_done = out / HALF_DONE
    log = train_sae(
        sae,
        batches,
        n_steps=recipe.n_tokens // recipe.batch_size,
        learning_rate=recipe.learning_rate,
        checkpoint=half_done,
        checkpoint_every=checkpoint_every,
        quiet=quiet,
        team=team,
    )
    if log.interrupted:
        return None
    if team.rank > 0:
        return {}
    scores = score(model, held_out, sae)
    sae.save_model(out)
    card = card | {
        "recipe": asdict(recipe),
        "scores": scores,
        "log": [asdict(entry) for entry in log.entries[-1:]],
    }
    replace_file(out / CARD, (json.dumps(card, indent=2) + "\n").encode())
    half_done.unlink()
    return scores


@torch.no_grad()
def score(model: "TransformerBridge", tokens: Int[Tensor, "n_sequences n_ctx"], sae: SAE) -> dict[str, float]:
    """Loss recovered, FVU, L0 and how many latents never fire, on `tokens`."""
    found = loss_recovered(model, tokens, sae)
    rows = activations(model, tokens).flatten(0, 1)
    latents = sparse_latents(sae, rows)
    rebuilt = torch.cat([sae.reconstruct(part) for part in rows.split(4096)])
    return {
        "recovered": found.recovered,
        "recovered_over_mean": found.recovered_over_mean,
        **{name: round(value, 4) for name, value in asdict(found).items()},
        "fvu": round(fvu(rows, rebuilt), 4),
        "l0": round(latents.nnz / len(rows), 3),
        "silent": sae.d_sae - len(np.unique(latents.indices)),
    }


def _may_write(out: Path) -> None:
    if (out / CONFIG).exists():
        raise ValueError(
            f"{out} already holds a dictionary ({CONFIG}): name another folder with --out, or remove that one."
        )
    make_folder(out)
