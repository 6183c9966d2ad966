"""The top-k dictionary against formulas in loops, and its training loss against a dense twin."""

import pytest
import torch

from mechint_course.sae import SAE, Moment, TopKSAE


def random_sae(d_in=5, d_sae=11, k=3, seed=0) -> TopKSAE:
    sae = TopKSAE(d_in, d_sae, k, seed=seed)
    generator = torch.Generator().manual_seed(100 + seed)
    with torch.no_grad():
        for parameter in sae.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return sae


def data(rows, d_in=5, seed=7):
    return torch.randn(rows, d_in, generator=torch.Generator().manual_seed(seed))


def encode_by_loops(sae, x):
    out = torch.zeros(len(x), sae.d_sae)
    for i in range(len(x)):
        h = [
            sum((x[i, d] - sae.b_dec[d]) * sae.W_enc[d, j] for d in range(sae.d_in)) + sae.b_enc[j]
            for j in range(sae.d_sae)
        ]
        for j in sorted(range(sae.d_sae), key=lambda j: -h[j])[: sae.k]:
            out[i, j] = max(h[j], 0)
    return out


@torch.no_grad()
def test_encode_and_decode_equal_loops():
    sae, x = random_sae(), data(6)
    latents = sae.encode(x)
    torch.testing.assert_close(latents, encode_by_loops(sae, x))
    by_loops = torch.stack(
        [sum(latents[i, j] * sae.W_dec[j] for j in range(11)) + sae.b_dec for i in range(6)]
    )
    torch.testing.assert_close(sae.decode(latents), by_loops)


@torch.no_grad()
def test_every_way_through_agrees_for_any_leading_sizes():
    sae, x = random_sae(), data(24).reshape(2, 3, 4, 5)
    output = sae(x)
    torch.testing.assert_close(output.reconstruction, sae.decode(sae.encode(x)))
    torch.testing.assert_close(sae.reconstruct(x), output.reconstruction)
    values, indices = sae.select(x)
    torch.testing.assert_close(torch.zeros_like(output.latents).scatter(-1, indices, values), output.latents)


@torch.no_grad()
def test_selection_comes_before_the_relu():
    sae = random_sae(k=11)
    latents = sae.encode(data(50))
    assert (latents >= 0).all()
    assert (latents > 0).sum(-1).max() < 11  # with k = d_sae, the ReLU alone decides


def test_training_loss_has_the_gradients_of_its_dense_twin():
    sae, x = random_sae(), data(32)
    sae.aux_weight = 0.7
    dead = torch.zeros(11, dtype=torch.bool)
    dead[[2, 5]] = True
    loss = sae.training_loss(x, Moment(0, 10, dead))
    found = torch.autograd.grad(loss.total, list(sae.parameters()))

    h = (x - sae.b_dec) @ sae.W_enc + sae.b_enc
    latents = torch.where(h >= h.topk(3).values[:, -1:], h, 0).relu()
    error = x - latents @ sae.W_dec - sae.b_dec
    # d_in // 2 = 2 dead latents, and every fourth of the 32 rows is used.
    h = (x - sae.b_dec.detach()) @ sae.W_enc + sae.b_enc  # only dead latents learn from AuxK
    mask, kept = torch.zeros(8, 11), h[::4][:, dead].topk(2).indices
    mask.scatter_(1, dead.nonzero().squeeze(1)[kept], 1.0)
    auxiliary = (error[::4].detach() - (h[::4].relu() * mask) @ sae.W_dec).square().sum(-1).mean()
    twin = error.square().sum(-1).mean() + 0.7 * auxiliary
    torch.testing.assert_close(loss.total, twin)
    wanted = torch.autograd.grad(twin, list(sae.parameters()))
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)
    assert float(loss.l0) == pytest.approx(float((latents > 0).sum(-1).float().mean()))
    assert torch.equal(loss.fired, (latents > 0).any(0))


def test_auxk_reaches_the_encoder_of_a_dead_latent_and_no_other():
    sae, x = random_sae(), data(64)
    dead = torch.zeros(11, dtype=torch.bool)
    dead[4] = True
    with torch.no_grad():
        sae.b_enc[~dead] += 100.0  # the others always win, though latent 4 is often positive
        sae.b_enc[4] = 0.0
    assert not (sae.encode(x)[:, 4] > 0).any() and (sae.pre_activations(x)[::4, 4] > 0).any()
    weights = [sae.W_enc, sae.W_dec]
    left_alone = torch.autograd.grad(sae.training_loss(x, Moment(0, 1, dead & ~dead)).total, weights)
    revived = torch.autograd.grad(sae.training_loss(x, Moment(0, 1, dead)).total, weights)
    assert (left_alone[0][:, 4] == 0).all() and (left_alone[1][4] == 0).all()
    assert revived[0][:, 4].norm() > 0 and revived[1][4].norm() > 0
    torch.testing.assert_close(revived[0][:, ~dead], left_alone[0][:, ~dead])


def test_bfloat16_selection_keeps_values_in_full():
    sae, x = random_sae(d_sae=300), data(64)
    sae.selection = torch.bfloat16
    loss = sae.training_loss(x, Moment(0, 1, torch.zeros(300, dtype=torch.bool)))
    chosen = sae._pick(sae.centred(x))
    h = sae.pre_activations(x).gather(1, chosen)
    kept = torch.zeros(64, 300).scatter(1, chosen, h.relu())
    torch.testing.assert_close(loss.squared_error, (x - sae.decode(kept)).square().sum(-1).mean().detach())
    exact = sae.pre_activations(x).topk(3).indices
    overlap = (chosen.unsqueeze(2) == exact.unsqueeze(1)).any(2).float().mean()
    assert overlap > 0.9


def test_prepare_chooses_a_precision_and_choose_brings_it_back():
    sae = random_sae()
    sae.prepare(data(16))
    assert sae.choices() == {"selection": "float32"}  # too small to be worth a probe
    sae = TopKSAE(1024, 1024, 3, seed=0)
    sae.prepare(data(16, 1024))
    assert sae.choices()["selection"] in ("float32", "bfloat16")
    sae.choose({"selection": "bfloat16"})
    assert sae.choices() == {"selection": "bfloat16"}


@pytest.mark.parametrize(
    ("sizes", "words"),
    [((0, 3, 1), "d_in"), ((3, 0, 1), "d_sae"), ((3, 4, 5), "from 1 to d_sae = 4"), ((3, 4, 0), "from 1")],
)
def test_bad_sizes_are_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        TopKSAE(*sizes, seed=0)


def test_inputs_of_another_layer_are_refused():
    with pytest.raises(ValueError, match=r"d_in = 5, but x has shape \(3, 6\)"):
        random_sae().encode(torch.zeros(3, 6))


def test_initialisation_is_its_seed_and_the_encoder_its_decoder_transposed():
    first, again, other = (TopKSAE(5, 11, 3, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.W_dec, again.W_dec) and not torch.equal(first.W_dec, other.W_dec)
    assert torch.equal(first.W_enc, first.W_dec.T)
    torch.testing.assert_close(first.W_dec.norm(dim=1), torch.ones(11))
    assert issubclass(TopKSAE, SAE)
