"""Check a reader's function: right, wrong, and where it can be told, in which way."""

import copy
import ctypes
import re
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from inspect import signature
from itertools import combinations
from textwrap import fill
from typing import Any

import numpy as np

from .diagnosis import diagnose
from .formula import in_words
from .misconceptions import misconception
from .model import Code, Mistake
from .on_the_way import first_to_differ
from .repairs import Spent, repair
from .values import Foreign, describe, difference, shortened, show, show_case, size_of, taken_in
from .variations import variations

SECONDS = 5.0
"""How long an answer may take on all cases together."""

GREETINGS = {
    "passed": "✓ Right",
    "not attempted": "Not attempted yet",
    "mistake": "✗ Not yet",
    "wrong": "✗ Not yet",
}


@dataclass(frozen=True)
class Verdict:
    """What `check` says of an answer; true only where it passed.

    Attributes
    ----------
    exercise : str
    status : {"passed", "not attempted", "mistake", "wrong"}
        "mistake": wrong, and it is known which mistake it is.
    message : str
    mistake : str or None
        Name of the known mistake, or of two: "no slope + sign".
    behind : str or None
        Id of the misconception behind it, where the page "Misconceptions" tells of one.
    way : str or None
        Of a wrong answer that is no known mistake, the way in which it is off, such as "sign".
    problem : BaseException or None
        What the answer raised, with the lines where it did.
    """

    exercise: str
    status: str
    message: str
    mistake: str | None = None
    behind: str | None = None
    way: str | None = None
    problem: BaseException | None = field(default=None, compare=False)

    def __bool__(self) -> bool:
        return self.status == "passed"

    def __repr__(self) -> str:
        first, *rest = f"{GREETINGS[self.status]}: {self.message}".split("\n")
        return "\n".join([fill(first, 79), *rest])


@dataclass
class Attempt:
    """What an answer did on the cases: its results, how it ended, which argument it changed."""

    given: list[Any]
    touched: str = ""
    problem: BaseException | None = None


