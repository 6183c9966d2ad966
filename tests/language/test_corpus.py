"""The mini-Pile: what it holds, what it must not hold, and which part of it training never sees."""

from itertools import islice
from random import Random

import pytest

from mechint_course.language import installed
from mechint_course.language.corpus import DOMAINS, domains_of, manifest_hash, sources
from mechint_course.language.documents import split_of
from mechint_course.language.grammars import GRAMMARS
from mechint_course.language.grammars.lexicon import NOUNS, Lexicon, fill

PER_DOMAIN = 25


def texts(domain: str, split: str, count: int = PER_DOMAIN) -> list[str]:
    return [document.text for document in islice(DOMAINS[domain].documents(split), count)]


def test_twelve_domains_and_both_kinds() -> None:
    assert len(DOMAINS) >= 12
    assert any(domain.generated for domain in DOMAINS.values())
    assert any(not domain.generated for domain in DOMAINS.values())


@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_documents_say_their_domain_and_nothing_of_this_machine(domain: str) -> None:
    for split in ("train", "held_out"):
        for document in islice(DOMAINS[domain].documents(split), PER_DOMAIN):
            assert document.domain == domain
            assert len(document.text) > 200
            found = [private for private in installed.private_strings() if private in document.text]
            assert not found


def test_this_machine_has_something_to_hide() -> None:
    """Else the test above could not fail."""
    assert installed.private_strings()
    for private in installed.private_strings():
        assert installed.is_private(f"a line with {private} in it")
    assert not installed.is_private("a line about the root of a tree")


def test_a_document_that_names_the_home_folder_is_left_out(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(installed, "private_strings", lambda: ("/home/somebody",))
    clean, dirty = tmp_path / "clean.py", tmp_path / "dirty.py"
    clean.write_text("# nothing here\n" * 100)
    dirty.write_text("# nothing here\n" * 100 + "PATH = '/home/somebody/build'\n")
    files = [("clean", clean), ("dirty", dirty)]
    found = [
        name for split in ("train", "held_out") for _, name in installed._documents("python", files, split)
    ]
    assert found == ["clean"]


def test_only_the_allow_list_is_read() -> None:
    names = {name.partition(".")[0] for name, _ in installed.standard_library()}
    assert not names & {"sysconfig", "site", "test", "idlelib", "ensurepip"}
    assert not any("_sysconfigdata" in name for name in names)
    assert {name.partition(".")[0] for name, _ in installed.packages()} <= set(installed.PACKAGES)


@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_training_and_held_out_share_no_document(domain: str) -> None:
    assert not set(texts(domain, "train", 60)) & set(texts(domain, "held_out", 60))


def test_the_split_depends_on_the_name_alone() -> None:
    sides = [split_of(f"module_{number}") for number in range(2000)]
    assert 0.12 < sides.count("held_out") / len(sides) < 0.18
    assert sides == [split_of(f"module_{number}") for number in range(2000)]


@pytest.mark.parametrize("domain", sorted(GRAMMARS))
def test_a_grammar_gives_the_same_documents_again_and_never_repeats_itself(domain: str) -> None:
    first = texts(domain, "train")
    assert first == texts(domain, "train")
    assert len(set(first)) == len(first)


def test_fresh_words_are_unseen() -> None:
    seen, fresh = set(Lexicon()(NOUNS)), set(Lexicon(fresh=True)(NOUNS))
    assert seen | fresh == set(NOUNS)
    assert not seen & fresh
    assert len(fresh) >= 10


def test_dialogue_in_fresh_words_holds_no_seen_noun() -> None:
    text = " ".join(texts("dialogue", "fresh", 5)).replace(",", " ").replace(".", " ").split()
    assert set(text) & set(Lexicon(fresh=True)(NOUNS))
    ordinary = {"nothing", "house", "back"}  # words of the templates themselves
    assert not (set(text) & set(Lexicon()(NOUNS))) - ordinary


def test_base64_hides_text_in_about_a_third() -> None:
    import base64

    readable = 0
    documents = texts("base64", "train", 200)
    for text in documents:
        body = max(text.replace('"', "\n").replace(",", "\n").split("\n\n"), key=len)
        code = "".join(line for line in body.split("\n") if len(line) > 40 and "-----" not in line)
        raw = base64.b64decode(code[: len(code) // 4 * 4])
        readable += sum(32 <= byte < 127 or byte == 10 for byte in raw) / len(raw) > 0.95
    assert 0.2 < readable / len(documents) < 0.47


def test_each_model_has_a_domain_that_the_other_lacks() -> None:
    a, b = ({domain.name for domain in domains_of(model)} for model in "AB")
    assert len(a - b) == 1
    assert len(b - a) == 1
    with pytest.raises(ValueError, match="'A' or 'B'"):
        domains_of("C")


def test_the_manifest_changes_with_what_is_wanted_and_names_its_sources() -> None:
    assert manifest_hash(split="train") == manifest_hash(split="train")
    assert manifest_hash(split="train") != manifest_hash(split="held_out")
    assert {"python", "packages", "rules", "tokenizer"} <= sources().keys()


def test_fill_chooses_for_every_slot() -> None:
    words = {fill(Random(seed), "{w}{w}", {"w": ("a", "b")}) for seed in range(40)}
    assert words == {"aa", "ab", "ba", "bb"}
