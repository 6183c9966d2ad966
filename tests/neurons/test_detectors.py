"""Detectors of a domain: thresholds, tables of tokens, probes, intervals, and what is chosen where."""

import dataclasses

import pytest
import torch
from sklearn.metrics import f1_score

from mechint_course.features import detectors
from mechint_course.features.baselines import token_only, token_shares
from mechint_course.features.intervals import f1_interval, redraws, tallies
from mechint_course.features.probes import fit_probes
from mechint_course.features.scores import best_threshold, best_units, scores, threshold_curve
from mechint_course.language import TokenizedText


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_scores_against_scikit_learn_and_without_a_yes() -> None:
    yes, inside = torch.rand(2, 50, generator=seeded(0)) < 0.4
    assert scores(yes, inside).f1 == pytest.approx(f1_score(inside.numpy(), yes.numpy()))
    assert scores(torch.zeros(3, dtype=torch.bool), torch.ones(3, dtype=torch.bool)) == (0.0, 0.0, 0.0)
    curve = threshold_curve(torch.tensor([1.0, 2.0]), torch.tensor([False, True]), torch.tensor([0.5, 1.5]))
    assert curve[:, 2].tolist() == pytest.approx([2 / 3, 1.0])


@pytest.mark.parametrize("seed", range(5))
def test_the_best_threshold_against_trying_all(seed: int) -> None:
    values = (torch.randn(60, generator=seeded(seed)) * 3).round().relu()  # many are equal
    inside = torch.rand(60, generator=seeded(seed + 50)) < 0.3
    tried = {float(t): scores(values >= t, inside).f1 for t in values.unique()}
    assert tried[best_threshold(values, inside)] == pytest.approx(max(tried.values()))
    with pytest.raises(ValueError, match="found 0"):
        best_threshold(torch.zeros(0), torch.zeros(0, dtype=torch.bool))


def test_the_planted_unit_is_found_and_nearly_at_its_best_threshold() -> None:
    label = torch.randint(3, (4000,), generator=seeded(1))
    x = torch.randn(4000, 6, generator=seeded(2)).relu()
    x[label == 2, 4] += 2.5
    x[label == 0, 1] += 0.7
    found = best_units(x, label, 4)
    assert (found.unit[2], found.unit[0]) == (4, 1)
    assert found.f1[3] == 0  # a domain without a token
    at_best = scores(x[:, 4] >= best_threshold(x[:, 4], label == 2), label == 2).f1
    for number in (0, 2):
        unit, least = int(found.unit[number]), float(found.threshold[number])
        own = scores(x[:, unit] >= least, label == number).f1
        assert own == pytest.approx(float(found.f1[number]), abs=1e-6)
    assert float(found.f1[2]) > at_best - 0.01


def test_a_silent_unit_never_says_yes() -> None:
    found = best_units(torch.zeros(20, 2), torch.arange(20) % 2, 2)
    assert found.f1.tolist() == [0.0, 0.0]
    assert (found.threshold > 0).all()


def test_token_shares_against_counting() -> None:
    tokens, label = torch.randint(7, (80,), generator=seeded(3)), torch.randint(3, (80,), generator=seeded(4))
    found = token_shares(tokens, label, 3, 9)
    for token in range(7):
        for number in range(3):
            wanted = (label[tokens == token] == number).float().mean()
            assert found[token, number] == pytest.approx(float(wanted), abs=1e-6)
    assert found[7:].abs().sum() == 0
    for known in (tokens, tokens - 2):  # the first one outside is named
        first = next(token for token in known.tolist() if not 0 <= token < 5)
        with pytest.raises(ValueError, match=f"found {first}"):
            token_shares(known, label, 3, 5)
    with pytest.raises(ValueError, match="from 0 to 4, found 6"):  # also in the half that is scored
        token_only(torch.tensor([0, 1, 6]), torch.tensor([0, 1, 1]), torch.tensor([True, True, False]), 2, 5)


def test_the_table_of_tokens_is_the_best_set_of_tokens() -> None:
    """Against every set of tokens there is."""
    tokens, label = torch.randint(6, (40,), generator=seeded(5)), torch.randint(2, (40,), generator=seeded(6))
    again = torch.cat([tokens, tokens]), torch.cat([label, label])  # scored on what chose it
    choosing = torch.arange(80) < 40
    found = token_only(*again, choosing, 2, 6)[1].f1
    sets = [[bool(number >> token & 1) for token in range(6)] for number in range(64)]
    best = max(scores(torch.tensor(chosen)[tokens], label == 1).f1 for chosen in sets)
    assert found == pytest.approx(best)


