"""Chapter 4, section 1: the same toy model trained twice, its directions compared as they are and after a rotation."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.mistakes import Mistake
from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_toy = prediction(
    id="universality.guess_toy",
    title="Does the same feature point the same way?",
    options=("nearly all 12", "about half", "one or two, as luck gives"),
    core=True,
)


@exercise(
    id="universality.cosines",
    title="Which way a feature points",
    points=1,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "A cosine compares two directions and nothing else: the product of two columns, divided by both of their lengths.",
        "left.T @ right holds every product at once, [n_left, n_right]. The lengths are left.norm(dim=0) and "
        "right.norm(dim=0).",
        "Divide by torch.outer(left.norm(dim=0), right.norm(dim=0)), and put 0 where that is 0, with torch.where or "
        "nan_to_num. Or give each column length 1 first: torch.nn.functional.normalize(left, dim=0) leaves a column of "
        "zeros as it is.",
    ),
)
def cosines(ask: Ask) -> None:
    "Every pair of columns against the cosine written out number by number, in double precision."
    ask.compare(
        _cosine_cases(ask),
        expected=_pair_by_pair,
        known=_cosine_mistakes(),
        look="one pair by hand: the product of the two columns, then the length of each.",
        atol=1e-4,
        rtol=1e-3,
    )


def _cosine_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "left": torch.tensor([[3.0, 0.0], [4.0, 2.0]]),
        "right": torch.tensor([[0.0, 1.0, 0.0], [-5.0, 0.0, 0.0]]),
    }
    for number in range(20):
        n_hidden, n_left, n_right = ask.sizes(3, low=2, high=9)
        left = torch.randn(n_hidden, n_left, generator=ask.generator)
        right = torch.randn(n_hidden, n_right, generator=ask.generator)
        left, right = left * _lengths(ask, n_left), right * _lengths(ask, n_right)
        if number % 2:  # a feature that a model did not learn has no direction
            left[:, ask.random.randrange(n_left)] = 0.0
            right[:, ask.random.randrange(n_right)] = 0.0
        yield {"left": left, "right": right}


def _lengths(ask: Ask, n: int) -> Tensor:
    """n factors from 0.3 to 3."""
    return 10 ** (torch.rand(n, generator=ask.generator) - 0.5)


def _pair_by_pair(left: Tensor, right: Tensor) -> Tensor:
    """Each cosine from its definition; 0 where a column is all zeros."""
    return torch.tensor([[_cosine(x, y) for y in right.T.tolist()] for x in left.T.tolist()]).double()


def _cosine(x: list[float], y: list[float]) -> float:
    lengths = sum(a * a for a in x) ** 0.5 * sum(b * b for b in y) ** 0.5
    return sum(a * b for a, b in zip(x, y, strict=True)) / lengths if lengths else 0.0


def _cosine_mistakes() -> tuple[Known, ...]:
    wrong = [
        Known(
            "zero-column",
            "Right, but a column of zeros gives 0 / 0, which is NaN. A feature without a direction points like no other: "
            "let its cosines be 0.",
            lambda left, right: _unit(left).T @ _unit(right),
        )
    ]

    def add(slug: str, sentence: str, formula: Callable[[Tensor, Tensor], Tensor]) -> None:
        """A mistake, made by a learner who minds columns of zeros and by one who does not."""
        wrong.append(Known(slug, sentence, lambda left, right: formula(left, right).nan_to_num(0.0)))
        wrong.append(Known(slug, sentence, formula))

    add("lengths-left-in", "These are plain products of the columns: a long direction looks alike to everything. Divide "
        "by both lengths.", lambda left, right: left.T @ right)  # fmt: skip
    add("one-length-left-in", "You divide by the lengths of the left columns only; the right ones have lengths too.",
        lambda left, right: _unit(left).T @ right)  # fmt: skip
    add("one-length-left-in", "You divide by the lengths of the right columns only; the left ones have lengths too.",
        lambda left, right: left.T @ _unit(right))  # fmt: skip
    add("rows-scaled", "You give length 1 to each row. A feature is a column: its length is taken over the hidden "
        "dimensions, dim=0.", lambda left, right: (left / left.norm(dim=1, keepdim=True)).T
        @ (right / right.norm(dim=1, keepdim=True)))  # fmt: skip
    add("whole-matrix-length", "You divide by the lengths of the whole matrices. Each column has a length of its own.",
        lambda left, right: left.T @ right / (left.norm() * right.norm()))  # fmt: skip
    add("squared-lengths", "You divide by the squares of the lengths: take their roots.",
        lambda left, right: left.T @ right / torch.outer((left**2).sum(0), (right**2).sum(0)))  # fmt: skip
    add("centred", "You take a mean away first. That is the correlation; a direction starts at 0 and has no mean to lose.",
        lambda left, right: _unit(left - left.mean(0)).T @ _unit(right - right.mean(0)))  # fmt: skip
    add("absolute", "Your result has lost its sign: two directions that point opposite ways have the cosine -1.",
        lambda left, right: (_unit(left).T @ _unit(right)).abs())  # fmt: skip
    add(
        "squared",
        "These are the squares of the cosines.",
        lambda left, right: (_unit(left).T @ _unit(right)) ** 2,
    )
    add("transposed", "Transposed: rows are for the left model's features, columns for the right one's.",
        lambda left, right: _unit(right).T @ _unit(left))  # fmt: skip
    add("left-with-left", "This compares the left model with itself. The columns should be the right model's.",
        lambda left, right: _unit(left).T @ _unit(left))  # fmt: skip
    add("distance", "This is 1 minus the cosine, a distance: it is 0 where two directions agree.",
        lambda left, right: 1 - _unit(left).T @ _unit(right))  # fmt: skip
    add("distance", "This is 1 minus the cosine, a distance: it is 0 where two directions agree.",
        lambda left, right: 1 - (_unit(left).T @ _unit(right)).nan_to_num(0.0))  # fmt: skip
    return tuple(wrong)


def _unit(columns: Tensor) -> Tensor:
    """Each column with length 1; NaN where it is all zeros."""
    return columns / columns.norm(dim=0)


@exercise(
    id="universality.rotation",
    title="Turn one model onto the other",
    points=2,
    minutes=12,
    difficulty=2,
    core=True,
    hints=(
        "Multiply the square out: |R left|² does not depend on R, so what is left to do is to make the sum of the "
        "products of R left and right as large as possible. All that matters is the matrix right @ left.T, "
        "[n_hidden, n_hidden].",
        "u, s, vh = torch.linalg.svd(right @ left.T) writes it as a rotation, a stretch and another rotation. "
        "Leave the stretch out.",
        "The answer is u @ vh: torch returns vh transposed already. Check the order with one direction, left = [[1], [0]] "
        "and right = [[0], [1]]: R @ left should be right.",
    ),
)
def rotation(ask: Ask) -> None:
    "The polar factor of right @ left.T, found by Newton's iteration without any singular values."
    cases = list(_rotation_cases(ask))
    look = "whether R @ R.T is the identity, and how far R @ left is from right."
    try:
        ask.compare(cases, _nearest, _rotation_mistakes(), look=look, atol=1e-3, rtol=1e-3)
    except Mistake as found:
        if found.slug == "wrong-shape" and all(_of_features(ask(**case), case["left"]) for case in cases):
            ask.fail(
                "in-feature-space",
                "Your R has a row and a column for each feature. It is to turn the hidden space, [n_hidden, n_hidden]: "
                "multiply right @ left.T, not right.T @ left.",
                inputs=cases[0],
                yours=ask(**cases[0]),
                expected=_nearest(**cases[0]),
            )
        if found.slug == "wrong-value" and all(_orthogonal(ask(**case)) for case in cases):
            ask.fail(
                "not-the-closest",
                "Your R is orthogonal, so lengths and angles stay as they are, but it does not bring left as close to "
                "right as it could. Are the factors of the SVD in order? torch returns vh, which is transposed already.",
                inputs=cases[0],
                yours=ask(**cases[0]),
                expected=_nearest(**cases[0]),
                look=look,
            )
        raise


def _rotation_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    # A quarter turn: [1, 0] goes to [0, 1], and [0, 1] to [-1, 0].
    yield {
        "left": torch.tensor([[1.0, 0.0, 1.0], [0.0, 2.0, 1.0]]),
        "right": torch.tensor([[0.0, -2.0, -1.0], [1.0, 0.0, 1.0]]),
    }
    yield {"left": torch.tensor([[1.0, 2.0]]), "right": torch.tensor([[-2.0, -3.0]])}
    number = 0
    while number < 12:
        n_hidden = ask.random.randint(2, 6)
        n_pairs = n_hidden + ask.random.randint(2, 5)
        left = torch.randn(n_hidden, n_pairs, generator=ask.generator) * _lengths(ask, n_pairs)
        turn = torch.linalg.qr(torch.randn(n_hidden, n_hidden, generator=ask.generator)).Q
        if (torch.linalg.det(turn) < 0) != bool(number % 2):  # every second case is mirrored
            turn[0] *= -1
        noise = (0.0, 0.3, 1.0)[number % 3]
        right = turn @ left * _lengths(ask, 1) + noise * torch.randn(left.shape, generator=ask.generator)
        stretch = torch.linalg.svdvals(right.double() @ left.double().T)
        # Where a stretch is 0, two answers are equally close; near 0, rounding would decide.
        if stretch[-1] > 0.03 * stretch[0]:
            yield {"left": left, "right": right}
            number += 1


def _nearest(left: Tensor, right: Tensor) -> Tensor:
    """The orthogonal factor of right @ left.T: the mean of a matrix and its inverse transpose, again and again."""
    turn = right.double() @ left.double().T
    turn = turn / turn.norm()
    for _ in range(25):
        turn = (turn + torch.linalg.inv(turn).T) / 2
    return turn


def _of_features(turn: object, left: Tensor) -> bool:
    return isinstance(turn, Tensor) and turn.shape == (left.shape[1], left.shape[1])


def _orthogonal(turn: object) -> bool:
    return (
        isinstance(turn, Tensor)
        and turn.dim() == 2
        and len(turn) == turn.shape[1]
        and bool((turn.double() @ turn.double().T - torch.eye(len(turn))).abs().max() < 1e-3)
    )


def _rotation_mistakes() -> tuple[Known, ...]:
    wrong_way = "This turns right onto left. R is to turn left onto right, so that R @ left is close to right: the inverse, "
    return (
        Known("wrong-way", wrong_way + "which for an orthogonal R is R.T.", lambda left, right: _nearest(right, left)),
        Known("not-orthogonal", "This is the best matrix of all (least squares), but it is not orthogonal: it may stretch "
              "and squash until everything fits. R may only turn and mirror.",
              lambda left, right: right.double() @ torch.linalg.pinv(left.double())),
        Known("not-orthogonal", "This is a least-squares map, the wrong way round too: R @ left should be close to right, "
              "and R may only turn and mirror.", lambda left, right: left.double() @ torch.linalg.pinv(right.double())),
        Known("not-orthogonal", "This is a least-squares map, transposed: R @ left should be close to right, and R may only "
              "turn and mirror.", lambda left, right: (right.double() @ torch.linalg.pinv(left.double())).T),
        Known("stretch-kept", "The singular values are still in your result, so it stretches: u * s @ vh is the matrix you "
              "started from. Leave s out.", lambda left, right: right.double() @ left.double().T),
        Known("stretch-kept", "This is left @ right.T as it is: it stretches, and the wrong way round. Take its SVD and leave "
              "the singular values out.", lambda left, right: left.double() @ right.double().T),
        Known("stretch-inverted", "You divide by the singular values; leave them out.",
              lambda left, right: torch.linalg.inv(left.double() @ right.double().T)),
        Known("no-mirror", "You allow turns only and turn a mirrored result back (determinant +1). Two models may well be "
              "mirror images: every orthogonal R is allowed.", _turns_only),
        Known("no-mirror", "You allow turns only (determinant +1) and turn right onto left. Every orthogonal R is allowed, "
              "and R @ left should be close to right.", lambda left, right: _turns_only(right, left)),
        Known("always-mirrored", "Your determinant has the wrong sign in every case: one axis is mirrored that should not be.",
              lambda left, right: _turns_only(left, right, sign=-torch.linalg.det(_nearest(left, right)))),
        Known("turned-directions", "This is R @ left, the turned directions. Return R itself, [n_hidden, n_hidden].",
              lambda left, right: _nearest(left, right) @ left.double()),
        Known("lengths-dropped", "You give every direction length 1 first. That answers a slightly different question: in "
              "|R left - right|² a long direction counts for more.",
              lambda left, right: _nearest(_unit(left.double()), _unit(right.double()))),
        Known("centred", "You take the mean direction away first. The origin of the hidden space means something, no feature "
              "is there, and a rotation leaves it where it is: do not centre.",
              lambda left, right: _nearest(left - left.mean(1, keepdim=True), right - right.mean(1, keepdim=True))),
    )  # fmt: skip


def _turns_only(left: Tensor, right: Tensor, sign: Tensor | float = 1.0) -> Tensor:
    """The best R with the determinant `sign`: the axis of the smallest stretch is mirrored where that is needed."""
    u, _, vh = torch.linalg.svd(right.double() @ left.double().T)
    u[:, -1] *= torch.linalg.det(u @ vh).sign() * torch.as_tensor(sign).sign()
    return u @ vh
