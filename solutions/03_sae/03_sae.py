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
# In this chapter you build one, try it where the right answer is known, and train one on a real layer. Then you ask two hard questions. Does the language model still work when its layer is replaced by your features? And does one feature mean one thing, more than any neuron does?
#
# **Goal.** Write a dictionary and its loss, see it find features that you hid, train one on the activations of a language model, measure how much of the model's loss it keeps, and read what its features are on for.
#
# **Time.** Sections 1 to 4 are the core path: 90 minutes, of which four are computing. The sections after it are extensions, in any order, except that 9 to 12 need the first code cell of section 8.
#
# **You need.** Matrix products, the ReLU, and what a gradient is. No earlier chapter.
#
# How to work: each exercise is a function to fill in, and the cell after it checks your answer and tells you what is wrong. `hint("sae.encode")` gives a nudge, `hint("sae.encode", 2)` and `3` give more, and `hint("sae.encode", "solution")` shows ours. Until your answer passes, the check puts ours in its place, so you can go on at any time and come back later.

# %% tags=["imports"]
import torch
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mechint_course import check, hint, sized
from mechint_course.language import ACTIVATION_HOOK

# %%
from itertools import islice
from pathlib import Path

from mechint_course.features import splice
from mechint_course.features.domains import fires, read_domains
from mechint_course.features.evidence import excerpts, top_examples
from mechint_course.features.latents import latent_on_text, sparse_latents
from mechint_course.features.logits import logit_weights
from mechint_course.features.stream import ActivationBatches
from mechint_course.figures import sae as pictures
from mechint_course.figures import sae_truth as truth_pictures
from mechint_course.language import activations, evaluation_text, load_model, token_strings, training_text
from mechint_course.sae import SAE, StandardSAE, TopKSAE, density, fvu, l0, spurious, train_sae, train_saes
from mechint_course.toy import SparseWorld
from mechint_course.views.tokens import show_examples
from mechint_course.work import work

# %% [markdown]
# ## 1. An autoencoder by hand
#
# Take the numbers $x$ that the neurons of a layer hold at one token. The hope is to write them as a sum:
#
# $$x \approx \hat x = b_{dec} + \sum_j f_j\, d_j$$
#
# Each $d_j$ is a direction in the space of neurons, the **feature's direction**. Each $f_j \geq 0$ says how strongly that feature is there. There are more directions than neurons, but only a few $f_j$ are not zero at any one token. These $f_j$ are called **latents**.
#
# The **encoder** finds the latents. It takes away the bias that the decoder will add, and gives every latent a number. A ReLU switches off what is below zero:
#
# $$f = \mathrm{ReLU}\big((x - b_{dec})\, W_{enc} + b_{enc}\big)$$
#
# This is the encoder of Bricken et al. (2023, *Towards Monosemanticity*), whose experiment this chapter follows.

# %% [markdown]
# {{exercise sae.relu_encode}}
#
# Write it for a batch: each row of `x` is one input.

# %% nbgrader={"grade_id": "sae-relu_encode", "solution": true}
def relu_encode(
    x: Float[Tensor, "batch d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, "d_sae"],
    b_dec: Float[Tensor, "d_in"],
) -> Float[Tensor, "batch d_sae"]:
    """The latents: ReLU of (x - b_dec) @ W_enc + b_enc.

    By hand, with x = [[3.0, 1.0]], b_dec = [1.0, 0.0], W_enc = [[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]] and
    b_enc = [-0.5, 0.5, 0.5]: x - b_dec is [2.0, 1.0], and the latents are [[1.5, 1.5, 0.0]].
    """
    ### BEGIN SOLUTION
    return torch.relu((x - b_dec) @ W_enc + b_enc)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-relu_encode-check", "grade": true}
check("sae.relu_encode")

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
# > <details><summary>Our answer</summary>Some latents would have to be on for every input, only to write down the average. They would say nothing about this input in particular. Bricken et al. start b_dec at the geometric median of the data, so no latent has to learn it.</details>

# %% [markdown]
# {{exercise sae.l1_loss}}
#
# With more latents than neurons, perfect reconstruction is easy and means nothing. What we want is a reconstruction from **few** latents. So the loss has a second term, which makes latents pay for being on:
#
# $$L = \underbrace{\lVert x - \hat x \rVert^2}_{\text{sum over the numbers of } x} + \;\lambda \underbrace{\sum_j f_j}_{\text{sum over the latents}} \qquad \text{then the mean over the batch}$$
#
# The second term is called an **L1 penalty**, and $\lambda$ is `l1_coefficient`. It cannot count the latents that are on, because a count has no slope to train along. The sum of their strengths has one.
#
# Mind the sums and means. Here the squared error is summed over the numbers of $x$, as in the library SAELens. Bricken et al. take its mean. For 512 numbers their first term is 512 times smaller, so the same balance needs a $\lambda$ that is 512 times smaller too. A coefficient says nothing without its convention.

# %% nbgrader={"grade_id": "sae-l1_loss", "solution": true}
def l1_loss(
    x: Float[Tensor, "batch d_in"],
    reconstruction: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
    l1_coefficient: float,
) -> Float[Tensor, ""]:
    """|x - reconstruction|^2 + l1_coefficient * (sum of the latents), averaged over the batch.

    By hand, with one input x = [[1.0, 2.0]], its reconstruction [[1.0, 1.5]], the latents [[2.0, 0.0, 1.0]] and the
    coefficient 0.1: the squared error is 0.25, the penalty 0.1 * 3.0, the loss 0.55.
    """
    ### BEGIN SOLUTION
    squared_error = (x - reconstruction).square().sum(dim=-1)
    penalty = l1_coefficient * latents.sum(dim=-1)
    return (squared_error + penalty).mean()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-l1_loss-check", "grade": true}
check("sae.l1_loss")

# %% [markdown]
# {{exercise sae.guess_scale}}
#
# There is a hole in this loss. Make every row of `W_dec` ten times as long, and every latent ten times as small: divide `W_enc` and `b_enc` by ten. What happens to the two terms of the loss? Choose one of `"both terms stay"`, `"only the squared error rises"`, `"only the penalty falls"`, `"both terms change"`.

# %% nbgrader={"grade_id": "sae-guess_scale", "solution": true}
guess_scale = None  # one of: "both terms stay", "only the squared error rises", "only the penalty falls", "both terms change"
### BEGIN SOLUTION
guess_scale = "only the penalty falls"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_scale-check", "grade": true}
check("sae.guess_scale")

# %% [markdown]
# Try it on an untrained dictionary and random inputs, with your three functions.

# %%
trial = StandardSAE(d_in=32, d_sae=96, seed=0).requires_grad_(False)
inputs = torch.randn(200, 32, generator=torch.Generator().manual_seed(1))
factors, squared_errors, penalties = [1, 2, 5, 10, 20, 50, 100], [], []
for factor in factors:
    smaller = relu_encode(inputs, trial.W_enc / factor, trial.b_enc / factor, trial.b_dec)
    output = decode(smaller, trial.W_dec * factor, trial.b_dec)
    squared_errors.append(l1_loss(inputs, output, smaller, 0.0).item())
    penalties.append(l1_loss(inputs, output, smaller, 1.0).item() - squared_errors[-1])
print(f"You predicted: {guess_scale}")
print(f"Rows ten times as long: squared error {squared_errors[0]:.2f} -> {squared_errors[3]:.2f}, penalty {penalties[0]:.2f} -> {penalties[3]:.2f}")
truth_pictures.longer_rows(factors, squared_errors, penalties)

# %% [markdown]
# The squared error (circles) does not notice; the penalty (squares) goes to nothing. Training would find that way out: long rows, tiny latents, and no reason to be sparse. So every row of `W_dec` is kept at **length 1**. After each step the rows are divided by their lengths.
#
# Bricken et al. do one thing more. The part of a row's gradient that lies along the row can only change its length, and that is undone right away. The optimiser should not see it, so it is taken out first:
#
# $$g_j \;\leftarrow\; g_j - (g_j \cdot d_j)\, d_j \qquad\qquad \text{where } \lVert d_j \rVert = 1$$

# %% [markdown]
# {{exercise sae.tangent}}
#
# Do this for all rows at once. The rows of `W_dec` have length 1.

# %% nbgrader={"grade_id": "sae-tangent", "solution": true}
def tangent(
    W_dec: Float[Tensor, "d_sae d_in"], gradient: Float[Tensor, "d_sae d_in"]
) -> Float[Tensor, "d_sae d_in"]:
    """The gradient of each row without its part along that row. The rows of W_dec have length 1.

    By hand: for the row [0.6, 0.8] and its gradient [1.0, 2.0], the part along the row is 2.2 times the row, which is
    [1.32, 1.76]. What is left is [-0.32, 0.24], at a right angle to the row.
    """
    ### BEGIN SOLUTION
    along = (gradient * W_dec).sum(dim=1, keepdim=True)
    return gradient - along * W_dec
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-tangent-check", "grade": true}
check("sae.tangent")

# %% [markdown]
# ## 2. The known answer
#
# Before you trust a method on a language model, try it where you know what it should find. Here is a small world with 64 **true features**. Each has a direction of length 1, in a space of only 32 dimensions, so they are in superposition. At any moment each is there with a chance of 3 %, with a strength between 0 and 1. The dictionary sees only the sum, never the features.

# %%
world = SparseWorld(n_features=64, d_in=32, probability=0.03)
strengths, x_toy = world.sample(sized(20_000, smoke=2_000))
print(f"{x_toy.shape[0]:,} test inputs of {x_toy.shape[1]} numbers; on average {l0(strengths):.2f} of {world.n_features} features are there")

# %% [markdown]
# To score a dictionary, compare its directions with the true ones. Give each true feature one latent of its own, so that the sum of the **cosines** over all pairs is as large as possible. The mean cosine of these pairs is the **matching score**. (In papers: the mean correlation coefficient, MCC.) 1 is perfect. The sign counts: latents are never negative, so one that points the opposite way is no match.
#
# Your dictionary will have 96 latents, more than there are features. So will it be with a real layer: nobody knows the right number.

# %% [markdown]
# {{exercise sae.guess_chance}}
#
# Before any training the 96 latents point in random directions. What is the matching score of such a dictionary? Choose one of `"about 0"`, `"0.1 to 0.3"`, `"0.3 to 0.5"`, `"over 0.5"`.

# %% nbgrader={"grade_id": "sae-guess_chance", "solution": true}
guess_chance = None  # one of: "about 0", "0.1 to 0.3", "0.3 to 0.5", "over 0.5"
### BEGIN SOLUTION
guess_chance = "0.1 to 0.3"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_chance-check", "grade": true}
check("sae.guess_chance")

# %% [markdown]
# {{exercise sae.matching_score}}
#
# `linear_sum_assignment(scores, maximize=True)` finds the best pairing of rows with columns, one to one (the Hungarian method). It takes a NumPy array and gives two arrays: the rows, and the column of each. There are at least as many latents as features. No direction is zero, and none need have length 1.

# %% nbgrader={"grade_id": "sae-matching_score", "solution": true}
def matching_score(
    directions: Float[Tensor, "d_sae d_in"], truth: Float[Tensor, "n_features d_in"]
) -> float:
    """The mean cosine of true features and latents, paired one to one so that this mean is as large as possible.

    By hand, with truth = [[0.6, 0.8], [0.0, 3.0]] and directions = [[0.0, 2.0], [1.0, 0.0], [-1.0, -1.0]]: the cosines
    of the first feature are 0.8, 0.6 and -0.99, of the second 1, 0 and -0.71. Both like latent 0 best. The best
    pairing gives it to the second feature and latent 1 to the first: (0.6 + 1) / 2 = 0.8.
    """
    ### BEGIN SOLUTION
    truth = truth / truth.norm(dim=1, keepdim=True)
    directions = directions / directions.norm(dim=1, keepdim=True)
    cosines = truth @ directions.T
    rows, columns = linear_sum_assignment(cosines.numpy(), maximize=True)
    return cosines[rows, columns].mean().item()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-matching_score-check", "grade": true}
check("sae.matching_score")

# %% [markdown]
# Now put your parts together. This is the whole training of a dictionary: your encoder, your decoder, your loss, your gradient. Only the first directions and the optimiser (Adam) are not yours. The random numbers that the dictionary starts from are not those that made the world.

# %%
def train_by_hand(l1_coefficient: float, n_steps: int = sized(600, smoke=30)) -> StandardSAE:
    sae = StandardSAE(d_in=world.d_in, d_sae=96, seed=0)
    optimiser = torch.optim.Adam(sae.parameters(), lr=0.01)
    slower = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1, (n_steps - step) / (0.3 * n_steps)))
    for x in islice(world.batches(512), n_steps):
        latents = relu_encode(x, sae.W_enc, sae.b_enc, sae.b_dec)
        loss = l1_loss(x, decode(latents, sae.W_dec, sae.b_dec), latents, l1_coefficient)
        optimiser.zero_grad()
        loss.backward()
        sae.W_dec.grad = tangent(sae.W_dec.detach(), sae.W_dec.grad)
        optimiser.step()
        slower.step()
        with torch.no_grad():
            sae.W_dec /= sae.W_dec.norm(dim=1, keepdim=True)
    return sae.requires_grad_(False)


untrained = StandardSAE(d_in=world.d_in, d_sae=96, seed=0).requires_grad_(False)
trained = train_by_hand(0.2)
scores = [matching_score(sae.W_dec, world.directions) for sae in (untrained, trained)]
print(f"Matching score before training: {scores[0]:.2f} (you predicted {guess_chance}), after it: {scores[1]:.3f}")
truth_pictures.matching(world.directions, untrained.W_dec, trained.W_dec, scores)

# %% [markdown]
# Each row is a true feature, each column a latent, and the colour is their cosine: purple for 1, white for 0. The latents are ordered by their match, and those that are left over stand on the right. Left, before training, there is only a faint diagonal. Right, after it, there is a sharp one: nearly every hidden feature has been found, from sums alone, in half as many dimensions.
#
# Dark dots far to the right are **copies**: a second latent for a feature that has one already. The penalty does not mind them. Two latents that share a strength pay as much as one that has it all. So a dictionary with more latents than features need not find anything new with the rest.
#
# The faint diagonal is worth a second look. An untrained dictionary does not score 0. With 96 random directions to choose from, each feature finds one that leans its way. **A score means something only beside what chance would reach.**

