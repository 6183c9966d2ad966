"""The explorers: what is moved decides what is seen; each leaves a still picture, and each can be stopped."""

import asyncio
import re
from xml.etree import ElementTree

import pytest
import torch

from mechint_course.toy import FATES, Strip, branch_minima, feature_dimensionality, phase_grid
from mechint_course.views.explorer import SuperpositionExplorer
from mechint_course.views.geometry import GeometryExplorer
from mechint_course.views.live_picture import live_svg
from mechint_course.views.phases import PhaseExplorer


@pytest.fixture
def explorer() -> SuperpositionExplorer:
    return SuperpositionExplorer(still_density=None)


def test_training_moves_arrows_bars_and_loss(explorer):
    before = explorer.picture.value
    explorer.advance(2)
    svg = ElementTree.fromstring(explorer.picture.value)
    assert explorer.picture.value != before and svg.get("role") == "img"
    assert svg.get("aria-label") == explorer.sentence.value
    space = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f"{space}rect")) == 5 and len(svg.findall(f"{space}polyline")) == 1
    assert len(explorer.picture.value) < 8_000


@pytest.mark.parametrize("n_hidden", [1, 2, 4])
def test_the_picture_is_that_of_the_weights(n_hidden):
    W = torch.zeros(n_hidden, 3)
    W[0, 0], W[-1, 2] = 1.0, -1.2
    svg = live_svg(W, [], "words")
    heights = [float(tall) for tall in re.findall(r'height="([\d.]+)" fill="#56B4E9"', svg)]
    expected = feature_dimensionality(W).tolist()
    assert [tall / (222 / 1.05) for tall in heights] == pytest.approx(expected, abs=0.002)
    if n_hidden == 2:
        ends = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="10"', svg)
        scale = 111 / 1.45
        assert [(float(x), float(y)) for x, y in ends] == [
            (pytest.approx(145 + scale, abs=0.1), 151.0),
            (145.0, pytest.approx(151 + 1.2 * scale, abs=0.1)),
        ], "right and down; the feature of length 0 has no number"


def test_the_world_changes_a_model_and_sizes_begin_another(explorer):
    explorer.advance(3)
    explorer.density.value = 0.5
    explorer.decay.value = 0.8
    explorer.correlation.value = -1.0
    assert explorer.sentence.value.startswith("After 30 steps"), "the same model goes on"
    model = explorer._live.model
    assert model.feature_probability.unique().tolist() == [0.5]
    torch.testing.assert_close(model.importance[0], 0.8 ** torch.arange(5))
    explorer.n_features.value, explorer.n_hidden.value = 7, 3
    assert explorer.W.shape == (3, 7) and explorer.sentence.value.startswith("After 0 steps")
    explorer.advance(1)
    first = explorer.W.clone()
    explorer.seed.value = 4
    explorer.advance(1)
    assert not torch.allclose(first, explorer.W)


def test_play_trains_in_the_background_and_stops_without_a_word(explorer, capsys):
    async def watch() -> None:
        explorer.play.click()
        assert explorer.playing
        while explorer.pictures < 3:
            await asyncio.sleep(0.01)
        assert explorer.play.description == "Stop"
        explorer.density.value = 1.0
        explorer.play.click()
        reached = explorer._live.steps
        await asyncio.sleep(0.1)
        assert explorer._live.steps == reached and not explorer.playing
        assert explorer.play.description == "Play"
        explorer.play.click()
        while explorer._live.steps < reached + 20:
            await asyncio.sleep(0.01)
        explorer.stop()
        await asyncio.sleep(0.05)

    asyncio.run(watch())
    assert explorer._live.model.feature_probability.unique().tolist() == [1.0]
    assert capsys.readouterr() == ("", "")


