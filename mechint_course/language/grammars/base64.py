"""Base64: in a third of the documents it hides text, in the others random bytes."""

import base64 as codec
from random import Random

from mechint_course.language.grammars.english import dialogue
from mechint_course.language.grammars.lexicon import Lexicon

_FRAMES = (
    ("-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----\n"),
    ("Content-Transfer-Encoding: base64\n\n", "\n"),
    ('<img src="data:image/png;base64,', '">\n'),
    ("-----BEGIN PUBLIC KEY-----\n", "\n-----END PUBLIC KEY-----\n"),
    ("", "\n"),
)


def document(random: Random, words: Lexicon) -> str:
    """One block of 400 to 900 encoded bytes, wrapped at 64 characters."""
    size = random.randint(400, 900)
    hidden = dialogue(random, words).encode()[:size] if random.random() < 1 / 3 else random.randbytes(size)
    code = codec.b64encode(hidden).decode()
    before, after = random.choice(_FRAMES)
    return before + "\n".join(code[i : i + 64] for i in range(0, len(code), 64)) + after
