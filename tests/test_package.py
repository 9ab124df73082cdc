"""What `import pybackprop` brings, what it leaves for later, and what it needs."""

import ast
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from types import FunctionType
from typing import get_args

import pytest

import pybackprop as pb

HOUSE = Path(pb.__file__).parent


def name_of(path):
    """Return a module's name within the house, such as "network" or "layers.dense"."""
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


CORE = {
    name_of(path): ast.parse(path.read_text("utf-8"))
    for path in HOUSE.rglob("*.py")
    if path.relative_to(HOUSE).parts[0] != "course"
}
ROOMS = sorted(CORE.keys() - {"__init__"})
PACKAGES = {path.parent.name for path in HOUSE.glob("*/__init__.py")}


def run(program, **environment):
    """Return what a program prints in a fresh interpreter that knows this house."""
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HOUSE.parent), **environment},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def imported(tree, room):
    """Return the modules of the house that a room imports, wherever the import stands."""
    rooms = set()
    here = room.split(".") if room in PACKAGES else room.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ["pybackprop", *here][: len(here) + 2 - node.level] if node.level else []
            base += node.module.split(".") if node.module else []
            found = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for first, *rest in found:
            if first == "pybackprop":
                inner = ".".join(rest)
                known = [name for name in (inner, inner.rpartition(".")[0]) if name in CORE]
                rooms.add(known[0] if known else rest[0])
    return rooms - {room}


# Names


def test_every_public_name_is_there_and_at_home():
    assert sorted(pb.HOME) == [room for room in ROOMS if "." not in room]
    assert len(set(pb.__all__)) == len(pb.__all__)
    for name in pb.__all__:
        assert getattr(pb, name) is not None
        assert name in dir(pb)
    for module, names in pb.HOME.items():
        home = getattr(pb, module)
        for name in names:
            assert getattr(home, name) is getattr(pb, name)
            assert getattr(getattr(pb, name), "__module__", home.__name__) == home.__name__


def test_type_checkers_read_the_same_names():
    explicit = {}
    for node in ast.walk(CORE["__init__"]):
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            for alias in node.names:
                assert alias.asname == alias.name
                explicit.setdefault(node.module, []).append(alias.name)
    assert explicit == {module: names for module, names in pb.HOME.items() if names}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'pybackprop' has no attribute 'trian'"):
        pb.trian  # noqa: B018
    assert not hasattr(pb, "np")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cosine", "it is pb.schedules.cosine"),
        ("half_sse", "it is pb.losses.half_sse"),
        ("Node", "it is pb.graph.Node"),
        ("linear", "it is pb.layers.linear"),
        ("check_gradients", "did you mean pb.check_gradient?"),
    ],
)
def test_a_name_of_a_room_is_pointed_to(name, hint):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; {re.escape(hint)}$"):
        getattr(pb, name)


def test_what_a_public_function_returns_has_a_type_of_the_top():
    found = set()
    for name in pb.__all__:
        thing = getattr(pb, name)
        if isinstance(thing, FunctionType):
            back = thing.__annotations__["return"]
            kinds = (back, *get_args(back))
            found |= {kind for kind in kinds if getattr(kind, "__module__", "") in HOMES}
    assert len(found) > 5
    assert {kind.__name__ for kind in found} <= set(pb.__all__)


HOMES = {f"pybackprop.{room}" for room in ROOMS}


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("plots", "plots"),
        ("steppers", "steppers"),
        ("exercises", "exercises"),
        ("interactive", "steppers"),
    ],
)
def test_what_is_the_courses_is_pointed_to(name, where):
    program = (
        f"import pybackprop as pb\ntry: pb.{name}\nexcept AttributeError as error: print(error)"
    )
    cure = f"from pybackprop.course import {where}"
    assert run(program).strip().endswith(cure)
    run(cure)


@pytest.mark.slow
def test_every_attribute_that_a_type_checker_accepts_exists(tmp_path):
    """And every public one is accepted: all words of the core are tried."""
    pytest.importorskip("mypy")
    words = {"np", "Any", *ROOMS, *pb.__all__}
    for tree in CORE.values():
        for node in ast.walk(tree):
            words |= {
                getattr(node, field, None) for field in ("id", "attr", "name", "arg", "module")
            }
            if isinstance(node, ast.alias):
                words.add(node.asname or node.name)
    words = {word for word in words if isinstance(word, str) and word.isidentifier()}
    words = sorted(word for word in words if not word.startswith("__"))
    lines = ["import pybackprop as pb", *(f"pb.{word}" for word in words)]
    (tmp_path / "words.py").write_text("\n".join(lines))
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent",
         "--ignore-missing-imports", f"--cache-dir={tmp_path}", "words.py"],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(HOUSE.parent)},
    )  # fmt: skip
    refused = set(re.findall(r'Module has no attribute "(\w+)"', result.stdout))
    assert len(refused) > 300, result.stdout + result.stderr
    accepted = set(words) - refused
    assert accepted >= set(pb.__all__)
    absent = run(f"import pybackprop as pb\nprint([w for w in {accepted} if not hasattr(pb, w)])")
    assert absent.strip() == "[]"