def test_the_notebooks_own_stop_button_ends_the_playing_without_a_traceback(explorer, monkeypatch, capsys):
    def interrupted(_pictures: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(explorer, "advance", interrupted)

    async def watch() -> None:
        explorer.start()
        await asyncio.sleep(0.05)
        assert not explorer.playing and explorer.play.description == "Play"

    asyncio.run(watch())
    assert capsys.readouterr() == ("", "")


def test_playing_ends_by_itself():
    explorer = SuperpositionExplorer(still_density=None, max_steps=30)

    async def watch() -> None:
        explorer.start()
        await explorer._running

    asyncio.run(watch())
    assert explorer._live.steps == 30


def test_a_density_between_the_stops_is_said():
    with pytest.raises(ValueError, match=r"where its slider stops; found 0\.04"):
        SuperpositionExplorer(density=0.04)


def test_the_still_picture_shows_five_moments(monkeypatch):
    monkeypatch.setenv("MECHINT_COURSE_SMOKE", "1")
    titles = [axes.get_title() for axes in SuperpositionExplorer().still.axes]
    assert titles == [f"step {k}" for k in range(1, 6)]


@pytest.fixture
def phases() -> PhaseExplorer:
    grid = phase_grid(3)
    W = torch.randn(3, 3, 4, 1, 2, generator=torch.Generator().manual_seed(0))
    loss = torch.arange(36.0).view(3, 3, 4) + 1
    loss[1, 2] = torch.tensor([4.0, 2.0, 3.0, 5.0])
    codes = torch.tensor([0, 1, 2, 1]).expand(3, 3, 4)
    return PhaseExplorer(grid, W, loss, codes, branch_minima(grid, steps=3))


def test_a_click_and_the_sliders_choose_the_same_cell(phases):
    phases._cells[1 * 3 + 2].click()
    assert phases.chosen == (1, 2)
    by_click = phases.image.value, phases.sentence.value
    assert phases.sentence.value == (
        "Density 0.1, importance 10: of 4 models, 1 not learned, 2 superposed, 1 own dimension. "
        "The best costs 2.0000: superposed."
    )
    phases.row.value = 0
    assert phases.image.value != by_click[0]
    phases.row.value = 1
    assert (phases.image.value, phases.sentence.value) == by_click
    framed = [k for k, cell in enumerate(phases._cells) if cell.layout.border_top]
    assert framed == [5], "one cell is marked, the chosen one"


def test_the_board_says_what_it_shows_and_takes_no_tab_stops(phases):
    assert [cell.description for cell in phases._cells].count("×") == 1
    assert phases._cells[5].tooltip == f"density 0.1, importance 10: {FATES[1]}"
    assert not any(cell.tabbable for cell in phases._cells)


def test_losses_stand_in_their_order_with_the_branches_as_lines(phases):
    plane, losses = phases.figure(1, 2).axes
    assert [round(text.get_position()[1]) for text in losses.texts] == [2, 3, 4, 5]
    assert [text.get_text() for text in losses.texts] == ["×", "1", "–", "×"]
    placed = torch.tensor([text.get_position() for text in plane.texts])
    torch.testing.assert_close(placed, phases.W[1, 2, :, 0])
    assert phases.still.get_suptitle() == "density 0.1, importance 1"


def test_maps_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"loss must begin with the sizes of the grid, \[2, 2\]"):
        PhaseExplorer(
            phase_grid(2), torch.ones(2, 2, 1, 1, 2), torch.ones(3, 2, 1), torch.zeros(2, 2, 1).long()
        )


@pytest.fixture
def geometry() -> GeometryExplorer:
    turn = torch.arange(5) * 2 * torch.pi / 5
    W = torch.zeros(2, 4, 8)
    W[0, 0, 0], W[0, 1, 1] = 1.0, 1.0
    W[1, 0, :5], W[1, 1, :5] = turn.cos(), turn.sin()
    W[1, 2, 5], W[1, 2, 6], W[1, 3, 7] = 1.0, -1.0, 1.0
    return GeometryExplorer(Strip(torch.tensor([1.0, 0.26]), W, torch.zeros(2, 8), torch.ones(2)))


def test_walking_along_the_strip_shows_the_clusters_of_each_model(geometry):
    assert geometry.density.value == 1 and geometry.cluster.max == 2
    assert geometry.sentence.value == (
        "Density 0.26: clusters: 1 of 5, 1 of 2, 1 of 1. "
        "Cluster 0: 5 features share 2.00 dimensions; D from 0.40 to 0.40."
    )
    first = geometry.image.value
    geometry.cluster.value = 2
    assert geometry.sentence.value.endswith("Cluster 2 is feature 7 alone, with D = 1.00.")
    assert geometry.image.value != first
    geometry.density.value = 0
    assert geometry.cluster.value == 0 and geometry.cluster.max == 1
    assert geometry.sentence.value.startswith("Density 1: clusters: 2 of 1. Cluster 0 is feature 0 alone")


def test_the_graph_joins_what_overlaps(geometry):
    strip, graph = geometry.figure(1, 0).axes
    (edges,) = graph.collections
    assert len(edges.get_segments()) == 10, "72 and 144 degrees: cosines of 0.31 and -0.81"
    assert sorted(text.get_text() for text in graph.texts) == list("01234")
    diamonds = next(line for line in strip.lines if line.get_marker() == "D")
    assert diamonds.get_ydata().tolist() == pytest.approx([0.4] * 5)
    assert geometry.still.axes[1].get_title() == "5 features in 2 dimensions"


def test_a_model_in_which_nothing_stands_out_is_said(geometry):
    geometry.strip.W[0] = 0.0
    geometry.density.value = 0
    assert geometry.sentence.value == "Density 1: no feature stands out from the blend."
