"""Numbers of things, for people."""


def counted(number: float, unit: str) -> str:
    """A number with its unit, which has an s unless there is exactly one.

    >>> counted(1, "minute"), counted(2.5, "point")
    ('1 minute', '2.5 points')
    """
    return f"{number:g} {unit}" + ("" if number == 1 else "s")
