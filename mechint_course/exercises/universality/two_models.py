"""Chapter 4, section 3: the features of model A beside those of model B."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_agreement = prediction(
    id="universality.guess_agreement",
    title="Features or neurons?",
    options=("features agree more", "neurons agree more", "about the same"),
    core=True,
)


@exercise(
    id="universality.median_match",
    title="One number for two models",
    points=2,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "Three steps: the best correlation of each left feature, which of these features count, and the middle of "
        "what is left.",
        "The best is the maximum of each row. A feature counts where its density is at least at_least: an index of "
        "True and False picks those.",
        "correlation.max(dim=1).values[density >= at_least] is what remains; its .median() is the answer.",
    ),
)
def median_match(ask: Ask) -> None:
    "The middle of the best correlations of the features that fire often enough, found by sorting."
    ask.compare(
        _cases(ask),
        expected=_middle,
        known=_mistakes(),
        look="the features one by one: the best correlation of each, whether it counts, and the middle of those.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    # By hand: the best are .9, .2, .5, 0; the last never fires; the middle of .2, .5, .9 is .5.
    yield {
        "correlation": torch.tensor([[0.9, 0.1], [-0.8, 0.2], [0.5, 0.25], [0.0, 0.0]]),
        "density": torch.tensor([0.25, 0.5, 0.125, 0.0]),
        "at_least": 0.125,
    }
    for _ in range(20):
        n_counted, n_rare, n_right = 2 * ask.random.randint(2, 4) + 1, *ask.sizes(2, low=2, high=8)
        at_least = 2.0 ** -ask.random.randint(3, 12)  # exact in every precision, so "at least" is fair
        best = torch.rand(n_counted + n_rare, generator=ask.generator) * 0.9
        best[n_counted:] *= 0.3
        correlation = best[:, None] - torch.rand(len(best), n_right, generator=ask.generator) * 1.2
        winner = torch.randint(n_right, (len(best),), generator=ask.generator)
        correlation[torch.arange(len(best)), winner] = best
        density = at_least * (1 + 6 * torch.rand(len(best), generator=ask.generator))
        density[n_counted:] = at_least * torch.rand(n_rare, generator=ask.generator) * 0.9
        # The largest of those that count fires exactly as often as asked; one feature never fires.
        density[best[:n_counted].argmax()] = at_least
        density[-1], correlation[-1] = 0.0, 0.0
        order = torch.randperm(len(best), generator=ask.generator)
        yield {"correlation": correlation[order], "density": density[order], "at_least": at_least}


def _middle(correlation: Tensor, density: Tensor, at_least: float) -> float:
    rows = zip(correlation.tolist(), density.tolist(), strict=True)
    best = sorted(max(row) for row, share in rows if share >= at_least)
    return best[len(best) // 2]


def _mistakes() -> tuple[Known, ...]:
    wrong: list[Known] = []

    def add(slug: str, sentence: str, pick: Callable[[Tensor, Tensor, float], Tensor]) -> None:
        """A mistake, with either middle of an even number of values: the lower of two, or their mean."""
        wrong.append(
            Known(
                slug,
                sentence,
                lambda correlation, density, at_least: pick(correlation, density, at_least).median(),
            )
        )
        wrong.append(
            Known(
                slug,
                sentence,
                lambda correlation, density, at_least: pick(correlation, density, at_least).quantile(0.5),
            )
        )

    def best(correlation: Tensor) -> Tensor:
        return correlation.amax(dim=1)

    add("rare-counted", "You count every feature. Those that fire less often than at_least, and those that never fire, "
        "drag the median down.", lambda c, d, least: best(c))  # fmt: skip
    add("dead-only-dropped", "You drop the features that never fire, but the rare ones still count: compare the density "
        "with at_least.", lambda c, d, least: best(c)[d > 0])  # fmt: skip
    add("rare-only", "The comparison is turned round: you keep the rare features and drop the frequent ones.",
        lambda c, d, least: best(c)[d < least])  # fmt: skip
    add("strictly-more", "At least means at least: a feature that fires exactly that often counts too (>=, not >).",
        lambda c, d, least: best(c)[d > least])  # fmt: skip
    add("zeros-kept", "The rare features are set to 0 but still counted. Leave them out before you take the median.",
        lambda c, d, least: best(c) * (d >= least))  # fmt: skip
    add("no-best", "This is the median over all pairs. Nearly every pair is no match: take the best of each row first.",
        lambda c, d, least: c[d >= least].flatten())  # fmt: skip
    add("wrong-direction", "You take the best of each column: that is the right model's features. Each left feature "
        "(each row) gets its best match.", lambda c, d, least: c.amax(dim=0))  # fmt: skip
    add("absolute", "You take the largest size. A strong negative correlation is no match: take the largest value.",
        lambda c, d, least: c.abs().amax(dim=1)[d >= least])  # fmt: skip
    mean = "This is the mean. The question is the median: the value with as many features above as below."
    wrong.append(
        Known(
            "mean", mean, lambda correlation, density, at_least: best(correlation)[density >= at_least].mean()
        )
    )
    wrong.append(Known("mean", mean + " And the rare features should not count.",
                       lambda correlation, density, at_least: best(correlation).mean()))  # fmt: skip
    wrong.append(Known("weighted", "You weigh each feature by how often it fires. Every feature that counts, counts once.",
                       lambda correlation, density, at_least: _weighted(best(correlation), density, at_least)))  # fmt: skip
    wrong.append(Known("best-of-all", "This is the best match of all. The question is the middle one.",
                       lambda correlation, density, at_least: best(correlation)[density >= at_least].max()))  # fmt: skip
    wrong.append(Known("not-reduced", "These are the best correlations of the features that count. Return their median, one number.",
                       lambda correlation, density, at_least: best(correlation)[density >= at_least]))  # fmt: skip
    return tuple(wrong)


def _weighted(best: Tensor, density: Tensor, at_least: float) -> Tensor:
    kept = density >= at_least
    return (best[kept] * density[kept]).sum() / density[kept].sum()
