"""Features in sets: who is there with whom, and what models make of it."""

import pytest
import torch
from scipy import stats

from mechint_course.figures import toy as pictures
from mechint_course.toy import AnticorrelatedSets, CorrelatedSets, ToyModel, cosines, evaluate, stream, train

P = torch.full((2, 6), 0.3)


@pytest.mark.parametrize(("sampler", "each"), [(CorrelatedSets(3), 0.3), (AnticorrelatedSets(3), 0.1)])
def test_sets_are_there_as_often_as_asked_with_uniform_strengths(sampler, each):
    x = sampler(P, 20_000, generator=stream(0, "test"))
    assert float(((x > 0).double().mean(1) - each).abs().max()) < 0.02
    assert stats.kstest(x[x > 0][:5000].numpy(), "uniform").pvalue > 1e-4


def test_members_come_together_or_never_and_sets_do_not_care_about_each_other():
    together = CorrelatedSets(3)(P, 5000, generator=stream(1, "test"))[0] > 0
    assert torch.equal(together[:, 0], together[:, 1]) and torch.equal(together[:, 3], together[:, 5])
    alone = AnticorrelatedSets(3)(P, 5000, generator=stream(1, "test"))[0] > 0
    assert int(alone[:, :3].sum(1).max()) == 1 and int(alone.sum(1).max()) == 2
    both = (together[:, 0] & together[:, 3]).double().mean()
    assert float(both) == pytest.approx(0.09, abs=0.02)


def test_a_set_size_that_does_not_fit_is_said():
    with pytest.raises(ValueError, match="size must divide the number of features, 6, but it is 4"):
        CorrelatedSets(4)(P, 5, generator=stream(0, "test"))


@pytest.mark.parametrize(("sampler", "within"), [(CorrelatedSets(2), 0.0), (AnticorrelatedSets(2), -1.0)])
def test_friends_stand_at_right_angles_and_rivals_opposite(sampler, within):
    """n = 4, m = 2, two sets of two, the best of eight restarts."""
    model = ToyModel(4, 2, n_instances=8, feature_probability=0.2)
    train(model, steps=1200, batch_size=512, sampler=sampler, progress=False)
    W = model.W.detach()[evaluate(model, n_samples=8192, sampler=sampler).argmin()]
    assert [float(cosines(W)[i, i + 1]) for i in (0, 2)] == pytest.approx([within] * 2, abs=0.1)


def test_features_in_one_place_share_a_label():
    W = torch.tensor([[[1.0, 1.0, 0.0], [0.0, 0.01, 1.0]]])
    assert {text.get_text() for text in pictures.directions(W).axes[0].texts} == {"0,1", "2"}
