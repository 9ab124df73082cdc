"""The API page names everything public, and every name it has a docstring for."""

import inspect
import re

import docstrings
from paths import BOOK

import pybackprop
from pybackprop.course import exercises, plots, steppers

DIRECTIVE = re.compile(r"^\.\. (?:autofunction|autoclass|data):: (\w+)", re.MULTILINE)


def listed():
    """Return the names on the page by the module they are listed under."""
    page = (BOOK / "api.md").read_text(encoding="utf-8")
    parts = re.split(r"^\.\. currentmodule:: (\S+)", page, flags=re.MULTILINE)[1:]
    names: dict[str, set[str]] = {}
    for module, text in zip(parts[::2], parts[1::2], strict=True):
        names.setdefault(module, set()).update(DIRECTIVE.findall(text))
    return names


def rooms():
    """Return the public names that are modules with a part of the page to themselves."""
    return {name.removeprefix("pybackprop.") for name in listed()}


def test_everything_public_is_on_the_api_page():
    figures = {
        name
        for name, thing in vars(plots).items()
        if inspect.isfunction(thing) and thing.__module__ == plots.__name__ and name[0] != "_"
    }
    figures_alive = {n for n in steppers.__all__ if n.endswith(("_stepper", "_explorer", "_race"))}
    assert set(pybackprop.__all__) - listed()["pybackprop"] - rooms() == set()
    assert figures - listed()["pybackprop.course.plots"] == set()
    assert figures_alive - listed()["pybackprop.course.steppers"] == set()
    assert {"exercise", "check", "progress"} <= set(exercises.__all__)
    assert {"exercise", "check", "progress"} <= listed()["pybackprop.course.exercises"]


def test_everything_public_says_what_it_is():
    for name in pybackprop.__all__:
        thing = getattr(pybackprop, name)
        if callable(thing):
            assert inspect.getdoc(thing), f"{name} has no docstring"


def test_a_docstring_reads_on_the_page_as_it_does_in_the_source():
    lines = ["Compare.", "", "a = |x| / 2,", "b = 3", "", ">>> 1 | 2", "3"]
    assert docstrings.readable(lines) == [
        "Compare.",
        "",
        r"| a = \|x\| / 2,",
        "| b = 3",
        "",
        ">>> 1 | 2",
        "3",
    ]


def test_a_name_that_is_missing_on_the_page_is_noticed(monkeypatch):
    monkeypatch.setattr(pybackprop, "__all__", [*pybackprop.__all__, "new_function"])
    assert set(pybackprop.__all__) - listed()["pybackprop"] - rooms() == {"new_function"}


def test_what_the_page_says_of_your_own_runs_and_learns():
    page = (BOOK / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert {"swish", "huber", "SignDescent"} <= set(names)
    untrained = pybackprop.Network([2, 3, 1], names["swish"], "identity", names["huber"], rng=0)
    x, y = [[0.5, 1.0]], [[3.0]]
    assert pybackprop.evaluate(names["net"], x, y) < pybackprop.evaluate(untrained, x, y)
