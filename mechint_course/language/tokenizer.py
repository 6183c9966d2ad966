"""The byte-level BPE tokenizer of the course: 2,048 tokens, shipped as one json file."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jaxtyping import Int
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import Tensor

from mechint_course.resources import data_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 2048
START = "<|endoftext|>"
"""The first token of every sequence; also TransformerLens' BOS, EOS and padding."""


def tokenizer_file() -> Path:
    """Where the shipped tokenizer is."""
    return data_folder() / "tokenizer.json"


def train_tokenizer(texts: Iterable[str], *, vocabulary: int = VOCABULARY) -> Tokenizer:
    """A byte-level BPE tokenizer (Sennrich et al. 2016, section 3.2, on bytes) of so many tokens, `START` being number 0.

    `START` and the 256 bytes are there before it learns. Two more tokens, and it joins what stands together most often:

    >>> train_tokenizer(["the cat, the dog, the bird"], vocabulary=259).encode("the cat").tokens
    ['the', 'Ġ', 'c', 'a', 't']
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[START],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=16,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def read_tokenizer(file: Path) -> Tokenizer:
    """The tokenizer in a file; a ValueError names the file where it is no tokenizer.

    >>> read_tokenizer(tokenizer_file()).get_vocab_size()
    2048
    """
    text = file.read_text(encoding="utf-8")
    try:
        kind = json.loads(text)["model"]["type"]
        tokenizer = Tokenizer.from_str(text)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"Expected a tokenizer (json of the tokenizers library) in {file}, found something else: {error}."
        ) from error
    if kind != "BPE" or tokenizer.token_to_id(START) is None:
        raise ValueError(
            f"Expected a BPE tokenizer with the token {START} in {file}, found {kind}; install the course again."
        )
    return tokenizer


@cache
def _shipped() -> Tokenizer:
    return read_tokenizer(tokenizer_file())


def encode(texts: Sequence[str]) -> list[list[int]]:
    """The token numbers of each text, without `START`.

    >>> encode(["the cat", "the cats", ""])
    [[1449, 271, 266], [1449, 271, 266, 83], []]
    """
    return [encoding.ids for encoding in _shipped().encode_batch(list(texts), add_special_tokens=False)]


@cache
def load_tokenizer() -> "PreTrainedTokenizerFast":
    """The shipped tokenizer in the form that TransformerLens takes.

    >>> load_tokenizer().encode("the cat")  # number 0 is the start token
    [0, 1449, 271, 266]
    >>> load_tokenizer().decode([1449, 271, 266])
    'the cat'
    """
    return for_transformer_lens(_shipped())


def for_transformer_lens(tokenizer: Tokenizer) -> "PreTrainedTokenizerFast":
    """A tokenizer wrapped for `TransformerBridge`."""
    from transformers import PreTrainedTokenizerFast

    own = Tokenizer.from_str(tokenizer.to_str())
    start = (START, own.token_to_id(START))
    own.post_processor = processors.TemplateProcessing(single=f"{START} $A", special_tokens=[start])
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=own,
        bos_token=START,
        eos_token=START,
        pad_token=START,
        clean_up_tokenization_spaces=False,
    )
    # TransformerLens looks a tokenizer up on a hub, by its name, unless these two say that it adds the start token.
    wrapped.init_kwargs |= {"name_or_path": "mechint_course", "add_bos_token": True}
    return wrapped


def token_strings(tokens: Int[Tensor, " n_ctx"] | Sequence[int]) -> list[str]:
    """Each token of one sequence as text.

    A character of several tokens stands on the last of them, the others show a dot; bytes that are no character (at a
    cut, or alone) show as `<d7>`, and `START` shows its name.

    >>> import torch
    >>> token_strings(torch.tensor(encode(["the cat"])[0]))
    ['the', ' c', 'at']
    """
    numbers = tokens.tolist() if isinstance(tokens, Tensor) else list(tokens)
    if numbers and not isinstance(numbers[0], int):
        raise ValueError(
            "Expected the tokens of one sequence, [n_ctx] whole numbers; take one row of your tensor."
        )
    raw = [_bytes_of_tokens()[number] for number in numbers]
    owner = [index for index, piece in enumerate(raw) for _ in piece]
    found = [""] * len(raw)
    place = 0
    for character in b"".join(raw).decode("utf-8", errors="surrogateescape"):
        lone = 0xDC80 <= ord(character) <= 0xDCFF
        place += 1 if lone else len(character.encode())
        found[owner[place - 1]] += f"<{ord(character) - 0xDC00:02x}>" if lone else character
    return [START if number == 0 else text or "·" for number, text in zip(numbers, found, strict=True)]


@cache
def _bytes_of_tokens() -> tuple[bytes, ...]:
    """The bytes of each token of the shipped vocabulary; the start token's, a byte that is in no text, ends a character."""
    table = _bytes_of_characters()
    tokenizer = _shipped()
    written = [tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size())]
    return (b"\xff", *(bytes(table[character] for character in text) for text in written[1:]))


@cache
def _bytes_of_characters() -> dict[str, int]:
    """The byte that each printable stand-in of byte-level BPE means (Radford et al. 2019, section 2.2)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
