"""Chapters of two pages: numbers go on from the first to the second, and old links find what moved.

A second page stands in _toc.yml under `sections:` of its chapter. What links and exercises call by
the first page's address is found there, because the first page knows the places of the second.
"""

import re
from typing import Any

from docutils import nodes
from katex_math import split_tag
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

EXERCISE = re.compile(r'id="(exercise-[\w-]+)"')
STEPPER = re.compile(r'class="pybackprop-interactive" data-kind="stepper" data-name="([\w-]+)"')


def second_pages(env: BuildEnvironment) -> dict[str, list[str]]:
    """Return the chapters that have more pages than one, each with its further pages."""
    return {
        page: further
        for page, further in env.toctree_includes.items()
        if page != env.config.root_doc
    }


def in_order(env: BuildEnvironment, page: str = "") -> list[str]:
    """Return all pages below a page, or below the first one, as a reader turns them."""
    below = env.toctree_includes.get(page or env.config.root_doc, [])
    return [name for one in below for name in (one, *in_order(env, one))]


def go_on_counting(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Number the sections of a second page after those of the first, and its title not at all.

    Sphinx takes the page for a section: 3.8 with 3.8.1 and 3.8.2 in place of 3.8 and 3.9.
    """
    written = []
    for further in second_pages(env).values():
        before = 0  # sections of second pages so far
        for page in further:
            numbers = env.toc_secnumbers.get(page, {})
            title = numbers.get("", ())
            if not title:
                continue
            first = title[-1] - 1 + before
            new = {
                anchor: (*title[:-1], first + number[len(title)], *number[len(title) + 1 :])
                for anchor, number in numbers.items()
                if len(number) > len(title)
            }
            before += len({number[: len(title)] for number in new.values()}) - 1  # the page itself
            env.toc_secnumbers[page] = new
            env.titles[page].attributes.pop("secnumber", None)
            for reference in env.tocs[page].findall(nodes.reference):
                reference["secnumber"] = new.get(reference["anchorname"])
            written.append(page)
    return written


def note_places(app: Sphinx, doctree: nodes.document) -> None:
    """Note what a link can lead to: headings, equations, checks, exercises, steps of a stepper."""
    named = (*doctree.findall(nodes.section), *doctree.findall(nodes.container))
    html = "".join(raw.astext() for raw in doctree.findall(nodes.raw))
    steppers = STEPPER.findall(html)
    tags = [split_tag(formula.astext())[1] for formula in doctree.findall(nodes.math_block)]
    app.env.metadata[app.env.docname]["places"] = [
        *(name for node in named for name in node["ids"]),
        *(f"equation-{tag}" for tag in tags if tag),
        *EXERCISE.findall(html),
        *(f"{name}-{steppers[: k + 1].count(name)}" for k, name in enumerate(steppers)),
    ]


def write_anew(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Each build writes a chapter's first page again: it knows the places of the others."""
    return list(second_pages(env))


def tell_what_moved(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a first page the places of the others that it has not itself: address -> places."""
    places = {
        name: app.env.metadata[name]["places"]
        for name in (page, *second_pages(app.env).get(page, []))
        if name in app.env.all_docs
    }
    context["moved"] = {
        app.builder.get_relative_uri(page, name): [p for p in theirs if p not in places[page]]
        for name, theirs in places.items()
        if name != page
    }


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("env-get-updated", go_on_counting, priority=600)  # after Sphinx has numbered
    app.connect("doctree-read", note_places, priority=700)  # after all that gives names
    app.connect("env-updated", write_anew)
    app.connect("html-page-context", tell_what_moved)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
