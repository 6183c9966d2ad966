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
# **Goal.** Read one neuron by the texts that excite it, count the kinds of text it answers to, and silence it to see what the model loses.
#
# **Time.** About 45 minutes. Everything here is on the core path.
#
# **You need.** Python and tensors: indexing, maxima, means. No earlier chapter.
#
# How to work: each exercise is a function to fill in, and the cell after it checks your answer and tells you what is wrong. `hint("neurons.top_examples")` gives a nudge, with a 2 or a 3 behind it more, and `hint("neurons.top_examples", "solution")` shows ours. Until your answer passes, the check puts ours in its place, so you can go on at any time and come back later.

# %% tags=["imports"]
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course import check, hint, sized

# %%
from mechint_course.features import evidence, interventions
from mechint_course.figures import neurons as pictures
from mechint_course.language import ACTIVATION_HOOK, activations, evaluation_text, load_model, token_strings
from mechint_course.views.tokens import Example, show_examples

# %% [markdown]
# ## 1. A model that read what your computer holds
#
# Model A is a transformer with **one layer**, of the same kind as the one in Bricken et al. (2023, *Towards Monosemanticity*): a residual stream of 128 numbers, attention, and an MLP of **512 neurons** with a ReLU. It was trained to predict the next token.
#
# Its text is a *mini-Pile*. Part of it is what every installation of this course holds: the source code of Python, documentation, licences, the names of countries in Hebrew, Korean and Arabic. The rest comes from small grammars: DNA, web requests, nutrition labels, dialogue. Each document carries a label, its **domain**. The model never saw the labels. You have them, and that is what makes this model good to study: you can check every guess.
#
# The text below is held out: the model was not trained on these documents.

# %%
model = load_model("A")
text = evaluation_text().sample(sized(24, smoke=3))
n_domains = len(text.domains)
print(f"{len(text)} sequences of {text.tokens.shape[1]} tokens from {n_domains} domains: {', '.join(text.domains)}")

# %%
loss = interventions.with_activation(model, text.tokens, None)
print(f"The model's surprise at the next token: {loss.mean():.2f} nats. Guessing blindly among {model.cfg.d_vocab} tokens costs {torch.tensor(model.cfg.d_vocab).log():.2f}.")
requests = [row for row in range(len(text)) if text.domains[text.domain[row]] == "http"][:2]
show_examples(
    [Example(token_strings(text.tokens[row, 1:49]), loss[row, :48], label="http") for row in requests],
    title="Surprise at each token, in nats",
)

# %% [markdown]
# Each token is coloured by how much it surprised the model, having read the tokens before it. Parts that are always the same, such as the name of a header after its first letters, cost almost nothing. Values that nobody could know, such as a number, cost a lot. This model has learned what a web request looks like.
#
# Now the neurons. `activations` runs the model and keeps what the MLP's neurons do after their ReLU: one number for each sequence, position and neuron.

# %%
neurons = activations(model, text.tokens)
print(f"{ACTIVATION_HOOK}: {tuple(neurons.shape)} (sequences, positions, neurons)")
print(f"A neuron fires on {100 * (neurons > 0).float().mean():.0f} % of the tokens, on average.")

# %% [markdown]
# ## 2. Where is it strongest?
#
# The first thing everybody does with a neuron: look for the places in a large text where it is strongest, and read them.

# %% [markdown]
# {{exercise neurons.guess_domains}}
#
# Before you look: we say that a neuron **answers to** a domain if its mean activation there is at least half of what it is in its best domain. To how many of the 21 domains does a typical neuron answer? Choose one of `"one"`, `"two or three"`, `"four or more"`. A prediction earns its point whether it is right or not.

# %% nbgrader={"grade_id": "neurons-guess_domains", "solution": true}
guess_domains = None  # one of: "one", "two or three", "four or more"
### BEGIN SOLUTION
guess_domains = "two or three"
### END SOLUTION

# %% nbgrader={"grade_id": "neurons-guess_domains-check", "grade": true}
check("neurons.guess_domains")

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
# Which of the 512 neurons to read? The next cell searches for one that is *torn*: its twenty strongest places are split as evenly as possible between two kinds of text that nobody would confuse. On your machine it may be another neuron than on ours, because your Python holds other text.

# %%
UNLIKE = ("python", "arabic", "korean", "dna", "base64", "http", "dialogue", "nutrition", "citations", "weather")
neuron = evidence.torn_neuron(neurons, text, among=UNLIKE, k=sized(20, smoke=6))
places = top_examples(neurons[:, :, neuron], k=sized(12, smoke=4))
shown = evidence.excerpts(text, neurons[:, :, neuron], places)
show_examples(
    [Example(e.tokens, e.values, label=e.label) for e in shown],
    title=f"Neuron {neuron} of model A: its strongest places",
)

# %% [markdown]
# Each line is one place, with the domain before it; the darker a token, the stronger the neuron there. Read the labels first. The neuron is as strong in one kind of text as in another that has nothing to do with it. A neuron like this is called **polysemantic**. Bricken et al. (2023) describe one in their model, neuron 83, that answers to academic citations, English dialogue, HTTP requests and Korean text.
#
# (A dot is a token that holds only part of a character: many letters of the world take two or three tokens here.)

# %% [markdown]
# ### The strongest places are not the whole story
#
# Your list shows the far end of what the neuron does. How far out is that?

# %%
intervals = evidence.quantile_examples(neurons[:, :, neuron], n_intervals=4, per_interval=2)
edges = [interval.low for interval in intervals if interval.low > 0]
pictures.activation_histogram(neurons[:, :, neuron], edges, title=f"Neuron {neuron}: how strong, how often")

# %%
for interval in intervals:
    print(f"between {interval.low:.2f} and {interval.high:.2f}: {100 * interval.share:.2f} % of the tokens")
