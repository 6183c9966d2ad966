"""Makes the shipped tokenizer again: `python -m mechint_course.language.make_tokenizer FILE`.

Every model and dictionary of the course stands on the shipped one: another tokenizer needs all of them trained anew.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from mechint_course.language.documents import Domain
from mechint_course.language.grammars import GRAMMARS
from mechint_course.language.installed import INSTALLED
from mechint_course.language.tokenizer import train_tokenizer

_MOST_OF_A_DOCUMENT = 20_000


def bytes_of(domain: Domain) -> int:
    """How much text of a domain the tokenizer is trained on; less of what has no words."""
    if domain.name in ("dna", "base64"):
        return 400_000
    return 700_000 if domain.generated else 1_500_000


def sample() -> Iterator[str]:
    """Training documents of every domain."""
    for domain in (*INSTALLED, *GRAMMARS.values()):
        size = 0
        for document in domain.documents("train"):
            text = document.text[:_MOST_OF_A_DOCUMENT]
            yield text
            size += len(text.encode())
            if size > bytes_of(domain):
                break


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Expected one file name: where to write the tokenizer.")
    train_tokenizer(sample()).save(str(Path(sys.argv[1])), pretty=False)
