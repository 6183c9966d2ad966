"""An explainer behind an address, against a server of the test's own: what it is asked, what it scores, how it fails."""

import json
import random
import re
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from scipy.stats import spearmanr

from mechint_course.features import endpoint as endpoint_module
from mechint_course.features import explain_in_words as words
from mechint_course.features.endpoint import Endpoint, EndpointError
from mechint_course.features.explain import correlation, score
from mechint_course.features.explain_in_words import EXPLAINING, SIMULATING, Told, example_places, quantised

STRINGS = ["<s>", " dog", ' "q"', " cat", "\n", " <7>", " on", " the"]
Reply = Callable[[str], object]


def read(tokens: list[int]) -> list[str]:
    return [STRINGS[token] for token in tokens]


class Server(ThreadingHTTPServer):
    """Answers like OpenAI's chat format, and notes what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict] = []
        self.headers: list[dict] = []
        self.statuses: list[tuple[int, dict, bytes]] = []
        """What comes instead of an answer, first to last."""
        self.reply: Reply = lambda _question: "nothing"

    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body | {"path": self.path})
        self.server.headers.append(dict(self.headers))
        if self.server.statuses:
            status, headers, raw = self.server.statuses.pop(0)
        else:
            answer = self.server.reply(body["messages"][-1]["content"])
            told = {"choices": [{"message": {"role": "assistant", "content": answer}}]}
            status, headers, raw = 200, {}, json.dumps(told).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture
def endpoint(server: Server, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Endpoint(server.url(), "a-model", timeout=5, pause=0.01)


def unit(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(values, tokens, choosing): on at " cat", more weakly at " dog"."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, len(STRINGS), (80, 24), generator=generator)
    tokens[:, 0] = 0
    at = (tokens[:, 1:] == 3) * 4.0 + (tokens[:, 1:] == 1) * 1.5
    values = at * (0.6 + 0.4 * torch.rand(at.shape, generator=generator))
    values[torch.rand(at.shape, generator=generator) < 0.2] = 0
    return values.float(), tokens, torch.arange(80) % 2 == 0


def by_rule(question: str) -> str:
    """A model that reads: it finds the strongest token of the examples, and simulates by it."""
    lines = question.splitlines()
    if "Say in one short sentence" in lines[0]:
        pairs = [pair for line in lines[1:] for pair in json.loads(line)]
        assert all(type(level) is int and 0 <= level <= 9 for _, level in pairs)
        best = max(pairs, key=lambda pair: pair[1])[0]
        return f"It is on at {best.strip()} above all.\n"
    (named,) = re.findall(r"on at (\w+) above all", question)
    tokens = json.loads(lines[-1])
    return f"Here: {json.dumps([9 if token.strip() == named else 0 for token in tokens])}"


def by_chance(question: str) -> str:
    if "Say in one short sentence" in question:
        return "It is on now and then."
    dice = random.Random(question)
    return json.dumps([dice.randint(0, 9) for _ in json.loads(question.splitlines()[-1])])


def test_nothing_is_sent_before_a_question_is_asked(server, endpoint):
    Told("on at cat", endpoint, 1.0, read).words()
    assert server.asked == [] and endpoint.url == f"{server.url()}/chat/completions"


def test_an_explainer_that_reads_scores_high_and_one_that_guesses_about_nothing(server, endpoint):
    values, tokens, choosing = unit()
    server.reply = by_rule
    told, found = words.explain_and_score(endpoint, values, tokens, choosing, read=read)
    assert told.words() == "It is on at cat above all."
    assert found.spearman > 0.6 and found.plain > 0.7 and found.n_examples == len(server.asked) - 1
    assert found.n_examples <= 60 and {asked["model"] for asked in server.asked} == {"a-model"}
    assert all(asked["path"] == "/v1/chat/completions" for asked in server.asked)
    assert not any("Authorization" in headers for headers in server.headers)

    server.reply = by_chance
    _, guessed = words.explain_and_score(endpoint, values, tokens, choosing, read=read)
    assert abs(guessed.spearman) < 0.12 and abs(guessed.plain) < 0.12


def test_the_score_is_the_correlation_of_ranks_and_the_offline_scorer_takes_the_same_explanation(
    server, endpoint
):
    values, tokens, choosing = unit()
    server.reply = by_rule
    told, found = words.explain_and_score(endpoint, values, tokens, choosing, read=read)
    places = example_places(values[~choosing], tokens[~choosing], SIMULATING)
    truth, examples = words.around(values[~choosing], tokens[~choosing], places)
    simulated = told.simulate(examples)
    assert found.spearman == pytest.approx(
        float(spearmanr(simulated.flatten(), truth.flatten()).statistic), abs=1e-6
    )
    assert found.plain == pytest.approx(correlation(simulated.flatten(), truth.flatten()), abs=1e-6)
    assert score(told, truth, examples).plain == pytest.approx(found.plain, abs=1e-6)
    assert simulated.max() == pytest.approx(float(values[choosing].max()))


def test_examples_are_of_every_sort_of_the_paper_and_none_comes_twice():
    values, tokens, _ = unit()
    assert (
        EXPLAINING.top,
        EXPLAINING.each * EXPLAINING.intervals,
        EXPLAINING.random,
        EXPLAINING.same_token,
    ) == (10, 24, 5, 10)
    assert (
        SIMULATING.top,
        SIMULATING.each * SIMULATING.intervals,
        SIMULATING.random,
        SIMULATING.same_token,
    ) == (6, 24, 10, 20)
    places = example_places(values, tokens, SIMULATING)
    assert len({tuple(place) for place in places.tolist()}) == len(places) <= 60
    top, rest = places[:6], places[6:]
    assert values[top[:, 0], top[:, 1]].min() >= values.max(dim=1).values.sort(descending=True).values[5]
    assert len(set(top[:, 0].tolist())) == 6
    intervals = ((values[places[:, 0], places[:, 1]] / values.max() * 12).long()).clamp_max(11)
    assert {k for k in range(12) if ((values / values.max() * 12).long() == k).any()} <= set(
        intervals.tolist()
    )
    last = rest[-20:]
    named = tokens[top[:, 0], top[:, 1] + 1].unique()
    assert torch.isin(tokens[last[:, 0], last[:, 1] + 1], named).all()
    shown, around = words.around(values, tokens, places)
    assert shown.shape == (len(places), 15) and around.shape == (len(places), 16)
    for (row, at), value, near in zip(places.tolist(), shown, around, strict=True):
        first = max(0, min(at + 1 - 10, 24 - 16))
        assert near.tolist() == tokens[row, first : first + 16].tolist()
        assert value[at - first] == values[row, at]


def test_a_unit_that_is_hardly_on_is_not_asked_about(server, endpoint):
    values, tokens, choosing = unit()
    assert words.explain_and_score(endpoint, torch.zeros_like(values), tokens, choosing, read=read) is None
    with pytest.raises(ValueError, match="never is"):
        words.explain(endpoint, torch.zeros_like(values), tokens, read=read)
    assert server.asked == []


def test_numbers_are_told_from_zero_to_nine():
    values = torch.rand(500, generator=torch.Generator().manual_seed(0)) * 4 - 0.5
    found = quantised(values, 3.0)
    assert found.tolist() == [min(9, round(max(0.0, v) / 3.0 * 9)) for v in values.tolist()]


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        ([(401, {}, b"")], r"refused a question without a key \(status 401\)"),
        ([(404, {}, b"{}")], r"has no model 'a-model' \(status 404\)"),
        (
            [(400, {}, b'{"error": {"message": "too\\nlong"}}')],
            r"refused the question \(status 400\): too long",
        ),
        ([(400, {}, b"")], "it says no more"),
        ([(200, {}, b"<html>hello</html>")], r"not answer in OpenAI's chat format, but with '<html>"),
        ([(200, {}, b'{"choices": []}')], "chat format"),
        ([(200, {}, b'{"choices": [{"message": {"content": null}}]}')], "chat format"),
        ([(200, {}, b"[" * 100_000)], "chat format"),
        (
            [(302, {"Location": "http://127.0.0.1:1/"}, b"")],
            "points to another address, which was not followed",
        ),
        ([(429, {}, b"")] * 5, r"is busy or broken \(status 429\), 5 times in a row"),
        ([(503, {"Retry-After": "0"}, b"")] * 5, r"status 503\), 5 times in a row"),
    ],
)
def test_every_refusal_is_one_sentence(server, endpoint, statuses, sentence):
    server.statuses = list(statuses)
    with pytest.raises(EndpointError, match=sentence) as raised:
        endpoint.ask("hello")
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 350
    assert len(server.asked) == len(statuses), "only what may pass is asked again"


def test_a_busy_server_is_asked_again_after_a_pause(server, endpoint, monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(endpoint_module.time, "sleep", pauses.append)
    server.statuses = [
        (429, {}, b""),
        (500, {}, b""),
        (429, {"Retry-After": "7"}, b""),
        (503, {"Retry-After": "9999"}, b""),
    ]
    server.reply = lambda _question: "hello yourself"
    assert endpoint.ask("hello", system="be kind") == "hello yourself"
    assert pauses == [0.01, 0.02, 7.0, 60.0]
    assert server.asked[-1]["messages"] == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "hello"},
    ]


def test_a_server_that_is_not_there_or_says_nothing_is_one_sentence():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(
            EndpointError, match=r"cannot be reached \(Connection refused\): is the address right"
        ):
            Endpoint(f"http://127.0.0.1:{port}/v1", "m").ask("hello")
    with pytest.raises(EndpointError, match="cannot be reached"):
        Endpoint("http://no-such-host.invalid/v1", "m").ask("hello")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with pytest.raises(EndpointError, match=r"did not answer within 0.2 s, 2 times in a row"):
            Endpoint(url, "m", timeout=0.2, tries=2, pause=0.01).ask("hello")


def test_the_key_is_read_late_and_said_never(server, monkeypatch):
    keyed = Endpoint(server.url(), "m", key_variable="COURSE_TEST_KEY", pause=0.01)
    with pytest.raises(EndpointError, match="COURSE_TEST_KEY holds no key"):
        keyed.ask("hello")
    monkeypatch.setenv("COURSE_TEST_KEY", "two\nlines")
    with pytest.raises(EndpointError, match="characters that no key has"):
        keyed.ask("hello")
    assert server.asked == []
    monkeypatch.setenv("COURSE_TEST_KEY", "secret-123")
    assert keyed.ask("hello") == "nothing"
    assert server.headers[-1]["Authorization"] == "Bearer secret-123"
    server.statuses = [(401, {}, b'{"error": "wrong secret-123"}')]
    with pytest.raises(EndpointError, match="refused the key in COURSE_TEST_KEY") as raised:
        keyed.ask("hello")
    assert "secret-123" not in str(raised.value) + repr(keyed)


@pytest.mark.parametrize("address", ["file:///etc/hosts", "localhost:11434/v1", "", "ftp://there/v1"])
def test_only_an_address_of_the_web_is_taken(address):
    with pytest.raises(ValueError, match="Expected an address such as"):
        Endpoint(address, "m")


def test_an_answer_of_another_form_is_asked_for_again_once(server, endpoint):
    told = Told("on at cat", endpoint, 9.0, read)
    tokens = torch.tensor([[0, 3, 2, 4]])
    answers = iter(["no idea", "Sure! [0, 9, 1, 0]"])
    server.reply = lambda _question: next(answers)
    assert told.simulate(tokens).tolist() == [[9.0, 1.0, 0.0]]
    assert json.loads(server.asked[0]["messages"][-1]["content"].splitlines()[-1]) == [
        STRINGS[t] for t in (0, 3, 2, 4)
    ]
    for answer in ("[0, 9, 1]", "[0, 10, 1, 0]", "[0, 9, 1, 0.5]", "nine", "[0, -9, 1, 0]"):
        server.reply = lambda _question, answer=answer: answer
        with pytest.raises(
            EndpointError, match="Expected a list of 4 whole numbers from 0 to 9 from 'a-model'"
        ):
            told.simulate(tokens)


def test_stopped_it_scores_what_it_has(server, endpoint, monkeypatch, capsys):
    values, tokens, choosing = unit()
    count = iter(range(1000))

    def stops(question: str) -> str:
        if next(count) == 21:
            raise KeyboardInterrupt
        return by_rule(question)

    monkeypatch.setattr(Endpoint, "ask", lambda _self, question, system="": stops(question))
    _, found = words.explain_and_score(endpoint, values, tokens, choosing, read=read)
    assert found.n_examples == 20 and found.plain > 0.5
    assert "stopped after 21 of" in capsys.readouterr().out


def test_no_other_door_to_the_network_is_used(server, endpoint, monkeypatch):
    """Whatever opens a connection goes to the server that was named."""
    opened = []
    real = socket.create_connection
    monkeypatch.setattr(
        socket,
        "create_connection",
        lambda address, *a, **k: (opened.append(address), real(address, *a, **k))[1],
    )
    assert urllib.request.HTTPSHandler is not None
    endpoint.ask("hello")
    assert opened == [("127.0.0.1", server.server_port)]
