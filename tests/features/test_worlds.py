"""What the models' worlds share, and what a model writes."""

import pytest
import torch

from mechint_course.features.worlds import by_world, generate, surprise
from mechint_course.language.corpus import DOMAINS
from mechint_course.language.models import load_model
from mechint_course.language.text import TokenizedText


def test_every_sequence_is_in_one_world():
    names = tuple(DOMAINS)
    domain = torch.arange(len(names)).repeat(2)
    text = TokenizedText(torch.arange(len(domain))[:, None], domain, names, domain, "made for a test")
    worlds = by_world(text)
    assert [names[int(n)] for n in worlds.only_a.domain.unique()] == ["weather"]
    assert [names[int(n)] for n in worlds.only_b.domain.unique()] == ["chess"]
    rows = torch.cat([part.tokens[:, 0] for part in worlds])
    assert sorted(rows.tolist()) == list(range(len(domain)))
    with pytest.raises(ValueError, match="chess"):
        by_world(text.take((domain != names.index("chess")).nonzero()[:, 0]))


def test_texts_are_drawn_from_the_models_own_probabilities():
    model = load_model("tiny")
    texts = generate(model, 3000, 3, seed=1)
    assert torch.equal(texts, generate(model, 3000, 3, seed=1)) and (texts[:, 0] == 0).all()
    with torch.no_grad():
        first = model(texts[:1, :1], return_type="logits")[0, -1].softmax(-1)
    found = texts[:, 1].bincount(minlength=len(first)) / 3000
    assert (found - first).abs().max() < 5 * (0.25 / 3000) ** 0.5
    few = generate(model, 5, 6, seed=2)
    wanted = [model(row[None], return_type="loss").item() for row in few]
    torch.testing.assert_close(surprise(model, few), torch.tensor(wanted), atol=1e-4, rtol=1e-4)
    with pytest.raises(ValueError, match="at least two tokens"):
        surprise(model, few[:, :1])
    with pytest.raises(ValueError, match="temperature"):
        generate(model, 2, 3, temperature=0.0)
