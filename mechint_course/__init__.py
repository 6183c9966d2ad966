"""A hands-on course in mechanistic interpretability.

In a notebook: `from mechint_course import check, hint, sized`. The science stands in `mechint_course.toy`,
`.language`, `.sae` and `.features`, and can be used alone.

Importing this package is instant and needs nothing but Python: names are fetched when they are first used.
"""

from importlib import import_module

TYPE_CHECKING = False  # as in `typing`, which costs a start-up its import
if TYPE_CHECKING:
    from mechint_course.exercises.notebook import check as check
    from mechint_course.exercises.notebook import hint as hint
    from mechint_course.size import sized as sized

__version__ = "0.1.0"
__all__ = ["check", "hint", "sized"]

_HOME = {
    "check": "mechint_course.exercises.notebook",
    "hint": "mechint_course.exercises.notebook",
    "sized": "mechint_course.size",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list:
    return sorted({*globals(), *__all__})