# %% [markdown]
# {{exercise sae.guess_penalty}}
#
# You trained with $\lambda = 0.2$. How did we choose it? Next you will train with seven values, from nearly no penalty to a heavy one. What does the matching score do along the way? Choose one of `"it rises"`, `"it falls"`, `"it rises, then falls"`, `"it stays the same"`.

# %% nbgrader={"grade_id": "sae-guess_penalty", "solution": true}
guess_penalty = None  # one of: "it rises", "it falls", "it rises, then falls", "it stays the same"
### BEGIN SOLUTION
guess_penalty = "it rises, then falls"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_penalty-check", "grade": true}
check("sae.guess_penalty")

# %%
coefficients = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2]
with work(len(coefficients), "Training seven dictionaries by hand") as bar:
    by_coefficient = {}
    for coefficient in coefficients:
        by_coefficient[coefficient] = trained if coefficient == 0.2 else train_by_hand(coefficient)
        bar.update()

rows = {"fvu": [], "l0": [], "score": [], "spurious": []}
for sae in by_coefficient.values():
    latents = relu_encode(x_toy, sae.W_enc, sae.b_enc, sae.b_dec)
    rows["fvu"].append(fvu(x_toy, decode(latents, sae.W_dec, sae.b_dec)))
    rows["l0"].append(l0(latents))
    rows["score"].append(matching_score(sae.W_dec, world.directions))
    rows["spurious"].append(spurious(sae.W_dec[density(latents) > 0], world.directions, least=0.8))
print(f"You predicted: {guess_penalty}")
for number, coefficient in enumerate(coefficients):
    print(
        f"coefficient {coefficient:4}: score {rows['score'][number]:.3f}, {rows['spurious'][number]:2} spurious latents, "
        f"{rows['l0'][number]:5.2f} latents on, share of variance missed {rows['fvu'][number]:.3f}"
    )
truth_pictures.trade_off(coefficients, rows, l0(strengths), latents=96)

# %% [markdown]
# Each point is one dictionary; the penalty grows to the right. Left: the share of the inputs' variance that it misses (FVU: 0 is perfect, 1 is no better than the mean). Middle: how many latents are on at a time; the dashed line is how many features are there in truth. Right: the matching score, and the share of latents that are **spurious**, which means that they are on at times and yet no true feature has a cosine of 0.8 with them.
#
# With hardly any penalty the reconstruction is the best of all, and the dictionary is worthless: dozens of latents are on, and few of them are a feature. With too much, latents give up. In between lies a wide range where the answer is right. Nobody tells you the right answer for a language model. **Good reconstruction alone is no evidence for features.**
#
# > **Question.** You could not see the right panel for a real layer. Which of the other two would have warned you of the dictionary on the far left?
# >
# > <details><summary>Our answer</summary>The middle one. Bricken et al. look at it too: they aim at an L0 below 10 or 20 and distrust dictionaries whose L0 comes near the number of neurons. Such a dictionary writes x down in another way, and takes nothing apart.</details>

# %% [markdown]
# {{exercise sae.guess_strength}}
#
# The directions are right. What about the strengths? Show the dictionary one feature, alone, with a known strength, and measure how strongly it comes back in the reconstruction. Remember that the latents pay for being on. Which strength will come back? Choose one of `"the true strength"`, `"a fixed share of it"`, `"a fixed amount less"`, `"a fixed amount more"`.

# %% nbgrader={"grade_id": "sae-guess_strength", "solution": true}
guess_strength = None  # one of: "the true strength", "a fixed share of it", "a fixed amount less", "a fixed amount more"
### BEGIN SOLUTION
guess_strength = "a fixed share of it"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_strength-check", "grade": true}
check("sae.guess_strength")

# %% [markdown]
# {{exercise sae.best_latent}}
#
# Work it out. A feature is alone and has the strength $s$; its latent has exactly the right direction, of length 1. If the latent is $a$, the squared error is $(s - a)^2$. Which $a \geq 0$ makes $(s - a)^2 + \lambda a$ smallest? Give it for many strengths at once.

# %% nbgrader={"grade_id": "sae-best_latent", "solution": true}
def best_latent(strength: Float[Tensor, "n"], l1_coefficient: float) -> Float[Tensor, "n"]:
    """For each strength s, the a >= 0 that makes (s - a)^2 + l1_coefficient * a smallest.

    By hand, with s = 1 and the coefficient 0.2: a = 1 costs 0.2, a = 0.9 costs 0.01 + 0.18 = 0.19, a = 0.8 costs
    0.04 + 0.16 = 0.2. The best is 0.9.
    """
    ### BEGIN SOLUTION
    return (strength - l1_coefficient / 2).clamp(min=0)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-best_latent-check", "grade": true}
check("sae.best_latent")

# %%
alone = torch.linspace(0, 1, 11)
came_back = {}
for coefficient in (0.1, 0.4, 0.8):
    sae = by_coefficient[coefficient]
    x_alone = (alone[:, None, None] * world.directions).flatten(0, 1)
    output = decode(relu_encode(x_alone, sae.W_enc, sae.b_enc, sae.b_dec), sae.W_dec, sae.b_dec) - sae.b_dec
    came_back[coefficient] = (output.view(len(alone), *world.directions.shape) * world.directions).sum(-1)
for coefficient, values in came_back.items():
    formula = best_latent(torch.ones(1), coefficient).item()
    print(f"coefficient {coefficient}: of strength 1 comes back {values[-1].mean():.3f}; your formula says {formula:.3f}")
print(f"You predicted: {guess_strength}")
truth_pictures.shrunk(alone, came_back, {coefficient: best_latent(alone, coefficient) for coefficient in came_back})

# %% [markdown]
# Across: the true strength of a feature that is alone. Up: how much of it comes back, the mean over all 64 features with its spread. The grey line would be right; the dashed lines are your formula. With the two lighter penalties the strongest features lose about what you computed. Weaker ones lose more: a latent must not answer to the interference of all the other features, so its threshold is higher. With the heaviest penalty even strong ones lose far more, and the spread is wide: its directions are no longer the right ones, as its matching score shows.
#
# This is called **shrinkage**. The penalty was meant to make latents few; it also makes those that are right too small.

# %% [markdown]
# {{exercise sae.shrinkage}}
#
# For a real layer nobody knows the true strengths. But you can ask by which factor $g$ the reconstruction as a whole is too long. Take the mean of $x$ off both, because the bias can learn that part and pays nothing for it. With $y = \hat x - \bar x$, look for the $g$ for which $y / g$ comes nearest to $x - \bar x$. It is
#
# $$g = \frac{\sum \lVert y \rVert^2}{\sum y \cdot (x - \bar x)}$$
#
# with both sums over all inputs. 1 is right, 0.9 is a tenth too short. (Rajamanoharan et al. 2024a, who do not take the mean off.)

# %% nbgrader={"grade_id": "sae-shrinkage", "solution": true}
def shrinkage(x: Float[Tensor, "batch d_in"], reconstruction: Float[Tensor, "batch d_in"]) -> float:
    """The factor by which the reconstruction is too long: below 1, it is too short. The mean of x is taken off both.

    By hand: for the inputs [[-2.0], [2.0]] and their reconstructions [[-1.0], [1.0]] the mean is 0, the sum above is
    1 + 1, the one below 2 + 2, and the factor is 0.5.
    """
    ### BEGIN SOLUTION
    mean = x.mean(dim=0)
    y = reconstruction - mean
    return (y.square().sum() / (y * (x - mean)).sum()).item()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-shrinkage-check", "grade": true}
check("sae.shrinkage")

# %%
for coefficient, sae in by_coefficient.items():
    output = decode(relu_encode(x_toy, sae.W_enc, sae.b_enc, sae.b_dec), sae.W_dec, sae.b_dec)
    print(f"coefficient {coefficient:4}: reconstructions have {shrinkage(x_toy, output):.2f} times the right length")

# %% [markdown]
# > **Question.** After training, you could multiply every latent by $1/g$. What would that repair, and what not?
# >
# > <details><summary>Our answer</summary>The length would be right on average. But the loss is an amount, not a share: weak latents would still be too small and strong ones would become too large, and features below the threshold stay silent. It is better not to shrink in the first place, which is where the next section begins.</details>

# %% [markdown]
# ## 3. A real layer
#
# Here is a language model with one layer: attention, then an MLP (a hidden layer applied at each token) with 512 neurons, the shape that Bricken et al. took apart. It was trained on text of many kinds, all of it from this installation of Python or from small grammars. Your dictionary will be trained on what its 512 neurons do after their ReLU, on text that the model was trained on, and be judged on text that neither has seen.

# %%
model = load_model("A")
held_out = evaluation_text().sample(sized(24, smoke=2))
n_tokens = sized(1_000_000, smoke=20_000)
text = training_text("A", tokens=n_tokens)
print(f"{text.tokens.numel():,} tokens to learn from; {held_out.tokens.numel():,} held out, of {len(held_out.domains)} kinds:")
print(", ".join(held_out.domains))

# %% [markdown]
# {{exercise sae.harvest}}
#
# First get the numbers out. `model.run_with_cache(tokens, names_filter=ACTIVATION_HOOK)` runs the model and gives two things: its logits, and a `cache` in which `cache[ACTIVATION_HOOK]` holds the neurons' activations, `[batch, n_ctx, d_mlp]`. Every sequence begins with the same start token. It says nothing about the text, so leave its activations out, and put all other tokens into one long list of rows. No gradients are needed: `with torch.no_grad():`.

