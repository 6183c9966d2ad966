"""Named fixtures: models and dictionaries that both the judge and the answer's process build for themselves.

A fixture is built once a process. After each call its state is compared with what it was: an answer that leaves a
hook behind or changes a weight is told so, and the fixture is built afresh for the next call.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch

from mechint_course.exercises.values import Fixture, Value, rebuild

_BUILT: dict[str, Any] = {}


def _model(name: str) -> Callable[[], Any]:
    def build() -> Any:
        from mechint_course.language import load_model  # costs seconds: only where a model is asked for

        return load_model(name, fresh=True)  # not the object that a notebook holds, hooks and all

    return build


def _dictionary(name: str) -> Callable[[], Any]:
    def build() -> Any:
        from mechint_course.sae import load_dictionary

        return deepcopy(load_dictionary(name))  # not the object that a notebook holds

    return build


BUILDERS: dict[str, Callable[[], Any]] = {f"model:{name}": _model(name) for name in ("tiny", "A", "B")} | {
    f"dictionary:{name}": _dictionary(name) for name in ("A-512", "A-4096", "A-sparse", "B-sparse")
}
"""What each name stands for."""


def fixture(name: str) -> Fixture:
    """The named fixture as a value to call an answer with; LookupError names the known ones."""
    if name not in BUILDERS:
        raise LookupError(f"no fixture {name!r}; there are {', '.join(BUILDERS)}")
    return Fixture(name)


def build(name: str) -> Any:
    """The object behind a fixture's name, built on first use in this process."""
    if name not in _BUILT:
        _BUILT[name] = BUILDERS[fixture(name).name]()
    return _BUILT[name]


def resolve(value: Value) -> Any:
    """The value with every fixture replaced by its object."""
    if isinstance(value, Fixture):
        return build(value.name)
    try:
        return rebuild(value, resolve)
    except TypeError:
        return value


def names_in(value: Value) -> set[str]:
    """The fixtures that a value mentions."""
    if isinstance(value, Fixture):
        return {value.name}
    members = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return {name for member in members for name in names_in(member)}


def state(name: str) -> tuple[float, int]:
    """A fingerprint of a model: the sum of its weights' absolute values, and how many hooks hang on it."""
    model = build(name)
    weights = sum(
        float(parameter.detach().abs().sum(dtype=torch.float64)) for parameter in model.parameters()
    )
    hooks = sum(len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules())
    return weights, hooks


def damage(name: str, before: tuple[float, int]) -> tuple[str, str] | None:
    """What an answer did to a fixture since `before`, as (slug, sentence); the damaged object is forgotten."""
    weights, hooks = state(name)
    if (weights, hooks) == before:
        return None
    del _BUILT[name]
    if weights != before[0]:
        return (
            "changes-weights",
            "Your function changed the model's weights; work on activations or on a copy instead.",
        )
    return "leaves-hooks", (
        "Your function left a hook on the model, so that every later run is changed too; "
        "use `run_with_hooks` or `with model.hooks(...)`, which take their hooks off again."
    )
