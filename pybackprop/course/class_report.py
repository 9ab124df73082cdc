"""What a class has understood, from the progress files that its students export.

    python -m pybackprop.course.class_report [--csv] FILE [FILE ...]

A file's name is the student's. It holds the last answer to each exercise; a wrong one that a known
mistake gives is counted as that mistake.
"""

import argparse
import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .exercises import EXERCISES, Choice, Exercise, Numeric
from .exercises.progress_file import states_in, status_of


@dataclass(frozen=True)
class Answer:
    """What one student did with one exercise; the mistake is empty where none is known."""

    student: str
    exercise: str
    status: str
    mistake: str = ""


def answers_in(student: str, states: dict[str, Any]) -> list[Answer]:
    """Return the answers of one progress file; what is no exercise of this course is left out.

    Examples
    --------
    >>> answers_in("ada", {"03-hidden-delta": {"status": "solved"}, "other": 1})
    [Answer(student='ada', exercise='03-hidden-delta', status='solved', mistake='')]
    """
    found = []
    for name, exercise in EXERCISES.items():
        state = states.get(name, {})
        if status := status_of(state):
            mistake = mistake_of(exercise, state) if status == "tried" else ""
            found.append(Answer(student, name, status, mistake))
    return found


def mistake_of(exercise: Exercise, state: dict[str, Any]) -> str:
    """Return the name of the mistake behind the last answer, "" where it is none that is known."""
    typed, variant = state.get("typed"), state.get("variant", 0)
    if isinstance(exercise, Choice) and isinstance(typed, int):
        options = exercise.data()["options"]
        chosen = options[typed] if 0 <= typed < len(options) else {"text": exercise.right.text}
        return "" if chosen["text"] == exercise.right.text else words(chosen["text"])
    if isinstance(exercise, Numeric) and isinstance(typed, str) and isinstance(variant, int):
        variants = exercise.variants()
        value = read_answer(typed)
        if value is None or not 0 <= variant < len(variants):
            return ""
        for mistake in exercise.mistakes:
            wrong = mistake.wrong(**variants[variant])
            if same(value, wrong, exercise.tolerance):
                return mistake.name
    return ""


def words(html: str) -> str:
    """Return the text of a piece of HTML, on one line."""
    return " ".join(re.sub(r"<[^>]*>", "", html).split())


def same(value: Any, wrong: Any, tolerance: float) -> bool:
    if isinstance(value, tuple) or isinstance(wrong, tuple):
        return bool(value == wrong)
    return bool(abs(value - wrong) <= tolerance)


def read_answer(typed: str) -> float | tuple[int, ...] | None:
    """Return the number or the shape that was typed, None where it is neither.

    Examples
    --------
    >>> read_answer("-0,25"), read_answer("1/4"), read_answer("(3, 2)"), read_answer("a lot")
    (-0.25, 0.25, (3, 2), None)
    """
    text = typed.strip().replace("\N{MINUS SIGN}", "-")
    if re.fullmatch(r"[(\[]\s*\d+(\s*[,;x×]\s*\d+)*\s*,?\s*[)\]]|\d+(\s*[,;x×]\s+\d+)+", text):
        return tuple(map(int, re.findall(r"\d+", text)))
    if re.fullmatch(r"[-+]?\d*,\d+", text):
        text = text.replace(",", ".")
    over, _, under = text.partition("/")
    try:
        return float(over) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        return None


def report(answers: Sequence[Answer]) -> str:
    """Return the report as text: students, exercises with the hardest first, mistakes."""
    lines = ["solved  tried  student", *counted(answers, "student", {})]
    titles = {name: f"{name}: {exercise.title}" for name, exercise in EXERCISES.items()}
    lines += ["", "solved  tried  exercise", *counted(answers, "exercise", titles)]
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for answer in answers:
        if answer.mistake:
            made[answer.exercise, answer.mistake].append(answer.student)
    lines += ["", "the class's mistakes" if made else "no known mistake in these files"]
    for (exercise, mistake), students in sorted(made.items(), key=lambda item: -len(item[1])):
        lines.append(f"{len(students):6}  {exercise}: {mistake} ({', '.join(students)})")
    return "\n".join(lines)


def counted(answers: Sequence[Answer], field: str, titles: dict[str, str]) -> list[str]:
    """Return how often each student or exercise is solved and only tried, fewest solved first."""
    count = Counter((getattr(answer, field), answer.status) for answer in answers)
    names = dict.fromkeys(getattr(answer, field) for answer in answers)
    rows = [(count[name, "solved"], count[name, "tried"], titles.get(name, name)) for name in names]
    rows.sort(key=lambda row: (row[0] - row[1], row[2]))
    return [f"{solved:6}  {tried:5}  {name}" for solved, tried, name in rows]


def named(paths: Sequence[Path]) -> dict[str, Path]:
    """Return the files by their students: a name, or the whole path where two have the same."""
    stems = Counter(path.stem for path in paths)
    return {path.stem if stems[path.stem] == 1 else str(path): path for path in paths}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of the files named; return 1 where one of them is no progress file."""
    parser = argparse.ArgumentParser(
        prog="python -m pybackprop.course.class_report",
        description="What a class has understood, from the progress files of its students.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--csv", action="store_true", help="a table for a spreadsheet")
    asked = parser.parse_args(arguments)
    answers, unread = [], []
    for student, path in named(asked.files).items():
        states = states_in(path)
        if states is None:
            unread.append(path)
        else:
            answers += answers_in(student, states)
    if asked.csv:
        table = csv.writer(sys.stdout)
        table.writerow(["student", "exercise", "status", "mistake"])
        table.writerows((a.student, a.exercise, a.status, a.mistake) for a in answers)
    else:
        print(report(answers))
    for path in unread:
        print(
            f"{path} is no progress file; ask for the one that the page 'Your progress' exports",
            file=sys.stderr,
        )
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main())
