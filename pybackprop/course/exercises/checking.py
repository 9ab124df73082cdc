"""Check a reader's function: right, wrong, and where it can be told, which mistake it is."""

import copy
import ctypes
import json
import os
import re
import threading
from collections.abc import Callable
from html import unescape
from inspect import signature
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np

from .model import Code, Mistake

SECONDS = 5.0
"""How long an answer may take on all cases together."""

PROGRESS = Path("pybackprop-progress.json")
"""Where `check` notes what is solved: beside the notebook, readable, deleted without harm. It has
the form of the file that the progress page exports, and that page imports it."""

GREETINGS = {
    "passed": "✓ Right",
    "not attempted": "Not attempted yet",
    "mistake": "✗ Not yet",
    "wrong": "✗ Not yet",
}


class Verdict(NamedTuple):
    """What `check` says of an answer.

    Attributes
    ----------
    exercise : str
    status : {"passed", "not attempted", "mistake", "wrong"}
        "mistake": wrong, and it is known in which way.
    message : str
    mistake : str or None
        Name of the known mistake.
    """

    exercise: str
    status: str
    message: str
    mistake: str | None = None

    def __repr__(self) -> str:
        first, *rest = f"{GREETINGS[self.status]}: {self.message}".split("\n")
        return "\n".join([fill(first, 79), *rest])


def judge(exercise: Code, answer: Any, seconds: float = SECONDS) -> Verdict:
    """Compare a function with the solution on all cases of an exercise.

    Shapes are compared before values, so that no broadcast hides an error. The answer gets copies
    of the arguments and runs in a thread of its own that is stopped after some seconds.

    Parameters
    ----------
    exercise : Code
    answer : callable
    seconds : float, optional

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from pybackprop.course.exercises import EXERCISES
    >>> judge(EXERCISES["03-sigmoid_prime"], lambda z: 1 / (1 + np.exp(-z)))
    ✗ Not yet: that is σ(z) itself; its derivative is asked for.
    """

    def verdict(status: str, message: str, mistake: str | None = None) -> Verdict:
        return Verdict(exercise.id, status, message, mistake)

    if not callable(answer):
        return verdict(
            "wrong",
            f"this is {describe(answer)}, not a function; pass the function itself: "
            f"check({exercise.function}), without calling it",
        )
    cases = exercise.fixed_cases()
    given: list[Any] = []
    touched: list[str] = []
    with np.errstate(all="ignore"):
        expected = [exercise.solution(*copy.deepcopy(case)) for case in cases]
        problem = run(lambda: attempt(answer, cases, given, touched), seconds)
    if isinstance(problem, NotImplementedError) or (
        problem is None and all(value is None or value is Ellipsis for value in given)
    ):
        return verdict("not attempted", f"fill in the body of {exercise.function}, then run again")
    if isinstance(problem, TimeoutError):
        return verdict(
            "wrong",
            f"it was stopped after {seconds:g} seconds; does a loop in it never end? "
            f"It was working on\n{show_case(exercise, cases[min(len(given), len(cases) - 1)])}",
        )
    if problem is not None:
        if given and (known := named(exercise, cases, given, problem)):
            return verdict("mistake", plain(known.message), known.name)
        return verdict(
            "wrong",
            f"it raised {type(problem).__name__}: {problem}\non the input\n"
            + show_case(exercise, cases[len(given)]),
        )
    wrong = [k for k in range(len(cases)) if difference(given[k], expected[k], exercise.tolerance)]
    if not wrong:
        if touched:
            return verdict(
                "mistake",
                f"the values are right, but it changed {touched[0]} in place; "
                "the caller still needs it: work on a copy, or write x = x + 1 for x += 1",
                "changes its input",
            )
        return verdict("passed", f"{exercise.title}, on all {len(cases)} inputs tried.")
    first = min(wrong, key=lambda k: case_size(cases[k]))
    if known := named(exercise, cases, given):
        return verdict("mistake", plain(known.message), known.name)
    return verdict(
        "wrong",
        f"{difference(given[first], expected[first], exercise.tolerance)}\n"
        f"input     {show_case(exercise, cases[first])}\n"
        f"expected  {show(expected[first])}\n"
        f"got       {show(given[first])}",
    )