def test_the_package_says_that_it_is_typed():
    assert (HOUSE / "py.typed").is_file()


# Rooms


def test_imports_go_down_only():
    """No circle, wherever an import stands; the order is one to read the core in."""
    graph = {room: imported(CORE[room], room) for room in ROOMS}
    assert set().union(*graph.values()) <= set(ROOMS)
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("params") < order.index("network") < order.index("engine")
    assert order.index("engine") < order.index("training")


def test_a_circle_would_be_noticed():
    graph = {room: imported(CORE[room], room) for room in ROOMS}
    graph["params"] = graph["params"] | imported(
        ast.parse("def f():\n    from .network import x"), "params"
    )
    with pytest.raises(ValueError, match="cycle"):
        TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("room", ROOMS)
def test_the_core_does_not_know_the_course(room):
    assert not any(name.startswith("course") for name in imported(CORE[room], room))
    for node in ast.walk(CORE[room]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert "pybackprop.course" not in node.value


NUMPY_ALONE = """
import sys

allowed = {{*sys.stdlib_module_names, "numpy", "pybackprop"}}
before = set(sys.modules)

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("pybackprop.course") or name.partition(".")[0] not in allowed:
            raise ImportError("refused: " + name)

sys.meta_path.insert(0, Refuse())
{program}
new = {{name for name in sys.modules if getattr(sys.modules[name], "__file__", None)}} - before
print(sorted(name for name in new if name.partition(".")[0] not in allowed))
"""


@pytest.mark.slow
@pytest.mark.parametrize("room", ["__init__", *ROOMS])
def test_every_room_needs_numpy_alone(room):
    program = "import pybackprop" + ("" if room == "__init__" else f".{room}")
    assert run(NUMPY_ALONE.format(program=program)).strip() == "[]"


def test_a_whole_day_needs_numpy_alone(tmp_path):
    program = f"""
import pybackprop as pb
net = pb.Network([2, 3, 2], "tanh", "softmax", rng=0)
X, Y = [[0, 1], [1, 0], [1, 1]], pb.one_hot([0, 1, 1], 2)
history = pb.train(net, X, Y, optimizer="adam", epochs=3, validation=(X, Y), record=True)
assert pb.check_gradient(net, X, Y).ok
pb.save({str(tmp_path / "x")!r}, net, pb.SGD(0.1), history)
assert pb.accuracy(pb.load({str(tmp_path / "x")!r}).net, X, Y) == pb.accuracy(net, X, Y)
try:
    import matplotlib
except ImportError as error:
    assert "refused" in str(error)
"""
    assert run(NUMPY_ALONE.format(program=program)).strip() == "[]"


def test_importing_loads_a_room_when_it_is_used():
    loaded = "print(sorted(m[11:] for m in sys.modules if m.startswith('pybackprop.')))"
    shown = run(
        f"import sys, pybackprop as pb; {loaded}; pb.Params; {loaded}; pb.network; {loaded}"
    )
    at_first, with_params, with_network = map(ast.literal_eval, shown.splitlines())
    assert at_first == []
    assert "params" in with_params
    assert "network" not in with_params
    assert "network" in with_network
    assert not {"training", "optimizers", "checkpoint", "engine"} & set(with_network)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
def test_importing_leaves_memory_to_the_system():
    """Freed arrays of 30 MB go back to it, as they do with NumPy alone."""
    program = """
import sys
import numpy as np
if {package}:
    import pybackprop as pb
    net = pb.Network([2, 3, 1], rng=0)
    pb.train(net, [[0.0, 1.0]], [[1.0]], optimizer="adam", epochs=2)

def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 // 2**20

arrays = [np.ones(30 * 2**17) for _ in range(20)]
before = megabytes()
del arrays[::2]
print(before - megabytes())
"""
    for package in (False, True):
        assert int(run(program.format(package=package))) > 200
