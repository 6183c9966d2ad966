"""Scripts of the kit that are no part of the package, loaded from where the package keeps them."""

import importlib.util
from pathlib import Path
from types import ModuleType

from mechint_course.classroom.workshop import kit


def load(path: str) -> ModuleType:
    """A script of the templates' folder, by its path below that."""
    place = Path(kit.TEMPLATES, path)
    spec = importlib.util.spec_from_file_location(f"kit_{place.stem}", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