def judge(exercise: Code, answer: Any, seconds: float = SECONDS) -> Verdict:
    """Compare a function with the solution on all cases of an exercise.

    Shapes are compared before values, so that no broadcast hides an error. The answer gets copies
    of the arguments and runs in a thread of its own that is stopped after some seconds. Nothing is
    raised for a wrong answer, whatever it does or returns.

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
            f"this is {describe(taken_in(answer))}, not a function; pass the function itself: "
            f"check({exercise.function}), without calling it",
        )
    cases, names = exercise.fixed_cases(), list(signature(exercise.solution).parameters)
    with np.errstate(all="ignore"):
        expected = [exercise.solution(*copy.deepcopy(case)) for case in cases]
    made = attempt(answer, cases, seconds)
    if isinstance(made.problem, NotImplementedError) or (
        made.problem is None and all(value is None or value is Ellipsis for value in made.given)
    ):
        lacks = (
            "has no formula so far; put one in the place of the three dots,"
            if exercise.names
            else "returns nothing so far; fill in its body, end it with return,"
        )
        return verdict("not attempted", f"{exercise.function} {lacks} and run this again.")
    if isinstance(made.problem, TimeoutError):
        return verdict(
            "wrong",
            f"it was stopped after {seconds:g} seconds; does a loop in it never end? It was "
            f"working on\n{show_case(names, cases[min(len(made.given), len(cases) - 1)])}",
        )
    missing = next((k for k, value in enumerate(made.given) if value is None), None)
    if missing is not None:
        return verdict(
            "mistake",
            "on some inputs it returns nothing (None); does every way through it end in a return? "
            f"One of them:\n{show_case(names, cases[missing])}",
            "no return",
        )
    pairs = zip(made.given, expected, strict=False)
    wrong = [k for k, pair in enumerate(pairs) if difference(*pair, exercise.tolerance)]
    if wrong or made.problem:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what wrong programs warn of is not the reader's
            return explained(exercise, answer, cases, expected, made, wrong)
    if made.touched:
        return verdict(
            "mistake",
            f"the values are right, but it changed {made.touched} in place; the caller still "
            "needs it: work on a copy, or write x = x + 1 for x += 1",
            "changes its input",
        )
    return verdict("passed", f"{exercise.title}, on all {len(cases)} inputs tried.")


def explained(
    exercise: Code,
    answer: Callable[..., Any],
    cases: Sequence[Any],
    expected: Sequence[Any],
    made: Attempt,
    wrong: list[int],
) -> Verdict:
    """Return the verdict on an answer that is wrong on some cases, or ended in an error.

    What is asked, in this order: is it a known mistake, or two; does one change make the reader's
    program right; is the right result off in a plain way; is it a right program with one change; a
    known mistake that is off in a plain way; is the right result off in any way.
    """
    names, tolerance = list(signature(exercise.solution).parameters), exercise.tolerance
    inputs = [dict(zip(names, case, strict=True)) for case in cases]
    whole = made.problem is None
    way = None
    known = named(exercise, cases, made) or composed(exercise, cases, made)
    if not (made.given or whole):
        known = None  # an error at once may be of many mistakes
    if not known and not (exercise.names and made.problem):  # of formulas errors are told in words
        known = repaired(exercise, answer, cases, expected, made, wrong)
    if not known and whole:
        way = diagnose(made.given, expected, inputs, tolerance, strong=True)
    if not known and not way and whole and not any(map(is_boolean, expected)):
        known = varied(exercise, cases, made)
    if not known and not way and whole:
        known = twice_wrong(exercise, cases, inputs, made)
    if known:
        behind = misconception(exercise, known.name)
        return Verdict(exercise.id, "mistake", plain(known.message), known.name, behind)
    if made.problem:
        place = show_case(names, cases[len(made.given)])
        words = in_words(exercise, answer, len(made.given)) if exercise.names else ""
        message = f"{words or ending(made.problem)}\non the input\n{place}"
        return Verdict(exercise.id, "wrong", message, problem=made.problem)
    way = way or diagnose(made.given, expected, inputs, tolerance)
    first = min(wrong, key=lambda k: size_of(cases[k]))
    given, right = made.given[first], expected[first]
    said = way.message if way else difference(given, right, tolerance)
    if found := first_to_differ(answer, exercise.solution, cases[first], tolerance):
        agree, line = found
        after = f"look at {line}" if line else "look at what comes after"
        said = f"{said.rstrip('.')}. Right so far: {', '.join(agree)}. Then {after}."
    message = (
        f"{said}\n"
        f"input     {show_case(names, cases[first])}\n"
        f"expected  {show(taken_in(right))}\n"
        f"got       {show(given)}"
    )
    return Verdict(exercise.id, "wrong", message, way=way.name if way else None)


def attempt(answer: Callable[..., Any], cases: Sequence[Any], seconds: float) -> Attempt:
    """Call the answer on a copy of every case, in a thread that is stopped after some seconds.

    A browser has no threads: there it just runs, and the page ends the worker around it.
    """
    made = Attempt([])

    def body() -> None:
        try:
            with np.errstate(all="ignore"):
                for case in cases:
                    mine = copy.deepcopy(case)
                    value = taken_in(answer(*mine))
                    made.touched = made.touched or changed(case, mine)
                    made.given.append(value)
        except BaseException as error:  # noqa: BLE001, a reader's code may raise anything
            made.problem = error

    if sys.platform == "emscripten":
        body()
        return made
    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        # Python cannot end a thread from outside, but it can raise an exception in it.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
        )
        thread.join(1.0)
        return Attempt(list(made.given), "", TimeoutError())
    return made


def changed(case: tuple[Any, ...], mine: tuple[Any, ...]) -> str:
    """Say which argument an answer has changed in place; "" where it has left all as they were."""
    for k, (before, after) in enumerate(zip(case, mine, strict=True), start=1):
        if difference(taken_in(after), before, 0.0):
            return f"its {ordinal(k)} argument"
    return ""


def ending(problem: BaseException) -> str:
    """Say which exception ended an answer, in one line."""
    try:
        text = " ".join(str(problem).split())
    except Exception:  # noqa: BLE001, an exception of the reader's own may raise one itself
        text = ""
    name = type(problem).__name__
    if isinstance(problem, SystemExit):
        return "it left Python, with exit() or sys.exit(); a function ends with return."
    if isinstance(problem, RecursionError):
        return "it called itself again and again (RecursionError); when does it end?"
    return f"it raised {name}: {shortened(text)}" if text else f"it raised {name}"


def named(exercise: Code, cases: Sequence[Any], made: Attempt) -> Mistake | None:
    """Return the known mistake behind a wrong answer, if it is one."""
    for mistake in exercise.mistakes:
        program = exercise.program(mistake)
        if program and fits(program, cases, made, exercise.tolerance):
            return mistake
    return None


def varied(exercise: Code, cases: Sequence[Any], made: Attempt) -> Mistake | None:
    """Return the one change in a right program that makes it do what the answer did."""
    for right in (exercise.solution, *exercise.alternatives):
        for one in variations(right):
            if fits(one.program, cases, made, exercise.tolerance):
                message = f"your values come out where a program has {one.shown}. {one.told}"
                return Mistake(one.name, one.program, escape(message))
    return None


def repaired(
    exercise: Code,
    answer: Callable[..., Any],
    cases: Sequence[Any],
    expected: Sequence[Any],
    made: Attempt,
    wrong: Sequence[int],
) -> Mistake | None:
    """Return the one place in a reader's own program that is wrong, if all the rest is right."""
    odd = not isinstance(made.problem, Exception | None)
    odd |= isinstance(made.problem, MemoryError | RecursionError)
    if odd or any(map(is_boolean, expected)) or any(isinstance(x, Foreign) for x in made.given):
        return None
    order = [*wrong, *(k for k in range(len(cases)) if k not in wrong)]

    def accepts(program: Callable[..., Any]) -> bool:
        for k in order:
            try:
                with np.errstate(all="ignore"):
                    given = taken_in(program(*copy.deepcopy(cases[k])))
            except Spent:
                raise
            except BaseException:  # noqa: BLE001, of a changed program any error may come
                return False
            if difference(given, expected[k], exercise.tolerance):
                return False
        return True

    one = repair(answer, accepts)
    if one is None:
        return None
    message = f"one change makes your program right: look at {one.shown}. {one.told}"
    return Mistake(one.name, answer, escape(message, quote=False))


