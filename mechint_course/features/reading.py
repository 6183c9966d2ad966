"""What units do on a text, kept so that any one of them can be looked at in milliseconds.

A unit is a neuron of a model's last MLP layer or a latent of a dictionary on it: one class serves both, and nobody who
looks at units need know which they are. The text is read once; what is kept are the activations that are not zero, by
unit, and the residual stream behind the layer, which is enough to say what a unit's absence would cost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor

from mechint_course.features.correlation import as_rows
from mechint_course.features.latents import sparse_latents
from mechint_course.language.models import ACTIVATION_HOOK
from mechint_course.language.text import START_TOKEN, TokenizedText
from mechint_course.language.tokenizer import encode, token_strings
from mechint_course.sae import SAE
from mechint_course.work import work

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

RESIDUAL_HOOK = "blocks.0.hook_resid_post"
"""Behind the layer: what the final LayerNorm and the unembedding read."""
_SEQUENCES_AT_ONCE = 32


def shipped_ids(text: str) -> list[int]:
    """The token numbers of a text in the course's own vocabulary."""
    return encode([text])[0]


@dataclass(frozen=True)
class Typed:
    """What units do on a text that somebody typed."""

    tokens: tuple[str, ...]
    """Without the start token."""
    rows: sparse.csr_array
    """[n_tokens, n_units]."""
    cut: bool
    """Whether the text was longer than the model can read, so that its end is missing here."""

    def at(self, token: int, k: int) -> list[tuple[int, float]]:
        """The k units that are strongest on one token, with their activations, the strongest first."""
        start, stop = self.rows.indptr[token : token + 2]
        values, units = self.rows.data[start:stop], self.rows.indices[start:stop]
        order = np.argsort(-values, kind="stable")[:k]
        return [(int(units[i]), float(values[i])) for i in order]

    def strongest(self) -> list[int]:
        """Every unit that is on for some token, the strongest first."""
        peak = np.zeros(self.rows.shape[1])
        np.maximum.at(peak, self.rows.indices, self.rows.data)
        order = np.argsort(-peak, kind="stable")
        return [int(unit) for unit in order[: int((peak > 0).sum())]]


class Units:
    """The neurons of a model, or the latents of a dictionary, with what they do on a text. Made by `read_units`."""

    def __init__(
        self,
        name: str,
        model: "TransformerBridge",
        sae: SAE | None,
        text: TokenizedText,
        columns: sparse.csc_array,
        residual: Float[Tensor, "n_tokens d_model"],
        *,
        ids: Callable[[str], list[int]] = shipped_ids,
    ) -> None:
        self.name, self.model, self.sae, self.text = name, model, sae, text
        self.columns, self.residual, self.ids = columns, residual, ids

    @property
    def n_units(self) -> int:
        return int(self.columns.shape[1])

    @property
    def kind(self) -> str:
        """What one of them is called."""
        return "neuron" if self.sae is None else "feature"

    @cached_property
    def density(self) -> Float[Tensor, " n_units"]:
        """On which share of the tokens each unit is on."""
        return torch.from_numpy(np.diff(self.columns.indptr) / max(1, self.columns.shape[0])).float()

    @cached_property
    def peak(self) -> Float[Tensor, " n_units"]:
        """The largest activation of each unit on the text; 0 for one that is never on."""
        return torch.from_numpy(self.columns.max(axis=0).toarray().ravel()).float()

    @cached_property
    def losses(self) -> Float[Tensor, " n_tokens"]:
        """The model's loss at the token behind each place, in nats; NaN at the last place of a sequence, behind which there is none."""
        following = self.text.tokens[:, 2:]
        residual = self.residual.view(len(self.text), -1, self.residual.shape[1])[:, :-1]
        found = [
            next_loss(self.model, rows.flatten(0, 1), ids.flatten()).view(ids.shape)
            for rows, ids in zip(
                residual.split(_SEQUENCES_AT_ONCE), following.split(_SEQUENCES_AT_ONCE), strict=True
            )
        ]
        return torch.nn.functional.pad(torch.cat(found), (0, 1), value=float("nan")).flatten()

    def column(self, unit: int) -> tuple[np.ndarray, np.ndarray]:
        """(places, activations) where the unit is on; place p is position 1 + p % (n_ctx - 1) of sequence p // (n_ctx - 1)."""
        self.check(unit)
        start, stop = self.columns.indptr[unit : unit + 2]
        return self.columns.indices[start:stop], self.columns.data[start:stop]

    def values(self, unit: int) -> Float[Tensor, "n_sequences n_ctx"]:
        """The unit's activation on every token, 0 on each sequence's start token."""
        places, activations = self.column(unit)
        found = torch.zeros(self.columns.shape[0])
        found[torch.from_numpy(places).long()] = torch.from_numpy(activations).float()
        return torch.nn.functional.pad(found.view(len(self.text), -1), (1, 0))

    def direction(self, unit: int) -> Float[Tensor, " d_mlp"]:
        """What the unit writes into the layer when its activation is 1."""
        self.check(unit)
        if self.sae is None:
            return torch.nn.functional.one_hot(torch.tensor(unit), self.n_units).float()
        return self.sae.W_dec[unit].detach()

    @torch.no_grad()
    def typed(self, text: str) -> Typed:
        """What the units do on `text`, of which the model reads as much as it has room for."""
        room = self.model.cfg.n_ctx - 1
        ids = self.ids(text)
        tokens = torch.tensor([[START_TOKEN, *ids[:room]]])
        _, x = _run(self.model, tokens)
        return Typed(tuple(token_strings(tokens[0, 1:])), _rows(self.sae, x[0, 1:]), len(ids) > room)

    def check(self, unit: int) -> None:
        """Raises ValueError where there is no such unit."""
        if not 0 <= unit < self.n_units:
            raise ValueError(f"Expected a {self.kind} from 0 to {self.n_units - 1}, found {unit}.")


