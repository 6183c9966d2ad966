"""Standard, JumpReLU, BatchTopK and Matryoshka dictionaries against loops and dense twins, gradients included."""

import pytest
import torch
from jaxtyping import TypeCheckError

from mechint_course.sae import SAE, BatchTopKSAE, JumpReLUSAE, MatryoshkaSAE, Moment, StandardSAE
from mechint_course.sae.jumprelu import count, jump
from tests.sae.test_topk import data

NOTHING_DEAD = torch.zeros(11, dtype=torch.bool)
LAST = Moment(9, 10, NOTHING_DEAD)


def filled(sae: SAE, seed=0) -> SAE:
    """With random weights and biases everywhere, and thresholds that matter."""
    generator = torch.Generator().manual_seed(100 + seed)
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
            if name == "threshold":
                parameter.abs_()
    return sae


MAKERS = {
    "standard": lambda: StandardSAE(5, 11, 0.3, seed=0),
    "jumprelu": lambda: JumpReLUSAE(5, 11, 0.02, seed=0, bandwidth=0.4),
    "batchtopk": lambda: BatchTopKSAE(5, 11, 2.5, seed=0),
    "matryoshka": lambda: MatryoshkaSAE(5, 11, 2.5, (3, 7), seed=0),
}
EVERY = pytest.mark.parametrize("name", list(MAKERS))


def pre(sae, x):
    return torch.stack(
        [sum((row[d] - sae.b_dec[d]) * sae.W_enc[d] for d in range(5)) + sae.b_enc for row in x]
    )


@EVERY
@torch.no_grad()
def test_encode_equals_loops_for_any_leading_sizes(name):
    sae, x = filled(MAKERS[name]()), data(24)
    if name in ("batchtopk", "matryoshka"):
        sae.threshold.fill_(0.8)
    least = getattr(sae, "threshold", torch.zeros(()))
    h = pre(sae, x)
    wanted = torch.tensor(
        [
            [float(v) if v > 0 and v > t else 0.0 for v, t in zip(row, least.expand(11), strict=True)]
            for row in h
        ]
    )
    torch.testing.assert_close(sae.encode(x), wanted)
    torch.testing.assert_close(sae.encode(x.reshape(2, 3, 4, 5)), wanted.reshape(2, 3, 4, 11))
    torch.testing.assert_close(sae.reconstruct(x), wanted @ sae.W_dec + sae.b_dec)
    assert 0.1 < (wanted > 0).float().mean() < 0.6


def standard_by_hand(sae, x):
    f = pre(sae, x).clamp(min=0)
    error = x - f @ sae.W_dec - sae.b_dec
    return sum(error[i] @ error[i] + 0.3 * sum(f[i]) for i in range(len(x))) / len(x), f


def jumprelu_by_hand(sae, x):
    """The loss with surrogate slopes written as autograd sees them: a ramp of the bandwidth's width around each step."""
    h, width = pre(sae, x), 0.4
    inside = ((h - sae.threshold).abs() < width / 2).float()
    step = (h > sae.threshold).float() - (inside * (sae.threshold - sae.threshold.detach())) / width
    f = h * (h > sae.threshold) + (step - step.detach()) * sae.threshold.detach()
    error = x - f @ sae.W_dec - sae.b_dec
    return error.square().sum(-1).mean() + 0.02 * step.sum(-1).mean(), f


def batchtopk_by_hand(sae, x):
    h = pre(sae, x)
    kept = h.flatten().sort(descending=True).values[round(2.5 * len(x)) - 1]
    f = torch.where(h >= kept, h, 0).clamp(min=0)
    return (x - f @ sae.W_dec - sae.b_dec).square().sum(-1).mean(), f


def matryoshka_by_hand(sae, x):
    _, f = batchtopk_by_hand(sae, x)
    errors = [(x - f[:, :m] @ sae.W_dec[:m] - sae.b_dec).square().sum(-1).mean() for m in (3, 7, 11)]
    return sum(errors) / 3, f


@EVERY
def test_training_loss_and_its_gradients_equal_a_dense_twin(name):
    sae, x = filled(MAKERS[name]()), data(32)
    loss = sae.training_loss(x, LAST)
    twin, f = globals()[f"{name}_by_hand"](sae, x)
    torch.testing.assert_close(loss.total, twin)
    wanted = torch.autograd.grad(twin, list(sae.parameters()))
    for found, expected in zip(torch.autograd.grad(loss.total, list(sae.parameters())), wanted, strict=True):
        assert expected.abs().max() > 0
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(loss.squared_error, (x - sae.decode(f)).square().sum(-1).mean().detach())
    assert float(loss.l0) == pytest.approx(float((f > 0).sum(-1).float().mean()))
    assert torch.equal(loss.fired, (f > 0).any(0))


def test_penalties_climb_and_a_target_pulls_from_both_sides():
    x = data(32)
    for sae in (filled(MAKERS["standard"]()), filled(MAKERS["jumprelu"]())):
        first, last = (sae.training_loss(x, Moment(step, 100, NOTHING_DEAD)) for step in (0, 99))
        gone_up = (first.total - first.squared_error) / (last.total - last.squared_error)
        assert float(gone_up.detach()) == pytest.approx(0.1, rel=1e-3)
    for target, sign in ((0.5, -1), (10.0, 1)):
        sae = filled(JumpReLUSAE(5, 11, 0.5, target_l0=target, seed=0, bandwidth=0.4))
        loss = sae.training_loss(x, LAST)
        torch.testing.assert_close(loss.total - loss.squared_error, 0.5 * (loss.l0 / target - 1) ** 2)
        penalty = loss.total - sae.training_loss(x, Moment(-1, 10, NOTHING_DEAD)).total
        (slope,) = torch.autograd.grad(penalty, sae.threshold)
        assert (sign * slope >= -1e-6).all() and slope.abs().max() > 0


