# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Can we take a layer apart into features?
#
# A neuron of a language model often answers to several unrelated things. If that is superposition, then the things are still there, one by one, as directions that no single neuron owns. A **sparse autoencoder** goes looking for those directions. It is also called a dictionary: many entries, of which a few are used at a time.
#
# In this chapter you train one on a real layer, in about a minute, and then ask two hard questions. Does the language model still work when its layer is replaced by your features? And does one feature mean one thing, more than any neuron does?
#
# **Goal.** Write a dictionary's forward pass, train one on the activations of a language model, measure how much of the model's loss it keeps, and find a feature that you can read.
#
# **Time.** About 75 minutes, of which two are computing. Everything here is on the core path.
#
# **You need.** Matrix products, the ReLU, and the idea of a loss. No earlier chapter.
#
# How to work: each exercise is a function to fill in, and the cell after it checks your answer and tells you what is wrong. `hint("sae.encode")` gives a nudge, `hint("sae.encode", 2)` and `3` give more, and `hint("sae.encode", "solution")` shows ours. Until your answer passes, the check puts ours in its place, so you can go on at any time and come back later.

# %% tags=["imports"]
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course import check, hint, sized
from mechint_course.language import ACTIVATION_HOOK

# %%
from pathlib import Path

from mechint_course.features import splice
from mechint_course.features.domains import fires, read_domains
from mechint_course.features.evidence import excerpts, top_examples
from mechint_course.features.latents import latent_on_text, sparse_latents
from mechint_course.features.logits import logit_weights
from mechint_course.features.stream import ActivationBatches
from mechint_course.figures import sae as pictures
from mechint_course.language import activations, evaluation_text, load_model, token_strings, training_text
from mechint_course.sae import SAE, TopKSAE, fvu, train_sae
from mechint_course.views.tokens import show_examples

# %% [markdown]
# ## 1. A layer as a sum of a few directions
#
# Take the 512 numbers $x$ that the neurons of a layer hold at one token. The hope is to write them as a sum:
#
# $$x \approx b_{dec} + \sum_j f_j\, d_j$$
#
# Each $d_j$ is a direction in the space of neurons, the **feature's direction**. Each $f_j \geq 0$ says how strongly that feature is there. There are many more directions than neurons, 4,096 of them, but only a few $f_j$ are not zero at any one token. These $f_j$ are called **latents**.
#
# The encoder finds the latents. It subtracts the bias that the decoder will add, gives every latent a number, and keeps the $k$ largest:
#
# $$h = (x - b_{dec})\, W_{enc} + b_{enc} \qquad\qquad f_j = \begin{cases} \mathrm{ReLU}(h_j) & \text{if } h_j \text{ is among the } k \text{ largest} \\ 0 & \text{otherwise} \end{cases}$$
#
# This is the **top-k** dictionary of Gao et al. (2024, *Scaling and evaluating sparse autoencoders*). Bricken et al. (2023, *Towards Monosemanticity*), whose experiment we follow, push the latents towards zero with a penalty instead. Top-k needs no penalty: you say how many latents may be on.

# %% [markdown]
# {{exercise sae.encode}}
#
# Write the encoder for a batch: each row of `x` is one token's activations. Each row keeps its own $k$ largest numbers.