def is_boolean(value: Any) -> bool:
    """Whether a result is of booleans, where different mistakes often give the same."""
    return isinstance(value, bool | np.ndarray) and np.asarray(value).dtype == bool


def composed(exercise: Code, cases: Sequence[Any], made: Attempt) -> Mistake | None:
    """Return two known mistakes, made together in one program, as one."""
    for one, other in combinations(exercise.mistakes, 2):
        program = exercise.program(one, other)
        if program and fits(program, cases, made, exercise.tolerance):
            message = f"two things at once. First: {one.message} Second: {other.message}"
            return Mistake(f"{one.name} + {other.name}", program, message)
    return None


ON_TOP = {"sign", "factor", "size", "transposed"}
"""Ways in which a known mistake may be off besides; another shape would be another mistake."""


def twice_wrong(
    exercise: Code, cases: Sequence[Any], inputs: Sequence[Any], made: Attempt
) -> Mistake | None:
    """Return a known mistake that is off in one more way, such as its sign."""
    for mistake in exercise.mistakes:
        results = results_of(exercise.program(mistake), cases)
        if results is None:
            continue
        way = diagnose(made.given, results, inputs, exercise.tolerance, strong=True)
        if way and way.name in ON_TOP:
            message = f"two things at once. First: {mistake.message} Besides, {way.message}"
            return Mistake(f"{mistake.name} + {way.name}", mistake.wrong, message)
    return None


def results_of(program: Callable[..., Any] | None, cases: Sequence[Any]) -> list[Any] | None:
    """Return what a program gives for each case; None where it raises an error, or is none."""
    if program is None:
        return None
    try:
        with np.errstate(all="ignore"):
            return [program(*copy.deepcopy(case)) for case in cases]
    except Exception:  # noqa: BLE001, of a wrong function any error may come
        return None


def fits(wrong: Callable[..., Any], cases: Sequence[Any], made: Attempt, tolerance: float) -> bool:
    """Whether a known mistake does on every case what the reader's function did.

    Where an error ended the reader's function, the mistake must end in one of the same type on the
    same case, after the same results.
    """
    given = made.given
    for k, case in enumerate(cases[: len(given) + 1]):
        try:
            with np.errstate(all="ignore"):
                mistaken = wrong(*copy.deepcopy(case))
        except Exception as error:  # noqa: BLE001, of a wrong function any error may come
            return k == len(given) and type(error) is type(made.problem)
        if k == len(given) or difference(given[k], mistaken, tolerance):
            return False
    return made.problem is None


def ordinal(k: int) -> str:
    """Return "first", "second", ... for 1, 2, ..."""
    return ["first", "second", "third", "fourth", "fifth", "sixth"][k - 1] if k < 7 else f"{k}th"


def plain(message: str) -> str:
    """Return a message without its HTML tags.

    >>> plain("you left out <var>sigma</var>'")
    "you left out sigma'"
    """
    return unescape(re.sub(r"<[^>]+>", "", message))
