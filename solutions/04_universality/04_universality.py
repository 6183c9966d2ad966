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
# **Goal.** Measure how far the features of two language models agree, beside what their neurons do and beside chance, and read one feature with its twin.
#
# **Time.** About 45 minutes, of which two are computing. Everything here is on the core path.
#
# **You need.** Matrix products, a mean and a median. No earlier chapter: a sparse autoencoder is here a box that turns 512 neurons into 2,048 latents, of which 8 are on at a time. Chapter 3 opens that box.
#
# How to work: each exercise is a function to fill in, and the cell after it checks your answer and tells you what is wrong. `hint("universality.correlation")` gives a nudge, `hint("universality.correlation", 2)` and `3` give more, and `hint("universality.correlation", "solution")` shows ours. Until your answer passes, the check puts ours in its place, so you can go on at any time and come back later.

# %% tags=["imports"]
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course import check, hint, sized

# %%
from scipy.sparse import vstack

from mechint_course.features.correlation import StreamingCorrelation
from mechint_course.features.evidence import excerpts, top_examples
from mechint_course.features.latents import latent_on_text, share_by_domain, sparse_latents
from mechint_course.features.matching import by_frequency, mutual_best, shuffled
from mechint_course.features.stream import ActivationBatches
from mechint_course.figures import universality as pictures
from mechint_course.language import activations, evaluation_text, load_model, training_text
from mechint_course.sae import TopKSAE, train_sae
from mechint_course.views.tokens import show_side_by_side
from mechint_course.work import work

# %% [markdown]
# ## 1. When are two features the same?
#
# You cannot compare directions: the two models write in different spaces. But you can let both read the **same tokens**, and ask when each feature is on. Two features that go up and down together, token by token, are the same for every purpose we can measure.
#
# The number for "up and down together" is Pearson's correlation. With $x_t$ and $y_t$ the two activations on token $t$, and $\bar x$, $\bar y$ their means over all tokens:
#
# $$r = \frac{\sum_t (x_t - \bar x)(y_t - \bar y)}{\sqrt{\sum_t (x_t - \bar x)^2}\;\sqrt{\sum_t (y_t - \bar y)^2}}$$
#
# It is 1 where one is the other times a positive number, 0 where they have nothing to do with each other, and -1 where one is off whenever the other is on. How strong the activations are does not matter, which is what you want: models choose their own units.

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
# Try it where you know the truth. Here is a small world with eight secret features, each there on one token in ten. Two "models" have learned them: each in an order of its own, in units of its own, and with mistakes of its own. Model 1 has a latent that never fires. Model 2 has missed secret feature 2 and does something else in its place.

# %%
generator = torch.Generator().manual_seed(0)


def rare(share: float) -> Tensor:
    return torch.rand(2000, 8, generator=generator) * (torch.rand(2000, 8, generator=generator) < share)


secret = rare(0.1)
order = torch.randperm(8, generator=generator)  # model 2 keeps secret feature order[j] at place j
model_1 = 3.0 * secret + rare(0.02)
model_1[:, 5] = 0.0
model_2 = (secret + 0.5 * rare(0.05))[:, order]
model_2[:, order == 2] = rare(0.1)[:, :1]

r = torch.as_tensor(correlation(model_1, model_2))
pictures.matrix(r)

# %% [markdown]
# Each square is a pair, a row for each feature of model 1. Most rows have one dark square, framed: the twin, wherever model 2 happens to keep it. Two rows have none: the latent that never fires, whose row is all 0, and the feature that model 2 does not have. Their frames stand on the largest of some small numbers.
#
# > **Question.** A colleague uses the cosine of the two columns, which is the same formula without taking the means away. On which features would that mislead them most?
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
partner, value = best_match(r)
truth = order.argsort()
for i in range(8):
    found = "the true twin" if partner[i] == truth[i] else f"its place is {int(truth[i])}"
    print(f"feature {i} of model 1: best match {int(partner[i])}, correlation {value[i]:.2f}  ({found})")

# %% [markdown]
# The six features that both models have find their twins. The other two get a best match too: **there is always a best match**, even where there is nothing to match. Its correlation tells them apart, if you know how large it gets by chance. Keep that in mind for what follows.

# %% [markdown]
# ## 2. Two language models
#
# Models A and B come with the course. Both are transformers of one layer with 512 MLP neurons, trained from different random starts. For each you now train a dictionary: a sparse autoencoder that writes the 512 neurons as a sum of few out of 2,048 latents. Nothing is shared: the two dictionaries start from different random numbers and see activations of different models, on text in a different order.
#
# Then both read the same held-out text, and you compare latents with latents, and neurons with neurons.

# %% [markdown]
# {{exercise universality.guess_agreement}}
#
# Which of the two will agree more across the models: the features of the dictionaries, or the neurons they were made from? Choose one of `"features agree more"`, `"neurons agree more"`, `"about the same"`. A prediction earns its point whether it is right or not.

