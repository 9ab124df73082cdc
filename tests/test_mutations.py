"""Change one of the lesson's equations, and the tests fail; `make mutants` changes all the core."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

if os.name == "nt":
    pytest.skip("mutants are forked processes, which Windows has not", allow_module_level=True)

import mutants

ROOT = Path(__file__).parents[1]
CHANGES = {
    "a + b": ["a - b", "a", "b"],
    "a - b": ["a + b", "b - a", "a", "b"],
    "a * b": ["a / b", "a", "b"],
    "a / b": ["a * b", "b / a", "a", "b"],
    "a @ b": ["b @ a"],
    "a ** b": ["a * b"],
    "-a": ["a"],
    "not a": ["a"],
    "a.T": ["a"],
    "a < b": ["a <= b"],
    "a == b": ["a != b"],
    "a and b": ["a or b"],
    "2": ["3"],
    "0.5": ["1.5"],
    "True": ["False"],
    "a.sum(0)": ["a.mean(0)"],
    "np.maximum(a, b)": ["np.minimum(a, b)"],
    "max(a, b)": ["min(a, b)"],
    "np.add": ["np.subtract"],
    "multiply": ["np.divide"],
}


@pytest.mark.parametrize("source", CHANGES)
def test_what_a_place_may_become(source):
    place = ast.parse(source, mode="eval").body
    assert [ast.unparse(new) for new in mutants.changes(place)] == CHANGES[source]


def test_a_slice_is_off_by_one():
    place = ast.parse("a[1:n]", mode="eval").body.slice
    assert [ast.unparse(new) for new in mutants.changes(place)] == ["1 + 1:n", "1:n - 1"]


def test_a_mutant_is_the_module_with_one_change():
    path = mutants.modules()["losses"]
    plain = ast.unparse(ast.parse(path.read_text(encoding="utf-8"))).splitlines()
    for mutant in list(mutants.mutants("losses"))[::10]:
        tree = mutant.tree(path)
        assert sum(a != b for a, b in zip(plain, ast.unparse(tree).splitlines(), strict=True)) == 1


def test_each_line_of_what_no_test_can_notice_is_one_mutant_and_has_a_reason():
    names = [mutant.name for module in mutants.modules() for mutant in mutants.mutants(module)]
    assert len(set(names)) == len(names)
    assert [name for name in mutants.equivalent() if name not in names] == []
    assert all(len(reason) > 10 for reason in mutants.equivalent().values())


SCORE = r"^\| `([\w.]+)` \| (\d+) \| (\d+) \| (\d+) \| 0 \|$"


def test_the_score_of_every_module_stands_in_contributing():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = {name: tuple(map(int, counts)) for name, *counts in re.findall(SCORE, text, re.M)}
    assert sorted(rows) == sorted(mutants.modules())
    for name, (total, caught, equivalent) in rows.items():
        assert caught + equivalent == total, name
        assert equivalent == sum(
            n.startswith((f"{name}.", f"{name}:")) for n in mutants.equivalent()
        )
        assert caught > 0


def run(*arguments):
    """Run the mutants of the lesson's equations; return the exit code and what is printed."""
    command = [sys.executable, "tests/mutants.py", "--lines", "# BP", *arguments, "network"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    (counts,) = re.findall(
        r"^\| `network` \| (\d+) \| (\d+) \| \d+ \| (\d+) \|$", done.stdout, re.M
    )
    return done.returncode, *map(int, counts), done.stderr


@pytest.mark.slow
def test_the_lessons_equations_have_no_mutant_that_survives():
    code, total, caught, _, printed = run("--tests", "tests/test_network.py")
    assert code == 0, printed
    assert total == caught >= 10


@pytest.mark.slow
def test_tests_that_look_at_nothing_catch_nothing(tmp_path):
    blind = tmp_path / "test_blind.py"
    blind.write_text(
        "import pybackprop as pb\n"
        "def test(): pb.backprop(pb.Network([2, 2], rng=0), [[0.1, 0.2]], [[0.0, 1.0]])\n"
    )
    code, total, caught, survive, printed = run("--tests", str(blind))
    assert code == 1
    assert survive > 0
    assert total == caught + survive
    assert re.search(r"^ *\d+ network\.backprop: .* -> ", printed, re.M)


@pytest.mark.slow
def test_a_collection_error_is_no_catch(tmp_path):
    broken = tmp_path / "test_broken.py"
    broken.write_text("import pybackprop\nimport no_such_module\ndef test(): pass\n")
    _, _, caught, _, _ = run("--tests", str(broken))
    assert caught == 0
