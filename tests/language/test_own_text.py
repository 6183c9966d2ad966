"""Text of one's own: the same form as the course's, and one sentence for everything that is no text."""

import json
import os
import shutil
import socket

import pytest
import torch

from mechint_course.language import from_dataset, from_files, from_text, load_model, load_tokenizer, own_text

CATS = "The cat sat on the mat and looked at the rain. " * 40
DOGS = "A dog ran over the bridge. " * 60


def test_a_text_becomes_sequences_that_begin_with_the_start_token() -> None:
    found = from_text(CATS, n_ctx=20)
    assert found.tokens.shape[1] == 20
    assert (found.tokens[:, 0] == 0).all()
    again = load_tokenizer().decode([t for row in found.tokens[:, 1:].tolist() for t in row])
    assert CATS.startswith(again)
    assert len(again) > len(CATS) - 100


def test_texts_of_several_domains_keep_their_names() -> None:
    found = from_text({"cats": [CATS, CATS], "dogs": [DOGS]}, n_ctx=16)
    assert found.domains == ("cats", "dogs")
    assert found.document.unique().tolist() == [0, 1, 2]
    assert set(found.domain[found.document == 2].tolist()) == {1}
    assert len(found.of("dogs")) > 3


def test_a_model_brings_its_own_tokenizer() -> None:
    tiny = load_model("tiny")
    found = from_text("the cat sat on the mat . " * 9, model=tiny, n_ctx=8)
    assert found.tokens[0].tolist() == tiny.to_tokens("the cat sat on the mat .")[0].tolist()
    with pytest.raises(ValueError, match="at most the model's 16, found 40"):
        from_text(CATS, model=tiny, n_ctx=40)


@pytest.mark.parametrize("texts", ["", "too short", [], {"cats": []}])
def test_too_little_text_says_how_much_is_needed(texts) -> None:
    with pytest.raises(ValueError, match="at least 127 tokens"):
        from_text(texts)


def test_a_sequence_holds_the_start_token_and_one_more() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        from_text(CATS, n_ctx=1)


def test_files_are_documents_and_their_folders_domains(tmp_path) -> None:
    for name, text in (("cats/a.txt", CATS), ("cats/b.txt", CATS), ("dogs/c.txt", "\ufeff" + DOGS)):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    found = from_files(sorted(tmp_path.glob("*/*.txt")), n_ctx=16)
    assert found.domains == ("cats", "dogs")
    assert len(found.document.unique()) == 3
    alone = from_files(tmp_path / "cats/a.txt", n_ctx=16)
    assert torch.equal(alone.tokens, from_text(CATS, n_ctx=16).tokens)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty file"),
        (b" \n \n", "empty file"),
        (b"text\0and more" * 50, "binary data"),
        ("Grüße aus Köln".encode("latin-1") * 50, "expected UTF-8, found the byte 0xfc at position 2"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, data, told) -> None:
    file = tmp_path / "mine.txt"
    file.write_bytes(data)
    with pytest.raises(ValueError, match=told) as error:
        from_files([file])
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_no_file_are_told(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="expected a text file, found none"):
        from_files([tmp_path / "nowhere.txt"])
    with pytest.raises(FileNotFoundError, match="expected a text file, found none"):
        from_files([tmp_path])
    with pytest.raises(ValueError, match="at least one text file"):
        from_files([])


def test_two_gigabytes_are_refused_before_they_are_read(tmp_path, monkeypatch) -> None:
    file = tmp_path / "huge.txt"
    with file.open("wb") as opened:
        os.truncate(opened.fileno(), 2_000_000_000)  # a hole: it takes no room on the disk
    monkeypatch.setattr(own_text.Path, "read_bytes", lambda self: pytest.fail("it was read"))
    with pytest.raises(ValueError, match=r"at most 1,000,000,000 bytes, found 2,000,000,000; .*from_dataset"):
        from_files([file])


@pytest.fixture
def data_set(tmp_path, monkeypatch):
    """A local data set in a format of the hub's: rows of text with a label."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "animals"
    folder.mkdir()
    rows = [{"text": CATS, "kind": "cats"}, {"text": DOGS, "kind": "dogs"}, {"text": CATS, "kind": "cats"}]
    (folder / "train.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    yield str(folder)
    shutil.rmtree(folder)


def test_a_data_set_is_read_as_a_stream(data_set) -> None:
    found = from_dataset(data_set, domain_column="kind", n_ctx=16)
    assert found.domains == ("cats", "dogs")
    assert len(found.document.unique()) == 3
    assert len(from_dataset(data_set, documents=2, n_ctx=16).document.unique()) == 2


def test_what_a_data_set_lacks_is_told(data_set, monkeypatch) -> None:
    with pytest.raises(ValueError, match="expected a column 'body', found 'text', 'kind'"):
        from_dataset(data_set, text_column="body")
    with pytest.raises(ValueError, match="split 'test'"):
        from_dataset(data_set, split="test")
    with pytest.raises(ValueError, match="at least 1 document"):
        from_dataset(data_set, documents=0)

    def nowhere(*_args, **_named):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", nowhere)
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConnectionError, match="cannot be reached"):
        from_dataset("somebody/some-data")
