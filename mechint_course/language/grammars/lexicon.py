"""Words for the grammars, split into words that training may use and fresh ones that it never sees."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random


class Lexicon:
    """Hands out the words of one side of the split: about a fifth of all words is kept for the fresh side.

    A word's side depends on the word alone, so that one which is fresh in a list is not met in another.

    >>> words = ("ash", "birch", "cedar", "fir", "oak")
    >>> Lexicon(fresh=True)(words)
    ('birch',)
    >>> sorted(Lexicon()(words) + Lexicon(fresh=True)(words)) == sorted(words)
    True
    """

    def __init__(self, *, fresh: bool = False) -> None:
        self.fresh = fresh

    def __call__(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words of this side, in their order."""
        return _side(tuple(words), self.fresh)


@cache
def _side(words: tuple[str, ...], fresh: bool) -> tuple[str, ...]:
    return tuple(word for word in words if (_number(word) % 5 == 4) == fresh)


def _number(word: str) -> int:
    return int.from_bytes(hashlib.sha256(word.lower().encode()).digest()[:4], "big")


_SLOT = re.compile(r"\{(\w+)\}")
_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou])")


def fill(random: Random, template: str, slots: Mapping[str, Sequence[str]]) -> str:
    """Puts a random word of its list into every `{slot}`; a word may hold slots itself, and `a` becomes `an` where it must.

    >>> fill(Random(0), "a {tree} by the {tree}", {"tree": ("{age} {kind}",), "age": ("old",), "kind": ("oak",)})
    'an old oak by the old oak'
    """
    while "{" in template:
        template = _SLOT.sub(lambda match: random.choice(slots[match[1]]), template)
    return _BEFORE_VOWEL.sub(r"\1n ", template)


def split(text: str) -> tuple[str, ...]:
    """The words of a text, for lists that are easier to read as a paragraph."""
    return tuple(text.split())


FIRST_NAMES = split(
    "Anna Boris Carla David Elena Farid Grace Hugo Irene Jonas Karin Liam Maria Nadia Oscar Paula Quentin Rosa Samuel "
    "Teresa Umar Vera Walter Xenia Yusuf Zoe Arthur Beatrice Clement Dora Edgar Flora Gustav Helen Ivan Julia Kofi Leila "
    "Martin Nora Otto Petra Rafael Sofia Tomas Ursula Victor Wanda Ada Bruno Celia Dmitri Esther Felix"
)
LAST_NAMES = split(
    "Abbott Barnes Castillo Duarte Eriksen Fischer Gupta Hoffmann Ito Jensen Kowalski Larsen Moreau Nakamura Okafor "
    "Petrov Quinn Rossi Schmidt Tanaka Ueda Vargas Wallace Xu Yamada Zhang Adler Bianchi Cohen Dubois Evans Ferrari "
    "Garcia Haddad Ivanov Johansson Keller Lopez Mueller Novak Olsen Park Ramirez Silva Thompson Vogel Weber Young Smith "
    "Brown Chen Lee Kim Singh Patel Andersson Costa Marin Horvath Dlamini"
)
NOUNS = split(
    "house garden letter river window kitchen engine market bridge teacher storm lamp winter village doctor harbour "
    "mountain train candle forest brother sister captain island mirror table soldier widow basket church ladder orchard "
    "painter stranger tailor valley violin wagon neighbour blanket cellar clock coat daughter farmer friend horse journey "
    "key lake merchant message morning office paper question road room sailor school secret shadow song station stone story"
)
ADJECTIVES = split(
    "old quiet young bright heavy strange cold narrow gentle broken distant empty golden hollow hungry lonely noisy pale "
    "patient proud rough shallow silent simple slow small steady sudden tired warm weary wide wild wooden grey honest dusty"
)
VERBS_PAST = split(
    "opened carried watched followed painted repaired remembered forgot crossed counted dropped found hid kept left lost "
    "mended noticed passed sold bought touched visited wanted washed closed covered answered admired burned cleaned borrowed "
    "broke chose drew feared guarded heard ignored lifted measured"
)
PLACES = split(
    "London Lisbon Vienna Cairo Lagos Kyoto Oslo Lima Boston Geneva Prague Dublin Naples Bergen Madrid Tunis Hanoi Austin "
    "Leeds Zurich Delhi Accra Quito Perth Warsaw Ghent Split Turin Basel Cork Dakar Riga Porto Seville Hobart Nairobi "
    "Bristol Krakow Bogota Manila Havana Tampere Denver Osaka Malmo Graz"
)
