"""TransformerLens' own models, by name, from their public hub: the one place of this room that may use a network."""

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

EXAMPLES = ("gelu-1l", "solu-1l", "attn-only-1l", "gelu-2l")
_SECONDS = 5.0


def official_name(name: str) -> str | None:
    """The repository behind a name that TransformerLens knows, or None where it knows no such name.

    >>> official_name("gelu-1l"), official_name("my-model")
    ('NeelNanda/GELU_1L512W_C4_Code', None)
    """
    from transformer_lens.supported_models import MODEL_ALIASES

    for repository, aliases in MODEL_ALIASES.items():
        if name == repository or name in aliases:
            return repository
    return None


def load_from_hub(name: str) -> "TransformerBridge":
    """A model of TransformerLens by its short or its official name, downloaded once and then read from the hub's cache.

    The weights of the older ones (`gelu-1l` and its family) are stored as torch state dicts; TransformerLens reads them
    with `weights_only=True`, which makes tensors and calls no code of the file. Without a network, and with nothing in
    the cache, a ConnectionError says so; an unknown name is a ValueError.
    """
    repository = official_name(name)
    if repository is None:
        raise ValueError(
            f"Expected a model of the course (A, B, control, tiny) or one that TransformerLens knows "
            f"({', '.join(EXAMPLES)}, ...), found {name!r}."
        )
    if not _is_cached(repository) and not is_reachable():
        raise ConnectionError(
            f"The model {name!r} has to be downloaded once from {_address()}, and that address cannot be reached from here: "
            "connect this machine to a network and run this again, or use the course's own models A and B, which are installed."
        )
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.model_bridge.sources.tl_legacy import TL_LEGACY_PREFIXES, boot

    old = repository.startswith(TL_LEGACY_PREFIXES)
    model: TransformerBridge = (boot if old else TransformerBridge.boot_transformers)(repository)
    return model.eval()


def _is_cached(repository: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(repository, "config.json"), str)


def _address() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co")


def is_reachable() -> bool:
    """Whether the hub answers at all: asked once, because its own client tries for half a minute before it gives up."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        return False
    if any(os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")):
        return True  # the proxy knows the way; this machine need not
    address = urlsplit(_address())
    try:
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=_SECONDS):
            return True
    except OSError:
        return False