show_examples(
    [
        Example(e.tokens, e.values, label=f"{interval.high:.1f} {e.label}")
        for interval in intervals
        for e in evidence.excerpts(text, neurons[:, :, neuron], interval.places, before=10, after=4)
    ],
    title=f"Neuron {neuron}: two random places from each interval, strong to weak",
)

# %% [markdown]
# The histogram counts tokens, on a scale where each line is ten times the one below; the dashed lines cut the neuron's range into four equal parts. Almost everything it does lies in the lowest part, where your list never looked. The excerpts below it come from all four parts, two from each: what they have in common gets harder to say as you go down.
#
# > **Question.** Somebody shows you the ten strongest places of a neuron, all of them about DNA, and says "this is the DNA neuron". What would you ask to see?
# >
# > <details><summary>Our answer</summary>Places where it is half as strong, drawn at random, and how much of its firing is on DNA at all. A neuron can be strongest on DNA and still spend most of its time on other things. You also want to know how much of the DNA it misses.</details>

# %% [markdown]
# ## 3. In which kinds of text?
#
# We have labels for every token, so you need not rely on a dozen examples: take all tokens of a domain.

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
means = domain_means(neurons[:, :, neuron], text.domain, n_domains)
pictures.by_domain(means, text.domains, title=f"Neuron {neuron} of model A", unit="mean activation")

# %% [markdown]
# One bar for each domain, the strongest on top. Hardly any bar is zero: the neuron is a little bit active in nearly every kind of text, and clearly active in several. Now find the domains of your list of strongest places. A domain can fill half of that list and still come low here: the neuron may be very strong on one word of it and silent on all the others.
#
# Is that one strange neuron, or the rule? Your function can tell for all 512.

# %%
all_means = torch.stack([domain_means(neurons[:, :, n], text.domain, n_domains) for n in range(neurons.shape[2])])
counts = evidence.answers_to(all_means)
print(f"You predicted {guess_domains!r}. Half of the neurons answer to {counts.median()} domains or more.")
pictures.domains_per_neuron(counts, guess_domains, title="How many kinds of text a neuron answers to")

# %% [markdown]
# Each bar counts the neurons that answer to so many domains; your prediction is shaded. Neurons for one kind of text exist, but they are a minority.
#
# > **Question.** The model has 512 neurons and only 21 domains, and still most neurons are shared. Why might it not give every domain a few neurons of its own?
# >
# > <details><summary>Our answer</summary>The domains are our labels, not the model's. To predict the next token it needs far more than 21 things: the inside of a header, the end of a codon, the second byte of a Hebrew letter. There are more such features than neurons, and most of them are absent most of the time. That is the situation in which sharing pays: superposition, the subject of chapter 1.</details>

# %% [markdown]
# ## 4. What does the model lose without it?
#
# So far you have only watched. To find out what a neuron does *for the model*, change it and see what happens. TransformerLens lets you do that with a **hook**: a function that is called in the middle of the model's run, is given the activations there, and returns those that the run goes on with.
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

# %%
with torch.no_grad():
    change = silence(model, text.tokens, neuron)
by_domain = interventions.by_domain(change, text.domain, n_domains)
pictures.by_domain(1000 * by_domain, text.domains, title=f"Without neuron {neuron}", unit="rise of the loss, in thousandths of a nat", digits=1)

# %% [markdown]
# One bar for each domain: how much worse the model predicts its tokens without this one neuron. Blue bars are losses, red ones would be gains. The numbers are thousandths of a nat: one neuron of 512 matters little on average. Compare the order of the bars with the picture of the means. Silencing hurts in more than one domain, and the two orders differ: where a domain leads there and not here, the neuron is active without mattering much to the next token.
#
# What did it tell the model? A neuron writes one fixed direction into the residual stream, and the unembedding turns this direction into a push on every token of the vocabulary: its **logit weights**.

# %%
likelier, less_likely = evidence.promoted(model, neuron, k=sized(10, smoke=3))
print("makes likelier:   ", "  ".join(f"{token!r} {weight:+.2f}" for token, weight in likelier))
print("makes less likely:", "  ".join(f"{token!r} {weight:+.2f}" for token, weight in less_likely))

# %% [markdown]
# Each token stands with the push that one unit of activation gives to its logit. Look for tokens from the domains at the top of your two pictures. Often you find two or three groups here that have nothing to do with each other, one for each thing that the neuron means.
#
# > **Question.** In this model, changing a neuron at one token changes the prediction at that token only. Why? And what follows for the sentence "the loss changes only where the neuron fires, so this neuron is what makes the model understand Arabic"?
# >
# > <details><summary>Our answer</summary>There is one layer, and nothing after the MLP moves information between positions: attention comes before it. So the loss cannot change anywhere else, whatever the neuron means. That the change stays where the neuron fires is a fact about the architecture, and no evidence for any story about the neuron.</details>

# %% [markdown]
# ## What you learned
#
# - A neuron can be read by its strongest places, and these mislead: they show the far end of its range.
# - With labels you can count. Most neurons of this model answer to several kinds of text: they are **polysemantic**.
# - A hook changes a neuron while the model runs. Silencing one hurts in several domains at once, a little in each.
# - So the neuron is a poor unit for reading this model. Chapter 3 looks for a better one: directions in the space of all 512 neurons.
#
# **References**
#
# - Bricken et al. (2023), *Towards Monosemanticity: Decomposing Language Models With Dictionary Learning*: the model, neuron 83, and what comes next.
# - Elhage et al. (2022), *Toy Models of Superposition*: why sharing neurons can pay.
# - Nanda and Bloom (2022), *TransformerLens*: the library behind `load_model` and the hooks.
