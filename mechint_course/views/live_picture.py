"""The picture of a model under training, as a small SVG: a few kilobytes, so that thirty a second are no burden.

On the left the features' directions (an arrow each in a plane, a row each on a line, overlaps where there are more
dimensions), in the middle how much of a dimension each feature has to itself, on the right the loss.
"""

from collections.abc import Sequence
from html import escape

from jaxtyping import Float
from torch import Tensor

from mechint_course.figures.style import PALETTE, SERIES
from mechint_course.toy import feature_dimensionality, feature_norms

WIDTH, HEIGHT = 900, 300
_TOP, _BOTTOM = 40, 262
_MIDDLE = (_TOP + _BOTTOM) / 2
_REACH = 1.45
_SHORT = 0.5
_POINTS = 160
"""The loss is drawn with so many points at most."""


def live_svg(W: Float[Tensor, "n_hidden n_features"], loss: Sequence[tuple[int, float]], words: str) -> str:
    """The three panels for the weights `W` and the noted (step, loss) pairs; `words` is what a screen reader says.

    >>> import torch
    >>> svg = live_svg(torch.eye(2, 3), [(10, 0.5), (20, 0.25)], "two features")
    >>> 'aria-label="two features"' in svg, len(svg) < 6_000
    (True, True)
    """
    n_hidden = W.shape[0]
    left = _plane(W) if n_hidden == 2 else _line(W) if n_hidden == 1 else _overlaps(W)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}" '
        'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12" fill="#000" '
        f'style="width:100%;max-width:{WIDTH}px;background:#fff">'
        + left
        + _bars(feature_dimensionality(W).tolist())
        + _loss(loss)
        + "</svg>"
    )


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'


def _stroke(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" fill="none" {more}/>'


def _colour(i: int) -> str:
    return PALETTE[SERIES[i % len(SERIES)]]


def _numbered(x: float, y: float, i: int) -> str:
    """A disc with the feature's number in it."""
    disc = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10" fill="#fff" stroke="{_colour(i)}" stroke-width="2.5"/>'
    return disc + _text(x, y + 4, str(i), 'text-anchor="middle"')


def _plane(W: Tensor) -> str:
    centre, scale = 145.0, (_BOTTOM - _TOP) / 2 / _REACH
    drawn = [
        _text(10, 20, "directions of the features"),
        f'<circle cx="{centre}" cy="{_MIDDLE}" r="{scale:.1f}" fill="none" stroke="{PALETTE["pale"]}"/>',
    ]
    ends = []
    for i, (across, up) in enumerate(W.T.tolist()):
        x, y = centre + scale * across, _MIDDLE - scale * up
        short = (across**2 + up**2) ** 0.5 < _SHORT
        colour, more = (PALETTE["grey"], 'stroke-width="3"') if short else (_colour(i), 'stroke-width="2.5"')
        drawn.append(_stroke(centre, _MIDDLE, x, y, colour, more))
        ends.append("" if short else _numbered(x, y, i))
    return "".join(drawn + ends)


def _line(W: Tensor) -> str:
    centre, scale = 145.0, 125 / _REACH
    step = (_BOTTOM - _TOP) / W.shape[1]
    drawn = [
        _text(10, 20, "weight of each feature"),
        _stroke(centre, _TOP, centre, _BOTTOM, PALETTE["pale"]),
    ]
    for i, weight in enumerate(W[0].tolist()):
        y, x = _TOP + step * (i + 0.5), centre + scale * weight
        drawn.append(_stroke(centre, y, x, y, _colour(i), 'stroke-width="2.5"') + _numbered(x, y, i))
    return "".join(drawn)


def _overlaps(W: Tensor) -> str:
    """Squares of the size of each overlap W_i . W_j: filled above zero, hollow below."""
    overlap = (W.T @ W).tolist()
    n = len(overlap)
    cell = (_BOTTOM - _TOP) / n
    drawn = [_text(10, 20, "overlaps of the features (hollow: negative)")]
    for i, row in enumerate(overlap):
        drawn.append(_text(20, _TOP + cell * (i + 0.5) + 4, str(i), 'text-anchor="end"'))
        drawn.append(_text(28 + cell * (i + 0.5), _BOTTOM + 16, str(i), 'text-anchor="middle"'))
        for j, value in enumerate(row):
            side = 0.92 * cell * min(abs(value), 1.0) ** 0.5
            if side < 1.5:
                continue
            x, y = 28 + cell * (j + 0.5) - side / 2, _TOP + cell * (i + 0.5) - side / 2
            fill = PALETTE["blue"] if value > 0 else "#fff"
            edge = PALETTE["blue"] if value > 0 else PALETTE["vermilion"]
            size = f'width="{side:.1f}" height="{side:.1f}"'
            drawn.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'
            )
    return "".join(drawn)


