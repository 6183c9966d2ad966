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
# # Do two models learn the same features?
#
# Train the same network twice, from two random starts. You get two models that write about equally well, and no number inside one means what the same number means in the other. Neuron 7 here and neuron 7 there have nothing in common but their place in a list.
#
# So is a feature that you find in one model a fact about that model only, or has the other one found it too? If two models that never met agree on a feature, then it says something about the text, and about how networks learn. That idea is called **universality**.
#
# **Goal.** Match the features of two language models, beside their neurons and beside chance. Then doubt the result: find out how much of it the text alone explains, and how often a match is false.
#
# **Time.** Sections 1 to 4 are the core path: 90 minutes, of which two are computing. The sections after it are extensions, in any order, except that 9 needs section 8.
#
# **You need.** Matrix products, a mean and a median. No earlier chapter: a **dictionary** (a sparse autoencoder) is here a box that turns a model's 512 neurons into 4,096 **latents**, also called features, of which a few are on at a time. Chapter 3 opens that box.
#
# How to work: each exercise is a function to fill in, and the cell after it checks your answer and tells you what is wrong. `hint("universality.correlation")` gives a nudge, `hint("universality.correlation", 2)` and `3` give more, and `hint("universality.correlation", "solution")` shows ours. Until your answer passes, the check puts ours in its place, so you can go on at any time and come back later.

# %% tags=["imports"]
from itertools import pairwise

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course import check, hint, sized
from mechint_course.language import ACTIVATION_HOOK, activations

# %%
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, vstack

from mechint_course.features.bootstrap import DocumentBootstrap
from mechint_course.features.correlation import StreamingCorrelation
from mechint_course.features.evidence import excerpts, top_examples
from mechint_course.features.latents import latent_on_text, share_by_domain, sparse_latents
from mechint_course.features.logits import logit_weights
from mechint_course.features.matching import EDGES, mutual_best, shuffled
from mechint_course.features.matching_data import load_card, load_matching, load_sweep
from mechint_course.features.splice import loss_recovered
from mechint_course.features.token_part import TokenSplit
from mechint_course.features.twins import agree_and_disagree
from mechint_course.features.worlds import by_world, generate, surprise
from mechint_course.figures import universality as pictures
from mechint_course.figures import universality_beyond as more_pictures
from mechint_course.figures import universality_capstone as capstone_pictures
from mechint_course.figures import universality_curve as curve_pictures
from mechint_course.figures import universality_scale as scale_pictures
from mechint_course.figures import universality_toy as toy_pictures
from mechint_course.language import TokenizedText, evaluation_text, load_model, token_strings
from mechint_course.language.corpus import domains_of
from mechint_course.sae import DICTIONARIES, SAE, TopKSAE, load_dictionary
from mechint_course.toy import AnticorrelatedSets, ToyModel, feature_batch, stream, train
from mechint_course.views.tokens import show_side_by_side
from mechint_course.work import work

# %% [markdown]
# ## 1. The same toy twice
#
# Begin where you know every feature, because you made it. A **toy model of superposition** has more features than hidden dimensions. It squeezes $n$ feature strengths $x$ into $m$ numbers $h = W x$, and has to get them back as $x' = \mathrm{ReLU}(W^\top h + b)$; column $W_i$ is the direction in which it stores feature $i$.
#
# Our world has 12 features in 6 pairs of opposites, like *day* and *night*: each pair is there four times in five, and then exactly one of the two is. Six hidden dimensions have to hold all 12. You train this model several times. The data follow the same rule, the random start differs, and that is all that differs.
#
# Is a feature then stored in the same direction? Compare directions by their **cosine**:
#
# $$\cos(a, b) = \frac{a \cdot b}{|a|\,|b|}$$
#
# It is 1 for the same direction, 0 for a right angle and -1 for opposite directions. To make it a fair search, each model's list of features is in a secret order: you have to find which column of model 2 is the twin of column 0 of model 1.

# %% [markdown]
# {{exercise universality.guess_toy}}
#
# For each of the 12 features of one model you pick the feature of the other whose direction is nearest. For how many is that the true twin? Choose one of `"nearly all 12"`, `"about half"`, `"one or two, as luck gives"`. A prediction earns its point whether it is right or not.

# %% nbgrader={"grade_id": "universality-guess_toy", "solution": true}
guess_toy = None  # one of: "nearly all 12", "about half", "one or two, as luck gives"
### BEGIN SOLUTION
guess_toy = "one or two, as luck gives"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_toy-check", "grade": true}
check("universality.guess_toy")

# %% [markdown]
# {{exercise universality.cosines}}
#
# Compute the cosine of **every pair**: each column of `left` with each column of `right`. A feature that a model did not learn has a column of zeros, and the formula gives 0/0. Let the answer be 0 there.

# %% nbgrader={"grade_id": "universality-cosines", "solution": true}
def cosines(
    left: Float[Tensor, "n_hidden n_left"], right: Float[Tensor, "n_hidden n_right"]
) -> Float[Tensor, "n_left n_right"]:
    """The cosine of every left column with every right column; 0 where a column is all zeros.

    By hand: the left column [3, 4] has length 5. With [0, -5] its product is -20, so the cosine is -20 / 25 = -0.8;
    with [1, 0] it is 3 / 5 = 0.6; with [0, 0] it is 0.
    """
    ### BEGIN SOLUTION
    left, right = torch.nn.functional.normalize(left, dim=0), torch.nn.functional.normalize(right, dim=0)
    return left.T @ right
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-cosines-check", "grade": true}
check("universality.cosines")

# %%
def train_toys(n_features: int, n_hidden: int, density: float, sampler) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Six models from six starts. Of each: its directions, its outputs on the same 4,000 inputs, and its secret order."""
    toys = ToyModel(n_features, n_hidden, n_instances=6, feature_probability=density, seed=0)
    train(toys, steps=sized(1000, smoke=60), batch_size=512, sampler=sampler, seed=0)
    x = sampler(torch.full((1, n_features), density), 4000, generator=stream(0, "reading"))
    outputs, shuffle = toys(x.expand(6, -1, -1)).detach(), torch.Generator().manual_seed(0)
    orders = [torch.randperm(n_features, generator=shuffle) for _ in range(6)]
    return [(W[:, o], y[:, o], o) for W, y, o in zip(toys.W.detach(), outputs, orders, strict=True)]


opposites = train_toys(12, 6, density=0.8, sampler=AnticorrelatedSets(2))
(W_1, out_1, order_1), (W_2, out_2, order_2) = opposites[:2]
truth = order_2.argsort()[order_1]  # where model 2 keeps each feature of model 1
by_direction = torch.as_tensor(cosines(W_1, W_2))
hits = int((by_direction.argmax(dim=1) == truth).sum())
print(f"You predicted: {guess_toy}. The nearest direction is the true twin for {hits} of 12 features; luck gives 1.")
pictures.matrix(by_direction, label="cosine")

# %% [markdown]
# Each square is a pair, a row for each feature of model 1 and a column for each of model 2; the largest number of each row is framed. A twin in the same direction would be a 1 in a row of smaller numbers. There is no such square: each direction of model 1 leans towards many of model 2, and the frames stand where luck put them.
#
# > **Question.** Both models solve the task. What makes one direction as good as another for them?
# >
# > <details><summary>Our answer</summary>The model only ever uses $W^\top W$, the products of directions with each other. Turn all columns by the same rotation $R$: $(RW)^\top (RW) = W^\top R^\top R\, W = W^\top W$, so the outputs stay what they are. The data cannot tell $W$ from $RW$, and the random start decides.</details>

# %% [markdown]
# ### When are two features the same?
#
# So directions of two models cannot be compared as they are: the models write in different spaces. But you can let both read the **same inputs**, and ask when each feature is on. Two features that go up and down together, input by input, are the same for every purpose we can measure.
#
# The number for "up and down together" is Pearson's correlation. With $x_t$ and $y_t$ the two activations on input (or token) $t$, and $\bar x$, $\bar y$ their means over all of them:
#
# $$r = \frac{\sum_t (x_t - \bar x)(y_t - \bar y)}{\sqrt{\sum_t (x_t - \bar x)^2}\;\sqrt{\sum_t (y_t - \bar y)^2}}$$
#
# It is 1 where one is the other times a positive number (plus a constant), 0 where the two do not go along with each other, and -1 where one falls as the other rises. How strong the activations are does not matter, which is what you want: models choose their own units.

# %% [markdown]
# {{exercise universality.correlation}}
#
# Compute $r$ for **every pair**: each column of `left` with each column of `right`. Real dictionaries hold latents that never fire. Such a column never changes, so the formula gives 0/0. Let the answer be 0 there: a feature that never moves agrees with nothing.

# %% nbgrader={"grade_id": "universality-correlation", "solution": true}
def correlation(
    left: Float[Tensor, "n_tokens n_left"], right: Float[Tensor, "n_tokens n_right"]
) -> Float[Tensor, "n_left n_right"]:
    """Pearson's correlation of every left column with every right column; 0 where a column never changes.

    By hand: left = [[1.], [2.], [3.]] and right = [[2.], [4.], [0.]]. Centred they are -1, 0, 1 and 0, 2, -2.
    Their products sum to -2, their lengths are sqrt(2) and sqrt(8), so r = -2 / 4 = -0.5.
    """
    ### BEGIN SOLUTION
    left, right = left - left.mean(dim=0), right - right.mean(dim=0)
    lengths = torch.outer(left.norm(dim=0), right.norm(dim=0))
    return torch.where(lengths > 0, left.T @ right / lengths, 0.0)
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-correlation-check", "grade": true}
check("universality.correlation")

# %% [markdown]
# The activation of feature $i$ in a toy model is what the model says about it, its output $x'_i$. Before you run the next cell: how many rows will have a square near 1 now, and how many squares near 1 will such a row have?

# %%
r = torch.as_tensor(correlation(out_1, out_2))
pictures.matrix(r)

# %% [markdown]
# The same pairs, by their outputs on 4,000 inputs that both models read. Where training has done its work, each row has one square near 1, framed: the twin, wherever model 2 happens to keep it. A second square in the row is clearly negative: the opposite, which is off whenever the feature is on.
#
# > **Question.** A colleague uses the cosine of the two columns of activations, which is the same formula without taking the means away. On which features would that mislead them most?
# >
# > <details><summary>Our answer</summary>On those that are on nearly all the time. Their cosine with each other is near 1 even if they go up and down for unrelated reasons, because both are positive everywhere. For rare features the means are near 0 and the two formulas nearly agree.</details>

# %% [markdown]
# {{exercise universality.best_match}}
#
# For each feature of the left model (each row), find its best match in the right one: which column, and how large the correlation is. Several rows may have the same partner. A strong *negative* correlation makes no twin.

# %% nbgrader={"grade_id": "universality-best_match", "solution": true}
def best_match(
    correlation: Float[Tensor, "n_left n_right"],
) -> tuple[Int[Tensor, "n_left"], Float[Tensor, "n_left"]]:
    """(partner, value): for each row the column of its largest entry, and that entry.

    By hand: [[0.2, -0.9, 0.4], [0.1, 0.3, 0.5]] gives the partners [2, 2] and the values [0.4, 0.5].
    """
    ### BEGIN SOLUTION
    best = correlation.max(dim=1)
    return best.indices, best.values
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-best_match-check", "grade": true}
check("universality.best_match")

# %%
def matched(scores) -> Tensor:
    """Your best match of each row: the partners alone."""
    return torch.as_tensor(best_match(torch.as_tensor(scores))[0])


partner, value = (torch.as_tensor(part) for part in best_match(r))
print(f"By activations: {int((partner == truth).sum())} of 12 find the true twin, with a mean correlation of {value.mean():.2f}.")

# What if model 2 did not have the feature? Take the twins of features 0 to 3 out of its list.
left_over = [j for j in range(12) if j not in partner[:4].tolist()]
_, without = best_match(torch.as_tensor(correlation(out_1, out_2[:, left_over])))
for i in range(4):
    print(f"feature {i}: correlation with its twin {value[i]:.2f}, with the best of the rest {without[i]:.2f}")

# %% [markdown]
# Four features lost their twins, and each got a best match all the same: **there is always a best match**, even where there is nothing to match. Its correlation tells it from a twin, if you know how large it gets by chance. Keep that in mind for what follows.

# %% [markdown]
# ### The rotation between two models
#
# Now you know the pairs, and can ask the first question again: are the directions the same **up to a rotation**? Sort model 2's columns so that column $i$ is the twin of column $i$, and look for the matrix that turns the left directions onto the right ones as well as any can:
#
# $$R = \arg\min_{R^\top R = I} |R\,W_\text{left} - W_\text{right}|^2$$
#
# $R^\top R = I$ says that lengths and angles stay as they are: $R$ may turn and mirror, nothing else. This is the **orthogonal Procrustes problem** (Schönemann 1966), and it has a closed answer. Expand the square: only $\mathrm{tr}(R^\top W_\text{right} W_\text{left}^\top)$ depends on $R$. Write that matrix by its singular values, $W_\text{right} W_\text{left}^\top = U S V^\top$: a turn, a stretch, a turn. Without the stretch, $R = U V^\top$ is the best.

# %% [markdown]
# {{exercise universality.rotation}}
#
# Find $R$. Use `torch.linalg.svd`, which returns `u, s, vh` with `vh` transposed already. Do not centre and do not rescale. Our cases have enough directions for one best answer.

# %% nbgrader={"grade_id": "universality-rotation", "solution": true}
def rotation(
    left: Float[Tensor, "n_hidden n_pairs"], right: Float[Tensor, "n_hidden n_pairs"]
) -> Float[Tensor, "n_hidden n_hidden"]:
    """The orthogonal R that brings R @ left closest to right, in the sum of squares; column i belongs to column i.

    By hand: left = [[1, 0], [0, 2]] and right = [[0, -2], [1, 0]], directions as columns. [1, 0] has to go to [0, 1] and
    [0, 2] to [-2, 0]. A quarter turn does both: R = [[0, -1], [1, 0]].
    """
    ### BEGIN SOLUTION
    u, _, vh = torch.linalg.svd(right @ left.T)
    return u @ vh
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-rotation-check", "grade": true}
check("universality.rotation")

# %% [markdown]
# To see it, make the toy so small that you can draw it: 4 features, two pairs of opposites, in 2 dimensions. Where will the arrows of the two models stand, before and after?

# %%
def in_pairs(model_1, model_2) -> tuple[Tensor, Tensor, Tensor]:
    """The directions of both, model 2's sorted by the twins that activations find, and your rotation from 1 onto 2."""
    (left, left_out, _), (right, right_out, _) = model_1, model_2
    right = right[:, matched(correlation(left_out, right_out))]
    return left, right, torch.as_tensor(rotation(left, right)).float()


