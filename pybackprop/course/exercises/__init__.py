"""Exercises that name the mistake: `exercise` shows one, `check` looks at a reader's function.

A chapter's exercises stand in a module of their own as data. To add a known mistake, add a line
to ``mistakes`` there: its name, what somebody who makes it answers, and what to tell them.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ...lookup import lookup
from ..stage.display import Interactive, is_static
from .checking import Verdict, judge
from .model import Choice, Code, Exercise, Mistake, Numeric, Option, by_id
from .page import on_page, pages_in, progress_on_page
from .progress_file import note_progress, read_progress
from .values import describe, taken_in

CHAPTERS = sorted(path.stem for path in Path(__file__).parent.glob("chapter_*.py"))

EXERCISES = by_id(
    [item for name in CHAPTERS for item in import_module(f".{name}", __name__).EXERCISES]
)
"""Id -> exercise, chapter by chapter."""

__all__ = [
    "EXERCISES",
    "Choice",
    "Code",
    "Exercise",
    "Mistake",
    "Numeric",
    "Option",
    "Verdict",
    "check",
    "exercise",
    "judge",
    "progress",
    "read_progress",
]


def exercise(name: str, *, solution: bool = True) -> Interactive:
    """Return the display of an exercise, by its id such as "03-output-delta".

    Parameters
    ----------
    name : str
    solution : bool, optional
        Whether it shows its solution, folded away; a sheet for a class shows none.

    Raises
    ------
    ValueError
        There is no such exercise; the message suggests the nearest one.

    Examples
    --------
    >>> exercise("03-output-delta")
    Exercise 03-output-delta: The output delta of one unit (answer: a number or a shape)
    """
    chosen = lookup(EXERCISES, name, "exercise")
    return on_page(chosen, checked().get(chosen.id) == "solved", solution)


def progress(folder: Path | str = ".") -> Interactive:
    """Return the list of all exercises, with what the reader has solved of them.

    The page adds what the browser has kept, a live notebook what `check` has noted, too.

    Parameters
    ----------
    folder : path, optional
        Where the chapters' notebooks are: beside this one. Each exercise is a link to the notebook
        that shows it; one that none of them shows is listed without a link.
    """
    suffix = ".html" if is_static() else ".ipynb"
    return progress_on_page(EXERCISES.values(), pages_in(Path(folder), suffix), checked())


def checked() -> dict[str, str]:
    """Return what `check` has noted here; nothing for a display that goes into the book."""
    return {} if is_static() else read_progress()


def check(answer: Callable[..., Any], exercise: str | None = None) -> Verdict:
    """Check a function that a reader wrote, and name the mistake where it is a known one.

    Parameters
    ----------
    answer : callable
        The function; its name tells which exercise it answers.
    exercise : str, optional
        The exercise's id, such as "03-sigmoid_prime", for a function of another name.

    Returns
    -------
    Verdict
        Displays as one sentence and, where the mistake is not a known one, the smallest input on
        which it fails with what was expected and what came. What is solved is noted in the file
        ``pybackprop-progress.json``.
        Nothing is raised for a wrong answer.

    Raises
    ------
    ValueError
        No exercise asks for a function of this name; the message suggests the nearest one.
    TypeError
        What was passed is no function, or has no name to find its exercise by.
    """
    codes = {item.id: item for item in EXERCISES.values() if isinstance(item, Code)}
    functions = {item.function: item for item in codes.values()}
    if exercise is not None:
        chosen = lookup(codes, exercise, "exercise")
    else:
        chosen = lookup(functions, name_of(answer), "function of an exercise")
    verdict = judge(chosen, answer)
    note_progress(verdict)
    return verdict


def name_of(answer: Any) -> str:
    """Return a function's name; a TypeError says what was passed in place of one."""
    if not callable(answer):
        raise TypeError(
            f"check takes a function, and this is {describe(taken_in(answer))}; pass the function "
            "itself, without calling it: check(sigmoid_prime), not check(sigmoid_prime(z))"
        )
    name = taken_in(getattr(answer, "__name__", None))
    if not isinstance(name, str) or name == "<lambda>":
        raise TypeError(
            "this function has no name to find its exercise by; name the exercise: "
            'check(answer, "03-sigmoid_prime")'
        )
    return name