def attempt(
    answer: Callable[..., Any], cases: list[Any], given: list[Any], touched: list[str]
) -> None:
    """Call the answer on a copy of every case; note results, and arguments it changed in place."""
    for case in cases:
        mine = copy.deepcopy(case)
        value = answer(*mine)
        given.append(copy.deepcopy(value))
        for k, (before, after) in enumerate(zip(case, mine, strict=True), start=1):
            if not touched and difference(after, before, 0.0):
                touched.append(f"its {ordinal(k)} argument")


def run(task: Callable[[], None], seconds: float) -> BaseException | None:
    """Run a task in a thread; return the exception that ended it, or a TimeoutError, or None."""
    caught: list[BaseException] = []

    def body() -> None:
        try:
            with np.errstate(all="ignore"):
                task()
        except BaseException as error:  # noqa: BLE001, a reader's code may raise anything
            caught.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        # Python cannot end a thread from outside, but it can raise an exception in it.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
        )
        thread.join(1.0)
        return TimeoutError()
    return caught[0] if caught else None


def named(
    exercise: Code, cases: list[Any], given: list[Any], problem: BaseException | None = None
) -> Mistake | None:
    """Return the known mistake behind a wrong answer, if it is one."""
    for mistake in exercise.mistakes:
        if fits(mistake.wrong, cases, given, exercise.tolerance, problem):
            return mistake
    return None


def fits(
    wrong: Callable[..., Any],
    cases: list[Any],
    given: list[Any],
    tolerance: float,
    problem: BaseException | None = None,
) -> bool:
    """Whether a known mistake does on every case what the reader's function did.

    Where an error ended the reader's function, the mistake must end in one of the same type on the
    same case, after the same results.
    """
    for k, case in enumerate(cases[: len(given) + 1]):
        try:
            with np.errstate(all="ignore"):
                mistaken = wrong(*copy.deepcopy(case))
        except Exception as error:  # noqa: BLE001, of a wrong function any error may come
            return k == len(given) and type(error) is type(problem)
        if k == len(given) or difference(given[k], mistaken, tolerance):
            return False
    return problem is None


def difference(given: Any, expected: Any, tolerance: float) -> str:
    """Say in which way two results differ; "" where they agree.

    Numbers, arrays, lists and tuples of them, dicts of them, texts and booleans are compared.
    Lists stand for arrays, and float32 counts as right to its own precision.

    >>> difference([1.0, 2.0], np.array([1.0, 2.0]), 1e-8)
    ''
    >>> difference(np.ones((3, 1)), np.ones(3), 1e-8)
    'the shape is (3, 1); it should be (3,)'
    """
    if isinstance(expected, dict):
        if not isinstance(given, dict) or given.keys() != expected.keys():
            return f"it should be a dict with the keys {list(expected)}, not {describe(given)}"
        parts = [(f"entry {key!r}: ", given[key], expected[key]) for key in expected]
    elif isinstance(expected, tuple | list):
        if not isinstance(given, tuple | list) or len(given) != len(expected):
            return f"it should return {len(expected)} results, not {describe(given)}"
        parts = [
            (f"result {k}: ", *pair)
            for k, pair in enumerate(zip(given, expected, strict=True), start=1)
        ]
    else:
        return difference_of_arrays(given, expected, tolerance)
    for where, x, y in parts:
        if found := difference(x, y, tolerance):
            return where + found
    return ""