crosses = train_toys(4, 2, density=0.8, sampler=AnticorrelatedSets(2))
toy_pictures.turned(*in_pairs(*crosses[:2]))

# %% [markdown]
# Left the directions as training left them, right after your rotation of model 1. Discs are model 1's features, hollow squares their twins in model 2; the number in a disc and the number outside a square name the feature. Both models put opposites opposite each other and the two pairs at a right angle; only the angle of the whole cross was left to luck. After the turn every disc stands in the square with its own number.
#
# Does one picture prove it? Twelve pairs of directions in six dimensions are fitted, so test $R$ on what it has not seen: leave one feature out, find $R$ from the others, and ask where the one that was left out lands. (With opposites this is easy: the opposite of the one left out stays in the fit and gives it away.) Do it for each feature, in five pairs of models. And repeat all of it in a second world of the same size, where features are **rare and independent** of each other.
#
# Before you run it: in which of the two worlds will the rotation work?

# %%
def twins_found(models) -> dict[str, list[float]]:
    """For how many features each way of matching finds the true twin: one share for each pair of models."""
    found = {way: [] for way in ("directions", "activations", "directions, turned", "turned, left out of the fit")}
    left, left_out, left_order = models[0]
    for right, right_out, right_order in models[1:]:
        truth, pairs = right_order.argsort()[left_order], matched(correlation(left_out, right_out))
        turned = torch.as_tensor(rotation(left, right[:, pairs])).float() @ left
        alone = torch.stack([
            torch.as_tensor(rotation(left[:, seen], right[:, pairs[seen]])).float() @ left[:, i]
            for i, seen in enumerate(~torch.eye(len(truth), dtype=torch.bool))
        ], dim=1)
        partners = (matched(cosines(left, right)), pairs, matched(cosines(turned, right)), matched(cosines(alone, right)))
        for shares, partner in zip(found.values(), partners, strict=True):
            shares.append(float((partner == truth).float().mean()))
    return found


rare = train_toys(12, 6, density=0.05, sampler=feature_batch)
toy_pictures.twins_found({"pairs of opposites": twins_found(opposites), "rare, independent": twins_found(rare)}, luck=1 / 12)

# %% [markdown]
# A dot for each pair of models, a row for each way of matching: how far right it stands is the share of features that find their true twin, and the dashed line is luck. Activations find the twins in both worlds. Directions as they are do not in either. The rotation works in one world only: with rare, independent features even the best rotation matches few of the features that it was not fitted on.
#
# Why? With opposites, the data settle which features sit opposite each other, so both models draw the same figure, turned. Rare and independent features leave that open: which two share a dimension is up to the start, and no rotation changes who is whose neighbour. The smallest such case can be drawn: 5 rare features in 2 dimensions.

# %%
pentagons = train_toys(5, 2, density=0.05, sampler=feature_batch)
found = twins_found(pentagons)
for way, shares in found.items():
    print(f"{way:28} " + "  ".join(f"{share:.1f}" for share in shares))
fits_worst = min(range(5), key=found["directions, turned"].__getitem__)
toy_pictures.turned(*in_pairs(pentagons[0], pentagons[1 + fits_worst]))

# %% [markdown]
# Above, the shares of features matched with the true twin, one column for each of five pairs of models; below, the pair that the rotation fits worst, drawn as before. Training tends to a pentagon, and all pentagons have the same shape. But go round each and read the numbers: where the order differs, the best rotation leaves discs in squares with another number, and no turn or mirror can do better. Activations still find the twins.
#
# > **Question.** For a pentagon, how many different orders are there if turning and mirroring count for nothing? And what does that say about a language model with thousands of features?
# >
# > <details><summary>Our answer</summary>Five features can be put round a circle in 4! = 24 orders, and each has a mirror image: 12. So about one pair of seeds in 12 agrees by luck, if all orders are equally likely. With thousands of features there are so many ways to arrange them that a common rotation is not to be expected. Whether the same *features* are there is a different question, and activations can answer it.</details>
#
# One honest word about what this section proves: a toy model is trained to give its inputs back, so its outputs *had* to agree. In a language model nobody hands out the features. Whether two models agree there has to be measured.

# %% [markdown]
# ## 2. Correlation at scale
#
# From here on the models are language models. **A and B** come with the course: transformers of one layer with 512 MLP neurons, trained from different random starts, on nearly the same kinds of text in a different order. Each has a dictionary of 4,096 latents. You want the correlation of every latent of A with every latent of B, over a hundred thousand tokens and more. The activations alone would fill gigabytes.
#
# But look at the formula again. Multiply it out, and all that is left of the tokens are **sums**:
#
# $$\sum_t (x_t - \bar x)(y_t - \bar y) = \sum_t x_t y_t - \frac{1}{n} \sum_t x_t \sum_t y_t \qquad \sum_t (x_t - \bar x)^2 = \sum_t x_t^2 - \frac{1}{n} \Big(\sum_t x_t\Big)^2$$
#
# Sums can be taken a batch at a time: read some text, add to the sums, forget the activations.

# %% [markdown]
# {{exercise universality.guess_memory}}
#
# Suppose you have correlated 4,096 latents of A with 4,096 of B in this way, over 100,000 tokens. Now you take a hundred times as much text. How much memory do you need? Choose one of `"a hundred times as much"`, `"ten times as much"`, `"as much as before"`.

# %% nbgrader={"grade_id": "universality-guess_memory", "solution": true}
guess_memory = None  # one of: "a hundred times as much", "ten times as much", "as much as before"
### BEGIN SOLUTION
guess_memory = "as much as before"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_memory-check", "grade": true}
check("universality.guess_memory")

# %% [markdown]
# {{exercise universality.update_moments}}
#
# Six sums are enough. They go in as `state` and come out as a new one: what you are given stays as it is. Batches may differ in length. The sums are in double precision, and so must be everything that you add to them: they grow large, and soon you will need the small difference between two of them.

