"""Tokens: cut within documents, kept by manifest, made again where the kept file is not what it should be."""

import pytest
import torch
from safetensors.torch import save_file

from mechint_course.language import START, load_tokenizer, text, token_strings
from mechint_course.language.corpus import DOMAINS
from mechint_course.language.tokenizer import encode, read_tokenizer, train_tokenizer


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Two generated domains, little text, a cache of its own."""
    monkeypatch.setenv("MECHINT_COURSE_CACHE", str(tmp_path))
    chosen = {name: DOMAINS[name] for name in ("dna", "http")}
    monkeypatch.setattr(text, "DOMAINS", chosen)
    monkeypatch.setattr(text, "domains_of", lambda model=None: tuple(chosen.values()))
    monkeypatch.setattr(text, "EVALUATION_TOKENS", 1280)
    return tmp_path


def test_every_sequence_lies_in_one_document_and_begins_with_the_start_token(small) -> None:
    found = text.evaluation_text()
    assert found.tokens.shape == (20, 128)
    assert (found.tokens[:, 0] == 0).all()
    assert (found.tokens[:, 1:] != 0).all()
    assert found.domain.tolist() == [0] * 10 + [1] * 10
    for number in found.document.unique():
        assert len(found.domain[found.document == number].unique()) == 1


def test_tokens_are_the_document_again(small) -> None:
    found = text.evaluation_text()
    first = next(DOMAINS["dna"].documents("held_out")).text
    rows = found.tokens[found.document == 0]
    again = "".join("".join(token_strings(row)[1:]) for row in rows)
    assert len(again) > 200
    assert first.startswith(again)


def test_fresh_text_is_other_text(small) -> None:
    assert not torch.equal(text.evaluation_text().tokens, text.evaluation_text("fresh").tokens)
    with pytest.raises(ValueError, match="'held_out' or 'fresh'"):
        text.evaluation_text("train")


def test_a_kept_corpus_is_read_again_and_a_damaged_one_made_again(small, capsys) -> None:
    found = text.evaluation_text()
    [file] = (small / "corpus").glob("*.safetensors")
    whole = file.read_bytes()
    assert torch.equal(text.evaluation_text().tokens, found.tokens)
    assert "making it again" not in capsys.readouterr().out

    file.write_bytes(whole[: len(whole) // 2])
    assert torch.equal(text.evaluation_text().tokens, found.tokens)
    assert "making it again" in capsys.readouterr().out
    assert file.read_bytes() == whole

    save_file({"tokens": torch.zeros(3, 128, dtype=torch.int16)}, file, {"manifest": "of somebody else"})
    assert torch.equal(text.evaluation_text().tokens, found.tokens)
    assert "another corpus" in capsys.readouterr().out

    save_file({"tokens": torch.zeros(3)}, file, {"manifest": found.manifest})
    assert torch.equal(text.evaluation_text().tokens, found.tokens)
    assert "another kind" in capsys.readouterr().out


def test_where_nothing_can_be_kept_the_text_is_there_all_the_same(small, monkeypatch, capsys) -> None:
    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mechint_course.resources.os.fsync", full)
    assert len(text.evaluation_text()) == 20
    assert "No space left" in capsys.readouterr().out
    assert not list((small / "corpus").glob("*"))


def test_a_smaller_training_text_is_part_of_the_whole_one(small) -> None:
    few, more = text.training_text("A", 2560), text.training_text("A", 25_600)
    assert len(few) == 20
    assert {tuple(row) for row in few.tokens.tolist()} <= {tuple(row) for row in more.tokens.tolist()}
    assert not torch.equal(text.training_text("A", 2560, seed=1).tokens, few.tokens)


def test_choosing_sequences(small) -> None:
    found = text.evaluation_text()
    assert len(found.of("http")) == 10
    sample = found.sample(3)
    assert sample.domain.tolist() == [0, 0, 0, 1, 1, 1]
    assert torch.equal(sample.tokens, found.sample(3).tokens)
    with pytest.raises(ValueError, match="dna, http"):
        found.of("poetry")


def test_the_tokenizer_gives_every_text_back() -> None:
    tokenizer = load_tokenizer()
    for sample in ("def f(x):\n    return x", "GATTACA", "שלום 안녕 مرحبا", "\ttabs\r\nand 🎲"):
        assert tokenizer.decode(encode([sample])[0]) == sample


def test_a_character_of_several_tokens_stands_on_the_last(unchecked) -> None:
    numbers = encode(["🎲!"])[0]
    assert len(numbers) > 2
    assert token_strings(numbers) == ["·"] * (len(numbers) - 2) + ["🎲", "!"]
    assert "".join(token_strings(numbers[:1])).startswith("<f0>")
    assert token_strings([*numbers[:1], 0, *numbers[1:]])[1] == START
    assert token_strings(torch.tensor([0])) == [START]
    with pytest.raises(ValueError, match="one sequence"):
        token_strings(torch.zeros(2, 3, dtype=torch.long))


def test_every_token_alone_has_a_text() -> None:
    assert all(token_strings([number]) != ["·"] for number in range(2048))


def test_a_bad_tokenizer_file_is_named(tmp_path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text('{"model": {"type": "BPE"')
    with pytest.raises(ValueError, match=r"tokenizer\.json"):
        read_tokenizer(file)
    train_tokenizer(["a text of a few words"] * 3, vocabulary=300).save(str(file))
    assert read_tokenizer(file).token_to_id(START) == 0
