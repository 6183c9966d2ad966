"""Chapter 4, section 6: features of a domain that only one model has seen, and how often they find a twin all the same."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.universality.real import spent_by_domain
from mechint_course.exercises.values import Value

guess_exclusives = prediction(
    id="universality.guess_exclusives",
    title="Prediction: twins that cannot be",
    options=("nearly none", "about half", "nearly all"),
    core=False,
)


@exercise(
    id="universality.exclusive",
    title="Whose home is one domain",
    points=2,
    minutes=7,
    difficulty=1,
    core=False,
    hints=(
        "Two conditions for each feature: of all that its activations add up to, how large a part lies in this domain? And "
        "does it fire often enough for that to mean something?",
        "spent[:, domain] / spent.sum(dim=1) is the part. For a latent that never fires this is 0 / 0: its answer is False.",
        "(spent[:, domain] >= share * spent.sum(dim=1)) & (fired >= firings): no division, so nothing can go wrong.",
    ),
)
def exclusive(ask: Ask) -> None:
    "Yes or no for every latent of real dictionaries on real text, against going through them one by one."
    ask.compare(
        _homes(ask),
        expected=_one_by_one,
        known=_HOME_MISTAKES,
        look="one feature by itself: what its activations add up to in each domain, and how often it fires.",
    )


def _homes(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "spent": torch.tensor([[9.0, 1.0], [2.0, 8.0], [0.0, 0.0], [3.0, 0.0]]),
        "fired": torch.tensor([30, 50, 0, 2]),
        "domain": 0,
        "share": 0.5,
        "firings": 20,
    }
    made = 0
    while made < 10:
        spent, fired = spent_by_domain(ask.random.choice("AB"))
        domain = ask.random.randrange(spent.shape[1])
        near = spent[:, domain].topk(12).indices  # some that live there, and others
        rows = torch.cat(
            [near, torch.randperm(len(spent), generator=ask.generator)[: ask.random.randint(8, 25)]]
        )
        rows = rows[torch.randperm(len(rows), generator=ask.generator)]
        case: dict[str, Value] = {
            "spent": spent[rows].clone(),
            "fired": fired[rows].clone(),
            "domain": domain,
            "share": (0.5, 0.3, 0.7)[made % 3],
            "firings": ask.random.randint(3, 8),
        }
        # A latent that never fires, one exactly at the border of each rule (a power of 2 keeps the share exact).
        total = 2.0 ** ask.random.randint(1, 4)
        edge = torch.zeros(2, spent.shape[1])
        edge[:, domain], edge[:, domain - 1] = total / 2, total / 2
        if case["share"] != 0.5:
            edge[:, domain], edge[:, domain - 1] = total, 0.0
        case["spent"] = torch.cat([case["spent"], edge, torch.zeros(1, spent.shape[1])])
        case["fired"] = torch.cat(
            [case["fired"], torch.tensor([case["firings"], case["firings"] - 1, 0]).to(fired)]
        )
        part = case["spent"][:-3, domain] / case["spent"][:-3].sum(1).clamp_min(1e-9)
        if ((part - case["share"]).abs() > 1e-4).all() and 2 < int(_one_by_one(**case).sum()) < len(rows) - 2:
            made += 1
            yield case


def _one_by_one(spent: Tensor, fired: Tensor, domain: int, share: float, firings: int) -> Tensor:
    found = []
    for row, often in zip(spent.double().tolist(), fired.tolist(), strict=True):
        found.append(sum(row) > 0 and row[domain] / sum(row) >= share and often >= firings)
    return torch.tensor(found)


def _part(spent: Tensor, domain: int) -> Tensor:
    """A share of nothing is 0."""
    return spent[:, domain] / spent.sum(1).clamp_min(1e-30)


_HOME_MISTAKES = (
    Known("firings-ignored", "You do not ask how often a feature fires: one that was on twice has no home yet.",
          lambda spent, fired, domain, share, firings: _part(spent, domain) >= share),
    Known("share-ignored", "You do not ask where a feature spends its activation.",
          lambda spent, fired, domain, share, firings: fired >= firings),
    Known("either", "One of the two conditions is enough for you. Both are needed: & and not |.",
          lambda spent, fired, domain, share, firings: (_part(spent, domain) >= share) | (fired >= firings)),
    Known("strictly-more", "At least means at least: a feature with exactly this share, or exactly so many firings, counts too.",
          lambda spent, fired, domain, share, firings: (_part(spent, domain) > share) & (fired > firings)),
    Known("strictly-more", "At least means at least: a feature with exactly so many firings counts too.",
          lambda spent, fired, domain, share, firings: (_part(spent, domain) >= share) & (fired > firings)),
    Known("strictly-more", "At least means at least: a feature with exactly this share counts too.",
          lambda spent, fired, domain, share, firings: (_part(spent, domain) > share) & (fired >= firings)),
    Known("dead-counted", "A latent that never fires is exclusive in your answer. A share of nothing is no share.",
          lambda spent, fired, domain, share, firings: (_part(spent, domain) >= share) & (fired >= firings) | (spent.sum(1) == 0)),
    Known("share-of-domain", "You divide by what all features spend in the domain. A feature's own total is the whole that counts.",
          lambda spent, fired, domain, share, firings: (spent[:, domain] / spent[:, domain].sum() >= share) & (fired >= firings)),
    Known("best-domain-only", "You ask whether the domain is the feature's largest; it must hold at least the share asked for.",
          lambda spent, fired, domain, share, firings: (spent.argmax(1) == domain) & (spent.sum(1) > 0) & (fired >= firings)),
    Known("some-domain", "You ask whether a feature has any home. The domain asked about is column `domain`.",
          lambda spent, fired, domain, share, firings: (spent.amax(1) / spent.sum(1).clamp_min(1e-30) >= share) & (fired >= firings)),
    Known("everywhere-else", "The comparison is turned round: these are the features whose home is elsewhere.",
          lambda spent, fired, domain, share, firings: (_part(spent, domain) < share) & (fired >= firings)),
    Known("amount-not-share", "You compare the amount itself with the share. Divide by the feature's total first.",
          lambda spent, fired, domain, share, firings: (spent[:, domain] >= share) & (fired >= firings)),
    Known("numbers-returned", "You return the numbers of the features. True or False for each is asked for.",
          lambda spent, fired, domain, share, firings: torch.nonzero(_one_by_one(spent, fired, domain, share, firings))[:, 0]),
)  # fmt: skip


@exercise(
    id="universality.false_match_rate",
    title="Twins that cannot be",
    points=2,
    minutes=6,
    difficulty=1,
    core=False,
    hints=(
        "Of the features that are exclusive, which share has a best match above its threshold?",
        "best > threshold says which matches pass. Look at those of the exclusive features only.",
        "(best > threshold)[exclusive].double().mean().item(). The mean of nothing is NaN, which is the honest answer there.",
    ),
)
def false_match_rate(ask: Ask) -> None:
    "A share, against counting; NaN where nobody is exclusive."
    ask.compare(
        _rates(ask),
        expected=_counted,
        known=_RATE_MISTAKES,
        look="two counts: exclusive features, and those of them whose best match is above the threshold.",
    )


def _rates(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "best": torch.tensor([0.9, 0.1, 0.4, 0.3]),
        "exclusive": torch.tensor([True, True, False, True]),
        "threshold": torch.tensor([0.2, 0.2, 0.2, 0.25]),
    }
    for number in range(16):
        n_own, n_other = ask.sizes(2, low=4, high=11)
        n = n_own + n_other
        threshold = torch.randint(1, 40, (n,), generator=ask.generator) / 64
        passes = torch.rand(n, generator=ask.generator) < 0.5
        best = (
            threshold + torch.where(passes, 1, -1) * torch.randint(1, 20, (n,), generator=ask.generator) / 64
        )
        own = torch.arange(n) < n_own
        best[0], best[1], best[2] = (
            threshold[0],
            threshold[1] + 0.125,
            threshold[2] - 0.125,
        )  # one that is no more than luck
        order = torch.randperm(n, generator=ask.generator)
        if number == 3:
            own = torch.zeros(n, dtype=torch.bool)
        yield {"best": best[order], "exclusive": own[order], "threshold": threshold[order]}


def _counted(best: Tensor, exclusive: Tensor, threshold: Tensor) -> float:
    rows = [
        (r, least)
        for r, own, least in zip(best.tolist(), exclusive.tolist(), threshold.tolist(), strict=True)
        if own
    ]
    return sum(r > least for r, least in rows) / len(rows) if rows else float("nan")


def _rate(slug: str, sentence: str, pick: Callable[[Tensor, Tensor, Tensor], Tensor]) -> list[Known]:
    """A mistake, with NaN or with 0 where there is nothing to divide by."""

    def formula(best: Tensor, exclusive: Tensor, threshold: Tensor) -> float:
        return float(pick(best, exclusive, threshold).double())

    return [
        Known(slug, sentence, formula),
        Known(
            slug, sentence, lambda best, exclusive, threshold: float(
                pick(best, exclusive, threshold).double().nan_to_num(0.0)
            )
        ),
    ]  # fmt: skip


def _mean(x: Tensor) -> Tensor:
    return x.double().mean()


_RATE_MISTAKES = (
    Known("zero-for-nobody", "Where no feature is exclusive, you say 0. That reads as \"none was matched by mistake\", but nothing was "
          "measured: the honest answer is NaN.",
          lambda best, exclusive, threshold: 0.0 if not exclusive.any() else _counted(best, exclusive, threshold)),
    *_rate("share-of-all", "You divide by the number of all features. Divide by the number of exclusive ones.",
           lambda b, e, t: _mean((b > t) & e)),
    *_rate("everybody-counted", "You count all features. Only the exclusive ones cannot have a true twin.", lambda b, e, t: _mean(b > t)),
    *_rate("shared-counted", "You count the features that are not exclusive.", lambda b, e, t: _mean((b > t)[~e])),
    *_rate("below-counted", "This is the share that stays below: the right answers. The false matches are those above.",
           lambda b, e, t: _mean((b <= t)[e])),
    *_rate("at-least", "A match that equals its threshold has not beaten luck: >, not >=.", lambda b, e, t: _mean((b >= t)[e])),
    *_rate("share-of-matches", "You ask how many of all matches are exclusive ones. How many exclusive features are matched?",
           lambda b, e, t: _mean(e[b > t])),
    *_rate("not-divided", "You return how many there are; divide by the number of exclusive features.",
           lambda b, e, t: ((b > t) & e).sum()),
    *_rate("mean-match", "You return the mean correlation of the exclusive features. How many pass?", lambda b, e, t: _mean(b[e])),
    *_rate("threshold-averaged", "You compare with the mean threshold. Each feature has its own.",
           lambda b, e, t: _mean((b > t.mean())[e])),
    Known("not-reduced", "You return True or False for each exclusive feature. Their share is asked for.",
          lambda best, exclusive, threshold: (best > threshold)[exclusive]),
)  # fmt: skip
