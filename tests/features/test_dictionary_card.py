"""What stands on a dictionary's card, against slower and independent ways to the same numbers."""

import pytest
import torch

from mechint_course.features.dictionary_card import card
from mechint_course.features.dictionary_scores import measure
from mechint_course.features.domains import read_domains
from mechint_course.features.splice import loss_recovered
from mechint_course.features.train_sae import Recipe, ship, train_dictionary
from mechint_course.language.activations import activations
from mechint_course.language.models import load_model
from mechint_course.language.text import TokenizedText
from mechint_course.sae import TopKSAE, best_unions, train_sae
from mechint_course.sae.packed import load_packed


@pytest.fixture(scope="module")
def text():
    """Three domains whose tokens differ a little, ten documents each, two sequences a document."""
    generator = torch.Generator().manual_seed(3)
    tokens = torch.cat(
        [torch.randint(5 * number, 5 * number + 12, (20, 8), generator=generator) for number in range(3)]
    )
    tokens[:, 0] = 0
    return TokenizedText(
        tokens,
        torch.arange(3).repeat_interleave(20),
        ("a", "b", "c"),
        torch.arange(30).repeat_interleave(2),
        "m",
    )


@pytest.fixture(scope="module")
def model():
    return load_model("tiny", fresh=True)


@pytest.fixture(scope="module")
def sae(model, text):
    rows = activations(model, text.tokens).flatten(0, 1)
    sae = TopKSAE(rows.shape[1], 30, 4, seed=0)
    train_sae(sae, [rows] * 60, n_steps=60, learning_rate=3e-3, quiet=True)
    return sae


@pytest.fixture(scope="module")
def found(model, text, sae):
    return measure(model, text, sae, n_resamples=200)


def test_losses_are_those_of_the_spliced_model(found, model, text, sae):
    other = loss_recovered(model, text.tokens, sae)
    for name in ("clean", "patched", "zero_ablated"):
        assert getattr(found.loss, name) == pytest.approx(getattr(other, name), abs=1e-5)
    low, high = found.interval
    assert low <= found.loss.recovered <= high and low < high
    assert sum(row.clean for row in found.domains) / 3 == pytest.approx(found.loss.clean, abs=1e-5)


@torch.no_grad()
def test_counts_and_errors_are_those_of_the_dense_latents(found, model, text, sae):
    rows = activations(model, text.tokens)[:, 1:].flatten(0, 1)
    dense = sae.encode(rows)
    assert found.l0 == pytest.approx(float((dense > 0).sum(1).float().mean()))
    assert found.census.dead == int((dense == 0).all(0).sum())
    missed = (rows - sae.decode(dense)).square().sum() / (rows - rows.mean(0)).square().sum()
    assert found.fvu == pytest.approx(float(missed), rel=1e-4)


def test_the_single_latent_is_the_one_that_read_domains_finds(found, model, text, sae):
    rows = activations(model, text.tokens)[:, 1:].flatten(0, 1)
    choosing = (text.document % 2 == 0).repeat_interleave(7)
    readings = read_domains(sae, rows, text.domain.repeat_interleave(7), choosing, text.domains)
    assert [row.latent for row in found.domains] == [reading.latent for reading in readings]
    for row, reading in zip(found.domains, readings, strict=True):
        assert (row.precision, row.recall) == pytest.approx((reading.precision, reading.recall))


def test_five_units_are_no_worse_than_chance_and_have_intervals(found):
    for row in found.domains:
        for union in (row.latents, row.neurons):
            assert union.low <= union.f1 <= union.high and union.f1 > 0.1


def test_the_card_counts_what_the_table_shows(found):
    words = card(
        "X", architecture="Top-k", command="train sae", n_inputs=1000, training_text="t", evaluation_text="e",
        unrounded=found.loss.recovered + 0.01, packed=found, d_sae=30,
    )  # fmt: skip
    precise = sum(row.precision >= 0.9 for row in found.domains)
    assert f"90 % precise in {precise} domains" in words and "+1.00 points" in words
    assert words.count("| a |") == 1 and f"| L0 | {found.l0:.2f} |" in words


@torch.no_grad()
def test_both_kinds_of_units_may_say_yes_from_any_threshold(found, model, text, sae):
    """The slow twin: every unit at every threshold as a dense column, and no union but through `best_unions`."""
    rows = activations(model, text.tokens)[:, 1:].flatten(0, 1)
    choosing = (text.document % 2 == 0).repeat_interleave(7)
    for kind, values in (("latents", sae.encode(rows)), ("neurons", rows)):
        columns = []
        for unit in values.T:
            firing = unit[choosing & (unit > 0)].sort().values
            columns += [
                unit >= firing[int(q * (len(firing) - 1))]
                for q in (0, 0.5, 0.8, 0.9, 0.95, 0.99)
                if len(firing)
            ]
        on = torch.stack(columns, dim=1)
        for number, row in enumerate(found.domains):
            union = best_unions(on, text.domain.repeat_interleave(7) == number, choosing, k=5)[-1]
            assert getattr(row, kind).f1 == pytest.approx(union.f1)


def test_a_matryoshka_dictionary_is_shipped_with_its_prefixes(tmp_path, model, text, monkeypatch):
    recipe = Recipe(d_sae=30, k=3, prefixes=(4, 10), n_tokens=64 * 8, batch_size=64)
    made = {"model": "tiny", "command": "mechint-course train sae --out x", "training_text": "t"}
    train_dictionary(model, text.tokens, text.tokens[:9], recipe, tmp_path / "x", card=made, quiet=True)
    monkeypatch.setattr("mechint_course.language.text.evaluation_text", lambda: text)
    ship(tmp_path / "x", tmp_path / "shipped", per_domain=20)
    assert (
        "Matryoshka: nested dictionaries of 4, 10 and 30 latents, one threshold for all.\nTrained on 512"
        in (tmp_path / "shipped" / "README.md").read_text(encoding="utf-8")
    )
    assert load_packed(tmp_path / "shipped").architecture == "jumprelu"


def test_nothing_is_shipped_twice_nor_without_its_card(tmp_path, model, text, monkeypatch):
    recipe = Recipe(d_sae=30, k=3, n_tokens=64 * 8, batch_size=64)
    made = {"model": "tiny", "command": "mechint-course train sae --out x", "training_text": "t"}
    train_dictionary(model, text.tokens, text.tokens[:9], recipe, tmp_path / "x", card=made, quiet=True)
    monkeypatch.setattr("mechint_course.language.text.evaluation_text", lambda: text)
    ship(tmp_path / "x", tmp_path / "shipped", per_domain=20)
    names = sorted(path.name for path in (tmp_path / "shipped").iterdir())
    assert names == ["README.md", "cfg.json", "packed.safetensors"]
    assert "--out x --ship shipped/shipped" in (tmp_path / "shipped" / "README.md").read_text()
    with pytest.raises(ValueError, match="already holds a dictionary"):
        ship(tmp_path / "x", tmp_path / "shipped")
    with pytest.raises(ValueError, match=r"card.json is missing"):
        ship(tmp_path / "nowhere", tmp_path / "other")
