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
# # What does one neuron mean?
#
# A neuron in a language model is one number for each token: how strongly it fires there. It would be lovely if each neuron stood for one thing, "this is Arabic" or "this is a quotation". Then you could read a model neuron by neuron.
#
# In this chapter you take a real language model apart and look at its neurons one at a time. You will find out how often that hope comes true.
#
# **Goal.** Change a neuron and see what the model loses, read it by the texts that excite it from weak to strong, find a neuron that answers to four unrelated kinds of text, and measure how well any neuron stands for any kind of text at all.
#
# **Time.** Sections 1 to 3 are the core path, about 90 minutes of work. Sections 4 to 7 are extensions, another 75 minutes; each can be done alone.
#
# **You need.** Python and tensors: indexing, sums, sorting. No earlier chapter.
#
# How to work: each exercise is a function to fill in, and the cell after it checks your answer and tells you what is wrong. `hint("neurons.top_examples")` gives a nudge, with a 2 or a 3 behind it more, and `hint("neurons.top_examples", "solution")` shows ours. Until your answer passes, the check puts ours in its place, so you can go on at any time and come back later.

# %% tags=["imports"]
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course import check, hint, sized

# %%
from mechint_course.features import detectors, evidence, interventions, scores, units
from mechint_course.figures import neurons as pictures
from mechint_course.figures import polysemantic
from mechint_course.language import ACTIVATION_HOOK, activations, evaluation_text, load_model, token_strings
from mechint_course.views.tokens import Example, show_examples

# %% [markdown]
# ## 1. Variables and activations
#
# Model A is a transformer with **one layer**, of the same kind as the one in Bricken et al. (2023, *Towards Monosemanticity*): a residual stream of 128 numbers, attention, and an MLP of **512 neurons** with a ReLU. It was trained to predict the next token.
#
# Its text is a *mini-Pile*. Part of it is what every installation of this course holds: the source code of Python, documentation, licences, the names of countries in Hebrew, Korean and Arabic. The rest comes from small grammars: DNA, web requests, nutrition labels, dialogue. Each document carries a label, its **domain**. The model never saw the labels. You have them, and that is what makes this model good to study: you can check every guess.
#
# The text below is held out: the model was not trained on these documents. One of its domains, chess, model A has not met at all: it belongs to its sister, model B.

# %%
model = load_model("A")
text = evaluation_text().sample(sized(64, smoke=6))
n_domains = len(text.domains)
print(f"{len(text)} sequences of {text.tokens.shape[1]} tokens from {n_domains} domains: {', '.join(text.domains)}")

# %%
few = text.sample(sized(8, smoke=2))
loss = interventions.with_activation(model, few.tokens, None)
print(f"The model's surprise at the next token: {loss.mean():.2f} nats. Guessing blindly among {model.cfg.d_vocab} tokens costs {torch.tensor(model.cfg.d_vocab).log():.2f}.")
requests = [row for row in range(len(few)) if few.domains[few.domain[row]] == "http"][:2]
show_examples(
    [Example(token_strings(few.tokens[row, 1:49]), loss[row, :48], label="http") for row in requests],
    title="Surprise at each token, in nats",
)

# %% [markdown]
# Each token is coloured by how much it surprised the model, having read the tokens before it. Parts that are always the same, such as the name of a header after its first letters, cost almost nothing. Values that nobody could know, such as a number, cost a lot. This model has learned what a web request looks like.
#
# Two kinds of numbers make such a model up. Its **variables**, the weights and biases, were fixed by the training and are the same for every text. Its **activations** are computed anew for every token. A neuron has both. It *reads* the residual stream, after a LayerNorm ($\mathrm{LN}$), with a column of the variable `W_in`, it fires with an activation $a \geq 0$, and it *writes* its row of the variable `W_out` back, scaled by $a$:
#
# $$a = \mathrm{ReLU}(\mathrm{LN}(\text{stream}) \cdot W_{in}[:, \text{neuron}] + b_{in}[\text{neuron}]), \qquad \text{written} = a \; W_{out}[\text{neuron}]$$
#
# TransformerLens gives every activation a name, and `run_with_cache` keeps them all while the model runs. These are the ones that you need:

# %%
_, cache = model.run_with_cache(few.tokens[:3])
for name, meaning in {
    "hook_embed": "the embedding of each token",
    "blocks.0.attn.hook_pattern": "where attention looks: head, from this token, to that one",
    "blocks.0.hook_attn_out": "what attention writes",
    "blocks.0.hook_resid_mid": "the residual stream between attention and MLP",
    "blocks.0.ln2.hook_out": "the same after LayerNorm: what neurons read",
    "blocks.0.mlp.hook_pre": "neurons before the ReLU",
    "blocks.0.mlp.hook_post": "neurons after it: the activations of this chapter",
    "blocks.0.hook_mlp_out": "what all neurons write together, and b_out",
    "blocks.0.hook_resid_post": "the residual stream at the end of the layer",
}.items():
    print(f"{name:28} {tuple(cache[name].shape)!s:22} {meaning}")
print(f"and two variables: W_in {tuple(model.W_in[0].shape)}, W_out {tuple(model.W_out[0].shape)}")

# %% [markdown]
# {{exercise neurons.written}}
#
# Run the model on some tokens and return what **one neuron writes** into the residual stream at each of them. The first axis of every activation is the batch, the second (but for the attention pattern) the position.

# %% nbgrader={"grade_id": "neurons-written", "solution": true}
def written(model, tokens: Int[Tensor, "batch n_ctx"], neuron: int) -> Float[Tensor, "batch n_ctx d_model"]:
    """The neuron's activation at each token, times the direction that it writes (without the MLP's bias).

    By hand: a neuron that fires with 2.0 at a token and writes the direction [0.5, -1, 0] gives [1, -2, 0] there.
    """
    ### BEGIN SOLUTION
    _, cache = model.run_with_cache(tokens)
    fires = cache["blocks.0.mlp.hook_post"][:, :, neuron]
    return (fires[:, :, None] * model.W_out[0, neuron]).detach()
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-written-check", "grade": true}
check("neurons.written")

# %% [markdown]
# Now read all neurons on the whole text. Every sequence begins with the same start token, and behind it the model has hardly anything to go by: some neurons fire at any first token, whatever the text. That says nothing about a kind of text, so the first eight positions are set to 0 and do not count.

# %%
SKIP = 8
neurons = activations(model, text.tokens)
neurons[:, :SKIP] = 0
print(f"{ACTIVATION_HOOK}: {tuple(neurons.shape)} (sequences, positions, neurons)")
print(f"A neuron fires on {100 * (neurons[:, SKIP:] > 0).float().mean():.0f} % of the tokens, on average.")

# %% [markdown]
# Which of the 512 is closest to the hope? Take the neuron that has the largest share of its activation in a single domain. The next cell finds it. On your machine it may be another one than on ours.

# %%
means = units.means_by_domain(neurons, text.domain, n_domains)
specialist, home = units.specialist(means)
share = means[specialist, home] / means[specialist].sum()
at_home = (neurons[text.domain == home, SKIP:, specialist] > 0).float().mean()
print(f"Neuron {specialist}: {share:.0%} of its activation is in {text.domains[home]} (every domain has as much text). It fires on {at_home:.0%} of the tokens there.")

# %% [markdown]
# To find out what a neuron does *for the model*, change it and see what happens. That takes a **hook**: a function that is called in the middle of the model's run, is given the activations there, and returns those that the run goes on with.
#
# ```python
# def hook(activation, hook):      # [batch, n_ctx, d_mlp]
#     return activation * 0.5      # the model goes on with half of everything
#
# model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
# ```
#
# With `loss_per_token=True` you get one number for each predicted token: at place $t$ the surprise at token $t + 1$, so there is one fewer than there are tokens.

# %% [markdown]
# {{exercise neurons.guess_silence}}
#
# You will hold this neuron at 0, the most specialised one of the model. By how much does the loss rise in its own domain, on average over the tokens? Choose one of `"more than 1 nat"`, `"between 0.1 and 1 nat"`, `"less than 0.1 nat"`. A prediction earns its point whether it is right or not.

# %% nbgrader={"grade_id": "neurons-guess_silence", "solution": true}
guess_silence = None  # one of: "more than 1 nat", "between 0.1 and 1 nat", "less than 0.1 nat"
### BEGIN SOLUTION
guess_silence = "between 0.1 and 1 nat"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_silence-check", "grade": true}
check("neurons.guess_silence")

# %% [markdown]
# {{exercise neurons.silence}}
#
# Silence one neuron, that is, set its activation to 0 everywhere, and return how much the loss **rises** at each predicted token. Leave the model as you found it: no weight changed, no hook left behind.

# %% nbgrader={"grade_id": "neurons-silence", "solution": true}
def silence(model, tokens: Int[Tensor, "batch n_ctx"], neuron: int) -> Float[Tensor, "batch n_ctx_less_one"]:
    """The loss with one neuron of "blocks.0.mlp.hook_post" at 0, minus the loss of the model as it is, in nats.

    By hand: where the surprise was 2.0 nats and is 2.5 nats without the neuron, the answer is 0.5.
    """
    ### BEGIN SOLUTION
    def set_to_zero(activation, hook):
        activation[:, :, neuron] = 0
        return activation

    silenced = model.run_with_hooks(
        tokens, return_type="loss", loss_per_token=True, fwd_hooks=[("blocks.0.mlp.hook_post", set_to_zero)]
    )
    return silenced - model(tokens, return_type="loss", loss_per_token=True)
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-silence-check", "grade": true}
check("neurons.silence")

