"""Along training: the same samples at every record, and falls of the loss at which single features jump."""

import pytest
import torch

from mechint_course.figures import toy_geometry as pictures
from mechint_course.toy import ToyModel, feature_dimensionality, jumps, losses_along, train


def test_losses_along_are_those_of_the_weights_of_each_record_and_the_model_stays():
    model = ToyModel(5, 2, n_instances=3, feature_probability=0.5)
    history = train(model, steps=6, batch_size=8, n_records=3, keep_weights=True, progress=False)
    before = model.W.detach().clone()
    history.weights["W"][0] = before
    history.weights["b_final"][0] = model.b_final.detach()
    along = losses_along(model, history, n_samples=50, seed=1)
    assert along.shape == (3, 3)
    torch.testing.assert_close(along[0], along[2])  # the last record holds what the model has
    assert torch.equal(model.W.detach(), before)
    assert not torch.equal(along, losses_along(model, history, n_samples=50, seed=2))


def test_jumps_join_neighbours_and_reach_both_ends():
    D = torch.rand(6, 3, generator=torch.Generator().manual_seed(0))
    found = jumps(torch.tensor([8.0, 4.0, 4.0, 4.4, 2.0, 1.0]), D, 0.2)
    assert [(jump.before, jump.after) for jump in found] == [(0, 1), (3, 5)]
    assert [jump.feature for jump in found] == [
        int((D[b] - D[a]).abs().argmax()) for a, b in ((0, 1), (3, 5))
    ]
    assert jumps(torch.tensor([1.0, 1.0, 2.0]), D[:3], 0.2) == []


def test_late_falls_of_the_loss_are_features_that_jump():
    """30 features in 10 dimensions; twelve seeds, of which some fall late."""
    model = ToyModel(30, 10, n_instances=12, feature_probability=0.4)
    how = {"batch_size": 256, "learning_rate": 0.003, "schedule": "constant", "n_records": 61}
    history = train(model, steps=3000, **how, keep_weights=True, progress=False)
    along, D = losses_along(model, history), feature_dimensionality(history.weights["W"])
    late = [(k, jump) for k in range(12) for jump in jumps(along[:, k], D[:, k], 0.004) if jump.before >= 16]
    assert len(late) >= 2
    moves = [float((D[jump.after, k] - D[jump.before, k]).abs().max()) for k, jump in late]
    quiet = (D[40:] - D[39:-1]).abs().amax(-1).median()
    assert sorted(moves)[-2] > 0.15 and float(quiet) < 0.02
    ends = ((D[-1] - 0.5).abs() < 0.03).sum(-1)
    assert int(ends.min()) >= 16 and int(ends.max()) == 20


def test_what_does_not_belong_together_is_said():
    model = ToyModel(5, 2)
    with pytest.raises(ValueError, match="but it has none; train this model with keep_weights=True"):
        losses_along(model, train(model, steps=2, progress=False))
    other = ToyModel(4, 2)
    history = train(other, steps=2, keep_weights=True, progress=False)
    with pytest.raises(ValueError, match=r"of shape \[1, 2, 5\], but it has weights of shape \[1, 2, 4\]"):
        losses_along(model, history)


def test_the_picture_shades_each_jump_and_names_who_moved():
    D = torch.rand(20, 2, 4)
    figure = pictures.along_training(
        torch.arange(20), torch.rand(20, 2), D, [[(3, 6, 2), (9, 10, 0)], []], ["model 0", "model 1"]
    )
    first, second = figure.axes[2:]
    assert [text.get_text() for text in first.get_legend().texts] == ["feature 2", "feature 0"]
    assert second.get_legend() is None
    assert [len(axes.patches) for axes in figure.axes] == [2, 0, 2, 0]
