"""What section 4 of chapter 3 reads with: where a word ends, places by strength, latents that agree with a label."""

import pytest
import torch

from mechint_course.features.correlation import sparse_rows
from mechint_course.features.evidence import quantile_places
from mechint_course.features.latents import best_by_f1
from mechint_course.features.spelling import ends_of
from mechint_course.language.tokenizer import encode, token_strings


@pytest.mark.parametrize("text", ["God bless you", "For God so loved", "Godzilla came", "no name here"])
def test_a_word_ends_where_the_text_so_far_ends_with_it(text):
    tokens = torch.tensor([encode([text])[0]])
    pieces = token_strings(tokens[0])
    expected = ["".join(pieces[: i + 1]).endswith("God") for i in range(len(pieces))]
    assert ends_of(tokens, "God")[0].tolist() == expected
    assert any(expected) == ("God" in text)


def test_a_token_that_goes_on_behind_the_word_does_not_count():
    tokens = torch.tensor([encode(["Then Godzilla"])[0]])
    assert token_strings(tokens[0])[-1].endswith("zilla")
    ends = ends_of(tokens, "God")[0]
    assert not ends[-1]
    with pytest.raises(ValueError, match="empty"):
        ends_of(tokens, "")


def test_groups_are_equal_and_go_from_strong_to_weak():
    activation = torch.rand(7, 9, generator=torch.Generator().manual_seed(0))
    activation[:, ::3] = 0
    groups = quantile_places(activation, n_groups=3, each=4)
    values = [activation[places[:, 0], places[:, 1]] for places in groups]
    ranked = activation[activation > 0].sort(descending=True).values.tensor_split(3)
    for found, group in zip(values, ranked, strict=True):
        assert len(found) == 4 and len(found.unique()) == 4
        assert all(value in group for value in found)
    with pytest.raises(ValueError, match="on at"):
        quantile_places(activation, n_groups=30, each=4)


def test_best_latents_are_those_of_counting():
    generator = torch.Generator().manual_seed(1)
    dense = torch.rand(40, 6, generator=generator) * (torch.rand(40, 6, generator=generator) < 0.4)
    label = torch.randint(3, (40,), generator=generator)
    values, indices = dense.topk(6)
    found = best_by_f1(sparse_rows(values, indices, 6), label, 3, k=2)
    for domain in range(3):
        f1 = []
        for j in range(6):
            on = [i for i in range(40) if dense[i, j] > 0]
            hits = sum(int(label[i]) == domain for i in on)
            f1.append(2 * hits / (len(on) + int((label == domain).sum())))
        assert found[domain].tolist() == sorted(range(6), key=lambda j: -f1[j])[:2]
    with pytest.raises(ValueError, match="label"):
        best_by_f1(sparse_rows(values, indices, 6), label[:5], 3, k=2)