# %% [markdown]
# The loss sees only the token that really came next. A hook can do more than silence, and you can look at all 2,048 possible next tokens at once. If $p$ are their probabilities in the clean run and $q$ those in the changed one, then
#
# $$\text{moved} = \tfrac{1}{2} \sum_{\text{tokens } i} |q_i - p_i|$$
#
# is the share of the probability that went from some tokens to others: 0 where nothing changes, 1 where the model is certain of something else altogether. (The half is there because what leaves one token arrives at another, and would be counted twice.)

# %% [markdown]
# {{exercise neurons.stimulate}}
#
# Hold one neuron at `value` at every token, and return the share of probability moved at each position. With a large value you **stimulate** it: the model goes on as if it saw what the neuron stands for.

# %% nbgrader={"grade_id": "neurons-stimulate", "solution": true}
def stimulate(
    model, tokens: Int[Tensor, "batch n_ctx"], neuron: int, value: float
) -> Float[Tensor, "batch n_ctx"]:
    """Half the sum of |q - p| over the vocabulary: p the model's next-token probabilities, q those with the neuron
    of "blocks.0.mlp.hook_post" at `value`.

    By hand: probabilities [0.5, 0.5, 0] that become [0.2, 0.5, 0.3] give (0.3 + 0 + 0.3) / 2 = 0.3.
    """
    ### BEGIN SOLUTION
    def pin(activation, hook):
        activation[:, :, neuron] = value
        return activation

    clean = model(tokens).softmax(dim=-1)
    changed = model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", pin)]).softmax(dim=-1)
    return (changed - clean).abs().sum(dim=-1) / 2
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-stimulate-check", "grade": true}
check("neurons.stimulate")

# %%
strongest = float(neurons[:, :, specialist].max())
with torch.no_grad():
    rise = torch.cat([silence(model, part, specialist) for part in few.tokens.split(16)])
    silent = torch.cat([stimulate(model, part, specialist, 0.0) for part in few.tokens.split(16)])
    pinned = torch.cat([stimulate(model, part, specialist, strongest) for part in few.tokens.split(16)])
effects = [interventions.by_domain(values, few.domain, n_domains) for values in (rise, silent, pinned)]
before = loss[few.domain == home].mean()
print(f"Without neuron {specialist} the loss in {text.domains[home]} rises by {effects[0][home]:.3f} nats, from {before:.2f} to {before + effects[0][home]:.2f}; over the whole text by {rise.mean():.3f}. You predicted: {guess_silence}.")
polysemantic.effects_by_domain(*effects, text.domains, title=f"Neuron {specialist} of model A, silenced and stimulated")

# %% [markdown]
# One row is one domain. Left: how much worse the model predicts without the neuron. Red bars are gains; a large one is possible in chess, which the model never learned and only guesses at. Right: how much of its prediction moves, when the neuron is silenced (circles) and when it is pinned to its largest activation everywhere (squares). Of the domains that the model knows, silencing is felt in the neuron's own and hardly anywhere else, and even there the model keeps most of what it knows: other neurons work on that domain too. Stimulating is felt everywhere, and least where the model expected that kind of text anyway.
#
# What does the model expect while the neuron is stimulated?

# %%
with torch.no_grad():
    sample = few.tokens[few.domain != home][:: sized(4, smoke=8)]
    moved = interventions.probability_change(model, sample, interventions.set_neuron(specialist, strongest))
for heading, order in (("more likely:", moved.topk(10).indices), ("less likely:", (-moved).topk(10).indices)):
    print(heading, "  ".join(f"{token!r} {100 * moved[i]:+.1f} %" for token, i in zip(token_strings(order), order.tolist(), strict=True)))

# %% [markdown]
# These are the tokens whose probability changes most on average, in texts of all the *other* domains. Compare them with what you would expect at the next place in the neuron's own domain.
#
# > **Question.** In this model, changing a neuron at one token changes the prediction at that token only. Why? And what follows for the sentence "the loss changes only where the neuron fires, so this neuron is what makes the model understand this domain"?
# >
# > <details><summary>Our answer</summary>There is one layer, and nothing after the MLP moves information between positions: attention comes before it. So the loss cannot change anywhere else, whatever the neuron means. That the change stays where the neuron fires is a fact about the architecture, and no evidence for any story about the neuron.</details>

# %% [markdown]
# ## 2. What does this neuron do?
#
# The first thing everybody does with a neuron: look for the places in a large text where it is strongest, and read them.

# %% [markdown]
# {{exercise neurons.top_examples}}
#
# Find the `k` strongest places of one neuron. A neuron is often strong on several tokens in a row, and then ten places could all come from one sentence. So take **one place from each sequence**: the one where it is strongest there.