# %% nbgrader={"grade_id": "universality-guess_agreement", "solution": true}
guess_agreement = None  # one of: "features agree more", "neurons agree more", "about the same"
### BEGIN SOLUTION
guess_agreement = "features agree more"
### END SOLUTION

# %% nbgrader={"grade_id": "universality-guess_agreement-check", "grade": true}
check("universality.guess_agreement")

# %%
n_tokens, batch_size = sized(600_000, smoke=1_500), sized(2048, smoke=256)
models = {name: load_model(name) for name in ("A", "B")}


def train_dictionary(name: str, seed: int) -> TopKSAE:
    text = training_text(name, tokens=n_tokens, seed=seed)
    batches = ActivationBatches(models[name], text.tokens, batch_size=batch_size, seed=seed)
    sae = TopKSAE(d_in=512, d_sae=2048, k=8, seed=seed)
    log = train_sae(sae, batches, n_steps=n_tokens // batch_size, learning_rate=3e-3)
    print(f"Dictionary of model {name}: {log.n_inputs:,} activations, {log.entries[-1].fvu:.0%} of the variance is lost.")
    return sae


saes = {"A": train_dictionary("A", seed=0), "B": train_dictionary("B", seed=1)}

# %% [markdown]
# Now the comparison. There are 2,048 times 2,048 pairs of latents, and the text has many tokens: the activations do not fit into one matrix, and your function would like them all at once. But the formula needs sums only, and sums can be taken a batch at a time. `StreamingCorrelation` does that. It also leaves out the products with 0, and nearly all of them are.
#
# Each sequence's first token is left out. It is the same start token everywhere, so all models agree on it for no interesting reason.

# %%
text = evaluation_text().sample(sized(80, smoke=4), seed=0)
features, neurons = StreamingCorrelation(2048, 2048), StreamingCorrelation(512, 512)
parts_a, parts_b = [], []
with work(len(text), "Both models read", unit="sequence") as bar:
    for part in text.tokens.split(64):
        on_a, on_b = (activations(model, part)[:, 1:].flatten(0, 1) for model in models.values())
        parts_a.append(sparse_latents(saes["A"], on_a))
        parts_b.append(sparse_latents(saes["B"], on_b))
        features.update(parts_a[-1], parts_b[-1])
        neurons.update(on_a, on_b)
        bar.update(len(part))

some_a, some_b = (torch.from_numpy(parts[-1][:, :300].toarray()).float() for parts in (parts_a, parts_b))
stream = StreamingCorrelation(300, 300)
for rows in torch.arange(len(some_a)).split(500):
    stream.update(some_a[rows], some_b[rows])
difference = (stream.result() - torch.as_tensor(correlation(some_a, some_b))).abs().max()
print(f"{features.n_tokens:,} tokens. Largest difference between the stream and your function on a part: {difference:.0e}")

# %% [markdown]
# Every latent of A has a best match among 2,048 candidates, and the best of 2,048 is above 0 by luck alone. So you need to know what luck gives. Shuffle the tokens of model B: every latent fires as often and as strongly as before, but on the wrong tokens. Whatever still agrees is chance.


# %%
latents_a, latents_b = vstack(parts_a, format="csr"), vstack(parts_b, format="csr")
chance = StreamingCorrelation(2048, 2048)
chance.update(latents_a, shuffled(latents_b, torch.Generator().manual_seed(0)))

streams = {"features": features, "neurons": neurons, "features, tokens shuffled": chance}
best = {name: torch.as_tensor(best_match(stream.result())[1]) for name, stream in streams.items()}
density = features.fired_left / features.n_tokens
print(f"{int((density == 0).sum())} latents of A never fire on this text, {int((density >= 1e-4).sum())} fire at least once in 10,000 tokens.")

# %% [markdown]
# {{exercise universality.median_match}}
#
# Now one number for the two models: the **median** of the best correlations. A latent that fires twice in the whole text says little either way, so count only those that fire often enough: whose `density`, the share of tokens on which they fire, is at least `at_least`.

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

# %%
print(f"You predicted: {guess_agreement}.")
print()
print("median of the best correlations     here   the paper")
for (name, stream), paper in zip(streams.items(), (".72", ".46", ""), strict=True):
    fires = stream.fired_left / stream.n_tokens
    print(f"{name:32} {median_match(stream.result(), fires, 1e-4):7.2f} {paper:>11}")

# %%
counted = {name: best[name][stream.fired_left / stream.n_tokens >= 1e-4] for name, stream in streams.items()}
pictures.agreement(counted, paper={"features": 0.72, "neurons": 0.46})

# %% [markdown]
# Three histograms, one scale. On top the features of A, each by how well its best match in B agrees with it; in the middle the neurons; at the bottom the same features with B's tokens shuffled. The solid line is the median of each, the dashed line what Bricken et al. (2023, *Towards Monosemanticity*) report. The further right a histogram stands, the more the two models agree.
#
# The paper's models are of the same shape as ours, but they read 100 billion tokens, and its dictionaries have 4,096 latents and saw 8 billion activations. Yours saw less than a million.
#
# > **Question.** Neurons have only 512 candidates each, features 2,048. Could the features be ahead for that reason alone?
# >
# > <details><summary>Our answer</summary>More candidates do raise the best match by luck. The shuffled histogram shows how much luck gives with all 2,048 of them, so only what is above it needs another reason. Compare it with the distance between the two solid lines above.</details>

# %% [markdown]
# Luck is not the same for all. A latent that fires on five tokens agrees by chance with anything that fires on one of them. So look at each frequency by itself.

# %%
pictures.by_frequency({
    "features": by_frequency(best["features"], density),
    "tokens shuffled": by_frequency(best["features, tokens shuffled"], density),
})

# %% [markdown]
# From left to right, latents that fire more and more often; below each group how many latents it holds. The upper line is the median best correlation, the lower one what luck gives for latents of that frequency. The distance between the lines is what the models agree on.
#
# > **Question.** Which group agrees least, measured by that distance, and can you think of a reason?
# >
# > <details><summary>Our answer</summary>Look at both ends. The rarest latents had few firings to learn from, in both models; after so short a training many of them are not finished. At the other end, a latent that is on at every twentieth token takes part in writing many unrelated activations. If there are many ways to share that work out, two dictionaries will choose two of them.</details>

# %% [markdown]
# ## 3. A feature and its twin
#
# A median is no feature. Take the pairs of which each is the other's best match. The held-out text has a domain for every sequence, so you can ask for a pair that belongs to one: its feature of A should be on mostly in that domain, and agree well with its twin. The score below is the product of the two. Change `domain` to any name that is printed.

# %%
pairs = mutual_best(features.result())
share = share_by_domain(latents_a, text.domain, len(text.domains))
print("domains:", ", ".join(text.domains))


def side_by_side(feature: int):
    """A's feature and its twin on the four texts where A's is strongest, away from the beginning."""
    twin, home = int(pairs.partner[feature]), int(share[feature].argmax())
    in_a, in_b = latent_on_text(latents_a, feature, len(text)), latent_on_text(latents_b, twin, len(text))
    with_context = torch.arange(in_a.shape[1]) >= 15  # a place at the start of a text has nothing before it to read
    places = top_examples(in_a * with_context, k=4)
    print(f"correlation {pairs.correlation[feature]:.2f}; A's feature is on for {density[feature]:.2%} of the tokens, "
          f"{share[feature, home]:.0%} of its activation is in the domain {text.domains[home]}")
    return show_side_by_side({
        f"feature {feature} of model A": excerpts(text, in_a, places),
        f"its twin, feature {twin} of model B": excerpts(text, in_b, places),
    })


domain = "hebrew"
side_by_side(int((pairs.correlation * share[:, text.domains.index(domain)]).argmax()))

# %% [markdown]
# Left the feature of A, right its twin in B, on the same tokens. A token is the darker the more strongly the feature is on, each column on a scale of its own; point at a token for the number. Above each text stands the domain it comes from. The texts were chosen by the left feature alone: nobody asked the right one.
#
# Now a pair from the middle of the list, so that you see what an ordinary match looks like.

# %%
candidates = ((pairs.partner >= 0) & (density >= 1e-3)).nonzero().squeeze(1)
ranked = candidates[pairs.correlation[candidates].argsort(descending=True)]
side_by_side(int(ranked[len(ranked) // 2]))

# %% [markdown]
# > **Question.** For both pairs: say in one sentence what the feature is on for. Does the sentence fit both columns?
# >
# > <details><summary>What to look for</summary>Look for tokens that are dark on one side only. Strong agreement on a single token, such as one name or one bracket, is the cheapest kind: any model that sees that token can find it. Agreement on a context, where the same token is dark in one text and pale in another, is worth more.</details>
#
# > **Question.** Suppose every latent of A and of B fired on one fixed token each. What would the median be, and what would you have learned about the models?
# >
# > <details><summary>Our answer</summary>Wherever both have a latent for the same token, the correlation is 1, so the median is high. You would have learned that both models read the same tokens, which you knew. To tell features from tokens, take away from each activation its mean over all places with the same token, and correlate what is left.</details>

# %% [markdown]
# ## What you learned
#
# - Features of two models are compared by **when they are on**: correlation over the same tokens, centred, and 0 for what never changes.
# - There is always a best match. It means something only beside **what luck gives**, at the same frequency and with as many candidates.
# - One number, the median over features that fire often enough, compares features with neurons; the histogram and the frequencies say what the number hides.
# - Sums can be taken a batch at a time, so millions of pairs over any text fit into the memory of a laptop.
#
# ## References
#
# - Bricken et al. (2023), *Towards Monosemanticity: Decomposing Language Models With Dictionary Learning*, section "Universality". The comparison, and the medians .72 for features and .46 for neurons, are from there.
