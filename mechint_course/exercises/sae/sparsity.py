"""Chapter 3, section 6: what a penalty costs, and keeping k on average."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.values import Value

guess_shrinkage = prediction(
    id="sae.guess_shrinkage",
    title="Prediction: is it only the length?",
    options=("nearly all", "about half", "hardly any"),
    core=False,
)


@exercise(
    id="sae.penalised",
    title="What a penalty costs",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "One entry at a time. Where the best f is above 0, the slope of (a - f)^2 + l1 * f is 0 there.",
        "The slope is 2 (f - a) + l1. It is 0 at f = a - l1 / 2. What if that is below 0?",
        "(a - l1 / 2).clamp(min=0).",
    ),
)
def penalised(ask: Ask) -> None:
    "The best strength, against a search by halving the interval."
    ask.compare(
        _strengths(ask),
        expected=_searched,
        known=(
            Known(
                "full-penalty-off",
                "You take the whole penalty off. The slope of (a - f)^2 is 2 (f - a), so only half of it comes off.",
                lambda a, l1: (a - l1).relu(),
            ),
            Known(
                "below-zero",
                "Your strength gets negative. A latent is never below 0: there the best one is 0.",
                lambda a, l1: a - l1 / 2,
            ),
            Known(
                "nothing-shrunk",
                "You switch small ones off and keep the others whole. That is what a threshold does; a penalty also pulls on "
                "those that stay on.",
                lambda a, l1: torch.where(a > l1 / 2, a, 0),
            ),
            Known(
                "nothing-shrunk",
                "You leave out the penalty: with l1 above 0 the best strength lies below a.",
                lambda a, l1: a.relu(),
            ),
            Known(
                "squared-penalty",
                "That is the answer to a penalty on f squared, which makes everything smaller by a factor and nothing 0.",
                lambda a, l1: a.relu() / (1 + l1),
            ),
            Known(
                "sign-kept",
                "You shrink negative values towards 0 from below; a latent is never negative, so they give 0.",
                lambda a, l1: a.sign() * (a.abs() - l1 / 2).relu(),
            ),
            Known(
                "by-size",
                "You treat negative values like positive ones; for them the best strength is 0.",
                lambda a, l1: (a.abs() - l1 / 2).relu(),
            ),
            Known(
                "penalty-added",
                "You add the penalty; it pulls the strength down.",
                lambda a, l1: (a + l1 / 2).relu(),
            ),
            Known(
                "loss-returned",
                "You return the smallest loss; the strength that reaches it is asked for.",
                lambda a, l1: (a - (a - l1 / 2).relu()).square() + l1 * (a - l1 / 2).relu(),
            ),
            Known(
                "one-penalty-for-all",
                "You spread the penalty over the entries: every entry pays all of it.",
                lambda a, l1: (a - l1 / (2 * a.numel())).relu(),
            ),
        ),
        look="a = 3 and l1 = 2: try f = 1, 2 and 3 by hand. The costs are 6, 5 and 6.",
        atol=1e-4,
    )


def _strengths(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {"a": torch.tensor([3.0, 0.5, -1.0]), "l1": 2.0}
    for _ in range(5):
        rows, columns = ask.sizes(2, low=2, high=6)
        yield {
            "a": 3 * torch.randn(rows, columns, generator=ask.generator),
            "l1": 0.3 + 3 * ask.random.random(),
        }


def _searched(a: Tensor, l1: float) -> Tensor:
    """Where the slope changes its sign, found by halving."""
    low, high = torch.zeros_like(a).double(), a.double().abs() + 1
    for _ in range(40):
        middle = (low + high) / 2
        rising = 2 * (middle - a) + l1 > 0
        low, high = torch.where(rising, low, middle), torch.where(rising, middle, high)
    return high.float()


@exercise(
    id="sae.batch_topk",
    title="k on average",
    points=2,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "The same selection as in top-k, but all inputs of the batch share one budget: k times the number of rows.",
        "h.flatten().topk(k * len(h)) picks from the whole batch at once. Its smallest value is a threshold for all rows.",
        "least = h.flatten().topk(k * len(h)).values[-1]; return torch.where(h >= least, h, 0).relu().",
    ),
)
def batch_topk(ask: Ask) -> None:
    "Values and gradients against a sorted list of the whole batch."
    ask.compare(
        _batches(ask),
        expected=_from_a_list,
        known=(
            Known(
                "top-k-of-each-row",
                "Each row keeps k in your answer: that is plain top-k. Here the rows share one budget.",
                lambda h, k: _rows(h, k, 1),
            ),
            Known(
                "top-k-of-each-column",
                "You keep the k largest of each latent; all entries of the batch compete.",
                lambda h, k: _rows(h, k, 0),
            ),
            Known(
                "k-in-all",
                "You keep k entries in the whole batch; the budget is k for each input, k times the number of rows.",
                lambda h, k: _kept(h, k),
            ),
            Known(
                "k-for-each-latent",
                "Your budget is k times the number of latents; it is k times the number of inputs.",
                lambda h, k: _kept(h, min(k * h.shape[1], h.numel())),
            ),
            Known(
                "relu-missing",
                "A latent below 0 is off: apply the ReLU to what you keep.",
                lambda h, k: torch.where(h >= _least(h, k * len(h)), h, 0),
            ),
            Known(
                "nothing-selected",
                "You apply a ReLU and select nothing.",
                lambda h, k: h.relu(),
            ),
            Known(
                "one-too-few",
                "You keep one entry too few: the smallest of the budget is kept too (>=, not >).",
                lambda h, k: torch.where(h > _least(h, k * len(h)), h, 0).relu(),
            ),
            Known(
                "flattened",
                "The values are right, but in one long row: give them the shape of h.",
                lambda h, k: _kept(h, k * len(h)).flatten(),
            ),
            Known(
                "ones-returned",
                "You return which entries are kept; their values are asked for.",
                lambda h, k: (_kept(h, k * len(h)) > 0).to(h),
            ),
            Known(
                "threshold-taken-off",
                "You take the threshold off what is kept. Entries above it keep their whole value: nothing is shrunk.",
                lambda h, k: (h - _least(h, k * len(h))).relu(),
            ),
        ),
        gradients=("h",),
        look="h = [[5, 4], [1, 3]] and k = 1: the budget is two entries, and both go to the first row.",
    )


def _batches(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {"h": torch.tensor([[5.0, 4.0, -1.0], [1.0, 3.0, 0.5]]), "k": 1}
    for number in range(7):
        k, batch, d_sae = sorted(ask.sizes(3, low=2, high=9))
        h = torch.randn(batch, d_sae, generator=ask.generator)
        h = h + torch.randn(batch, 1, generator=ask.generator)  # rows differ in how much they need
        if number == 5:
            h = h - 1.5  # fewer positive entries than the budget
        yield {"h": h, "k": k}


def _from_a_list(h: Tensor, k: int) -> Tensor:
    values = h.detach().flatten().tolist()
    entries = sorted(((value, i) for i, value in enumerate(values)), reverse=True)[: k * len(h)]
    kept = {i for value, i in entries if value > 0}
    mask = torch.tensor([i in kept for i in range(h.numel())]).view(h.shape)
    return h * mask


def _least(h: Tensor, n: int) -> Tensor:
    return h.flatten().topk(n).values[-1]


def _kept(h: Tensor, n: int) -> Tensor:
    return torch.where(h >= _least(h, n), h, 0).relu()


def _rows(h: Tensor, k: int, dim: int) -> Tensor:
    values, indices = h.topk(min(k, h.shape[dim]), dim=dim)
    return torch.zeros_like(h).scatter(dim, indices, values.relu())
