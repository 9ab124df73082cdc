"""The page "Misconceptions": under each one, the exercises that name it."""

from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from pybackprop.course.exercises import EXERCISES
from pybackprop.course.exercises.misconceptions import named_in
from pybackprop.course.exercises.page import pages_in

PAGE = "book/misconceptions"


def write_anew(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Each build writes the page again: the exercises are not among its sources."""
    return [PAGE] if PAGE in env.all_docs else []


def place_lists(app: Sphinx, doctree: nodes.document, page: str) -> None:
    if page != PAGE:
        return
    folder = Path(app.srcdir, PAGE).parent
    shown = {name: each.address for each in pages_in(folder, "") for name in each.exercises}
    lists = named_in(EXERCISES.values())
    for section in doctree.findall(nodes.section):
        exercises = lists.get(section["ids"][0], {})
        if exercises:
            words = nodes.paragraph("", "", nodes.strong(text="Exercises in"))
            for chapter, names in groupby(exercises, key=lambda name: name[:2]):
                words += nodes.Text(f" chapter {chapter.lstrip('0')}: ")
                for name in names:
                    words += link(app, f"book/{shown[name]}", name)
                    words += nodes.Text(" · ")
                words[-1] = nodes.Text(";")
            words[-1] = nodes.Text(".")
            section.next_node(nodes.bullet_list).append(nodes.list_item("", words))


def link(app: Sphinx, page: str, name: str) -> nodes.reference:
    """Return a link to an exercise on its chapter's page."""
    address = f"{app.builder.get_relative_uri(PAGE, page)}#exercise-{name}"
    return nodes.reference("", EXERCISES[name].title, refuri=address, internal=True)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("env-updated", write_anew)
    app.connect("doctree-resolved", place_lists)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
