"""The sheet of a blind rating: drawn at random, the same for one seed, every place in its interval, no sizes of its own."""

import pytest
import torch

from mechint_course.features.rating import MOST, RUBRIC, SCALE, interval_of, rating_sheet
from tests.views import small


def sheet(**changed):
    keywords = {"each": 3, "least_on": 4} | changed
    return rating_sheet([small.features(), small.neurons()], **keywords)


def test_the_rubric_is_the_papers():
    assert [criterion.most for criterion in RUBRIC] == [3, 5, 3, 1, 3] and MOST == 15


def test_as_many_of_every_kind_in_an_order_that_the_seed_gives():
    found = sheet()
    kinds = [item.kind for item in found.items]
    assert sorted(kinds) == ["feature"] * 3 + ["neuron"] * 3
    assert found == sheet() and found.key == sheet().key
    orders = {tuple(item.kind for item in sheet(seed=seed).items) for seed in range(12)}
    assert len(orders) > 4, "the order tells nothing"
    assert len({sheet(seed=seed).key for seed in range(12)}) == 12


def test_the_key_is_another_for_another_dictionary():
    other = rating_sheet([small.features(50, 1), small.neurons()], each=3, least_on=4)
    assert other.key != sheet().key and other.about == {"feature": "small-50", "neuron": "the neurons"}


def test_every_place_is_in_its_interval_and_the_strongest_is_ten():
    for item in sheet(examples=200).items:
        units = small.features() if item.kind == "feature" else small.neurons()
        values = units.values(item.unit)
        drawn = [e.values[e.focus] for texts in item.intervals for e in texts]
        assert sorted(drawn) == pytest.approx(sorted((values[values > 0] * SCALE / values.max()).tolist())), (
            "each place once, whichever interval it is in"
        )
        assert max(drawn) == pytest.approx(SCALE)
        for level, texts in zip((3, 2, 1, 0), item.intervals, strict=True):
            for text in texts:
                assert level * 2.5 - 1e-4 <= text.values[text.focus] <= (level + 1) * 2.5 + 1e-4
                assert text.label == ""
        assert item.likelier[0][1] == pytest.approx(1.0) and len(item.likelier) == 10


def test_a_function_of_the_learners_says_the_intervals():
    calls = []

    def theirs(values, n):
        calls.append(n)
        return interval_of(values, n)

    assert sheet(intervals=theirs) == sheet() and calls == [4] * 6


def test_intervals_are_those_of_a_comparison_with_every_edge():
    values = torch.rand(200, generator=torch.Generator().manual_seed(0)) * 7
    values[:20] = 0
    top = float(values.max())
    expected = [-1 if v <= 0 else min(5, sum(v >= top * i / 6 for i in range(1, 6))) for v in values.tolist()]
    assert interval_of(values, 6).tolist() == expected


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match=r"at least 500 features that are on at 4 places or more, found \d+"):
        sheet(each=500)
    with pytest.raises(ValueError, match="different kinds"):
        rating_sheet([small.neurons(), small.neurons()])