# %% nbgrader={"grade_id": "sae-harvest", "solution": true}
def harvest(model, tokens: Int[Tensor, "batch n_ctx"]) -> Float[Tensor, "n_tokens d_mlp"]:
    """The activations of the layer at every position but the first, one row a token, sequence after sequence.

    By hand: 3 sequences of 5 tokens in a model with 512 neurons give 12 rows of 512 numbers. Rows 0 to 3 are the
    positions 1 to 4 of the first sequence.
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=ACTIVATION_HOOK)
    return cache[ACTIVATION_HOOK][:, 1:].flatten(0, 1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-harvest-check", "grade": true}
check("sae.harvest")

# %%
x = harvest(model, held_out.tokens[::8])
print(f"{x.shape[0]:,} tokens, {x.shape[1]} neurons: {(x > 0).sum(dim=1).float().mean():.0f} neurons are on at a token, on average.")

# %% [markdown]
# You have seen what an L1 penalty costs. Here is another way to keep latents few, without one. Give every latent its number $h_j$, and keep the $k$ largest:
#
# $$h = (x - b_{dec})\, W_{enc} + b_{enc} \qquad\qquad f_j = \begin{cases} \mathrm{ReLU}(h_j) & \text{if } h_j \text{ is among the } k \text{ largest} \\ 0 & \text{otherwise} \end{cases}$$
#
# This is the **top-k** dictionary of Gao et al. (2024, *Scaling and evaluating sparse autoencoders*). You say how many latents may be on, and being on costs nothing.

# %% [markdown]
# {{exercise sae.encode}}
#
# Write its encoder for a batch. Each row keeps its own $k$ largest numbers.

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
# The next cell trains. `ActivationBatches` runs the model on the text and hands out its activations, shuffled, 2,048 tokens at a time. `TopKSAE` is your encoder and decoder, written for speed, with the squared error as its loss and nothing else to pay. The progress bar shows that loss, how many latents are on (`L0`), and how many have fallen silent (`dead`). Silent ones get a nudge: they are asked to reconstruct what the others have missed.
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
yours = decode(encode(x, sae.W_enc, sae.b_enc, sae.b_dec, sae.k), sae.W_dec, sae.b_dec)
print(f"Largest difference between your reconstruction and the library's: {(yours - sae.reconstruct(x)).abs().max():.1e}")
print(f"Share of variance missed on held-out text: {fvu(x, yours):.3f}, with {sae.k} of {sae.d_sae:,} latents at each token")
print(f"Reconstructions have {shrinkage(x, yours):.2f} times the right length")

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
# Sixteen numbers at each token, instead of 512, carry most of what this layer does for the model.
#
# > **Question.** A share needs two ends, and one of them is a choice. Zeros are something that the model has never seen in this place; its mean activation is another way to say nothing. Which of the two costs this model more, and what does that mean for a score?
# >
# > <details><summary>Our answer</summary>The longer of the two lower bars costs more. The worse the opponent, the better a dictionary looks beside it: the same reconstruction has two different shares, both printed above the picture. A loss recovered without its baseline, and without the losses themselves, says little. Bricken et al. call zero ablation a generous baseline.</details>

# %% [markdown]
# For their dictionary of 4,096 latents Bricken et al. report 79 %, and 94.5 % for one of 131,072. Their language model, its data, the length of the training and the way of keeping latents few were all different from yours. Only one of these can be compared here: the last. So train two smaller dictionaries side by side, on the same batches for as many steps. One is top-k, the other has the L1 penalty. With top-k you say how many latents are on. With the penalty you give a coefficient and see afterwards how many it leaves, so read the first column of what the cell prints before the last one.

# %%
pair = {
    "top-k": TopKSAE(d_in=model.cfg.d_mlp, d_sae=sized(1024, smoke=128), k=16, seed=0),
    "L1": StandardSAE(d_in=model.cfg.d_mlp, d_sae=sized(1024, smoke=128), l1_coefficient=0.6, seed=0),
}
train_saes(list(pair.values()), batches, n_steps=sized(300_000, smoke=10_000) // batches.batch_size, learning_rate=[3e-3, 1e-2])
beside = {}
for name, each in pair.items():
    each.requires_grad_(False)
    latents = each.encode(x)
    beside[name] = splice.loss_recovered(model, few, each)
    print(
        f"{name:5}: {l0(latents):5.1f} latents on, share of variance missed {fvu(x, each.decode(latents)):.2f}, "
        f"{shrinkage(x, each.decode(latents)):.2f} times the right length, loss recovered {beside[name].recovered:.1%}"
    )
pictures.side_by_side(beside)

# %% [markdown]
# The bars show the model's loss with each of the two dictionaries in the place of its layer, between the untouched model and zeros. The lines above the picture say how many latents each of them uses, and how much too short its reconstructions are. It is one coefficient, one learning rate and a short training: a penalty that is tuned with more care, or trained for longer, may come out otherwise. And how much of the difference from the paper's 79 % comes from the penalty, and how much from the model, the data or the training, this comparison does not say.

# %% [markdown]
# ## 4. Reading features
#
# A good reconstruction does not make features readable. To read, take a dictionary that has seen more than a minute of text: the course ships one of the same kind and size as yours, 4,096 latents of which 16 are on at a token, trained for longer on the same model. (To read your own instead, put your dictionary in its place in the next cell. Nothing below depends on a latent's number.)
#
# First question: do latents answer to one kind of text? The held-out text comes with labels: every token belongs to one domain. For a unit, a latent or a neuron, ask: **of the tokens on which it is on, which share lies in the domain?** That is its **precision** for the domain.

# %%
from mechint_course.features.domains import fires, read_domains
from mechint_course.features.evidence import excerpts, quantile_places
from mechint_course.features.latents import latent_on_text, sparse_latents
from mechint_course.features.logits import logit_weights
from mechint_course.features.spelling import ends_of
from mechint_course.figures import sae as pictures
from mechint_course.figures import sae_reading as reading_pictures
from mechint_course.language import activations, evaluation_text, load_model, token_strings
from mechint_course.sae import load_dictionary
from mechint_course.views.tokens import Example, show_examples

model = load_model("A")
dictionary = load_dictionary("A-4096")
held_out = evaluation_text().sample(sized(24, smoke=2))
activity = activations(model, held_out.tokens)
x = activity[:, 1:].flatten(0, 1)  # every sequence begins with the same start token, which says nothing: it is left out
domain = held_out.domain.repeat_interleave(activity.shape[1] - 1)
print(f"{dictionary.d_sae:,} latents, {dictionary.k} of them on at each of {len(x):,} tokens of {len(held_out.domains)} domains:")
print(", ".join(held_out.domains))

# %% [markdown]
# {{exercise sae.guess_unit}}
#
# For each domain you will take the most precise latent of the dictionary, and the most precise of the 512 neurons, held to as many tokens as the latent is on for. So the neuron may show its best side. In the middle of the field, which of the two will be the more precise? ("By far" is a difference of more than 0.2, "about the same" one within 0.03.) Choose one of `"the feature, by far"`, `"the feature, narrowly"`, `"about the same"`, `"the neuron"`.

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
# Your function on one domain, for all latents.

# %%
hebrew = domain == held_out.domains.index("hebrew")
on = fires(dictionary, x)
of_hebrew = precision(on, hebrew)
often = on[hebrew].float().mean(dim=0) >= 0.02
print(f"{hebrew.float().mean():.1%} of these tokens are Hebrew: so precise is a unit that is on at random.")
print(f"{int((of_hebrew >= 0.9).sum())} latents are on for Hebrew in at least nine of ten cases,")
print(f"{int(((of_hebrew >= 0.9) & often).sum())} of them for at least 2 % of all Hebrew tokens.")

# %% [markdown]
# With thousands of latents, some will be precise by luck. So choose on one half of the documents and score on the other. `read_domains` does that for every domain. It takes, among the latents that are on for at least 2 % of the domain's tokens, the most precise; where several reach 0.9, the one that covers most of the domain. And beside it the most precise neuron.

# %%
choosing = (held_out.document % 2 == 0).repeat_interleave(activity.shape[1] - 1)
readings = read_domains(dictionary, x, domain, choosing, held_out.domains)
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
# > <details><summary>Our answer</summary>Because a domain is not one feature. Hebrew text has beginnings of words, ends of words, spaces and punctuation, and the dictionary has room for a latent for each.</details>

# %% [markdown]
# {{exercise sae.find_latent}}
#
# Write the search yourself, for any kind of token you can mark. Of the latents that are on for at least a share `least_recall` of the marked tokens, return the number of the one with the highest precision. `sae.encode(x)` gives the latents, `[n_tokens, d_sae]`.

# %% nbgrader={"grade_id": "sae-find_latent", "solution": true}
def find_latent(
    sae, x: Float[Tensor, "n_tokens d_in"], in_domain: Bool[Tensor, "n_tokens"], least_recall: float
) -> int:
    """The most precise of the latents that are on for at least `least_recall` of the tokens in the domain.

    By hand: 10 tokens are in the domain. One latent is on for 1 of them and nowhere else (precision 1, recall 0.1), another
    for 4 of them and for 1 elsewhere (precision 0.8, recall 0.4). With least_recall = 0.2 the second one wins.
    """
    ### BEGIN SOLUTION
    on = sae.encode(x) > 0
    hits = on[in_domain].sum(dim=0)
    precision, recall = hits / on.sum(dim=0).clamp_min(1), hits / in_domain.sum()
    return int(torch.where(recall >= least_recall, precision, -1.0).argmax())
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-find_latent-check", "grade": true}
check("sae.find_latent")

# %% [markdown]
# Six kinds of token to look for. Five are domains. The sixth is one name: the tokens with which the letters "God" are complete, wherever they stand.
#
# What does a feature **do**? Its direction $d_j$ goes through the rest of the model: through $W_{out}$ (what each neuron writes, `[d_mlp, d_model]`) into the residual stream (the vector of a token to which every layer adds) and on to the logits (one score for each possible next token). The result is one number for each token of the vocabulary, the **logit weight**: when the latent is on, tokens with a high one become likelier as the next token. The last column shows the tokens that each latent speaks for most.

# %%
kinds = {"DNA": "dna", "HTTP": "http", "Hebrew": "hebrew", "legal": "licences", "nutrition": "nutrition"}
marked = {name: domain == held_out.domains.index(label) for name, label in kinds.items()}
marked["God"] = ends_of(held_out.tokens, "God")[:, 1:].flatten()
thinned = torch.arange(len(x)) % 8 == 0  # of all other text, one token of eight is enough to choose by
feature = {}
print(f"{'':10}{'latent':>7}{'precision':>11}{'recall':>8}   speaks for")
for name, inside in marked.items():
    part = choosing & (inside | thinned)
    feature[name] = find_latent(dictionary, x[part], inside[part], 0.1)
    here, there = on[~choosing, feature[name]], inside[~choosing]
    hits = int((here & there).sum())
    speaks_for = token_strings(logit_weights(model, dictionary.W_dec[feature[name]]).topk(7).indices)
    print(f"{name:10}{feature[name]:7}{hits / max(1, int(here.sum())):11.2f}{hits / max(1, int(there.sum())):8.2f}   {speaks_for}")

# %% [markdown]
# Each was chosen on one half of the documents; precision and recall are of the other half. Compare the last column with the first: does a latent speak for what comes next in such text? Not each does: where the next token is as good as random, as in DNA, there is little to say. A token like `<d7>` is half a letter: this tokenizer cuts rare letters into bytes, and this one begins most Hebrew letters.
#
# Chapter 2 showed how a list of strongest places misleads. So read one of them over its whole range: the places where it is on are sorted, cut into five equal groups, and two random places of each group are shown, strong to weak. Only documents that did not choose it take part.

# %%
unseen = torch.nonzero(held_out.document % 2 == 1)[:, 0]
text = held_out.take(unseen)
rows = sparse_latents(dictionary, activity[unseen, 1:].flatten(0, 1))
shown = max(kinds, key=lambda name: int((on[~choosing, feature[name]] & marked[name][~choosing]).sum()))
strength = latent_on_text(rows, feature[shown], len(text))
groups = quantile_places(strength, n_groups=sized(5, smoke=1), each=sized(2, smoke=1))
drawn = [
    Example(e.tokens, e.values, label=f"group {len(groups) - number} of {len(groups)}, {e.label}")
    for number, places in enumerate(groups)
    for e in excerpts(text, strength, places, before=10, after=4)
]
show_examples(drawn, title=f"The {shown} latent, number {feature[shown]}: random places from each group, strong to weak")

# %% [markdown]
# The colour is the latent's strength, and the label says which kind of text the place is from. Do the weak places say the same as the strong ones?
#
# Now **God**. For their God feature Bricken et al. are said to have found that it raises *bless*, *forbid*, *damn* and *-zilla*. Our text has a grammar for lines about God in which all four come, so the model had the chance to learn them. What does the latent that you found raise?

# %%
weights = logit_weights(model, dictionary.W_dec[feature["God"]])
vocabulary = token_strings(torch.arange(model.cfg.d_vocab))
for token in (" bless", " forbid", " damn", "zilla"):
    weight = weights[vocabulary.index(token)]
    print(f"{token!r:10} logit weight {weight:+.2f}: number {int((weights > weight).sum()) + 1} of {len(vocabulary):,}")
up, down = weights.topk(10), (-weights).topk(10)
pictures.logits(
    list(zip(token_strings(up.indices), up.values.tolist(), strict=True)),
    list(zip(token_strings(down.indices), (-down.values).tolist(), strict=True)),
    title=f"The God latent, number {feature['God']}: which tokens it speaks for",
)

# %% [markdown]
# Left: the ten tokens that this latent makes likelier, right: the ten that it makes less likely. The lines above the picture say where the four stand among all tokens of the vocabulary. Not every token on the left need be about God, and some may stand on the lists of other latents too: compare the table further up. A list of logit weights is read beside the examples, not alone.
#
# Where are these features in the layer? A direction has 512 entries, one for each neuron.

# %% [markdown]
# {{exercise sae.neurons_needed}}
#
# How many neurons make a feature up? Count how few of them are enough for a share of the direction's squared length, the largest squares first.

# %% nbgrader={"grade_id": "sae-neurons_needed", "solution": true}
def neurons_needed(direction: Float[Tensor, "d_mlp"], share: float) -> int:
    """The smallest number of entries whose squares add up to at least `share` of the squared length.

    By hand: [3, 0, -4] has the squares 9, 0 and 16, in all 25. The -4 alone makes up 16/25 = 0.64, so a share of 0.6 needs
    one neuron and a share of 0.9 needs two.
    """
    ### BEGIN SOLUTION
    made_up = direction.square().sort(descending=True).values.cumsum(dim=0)
    return int((made_up < share * made_up[-1]).sum()) + 1
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-neurons_needed-check", "grade": true}
check("sae.neurons_needed")

# %%
needed = [neurons_needed(direction, 0.5) for direction in dictionary.W_dec]
for name, latent in feature.items():
    print(f"{name:10} half of its direction is made up by {needed[latent]:3} neurons, nine tenths by {neurons_needed(dictionary.W_dec[latent], 0.9)}")
print(f"Half of all latents need {int(torch.tensor(needed).median())} neurons or fewer for half of their direction; {sum(n == 1 for n in needed)} need a single one.")
reading_pictures.neurons_of(dictionary.W_dec[feature["God"]], needed, title="The God latent: its 20 largest entries")

# %% [markdown]
# Left: the neurons with the largest entries in the God latent's direction, negative ones included. Right: for all latents of the dictionary, how many neurons make up half of the direction. A feature that was a neuron would need one. Look at the first bar: hundreds of latents are little more than one neuron each. Most others need several, and one neuron then takes part in many latents: that is superposition, seen from the other side. And half is not all: compare the counts for nine tenths, printed above.
#
# Still, one neuron might rise and fall with the feature.

# %% [markdown]
# {{exercise sae.nearest_neuron}}
#
# Find the neuron whose activation is most alike to the latent's over these tokens: the highest Pearson correlation. A neuron that never changes has correlation 0.

# %% nbgrader={"grade_id": "sae-nearest_neuron", "solution": true}
def nearest_neuron(sae, x: Float[Tensor, "n_tokens d_in"], latent: int) -> tuple[int, float]:
    """The neuron (column of x) with the highest correlation with the latent, and that correlation.

    By hand: where the latent is [0, 0, 3] and three neurons are [1, 1, 7], [5, 5, 5] and [3, 0, 0], the first one goes with
    it exactly: (0, 1.0).
    """
    ### BEGIN SOLUTION
    f = sae.encode(x)[:, latent]
    f, columns = f - f.mean(), x - x.mean(dim=0)
    r = f @ columns / (f.norm() * columns.norm(dim=0)).clamp_min(1e-12)
    return int(r.argmax()), float(r.max())
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-nearest_neuron-check", "grade": true}
check("sae.nearest_neuron")

# %%
twin = {name: nearest_neuron(dictionary, x[::8], latent) for name, latent in feature.items()}
for name, (neuron, r) in twin.items():
    print(f"{name:10} latent {feature[name]:5}, nearest neuron {neuron:3}: correlation {r:.2f}")


def shares_by_strength(strength, inside, n_groups=5):
    """The share of a domain in equal groups of the places where a unit is on, from weak to strong."""
    places = torch.nonzero(strength > 0)[:, 0]
    ordered = places[strength[places].argsort()]
    return [float(inside[group].float().mean()) for group in ordered.tensor_split(n_groups)]


neuron = twin[shown][0]
shares = {
    f"latent {feature[shown]}": shares_by_strength(strength[:, 1:].flatten(), marked[shown][~choosing]),
    f"its nearest neuron, {neuron}": shares_by_strength(x[~choosing, neuron], marked[shown][~choosing]),
}
reading_pictures.across_strengths(shares, shown, base=float(marked[shown][~choosing].float().mean()), title=f"The {shown} latent and its nearest neuron")

# %% [markdown]
# From left to right the places go from weak to strong, in five equal groups; upwards is the share of them that lies in the domain. The dotted line is a unit that is on at random. Compare where the two lines begin and end: does the latent keep its meaning down to its weak places, and does the neuron?
#
# So far a few latents of a shipped dictionary. Now your own from section 3, all of it: sort it, pick a domain, type a text and see which of your latents are on.

# %%
from mechint_course.features.reading import read_units
from mechint_course.views.browser import UnitBrowser

units_of_yours = read_units(model, held_out.sample(sized(8, smoke=1)), sae, name="your dictionary")
UnitBrowser(units_of_yours)

# %% [markdown]
# > **Question.** You have found a direction, seen where it is strong and where it is weak, and seen what it makes likelier. What would you still want to do before you say "this feature **is** about this domain"?
# >
# > <details><summary>Our answer</summary>Ask whether the token alone explains it: a latent that is on for one letter of an alphabet is a letter detector. Ask what else in the domain it leaves out. And intervene: switch it off, or hold it on, and see whether the model changes as you expect. That is section 7.</details>
#
# This is the end of the core path. Every section from here on is an extension. 5, 6, 7 and 8 can be done alone; before 9, 10, 11 or 12 run the first code cell of section 8.

# %% [markdown]
# ## 5. Dead latents (extension)
#
# A latent learns only where it is on. If it is never on, no gradient reaches it, and it stays silent for ever: it is **dead**. A dictionary with 4,096 latents of which half are dead is a dictionary with 2,048, at twice the price.
#
# How often a latent is on is its **density**, the share of tokens. For their dictionary of 4,096 latents Bricken et al. (2023) count 168 that were never on in 100 million tokens, and 292 more that were on for less than one token in a million: the **ultralow** cluster. In their histogram of densities, on a logarithmic axis, it stands apart from all other latents. Gao et al. (2024) report up to 90 % dead latents in large dictionaries trained without a cure.
#
# You will train four small dictionaries of 512 latents on the same 60,000 activations: three top-k ones that differ only in the cure, and one with an L1 penalty. So small a training is no place to count one latent in a million, but latents die in it as they do in a large one.

# %%
from mechint_course.features.stream import ActivationBatches
from mechint_course.figures import sae_dead as dead_pictures
from mechint_course.language import activations, evaluation_text, load_model, training_text
from mechint_course.sae import Resampling, Shuffled, StandardSAE, TopKSAE, census, density, fvu, train_sae, train_saes

model = load_model("A")
n_inputs, n_latents = sized(60_000, smoke=4_000), sized(512, smoke=64)
one_buffer = ActivationBatches(model, training_text("A", tokens=2 * n_inputs).tokens, batch_size=n_inputs, buffer=n_inputs, seed=1)
pool = next(iter(one_buffer))
unseen = activations(model, evaluation_text().sample(sized(12, smoke=1), seed=5).tokens)[:, 1:].flatten(0, 1)
print(f"{len(pool):,} activations to learn from, {len(unseen):,} of held-out text to count on")

# %% [markdown]
# {{exercise sae.guess_dead}}
#
# Start with no cure at all: a top-k dictionary with 4 latents on at a token, trained for nearly two rounds over these activations. How many of its 512 latents will never be on in the held-out text? Choose one of `"under 1 in 50"`, `"1 in 50 to 1 in 10"`, `"more than 1 in 10"`.

# %% nbgrader={"grade_id": "sae-guess_dead", "solution": true}
guess_dead = None  # one of: "under 1 in 50", "1 in 50 to 1 in 10", "more than 1 in 10"
### BEGIN SOLUTION
guess_dead = "1 in 50 to 1 in 10"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_dead-check", "grade": true}
check("sae.guess_dead")

# %%
batches = Shuffled(pool, batch_size=256, seed=0)
course = {"n_steps": sized(400, smoke=10), "learning_rate": 1e-3, "dead_after": sized(20_000, smoke=500)}
size = {"d_in": pool.shape[1], "d_sae": n_latents, "seed": 0}
untreated = TopKSAE(k=4, aux_weight=0.0, **size)
logs = {"no cure": train_sae(untreated, batches, **course)}
with torch.no_grad():
    silent = density(untreated.encode(unseen)) == 0
print(f"Never on in {len(unseen):,} tokens: {int(silent.sum())} of {n_latents:,} latents ({silent.float().mean():.0%}). You predicted: {guess_dead}.")

# %% [markdown]
# The first cure is Bricken et al.'s **resampling**. At a few moments of the training, every dead latent starts again, at an input that the dictionary reconstructs badly. Two pieces of it are yours. First: which inputs? Each is drawn with a chance proportional to the **square** of its loss, where the loss of an input is $|x - \hat x|^2$.

# %% [markdown]
# {{exercise sae.resampling_chances}}
#
# Compute every input's chance.

# %% nbgrader={"grade_id": "sae-resampling_chances", "solution": true}
def resampling_chances(
    x: Float[Tensor, "batch d_in"], reconstruction: Float[Tensor, "batch d_in"]
) -> Float[Tensor, "batch"]:
    """The chance of each input to be drawn: proportional to its loss squared; the sum is 1.

    By hand: two inputs with the losses 1 and 3 have the squares 1 and 9, so their chances are 0.1 and 0.9.
    """
    ### BEGIN SOLUTION
    loss = (x - reconstruction).square().sum(dim=-1)
    return loss**2 / (loss**2).sum()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-resampling_chances-check", "grade": true}
check("sae.resampling_chances")

# %% [markdown]
# {{exercise sae.restart}}
#
# Then the new start. Each dead latent gets one of the drawn inputs, in order. Its decoder row becomes the direction of `input - b_dec`, at length 1. Its encoder column becomes the same direction, 0.2 times as long as the encoder column of a **living** latent is on average. Its bias becomes 0. Return new tensors and leave the old ones as they are.

# %% nbgrader={"grade_id": "sae-restart", "solution": true}
def restart(
    dead: Bool[Tensor, "d_sae"],
    inputs: Float[Tensor, "n_dead d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, "d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, "d_in"],
) -> tuple[Float[Tensor, "d_in d_sae"], Float[Tensor, "d_sae"], Float[Tensor, "d_sae d_in"]]:
    """W_enc, b_enc and W_dec after the dead latents started again; row i of `inputs` is for the i-th dead one.

    By hand: the input [4, 4] with b_dec = [1, 0] lies in the direction [3, 4], at length 1 [0.6, 0.8]. Where the living
    encoder columns have the lengths 1 and 3, the mean is 2, and the new column is 0.2 * 2 * [0.6, 0.8] = [0.24, 0.32].
    """
    ### BEGIN SOLUTION
    directions = inputs - b_dec
    directions = directions / directions.norm(dim=1, keepdim=True)
    length = W_enc[:, ~dead].norm(dim=0).mean()
    W_enc, b_enc, W_dec = W_enc.clone(), b_enc.clone(), W_dec.clone()
    W_enc[:, dead] = (0.2 * length * directions).T
    b_enc[dead] = 0
    W_dec[dead] = directions
    return W_enc, b_enc, W_dec
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-restart-check", "grade": true}
check("sae.restart")

# %%
restarted, some = TopKSAE(k=4, **size), pool[:8192]
if silent.any():
    with torch.no_grad():
        made = untreated.reconstruct(some)
        drawn = torch.multinomial(resampling_chances(some, made), int(silent.sum()), generator=torch.Generator().manual_seed(0))
        loss = (some - made).square().sum(dim=1)
        print(f"A drawn input has a loss of {loss[drawn].mean():.1f} on average, any input one of {loss.mean():.1f}.")
        weights = restart(silent, some[drawn], untreated.W_enc, untreated.b_enc, untreated.W_dec, untreated.b_dec)
        for old, new in zip((restarted.W_enc, restarted.b_enc, restarted.W_dec, restarted.b_dec), (*weights, untreated.b_dec), strict=True):
            old.copy_(new)
        again = density(restarted.encode(unseen))[silent] > 0
    print(f"Of the {int(silent.sum())} that started again, {int(again.sum())} are on somewhere in the held-out text, before any further training.")

# %% [markdown]
# A new latent begins quietly on purpose: with a longer encoder column it would push living latents aside at once. Training decides what becomes of it.
#
# The second cure, **AuxK** (Gao et al. 2024), works at every step. It gives dead latents a task of their own: rebuild what the living ones have **left over**, $e = x - \hat x$. The $k$ dead latents with the largest pre-activations try:
#
# $$L_{aux} = \big|\, e - \sum_{j \in \text{top-}k\text{ of the dead}} \mathrm{ReLU}(h_j)\, d_j \,\big|^2$$
#
# averaged over the batch. It is added to the dictionary's loss, and the dead learn from it, encoder included. The living must not: they would learn to leave things over. This $k$ is a number of its own: Gao et al. take half of $d_{in}$ and weigh the loss by 1/32. The library takes the same number, and a weight of 1, because our training is short.

# %% [markdown]
# {{exercise sae.auxk}}
#
# Write $L_{aux}$. `pre` holds the pre-activations $h$ of all latents. Where nothing is dead, the loss is 0; where fewer than `k` are dead, all of them try. Gradients reach `pre` and `W_dec`, and neither `x` nor `reconstruction`.

# %% nbgrader={"grade_id": "sae-auxk", "solution": true}
def auxk(
    x: Float[Tensor, "batch d_in"],
    reconstruction: Float[Tensor, "batch d_in"],
    pre: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    dead: Bool[Tensor, "d_sae"],
    k: int,
) -> Float[Tensor, ""]:
    """What the k most nearly active dead latents still miss of x - reconstruction: squared, summed over d_in, mean over the batch.

    By hand: one input whose error is [3, 1], two dead latents with pre-activations 2 and 1 and the directions [1, 0] and
    [0, 1], and k = 1. The first one tries: [3, 1] - 2 * [1, 0] = [1, 1], so the loss is 2.
    """
    ### BEGIN SOLUTION
    if not dead.any():
        return x.new_zeros(())
    left_over, own = (x - reconstruction).detach(), pre[:, dead]
    values, chosen = own.topk(min(k, own.shape[1]), dim=-1)
    latents = torch.zeros_like(own).scatter(-1, chosen, values.relu())
    return (left_over - latents @ W_dec[dead]).square().sum(dim=-1).mean()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-auxk-check", "grade": true}
check("sae.auxk")

# %% [markdown]
# Now both cures, in full: the library's resampling (the same procedure as yours, at four moments in the first half of the training) and its AuxK. And beside them the L1 dictionary, which has no cure either.

# %%
resampled, with_auxk = TopKSAE(k=4, aux_weight=0.0, **size), TopKSAE(k=4, **size)
penalty = StandardSAE(l1_coefficient=1.0, **size)
logs["resampling"] = train_sae(resampled, batches, resampling=Resampling(), **course)
logs["AuxK"], logs["L1, no cure"] = train_saes([with_auxk, penalty], batches, **course)
with torch.no_grad():
    cured = dict(zip(logs, (untreated, resampled, with_auxk, penalty), strict=True))
    often = {name: density(sae.encode(unseen)) for name, sae in cured.items()}
    missed = {name: fvu(unseen, sae.reconstruct(unseen)) for name, sae in cured.items()}
BOUND = 5e-4
print(f"{'':14}{'dead':>6}{'ultralow':>10}{'rest':>7}{'FVU':>8}")
for name, found in often.items():
    counts = census(found, ultralow_below=BOUND)
    print(f"{name:14}{counts.dead:6}{counts.ultralow:10}{counts.rest:7}{missed[name]:8.3f}")
dead_pictures.silent_along(logs, total=n_latents, title="Along the training")

# %% [markdown]
# Left: how many latents have been silent for the last 20,000 activations, along each training; it cannot be above 0 before that. Right: the share of variance missed. Where resampling finds dead latents, they count as living again at once; what becomes of them shows later. AuxK works all the time. The table counts on held-out text what is dead in the end.
#
# Compare each cure with no cure in the column `dead`, and do not take it for granted that both help. A latent that starts again must win its place before the training ends, and this training is short: those that were started last have had little time. Bricken et al. resample at the steps 25,000, 50,000, 75,000 and 100,000; here a training has 400 steps in all.

# %%
dead_pictures.densities(often, lowest=1 / len(unseen), ultralow_below=BOUND, title=f"How often latents are on, in {len(unseen):,} held-out tokens")

# %% [markdown]
# One panel for each dictionary: how many latents have which density, on a logarithmic axis. The hatched bar at the left is those that are never on; the dashed line is where we let "ultralow" begin, at five tokens in ten thousand, because on so few tokens nothing finer can be counted. (Bricken et al. had 100 million tokens and put it at one in a million.) Compare the L1 panel with the others: is there a second hill below the line, apart from the first?
#
# > **Question.** A cure brings every latent back. Are all of them features now?
# >
# > <details><summary>Our answer</summary>No. Being on is a low bar: a latent can be on for scattered tokens with nothing in common. Look at the column FVU: if the dead come back and the error hardly falls, the new ones carry little. Bricken et al. found most ultralow latents hard to make sense of. A dead count of 0 says that nothing is wasted, and not that everything means something.</details>

# %% [markdown]
# ## 6. The frontier (extension)
#
# Two numbers pull against each other. With more latents on (a higher L0) a dictionary misses less (a lower FVU), and it is harder to read. So dictionaries are compared by a whole line of points, their **frontier**: what is missed at each L0. Four kinds of dictionary, which differ in how they keep latents few:
#
# | kind | which latents are on | source |
# |---|---|---|
# | L1 | those above 0; a penalty $\lambda \sum_j f_j$ pushes all of them down | Bricken et al. (2023) |
# | top-k | the $k$ largest of each token | Gao et al. (2024) |
# | BatchTopK | the $k \cdot n$ largest of a batch of $n$ tokens | Bussmann et al. (2024) |
# | JumpReLU | those above a threshold of their own, which is learned; a price on how many are on | Rajamanoharan et al. (2024b) |
#
# The first of them has a known flaw. Take one latent alone. Its feature is there with strength $a$, and the dictionary may choose the latent $f \geq 0$ that makes the loss smallest:
#
# $$(a - f)^2 + \lambda f$$

# %% [markdown]
# {{exercise sae.guess_shrinkage}}
#
# Section 2 showed what that penalty does: reconstructions come out too short. Suppose somebody stretches every reconstruction of an L1 dictionary to its right length afterwards. Of what L1 misses **more** than top-k at about the same L0, how much does that repair? Choose one of `"nearly all"`, `"about half"`, `"hardly any"`.

# %% nbgrader={"grade_id": "sae-guess_shrinkage", "solution": true}
guess_shrinkage = None  # one of: "nearly all", "about half", "hardly any"
### BEGIN SOLUTION
guess_shrinkage = "hardly any"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_shrinkage-check", "grade": true}
check("sae.guess_shrinkage")

# %% [markdown]
# {{exercise sae.penalised}}
#
# Work out the best $f$ for each entry of `a`. (You did this in section 2: `best_latent` will do. If you skipped it, do it here.)

# %% nbgrader={"grade_id": "sae-penalised", "solution": true}
def penalised(a: Float[Tensor, "*shape"], l1: float) -> Float[Tensor, "*shape"]:
    """For each entry of a, the f of 0 or more for which (a - f)^2 + l1 * f is smallest.

    By hand, with a = 3 and l1 = 2: f = 1, 2 and 3 cost 6, 5 and 6. The slope 2 (f - 3) + 2 is 0 at f = 2.
    """
    ### BEGIN SOLUTION
    return (a - l1 / 2).clamp(min=0)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-penalised-check", "grade": true}
check("sae.penalised")

# %%
a = torch.linspace(-1, 6, 8)
print("strength of the feature     ", [round(value, 1) for value in a.tolist()])
print("the best latent, with l1 = 2", [round(value, 1) for value in penalised(a, 2.0).tolist()])
print("the best latent, with none  ", [round(value, 1) for value in penalised(a, 0.0).tolist()])

# %% [markdown]
# The penalty does two things at once. It switches weak latents off, which is what you wanted. And it takes the same amount off every latent that stays on, however strong, which nobody wanted: the reconstruction is too short. That is the shrinkage of section 2.
#
# Top-k has no penalty. Which latents are on is decided by their order; what those that are on are worth is decided by the squared error alone, and there the best $f$ is $a$ itself. A threshold does the same: a value passes whole or not at all.
#
# Top-k gives every token the same number of latents, a hard one and an easy one alike. BatchTopK lets the tokens of a batch share.

# %% [markdown]
# {{exercise sae.batch_topk}}
#
# Keep the `k * batch` largest entries of the whole batch, apply the ReLU, and set all others to 0.

# %% nbgrader={"grade_id": "sae-batch_topk", "solution": true}
def batch_topk(h: Float[Tensor, "batch d_sae"], k: int) -> Float[Tensor, "batch d_sae"]:
    """ReLU of the k * batch largest entries of h, 0 elsewhere.

    By hand: h = [[5, 4, -1], [1, 3, 0.5]] and k = 1 give a budget of two entries. Both go to the first row:
    [[5, 4, 0], [0, 0, 0]].
    """
    ### BEGIN SOLUTION
    least = h.flatten().topk(k * len(h)).values[-1]
    return torch.where(h >= least, h, 0).relu()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-batch_topk-check", "grade": true}
check("sae.batch_topk")

# %% [markdown]
# In use a BatchTopK dictionary must not depend on which other tokens stand in the batch. So it keeps what exceeds a threshold that it has learned in training: it becomes a JumpReLU dictionary with one threshold for all.
#
# Now the race. Every dictionary has 512 latents and gets the same batches, in the same order, for the same number of steps. Each kind is trained at several settings. This is a small race: with more latents and far more training all of them get better, and not all by the same amount.

# %%
from mechint_course.features.stream import ActivationBatches
from mechint_course.figures import sae_frontier as frontier_pictures
from mechint_course.language import activations, evaluation_text, load_model, training_text
from mechint_course.sae import BatchTopKSAE, JumpReLUSAE, Shuffled, StandardSAE, TopKSAE, fvu, l0, shrinkage, train_saes

model = load_model("A")
n_inputs, n_latents = sized(100_000, smoke=4_000), sized(512, smoke=64)
one_buffer = ActivationBatches(model, training_text("A", tokens=2 * n_inputs).tokens, batch_size=n_inputs, buffer=n_inputs, seed=1)
pool = next(iter(one_buffer))
unseen = activations(model, evaluation_text().sample(sized(8, smoke=1), seed=5).tokens)[:, 1:].flatten(0, 1)

# %%
size = {"d_in": pool.shape[1], "d_sae": n_latents, "seed": 0}
contenders = {
    "L1": [StandardSAE(l1_coefficient=penalty, **size) for penalty in sized((0.3, 0.6, 1.2), smoke=(0.6,))],
    "top-k": [TopKSAE(k=k, **size) for k in sized((8, 16, 32), smoke=(4,))],
    "BatchTopK": [BatchTopKSAE(k=k, **size) for k in sized((8, 16, 32), smoke=(4,))],
    "JumpReLU": [JumpReLUSAE(l0_coefficient=price, **size) for price in sized((0.001, 0.002, 0.004), smoke=(0.002,))],
}
everyone = [sae for kind in contenders.values() for sae in kind]
batches = Shuffled(pool, batch_size=sized(512, smoke=256), seed=0)
train_saes(everyone, batches, n_steps=sized(240, smoke=10), learning_rate=3e-3, dead_after=sized(20_000, smoke=500))


def point(sae) -> frontier_pictures.Point:
    """What a dictionary, in the form in which it is used, makes of text it has not seen."""
    with torch.no_grad():
        used = sae.inference()
        latents = used.encode(unseen)
        made = used.decode(latents)
        factor = shrinkage(unseen, made)
        longer = unseen.mean(0) + (made - unseen.mean(0)) / factor
        return frontier_pictures.Point(l0(latents), fvu(unseen, made), factor, fvu(unseen, longer))


points = {kind: [point(sae) for sae in saes] for kind, saes in contenders.items()}
print(f"{'':10}{'L0':>8}{'FVU':>8}{'length':>9}{'FVU at the right length':>26}")
for kind, line in points.items():
    for p in line:
        print(f"{kind:10}{p.l0:8.1f}{p.fvu:8.3f}{p.shrinkage:9.3f}{p.fvu_rescaled:26.3f}")

# %%
frontier_pictures.frontier(points, guess=guess_shrinkage, title=f"{len(everyone)} small dictionaries, trained alike")

# %% [markdown]
# Left: each mark is one dictionary, further left with fewer latents on, further down with less missed. A line below another one is better at every L0. Right: how long the reconstructions of the same dictionaries are, measured from the mean; on the dotted line they have the right length. The L1 line lies far below it, and the others near it.
#
# Is the shrinkage the reason why L1 misses more? The last column of the table stretches every reconstruction to the right length. Compare its L1 rows with the FVU beside them, and both with top-k at about the same L0: the gap hardly closes. What is missed then has other reasons, and a race this short cannot tell them apart.
#
# > **Question.** Somebody compares two dictionaries by FVU alone, one with L0 = 20 and one with L0 = 60, and says the second is better. What would you ask for?
# >
# > <details><summary>Our answer</summary>Both at one L0, or both lines. A dictionary with more latents on misses less for that reason alone; in the limit, all 512 neurons at once miss nothing. And a low FVU at a low L0 still does not say that the latents mean anything: section 8 looks at a dictionary of a model with random weights.</details>

# %% [markdown]
# ## 7. Proof by intervention (extension)
#
# You have read features: where they are on, and what they speak for. Reading is correlation. To see that the model **uses** a feature, change it and watch the model.
#
# One trap first. The dictionary does not give back $x$ but $\hat x$, and the model with $\hat x$ in its layer is already a little damaged. If you switch a feature off in the reconstruction, you measure the feature *and* all that the dictionary misses. So keep the **error**: the model goes on with
#
# $$x' = \hat x' + (x - \hat x)$$
#
# where $\hat x'$ is the reconstruction with one latent changed. Then the model runs as it always does, but for that one latent.

# %% [markdown]
# {{exercise sae.set_feature}}
#
# Set one latent to `value` at every token and keep everything else, the error included. Most of the sum cancels: find out what remains.

# %% nbgrader={"grade_id": "sae-set_feature", "solution": true}
def set_feature(
    x: Float[Tensor, "batch n_ctx d_in"], sae, latent: int, value: float
) -> Float[Tensor, "batch n_ctx d_in"]:
    """The activations with one latent at `value` everywhere, and nothing else changed.

    By hand: where x is [3, 1], the latent is at 2 and its decoder row is [0.6, 0.8], switching it off gives
    [3, 1] - 2 * [0.6, 0.8] = [1.8, -0.6]. Where the latent is off already, x stays as it is.
    """
    ### BEGIN SOLUTION
    f = sae.encode(x)[..., latent]
    return x + (value - f)[..., None] * sae.W_dec[latent]
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-set_feature-check", "grade": true}
check("sae.set_feature")

# %% [markdown]
# {{exercise sae.feature_damage}}
#
# Switch a feature off while the model reads: how much worse does it predict each token? Positive numbers mean worse. `model(tokens, return_type="loss", loss_per_token=True)` gives the loss of every predicted token; `run_with_hooks` takes the same words.

# %% nbgrader={"grade_id": "sae-feature_damage", "solution": true}
def feature_damage(
    model, sae, tokens: Int[Tensor, "batch n_ctx"], latent: int
) -> Float[Tensor, "batch n_ctx_less_one"]:
    """The loss at each predicted token with the latent at 0 and the error kept, minus the loss of the untouched model.

    By hand: a token that the model predicts with a loss of 1.2, and with 1.5 when the feature is off, gives 0.3.
    """
    ### BEGIN SOLUTION
    def off(x, hook):
        return x - sae.encode(x)[..., latent, None] * sae.W_dec[latent]

    clean = model(tokens, return_type="loss", loss_per_token=True)
    changed = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(ACTIVATION_HOOK, off)])
    return (changed - clean).detach()
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-feature_damage-check", "grade": true}
check("sae.feature_damage")

# %% [markdown]
# The features come from training text, so the held-out text has chosen nothing. For each domain take the latent whose being on agrees with it best (F1, 2 · hits / (tokens it is on for + tokens of the domain)). Beside it stand the neuron whose mean inside the domain and outside lie farthest apart, and a second trap: the same feature switched off with the error **dropped**.

# %%
from mechint_course.features import bigrams, interventions, splice, steering
from mechint_course.features.latents import best_by_f1, sparse_latents
from mechint_course.figures import sae_proof as proof_pictures
from mechint_course.language import activations, evaluation_text, load_model, token_strings, training_text
from mechint_course.sae import load_dictionary

model, dictionary = load_model("A"), load_dictionary("A-4096")
STUDIED = sized(("dna", "http", "hebrew", "licences", "nutrition", "citations"), smoke=("dna", "http"))
counted = training_text("A", tokens=sized(400_000, smoke=60_000))
learned = counted.sample(sized(12, smoke=2), seed=3)
x = activations(model, learned.tokens)[:, 1:].flatten(0, 1)
label = learned.domain.repeat_interleave(learned.tokens.shape[1] - 1)
rows = sparse_latents(dictionary, x)
number = {domain: learned.domains.index(domain) for domain in STUDIED}
best = best_by_f1(rows, label, len(learned.domains), k=3)
feature = {domain: int(best[number[domain], 0]) for domain in STUDIED}
neurons = {domain: steering.separating_neurons(x, label == number[domain], 3) for domain in STUDIED}

# %%
probe = evaluation_text().sample(sized(4, smoke=1), seed=4)
clean = interventions.with_activation(model, probe.tokens, None)
with splice.spliced(model, dictionary):
    print(f"Dropping x - x̂ alone, with no feature changed, costs {float((interventions.with_activation(model, probe.tokens, None) - clean).mean()):.3f} nats a token.")
ways = ("feature off", "neuron off", "feature off, error dropped")
inside, outside = {way: [] for way in ways}, {way: [] for way in ways}
for domain in STUDIED:
    there = probe.domain == probe.domains.index(domain)
    latent = feature[domain]
    rises = {
        "feature off": feature_damage(model, dictionary, probe.tokens, latent),
        "neuron off": interventions.loss_change(model, probe.tokens, interventions.set_neuron(neurons[domain][0])),
    }
    with splice.spliced(model, dictionary, edit=lambda f, latent=latent: f.index_fill(-1, torch.tensor([latent]), 0.0)):
        rises["feature off, error dropped"] = interventions.with_activation(model, probe.tokens, None) - clean
    for way, rise in rises.items():
        inside[way].append(float(rise[there].mean()))
        outside[way].append(float(rise[~there].mean()))
    print(f"{domain:10} latent {latent:5}: the loss rises by {inside['feature off'][-1]:+.4f} in the domain, {outside['feature off'][-1]:+.5f} elsewhere")
proof_pictures.damage(STUDIED, inside, outside, title="With one thing switched off")

# %% [markdown]
# Filled marks are the domain's own tokens, hollow ones all others; further right is worse, on a scale where each tick is ten times the one before. Look first at the circles, the feature off and the error kept: how far apart do filled and hollow lie? The squares: one neuron can cost the domain more than one feature, because it takes part in many features; compare how far its hollow square lies from 0. Then at the triangles. With the error dropped the hollow marks move far to the right: all text suffers from what the dictionary misses, whatever the feature, and the filled marks mix that with the feature's own part. That is what dropping $x - \hat x$ breaks.
#
# The size of the damage matters too. One latent is one of sixteen at a token, and a domain has many. So a filled circle can lie at 0, or even a little to the left of it: a latent that tells a domain well need not be one that the model misses. Other latents may say the same, or the model may do nothing with it. **On for a domain** and **used for a domain** are two claims, and only the second needs an intervention.
#
# > **Question.** At every token where the latent is off, the loss does not change at all. Somebody writes: "so the feature is specific: it affects only its own domain". Is that evidence?
# >
# > <details><summary>Our answer</summary>No, it is architecture. This model has one layer: what the MLP writes at a position changes the logits of that position and of no other. Switching off a latent that is off changes nothing, in any dictionary, for a latent that means nothing as well. Evidence is how much the loss rises where it is on, and that its places lie in one domain.</details>
#
# Now the other way. Hold the feature **on**: the model continues 50 beginnings of plain text, and at every token the latent is pinned at the largest value that it reaches in training text. Does the text turn? Three rivals are pinned in the same way, at the largest value that each reaches by itself: the best neuron, the component along the difference of the domain's mean and all others' (chapter 2), and a latent drawn at random.

# %% [markdown]
# {{exercise sae.guess_pinned}}
#
# Over all domains, what will turn most texts? Choose one of `"the feature"`, `"the best neuron"`, `"the mean difference"`, `"no clear winner"`.

# %% nbgrader={"grade_id": "sae-guess_pinned", "solution": true}
guess_pinned = None  # one of: "the feature", "the best neuron", "the mean difference", "no clear winner"
### BEGIN SOLUTION
guess_pinned = "the mean difference"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_pinned-check", "grade": true}
check("sae.guess_pinned")

# %% [markdown]
# The judge is that of chapter 2. It knows nothing of the model: it counts pairs of neighbouring tokens in the training text of each domain, and calls a text turned where it is likelier in this domain than in any other and at least a quarter of its pairs occur there. Feature and neuron get the same advantage: three candidates each are tried on other beginnings, and the one that turns most goes into the contest.

# %%
NEUTRAL = ("manual", "docstrings", "dialogue", "bank", "god")
N_NEW = sized(20, smoke=3)
judge = bigrams.count_pairs(counted, model.cfg.d_vocab)
beginnings = evaluation_text().sample(sized(10, smoke=1), seed=2)
prompts = torch.cat([beginnings.of(domain).tokens[:, :12] for domain in NEUTRAL])
trials = torch.cat([learned.of(domain).tokens[: sized(3, smoke=1), :12] for domain in NEUTRAL])
most = torch.from_numpy(rows.max(axis=0).toarray()).flatten()  # the largest value of each latent


def turned(edit, domain, tokens):
    """Which of the texts turn to the domain while `edit` changes every token's activations, and the texts."""
    new = steering.continue_text(lambda so_far: steering.next_logits(model, so_far, edit), tokens, N_NEW)
    return judge.turned_to(new, domain), new


