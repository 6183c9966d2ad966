"""The words of a project: its README, its report, what git leaves out."""

from collections.abc import Sequence

from mechint_course.hackathon.tracks import Track

IGNORED = """\
.ipynb_checkpoints/
__pycache__/
.venv/
# Dictionaries and activations are megabytes, and the notebook makes them again: hand them in as folders.
*.safetensors
scores/
"""

REPORT = """\
# {name}

One page. A reader should be able to repeat what you did, and to say what would prove you wrong.

## Question

{question}

(What exactly did you ask? One sentence.)

## Method

(What did you run, on which model and which text, how often, with which seeds? What was the baseline?)

## Result

![The plot of the notebook](results/plot.png)

(One number with its uncertainty, one picture, and the sentence that the picture supports.)

## What would change our mind

(Which result would have spoken against you? Did you look for it? What is the most boring explanation of what you saw?)

Made with mechint-course {version}.
"""


def readme(track: Track, name: str, notebook: str) -> str:
    """The project's README."""
    parts = [
        f"# {name}: {track.title}",
        f"**{track.question}**",
        "## Start",
        f"In the course's environment, open `{notebook}` and choose Run All. {track.baseline} It takes less than five "
        "minutes on two processor cores and needs no network. The plot is then in `results/plot.png`.",
        "## Why it is open",
        track.why_open,
        "In Neel Nanda's list *200 Concrete Open Problems in Mechanistic Interpretability* (2022) it is near "
        f"{track.problems}. The list gives each problem a difficulty, from A (the easiest) to D. It is old, and by a note "
        "of July 2024 its author no longer recommends it: take ideas from it, and look for what has been done since.",
        f"What we guess it takes: {track.effort}",
        "## Three directions",
        _numbered(track.directions),
        "## What would count as a finding",
        _listed(track.findings),
        "## Pitfalls",
        _listed(track.pitfalls),
        "## At the end",
        track.handing_in,
        "Fill in `report.md`: one page. `git init && git add -A` takes everything but weights and activations: hand a "
        "dictionary in as a folder.",
    ]
    return "\n\n".join(parts) + "\n"


def _listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _numbered(sentences: Sequence[str]) -> str:
    return "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(sentences, start=1))
