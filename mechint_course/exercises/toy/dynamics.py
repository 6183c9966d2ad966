"""Chapter 1, section 10: where the loss falls suddenly, and which feature moved."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_jump = prediction(
    id="toy.guess_jump",
    title="What a sudden fall is made of",
    options=(
        "all features move a little",
        "one feature jumps up from near 0, and one that was alone makes room",
        "two features swap their places",
        "nothing: it is noise",
    ),
    core=False,
)


@exercise(
    id="toy.jumps",
    title="Find the sudden falls",
    points=3,
    minutes=15,
    difficulty=3,
    core=False,
    hints=(
        "First mark the records that are much lower than the one before. Then join neighbours that are marked.",
        "Walk through the records. When a fall begins, remember the record before it; when it ends, note the pair.",
        "falling = loss[1:] < (1 - drop) * loss[:-1]; with False added at both ends, a fall begins where falling[t] and not "
        "falling[t - 1]. The feature is (D[after] - D[before]).abs().argmax().",
    ),
)
def jumps(ask: Ask) -> None:
    "Begin, end and feature of every fall, against a search that grows each fall from its first record."
    ask.compare(
        _cases(ask),
        expected=_falls,
        known=(
            Known(
                "starts-late",
                "Your falls begin one record too late: `before` is the last record above the fall.",
                lambda loss, D, drop: [(a + 1, b, _moved(D, a, b)) for a, b, _ in _falls(loss, D, drop)],
            ),
            Known(
                "ends-early",
                "Your falls end one record too early: `after` is the first record below the fall.",
                lambda loss, D, drop: [(a, b - 1, _moved(D, a, b)) for a, b, _ in _falls(loss, D, drop)],
            ),
            Known(
                "not-joined",
                "You report every record that falls. Records that fall one after the other are one jump.",
                lambda loss, D, drop: [
                    (t, t + 1, _moved(D, t, t + 1)) for a, b, _ in _falls(loss, D, drop) for t in range(a, b)
                ],
            ),
            Known(
                "absolute-drop",
                "You compare the difference itself with `drop`. It is a share of the loss before.",
                lambda loss, D, drop: _runs(D, (loss[:-1] - loss[1:] > drop).tolist()),
            ),
            Known(
                "share-of-the-later",
                "You divide by the loss after the fall. The share is of the loss before it.",
                lambda loss, D, drop: _runs(D, ((loss[:-1] - loss[1:]) / loss[1:] > drop).tolist()),
            ),
            Known(
                "rises-too",
                "You also report records at which the loss rises.",
                lambda loss, D, drop: _runs(D, ((loss[:-1] - loss[1:]).abs() > drop * loss[:-1]).tolist()),
            ),
            Known(
                "rises-instead",
                "You report where the loss rises.",
                lambda loss, D, drop: _runs(D, (loss[1:] > (1 + drop) * loss[:-1]).tolist()),
            ),
            Known(
                "only-upwards",
                "Your feature is the one that rose most. One that comes down may have moved further: compare sizes.",
                lambda loss, D, drop: [
                    (a, b, int((D[b] - D[a]).argmax())) for a, b, _ in _falls(loss, D, drop)
                ],
            ),
            Known(
                "largest-after",
                "Your feature is the largest one after the fall, not the one that moved most.",
                lambda loss, D, drop: [(a, b, int(D[b].argmax())) for a, b, _ in _falls(loss, D, drop)],
            ),
            Known(
                "last-one-lost",
                "A fall that lasts until the last record is missing.",
                lambda loss, D, drop: [f for f in _falls(loss, D, drop) if f[1] != len(loss) - 1],
            ),
            Known(
                "first-one-lost",
                "A fall that begins at the very first record is missing.",
                lambda loss, D, drop: [f for f in _falls(loss, D, drop) if f[0] != 0],
            ),
            Known(
                "only-the-first",
                "You return only the first fall of each history.",
                lambda loss, D, drop: _falls(loss, D, drop)[:1],
            ),
        ),
        look="loss = [10, 9.99, 8, 6, 5.99] with drop 0.1: one jump, from record 1 to record 3.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    D = torch.tensor([[0.5, 0.6], [0.5, 0.5], [0.4, 0.1], [0.5, 0.0], [0.5, 0.0]])
    yield {"loss": torch.tensor([10.0, 9.99, 8.0, 6.0, 5.99]), "D": D, "drop": 0.1}
    yield {"loss": torch.tensor([4.0, 4.1, 4.0]), "D": D[:3], "drop": 0.1}
    yield {"loss": torch.tensor([8.0, 4.0]), "D": D[:2], "drop": 0.5}  # by half is not by more than half
    for _ in range(18):
        n_records, n_features = ask.random.randint(12, 24), ask.random.randint(3, 7)
        drop = round(0.05 + 0.1 * ask.random.random(), 3)
        # Each step falls well, falls a little, or rises; none is so near to `drop` that rounding could decide.
        steps = (2.5 * drop, 1.5 * drop, 0.98 * drop, 0.4 * drop, 0.0, -3 * drop)
        shares = [ask.random.choice(steps) for _ in range(n_records)]
        shares[0] = ask.random.choice((2 * drop, 0.0))
        shares[-1] = ask.random.choice((2 * drop, 0.0))
        loss = [4 + 4 * ask.random.random()]
        for share in shares:
            loss.append(loss[-1] * (1 - share))
        yield {
            "loss": torch.tensor(loss),
            "D": torch.rand(n_records + 1, n_features, generator=ask.generator),
            "drop": drop,
        }


def _moved(D: Tensor, before: int, after: int) -> int:
    """The feature that moved most, in a loop."""
    best, furthest = 0, -1.0
    for i, (was, then) in enumerate(zip(D[before].tolist(), D[after].tolist(), strict=True)):
        if abs(then - was) > furthest:
            best, furthest = i, abs(then - was)
    return best


def _falls(loss: Tensor, D: Tensor, drop: float) -> list[tuple[int, int, int]]:
    """Begins at each record that no fall holds yet, and goes on as long as the next one falls too."""
    values, found, t = loss.tolist(), [], 0
    while t < len(values) - 1:
        end = t
        while end < len(values) - 1 and (values[end] - values[end + 1]) / values[end] > drop:
            end += 1
        if end > t:
            found.append((t, end, _moved(D, t, end)))
        t = end + 1 if end == t else end
    return found


def _runs(D: Tensor, marked: list[bool]) -> list[tuple[int, int, int]]:
    """Runs of marked steps as jumps."""
    found, before = [], None
    for t, mark in enumerate([*marked, False]):
        if mark and before is None:
            before = t
        if not mark and before is not None:
            found.append((before, t, _moved(D, before, t)))
            before = None
    return found