def test_a_probe_reads_a_direction_that_no_unit_has() -> None:
    label = torch.randint(2, (1500,), generator=seeded(7))
    x = torch.randn(1500, 8, generator=seeded(8))
    direction = torch.tensor([1.0, -1.0] * 4)
    x = x - (x @ direction)[:, None] * direction / 8 + (label * 2.0 - 1)[:, None] * direction / 2
    x = x * torch.tensor([1.0, 100.0, 1.0, 1.0, 1.0, 0.01, 1.0, 1.0])
    probes = fit_probes(x[:1000], label[:1000], 3)
    odds = probes(x[1000:])
    assert scores(odds[:, 1] > 0, label[1000:] == 1).f1 > 0.99
    assert (odds[:, 2] < -50).all()  # a domain without a token: always no
    assert (fit_probes(x[:5], torch.zeros(5, dtype=torch.long), 1)(x[:5]) > 50).all()


def test_documents_are_resampled_whole_and_within_their_domain() -> None:
    yes = torch.rand(6, 4, generator=seeded(9)) < 0.5
    inside, document = torch.tensor([1, 1, 1, 0, 0, 0]).bool(), torch.tensor([3, 3, 8, 5, 9, 9])
    counts = tallies(yes, inside, document)
    hits, yeses, tokens = counts.sum(0).tolist()
    whole = inside[:, None].expand(6, 4)
    assert scores(yes.flatten(), whole.flatten()).f1 == pytest.approx(2 * hits / (yeses + tokens))
    weights = redraws(torch.tensor([1, 0, 1, 0]), 200, seed=1)
    assert (weights[:, [0, 2]].sum(1) == 2).all() and (weights[:, [1, 3]].sum(1) == 2).all()
    low, high = f1_interval(counts, weights)
    assert 0 <= low < 2 * hits / (yeses + tokens) < high <= 1
    with pytest.raises(ValueError, match="between 0 and 1"):
        f1_interval(counts, weights, level=95)


def test_the_interval_covers_what_it_should() -> None:
    """A detector whose recall varies from document to document: the true F1 lies in most intervals."""
    covered = 0
    for seed in range(40):
        skill = torch.rand(30, generator=seeded(seed))
        yes = torch.rand(30, 20, generator=seeded(seed + 100)) < skill[:, None]
        counts = tallies(yes, torch.ones(30, dtype=torch.bool), torch.arange(30))
        low, high = f1_interval(counts, redraws(torch.zeros(30, dtype=torch.long), 200, seed=seed))
        covered += low <= 2 / 3 <= high  # precision 1, recall 1/2
    assert covered >= 34


def _text(n_documents: int, domains: tuple[str, ...], numbers: list[int], seed: int) -> TokenizedText:
    domain = torch.tensor(numbers).repeat_interleave(n_documents)
    tokens = torch.randint(5, (len(domain), 9), generator=seeded(seed)) + 5 * domain[:, None]
    return TokenizedText(tokens, domain, domains, torch.arange(len(domain)), "x")


def test_the_table_scores_where_nothing_was_chosen() -> None:
    names = ("first", "second", "third", "empty")
    text, fresh = _text(12, names, [0, 1, 2], 1), _text(7, names, [1], 2)
    x = torch.rand(36, 9, 3, generator=seeded(3))
    fresh_x = torch.rand(7, 9, 3, generator=seeded(4))
    x[text.domain == 1, :, 2] += 2.0
    x[:, 0] = 50.0  # the start token says nothing
    x[detectors.halves(text) & (text.domain == 0), :, 0] += 3.0  # only where it is chosen
    rows = detectors.domain_table(x, text, fresh_x, fresh, d_vocab=20, n_resamples=50)
    assert [row.domain for row in rows] == ["first", "second", "third"]
    first, second, third = rows
    assert (second.unit, second.neuron.held_out.f1, second.token.held_out.f1) == (2, 1.0, 1.0)
    assert first.unit == 0 and first.neuron.held_out.f1 < 0.1
    assert second.neuron.fresh is not None and second.neuron.fresh.f1 < 0.1  # fresh activations lack it
    assert second.token.fresh is not None and second.token.fresh.f1 == 1.0
    assert first.neuron.fresh is None and third.probe.fresh is None
    shown = detectors.as_table(rows).splitlines()
    low, high = second.neuron.fresh.low, second.neuron.fresh.high
    assert [line.split()[0] for line in shown[1:]] == ["first", "second", "fresh", "third"]
    assert f"[{low:.2f}, {high:.2f}]" in shown[3] and "1.00 [1.00, 1.00]" in shown[3]
    assert max(map(len, shown)) <= 110, "a notebook page would wrap it"
    with pytest.raises(ValueError, match="of the text's"):
        detectors.domain_table(x[1:], text, fresh_x, fresh, d_vocab=20)


def test_a_score_changes_with_nothing_of_the_choosing_half_but_the_choice() -> None:
    """Shuffling the labels of the choosing half leaves no way to be good."""
    text, fresh = _text(30, ("a", "b"), [0, 1], 5), _text(2, ("a", "b"), [0], 6)
    x = torch.rand(60, 9, 4, generator=seeded(7))
    same = dataclasses.replace(text, tokens=text.tokens * 0)
    for row in detectors.domain_table(x, same, x[:2], fresh, d_vocab=20, n_resamples=20):
        assert row.neuron.held_out.f1 < 0.75 and row.probe.held_out.f1 < 0.75  # always yes gives 2/3