# %% nbgrader={"grade_id": "universality-update_moments", "solution": true}
def update_moments(
    state: dict[str, int | Float[Tensor, "..."]],
    left: Float[Tensor, "n_tokens n_left"],
    right: Float[Tensor, "n_tokens n_right"],
) -> dict[str, int | Float[Tensor, "..."]]:
    """The sums after one more batch: `n_tokens` (an int), `sum_left`, `sum_right`, `squares_left`, `squares_right` and `products`.

    `squares_left` holds the sum of each left column's squares, [n_left], and `products` the sums of left times right, [n_left, n_right].
    By hand: after one token with left 1 and right 2 the sums are n_tokens 1, sum_left [1], sum_right [2], squares_left [1],
    squares_right [4] and products [[2]]. The batch left = [[2], [3]], right = [[1], [0]] makes them 3, [6], [3], [14], [5] and [[4]].
    """
    ### BEGIN SOLUTION
    left, right = left.double(), right.double()
    return {
        "n_tokens": state["n_tokens"] + len(left),
        "sum_left": state["sum_left"] + left.sum(dim=0),
        "sum_right": state["sum_right"] + right.sum(dim=0),
        "squares_left": state["squares_left"] + left.square().sum(dim=0),
        "squares_right": state["squares_right"] + right.square().sum(dim=0),
        "products": state["products"] + left.T @ right,
    }
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-update_moments-check", "grade": true}
check("universality.update_moments")

# %% [markdown]
# {{exercise universality.from_moments}}
#
# Now the correlations that the sums hold. Two kinds of columns need care.
#
# A **rare latent** fires once in millions of tokens. Its squared deviations are tiny, but they are real. And a column that **never changes** should correlate 0 with everything. Its squared deviations should be exactly 0, but the two large numbers that you subtract are rounded, so a crumb is left, above or below 0. No fixed small number tells a crumb from a rare latent. The column's own squares do: count a column as constant where its squared deviations are **no more than $10^{-9}$ of its sum of squares**.

# %% nbgrader={"grade_id": "universality-from_moments", "solution": true}
def from_moments(state: dict[str, int | Float[Tensor, "..."]]) -> Float[Tensor, "n_left n_right"]:
    """The correlation of every pair from the sums of `update_moments`; 0 where a column is constant.

    A column is constant where sum of squares - (sum)^2 / n is at most 1e-9 times the sum of squares.
    By hand: left = 1, 2, 3 and right = 2, 4, 0 have n = 3, sums 6 and 6, squares 14 and 20, and the products sum to 10.
    Centred: products 10 - 36 / 3 = -2, deviations 14 - 12 = 2 and 20 - 12 = 8. So r = -2 / sqrt(2 * 8) = -0.5.
    """
    ### BEGIN SOLUTION
    n = state["n_tokens"]
    together = state["products"] - torch.outer(state["sum_left"], state["sum_right"]) / n
    left = state["squares_left"] - state["sum_left"] ** 2 / n
    right = state["squares_right"] - state["sum_right"] ** 2 / n
    left = torch.where(left > 1e-9 * state["squares_left"], left, 0.0)
    right = torch.where(right > 1e-9 * state["squares_right"], right, 0.0)
    scale = torch.outer(left, right).sqrt()
    return torch.where(scale > 0, together / scale, 0.0)
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-from_moments-check", "grade": true}
check("universality.from_moments")

# %% [markdown]
# Try both on a case that NumPy can do at once: 1,000 tokens, read in batches of very different lengths.

# %%
def no_moments(n_left: int, n_right: int) -> dict[str, int | Tensor]:
    """The sums before the first token."""
    sizes = {"sum_left": n_left, "sum_right": n_right, "squares_left": n_left, "squares_right": n_right, "products": (n_left, n_right)}
    return {"n_tokens": 0} | {name: torch.zeros(size, dtype=torch.float64) for name, size in sizes.items()}


generator = torch.Generator().manual_seed(0)
small_left = torch.randn(1000, 30, generator=generator).relu()
small_right = torch.randn(1000, 40, generator=generator) + small_left[:, :1]
state = no_moments(30, 40)
for rows in torch.arange(1000).split([1, 2, 400, 597]):
    state = update_moments(state, small_left[rows], small_right[rows])
ours = torch.as_tensor(from_moments(state))
numpys = np.corrcoef(small_left.double().numpy().T, small_right.double().numpy().T)[:30, 30:]
print(f"Largest difference from numpy.corrcoef: {np.abs(ours.numpy() - numpys).max():.0e}")

# %% [markdown]
# {{exercise universality.latents_of}}
#
# Now the real thing: from text to the latents that you will compare. `activations(model, tokens)` gives what the model's neurons do, `[batch, n_ctx, d_mlp]`. `sae.encode(x)` turns rows of neurons into rows of latents. Each sequence begins with the same start token, on which all models agree for no interesting reason: leave the **first position of every sequence** out.

# %% nbgrader={"grade_id": "universality-latents_of", "solution": true}
def latents_of(model, sae, tokens: Int[Tensor, "batch n_ctx"]) -> Float[Tensor, "n_tokens d_sae"]:
    """One row of latents for each token but the first of every sequence: n_tokens = batch * (n_ctx - 1).

    By hand: tokens of shape [2, 5] give 8 rows. Rows 0 to 3 are positions 1 to 4 of the first sequence.
    """
    ### BEGIN SOLUTION
    x = activations(model, tokens)
    return sae.encode(x[:, 1:].flatten(0, 1))
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-latents_of-check", "grade": true}
check("universality.latents_of")

# %% [markdown]
# Both models now read the same held-out text. Of 4,096 latents a handful is on at each token, so the course keeps only those that are not zero (`sparse_latents`). Your function says what they are on the first two sequences.

# %%
text = evaluation_text().sample(sized(40, smoke=2), seed=0)  # so many sequences of every domain
text = text.take(torch.randperm(len(text), generator=torch.Generator().manual_seed(0)))  # mixed, so that any part holds all domains
most = sized(20_000, smoke=512)  # at most so many latents of each dictionary are compared
models = {name: load_model(name) for name in ("A", "B")}
saes = {name: load_dictionary(name) for name in ("A-sparse", "B-sparse")}


def read_text(text: TokenizedText, saes: dict[str, SAE], also=lambda *part: None) -> dict[str, csr_array]:
    """The latents of every dictionary on every token, without their zeros. `also` is called with each part: neurons and latents."""
    parts = {name: [] for name in saes}
    with work(len(text), "Models read", unit="sequence") as bar:
        for some in text.tokens.split(64):
            of = sorted({name.partition("-")[0] for name in saes})
            x = {name: activations(models[name], some)[:, 1:].flatten(0, 1) for name in of}
            for name, sae in saes.items():
                parts[name].append(sparse_latents(sae, x[name.partition("-")[0]])[:, :most])
            also(x, {name: rows[-1] for name, rows in parts.items()})
            bar.update(len(some))
    return {name: csr_array(vstack(rows, format="csr")) for name, rows in parts.items()}


neurons, neurons_with_features, some_neurons = StreamingCorrelation(512, 512), StreamingCorrelation(512, min(most, 4096)), []


def keep_neurons(x: dict[str, Tensor], rows: dict[str, csr_array]) -> None:
    neurons.update(x["A"], x["B"])
    neurons_with_features.update(x["A"], rows["B-sparse"])
    if not some_neurons:
        some_neurons.append(x)  # of the first sequences, for later


on_text = read_text(text, saes, also=keep_neurons)
latents_a, latents_b = on_text["A-sparse"], on_text["B-sparse"]
n_tokens, width = latents_a.shape
first = torch.as_tensor(latents_of(models["A"], saes["A-sparse"], text.tokens[:2]))
print(f"{n_tokens:,} tokens. On the first {len(first)} of them, {float((first > 0).sum(1).float().mean()):.1f} latents of A are on at a time.")
print("The same as what was kept:", torch.allclose(first[:, :width].double(), torch.from_numpy(latents_a[: len(first)].toarray()), atol=1e-3))

# %% [markdown]
# `StreamingCorrelation` is your two functions, with one more idea: it leaves out the products with 0, and nearly all of them are. Here it takes all pairs at once, and your sums follow three of the pairs as the text goes by.

# %%
def stream_of(left: csr_array, right: csr_array) -> StreamingCorrelation:
    """The correlations of all latents of both sides, some tokens at a time."""
    stream = StreamingCorrelation(left.shape[1], right.shape[1])
    for start in range(0, left.shape[0], 8192):
        stream.update(left[start : start + 8192], right[start : start + 8192])
    return stream


features = stream_of(latents_a, latents_b)
r = features.result()
fired_a, fired_b = features.fired_left, features.fired_right
density, density_b = fired_a / n_tokens, fired_b / n_tokens
pairs = mutual_best(r)