# %% nbgrader={"grade_id": "neurons-top_examples", "solution": true}
def top_examples(activation: Float[Tensor, "n_sequences n_ctx"], k: int) -> Int[Tensor, "k 2"]:
    """(sequence, position) of the k sequences in which one neuron gets strongest; the strongest first.

    By hand: for [[0, 3, 2], [0.5, 0, 0], [0, 0, 4]] and k = 2 the answer is [[2, 2], [0, 1]]: first the 4 in
    sequence 2, then the 3 in sequence 0. The 2 beside it does not count, its sequence is there already.
    """
    ### BEGIN SOLUTION
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([rows, positions[rows]], dim=1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-top_examples-check", "grade": true}
check("neurons.top_examples")

# %% [markdown]
# We have chosen a neuron for you, one whose twenty strongest places look as clear as can be. (There are several such neurons; why we took this one we say below.) So that "kind of text" means something, it was searched among ten domains that nobody would confuse.

# %%
UNLIKE = ("python", "arabic", "korean", "dna", "base64", "http", "dialogue", "nutrition", "citations", "weather")
unlike_numbers = [text.domains.index(name) for name in UNLIKE]
n_top = sized(20, smoke=6)
clear = units.one_sided(units.top_domains(neurons, text.domain, n_domains, n_top), means, among=unlike_numbers)
kind = text.domains[clear.domain]
signal = neurons[:, :, clear.unit]
places = top_examples(signal, k=n_top)
print(f"Neuron {clear.unit}: {clear.n_top} of its {n_top} strongest places are in {kind}.")
show_examples(
    [Example(e.tokens, e.values, label=e.label) for e in evidence.excerpts(text, signal, places[: sized(10, smoke=3)])],
    title=f"Neuron {clear.unit} of model A: its strongest places",
)

# %% [markdown]
# Each line is one place, with the domain before it; the darker a token, the stronger the neuron there. (A dot is a token that holds only part of a character: many letters of the world take two or three tokens here.) Shown this list, anybody would say what the neuron stands for.

# %% [markdown]
# {{exercise neurons.guess_top}}
#
# Add up **all** activation of this neuron, over every token of the text; each domain has the same number of tokens. How much of it lies in the domain of its strongest places? Choose one of `"more than 90 %"`, `"between 50 and 90 %"`, `"between 10 and 50 %"`, `"less than 10 %"`.

# %% nbgrader={"grade_id": "neurons-guess_top", "solution": true}
guess_top = None  # one of: "more than 90 %", "between 50 and 90 %", "between 10 and 50 %", "less than 10 %"
### BEGIN SOLUTION
guess_top = "between 50 and 90 %"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_top-check", "grade": true}
check("neurons.guess_top")

# %% [markdown]
# To see the rest of the neuron, cut its range into pieces. Line up all the tokens where it fires from weak to strong, and cut the line into groups of equally many tokens. These are **quantiles**. Your list of strongest places is the very end of the last one.

# %% [markdown]
# {{exercise neurons.quantile_groups}}
#
# Give every token its group: 0 where the neuron is silent, 1 for the weakest of the groups of firing tokens, `n_groups` for the strongest. In the check the number of firing tokens is always a multiple of `n_groups`, and no two are equal.

# %% nbgrader={"grade_id": "neurons-quantile_groups", "solution": true}
def quantile_groups(
    activation: Float[Tensor, "n_sequences n_ctx"], n_groups: int
) -> Int[Tensor, "n_sequences n_ctx"]:
    """The group of each token: 0 silent, else 1 (weakest) to n_groups (strongest), as many tokens in each.

    By hand: for [[0, 5, 1], [2, 0, 9]] and two groups, four tokens fire. 1 and 2 are the weaker half, 5 and 9 the
    stronger one: [[0, 2, 1], [1, 0, 2]].
    """
    ### BEGIN SOLUTION
    firing = activation > 0
    ranks = activation[firing].argsort().argsort()
    groups = torch.zeros(activation.shape, dtype=torch.long)
    groups[firing] = 1 + ranks * n_groups // len(ranks)
    return groups
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-quantile_groups-check", "grade": true}
check("neurons.quantile_groups")

# %%
N_GROUPS = 5
groups = quantile_groups(signal, N_GROUPS)
edges = [float(signal[groups == number].min()) for number in range(2, N_GROUPS + 1)]
pictures.activation_histogram(signal[:, SKIP:], edges, title=f"Neuron {clear.unit}: how strong, how often")

# %% [markdown]
# The histogram counts tokens, on a scale where each label is ten times the one below. The dashed lines are the borders between your groups: as many firing tokens lie between two of them as above the last. Now two random places from each group, strong to weak.

# %%
generator = torch.Generator().manual_seed(0)
drawn = []
for number in range(N_GROUPS, 0, -1):
    own = torch.nonzero(groups == number)
    own = own[torch.randperm(len(own), generator=generator)[:2]]
    drawn += [Example(e.tokens, e.values, label=f"group {number}, {e.label}") for e in evidence.excerpts(text, signal, own, before=10, after=4)]
show_examples(drawn, title=f"Neuron {clear.unit}: two random places from each group, strong to weak")

# %%
in_kind = (text.domain == clear.domain)[:, None].expand(signal.shape)
shares = [float(in_kind[groups == number].float().mean()) for number in range(1, N_GROUPS + 1)]
print(f"{clear.n_top / n_top:.0%} of its strongest places are in {kind}, and {clear.share:.0%} of all its activation. You predicted: {guess_top}.")
polysemantic.share_in_groups(clear.n_top / n_top, shares, kind, guess=guess_top, title=f"Neuron {clear.unit}: how much of it is {kind}?")

# %% [markdown]
# The hatched bar is your list of strongest places. The other bars are the groups, strong to weak: the share of their tokens that lies in the same domain. Already in the strongest group the domain is a small part, and nearly everything that this neuron does, it does elsewhere. The list was true and the conclusion was wrong: the places where a neuron is strongest tell you what it does **there**.
#
# Two things to be fair. By chance alone one domain of 21 would hold 5 % of a group. And we picked this neuron for the contrast: of all whose strongest places are so clear, it has the least of its activation in their domain. It is the worst case and not the rule, but the list of strongest places does not tell you which case you have.
#
# Does that matter to the model? What a neuron writes is turned by the unembedding into a push on every token of the vocabulary, its **logit weights**. They are the same however weakly it fires, only scaled:
#
# $$\text{logit weights} = \big((w - \bar w) \odot \gamma\big)\, W_U \;-\; \text{their mean}, \qquad w = W_{out}[\text{neuron}]$$
#
# $\bar w$ is the mean of $w$, which the final LayerNorm takes off, and $\gamma$ its gain. (It also divides by one positive number, which depends on the token at hand and scales all pushes alike.) The mean over the vocabulary goes too, because a push on all tokens alike changes no probability.

# %% [markdown]
# {{exercise neurons.logit_weights}}
#
# Compute the logit weights of one neuron, from the variables of the model: `model.W_out[0]` is [d_mlp, d_model], `model.ln_final.weight` is $\gamma$, `model.W_U` is [d_model, d_vocab].

# %% nbgrader={"grade_id": "neurons-logit_weights", "solution": true}
def logit_weights(model, neuron: int) -> Float[Tensor, " d_vocab"]:
    """What one unit of the neuron's activation adds to each token's logit, relative to the average token.

    By hand: w = [3, 1] has the mean 2. Centred it is [1, -1], with the gain [2, 1] it becomes [2, -1]. With
    W_U = [[1, 0, 0], [0, 0, 3]] that gives the logits [2, 0, -3], whose mean is -1/3: the answer is [2.33, 0.33, -2.67].
    """
    ### BEGIN SOLUTION
    w = model.W_out[0, neuron]
    logits = ((w - w.mean()) * model.ln_final.weight) @ model.W_U
    return (logits - logits.mean()).detach()
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-logit_weights-check", "grade": true}
check("neurons.logit_weights")

# %%
def print_push(neuron: int, k: int = 10) -> None:
    push = logit_weights(model, neuron)
    for heading, order in (("makes likelier:   ", push.topk(k).indices), ("makes less likely:", (-push).topk(k).indices)):
        print(heading, "  ".join(f"{token!r} {push[i]:+.2f}" for token, i in zip(token_strings(order), order.tolist(), strict=True)))


print(f"Neuron {clear.unit}")
print_push(clear.unit)

# %% [markdown]
# Each token stands with the push that one unit of activation gives to its logit. Look for tokens that belong to the domain of the strongest places, and for tokens that have nothing to do with it. Often there are several groups here, one for each thing that the neuron helps with.
#
# ### Now find one yourself
#
# Bricken et al. (2023) describe a neuron of their model, number 83, that answers to academic citations, English dialogue, HTTP requests and Korean text. Such a neuron is called **polysemantic**. Does model A have one? You can search through all 512. Search in the ten unlike domains only: a neuron for two kinds of English prose would be no surprise.

# %% [markdown]
# {{exercise neurons.kinds_at_top}}
#
# For every neuron: take the `k` sequences in which it gets strongest, and count the domains that have **at least** `least` of them.

# %% nbgrader={"grade_id": "neurons-kinds_at_top", "solution": true}
def kinds_at_top(
    activations: Float[Tensor, "n_sequences n_ctx n_neurons"],
    domain: Int[Tensor, " n_sequences"],
    k: int,
    least: int,
) -> Int[Tensor, " n_neurons"]:
    """How many domains have at least `least` of a neuron's k strongest sequences; a sequence counts by its peak.

    By hand: one neuron whose peaks in four sequences are 1, 3, 4 and 0.2, of the domains 0, 1, 1 and 2. For k = 3 the
    strongest are of the domains 1, 1 and 0. With least = 1 the answer is 2, with least = 2 it is 1.
    """
    ### BEGIN SOLUTION
    kinds = domain[activations.amax(dim=1).topk(k, dim=0).indices]
    counts = torch.stack([(kinds == number).sum(dim=0) for number in domain.unique()])
    return (counts >= least).sum(dim=0)
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-kinds_at_top-check", "grade": true}
check("neurons.kinds_at_top")

# %%
rows = torch.nonzero(torch.isin(text.domain, torch.tensor(unlike_numbers)))[:, 0]
unlike = text.take(rows)
n_strongest = sized(40, smoke=12)
# Your function looks at peaks only, so the peak of each sequence is all it needs to be given.
peaks = neurons[rows].amax(dim=1, keepdim=True)
kinds = torch.as_tensor(kinds_at_top(peaks, unlike.domain, k=n_strongest, least=3))
by_lot = torch.as_tensor(kinds_at_top(torch.rand(peaks.shape, generator=torch.Generator().manual_seed(0)), unlike.domain, k=n_strongest, least=3))
# Of the neurons with four kinds, the one that has least outside them.
wanted = min(4, int(kinds.max()))
in_its_kinds = units.top_domains(peaks, unlike.domain, n_domains, n_strongest).topk(wanted, dim=1).values
clean = in_its_kinds.sum(dim=1) + in_its_kinds[:, -1] / n_strongest  # where two are equal: more in the smallest kind
found = int(torch.where(kinds == wanted, clean, -1.0).argmax())
print(f"Among the {n_strongest} strongest of {len(rows)} sequences from {len(UNLIKE)} unlike domains, with at least 3 from each:")
print(f"{int((kinds >= 4).sum())} of {len(kinds)} neurons have four kinds of text or more. Were the strongest sequences drawn by lot, a neuron would have {by_lot.float().mean():.1f}.")
print(f"Your neuron {found} has {int(kinds[found])} kinds, and {int(in_its_kinds[found].sum())} of its {n_strongest} sequences are in them.")

# %%
at_top = units.top_domains(neurons[rows][:, :, [found]], unlike.domain, n_domains, n_strongest)[0]
present = [number for number in at_top.argsort(descending=True).tolist() if at_top[number] > 0]
pictures.by_domain(at_top[present].float(), [text.domains[number] for number in present], title=f"Neuron {found}: the kinds of its {n_strongest} strongest sequences", unit="sequences", digits=0)

# %%
yours = neurons[rows][:, :, found]
best = top_examples(yours, k=n_strongest)
chosen = torch.cat([best[unlike.domain[best[:, 0]] == number][:2] for number in present if at_top[number] >= 3])
print_push(found)
show_examples(
    [Example(e.tokens, e.values, label=e.label) for e in evidence.excerpts(unlike, yours, chosen)],
    title=f"Neuron {found}: its two strongest places in each of these kinds of text",
)

# %% [markdown]
# Many kinds alone prove nothing: a neuron that cares for no kind of text has nearly all of them at its top, and the line above says how many come by lot. What is odd about your neuron is that it has several kinds **and leaves the others out**.
#
# The bars count its strongest sequences by kind of text. Below them are its two strongest places in each kind that occurs at least three times, and above those the tokens that it pushes. Try to find one description that fits all of them and nothing else. Sometimes there is a thread, such as a line that ends or a number that begins; often there is none.
#
# > **Question.** Somebody shows you the ten strongest places of a neuron, all of them about DNA, and says "this is the DNA neuron". What would you ask to see?
# >
# > <details><summary>Our answer</summary>Places where it is half as strong, drawn at random, and how much of its firing is on DNA at all. A neuron can be strongest on DNA and still spend most of its time on other things. You also want to know how much of the DNA it misses.</details>

# %% [markdown]
# ## 3. How polysemantic?
#
# You have seen some neurons. Are they strange ones, or the rule? We have labels for every token, so you need not rely on examples: take all tokens of a domain, and all neurons.

# %% [markdown]
# {{exercise neurons.guess_domains}}
#
# Before you look: we say that a neuron **answers to** a domain if its mean activation there is at least half of what it is in its best domain. To how many of the domains does a typical neuron answer? Choose one of `"one"`, `"two or three"`, `"four or more"`.

# %% nbgrader={"grade_id": "neurons-guess_domains", "solution": true}
guess_domains = None  # one of: "one", "two or three", "four or more"
### BEGIN SOLUTION
guess_domains = "two or three"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_domains-check", "grade": true}
check("neurons.guess_domains")

# %% [markdown]
# {{exercise neurons.domain_means}}
#
# Compute the mean activation of one neuron in each domain, over **all tokens** of the domain: those where it is silent count as 0.

# %% nbgrader={"grade_id": "neurons-domain_means", "solution": true}
def domain_means(
    activation: Float[Tensor, "n_sequences n_ctx"], domain: Int[Tensor, " n_sequences"], n_domains: int
) -> Float[Tensor, " n_domains"]:
    """The mean of one neuron's activation over all tokens of each domain; 0 for a domain that has no sequence.

    `domain[s]` is the number of the domain of sequence s.
    By hand: for [[1, 3], [5, 5], [7, 0]], domain [0, 2, 2] and three domains the answer is [2, 0, 4.25].
    """
    ### BEGIN SOLUTION
    means = torch.zeros(n_domains)
    for d in range(n_domains):
        chosen = activation[domain == d]
        if len(chosen):
            means[d] = chosen.mean()
    return means
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-domain_means-check", "grade": true}
check("neurons.domain_means")

# %%
# All sequences are equally long, so the mean over tokens is the mean of the sequences' means.
averages = neurons.mean(dim=1, keepdim=True)
all_means = torch.stack([torch.as_tensor(domain_means(averages[:, :, n], text.domain, n_domains)) for n in range(neurons.shape[2])])
counts = evidence.answers_to(all_means)
print(f"You predicted {guess_domains!r}. Half of the neurons answer to {counts.median()} domains or more.")
pictures.domains_per_neuron(counts, guess_domains, title="How many kinds of text a neuron answers to")

# %% [markdown]
# Each bar counts the neurons that answer to so many domains; your prediction is shaded. Neurons for one kind of text exist, but they are a minority.
#
# "At least half of its best" is a line that we drew, and everything below it was counted as nothing. A measure without such a line is the **entropy**. Divide a neuron's means by their sum, so that they become shares $p_d$ of its activation, and take
#
# $$H = -\sum_d p_d \log_2 p_d \quad \text{bits.}$$
#
# A neuron with all its activation in one domain has 0 bits. One that is spread evenly over two domains has 1 bit, over four 2 bits: $2^H$ is a number of domains.

# %% [markdown]
# {{exercise neurons.domain_entropy}}
#
# Compute the entropy of each neuron, given its means. A share of 0 adds nothing to the sum. A neuron that never fires has entropy 0.

# %% nbgrader={"grade_id": "neurons-domain_entropy", "solution": true}
def domain_entropy(means: Float[Tensor, "n_neurons n_domains"]) -> Float[Tensor, " n_neurons"]:
    """The entropy in bits of how a neuron's activation is shared out among the domains.

    By hand: the means [2, 2, 0, 4] are the shares 1/4, 1/4, 0 and 1/2. The answer is 2/4 + 2/4 + 0 + 1/2 = 1.5.
    """
    ### BEGIN SOLUTION
    shares = means / means.sum(dim=1, keepdim=True).clamp_min(1e-12)
    return -(shares * shares.clamp_min(1e-12).log2()).sum(dim=1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-domain_entropy-check", "grade": true}
check("neurons.domain_entropy")

# %%
entropy = domain_entropy(all_means)
print(f"The middle neuron is spread like {2 ** entropy.median():.1f} domains, the most specialised one like {2 ** entropy.min():.1f}.")
for name, neuron in (("the specialist of section 1", specialist), ("the clear one", clear.unit), ("yours", found)):
    print(f"  neuron {neuron}, {name}: {entropy[neuron]:.1f} bits")
polysemantic.entropies(entropy, n_domains, title="How evenly each neuron spreads over the domains")

# %% [markdown]
# The histogram counts neurons by their entropy; the axis above says how many evenly shared domains that stands for. Nearly all neurons are on the right, not far from the dotted line, where a neuron would do the same in every kind of text. Most of what a neuron does is not about any one domain.
#
# ### Is there at least one good neuron for each domain?
#
# Perhaps most neurons are shared, and yet each domain has one that stands for it. Test that. Use a neuron as a detector: it **says yes** where it fires strongly enough. Two things can go wrong. It says yes elsewhere: its **precision**, the share of its yeses that are right, is low. Or it misses much: its **recall**, the share of the domain's tokens that it says yes to, is low. One number for both is their harmonic mean,
#
# $$F_1 = \frac{2}{1/\text{precision} + 1/\text{recall}} = \frac{2 \cdot \text{hits}}{\text{yeses} + \text{tokens of the domain}}.$$

# %% [markdown]
# {{exercise neurons.f1}}
#
# Compute precision, recall and F1 of a detector. Where one of them would be 0/0 (it never says yes, or the domain has no token), it is 0.

# %% nbgrader={"grade_id": "neurons-f1", "solution": true}
def f1(fires: Bool[Tensor, " n_tokens"], in_domain: Bool[Tensor, " n_tokens"]) -> tuple[float, float, float]:
    """Precision, recall and F1 of a detector that says yes where `fires` is True.

    By hand: four yeses, three of them right, of six tokens in the domain: precision 3/4, recall 3/6, and
    F1 = 2 * 3 / (4 + 6) = 0.6.
    """
    ### BEGIN SOLUTION
    hits, yeses, tokens = int((fires & in_domain).sum()), int(fires.sum()), int(in_domain.sum())
    return hits / max(yeses, 1), hits / max(tokens, 1), 2 * hits / max(yeses + tokens, 1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-f1-check", "grade": true}
check("neurons.f1")

# %% [markdown]
# "Strongly enough" is up to us. Give every neuron its best chance.

# %% [markdown]
# {{exercise neurons.best_threshold}}
#
# Find the threshold with the largest F1: the detector says yes where the activation is **at least** the threshold, and the threshold is one of the activations. In the check one of them is clearly the best.

# %% nbgrader={"grade_id": "neurons-best_threshold", "solution": true}
def best_threshold(activation: Float[Tensor, " n_tokens"], in_domain: Bool[Tensor, " n_tokens"]) -> float:
    """The activation t for which "activation >= t" has the largest F1.

    By hand: activations [0, 3, 1, 2, 0.5], of which the second and the fourth are in the domain. With t = 2 the yeses
    are exactly these two and F1 is 1, so the answer is 2.0.
    """
    ### BEGIN SOLUTION
    thresholds = activation.unique()
    best = []
    for threshold in thresholds:
        fires = activation >= threshold
        best.append(2 * (fires & in_domain).sum() / (fires.sum() + in_domain.sum()))
    return float(thresholds[torch.stack(best).argmax()])
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-best_threshold-check", "grade": true}
check("neurons.best_threshold")

# %% [markdown]
# Try it on the specialist of section 1 and its domain. A threshold that is chosen on the same text that scores it is a little too good. So from here on every choice is made on **one half of the documents** and scored on **the other half**.

# %%
choosing = detectors.halves(text)
every = sized(16, smoke=4)  # one token of sixteen is enough to choose by
chosen_on = neurons[choosing, SKIP:, specialist].flatten()[::every]
truth = (text.domain[choosing] == home).repeat_interleave(text.tokens.shape[1] - SKIP)[::every]
threshold = best_threshold(chosen_on, truth)
unseen = neurons[~choosing, SKIP:, specialist].flatten()
inside = (text.domain[~choosing] == home).repeat_interleave(text.tokens.shape[1] - SKIP)
precision, recall, score = f1(unseen >= threshold, inside)
print(f"Neuron {specialist} as a detector of {text.domains[home]}, from {threshold:.2f} on: precision {precision:.2f}, recall {recall:.2f}, F1 {score:.2f}")
grid = torch.linspace(0.01, float(unseen.max()), 60)
polysemantic.threshold_curves(grid, scores.threshold_curve(unseen, inside, grid), threshold, title=f"Neuron {specialist} as a detector of {text.domains[home]}, on the other half")

# %% [markdown]
# A higher threshold makes the neuron more precise and lets it miss more. F1, the thick line, hardly changes as long as one gains what the other loses, and falls once recall breaks down. This is the neuron with the largest share of its activation in one domain, at its best threshold.
#
# Is its score good? A number needs something to stand beside. Here are two.
#
# - **The token alone.** Some domains are told by their letters: a Hebrew letter is Hebrew, and no model is needed to see it. The best detector that looks at nothing but the current token says yes to those tokens whose occurrences lie in the domain most often. A neuron that does no better has shown nothing about context.
# - **A probe.** Fit one direction in the space of all 512 neurons to tell the domain (a logistic regression, with the labels). It says what the layer knows, wherever it is kept.

# %% [markdown]
# {{exercise neurons.token_shares}}
#
# Write the heart of the first: for every token of the vocabulary, the share of its occurrences that lies in the domain.

# %% nbgrader={"grade_id": "neurons-token_shares", "solution": true}
def token_shares(
    tokens: Int[Tensor, " n_tokens"], in_domain: Bool[Tensor, " n_tokens"], d_vocab: int
) -> Float[Tensor, " d_vocab"]:
    """Of each token's occurrences, the share in the domain; 0 for a token that does not occur.

    By hand: tokens [2, 0, 2, 2, 4], of which the first two are in the domain, and d_vocab = 6. Token 2 is there once in
    three times, token 0 always: the answer is [1, 0, 1/3, 0, 0, 0].
    """
    ### BEGIN SOLUTION
    inside = torch.bincount(tokens[in_domain], minlength=d_vocab)
    everywhere = torch.bincount(tokens, minlength=d_vocab)
    return inside / everywhere.clamp(min=1)
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-token_shares-check", "grade": true}
check("neurons.token_shares")

# %% [markdown]
# With its share in place of an activation, every token is a "neuron" that your `best_threshold` can handle.

# %%
def token_only(domain: str) -> float:
    """F1 of the token alone, chosen on one half of the documents, scored on the other."""
    truth = (text.domain == text.domains.index(domain))[:, None].expand(text.tokens.shape)[:, SKIP:]
    tokens = text.tokens[:, SKIP:]
    share = token_shares(tokens[choosing].flatten(), truth[choosing].flatten(), model.cfg.d_vocab)
    threshold = best_threshold(share[tokens[choosing]].flatten(), truth[choosing].flatten())
    return f1(share[tokens[~choosing]].flatten() >= threshold, truth[~choosing].flatten())[2]


for domain in ("hebrew", "http", text.domains[home]):
    print(f"{domain}: the token alone reaches F1 {token_only(domain):.2f}")

# %% [markdown]
# {{exercise neurons.guess_detector}}
#
# Now all domains, each with its best neuron: all 512 are tried at 64 thresholds each. Who has the highest F1 in most domains? Choose one of `"the best neuron"`, `"the table of tokens"`, `"the probe"`, `"no clear winner"`.

# %% nbgrader={"grade_id": "neurons-guess_detector", "solution": true}
guess_detector = None  # one of: "the best neuron", "the table of tokens", "the probe", "no clear winner"
### BEGIN SOLUTION
guess_detector = "the probe"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_detector-check", "grade": true}
check("neurons.guess_detector")

# %% [markdown]
# Neuron, thresholds, table and probe are chosen on one half of the documents and scored on the other. Behind each F1 stands the interval that holds 95 % of the scores when the documents are drawn again at random: documents, not tokens, because the tokens of one document stand and fall together. For the domains that a grammar makes there is a second test, on a line of its own with intervals of its own: `fresh words`, texts whose words training never saw.

# %%
fresh = evaluation_text("fresh").sample(sized(32, smoke=3))
table = detectors.domain_table(neurons, text, activations(model, fresh.tokens), fresh, d_vocab=model.cfg.d_vocab, skip=SKIP)
print(detectors.as_table(table))

# %%
wins = [max((row.neuron.held_out.f1, "the best neuron"), (row.token.held_out.f1, "the table of tokens"), (row.probe.held_out.f1, "the probe"))[1] for row in table]
print(f"Highest F1 in most of the {len(table)} domains: {max(set(wins), key=wins.count)}, in {max(map(wins.count, wins))}. You predicted: {guess_detector}.")
beaten = sum(row.neuron.held_out.f1 < row.token.held_out.f1 for row in table)
print(f"In {beaten} of {len(table)} domains the best neuron does worse than the current token alone.")
print(f"The middle domain: neuron {torch.tensor([row.neuron.held_out.f1 for row in table]).median():.2f}, token {torch.tensor([row.token.held_out.f1 for row in table]).median():.2f}, probe {torch.tensor([row.probe.held_out.f1 for row in table]).median():.2f}.")
lost = max((row for row in table if row.probe.fresh), key=lambda row: row.probe.held_out.f1 - row.probe.fresh.f1)
print(f"On fresh words the probe loses most in {lost.domain}: F1 {lost.probe.held_out.f1:.2f} becomes {lost.probe.fresh.f1:.2f}.")
polysemantic.detectors(table, guess=guess_detector, title="Who tells the domain?")

# %% [markdown]
# One row is one domain, sorted by its best neuron. Circles are the best neuron, squares the token alone, triangles the probe, each with its interval; hollow marks are the same detectors on fresh words. The probe is far ahead nearly everywhere, and close to 1 where the text has a character of its own. Where it is not, look at the domains' names: several kinds of English prose and of code come from the same sources and can hardly be told by anybody who sees a few words. The best single neuron is far below the probe nearly everywhere (where is it not?), and in many domains below a table that knows no context at all.
#
# So the layer knows what kind of text it is reading. For most kinds it does not keep that knowledge in one neuron: it keeps it **across** neurons, in a direction.
#
# A detector whose hollow mark lies far below its filled one has learned particular words, not the kind of text. That happens to probes too: the line above the picture names the worst case. Where two fields are written about in the same sentences, their words are all there is to tell them apart.
#
# > **Question.** The probe saw the labels, and the model never did. Does a probe with F1 near 1 show that the model *uses* this direction?
# >
# > <details><summary>Our answer</summary>No. It shows that the information is there and can be read off with one direction. Whether the next step of the model reads it is a question for an intervention: change the activations along that direction and see what happens, as you did with single neurons in section 1. Section 6 does that.</details>

# %% [markdown]
# ## 4. Why does it happen? (extension)
#
# From here on, everything is an extension: four short sections, each of which you can do alone.
#
# Chapter 1 gave one reason for shared neurons: more features than neurons, and few of them there at once. There is a second reason, and it holds even if only **one** feature is there at a time. It lies in what a language model is paid for: naming the next token.
#
# Think of a world with four features, equally frequent, exactly one at a time. The model has a single neuron that fires or does not. From this it must name the feature, and it is judged by cross-entropy, as a language model is. The neuron sorts the features into two **groups**: those it fires for, and the others. Once you know the group, the best you can do is to give each feature its share of the group,
#
# $$L = -\sum_i p_i \ln \frac{p_i}{P(\text{group of } i)} .$$

# %% [markdown]
# {{exercise neurons.guess_split}}
#
# For how many of the four features should the neuron fire, to make the loss as small as possible? Choose one of `"one"`, `"two"`, `"it makes no difference"`.

# %% nbgrader={"grade_id": "neurons-guess_split", "solution": true}
guess_split = None  # one of: "one", "two", "it makes no difference"
### BEGIN SOLUTION
guess_split = "two"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_split-check", "grade": true}
check("neurons.guess_split")

# %% [markdown]
# {{exercise neurons.one_neuron_loss}}
#
# Compute the loss for any probabilities and any choice of features. The neuron may fire for all features, or for none: then there is one group only.

# %% nbgrader={"grade_id": "neurons-one_neuron_loss", "solution": true}
def one_neuron_loss(chance: Float[Tensor, "n_features"], fires: Bool[Tensor, "n_features"]) -> Float[Tensor, ""]:
    """The cross-entropy, in nats, of naming the feature when all you see is whether the neuron fired.

    `chance[i]` is the probability of feature i (above 0, in sum 1), `fires[i]` says whether the neuron fires for it.
    By hand: four features of 1/4, the neuron fires for the first. It costs nothing to name that one; the other three come
    three times in four, and each has 1/3 of its group: 3/4 ln 3 = 0.824.
    """
    ### BEGIN SOLUTION
    firing = chance[fires].sum()
    group = torch.where(fires, firing, 1 - firing)
    return -(chance * (chance / group).log()).sum()
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-one_neuron_loss-check", "grade": true}
check("neurons.one_neuron_loss")

# %%
from mechint_course.figures import neurons_why as why_pictures
from mechint_course.toy import train_one_neuron

derived = torch.tensor([float(one_neuron_loss(torch.full((4,), 0.25), torch.arange(4) < k)) for k in range(5)])
binary = train_one_neuron(4, kind="binary", n_instances=sized(200, smoke=20), steps=sized(600, smoke=30))
n_fired = (binary.response > 0.5).sum(dim=1)
print(f"You predicted {guess_split!r}. Of {len(n_fired)} trained neurons, {int((n_fired == 2).sum())} ended up firing for two of the four features.")
why_pictures.one_neuron(derived, n_fired, binary.loss, guess_split, title="One neuron, four features")

# %% [markdown]
# The black lines are your formula: what it costs to fire for none, one, two, three or all of the four. The dots are neurons trained from random starts, each with a readout of its own; their column is the number of features they came to fire for. Every one ends near its line. Sharing wins: a **monosemantic** neuron costs $\tfrac34 \ln 3$, one that is shared by two unrelated features costs $\ln 2$. Bricken et al. (2023) give these two numbers as a reason why no change of the architecture alone makes neurons monosemantic: the loss does not ask for it.
#
# There is nothing special about four. A yes or no tells most when both are equally likely; the loss falls by exactly what the neuron tells. A neuron for one rare thing is silent nearly always, and silence tells little.
#
# The neurons of model A are not binary: after a ReLU, they can also say *how strongly*. Does that help them to be pure?

# %%
graded = train_one_neuron(4, kind="relu", n_instances=sized(200, smoke=20), steps=sized(3000, smoke=30))
active = (graded.response > 0).sum(dim=1)
for k in active.unique().tolist():
    print(f"{int((active == k).sum()):4} neurons fire for {k} of the four features: loss {graded.loss[active == k].median():.3f} (median)")
best = graded.loss.argmin()
print("The best one answers with the strengths", [round(strength, 1) for strength in graded.response[best].tolist()])

# %% [markdown]
# The more features a neuron answers to, the lower its loss. The best neurons fire for three features, each time with another strength, and stay silent for the fourth; so every feature has a level of its own, and all four can be told apart. (Most get stuck before that: where a ReLU is silent, no gradient comes through.) That is why you looked at a neuron's whole range and not only at its strongest places: different strengths can mean different things.
#
# > **Question.** Suppose the model were judged by squared error instead: it answers four numbers, and the target is 1 for the feature that is there and 0 for the others. A group of $k$ features then costs $1 - 1/k$ for each of its samples. Which neuron wins now?
# >
# > <details><summary>Our answer</summary>Neither. Firing for one: the group of three costs 2/3, three times in four, 1/2 in all. Firing for two: both groups cost 1/2. Under squared error only the number of groups counts, and not how the features are divided up. It is the cross-entropy that favours the shared neuron.</details>

# %% [markdown]
# ## 5. Are the neurons special directions? (extension)
#
# The activations at one place in the model are a list of numbers, a point in space. The neurons are the **axes** of that space, and there are many other directions. Why look along the axes at all?
#
# A basis is **privileged** if something in the model treats its axes unlike other directions (Elhage et al. 2022, "Privileged vs Non-privileged Bases").
#
# You can test this without knowing any feature. If the axes are special, activations **along them** look unlike activations along directions chosen at random: rarer and larger. One number for that is the kurtosis,
#
# $$\frac{E\,(x - \bar x)^4}{\left(E\,(x - \bar x)^2\right)^2} .$$
#
# It is 3 for a bell curve, and large where rare big values stand among many small ones.

# %% [markdown]
# {{exercise neurons.guess_basis}}
#
# Where will the kurtosis be clearly higher along the model's own axes than along random ones? Choose one of `"in the MLP only"`, `"in the residual stream only"`, `"in both"`, `"in neither"`.

# %% nbgrader={"grade_id": "neurons-guess_basis", "solution": true}
guess_basis = None  # one of the four strings above
### BEGIN SOLUTION
guess_basis = "in the MLP only"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_basis-check", "grade": true}
check("neurons.guess_basis")

# %% [markdown]
# {{exercise neurons.kurtosis}}
#
# Compute the kurtosis of every column. Means are plain means, over all samples.

# %% nbgrader={"grade_id": "neurons-kurtosis", "solution": true}
def kurtosis(x: Float[Tensor, "n_samples n_units"]) -> Float[Tensor, "n_units"]:
    """The mean fourth power of each column's deviations from its mean, over the square of their mean second power.

    By hand: the column 0, 0, 0, 4 has the mean 1 and the deviations -1, -1, -1, 3. The fourth powers have the mean
    84/4 = 21, the squares the mean 12/4 = 3: 21/9 = 2.333.
    """
    ### BEGIN SOLUTION
    d = x - x.mean(dim=0)
    return (d**4).mean(dim=0) / (d**2).mean(dim=0) ** 2
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-kurtosis-check", "grade": true}
check("neurons.kurtosis")

# %% [markdown]
# {{exercise neurons.in_basis}}
#
# Read the activations at a hook point along other axes. `rotation` holds the new axes in its **columns**: they have length 1 and stand at right angles to each other. You need not use a hook for this: `model.run_with_cache(tokens)` returns the logits and a `cache`, and `cache["blocks.0.mlp.hook_post"]` is what stood there, `[batch, n_ctx, d]`.

# %% nbgrader={"grade_id": "neurons-in_basis", "solution": true}
def in_basis(model, tokens: Int[Tensor, "batch n_ctx"], hook: str, rotation: Float[Tensor, "d d"]) -> Float[Tensor, "batch_times_n_ctx d"]:
    """The activations at `hook`, one row for each token, sequence after sequence; column j is the value along rotation[:, j].

    By hand: a token with activations [2, 3] and rotation [[0, -1], [1, 0]] gives the row [3, -2].
    """
    ### BEGIN SOLUTION
    _, cache = model.run_with_cache(tokens)
    return cache[hook].flatten(0, 1) @ rotation
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-in_basis-check", "grade": true}
check("neurons.in_basis")

# %%
from mechint_course.features import basis
from mechint_course.figures import neurons_basis as basis_pictures

model = load_model("A")
mixed = evaluation_text().sample(sized(8, smoke=1), seed=1)
not_start = torch.arange(mixed.tokens.numel()) % mixed.tokens.shape[1] > 0  # the start token is the same in every text
places = []
with torch.no_grad():
    for title, hook, n_axes in (
        ("MLP", ACTIVATION_HOOK, model.cfg.d_mlp),
        ("stream before the MLP", "blocks.0.hook_resid_mid", model.cfg.d_model),
        ("stream after the MLP", "blocks.0.hook_resid_post", model.cfg.d_model),
    ):
        own = in_basis(model, mixed.tokens, hook, torch.eye(n_axes))[not_start]
        turned = own @ basis.random_rotation(n_axes, seed=0)
        places.append(basis_pictures.Axes(title, kurtosis(own), kurtosis(turned)))
        print(f"{title}: mean kurtosis {places[-1].own.mean():.1f} along its own axes, {places[-1].turned.mean():.1f} along random ones;")
        print(f"    nearly zero: {100 * basis.nearly_zero(own):.0f} % of the values along its own axes, {100 * basis.nearly_zero(turned):.0f} % along random ones")
print(f"You predicted {guess_basis!r}.")
basis_pictures.kurtoses(places, title="Kurtosis of model A's activations along each axis")

# %% [markdown]
# Blue is the model's own axes, the red outline as many axes turned at random. In the MLP they have nothing in common: the neurons are far more extreme than any random direction, and most of their values are nearly zero. In the residual stream before the MLP the two lie on top of each other: its axes are directions like all others. After the MLP, some directions in the stream are extreme too, because the neurons write there; but the stream's own axes are no more extreme than random ones, rather less.
#
# The reason is what each place is read by. In the MLP the ReLU acts on each neuron alone. The residual stream is only ever written to and read by matrices: turn the whole stream, turn the matrices with it, and almost nothing changes. (Almost: LayerNorm scales each axis by itself, and so does the optimiser.) So it makes sense to ask what a neuron means, and little sense to ask what the 17th number of the residual stream means.
#
# The same test on a model of the kind of chapter 1: sparse features squeezed into fewer hidden numbers. We train four models of each of two kinds, with a ReLU on the hidden numbers, $h = \mathrm{ReLU}(Wx)$, and with the hidden numbers as they are, $h = Wx$. Either way the answer is $\mathrm{ReLU}(W^\top h + b)$.

# %%
from mechint_course.toy import HiddenReLU, ToyModel, feature_batch, stream, train

settings = {"n_features": 20, "n_hidden": 10, "n_instances": 4, "feature_probability": 0.1}
samples = feature_batch(torch.full((4, 20), 0.1), sized(10_000, smoke=1000), generator=stream(1, "samples"))
places = []
for title, toy in (("ReLU on the hidden layer", HiddenReLU(**settings)), ("no ReLU there", ToyModel(**settings))):
    train(toy, steps=sized(1500, smoke=10), batch_size=256, title=f"Training toy models: {title}")
    hidden = samples @ toy.W.detach().mT
    layers = hidden.relu() if isinstance(toy, HiddenReLU) else hidden
    own = torch.cat([kurtosis(layer[:, layer.var(dim=0) > 0]) for layer in layers])
    turned = torch.cat([kurtosis(layer @ basis.random_rotation(layer.shape[1], seed=seed)) for layer in layers for seed in range(5)])
    places.append(basis_pictures.Axes(title, own, turned))
    print(f"{title}: mean kurtosis {own.mean():.1f} along its own axes, {turned.mean():.1f} along random ones")
basis_pictures.kurtoses(places, title="The same in toy models")

# %% [markdown]
# Left, with the ReLU, the hidden layer's own axes stand to the right of the random ones: they are privileged. Right, without it, they do not stand out: they are even a little less extreme than random ones, as in the stream after the MLP. The data and the training are the same; the ReLU makes the difference.
#
# Does a high kurtosis mean that a neuron stands for something? Here is a control. Take what goes **into** the ReLU of model A's MLP, turn it at random, and put a ReLU there that lets each new axis fire as often as a neuron does. These axes stand for nothing: we drew them by lot.

# %%
with torch.no_grad():
    before = in_basis(model, mixed.tokens, "blocks.0.mlp.hook_pre", torch.eye(model.cfg.d_mlp))[not_start]
    by_lot = basis.relu_in_turned_axes(before, basis.random_rotation(model.cfg.d_mlp, seed=1))
    for what, x in (("neurons, before the ReLU", before), ("neurons, after the ReLU", before.relu()), ("axes drawn by lot, after a ReLU of their own", by_lot)):
        print(f"{what}: mean kurtosis {kurtosis(x).mean():.1f}")

# %% [markdown]
# > **Question.** Compare the three numbers. What does the kurtosis of the neurons prove, and what does it not prove?
# >
# > <details><summary>Our answer</summary>Axes drawn by lot look just as extreme once a ReLU sits on them, and before the ReLU the neurons are hardly more extreme than a bell curve. So the kurtosis comes from the ReLU. It proves that the axes are special to the architecture; it is no sign that a neuron stands for one thing. To learn that, you have to look at what it answers to, as you did above.</details>

# %% [markdown]
# ## 6. Directions instead of neurons (extension)
#
# If neurons are shared, a kind of text is spread over many of them, and what marks it is a **direction** in the space of all 512 neurons. The simplest way to find one needs labels and two means:
#
# $$d = \frac{\mu_{in} - \mu_{out}}{\|\mu_{in} - \mu_{out}\|} ,$$
#
# the mean activation on the tokens of a domain, minus that on all others, at length 1. No training is needed. Does it mean anything to the model? Push the model that way while it writes, and read what it writes.

# %% [markdown]
# {{exercise neurons.difference_of_means}}
#
# Compute this direction from the activations of some tokens.

# %% nbgrader={"grade_id": "neurons-difference_of_means", "solution": true}
def difference_of_means(x: Float[Tensor, "n_tokens d_mlp"], inside: Bool[Tensor, "n_tokens"]) -> Float[Tensor, "d_mlp"]:
    """The direction, at length 1, from the mean activation of the tokens outside to that of those inside.

    By hand: inside are [3, 4] and [3, 6], outside is [0, 1]. The means are [3, 5] and [0, 1], their difference is [3, 4],
    its length 5: [0.6, 0.8].
    """
    ### BEGIN SOLUTION
    difference = x[inside].mean(dim=0) - x[~inside].mean(dim=0)
    return difference / difference.norm()
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-difference_of_means-check", "grade": true}
check("neurons.difference_of_means")

# %% [markdown]
# {{exercise neurons.steer}}
#
# Push the model: add `strength` times `direction` to the MLP's activations, after the ReLU, at every token. Return the logits for the token that comes **next**, after the last one of each sequence. Use the direction as it is given, and let activations become negative if they will. Leave no hook behind.

# %% nbgrader={"grade_id": "neurons-steer", "solution": true}
def steer(model, tokens: Int[Tensor, "batch n_ctx"], direction: Float[Tensor, "d_mlp"], strength: float) -> Float[Tensor, "batch d_vocab"]:
    """The logits after the last token of each sequence, with strength * direction added at "blocks.0.mlp.hook_post".

    By hand: where the activations are [1, 0, 2], the direction is [0, 1, -1] and the strength 3, the model goes on with
    [1, 3, -1].
    """
    ### BEGIN SOLUTION
    def push(activation, hook):
        return activation + strength * direction

    return model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", push)])[:, -1]
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-steer-check", "grade": true}
check("neurons.steer")

# %% [markdown]
# {{exercise neurons.guess_steering}}
#
# A contest. The model continues 50 beginnings of plain English text. We push it with a domain's direction, or along the axis of the best single neuron for that domain, with the same strength. Which turns more texts to the domain? Choose one of `"the neuron"`, `"the direction"`, `"about the same"`.

# %% nbgrader={"grade_id": "neurons-guess_steering", "solution": true}
guess_steering = None  # one of: "the neuron", "the direction", "about the same"
### BEGIN SOLUTION
guess_steering = "the direction"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_steering-check", "grade": true}
check("neurons.guess_steering")

# %% [markdown]
# A contest needs a judge that knows nothing of the model. Ours counts pairs of neighbouring tokens in the training text of each domain, and asks two things of a piece of text. Is it likelier in this domain than in any other? And does at least a quarter of its pairs occur in the domain at all, a repeated pair counted once? The second question matters: text of no kind at all is still likeliest *somewhere*, and a neuron that makes the model write "and and and" would look like a master of whatever domain has many "and"s.
#
# First see how far to trust this judge, on 20 tokens each of real text.

# %%
from mechint_course.features import bigrams, steering
from mechint_course.figures import neurons_steering as steering_pictures
from mechint_course.language import training_text

STEERED = sized(("hebrew", "dna", "http", "citations", "learning", "weather"), smoke=("hebrew", "dna"))
NEUTRAL = ("manual", "docstrings", "dialogue", "bank", "god")
N_NEW = sized(20, smoke=4)

counted = training_text("A", sized(400_000, smoke=60_000))
judge = bigrams.count_pairs(counted, model.cfg.d_vocab)
held_out = evaluation_text().sample(sized(60, smoke=4), seed=2)
for domain in STEERED:
    inside = held_out.domain == held_out.domains.index(domain)
    pieces = held_out.tokens[:, 40:60]
    turned, known = judge.turned_to(pieces, domain), judge.known_pairs(pieces, domain)
    print(f"{domain:10} recognised: {100 * turned[inside].float().mean():3.0f} %   text of other domains taken for it: {100 * turned[~inside].float().mean():.1f} %   known pairs: {100 * known[inside].mean():.0f} % inside, {100 * known[~inside].mean():.0f} % outside")

prompts = torch.cat([held_out.of(domain).tokens[: sized(10, smoke=2), :12] for domain in NEUTRAL])
print(f"\n{len(prompts)} beginnings of 11 tokens, such as {''.join(token_strings(prompts[0, 1:]))!r}")

# %% [markdown]
# Both sides of the contest are prepared on training text. For the direction that takes no choice at all. The neuron gets an advantage: the three that separate the domain best (their means inside and outside lie farthest apart, in standard deviations) are tried on other beginnings, at two strengths, and the one that turns most texts goes into the contest.
#
# Strengths are lengths in the space of neurons, as multiples of the typical length of the activations themselves. A third line is a direction drawn at random, with the same lengths.

# %%
learned = counted.sample(sized(24, smoke=4), seed=3)
x = activations(model, learned.tokens)[:, 1:].flatten(0, 1)
labels = learned.domain.repeat_interleave(learned.tokens.shape[1] - 1)
typical = x.norm(dim=1).mean().item()
print(f"The typical length of model A's MLP activations: {typical:.1f}")


def turns(domain, direction, strength, beginnings):
    """Which of the texts turn to the domain under a push of so many typical lengths, and the texts."""
    new = steering.continue_text(lambda tokens: steer(model, tokens, direction, strength * typical), beginnings, N_NEW)
    return judge.turned_to(new, domain), new


trials = torch.cat([learned.of(domain).tokens[: sized(3, smoke=1), :12] for domain in NEUTRAL])
directions, neuron_of = {}, {}
for domain in STEERED:
    inside = labels == learned.domains.index(domain)
    directions[domain] = difference_of_means(x, inside)
    tried = {}
    for candidate in steering.separating_neurons(x, inside, 3):
        axis = torch.eye(model.cfg.d_mlp)[candidate]
        tried[candidate] = sum(int(turns(domain, axis, strength, trials)[0].sum()) for strength in (1, 2))
    neuron_of[domain] = max(tried, key=tried.get)
    part = directions[domain][neuron_of[domain]].item()
    print(f"{domain:10} neuron {neuron_of[domain]}; its entry in the direction, which has length 1: {part:.2f}")

# %%
strengths = sized([0.25, 0.5, 1, 2], smoke=[1, 2])
by_lot = torch.nn.functional.normalize(torch.randn(model.cfg.d_mlp, generator=torch.Generator().manual_seed(4)), dim=0)
ways = {"direction": lambda domain: directions[domain], "best neuron": lambda domain: torch.eye(model.cfg.d_mlp)[neuron_of[domain]], "random direction": lambda domain: by_lot}
outcome = {}
for strength in strengths:
    for domain in STEERED:
        for way in ("direction", "best neuron"):
            outcome[way, strength, domain] = turns(domain, ways[way](domain), strength, prompts)
    _, new = turns(STEERED[0], by_lot, strength, prompts)  # one push for all domains
    for domain in STEERED:
        outcome["random direction", strength, domain] = judge.turned_to(new, domain), new
curves = {
    domain: {
        way: [(hits.float().mean().item(), *steering.share_interval(int(hits.sum()), len(hits))) for hits, _ in (outcome[way, strength, domain] for strength in strengths)]
        for way in ways
    }
    for domain in STEERED
}
print(f"You predicted {guess_steering!r}.")
steering_pictures.turning(strengths, curves, title="Share of 50 texts that turn to the domain")

# %% [markdown]
# One panel for each domain; the strength grows to the right, and a bar is a 95 % interval for the share. Random directions of the same length do next to nothing. Too strong a push spoils the text, and the line falls again: the judge no longer finds pairs that it knows. Look for the highest point of each line, and for panels where the two run together or stay low: there the direction is no better than the neuron. The list below says, domain by domain, where the difference is more than luck.

# %%
for strength in strengths:
    print(f"strength {strength:g}: direction minus neuron, share of texts, with 95 % interval")
    for domain in STEERED:
        a, b = outcome["direction", strength, domain][0], outcome["best neuron", strength, domain][0]
        low, high = steering.difference_interval(a, b)
        verdict = "the direction turns more" if low > 0 else "the neuron turns more" if high < 0 else "not told apart"
        print(f"   {domain:10} {a.float().mean() - b.float().mean():+.2f} ({low:+.2f} to {high:+.2f}) {verdict}")

# %%
strength = strengths[-2]
for domain in STEERED:
    row = int(outcome["direction", strength, domain][0].float().argmax())
    print(f"{domain}, strength {strength:g}, after {''.join(token_strings(prompts[row, 1:]))!r}")
    for way in ("direction", "best neuron"):
        print(f"   {way:12} {''.join(token_strings(outcome[way, strength, domain][1][row]))!r}")
for domain in STEERED:
    steered, real = (judge.known_pairs(new, domain).mean() for new in (outcome["direction", strength, domain][1], held_out.of(domain).tokens[:, 40 : 40 + N_NEW]))
    print(f"{domain:10} pairs known to the domain: {100 * steered:.0f} % in steered text, {100 * real:.0f} % in real text")

# %% [markdown]
# Read the texts. The model writes letters, words and forms of the domain it is pushed to. It seldom writes *good* text of that domain: except where any order of letters will do, as in DNA, fewer of its pairs occur there than in real text. A constant push says "this kind of text" at every token and knows nothing of what should come next there. Where a domain needs its parts in the right order, a citation for example, a push alone does not make one.
#
# Adding shows what a direction **can** do. To see what the model **uses**, take it out.

# %% [markdown]
# {{exercise neurons.set_component}}
#
# Set the component of every token's activations along a direction to `level`, and leave everything at right angles to it as it is. The component is measured along the direction's **unit** vector; the direction you are given may have any length.

# %% nbgrader={"grade_id": "neurons-set_component", "solution": true}
def set_component(x: Float[Tensor, "batch n_ctx d_mlp"], direction: Float[Tensor, "d_mlp"], level: float) -> Float[Tensor, "batch n_ctx d_mlp"]:
    """The activations with the component along `direction` at `level`, everywhere.

    By hand: along [3, 4] the unit vector is [0.6, 0.8], and [1, 2] has the component 2.2. With level 0 that much is taken
    out: [1, 2] - 2.2 * [0.6, 0.8] = [-0.32, 0.24].
    """
    ### BEGIN SOLUTION
    unit = direction / direction.norm()
    return x + (level - x @ unit)[..., None] * unit
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-set_component-check", "grade": true}
check("neurons.set_component")

# %% [markdown]
# Now take the domain out of held-out text: set the component to its mean on the text of all *other* domains, once along the direction, once along the best neuron. How much worse does the model predict the domain, and how much worse everything else?

# %%
probe = evaluation_text().sample(sized(8, smoke=1), seed=4)
clean = interventions.with_activation(model, probe.tokens, None)
rises = {f"{way}, {where}": [] for where in ("in the domain", "elsewhere") for way in ("direction", "best neuron")}
with torch.no_grad():
    for domain in STEERED:
        outside, inside = x[labels != learned.domains.index(domain)].mean(dim=0), probe.domain == probe.domains.index(domain)
        for way in ("direction", "best neuron"):
            vector = ways[way](domain)
            change = interventions.with_activation(model, probe.tokens, lambda a, v=vector, level=float(outside @ vector): set_component(a, v, level)) - clean
            rises[f"{way}, in the domain"].append(change[inside].mean())
            rises[f"{way}, elsewhere"].append(change[~inside].mean())
steering_pictures.taken_out(STEERED, {name: torch.stack(values) for name, values in rises.items()}, title="With the domain taken out: rise of the loss")

# %% [markdown]
# Four marks for each domain, on a scale where each line is ten times the one before: how much the loss rises with the direction out and with the neuron out, on the domain's own text (filled) and on all other text (hollow). Taking the direction out costs far more on the domain's own text than taking its best neuron out, and a small part of that elsewhere. So the model uses the direction, in that domain above all. Chapter 3 finds thousands of directions, without labels.
#
# > **Question.** We called the direction "the domain's direction". A sceptic says: "it only promotes tokens that are frequent in the domain". What in this section speaks against her, what for her, and what would you measure next?
# >
# > <details><summary>Our answer</summary>For her: a constant vector after the last layer adds nearly the same push to the logits at every token, and the steered text is poorer than real text. Against her: little. The judge looks at pairs, but attention makes pairs out of pushed single tokens, since the model reads its own text. Fair next steps: steer with a vector made from the domain's token frequencies alone, at the same length, and compare; or a push in the residual stream before attention, in a model of more than one layer, where a direction can be read by something later.</details>

# %% [markdown]
# ## 7. A vision neuron (extension)
#
# Is this about language? Train a small network to read handwritten digits: images of 8 by 8 pixels, a hidden layer of 32 ReLU neurons, a second one of only **8**, and ten outputs. Eight neurons for ten digits.

# %%
from mechint_course.features import digits
from mechint_course.figures import neurons_vision as vision_pictures

train_digits, test_digits = digits.load_digits()
networks = [digits.train_digit_network(train_digits, seed=seed, steps=sized(600, smoke=20)) for seed in range(sized(5, smoke=2))]
print("Right on images it never saw:", ", ".join(f"{100 * digits.accuracy(network, test_digits):.0f} %" for network in networks), "(networks from different random starts)")

# %% [markdown]
# {{exercise neurons.guess_digits}}
#
# A neuron answers to a digit if its mean activation there is at least half of what it is for its best digit. To how many of the ten digits does a typical neuron of the second layer answer? Choose one of `"one"`, `"two or three"`, `"four or more"`.

# %% nbgrader={"grade_id": "neurons-guess_digits", "solution": true}
guess_digits = None  # one of: "one", "two or three", "four or more"
### BEGIN SOLUTION
guess_digits = "four or more"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_digits-check", "grade": true}
check("neurons.guess_digits")

# %%
torn = {number: digits.torn_pairs(network, test_digits, alike_below=-0.2) for number, network in enumerate(networks)}
relative = [digits.relative_means(network, test_digits) for network in networks]
answers = torch.cat([(means >= 0.5).sum(dim=1) for means in relative])
alive = answers > 0
print(f"You predicted {guess_digits!r}. Half of the {int(alive.sum())} neurons that ever fire answer to {answers[alive].median()} digits or more.")
print(f"{sum(len(pairs) for pairs in torn.values())} of them answer to two digits that look unlike.")
vision_pictures.digit_map(relative[0], title="Eight neurons: mean activation in % of the largest")

# %% [markdown]
# A row for each neuron, a column for each digit; a frame marks a digit that the neuron answers to. A row of zeros is a neuron that died in training and never fires. Hardly any neuron has a digit to itself. The network tells ten digits apart by which neurons fire **together**.
#
# What does such a neuron look for? Ask the network: start from an image, and change it step by step so that the neuron gets more.

# %% [markdown]
# {{exercise neurons.excite}}
#
# Climb. What neuron number `neuron` of the second layer gets, **before its ReLU**, is
#
# $$z = \big(\mathrm{ReLU}(x W_1 + b_1)\, W_2 + b_2\big)_{neuron} .$$
#
# Take `n_steps` steps. In each one, work out the gradient of $z$ with respect to the image, scale it to length 1, go `step` along it, and put every pixel back into the range from 0 to 1.

# %% nbgrader={"grade_id": "neurons-excite", "solution": true}
def excite(
    W1: Float[Tensor, "n_pixels n_hidden"],
    b1: Float[Tensor, "n_hidden"],
    W2: Float[Tensor, "n_hidden n_neurons"],
    b2: Float[Tensor, "n_neurons"],
    image: Float[Tensor, "n_pixels"],
    neuron: int,
    n_steps: int,
    step: float,
) -> Float[Tensor, "n_pixels"]:
    """The image after `n_steps` steps uphill, each of length `step` before the pixels are put back between 0 and 1.

    By hand: two pixels and two hidden neurons that copy them, so W1 is [[1, 0], [0, 1]] and b1 is 0; W2 is [[3], [4]].
    At [0.1, 0.9] both hidden neurons fire, the gradient is [3, 4], at length 1 [0.6, 0.8]. One step of 0.5 leads to
    [0.4, 1.3], and with the ink kept, to [0.4, 1].
    """
    ### BEGIN SOLUTION
    x = image
    for _ in range(n_steps):
        x = x.detach().clone().requires_grad_()
        z = (torch.relu(x @ W1 + b1) @ W2 + b2)[neuron]
        (gradient,) = torch.autograd.grad(z, x)
        x = (x + step * gradient / gradient.norm()).clamp(0, 1)
    return x.detach()
    ### END SOLUTION

# %% nbgrader={"grade_id": "neurons-excite-check", "grade": true}
check("neurons.excite")

# %%
number = max(torn, key=lambda n: torn[n][0].clearness if torn[n] else -1)
network = networks[number]
pair = torn[number][0] if torn[number] else digits.TornPair(0, (0, 1), relative[number][0], 0.0)
first, second = pair.digits
means = digits.mean_images(test_digits)
starts = torch.stack([torch.zeros(64), means[first], means[second]])
made = torch.stack([excite(*network[:4], start, pair.neuron, sized(100, smoke=3), 0.05) for start in starts])
fired = network.neurons(test_digits.images)[:, pair.neuron]
strongest = torch.cat([torch.nonzero(test_digits.labels == digit)[:, 0][fired[test_digits.labels == digit].topk(3).indices] for digit in pair.digits])
print(f"Network {number}, neuron {pair.neuron} answers to {first} and to {second}; their mean images have a likeness of {digits.likeness(test_digits)[first, second]:.2f}.")
vision_pictures.image_rows(
    [
        ("what excites it", made, [f"from {name}\n{value:.1f}" for name, value in zip(("blank", f"a {first}", f"a {second}"), network.neurons(made)[:, pair.neuron].tolist(), strict=True)]),
        ("real images", test_digits.images[strongest], [f"{label}\n{value:.1f}" for label, value in zip(test_digits.labels[strongest].tolist(), fired[strongest].tolist(), strict=True)]),
    ],
    title=f"Neuron {pair.neuron}: made images above, the strongest real ones of each digit below",
)

# %% [markdown]
# The number above an image is how strongly the neuron fires. Below are real images of the two digits, three of each, the strongest. The two shapes are unlike: a likeness below 0 means that their mean images share less ink than two digits do on average. Above is what your climb found, from a blank image and from the mean image of each digit. The neuron fires more strongly there than for any real image. Compare the three: what they share is what pushes the neuron up, and what differs is left over from the image you started from. A made picture tells what a neuron would like best near some image, and not what it ever sees.
#
# > **Question.** Somebody publishes only the made picture, from a blank image, and gives it a name. You have seen the real images too. What is wrong with the name?
# >
# > <details><summary>Our answer</summary>It is one image, so it invites one name; another start leads to another picture. And the neuron's work is done on real images, where it has two jobs at least. A good account shows both: real images over the neuron's whole range, with how often each kind comes, and the made picture beside them.</details>

# %% [markdown]
# ## What you learned
#
# - Variables are fixed, activations are computed for every token. A neuron reads a column of `W_in` and writes a row of `W_out`. A hook changes it while the model runs: without its most specialised neuron the model still reads that neuron's domain, a little worse.
# - A neuron can be read by its strongest places, and these mislead: they show the far end of its range. Samples from every quantile show the rest.
# - With labels you can count. Most neurons of this model answer to several kinds of text: they are **polysemantic**.
# - Beside every score stands a baseline. The best neuron for a domain is often beaten by the current token alone, while a linear probe on all neurons is near perfect in most domains: the knowledge is there, as a direction and not as a neuron.
# - Sharing needs no shortage of room: under cross-entropy, one neuron tells more when two unrelated features share it (extension).
# - The ReLU makes the neurons' axes special directions, axes drawn by lot as much as the real ones; the residual stream's axes are not special (extension).
# - The mean of a domain minus the mean of the rest is a direction that steers the model at least about as well as the best neuron, in several domains far better, and that the model uses (extension).
# - A network that reads digits shares its neurons too (extension).
# - So the neuron is a poor unit for reading this model. Chapter 3 looks for a better one: directions in the space of all 512 neurons.
#
# **References**
#
# - Bricken et al. (2023), *Towards Monosemanticity: Decomposing Language Models With Dictionary Learning*: the model, neuron 83, and what comes next.
# - Elhage et al. (2022), *Toy Models of Superposition*: why sharing neurons can pay.
# - Nanda and Bloom (2022), *TransformerLens*: the library behind `load_model` and the hooks.