def pinned_feature(latent):
    return lambda activation: set_feature(activation, dictionary, latent, float(most[latent]))


def pinned_neuron(neuron):
    return interventions.set_neuron(neuron, float(x[:, neuron].max()))


alive = torch.nonzero(most > 0)[:, 0]
by_lot = int(alive[torch.randint(len(alive), (1,), generator=torch.Generator().manual_seed(0))])
outcome, plain = {}, turned(None, STUDIED[0], prompts)[1]
for domain in STUDIED:
    direction = steering.difference_of_means(x, label == number[domain])
    level = float((x[label == number[domain]] @ direction).max())
    tried = {latent: int(turned(pinned_feature(latent), domain, trials)[0].sum()) for latent in best[number[domain]].tolist()}
    tested = {neuron: int(turned(pinned_neuron(neuron), domain, trials)[0].sum()) for neuron in neurons[domain]}
    edits = {
        "feature": pinned_feature(max(tried, key=tried.get)),
        "best neuron": pinned_neuron(max(tested, key=tested.get)),
        "mean difference": steering.set_component(direction, level),
    }
    outcome[domain] = {way: turned(edit, domain, prompts) for way, edit in edits.items()}
drawn = turned(pinned_feature(by_lot), STUDIED[0], prompts)[1]  # one run for all domains
for domain in STUDIED:
    outcome[domain]["random latent"] = judge.turned_to(drawn, domain), drawn
    outcome[domain]["nothing"] = judge.turned_to(plain, domain), plain

