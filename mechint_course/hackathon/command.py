"""`mechint-course evaluate`: from folders to cards and a leaderboard. Nobody's code is run: two data files are read."""

import argparse

from mechint_course.hackathon import board
from mechint_course.hackathon.benchmark import (
    SEQUENCES,
    Benchmark,
    file_benchmark,
    public_benchmark,
    secret_benchmark,
)
from mechint_course.hackathon.contest import Contest, Entry, named, ranked
from mechint_course.sae import SAE, load_dictionary
from mechint_course.size import sized
from mechint_course.work import work


def run(arguments: argparse.Namespace) -> int:
    """Scores, writes, prints. 0 when every folder was scored, 1 when one failed (the others are scored all the same).

    Raises:
        ValueError: the words of the command line do not go together, or an activation file is not what it should be.
    """
    if arguments.most_latents < 1:
        raise ValueError(f"--most-latents must be 1 or more, but it is {arguments.most_latents}")
    if arguments.out.exists() and not arguments.out.is_dir():
        raise ValueError(f"{arguments.out} is a file: name a folder with --out")
    contest, name = prepare(arguments)
    entries: list[Entry] = []
    with work(len(arguments.folders), "Scoring", unit="dictionary", disable=arguments.json) as bar:
        baseline = contest.baseline(name)
        for own, folder in named(arguments.folders):
            entries.append(contest.score(own, folder))
            bar.update()
    if bar.interrupted:
        return 130
    shown = ranked([*entries, *([baseline] if baseline else [])], most_latents=arguments.most_latents)
    titles = about(contest.deciding, contest.public)
    rows = board.write(arguments.out, shown, titles, baseline)
    if arguments.json:
        print(board.as_json(rows, [entry for _, entry in shown], titles))
    else:
        print(board.as_text(rows, titles))
        print(f"Cards: {arguments.out / 'cards'}. Leaderboard: {arguments.out / board.LEADERBOARD} and .png.")
    return 1 if any(entry.error for entry in entries) else 0


def prepare(arguments: argparse.Namespace) -> tuple[Contest, str]:
    """The contest that the command line asks for, and the name of its baseline."""
    if arguments.activations is not None:
        if arguments.secret_seed is not None:
            raise ValueError(
                "--secret-seed makes a text for model A or B: it does not go with --activations; keep a file secret instead"
            )
        return Contest(file_benchmark(arguments.activations)), ""
    sequences = sized(SEQUENCES, smoke=2)
    shipped: SAE = load_dictionary(f"{arguments.model}-4096")
    name = f"shipped-{arguments.model}-4096"
    public = public_benchmark(arguments.model, sequences=sequences)
    if arguments.secret_seed is None:
        return Contest(public, shipped=shipped), name
    secret = secret_benchmark(arguments.model, arguments.secret_seed, sequences=sequences)
    return Contest(secret, public, shipped), name


def about(deciding: Benchmark, public: Benchmark | None) -> list[str]:
    """What the scores are worth, in a sentence or two."""
    said = [f"Scored on the {deciding.title}: {len(deciding.x):,} tokens."]
    if deciding.spliceable is None:
        said.append(
            "There is no model in an activation file, so no loss: the score is the variance explained."
        )
    elif public is None:
        said.append("Anybody can train on the public text: use --secret-seed for a score that counts.")
    else:
        said.append(
            "It covers the generated domains only, and nobody who does not know the seed could train on it."
        )
    return said
