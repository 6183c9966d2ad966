"""What the shipped dictionaries of 4,096 latents must reach on this installation's own held-out text."""

import pytest

from mechint_course.features.dictionary_scores import measure
from mechint_course.language.models import load_model
from mechint_course.language.text import evaluation_text
from mechint_course.sae import load_dictionary


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least_ahead"), [("A-4096", 11), ("A-nested", 14)])
def test_a_dictionary_is_faithful_and_readable_on_text_that_it_never_saw(name, least_ahead):
    """The cards tell what was reached on one text. Domains that people wrote, and the ties among them, differ from one
    installation to the next, so two domains fewer than on the card are borne here."""
    sae = load_dictionary(name)
    found = measure(load_model("A"), evaluation_text().sample(40), sae, n_resamples=40)
    low, high = found.interval
    assert found.loss.recovered >= 0.96 and high - low < 0.01 and found.l0 <= 16
    assert found.census.dead < 0.02 * sae.d_sae
    assert sum(row.precision >= 0.9 for row in found.domains) >= 8
    by_context = [row for row in found.domains if row.token_f1 <= 0.6]
    ahead = sum(row.latents.f1 > row.neurons.f1 for row in by_context)
    assert len(by_context) >= 12 and ahead >= least_ahead
