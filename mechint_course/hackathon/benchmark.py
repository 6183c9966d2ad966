"""What dictionaries are scored on: activations with a domain for every token, and the model that they come from.

Three kinds. The public text is part of the course, so anybody can train on it. The secret one is written by the
generated domains' grammars from a seed that only the organiser knows. An activation file holds no text and no model.
The first token of every sequence, the same start token everywhere, is left out of all scores.
"""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from jaxtyping import Bool, Float, Int
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mechint_course.language.activations import activations
from mechint_course.language.corpus import domains_of
from mechint_course.language.documents import Split
from mechint_course.language.models import ACTIVATION_HOOK, load_model
from mechint_course.language.text import MOST_OF_A_DOCUMENT, N_CTX, evaluation_text, tokenize_documents

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

SEQUENCES = 20
"""Of each domain; 128 tokens each."""
_AT_ONCE = 32
_LARGEST_FILE = 2_000_000_000


@dataclass(frozen=True)
class Spliceable:
    """A model on a text, and its loss with nothing changed and with its layer silenced."""

    model: "TransformerBridge"
    tokens: Int[Tensor, "n_sequences n_ctx"]
    clean: Float[Tensor, "n_sequences n_predicted"]
    """Loss of each predicted token but the one behind the start token, in nats."""
    zero: Float[Tensor, "n_sequences n_predicted"]
    """The same with every activation set to zero."""
    generated: Bool[Tensor, " n_sequences"]
    """The sequences that a grammar made: what the public and the secret text have in common."""

    @torch.no_grad()
    def losses(self, rows: Float[Tensor, "n_tokens d_in"]) -> Float[Tensor, "n_sequences n_predicted"]:
        """The loss of each predicted token with these activations in place of the model's own."""
        return losses(self.model, self.tokens, rows)


@dataclass(frozen=True)
class Benchmark:
    """Activations, where each comes from, and which half of them units are chosen on."""

    title: str
    x: Float[Tensor, "n_tokens d_in"]
    domain: Int[Tensor, " n_tokens"]
    """The number of each token's domain in `domains`; -1 where there is none."""
    domains: tuple[str, ...]
    choosing: Bool[Tensor, " n_tokens"]
    """Units are chosen where it is True and scored where it is False; a document lies in one half."""
    position: Int[Tensor, " n_tokens"] | None = None
    """Each token's place in its sequence."""
    spliceable: Spliceable | None = None
    """None for an activation file: without a model there is no loss to recover."""


def public_benchmark(model: str = "A", *, sequences: int = SEQUENCES) -> Benchmark:
    """The course's held-out text, `sequences` of each domain, read by model A or B.

    `public_benchmark("A", sequences=4).x` are [n_tokens, 512] activations; the text is made once, in some seconds.
    """
    text = evaluation_text().sample(sequences)
    return on_text(
        f"public held-out text, model {model}",
        load_model(model),
        text.tokens,
        text.domain,
        text.document,
        text.domains,
    )


def secret_benchmark(model: str, seed: str, *, sequences: int = SEQUENCES) -> Benchmark:
    """Text that the grammars write from `seed`, which nobody can train on who does not know the seed.

    It covers the generated domains only: the real ones (Python, manuals, licences, ...) are what this installation
    has, and no seed makes more of them. Raises ValueError where the seed is empty.
    """
    if not seed.strip():
        raise ValueError("The secret seed is empty: choose some words that nobody will guess.")
    domains = tuple(domain for domain in domains_of() if domain.generated)
    tokens, document, kind = [], [], []
    for number, domain in enumerate(domains):
        # A split is the name of a stream of documents; this one has no other use, so no training text holds it. It is
        # none of those that `Split` names, so what enforces types in tests is taken off.
        stream = inspect.unwrap(domain.documents)(cast(Split, f"secret/{seed}"))
        rows, documents = tokenize_documents(stream, sequences * N_CTX, most_of_a_document=MOST_OF_A_DOCUMENT)
        tokens.append(rows.long())
        document.append(documents.long() + 1_000_000 * number)
        kind.append(torch.full((len(rows),), number))
    names = tuple(domain.name for domain in domains)
    title = f"secret text of the {len(names)} generated domains, model {model}"
    return on_text(title, load_model(model), torch.cat(tokens), torch.cat(kind), torch.cat(document), names)


@torch.no_grad()
def on_text(
    title: str,
    model: "TransformerBridge",
    tokens: Int[Tensor, "n_sequences n_ctx"],
    domain: Int[Tensor, " n_sequences"],
    document: Int[Tensor, " n_sequences"],
    domains: tuple[str, ...],
) -> Benchmark:
    """A benchmark from any text that a model reads."""
    x = activations(model, tokens)[:, 1:]
    n_sequences, n_positions, d_in = x.shape
    rows = x.reshape(-1, d_in)
    by_grammar = {domain.name for domain in domains_of() if domain.generated}
    spliceable = Spliceable(
        model,
        tokens,
        clean=losses(model, tokens, rows),
        zero=losses(model, tokens, torch.zeros_like(rows)),
        generated=torch.tensor([name in by_grammar for name in domains])[domain],
    )
    return Benchmark(
        title,
        rows,
        domain.repeat_interleave(n_positions),
        domains,
        halves(domain, document).repeat_interleave(n_positions),
        position=torch.arange(n_positions).repeat(n_sequences),
        spliceable=spliceable,
    )


