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
# # Why can five features live in two dimensions?
#
# A language model knows far more things than it has numbers to write them down with. One idea of how it manages is called **superposition**: it stores more features than it has dimensions, as directions that are not quite at right angles, and lives with a little interference.
#
# In this chapter you make that happen yourself, in a model so small that you can draw it.
#
# **Goal.** See why there is room for more features than dimensions, write a toy model that uses it, watch features arrange themselves, and find the border at which they begin to share.
#
# **Time.** Sections 1 to 5 fill 45 minutes, sections 6 and 7 another 45. Together they are the core path. Sections 8 to 13 are extensions: take any of them, in any order, 20 to 40 minutes each.
#
# **You need.** Python, matrix products, and what a gradient is. No earlier chapter.
#
# How to work: each exercise is a function to fill in, and the cell after it checks your answer and tells you what is wrong. `hint("toy.forward")` gives a nudge, `hint("toy.forward", 2)` and `3` give more, and `hint("toy.forward", "solution")` shows ours. Until your answer passes, the check puts ours in its place, so you can go on at any time and come back later.

# %% tags=["imports"]
import math

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import optimize
from torch import Tensor

from mechint_course import check, hint, sized

# %%
from mechint_course.figures import toy as pictures
from mechint_course.figures import toy_computing as neuron_pictures
from mechint_course.figures import toy_geometry as geometry_pictures
from mechint_course.figures import toy_growth as growth_pictures
from mechint_course.figures import toy_phases as phase_pictures
from mechint_course.figures import toy_points as point_pictures
from mechint_course.figures import toy_room as room_pictures
from mechint_course.toy import ToyModel, evaluate, is_regular_polygon, n_represented, train
from mechint_course.toy import FATES, AnticorrelatedSets, CorrelatedSets, Grid, branch_minima, cosines, phase_grid
from mechint_course.toy import k_active, random_directions, recovery_limit
from mechint_course.toy import load_strip, losses_along, without_superposition
from mechint_course.toy import AbsoluteValue, HiddenReLU, features_per_neuron, shared, signed_batch
from mechint_course.toy import fit_examples, load_regimes, loss_on, unit_examples
from mechint_course.views.explorer import SuperpositionExplorer
from mechint_course.views.geometry import GeometryExplorer
from mechint_course.views.phases import PhaseExplorer
from mechint_course.work import work

# %% [markdown]
# ## 1. Room for more directions than dimensions
#
# In $m$ dimensions, at most $m$ directions are at right angles to each other. Suppose you ask for less: every two of them may lean towards each other a little, with a cosine of at most 0.3, say. How many fit now?
#
# Draw 1,000 random directions in 100 dimensions and let them in one after the other. A newcomer that leans more than 0.3 towards (or away from) one who is already in must go.

# %% [markdown]
# {{exercise toy.guess_room}}
#
# How many of the 1,000 stay? Choose one of `"fewer than 100"`, `"exactly 100"`, `"between 100 and 300"`, `"more than 300"`. A prediction earns its point whether it is right or not.

# %% nbgrader={"grade_id": "toy-guess_room", "solution": true}
guess_room = None  # one of: "fewer than 100", "exactly 100", "between 100 and 300", "more than 300"
### BEGIN SOLUTION
guess_room = "more than 300"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_room-check", "grade": true}
check("toy.guess_room")

# %% [markdown]
# {{exercise toy.nearly_orthogonal}}
#
# Count those who stay. The columns of `directions` arrive from left to right. Each is let in if the **absolute value** of its cosine with every one that was let in before is at most `limit`. The columns need not have length 1, and none is zero.

# %% nbgrader={"grade_id": "toy-nearly_orthogonal", "solution": true}
def nearly_orthogonal(directions: Float[Tensor, "n_hidden n_directions"], limit: float) -> int:
    """How many directions stay when each must keep its distance from all that came before it and stayed.

    By hand: [1, 0], [0, 1] and [-1, 0.1] with the limit 0.5. The second is at a right angle to the first and stays.
    The third is nearly opposite to the first (cosine -0.995) and must go. The answer is 2.
    """
    ### BEGIN SOLUTION
    unit = directions / directions.norm(dim=0)
    overlap = (unit.T @ unit).abs()
    kept = []
    for i in range(overlap.shape[0]):
        if (overlap[i, kept] <= limit).all():
            kept.append(i)
    return len(kept)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-nearly_orthogonal-check", "grade": true}
check("toy.nearly_orthogonal")

# %%
n_directions = sized(1000, smoke=100)
dimensions = [10, 20, 40, 60, 80, 100]
fit = {
    limit: [nearly_orthogonal(random_directions(m, n_directions).float(), limit) for m in dimensions]
    for limit in (0.1, 0.2, 0.3)
}
print(f"100 dimensions, cosine at most 0.3. Your prediction: {guess_room}. Counted: {fit[0.3][-1]} of {n_directions}")
room_pictures.directions_that_fit(dimensions, fit)

# %% [markdown]
# Each line is one limit on the cosine, and the dashed line has as many directions as dimensions. With the two stricter limits, fewer random directions fit than there are dimensions. With a cosine of 0.3 allowed, the count soon runs away from the dashed line (and no more than 1,000 could stay, because no more came). For any limit the number that fits grows exponentially in the end; the stricter the limit, the more dimensions it takes before you see it.
#
# > **Question.** Why does it take so many dimensions before this pays?
# >
# > <details><summary>Our answer</summary>The cosine of two random directions is about $1/\sqrt{m}$ in size. In 10 dimensions that is 0.32, so more than a third of all pairs break the limit of 0.3, and a newcomer has to get past everybody. In 100 dimensions it is 0.1, and only one pair in 400 breaks the limit.</details>

# %% [markdown]
# Now use the room. Give $n$ features a direction each, and let $h = W x$ be the sum of those that are there. To read feature $i$, project: $W_i \cdot h$. If the directions are only nearly orthogonal, an absent feature does not read 0: it hears all the others. Each of the $k$ features that are there adds about $\pm 1/\sqrt m$ times its strength. Such sums grow like a square root, so for strength 1 we expect
#
# $$\text{leak} \approx \sqrt{k / m}.$$

# %% [markdown]
# {{exercise toy.leak}}
#
# Measure it. For each sample, read every feature by projection, and return the **root mean square** of what the **absent** features read (those with $x_i = 0$; each sample has at least one). The columns of `W` have length 1.

# %% nbgrader={"grade_id": "toy-leak", "solution": true}
def leak(
    x: Float[Tensor, "n_samples n_features"], W: Float[Tensor, "n_hidden n_features"]
) -> Float[Tensor, "n_samples"]:
    """The root mean square, over absent features, of the projection of h = W x on their directions.

    By hand: x = [1, 0, 0] and the directions [1, 0], [0.6, 0.8], [0, 1] give h = [1, 0]. The two absent features read
    0.6 and 0, so the leak is sqrt((0.36 + 0) / 2) = 0.424.
    """
    ### BEGIN SOLUTION
    readings = x @ W.T @ W
    absent = x == 0
    return ((readings**2 * absent).sum(dim=1) / absent.sum(dim=1)).sqrt()
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-leak-check", "grade": true}
check("toy.leak")

# %%
directions = random_directions(100, 1000)
active = [1, 2, 4, 8, 16, 32, 64]
leaks = torch.stack([torch.as_tensor(leak((k_active(50, 1000, k) > 0).double(), directions)) for k in active])
room_pictures.leak_by_active(active, leaks, [math.sqrt(k / 100) for k in active], n_hidden=100)

# %% [markdown]
# Points are your measurements over 50 samples, with their spread; the dashed line is $\sqrt{k/m}$. A thousand features share 100 dimensions, and how much they disturb each other depends on how many are there **at once**, not on how many there are in all. With a few features present the leak is far below their strength 1. With all of them present, reading would be hopeless.

# %% [markdown]
# A projection is only the simplest way to read. If you know that $x$ is sparse and not negative, you can often get it back **exactly**, although $W x = h$ has fewer equations than unknowns: among all $x \ge 0$ with $W x = h$, take the one with the smallest sum. That is a linear programme, and this is the idea of *compressed sensing*.

# %% [markdown]
# {{exercise toy.recover}}
#
# Find that $x$ with `optimize.linprog` (from `scipy`). Its first argument holds the coefficients of the sum to be minimised; `A_eq` and `b_eq` say `A_eq @ x == b_eq`; `bounds=(low, high)` holds for every entry, with `None` for no bound. The solution is `.x` of what it returns. Tensors go in with `.numpy()`.

# %% nbgrader={"grade_id": "toy-recover", "solution": true}
def recover(
    h: Float[Tensor, "n_hidden"], W: Float[Tensor, "n_hidden n_features"]
) -> Float[Tensor, "n_features"]:
    """The x >= 0 with W x = h that has the smallest sum.

    By hand: the directions [1, 0], [0, 1], [0.6, 0.8] and h = [0.6, 0.8]. Both [0.6, 0.8, 0] and [0, 0, 1] explain h;
    their sums are 1.4 and 1, so the answer is [0, 0, 1].
    """
    ### BEGIN SOLUTION
    answer = optimize.linprog(np.ones(W.shape[1]), A_eq=W.numpy(), b_eq=h.numpy(), bounds=(0, None))
    return torch.tensor(answer.x)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-recover-check", "grade": true}
check("toy.recover")

# %%
n_tries = sized(30, smoke=2)
active = list(range(1, 38, 3))
share = {}
for m in (20, 40):
    share[m] = torch.zeros(len(active))
    for i, k in enumerate(active):
        for attempt, x in enumerate(k_active(n_tries, 100, k)):
            W = random_directions(m, 100, seed=attempt)
            share[m][i] += torch.allclose(torch.as_tensor(recover(W @ x, W)).double(), x, atol=1e-3) / n_tries
limits = {m: recovery_limit(100, m) for m in share}
room_pictures.recovery_by_active(active, share, limits, n_features=100)

# %% [markdown]
# Each point is the share of random sparse vectors that came back to within 0.001. On the left, all of them do: 100 numbers out of 20 or 40. Then there is a cliff. The dotted lines are where theory puts its middle for random directions (Amelunxen et al. 2014 compute it from a Gaussian integral; `recovery_limit` does that sum).
#
# So there is room for more features than dimensions, on one condition: **few of them at a time**. Whether a network that is trained finds and uses that room is the question of this chapter.
#
# > **Question.** Recovery by linear programming is exact far beyond the point where projections are useless. Why can the model of the next sections not use it?
# >
# > <details><summary>Our answer</summary>It reads with one matrix product, a bias and a ReLU; a linear programme takes many steps, each depending on the one before. The model must arrange its directions so that this simple reading works.</details>

# %% [markdown]
# ## 2. Features that are seldom there
#
# A **feature** is a property that an input can have: "this text is Arabic", "this line is inside a quotation". Most features are absent from most inputs. That is what **sparse** means here.
#
# The toy world of Elhage et al. (2022, *Toy Models of Superposition*) keeps only this. A sample is a list of $n$ numbers, one for each feature:
#
# $$x_i = \begin{cases} 0 & \text{with probability } 1 - p \\ \text{uniform between 0 and 1} & \text{with probability } p \end{cases}$$
#
# We call $p$ the **density**, and `feature_probability` in code. Density 1 means that every feature is always there. The features are independent of each other.

# %% [markdown]
# {{exercise toy.guess_empty}}
#
# Take five independent features, each there with probability 0.05. Which share of all samples holds **no feature at all**? Choose one of `0.05`, `0.25`, `0.77`, `0.99`.

# %% nbgrader={"grade_id": "toy-guess_empty", "solution": true}
guess_empty = None  # one of: 0.05, 0.25, 0.77, 0.99
### BEGIN SOLUTION
guess_empty = 0.77
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_empty-check", "grade": true}
check("toy.guess_empty")

