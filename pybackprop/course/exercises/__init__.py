"""Exercises that name the mistake: `exercise` shows one, `check` looks at a reader's function.

A chapter's exercises stand in a module of their own as data. To add a known mistake, add a line
to ``mistakes`` there: its name, what somebody who makes it answers, and what to tell them.
"""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ...lookup import lookup
from ..stage.display import STATIC, Interactive
from .checking import Verdict, judge, note_progress, read_progress
from .model import Choice, Code, Exercise, Mistake, Numeric, Option, by_id
from .page import on_page, progress_on_page

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

PAGES = {
    "01": ("1. Forward pass", "01_forward_pass.html"),
    "02": ("2. Losses", "02_losses.html"),
    "03": ("3. Deriving delta", "03_delta.html"),
    "04": ("4. SGD versus Adam", "04_sgd_vs_adam.html"),
    "05": ("5. The training loop", "05_training_loop.html"),
    "06": ("6. Two networks by hand", "06_two_networks_by_hand.html"),
    "07": ("7. Checking gradients", "07_checking_gradients.html"),
    "08": ("8. Bugs that still learn", "08_bugs_that_still_learn.html"),
    "09": ("9. When learning stalls", "09_when_learning_stalls.html"),
}
"""Number of a chapter -> its title and its page in the built book."""


def exercise(name: str) -> Interactive:
    """Return the display of an exercise, by its id such as "03-output-delta".

    Raises
    ------
    ValueError
        There is no such exercise; the message suggests the nearest one.

    Examples
    --------
    >>> exercise("03-output-delta")
    Exercise 03-output-delta: The output delta of one neuron (answer: a number or a shape)
    """
    chosen = lookup(EXERCISES, name, "exercise")
    return on_page(chosen, checked().get(chosen.id) == "solved")


def progress() -> Interactive:
    """Return the list of all exercises, with what the reader has solved of them.

    The page adds what the browser has kept, a live notebook what `check` has noted, too.
    """
    return progress_on_page(EXERCISES.values(), PAGES, checked())


def checked() -> dict[str, str]:
    """Return what `check` has noted here; nothing for a display that goes into the book."""
    return {} if os.environ.get(STATIC) == "1" else read_progress()


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
    """
    codes = {item.id: item for item in EXERCISES.values() if isinstance(item, Code)}
    functions = {item.function: item for item in codes.values()}
    if exercise is not None:
        chosen = lookup(codes, exercise, "exercise")
    else:
        chosen = lookup(functions, getattr(answer, "__name__", answer), "exercise")
    verdict = judge(chosen, answer)
    note_progress(verdict)
    return verdict
