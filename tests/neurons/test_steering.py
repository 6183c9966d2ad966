"""Directions found, added and taken out; the judge of what steered text is; intervals."""

import math

import pytest
import torch

from mechint_course.features.bigrams import count_pairs
from mechint_course.features.steering import (
    add_direction,
    continue_text,
    difference_interval,
    difference_of_means,
    next_logits,
    separating_neurons,
    set_component,
    share_interval,
)
from mechint_course.language import TokenizedText, load_model
from mechint_course.language.fast_loss import fast_losses
from mechint_course.language.models import parameters_of
from mechint_course.language.tiny import TINY_SHAPE


@pytest.fixture
def tokens() -> torch.Tensor:
    return torch.randint(1, 25, (5, 8), generator=torch.Generator().manual_seed(5))


def test_a_push_is_a_constant_added_to_the_bias_of_the_layers_output(tokens) -> None:
    """The loss of the last token under a push at every position, without a hook: another bias."""
    model = load_model("tiny")
    direction = torch.randn(20, generator=torch.Generator().manual_seed(1))
    w = {name: value.detach() for name, value in parameters_of(model).items()}
    bias = w["layers.0.mlp.fc_out.bias"] + 2.5 * w["layers.0.mlp.fc_out.weight"] @ direction
    expected = fast_losses(w | {"layers.0.mlp.fc_out.bias": bias}, tokens, n_heads=TINY_SHAPE.n_heads)[:, -1]
    logits = next_logits(model, tokens[:, :-1], add_direction(direction, 2.5))
    found = -logits.log_softmax(-1).gather(1, tokens[:, -1:])[:, 0]
    assert torch.allclose(found, expected, atol=1e-4)
    clean = model(tokens[:, :-1])[:, -1]
    assert torch.allclose(next_logits(model, tokens[:, :-1]), clean, atol=1e-5)


def test_means_and_their_difference() -> None:
    x = torch.rand(9, 4, generator=torch.Generator().manual_seed(2))
    inside = torch.arange(9) % 3 == 0
    found = difference_of_means(x, inside)
    gap = torch.tensor(
        [
            sum(row[j] for row in x[inside].tolist()) / 3 - sum(row[j] for row in x[~inside].tolist()) / 6
            for j in range(4)
        ]
    )
    assert torch.allclose(found * gap.norm(), gap, atol=1e-6)
    for wrong in (torch.zeros(9, dtype=torch.bool), torch.ones(9, dtype=torch.bool)):
        with pytest.raises(ValueError, match="on both sides"):
            difference_of_means(x, wrong)
    with pytest.raises(ValueError, match="two different means"):
        difference_of_means(torch.ones(9, 4), inside)


def test_setting_a_component_leaves_the_rest_and_does_it_once() -> None:
    x = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(3))
    direction = torch.randn(6, generator=torch.Generator().manual_seed(4)) * 3
    unit = direction / direction.norm()
    edit = set_component(direction, 1.7)
    assert torch.allclose(edit(x) @ unit, torch.full((2, 3), 1.7), atol=1e-5)
    other = torch.randn(6, generator=torch.Generator().manual_seed(5))
    other -= (other @ unit) * unit
    assert torch.allclose(edit(x) @ other, x @ other, atol=1e-5)
    assert torch.allclose(edit(edit(x)), edit(x), atol=1e-5)
    neuron = torch.eye(6)[2]
    assert torch.allclose(set_component(neuron, 0.0)(x)[..., 2], torch.zeros(2, 3))


def test_text_goes_on_token_by_token_and_the_seed_decides() -> None:
    seen = []

    def after(tokens: torch.Tensor) -> torch.Tensor:
        seen.append(tokens.shape[1])
        logits = torch.zeros(len(tokens), 7)
        logits[torch.arange(len(tokens)), (tokens[:, -1] + 1) % 7] = 50.0  # always the next number
        return logits

    prompts = torch.tensor([[3, 4], [0, 6]])
    assert continue_text(after, prompts, 3).tolist() == [[5, 6, 0], [0, 1, 2]]
    assert seen == [2, 3, 4]
    flat = lambda tokens: torch.zeros(len(tokens), 50)  # noqa: E731
    a, b = (continue_text(flat, prompts, 6, seed=seed) for seed in (0, 0))
    assert torch.equal(a, b)
    assert not torch.equal(a, continue_text(flat, prompts, 6, seed=1))
    with pytest.raises(ValueError, match="at least one new token"):
        continue_text(flat, prompts, 0)


