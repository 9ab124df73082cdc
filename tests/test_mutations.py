"""Flip one sign or drop one transpose in network.py or losses.py, and the tests fail.

Each mutant is a copy of the package with one change, tested by the tests of those two modules.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MUTATED = ("network.py", "losses.py")
TESTS = ("test_losses.py", "test_network.py")


def is_place(node):
    """Whether a node is a sign or a transpose."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        return isinstance(node.op, ast.Add | ast.Sub)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub)
    return isinstance(node, ast.Attribute) and node.attr == "T"


def places(tree):
    """Return the signs and transposes of a module in order, not those in error messages."""
    found = []

    def visit(node):
        if is_place(node):
            found.append(node)
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.Raise | ast.JoinedStr):
                visit(child)

    visit(tree)
    return found


def mutated(source, number):
    """Return the source with its sign or transpose of this number changed."""
    tree = ast.parse(source)
    node = places(tree)[number]
    if isinstance(node, ast.BinOp | ast.AugAssign):
        node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
    else:  # -x becomes x, and x.T becomes x
        inner = node.operand if isinstance(node, ast.UnaryOp) else node.value
        replace(tree, node, inner)
    return ast.unparse(ast.fix_missing_locations(tree))


def replace(tree, old, new):
    """Put one node of the tree where another stands."""

    class Swap(ast.NodeTransformer):
        def visit(self, node):
            return new if node is old else self.generic_visit(node)

    Swap().visit(tree)


def run(folder, name=None, source=None):
    """Test a copy of the package in which one module may have another source."""
    shutil.copytree(
        ROOT / "pybackprop",
        folder / "pybackprop",
        ignore=shutil.ignore_patterns("__pycache__", "interactive", "exercises"),
    )
    for test in TESTS:
        shutil.copy(ROOT / "tests" / test, folder)
    if name:
        (folder / "pybackprop" / name).write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:nbval"]
        + ["-p", "no:xdist", *TESTS],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


def mutants():
    """Return (module, number, line) for every change."""
    for name in MUTATED:
        for number, node in enumerate(places(ast.parse((ROOT / "pybackprop" / name).read_text()))):
            yield pytest.param(name, number, id=f"{name}:{node.lineno}:{node.col_offset}")


def test_the_unchanged_package_passes(tmp_path):
    result = run(tmp_path)
    assert result.returncode == 0, result.stdout[-2000:]


@pytest.mark.parametrize(("name", "number"), list(mutants()))
def test_mutant_is_caught(tmp_path, name, number):
    source = (ROOT / "pybackprop" / name).read_text()
    changed = mutated(source, number)
    assert changed != ast.unparse(ast.parse(source))
    result = run(tmp_path, name, changed)
    assert result.returncode in (1, 2), f"this change passes all tests:\n{result.stdout[-500:]}"


def test_the_four_equations_are_among_the_mutants():
    source = (ROOT / "pybackprop" / "network.py").read_text()
    lines = source.splitlines()
    marks = {
        mark
        for node in places(ast.parse(source))
        for mark in ("FP1", "BP2", "BP3", "BP4")
        if mark in lines[node.lineno - 1]
    }
    assert marks >= {"FP1", "BP2", "BP4"}