# %%
share = {
    domain: {way: (float(hits.float().mean()), *steering.share_interval(int(hits.sum()), len(hits))) for way, (hits, _) in row.items()}
    for domain, row in outcome.items()
}
print(f"{'':12}" + "".join(f"{way:>18}" for way in share[STUDIED[0]]))
for domain, row in share.items():
    print(f"{domain:12}" + "".join(f"{middle:18.0%}" for middle, _, _ in row.values()))
means = {way: sum(row[way][0] for row in share.values()) / len(share) for way in share[STUDIED[0]]}
print(f"{'all':12}" + "".join(f"{value:18.0%}" for value in means.values()))
proof_pictures.turned(share, guess=guess_pinned, title=f"Share of {len(prompts)} neutral texts that turn to the domain")

# %% [markdown]
# One group of bars for each domain: the share of the texts that turn, with its 95 % interval. The last two are the floor: a latent drawn by lot, and no push at all. A way that does not rise above both, intervals included, has shown nothing for this domain. Now read some of the texts.

# %%
for domain in STUDIED[:4]:
    for way in ("feature", "best neuron", "mean difference"):
        hits, new = outcome[domain][way]
        print(f"{domain:10} {way:16} {''.join(token_strings(new[int(hits.float().argmax())]))!r}")

# %% [markdown]
# A pinned feature says one thing at every token, the same thing; where a domain needs several things in turn, one feature alone cannot write it.
#
# The mean difference had labels for every token of the domain, and it is made of all the domain's features at once. The feature was found without a single label; labels only told which of thousands to take.
#
# > **Question.** Pinning shows that a feature **can** turn a text. What do the two experiments of this section show together that neither shows alone?
# >
# > <details><summary>Our answer</summary>Off shows that the model needs the feature where it is on by itself: necessary, for some of what the model does in the domain. On shows that the feature alone brings the domain about: sufficient, where the share is high. A direction that steers well and whose removal costs nothing may be a lever that the model never pulls.</details>