# %% [markdown]
# {{exercise toy.sparse_batch}}
#
# Draw a batch of such samples. The same `seed` must give the same batch, so that somebody else can repeat what you see.

# %% nbgrader={"grade_id": "toy-sparse_batch", "solution": true}
def sparse_batch(
    n_samples: int, n_features: int, feature_probability: float, seed: int
) -> Float[Tensor, "n_samples n_features"]:
    """Independent sparse features: 0, or with `feature_probability` uniform between 0 and 1.

    By hand: if feature 0 is there and feature 1 is not, a sample may be [0.37, 0.0].
    The same seed gives the same batch, another seed another one.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed)
    present = torch.rand(n_samples, n_features, generator=generator) < feature_probability
    strength = torch.rand(n_samples, n_features, generator=generator)
    return strength * present
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-sparse_batch-check", "grade": true}
check("toy.sparse_batch")

# %%
x = torch.as_tensor(sparse_batch(10_000, 5, 0.05, seed=0))
print(f"Share of empty samples. Your prediction: {guess_empty}. Counted: {(x == 0).all(dim=1).float().mean():.3f}")
pictures.samples({"density 1": torch.as_tensor(sparse_batch(40, 5, 1.0, seed=0)), "density 0.05": x})

# %% [markdown]
# Each row is a sample, each column a feature; dark means that the feature is not there. On the left every sample uses all five features. On the right most rows are empty, and two features in the same row are rare.
#
# > **Question.** In which of the two worlds could two features share one direction without much harm?
# >
# > <details><summary>Our answer</summary>On the right. Sharing a direction does harm only when both features are there at once, and at density 0.05 a given pair of features meets in one sample of 400 (0.05 times 0.05).</details>

# %% [markdown]
# ## 3. A model with too little room
#
# The model squeezes $n$ features into $m$ numbers, with $m$ smaller than $n$, and unfolds them again with the same matrix:
#
# $$h = W x \qquad\qquad x' = \mathrm{ReLU}(W^\top h + b)$$
#
# $W$ has $m$ rows and $n$ columns. **Column $i$ is the direction of feature $i$** in the hidden space. Output $j$ adds up $x_i\,(W_i \cdot W_j)$ over all features $i$: where two directions overlap, one feature leaks into the other's output. That leak is called **interference**. The bias $b$ and the ReLU can remove a leak if it is small or negative.

# %% [markdown]
# {{exercise toy.forward}}
#
# Write the model for a batch: each row of `x` is a sample.

# %% nbgrader={"grade_id": "toy-forward", "solution": true}
def forward(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, "batch n_features"]:
    """The reconstruction of each sample: ReLU(W^T W x + b).

    By hand, with one hidden dimension: W = [[1.0, -1.0]], b_final = [0.0, 0.0] and x = [[0.8, 0.0]] give the hidden
    number 0.8, then [0.8, -0.8], and after the ReLU [[0.8, 0.0]].
    """
    ### BEGIN SOLUTION
    hidden = x @ W.T
    return torch.relu(hidden @ W + b_final)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-forward-check", "grade": true}
check("toy.forward")

# %% [markdown]
# {{exercise toy.loss}}
#
# Some features matter more than others. Feature $i$ has an **importance** $I_i$, and the loss is
#
# $$L = \frac{1}{\text{batch}} \sum_{\text{samples}} \sum_i I_i\, (x_i - x'_i)^2$$
#
# Add up over the features, average over the samples.

# %% nbgrader={"grade_id": "toy-loss", "solution": true}
def loss(
    x: Float[Tensor, "batch n_features"],
    x_hat: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, "n_features"],
) -> Float[Tensor, ""]:
    """Squared errors weighted by importance: summed over features, averaged over samples.

    By hand: x = [[1.0, 0.0], [0.0, 0.0]], x_hat = [[0.5, 0.0], [0.0, 1.0]] and importance = [1.0, 2.0] give 0.25 for
    the first sample and 2.0 for the second, so the loss is 1.125.
    """
    ### BEGIN SOLUTION
    return (importance * (x - x_hat) ** 2).sum(dim=1).mean()
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-loss-check", "grade": true}
check("toy.loss")

# %% [markdown]
# Now the model can learn. The next cell is a plain training loop around **your** three functions: five features, two hidden dimensions, and importances that fall slowly, $I_i = 0.9^i$.

# %%
importance = 0.9 ** torch.arange(5)


def train_yours(density: float, steps: int) -> Float[Tensor, "2 5"]:
    """Trains one model with your functions and returns its W."""
    start = torch.randn(2, 5, generator=torch.Generator().manual_seed(0)) / 2
    W, b_final = start.requires_grad_(), torch.zeros(5, requires_grad=True)
    optimiser = torch.optim.Adam([W, b_final], lr=0.01)
    with work(steps, f"Training at density {density:g}") as bar:
        for step in range(steps):
            x = torch.as_tensor(sparse_batch(1024, 5, density, seed=1_000 + step)).float()
            value = loss(x, forward(x, W, b_final), importance)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            bar.update()
    return W.detach()


# %% [markdown]
# {{exercise toy.guess_dense}}
#
# First the dense world: density 1, every feature always there. Two dimensions, five features. What will the columns of $W$ look like, drawn as arrows in the plane? Choose one of:
#
# - `"two features at a right angle"`: the two most important ones, the others dropped
# - `"two opposite pairs"`: four arrows like a cross
# - `"a regular pentagon"`: all five, evenly spread
# - `"a fan within a quarter turn"`: all five, side by side

# %% nbgrader={"grade_id": "toy-guess_dense", "solution": true}
guess_dense = None  # one of the four strings above
### BEGIN SOLUTION
guess_dense = "two features at a right angle"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_dense-check", "grade": true}
check("toy.guess_dense")

# %%
W_dense = train_yours(density=1.0, steps=sized(2000, smoke=20))
pictures.prediction_beside(guess_dense, W_dense, title="Density 1")

# %% [markdown]
# Left: what you predicted. Right: the five columns of the $W$ that your code has just learned, each drawn from the centre. An arrow with a number is a feature that the model represents; a grey stub at the centre is one that it has dropped. The circle has radius 1.
#
# Two features have a dimension each, at a right angle, and do not disturb each other. The other three are not represented at all. This is what principal component analysis would do as well.

# %% [markdown]
# {{exercise toy.angles}}
#
# A picture can mislead, so measure the shape. Walk around the circle and note the turn from each arrow to the next, until you are back at the first. Leave out columns shorter than `min_norm`: their direction means nothing. The turns add up to 360 degrees. Return them sorted, smallest first.
#
# A single arrow has one turn, of 360 degrees. No arrow at all gives an empty tensor.

# %% nbgrader={"grade_id": "toy-angles", "solution": true}
def angles(W: Float[Tensor, "2 n_features"], min_norm: float = 0.5) -> Float[Tensor, "n_kept"]:
    """The angles in degrees between neighbouring columns of W around the circle, smallest first.

    By hand: the columns [1, 0], [0, 1] and [0.1, 0] give [90, 270], because the third is too short to count.
    """
    ### BEGIN SOLUTION
    kept = W[:, W.norm(dim=0) >= min_norm]
    bearings = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    turns = torch.cat([bearings[1:] - bearings[:-1], bearings[:1] + 360 - bearings[-1:]])
    return turns.sort().values
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-angles-check", "grade": true}
check("toy.angles")

# %%
print("Density 1, angles between neighbours:", [round(a) for a in angles(W_dense).tolist()])

# %% [markdown]
# ## 4. The same model in a sparse world
#
# Now change one number. The features get the density 0.05; the model, the importances, the starting weights and the number of steps stay as they were.

# %% [markdown]
# {{exercise toy.guess_sparse}}
#
# What will the columns of $W$ look like this time? The options are the same four.

# %% nbgrader={"grade_id": "toy-guess_sparse", "solution": true}
guess_sparse = None  # one of: "two features at a right angle", "two opposite pairs", "a regular pentagon", "a fan within a quarter turn"
### BEGIN SOLUTION
guess_sparse = "a regular pentagon"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_sparse-check", "grade": true}
check("toy.guess_sparse")

# %%
W_sparse = train_yours(density=0.05, steps=sized(2000, smoke=20))
print("Density 0.05, angles between neighbours:", [round(a) for a in angles(W_sparse).tolist()])
pictures.prediction_beside(guess_sparse, W_sparse, title="Density 0.05")

# %% [markdown]
# Left: your prediction. Right: the same five features, after training on sparse samples. All five arrows are there, a little longer than 1, and the angles printed above are all near 72 degrees: a fifth of a full turn.
#
# Nobody told the model about pentagons. Each feature now leaks into its neighbours, and the model has found the arrangement in which the five disturb each other least. The leak costs little, because two features are rarely there at once; dropping a feature would cost its whole error every time it appears.
#
# > **Question.** The arrows are longer than 1. Can you say why, knowing that the biases come out negative?
# >
# > <details><summary>Our answer</summary>The negative bias cuts off the small positive leaks from the two neighbours. It cuts the true signal too, by the same amount, so the direction grows until squared length plus bias is about 1 again, and a feature that is alone comes back at its own strength.</details>

# %% [markdown]
# ## 5. Is it luck?
#
# One model is an anecdote. Here are five seeds at each of ten densities, fifty models in all, with all importances equal to 1. They train together, as one batch: `ToyModel` is the model you have just written, with an extra dimension for the instances and its gradients worked out by hand.

# %%
densities = [1.0, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, 0.05, 0.03, 0.02]
n_seeds = 5
model = ToyModel(
    n_features=5,
    n_hidden=2,
    n_instances=len(densities) * n_seeds,
    feature_probability=torch.tensor(densities).repeat_interleave(n_seeds)[:, None],
    seed=0,
)
history = train(model, steps=sized(2000, smoke=20), seed=0, title="Training fifty models")
W = model.W.detach().unflatten(0, (len(densities), n_seeds))
for density, seeds in zip(densities, W, strict=True):
    pentagons = sum(is_regular_polygon(one, 5) for one in seeds)
    print(f"density {density:4g}: {n_represented(seeds).tolist()} features kept, {pentagons} of {n_seeds} are regular pentagons")

# %%
pictures.kept_by_density(torch.tensor(densities), n_represented(W), n_hidden=2)

# %% [markdown]
# Each dot is one model; the line joins the means. On the left, where everything is always there, no model gets more out of its two dimensions than two features' worth (why some dots lie below two is a question further down). Towards the right the features get sparser, and the models go above the dashed line: into superposition.
#
# Here are some of the fifty: the first seed at five of the densities.

# %%
shown = [0, 2, 4, 6, 8]
pictures.directions(W[shown, 0], [f"density {densities[i]:g}" for i in shown])

# %% [markdown]
# Dense on the left, sparse on the right. Compare them with the two models that you trained in sections 3 and 4.
#
# How does a model get there? Watch one. Press **Play** and its arrows move while it trains; the bars show how much of a dimension each feature has to itself (Elhage et al. call it feature dimensionality): 1 for a feature alone, 1/2 for each of an opposite pair, 2/5 in a pentagon.

# %%
SuperpositionExplorer()

# %% [markdown]
# The row of pictures shows five moments of one training at density 0.05. The sliders below it need a running kernel; the row stays when there is none. By keyboard: Tab goes from one to the next, the arrow keys move a slider, Space presses a button.
#
# Try this: let the pentagon form, and while it trains, move the density to 0.3, then to 1. Which features give way, and what becomes of the bars? Move it back. Then let neighbours meet always, or never, and watch who moves next to whom.
#
# > **Question.** At density 1 and equal importances, the arrows look random, and differ from seed to seed. Two dimensions are in use, but not by two features. Why is no feature preferred?
# >
# > <details><summary>Our answer</summary>When every feature is always there and counts the same, any plane through the five-dimensional input space loses the same amount: there is nothing to choose by. In section 3 the falling importances made the choice.</details>
#
# > **Question.** Between the dense and the sparse end you meet crosses: two opposite pairs. Why are opposite directions a cheap way to share a dimension?
# >
# > <details><summary>Our answer</summary>The leak of a feature into its opposite is negative, and the ReLU turns negative values into 0. As long as only one of the two is there, sharing costs nothing at all.</details>

# %% [markdown]
# ## 6. Superposition grows
#
# Five features in a plane can be drawn. Twenty features in five dimensions cannot, but they can be measured. Here the importances fall steeply, $I_i = 0.7^i$: the first feature counts a thousand times as much as the last.
#
# First the comparison that shows what the ReLU is for.

# %% [markdown]
# {{exercise toy.linear}}
#
# Write the same model without the ReLU: $x' = W^\top W x + b$.

# %% nbgrader={"grade_id": "toy-linear", "solution": true}
def linear(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, "batch n_features"]:
    """The reconstruction of each sample without a ReLU: W^T W x + b.

    By hand: W = [[1.0, -1.0]], b_final = [0.0, 0.25] and x = [[0.5, 0.0]] give [[0.5, -0.25]].
    """
    ### BEGIN SOLUTION
    return x @ W.T @ W + b_final
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-linear-check", "grade": true}
check("toy.linear")

# %% [markdown]
# {{exercise toy.guess_linear}}
#
# Train the linear model with 20 features in 5 dimensions at density 0.005, where two features hardly ever meet. How many features will it keep (squared length above 0.5)? Choose one of `"exactly 5"`, `"6 to 9"`, `"10 to 14"`, `"all 20"`.

# %% nbgrader={"grade_id": "toy-guess_linear", "solution": true}
guess_linear = None  # one of: "exactly 5", "6 to 9", "10 to 14", "all 20"
### BEGIN SOLUTION
guess_linear = "exactly 5"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_linear-check", "grade": true}
check("toy.guess_linear")

# %% [markdown]
# {{exercise toy.guess_growth}}
#
# And the model with the ReLU, in the same world? The options are the same.

# %% nbgrader={"grade_id": "toy-guess_growth", "solution": true}
guess_growth = None  # one of: "exactly 5", "6 to 9", "10 to 14", "all 20"
### BEGIN SOLUTION
guess_growth = "10 to 14"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_growth-check", "grade": true}
check("toy.guess_growth")

# %% [markdown]
# Both kinds train below, at seven densities. Small ReLU models get stuck, so each has eight restarts, and we keep the one with the lowest loss; linear models all end in the same place and need no restart.

# %%
grow_densities = [1.0, 0.3, 0.1, 0.05, 0.02, 0.01, 0.005]
best = {}
for kind, n_restarts in (("linear", 1), ("relu", 8)):
    model = ToyModel(
        n_features=20,
        n_hidden=5,
        n_instances=len(grow_densities) * n_restarts,
        feature_probability=torch.tensor(grow_densities).repeat_interleave(n_restarts)[:, None],
        importance=0.7 ** torch.arange(20),
        activation=kind,
    )
    train(model, steps=sized(2500, smoke=10), batch_size=512, title=f"Training {model.n_instances} {kind} models")
    losses = evaluate(model, n_samples=sized(20_000, smoke=500)).unflatten(0, (len(grow_densities), n_restarts))
    tried = model.W.detach().unflatten(0, (len(grow_densities), n_restarts))
    best[kind] = torch.stack([W[loss.argmin()] for W, loss in zip(tried, losses, strict=True)])

kept = {kind: n_represented(W) for kind, W in best.items()}
print(f"Density 0.005, linear. Your prediction: {guess_linear}. Counted: {kept['linear'][-1]}")
print(f"Density 0.005, ReLU.   Your prediction: {guess_growth}. Counted: {kept['relu'][-1]}")
growth_pictures.kept_lines(torch.tensor(grow_densities), {"with ReLU": kept["relu"].float(), "linear": kept["linear"].float()}, n_hidden=5)

# %% [markdown]
# One line for each kind of model; the dashed line is the number of dimensions. Sparsity alone changes nothing for the linear model: it keeps as many features as it has dimensions. With the ReLU, the count grows as the features get sparser. (It need not rise at every step: with a few restarts a model still gets stuck now and then.) Elhage et al. describe the same in "Basic Results".

# %% [markdown]
# {{exercise toy.superposition}}
#
# Counting hides how the room is shared. Measure two numbers for every feature: the length $\|W_i\|$, and how hard the others pull on its direction,
#
# $$\sum_{j \ne i} (\hat W_i \cdot W_j)^2 ,$$
#
# where $\hat W_i$ is $W_i$ divided by its length. It is 0 for a feature with a dimension to itself. At 1 or more, the others together can drive the direction as hard as the feature does. A feature of length 0 has the interference 0.

# %% nbgrader={"grade_id": "toy-superposition", "solution": true}
def superposition(
    W: Float[Tensor, "n_hidden n_features"],
) -> tuple[Float[Tensor, "n_features"], Float[Tensor, "n_features"]]:
    """For every feature, the length of its column, and the sum over the others of (unit W_i . W_j)^2.

    By hand: W = [[1, -0.5]]. The lengths are 1 and 0.5. Along the direction of feature 0 lies -0.5 of the other, so its
    interference is 0.25; along the direction of feature 1 lies -1 of the other: 1.
    """
    ### BEGIN SOLUTION
    norms = W.norm(dim=0)
    unit = W / norms.clamp(min=1e-9)
    overlaps = (unit.T @ W) ** 2
    return norms, overlaps.sum(dim=1) - overlaps.diagonal()
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-superposition-check", "grade": true}
check("toy.superposition")

# %%
shown = [best["linear"][-1], *best["relu"][[0, 1, 2, 4, 6]]]
measured = [superposition(W) for W in shown]
growth_pictures.overlaps_and_bars(
    torch.stack(shown),
    torch.stack([torch.as_tensor(norms) for norms, _ in measured]),
    torch.stack([torch.as_tensor(crowding) for _, crowding in measured]),
    ["linear, 0.005", "ReLU, density 1", "0.3", "0.1", "0.02", "0.005"],
)

# %% [markdown]
# Above, $W^\top W$ of six models: the diagonal holds squared lengths, and everything beside it is interference. Below, a bar for the length of each feature and, where it is long enough to count, a diamond for its interference, the most important feature on the left. The linear model and the dense ReLU model look alike: five features on the diagonal, and nothing else. As the density falls, features to the right join. The first that join come as pairs: an orange cell beside the diagonal is an overlap near -1, an antipodal pair. At the sparse end nearly every feature that is kept has neighbours.
#
# > **Question.** Which features share first: the important or the unimportant ones?
# >
# > <details><summary>Our answer</summary>The unimportant ones. A feature that shares pays a little for each sample in which both are there, and that price is multiplied by its importance.</details>

# %% [markdown]
# Why does the linear model never share? Its loss can be written down. For features that are independent and have variance 1 (up to constants, the paper's "Mathematical Understanding"),
#
# $$L \approx \underbrace{\sum_i I_i\,(1 - \|W_i\|^2)^2}_{\text{benefit still missing}} + \underbrace{\sum_{i \ne j} I_j\,(W_j \cdot W_i)^2}_{\text{interference}} .$$

# %% [markdown]
# {{exercise toy.linear_loss}}
#
# Compute the two parts.

# %% nbgrader={"grade_id": "toy-linear_loss", "solution": true}
def linear_loss(
    W: Float[Tensor, "n_hidden n_features"], importance: Float[Tensor, "n_features"]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The two parts of the linear model's loss: the benefit still missing, and the interference.

    By hand: W = [[1, -1]] and importance = [1, 0.5]. Both lengths are 1, so nothing is missing: 0. Each disturbs the
    other by (-1)^2, weighted with the importance of the one disturbed: 1 + 0.5 = 1.5.
    """
    ### BEGIN SOLUTION
    overlaps = W.T @ W
    squared = overlaps.diagonal()
    leaks = overlaps - torch.diag(squared)
    benefit = (importance * (1 - squared) ** 2).sum()
    interference = (leaks**2 @ importance).sum()
    return benefit, interference
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-linear_loss-check", "grade": true}
check("toy.linear_loss")

