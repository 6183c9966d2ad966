"""The geometry strip: what is shipped, how it is made and made again, and that small models share as the paper says."""

import pytest
import torch
from safetensors.torch import save_file

from mechint_course import cli
from mechint_course.figures import toy_geometry as pictures
from mechint_course.toy import (
    ToyModel,
    dimensions_per_feature,
    feature_dimensionality,
    load_strip,
    make_strip,
    train,
)

TINY = {"densities": (1.0, 0.5, 0.1), "steps": 4, "batch_size": 16, "n_features": 6, "n_hidden": 2}


def test_the_shipped_strip_goes_from_one_over_a_plateau_at_a_half_into_superposition():
    strip = load_strip()
    room = strip.dimensions_per_feature
    assert float(room[0]) == pytest.approx(1, abs=0.02)
    plateau = room[(strip.density > 0.25) & (strip.density < 0.47)]
    assert len(plateau) >= 3 and float((plateau - 0.5).abs().max()) < 0.05
    assert float(room[-1]) < 0.1
    assert bool((room.diff() < 0.02).all())


def test_the_shipped_models_pack_tightly_and_gather_at_a_half():
    strip = load_strip()
    D = feature_dimensionality(strip.W)
    assert float(D.sum(1).max()) <= 30.001 and float(D.sum(1).min()) > 29.5
    middle = int((strip.density - 0.3162).abs().argmin())
    assert int(((D[middle] - 0.5).abs() < 0.02).sum()) >= 54


def test_small_models_show_the_same_road():
    """60 features in 6 dimensions, three seeds at each of three densities, as one batch."""
    densities = torch.tensor([1.0, 0.3, 0.03]).repeat_interleave(3)[:, None]
    model = ToyModel(60, 6, n_instances=9, feature_probability=densities)
    train(model, steps=1500, batch_size=256, progress=False)
    dense, middle, sparse = dimensions_per_feature(model.W.detach()).view(3, 3)
    assert dense.tolist() == pytest.approx([1] * 3, abs=0.05)
    assert middle.tolist() == pytest.approx([0.5] * 3, abs=0.07)
    assert float(sparse.max()) < 0.25
    packed = feature_dimensionality(model.W.detach()).sum(-1)
    assert float(packed.max()) <= 6.001 and float(packed.min()) > 5.7


@pytest.mark.slow
@pytest.mark.parametrize(("density", "seed"), [(0.3, 0), (0.3, 1), (0.07, 2)])
def test_a_short_training_lies_on_the_shipped_strip(density, seed):
    model = ToyModel(400, 30, feature_probability=density, seed=seed)
    train(model, steps=2000, batch_size=256, seed=seed, progress=False)
    strip = load_strip()
    order = strip.density.argsort()
    sparser = int((strip.density[order] < density).sum())
    low, high = strip.dimensions_per_feature[order][sparser - 1 : sparser + 1].tolist()
    assert 0.95 * low < float(dimensions_per_feature(model.W.detach()[0])) < 1.05 * high


def test_a_strip_is_made_with_its_card_and_reads_back(tmp_path):
    strip = make_strip.make_strip(tmp_path / "new", **TINY, progress=False)
    again = load_strip(tmp_path / "new" / "strip.safetensors")
    assert torch.equal(strip.W, again.W) and again.W.shape == (3, 2, 6)
    assert again.density.tolist() == pytest.approx([1.0, 0.5, 0.1])
    assert bool((again.loss > 0).all())
    card = (tmp_path / "new" / "strip.md").read_text(encoding="utf-8")
    assert "train toy-strip --steps 4 --batch-size 16" in card and "| 0.5 |" in card
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["strip.md", "strip.safetensors"]
    with pytest.raises(ValueError, match="already holds a strip"):
        make_strip.make_strip(tmp_path / "new", **TINY, progress=False)


