"""Attacks: the analytic push is the best for its output, and the damage follows the features per dimension."""

import pytest
import torch

from mechint_course.figures import toy_geometry as pictures
from mechint_course.toy import attacks, damage, feature_batch, load_strip, stream, without_superposition


def test_no_other_push_of_that_length_drives_an_output_harder():
    generator = torch.Generator().manual_seed(0)
    W = torch.randn(3, 7, generator=generator)
    pushes = attacks(W, 0.5)
    torch.testing.assert_close(pushes.norm(dim=1), torch.full((7,), 0.5))
    random = torch.randn(500, 7, generator=generator)
    random = 0.5 * random / random.norm(dim=1, keepdim=True)
    assert bool(((pushes @ W.T @ W).diagonal() > (random @ W.T @ W).amax(0)).all())


def test_damage_is_that_of_a_loop_over_pushes():
    generator = torch.Generator().manual_seed(1)
    x, W = torch.rand(6, 5, generator=generator), torch.randn(2, 5, generator=generator)
    b, pushes = torch.randn(5, generator=generator), torch.randn(4, 5, generator=generator)

    def loss(moved):
        return (x - (moved @ W.T @ W + b).clamp(min=0)).square().sum(1).mean()

    expected = torch.stack([loss(x + push) - loss(x) for push in pushes])
    torch.testing.assert_close(damage(x, pushes, W, b), expected)


def test_without_superposition_damage_is_the_square_of_the_push():
    W, b = without_superposition(9, 4, 0.3)
    x = feature_batch(torch.full((1, 9), 0.3), 200, generator=stream(0, "test"))[0]
    torch.testing.assert_close(damage(x, attacks(W, 0.2), W, b)[:4], torch.full((4,), 0.04))
    assert damage(x, attacks(W, 0.2), W, b)[4:].tolist() == pytest.approx([0] * 5, abs=1e-6)


def test_vulnerability_rises_more_than_threefold_and_follows_features_per_dimension():
    strip, score = load_strip(), []
    chosen = [0, 4, 8, 12, 15, len(strip.density) - 1]
    for k in chosen:
        p = float(strip.density[k])
        x = feature_batch(torch.full((1, 400), p), 256, generator=stream(0, "attacked"))[0]
        size = 0.1 * float(x.norm(dim=1).mean())
        W_0, b_0 = without_superposition(400, 30, p)
        worst = damage(x, attacks(strip.W[k], size), strip.W[k], strip.b_final[k]).max()
        score.append(worst / damage(x, attacks(W_0, size), W_0, b_0).max())
    score = torch.stack(score)
    per_dimension = 1 / strip.dimensions_per_feature[chosen]
    assert float(score[0]) == pytest.approx(1, abs=0.05) and float(score[-1]) > 3
    assert bool((score.diff() > 0).all())
    assert float(torch.corrcoef(torch.stack([score.log(), per_dimension.log()]))[0, 1]) > 0.97


def test_the_picture_has_both_curves():
    one = torch.tensor([1.0, 0.1])
    (axes,) = pictures.vulnerability(one, 1 / one, 0.8 / one).axes
    assert [text.get_text() for text in axes.get_legend().texts] == [
        "features per dimension",
        "vulnerability, without superposition = 1",
    ]