@torch.no_grad()
def test_a_standard_dictionary_starts_near_its_input_and_not_far_beyond():
    sae, x = StandardSAE(16, 256, seed=0), data(500, 16)
    length = float(sae.reconstruct(x).norm(dim=1).mean() / x.norm(dim=1).mean())
    assert 0.8 < length < 1.4
    torch.testing.assert_close(sae.W_enc, sae.W_dec.T / 8)


def test_the_jumps_slope_in_its_input_passes_gradcheck_away_from_the_threshold():
    h = torch.linspace(-2, 2, 12, dtype=torch.float64).reshape(4, 3).requires_grad_()
    threshold = torch.tensor([0.3, 0.7, 1.1], dtype=torch.float64)
    assert (h - threshold).abs().min() > 1e-3
    assert torch.autograd.gradcheck(lambda h: jump(h, threshold, 0.5), (h,))


def test_estimated_slopes_are_those_of_the_expectation():
    """For h uniform on [0, 2] the expectations of h [h > t] and of [h > t] are 1 - t^2 / 4 and 1 - t / 2."""
    h = (2 * torch.rand(400_000, 1, generator=torch.Generator().manual_seed(0))).double()
    threshold = torch.tensor([0.8], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(jump(h, threshold, 0.2).mean(), threshold)
    assert float(slope) == pytest.approx(-0.8 / 2, rel=0.03)
    (slope,) = torch.autograd.grad(count(h, threshold, 0.2), threshold)
    assert float(slope) == pytest.approx(-1 / 2, rel=0.03)


def test_a_threshold_below_zero_is_lifted_and_can_move_again():
    sae = filled(MAKERS["jumprelu"]())
    sae.threshold.data[4] = -0.5
    loss = sae.training_loss(data(64), LAST)
    assert sae.threshold[4] == 0
    assert torch.autograd.grad(loss.total, sae.threshold)[0][4] != 0


@torch.no_grad()
def test_batchtopk_gives_rows_what_they_need_and_its_threshold_follows():
    sae, x = filled(MAKERS["batchtopk"]()), data(64)
    indices, starts = sae.pick(sae.centred(x))
    assert len(indices) == 160 and starts[0] == 0 and starts[-1] == 160
    assert len(set(starts.diff().tolist())) > 2
    first = float(sae.threshold)
    h = sae.pre_activations(x)
    assert first == pytest.approx(float(h.flatten().sort(descending=True).values[159]))
    assert (
        float((sae.encode(x) > 0).sum()) == 159
    )  # strictly above: the smallest one kept is the threshold itself
    sae.pick(2 * sae.centred(x))
    second = float((2 * (h - sae.b_enc) + sae.b_enc).flatten().sort(descending=True).values[159])
    assert float(sae.threshold) == pytest.approx(0.99 * first + 0.01 * second, rel=1e-5)


@torch.no_grad()
def test_batchtopk_never_keeps_what_is_not_positive():
    sae = filled(MAKERS["batchtopk"]())
    sae.b_enc -= 3
    indices, _ = sae.pick(sae.centred(data(64)))
    assert len(indices) == int((sae.pre_activations(data(64)) > 0).sum()) < 160
    assert sae.threshold == 0


@torch.no_grad()
@pytest.mark.parametrize("name", ["batchtopk", "matryoshka"])
def test_what_trains_by_the_batch_is_saved_as_jumprelu(name, tmp_path):
    sae, x = filled(MAKERS[name]()), data(64)
    with pytest.raises(ValueError, match="no threshold yet"):
        sae.save_model(tmp_path)
    sae.pick(sae.centred(x))
    sae.save_model(tmp_path)
    again = SAE.load_from_disk(tmp_path)
    assert isinstance(again, JumpReLUSAE)
    assert torch.equal(again.encode(x), sae.encode(x)) and torch.equal(
        again.reconstruct(x), sae.reconstruct(x)
    )
    with pytest.raises(ValueError, match="holds a 'jumprelu' dictionary"):
        type(sae).load_from_disk(tmp_path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: StandardSAE(3, 4, -1.0, seed=0), "0 or more"),
        (lambda: JumpReLUSAE(3, 4, 1.0, bandwidth=0.0, seed=0), "above 0"),
        (lambda: JumpReLUSAE(3, 4, 1.0, target_l0=0.0, seed=0), "above 0"),
        (lambda: BatchTopKSAE(3, 4, 5, seed=0), "at most d_sae = 4"),
        (lambda: BatchTopKSAE(3, 4, 2, momentum=1.0, seed=0), "below 1"),
        (lambda: MatryoshkaSAE(3, 8, 2, (4, 2), seed=0), r"must grow.*\(4, 2\)"),
        (lambda: MatryoshkaSAE(3, 8, 2, (0, 2), seed=0), "must grow"),
        (lambda: MatryoshkaSAE(3, 8, 2, (2, 9), seed=0), "must grow"),
    ],
)
def test_what_cannot_be_trained_is_refused(make, words):
    with pytest.raises((ValueError, TypeCheckError), match=words):
        make()
