# %% [markdown]
# ## The text, the model and the score
#
# `public_benchmark` is the course's held-out text: no model and no shipped dictionary was trained on it. `score` is what the organiser runs too, on another text.

# %%
import json
from pathlib import Path

from mechint_course import sized
from mechint_course.features.stream import ActivationBatches
from mechint_course.figures.dictionaries import Place, frontier
from mechint_course.hackathon.benchmark import public_benchmark
from mechint_course.hackathon.scores import BUDGET, score
from mechint_course.language import load_model, training_text
from mechint_course.sae import TopKSAE, load_dictionary, train_sae

RESULTS = Path("results")
RESULTS.mkdir(exist_ok=True)
model = load_model("A")
benchmark = public_benchmark("A", sequences=sized(20, smoke=2))

# %% [markdown]
# ## A dictionary of your own
#
# This is where your idea goes. The baseline is a top-k dictionary, trained for a minute; the shipped one saw many times as many activations and has more latents.

# %%
text = training_text("A", tokens=sized(600_000, smoke=20_000))
batches = ActivationBatches(model, text.tokens, batch_size=sized(2048, smoke=256), buffer=sized(131_072, smoke=4096), seed=0)
mine = TopKSAE(model.cfg.d_mlp, d_sae=sized(2048, smoke=256), k=16, seed=0)
log = train_sae(mine, batches, n_steps=sized(290, smoke=12), learning_rate=3e-3)
print(f"Trained on {log.n_inputs:,} activations.")

# %% [markdown]
# ## How good is it?
#
# `headline` is the share of the loss recovered with at most 16 latents a token. `domain_f1` asks how well one latent tells a domain, on text that did not choose it.

# %%
named = {"mine": mine, "shipped A-512": load_dictionary("A-512"), "shipped A-4096": load_dictionary("A-4096")}
scores = {name: score(sae, benchmark) for name, sae in named.items()}
for name, found in scores.items():
    print(
        f"{name:<15} headline {found.headline:.3f}   L0 {found.l0:4.1f}   FVU {found.fvu:.3f}   "
        f"domain F1 {found.domain_f1:.2f} (union of five: {found.union_f1:.2f})   dead {found.dead:.1%}"
    )

# %% [markdown]
# ## The plot
#
# To the left is sparser, up is more faithful. Your aim is to stand above the white diamond, left of the dashed line.

# %%
places = [Place(name, found.l0, found.loss_recovered, name == "shipped A-4096") for name, found in scores.items()]
figure = frontier(places, budget=BUDGET)
figure.savefig(RESULTS / "plot.png")
(RESULTS / "scores.json").write_text(json.dumps({name: found.headline for name, found in scores.items()}, indent=1))
figure

# %% [markdown]
# ## Hand it in
#
# The folder holds SAELens' own two files. `mechint-course evaluate my-dictionary` makes its card.

# %%
mine.save_model("my-dictionary")
