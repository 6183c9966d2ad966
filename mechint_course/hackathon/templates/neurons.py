# %% [markdown]
# ## What every neuron does in every domain
#
# A token's domain is the kind of text it stands in: Hebrew, DNA, HTTP requests, ... Each neuron's mean activation in each of them says where it spends its strength.

# %%
import json
from pathlib import Path

import torch

from mechint_course import sized
from mechint_course.features.evidence import answers_to, excerpts, top_examples
from mechint_course.features.latents import share_by_domain, sparse_latents
from mechint_course.features.scores import best_units
from mechint_course.features.units import domain_entropy, means_by_domain
from mechint_course.figures.style import PALETTE, new_figure, series
from mechint_course.language import (
    Recipe,
    activations,
    evaluation_text,
    load_model,
    train_language_model,
    training_text,
)
from mechint_course.sae import load_dictionary

RESULTS = Path("results")
RESULTS.mkdir(exist_ok=True)
model = load_model("A")
text = evaluation_text().sample(sized(40, smoke=2))
x = activations(model, text.tokens)
means = means_by_domain(x, text.domain, len(text.domains))

# %% [markdown]
# ## The most polysemantic neuron
#
# The measure of this notebook: in how many domains does a neuron reach half of its best domain's mean, among the neurons that are seldom on? A neuron that is always on would win otherwise, and say nothing. **Your first job is to find a better measure.**

# %%
often_on = (x > 0).float().mean(dim=(0, 1))
seldom = (often_on > 0.001) & (often_on < often_on.median())
meanings = torch.where(seldom, answers_to(means), 0)
entropy = domain_entropy(means)
ranking = sorted(range(len(meanings)), key=lambda n: (-int(meanings[n]), -float(entropy[n])))
for neuron in ranking[:5]:
    best = [text.domains[d] for d in means[neuron].topk(4).indices]
    print(f"neuron {neuron:<3}  {int(meanings[neuron]):>2} domains, entropy {float(entropy[neuron]):.1f} bits, on for {float(often_on[neuron]):.1%} of the tokens; most in {', '.join(best)}")
neuron = ranking[0]

# %%
print(f"What excites neuron {neuron} most, one text each; the token is between >> and <<:")
for example in excerpts(text, x[:, :, neuron], top_examples(x[:, :, neuron], k=8), before=10, after=4):
    words = list(example.tokens)
    words[example.focus] = f">>{words[example.focus]}<<"
    print(f"  {example.label:<12} {max(example.values):5.1f}  {''.join(words)!r}")

# %% [markdown]
# ## Which features write to it?
#
# A dictionary takes the layer apart into features. The decoder says how much each feature adds to this neuron; the domains of those features are candidates for its meanings.

# %%
sae = load_dictionary("A-4096")
latents = sparse_latents(sae, x[:, 1:].flatten(0, 1))
homes = share_by_domain(latents, text.domain, len(text.domains))
writers = (sae.W_dec[:, neuron] * torch.from_numpy(latents.mean(axis=0))).float()
for latent in writers.topk(6).indices.tolist():
    home = int(homes[latent].argmax())
    print(f"  latent {latent:<5} adds {float(sae.W_dec[latent, neuron]):+.2f} when it is on by 1, and is on most in {text.domains[home]} ({float(homes[latent, home]):.0%} of its activation)")

# %% [markdown]
# ## When do neurons take their domain?
#
# A small training with a look at its neurons on the way. For each domain, the F1 of the best single neuron: how well "at least this active" tells the domain from all others. It is chosen and scored on the same tokens, which flatters all checkpoints alike.

# %%
n_steps = sized(160, smoke=4)
looks = sized((0, 5, 10, 20, 40, 80, 160), smoke=(0, 4))
recipe = Recipe(tokens=n_steps * 4096, seed=0, warmup_steps=20)
small = text.sample(sized(6, smoke=1))
labels = small.domain.repeat_interleave(small.tokens.shape[1] - 1)
along = {}


def look(step):
    def keep(half_trained):
        rows = activations(half_trained, small.tokens)[:, 1:].flatten(0, 1)
        along[step] = best_units(rows, labels, len(small.domains), n_levels=16).f1

    return keep


train_language_model(training_text("A", tokens=sized(700_000, smoke=20_000)).tokens, recipe, checkpoints={step: look(step) for step in looks})
f1 = torch.stack([along[step] for step in looks])
print("mean F1 of the best neuron:", ", ".join(f"step {step}: {float(row.mean()):.2f}" for step, row in zip(looks, f1, strict=True)))

# %% [markdown]
# ## The plot
#
# Left, where the chosen neuron spends its strength: one bar for each domain. Right, the best neuron of six domains along the small training, and the mean over all domains in black.

# %%
figure = new_figure(11, 5, columns=2)
left, right = figure.axes
order = means[neuron].argsort().tolist()
left.barh([text.domains[d] for d in order], means[neuron][order].tolist(), color=PALETTE["blue"])
left.set(title=f"Neuron {neuron} in every domain", xlabel="mean activation")
left.tick_params(axis="y", labelsize=8)
for number, d in enumerate((f1[-1] - f1[0]).topk(6).indices.tolist()):
    right.plot([step + 1 for step in looks], f1[:, d].tolist(), label=small.domains[d], **series(number))
right.plot([step + 1 for step in looks], f1.mean(1).tolist(), color=PALETTE["black"], linewidth=3, label="mean of all")
right.set(title="The best neuron for a domain, along training", xlabel="step + 1", ylabel="F1", xscale="log", ylim=(0, 1))
right.legend(frameon=False, fontsize=8)
figure.savefig(RESULTS / "plot.png")
(RESULTS / "neuron.json").write_text(json.dumps({"neuron": neuron, "domains": int(meanings[neuron])}))
figure
