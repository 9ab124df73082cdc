"""A tree of text and elements: what pictures, panels and tables are made of.

Three types never turn into one another. A ``str`` is text, whatever characters it has. `Markup` is
text and elements (`Node`) in a row. A `Template` is text with the values of columns in it. As JSON
all three are strings and lists, from which the front end makes the same tree.

An attribute ``data-...`` is a mark: it says what changes from frame to frame (see ``stepper.js``).
"""

from collections.abc import Callable, Iterable
from html import escape
from string import Formatter
from typing import Any, NamedTuple, Union


class Node(NamedTuple):
    """An element of HTML or SVG."""

    tag: str
    attributes: dict[str, str]
    children: "Markup"


Part = Union[str, Node, Iterable["Part"]]  # noqa: UP007 - X | Y takes no forward reference


class Markup(tuple[str | Node, ...]):
    """Text and elements in a row; parts in parts are laid out flat.

    >>> Markup("a < b", [" and ", node("b", "c")])
    ('a < b', ' and ', Node(tag='b', attributes={}, children=('c',)))
    """

    __slots__ = ()

    def __new__(cls, *parts: Part) -> "Markup":
        flat: list[str | Node] = []
        for part in parts:
            flat += [part] if isinstance(part, str | Node) else cls(*part)
        return super().__new__(cls, flat)


class Template(tuple[str, ...]):
    """Text with the values of columns in it: text, column, text, ..., column, text.

    What is given by keyword is text and stays text, whatever braces it has.

    >>> Template("{name} gives {a} at step {t}.", name="{say}")
    ('{say} gives ', 'a', ' at step ', 't', '.')
    """

    __slots__ = ()

    def __new__(cls, pattern: str, **texts: str) -> "Template":
        parts = [""]
        for text, field, *_ in Formatter().parse(pattern):
            parts[-1] += text + texts.get(field or "", "")
            if field is not None and field not in texts:
                parts += [field, ""]
        return super().__new__(cls, parts)


def node(tag: str, *parts: Part, **attributes: Any) -> Node:
    """Return an element. ``_`` in an attribute's name stands for a hyphen, at its end for nothing.

    >>> node("p", "text", class_="a", data_t="c", title=None)
    Node(tag='p', attributes={'class': 'a', 'data-t': 'c'}, children=('text',))
    """
    named = {
        name.rstrip("_").replace("_", "-"): str(value)
        for name, value in attributes.items()
        if value is not None
    }
    return Node(tag, named, Markup(*parts))


def write(part: str | Node | Markup, fill: Callable[[Node], Node] = lambda one: one) -> str:
    """Return the tree as HTML; ``fill`` gives each element what it has at one moment.

    >>> write(node("p", "1 < 2", title='"'))
    '<p title="&quot;">1 &lt; 2</p>'
    """
    if isinstance(part, str):
        return escape(part, quote=False)
    if isinstance(part, Markup):
        return "".join(write(child, fill) for child in part)
    tag, attributes, children = fill(part)
    named = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    if tag == "img":  # has no end
        return f"<{tag}{named}>"
    return f"<{tag}{named}>{write(children, fill)}</{tag}>"