def read_units(
    model: "TransformerBridge",
    text: TokenizedText,
    sae: SAE | None = None,
    *,
    name: str = "",
    ids: Callable[[str], list[int]] = shipped_ids,
) -> Units:
    """Reads a text with a model and keeps what its neurons do, or, with `sae`, what the latents of that dictionary do.

    A progress bar shows how far it is. Stopped from the notebook, it keeps the sequences that were read; the units are
    then those of a shorter text. The start tokens do not count: they are the same everywhere.

    Args:
        model: of one layer.
        text: what to read; a part of it such as `text.sample(8)` is quicker to read and says less about rare units.
        sae: a dictionary of the model's MLP activations.
        name: what the units are called in titles; default "features" or "neurons".
        ids: how a typed text becomes the model's token numbers.

    Raises:
        ValueError: no text, a model of several layers, or a dictionary of another layer.

    >>> from mechint_course.language.models import load_model
    >>> tokens = load_model("tiny").to_tokens("the cat sat on the mat")  # the start token, and six words
    >>> text = TokenizedText(tokens, torch.tensor([0]), ("pets",), torch.tensor([0]), "by hand")
    >>> neurons = read_units(load_model("tiny"), text)
    >>> neurons.n_units, neurons.kind
    (20, 'neuron')
    >>> [round(value, 2) for value in neurons.values(1)[0].tolist()]  # neuron 1 is on for "cat" alone
    [0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0]
    """
    if not len(text) or text.tokens.shape[1] < 2:
        raise ValueError(
            "Expected a text of at least one sequence of two tokens, found none: give some text."
        )
    if model.cfg.n_layers != 1:
        raise ValueError(f"Expected a model of one layer, found one of {model.cfg.n_layers}.")
    if sae is not None and sae.d_in != model.cfg.d_mlp:
        raise ValueError(
            f"Expected a dictionary of the model's {model.cfg.d_mlp} neurons, found one of {sae.d_in}: "
            "give the one that was trained on this model."
        )
    parts, residuals, done = [], [], 0
    with work(
        len(text), f"Reading with {name or 'the model'}", unit="sequence", disable=len(text) < 64
    ) as bar:
        for tokens in text.tokens.split(_SEQUENCES_AT_ONCE):
            residual, x = _run(model, tokens)
            rows = _rows(sae, x[:, 1:].flatten(0, 1))
            parts.append(rows)
            residuals.append(residual[:, 1:].flatten(0, 1))
            done += len(tokens)
            bar.update(len(tokens))
    if not parts:
        raise ValueError("Stopped before anything was read: run it again.")
    # An interrupt may have come between the two lists.
    n = min(len(parts), len(residuals))
    residual = torch.cat(residuals[:n])
    columns = sparse.csc_array(sparse.vstack(parts[:n], format="csc"))
    columns.sort_indices()
    kept = text if n * _SEQUENCES_AT_ONCE >= len(text) else text.take(torch.arange(n * _SEQUENCES_AT_ONCE))
    return Units(
        name or ("neurons" if sae is None else "features"), model, sae, kept, columns, residual, ids=ids
    )


@torch.no_grad()
def next_loss(
    model: "TransformerBridge", residual: Float[Tensor, "n d_model"], following: Int[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """The loss at each next token, in nats, where the residual stream behind the last layer is `residual`."""
    logits = model.unembed(model.ln_final(residual[:, None]))[:, 0]
    return torch.nn.functional.cross_entropy(logits, following, reduction="none")


@torch.no_grad()
def _run(model: "TransformerBridge", tokens: Int[Tensor, "n n_ctx"]) -> tuple[Tensor, Tensor]:
    """(residual stream behind the layer, MLP activations) on some sequences."""
    found: dict[str, Tensor] = {}

    def keep(name: str) -> tuple[str, Callable[[Tensor, object], None]]:
        def hooked(value: Tensor, hook: object) -> None:
            found[name] = value.detach().float()

        return name, hooked

    hooks = [keep(RESIDUAL_HOOK), keep(ACTIVATION_HOOK)]
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=hooks)
    return found[RESIDUAL_HOOK], found[ACTIVATION_HOOK]


def _rows(sae: SAE | None, x: Float[Tensor, "n_tokens d_mlp"]) -> sparse.csr_array:
    """The units' activations without their zeros; a neuron below 0 (after a GELU) counts as off."""
    return as_rows(x.clamp_min(0)) if sae is None else sparse_latents(sae, x)