# %% [markdown]
# ## 8. Is it real? (extension)
#
# A method that finds features everywhere has found nothing. So run it where there is nothing to find. The **control** is model A with random numbers in place of its attention and MLP weights; its embeddings are kept. A dictionary of 4,096 latents was trained on its activations in the same way as on A's.
#
# From here on you use the dictionaries that come with the course. The next cell loads them and the text; it needs nothing from above.

# %%
from mechint_course.features import explain
from mechint_course.features.control_scores import favourite_tokens, next_token_scores
from mechint_course.features.correlation import as_rows
from mechint_course.features.latents import latent_on_text, sparse_latents
from mechint_course.figures import sae_real as real_pictures
from mechint_course.figures import sae_splitting as splitting_pictures
from mechint_course.sae import best_unions, load_dictionary

model, control_model = load_model("A"), load_model("control")
widths = [load_dictionary(name) for name in sized(("A-512", "A-4096", "A-16384"), smoke=("A-512", "A-4096"))]
wide, control_sae = widths[1], load_dictionary("control-4096")
some_text = evaluation_text().sample(sized(16, smoke=2))
d_vocab = model.cfg.d_vocab
flat_tokens = some_text.tokens[:, 1:].flatten()
flat_domain = some_text.domain.repeat_interleave(some_text.tokens.shape[1] - 1)
odd = some_text.document % 2 == 1
layers = {"A": activations(model, some_text.tokens)[:, 1:].flatten(0, 1), "control": activations(control_model, some_text.tokens)[:, 1:].flatten(0, 1)}

# %% [markdown]
# {{exercise sae.guess_control}}
#
# The control has learned nothing. How well does its dictionary reconstruct its activations, by the share of variance missed, compared with A's? Choose one of `"much worse"`, `"about as well"`, `"better"`.

# %% nbgrader={"grade_id": "sae-guess_control", "solution": true}
guess_control = None  # one of: "much worse", "about as well", "better"
### BEGIN SOLUTION
guess_control = "about as well"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_control-check", "grade": true}
check("sae.guess_control")

# %% [markdown]
# {{exercise sae.matched_noise}}
#
# A second control: noise that has the layer's mean and covariance and nothing else. You get `z`, independent numbers of mean 0 and variance 1. Turn each row into noise for the layer. Divide the covariance by the number of rows.

