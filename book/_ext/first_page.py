"""The stepper of the first page: a network that learns while the book is built."""

from docutils import nodes
from sphinx.application import Sphinx

from pybackprop.course.numbers.kinds import made, read
from pybackprop.course.steppers import Interactive

PLACE = '<div id="a-network-learns"></div>'


def learning() -> Interactive:
    """Return the stepper of the first page."""
    part = made("learning", read("learning", {}))
    assert part
    return part


def place_stepper(app: Sphinx, doctree: nodes.document) -> None:
    for raw in list(doctree.findall(nodes.raw)):
        if raw.astext().strip() == PLACE:
            raw.replace_self(nodes.raw("", learning().to_html(), format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", place_stepper)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
