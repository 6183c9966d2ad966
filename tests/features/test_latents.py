"""Latents without their zeros, against the dense ones."""

import numpy as np
import pytest
import torch

from mechint_course.features.latents import latent_on_text, share_by_domain, sparse_latents
from mechint_course.sae import SAE, TopKSAE


def test_sparse_latents_are_what_encode_gives():
    sae = TopKSAE(d_in=6, d_sae=20, k=3, seed=1)
    x = torch.randn(40, 6, generator=torch.Generator().manual_seed(2))
    rows = sparse_latents(sae, x)
    np.testing.assert_allclose(rows.toarray(), sae.encode(x).detach().numpy(), atol=1e-6)
    assert rows.nnz <= 3 * 40


def test_any_other_dictionary_goes_through_encode():
    class Halved(TopKSAE):
        architecture = "halved"

        def encode(self, x):
            return (x @ self.W_enc - 0.5).relu()

    class Plain(SAE):
        architecture = "plain"
        encode, training_loss, from_config = Halved.encode, TopKSAE.training_loss, TopKSAE.from_config

    sae = Plain(d_in=4, d_sae=7, seed=3)
    x = torch.randn(9, 4, generator=torch.Generator().manual_seed(4))
    np.testing.assert_allclose(sparse_latents(sae, x).toarray(), sae.encode(x).detach().numpy(), atol=1e-6)


def test_a_latent_goes_back_to_its_places_in_the_text():
    generator = torch.Generator().manual_seed(5)
    sae = TopKSAE(d_in=6, d_sae=20, k=3, seed=6)
    x = torch.randn(5, 8, 6, generator=generator)
    rows = sparse_latents(sae, x[:, 1:].flatten(0, 1))
    dense = sae.encode(x).detach()
    dense[:, 0] = 0
    for latent in range(20):
        torch.testing.assert_close(latent_on_text(rows, latent, 5), dense[:, :, latent])


def test_what_does_not_fit_is_told():
    rows = sparse_latents(TopKSAE(d_in=2, d_sae=3, k=1, seed=0), torch.ones(6, 2))
    for latent, n_sequences in ((3, 2), (-1, 2), (0, 4), (0, 0)):
        with pytest.raises(ValueError, match="equal length"):
            latent_on_text(rows, latent, n_sequences)


def test_shares_by_domain_add_up_and_are_counted_one_by_one():
    generator = torch.Generator().manual_seed(7)
    sae = TopKSAE(d_in=6, d_sae=9, k=2, seed=8)
    x = torch.randn(12, 5, 6, generator=generator)
    domain = torch.randint(3, (12,), generator=generator)
    share = share_by_domain(sparse_latents(sae, x.flatten(0, 1)), domain, 3)
    latents = sae.encode(x).detach()
    for latent in range(9):
        spent = torch.tensor([latents[domain == d, :, latent].sum() for d in range(3)])
        torch.testing.assert_close(share[latent], spent / spent.sum())


def test_sequences_that_do_not_divide_the_tokens_are_refused():
    rows = sparse_latents(TopKSAE(d_in=2, d_sae=3, k=1, seed=0), torch.ones(7, 2))
    with pytest.raises(ValueError, match="equal length"):
        share_by_domain(rows, torch.zeros(2, dtype=torch.long), 1)
