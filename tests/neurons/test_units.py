"""Many units against the kinds of text: against loops, and on planted units."""

import math

import pytest
import torch

from mechint_course.features import units


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(11, 5, 7, generator=torch.Generator().manual_seed(0)).relu()


DOMAIN = torch.tensor([0, 3, 3, 1, 0, 1, 1, 3, 0, 0, 3])


def test_means_against_masks(x) -> None:
    found = units.means_by_domain(x, DOMAIN, 4)
    for number in (0, 1, 3):
        assert torch.allclose(found[:, number], x[number == DOMAIN].mean(dim=(0, 1)), atol=1e-6)
    assert found[:, 2].tolist() == [0.0] * 7


def test_entropy_against_sums_and_at_its_ends() -> None:
    means = torch.rand(5, 6, generator=torch.Generator().manual_seed(1))
    for row, found in zip(means, units.domain_entropy(means), strict=True):
        shares = [v / sum(row.tolist()) for v in row.tolist()]
        assert found.item() == pytest.approx(-sum(p * math.log2(p) for p in shares), abs=1e-5)
    ends = torch.tensor([[0.0, 0.0, 7.0, 0.0], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert units.domain_entropy(ends).tolist() == [0.0, 2.0, 0.0]
    with pytest.raises(ValueError, match="at least 0"):
        units.domain_entropy(torch.tensor([-1.0, 2.0]))


def test_top_domains_against_sorting(x) -> None:
    found = units.top_domains(x, DOMAIN, 4, k=6)
    for unit in range(7):
        peaks = sorted(((float(x[s, :, unit].max()), int(DOMAIN[s])) for s in range(11)), reverse=True)[:6]
        assert found[unit].tolist() == [sum(d == number for _, d in peaks) for number in range(4)]
    with pytest.raises(ValueError, match="found 12"):
        units.top_domains(x, DOMAIN, 4, k=12)


def test_the_specialist_has_the_largest_share() -> None:
    means = torch.tensor([[3.0, 3.0], [0.0, 0.1], [9.0, 1.0]])
    assert units.specialist(means) == (1, 1)


def test_the_unit_that_its_top_misrepresents_most() -> None:
    top = torch.tensor([[10, 0], [9, 1], [6, 4], [0, 10]])
    means = torch.tensor([[1.0, 0.0], [1.0, 3.0], [1.0, 99.0], [9.0, 1.0]])
    assert units.one_sided(top, means) == (3, 1, 10, pytest.approx(0.1))
    assert units.one_sided(top, means, among=[0]) == (1, 0, 9, pytest.approx(0.25))
    # Where no unit is as pure as asked, the purest ones.
    assert units.one_sided(top[[2]], means[[2]]) == (0, 0, 6, pytest.approx(0.01))


def test_bad_input_is_told(x, unchecked) -> None:
    with pytest.raises(ValueError, match="one domain a sequence"):
        units.means_by_domain(x, DOMAIN[:-1], 4)
    with pytest.raises(ValueError, match="from 0 to 2, found 0 to 3"):
        units.top_domains(x, DOMAIN, 3, k=2)
