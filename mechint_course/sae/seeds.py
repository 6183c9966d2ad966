"""Random streams that never meet: initialisation and data each have their own, even under the same number.

With one stream for both, `randn(n, d)` true features and `randn(d_sae, d)` decoder rows are the same rows, and an
untrained dictionary "finds" every feature. A stream is therefore named, and its name is part of the seed.
"""

import hashlib

import torch


def stream(name: str, seed: int, *, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for the stream `name` under `seed`.

    >>> a, b = stream("init", 0), stream("data", 0)
    >>> bool(torch.equal(torch.randn(3, generator=a), torch.randn(3, generator=b)))
    False
    >>> bool(torch.equal(torch.randn(3, generator=stream("init", 0)), torch.randn(3, generator=stream("init", 0))))
    True
    """
    digest = hashlib.sha256(f"mechint_course/{name}/{seed}".encode()).digest()
    return torch.Generator(device=device).manual_seed(int.from_bytes(digest[:7], "big"))
