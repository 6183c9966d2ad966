"""`mechint-course train matching`: the data, its card, going on after a stop, and the sweep."""

import json

import pytest
import torch

from mechint_course.cli import main
from mechint_course.features import sides, train_matching
from mechint_course.features.matching_data import file_of, load_card, load_matching, load_sweep
from mechint_course.language import load_model
from mechint_course.language.text import TokenizedText
from mechint_course.sae import TopKSAE


def tiny_side(name: str) -> sides.Side:
    """Models and dictionaries of a size that takes no time; B's dictionary is A's in another order."""
    model = load_model("tiny")
    if name.endswith("-neurons"):
        return sides.Side(model, None)
    sae = TopKSAE(model.cfg.d_mlp, 24, 3, seed=0).requires_grad_(False)
    if name.startswith("B"):
        order = torch.arange(24).flip(0)
        sae.W_enc.data, sae.b_enc.data, sae.W_dec.data = (
            sae.W_enc[:, order],
            sae.b_enc[order],
            sae.W_dec[order],
        )
    return sides.Side(model, sae)


@pytest.fixture
def small(monkeypatch, tmp_path):
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, 25, (150, 8), generator=generator)
    text = TokenizedText(tokens, torch.zeros(150).long(), ("own",), torch.arange(150) // 3, "made for a test")
    monkeypatch.setattr(train_matching, "side", tiny_side)
    monkeypatch.setattr(train_matching, "some_text", lambda n, seed: text)
    monkeypatch.setattr(train_matching, "scores", lambda which: {"l0": 3.0, "recovered": 0.5})
    monkeypatch.setattr(train_matching, "PAIRS", {("A-x", "B-x"): 1.0, ("A-neurons", "B-neurons"): 0.5})
    return tmp_path / "matching"


def test_pairs_are_matched_written_and_not_done_twice(small, monkeypatch, capsys):
    assert main(["train", "matching", "--out", str(small)]) == 0
    found = load_matching("A-x", "B-x", small)
    alive = found.density > 0
    assert torch.equal(found.partner[alive], (23 - torch.arange(24))[alive])
    assert (found.correlation[alive] > 0.999).all() and found.null[alive].median() < 0.5
    assert ((found.token_only[alive] > 0.99) | (found.explained[alive] < 1e-3)).all()
    card = load_card(small)
    row = card["pairs"]["A-x_B-x"]
    assert row["n_tokens"] == 150 * 7 and row["correlation"] > 0.999
    assert row["interval"][0] <= row["correlation"] + 1e-3 and 0 < row["counted"] <= 24
    assert "| A-x | B-x | 1,050 |" in (small / "README.md").read_text()
    assert card["pairs"]["A-neurons_B-neurons"]["n_tokens"] == 75 * 7

    monkeypatch.setattr(train_matching, "match", None)  # nothing may be matched again
    assert main(["train", "matching", "--out", str(small)]) == 0
    assert main(["train", "matching", "--tokens", "5000", "--out", str(small)]) == 1
    assert "another folder" in capsys.readouterr().err


def test_a_stop_keeps_what_is_done(small, monkeypatch, capsys):
    real, calls = train_matching.match, []

    def stops(*args, **named):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args, **named)

    monkeypatch.setattr(train_matching, "match", stops)
    assert main(["train", "matching", "--out", str(small)]) == 1
    assert "goes on from here" in capsys.readouterr().out
    assert list(load_card(small)["pairs"]) == ["A-x_B-x"]
    assert main(["train", "matching", "--out", str(small)]) == 0
    assert len(calls) == 3 and len(load_card(small)["pairs"]) == 2


def test_a_sweep_is_a_curve_from_sparse_to_dense(small, monkeypatch):
    monkeypatch.setattr(train_matching, "load_model", lambda name: load_model("tiny"))
    for name, k in (("dense", 5), ("thin", 2)):
        TopKSAE(load_model("tiny").cfg.d_mlp, 20, k, seed=k).save_model(small.parent / name)
    pairs = [f"{small.parent / name}:{small.parent / name}" for name in ("dense", "thin")]
    monkeypatch.setattr(train_matching, "scores", lambda which: {"l0": float(which.sae.k), "recovered": 0.9})
    assert main(["train", "matching", "--out", str(small), "--sweep", *pairs]) == 0
    points = load_sweep(small)
    assert [point["l0"] for point in points] == [2.0, 5.0]
    assert all(point["median"] > 0.99 for point in points)
    card = (small / "README.md").read_text()
    assert "| 2 | 90.0% | 1,050 |" in card and "dense: not made by" in card and "| left | right |" not in card
    assert main(["train", "matching", "--out", str(small)]) == 0
    both = (small / "README.md").read_text()
    assert "| A-x | B-x | 1,050 |" in both and both.endswith(card.partition("## From")[2])
    assert main(["train", "matching", "--out", str(small), "--sweep", "no-colon"]) == 1
    assert load_sweep(small.parent) == []


def test_damaged_data_is_told(small, tmp_path):
    with pytest.raises(ValueError, match="is not there"):
        load_matching("A-x", "B-x", tmp_path)
    assert main(["train", "matching", "--out", str(small)]) == 0
    file = file_of(small, "A-x", "B-x")
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(ValueError, match="damaged"):
        load_matching("A-x", "B-x", small)
    card = small / "card.json"
    assert json.loads(card.read_text())["least_firings"] == 20
    for damaged, said in ((card.read_bytes()[:-5], "damaged"), (b"[]", "pairs")):
        card.write_bytes(damaged)
        with pytest.raises(ValueError, match=said):
            load_card(small)
    (tmp_path / "sweep.json").write_text("{}")
    with pytest.raises(ValueError, match="points"):
        load_sweep(tmp_path)


def test_the_text_is_held_out_first_then_both_streams(monkeypatch):
    def made(tokens, number):
        return TokenizedText(torch.full((tokens, 5), number), torch.full((tokens,), number % 3), ("a", "b", "c"),
                             torch.arange(tokens), str(number))  # fmt: skip

    monkeypatch.setattr(sides, "evaluation_text", lambda: made(10, 0))
    monkeypatch.setattr(sides, "training_text", lambda name, seed: made(50, "AB".index(name) + 1))
    text = sides.some_text(4 * 30)
    assert text.tokens[:, 0].bincount().tolist() == [10, 10, 10]
    assert text.manifest == "0 + 1 + 2" and len(text.document.unique()) == 30
    assert len(sides.some_text(4 * 6)) == 6
