# %% [markdown]
# ## Activations from a TransformerLens model
#
# Any of its models has named hook points; `activations` reads one of them on any tokens. Here it is the course's tiny model, so that nothing is downloaded. `load_model("gelu-1l")` works the same way, once it has been downloaded; `from_text(texts, model=model)` makes tokens of your own text.

# %%
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy

from mechint_course import sized
from mechint_course.features.digits import load_digits
from mechint_course.figures.style import PALETTE, new_figure, series
from mechint_course.hackathon.benchmark import file_benchmark
from mechint_course.hackathon.scores import score
from mechint_course.language import activations, load_model
from mechint_course.sae import TopKSAE, train_sae

RESULTS = Path("results")
RESULTS.mkdir(exist_ok=True)
tiny = load_model("tiny")
tokens = torch.randint(1, tiny.cfg.d_vocab, (8, 16), generator=torch.Generator().manual_seed(0))
print("hook points:", ", ".join(name for name in tiny.hook_dict if "mlp" in name))
print("activations of the tiny model:", list(activations(tiny, tokens, "blocks.0.mlp.hook_post").shape))

# %% [markdown]
# ## Activations from any PyTorch module
#
# A forward hook sees what a layer gives out. This small network reads handwritten digits; put your own module in its place.

# %%
train_digits, test_digits = load_digits()
torch.manual_seed(0)  # the weights of the network below, and nothing else
network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
for step in range(sized(400, smoke=20)):
    rows = torch.randint(len(train_digits.images), (256,), generator=torch.Generator().manual_seed(step))
    optimiser.zero_grad()
    cross_entropy(network(train_digits.images[rows]), train_digits.labels[rows]).backward()
    optimiser.step()
right_answers = (network(test_digits.images).argmax(1) == test_digits.labels).float().mean()
print(f"It names {float(right_answers):.1%} of the test digits.")


@torch.no_grad()
def read(module, layer, inputs):
    """What `layer` gives out while `module` runs on `inputs`; the hook is taken off again, also after an error."""
    seen = []
    handle = layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(output.detach()))
    try:
        module(inputs)
    finally:
        handle.remove()
    return torch.cat(seen)


def noisy(images, copies, seed):
    """More inputs from few: each image some times, with a little noise, so that there is enough to train a dictionary on."""
    generator = torch.Generator().manual_seed(seed)
    many = images.repeat(copies, 1)
    return many + 0.1 * torch.randn(many.shape, generator=generator)


layer = network[3]
x = read(network, layer, noisy(train_digits.images, sized(40, smoke=2), seed=1))
print("activations to train on:", list(x.shape))

# %% [markdown]
# ## A dictionary on them
#
# `train_sae` takes any stream of batches [batch, d_in].

# %%
def batches(step):
    while True:
        rows = torch.randint(len(x), (1024,), generator=torch.Generator().manual_seed(1_000_000 + step))
        yield x[rows]
        step += 1


named = {}
for k in sized((2, 4, 8, 16), smoke=(2, 4)):
    named[k] = TopKSAE(x.shape[1], d_sae=256, k=k, seed=0)
    train_sae(named[k], batches, n_steps=sized(600, smoke=10), learning_rate=1e-3, quiet=True)

# %% [markdown]
# ## Latents against neurons
#
# The test digits took no part in any training. They become a file of activations with labels, the form that `mechint-course evaluate --activations` reads. The neurons are scored as a dictionary that copies them, one latent each; like any dictionary, they tell a digit by being among the strongest, 16 for an input on average.

# %%
held_out = read(network, layer, noisy(test_digits.images, 2, seed=2))
order = torch.randperm(len(held_out), generator=torch.Generator().manual_seed(3))
save_file({"activations": held_out[order].contiguous(), "labels": test_digits.labels.repeat(2)[order].contiguous()}, "activations.safetensors")
benchmark = file_benchmark(Path("activations.safetensors"))
neurons = TopKSAE(x.shape[1], x.shape[1], k=x.shape[1], seed=0)
with torch.no_grad():
    neurons.W_enc.copy_(torch.eye(x.shape[1]))
    neurons.W_dec.copy_(torch.eye(x.shape[1]))
found = {f"dictionary, k = {k}": score(sae, benchmark) for k, sae in named.items()}
found["neurons"] = score(neurons, benchmark)
for name, one in found.items():
    print(f"{name:<18} L0 {one.l0:5.1f}   variance missed {one.fvu:.3f}   best unit for a digit, F1 {one.domain_f1:.2f}")

# %% [markdown]
# ## The plot
#
# Left, how much of the layer's variance each dictionary misses with how many latents on. Right, for each digit the F1 of the best latent (of the dictionary whose latents tell digits best) and of the best neuron.

# %%
figure = new_figure(10, 4, columns=2)
left, right = figure.axes
dictionaries = {name: one for name, one in found.items() if name != "neurons"}
left.plot([one.l0 for one in dictionaries.values()], [one.fvu for one in dictionaries.values()], **series(0))
left.set(title="Sparse and faithful", xlabel="L0: latents on for an input", ylabel="share of variance missed", ylim=(0, None))
clearest = max(dictionaries, key=lambda name: dictionaries[name].domain_f1)
for number, name in enumerate((clearest, "neurons")):
    values = list(found[name].f1_by_domain.values())
    right.plot(range(len(values)), values, label=name, **(series(number) | {"linestyle": ""}))
right.set(title="The best unit for each digit", xlabel="digit", ylabel="F1 on inputs that did not choose it", ylim=(0, 1.02), xticks=range(10))
right.legend(frameon=False, loc="lower left")
right.grid(axis="x", color=PALETTE["pale"], linewidth=0.6)
figure.savefig(RESULTS / "plot.png")
(RESULTS / "scores.json").write_text(json.dumps({name: {"l0": one.l0, "fvu": one.fvu, "f1": one.domain_f1} for name, one in found.items()}, indent=1))
named[max(named)].save_model("my-dictionary")
figure
