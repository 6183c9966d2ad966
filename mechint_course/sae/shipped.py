"""The dictionaries that come with the course, by name."""

from functools import cache

from mechint_course.resources import data_folder
from mechint_course.sae.base import SAE
from mechint_course.sae.packed import load_packed

DICTIONARIES = ("A-512", "A-4096", "A-16384", "A-nested", "B-4096", "A-sparse", "B-sparse", "control-4096")
"""Whose activations, and how many latents. "sparse" is a pair with 8 latents on; "nested" is a Matryoshka dictionary of
4,096, all others are top-k. Each has a card beside its weights."""


def load_dictionary(name: str) -> SAE:
    """A shipped dictionary, frozen: it takes the activations of the model that its name begins with.

    It is read once: every call gives the same object. Raises ValueError where there is none of that name.

    >>> load_dictionary("A-4096").d_sae
    4096
    """
    if name not in DICTIONARIES:
        raise ValueError(
            f"There is no shipped dictionary {name!r}; choose from {', '.join(DICTIONARIES)}, "
            "or read your own with SAE.load_from_disk(folder)."
        )
    return _loaded(name)


@cache
def _loaded(name: str) -> SAE:
    return load_packed(data_folder() / "dictionaries" / name).requires_grad_(False)
