"""`evaluate`: honest dictionaries win, cheats lose, bad folders are named, and the same text gives the same bytes."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mechint_course import cli
from mechint_course.hackathon.benchmark import (
    Benchmark,
    file_benchmark,
    public_benchmark,
    secret_benchmark,
)
from mechint_course.hackathon.contest import Contest, Entry
from mechint_course.language.corpus import manifest_hash
from mechint_course.sae import SAE, StandardSAE, TopKSAE, load_dictionary, train_sae
from tests.hackathon import cheats

SHIPPED = "A-4096"


@pytest.fixture(scope="module")
def public() -> Benchmark:
    return public_benchmark("A", sequences=4)


@pytest.fixture(scope="module")
def secret() -> Benchmark:
    return secret_benchmark("A", "three grey geese", sequences=8)


@pytest.fixture(scope="module")
def contest(public: Benchmark, secret: Benchmark) -> Contest:
    return Contest(secret, public, load_dictionary(SHIPPED))


@pytest.fixture(scope="module")
def baseline(contest: Contest) -> Entry:
    entry = contest.baseline("shipped")
    assert entry is not None
    return entry


def entered(contest: Contest, sae: SAE, folder: Path) -> Entry:
    sae.save_model(folder)
    entry = contest.score("x", folder)
    assert entry.scores is not None, entry.error
    return entry


def test_the_honest_baseline_is_itself_and_has_no_flag(baseline: Entry) -> None:
    assert baseline.scores is not None and baseline.public is not None
    assert baseline.scores.match == pytest.approx(1.0, abs=1e-6)
    assert baseline.scores.l0 <= 16 and baseline.scores.headline == baseline.scores.loss_recovered
    assert not baseline.flags
    assert len(baseline.scores.f1_by_domain) == 16 < len(baseline.public.f1_by_domain) == 21


def test_copies_of_the_neurons_are_perfect_and_lose(
    contest: Contest, baseline: Entry, tmp_path: Path
) -> None:
    entry = entered(contest, cheats.neurons(512), tmp_path)
    assert entry.scores.loss_recovered == pytest.approx(1.0, abs=1e-3) and entry.scores.l0 > 30
    assert entry.scores.headline < baseline.scores.headline
    assert any("single neurons" in flag for flag in entry.flags)


@pytest.mark.slow
def test_latents_too_small_to_see_still_count(contest: Contest, tmp_path: Path) -> None:
    plain = entered(contest, cheats.neurons(512), tmp_path / "plain")
    hidden = entered(contest, cheats.neurons(512, shrunk=1e-12), tmp_path / "hidden")
    assert hidden.scores.l0 == pytest.approx(plain.scores.l0, abs=0.01)
    assert hidden.scores.headline == pytest.approx(plain.scores.headline, abs=1e-3)


def test_the_sixteen_strongest_neurons_lose(contest: Contest, baseline: Entry, tmp_path: Path) -> None:
    entry = entered(contest, cheats.strongest_neurons(512), tmp_path)
    assert entry.scores.l0 <= 16 and entry.scores.headline < baseline.scores.headline


@pytest.mark.parametrize("factor", [pytest.param(1e-9, marks=pytest.mark.slow), 1e9])
def test_norms_change_nothing(contest: Contest, baseline: Entry, factor: float, tmp_path: Path) -> None:
    entry = entered(contest, cheats.rescaled(load_dictionary(SHIPPED), factor), tmp_path)
    assert entry.scores.headline == pytest.approx(baseline.scores.headline, abs=2e-3)


def test_latents_for_places_lose(
    contest: Contest, public: Benchmark, baseline: Entry, tmp_path: Path
) -> None:
    entry = entered(contest, cheats.places(public), tmp_path)
    assert entry.scores.headline < baseline.scores.headline - 0.2


def test_the_public_text_by_heart_loses_on_the_secret_one(
    contest: Contest, public: Benchmark, baseline: Entry, tmp_path: Path
) -> None:
    entry = entered(contest, cheats.memory(public.x, 4096), tmp_path)
    assert entry.public.headline > entry.scores.headline
    assert entry.gap > 0.02 and any("public text" in flag for flag in entry.flags)
    assert entry.scores.headline < baseline.scores.headline


@pytest.mark.slow
def test_a_dictionary_tuned_to_the_public_text_wins_there_and_loses_on_the_secret_one(tmp_path: Path) -> None:
    """The shipped dictionary of 512 latents, trained on with the public text alone."""
    public, secret = (
        public_benchmark("A", sequences=2),  # little text is soon known by heart
        secret_benchmark("A", "three grey geese", sequences=6),
    )
    contest = Contest(secret, public, load_dictionary("A-512"))
    honest = contest.baseline("honest")
    cheat = TopKSAE(512, 512, 16, seed=0)
    cheat.load_state_dict(load_dictionary("A-512").state_dict())

    def batches(step: int):
        while True:
            rows = torch.randint(len(public.x), (1024,), generator=torch.Generator().manual_seed(step))
            yield public.x[rows]
            step += 1

    train_sae(cheat, batches, n_steps=1200, learning_rate=2e-3, quiet=True)
    entry = entered(contest, cheat, tmp_path)
    assert entry.public.headline > honest.public.headline + 0.01
    assert entry.scores.headline < honest.scores.headline
    assert any("public text" in flag for flag in entry.flags)


def test_a_secret_text_is_its_seeds_alone(secret: Benchmark, public: Benchmark) -> None:
    again = secret_benchmark("A", "three grey geese", sequences=8)
    other = secret_benchmark("A", "three grey goose", sequences=3)
    rows = [benchmark.spliceable.tokens for benchmark in (secret, again, other, public)]
    assert torch.equal(rows[0], rows[1])
    texts = [{tuple(row[1:].tolist()) for row in tokens} for tokens in rows]
    assert not texts[0] & texts[2] and not texts[0] & texts[3]
    with pytest.raises(ValueError, match="empty"):
        secret_benchmark("A", "  ")


def test_a_secret_text_leaves_the_corpus_as_it_is() -> None:
    before = manifest_hash(split="held_out", share={})
    secret_benchmark("A", "any", sequences=1)
    assert manifest_hash(split="held_out", share={}) == before


def test_halves_share_no_document_and_hold_every_domain(public: Benchmark) -> None:
    for number in range(len(public.domains)):
        here = public.domain == number
        assert public.choosing[here].any() and not public.choosing[here].all()


# From here on a file of activations: no model, so everything is quick.


@pytest.fixture(scope="module")
def directions() -> torch.Tensor:
    rows = torch.randn(12, 8, generator=torch.Generator().manual_seed(0))
    return rows / rows.norm(dim=1, keepdim=True)


@pytest.fixture(scope="module")
def activations_file(directions: torch.Tensor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """640 inputs, each one of twelve directions with a little noise; the label says which."""
    generator = torch.Generator().manual_seed(1)
    label = torch.randint(12, (640,), generator=generator)
    x = directions[label] * (1 + torch.rand(640, 1, generator=generator))
    file = tmp_path_factory.mktemp("x") / "x.safetensors"
    save_file({"activations": x + 0.01 * torch.randn(640, 8, generator=generator), "labels": label}, file)
    return file


@pytest.fixture
def folders(directions: torch.Tensor, tmp_path: Path) -> dict[str, Path]:
    """A dictionary that holds the truth, one of noise, and four that are broken, each in its way."""
    truth = TopKSAE(8, 12, 1, seed=0).requires_grad_(False)
    truth.W_enc.copy_(directions.T)
    truth.W_dec.copy_(directions)
    truth.save_model(tmp_path / "truth")
    StandardSAE(8, 30, seed=3).save_model(tmp_path / "noise")
    TopKSAE(5, 12, 1, seed=0).save_model(tmp_path / "narrow")
    truth.save_model(tmp_path / "cut")
    weights = tmp_path / "cut" / "sae_weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    (tmp_path / "pickle").mkdir()
    torch.save({"W_enc": torch.ones(2)}, tmp_path / "pickle" / "sae_weights.safetensors")
    (tmp_path / "pickle" / "cfg.json").write_text((tmp_path / "truth" / "cfg.json").read_text())
    names = ("truth", "noise", "narrow", "cut", "pickle", "nowhere")
    return {name: tmp_path / name for name in names}


def test_a_folder_that_fails_is_reported_and_the_others_are_scored(
    folders: dict[str, Path], activations_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = [
        "evaluate",
        *map(str, folders.values()),
        "--activations",
        str(activations_file),
        "--out",
        str(out),
    ]
    assert cli.main([*words, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    found = {row["name"]: row for row in said["dictionaries"]}
    assert found["truth"]["rank"] == "1" and found["noise"]["rank"] == "2"
    assert (
        found["truth"]["score"] > 0.99 and found["truth"]["domain_f1"] > 0.99 and found["truth"]["dead"] == 0
    )
    assert found["truth"]["loss_recovered"] is None
    assert [found[name]["rank"] for name in ("narrow", "cut", "pickle", "nowhere")] == ["failed"] * 4
    assert "takes 5 numbers" in found["narrow"]["error"] and "missing" in found["nowhere"]["error"]
    assert "damaged or cut short" in found["cut"]["error"] and "damaged" in found["pickle"]["error"]
    with (out / "leaderboard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows][:2] == ["truth", "noise"]
    assert {row["name"]: row["folder"] for row in rows} == {n: str(folder) for n, folder in folders.items()}
    assert (out / "cards" / "truth" / "card.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "leaderboard.png").exists() and not (out / "cards" / "cut" / "card.png").exists()


def test_the_same_text_gives_the_same_bytes(
    folders: dict[str, Path], activations_file: Path, tmp_path: Path
) -> None:
    made = []
    for out in (tmp_path / "one", tmp_path / "two"):
        words = ["evaluate", str(folders["truth"]), "--activations", str(activations_file), "--out", str(out)]
        assert cli.main(words) == 0
        made.append([file.read_bytes() for file in sorted(out.rglob("*.*")) if file.is_file()])
    assert made[0] == made[1] and len(made[0]) == 5


def test_teams_that_call_their_folder_alike_are_told_apart(
    folders: dict[str, Path], activations_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for team, dictionary in (("team-1", "noise"), ("team-2", "truth")):
        shutil.copytree(folders[dictionary], tmp_path / team / "my-dictionary")
    teams = [str(tmp_path / team / "my-dictionary") for team in ("team-1", "team-2")]
    words = ["--activations", str(activations_file), "--out", str(tmp_path / "o"), "--json"]
    assert cli.main(["evaluate", *teams, *words]) == 0
    rows = json.loads(capsys.readouterr().out)["dictionaries"]
    assert [(row["name"], row["folder"]) for row in rows] == [
        ("team-2-my-dictionary", teams[1]),
        ("team-1-my-dictionary", teams[0]),
    ]


def test_too_many_latents_are_listed_without_a_rank(
    folders: dict[str, Path], activations_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(folders["truth"]), str(folders["noise"]), "--activations", str(activations_file)]
    assert cli.main([*words, "--most-latents", "20", "--out", str(tmp_path / "o"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["dictionaries"]
    assert [(row["name"], row["rank"]) for row in rows] == [("truth", "1"), ("noise", "too large")]


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"x": torch.ones(300, 4)}, "expected a tensor 'activations'"),
        (
            {"activations": torch.rand(300, 4), "more": torch.ones(1)},
            "perhaps 'labels', found activations, more",
        ),
        ({"activations": torch.rand(20, 4)}, "256 tokens or more"),
        ({"activations": torch.ones(300, 4)}, "equal rows"),
        ({"activations": torch.full((300, 4), float("nan"))}, "finite"),
        ({"activations": torch.ones(300, 4, dtype=torch.long)}, "floating-point"),
        ({"activations": torch.rand(300, 4), "labels": torch.zeros(299).long()}, "a whole number a token"),
        ({"activations": torch.rand(300, 4), "labels": torch.full((300,), 100)}, "from -1 to 99"),
    ],
)
def test_a_bad_file_of_activations_is_a_sentence(
    tensors: dict[str, torch.Tensor], words: str, tmp_path: Path
) -> None:
    file = tmp_path / "x.safetensors"
    save_file(tensors, file)
    with pytest.raises(ValueError, match=words):
        file_benchmark(file)


def test_words_that_do_not_go_together_are_a_sentence(
    activations_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "x", "--activations", str(activations_file), "--secret-seed", "s"]
    assert cli.main([*words, "--out", str(tmp_path / "o")]) == 1
    assert "does not go with --activations" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
    with pytest.raises(FileNotFoundError, match="found none there"):
        file_benchmark(tmp_path / "nothing")
