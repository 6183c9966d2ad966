"""Linear probes: a direction for each domain in the space of all units, fitted with the labels.

A probe says what the layer holds, not what the model uses: it has seen the labels, the model has not.
"""

import warnings
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Probes:
    """One logistic regression for each domain: a score above 0 means "rather in the domain"."""

    weight: Float[Tensor, "n_units n_domains"]
    bias: Float[Tensor, " n_domains"]

    def __call__(self, x: Float[Tensor, "*batch n_units"]) -> Float[Tensor, "*batch n_domains"]:
        """The log-odds of each domain."""
        return x @ self.weight + self.bias


def fit_probes(
    x: Float[Tensor, "n_tokens n_units"],
    label: Int[Tensor, " n_tokens"],
    n_domains: int,
    *,
    most_tokens: int = 40_000,
    steps: int = 60,
    seed: int = 0,
) -> Probes:
    """A logistic regression of each domain against all others, on at most `most_tokens` tokens drawn at random.

    Units are scaled to spread 1 before the fit, so that the penalty treats them alike, and scaled back in the result.
    A domain without a token, or that is the only one, gets a probe that always says no, or yes.
    """
    from sklearn.linear_model import LogisticRegression  # a second, for chapters that need it

    if len(x) != len(label) or not len(x):
        raise ValueError(f"Expected a label for each token, found {len(label)} for {len(x)}.")
    rows = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))[:most_tokens]
    part, truth = x[rows].float(), label[rows]
    mean, spread = part.mean(0), part.std(0, correction=0)
    scale = torch.where(spread > 0, 1 / spread.clamp_min(1e-30), 0.0)
    scaled = ((part - mean) * scale).numpy()
    weight, bias = torch.zeros(x.shape[1], n_domains), torch.zeros(n_domains)
    for number in range(n_domains):
        inside = (truth == number).numpy()
        if inside.all() or not inside.any():
            bias[number] = 100.0 if inside.all() else -100.0
            continue
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # it stops after `steps`, whether the last digits have settled or not
            fitted = LogisticRegression(C=1.0, max_iter=steps).fit(scaled, inside)
        weight[:, number] = torch.from_numpy(fitted.coef_[0]).float() * scale
        bias[number] = float(fitted.intercept_[0]) - float(mean @ weight[:, number])
    return Probes(weight, bias)
