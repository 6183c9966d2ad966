"""What is read about units, against the model run the slow way and against loops."""

import math

import pytest
import torch

from mechint_course.features import reading
from mechint_course.features.cards import Cards
from mechint_course.features.interventions import loss_change, set_neuron
from mechint_course.features.ranking import DomainScores
from mechint_course.features.reading import read_units
from mechint_course.features.removal import removal, removal_effect
from mechint_course.features.scores import scores
from mechint_course.language import activations, load_model
from tests.views import small


def dense(units) -> torch.Tensor:
    """The activations of all units on all tokens but each sequence's first, computed without `reading`."""
    x = activations(load_model("tiny"), units.text.tokens)[:, 1:]
    return x if units.sae is None else units.sae.encode(x)


@pytest.mark.parametrize("make", [small.neurons, small.features], ids=["neurons", "features"])
def test_a_reading_holds_the_activations_of_every_unit(make):
    units = make()
    expected = dense(units)
    for unit in range(units.n_units):
        values = units.values(unit)
        assert torch.allclose(values[:, 1:], expected[..., unit], atol=1e-5) and not values[:, 0].any()
    flat = expected.flatten(0, 1)
    assert torch.allclose(units.density, (flat > 0).float().mean(0))
    assert torch.allclose(units.peak, flat.max(0).values, atol=1e-5)


@pytest.mark.parametrize("make", [small.neurons, small.features], ids=["neurons", "features"])
def test_the_domain_score_is_the_best_f1_over_every_threshold(make):
    units = make()
    flat, found = dense(units).flatten(0, 1), DomainScores(units).all()
    label = units.text.domain.repeat_interleave(units.text.tokens.shape[1] - 1)
    for unit in range(units.n_units):
        values = flat[:, unit]
        for domain in range(len(units.text.domains)):
            thresholds = values[values > 0].unique().tolist()
            best = max((scores(values >= t, label == domain).f1 for t in thresholds), default=0.0)
            assert math.isclose(float(found[unit, domain]), best, abs_tol=1e-5)


def test_equal_activations_share_one_threshold():
    units = small.neurons()
    units = reading.Units("", units.model, None, units.text, units.columns.copy(), units.residual)
    units.columns.data[:] = 1.0
    label = units.text.domain.repeat_interleave(units.text.tokens.shape[1] - 1)
    for unit in range(units.n_units):
        on = units.values(unit)[:, 1:].flatten() > 0
        assert math.isclose(float(DomainScores(units).f1(1)[unit]), scores(on, label == 1).f1, abs_tol=1e-6)


