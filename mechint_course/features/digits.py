"""A vision neuron: a small ReLU network on scikit-learn's handwritten digits, and the picture that excites a neuron.

The digits (Alpaydin and Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI) come with scikit-learn: 1,797 images of 8 x 8.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from mechint_course.work import work


class Digits(NamedTuple):
    """Images and what they show."""

    images: Float[Tensor, "n_images n_pixels"]
    """Ink from 0 to 1, row by row."""
    labels: Int[Tensor, " n_images"]


class DigitNetwork(NamedTuple):
    """Two hidden layers of ReLU neurons and ten outputs; the second layer is small, its neurons are the ones to read."""

    W1: Float[Tensor, "n_pixels n_hidden"]
    b1: Float[Tensor, " n_hidden"]
    W2: Float[Tensor, "n_hidden n_neurons"]
    b2: Float[Tensor, " n_neurons"]
    W3: Float[Tensor, "n_neurons 10"]
    b3: Float[Tensor, " 10"]

    def neurons(self, images: Float[Tensor, "*batch n_pixels"]) -> Float[Tensor, "*batch n_neurons"]:
        """What the neurons of the second layer do."""
        return ((images @ self.W1 + self.b1).relu() @ self.W2 + self.b2).relu()

    def logits(self, images: Float[Tensor, "*batch n_pixels"]) -> Float[Tensor, "*batch 10"]:
        """The network's answer."""
        return self.neurons(images) @ self.W3 + self.b3


def load_digits() -> tuple[Digits, Digits]:
    """1,200 images to train on and 597 to test with, always the same ones."""
    from sklearn import datasets

    found = datasets.load_digits()
    images = torch.tensor(found.data, dtype=torch.float32) / 16
    labels = torch.tensor(found.target, dtype=torch.long)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    train, test = order[:1200], order[1200:]
    return Digits(images[train], labels[train]), Digits(images[test], labels[test])


def train_digit_network(
    digits: Digits,
    *,
    n_hidden: int = 32,
    n_neurons: int = 8,
    steps: int = 600,
    seed: int = 0,
    progress: bool = True,
) -> DigitNetwork:
    """Trains a network with AdamW on batches of 256; the weights and the batches have random streams of their own."""
    if min(n_hidden, n_neurons, steps) < 1:
        raise ValueError(
            f"Expected at least one neuron in each layer and one step, found {n_hidden}, {n_neurons} and {steps}."
        )
    weights = torch.Generator().manual_seed(2 * seed)
    order = torch.Generator().manual_seed(2 * seed + 1)
    parts: list[Tensor] = []
    for n_in, n_out in ((digits.images.shape[1], n_hidden), (n_hidden, n_neurons), (n_neurons, 10)):
        matrix = (2 / n_in) ** 0.5 * torch.randn(n_in, n_out, generator=weights)
        parts += [matrix.requires_grad_(), torch.zeros(n_out, requires_grad=True)]
    network = DigitNetwork(*parts)
    optimiser = torch.optim.AdamW(parts, lr=0.01, weight_decay=1e-3)
    with work(steps, "Training on digits", disable=not progress) as bar:
        for _ in range(steps):
            batch = torch.randint(len(digits.images), (256,), generator=order)
            loss = cross_entropy(network.logits(digits.images[batch]), digits.labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            bar.update()
    return DigitNetwork(*(part.detach() for part in parts))


@torch.no_grad()
def accuracy(network: DigitNetwork, digits: Digits) -> float:
    """The share of images whose digit gets the largest logit."""
    return (network.logits(digits.images).argmax(dim=-1) == digits.labels).float().mean().item()


def mean_images(digits: Digits) -> Float[Tensor, "10 n_pixels"]:
    """The mean image of each digit."""
    return torch.stack([digits.images[digits.labels == digit].mean(dim=0) for digit in range(10)])


def likeness(digits: Digits) -> Float[Tensor, "10 10"]:
    """How alike two digits are: the correlation of their mean images, over what all digits have in common.

    1 for a digit with itself; below 0 for two that share less ink than digits do on average.
    """
    means = mean_images(digits)
    apart = means - means.mean(dim=0)
    unit = apart / apart.norm(dim=1, keepdim=True)
    return unit @ unit.T


@torch.no_grad()
def relative_means(network: DigitNetwork, digits: Digits) -> Float[Tensor, "n_neurons 10"]:
    """Each neuron's mean activation on each digit, as a share of its largest; zeros for a neuron that never fires."""
    activation = network.neurons(digits.images)
    means = torch.stack([activation[digits.labels == digit].mean(dim=0) for digit in range(10)], dim=1)
    return means / means.amax(dim=1, keepdim=True).clamp(min=1e-9)


class TornPair(NamedTuple):
    """A neuron and two unlike digits that it answers to."""

    neuron: int
    digits: tuple[int, int]
    means: Float[Tensor, " 10"]
    """The neuron's mean activation on each digit, as a share of its largest."""
    clearness: float
    """How far the weaker of the two lies above the mean of the other eight."""


def torn_pairs(
    network: DigitNetwork, digits: Digits, *, share: float = 0.5, alike_below: float = 0.0
) -> list[TornPair]:
    """For every neuron that answers to two unlike digits, the pair it answers to most; the clearest neuron first.

    It answers to a digit whose mean activation reaches `share` of its best digit's; two digits are unlike where their
    `likeness` is below `alike_below`.
    """
    alike = likeness(digits)
    found: list[TornPair] = []
    for neuron, row in enumerate(relative_means(network, digits)):
        pairs = [
            (min(row[a].item(), row[b].item()), a, b)
            for a in range(10)
            for b in range(a + 1, 10)
            if alike[a, b] < alike_below and min(row[a], row[b]) >= share
        ]
        if pairs:
            weaker, a, b = max(pairs)
            others = (row.sum() - row[a] - row[b]).item() / 8
            found.append(TornPair(neuron, (a, b), row, weaker - others))
    return sorted(found, key=lambda pair: -pair.clearness)
