"""How well wrong answers are named: python -m pybackprop.course.exercises.measure FILE.json ...

A file holds a list of answers that people or programs gave who saw the question alone. Each one is

    {"exercise": "03-sigmoid_prime", "answer": "def sigmoid_prime(z): ...", "right": false,
     "mistake": ["sigma itself"]}

``answer`` is what was typed: code, a number or a shape, or the text of an option. ``variant`` is
the set of numbers that was shown, 0 when left out. ``mistake`` lists the names that would be right
for a wrong answer; an empty list says that no known one is, and without it nothing is said.
No mistake is ever written from such a file: it would measure itself.
"""

import json
import linecache
import sys
from ast import literal_eval
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from . import EXERCISES
from .checking import judge
from .diagnosis import NUMBERS_OFF, SHAPES_OFF, STEPS_OFF
from .model import Choice, Code, Numeric

Answer = Mapping[str, Any]
Told = tuple[str, str]
"""An outcome, "passed", "named", "way", "unnamed" or "unread", and the name that was given."""


WAYS = {*NUMBERS_OFF, *SHAPES_OFF, *STEPS_OFF}
"""What is told of a number that is off, whatever the formula is."""


def told(answer: Answer) -> Told:
    """Return how the course answers.

    >>> told({"exercise": "03-sigmoid_prime", "answer": "def sigmoid_prime(z): return np.tanh(z)"})
    ('unnamed', '')
    >>> told({"exercise": "02-squared-error", "answer": "77"})
    ('unnamed', '')
    """
    item, text = EXERCISES[answer["exercise"]], str(answer["answer"])
    if isinstance(item, Code):
        return told_of_code(item, text)
    if isinstance(item, Numeric):
        return told_of_number(item, text, answer.get("variant", 0))
    return told_of_choice(item, text)


def told_of_code(item: Code, text: str) -> Told:
    """Run the code and judge the function that it makes."""
    names: dict[str, Any] = {"np": np}
    place = f"<answer {len(linecache.cache)}>"
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    try:
        exec(compile(text, place, "exec"), names)
    except Exception as error:  # noqa: BLE001, a reader's code may raise anything
        return "unread", type(error).__name__
    if item.function not in names:
        return "unread", f"no {item.function}"
    verdict = judge(item, names[item.function])
    if verdict.status == "wrong":
        return ("way", verdict.way) if verdict.way else ("unnamed", "")
    outcomes = {"passed": "passed", "mistake": "named", "not attempted": "unread"}
    return outcomes[verdict.status], verdict.mistake or ""


def told_of_number(item: Numeric, text: str, variant: int) -> Told:
    """Compare a number or a shape as the page does."""
    data = data_of(item.id)
    shown = data["variants"][variant]
    try:
        value = literal_eval(text.replace("−", "-").strip())
    except (ValueError, SyntaxError):
        return "unread", ""
    if same(value, shown["answer"], data["tolerance"]):
        return "passed", ""
    for k, wrong in enumerate(shown["mistakes"]):
        if wrong is not None and same(value, wrong, data["tolerance"]):
            if k < len(item.mistakes):
                return "named", item.mistakes[k].name
            message = str(data["messages"][k])
            return ("way" if message in WAYS else "named"), message
    return "unnamed", ""


@cache
def data_of(name: str) -> dict[str, Any]:
    """Return what a page compares an exercise's answer with."""
    return EXERCISES[name].data()


def same(given: Any, other: Any, tolerance: float) -> bool:
    """Whether a typed number or shape counts as another one."""
    if isinstance(other, list) or not isinstance(given, int | float):
        return isinstance(given, tuple | list) and list(given) == other
    return bool(abs(given - other) <= tolerance)


def told_of_choice(item: Choice, text: str) -> Told:
    """Find the option; each wrong one has its reply."""
    if text == item.right.text:
        return "passed", ""
    names = [option.text for option in item.wrong]
    return ("named", text) if text in names else ("unread", "")


def count(answers: Iterable[Answer]) -> Counter[str]:
    """Count what became of right and of wrong answers, such as "wrong named"."""
    counts: Counter[str] = Counter()
    for answer in answers:
        outcome, name = told(answer)
        kind = "right" if answer["right"] else "wrong"
        if kind == "wrong" and outcome == "named" and "mistake" in answer:
            known = {part for wanted in answer["mistake"] for part in wanted.split(" + ")}
            if not known & set(name.split(" + ")):
                outcome = "misnamed"
        counts[f"{kind} {outcome}"] += 1
    return counts


ROWS = {
    "wrong named": "wrong answers whose mistake is named",
    "wrong misnamed": "... named as a mistake that it is not",
    "wrong way": "... not named, but told in which way they are off",
    "wrong unnamed": "... told that the values differ",
    "wrong passed": "... passed as right",
    "right passed": "right answers passed",
    "right refused": "... refused",
}


def table(answers: Iterable[Answer]) -> str:
    """Return the figures as lines of text."""
    counts = count(answers)
    counts["right refused"] = sum(
        counts[f"right {outcome}"] for outcome in ("named", "way", "unnamed", "unread")
    )
    lines = []
    for key, words in ROWS.items():
        kind = key.split()[0]
        whole = sum(n for name, n in counts.items() if name.startswith(kind))
        whole -= counts["right refused"] if kind == "right" else counts["wrong unread"]
        share = f"{100 * counts[key] / whole:5.1f} %" if whole else "    - "
        lines.append(f"{words:<52}{counts[key]:>5}{share:>9}")
    lines.append(
        f"{'wrong answers that could not be read (not counted)':<52}{counts['wrong unread']:>5}"
    )
    return "\n".join(lines)


def main(names: list[str]) -> int:
    """Print the figures of all files together."""
    if not names:
        print(__doc__)
        return 2
    answers = [one for name in names for one in json.loads(Path(name).read_text(encoding="utf-8"))]
    print(table(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
