"""Attention: from which earlier token each token reads, by circuitsvis where it can be and by plain HTML everywhere."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.views.circuits import FOLDS, View
from mechint_course.views.tokens import POSITIVE, TokenView, safe_text, visible

MOST_NUMBERS = 4_000
"""A view of more patterns than this would weigh more than 30 kB."""
_CARD = "background-color:#fff;color:#000;padding:4px 8px;margin:2px 0;overflow-x:auto"


def show_attention(
    tokens: Sequence[str],
    patterns: Float[Tensor, "n_heads n_to n_from"],
    *,
    heads: Sequence[str] | None = None,
    title: str = "",
) -> TokenView:
    """One pattern a head: the row is the token that reads, the column the token that is read.

    A table tells for every token and head from where it reads most, and how much of its attention. It is open where no
    script runs, and folded below the drawing where one does: the drawing itself can be neither heard nor reached by keyboard.

    Args:
        tokens: the tokens as text.
        patterns: non-negative shares, each row adding up to 1, as in `blocks.0.attn.hook_pattern` for one sequence.
        heads: a name for each head; default, "head 0" and so on.
        title: a line above the view.

    Returns:
        An object that a notebook displays.

    Raises:
        ValueError: shapes that do not belong together, values outside 0 to 1, or more than `MOST_NUMBERS` of them.

    >>> show_attention(["a", " cat"], torch.tensor([[[1.0, 0.0], [0.75, 0.25]]]))
    1 head, 2 tokens; in head 0, " cat" reads most from "a" (0.75)
    """
    tokens, patterns = list(tokens), torch.as_tensor(patterns).detach().float()
    names = [f"head {k}" for k in range(len(patterns))] if heads is None else list(heads)
    _fits(tokens, patterns, names)
    table, words = _table(tokens, patterns, names), _in_words(tokens, patterns, names)
    props = {
        # circuitsvis sets tokens as HTML: a zero-width space after "<" and "&" keeps them text.
        "tokens": [visible(token).replace("<", "<\u200b").replace("&", "&\u200b") for token in tokens],
        "attention": [
            [[round(value, 2) or 0 for value in row] for row in head] for head in patterns.tolist()
        ],
        "attentionHeadNames": names,
        "maskUpperTri": not bool(patterns.triu(1).any()),
    }
    heading = f"<div><b>{safe_text(title)}</b></div>" if title else ""
    folded = f'<details class="{FOLDS}" open><summary>As a table</summary>{table}</details>'
    html = f'{heading}<div style="{_CARD}">{{view}}{folded}<small>{safe_text(words)}</small></div>'
    return TokenView(html, [View("AttentionHeads", props, "")], words)


def _fits(tokens: list[str], patterns: Tensor, names: list[str]) -> None:
    n = len(tokens)
    if not n or patterns.dim() != 3 or patterns.shape[1:] != (n, n) or not len(patterns):
        raise ValueError(
            f"patterns must be [n_heads, {n}, {n}] for {n} tokens, but the shape is {list(patterns.shape)}; "
            "take one sequence of hook_pattern, and as many tokens."
        )
    if len(names) != len(patterns):
        raise ValueError(f"expected a name for each of {len(patterns)} heads, found {len(names)}.")
    if not bool(((patterns >= 0) & (patterns <= 1.0001)).all()):
        raise ValueError(
            "patterns must be shares between 0 and 1, but some are not; pass them after the softmax."
        )
    if patterns.numel() > MOST_NUMBERS:
        raise ValueError(
            f"{patterns.numel():,} numbers are too many for a notebook, at most {MOST_NUMBERS:,}: show fewer tokens or heads."
        )


def _table(tokens: list[str], patterns: Tensor, names: list[str]) -> str:
    """For each token a row, for each head the token that it reads most, coloured by the share and with the share in it."""
    # Said for every row: a dark theme colours the rows of tables.
    tr = '<tr style="background:#fff;color:#000">'
    head = "".join(f"<th>{safe_text(name)}</th>" for name in names)
    share, source = patterns.max(dim=2)
    rows = []
    for i, token in enumerate(tokens):
        cells = []
        for value, k in zip(share[:, i].tolist(), source[:, i].tolist(), strict=True):
            red, green, blue = (round(255 - value * (255 - part)) for part in POSITIVE)
            cells.append(
                f'<td style="background-color:rgb({red},{green},{blue})">{safe_text(visible(tokens[k]))} {value:.2f}</td>'
            )
        rows.append(f"{tr}<th>{safe_text(visible(token))}</th>{''.join(cells)}</tr>")
    return f'<table style="white-space:pre">{tr}<th>reads most from</th>{head}</tr>{"".join(rows)}</table>'


def _in_words(tokens: list[str], patterns: Tensor, names: list[str]) -> str:
    """The strongest look back at another token."""
    others = patterns.clone()
    others.diagonal(dim1=1, dim2=2).zero_()
    head, to, source = (int(k) for k in torch.unravel_index(others.argmax(), others.shape))
    count = f"{len(names)} head{'s' if len(names) > 1 else ''}, {len(tokens)} token{'s' if len(tokens) > 1 else ''}"
    if not float(others[head, to, source]):
        return f"{count}; every token reads from itself alone"
    reader, read = visible(tokens[to]), visible(tokens[source])
    return f'{count}; in {names[head]}, "{reader}" reads most from "{read}" ({float(others[head, to, source]):.2f})'
