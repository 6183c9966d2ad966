"""The card of a language model: what it is, how it was made, how good it is, in Markdown."""

import platform

from mechint_course.language.corpus import sources
from mechint_course.language.report import DomainLoss, Gap, as_markdown, gaps_as_markdown
from mechint_course.language.training import Recipe


def card(
    model: str,
    recipe: Recipe,
    manifest: str,
    seconds: float,
    *,
    table: list[DomainLoss],
    fresh: list[DomainLoss],
    gaps: list[Gap],
) -> str:
    """The text of `README.md` beside the weights."""
    packages = ", ".join(f"{name} {version}" for name, version in sources()["packages"].items())  # type: ignore[attr-defined]
    shape = recipe.shape
    return f"""# Model {model}

A transformer of one layer: d_model {shape.d_model}, {shape.n_heads} heads, {shape.d_mlp} ReLU neurons, context {shape.n_ctx}, \
vocabulary {shape.d_vocab:,}; LayerNorm. Trained on
{recipe.steps * recipe.batch_size * shape.n_ctx:,} tokens of the mini-Pile of one installation,
from seed {recipe.seed}, in {seconds / 60:.0f} minutes.

Make it again:

    mechint-course train language --model {model} --tokens {recipe.tokens} --precision {recipe.precision} --out FOLDER

Training text: manifest `{manifest}` (Python {platform.python_version()}; {packages}).
Another Python or another version of a package gives another text, and so another model of the same kind.

Losses in nats a token, on 160 held-out sequences of each domain. Domains that only the other model's text holds are in
the table too.

{as_markdown(table)}

The generated domains again, with words that training never saw:

{as_markdown(fresh)}

What was learnt by heart: the loss on documents of the training text and on held-out ones, 640 sequences of each.

{gaps_as_markdown(gaps)}

The corpus is the text of the installation; no text is shipped with the model. Licence of the weights: MIT, as the course.
"""