fire = ((pairs.partner >= 0) & (density > 0)).nonzero()[:, 0]
fire = fire[density[fire].argsort()]
three = fire[[len(fire) // 4, len(fire) // 2, -len(fire) // 10]]
left, right = (torch.from_numpy(side[:, who.numpy()].toarray()) for side, who in ((latents_a, three), (latents_b, pairs.partner[three])))
ends = (n_tokens * torch.logspace(-2, 0, 9)).long().tolist()
state, running = no_moments(3, 3), {f"on {density[i]:.2%} of the time": [] for i in three}
for start, end in pairwise([0, *ends]):
    state = update_moments(state, left[start:end], right[start:end])
    for name, value in zip(running, torch.as_tensor(from_moments(state)).diagonal().tolist(), strict=True):
        running[name].append(value)

megabytes = {"your sums": [8e-6 * (width**2 + 4 * width)] * len(ends), "all activations": [4e-6 * 2 * width * end for end in ends]}
print(f"{width:,} x {width:,} pairs. The three after all tokens, by the stream: {', '.join(f'{float(pairs.correlation[i]):.2f}' for i in three)}")
scale_pictures.streaming(ends, megabytes, running, guess=guess_memory)

# %% [markdown]
# Left, what has to be kept: the sums need the same memory however long the text is, all activations of both models need more with every token. Right, the correlation of three latents of A with their best matches, as more text is read: 0 until the latent fires for the first time, then it jumps about, and only after many firings it settles.
#
# > **Question.** A latent fires on 5 of the tokens you have read. How much would you trust its correlation?
# >
# > <details><summary>Our answer</summary>Little. One more firing on which the twin is silent can take a large part of it away, as the beginnings of the three lines show. So we will count only features that fire at least 20 times, and say so.</details>

# %% [markdown]
# ## 3. A against B
#
# You have all correlations. Now take for each feature of A its best match in B, and ask how well the two agree. Bricken et al. (2023, *Towards Monosemanticity*) did this for two transformers of the same shape. They report one number for each kind of unit: the **median** of the best correlations. Theirs will stand beside yours.

# %% [markdown]
# {{exercise universality.guess_agreement}}
#
# Which of the two will agree more across our models: the features of the dictionaries, or the neurons they were made from? Choose one of `"features agree more"`, `"neurons agree more"`, `"about the same"`. A prediction earns its point whether it is right or not.

# %% nbgrader={"grade_id": "universality-guess_agreement", "solution": true}
guess_agreement = None  # one of: "features agree more", "neurons agree more", "about the same"
### BEGIN SOLUTION
guess_agreement = "features agree more"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_agreement-check", "grade": true}
check("universality.guess_agreement")

# %% [markdown]
# {{exercise universality.median_match}}
#
# Compute that number. A latent that fires twice in the whole text says little either way, so count only those that fire often enough: whose `density`, the share of tokens on which they fire, is at least `at_least`.

# %% nbgrader={"grade_id": "universality-median_match", "solution": true}
def median_match(
    correlation: Float[Tensor, "n_left n_right"], density: Float[Tensor, "n_left"], at_least: float
) -> float:
    """The median, over left features whose density is at least `at_least`, of their best correlation.

    By hand: the rows [0.9, 0.1], [-0.8, 0.2], [0.5, 0.25], [0, 0] have the best 0.9, 0.2, 0.5 and 0. With the densities
    [0.25, 0.5, 0.125, 0] and at_least = 0.125 the last row does not count, and the median of the others is 0.5.
    """
    ### BEGIN SOLUTION
    best = correlation.max(dim=1).values
    return best[density >= at_least].median().item()
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-median_match-check", "grade": true}
check("universality.median_match")

# %% [markdown]
# A number like this means nothing alone: the best of 4,096 candidates is above 0 by luck. So it needs company, and each of these takes one excuse away.
#
# - **Tokens shuffled**: B's latents fire as often and as strongly as before, but on the wrong tokens. What still agrees is luck.
# - **Untrained**: two dictionaries of random numbers, with as many latents. What agrees there is not the work of training a dictionary.
# - **Neurons**: what the dictionaries were made from. They have 512 candidates each, and features 4,096. So there are two more lines in between: **features with 512 candidates**, drawn at random, and **neurons with 4,096 candidates**, for which A's neurons may look among all of B's features.
#
# And one rule is fixed before anybody looks: a feature counts if it fires on at least 1 in 10,000 tokens, and at least 20 times.

# %%
untrained = {"A-untrained": TopKSAE(512, 4096, 8, seed=100), "B-untrained": TopKSAE(512, 4096, 8, seed=101)}
part = text.take(torch.arange(max(16, len(text) // 4)))
random_latents = read_text(part, {name: sae.requires_grad_(False) for name, sae in untrained.items()})
random_features = stream_of(*random_latents.values())
shuffled_features = stream_of(latents_a, shuffled(latents_b, torch.Generator().manual_seed(0)))
shuffled_r = shuffled_features.result()
null, null_b = shuffled_r.max(dim=1).values, shuffled_r.max(dim=0).values
some_candidates = torch.randperm(width, generator=torch.Generator().manual_seed(0))[:512]

at_least = max(1e-4, 20 / n_tokens)
rows = {
    "features": (r, features),
    "features, 512 candidates": (r[:, some_candidates], features),
    "neurons, 4,096 candidates": (neurons_with_features.result(), neurons_with_features),
    "neurons": (neurons.result(), neurons),
    "untrained dictionaries": (random_features.result(), random_features),
    "features, tokens shuffled": (shuffled_r, shuffled_features),
}
counted, best = {}, torch.as_tensor(best_match(r)[1])
print("median of the best correlations   here   paper   counted   candidates      tokens")
for name, (matrix, sums) in rows.items():
    fires, least = sums.fired_left / sums.n_tokens, max(1e-4, 20 / sums.n_tokens)
    counted[name] = matrix.max(dim=1).values[fires >= least]
    paper = {"features": ".72", "neurons": ".46"}.get(name, "")
    print(f"{name:30} {median_match(matrix, fires, least):7.2f} {paper:>7} {len(counted[name]):9,} {matrix.shape[1]:12,} {sums.n_tokens:11,}")
del neurons_with_features, rows, matrix, sums, features, random_features, shuffled_features, shuffled_r  # large, and no longer needed

# %% [markdown]
# Two things have to stand beside such a headline. What dictionaries are these: how many latents are on at a time, and how much of the loss do they recover? Section 9 shows why that matters. And how far could the median be off? For that, draw whole **documents** again, with replacement, and take the median each time: tokens of one document are not independent.

# %%
recovered = {}
for name in ("A", "B"):
    found = loss_recovered(models[name], text.tokens[:64], saes[f"{name}-sparse"])
    recovered[f"{name}-sparse"] = found.recovered
    l0 = on_text[f"{name}-sparse"].nnz / n_tokens * 4096 / width
    print(f"{name}-sparse: {l0:.1f} latents on at a time (L0), {found.recovered:.1%} of the loss recovered against zeros, on {found.n_tokens:,} tokens.")

often = density >= at_least
document = text.document.repeat_interleave(n_tokens // len(text))
drawn_again = DocumentBootstrap(torch.as_tensor(best_match(r)[0]), int(document.max()) + 1, n_resamples=100)
for start in range(0, n_tokens, 8192):
    rows = slice(start, start + 8192)
    drawn_again.update(latents_a[rows], latents_b[rows], document[rows])
low, high = drawn_again.median_interval(often)
print(f"Median {median_match(r, density, at_least):.3f} of {int(often.sum()):,} features, 95 % of the medians over documents drawn again: {low:.3f} to {high:.3f}")
print(f"You predicted: {guess_agreement}.")
pictures.agreement(counted, paper={"features": 0.72, "neurons": 0.46})

# %% [markdown]
# Six histograms, one scale: how well each unit of A is matched by the best unit of B. The solid line is the median, the dashed line what Bricken et al. (2023) report. The further right a histogram stands, the more the two models agree. Compare the features with the neurons; then with the two histograms at the bottom, which show what training and luck are worth.
#
# The paper's models have the same shape as ours, but they read 100 billion tokens, and its dictionaries have 4,096 latents and saw 8 billion activations. Ours saw some millions, of a world of a few kinds of text.
#
# > **Question.** Neurons have 512 candidates each, features 4,096. Could the features be ahead for that reason alone?
# >
# > <details><summary>Our answer</summary>Give both the same number. Features with 512 candidates drop below the neurons, but for another reason: the true twin is usually among those that were not drawn, so this is harder on the features than fair. Neurons with 4,096 candidates are the other way to be fair: look how far that takes them. And the shuffled histogram says how much luck gives with all 4,096.</details>

# %% [markdown]
# {{exercise universality.luck}}
#
# Luck is not the same for all. A latent that fires on few tokens agrees by chance with anything that fires on one of them. So turn the shuffled matches into a **threshold for each feature**: the value that a share `level` of the null matches of equally frequent features stay below.
#
# `edges` cut the densities into bins: bin $k$ holds the features with `edges[k] <= density < edges[k + 1]`, and the last bin includes its end. The threshold of a feature is the `level`-quantile of `null` over its bin (linear between neighbours, as `torch.quantile` does by itself). A latent with density 0 is in no bin: nothing it does is above luck, so its threshold is 1.

# %% nbgrader={"grade_id": "universality-luck", "solution": true}
def luck(
    null: Float[Tensor, "n"], density: Float[Tensor, "n"], edges: list[float], level: float
) -> Float[Tensor, "n"]:
    """For each feature the `level`-quantile of the null matches of the features in its frequency bin; 1 where it never fires.

    By hand: null = [0.1, 0.3, 0.5, 0.2], density = [0.5, 0.5, 0, 0.125], edges = [0, 0.25, 1], level = 0.5. The first two
    share a bin, and their middle is 0.2. The third never fires: 1. The last is alone in its bin: 0.2.
    """
    ### BEGIN SOLUTION
    thresholds = torch.ones_like(null)
    for low, high in pairwise(edges):
        below = (density <= high) if high == edges[-1] else (density < high)
        inside = (density > 0) & (density >= low) & below
        if inside.any():
            thresholds[inside] = null[inside].quantile(level)
    return thresholds
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-luck-check", "grade": true}
check("universality.luck")

# %% [markdown]
# Before you run it: in which of the bins will features agree most, the rare ones, the frequent ones, or those in between?

# %%
thresholds = torch.as_tensor(luck(null, density, list(EDGES), 0.95))
passing = (best > thresholds)[often].float().mean()
print(f"{passing:.1%} of the {int(often.sum()):,} counted features are matched better than 95 % of the shuffled ones of their frequency.")
pictures.by_bin(best, null, density, thresholds=thresholds)

# %% [markdown]
# From top to bottom, features that fire more and more often. Plain bars are the real best matches, hatched bars what is left after shuffling (cut at the top where they are very high); the thick line is the real median, the thin one the shuffled, the dotted one your threshold. In every bin the real matches stand to the right of luck, and luck is worth most where features are rare. The top bin holds features that the headline leaves out.
#
# > **Question.** Which bins agree least, and can you think of a reason for each end?
# >
# > <details><summary>Our answer</summary>Look at both ends. The rarest latents had few firings to learn from, in both dictionaries, and few to be measured on here. At the other end, a latent that is on at every twentieth token takes part in writing many unrelated activations. If there are many ways to share that work out, two dictionaries choose two of them.</details>

# %%
# Sections 6 and 7 look at pairs with this.
def compare_pair(in_model_a: int, in_model_b: int, *, by: str = "A", k: int = 4):
    """A feature of A and one of B on the texts where the one of model `by` is strongest, away from the beginning."""
    on = {
        f"feature {feature} of model {name}": latent_on_text(rows, feature, len(text))
        for name, rows, feature in (("A", latents_a, in_model_a), ("B", latents_b, in_model_b))
    }
    if by == "B":
        on = dict(reversed(on.items()))
    leading = next(iter(on.values()))
    places = top_examples(leading * (torch.arange(leading.shape[1]) >= 15), k=k)  # at the start of a text there is no context yet
    print(f"correlation {r[in_model_a, in_model_b]:.2f}; A's is on for {density[in_model_a]:.3%} of the tokens, B's for {density_b[in_model_b]:.3%}")
    return show_side_by_side({name: excerpts(text, values, places) for name, values in on.items()})


# %% [markdown]
# ## 4. Is it the feature or the data?
#
# Both models read the same tokens. A latent that does no more than watch for one token, say `the`, has a perfect twin in every model that watches for `the` as well, whatever else it has learned. So how much of the agreement is about the **models**, and how much about the **text**?
#
# Cut each activation in two. The first part is what you would guess if you knew the current token alone: the mean of the activation over all places with that token. The second is what is left:
#
# $$f_t = \underbrace{E[f \mid \text{token}_t]}_{\text{token part}} + \underbrace{f_t - E[f \mid \text{token}_t]}_{\text{residual}}$$
#
# Within each token the residual has mean 0, so the two parts never mix: you can correlate each across models by itself. As an opponent take the **control**: model A with its attention and MLP weights replaced by random ones. Its embeddings are still A's own, so it tells tokens apart as A does, and computes nothing from them on purpose. It has a dictionary too.

# %% [markdown]
# {{exercise universality.guess_tokens}}
#
# The features of A, matched with those of the control, a model of random weights: how high is the median of the best correlations? Choose one of `"about 0"`, `"clearly above luck, but less than A and B"`, `"as much as A and B"`.

# %% nbgrader={"grade_id": "universality-guess_tokens", "solution": true}
guess_tokens = None  # one of: "about 0", "clearly above luck, but less than A and B", "as much as A and B"
### BEGIN SOLUTION
guess_tokens = "clearly above luck, but less than A and B"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_tokens-check", "grade": true}
check("universality.guess_tokens")

# %% [markdown]
# {{exercise universality.token_part}}
#
# Compute the first part: at each place, the mean of the activations over **all places that hold the same token**, the place itself included.

# %% nbgrader={"grade_id": "universality-token_part", "solution": true}
def token_part(
    activations: Float[Tensor, "n_tokens n"], tokens: Int[Tensor, "n_tokens"]
) -> Float[Tensor, "n_tokens n"]:
    """At each place the mean activation over all places with the same token.

    By hand: the activations 1, 4, 3, 0 at the tokens 7, 2, 7, 7. Token 7 has the mean (1 + 3 + 0) / 3 = 4/3 and token 2 the mean 4,
    so the answer is 4/3, 4, 4/3, 4/3.
    """
    ### BEGIN SOLUTION
    n_vocab = int(tokens.max()) + 1
    sums = torch.zeros(n_vocab, activations.shape[1], dtype=activations.dtype).index_add(0, tokens, activations)
    count = torch.bincount(tokens, minlength=n_vocab).clamp(min=1)
    return (sums / count[:, None])[tokens]
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-token_part-check", "grade": true}
check("universality.token_part")

# %% [markdown]
# See both parts of one feature, on the first sequences of the text. It is a feature with a good match in B that the token explains to about one half.

# %%
n_some = 24 * (n_tokens // len(text))
some_tokens = text.tokens[:24, 1:].flatten()
some = torch.from_numpy(latents_a[:n_some].toarray()).float()
known = torch.as_tensor(token_part(some, some_tokens))
explained = known.var(0, correction=0) / some.var(0, correction=0).clamp(min=1e-12)
frequent = (((some > 0).sum(0) >= 12) & (best > best[often].median())).nonzero()[:, 0]
feature = int(frequent[(explained[frequent] - 0.5).abs().argmin()])

as_it_is, known_here = (torch.nn.functional.pad(side[:, feature].view(24, -1), (1, 0)) for side in (some, known))
places = top_examples(as_it_is, k=3)
print(f"Feature {feature} of A. On these {n_some:,} tokens the current token explains {explained[feature]:.0%} of its variance.")
show_side_by_side({
    "as it is": excerpts(text, as_it_is, places),
    "token alone": excerpts(text, known_here, places),
    "what is left": excerpts(text, as_it_is - known_here, places),
})

# %% [markdown]
# Three texts, three columns: the feature as it is, the guess from the token alone, and the difference, orange where the feature is stronger than its token lets you expect and blue where it is weaker. Equal tokens have equal colours in the middle column, wherever they stand. What the context adds is in the last column only.
#
# Now all features. Sums do it again, this time one row of sums for each token of the vocabulary (`TokenSplit`).

# %%
def three_matches(left: csr_array, right: csr_array) -> dict[str, Tensor]:
    """The best match of every left feature: by the activations as they are, by their token parts, by their residuals."""
    split, tokens = TokenSplit(left.shape[1], right.shape[1], models["A"].cfg.d_vocab), text.tokens[:, 1:].flatten()
    for start in range(0, n_tokens, 8192):
        rows = slice(start, start + 8192)
        split.update(left[rows], right[rows], tokens[rows])
    parts = {"as it is": split.raw, "token alone": split.token_only, "what is left": split.residual}
    return {name: part().max(dim=1).values for name, part in parts.items()}


# The course's way and yours, on the part that you have seen.
twin = int(r[feature].argmax())
other = torch.from_numpy(latents_b[:n_some, [twin]].toarray()).float()
mine = [torch.as_tensor(correlation(x, y)).item() for x, y in (
    (some[:, [feature]], other),
    (known[:, [feature]], torch.as_tensor(token_part(other, some_tokens))),
    ((some - known)[:, [feature]], other - torch.as_tensor(token_part(other, some_tokens))),
)]
print(f"Feature {feature} and its twin {twin} of B on those tokens: {mine[0]:.2f} as it is, {mine[1]:.2f} by token alone, {mine[2]:.2f} by what is left.")

models["control"] = load_model("control")
on_text["control-4096"] = read_text(text, {"control-4096": load_dictionary("control-4096")})["control-4096"]
parts = {"A and B": three_matches(latents_a, latents_b), "A and the control": three_matches(latents_a, on_text["control-4096"])}
medians = {pair: {name: float(values[often].median()) for name, values in row.items()} for pair, row in parts.items()}
print(f"Medians of {int(often.sum()):,} features over {n_tokens:,} tokens; by luck, {float(null[often].median()):.2f}.")
more_pictures.bars(medians, ylabel="median best correlation", guess=guess_tokens)

# %% [markdown]
# Three groups: the activations as they are, their token parts, and what is left. In each, the left bar is A with B, the right bar A with a model whose layers have learned nothing. The token parts agree nearly perfectly in both: any model that tells tokens apart gets that. What is left is where the two bars part.
#
# > **Question.** A friend reads: "the features of two models agree with a median correlation of .7, so they have learned the same things." What would you answer?
# >
# > <details><summary>Our answer</summary>That the control reaches a good part of that number with random layers on A's own embeddings. A fair sentence names the residual: what A and B agree on beyond the current token, beside what A and the control agree on beyond it. The difference between those two is what learning adds. It is large, and that is the finding.</details>
#
# > **Question.** The token parts agree even better than the activations. How can a part agree better than the whole?
# >
# > <details><summary>Our answer</summary>A mean over many places is less noisy than one place. Whatever the two features do differently in context is averaged away, and what stays is a list of tokens with a number each. Note also that the best partner may be another one: each part looks for its own best match.</details>

# %% [markdown]
# ## 5. Extension: one number for two spaces
#
# Much of the literature compares two networks by one number for the whole layer, **centred kernel alignment** (Kornblith et al. 2019). With $X$ and $Y$ the activations of both models, centred over the tokens, and $\lVert \cdot \rVert$ the root of the sum of all squared entries:
#
# $$\mathrm{CKA} = \frac{\lVert X^\top Y \rVert^2}{\lVert X^\top X \rVert \; \lVert Y^\top Y \rVert}$$
#
# It is 1 where one space is the other, rotated and scaled. Nothing in it asks whether any unit of one model is a unit of the other.

# %% [markdown]
# {{exercise universality.cka}}
#
# Compute it. Both sides have the same tokens as rows; they may have different numbers of columns.

# %% nbgrader={"grade_id": "universality-cka", "solution": true}
def cka(left: Float[Tensor, "n_tokens n_left"], right: Float[Tensor, "n_tokens n_right"]) -> float:
    """Linear CKA of two spaces of activations, 0 to 1.

    By hand: left = 1, 2, 3 and right = 2, 4, 0 are -1, 0, 1 and 0, 2, -2 once centred. The three sums of products are -2, 2 and 8,
    so CKA = 4 / (2 * 8) = 0.25. With one column each it is the square of the correlation.
    """
    ### BEGIN SOLUTION
    left, right = left - left.mean(dim=0), right - right.mean(dim=0)
    across = (left.T @ right).norm() ** 2
    return (across / ((left.T @ left).norm() * (right.T @ right).norm())).item()
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-cka-check", "grade": true}
check("universality.cka")

# %% [markdown]
# Try it on the neurons of A and B, on more and more tokens; on A with B's tokens shuffled, where nothing agrees; and on A with itself, rotated at random. Before you run it: which of the three will depend on the number of tokens?

# %%
neurons_a, neurons_b = some_neurons[0]["A"], some_neurons[0]["B"]
wrong_order = torch.randperm(len(neurons_b), generator=torch.Generator().manual_seed(0))
turn = torch.linalg.qr(torch.randn(512, 512, generator=torch.Generator().manual_seed(1))).Q
counts = [n for n in (30, 100, 300, 1000, 3000, 8000) if n <= len(neurons_a)]
numbers = {
    "A and B": [cka(neurons_a[:n], neurons_b[:n]) for n in counts],
    "A and B, tokens shuffled": [cka(neurons_a[:n], neurons_b[wrong_order[:n]]) for n in counts],
    "A and A, rotated": [cka(neurons_a[:n], neurons_a[:n] @ turn) for n in counts],
}
rotated = StreamingCorrelation(512, 512)
rotated.update(neurons_a, neurons_a @ turn)
print(f"A and A rotated: CKA {numbers['A and A, rotated'][-1]:.2f}, but the median best correlation of single neurons is {float(rotated.result().max(dim=1).values.median()):.2f}")
scale_pictures.whole_space(counts, numbers, 512)

# %% [markdown]
# Each line is one comparison, from few tokens on the left to many on the right; the dotted line marks as many tokens as there are neurons. With few tokens even shuffled activations look alike: there are more dimensions than tokens to tell them apart. And a random rotation, which leaves no neuron as it was, costs nothing at all.
#
# > **Question.** A paper reports a CKA of .9 between two layers of 4,096 units, on 2,000 tokens. What would you ask for?
# >
# > <details><summary>Our answer</summary>The same number with the tokens shuffled, and on ten times as many tokens. And even where it holds: it says that the directions in which the two layers vary most carry much the same. About the small ones it says nearly nothing, and it does not say that they share a single feature.</details>

# %% [markdown]
# ## 6. Extension: known exclusives
#
# Here is something that the paper could not do. Model B's training text holds a domain that A has never seen: chess games. A's holds one that B has never seen; which one, you will find out yourself in the last section, so its name stays hidden here. We know, because we made it so. A feature that is at home in such a domain should have **no true twin** in the other model. Count its matches as false, and you see how often that happens. (Strictly this is too hard on them: up to half of such a feature's activation may lie in text that both models know, so the count is an upper bound.)

# %% [markdown]
# {{exercise universality.guess_exclusives}}
#
# Take such exclusive features. How many of them will nevertheless have a match above your luck threshold? Choose one of `"nearly none"`, `"about half"`, `"nearly all"`.

# %% nbgrader={"grade_id": "universality-guess_exclusives", "solution": true}
guess_exclusives = None  # one of: "nearly none", "about half", "nearly all"
### BEGIN SOLUTION
guess_exclusives = "nearly all"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_exclusives-check", "grade": true}
check("universality.guess_exclusives")

# %% [markdown]
# {{exercise universality.exclusive}}
#
# First find them: the features that spend at least a share `share` of their activation in one domain, and that fire on at least `firings` tokens. `spent[i, d]` is what feature $i$'s activations add up to in domain $d$. A latent that never fires is nobody's.

# %% nbgrader={"grade_id": "universality-exclusive", "solution": true}
def exclusive(
    spent: Float[Tensor, "n n_domains"], fired: Int[Tensor, "n"], domain: int, share: float, firings: int
) -> Bool[Tensor, "n"]:
    """Whether each feature has at least `share` of its activation in `domain`, and fires at least `firings` times.

    By hand: spent = [[9, 1], [2, 8], [0, 0], [3, 0]], fired = [30, 50, 0, 2], domain 0, share 0.5, firings 20. The first has 9 of 10
    there: True. The second has 2 of 10, the third nothing at all, and the last has fired only twice: False.
    """
    ### BEGIN SOLUTION
    return (spent[:, domain] >= share * spent.sum(dim=1)) & (fired >= firings)
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-exclusive-check", "grade": true}
check("universality.exclusive")

# %% [markdown]
# {{exercise universality.false_match_rate}}
#
# Then count: of the exclusive features, the share whose best match is **above** its threshold. Where no feature is exclusive there is nothing to measure: NaN, not 0.

# %% nbgrader={"grade_id": "universality-false_match_rate", "solution": true}
def false_match_rate(
    best: Float[Tensor, "n"], exclusive: Bool[Tensor, "n"], threshold: Float[Tensor, "n"]
) -> float:
    """The share of exclusive features with best > threshold; NaN where there is none.

    By hand: best = [0.9, 0.1, 0.4, 0.3], exclusive = [True, True, False, True], threshold = [0.2, 0.2, 0.2, 0.25]. Of the three
    exclusive ones the first and the last are above theirs: 2/3.
    """
    ### BEGIN SOLUTION
    return (best > threshold)[exclusive].double().mean().item()
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-false_match_rate-check", "grade": true}
check("universality.false_match_rate")

# %%
domains = {name: {domain.name for domain in domains_of(name)} for name in ("A", "B")}
(only_a,), (only_b,) = domains["A"] - domains["B"], domains["B"] - domains["A"]
spent_a, spent_b = (share_by_domain(side, text.domain, len(text.domains)) for side in (latents_a, latents_b))  # shares are sums that add up to 1
best_b = r.max(dim=0).values
luck_b = torch.as_tensor(luck(null_b, density_b, list(EDGES), 0.95))


def of_domain(name: str, spent: Tensor, fired: Tensor) -> Tensor:
    return torch.as_tensor(exclusive(spent, fired, text.domains.index(name), 0.5, 20))


own_a, own_b = of_domain(only_a, spent_a, fired_a), of_domain(only_b, spent_b, fired_b)
shared = often & ~own_a & ~of_domain(only_b, spent_a, fired_a)
groups = {
    f"A's own ({int(own_a.sum())})": (best, own_a, thresholds),
    f"B's own: {only_b} ({int(own_b.sum())})": (best_b, own_b, luck_b),
    f"shared ({int(shared.sum()):,})": (best, shared, thresholds),
}
rates = {
    name: {"above luck": false_match_rate(values, who, line)}
    | {f"above {level:.2f}": false_match_rate(values, who, torch.full_like(line, level)) for level in (0.5, 0.72)}
    for name, (values, who, line) in groups.items()
}
more_pictures.bars(rates, ylabel="share of the features with a match", guess=guess_exclusives, percent=True)

# %% [markdown]
# Three ways to call a match a twin, from easy to strict; in each, the first two bars are features that should have no twin, the third all others. "Above luck" is passed by nearly every feature, exclusive or not: **passing the null does not make a twin**. A high correlation does better, and now you know how large its error is at most: the share of exclusive features that reach it all the same.
#
# How can a chess feature of B have a match in a model that never saw a game of chess? Look at the pair of them that agrees best.

# %%
feature = int((best_b * own_b).argmax()) if own_b.any() else int(best_b.argmax())
compare_pair(int(r[:, feature].argmax()), feature, by="B")

# %% [markdown]
# Left the chess feature of B, right its match in A, on the same tokens: a token is the darker the more strongly the feature is on, each column on a scale of its own. See on which tokens both are dark, and ask where else A may have met such a token.
#
# > **Question.** What would you have to take away before you compare, so that such pairs no longer match?
# >
# > <details><summary>Our answer</summary>What the current token alone explains, as in section 4. A match on the residual says that both models do the same with a token *in context*. It is not a cure for everything: text that one model has never seen still has grammar, numbers and names in it that the other knows.</details>

# %%
left_over = parts["A and B"]["what is left"]
residual_rates = {
    name: {f"above {level:.2f}": false_match_rate(left_over, who, torch.full_like(left_over, level)) for level in (0.3, 0.5, 0.72)}
    for name, who in (("A's own", own_a), ("shared", shared))
}
more_pictures.bars(residual_rates, ylabel="share, by what is left", percent=True)

# %% [markdown]
# The same count with the residual in place of the activation, for A's own features and for the shared ones. Compare the distance between the two bars with the picture above: how many true twins would you give up, and how many false ones would you be rid of?

# %% [markdown]
# ## 7. Extension: twins
#
# A median is no feature. Take the pairs of which each is the other's best match, and look at some: DNA, HTTP, Hebrew and licences, which Bricken et al. (2023) and many since have looked for. The text has a domain for every sequence, so you can ask for the pair that belongs to one most: high correlation times the share of its activation in that domain.

# %%
spent_a = share_by_domain(latents_a, text.domain, len(text.domains))
chosen, table = {}, {"model A": [], "model B": []}
for domain in ("dna", "http", "hebrew", "licences"):
    at_home = spent_a[:, text.domains.index(domain)]
    feature = int((pairs.correlation * at_home * often).argmax())
    twin = chosen[domain] = feature, int(pairs.partner[feature])
    in_a, in_b = latent_on_text(latents_a, feature, len(text)), latent_on_text(latents_b, twin[1], len(text))
    places = top_examples(in_a * (torch.arange(in_a.shape[1]) >= 15), k=2)
    for column, number, values in zip(table, twin, (in_a, in_b), strict=True):
        shown = excerpts(text, values / values.max(), places, before=10, after=5)
        table[column] += [replace(row, label=f"{row.label}: feature {number}") for row in shown]
    print(f"{domain:9} A {twin[0]:4} and B {twin[1]:4}: correlation {pairs.correlation[feature]:.2f}, {at_home[feature]:.0%} of A's activation is in the domain")
show_side_by_side(table)

# %% [markdown]
# Two texts for each of the four pairs, chosen by A's feature alone: left A's feature, right its twin in B, each scaled so that its strongest activation is 1. Read the rows: where is a token dark on one side only? Above each text stands its domain and the number of the feature.
#
# Do twins also **say** the same? A feature writes its direction $d$ (its row of `W_dec`) into the neurons, and from there to the next token's logits on a path that you can multiply out: through `W_out` into the residual stream, through the final LayerNorm (take off the mean over the residual stream, multiply by the gain $\gamma$), and through `W_U` to a number for each token:
#
# $$w = \big((d\,W_{out} - \text{mean}) \odot \gamma\big)\, W_U$$
#
# Residual streams cannot be compared across models. But both models share one vocabulary, so these **logit weights** can.

# %% [markdown]
# {{exercise universality.guess_saying}}
#
# Take all pairs that are each other's best match, and correlate what the two say. What will you find: `"most say the same"` (a correlation above one half), `"about half do"`, `"most say something else"`?

# %% nbgrader={"grade_id": "universality-guess_saying", "solution": true}
guess_saying = None  # one of: "most say the same", "about half do", "most say something else"
### BEGIN SOLUTION
guess_saying = "most say something else"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_saying-check", "grade": true}
check("universality.guess_saying")

# %% [markdown]
# {{exercise universality.says_the_same}}
#
# For each pair, the correlation over the vocabulary of the two directions' logit weights, each through the weights of **its own** model: `model.W_out[0]` is `[d_mlp, d_model]`, `model.ln_final.weight` is $\gamma$, `[d_model]`, and `model.W_U` is `[d_model, d_vocab]`.

# %% nbgrader={"grade_id": "universality-says_the_same", "solution": true}
def says_the_same(
    model_left, model_right, left: Float[Tensor, "n_pairs d_mlp"], right: Float[Tensor, "n_pairs d_mlp"]
) -> Float[Tensor, "n_pairs"]:
    """For each pair of directions, row by row, Pearson's correlation over the vocabulary of what they add to the logits.

    By hand: if row 0 of `left` adds 1, 2, 3 to the logits of three tokens in its model, and row 0 of `right` adds 2, 4, 0 in the
    other, then the first number is -0.5. How long a direction is does not matter.
    """
    ### BEGIN SOLUTION
    def logit_weights(model, direction):
        written = direction @ model.W_out[0]
        written = written - written.mean(dim=-1, keepdim=True)
        said = (written * model.ln_final.weight) @ model.W_U
        return said - said.mean(dim=-1, keepdim=True)

    with torch.no_grad():
        said_left, said_right = logit_weights(model_left, left), logit_weights(model_right, right)
        return torch.cosine_similarity(said_left, said_right, dim=1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-says_the_same-check", "grade": true}
check("universality.says_the_same")

# %%
who = ((pairs.partner >= 0) & often & (fired_b[pairs.partner] >= min(20, int(fired_b.max())))).nonzero()[:, 0]  # a pair counts if both do
writes_a, writes_b = saes["A-sparse"].W_dec[who], saes["B-sparse"].W_dec[pairs.partner[who]]
both = models["A"], models["B"]
said = torch.as_tensor(says_the_same(*both, writes_a, writes_b)).detach()
strangers = torch.as_tensor(says_the_same(*both, writes_a, writes_b.roll(1, 0))).detach()
print(f"{len(who):,} pairs: the correlation of what they say is above .5 for {float((said > 0.5).float().mean()):.0%}; of pairs put together at random, for {float((strangers > 0.5).float().mean()):.0%}.")

agree = int(who[torch.where(pairs.correlation[who] >= 0.8, said, said - 2).argmax()])
differ = int(who[agree_and_disagree(pairs.correlation[who], said, torch.ones(len(who), dtype=torch.bool))])
words = token_strings(torch.arange(models["A"].cfg.d_vocab))


def speech(feature: int) -> more_pictures.Said:
    weights = [logit_weights(models[name], saes[f"{name}-sparse"].W_dec[number]) for name, number in (("A", feature), ("B", int(pairs.partner[feature])))]
    return more_pictures.Said(*weights, words)


more_pictures.sayings(said, strangers, {
    f"on together {pairs.correlation[agree]:.2f}, says {said[who == agree].item():.2f}": speech(agree),
    f"on together {pairs.correlation[differ]:.2f}, says {said[who == differ].item():.2f}": speech(differ),
}, guess=guess_saying)

# %% [markdown]
# Left, how alike twins speak (plain) and how alike pairs put together at random do (hatched): twins stand to the right. Middle and right, two pairs, a dot for each token of the vocabulary: A's logit weight across, B's upwards; tokens that stand out are written in, but not bytes of a letter. Both pairs agree on **when to fire** (at least .8, or the best tenth). The one in the middle agrees most on **what to say**, and its dots lie along a rising line. The one on the right agrees least, and shows no such line.
#
# So agreement on when to fire is common, and agreement on what to say is rarer. Bricken et al. (2023) found the same for a feature of Arabic script: its twin fires with it at .91, and the logit weights of the two correlate at .23.

# %%
compare_pair(differ, int(pairs.partner[differ]), k=3)

# %% [markdown]
# The pair on the right of the picture, on the texts where A's feature is strongest: the same tokens are dark on both sides. Nobody who looked only at these columns could tell that the two write something else.
#
# > **Question.** Bricken et al. (2023) found such a pair too: activations correlated at .98, logit weights negatively. How can a feature be right to fire and wrong in what it says?
# >
# > <details><summary>Our answer</summary>The direct path through `W_U` is one of several. In a layer that is read as a sum of features, two features that fire together can share the work: one overshoots and another corrects it. What a model needs is that the *sum* over the features that are on is right. And where the next token is as good as random, as in DNA, a feature may have little to say at all.</details>

# %% [markdown]
# ## 8. Extension: across widths
#
# A dictionary of 512 latents and one of 4,096 cut the same activations into pieces of different sizes. A feature that turns up in **every** dictionary, wide or narrow, of A or of B, does not depend on how you looked.

# %% [markdown]
# {{exercise universality.guess_width}}
#
# Take the features of A-sparse that count. Which share of them has a match above .5 in every one of the other dictionaries, the one of 512 latents included? Choose one of `"under 5 %"`, `"5 to 25 %"`, `"over 25 %"`.

# %% nbgrader={"grade_id": "universality-guess_width", "solution": true}
guess_width = None  # one of: "under 5 %", "5 to 25 %", "over 25 %"
### BEGIN SOLUTION
guess_width = "5 to 25 %"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_width-check", "grade": true}
check("universality.guess_width")

# %% [markdown]
# {{exercise universality.whatever_the_width}}
#
# `correlations` is a list of matrices. Each has a row for every feature of the first dictionary, and as many columns as the other dictionary has latents.

# %% nbgrader={"grade_id": "universality-whatever_the_width", "solution": true}
def whatever_the_width(correlations: list[Float[Tensor, "n _"]], threshold: float) -> Bool[Tensor, "n"]:
    """Whether each feature (row) has some entry above `threshold` in every one of the matrices.

    By hand: with [[0.75, 0.1], [0.25, 0.5], [0.5, 0.1]], [[0.6], [0.7], [0.5]] and the threshold 0.5, the first feature has 0.75 and 0.6:
    True. The second has no more than 0.5 in the first matrix, and 0.5 is not above 0.5. The third neither: [True, False, False].
    """
    ### BEGIN SOLUTION
    found = torch.ones(len(correlations[0]), dtype=torch.bool)
    for matrix in correlations:
        found &= matrix.max(dim=1).values > threshold
    return found
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-whatever_the_width-check", "grade": true}
check("universality.whatever_the_width")

# %% [markdown]
# The dictionaries are read on the first half of the text. The matrices are made one at a time and kept in single precision: 64 MB for 4,096 by 4,096.

# %%
others = [name for name in ("A-512", "A-4096", "A-16384", "B-sparse", "B-4096") if name in DICTIONARIES]
half = text.take(torch.arange(len(text) // 2))
halves = read_text(half, {name: load_dictionary(name) for name in others if name not in saes})
halves |= {name: on_text[name][: half.tokens[:, 1:].numel()] for name in saes}
fired_half = torch.from_numpy(np.bincount(halves["A-sparse"].indices, minlength=width))
counts_half = fired_half >= 20
correlations = [stream_of(halves["A-sparse"], halves[name]).result()[counts_half] for name in others]

everywhere = torch.as_tensor(whatever_the_width(correlations, 0.5))
shares = {name: float((matrix.max(dim=1).values > 0.5).float().mean()) for name, matrix in zip(others, correlations, strict=True)}
shares["all of them"] = float(everywhere.float().mean())
density_half = fired_half[counts_half] / halves["A-sparse"].shape[0]
bins = [(low, high) for low, high in pairwise((1e-4, 1e-3, 1e-2, 1.0)) if ((density_half >= low) & (density_half < high)).any()]
by_bin = torch.tensor([everywhere[(density_half >= low) & (density_half < high)].float().mean().item() for low, high in bins])
print(f"{len(everywhere):,} features of A-sparse that fire at least 20 times in {halves['A-sparse'].shape[0]:,} tokens.")
curve_pictures.found(shares, by_bin, [f"{low:g} to {high:g}" for low, high in bins], guess=guess_width)

# %% [markdown]
# Left, the share of A-sparse's features that have a match above .5 in each dictionary, and below in all of them. Right, the same "in all" by how often a feature fires. The narrow dictionary is the sieve: it has an eighth as many latents, so most fine features have no piece of their own there.
#
# Which features survive the sieve? Their home says something: the domains in which they spend most of their activation, against those of the features that are not found everywhere.

# %%
home = share_by_domain(latents_a, text.domain, len(text.domains)).argmax(dim=1)[counts_half]
rows = [(float(everywhere[home == d].float().mean()), int((home == d).sum()), text.domains[d]) for d in home.unique().tolist()]
for share, count, name in sorted(rows, reverse=True):
    print(f"{name:12} {share:4.0%} of {count:4} features at home there are found whatever the width")

# %% [markdown]
# > **Question.** Which kinds of text are at the top, and why could that be?
# >
# > <details><summary>What to look for</summary>Are the text that people wrote (Python, manuals, mathematics) and the text from small grammars (banks, citations) at different ends? A grammar has few kinds of sentences, and a wide dictionary cuts each into many fine pieces, one for every slot. A narrow dictionary has no latents to spare for slots, so those pieces are missing there. What is broad, an indentation or a frequent word, is worth a latent to everybody. Not every row fits: chess, which A never saw, and DNA stand high as well.</details>

# %% [markdown]
# ## 9. Extension: the price of agreement
#
# The headline of section 3 belongs to dictionaries with few latents on at a time. What if more may be on? Then a dictionary writes each activation more exactly, and the language model notices less. Do the features of two models then agree more, or less?

# %% [markdown]
# {{exercise universality.guess_curve}}
#
# Choose one of `"agreement rises with L0"`, `"agreement falls with L0"`, `"no difference"`.

# %% nbgrader={"grade_id": "universality-guess_curve", "solution": true}
guess_curve = None  # one of: "agreement rises with L0", "agreement falls with L0", "no difference"
### BEGIN SOLUTION
guess_curve = "agreement falls with L0"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_curve-check", "grade": true}
check("universality.guess_curve")

# %%
points = []
for suffix in ("sparse", "4096"):
    one, other = halves[f"A-{suffix}"], halves[f"B-{suffix}"]
    sums = stream_of(one, other)
    sae = load_dictionary(f"A-{suffix}")
    if f"A-{suffix}" not in recovered:
        recovered[f"A-{suffix}"] = loss_recovered(models["A"], text.tokens[:64], sae).recovered
    points.append({
        "l0": float(sae.k),
        "recovered": recovered[f"A-{suffix}"],
        "median": median_match(sums.result(), sums.fired_left / sums.n_tokens, max(1e-4, 20 / sums.n_tokens)),
    })
    print(f"A-{suffix} and B-{suffix}: L0 {sae.k}, {points[-1]['recovered']:.1%} of the loss recovered, median {points[-1]['median']:.2f} over {sums.n_tokens:,} tokens")
swept = load_sweep()
if not swept:
    print("The sweep over many pairs of dictionaries is not in this installation; `mechint-course train matching --out FOLDER --sweep LEFT:RIGHT ...` makes it.")
curve_pictures.price(swept, points, guess=guess_curve)

# %% [markdown]
# Each mark is a pair of dictionaries, one of A and one of B: across, how much of the loss A's recovers; upwards, the median agreement of the two; L0, the number of latents on, is written at it. The dashed line is the median of Bricken et al. (2023). Where the sweep is installed, four marks are joined: along them only L0 differs, and each of those dictionaries saw one million activations. Going right along them costs agreement: a headline without its L0 and its loss recovered can be had for any price.
#
# The two marks of this notebook are the shipped dictionaries, trained on six million activations each (L0 8) and on eight and four million (L0 16). They lie to the right of their fellows with the same L0 **and above them**: training longer bought both. So a low agreement of two dictionaries may only say that neither was finished.
#
# > **Question.** Why would fewer latents at a time agree more?
# >
# > <details><summary>Our answer</summary>The first few latents take the largest pieces of an activation, those that stand out in any model. Each further one writes a smaller correction, and there are many equally good ways to write a small correction. Two dictionaries then pick different ones.</details>

# %% [markdown]
# ### Over millions of tokens
#
# Your matching used a small part of the text. The course has matched the same dictionaries over two million tokens, held-out and training text of both, with a named command. Lay some of your features over it.

# %%
some_features = often.nonzero()[:, 0]
some_features = some_features[torch.randperm(len(some_features), generator=torch.Generator().manual_seed(0))[:300]]
full = load_matching("A-sparse", "B-sparse") if "A-sparse_B-sparse" in load_card()["pairs"] else None
if full is None:
    print("The full matching is not in this installation; `mechint-course train matching --out FOLDER` makes it.")
else:
    card = load_card()["pairs"]["A-sparse_B-sparse"]
    same = float((full.partner[some_features] == r.max(dim=1).indices[some_features]).float().mean())
    print(f"Full matching: {card['n_tokens']:,} tokens, median {card['correlation']:.3f} of {card['counted']:,} features (null {card['null']:.3f}).")
    print(f"{same:.0%} of your {len(some_features)} features have the same partner there.")
curve_pictures.laid_over(density[some_features], best[some_features], full)

# %% [markdown]
# A dot for each feature: across, how often it fires, upwards, how well it is matched; squares are yours, small grey dots the full matching where it is there. Your squares should lie in the same cloud. Where they do not, look at the rare ones first: they had the fewest tokens to be measured on.

# %% [markdown]
# ## 10. Extension, the capstone: what had A seen that B had not?
#
# A and B were trained on nearly the same kinds of text. One domain was in A's text only. Suppose nobody kept the list, and the text of that domain is gone. What is left are the two models and their dictionaries. Can you still find out what A had read?
#
# A model writes the way it has read. So let A write, token by token, each drawn from A's own probabilities, and give the texts to B. The **surprise** of a model at a text $t_0, t_1, \dots, t_n$ is its mean loss,
#
# $$L = -\frac{1}{n} \sum_{i=1}^{n} \log p(t_i \mid t_0, \dots, t_{i-1}),$$
#
# in nats a token. What both have learned should surprise B little more than A. What only A has learned should surprise B much more: $L_B - L_A$ is large.

# %% [markdown]
# {{exercise universality.guess_written}}
#
# A writes 160 texts. On how many of them will B's surprise be over 3 nats a token larger than A's? (That is a factor of $e^3 \approx 20$ in probability at every token.) Choose one of `"none"`, `"a few"`, `"about half"`, `"nearly all"`. A prediction earns its point whether it is right or not.

# %% nbgrader={"grade_id": "universality-guess_written", "solution": true}
guess_written = None  # one of: "none", "a few", "about half", "nearly all"
### BEGIN SOLUTION
guess_written = "a few"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_written-check", "grade": true}
check("universality.guess_written")

# %% [markdown]
# {{exercise universality.surprised}}
#
# Find the `k` texts by which B is more surprised than A, by most. A model called on tokens gives logits `[n_texts, length, d_vocab]`, and those at place $i$ are about the token at place $i + 1$.

# %% nbgrader={"grade_id": "universality-surprised", "solution": true}
def surprised(model_a, model_b, tokens: Int[Tensor, "n_texts length"], k: int) -> Int[Tensor, "k"]:
    """The numbers of the k texts with the largest surprise of B minus surprise of A, the largest first.

    By hand: if A's surprises at three texts are 2, 1 and 3 nats a token and B's are 2.5, 6 and 3, the differences are
    0.5, 5 and 0. With k = 2 the answer is [1, 0].
    """
    ### BEGIN SOLUTION
    losses = []
    for model in (model_a, model_b):
        with torch.no_grad():
            log_p = model(tokens[:, :-1], return_type="logits").log_softmax(dim=-1)
        losses.append(-log_p.gather(-1, tokens[:, 1:, None]).squeeze(-1).mean(dim=1))
    return (losses[1] - losses[0]).topk(k).indices
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-surprised-check", "grade": true}
check("universality.surprised")

# %%
model_a, model_b = load_model("A"), load_model("B")
written = generate(model_a, n_texts=sized(160, smoke=12), length=sized(40, smoke=12), seed=0)
by_a, by_b = surprise(model_a, written), surprise(model_b, written)
apart = int((by_b - by_a > 3).sum())
print(f"You predicted: {guess_written}. Counted: {apart} of {len(written)} texts are over 3 nats apart.")
capstone_pictures.two_surprises(by_a, by_b)

# %% [markdown]
# A dot for each text that A wrote: how surprised A is by it across, how surprised B is upwards. Dots on the dashed line surprise both alike. Most texts lie a little above it, because a text is a little likelier to the one that wrote it. Squares are over 3 nats above it.
#
# Before you read those texts, look inside. Which of A's features do they use? And do these features have twins in B **on text of the shared domains**, which both models know? Take the features that spend at least 90 % of their activation on the strange texts (out of all that A wrote). How well do you expect B to match them?

# %%
strange = torch.as_tensor(surprised(model_a, model_b, written, k=max(2, apart)))
sae_a, sae_b = load_dictionary("A-sparse"), load_dictionary("B-sparse")


def latents(model, sae, tokens: Tensor):
    return sparse_latents(sae, activations(model, tokens)[:, 1:].flatten(0, 1))


shared = by_world(evaluation_text().sample(sized(10, smoke=1), seed=0)).both
agree = StreamingCorrelation(sae_a.d_sae, sae_b.d_sae)
for part in shared.tokens.split(64):
    agree.update(latents(model_a, sae_a, part), latents(model_b, sae_b, part))
twin, twin_correlation = (torch.as_tensor(part) for part in best_match(agree.result()))

on_written = torch.from_numpy(latents(model_a, sae_a, written).toarray()).view(len(written), -1, sae_a.d_sae)
fires, spent = (on_written > 0).sum(dim=(0, 1)), on_written.sum(dim=(0, 1))
share_strange = on_written[strange].sum(dim=(0, 1)) / spent.clamp(min=1e-9)
enough = fires >= sized(10, smoke=1)
own = enough & (share_strange >= 0.9)
others, fired = enough & ~own, torch.as_tensor(agree.fired_left).float()
print(f"{int(own.sum())} features of A live on the strange texts. On {agree.n_tokens:,} tokens of shared text they fire "
      f"{int(fired[own].median())} times (median), the others {int(fired[others].median())} times.")
pictures.agreement({
    "on the strange texts": twin_correlation[own],
    "the others": twin_correlation[others],
    "others as rare on shared text": twin_correlation[others & (fired <= fired[own].quantile(0.9))],
})

# %% [markdown]
# Three histograms of A's features, by how well their best match in B agrees with them on shared text: those that live on the strange texts, all others that are on when A writes, and of these the ones that shared text calls for as rarely. The further left, the less B has anything like them.
#
# > **Question.** Why does the third histogram stand here?
# >
# > <details><summary>Our answer</summary>The features of the strange texts hardly ever fire on shared text. Where a feature has few firings, chance decides much of its correlation, so a low best match alone would prove little. If rareness were the whole reason, the third histogram would stand where the first one does: compare their medians. The strongest witness stays B's surprise; the features say where to look.</details>
#
# Now read. The features of A that are strongest on the strange texts, each beside its best match in B, on the same tokens.

# %%
as_text = TokenizedText(written, torch.zeros(len(written), dtype=torch.long), ("written by A",), torch.arange(len(written)), "")
strongest = torch.where(own, spent, 0).argsort(descending=True)


def read(feature: int):
    """One feature of A on the texts that A wrote, and its best match in B on the same tokens."""
    partner = int(twin[feature])
    in_b = torch.from_numpy(latents(model_b, sae_b, written)[:, [partner]].toarray()).view(len(written), -1)
    in_a, in_b = (torch.nn.functional.pad(on, (1, 0)) for on in (on_written[:, :, feature], in_b))
    places = top_examples(in_a, k=4)
    return show_side_by_side({
        f"feature {feature} of model A": excerpts(as_text, in_a, places),
        f"its best match on shared text, feature {partner} of model B": excerpts(as_text, in_b, places),
    })


read(int(strongest[0]))  # try strongest[1], strongest[2], ...

# %% [markdown]
# Left a feature of A on the texts on which it is strongest, right B's best candidate on the same tokens; the darker a token, the stronger the activation. Read several features: each knows one place in the pattern. Then read whole texts with `print("".join(token_strings(written[strange[0], 1:])))`, and decide.

# %% [markdown]
# {{exercise universality.capstone}}
#
# Which domain had A seen that B had not? These are the domains of the course. Most were in the training text of both models, and one was in B's only.

# %%
for domain in domains_of():
    print(f"{domain.name:12} {domain.title}")

# %% nbgrader={"grade_id": "universality-capstone", "solution": true}
def capstone() -> str:
    """The name of the domain that model A was trained on and model B was not: one of those printed above.

    If A's text alone had held recipes, and the list said `recipes`, the body would be `return "recipes"`.
    """
    ### BEGIN SOLUTION
    return "weather"
    ### END SOLUTION

# %% nbgrader={"grade_id": "universality-capstone-check", "grade": true}
check("universality.capstone")

# %% [markdown]
# You have just read off a model what it was trained on, without its training text.
#
# > **Question.** Which of your steps would find nothing if the domain were only 1 in 10,000 of A's training text? And could you find it without B?
# >
# > <details><summary>Our answer</summary>A would write such a text about once in 10,000, so 160 texts would most likely hold none, and the dictionary might have no latent to spare for it. One would have to make A write more, or begin the texts with unusual words. Without B you could still read A's features one by one; B tells you which of thousands are worth reading.</details>

# %% [markdown]
# ## What you learned
#
# - Directions of two models cannot be compared as they are. Features are compared by **when they are on**: correlation over the same tokens, centred, and 0 for what never changes.
# - Sums can be taken a batch at a time, so millions of pairs over any text fit into the memory of a laptop, if rare and constant columns are handled with care.
# - There is always a best match. It means something only beside **what luck gives** at the same frequency, beside neurons, and beside dictionaries that were never trained.
# - Much of the agreement is **the text**: any model that tells tokens apart gets it. What is left after the token is taken away is what learning adds.
# - **Passing the null does not make a twin.** Features that cannot have a twin pass it too; only a high correlation keeps them out, at an error that you have measured.
# - Twins that fire together need not say the same, and a headline needs its L0 and its loss recovered.
#
# ## References
#
# - Bricken et al. (2023), *Towards Monosemanticity: Decomposing Language Models With Dictionary Learning*, section "Universality". The comparison, the medians .72 for features and .46 for neurons, and the pair that fires together and says something else, are from there.
# - Kornblith et al. (2019), *Similarity of Neural Network Representations Revisited*. Centred kernel alignment.
# - Schönemann (1966), *A generalized solution of the orthogonal Procrustes problem*.
