"""Baselines and intervals: CKA, nulls by frequency, candidates, resampled documents, what twins say."""

import numpy as np
import pytest
import torch

from mechint_course.features.bootstrap import DocumentBootstrap
from mechint_course.features.cka import StreamingCKA, linear_cka
from mechint_course.features.correlation import as_rows
from mechint_course.features.logits import logit_weights
from mechint_course.features.nulls import exclusive, null_thresholds, with_candidates
from mechint_course.features.twins import agree_and_disagree, logit_agreement
from mechint_course.language.models import load_model


def gram_cka(x, y):
    """Kornblith et al. 2019 by centred Gram matrices of the tokens: another route than products of features."""
    centre = torch.eye(len(x), dtype=x.dtype) - 1 / len(x)
    k, q = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    return float((k * q).sum() / (k.norm() * q.norm()))


def test_cka_is_that_of_gram_matrices_and_streams():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 5, generator=generator, dtype=torch.float64) + 3
    y = x[:, :3] @ torch.randn(3, 4, generator=generator, dtype=torch.float64)
    y += torch.randn(60, 4, generator=generator, dtype=torch.float64)
    stream = StreamingCKA(5, 4)
    for rows in torch.arange(60).split(17):
        stream.update(x[rows], y[rows])
    assert stream.result() == pytest.approx(gram_cka(x, y), abs=1e-9)
    rotation = torch.linalg.qr(torch.randn(5, 5, generator=generator, dtype=torch.float64)).Q
    assert linear_cka(x, 7 * x @ rotation) == pytest.approx(1)
    assert linear_cka(x, torch.ones(60, 2, dtype=torch.float64)) == 0.0


def test_thresholds_are_quantiles_of_the_same_frequency():
    null, density = torch.rand(300), torch.rand(300) ** 4
    density[:5] = 0.0
    thresholds = null_thresholds(null, density, (0.0, 0.01, 0.2, 1.0), level=0.9)
    for low, high in ((0.0, 0.01), (0.01, 0.2), (0.2, 1.0)):
        inside = (density > 0) & (density >= low) & (density < high)
        assert thresholds[inside].unique().tolist() == pytest.approx(
            [float(np.quantile(null[inside].double().numpy(), 0.9))], abs=1e-6
        )
    assert (thresholds[:5] == 1).all()
    assert exclusive(
        torch.tensor([[0.5, 0.5], [0.4, 0.6]]), torch.tensor([0.1, 0.1]), 0, firing=0.1
    ).tolist() == [
        True,
        False,
    ]


def test_fewer_candidates_offer_less():
    correlation = torch.rand(50, 40, generator=torch.Generator().manual_seed(2))
    few = with_candidates(correlation, 7, torch.Generator().manual_seed(3))
    used = few.partner.unique()
    assert len(used) <= 7
    assert torch.equal(correlation.gather(1, few.partner[:, None])[:, 0], few.correlation)
    assert (few.correlation >= correlation[:, used].amax(1) - 1e-6).all()
    everything = with_candidates(correlation, 40, torch.Generator().manual_seed(3))
    assert torch.equal(everything.correlation, correlation.amax(1))
    with pytest.raises(ValueError, match="1 to 40"):
        with_candidates(correlation, 41, torch.Generator())


def test_resamples_are_correlations_with_documents_repeated():
    generator = torch.Generator().manual_seed(4)
    document = torch.arange(12).repeat_interleave(30)
    level = torch.rand(12, 3, generator=generator)[document]
    left = (level + torch.rand(360, 3, generator=generator) - 0.8).relu()
    right = (level.flip(1) + torch.rand(360, 3, generator=generator) - 0.8).relu()
    partner = torch.tensor([2, 1, 0])
    pairs = DocumentBootstrap(partner, 12, n_resamples=30, seed=5)
    for rows in torch.arange(360).split(100):
        pairs.update(as_rows(left[rows]), right[rows], document[rows])
    weights = torch.from_numpy(pairs._weights).long()
    for resample, found in zip(weights, pairs.correlations(), strict=True):
        rows = torch.arange(360).repeat_interleave(resample[document])
        wanted = [np.corrcoef(left[rows, i], right[rows, partner[i]])[0, 1] for i in range(3)]
        np.testing.assert_allclose(found.numpy(), wanted, atol=1e-5)
    low, high = pairs.median_interval(torch.ones(3).bool())
    whole = np.median([np.corrcoef(left[:, i], right[:, partner[i]])[0, 1] for i in range(3)])
    assert low < whole < high
    assert weights.double().mean() == pytest.approx(1, abs=0.2)


def test_a_column_that_never_changes_gives_zero_and_bad_sizes_are_told():
    pairs = DocumentBootstrap(torch.tensor([0]), 1, n_resamples=4)
    pairs.update(torch.zeros(5, 1), torch.rand(5, 1), torch.zeros(5).long())
    assert (pairs.correlations() == 0).all()
    with pytest.raises(ValueError, match="same tokens"):
        pairs.update(torch.zeros(5, 1), torch.rand(4, 1), torch.zeros(5).long())
    with pytest.raises(ValueError, match="counted pair"):
        pairs.median_interval(torch.zeros(1).bool())


def test_what_twins_say_is_pearson_over_the_vocabulary():
    model = load_model("tiny")
    d = model.cfg.d_mlp
    left, right = torch.randn(3, d), torch.randn(3, d)
    right[0] = 2 * left[0]
    right[1] = -left[1]
    found = logit_agreement((model, model), left, right)
    x, y = (logit_weights(model, side).numpy() for side in (left, right))
    np.testing.assert_allclose(
        found.numpy(), [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)], atol=1e-4
    )
    assert found[0] == pytest.approx(1, abs=1e-4) and found[1] == pytest.approx(-1, abs=1e-4)
    with pytest.raises(Exception, match=r"pairs|Type"):
        logit_agreement((model, model), left, right[:2])


def test_the_pair_that_disagrees_is_one_that_fires_together():
    correlation, said = torch.tensor([0.95, 0.85, 0.2, 0.9]), torch.tensor([0.9, 0.1, -0.9, -0.5])
    counted = torch.tensor([True, True, True, False])
    assert agree_and_disagree(correlation, said, counted) == 1
    assert agree_and_disagree(correlation, said, torch.ones(4).bool()) == 3
    assert agree_and_disagree(correlation / 2, said, counted) == 0  # nobody reaches .8: the best tenth
