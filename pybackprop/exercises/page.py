"""How exercises and the reader's progress stand on a page: HTML that reads without a script."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ..interactive.display import Interactive
from .model import Exercise

KINDS = {"numeric": "a number", "choice": "one answer of several", "code": "a function"}


def on_page(exercise: Exercise) -> Interactive:
    """Return the display of an exercise."""
    data = exercise.data() | {"type": exercise.kind}
    shown = data | data["variants"][0] if exercise.kind == "numeric" else data
    parts = [f'<div class="pb-question">{shown["question"]}</div>']
    if exercise.kind == "choice":
        items = "".join(f"<li>{option['text']}</li>" for option in data["options"])
        parts.append(f'<ol type="a" class="pb-options">{items}</ol>')
    if exercise.kind == "code":
        parts.append(f'<pre class="pb-stub">{escape(data["stub"])}</pre>')
    parts.append('<div class="pb-answer"></div>')
    parts += [fold(f"Hint {k}", hint, "pb-hint") for k, hint in enumerate(shown["hints"], start=1)]
    parts.append(fold("Solution", shown["solution"], "pb-solution"))
    name = f"exercise-{exercise.id}"
    return Interactive(
        kind="exercise",
        name=name,
        data=data,
        poster=(
            f'<section class="pb-poster pb-exercise" id="{name}" tabindex="-1" '
            f'aria-label="Exercise: {escape(exercise.title)}">'
            f'<p class="pb-title"><b>Exercise.</b> {escape(exercise.title)}</p>'
            f"{''.join(parts)}</section>"
        ),
        summary=f"Exercise {exercise.id}: {exercise.title} (answer: {KINDS[exercise.kind]})",
    )


def fold(title: str, text: str, kind: str) -> str:
    """Return text folded away under a title."""
    return f'<details class="{kind}"><summary>{title}</summary><div>{text}</div></details>'


def progress_on_page(
    exercises: Iterable[Exercise], pages: Mapping[str, tuple[str, str]]
) -> Interactive:
    """Return the list of all exercises, on which the page marks what this browser's reader solved.

    Parameters
    ----------
    exercises : iterable of exercises
    pages : mapping
        Number of the chapter, such as "03" -> (its title, its address).
    """
    chapters: dict[str, list[dict[str, Any]]] = {}
    for exercise in exercises:
        entry = {"id": exercise.id, "title": exercise.title}
        chapters.setdefault(exercise.id[:2], []).append(entry)
    data = [
        {"title": pages[number][0], "page": pages[number][1], "exercises": entries}
        for number, entries in sorted(chapters.items())
    ]
    lists = "".join(
        f"<h3>{escape(chapter['title'])}</h3><ul>"
        + "".join(
            f'<li data-id="{item["id"]}"><a href="{chapter["page"]}#exercise-{item["id"]}">'
            f"{escape(item['title'])}</a></li>"
            for item in chapter["exercises"]
        )
        + "</ul>"
        for chapter in data
    )
    return Interactive(
        kind="progress",
        name="progress",
        data={"chapters": data},
        poster=f'<section class="pb-poster pb-progress" aria-label="Progress">{lists}</section>',
        summary=f"Progress over {sum(map(len, chapters.values()))} exercises",
    )
