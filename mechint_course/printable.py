"""Names and messages of others, for a terminal or a table."""


def printable(text: str) -> str:
    """The text with ? for every control character: a file's name must not steer the terminal.

    >>> printable("a\\x1b[31m b")
    'a?[31m b'
    """
    return "".join(c if c.isprintable() else "?" for c in text)
