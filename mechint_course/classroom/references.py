"""Taking the reference solutions out of a chapter, and making sure that each stands alone.

A reference is the solution cell without its two marker lines. It runs in a namespace that holds only what
the chapter's imports cell makes: the fallback in a notebook and the last hint depend on that.
"""

import ast
import builtins
import symtable
from collections.abc import Iterator

from mechint_course.classroom.source import (
    BEGIN,
    END,
    IMPORTS_TAG,
    Chapter,
    SourceError,
    grade_id_of,
    topic_of,
)


def references(chapter: Chapter) -> dict[str, str]:
    """The generated files of a chapter, by their path below `data/references`, such as `toy/forward.py`.

    Raises:
        SourceError: a solution uses a name that the imports cell lacks, or does not make the answer's name.
    """
    cells = chapter.notebook.cells
    imports = next(cell.source for cell in cells if IMPORTS_TAG in cell.metadata.get("tags", []))
    given = set(bound(imports, f"{chapter.name}, the imports cell"))
    sources = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if "nbgrader" in cell.metadata}
    topic = topic_of(chapter.name)
    files = {f"{topic}/imports.py": imports.strip() + "\n"}
    for exercise in chapter.exercises:
        name = exercise.id.split(".")[-1]
        text = without_markers(sources[grade_id_of(exercise.id)])
        where = f"{chapter.name}, the answer of {exercise.id}"
        if name not in set(bound(text, where)):
            raise SourceError(
                f"{where} makes no {name!r}; the answer's name is the last part of the exercise's id."
            )
        strange = sorted(set(needed(text, where)) - given)
        if strange:
            raise SourceError(
                f"{where} uses {', '.join(strange)}, which the imports cell does not give. "
                "A reference must stand alone: import there, or write what is needed inside the solution."
            )
        files[f"{topic}/{name}.py"] = text
    return files


def without_markers(source: str) -> str:
    """
    >>> without_markers("def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION")
    'def f():\\n    return 1\\n'
    """
    return "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END)).strip() + "\n"


def bound(source: str, where: str) -> Iterator[str]:
    """The names that running `source` makes at its top level.

    >>> sorted(bound("import torch.nn as nn\\nfrom math import pi\\nx: int = 1\\ndef f(): y = 2", "here"))
    ['f', 'nn', 'pi', 'x']
    """
    for symbol in _table(source, where).get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            yield symbol.get_name()


def needed(source: str, where: str) -> Iterator[str]:
    """The names that `source` looks up outside itself, builtins left out.

    >>> sorted(needed("def f(x: Tensor):\\n    return torch.relu(x) + len(helper(y for y in x))", "here"))
    ['Tensor', 'helper', 'torch']
    """
    top = _table(source, where)
    own = set(bound(source, where)) | set(dir(builtins))
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            free = symbol.is_global() or (
                table is top and not symbol.is_assigned() and not symbol.is_imported()
            )
            if free and symbol.is_referenced() and symbol.get_name() not in own:
                yield symbol.get_name()


def _table(source: str, where: str) -> symtable.SymbolTable:
    try:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                raise SourceError(f"{where} imports * from {node.module}; import the names that are used.")
        return symtable.symtable(source, where, "exec")
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise SourceError(f"{where} does not compile: {error.msg}, at {line!r}. Correct it.") from error
