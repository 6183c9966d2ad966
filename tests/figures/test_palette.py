"""Colours are told apart by readers who lack one kind of cone, and where they are close, a sign stands beside them."""

from itertools import combinations

import matplotlib
import numpy as np
import pytest

from mechint_course.figures.style import DIVERGING, PALETTE, SEQUENTIAL, SERIES
from mechint_course.views.tokens import NEGATIVE, POSITIVE

# Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
# severity 1.0: linear RGB in, linear RGB out.
EYES = {
    "all three cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]


def linear(rgb) -> np.ndarray:
    rgb = np.asarray(rgb, dtype=float)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb, eyes: str) -> np.ndarray:
    """CIELAB under D65 of a colour in sRGB (0 to 1), as these eyes see it."""
    seen = np.clip(np.asarray(EYES[eyes]) @ linear(rgb), 0, 1)
    xyz = np.asarray(TO_XYZ) @ seen / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one, other, eyes: str) -> float:
    """The distance in CIELAB; about 2.3 is the smallest that can be noticed."""
    return float(np.linalg.norm(lab(one, eyes) - lab(other, eyes)))


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def test_the_distance_is_the_published_one_on_known_colours():
    """White is (100, 0, 0), pure red (53.24, 80.09, 67.20); greys look the same to everybody."""
    assert lab((1, 1, 1), "all three cones") == pytest.approx([100, 0, 0], abs=0.02)
    assert lab((1, 0, 0), "all three cones") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    for eyes in EYES:
        assert lab((0.5, 0.5, 0.5), eyes) == pytest.approx(lab((0.5, 0.5, 0.5), "all three cones"), abs=0.1)
    red, olive = (0.8, 0.1, 0.1), (0.35, 0.35, 0.1)
    assert apart(red, olive, "deuteranopia") < 25 < 60 < apart(red, olive, "all three cones"), "it can fail"


@pytest.mark.parametrize("eyes", EYES)
def test_series_are_told_apart(eyes):
    colours = [rgb(PALETTE[name]) for name in SERIES]
    for one, other in combinations(range(len(SERIES)), 2):
        found = apart(colours[one], colours[other], eyes)
        assert found > 15, f"{SERIES[one]} and {SERIES[other]} under {eyes}: {found:.1f}"


@pytest.mark.parametrize("eyes", EYES)
def test_both_ends_of_every_scale_and_the_phases_are_told_apart(eyes):
    for name, least in ((SEQUENTIAL, 60), (DIVERGING, 45)):
        low, high = matplotlib.colormaps[name]([0.02, 0.98])[:, :3]
        assert apart(low, high, eyes) > least, name
    phases = [rgb(PALETTE[name]) for name in ("pale", "sky", "orange")]
    assert min(apart(one, other, eyes) for one, other in combinations(phases, 2)) > 30
    tokens = [np.array(colour) / 255 for colour in (POSITIVE, NEGATIVE)]
    assert apart(*tokens, eyes) > 40 and min(apart(token, (1, 1, 1), eyes) for token in tokens) > 25


def test_every_colour_but_the_palest_stands_out_from_white():
    for name in set(SERIES) - {"yellow", "sky", "orange"}:
        light = float(np.asarray(TO_XYZ)[1] @ linear(rgb(PALETTE[name])))
        assert 1.05 / (light + 0.05) >= 3, f"{name}: WCAG asks 3 to 1 of graphics"
