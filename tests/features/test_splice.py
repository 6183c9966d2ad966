"""A dictionary in the model: losses against formulas without hooks, and nothing left behind."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from mechint_course.features.logits import logit_weights
from mechint_course.features.splice import LossRecovered, loss_recovered, spliced
from mechint_course.language.models import load_model
from mechint_course.sae import BatchTopKSAE, JumpReLUSAE, MatryoshkaSAE, StandardSAE, TopKSAE

HOOK = "blocks.0.mlp.hook_post"


@pytest.fixture(scope="module")
def model():
    return load_model("tiny")


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(0, 25, (7, 9), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def sae():
    return TopKSAE(20, 33, 4, seed=0)


@torch.no_grad()
def by_hand(model, tokens, change):
    """The loss from the residual stream on, without hooks: change the activations, then finish the forward pass."""
    _, cache = model.run_with_cache(tokens)
    x = cache[HOOK]
    resid = cache["blocks.0.hook_resid_post"] + (change(x) - x) @ model.W_out[0]
    centred = resid - resid.mean(-1, keepdim=True)
    scale = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    logits = (centred / scale * model.ln_final.weight + model.ln_final.bias) @ model.W_U
    return float(cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()))


def test_all_four_losses_equal_a_forward_pass_by_hand(model, tokens, sae):
    found = loss_recovered(model, tokens, sae, batch_size=3)
    _, cache = model.run_with_cache(tokens)
    mean = cache[HOOK].mean((0, 1))
    assert found.clean == pytest.approx(by_hand(model, tokens, lambda x: x), rel=1e-4)
    assert found.patched == pytest.approx(by_hand(model, tokens, lambda x: sae(x).reconstruction), rel=1e-4)
    assert found.zero_ablated == pytest.approx(by_hand(model, tokens, lambda x: 0 * x), rel=1e-4)
    assert found.mean_ablated == pytest.approx(by_hand(model, tokens, lambda x: 0 * x + mean), rel=1e-4)
    assert found.n_tokens == 7 * 8
    assert (
        len(
            {
                round(value, 5)
                for value in (found.clean, found.patched, found.zero_ablated, found.mean_ablated)
            }
        )
        == 4
    )


@pytest.mark.parametrize(
    "other",
    [
        StandardSAE(20, 33, seed=0),
        JumpReLUSAE(20, 33, seed=0),
        BatchTopKSAE(20, 33, 4, seed=0),
        MatryoshkaSAE(20, 33, 4, (8, 16), seed=0),
    ],
    ids=lambda sae: sae.architecture,
)
def test_every_architecture_is_spliced_with_and_without_its_error(model, tokens, other):
    if hasattr(other, "threshold"):
        other.threshold.data.fill_(0.1)
    patched = by_hand(model, tokens, lambda x: other(x).reconstruction)
    assert loss_recovered(model, tokens, other).patched == pytest.approx(patched, rel=1e-4)
    clean = model(tokens)
    with spliced(model, other):
        assert not torch.allclose(model(tokens), clean, atol=1e-2)
    with spliced(model, other, keep_error=True, edit=lambda latents: latents):
        torch.testing.assert_close(model(tokens), clean, atol=1e-4, rtol=1e-4)


def test_a_perfect_dictionary_recovers_everything_and_an_empty_one_nothing(model, tokens):
    perfect = TopKSAE(20, 40, 40, seed=0)
    with torch.no_grad():
        eye = torch.eye(20)
        perfect.W_enc.copy_(torch.cat([eye, -eye], dim=1))
        perfect.W_dec.copy_(torch.cat([eye, -eye]))
    assert loss_recovered(model, tokens, perfect).recovered == pytest.approx(1, abs=1e-4)
    with torch.no_grad():
        perfect.b_enc.fill_(-1e6)
    assert loss_recovered(model, tokens, perfect).recovered == pytest.approx(0, abs=1e-5)


def test_keeping_the_error_changes_nothing_until_latents_are_edited(model, tokens, sae):
    clean = model(tokens)
    with spliced(model, sae, keep_error=True):
        torch.testing.assert_close(model(tokens), clean)
    with spliced(model, sae, keep_error=True, edit=lambda latents: latents):
        torch.testing.assert_close(model(tokens), clean, atol=1e-4, rtol=1e-4)
    with spliced(model, sae):
        assert not torch.allclose(model(tokens), clean, atol=1e-2)


@torch.no_grad()
def test_an_edit_with_the_error_kept_moves_activations_along_the_latent_only(model, tokens, sae):
    def off(latents):
        changed = latents.clone()
        changed[..., 5] = 0
        return changed

    _, cache = model.run_with_cache(tokens)
    fires = sae.encode(cache[HOOK])[..., 5] > 0
    assert fires.any() and not fires.all()
    moved = by_hand(model, tokens, lambda x: x - sae.encode(x)[..., 5:6] * sae.W_dec[5])
    with spliced(model, sae, keep_error=True, edit=off):
        assert float(model(tokens, return_type="loss")) == pytest.approx(moved, rel=1e-4)
        logits = model(tokens)
    torch.testing.assert_close(logits[~fires], model(tokens)[~fires], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(logits[fires], model(tokens)[fires], atol=1e-3)


def test_no_hook_stays_even_after_an_error(model, tokens, sae):
    clean = model(tokens)

    def broken(latents):
        raise RuntimeError("from the edit")

    with pytest.raises(RuntimeError, match="from the edit"), spliced(model, sae, edit=broken):
        model(tokens)
    with pytest.raises(ValueError, match="d_in = 19"):
        loss_recovered(model, tokens, TopKSAE(19, 30, 4, seed=0))
    torch.testing.assert_close(model(tokens), clean)
    assert sum(len(point.fwd_hooks) for point in model.hook_dict.values()) == 0


def test_what_cannot_be_scored_is_refused(model, sae):
    with pytest.raises(ValueError, match="at least two"):
        loss_recovered(model, torch.zeros(3, 1, dtype=torch.long), sae)
    with pytest.raises(ValueError, match="no loss to recover"):
        _ = LossRecovered(3.0, 3.0, 3.0, 3.1, 10).recovered


@torch.no_grad()
def test_logit_weights_are_the_slope_of_the_logits_with_the_layernorms_scale_held(model, tokens):
    direction = torch.randn(2, 20, generator=torch.Generator().manual_seed(2))
    _, cache = model.run_with_cache(tokens)
    resid = cache["blocks.0.hook_resid_post"][0, 3].double()
    scale = (resid - resid.mean()).square().mean().sqrt()
    unembed = (model.ln_final.weight[:, None] * model.W_U).double()

    def logits(r):
        return (r - r.mean()) / scale @ unembed

    for row, found in zip(direction, logit_weights(model, direction), strict=True):
        slope = (logits(resid + row.double() @ model.W_out[0].double()) - logits(resid)) * scale
        torch.testing.assert_close(found.double(), slope - slope.mean(), atol=1e-4, rtol=1e-4)
    assert logit_weights(model, direction).mean(-1).abs().max() < 1e-5


def test_a_direction_of_another_size_is_refused(model):
    with pytest.raises(ValueError, match="d_mlp = 20"):
        logit_weights(model, torch.zeros(12))
