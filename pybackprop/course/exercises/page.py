"""How exercises and the reader's progress stand on a page: HTML that reads without a script."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ..stage.display import Interactive
from .misconceptions import misconception, names_in
from .model import Exercise

KINDS = {"numeric": "a number or a shape", "choice": "one answer of several", "code": "a function"}
IN_NOTEBOOK = "<p>Complete the function in the next cell, in a live notebook, and run it.</p>"
"""Where an exercise in code is solved; a page that has Python shows an editor in its place."""


def on_page(exercise: Exercise, solved: bool = False, solution: bool = True) -> Interactive:
    """Return the display of an exercise.

    Parameters
    ----------
    exercise : Exercise
    solved : bool, optional
        Whether `check` has noted here that it is solved.
    solution : bool, optional
        Whether it shows its solution.
    """
    data = exercise.data() | {"type": exercise.kind}
    if exercise.kind != "code":  # a known mistake of code is found in Python
        names = names_in(exercise)
        if exercise.kind == "choice":
            names = [option["text"] for option in data["options"]]
        behind = [misconception(exercise, name) or "" for name in names]
        if any(behind):
            data["behind"] = behind
    if solved:
        data["solved"] = True
    shown = data | data["variants"][0] if exercise.kind == "numeric" else data
    parts = [f'<div class="pb-question">{shown["question"]}</div>']
    if exercise.kind == "choice":
        items = "".join(f"<li>{option['text']}</li>" for option in data["options"])
        parts.append(f'<ol type="a" class="pb-options">{items}</ol>')
    if exercise.kind == "code":
        parts.append(IN_NOTEBOOK)
    parts.append('<div class="pb-answer"></div>')
    parts += [fold(f"Hint {k}", hint, "pb-hint") for k, hint in enumerate(shown["hints"], start=1)]
    if solution:
        parts.append(fold("Solution", shown["solution"], "pb-solution"))
    name = f"exercise-{exercise.id}"
    return Interactive(
        kind="exercise",
        name=name,
        data=data,
        poster=(
            f'<section class="pb-poster pb-wide pb-exercise" id="{name}" tabindex="-1" '
            f'aria-label="Exercise: {escape(exercise.title)}">'
            f'<p class="pb-title"><span><b>Exercise.</b> {escape(exercise.title)}</span></p>'
            f"{''.join(parts)}</section>"
        ),
        summary=(
            f"Exercise {exercise.id}: {exercise.title} "
            f"(answer: {'a formula' if data.get('formula') else KINDS[exercise.kind]})"
        ),
    )


def fold(title: str, text: str, kind: str) -> str:
    """Return text folded away under a title."""
    return f'<details class="{kind}"><summary>{title}</summary><div>{text}</div></details>'


@dataclass(frozen=True)
class Page:
    """A page of exercises: its title, its address, and the ids that it shows."""

    title: str
    address: str
    exercises: tuple[str, ...]


def pages_in(folder: Path, suffix: str) -> list[Page]:
    """Return the pages that the notebooks of a folder make, in the order of their names.

    A notebook's title is its first heading, after the number with which its name begins; its
    address is its name with the suffix; its exercises are those it calls `exercise` for. What
    cannot be read as a notebook is left out.
    """
    pages = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        code = "\n".join(text for kind, text in texts if kind == "code")
        prose = "\n".join(text for kind, text in texts if kind == "markdown")
        heading = re.search(r"^# +(.+)$", prose, re.MULTILINE)
        number = re.match(r"0*(\d+)", path.stem)
        title = heading[1].strip() if heading else path.stem
        pages.append(
            Page(
                title=f"{number[1]}. {title}" if number else title,
                address=f"{path.stem}{suffix}",
                exercises=tuple(
                    re.findall(r"^exercise\([\"']([^\"']+)[\"'][,)]", code, re.MULTILINE)
                ),
            )
        )
    return pages


def progress_on_page(
    exercises: Iterable[Exercise],
    pages: Iterable[Page] = (),
    checked: Mapping[str, str] | None = None,
) -> Interactive:
    """Return the list of all exercises, on which the page marks what this browser's reader solved.

    Parameters
    ----------
    exercises : iterable of exercises
    pages : iterable of Page, optional
        Where they stand. An exercise that stands on none of them is listed without a link, under
        the number of its chapter.
    checked : mapping, optional
        Id -> "solved" or "tried", of what `check` has noted here.
    """
    left = {exercise.id: exercise for exercise in exercises}
    count, lists = len(left), ""
    for number, page in enumerate(pages, start=1):
        shown = [left.pop(name) for name in page.exercises if name in left]
        if shown:
            lists += listed(f"pb-page-{number}", page.title, shown, page.address)
    for chapter in sorted({name[:2] for name in left}):
        rest = [item for name, item in left.items() if name[:2] == chapter]
        lists += listed(f"pb-chapter-{chapter}", f"Chapter {chapter.lstrip('0')}", rest)
    return Interactive(
        kind="progress",
        name="progress",
        data={"checked": dict(checked or {})},
        poster=(
            '<section class="pb-poster pb-wide pb-progress" aria-label="Progress">'
            f"{lists}</section>"
        ),
        summary=f"Progress over {count} exercises",
    )


def listed(heading: str, title: str, exercises: Iterable[Exercise], address: str = "") -> str:
    """Return one page's list of exercises; without an address they are no links."""
    items = ""
    for item in exercises:
        name = escape(item.title)
        if address:
            name = f'<a href="{escape(address)}#exercise-{item.id}">{name}</a>'
        items += f'<li id="progress-{item.id}" data-id="{item.id}">{name}</li>'
    return f'<h2 id="{heading}">{escape(title)}</h2><ul aria-labelledby="{heading}">{items}</ul>'
