"""Release tier: tokens a second of our training beside TransformerLens' own, the two taking turns in one run."""

import contextlib
import io
import statistics
import time

import pytest
import torch

from mechint_course.language.models import Shape, new_model
from mechint_course.language.text import training_text
from mechint_course.language.training import Recipe, train_language_model

STEPS = 30
ROUNDS = 5


@pytest.mark.release
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_beside_transformer_lens_own(precision: str, capsys) -> None:
    """The same model, batches of the same size, AdamW in both; one warm-up round, then the medians of five.

    A ratio, printed: this asserts only that both learn as much, or the comparison would mean nothing.
    """
    from transformer_lens.tools.training import TrainConfig, train

    recipe = Recipe(tokens=STEPS * 32 * 128, seed=0, precision=precision, warmup_steps=1)  # type: ignore[arg-type]
    tokens = training_text("A", 4 * recipe.tokens).tokens
    config = TrainConfig(
        num_epochs=1, batch_size=recipe.batch_size, lr=2e-3, weight_decay=0.05, optimizer_name="AdamW",
        print_every=None, max_steps=STEPS - 1, device="cpu",
    )  # fmt: skip

    def ours() -> float:
        trained = train_language_model(tokens, recipe)
        return trained.curve[-1][1]

    def theirs() -> float:
        model = new_model(Shape(), seed=0)
        rows = [{"tokens": row} for row in tokens]
        with contextlib.redirect_stderr(io.StringIO()):
            train(model, config, rows)  # type: ignore[arg-type]
        with torch.no_grad():
            return model(tokens[:64], return_type="loss").item()

    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    losses: dict[str, float] = {}
    for _ in range(ROUNDS + 1):
        for name, run in (("ours", ours), ("theirs", theirs)):
            start = time.perf_counter()
            losses[name] = run()
            seconds[name].append(time.perf_counter() - start)
    rate = {name: recipe.tokens / statistics.median(times[1:]) for name, times in seconds.items()}
    with capsys.disabled():
        print(
            f"\n{precision}: ours {rate['ours']:,.0f} tokens/s, TransformerLens' tools.training.train {rate['theirs']:,.0f}; "
            f"ratio {rate['ours'] / rate['theirs']:.2f}; losses after {STEPS} steps {losses['ours']:.2f}, {losses['theirs']:.2f}"
        )
    assert losses["ours"] < 7.5 and losses["theirs"] < 7.5