# %% nbgrader={"grade_id": "sae-encode", "solution": true}
def encode(
    x: Float[Tensor, "batch d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, "d_sae"],
    b_dec: Float[Tensor, "d_in"],
    k: int,
) -> Float[Tensor, "batch d_sae"]:
    """The latents: ReLU of the k largest entries of (x - b_dec) @ W_enc + b_enc in each row, 0 elsewhere.

    By hand, with x = [[3.0, 1.0]], b_dec = [1.0, 0.0], W_enc = [[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]] and
    b_enc = [0.0, 0.5, 0.5]: x - b_dec is [2.0, 1.0], so h is [2.0, 1.5, -2.5]. With k = 1 the latents are
    [[2.0, 0.0, 0.0]], with k = 3 they are [[2.0, 1.5, 0.0]].
    """
    ### BEGIN SOLUTION
    h = (x - b_dec) @ W_enc + b_enc
    values, indices = h.topk(k, dim=-1)
    return torch.zeros_like(h).scatter(-1, indices, values.relu())
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-encode-check", "grade": true}
check("sae.encode")

# %% [markdown]
# {{exercise sae.decode}}
#
# Now the way back. Row $j$ of `W_dec` is the direction $d_j$.

# %% nbgrader={"grade_id": "sae-decode", "solution": true}
def decode(
    latents: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, "d_in"],
) -> Float[Tensor, "batch d_in"]:
    """The reconstruction: b_dec plus every direction times its latent.

    By hand, with W_dec = [[1.0, 0.0], [0.5, 0.5]] and b_dec = [0.0, 1.0]: the latents [[2.0, 0.0]] give [[2.0, 1.0]],
    and [[0.0, 0.0]] give b_dec.
    """
    ### BEGIN SOLUTION
    return latents @ W_dec + b_dec
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-decode-check", "grade": true}
check("sae.decode")

# %% [markdown]
# > **Question.** The encoder takes `b_dec` away and the decoder adds it back. What would the latents have to do if it were missing in both?
# >
# > <details><summary>Our answer</summary>Some of the k latents would have to be on at every token, only to write down the average activation. They would say nothing about the text.</details>

# %% [markdown]
# ## 2. A real layer
#
# Here is a language model with one layer: attention, then an MLP with 512 neurons, the shape that Bricken et al. took apart. It was trained on text of many kinds, all of it from this installation of Python or from small grammars. Your dictionary will be trained on what its 512 neurons do after their ReLU, on text that the model was trained on, and be judged on text that neither has seen.

# %%
model = load_model("A")
held_out = evaluation_text().sample(sized(24, smoke=2))
n_tokens = sized(1_000_000, smoke=20_000)
text = training_text("A", tokens=n_tokens)
print(f"{text.tokens.numel():,} tokens to learn from; {held_out.tokens.numel():,} held out, of {len(held_out.domains)} kinds:")
print(", ".join(held_out.domains))

# %% [markdown]
# {{exercise sae.guess_recovered}}
#
# Your dictionary will have 4,096 latents and may use 16 of them at a token. Then you take the real activations out of the running model and put the reconstruction in. With zeros in their place, the model loses what this layer does. Which share of that loss does the dictionary **save**? Choose one of `"under 50 %"`, `"50 to 80 %"`, `"80 to 90 %"`, `"over 90 %"`.

# %% nbgrader={"grade_id": "sae-guess_recovered", "solution": true}
guess_recovered = None  # one of: "under 50 %", "50 to 80 %", "80 to 90 %", "over 90 %"
### BEGIN SOLUTION
guess_recovered = "80 to 90 %"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_recovered-check", "grade": true}
check("sae.guess_recovered")

# %% [markdown]
# The next cell trains. `ActivationBatches` runs the model on the text and hands out its activations, shuffled, 2,048 tokens at a time. `TopKSAE` is your encoder and decoder with a loss: the squared distance between $x$ and its reconstruction. The progress bar shows that loss, how many latents are on (`L0`), and how many have fallen silent (`dead`). Silent ones get a nudge: they are asked to reconstruct what the others have missed.
#
# You can stop it with the stop button: what it has reached is kept.

