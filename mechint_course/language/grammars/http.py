"""HTTP requests: a request line, headers in an order that varies, now and then a body."""

from random import Random

from mechint_course.language.grammars.lexicon import NOUNS, Lexicon

_METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "GET")
_AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.4.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Wget/1.21",
           "python-requests/2.31", "okhttp/4.12", "Mozilla/5.0 (Macintosh; Intel Mac OS X 13_4)", "Go-http-client/2.0",
           "PostmanRuntime/7.36", "axios/1.6", "Lynx/2.9", "Googlebot/2.1", "HTTPie/3.2",
           "Opera/9.80 (Windows NT 6.1)", "Apache-HttpClient/4.5")  # fmt: skip
_TYPES = (
    "text/html",
    "application/json",
    "image/png",
    "text/css",
    "application/xml",
    "text/plain",
    "*/*",
    "image/webp",
)
_FOLDERS = ("api", "static", "images", "users", "v1", "v2", "search", "blog", "assets", "orders", "cart", "login", "docs",
            "items", "news", "media", "account", "files", "upload", "reports", "admin", "archive", "billing", "catalog",
            "comments", "downloads", "events", "feed", "gallery", "help", "invoices", "jobs", "maps", "profile", "teams")  # fmt: skip
_ENDINGS = ("", "", ".html", ".json", ".png", ".css", ".js", "/", ".php", ".svg")


def _path(random: Random, words: Lexicon) -> str:
    folders = "/".join(random.choice(words(_FOLDERS)) for _ in range(random.randint(1, 3)))
    query = ""
    if random.random() < 0.5:
        pairs = (f"{random.choice(('id', 'page', 'q', 'sort', 'lang', 'token'))}={_value(random, words)}"
                 for _ in range(random.randint(1, 3)))  # fmt: skip
        query = "?" + "&".join(pairs)
    return f"/{folders}/{random.choice(words(NOUNS))}{random.choice(_ENDINGS)}{query}"


def _value(random: Random, words: Lexicon) -> str:
    kind = random.random()
    if kind < 0.4:
        return str(random.randint(1, 99999))
    return random.choice(words(NOUNS)) if kind < 0.8 else f"{random.getrandbits(32):08x}"


def _request(random: Random, words: Lexicon) -> str:
    method = random.choice(_METHODS)
    host = f"{random.choice(('www', 'api', 'cdn', 'static', 'mail'))}.{random.choice(words(NOUNS))}{random.choice(words(NOUNS))}"
    headers = [
        f"User-Agent: {random.choice(words(_AGENTS))}",
        f"Accept: {random.choice(_TYPES)}",
        f"Accept-Language: {random.choice(('en-US', 'de', 'fr-FR', 'ja', 'es', 'pt-BR'))};q=0.{random.randint(1, 9)}",
        "Accept-Encoding: gzip, deflate, br",
        f"Connection: {random.choice(('keep-alive', 'close'))}",
        f"Referer: https://www.{random.choice(words(NOUNS))}.{random.choice(('com', 'org', 'net', 'io'))}{_path(random, words)}",
        f"Cookie: session={random.getrandbits(64):016x}; theme={random.choice(('dark', 'light'))}",
        f"If-None-Match: \"{random.getrandbits(48):012x}\"",
        f"Cache-Control: {random.choice(('no-cache', 'max-age=0', 'no-store'))}",
        f"X-Request-Id: {random.getrandbits(32):08x}-{random.getrandbits(16):04x}-{random.getrandbits(16):04x}",
    ]  # fmt: skip
    chosen = random.sample(headers, random.randint(4, 8))
    body = ""
    if method in ("POST", "PUT", "PATCH"):
        fields = ", ".join(
            f'"{random.choice(words(NOUNS))}": "{_value(random, words)}"' for _ in range(random.randint(1, 4))
        )
        body = f"{{{fields}}}\n"
        chosen += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines = "\n".join(chosen)
    ending = random.choice(("com", "org", "net", "io"))
    return f"{method} {_path(random, words)} HTTP/1.1\nHost: {host}.{ending}\n{lines}\n\n{body}"


def document(random: Random, words: Lexicon) -> str:
    """Two to five requests, as a proxy would log them."""
    return "\n".join(_request(random, words) for _ in range(random.randint(2, 5)))