def _bars(shares: Sequence[float]) -> str:
    left, right = 330.0, 560.0
    step = (right - left) / len(shares)
    drawn = [_text(left - 10, 20, "share of a dimension, by feature")]
    for value, label in ((1.0, "1"), (0.5, "1/2"), (0.4, "2/5")):
        y = _BOTTOM - value * (_BOTTOM - _TOP) / 1.05
        drawn.append(_stroke(left, y, right, y, PALETTE["grey"], 'stroke-dasharray="4 3"'))
        drawn.append(_text(right + 4, y + 4, label))
    for i, share in enumerate(shares):
        tall = share * (_BOTTOM - _TOP) / 1.05
        place = f'x="{left + step * (i + 0.15):.1f}" y="{_BOTTOM - tall:.1f}"'
        size = f'width="{0.7 * step:.1f}" height="{tall:.1f}"'
        drawn.append(f'<rect {place} {size} fill="{PALETTE["sky"]}" stroke="#000"/>')
        drawn.append(_text(left + step * (i + 0.5), _BOTTOM + 16, str(i), 'text-anchor="middle"'))
    return "".join(drawn)


def _loss(noted: Sequence[tuple[int, float]]) -> str:
    left, right = 665.0, 890.0
    drawn = [
        _text(left - 50, 20, "loss"),
        _stroke(left, _TOP, left, _BOTTOM, "#000") + _stroke(left, _BOTTOM, right, _BOTTOM, "#000"),
        _text(left, _BOTTOM + 16, "0", 'text-anchor="middle"'),
    ]
    if noted:
        every = -(-len(noted) // _POINTS)
        shown = [*noted[::every], noted[-1]]
        last, top = max(noted[-1][0], 1), max(value for _, value in noted) or 1.0
        points = " ".join(
            f"{left + (right - left) * step / last:.1f},{_BOTTOM - (_BOTTOM - _TOP) * value / top:.1f}"
            for step, value in shown
        )
        drawn += [
            f'<polyline points="{points}" fill="none" stroke="{PALETTE["blue"]}" stroke-width="2"/>',
            _text(left - 6, _TOP + 8, f"{top:.2g}", 'text-anchor="end"'),
            _text(right, _BOTTOM + 16, f"{last} steps", 'text-anchor="end"'),
            _text(right, 20, f"now {noted[-1][1]:.4f}", 'text-anchor="end"'),
        ]
    return "".join(drawn) + _text(left - 6, _BOTTOM + 4, "0", 'text-anchor="end"')


def in_words(W: Float[Tensor, "n_hidden n_features"], steps: int, loss: float | None) -> str:
    """What the picture shows, in a sentence.

    >>> import torch
    >>> in_words(torch.eye(2, 3), 20, 0.25)
    'After 20 steps: 2 of 3 features kept in 2 dimensions, 0 and 1; loss 0.2500.'
    """
    kept = (feature_norms(W) >= _SHORT).nonzero()[:, 0].tolist()
    names = " and ".join(filter(None, [", ".join(map(str, kept[:-1])), str(kept[-1])])) if kept else "none"
    n_hidden, n_features = W.shape
    room = f"{n_hidden} dimension{'s' if n_hidden > 1 else ''}"
    ending = "" if loss is None else f"; loss {loss:.4f}"
    return f"After {steps} steps: {len(kept)} of {n_features} features kept in {room}, {names}{ending}."
