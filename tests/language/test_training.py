"""Training: it learns, stops anywhere, and goes on to the same result."""

import pytest
import torch

from mechint_course.language import training
from mechint_course.language.models import Shape, parameters_of
from mechint_course.language.report import as_markdown, bigram, losses_by_domain, unigram
from mechint_course.language.text import TokenizedText
from mechint_course.language.training import BatchOrder, Recipe, train_language_model

SHAPE = Shape(d_vocab=20, n_ctx=12, d_model=16, n_heads=2, d_mlp=24)


def recipe(steps: int = 40, **options) -> Recipe:
    return Recipe(tokens=steps * 8 * 12, seed=1, shape=SHAPE, batch_size=8, warmup_steps=5, **options)


@pytest.fixture
def tokens() -> torch.Tensor:
    """Sequences that count upwards from a random start: easy to learn, impossible to know by frequency."""
    start = torch.randint(1, 20, (50, 1), generator=torch.Generator().manual_seed(0))
    rows = (start + torch.arange(12) - 1) % 19 + 1
    rows[:, 0] = 0
    return rows


def weights(trained: training.Trained) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in parameters_of(trained.model).items()}


def test_it_learns(tokens) -> None:
    trained = train_language_model(tokens, recipe(steps=150, learning_rate=1e-2))
    assert trained.finished
    assert trained.curve[0][1] > 1.0
    assert trained.curve[-1][1] < 0.6


def test_the_same_recipe_gives_the_same_model_and_another_seed_another(tokens) -> None:
    first, second = (weights(train_language_model(tokens, recipe(8))) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = weights(train_language_model(tokens, Recipe(tokens=8 * 96, seed=2, shape=SHAPE, batch_size=8)))
    assert not torch.equal(first["head.weight"], other["head.weight"])


class Stopping:
    """A stand-in for the progress bar at which somebody presses the stop button after so many steps."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, total: int, title: str, **_options):
        from mechint_course.work import work

        bar = work(total, title, disable=True)
        update, seen = bar.update, 0

        def counted(n: int = 1) -> None:
            nonlocal seen
            update(n)
            seen += 1
            if seen > self.after:
                raise KeyboardInterrupt

        bar.update = counted
        return bar


@pytest.mark.parametrize("after", [1, 7, 13])
def test_a_stopped_training_goes_on_to_the_same_result(tokens, tmp_path, monkeypatch, after: int) -> None:
    whole = weights(train_language_model(tokens, recipe(16)))
    state = tmp_path / "state.safetensors"
    with monkeypatch.context() as patched:
        patched.setattr(training, "work", Stopping(after))
        stopped = train_language_model(tokens, recipe(16), state_file=state)
    assert not stopped.finished
    assert stopped.steps == after
    resumed = train_language_model(tokens, recipe(16), state_file=state, resume=True)
    assert resumed.finished
    assert all(torch.equal(whole[name], value) for name, value in weights(resumed).items())


def test_a_state_of_another_training_is_refused(tokens, tmp_path) -> None:
    state = tmp_path / "state.safetensors"
    train_language_model(tokens, recipe(4), state_file=state)
    with pytest.raises(ValueError, match="another recipe or text"):
        train_language_model(tokens, recipe(5), state_file=state, resume=True)
    with pytest.raises(ValueError, match="another recipe or text"):
        train_language_model(tokens.flip(0), recipe(4), state_file=state, resume=True)
    state.write_bytes(state.read_bytes()[:-50])
    with pytest.raises(ValueError, match="damaged"):
        train_language_model(tokens, recipe(4), state_file=state, resume=True)


def test_bad_input_is_told(tokens) -> None:
    with pytest.raises(ValueError, match="12 tokens, found 11"):
        train_language_model(tokens[:, :-1], recipe())
    with pytest.raises(ValueError, match="at least 8 sequences"):
        train_language_model(tokens[:5], recipe())


def test_every_epoch_sees_every_batch_once_in_another_order() -> None:
    order = BatchOrder(23, 5, seed=3)
    epochs = [torch.cat([order.rows(step) for step in range(4 * e, 4 * e + 4)]).tolist() for e in range(2)]
    for epoch in epochs:
        assert len(set(epoch)) == 20
    assert epochs[0] != epochs[1]
    assert BatchOrder(23, 5, seed=3).rows(6).tolist() == order.rows(6).tolist()
    assert BatchOrder(23, 5, seed=4).rows(6).tolist() != order.rows(6).tolist()


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [recipe(100).learning_rate_at(step) for step in range(100)]
    assert rates[:5] == sorted(rates[:5])
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] < 0.02 * max(rates)


def test_counting_models_against_counts_by_hand() -> None:
    tokens = torch.tensor([[0, 1, 2], [0, 1, 1]])
    assert torch.allclose(unigram(tokens, 3), torch.tensor([1, 4, 2]) / 7)
    chances = bigram(tokens, 3, prior=7.0)
    assert torch.allclose(chances[1], torch.tensor([1, 4 + 1, 2 + 1]) / 9)
    assert torch.allclose(chances.sum(1), torch.ones(3))


def test_the_cards_table_orders_what_is_known(tokens) -> None:
    text = TokenizedText(tokens, torch.zeros(50).long(), ("counting", "none"), torch.arange(50), "x")
    trained = train_language_model(tokens, recipe(steps=150, learning_rate=1e-2))
    [row] = losses_by_domain(weights(trained), 2, text, text)
    assert row.domain == "counting"
    assert row.model < row.zeroed
    assert row.bigram < row.unigram
    assert as_markdown([row]).count("\n") == 3
