"""A language model behind an address: any server that speaks OpenAI's chat format, in the next room or far away.

Nothing is sent until a question is asked, and then to the address that was given and nowhere else: a server that points
to another one is not followed. The key is read from the environment when it is needed, and is in no message.
"""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

_LARGEST = 4_000_000
"""Bytes of an answer that are read."""
_BUSY = {408, 429, 500, 502, 503, 504, 529}
_LONGEST_PAUSE = 60.0


class EndpointError(Exception):
    """What went wrong with an endpoint, in one sentence."""


@dataclass(frozen=True)
class Endpoint:
    """A model that answers at `{base_url}/chat/completions`.

    Raises ValueError where the address is not one of the web.

    >>> Endpoint("http://localhost:11434/v1", "a-small-model").url
    'http://localhost:11434/v1/chat/completions'
    """

    base_url: str
    """Up to and without "/chat/completions", for example "http://localhost:11434/v1"."""
    model: str
    """The model's name there."""
    key_variable: str = ""
    """The environment variable that holds the key; empty for a server that wants none."""
    timeout: float = 60.0
    """Seconds to wait for one answer."""
    tries: int = 5
    """How often a question is asked in all where the server is busy or silent."""
    pause: float = 1.0
    """Seconds before the second try; doubled before each further one, unless the server says how long."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"Expected an address such as 'http://localhost:11434/v1', found {self.base_url!r}."
            )
        if self.tries < 1 or self.timeout <= 0:
            raise ValueError(
                f"Expected at least one try and a timeout above 0, found {self.tries} and {self.timeout}."
            )

    @property
    def url(self) -> str:
        return f"{self.base_url.rstrip('/')}/chat/completions"

    def ask(self, question: str, *, system: str = "") -> str:
        """The model's answer to a question. Raises EndpointError with one sentence where there is none."""
        said = [{"role": "system", "content": system}] if system else []
        messages = [*said, {"role": "user", "content": question}]
        request = self._request(messages)
        why = ""
        for attempt in range(self.tries):
            try:
                with _OPENER.open(request, timeout=self.timeout) as response:
                    return self._content(response.read(_LARGEST))
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _BUSY:
                        raise EndpointError(self._refusal(error)) from None
                    why = f"is busy or broken (status {error.code})"
                    pause = _asked_for(error.headers)
            except TimeoutError:
                why, pause = f"did not answer within {self.timeout:g} s", None
            except urllib.error.URLError as error:
                if not isinstance(error.reason, TimeoutError):
                    raise EndpointError(self._unreachable(error.reason)) from None
                why, pause = f"did not answer within {self.timeout:g} s", None
            except (OSError, http.client.HTTPException) as error:
                why, pause = f"broke the connection off ({error or type(error).__name__})", None
            if attempt < self.tries - 1:
                time.sleep(min(self.pause * 2**attempt if pause is None else pause, _LONGEST_PAUSE))
        raise EndpointError(
            f"{self.base_url} {why}, {self.tries} times in a row: wait a while, or ask for fewer examples."
        )

    def _request(self, messages: Sequence[dict[str, str]]) -> urllib.request.Request:
        headers = {"Content-Type": "application/json", "User-Agent": "mechint-course"}
        if self.key_variable:
            key = os.environ.get(self.key_variable, "").strip()
            if not key:
                raise EndpointError(
                    f"The environment variable {self.key_variable} holds no key: set it before you start Jupyter."
                )
            if not (key.isascii() and key.isprintable()):
                raise EndpointError(
                    f"The key in {self.key_variable} has characters that no key has: copy it again."
                )
            headers["Authorization"] = f"Bearer {key}"
        body = {"model": self.model, "messages": list(messages), "temperature": 0}
        return urllib.request.Request(self.url, json.dumps(body).encode(), headers, method="POST")

    def _content(self, raw: bytes) -> str:
        try:
            content = json.loads(raw)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError):
            content = None
        if not isinstance(content, str):
            found = raw[:60].decode(errors="replace")
            raise EndpointError(
                f"{self.url} did not answer in OpenAI's chat format, but with {found!r}: is the address right?"
            )
        return content

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        if error.code in (401, 403):
            where = f"the key in {self.key_variable}" if self.key_variable else "a question without a key"
            return f"{self.base_url} refused {where} (status {error.code})."
        if error.code == 404:
            return f"{self.url} was not found, or has no model {self.model!r} (status 404): check the address and the name."
        if 300 <= error.code < 400:
            return f"{self.base_url} points to another address, which was not followed: give the final one."
        return f"{self.base_url} refused the question (status {error.code}): {_reason(error)}"

    def _unreachable(self, reason: object) -> str:
        said = getattr(reason, "strerror", None) or reason
        return f"{self.base_url} cannot be reached ({said}): is the address right, and is the network there?"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key and the text are for the server that was named."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _asked_for(headers: Message) -> float | None:
    """The seconds that a server asks to wait; None where it says none, or says a date."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None


def _reason(error: urllib.error.HTTPError) -> str:
    """What the server says about its refusal, in a line."""
    raw = error.read(10_000).decode(errors="replace")
    try:
        said: Any = json.loads(raw)["error"]
        said = said["message"] if isinstance(said, dict) else said
    except (ValueError, LookupError, TypeError, RecursionError):
        said = raw
    return " ".join(str(said).split())[:200] or "it says no more"