def test_the_neuron_that_separates_is_found() -> None:
    x = torch.rand(60, 5, generator=torch.Generator().manual_seed(6))
    inside = torch.arange(60) < 20
    x[inside, 3] += 0.8
    x[inside, 1] += 8  # far apart, and just as noisy
    x[:, 1] += 40 * torch.rand(60, generator=torch.Generator().manual_seed(7))
    assert separating_neurons(x, inside, 1) == [3]


@pytest.fixture
def text() -> TokenizedText:
    rows = [[0, 1, 2, 1, 2], [0, 2, 1, 2, 1], [0, 3, 4, 3, 4], [0, 1, 3, 4, 1]]
    return TokenizedText(
        torch.tensor(rows), torch.tensor([0, 0, 2, 2]), ("ab", "none", "cd"), torch.arange(4), "x"
    )


def test_pairs_against_counting_by_hand(text) -> None:
    judge = count_pairs(text, 6)
    assert judge.domains == ("ab", "cd")
    found = judge.log_likelihood(torch.tensor([[1, 2, 5]]))
    singles = {1: 4, 2: 4}  # of domain ab
    whole = {1: 6, 2: 4, 3: 3, 4: 3, 5: 0, 0: 0}
    mixed = {k: (singles.get(k, 0) + 200 * (whole[k] + 1) / (16 + 6)) / (8 + 200) for k in whole}
    after_1 = (3 + 5 * mixed[2]) / (4 + 5)  # "1 2" three times after four 1s
    after_2 = (0 + 5 * mixed[5]) / (4 + 5)
    expected = (math.log(mixed[1]) + math.log(after_1) + math.log(after_2)) / 3
    assert found[0, 0].item() == pytest.approx(expected, abs=1e-5)


def test_text_is_given_to_its_domain(text) -> None:
    judge = count_pairs(text, 6)
    pieces = torch.tensor([[1, 2, 1, 2], [3, 4, 3, 4]])
    assert judge.turned_to(pieces, "ab").tolist() == [True, False]
    assert judge.turned_to(pieces, "cd").tolist() == [False, True]
    assert judge.known_pairs(pieces, "ab").tolist() == pytest.approx([2 / 3, 0])  # "1 2" comes back
    gibberish = torch.tensor([[1, 1, 1, 1]])
    assert judge.log_likelihood(gibberish).argmax() == 1
    assert judge.turned_to(gibberish, "cd").tolist() == [False]
    assert judge.turned_to(gibberish, "cd", least_known=0.0).tolist() == [True]
    with pytest.raises(ValueError, match="at least two"):
        judge.known_pairs(pieces[:, :1], "ab")
    with pytest.raises(ValueError, match="ab, cd"):
        judge.turned_to(pieces, "none")
    with pytest.raises(ValueError, match="at least one"):
        judge.log_likelihood(torch.zeros(2, 0, dtype=torch.long))
    with pytest.raises(ValueError, match="at least one sequence"):
        count_pairs(text.take(torch.tensor([], dtype=torch.long)), 6)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    generator = torch.Generator().manual_seed(8)
    for share in (0.05, 0.5, 0.9):
        hits = (torch.rand(300, 50, generator=generator) < share).sum(1).tolist()
        inside = sum(low <= share <= high for low, high in (share_interval(hit, 50) for hit in hits))
        assert inside / 300 > 0.9
    assert share_interval(0, 50)[0] == 0
    assert share_interval(50, 50)[1] == pytest.approx(1)
    with pytest.raises(ValueError, match="0 to n hits"):
        share_interval(4, 3)


def test_the_interval_of_a_difference() -> None:
    a = torch.tensor([True] * 30 + [False] * 20)
    b = torch.tensor([True] * 10 + [False] * 40)
    low, high = difference_interval(a, b)
    assert low < 0.4 < high
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(0.4 * 0.6 / 50), abs=0.04)
    assert difference_interval(a, a) == (0, 0)
