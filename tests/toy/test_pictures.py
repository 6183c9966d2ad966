"""The chapter's pictures and sliders: what they show follows from what they are given."""

import pytest
import torch

from mechint_course.exercises.toy.shapes import SHAPES
from mechint_course.figures import toy as pictures
from mechint_course.figures.style import HATCHES, LINES, MARKERS, PALETTE, SERIES, new_figure, png


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_series_never_differ_by_colour_alone():
    assert len(set(SERIES)) == len(set(MARKERS)) == len(set(map(str, LINES))) == len(set(HATCHES)) == 8
    assert set(SERIES) <= set(PALETTE)


def test_the_first_two_series_differ_in_lightness_for_those_who_see_no_colour():
    light, dark = sorted((luminance(PALETTE[SERIES[0]]), luminance(PALETTE[SERIES[1]])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) > 1.2


def test_every_prediction_has_a_sketch():
    assert set(SHAPES) == set(pictures.SKETCHES)


@pytest.mark.parametrize("prediction", [*SHAPES, None])
def test_prediction_and_result_stand_side_by_side(prediction):
    left, right = pictures.prediction_beside(prediction, torch.eye(2, 5), title="Density 1").axes
    assert (prediction or "nothing yet") in left.get_title()
    assert right.get_title().startswith("Density 1")
    assert {text.get_text() for text in right.texts} == {"0", "1"}


def test_short_features_get_no_number_and_long_ones_do():
    (axes,) = pictures.directions(torch.tensor([[[1.0, 0.1, 0.0], [0.0, 0.0, -1.2]]])).axes
    assert [text.get_text() for text in axes.texts] == ["0", "2"]


def test_figures_show_themselves_and_leave_matplotlib_as_it_was():
    import matplotlib
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    figure = new_figure(3, 2, rows=2, columns=2, title="four")
    assert len(figure.axes) == 4
    assert figure._repr_png_()[:4] == b"\x89PNG" == png(figure)[:4]
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == []
