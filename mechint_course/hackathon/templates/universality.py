# %% [markdown]
# ## Two models, one text
#
# Models A and B began from different seeds and read texts that overlap for the most part. Both read the same held-out text here, and a dictionary of each says which of its features are on. Features are matched by how their activations go together over the tokens.

# %%
import json
from pathlib import Path

import numpy as np
import torch

from mechint_course import sized
from mechint_course.features.latents import share_by_domain, sparse_latents
from mechint_course.features.matching import by_frequency, shuffled
from mechint_course.figures.style import PALETTE, new_figure, series
from mechint_course.hackathon.codes import best_correlations
from mechint_course.language import activations, evaluation_text, load_model
from mechint_course.sae import load_dictionary

RESULTS = Path("results")
RESULTS.mkdir(exist_ok=True)
text = evaluation_text().sample(sized(60, smoke=2))
rows = {name: activations(load_model(name), text.tokens)[:, 1:].flatten(0, 1) for name in ("A", "B")}
latents = {}
for name, x in rows.items():
    sae = load_dictionary(f"{name}-4096")
    latents[name] = sparse_latents(sae, x)
    print(f"{name}: {(np.bincount(latents[name].indices, minlength=sae.d_sae) > 0).sum():,} of {sae.d_sae:,} features are on somewhere in this text")

# %% [markdown]
# ## How well is each feature of A matched in B?
#
# For every feature of A, the largest correlation with any feature of B. The null is the same with B's tokens in a random order: what is left there is chance.

# %%
best = best_correlations(latents["A"], latents["B"])
null = best_correlations(latents["A"], shuffled(latents["B"], torch.Generator().manual_seed(0)))
density = torch.from_numpy(np.bincount(latents["A"].indices, minlength=latents["A"].shape[1]) / latents["A"].shape[0]).float()
kept = density >= 1e-4
print(f"{int(kept.sum()):,} features of A are on for at least one token in ten thousand. Median best correlation: {float(best[kept].median()):.2f}, by chance {float(null[kept].median()):.2f}")

# %% [markdown]
# ## What goes with being universal?
#
# Two guesses, both crude. Frequency: how often the feature is on. Home: the domain where it spends most of its activation, and how much of it. **Find a better predictor than these.**

# %%
homes = share_by_domain(latents["A"], text.domain, len(text.domains))
purity, home = homes.max(dim=1)
bins = by_frequency(best[kept], density[kept])
chance = by_frequency(null[kept], density[kept])
for one, nothing in zip(bins, chance, strict=True):
    if one.count:
        print(f"on for {one.low:g} to {one.high:g} of the tokens: {one.count:>5,} features, median {one.median:.2f} (chance {nothing.median:.2f})")
by_home = {}
for d, name in enumerate(text.domains):
    here = kept & (home == d) & (purity > 0.5)
    if int(here.sum()) >= sized(5, smoke=1):
        by_home[name] = (float(best[here].median()), int(here.sum()))
alone = (kept & (density < 1e-2) & (best < 0.3)).nonzero()[:, 0]
print(f"{len(alone):,} features that are on for fewer than one token in a hundred have no match above 0.3: a list to look at.")

# %% [markdown]
# ## The plot
#
# Left, every feature of A by how often it is on and how well it is matched in B, with the null in grey. Right, the median for the features that live in one domain; the number of features stands behind its name.

# %%
figure = new_figure(11, 5, columns=2)
left, right = figure.axes
left.plot(density[kept], null[kept], color=PALETTE["grey"], marker="x", linestyle="", markersize=3, alpha=0.4, label="tokens shuffled")
left.plot(density[kept], best[kept], color=PALETTE["blue"], marker="o", linestyle="", markersize=3, alpha=0.4, label="A's features in B")
left.set(title="Frequency", xlabel="on for this share of the tokens", ylabel="best correlation in B", xscale="log", ylim=(-0.02, 1))
figure.legend(*left.get_legend_handles_labels(), frameon=False, loc="outside lower left", ncols=2)
ordered = sorted(by_home.items(), key=lambda row: row[1][0])
right.plot([value for _, (value, _) in ordered], [f"{name} ({n})" for name, (_, n) in ordered], **(series(1) | {"linestyle": ""}))
right.set(title="Home", xlabel="median best correlation in B", xlim=(0, 1))
right.tick_params(axis="y", labelsize=8)
right.grid(axis="y", color=PALETTE["pale"], linewidth=0.6)
figure.savefig(RESULTS / "plot.png")
(RESULTS / "without-a-match.json").write_text(json.dumps([{"feature": n, "best": round(float(best[n]), 3), "home": text.domains[int(home[n])]} for n in alone.tolist()], indent=1))
figure