# %%
turn = 2 * math.pi / 5 * torch.arange(5)
pentagon = torch.stack([turn.cos(), turn.sin()])
for name, W in {"two features at a right angle": torch.eye(2, 5), "pentagon of length 1": pentagon, "pentagon at its best length": pentagon * 0.4**0.5}.items():
    missing, crowding = linear_loss(W, torch.ones(5))
    print(f"{name:30} missing {missing:.3f} + interference {crowding:.3f} = {missing + crowding:.3f}")

# %% [markdown]
# All five importances are 1 here. For a linear model even the best pentagon is no better than dropping three features and keeping two. Sharing **costs** exactly what it brings; with falling importances it costs more than it brings. What the ReLU changes is the second sum: a **negative** overlap costs nothing when one feature is there alone, because the ReLU cuts the negative output off.

# %% [markdown]
# ## 7. A phase change
#
# When does a model begin to share? The smallest case has one dimension and two features: the first with importance 1, and an **extra** one with importance $I$. Three solutions are candidates:
#
# - **ignore the extra feature**: $W = [1, 0]$, and the bias answers its mean;
# - **ignore the first one**: $W = [0, 1]$, the same the other way round;
# - **keep both, on opposite sides**: $W = [1, -1]$, without bias.

# %% [markdown]
# {{exercise toy.branch_losses}}
#
# Write down what each solution costs, by pencil and paper. Both features have the density $p$. What helps: $E[x] = p/2$ and $E[x^2] = p/3$, so you can work out the variance of $x$; and for two independent uniform strengths $u$ and $v$, $E[\min(u, v)^2] = 1/6$. When both features are there, the opposite pair answers $\max(u - v, 0)$ and $\max(v - u, 0)$.

