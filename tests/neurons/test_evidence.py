"""What excites a unit: strongest places, samples of its range, domains, and the tokens it speaks for."""

from itertools import pairwise

import pytest
import torch

from mechint_course.features import evidence
from mechint_course.language import TokenizedText, load_model
from mechint_course.language.models import parameters_of


@pytest.fixture
def text() -> TokenizedText:
    tokens = torch.randint(1, 2048, (12, 9), generator=torch.Generator().manual_seed(0))
    domain = torch.arange(12) % 3
    return TokenizedText(tokens, domain, ("dna", "http", "god"), torch.arange(12), "x")


@pytest.fixture
def activation() -> torch.Tensor:
    return torch.randn(12, 9, generator=torch.Generator().manual_seed(1)).relu()


def test_top_examples_against_a_search(activation) -> None:
    found = evidence.top_examples(activation, 5).tolist()
    peaks = sorted(
        ((max(row), i, row.index(max(row))) for i, row in enumerate(activation.tolist())), reverse=True
    )
    assert found == [[i, j] for _, i, j in peaks[:5]]
    for k in (0, 13):
        with pytest.raises(ValueError, match="1 to the number of sequences, 12"):
            evidence.top_examples(activation, k)


def test_intervals_cover_the_range_and_hold_what_they_say(activation) -> None:
    intervals = evidence.quantile_examples(activation, n_intervals=4, per_interval=3)
    assert intervals[0].high == activation.max().item()
    assert intervals[-1].low == 0
    for above, below in pairwise(intervals):
        assert above.low == pytest.approx(below.high)
    for interval in intervals:
        for row, position in interval.places.tolist():
            assert interval.low < activation[row, position].item() <= interval.high
    share = sum(interval.share for interval in intervals)
    assert share == pytest.approx((activation > 0).float().mean().item())
    assert evidence.quantile_examples(torch.zeros(3, 4)) == []


def test_excerpts_stand_where_they_should(text, activation) -> None:
    places = torch.tensor([[3, 0], [5, 8], [7, 4]])
    for excerpt, (row, position) in zip(
        evidence.excerpts(text, activation, places, before=2, after=1), places.tolist(), strict=True
    ):
        assert excerpt.values[excerpt.focus] == pytest.approx(activation[row, position].item())
        assert excerpt.label == text.domains[row % 3]
        assert len(excerpt.tokens) == len(excerpt.values) <= 4


def test_domains(text, activation) -> None:
    assert evidence.domains_at(text, torch.tensor([[4, 0], [2, 1]])) == ["http", "god"]
    means = evidence.domain_means(activation, text)
    assert means[1] == pytest.approx(activation[1::3].mean().item())


def test_answers_to_counts_domains_near_the_best_and_takes_nan_for_silence() -> None:
    means = torch.tensor([[4.0, 2.0, 1.9], [0.0, 0.0, 0.0], [torch.nan, 1.0, 1.0]])
    assert evidence.answers_to(means).tolist() == [2, 0, 2]
    assert evidence.answers_to(means, share=0.1).tolist() == [3, 0, 2]


def test_a_torn_unit_is_found(text) -> None:
    units = torch.rand(12, 9, 4, generator=torch.Generator().manual_seed(2)) * 0.1
    units[::3, 2, 1] = 5.0  # unit 1: every dna sequence and nothing else
    units[::3, 3, 2] = 3.0  # unit 2: dna and god alike
    units[2::3, 5, 2] = 3.0
    assert evidence.torn_neuron(units, text, among=("dna", "god"), k=8) == 2
    with pytest.raises(ValueError, match="'poetry'"):
        evidence.torn_neuron(units, text, among=("dna", "poetry"))


def test_promoted_tokens_are_those_whose_logits_rise() -> None:
    """The push of a small step along the neuron, with the final LayerNorm frozen, by finite differences."""
    model = load_model("A")
    neuron = 17
    weights = {name: value.detach() for name, value in parameters_of(model).items()}
    written = weights["layers.0.mlp.fc_out.weight"][:, neuron]
    gain = weights["ln_out.weight"]
    logits = weights["head.weight"] @ ((written - written.mean()) * gain)
    logits = logits - logits.mean()
    up, down = evidence.promoted(model, neuron, k=5)
    assert [weight for _, weight in up] == pytest.approx(logits.topk(5).values.tolist(), abs=1e-4)
    assert [weight for _, weight in down] == pytest.approx((-(-logits).topk(5).values).tolist(), abs=1e-4)
