"""Changing a neuron while the model runs."""

import pytest
import torch

from mechint_course.features.interventions import (
    by_domain,
    loss_change,
    probability_change,
    set_neuron,
    with_activation,
)
from mechint_course.language import ACTIVATION_HOOK, activations, load_model
from mechint_course.language.fast_loss import fast_losses
from mechint_course.language.models import parameters_of
from mechint_course.language.tiny import TINY_SHAPE


@pytest.fixture
def tokens() -> torch.Tensor:
    return torch.randint(1, 25, (9, 11), generator=torch.Generator().manual_seed(5))


def test_without_an_edit_nothing_changes(tokens) -> None:
    model = load_model("tiny")
    clean = model(tokens, return_type="loss", loss_per_token=True)
    assert torch.allclose(with_activation(model, tokens, None, batch_size=4), clean, atol=1e-6)
    assert torch.equal(loss_change(model, tokens, lambda x: x), torch.zeros(9, 10))


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_pinning_a_neuron_is_a_constant_added_to_what_the_mlp_writes(tokens, value: float) -> None:
    model, neuron = load_model("tiny"), 7
    weights = {name: tensor.detach() for name, tensor in parameters_of(model).items()}
    column = weights["layers.0.mlp.fc_out.weight"][:, neuron].clone()
    cut = weights["layers.0.mlp.fc_out.weight"].clone()
    cut[:, neuron] = 0
    pinned = weights | {
        "layers.0.mlp.fc_out.weight": cut,
        "layers.0.mlp.fc_out.bias": weights["layers.0.mlp.fc_out.bias"] + value * column,
    }
    expected = fast_losses(pinned, tokens, n_heads=TINY_SHAPE.n_heads)
    found = with_activation(model, tokens, set_neuron(neuron, value), batch_size=4)
    assert torch.allclose(found, expected, atol=1e-5)


def test_an_edit_at_one_token_changes_that_prediction_only(tokens) -> None:
    def edit(x: torch.Tensor) -> torch.Tensor:
        changed = x.clone()
        changed[:, 4] = 0
        return changed

    change = loss_change(load_model("tiny"), tokens, edit)
    assert change[:, 4].abs().min() > 1e-4
    change[:, 4] = 0
    assert change.abs().max() < 1e-5


def test_the_model_is_left_as_it_was(tokens) -> None:
    model = load_model("tiny")
    before = activations(model, tokens)
    given = torch.ones(1, 2, 20)
    set_neuron(3)(given)
    assert given.min() == 1

    def broken(x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("an edit that fails")

    with pytest.raises(RuntimeError, match="an edit that fails"):
        with_activation(model, tokens, broken)
    assert torch.equal(activations(model, tokens), before)


def test_bad_input_is_told(tokens, unchecked) -> None:
    model = load_model("tiny")
    with pytest.raises(ValueError, match="from 0 to 19, found 20"):
        with_activation(model, tokens, set_neuron(20))
    with pytest.raises(ValueError, match="at least two"):
        with_activation(model, tokens[:, :1], None)
    with pytest.raises(ValueError, match="at least two"):
        with_activation(model, tokens[0], None)
    with pytest.raises(ValueError, match="at least two"):
        with_activation(model, tokens[:0], None)


def test_means_by_domain_against_masks() -> None:
    values = torch.randn(13, 4, generator=torch.Generator().manual_seed(1))
    domain = torch.tensor([0, 2, 2, 0, 3, 3, 3, 0, 2, 2, 2, 0, 3])
    found = by_domain(values, domain, 4)
    for number in (0, 2, 3):
        assert torch.isclose(found[number], values[domain == number].mean(), atol=1e-6)
    assert found[1].isnan()


def test_the_change_of_probability_against_two_runs(tokens, unchecked) -> None:
    model, edit = load_model("tiny"), set_neuron(5, 4.0)
    found = probability_change(model, tokens, edit, batch_size=4)
    clean = model(tokens).softmax(-1)
    hooks = [(ACTIVATION_HOOK, lambda x, hook: edit(x))]
    changed = model.run_with_hooks(tokens, fwd_hooks=hooks).softmax(-1)
    assert torch.allclose(found, (changed - clean).mean((0, 1)), atol=1e-6)
    assert abs(float(found.sum())) < 1e-5 < float(found.abs().max())
    with pytest.raises(ValueError, match="n_sequences, n_ctx"):
        probability_change(model, tokens[0], edit)
    with pytest.raises(ValueError, match="n_sequences, n_ctx"):
        probability_change(model, tokens[:, :0], edit)
