"""How the wrong-answer corpus is written: for each exercise, right answers in several styles and plausible wrong ones."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answers:
    """The corpus of one exercise. Every answer is source code that defines the answer's name."""

    right: dict[str, str]
    """Style -> source. At least three for a coding exercise: right work in any style must pass."""
    wrong: dict[str, tuple[str | None, str]]
    """What is wrong -> (the slug it must be told, or None where failing is enough; source). At least six."""
    imports: str | None = None
    """Runs before each source; None stands for the chapter's imports cell."""
    about: str = field(default="", compare=False)
    """Anything a maintainer should know."""