# %%
sae = TopKSAE(d_in=model.cfg.d_mlp, d_sae=sized(4096, smoke=256), k=16, seed=0)
batches = ActivationBatches(model, text.tokens, batch_size=sized(2048, smoke=512), seed=0)
log = train_sae(sae, batches, n_steps=n_tokens // batches.batch_size, learning_rate=3e-3)
pictures.training_curves(log)

# %% [markdown]
# Left: the share of the activations' variance that the dictionary misses, along the training; 1 would be no better than always giving the mean. Right: how many of the latents have been silent for the last 200,000 tokens. In the first 200,000 none can count as dead.
#
# Keep it. The two files are those of SAELens, the library that most people use for this, so your dictionary can be opened there too. From now on you work with the one that was read back.

# %%
folder = Path("my-dictionaries") / f"A-{sae.d_sae}-top{sae.k}"
sae.save_model(folder)
sae = SAE.load_from_disk(folder).requires_grad_(False)
print(f"Your dictionary is in {folder}, beside this notebook:")
for file in sorted(folder.iterdir()):
    print(f"  {file.name}: {file.stat().st_size:,} bytes")

# %% [markdown]
# Is this really your encoder and your decoder? Put the trained weights into your two functions.

# %%
x = activations(model, held_out.tokens[::8]).flatten(0, 1)
yours = decode(encode(x, sae.W_enc, sae.b_enc, sae.b_dec, sae.k), sae.W_dec, sae.b_dec)
print(f"Largest difference between your reconstruction and the library's: {(yours - sae.reconstruct(x)).abs().max():.1e}")
print(f"Share of variance missed on held-out text: {fvu(x, yours):.3f}, with {sae.k} of {sae.d_sae:,} latents at each token")

# %% [markdown]
# {{exercise sae.loss_recovered}}
#
# A small share of variance missed sounds good, but what matters is whether the **model** notices. Run it three times on the same tokens: untouched, with the reconstruction in place of the activations, and with zeros in their place. The **loss recovered** is
#
# $$\frac{L_{zero} - L_{patched}}{L_{zero} - L_{clean}}$$
#
# It is 1 if the model works as well as before, and 0 if the reconstruction is worth no more than zeros.
#
# `model(tokens, return_type="loss")` gives the loss of an untouched run. `model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(ACTIVATION_HOOK, f)])` calls `f(activations, hook)` when the layer has computed its activations, and goes on with what `f` returns.

# %% nbgrader={"grade_id": "sae-loss_recovered", "solution": true}
def loss_recovered(
    model,
    tokens: Int[Tensor, "batch n_ctx"],
    reconstruction: Float[Tensor, "batch n_ctx d_mlp"],
) -> float:
    """(zero - patched) / (zero - clean), the three losses of the model on `tokens`.

    By hand: losses of 3.0 untouched, 3.2 with the reconstruction and 5.0 with zeros give 1.8 / 2.0 = 0.9.
    """
    ### BEGIN SOLUTION
    def loss_with(replacement):
        hooks = [(ACTIVATION_HOOK, lambda activations, hook: replacement)]
        return model.run_with_hooks(tokens, return_type="loss", fwd_hooks=hooks)

    clean = model(tokens, return_type="loss")
    patched = loss_with(reconstruction)
    zero = loss_with(torch.zeros_like(reconstruction))
    return ((zero - patched) / (zero - clean)).item()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-loss_recovered-check", "grade": true}
check("sae.loss_recovered")

# %%
few = held_out.tokens[::8]
reconstruction = sae.reconstruct(activations(model, few))
print(f"By your function, on {few.numel():,} tokens: {loss_recovered(model, few, reconstruction):.1%}")
found = splice.loss_recovered(model, held_out.tokens, sae)
print(f"By the library's, on all {held_out.tokens.numel():,}: {found.recovered:.1%}, and {found.recovered_over_mean:.1%} against mean ablation")
pictures.losses(found, guess_recovered)

# %% [markdown]
# Left: the loss of the model with its layer untouched, replaced by your dictionary's reconstruction, by its mean activation, and by zeros. Right: the marker is the loss recovered, the shaded part what you predicted.
#
# Sixteen numbers at each token, instead of 512, carry most of what this layer does for the model. For their dictionary of 4,096 latents Bricken et al. report 79 %. Their model, their data and their way of keeping latents few were different, so the two numbers stand side by side and no more.
#
# > **Question.** A share needs two ends, and one of them is a choice. Zeros are something that the model has never seen in this place; its mean activation is another way to say nothing. Which of the two costs this model more, and what does that mean for a score?
# >
# > <details><summary>Our answer</summary>The longer of the two lower bars costs more. The worse the opponent, the better a dictionary looks beside it: the same reconstruction has two different shares, both printed above the picture. A loss recovered without its baseline, and without the losses themselves, says little. Bricken et al. call zero ablation a generous baseline.</details>

# %% [markdown]
# ## 3. Does a feature mean something?
#
# A good reconstruction does not make features readable. So look for latents that answer to one kind of text. The held-out text comes with labels: every token belongs to one domain. For a unit, a latent or a neuron, ask: **of the tokens on which it is on, which share lies in the domain?** That is its **precision** for the domain.

# %% [markdown]
# {{exercise sae.guess_unit}}
#
# For each domain you will take the most precise latent of your dictionary, and the most precise of the 512 neurons, held to as many tokens as the latent is on for. So the neuron may show its best side. In the middle of the field, which of the two will be the more precise? Choose one of `"the feature, by far"`, `"the feature, narrowly"`, `"about the same"`, `"the neuron"`.

# %% nbgrader={"grade_id": "sae-guess_unit", "solution": true}
guess_unit = None  # one of: "the feature, by far", "the feature, narrowly", "about the same", "the neuron"
### BEGIN SOLUTION
guess_unit = "the feature, narrowly"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_unit-check", "grade": true}
check("sae.guess_unit")

# %% [markdown]
# {{exercise sae.precision}}
#
# Write it for all units at once. A unit that is never on has precision 0.

# %% nbgrader={"grade_id": "sae-precision", "solution": true}
def precision(
    fires: Bool[Tensor, "n_tokens n_units"], in_domain: Bool[Tensor, "n_tokens"]
) -> Float[Tensor, "n_units"]:
    """For each unit: of the tokens on which it is on, the share that lies in the domain; 0 where it is never on.

    By hand: a unit that is on for four tokens, three of them in the domain, has precision 0.75.
    """
    ### BEGIN SOLUTION
    hits = (fires & in_domain[:, None]).sum(dim=0)
    return hits / fires.sum(dim=0).clamp_min(1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-precision-check", "grade": true}
check("sae.precision")

# %% [markdown]
# Every sequence begins with the same start token, which says nothing about its domain: it is left out. First your function on one domain, for all latents.

# %%
activity = activations(model, held_out.tokens)
x = activity[:, 1:].flatten(0, 1)
domain = held_out.domain.repeat_interleave(activity.shape[1] - 1)
hebrew = domain == held_out.domains.index("hebrew")
on = fires(sae, x)
of_hebrew = precision(on, hebrew)
often = on[hebrew].float().mean(dim=0) >= 0.02
print(f"{hebrew.float().mean():.1%} of these tokens are Hebrew: so precise is a unit that is on at random.")
print(f"{int((of_hebrew >= 0.9).sum())} latents are on for Hebrew in at least nine of ten cases,")
print(f"{int(((of_hebrew >= 0.9) & often).sum())} of them for at least 2 % of all Hebrew tokens.")

# %% [markdown]
# With thousands of latents, some will be precise by luck. So choose on one half of the documents and score on the other. `read_domains` does that for every domain. It takes, among the latents that are on for at least 2 % of the domain's tokens, the most precise; where several reach 0.9, the one that covers most of the domain. And beside it the most precise neuron.

# %%
choosing = (held_out.document % 2 == 0).repeat_interleave(activity.shape[1] - 1)
readings = read_domains(sae, x, domain, choosing, held_out.domains)
print(f"{'':14}{'latent':>8}{'precision':>11}{'recall':>8}   {'neuron':>8}{'precision':>11}{'recall':>8}{'whenever on':>13}")
for r in sorted(readings, key=lambda reading: -reading.precision):
    print(f"{r.domain:14}{r.latent:8}{r.precision:11.2f}{r.recall:8.2f}   {r.neuron:8}{r.neuron_precision:11.2f}{r.neuron_recall:8.2f}{r.neuron_whole:13.2f}")

# %%
gaps = torch.tensor([r.precision - r.neuron_precision for r in readings])
print(f"You predicted: {guess_unit}. In the middle of the field the latent's precision minus the neuron's is {gaps.median():+.2f};")
print(f"the latent is the more precise one in {int((gaps > 0).sum())} of {len(gaps)} domains.")
pictures.feature_against_neuron(readings)

# %% [markdown]
# One row is one domain; further to the right is more precise. The circle is its best latent. The square is its best neuron at its strongest moments, as many as the latent has; the triangle is the same neuron whenever it is above zero. All were chosen on other documents than the ones they are scored on here.
#
# Look at squares and circles first. At its strongest a neuron can be as precise as a feature. Now look at the triangles: at all other moments the same neuron answers to something else, and the model cannot tell the two apart by that neuron alone. A circle needs no such choice. It counts every place where the latent is on.
#
# > **Question.** Precision says nothing about how much of the domain a unit covers; the column `recall` does. Why can a latent be precise and still miss most of its domain?
# >
# > <details><summary>Our answer</summary>Because a domain is not one feature. Hebrew text has beginnings of words, ends of words, spaces and punctuation, and the dictionary has room for a latent for each. The larger the dictionary, the finer the split, and the lower the recall of any one of them.</details>

# %% [markdown]
# ## 4. Read one
#
# Now take the latent that covers most of a domain with a precision of at least 0.9, and read what it is on for. Only documents that did not choose it are shown, the strongest place of each sequence first. The colour is the latent's strength.

# %%
best = max(readings, key=lambda r: (r.precision >= 0.9, r.recall))
unseen = torch.nonzero(held_out.document % 2 == 1)[:, 0]
text = held_out.take(unseen)
feature = latent_on_text(sparse_latents(sae, activity[unseen, 1:].flatten(0, 1)), best.latent, len(text))
print(f"Latent {best.latent}, best of {best.domain}: precision {best.precision:.2f}, recall {best.recall:.2f}")
show_examples(excerpts(text, feature, top_examples(feature, k=6)), title=f"Latent {best.latent}: where it is strongest")

# %% [markdown]
# And the most precise neuron for the same domain, at its strongest places. The label above each text says where it comes from.

# %%
neuron = activity[unseen, :, best.neuron].clone()
neuron[:, 0] = 0  # the start token
show_examples(excerpts(text, neuron, top_examples(neuron, k=6)), title=f"Neuron {best.neuron}: where it is strongest")

# %% [markdown]
# What does the latent **do**? Its direction $d_j$ goes through the rest of the model: through $W_{out}$ into the residual stream and on to the logits. The result is one number for each token of the vocabulary, the **logit weight**: when the latent is on, tokens with a high one become likelier as the next token.

# %%
weights = logit_weights(model, sae.W_dec[best.latent])
up, down = weights.topk(10), (-weights).topk(10)
pictures.logits(
    list(zip(token_strings(up.indices), up.values.tolist(), strict=True)),
    list(zip(token_strings(down.indices), (-down.values).tolist(), strict=True)),
    title=f"Latent {best.latent}: which tokens it speaks for",
)

# %% [markdown]
# Left: the ten tokens that this latent makes likelier, right: the ten that it makes less likely. Compare the left side with the examples above: does the latent speak for what comes next in such text?
#
# > **Question.** You have found a direction, seen where it is strong, and seen what it makes likelier. What would you still want to do before you say "this feature **is** about this domain"?
# >
# > <details><summary>Our answer</summary>Look at its weak activations too, not only at the top. Ask whether the token alone explains it: a latent that is on for one letter of an alphabet is a letter detector. And intervene: switch it off, or hold it on, and see whether the model changes as you expect.</details>

# %% [markdown]
# ## What you learned
#
# - A **sparse autoencoder** writes a layer's activations as a sum of a few directions out of many. Top-k keeps the k largest latents and needs no penalty.
# - **Loss recovered** asks the model itself whether the reconstruction is good enough, and zero ablation is a generous opponent.
# - A latent can be **precise** in all that it does, where a neuron is so at its strongest moments only. It may still cover only a part of its domain.
#
# Chapter 4 asks whether another model, trained from another seed, has the same features.
#
# ## References
#
# - Bricken et al. (2023), *Towards Monosemanticity: Decomposing Language Models With Dictionary Learning*. The experiment, the loss recovered, the logit weights.
# - Gao et al. (2024), *Scaling and evaluating sparse autoencoders*. Top-k and the loss that brings silent latents back.
