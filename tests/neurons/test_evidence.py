"""What excites a unit: its strongest places, and the text around them."""

import pytest
import torch

from mechint_course.features import evidence
from mechint_course.language import TokenizedText


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


def test_excerpts_stand_where_they_should(text, activation) -> None:
    places = torch.tensor([[3, 0], [5, 8], [7, 4]])
    for excerpt, (row, position) in zip(
        evidence.excerpts(text, activation, places, before=2, after=1), places.tolist(), strict=True
    ):
        assert excerpt.values[excerpt.focus] == pytest.approx(activation[row, position].item())
        assert excerpt.label == text.domains[row % 3]
        assert len(excerpt.tokens) == len(excerpt.values) <= 4
    for outside in ([12, 0], [-1, 0], [0, 9]):
        with pytest.raises(ValueError, match="12 sequences of 9 tokens"):
            evidence.excerpts(text, activation, torch.tensor([outside]))


def test_answers_to_counts_domains_near_the_best_and_takes_nan_for_silence() -> None:
    means = torch.tensor([[4.0, 2.0, 1.9], [0.0, 0.0, 0.0], [torch.nan, 1.0, 1.0]])
    assert evidence.answers_to(means).tolist() == [2, 0, 2]
    assert evidence.answers_to(means, share=0.1).tolist() == [3, 0, 2]
