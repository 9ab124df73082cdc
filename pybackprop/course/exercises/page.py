"""How exercises and the reader's progress stand on a page: HTML that reads without a script."""

from collections.abc import Iterable, Mapping
from html import escape

from ..stage.display import Interactive
from .model import Exercise

KINDS = {"numeric": "a number or a shape", "choice": "one answer of several", "code": "a function"}


def on_page(exercise: Exercise, solved: bool = False) -> Interactive:
    """Return the display of an exercise.

    Parameters
    ----------
    exercise : Exercise
    solved : bool, optional
        Whether `check` has noted here that it is solved.
    """
    data = exercise.data() | {"type": exercise.kind}
    if solved:
        data["solved"] = True
    shown = data | data["variants"][0] if exercise.kind == "numeric" else data
    parts = [f'<div class="pb-question">{shown["question"]}</div>']
    if exercise.kind == "choice":
        items = "".join(f"<li>{option['text']}</li>" for option in data["options"])
        parts.append(f'<ol type="a" class="pb-options">{items}</ol>')
    if exercise.kind == "code":
        parts.append(
            "<p>Complete the function in the next cell, in a live notebook, and run it.</p>"
        )
    parts.append('<div class="pb-answer"></div>')
    parts += [fold(f"Hint {k}", hint, "pb-hint") for k, hint in enumerate(shown["hints"], start=1)]
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
        summary=f"Exercise {exercise.id}: {exercise.title} (answer: {KINDS[exercise.kind]})",
    )


def fold(title: str, text: str, kind: str) -> str:
    """Return text folded away under a title."""
    return f'<details class="{kind}"><summary>{title}</summary><div>{text}</div></details>'


def progress_on_page(
    exercises: Iterable[Exercise],
    pages: Mapping[str, tuple[str, str]],
    checked: Mapping[str, str] | None = None,
) -> Interactive:
    """Return the list of all exercises, on which the page marks what this browser's reader solved.

    Parameters
    ----------
    exercises : iterable of exercises
    pages : mapping
        Number of the chapter, such as "03" -> (its title, its address).
    checked : mapping, optional
        Id -> "solved" or "tried", of what `check` has noted here.
    """
    chapters: dict[str, list[Exercise]] = {}
    for exercise in exercises:
        chapters.setdefault(exercise.id[:2], []).append(exercise)
    lists = ""
    for number, (title, address) in sorted(pages.items()):
        items = "".join(
            f'<li id="progress-{item.id}" data-id="{item.id}">'
            f'<a href="{address}#exercise-{item.id}">{escape(item.title)}</a></li>'
            for item in chapters[number]
        )
        heading = f"pb-chapter-{number}"
        lists += f'<h2 id="{heading}">{escape(title)}</h2>'
        lists += f'<ul aria-labelledby="{heading}">{items}</ul>'
    return Interactive(
        kind="progress",
        name="progress",
        data={"checked": dict(checked or {})},
        poster=(
            '<section class="pb-poster pb-wide pb-progress" aria-label="Progress">'
            f"{lists}</section>"
        ),
        summary=f"Progress over {sum(map(len, chapters.values()))} exercises",
    )