# %% nbgrader={"grade_id": "toy-branch_losses", "solution": true}
def branch_losses(
    density: Float[Tensor, "n"], importance: Float[Tensor, "n"]
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"], Float[Tensor, "n"]]:
    """The expected loss of three solutions: ignore the extra feature, ignore the first one, keep both as opposites.

    `importance` is that of the extra feature; the first one has 1. By hand, density 1 and importance 1: an ignored
    feature that is always there varies by 1/3 - 1/4 = 1/12; the pair costs 1/6 for each feature. So 1/12, 1/12, 1/3.
    """
    ### BEGIN SOLUTION
    variance = density / 3 - density**2 / 4
    return importance * variance, variance, (1 + importance) * density**2 / 6
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-branch_losses-check", "grade": true}
check("toy.branch_losses")

# %% [markdown]
# These are three given points in the space of all weights and biases, not the best ones. To see what the best pair costs, you need the loss of **any** $W$ and $b$. For so small a model it can be added up exactly, without drawing samples.

# %% [markdown]
# {{exercise toy.expected_loss}}
#
# A sample holds no feature, only the first, only the second, or both. Average the loss over each kind, and weigh it with its probability. To average over a strength, use the midpoints of `n_points` equal intervals of $[0, 1]$, so $0.5/n, 1.5/n, \dots$ (with both features there: all pairs of midpoints).

# %% nbgrader={"grade_id": "toy-expected_loss", "solution": true}
def expected_loss(
    W: Float[Tensor, "2"], b: Float[Tensor, "2"], importance: float, density: float, n_points: int
) -> Float[Tensor, ""]:
    """The expected loss of x'_i = ReLU(W_i (W_0 x_0 + W_1 x_1) + b_i), feature 1 weighted with `importance`.

    By hand: W = [1, 0], b = [0, 0], density 1, importance 0.5 and n_points 1. Both strengths are 0.5. The first comes
    back exactly, the second not at all: 0.5 * 0.5^2 = 0.125.
    """
    ### BEGIN SOLUTION
    u = (torch.arange(n_points) + 0.5) / n_points
    total = 0
    for x1, p1 in ((torch.zeros(1), 1 - density), (u, density)):
        for x2, p2 in ((torch.zeros(1), 1 - density), (u, density)):
            h = W[0] * x1[:, None] + W[1] * x2
            first = (x1[:, None] - torch.relu(W[0] * h + b[0])) ** 2
            second = (x2 - torch.relu(W[1] * h + b[1])) ** 2
            total = total + p1 * p2 * (first + importance * second).mean()
    return total
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-expected_loss-check", "grade": true}
check("toy.expected_loss")

# %%
W, b = torch.tensor([1.0, -1.0], requires_grad=True), torch.zeros(2, requires_grad=True)
optimiser = torch.optim.Adam([W, b], lr=0.02)
for _ in range(sized(300, smoke=5)):
    optimiser.zero_grad()
    expected_loss(W, b, 1.0, 0.62, 24).backward()
    optimiser.step()
ignore_extra, _, given_pair = branch_losses(torch.tensor([0.62]), torch.tensor([1.0]))
print("Density 0.62, importance 1")
print(f"  ignore the extra feature: {ignore_extra.item():.4f}")
print(f"  the pair [1, -1]:         {given_pair.item():.4f}")
print(f"  the best pair:            {expected_loss(W, b, 1.0, 0.62, 24).item():.4f} with W = {[round(w, 2) for w in W.tolist()]} and b = {[round(v, 2) for v in b.tolist()]}")

# %%
along = torch.linspace(0.05, 1.0, 39)
theory_along = branch_minima(Grid(along, torch.ones(1)), steps=sized(400, smoke=5))
ignore_extra, _, given_pair = branch_losses(along, torch.ones(39))
phase_pictures.branch_curves(along, {"ignore the extra feature": ignore_extra, "the pair [1, -1]": given_pair, "the best pair": theory_along.both[:, 0]})

# %% [markdown]
# Losses at importance 1, divided by the density; the lowest line wins. Ignoring wins on the left, the pair $[1, -1]$ on the right, and their lines cross near $p = 4/7$, where the closed forms are equal. But the best pair is cheaper than $[1, -1]$, most of all where features are dense: it is shorter, and a positive bias answers a part of what is lost. So the closed form puts the border at too sparse a place. Further left, the lines of the best pair and of ignoring come together.

# %% [markdown]
# {{exercise toy.guess_phase}}
#
# Now let models of this size train, for every combination of importance and density. As you cross the boundary towards sparser features, how does the extra feature come in? Choose one of `"it grows in gradually"`, `"it comes in at full length, all at once"`, `"it stays out"`.

# %% nbgrader={"grade_id": "toy-guess_phase", "solution": true}
guess_phase = None  # one of the three strings above
### BEGIN SOLUTION
guess_phase = "it comes in at full length, all at once"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_phase-check", "grade": true}
check("toy.guess_phase")

# %% [markdown]
# {{exercise toy.fate}}
#
# Put into a word what became of the extra feature, the **last** column of `W`:
#
# - `"not learned"` if its length is below 0.5;
# - otherwise `"own dimension"` if the interference on its direction, $\sum_j (\hat W_{extra} \cdot W_j)^2$ over the other features, is below 0.25;
# - otherwise `"superposed"`.

# %% nbgrader={"grade_id": "toy-fate", "solution": true}
def fate(W: Float[Tensor, "n_hidden n_features"]) -> str:
    """What became of the last feature: "not learned", "own dimension" or "superposed".

    By hand: [[1, 0]] is "not learned", [[0, 1]] "own dimension" (the other one is gone), [[1, -1]] "superposed".
    """
    ### BEGIN SOLUTION
    extra = W[:, -1]
    length = extra.norm()
    if length < 0.5:
        return "not learned"
    pull = ((extra / length) @ W[:, :-1]).square().sum()
    return "own dimension" if pull < 0.25 else "superposed"
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-fate-check", "grade": true}
check("toy.fate")

# %% [markdown]
# Two sizes, 144 cells each, ten models a cell: 2,880 models, each size trained as one batch. Models this small often get stuck, so a cell shows the best of its ten. (The paper drops the worst of ten and averages the others.) The map on the left is theory for the smaller size: the branch with the lowest loss.

# %%
grid = phase_grid(12)
theory = branch_minima(grid, steps=sized(400, smoke=5))
maps, lengths, cells = {"theory, 2 in 1": theory.winner()}, {}, {}
for n_features, n_hidden in ((2, 1), (3, 2)):
    density, importance = grid.settings(n_features, 10)
    model = ToyModel(n_features, n_hidden, n_instances=len(density), feature_probability=density, importance=importance)
    title = f"Training {len(density)} models with {n_features} features in {n_hidden}"
    train(model, steps=sized(1000, smoke=5), batch_size=128, learning_rate=0.02, title=title)
    losses = evaluate(model, n_samples=sized(8192, smoke=256)).view(12, 12, 10)
    codes = torch.tensor([FATES.index(fate(W)) for W in model.W.detach()]).view(12, 12, 10)
    cells[n_features] = (model.W.detach().view(12, 12, 10, n_hidden, n_features), losses, codes)
    best_of_ten = losses.argmin(dim=2, keepdim=True)
    maps[f"measured, {n_features} in {n_hidden}"] = codes.gather(2, best_of_ten)[..., 0]
    lengths[n_features] = model.W.detach()[..., -1].norm(dim=-1).view(12, 12, 10).gather(2, best_of_ten)

agree = (maps["measured, 2 in 1"] == maps["theory, 2 in 1"])[theory.clear()]
print(f"2 in 1: theory and measurement agree in {int(agree.sum())} of {len(agree)} cells; {144 - len(agree)} cells left out, where two branches differ by less than 10 %")
print(f"Your prediction: {guess_phase}. Lengths of the extra feature between 0.3 and 0.6: {((lengths[2] > 0.3) & (lengths[2] < 0.6)).sum()} of 144 models")
unclear = {title: ~theory.clear() for title in ("theory, 2 in 1", "measured, 2 in 1")}
phase_pictures.phase_maps(maps, grid.density, grid.importance, FATES, unclear=unclear)

# %% [markdown]
# Each cell has a colour and a sign: a dash for a feature that is not learned, a cross for one in superposition, a 1 for one with a dimension to itself. Framed cells are those where the theory's two best branches are within 10 % of each other. Three regions meet near the middle of the upper edge, with sharp borders between them, as in the paper's phase diagrams. With three features in two dimensions, an extra feature that counts more than the others keeps a dimension to itself over a wide range, and the other two share. Some cells at the sparse end stand out: there all the losses are so small that samples decide which of ten is called the best, and which two of the three features share. Hardly any of the best models has an extra feature of middling length: crossing a border, the best solution **jumps** from one branch to another. Physicists call that a first-order phase change.
#
# Now look into the cells of the map in the middle. Click on one, or move the two sliders.

# %%
PhaseExplorer(grid, *cells[2], theory)

# %% [markdown]
# Left, the two weights of each of the ten models; right, their losses, best first, with a line for what each branch costs in theory. The best model is ringed. The pictures above the board show one cell; the board needs a running kernel.
#
# Try this: go to importance 0.23 and walk down from density 0.43, one cell at a time. First all ten models ignore the extra feature. A cell further some have it at nearly full length, on the opposite side, and the others still ignore it, with nearly the same loss and nothing in between. Another cell further, all are pairs. Then take a column in the middle: there a model that has begun on the worse branch stays on it, far below the border.
#
# > **Question.** With two features in one dimension, why does the superposed region fill the bottom, whatever the importance?
# >
# > <details><summary>Our answer</summary>Ignoring a feature costs in proportion to $p$, sharing only in proportion to $p^2$: two features must be there at once to collide. However little the extra feature counts, $p^2$ is smaller in the end.</details>
#
# A caveat from the paper's own comments: T. McGrath integrated this loss exactly and found one more phase, dense and with both features important, in which the model mixes the two (a "confused feature"), and a border that is not sharp everywhere. It is not among our branches.

# %% [markdown]
# ## 8. Features that come in sets (extension)
#
# So far all features were independent. Real ones are not: "this is Python" and "this is indented" come together, "this is a Monday" and "this is a Tuesday" never do. Now neighbouring features form **sets**, and one uniform number $u$ for each set and sample decides about the whole set.

# %% [markdown]
# {{exercise toy.correlated}}
#
# Features that come **together**: where $u$ is below the density, all features of the set are there, each with its own strength; otherwise none is. The features of a set stand next to each other: with two sets of three, features 0, 1, 2 belong to `u[:, 0]`. The random numbers are given.

# %% nbgrader={"grade_id": "toy-correlated", "solution": true}
def correlated(
    u: Float[Tensor, "batch n_sets"], strength: Float[Tensor, "batch n_features"], density: float
) -> Float[Tensor, "batch n_features"]:
    """Samples in which the features of a set are all there or all absent.

    By hand: u = [[0.1, 0.7]], strength = [[0.5, 0.6, 0.7, 0.8]], density 0.5. The first set is there, the second is
    not: [[0.5, 0.6, 0, 0]].
    """
    ### BEGIN SOLUTION
    size = strength.shape[1] // u.shape[1]
    return strength * (u < density).repeat_interleave(size, dim=1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-correlated-check", "grade": true}
check("toy.correlated")

# %% [markdown]
# {{exercise toy.anticorrelated}}
#
# Features that are **never together**: where $u$ is below the density, exactly one feature of the set is there. Cut the stretch from 0 to the density into as many equal pieces as the set has features; the piece that holds $u$ picks the feature, the lowest piece the first.

# %% nbgrader={"grade_id": "toy-anticorrelated", "solution": true}
def anticorrelated(
    u: Float[Tensor, "batch n_sets"], strength: Float[Tensor, "batch n_features"], density: float
) -> Float[Tensor, "batch n_features"]:
    """Samples in which at most one feature of each set is there.

    By hand, one set of two features, strength = [[0.5, 0.6]] and density 0.5: u = 0.1 gives [[0.5, 0]], u = 0.4 gives
    [[0, 0.6]], u = 0.7 gives [[0, 0]].
    """
    ### BEGIN SOLUTION
    size = strength.shape[1] // u.shape[1]
    member = (u / density * size).floor()
    active = member[:, :, None] == torch.arange(size)
    return strength * active.flatten(1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-anticorrelated-check", "grade": true}
check("toy.anticorrelated")

# %% [markdown]
# {{exercise toy.guess_sets}}
#
# Four features in two dimensions, as two sets of two: features 0 and 1, features 2 and 3. How will the two features **within** a set lie, if they always come together, and how, if they never do? Choose one of:
#
# - `"together: right angle, never together: opposite"`
# - `"together: opposite, never together: right angle"`
# - `"together: side by side, never together: right angle"`
# - `"no difference"`

# %% nbgrader={"grade_id": "toy-guess_sets", "solution": true}
guess_sets = None  # one of the four strings above
### BEGIN SOLUTION
guess_sets = "together: right angle, never together: opposite"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_sets-check", "grade": true}
check("toy.guess_sets")

# %%
best_sets = []
for name, sampler in (("together", CorrelatedSets(2)), ("never together", AnticorrelatedSets(2))):
    model = ToyModel(4, 2, n_instances=8, feature_probability=0.2)
    train(model, steps=sized(1500, smoke=5), batch_size=512, sampler=sampler, title=f"Sets: {name}")
    losses = evaluate(model, n_samples=sized(20_000, smoke=500), sampler=sampler)
    best_sets.append(model.W.detach()[losses.argmin()])
    within = [round(cosines(best_sets[-1])[i, i + 1].item(), 2) for i in (0, 2)]
    print(f"{name}: cosines within the two sets {within}")
print(f"Your prediction: {guess_sets}")
pictures.directions(torch.stack(best_sets), ["0 with 1, 2 with 3", "0 or 1, 2 or 3"], columns=2)

# %% [markdown]
# The best of eight restarts for each kind; the library's samplers do what your two functions do. Left, features that come together stand at right angles, and each has its opposite in the **other** set: a collision within a set would happen in every sample that holds the set. Right, features that never meet lie opposite to each other, and share a dimension at no cost at all.
#
# What if there is no room for right angles? Three sets of two in two dimensions must give something up.

# %%
set_densities = [0.7, 0.35, 0.18, 0.1, 0.05, 0.03]
model = ToyModel(6, 2, n_instances=len(set_densities) * 16, feature_probability=torch.tensor(set_densities).repeat_interleave(16)[:, None])
train(model, steps=sized(2000, smoke=5), batch_size=512, sampler=CorrelatedSets(2), title="Three sets of two")
losses = evaluate(model, n_samples=sized(200_000, smoke=500), sampler=CorrelatedSets(2)).view(-1, 16)
best_triples = torch.stack([W[loss.argmin()] for W, loss in zip(model.W.detach().unflatten(0, (-1, 16)), losses, strict=True)])
for density, W in zip(set_densities, best_triples, strict=True):
    merged = sum(cosines(W)[i, i + 1].item() > 0.95 for i in (0, 2, 4))
    print(f"density {density:4g}: {merged} of 3 sets have merged into one direction")
pictures.directions(best_triples, [f"density {density:g}" for density in set_densities], columns=3)

# %% [markdown]
# Features 0 and 1, 2 and 3, 4 and 5 come together. On the dense side, the two features of a set point the same way: the model keeps only their sum, $(a + b)/\sqrt 2$, as principal component analysis would. Towards the sparse side sets come apart, one after the other.
#
# Elhage et al. report all three merged at densities from 0.25 to 0.5, two from 0.15 to 0.2, one from 0.05 to 0.15, and none at 0.05 and below. Compare with the counts printed above, for the best of 16 restarts each.

# %% [markdown]
# ## 9. How features share a dimension (extension)
#
# Now many features: 400 of them, independent, all equally important, in 30 dimensions. Nobody can draw that, but a single number says how they share. A feature that is represented has a squared length near 1, one that is not has a squared length near 0. So all squared lengths together, $\|W\|_F^2$, count the features that are represented. Elhage et al. call
#
# $$D^* = \frac{m}{\|W\|_F^2}$$
#
# the **dimensions per feature**. It is 1 if each represented feature has a dimension to itself, and 1/2 if every dimension holds two.

# %% [markdown]
# {{exercise toy.dimensions_per_feature}}
#
# Compute $D^*$. The hidden dimensions are the rows of `W`.

# %% nbgrader={"grade_id": "toy-dimensions_per_feature", "solution": true}
def dimensions_per_feature(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, ""]:
    """The number of hidden dimensions, divided by the sum of the squared lengths of all columns.

    By hand: W = [[1, -1, 0.5]] has one dimension and the squared lengths 1, 1 and 0.25, so 1 / 2.25 = 0.444.
    """
    ### BEGIN SOLUTION
    return W.shape[0] / W.square().sum()
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-dimensions_per_feature-check", "grade": true}
check("toy.dimensions_per_feature")

# %% [markdown]
# {{exercise toy.guess_strip}}
#
# At density 1, $D^*$ is 1. As the features get sparser, more of them find a place, and $D^*$ falls. How does it fall? Choose one of:
#
# - `"evenly, all the way"`
# - `"with a flat stretch at 1/2"`: over a range of densities, nothing changes
# - `"with a flat stretch at 2/5"`: the same, at the value of a pentagon
# - `"it stays at 1"`

# %% nbgrader={"grade_id": "toy-guess_strip", "solution": true}
guess_strip = None  # one of the four strings above
### BEGIN SOLUTION
guess_strip = "with a flat stretch at 1/2"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_strip-check", "grade": true}
check("toy.guess_strip")

# %% [markdown]
# $D^*$ is an average. For a single feature, ask which part of its direction is its own:
#
# $$D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i \cdot W_j)^2}$$
#
# Below the line stands everything that lies along the direction of feature $i$, feature $i$ itself included. Of an opposite pair each member gets 1/2. These are the bars that you saw in section 5.

# %% [markdown]
# {{exercise toy.dimensionality}}
#
# Compute $D_i$ for every feature. A feature of length 0 has no dimension at all: return 0 for it, not NaN.

# %% nbgrader={"grade_id": "toy-dimensionality", "solution": true}
def dimensionality(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, "n_features"]:
    """For every feature, its squared length over the sum of (unit W_i . W_j)^2 over all j, i included.

    By hand: W = [[1, -1, 0.5]]. Along the direction of feature 0 lie 1, -1 and 0.5, whose squares add up to 2.25. The
    squared lengths are 1, 1 and 0.25, so the answer is [0.444, 0.444, 0.111].
    """
    ### BEGIN SOLUTION
    unit = W / W.norm(dim=0).clamp(min=1e-9)
    shared = (unit.T @ W).square().sum(dim=1)
    return W.square().sum(dim=0) / shared.clamp(min=1e-9)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-dimensionality-check", "grade": true}
check("toy.dimensionality")

# %% [markdown]
# Such a model trains in seconds if you are not too particular, but a careful row of them over all densities takes many minutes. So that row, the **strip**, comes with the course, as `mechint-course train toy-strip` made it. You train two columns of your own, at densities that the strip does not have, with a quarter of the steps and of the samples in a step, and lay them over it.

# %%
strip = load_strip()
yours = {}
for density in (0.3, 0.07):
    model = ToyModel(400, 30, feature_probability=density)
    train(model, steps=sized(2000, smoke=5), batch_size=256, title=f"400 features at density {density:g}")
    yours[density] = float(dimensions_per_feature(model.W.detach()[0]))

shares = torch.stack([torch.as_tensor(dimensionality(W)) for W in strip.W])
room = torch.tensor([float(dimensions_per_feature(W)) for W in strip.W])
print(f"Your prediction: {guess_strip}. Your two columns: {({p: round(value, 3) for p, value in yours.items()})}")
print("The strip:", {round(p, 3): round(value, 2) for p, value in zip(strip.density.tolist(), room.tolist(), strict=True)})
geometry_pictures.strip(strip.density, room, shares, yours=yours)

# %% [markdown]
# Above, $D^*$: each circle is a model of the strip, and the diamonds are yours. They lie on its line, although you trained for a shorter time. From 1 the line falls steeply, and then it stays near 1/2 while the features become about twice as sparse: over that stretch nothing changes but the losses. After it, the line slides down without another stop. Elhage et al. found the same two flat stretches, at 1 and at 1/2.
#
# Below, each dot is a feature. On the flat stretch nearly all dots lie on the line of 1/2: thirty dimensions, thirty opposite pairs. Further right they leave it, and move down in narrow bands. On the steep part in between, some dimensions hold pairs already, and the others still hold a blend of all the other features: those are the dots at the bottom. The dots a little above 0.7, close to the line of the tetrahedron, are no tetrahedra: each is a single feature that has a dimension nearly to itself, into which the blend leaks from all sides. At density 1 there is nothing but that blend. $D^*$ is 1, and yet no dot lies at 1, because no direction is preferred (you met this at the end of section 5).

# %% [markdown]
# The lower panel has lines where dots should gather if the features formed the shapes that Elhage et al. found. Their names, and the $D_i$ of a feature in each of them:
#
# | $D_i$ | shape |
# |---|---|
# | 1 | alone |
# | 3/4 | tetrahedron: four features in three dimensions |
# | 2/3 | triangle: three in two |
# | 1/2 | opposite pair: two in one |
# | 2/5 | pentagon: five in two |
# | 3/8 | square antiprism: eight in three |
#
# We add 3/7, the share of seven features in three dimensions, and count at 1 and 3/7 too, where the picture has no line.

# %% [markdown]
# {{exercise toy.sticky}}
#
# Are they there? For each value, count the features whose $D_i$ is at most `tolerance` away from it. Count a feature only once, for the value that is nearest.

# %% nbgrader={"grade_id": "toy-sticky", "solution": true}
def sticky(
    D: Float[Tensor, "n_features"], values: Float[Tensor, "n_values"], tolerance: float
) -> Int[Tensor, "n_values"]:
    """How many features lie at each value: within the tolerance, and nearer to it than to the other values.

    By hand: D = [0.49, 0.41, 0.39, 0.2], values = [0.5, 0.4] and the tolerance 0.03 give [1, 2].
    """
    ### BEGIN SOLUTION
    near = (D[:, None] - values).abs().min(dim=1)
    return torch.bincount(near.indices[near.values <= tolerance], minlength=len(values))
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-sticky-check", "grade": true}
check("toy.sticky")

# %%
values = {"1": 1, "3/4": 3 / 4, "2/3": 2 / 3, "1/2": 1 / 2, "3/7": 3 / 7, "2/5": 2 / 5, "3/8": 3 / 8}
print("density    " + "".join(f"{name:>6}" for name in values) + "  elsewhere   sum of all D_i")
for density, D in zip(strip.density.tolist(), shares, strict=True):
    counts = sticky(D, torch.tensor(list(values.values())), 0.01).tolist()
    elsewhere = int((D > 0.02).sum()) - sum(counts)
    print(f"{density:7.3f}    " + "".join(f"{count:6d}" for count in counts) + f"{elsewhere:11d} {D.sum():16.2f}")

# %% [markdown]
# Read the table from the top. The densest models are in no shape at all: their features are that blend. Then pairs come in, until there is nothing else. Where they give way there is first a pentagon. Then the table shows a crowd at 3/7, and here $D$ alone misleads: walk through the clusters below, and you find **pairs** that have begun to lean on all the others, not seven features in three dimensions. Further down, the features are in no shape of this list: hundreds of them share all thirty dimensions, nearly evenly.
#
# There is hardly a triangle or a tetrahedron, although Elhage et al. report both. And a square antiprism is hard to tell from a crowd that passes by. Let the shapes stand alone: small models, each just large enough for one of them, the best of sixteen.

# %%
for n_features, n_hidden, shape in ((3, 2, "triangle"), (4, 3, "tetrahedron"), (5, 2, "pentagon"), (7, 3, "seven in three"), (8, 3, "square antiprism")):
    model = ToyModel(n_features, n_hidden, n_instances=16, feature_probability=0.1)
    train(model, steps=sized(1500, smoke=5), batch_size=256, title=f"{n_features} features in {n_hidden} dimensions")
    best_small = model.W.detach()[evaluate(model, n_samples=sized(8192, smoke=256)).argmin()]
    print(f"{n_features} features in {n_hidden} dimensions ({shape + ')':18} D =", [round(float(d), 2) for d in sorted(dimensionality(best_small))])

# %% [markdown]
# Pentagon and square antiprism appear, with their 2/5 and 3/8, and seven features in three dimensions share them at about 3/7. The triangle does not: with three features in two dimensions, our models make a pair and leave the third feature alone, and with four in three a pair and two alone. A pair costs nothing as long as only one of the two is there, because the ReLU cuts off the negative leak. In a triangle nothing is gained over that.
#
# The last column of the table says how tightly the features are packed: together they use up nearly all of the 30 dimensions, at every density.
#
# Who shares with whom? Join two features wherever their directions overlap by 0.3 or more (in size), and the features of a model fall apart into **clusters**. Walk along the strip with the first slider, and through the clusters of a model with the second.

# %%
GeometryExplorer(strip)

# %% [markdown]
# Left, the strip, with the chosen model in the colour of the line and the chosen cluster as diamonds. Right, that cluster: a dashed line joins features that point away from each other, a solid one features that lean together, and the thicker, the stronger. The picture above the sliders shows a pentagon among pairs; the sliders need a running kernel.
#
# Try this: go from density 0.316 towards sparser features, one step at a time. Thirty separate pairs become a pentagon among pairs. Then most are still pairs, but leaning, beside a few larger clusters; then clusters of eight and more appear, and soon one cluster holds nearly every feature. Read off how many dimensions each cluster takes up.
#
# > **Question.** The sum never passes 30. Can you prove that $\sum_i D_i$ is at most the rank of $W$?
# >
# > <details><summary>Our answer</summary>Put $A = W W^\top$. Then $\sum_j (\hat W_i \cdot W_j)^2 = W_i^\top A\, W_i / \|W_i\|^2$, so $D_i = (W_i \cdot W_i)^2 / (W_i^\top A\, W_i)$. Write $W_i \cdot W_i$ as $(A^{1/2} W_i) \cdot (A^{-1/2} W_i)$, with the pseudo-inverse where $A$ has no inverse. By Cauchy and Schwarz its square is at most $(W_i^\top A\, W_i)(W_i^\top A^{-1} W_i)$, so $D_i \le W_i^\top A^{-1} W_i$. The sum of these over $i$ is the trace of $A^{-1} A$, which is the rank. Equality holds when each $W_i$ is an eigenvector of $A$: when the directions are spread evenly within each group that shares dimensions. That is what the trained models nearly reach.</details>

# %% [markdown]
# ## 10. Learning in jumps (extension)
#
# How does a model get there? Take 30 features in 10 dimensions at density 0.4, where the best solution is ten opposite pairs: 20 features with $D_i = 1/2$, and 10 that are dropped. Train twelve such models with a small, constant learning rate, and write down the loss and every $D_i$ along the way.
#
# To see what the weights do, and not what the samples do, the loss of every moment is measured on the **same** samples.

# %% [markdown]
# {{exercise toy.guess_jump}}
#
# All twelve losses begin with one steep fall. In some models the loss then stays flat for hundreds of steps, and suddenly falls again. What happens to the $D_i$ in such a late fall? Choose one of:
#
# - `"all features move a little"`
# - `"one feature jumps up from near 0, and one that was alone makes room"`
# - `"two features swap their places"`
# - `"nothing: it is noise"`

# %% nbgrader={"grade_id": "toy-guess_jump", "solution": true}
guess_jump = None  # one of the four strings above
### BEGIN SOLUTION
guess_jump = "one feature jumps up from near 0, and one that was alone makes room"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_jump-check", "grade": true}
check("toy.guess_jump")

# %% [markdown]
# {{exercise toy.jumps}}
#
# Find the sudden falls. A record **falls** if its loss is lower than that of the record before by more than the share `drop` of it. Records that fall one right after the other make one jump. For each jump return three numbers: the last record **before** it, the record at which it **ends**, and the feature whose $D_i$ changed most between these two, up or down.

# %% nbgrader={"grade_id": "toy-jumps", "solution": true}
def jumps(
    loss: Float[Tensor, "n_records"], D: Float[Tensor, "n_records n_features"], drop: float
) -> list[tuple[int, int, int]]:
    """For each unbroken run of falling records: the record before it, its last record, and the feature that moved most.

    By hand: loss = [10, 9.99, 8, 6, 5.99] and drop = 0.1. Records 2 and 3 fall, by 20 % and 25 %. So there is one jump,
    from record 1 to record 3. If D[1] = [0.5, 0.5] and D[3] = [0.5, 0.0], it is (1, 3, 1).
    """
    ### BEGIN SOLUTION
    falls = [False, *(loss[1:] < (1 - drop) * loss[:-1]).tolist(), False]
    found = []
    for t in range(1, len(falls)):
        if falls[t] and not falls[t - 1]:
            before = t - 1
        if falls[t - 1] and not falls[t]:
            after = t - 1
            moved = (D[after] - D[before]).abs().argmax()
            found.append((before, after, int(moved)))
    return found
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-jumps-check", "grade": true}
check("toy.jumps")

# %%
model = ToyModel(30, 10, n_instances=12, feature_probability=0.4)
history = train(
    model,
    steps=sized(4000, smoke=80),
    batch_size=256,
    learning_rate=0.003,
    schedule="constant",
    n_records=81,
    keep_weights=True,
    title="Training twelve models slowly",
)
along = losses_along(model, history)
D_along = torch.stack([torch.stack([torch.as_tensor(dimensionality(W)) for W in record]) for record in history.weights["W"]])

late = []
for k in range(12):
    found = [jump for jump in jumps(along[:, k], D_along[:, k], 0.004) if jump[0] > 0]
    late.append(found)
    at_half = int(((D_along[-1, k] - 0.5).abs() < 0.03).sum())
    print(f"model {k:2}: {at_half} features at 1/2 in the end")
    for before, after, feature in found:
        was, then = D_along[before, k, feature], D_along[after, k, feature]
        lost = 1 - along[after, k] / along[before, k]
        print(f"    steps {history.steps[before]} to {history.steps[after]}: the loss falls by {lost:.1%}, D of feature {feature} goes from {was:.2f} to {then:.2f}")

# %%
latest = sorted(range(12), key=lambda k: max((after for _, after, _ in late[k]), default=0))[-3:]
print(f"Your prediction: {guess_jump}")
geometry_pictures.along_training(
    history.steps, along[:, latest], D_along[:, latest], [late[k] for k in latest], [f"model {k}" for k in latest]
)

# %% [markdown]
# Each column is a model: its loss above, the $D_i$ of its thirty features below, over the same steps. The yellow bands are the jumps that your function has found after the first steep fall, and the feature that moved most is drawn thick. Look first at a column where a fall follows a long flat stretch. While the loss lies flat, most features sit at 1/2 already. One of them has nobody on its other side: its $D_i$ creeps up above 1/2, towards a dimension of its own. Then a feature that was nearly gone takes the empty place. Within a hundred steps or so both are at 1/2, and the loss falls. Earlier falls come while several features are still finding their places; there the feature that moves most was not gone.
#
# Elhage et al. saw the same in their section "Superposition and Learning Dynamics": features jump between a few "energy levels", and each jump is a sudden fall of the loss.
#
# Look at the list too. Where only 18 features are at 1/2 in the end, the tenth dimension is still without its pair: all the dropped features pull at it a little, and none has won. With more steps some of these models jump as well.
#
# > **Question.** Why must a dropped feature wait so long, and why does it then go so fast?
# >
# > <details><summary>Our answer</summary>A direction of length 0 has no gradient: $x_i$ has no part in the hidden numbers, and the bias answers its mean already, so on average no direction is better than another. Near 0 the gradient is in proportion to the length. So the length grows like interest on a very small sum: for a long time nothing is to be seen, and then it doubles and doubles.</details>

# %% [markdown]
# ## 11. What sharing costs under attack (extension)
#
# Interference is small, because features seldom meet. But what if somebody **makes** them meet? An attacker may add a small push $\delta$ to the input, of a given length, and wants to do as much damage as possible. Without superposition, only $x_i$ drives output $i$. With superposition, all neighbours of feature $i$ drive it as well, and the attacker can push all of them at once, a little each.

# %% [markdown]
# {{exercise toy.attack}}
#
# Before bias and ReLU, output $i$ is $(W^\top W)_i \cdot x$, where $(W^\top W)_i$ is row $i$. So it grows fastest along that row. Return all these pushes, one in each row, each with the length `size`. A feature of length 0 cannot be driven: its row stays 0.

# %% nbgrader={"grade_id": "toy-attack", "solution": true}
def attack(W: Float[Tensor, "n_hidden n_features"], size: float) -> Float[Tensor, "n_features n_features"]:
    """Row i: the push of length `size` along row i of W^T W.

    By hand: W = [[1, -1]] and size 1. W^T W is [[1, -1], [-1, 1]], and both rows have the length 1.414. So the pushes
    are [0.707, -0.707] and [-0.707, 0.707].
    """
    ### BEGIN SOLUTION
    rows = W.T @ W
    return size * rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-9)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-attack-check", "grade": true}
check("toy.attack")

# %% [markdown]
# {{exercise toy.vulnerability}}
#
# Now the damage. Add one and the same push to **every** sample, let the model $\mathrm{ReLU}(W^\top W x + b)$ answer, and compare with the samples **as they were**: squared errors, added up over features, averaged over samples. Return the loss under the worst of the pushes, minus the loss without a push.

# %% nbgrader={"grade_id": "toy-vulnerability", "solution": true}
def vulnerability(
    x: Float[Tensor, "batch n_features"],
    pushes: Float[Tensor, "n_pushes n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, ""]:
    """By how much the worst of the pushes raises the loss.

    By hand: W = [[1, -1]], b_final = [0, 0], x = [[0, 0]] and the single push [0.6, -0.8]. Without the push the answer
    is right. With it the hidden number is 1.4 and the answer [1.4, 0], so the damage is 1.96.
    """
    ### BEGIN SOLUTION
    hidden = x @ W.T
    clean = (x - torch.relu(hidden @ W + b_final)).square().sum(dim=1).mean()
    losses = []
    for push in pushes @ W.T:
        out = torch.relu((hidden + push) @ W + b_final)
        losses.append((x - out).square().sum(dim=1).mean())
    return torch.stack(losses).max() - clean
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-vulnerability-check", "grade": true}
check("toy.vulnerability")

# %% [markdown]
# As in the paper, the push is a tenth as long as the average input. Damage in sparse and dense worlds cannot be compared as it stands: inputs have different lengths. So divide it by the damage to a model **without** superposition in the same world, under the same attack: 30 features pass straight through, and for the other 370 it answers their mean. The score of that model is 1.
#
# $$\text{vulnerability} = \frac{L' - L}{L'_0 - L_0}$$
#
# Here $L'$ and $L$ are the losses with and without the push, and the index 0 marks the model without superposition.

# %% [markdown]
# {{exercise toy.guess_attack}}
#
# How will the score go with the sparsity? Choose one of `"sharing makes it safer"`, `"no difference"`, `"damage grows with the features per dimension"`, `"damage grows with the number of dimensions"`.

# %% nbgrader={"grade_id": "toy-guess_attack", "solution": true}
guess_attack = None  # one of the four strings above
### BEGIN SOLUTION
guess_attack = "damage grows with the features per dimension"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_attack-check", "grade": true}
check("toy.guess_attack")

# %%
chosen = slice(None, None, sized(2, smoke=12))
score = []
for density, W, b_final in zip(strip.density[chosen].tolist(), strip.W[chosen], strip.b_final[chosen], strict=True):
    x = torch.as_tensor(sparse_batch(512, 400, density, seed=0)).float()
    size = 0.1 * x.norm(dim=1).mean().item()
    W_0, b_0 = without_superposition(400, 30, density)
    score.append(float(vulnerability(x, attack(W, size), W, b_final)) / float(vulnerability(x, attack(W_0, size), W_0, b_0)))
    print(f"density {density:6.4f}: {1 / float(dimensions_per_feature(W)):5.2f} features per dimension, vulnerability {score[-1]:5.2f}")
print(f"Your prediction: {guess_attack}")
geometry_pictures.vulnerability(strip.density[chosen], torch.tensor(score), 1 / room[chosen])

# %% [markdown]
# Both axes count in factors: a step of the same height is the same factor everywhere. One line is the number of features per dimension, $\|W\|_F^2 / m$, which is $1 / D^*$. The other is the vulnerability. They start together at 1 and stay together through the pairs (a factor of about 2). Then both rise past 3, which the dotted line marks, the vulnerability more slowly. So superposition has a price that the ordinary loss does not show: whoever pushes all neighbours of a feature at once makes interference happen that samples almost never contain. At the sparsest end it even falls back: nearly all 400 features are represented there, and nobody is left to join. $\|W\|_F^2$ still grows, because directions get longer than 1, but no new neighbours come.
#
# The paper reports the same: vulnerability rises more than threefold, and follows the features per dimension. (Its attacks are also of this analytic kind. It adds that training against such attacks removes superposition only when they are as large as 80 % of the input.)
#
# > **Question.** Without superposition, the damage is exactly the squared length of the push. Why?
# >
# > <details><summary>Our answer</summary>The row of $W^\top W$ of a feature that is passed through has a single 1. The push goes into that feature alone, and comes out at the same strength: an error of `size`, whose square is added to the loss of every sample. Pushes on dropped features do nothing, because they never reach the hidden space.</details>

# %% [markdown]
# ## 12. Computing in superposition (extension)
#
# So far the hidden space was only a place to keep things. A layer of **neurons** does more: each neuron applies a ReLU to its own number. Put one in the middle,
#
# $$h = \mathrm{ReLU}(W x) \qquad\qquad x' = \mathrm{ReLU}(W^\top h + b),$$
#
# and row $k$ of $W$ belongs to neuron $k$. You can now ask what a **neuron** stands for: one feature (it is *monosemantic*) or several (*polysemantic*).

# %% [markdown]
# {{exercise toy.hidden_relu}}
#
# Write the model with neurons in the middle. Both matrices are the same $W$, as before.

# %% nbgrader={"grade_id": "toy-hidden_relu", "solution": true}
def hidden_relu(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, "batch n_features"]:
    """The reconstruction of each sample through a hidden layer of neurons: ReLU(W^T ReLU(W x) + b).

    By hand, one neuron: W = [[1, -1]], b_final = [0, 0] and x = [[0, 0.5]]. The neuron adds up to -0.5 and stays silent,
    so the answer is [[0, 0]]. Without the ReLU in the middle it was [[0, 0.5]].
    """
    ### BEGIN SOLUTION
    neurons = torch.relu(x @ W.T)
    return torch.relu(neurons @ W + b_final)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-hidden_relu-check", "grade": true}
check("toy.hidden_relu")

# %% [markdown]
# Why does it make sense to ask about neurons here, and did not before? Turn the hidden space: choose a rotation $R$ and replace $W$ by $R W$, in front of the hidden layer and behind it. Every direction goes somewhere else, and all angles between features stay as they were.

# %% [markdown]
# {{exercise toy.guess_rotation}}
#
# You train two models, one without neurons (section 3) and one with neurons, and then turn the hidden space of each. Whose loss changes? Choose one of `"neither loss changes"`, `"only without neurons"`, `"only with neurons"`, `"both losses change"`.

# %% nbgrader={"grade_id": "toy-guess_rotation", "solution": true}
guess_rotation = None  # one of the four strings above
### BEGIN SOLUTION
guess_rotation = "only with neurons"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_rotation-check", "grade": true}
check("toy.guess_rotation")

# %% [markdown]
# {{exercise toy.privileged}}
#
# Measure it. Return by how much the error changes, **after** turning minus **before**, first for the model without neurons, $\mathrm{ReLU}(W^\top W x + b)$, then for the one with neurons. The error is squared, added up over features and averaged over samples; all importances are 1.

# %% nbgrader={"grade_id": "toy-privileged", "solution": true}
def privileged(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
    rotation: Float[Tensor, "n_hidden n_hidden"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The change of the error when W becomes rotation @ W, without neurons and with neurons.

    By hand: W is the identity of size 2, b_final = [0, 0], x = [[0, 1]], and the rotation is a quarter turn,
    [[0, -1], [1, 0]]. Turned, the hidden vector is [-1, 0]. Without neurons it is turned back to [0, 1]: change 0. With
    neurons it becomes [0, 0], and the feature is lost: change 1.
    """
    ### BEGIN SOLUTION
    changes = []
    for neurons in (False, True):
        errors = []
        for V in (W, rotation @ W):
            hidden = torch.relu(x @ V.T) if neurons else x @ V.T
            out = torch.relu(hidden @ V + b_final)
            errors.append(((x - out) ** 2).sum(dim=1).mean())
        changes.append(errors[1] - errors[0])
    return changes[0], changes[1]
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-privileged-check", "grade": true}
check("toy.privileged")

# %%
turn_settings = dict(n_features=10, n_hidden=5, n_instances=8, feature_probability=0.1)
without, within = ToyModel(**turn_settings), HiddenReLU(**turn_settings)
best_of_eight = []
for model, title in ((without, "Without neurons"), (within, "With neurons")):
    train(model, steps=sized(1500, smoke=5), batch_size=256, title=title)
    k = evaluate(model, n_samples=sized(20_000, smoke=500), sampler=shared()).argmin()
    best_of_eight.append((model.W.detach()[k], model.b_final.detach()[k]))
samples = torch.as_tensor(sparse_batch(5_000, 10, 0.1, seed=5)).float()
rotations = [torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(seed)))[0] for seed in range(40)]
by_turning = {
    name: torch.tensor([float(privileged(samples, W, b, rotation)[kind]) for rotation in rotations])
    for kind, (name, (W, b)) in enumerate(zip(("without neurons", "with neurons"), best_of_eight, strict=True))
}
print(f"Your prediction: {guess_rotation}")
for name, change in by_turning.items():
    print(f"{name}: changes between {change.min():.6f} and {change.max():.6f}")
neuron_pictures.changes_by_turning(by_turning)

# %% [markdown]
# One dot for each of 40 random rotations (reflections among them). Without neurons nothing changes but the last digits: any turned copy of the hidden space serves as well. With neurons every turn does harm. The ReLU works on each neuron by itself, and so the neurons' axes are special: they are a **privileged basis**. Here it means something that a feature lies along an axis.
#
# > **Question.** A language model has a residual stream, which layers only add to, and hidden layers with a ReLU. In which of the two would you look at single coordinates?
# >
# > <details><summary>Our answer</summary>In the hidden layers with the ReLU: there the basis is privileged. In the residual stream a direction may point anywhere, and a single coordinate is no better than another. The next chapter looks at the neurons of such a layer.</details>
#
# What do the neurons stand for? Below are models with 10 features and 5 neurons, importances $0.75^i$, at six densities. They get stuck often. Elhage et al. take the best of 1,000; we take the best of 24, trained as one batch for each density. (At density 1, neurons that mix a little cost hardly anything, so that model trains longer until they have come apart.)

# %%
store_densities = [1.0, 0.5, 0.3, 0.15, 0.08, 0.03]
stored = []
for density in store_densities:
    model = HiddenReLU(10, 5, n_instances=24, feature_probability=density, importance=0.75 ** torch.arange(10))
    train(model, steps=sized(4000 if density == 1 else 1500, smoke=5), batch_size=256, title=f"24 models at density {density:g}")
    losses = evaluate(model, n_samples=sized(20_000, smoke=500), sampler=shared())
    stored.append(model.W.detach()[losses.argmin()])
    print(f"density {density:4g}: features of each neuron {sorted(features_per_neuron(stored[-1]).tolist())}")
neuron_pictures.neuron_stacks(stored, [f"density {density:g}" for density in store_densities], columns=3)

# %% [markdown]
# A bar is a neuron, its blocks are the features it has large weights for: at least 0.3 of its largest one, the others are pale. Where there is room, the block says which feature, with a minus sign if the weight is negative. Plain blue bars stand for one feature, hatched ones for several. On the dense side the neurons tend to take one feature each. Towards the sparse side fewer of them do, and at the end every feature that is kept is spread over several neurons.
#
# Elhage et al. report monosemantic neurons only at densities of 0.5 and above; three neurons with a feature of their own and three features over the other two from 0.2 to 0.5; and at 0.04 and below every feature on a pair of neurons. Losses of the restarts are close to each other, so single counts may differ; the order is what to look for.

# %% [markdown]
# This model only hands features through. Can neurons **compute** in superposition? Take a task that no linear map can do: the absolute value. Features now lie between -1 and 1, weights in and out are free, and
#
# $$h = \mathrm{ReLU}(W_1 x) \qquad y = \mathrm{ReLU}(W_2 h + b) \qquad L = \frac{1}{\text{batch}} \sum_{\text{samples}} \sum_i I_i\, (|x_i| - y_i)^2 .$$

# %% [markdown]
# {{exercise toy.absolute}}
#
# Write the loss, from the samples to the number. `W2` has a row for each feature and a column for each neuron.

# %% nbgrader={"grade_id": "toy-absolute", "solution": true}
def absolute(
    x: Float[Tensor, "batch n_features"],
    W1: Float[Tensor, "n_hidden n_features"],
    W2: Float[Tensor, "n_features n_hidden"],
    b_final: Float[Tensor, "n_features"],
    importance: Float[Tensor, "n_features"],
) -> Float[Tensor, ""]:
    """The loss of a model that is to compute |x|: squared errors weighted by importance, summed over features, averaged.

    By hand: one feature, two neurons, W1 = [[1], [-1]], W2 = [[1, 1]], b_final = [0.1], importance = [2], x = [[-0.5]].
    The neurons say 0 and 0.5, the output is 0.6, the target 0.5: the loss is 2 * 0.1^2 = 0.02.
    """
    ### BEGIN SOLUTION
    neurons = torch.relu(x @ W1.T)
    out = torch.relu(neurons @ W2.T + b_final)
    return (importance * (x.abs() - out) ** 2).sum(dim=1).mean()
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-absolute-check", "grade": true}
check("toy.absolute")

# %% [markdown]
# First a case with room to spare, trained with your loss: three features, six neurons, all features always there.

# %%
small = AbsoluteValue(3, 6, seed=2)
W1, W2, b = (parameter.detach().clone()[0].requires_grad_() for parameter in (small.W1, small.W2, small.b_final))
optimiser = torch.optim.Adam([W1, W2, b], lr=0.01)
generator = torch.Generator().manual_seed(0)
for _ in range(sized(1500, smoke=5)):
    x = 2 * torch.rand(256, 3, generator=generator) - 1
    optimiser.zero_grad()
    absolute(x, W1, W2, b, torch.ones(3)).backward()
    optimiser.step()
print("weights into the neurons (a row each), largest scaled to 1:")
print((W1 / W1.abs().amax(dim=1, keepdim=True)).detach().round(decimals=2))

# %% [markdown]
# Look at the rows: a neuron has one large weight. Each feature can have two neurons, one for its positive and one for its negative half, because $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$.
#
# By that recipe 40 neurons compute the absolute value of 20 features. What if there are 100?

# %% [markdown]
# {{exercise toy.guess_neurons}}
#
# A hundred features of importance $0.8^i$, forty neurons, densities from 1 to 0.001. How many features will a neuron serve? Choose one of:
#
# - `"one feature each, at every density"`
# - `"one feature each when dense, several when sparse"`
# - `"several when dense, one feature each when sparse"`
# - `"several features each, at every density"`

# %% nbgrader={"grade_id": "toy-guess_neurons", "solution": true}
guess_neurons = None  # one of the four strings above
### BEGIN SOLUTION
guess_neurons = "one feature each when dense, several when sparse"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_neurons-check", "grade": true}
check("toy.guess_neurons")

# %% [markdown]
# {{exercise toy.polysemanticity}}
#
# Count them. A neuron's own scale means nothing: twice the weights in and half of them out is the same neuron. So scale each neuron (a row of `W1`) until its largest weight, signs left out, is 1. Then count the weights of at least `share`, in size. A neuron without any weight serves 0 features.

# %% nbgrader={"grade_id": "toy-polysemanticity", "solution": true}
def polysemanticity(W1: Float[Tensor, "n_hidden n_features"], share: float) -> Float[Tensor, "n_hidden"]:
    """How many features each neuron serves: weights of at least `share` of its largest one, signs left out.

    By hand: W1 = [[2, -1, 0.5], [0, 0.25, 0]] and share 0.5. Scaled, the first neuron has 1, -0.5 and 0.25, so it serves
    two features; the second has one weight, which is 1 when scaled. The answer is [2, 1].
    """
    ### BEGIN SOLUTION
    size = W1.abs()
    largest = size.amax(dim=1, keepdim=True)
    return ((size >= share * largest) & (size > 0)).sum(dim=1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-polysemanticity-check", "grade": true}
check("toy.polysemanticity")

# %%
abs_densities = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001]
computing = []
for density in abs_densities:
    model = AbsoluteValue(100, 40, feature_probability=density, importance=0.8 ** torch.arange(100))
    batch_size = sized(512 if density >= 0.01 else 1024, smoke=16)
    train(model, steps=sized(2000, smoke=3), batch_size=batch_size, learning_rate=0.003, sampler=signed_batch, title=f"Absolute value, density {density:g}")
    computing.append(model.W1.detach()[0])
print(f"Your prediction: {guess_neurons}")
for density, W1 in zip(abs_densities, computing, strict=True):
    counts = torch.as_tensor(polysemanticity(W1, 0.3))
    alone = W1.abs()[counts == 1].argmax(dim=1)
    main = f"; their features: {sorted(set(alone.tolist()))}" if 0 < len(alone) < 20 else ""
    print(f"density {density:5g}: {int((counts == 1).sum()):2} of 40 neurons serve one feature, the median neuron serves {counts.float().median():.0f}{main}")
neuron_pictures.neuron_stacks(computing, [f"density {density:g}" for density in abs_densities])

# %% [markdown]
# As before, a bar is a neuron, plain where it serves one feature and hatched where it serves several. Dense: nearly all neurons are monosemantic, two for each of the most important features. Sparse: they are shared, first a few, then all, and by more and more features. Neurons compute the absolute value of several features at once, and the ReLU of the output cleans up what leaks, as long as two of them seldom meet. Where only some neurons are left to one feature, the list shows whose they are: compare the numbers, 0 is the most important.
#
# Elhage et al. find the same order with these sizes: all monosemantic at densities 1 and 0.3, the first polysemantic neurons at 0.1, ever more of them down to 0.003, and all at 0.001. Compare with the counts above: after our short training a few neurons are mixed already on the dense side, and all of them are shared at densities where the paper still finds some that are not. The order is the same, the borders are not.
#
# > **Question.** The losses of these models (not shown) fall from picture to picture. May you conclude that sparse features are computed better?
# >
# > <details><summary>Our answer</summary>No. At another density it is another task: with fewer features there, there is less to get wrong (the paper's footnote 17 warns of this). Divide each loss by the loss of a model that always answers 0, and you can compare.</details>

# %% [markdown]
# ## 13. Data points instead of features (extension)
#
# All models so far met new samples at every step. Real training sets end, and a model may remember them instead of learning what they are made of. Henighan et al. (2023, *Superposition, Memorization, and Double Descent*) asked what that looks like in a toy model.
#
# The model is that of section 3, with 1,000 features in **two** hidden dimensions. The training set has $T$ examples, drawn once. A feature is there with probability 0.01, so an example holds about ten of them. It is then scaled to length 1, so that a model that always answers 0 has the loss 1.

# %% [markdown]
# {{exercise toy.guess_points}}
#
# Take $T = 5$. What will you see in the two hidden dimensions? Choose one of:
#
# - `"five features in a pentagon"`: five columns of $W$ are long, the others short
# - `"five examples in a pentagon"`: the hidden vectors $h = W x$ of the five examples are spread evenly
# - `"two examples at a right angle"`: the other three are lost
# - `"no pattern"`

# %% nbgrader={"grade_id": "toy-guess_points", "solution": true}
guess_points = None  # one of the four strings above
### BEGIN SOLUTION
guess_points = "five examples in a pentagon"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_points-check", "grade": true}
check("toy.guess_points")

# %%
few = {}
for n_examples in (5, 6):
    x = unit_examples(n_examples, seed=7)
    few[n_examples] = (x, fit_examples(x, steps=sized(2000, smoke=5), seed=7))
print(f"Your prediction: {guess_points}")
point_pictures.vectors_and_directions([x @ fit.W.T for x, fit in few.values()], [fit.W for _, fit in few.values()], [f"{n_examples} examples" for n_examples in few])

# %% [markdown]
# Above are the hidden vectors of the examples, below the directions of the 1,000 features (each panel has its own scale). The **examples** form a regular polygon: the model has given each of them a direction, as it gave one to each feature in section 4. The features below are a mess: each points to where the examples that hold it are.
#
# To put a number on it, measure how much of a dimension each example has to itself:
#
# $$D_i = \frac{\|h_i\|^2}{\sum_j (\hat h_i \cdot h_j)^2}, \qquad h_i = W x_i .$$

# %% [markdown]
# {{exercise toy.sample_dimensionality}}
#
# Compute it for every example. The sum runs over all examples, $j = i$ included, and $\hat h_i$ is $h_i$ scaled to length 1. An example whose hidden vector is zero gets 0.

# %% nbgrader={"grade_id": "toy-sample_dimensionality", "solution": true}
def sample_dimensionality(
    x: Float[Tensor, "n_examples n_features"], W: Float[Tensor, "n_hidden n_features"]
) -> Float[Tensor, "n_examples"]:
    """The fraction of a hidden dimension that each example has to itself.

    By hand: W = [[1, -1]], x = [[1, 0], [0, 1]]. The hidden vectors are 1 and -1. Along the first lie 1 and -1: the sum
    below is 2, the fraction 1 / 2. The same for the second.
    """
    ### BEGIN SOLUTION
    hidden = x @ W.T
    lengths = hidden.norm(dim=1)
    unit = hidden / lengths.clamp(min=1e-9)[:, None]
    overlaps = (unit @ hidden.T) ** 2
    return lengths**2 / overlaps.sum(dim=1).clamp(min=1e-9)
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-sample_dimensionality-check", "grade": true}
check("toy.sample_dimensionality")

# %%
for n_examples, (x, fit) in few.items():
    shares = torch.as_tensor(sample_dimensionality(x, fit.W))
    print(f"{n_examples} examples: each has {[round(share, 2) for share in shares.tolist()]} of a dimension; 2 / {n_examples} = {2 / n_examples:.2f}")

# %% [markdown]
# In a regular polygon of $T$ examples in the plane, each has the fraction $2 / T$. With few examples the model **memorises**, and superposition is how it finds room for them.
#
# What happens on the way to many examples? That takes minutes to compute, so it was done once (`mechint-course train toy-points`, four seeds for each size), and is shipped with the course.

# %% [markdown]
# {{exercise toy.guess_bump}}
#
# As the training set grows from 3 examples to 3,000, what does the loss on **new** samples do? Choose one of `"it falls all the way"`, `"it rises first, then falls"`, `"it falls first, then rises"`, `"it stays the same"`.

# %% nbgrader={"grade_id": "toy-guess_bump", "solution": true}
guess_bump = None  # one of the four strings above
### BEGIN SOLUTION
guess_bump = "it rises first, then falls"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess_bump-check", "grade": true}
check("toy.guess_bump")

# %%
regimes = load_regimes()
fresh = unit_examples(sized(5_000, smoke=100), seed=99)
yours = {}
for n_examples in (5, 100):
    x = few[5][0] if n_examples == 5 else unit_examples(n_examples, seed=7)
    fit = few[5][1] if n_examples == 5 else fit_examples(x, steps=sized(2000, smoke=5), seed=7)
    yours[n_examples] = (fit.train_loss, loss_on(fresh, fit.W, fit.b_final))
print(f"Your prediction: {guess_bump}")
for i, n_examples in enumerate(regimes.n_examples.tolist()):
    print(f"{n_examples:5} examples: loss on new samples {[round(v, 3) for v in regimes.test_loss[i].tolist()]}")
point_pictures.regimes_by_size(regimes, yours)

# %% [markdown]
# Left, the loss on the training set and on new samples (stars: two models fitted just now, with fewer steps). Right, the largest fraction of a dimension that a single example has to itself, and the largest that a single feature has. Read from left to right there are three stretches. With few examples, each is memorised, and new samples are lost. In the middle the training set no longer fits, nothing has a place of its own, and new samples come out **worse than from no model at all**. With many examples the loss on new samples falls below 1, and on the right features take over what the examples had.

# %%
shown = [5, 30, 200, 1000, 3000]
rows = [regimes.n_examples.tolist().index(n_examples) for n_examples in shown]
point_pictures.vectors_and_directions([regimes.hidden[i] for i in rows], [regimes.W[i] for i in rows], [f"{n_examples} examples" for n_examples in shown])

# %% [markdown]
# The same models from inside: above the hidden vectors of the examples, below the features. On the left the examples are spread evenly, on the right the features are: a few of the 1,000 are long and evenly spread, like those of section 4, and the others are dropped.
#
# What replicates, and what does not? Henighan et al. saw these three stretches with 10,000 features and 50,000 steps, a low bump (near 1.01), and features from about 5,000 examples on. Comments below the paper report the same order with borders elsewhere and a bump of up to 5,000. Ours has its own height and place, and both depend on the number of steps. So trust the **order**, not the numbers.
#
# > **Question.** A bump in the test loss between two good stretches is known as *double descent*. What, in this picture, would you tell somebody who sees one in a large model?
# >
# > <details><summary>Our answer</summary>That the model may be changing what it stores: from its training examples to what they have in common. Around the bump it does neither well.</details>

# %% [markdown]
# ## What you learned
#
# - There is room for many more directions than dimensions, if they may lean a little, and sparse vectors come back from few numbers, as long as few features are there at once.
# - A model with two hidden dimensions can represent five features, if they are sparse. It stores them as directions that are not orthogonal: **superposition**.
# - The price is **interference**; a ReLU and a negative bias remove much of it.
# - A linear model never shares: what a further feature brings, its interference takes away. The ReLU makes sharing pay.
# - Density decides: dense features get a dimension each or nothing, sparser ones pair up, and the sparsest form a regular pentagon.
# - The change is sudden: two solutions compete, and where their losses cross, the best model jumps from one to the other.
# - Features that come together avoid each other's directions; features that never meet share one.
# - Many equal features pack their dimensions tightly, over a wide range of densities as opposite pairs; on the way there they jump, one at a time, and each jump is a sudden fall of the loss.
# - Superposition can be attacked: the damage of a small push grows with the features per dimension.
# - A ReLU on the hidden layer makes the neurons' axes special. Dense features get neurons of their own; sparse ones share neurons, even to compute with.
# - With few training examples a model stores the examples, with many it stores features, and in between it does neither.
#
# The next chapters look for the same thing in a language model. If its neurons are short of room, then one neuron will answer to several unrelated things.
#
# ## References
#
# - Elhage et al. (2022), *Toy Models of Superposition*. The model, the loss and the feature dimensionality are from there, in the sections "Experiment Setup" and "The Geometry of Superposition"; sections 6 and 7 follow "Basic Results", "Mathematical Understanding" and "Superposition as a Phase Change", section 9 "The Geometry of Superposition", section 10 "Superposition and Learning Dynamics", section 11 the part on adversarial examples, section 12 "Superposition in a Privileged Basis" and "Computation in Superposition".
# - Henighan et al. (2023), *Superposition, Memorization, and Double Descent*. Section 13 follows it at a tenth of its size.
# - Amelunxen, Lotz, McCoy and Tropp (2014), *Living on the Edge: Phase Transitions in Convex Programs with Random Data*. How many numbers a sparse vector comes back from.