# %% nbgrader={"grade_id": "sae-matched_noise", "solution": true}
def matched_noise(
    x: Float[Tensor, "n_tokens d_in"], z: Float[Tensor, "n_noise d_in"]
) -> Float[Tensor, "n_noise d_in"]:
    """The mean of x plus a fixed matrix times each row of z, so that the noise has the covariance of x.

    By hand, with one neuron: x = [[1.0], [5.0]] has mean 3 and variance 4. A row z = [0.5] becomes [4.0] (or [2.0]:
    any square root of the covariance will do).
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    root = vectors * values.clamp_min(0).sqrt()
    return x.mean(dim=0) + z @ root.T
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-matched_noise-check", "grade": true}
check("sae.matched_noise")

# %% [markdown]
# {{exercise sae.favourite_share}}
#
# What could a latent of a random model answer to? To the current token: the embeddings are still there. So ask each latent how much of all its activation falls on its **favourite token**. A latent that is never on has the share 0.

# %% nbgrader={"grade_id": "sae-favourite_share", "solution": true}
def favourite_share(
    latents: Float[Tensor, "n_tokens n_latents"], tokens: Int[Tensor, "n_tokens"], d_vocab: int
) -> Float[Tensor, "n_latents"]:
    """For each latent: of the sum of its activations, the share on the token where that share is largest.

    By hand: activations 2, 1 and 1 on the tokens 4, 4 and 0. Token 4 gets 3 of 4, so the share is 0.75.
    """
    ### BEGIN SOLUTION
    spent = torch.zeros(d_vocab, latents.shape[1]).index_add_(0, tokens, latents)
    return spent.amax(dim=0) / spent.sum(dim=0).clamp_min(1e-30)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-favourite_share-check", "grade": true}
check("sae.favourite_share")

# %% [markdown]
# Now the table. The last line is a logit test: at the places where a latent is on, do its logit weights rank the token that really comes next above one drawn at random? 50 % is chance.

# %%
following = torch.cat([some_text.tokens[:, 2:], torch.full_like(some_text.tokens[:, :1], -1)], dim=1).flatten()
has_next = following >= 0
table = {}
for name, network, dictionary in (("A", model, wide), ("control", control_model, control_sae)):
    rows = sparse_latents(dictionary, layers[name])
    often = torch.from_numpy((rows > 0).sum(axis=0)) >= sized(30, smoke=5)
    speaks = logit_weights(network, dictionary.W_dec)
    next_token = next_token_scores(rows[has_next.numpy()], following[has_next], speaks)
    losses = splice.loss_recovered(network, some_text.tokens[::8], dictionary)
    table[name] = {
        "share of variance missed": fvu(layers[name], dictionary.reconstruct(layers[name])),
        "latents on at a token": float((rows > 0).sum() / rows.shape[0]),
        "favourite token's share, median": float(favourite_tokens(rows, flat_tokens, d_vocab).share[often].median()),
        "loss, layer untouched": losses.clean,
        "loss, reconstruction": losses.patched,
        "loss, zeros": losses.zero_ablated,
        "next token above a random one, median": float(next_token[often].nanmedian()),
    }
z = torch.randn(sized(4096, smoke=600), layers["A"].shape[1], generator=torch.Generator().manual_seed(0))
noise = matched_noise(layers["A"], z)
print(f"{'':40}{'A':>8}{'control':>10}")
for line in table["A"]:
    print(f"{line:40}{table['A'][line]:8.3f}{table['control'][line]:10.3f}")
print(f"A's dictionary on noise with the layer's covariance misses {fvu(noise, wide.reconstruct(noise)):.3f} of its variance.")
print(f"You predicted that the control's is: {guess_control}.")
real_pictures.beside_control(
    {name: tuple(row[f"loss, {way}"] for way in ("layer untouched", "reconstruction", "zeros")) for name, row in table.items()},
    {name: {line: row[line] for line in row if line.startswith(("share", "favourite", "next"))} for name, row in table.items()},
)

# %% [markdown]
# Left: the loss of each model with its layer untouched, replaced by its dictionary's reconstruction, and by zeros. Right: the three other scores of both, a circle for A and a square for the control; the dotted line is what chance gives in the last of them.
#
# Read the table line by line. Most of the control's variance is there too, with as few latents, and nothing has been learned: a reconstruction like that is no evidence of features. The noise is another matter. It has the layer's mean and covariance, and A's dictionary fails on it: what the dictionary has learned is more than those two. (It was not trained on noise, so this is no race against the control.) Nor does a high share of the favourite token speak for a model: latents of the control answer to single tokens too, which makes them easy to name.
#
# Look at the three losses of the control. If the untouched layer is *worse* than zeros, then "loss recovered" would divide a harm by a harm and come out near 100 %. Print the losses, not the share alone. The last line is not fooled: a random layer has not learned what its outputs do to the next token.
#
# > **Question.** Which of these numbers would you ask for first in a paper about features?
# >
# > <details><summary>Our answer</summary>The one that asks the model: the losses themselves, beside a control, and a test of what a latent does to the output. Reconstruction and sparsity say that data can be compressed.</details>

# %% [markdown]
# ## 9. Recall and splitting (extension)
#
# A latent can be precise and still miss most of its domain. Two questions follow. How many latents does it take to cover a domain? And where do the latents of a larger dictionary come from?

# %% [markdown]
# {{exercise sae.guess_wider}}
#
# From 512 to 4,096 and on to 16,384 latents: what happens to the best single latent of a typical domain, the one with the largest F1? Choose one of `"precision and recall rise"`, `"precision rises, recall falls"`, `"both stay"`, `"precision falls, recall rises"`.

# %% nbgrader={"grade_id": "sae-guess_wider", "solution": true}
guess_wider = None  # one of: "precision and recall rise", "precision rises, recall falls", "both stay", "precision falls, recall rises"
### BEGIN SOLUTION
guess_wider = "precision rises, recall falls"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_wider-check", "grade": true}
check("sae.guess_wider")

# %% [markdown]
# {{exercise sae.next_in_union}}
#
# A union of latents is on where one of them is. Build it greedily: `covered` says where the union is on so far, and you choose the latent that makes the **F1 of the new union** largest. $F_1 = 2 \cdot hits / (places\ where\ it\ is\ on + places\ with\ the\ label)$.

# %% nbgrader={"grade_id": "sae-next_in_union", "solution": true}
def next_in_union(
    on: Bool[Tensor, "n_tokens n_latents"], label: Bool[Tensor, "n_tokens"], covered: Bool[Tensor, "n_tokens"]
) -> int:
    """The number of the latent whose union with `covered` has the largest F1.

    By hand: three places have the label, two are covered. A latent that is on at the third alone makes F1 = 6 / 6; one
    that repeats the two leaves it at 4 / 5.
    """
    ### BEGIN SOLUTION
    union = on | covered[:, None]
    hits = (union & label[:, None]).sum(dim=0)
    f1 = 2 * hits / (union.sum(dim=0) + label.sum())
    return int(f1.argmax())
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-next_in_union-check", "grade": true}
check("sae.next_in_union")

# %% [markdown]
# The library does the same for latents without their zeros (`best_unions`), chosen on one half of the documents and scored on the other.

# %%
choosing_half = (~odd).repeat_interleave(some_text.tokens.shape[1] - 1)
rows_of = [sparse_latents(dictionary, layers["A"]) for dictionary in widths]
columns = {"precision of one": {}, "recall of one": {}, "F1 of five": {}}
for number, name in enumerate(some_text.domains):
    label = flat_domain == number
    if not label[choosing_half].any() or not label[~choosing_half].any():
        continue
    unions = [best_unions(rows, label, choosing_half, k=5) for rows in rows_of]
    if all(unions):
        columns["precision of one"][name] = [u[0].precision for u in unions]
        columns["recall of one"][name] = [u[0].recall for u in unions]
        columns["F1 of five"][name] = [u[-1].f1 for u in unions]
sizes = [dictionary.d_sae for dictionary in widths]
print(f"{'':14}" + "   ".join(f"{measure:>24}" for measure in columns))
print(f"{'latents':14}" + "   ".join("".join(f"{size:8,}" for size in sizes) for _ in columns))
for name in columns["F1 of five"]:
    print(f"{name:14}" + "   ".join("".join(f"{value:8.2f}" for value in rows[name]) for rows in columns.values()))
real_pictures.by_size(sizes, columns, guess=guess_wider)

# %% [markdown]
# In the table one row is a domain. In the picture one thin line is a domain, the thick one the middle of the field: from the narrow dictionary on the left to the wide one on the right. For each size: precision and recall of the best single latent, and the F1 of the best union of at most five. Compare the middle panel with the right one. Where one latent's recall falls and the union holds, the domain has not been lost, it has been divided.

# %% [markdown]
# {{exercise sae.nearest_parent}}
#
# Within one model all dictionaries live in the same space, so directions can be compared. For each latent of the wide dictionary find its parent: the narrow one's latent with the **largest cosine**, or `-1` where that is below `at_least`. Directions may have any length.

# %% nbgrader={"grade_id": "sae-nearest_parent", "solution": true}
def nearest_parent(
    narrow: Float[Tensor, "n_narrow d_in"], wide: Float[Tensor, "n_wide d_in"], at_least: float
) -> Int[Tensor, "n_wide"]:
    """For each row of `wide` the row of `narrow` with the largest cosine, or -1 where it is below `at_least`.

    By hand: narrow = [[1, 0], [0, 5]], wide = [[4, 3], [-1, -1]] and at_least = 0.5. The first has cosines 0.8 and 0.6,
    so its parent is 0; the second has none above 0, so it gets -1.
    """
    ### BEGIN SOLUTION
    narrow_unit = narrow / narrow.norm(dim=1, keepdim=True)
    wide_unit = wide / wide.norm(dim=1, keepdim=True)
    best = (wide_unit @ narrow_unit.T).max(dim=1)
    return torch.where(best.values >= at_least, best.indices, -1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-nearest_parent-check", "grade": true}
check("sae.nearest_parent")

# %% [markdown]
# Follow two parents: the latent of the narrow dictionary whose favourite token is "the", and, of those that spend most of their activation in base64, the one with most children. Below each stand its nearest children in the next dictionary, and below these theirs: the domain where each spends most of its activation, and its favourite token.

# %%
from itertools import pairwise

from mechint_course.features.latents import share_by_domain

directions = [dictionary.W_dec / dictionary.W_dec.norm(dim=1, keepdim=True) for dictionary in widths]
parents = [nearest_parent(narrow, wider, 0.2) for narrow, wider in pairwise(directions)]
spent_in = [share_by_domain(rows, some_text.domain, len(some_text.domains)) for rows in rows_of]
liked = [favourite_tokens(rows, flat_tokens, d_vocab) for rows in rows_of]
the_token = next((token for token in liked[0].token.unique().tolist() if token_strings([token])[0].strip() == "the"), int(liked[0].token[0]))
n_children = torch.bincount(parents[0][parents[0] >= 0], minlength=widths[0].d_sae)
has_children = (n_children > 0) & (spent_in[0].sum(dim=1) > 0)
of_base64 = spent_in[0][:, some_text.domains.index("base64")]
roots = {
    "the": int(torch.where((liked[0].token == the_token) & has_children, liked[0].share, -1.0).argmax()),
    "base64": int(torch.where(of_base64 > 0.5, n_children, -1).argmax()),
}


def family(level: int, latent: int, most: int = 5) -> list[tuple[int, int]]:
    """A latent and what became of it in the wider dictionaries, as (level, latent): of each at most so many, the nearest."""
    below = []
    if level < len(parents):
        children = torch.nonzero((parents[level] == latent) & (spent_in[level + 1].sum(dim=1) > 0))[:, 0]
        near = (directions[level + 1][children] @ directions[level][latent]).argsort(descending=True)
        below = [member for child in children[near][:most].tolist() for member in family(level + 1, child, 2)]
    return [(level, latent), *below]


families = {name: family(0, root) for name, root in roots.items()}
for name, members in families.items():
    print(f"{name}: {n_children[roots[name]]} children in the next dictionary")
    for level, latent in members:
        domain = some_text.domains[int(spent_in[level][latent].argmax())]
        token = token_strings([int(liked[level].token[latent])])[0]
        print(f"{'':{2 + 3 * level}}{widths[level].d_sae:6,} latents, number {latent:5}: "
              f"{spent_in[level][latent].max():4.0%} in {domain:12} {liked[level].share[latent]:4.0%} on {token!r}")

# %% [markdown]
# A child does part of its parent's work: it answers in one kind of text, or to some of the tokens. Names deceive, too: a narrow latent that is mostly on in one kind of text may have most of its children elsewhere. Look in which domain each child lives, and how little of the parent that is. Bricken et al. (2023) saw one base64 feature of 512 become three among 4,096, for letters, for digits and for encoded text, and a feature for "the" become many, each in its own field.
#
# Are these families? A nearest parent exists for every latent, near or not. So look at all cosines at once: do the members of one family point in like directions, and those of two families not?

# %%
members = {name: torch.stack([directions[level][latent] for level, latent in some]) for name, some in families.items()}
labels = [f"{widths[level].d_sae:,}" for some in families.values() for level, _ in some]
splitting_pictures.cosine_map(members, labels)

# %% [markdown]
# Each square is the cosine of two members, and along each side stands the size of the dictionary that a member comes from; the frames hold the families, each in the order of the list above. Where a family is real, its frame is darker than the squares outside the frames. A pale row inside a frame is a child by name only.
#
# The same as a tree, to open yourself. A button opens a latent's children and shows where that latent is on. It begins at the latent of the narrow dictionary that tells a domain best, of those that split; any other can be chosen by its number.

# %%
from mechint_course.features.reading import read_units
from mechint_course.views.splitting import SplittingTree

a_little = some_text.sample(sized(3, smoke=1))
SplittingTree([read_units(model, a_little, dictionary, name=f"A-{dictionary.d_sae}") for dictionary in widths])

# %% [markdown]
# A line is a latent: its number, the domain it tells best and how well, how often it is on, and, below its parent, the cosine between the two directions. The text beside it is where it is strongest.
#
# > **Question.** Is there a right size of a dictionary?
# >
# > <details><summary>Our answer</summary>Not one. A map of a country and a map of a town are both right. What a feature "is" depends on the size that you chose, so say the size with every claim.</details>

# %% [markdown]
# ## 10. Absorption (extension)
#
# Splitting has a darker side. Take a parent feature, "begins with an s", and a child, "snake". Whenever the child is there, so is the parent. A dictionary that may use only few latents can save one: it lets the child's latent point along both directions.
#
# In the toy here four parents have three children each, all sixteen directions are orthogonal, and three times in four a parent comes with a child.

# %% [markdown]
# {{exercise sae.guess_absorbed}}
#
# A dictionary with sixteen latents is trained on this. When a parent is there **with a child**, how often is the parent's latent on? Choose one of `"nearly always"`, `"about half the time"`, `"seldom"`.

# %% nbgrader={"grade_id": "sae-guess_absorbed", "solution": true}
guess_absorbed = None  # one of: "nearly always", "about half the time", "seldom"
### BEGIN SOLUTION
guess_absorbed = "about half the time"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_absorbed-check", "grade": true}
check("sae.guess_absorbed")

# %% [markdown]
# {{exercise sae.absorbed_share}}
#
# Chanin et al. (2024) call it **absorption** when the child's latent does the parent's work and the parent's own is silent. Count it for one parent and one child. Of the places where **both features are there**: the share where the parent's latent is off (0) and the child's latent is on (above 0). Say 0 where there is no such place.

# %% nbgrader={"grade_id": "sae-absorbed_share", "solution": true}
def absorbed_share(
    parent_there: Bool[Tensor, "n"],
    child_there: Bool[Tensor, "n"],
    parent_latent: Float[Tensor, "n"],
    child_latent: Float[Tensor, "n"],
) -> float:
    """Of the places with parent and child, the share where only the child's latent is on.

    By hand: two places have both. At the first the latents are 0 and 2, at the second 1 and 1: the share is 0.5.
    """
    ### BEGIN SOLUTION
    there = parent_there & child_there
    absorbed = there & (parent_latent == 0) & (child_latent > 0)
    return float(absorbed.sum() / there.sum().clamp_min(1))
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-absorbed_share-check", "grade": true}
check("sae.absorbed_share")

# %% [markdown]
# {{exercise sae.nested_loss}}
#
# The cure of Bussmann et al. (2025) is a **Matryoshka** dictionary, small ones inside a large one. The first $m_1$ latents must reconstruct $x$ alone, so must the first $m_2$, and so on. A child that comes late cannot do a parent's work, because the small dictionary needs the parent without it. Write the loss: for each size the squared distance, summed over `d_in` and averaged over the batch; then the mean over the sizes.

# %% nbgrader={"grade_id": "sae-nested_loss", "solution": true}
def nested_loss(
    x: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, "d_in"],
    sizes: tuple[int, ...],
) -> Float[Tensor, ""]:
    """The mean over `sizes` of the squared error of the first m latents' reconstruction.

    By hand: x = [[3, 1]], latents [[2, 1]], W_dec the unit vectors, b_dec = [1, 0], sizes (1, 2). With one latent the
    reconstruction is [3, 0], error 1; with two it is [3, 1], error 0. The loss is 0.5.
    """
    ### BEGIN SOLUTION
    losses = [(x - latents[:, :m] @ W_dec[:m] - b_dec).square().sum(dim=-1).mean() for m in sizes]
    return sum(losses) / len(losses)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-nested_loss-check", "grade": true}
check("sae.nested_loss")

# %%
from mechint_course.sae import BatchTopKSAE, MatryoshkaSAE, train_saes
from mechint_course.sae.families import Families

measures = ("silent for its child", "silent when alone", "child leans to parent")
runs = {kind: {measure: [] for measure in measures} for kind in ("top-k over the batch", "Matryoshka")}
print(f"{'':22}{measures[0]:>22}{measures[1]:>20}{measures[2]:>24}")
for seed in range(sized(3, smoke=1)):
    families = Families(seed=seed)
    pair = [
        BatchTopKSAE(families.d_in, families.n_features, 1.5, seed=seed),
        MatryoshkaSAE(families.d_in, families.n_features, 1.5, prefixes=(families.n_parents,), seed=seed),
    ]
    train_saes(pair, families.batches(512), n_steps=sized(1000, smoke=20), learning_rate=1e-2, quiet=True)
    for name, dictionary in zip(runs, pair, strict=True):
        found = families.absorption(dictionary)
        for measure, value in zip(measures, (found.with_child, found.alone, found.leaning), strict=True):
            runs[name][measure].append(value)
        print(f"seed {seed} {name:21}{found.with_child:16.0%}{found.alone:20.0%}{found.leaning:24.2f}")
print(f"You predicted that the parent's latent is on: {guess_absorbed}.")
real_pictures.absorbed(runs, title="Parents and their children, one mark a run")

# %% [markdown]
# Two dictionaries with the same way of choosing latents, on the same data from the same start; only the loss differs. In the picture a circle is a run of the one, a square a run of the other; further left is better in all three lines. The first column is absorption. The second says how often the parent's latent misses a parent that is alone, and the third is the cosine of a child's latent with the parent's direction, which is 0 for a true child. Look whether the cure has a price in the second column.
#
# Does it help where nobody has planted parents? Among the dictionaries that come with the course is `A-nested`, trained like `A-4096` on as many activations of the real layer, with this loss and the sizes 128, 512, 2,048 and 4,096. On the real layer we do not know the features, but we know the domain of each text, and a domain is a parent: wherever a Korean word stands, "this is Korean" is true too.

# %% [markdown]
# {{exercise sae.guess_nested}}
#
# Take for every domain the latent of `A-nested` that tells it best, the one with the largest F1. Where in the dictionary will most of these latents sit? Choose one of `"among the first 128"`, `"anywhere"`, `"among the last 2,048"`.

# %% nbgrader={"grade_id": "sae-guess_nested", "solution": true}
guess_nested = None  # one of: "among the first 128", "anywhere", "among the last 2,048"
### BEGIN SOLUTION
guess_nested = "among the first 128"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_nested-check", "grade": true}
check("sae.guess_nested")

# %%
told = {}
for name, rows in {"A-4096": rows_of[1], "A-nested": sparse_latents(load_dictionary("A-nested"), layers["A"])}.items():
    told[name] = {}
    for number, domain in enumerate(some_text.domains):
        label = flat_domain == number
        if label[choosing_half].any() and label[~choosing_half].any():
            unions = best_unions(rows, label, choosing_half, k=5)
            if unions:
                told[name][domain] = (unions[0].latents[0], unions[0].recall, unions[-1].f1)
print(f"{'':14}" + "".join(f"{name:>28}" for name in told))
print(f"{'':14}" + f"{'number':>10}{'recall':>8}{'F1 of 5':>10}" * 2)
for domain in [domain for domain in told["A-4096"] if domain in told["A-nested"]]:
    print(f"{domain:14}" + "".join("{:10,}{:8.2f}{:10.2f}".format(*of_domain[domain]) for of_domain in told.values()))
splitting_pictures.places(
    {name: [row[:2] for row in of_domain.values()] for name, of_domain in told.items()}, (128, 512, 2048, 4096), guess=guess_nested
)

# %% [markdown]
# In the table: the number of the best latent, its recall, and the F1 of the best union of at most five. In the picture a circle is a domain in `A-4096`, a square a domain in `A-nested`: across, the place of its best latent (each doubling takes the same width), and upwards its recall. Dotted lines end the nested dictionaries, and a line across is the middle of the field. In an ordinary dictionary the order of latents means nothing. In a nested one the first 128 must do alone what they can, so they take what is general, and the latents after them need not do it again.
#
# The narrow children are still there: on the held-out text of its card `A-nested` has a latent at least 90 % precise for 17 of 21 domains, `A-4096` for 13. But the best five together gain in some domains and lose in others, and the reconstruction pays: 11.4 % of the variance is missed instead of 10.0 %. Is it luck? A second nested dictionary, trained from another start, has 20 of the 21 among its first 128. Two trainings on one layer are a hint, not a law.
#
# > **Question.** Without known features, how would you notice that a latent has been absorbed?
# >
# > <details><summary>Our answer</summary>Find a direction for the parent in another way, by a probe on labels. Then look for places where the probe says yes and the latent no, and ask which latents are on there.</details>

# %% [markdown]
# ## 11. Blind rating (extension)
#
# Is a feature easier to understand than a neuron? Your own eyes are biased if you know which is which. Bricken et al. (2023) rated blind, by five criteria: how sure they were of an explanation (0 to 3), how well the activations fit it (0 to 5), how well the logit weights do (0 to 3), whether the effect sizes separate (0 to 1), and how specific the explanation is (0 to 3). They showed places from the unit's **whole range**, in intervals of equal width.
#
# Two differences, so that you compare the right things. The five maxima add up to 15, and you see that sum: compare kinds of units with each other, not your sums with theirs. And they rated each interval by itself; you rate a unit once, over all of its intervals.

# %% [markdown]
# {{exercise sae.guess_rating}}
#
# Below you will rate sixteen units without knowing what they are. How will your ratings turn out? Choose one of `"latents far higher"`, `"latents somewhat higher"`, `"no difference"`, `"neurons higher"`.

# %% nbgrader={"grade_id": "sae-guess_rating", "solution": true}
guess_rating = None  # one of: "latents far higher", "latents somewhat higher", "no difference", "neurons higher"
### BEGIN SOLUTION
guess_rating = "latents somewhat higher"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_rating-check", "grade": true}
check("sae.guess_rating")

# %% [markdown]
# {{exercise sae.interval_of}}
#
# Cut the range from 0 to the largest value into `n` intervals of equal width and say in which one each value lies, from 0 (the weakest) to `n - 1`. The largest value belongs to the last. Places where the unit is off get `-1`.

# %% nbgrader={"grade_id": "sae-interval_of", "solution": true}
def interval_of(values: Float[Tensor, "n_places"], n: int) -> Int[Tensor, "n_places"]:
    """The interval of each value; -1 where it is 0. At least one value is above 0, and none is below.

    By hand: values 0, 0.5, 1.5 and 4 with n = 4, so each interval has width 1: -1, 0, 1 and 3.
    """
    ### BEGIN SOLUTION
    number = (values / values.max() * n).long().clamp_max(n - 1)
    return torch.where(values > 0, number, -1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-interval_of-check", "grade": true}
check("sae.interval_of")

# %% [markdown]
# Now rate. Eight latents and eight neurons come in a random order. Each shows two random places from each of four intervals, which your function cuts, and the ten tokens that the unit makes likelier next. Strengths are written so that the unit's largest is 10: sizes of their own would tell the kinds apart.
#
# Find one explanation for all of it, then type five digits. Tab takes you from one to the next, and Tab and Enter to the next unit. Every rating is kept as soon as its fifth digit is there: stop whenever you like, and go on another day where you stopped. Three good minutes a unit are better than sixteen hasty ones.

# %%
from mechint_course.features.rating import rating_sheet
from mechint_course.features.reading import read_units
from mechint_course.views.rating import BlindRating

both_kinds = [read_units(model, some_text, wide, name="A-4096"), read_units(model, some_text, name="A")]
sheet = rating_sheet(both_kinds, each=sized(8, smoke=2), least_on=sized(50, smoke=8), intervals=interval_of)
rating = BlindRating(sheet, guess=guess_rating)
rating

# %% [markdown]
# One block is a unit, one line a place, strong above weak. The colour is the strength, on one scale for all the places of the unit; the small line before a text says which token was drawn and how strong the unit is there. Nothing says what the unit is. One thing cannot be hidden: a latent is on at few tokens, and most neurons at many.
#
# How did you rate? The next cell draws it, and that of other people if you have their ratings. For that, **Write a file to give away** puts yours into a folder `ratings` beside this notebook. It holds no name. Put the files of your friends or your class into the same folder and run the cell again; each person counts once.

# %%
print(rating.pooled())
rating.figure()

# %% [markdown]
# The upper row is latents, called features here, the lower row neurons; a bar says how many units got that sum, and the dashed line is the median. The left column is yours. A second one appears once the folder holds a file. Rows without ratings say so.
#
# Bricken et al. report, on their scale from 0 to 14, a median of 0 for neurons and of 12 for features. Eight units of a kind are few: your two medians would differ by chance, too. A class is better, and still it looks at the units of one dictionary. When you have rated all sixteen, **Show my ratings** also tells you what each unit was. Look at the picture only then: whoever knows how many of each kind are left is no longer blind.
#
# > **Question.** You rated blind. Through what could you still have known the kind of a unit?
# >
# > <details><summary>Our answer</summary>Through how many tokens are coloured, as said above, and how often a place was missing in an interval. And through your own expectation: whoever has read that features are clean takes a clean unit for a feature, and then looks at it with kinder eyes.</details>

# %% [markdown]
# ## 12. Automated interpretability (extension)
#
# Nobody rates thousands of features by hand. So let a program **explain**, **simulate** and **score** (Bills et al. 2023). It sees a unit on one half of the text and writes an explanation. From the explanation alone it foretells the unit on the other half. The score is the correlation with what the unit really did.
#
# The papers let a large language model explain. Ours works offline: a **token rule**, the mean activation at each token, and a **context rule**, which words before the token make it more or less.

# %% [markdown]
# {{exercise sae.guess_plain_score}}
#
# Whose explanations will score highest? Choose one of `"latents of the trained model"`, `"neurons of the trained model"`, `"latents of the random model"`.

# %% nbgrader={"grade_id": "sae-guess_plain_score", "solution": true}
guess_plain_score = None  # one of: "latents of the trained model", "neurons of the trained model", "latents of the random model"
### BEGIN SOLUTION
guess_plain_score = "latents of the random model"
### END SOLUTION

# %% nbgrader={"grade_id": "sae-guess_plain_score-check", "grade": true}
check("sae.guess_plain_score")

# %% [markdown]
# {{exercise sae.token_table}}
#
# The token rule. Learn from `values` at `tokens`; foretell at `new_tokens` the mean activation that their token had. A token that was never seen gets 0.

# %% nbgrader={"grade_id": "sae-token_table", "solution": true}
def token_table(
    values: Float[Tensor, "n"], tokens: Int[Tensor, "n"], new_tokens: Int[Tensor, "n_new"], d_vocab: int
) -> Float[Tensor, "n_new"]:
    """For each new token the mean of `values` at that token; 0 where it was never seen.

    By hand: values 1, 3 and 5 at the tokens 2, 2 and 0. The new tokens 0, 2 and 1 get 5, 2 and 0.
    """
    ### BEGIN SOLUTION
    sums = torch.zeros(d_vocab).index_add_(0, tokens, values)
    counts = torch.bincount(tokens, minlength=d_vocab)
    return (sums / counts.clamp_min(1))[new_tokens]
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-token_table-check", "grade": true}
check("sae.token_table")

# %% [markdown]
# {{exercise sae.beyond_token}}
#
# A plain correlation rewards a unit that answers to a token and nothing else. Write a score that does not: from both sides take the mean of each token away, then correlate what is left. Where nothing is left on one side, the score is 0.

# %% nbgrader={"grade_id": "sae-beyond_token", "solution": true}
def beyond_token(
    simulated: Float[Tensor, "n"], values: Float[Tensor, "n"], tokens: Int[Tensor, "n"]
) -> float:
    """The correlation of the two after each token's own mean is taken away from both; 0 where a side is then constant.

    By hand: simulated 1, 3, 7, 9 and values 0, 2, 5, 5 at the tokens 4, 4, 1, 1. What is left is -1, 1, -1, 1 and
    -1, 1, 0, 0, so the score is 2 / sqrt(4 x 2) = 0.71.
    """
    ### BEGIN SOLUTION
    def rest(side):
        sums = torch.zeros(int(tokens.max()) + 1).index_add_(0, tokens, side)
        return side - (sums / torch.bincount(tokens).clamp_min(1))[tokens]

    a, b = rest(simulated), rest(values)
    scale = a.norm() * b.norm()
    return float(a @ b / scale) if scale > 1e-6 else 0.0
    ### END SOLUTION

# %% nbgrader={"grade_id": "sae-beyond_token-check", "grade": true}
check("sae.beyond_token")

# %%
rows_of_wide = sparse_latents(wide, layers["A"])
places = torch.from_numpy((rows_of_wide > 0).sum(axis=0))
n_strong = int(places[places >= sized(50, smoke=25)].median())
strongest = layers["A"] * (layers["A"] > layers["A"].T.contiguous().kthvalue(len(layers["A"]) - n_strong, dim=1).values)
kinds = {
    "latents of A": rows_of_wide,
    "neurons of A": as_rows(layers["A"]),
    "neurons, strongest places": as_rows(strongest),
    "latents of the control": sparse_latents(control_sae, layers["control"]),
}
seen_halves = explain.window(some_text.tokens[~odd], d_vocab), explain.window(some_text.tokens[odd], d_vocab)
print(f"Held to their {n_strong} strongest places, as a latent in the middle of the field has:")
spread = {}
print(f"{'':26}{'token rule':>12}{'with context':>14}{'beyond the token':>18}   (medians)")
for name, rows in kinds.items():
    often = torch.nonzero(torch.from_numpy((rows > 0).sum(axis=0)) >= sized(50, smoke=25))[:, 0]
    sample = often[torch.randperm(len(often), generator=torch.Generator().manual_seed(0))[: sized(60, smoke=4)]]
    plain, full, beyond = [], [], []
    for unit in sample.tolist():
        values = latent_on_text(rows, unit, len(some_text))[:, 1:]
        by_token = explain.explain_and_score(values, some_text.tokens, ~odd, d_vocab, context=False)
        explained = explain.explain_and_score(values, some_text.tokens, ~odd, d_vocab, seen=seen_halves)
        if by_token and explained:
            rule = explained[0]
            simulated = rule.simulate(some_text.tokens[odd]).flatten()
            plain.append(by_token[1].plain)
            full.append(explained[1].plain)
            beyond.append(beyond_token(simulated, values[odd].flatten(), some_text.tokens[odd, 1:].flatten()))
    if plain:
        medians = [float(torch.tensor(scores).median()) for scores in (plain, full, beyond)]
        print(f"{name:26}{medians[0]:12.2f}{medians[1]:14.2f}{medians[2]:18.2f}   {len(plain)} units")
        spread[name] = {"token rule": plain, "with context": full, "beyond the token": beyond}
real_pictures.foretold(spread, guess=guess_plain_score)

# %% [markdown]
# One row is a kind of unit, one mark a unit, the black bar their median; every number comes from text that took no part in explaining. Look first at the token rule. If the random model's latents are explained well by the current token, then a high score says that a unit is *simple*, not that the model has learned it. Bricken et al. (2023) report the same: features of a random transformer scored higher on activations, and at chance on logits. The last column is what the context rule adds.
#
# Compare latents and neurons there too, and be careful. A neuron is on at many more tokens than a latent, and a correlation finds a common thing more easily than a rare one. So the third row holds every neuron to as many places as a typical latent has, its strongest ones. Latents against that row is the fair comparison; latents against whole neurons is not, and there neurons can come out above. Bricken et al. found features above neurons with a language model as the explainer and far more text.
#
# The papers' explainer is a language model, and you can use one: any server that speaks OpenAI's chat format, on your own machine or elsewhere. Fill in three words below. Until you do, nothing is asked and nothing leaves this machine. Once you do, texts of the corpus go to that address, at most 61 questions a unit, by the protocol of Bricken et al. (2023). It shows the model places from a unit's whole range, random ones, and ones with the same tokens in other contexts, with activations as whole numbers from 0 to 9, and scores by the correlation of ranks on other places of the same sorts.

# %%
address = ""  # for example "http://localhost:11434/v1"
model_name = ""  # as the server calls it
key_variable = ""  # the environment variable that holds your key; the key itself belongs in no notebook

if address:
    from mechint_course.features import explain_in_words
    from mechint_course.features.endpoint import Endpoint, EndpointError

    try:
        endpoint = Endpoint(address, model_name, key_variable)
        for name in ("latents of A", "neurons of A"):
            often = torch.nonzero(torch.from_numpy((kinds[name] > 0).sum(axis=0)) >= 50)[:, 0]
            for unit in often[torch.randperm(len(often), generator=torch.Generator().manual_seed(0))[:2]].tolist():
                values = latent_on_text(kinds[name], unit, len(some_text))[:, 1:]
                found = explain_in_words.explain_and_score(endpoint, values, some_text.tokens, ~odd)
                if found:
                    print(f"{name}, number {unit}: {found[0].words()}\n    {found[1]}")
    except (EndpointError, ValueError) as error:
        print(error)
else:
    print("No address is given: nothing was asked, and nothing left this machine.")

# %% [markdown]
# With an address, each unit gets a sentence and its scores: `spearman` is the paper's, `plain` and `beyond_token` are those of the picture, here on the chosen examples alone. So compare them between units, not with the picture: the examples hold far more places where the unit is on than the text does.
#
# > **Question.** A new explainer raises the median score from 0.6 to 0.7. What do you ask before you believe that features became clearer?
# >
# > <details><summary>Our answer</summary>What it gives on the random control, and on neurons. How much of it a table of tokens reaches alone. And whether the units it was measured on were chosen before.</details>

# %% [markdown]
# ## What you learned
#
# - A **sparse autoencoder** writes a layer's activations as a sum of a few directions out of many. Top-k keeps the k largest latents and needs no penalty.
# - **Loss recovered** asks the model itself whether the reconstruction is good enough, and zero ablation is a generous opponent.
# - A latent can be **precise** in all that it does, where a neuron is so at its strongest moments only. It may still cover only a part of its domain.
# - A **control** shows which scores are cheap: a random model's dictionary reconstructs well, too, and its latents are easy to name. What they do to the next token gives them away (extension).
# - A domain is divided among more latents as the dictionary grows: look at unions, and at where directions come from (extension).
# - A parent may fall silent for its child, and nested dictionaries help against it (extension).
# - An explanation is worth what it foretells on new text, **beyond** what the current token says (extension).
#
# Chapter 4 asks whether another model, trained from another seed, has the same features.
#
# ## References
#
# - Bricken et al. (2023), *Towards Monosemanticity: Decomposing Language Models With Dictionary Learning*. The experiment, the loss recovered, the logit weights.
# - Gao et al. (2024), *Scaling and evaluating sparse autoencoders*. Top-k and the loss that brings silent latents back.
# - Rajamanoharan et al. (2024a), *Improving Dictionary Learning with Gated Sparse Autoencoders*. Shrinkage.
# - Rajamanoharan et al. (2024b), *Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU Sparse Autoencoders*. A learned threshold.
# - Bussmann et al. (2024), *BatchTopK Sparse Autoencoders*. k on average.
# - Bussmann et al. (2025), *Learning Multi-Level Features with Matryoshka Sparse Autoencoders*. Nested dictionaries.
# - Chanin et al. (2024), *A is for Absorption*. The parent that is silent for its child.
# - Bills et al. (2023), *Language models can explain neurons in language models*. Explain, simulate, score.
