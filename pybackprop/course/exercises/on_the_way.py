"""The first value in a reader's program that is not that of a right one.

Values are compared by name, so this is told only where names speak: both programs give a name its
value once, in a line of its own, and an earlier value agrees.
"""

import ast
import copy
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from .values import numbers
from .variations import source_of

Program = Callable[..., Any]


def first_to_differ(
    answer: Program, right: Program, case: tuple[Any, ...], tolerance: float
) -> tuple[list[str], str] | None:
    """Return the names whose values agree, and the first line whose value does not, "" if all do.

    None where nothing can be said for sure: no value before it agrees, or its shape is another.
    """
    lines, others = lines_of(answer), lines_of(right)
    shared = [name for name in lines if name in others]
    mine, wanted = values_at_the_end(answer, case), values_at_the_end(right, case)
    agree: list[str] = []
    for name in shared:
        x, y = numbers(mine.get(name)), numbers(wanted.get(name))
        if x is None or y is None or x.shape != y.shape:
            return None
        if not np.allclose(x, y, tolerance, tolerance, equal_nan=True):
            return (agree, lines[name]) if agree else None
        agree.append(name)
    return (agree, "") if agree else None


def lines_of(program: Program) -> dict[str, str]:
    """Return each name that a program gives a value once, outside of loops, with its line."""
    tree = source_of(program)
    if tree is None or not isinstance(tree.body[0], ast.FunctionDef):
        return {}
    nodes = list(ast.walk(tree))
    made = [node.id for node in nodes if isinstance(node, ast.Name) and stored(node)]
    made += [name for node in nodes for name in filled_by(node)]
    found = ((name, line) for line in tree.body[0].body for name in names_of(line))
    return {name: ast.unparse(line) for name, line in found if made.count(name) == 1}


def stored(node: ast.Name) -> bool:
    """Whether a name is given a value there."""
    return isinstance(node.ctx, ast.Store)


def filled_by(node: ast.AST) -> Iterator[str]:
    """Yield the name of an array or dict whose entries are given values, twice."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        yield from [n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)] * 2
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):  # np.add.at, append
        yield from [n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)] * 2


def names_of(line: ast.stmt) -> Iterator[str]:
    """Yield the names to which an assignment gives values."""
    if isinstance(line, ast.Assign):
        for target in line.targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name) and stored(n))


def values_at_the_end(program: Program, case: tuple[Any, ...]) -> dict[str, Any]:
    """Return the values of a program's names when it returns; none if it ends in an error."""
    code, found, before = program.__code__, {}, sys.gettrace()

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code is not code:
            return None
        if event == "return":
            found.update(frame.f_locals)
        return follow

    sys.settrace(follow)
    try:
        with np.errstate(all="ignore"):
            program(*copy.deepcopy(case))
    except Exception:  # noqa: BLE001, a reader's program may raise anything
        return {}
    finally:
        sys.settrace(before)
    return found