def test_taking_a_neuron_away_costs_what_the_hooked_model_says():
    units, model = small.neurons(), load_model("tiny")
    unit = int(units.density.argmax())
    change = loss_change(model, units.text.tokens, set_neuron(unit, 0.0))
    places, values = (torch.from_numpy(part) for part in units.column(unit))
    n = units.text.tokens.shape[1] - 1
    inside = places % n < n - 1
    places, values = places[inside].long(), values[inside].float()
    expected = change[places // n, 1 + places % n]
    assert torch.allclose(removal(units, unit, places, values), expected, atol=1e-4)
    assert expected.abs().max() > 0.01
    effect = removal_effect(units, unit, n_places=len(places), n_strongest=3)
    assert math.isclose(effect.mean, float(expected.mean()), abs_tol=1e-4)
    assert math.isclose(effect.strongest, float(expected[values.topk(3).indices].mean()), abs_tol=1e-4)


def test_taking_a_latent_away_costs_what_the_hooked_model_says():
    units, model = small.features(), load_model("tiny")
    unit = int(units.density.argmax())
    taken = units.values(unit)
    change = loss_change(model, units.text.tokens, lambda x: x - taken[..., None] * units.sae.W_dec[unit])
    places, values = (torch.from_numpy(part) for part in units.column(unit))
    n = units.text.tokens.shape[1] - 1
    inside = places % n < n - 1
    places, values = places[inside].long(), values[inside].float()
    expected = change[places // n, 1 + places % n]
    assert torch.allclose(removal(units, unit, places, values), expected, atol=1e-4)


def test_typed_text_is_read_like_any_other_and_cut_where_the_model_ends():
    units = small.features()
    typed = units.typed("a <b>")
    tokens = torch.tensor([[0, *small.numbers("a <b>")]])
    expected = units.sae.encode(activations(load_model("tiny"), tokens))[0, 1:]
    assert (
        torch.allclose(torch.from_numpy(typed.rows.toarray()).float(), expected, atol=1e-5) and not typed.cut
    )
    for place in range(5):
        order = expected[place].argsort(descending=True)[:2].tolist()
        assert [unit for unit, _ in typed.at(place, 2)] == order
    assert set(typed.strongest()) == set(torch.nonzero(expected.max(0).values > 0)[:, 0].tolist())
    assert expected[:, typed.strongest()[0]].max() == expected.max()
    long = units.typed("x" * 99)
    assert long.cut and len(long.tokens) == units.model.cfg.n_ctx - 1
    assert units.typed("x" * (units.model.cfg.n_ctx - 1)).cut is False


def test_twins_and_children_are_the_largest_of_all():
    left, right, wide = small.features(), small.features(50, 1), small.dictionary(90, 2)
    cards = Cards(left, twin=right, wider=wide)
    both = torch.cat([dense(left).flatten(0, 1), dense(right).flatten(0, 1)], dim=1).double()
    correlation = torch.corrcoef(both.T).nan_to_num(0)[:40, 40:]
    on = torch.nonzero(left.density > 0)[:, 0].tolist()
    for unit in on[:12]:
        link = cards.card(unit).twin
        assert math.isclose(link.value, float(correlation[unit].max()), abs_tol=1e-4)
        assert math.isclose(float(correlation[unit, link.unit]), link.value, abs_tol=1e-4)
    cosine = (
        torch.nn.functional.normalize(wide.W_dec, dim=1)
        @ torch.nn.functional.normalize(left.sae.W_dec, dim=1).T
    )
    for unit in on[:12]:
        own = [child for child in range(90) if int(cosine[child].argmax()) == unit]
        expected = sorted(own, key=lambda child: -float(cosine[child, unit]))[:8]
        assert [link.unit for link in cards.card(unit).children] == expected
    order = cards.order("correlation").tolist()
    best = [float(cards.matches.correlation[unit]) for unit in order if left.density[unit] > 0]
    assert best == sorted(best, reverse=True)
    assert "twin" in cards.line(order[0])


def test_a_card_says_what_its_unit_does():
    units = small.features()
    cards, flat = Cards(units), dense(units)
    for unit in cards.order("density").tolist()[:6]:
        card, values = cards.card(unit), flat[..., unit]
        assert sum(card.counts) == int((values > 0).sum()) and card.counts[-1] >= 1
        shown = [excerpt for group in card.groups for excerpt in group.excerpts]
        assert all(excerpt.values[excerpt.focus] > 0 for excerpt in shown)
        top = card.groups[0].excerpts
        assert math.isclose(top[0].values[top[0].focus], float(values.max()), rel_tol=1e-5)
        firsts = [excerpt.values[excerpt.focus] for excerpt in top]
        assert firsts == sorted(firsts, reverse=True)
        means = [sum(e.values[e.focus] for e in g.excerpts) / len(g.excerpts) for g in card.groups[1:]]
        assert means == sorted(means, reverse=True), "strong, middle, weak"
        assert [abs(link.value) for link in card.neurons] == sorted(
            (abs(float(w)) for w in units.sae.W_dec[unit]), reverse=True
        )[:8]
        for row in card.domains:
            inside = units.text.domain == units.text.domains.index(row.domain)
            assert math.isclose(row.share, float(values[inside].sum() / values.sum()), abs_tol=1e-5)
            on = values > 0
            assert math.isclose(row.precision, float(on[inside].sum() / on.sum()), abs_tol=1e-5)
            assert math.isclose(row.recall, float(on[inside].float().mean()), abs_tol=1e-5)


def test_orders_are_by_the_word_and_the_silent_come_last():
    cards = Cards(small.features(200, 5))
    silent = set(torch.nonzero(cards.units.density == 0)[:, 0].tolist())
    assert silent, "this dictionary has latents that are never on"
    for by in ("domain score", "density"):
        order = cards.order(by).tolist()
        assert sorted(order) == list(range(200)) and set(order[-len(silent) :]) == silent
    assert cards.order("number").tolist() == list(range(200))
    density = cards.units.density[cards.order("density")]
    assert (density.diff() <= 0).all()
    one = cards.scores[cards.order("domain score", "houses"), 1]
    assert (one[: 200 - len(silent)].diff() <= 0).all()
    card = cards.card(min(silent))
    assert (card.effect, card.groups, sum(card.counts)) == (None, (), 0) and "never on" in cards.line(
        min(silent)
    )


def test_a_stopped_reading_keeps_what_it_has(monkeypatch, capsys):
    run, calls = reading._run, []

    def stops(model, tokens):
        calls.append(len(tokens))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(model, tokens)

    monkeypatch.setattr(reading, "_run", stops)
    long = small.text(100)
    units = read_units(load_model("tiny"), long, small.dictionary(40))
    assert torch.equal(units.text.tokens, long.tokens[:64]) and units.columns.shape == (64 * 8, 40)
    assert "stopped after 64 of 100" in capsys.readouterr().out
    calls[:] = [0, 0]
    with pytest.raises(ValueError, match="Stopped before anything was read"):
        read_units(load_model("tiny"), long)


def test_bad_input_gets_one_sentence():
    model, units = load_model("tiny"), small.features()
    other = read_units(model, small.text(17), name="other")
    for call, words in (
        (lambda: read_units(model, small.text().take(torch.arange(0))), "at least one sequence"),
        (lambda: read_units(model, small.text(), small.TopKSAE(7, 9, 2, seed=0)), "the model's 20 neurons"),
        (lambda: units.values(40), "a feature from 0 to 39, found 40"),
        (lambda: Cards(units).card(-1), "found -1"),
        (lambda: Cards(units, twin=other), "read one text with both models"),
        (lambda: Cards(small.neurons(), wider=small.dictionary(50)), "neurons, which have no children"),
        (lambda: Cards(units, wider=small.TopKSAE(7, 9, 2, seed=0)), "one of 7 neurons"),
        (lambda: Cards(units).order("size"), "Expected one of domain score, density, number, found 'size'"),
        (lambda: Cards(units).order("correlation"), "found 'correlation'"),
        (lambda: Cards(units).order("domain score", "cats"), "found 'cats'"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_a_dictionary_that_still_learns_can_be_read():
    sae, wide = small.dictionary(40).requires_grad_(True), small.dictionary(90, 2).requires_grad_(True)
    units = read_units(load_model("tiny"), small.text(), sae, ids=small.numbers)
    frozen = small.features()
    assert Cards(units, wider=wide).card(3) == Cards(frozen, wider=small.dictionary(90, 2)).card(3)
    assert units.typed("cat").strongest() == frozen.typed("cat").strongest()