def test_an_interrupted_strip_goes_on_with_the_next_column(tmp_path, monkeypatch, capsys):
    whole = make_strip.make_strip(tmp_path / "whole", **TINY, progress=False)
    calls = []

    def interrupted_in_the_third(model, **how):
        calls.append(how["seed"])
        if len(calls) != 3:
            return train(model, **how)

        def nobody(*args, **named):
            raise KeyboardInterrupt

        return train(model, sampler=nobody, **how)

    monkeypatch.setattr(make_strip, "train", interrupted_in_the_third)
    assert make_strip.make_strip(tmp_path / "part", **TINY, progress=False) is None
    assert "stopped after 0 of 1 steps" in capsys.readouterr().out
    other = TINY | {"steps": 5}
    with pytest.raises(ValueError, match=r'must be of the recipe .*"steps": 5.* but it is of .*"steps": 4'):
        make_strip.make_strip(tmp_path / "part", **other, progress=False)
    rest = make_strip.make_strip(tmp_path / "part", **TINY, progress=False)
    assert calls == [0, 1, 2, 2]
    assert torch.equal(rest.W, whole.W) and torch.equal(rest.b_final, whole.b_final)


@pytest.mark.parametrize(("out", "said"), [("file", "is a file"), ("file/inside", "cannot be made")])
def test_a_file_in_place_of_the_folder_is_told_before_the_training(tmp_path, monkeypatch, out, said):
    (tmp_path / "file").touch()
    monkeypatch.setattr(make_strip, "train", None)
    with pytest.raises(ValueError, match=f"Expected a folder.*{said}"):
        make_strip.make_strip(tmp_path / out, **TINY, progress=False)


def test_the_command_says_where_it_wrote(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_strip, "make_strip", lambda folder, **how: load_strip())
    assert cli.main(["train", "toy-strip", "--out", str(tmp_path / "x")]) == 0
    assert "columns" in capsys.readouterr().out
    monkeypatch.setattr(make_strip, "make_strip", lambda folder, **how: None)
    assert cli.main(["train", "toy-strip", "--out", str(tmp_path / "x")]) == 1
    assert "The same command goes on from here" in capsys.readouterr().out


GOOD = {
    "density": torch.tensor([1.0, 0.5]),
    "W": torch.zeros(2, 3, 5),
    "b_final": torch.zeros(2, 5),
    "loss": torch.ones(2),
}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"loss": None}, "must hold density and loss"),
        ({"b_final": torch.zeros(2, 4)}, "must hold density and loss"),
        ({"density": torch.ones(3)}, "must hold density and loss"),
        ({"other": torch.ones(3)}, "must hold density and loss"),
        ({"W": torch.full((2, 3, 5), torch.nan)}, "W holds NaN or infinity"),
    ],
    ids=["a field is missing", "other features", "other rows", "a stranger", "NaN"],
)
def test_a_strip_that_does_not_fit_is_named(tmp_path, damage, said):
    held = {name: tensor for name, tensor in (GOOD | damage).items() if tensor is not None}
    save_file(held, tmp_path / "strip.safetensors")
    with pytest.raises(ValueError, match=said) as caught:
        load_strip(tmp_path / "strip.safetensors")
    assert "strip.safetensors" in str(caught.value)


def test_a_strip_that_is_no_file_or_cut_short_is_named(tmp_path):
    with pytest.raises(ValueError, match="it is not there; make it with train toy-strip"):
        load_strip(tmp_path / "none.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{")
    with pytest.raises(ValueError, match="damaged or cut short"):
        load_strip(tmp_path / "cut.safetensors")


def test_the_picture_shows_every_value_and_yours():
    D = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    above, below = pictures.strip(
        torch.tensor([1.0, 0.2]), torch.tensor([1.0, 0.5]), D, yours={0.5: 0.6}
    ).axes
    assert [text.get_text() for text in below.texts] == ["3/4", "2/3", "1/2", "2/5", "3/8"]
    assert [line.get_label() for line in above.lines][-1] == "yours"
    assert [list(line.get_ydata()) for line in below.lines[-2:]] == [[1.0], [0.5, 0.5]]
