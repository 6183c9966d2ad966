"""Mutation of every reference: small damage done to the right answer must be noticed by its check.

mutmut makes the mutants; each is judged like any answer. A mutant that survives must be listed in `EQUIVALENT` of the
topic's corpus: exercise -> {the mutated line: why it computes the same}.
"""

import importlib
from collections.abc import Iterator

import pytest
from mutmut.mutation.file_mutation import create_mutations

from mechint_course.exercises import references
from mechint_course.exercises.catalogue import CHAPTERS, catalogue, find
from mechint_course.exercises.judge import judge

CODING = [exercise.id for exercise in catalogue() if exercise.kind == "function"]
EQUIVALENT: dict[str, dict[str, str]] = {
    id: reasons
    for topic in CHAPTERS.values()
    for id, reasons in importlib.import_module(f"tests.corpus.{topic}").EQUIVALENT.items()
}


def mutants(code: str) -> Iterator[tuple[str, str]]:
    """(the lines that changed, the whole mutated source)."""
    module, mutations, *_ = create_mutations("reference.py", code)
    for mutation in mutations:
        mutated = module.deep_replace(mutation.original_node, mutation.mutated_node).code  # type: ignore[arg-type]
        if '"""' in code and mutated.split('"""')[1:2] != code.split('"""')[1:2]:
            continue  # only the docstring changed
        changed = [line.strip() for line in mutated.splitlines() if line not in code.splitlines()]
        yield " | ".join(changed), mutated


@pytest.mark.release
@pytest.mark.parametrize("id", CODING)
def test_mutants_of_the_reference_are_killed(id: str) -> None:
    exercise = find(id)
    survivors, total = [], 0
    for changed, code in mutants(references.source(exercise)):
        total += 1
        try:
            answer = references.run(exercise, code)
        except Exception:  # noqa: BLE001 - a mutant that does not even run is a killed one
            continue
        if judge(id, answer).passed:
            survivors.append(changed)
    unexplained = [line for line in survivors if line not in EQUIVALENT.get(id, {})]
    print(f"{id}: {total - len(survivors)} of {total} mutants killed; survivors: {survivors}")
    assert total >= 1, "mutmut found nothing to mutate"  # one plain line may have a single mutant
    assert not unexplained
    stale = set(EQUIVALENT.get(id, {})) - set(survivors)
    assert not stale, f"listed as equivalent, but killed or gone: {stale}"


def test_equivalents_name_real_exercises_and_give_reasons() -> None:
    assert set(EQUIVALENT) <= set(CODING)
    assert all(reason for reasons in EQUIVALENT.values() for reason in reasons.values())