def difference_of_arrays(given: Any, expected: Any, tolerance: float) -> str:
    """Say in which way two numbers, arrays or texts differ; "" where they agree."""
    if callable(expected) or expected is None or isinstance(expected, str | bool | np.bool_):
        return "" if given is expected or given == expected else "the values differ"
    expected = np.asarray(expected)
    try:
        array = np.asarray(given)
        number = array.dtype.kind in "biuf"
    except ValueError:  # rows of unequal length
        number = False
    if not number:
        return f"it should be {describe(expected)}, not {describe(given)}"
    if array.shape != expected.shape:
        return f"the shape is {array.shape}; it should be {expected.shape}"
    if not array.size:
        return ""
    if array.dtype.itemsize < 8 and array.dtype.kind == "f":
        tolerance = max(tolerance, 1e-4)
    x, y = array.astype(float), expected.astype(float)
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    error = np.where(same, 0.0, np.abs(x - y) / np.maximum(1.0, np.abs(y)))
    # Not a number, or infinite where it should not be, counts as wrong.
    return "the values differ" if not (np.nan_to_num(error, nan=np.inf) <= tolerance).all() else ""


def case_size(value: Any) -> int:
    """Return how much there is to read in a case."""
    if isinstance(value, dict | tuple | list):
        return sum(map(case_size, value.values() if isinstance(value, dict) else value))
    return np.size(value)


def show_case(exercise: Code, case: tuple[Any, ...]) -> str:
    """Return the arguments of a call as text, each with its name.

    >>> from pybackprop.course.exercises import EXERCISES
    >>> show_case(EXERCISES["03-sigmoid_prime"], (np.array([0.5, 2.0]),))
    'z = [0.5 2. ]'
    """
    return ", ".join(
        f"{name} = {show(value)}"
        for name, value in zip(signature(exercise.solution).parameters, case, strict=True)
    )


def show(value: Any) -> str:
    """Return a value in few characters."""
    if isinstance(value, np.ndarray):
        return " ".join(np.array2string(value, precision=4, threshold=20).split())
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {show(part)}" for key, part in value.items()) + "}"
    if isinstance(value, tuple | list):
        parts = ", ".join(map(show, value[:20])) + (", ..." if len(value) > 20 else "")
        return f"[{parts}]" if isinstance(value, list) else f"({parts})"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return getattr(value, "__name__", None) or repr(value)[:200]


def describe(value: Any) -> str:
    """Say what kind of thing a value is."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, float | np.floating):
        return "a number"
    kind = type(value).__name__
    return "nothing (None)" if value is None else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def ordinal(k: int) -> str:
    """Return "first", "second", ... for 1, 2, ..."""
    return ["first", "second", "third", "fourth", "fifth", "sixth"][k - 1] if k < 7 else f"{k}th"


def plain(message: str) -> str:
    """Return a message without its HTML tags.

    >>> plain("you left out <var>sigma</var>'")
    "you left out sigma'"
    """
    return unescape(re.sub(r"<[^>]+>", "", message))


def read_progress(path: Path | None = None) -> dict[str, str]:
    """Return id -> "solved" or "tried" of what was checked here; empty where nothing is noted."""
    try:
        noted = json.loads((path or PROGRESS).read_text(encoding="utf-8"))
        return {str(name): str(state["status"]) for name, state in noted.items()}
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return {}


def note_progress(verdict: Verdict, path: Path | None = None) -> None:
    """Note a verdict in the progress file; what was solved once stays solved."""
    target = path or PROGRESS
    noted = read_progress(target)
    if verdict.status == "not attempted" or noted.get(verdict.exercise) == "solved":
        return
    noted[verdict.exercise] = "solved" if verdict.status == "passed" else "tried"
    states = {name: {"status": status} for name, status in sorted(noted.items())}
    half_written = target.with_suffix(".tmp")
    try:
        half_written.write_text(json.dumps(states, indent=1), encoding="utf-8")
        os.replace(half_written, target)
    except OSError:
        return  # a folder that cannot be written to is no reason to withhold the verdict
