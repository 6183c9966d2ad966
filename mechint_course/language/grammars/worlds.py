"""Two domains that only one model's training text holds: weather reports in A's, chess games in B's."""

from random import Random

from mechint_course.language.grammars.lexicon import LAST_NAMES, PLACES, Lexicon

_SKY = ("FEW", "SCT", "BKN", "OVC")
_WEATHER = ("", "", "-RA", "RA", "BR", "FG", "SN", "-SHRA", "+TSRA", "DZ")
_PIECES = ("", "", "", "N", "B", "R", "Q", "K")


def weather(random: Random, words: Lexicon) -> str:
    """Ten to twenty coded airport reports of one day."""
    lines = []
    day = random.randint(1, 28)
    for _ in range(random.randint(10, 20)):
        station = random.choice("EKLUZ") + random.choice(words(PLACES)).upper()[:3]
        clouds = " ".join(
            f"{random.choice(_SKY)}{random.randint(3, 99):03d}" for _ in range(random.randint(1, 3))
        )
        warm = random.randint(0, 35)
        visibility = random.choice(("9999", f"{100 * random.randint(3, 80):04d}"))
        parts = (
            "METAR", station, f"{day:02d}{random.randint(0, 23):02d}{random.choice(('00', '20', '50'))}Z",
            f"{10 * random.randint(0, 36):03d}{random.randint(1, 40):02d}KT", visibility, random.choice(words(_WEATHER)), clouds,
            f"{warm:02d}/{max(0, warm - random.randint(0, 12)):02d}", f"Q{random.randint(975, 1040)}", "NOSIG=",
        )  # fmt: skip
        lines.append(" ".join(part for part in parts if part))
    return "\n".join(lines) + "\n"


def _move(random: Random) -> str:
    kind = random.random()
    if kind < 0.03:
        return random.choice(("O-O", "O-O-O"))
    square = random.choice("abcdefgh") + random.choice("12345678")
    piece = random.choice(_PIECES)
    taken = "x" if random.random() < 0.2 else ""
    start = random.choice("abcdefgh") if taken and not piece else ""
    return f"{piece}{start}{taken}{square}{'+' if random.random() < 0.08 else ''}"


def chess(random: Random, words: Lexicon) -> str:
    """The record of a game of 30 to 60 moves; the moves follow the notation, not the rules."""
    white, black = random.sample(words(LAST_NAMES), 2)
    head = f'[Event "{random.choice(words(PLACES))} Open"]\n[White "{white}"]\n[Black "{black}"]\n'
    result = random.choice(("1-0", "0-1", "1/2-1/2"))
    moves = " ".join(f"{i}. {_move(random)} {_move(random)}" for i in range(1, random.randint(30, 60)))
    return f'{head}[Result "{result}"]\n\n{moves} {result}\n'
