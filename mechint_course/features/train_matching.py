"""`mechint-course train matching`: every latent's best match in the other model, over millions of tokens, with a card.

Each pair is written when it is done, so a stopped run goes on with the next pair. A sweep over pairs of dictionaries
from sparse to dense is made by the same command:

    mechint-course train matching --out DIR --sweep A-folder:B-folder A-folder-2:B-folder-2
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch

from mechint_course.features.matching_data import CARD, SWEEP, Matching, file_of, load_card, load_sweep
from mechint_course.features.sides import LEAST_DENSITY, LEAST_FIRINGS, Side, match, scores, side, some_text
from mechint_course.features.train_sae import CARD as DICTIONARY_CARD
from mechint_course.language.cache import write_whole
from mechint_course.language.models import load_model
from mechint_course.resources import replace_file
from mechint_course.sae import SAE

PAIRS: dict[tuple[str, str], float] = {
    ("A-sparse", "B-sparse"): 1.0,
    ("A-4096", "B-4096"): 1.0,
    ("A-neurons", "B-neurons"): 1.0,
    ("A-sparse", "control-4096"): 0.5,
    ("A-untrained", "B-untrained"): 0.25,
    ("A-512", "B-4096"): 0.25,
    ("A-16384", "B-4096"): 0.25,
    ("A-4096", "A-512"): 0.25,
    ("A-4096", "A-16384"): 0.25,
}
"""What is matched with what, and on which share of the tokens."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `mechint-course train matching`."""
    parser.add_argument(
        "--tokens", type=int, default=2_000_000, help="tokens to match over (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="for order and shuffling (default: %(default)s)")
    parser.add_argument(
        "--sweep",
        nargs="+",
        metavar="LEFT:RIGHT",
        help="instead: folders of dictionaries on A and on B, pair by pair; writes the curve of L0 against agreement",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for one file a pair and card.json")


def run(args: argparse.Namespace) -> int:
    """Matches every pair that is not there yet; 0 when all are written, 1 when it was interrupted."""
    if args.tokens < 1000:
        raise ValueError(
            f"expected --tokens of at least 1000, found {args.tokens}: rare latents need many tokens."
        )
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        if args.sweep:
            _sweep(args)
        else:
            _match_all(args)
    except KeyboardInterrupt:
        print("The same command goes on from here.")
        return 1
    return 0


def _match_all(args: argparse.Namespace) -> None:
    file = args.out / CARD
    card: dict[str, Any] = (
        json.loads(file.read_text("utf-8")) if file.is_file() else {"pairs": {}, "dictionaries": {}}
    )
    command = f"mechint-course train matching --tokens {args.tokens} --seed {args.seed}"
    if card.get("command", command) != command:
        raise ValueError(
            f"{args.out} holds a matching by `{card['command']}`: name another folder with --out."
        )
    text = some_text(args.tokens, seed=args.seed)
    card |= {
        "command": command,
        "text": text.manifest,
        "least_firings": LEAST_FIRINGS,
        "least_density": LEAST_DENSITY,
    }
    for (one, other), share in PAIRS.items():
        name = f"{one}_{other}"
        if name in card["pairs"]:
            continue
        began = time.process_time()
        left, right = side(one), side(other)
        part = text.take(torch.arange(max(1, round(share * len(text)))))
        found, summary = match(left, right, part, title=f"{one} and {other}", seed=args.seed)
        for label, which in ((one, left), (other, right)):
            if which.sae is not None and label not in card["dictionaries"]:
                card["dictionaries"][label] = scores(which)
        write_matching(found, file_of(args.out, one, other))
        summary["cpu_seconds"] = round(time.process_time() - began)
        card["pairs"][name] = summary
        replace_file(file, (json.dumps(card, indent=1) + "\n").encode())
        print(f"{one} and {other}: median {summary['correlation']:.3f} of {summary['counted']} units, null {summary['null']:.3f}, "
              f"token-only {summary['token_only']:.3f}, residual {summary['residual']:.3f}.")  # fmt: skip
    _write_words(args.out)


def _write_words(out: Path) -> None:
    replace_file(out / "README.md", words(load_card(out), load_sweep(out)).encode())


def write_matching(found: Matching, file: Path) -> None:
    """Two bytes a number, four for densities: 14 to 18 bytes a unit."""
    tensors = {name: value.half() for name, value in vars(found).items()}
    tensors |= {"partner": found.partner.to(torch.int16), "density": found.density.float()}
    write_whole({name: value.contiguous() for name, value in tensors.items()}, file, {"format": "pt"})


def words(card: dict[str, Any], swept: list[dict[str, Any]]) -> str:
    """The card for people: the pairs, and the sweep, of which either may not be there."""
    parts = ["# Who matches whom"]
    if card["pairs"]:
        parts.append(_pairs_in_words(card))
    if swept:
        parts.append(_sweep_in_words(swept))
    return "\n\n".join(parts) + "\n"


def _pairs_in_words(card: dict[str, Any]) -> str:
    lines = [
        "For each latent (or neuron) of the left side its best match on the right side: correlation over the same",
        "tokens, the same on shuffled tokens, and both parts (what the current token explains, and the rest).",
        f"Medians are over units that fire at least {card['least_firings']} times and on {card['least_density']:g} of the tokens.\n",
        f"Make it again: `{card['command']} --out FOLDER`. Text: manifest `{card['text']}`. Licence: MIT, as the course.\n",
        "| left | right | tokens | counted | median | 95 % over documents | null | token-only | residual |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in card["pairs"].items():
        one, other = name.split("_")
        interval = "{:.3f} to {:.3f}".format(*row["interval"]) if "interval" in row else ""
        lines.append(
            f"| {one} | {other} | {row['n_tokens']:,} | {row['counted']:,} of {row['n_left']:,} | {row['correlation']:.3f} | "
            f"{interval} | {row['null']:.3f} | {row['token_only']:.3f} | {row['residual']:.3f} |"
        )
    lines += ["\n| dictionary | L0 | loss recovered |", "|---|---|---|"]
    lines += [
        f"| {name} | {row['l0']:.1f} | {row['recovered']:.1%} |" for name, row in card["dictionaries"].items()
    ]
    return "\n".join(lines)


def _sweep_in_words(swept: list[dict[str, Any]]) -> str:
    lines = [
        "## From sparse to dense\n",
        "The same medians for pairs of dictionaries that differ in how many latents are on at a time (L0). Each was trained",
        "for this curve alone; the columns are as above.\n",
        "| L0 | loss recovered | tokens | counted | median | null | token-only | residual |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {point['l0']:.0f} | {point['recovered']:.1%} | {point['n_tokens']:,} | {point['counted']:,} | {point['median']:.3f} | "
        f"{point['null']:.3f} | {point['token_only']:.3f} | {point['residual']:.3f} |"
        for point in swept
    ]
    commands = [command for point in swept for command in point["made_by"]]
    return "\n".join([*lines, "\nMake it again:\n", *(f"    {command}" for command in commands)])


def _sweep(args: argparse.Namespace) -> None:
    text = some_text(args.tokens, seed=args.seed)
    file = args.out / SWEEP
    points: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["points"] if file.is_file() else []
    done = {point["pair"] for point in points}
    for pair in args.sweep:
        one, colon, other = pair.partition(":")
        if not colon:
            raise ValueError(f"expected LEFT:RIGHT, two folders of dictionaries, found {pair!r}.")
        label = f"{Path(one).name}:{Path(other).name}"
        if label in done:
            continue
        left, right = (
            Side(load_model(name), SAE.load_from_disk(Path(folder)).requires_grad_(False))
            for name, folder in (("A", one), ("B", other))
        )
        _, summary = match(left, right, text, title=label, seed=args.seed)
        ours = scores(left)
        keys = ("counted", "null", "token_only", "residual", "n_tokens")
        command = f"mechint-course train matching --tokens {args.tokens} --seed {args.seed} --sweep {label} --out FOLDER"
        points.append(
            {"pair": label, **ours, "median": summary["correlation"], **{key: summary[key] for key in keys}}
            | {"made_by": [_made_by(one), _made_by(other), command]}
        )
        replace_file(file, (json.dumps({"text": text.manifest, "points": points}, indent=1) + "\n").encode())
        print(
            f"{label}: L0 {ours['l0']:.1f}, {ours['recovered']:.1%} recovered, median {summary['correlation']:.3f}."
        )
    _write_words(args.out)


def _made_by(folder: str) -> str:
    """The command on the card of a dictionary that `train sae` wrote."""
    card = Path(folder) / DICTIONARY_CARD
    if not card.is_file():
        return f"{Path(folder).name}: not made by mechint-course train sae"
    return str(json.loads(card.read_text("utf-8"))["command"])
