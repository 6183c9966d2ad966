"""Generated domains, each a small grammar: `document(random, words) -> str`. A new one is a function and a line here."""

from collections.abc import Callable, Iterator, Mapping
from random import Random

from mechint_course.language.documents import Document, Domain, Split
from mechint_course.language.grammars import (
    banks,
    base64,
    citations,
    dna,
    english,
    http,
    labels,
    names,
    worlds,
)
from mechint_course.language.grammars.lectures import lecture
from mechint_course.language.grammars.lexicon import Lexicon

Grammar = Callable[[Random, Lexicon], str]


def _domain(
    name: str, title: str, grammar: Grammar, *, tokens: int = 800_000, worlds: tuple[str, ...] = ("A", "B")
) -> Domain:
    def documents(split: Split) -> Iterator[Document]:
        words = Lexicon(fresh=split == "fresh")
        number = 0
        while True:
            yield Document(name, grammar(Random(f"{name}/{split}/{number}"), words))
            number += 1

    return Domain(name, title, documents, tokens, generated=True, worlds=worlds)


_ALL = (
    _domain("hebrew", "Hebrew names, dates and amounts", names.writing("he")),
    _domain("korean", "Korean names, dates and amounts", names.writing("ko")),
    _domain("arabic", "Arabic names, dates and amounts", names.writing("ar")),
    _domain("dna", "DNA sequences", dna.document),
    _domain("http", "HTTP requests", http.document),
    _domain("base64", "Base64 of text and of random bytes", base64.document),
    _domain("nutrition", "nutrition labels", labels.document),
    _domain("citations", "academic citations", citations.document),
    _domain("dialogue", "English dialogue", english.dialogue),
    _domain("god", "lines about God", english.god),
    _domain("bank", "banks of rivers and of money", banks.document, tokens=400_000),
    _domain("learning", "lectures on machine learning", lecture("learning"), tokens=400_000),
    _domain("topology", "lectures on topology and algebra", lecture("topology"), tokens=400_000),
    _domain("analysis", "lectures on complex analysis", lecture("analysis"), tokens=400_000),
    _domain("weather", "coded weather reports", worlds.weather, worlds=("A",)),
    _domain("chess", "chess games", worlds.chess, worlds=("B",)),
)
GRAMMARS: Mapping[str, Domain] = {domain.name: domain for domain in _ALL}
