"""The best unit of a domain: found where it is planted, and scored on text that did not choose it."""

import pytest
import torch

from mechint_course.features.domains import fires, read_domains, threshold
from mechint_course.sae import TopKSAE


@pytest.fixture
def planted():
    """Two hundred tokens of two domains in two dimensions; latent 1 sees domain 1 alone, neuron 0 half of the time."""
    generator = torch.Generator().manual_seed(0)
    domain = torch.arange(200) % 2
    x = torch.rand(200, 2, generator=generator) + 0.5
    x[domain == 1, 1] *= -1
    sae = TopKSAE(2, 3, 1, seed=0)
    with torch.no_grad():
        sae.W_enc.copy_(torch.tensor([[1.0, 0.0, 0.0], [1.0, -9.0, 0.0]]))
        sae.b_enc.copy_(torch.tensor([0.0, -6.0, -50.0]))
    return sae, x, domain


def test_the_planted_latent_is_found_and_scored_on_the_other_half(planted):
    sae, x, domain = planted
    choosing = torch.arange(200) < 100
    (first, second) = read_domains(sae, x, domain, choosing, ("even", "odd"))
    assert (second.domain, second.latent) == ("odd", 1)
    on = fires(sae, x)[100:, 1]
    assert second.precision == pytest.approx(float((on & (domain[100:] == 1)).sum() / on.sum()))
    assert second.recall == pytest.approx(float((on & (domain[100:] == 1)).sum() / 50))
    above = x[100:, second.neuron] > 0
    assert second.neuron_whole == pytest.approx(float((above & (domain[100:] == 1)).sum() / above.sum()))
    assert first.latent == 0 and second.neuron_precision < second.precision


def test_a_domain_that_cannot_be_scored_is_left_out(planted):
    sae, x, domain = planted
    names = [reading.domain for reading in read_domains(sae, x, domain, domain == 0, ("even", "odd"))]
    assert names == []
    assert read_domains(sae, x, domain, torch.arange(200) < 100, ("even", "odd"), least_recall=1.1) == []


def test_fires_is_the_dense_encoding(planted):
    sae, x, _ = planted
    assert torch.equal(fires(sae, x), sae.encode(x) > 0)


def test_neurons_are_held_to_as_many_tokens():
    x = torch.rand(50, 4, generator=torch.Generator().manual_seed(1))
    assert ((x > threshold(x, 7)).sum(0) == 7).all()
    assert (threshold(x, 50) == 0).all()
    assert ((-x > threshold(-x, 7)).sum(0) == 0).all()