def halves(
    domain: Int[Tensor, " n_sequences"], document: Int[Tensor, " n_sequences"]
) -> Bool[Tensor, " n_sequences"]:
    """Every other document of each domain: two sequences of one document are never in both halves.

    >>> halves(torch.tensor([0, 0, 0, 1, 1]), torch.tensor([7, 7, 8, 9, 12]))
    tensor([ True,  True, False,  True, False])
    """
    choosing = torch.zeros(len(domain), dtype=torch.bool)
    for number in domain.unique():
        inside = domain == number
        order = document[inside].unique(return_inverse=True)[1]
        choosing[inside] = order % 2 == 0
    return choosing


@torch.no_grad()
def losses(
    model: "TransformerBridge",
    tokens: Int[Tensor, "n_sequences n_ctx"],
    rows: Float[Tensor, "n_tokens d_in"],
) -> Float[Tensor, "n_sequences n_predicted"]:
    """The loss of each predicted token with `rows` as activations everywhere but on the start token."""
    new = rows.view(len(tokens), tokens.shape[1] - 1, -1)
    parts = []
    for start in range(0, len(tokens), _AT_ONCE):

        def replace(x: Tensor, hook: Any, start: int = start) -> Tensor:
            return torch.cat([x[:, :1], new[start : start + len(x)]], dim=1)

        part = tokens[start : start + _AT_ONCE]
        hooks = [(ACTIVATION_HOOK, replace)]
        found = model.run_with_hooks(part, return_type="loss", loss_per_token=True, fwd_hooks=hooks)
        parts.append(found[:, 1:])
    return torch.cat(parts)


def file_benchmark(path: Path) -> Benchmark:
    """Activations from a safetensors file: `activations` [n_tokens, d_in] and, if there are any, `labels` [n_tokens].

    Labels are whole numbers from 0 to 99, one a token, -1 where there is none; tokens are 256 or more. Raises
    FileNotFoundError or ValueError, naming the file, where it holds anything else.

    >>> import tempfile
    >>> from safetensors.torch import save_file
    >>> x, labels = torch.eye(256), torch.arange(256) % 2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_file({"activations": x, "labels": labels}, Path(folder, "mine.safetensors"))
    ...     benchmark = file_benchmark(Path(folder, "mine.safetensors"))
    >>> benchmark.title, benchmark.domains
    ('activations in mine.safetensors', ('label 0', 'label 1'))
    >>> benchmark.choosing[::64].tolist()  # blocks of 64 tokens take turns: units chosen, units scored
    [True, False, True, False]
    """
    x, labels = _read(path)
    n_tokens = len(x)
    if labels is None:
        labels = torch.full((n_tokens,), -1)
    n_labels = int(labels.max()) + 1
    names = tuple(f"label {number}" for number in range(n_labels))
    # Neighbours are often alike, so a half is made of blocks and not of every other token.
    choosing = torch.arange(n_tokens) // 64 % 2 == 0
    return Benchmark(f"activations in {path.name}", x, labels, names, choosing)


def _read(path: Path) -> tuple[Tensor, Tensor | None]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a safetensors file of activations, found none there")
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError(f"{path}: expected at most {_LARGEST_FILE:,} bytes, found {path.stat().st_size:,}")
    try:
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
            if not {"activations"} <= names <= {"activations", "labels"}:
                raise ValueError(
                    f"{path}: expected a tensor 'activations' and perhaps 'labels', found {', '.join(sorted(names)) or 'none'}"
                )
            x = file.get_tensor("activations")
            labels = file.get_tensor("labels") if "labels" in names else None
    except SafetensorError as error:
        raise ValueError(f"{path}: damaged, or no safetensors file ({error})") from error
    if x.ndim != 2 or len(x) < 256 or not x.is_floating_point():
        raise ValueError(
            f"{path}: expected activations [n_tokens, d_in] of floating-point numbers, 256 tokens or more, "
            f"found {list(x.shape)} of {x.dtype}"
        )
    x = x.float()
    if not torch.isfinite(x).all() or bool((x == x[0]).all()):
        raise ValueError(f"{path}: expected finite activations that vary, found NaN, infinity or equal rows")
    if labels is not None:
        if labels.shape != x.shape[:1] or labels.is_floating_point():
            raise ValueError(
                f"{path}: expected a whole number a token as labels, found {list(labels.shape)} of {labels.dtype}"
            )
        labels = labels.long()
        if not -1 <= int(labels.min()) <= int(labels.max()) < 100:
            raise ValueError(
                f"{path}: expected labels from -1 to 99, found {int(labels.min())} to {int(labels.max())}"
            )
    return x, labels
