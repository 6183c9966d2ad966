"""What chapter 2 shows must be there to be seen: in model A, on held-out text, without knowing any neuron's number."""

import pytest
import torch

from mechint_course.features import detectors, units
from mechint_course.language import activations, evaluation_text, load_model

UNLIKE = (
    "python",
    "arabic",
    "korean",
    "dna",
    "base64",
    "http",
    "dialogue",
    "nutrition",
    "citations",
    "weather",
)


@pytest.mark.slow
def test_model_a_shows_what_the_chapter_tells() -> None:
    model, skip = load_model("A"), 8
    text, fresh = evaluation_text().sample(64), evaluation_text("fresh").sample(32)
    neurons, names = activations(model, text.tokens), text.domains
    neurons[:, :skip] = 0
    means = units.means_by_domain(neurons, text.domain, len(names))

    # Strongest places that mislead: nearly all in one domain, most of the activation elsewhere.
    numbers = [names.index(name) for name in UNLIKE]
    clear = units.one_sided(units.top_domains(neurons, text.domain, len(names), 20), means, among=numbers)
    assert clear.n_top >= 18 and clear.share < 0.3

    # A neuron like the paper's number 83: four unlike kinds of text or more at its top.
    rows = torch.isin(text.domain, torch.tensor(numbers))
    top = units.top_domains(neurons[rows], text.domain[rows], len(names), 40)
    assert int(((top >= 3).sum(dim=1) >= 4).sum()) >= 5

    # Most neurons are spread over many domains.
    assert float(units.domain_entropy(means).median()) > 2.5

    # Probes near perfect where no neuron is; a baseline that neurons often fail to beat.
    table = detectors.domain_table(
        neurons, text, activations(model, fresh.tokens), fresh, d_vocab=model.cfg.d_vocab, skip=skip
    )
    assert [row.domain for row in table] == list(names)
    assert all(row.probe.held_out.f1 > row.neuron.held_out.f1 for row in table)
    clear_cut = [row for row in table if row.probe.held_out.f1 >= 0.9]
    assert len(clear_cut) >= 10
    assert sum(row.neuron.held_out.f1 < 0.8 for row in clear_cut) >= 8
    assert sum(row.neuron.held_out.f1 < row.token.held_out.f1 for row in table) >= 5
    assert all(row.neuron.held_out.low <= row.neuron.held_out.f1 <= row.neuron.held_out.high for row in table)
