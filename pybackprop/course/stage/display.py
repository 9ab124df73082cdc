"""One object, two displays: a live widget in a notebook, plain HTML on a page without a kernel."""

import base64
import html
import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from ..palette import ROLES

STATIC = "PYBACKPROP_STATIC"
"""Environment variable: 1 while notebooks are executed for a book or for commit."""

VIEW = "application/vnd.jupyter.widget-view+json"

SCRIPTS = ("base.js", "stepper.js", "exercise.js")
STYLES = ("stepper.css", "exercise.css")
DARK = (
    "html[data-theme=dark]",  # the book
    "body[data-jp-theme-light=false]",  # JupyterLab, Notebook 7
    "body.vscode-dark",
    "html[theme=dark]",  # Colab
)


def is_static() -> bool:
    """Whether displays go into a book or into a stored notebook."""
    return os.environ.get(STATIC) == "1"


def make_static() -> None:
    """Ask for static displays here and in the kernels that are started from here."""
    os.environ[STATIC] = "1"


@dataclass(frozen=True, eq=False)
class Interactive:
    """A stepper, exercise or quiz: finished data, and a still that can be read without a script.

    In a notebook it displays as a widget. With ``PYBACKPROP_STATIC=1`` in the environment it
    displays as HTML: the still, and the data as JSON for the page's script. One code draws both.

    Attributes
    ----------
    kind : str
        Which front-end function draws it.
    name : str
        Short name, part of links to one of its steps.
    data : mapping
        What the front end draws from: strings, finite numbers, lists and dicts of them.
    poster : str
        The still, as HTML with ``class="pb-poster"``.
    summary : str
        One line for displays that take no HTML.
    controls : callable, optional
        Returns ipywidgets by name, shown above the live widget.
    remake : callable, optional
        Takes the values of the controls by name, returns the `Interactive` to show instead.
    stored : str, optional
        The still with its picture as an image.
    address : str, optional
        What it shows, as the page "Your own numbers" reads it.

    Raises
    ------
    ValueError
        A number in data is NaN or infinite; the message names its place.
    """

    kind: str
    name: str
    data: Mapping[str, Any]
    poster: str
    summary: str
    controls: Callable[[], Mapping[str, Any]] | None = None
    remake: Callable[..., "Interactive"] | None = None
    stored: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        refuse_infinite(self.data, "data")

    def __repr__(self) -> str:
        return self.summary

    @property
    def still(self) -> str:
        """The still as a notebook stores it."""
        return self.stored or self.poster

    def to_html(self, *, stored: bool = False) -> str:
        """Return the static form, for a page or for a stored notebook; the same for the same data.

        Viewers that do not trust a notebook (JupyterLab before it is run, GitHub) take the elements
        of a picture away and leave its text; an image they keep. ``with_pictures`` is the way back.
        """
        still = self.still if stored else self.poster
        address = f' data-address="{html.escape(self.address)}"' if self.address else ""
        return (
            f'<div class="pybackprop-interactive" data-kind="{html.escape(self.kind)}" '
            f'data-name="{html.escape(self.name)}"{address}>{still}'
            f'<script type="application/json">{to_json(self.data)}</script></div>'
        )

    @cached_property
    def widget(self) -> Any:
        """The live form, an ipywidget; its ``frame`` can be linked to other widgets."""
        return live_class()(kind=self.kind, data=dict(self.data), poster=self.poster)

    @cached_property
    def live(self) -> Any:
        """The live form below its controls."""
        if self.controls is None or self.remake is None:
            return self.widget
        import ipywidgets

        controls, remake = self.controls(), self.remake
        message = ipywidgets.HTML()

        def change(_: object) -> None:
            try:
                new = remake(**{name: control.value for name, control in controls.items()})
            except ValueError as error:
                message.value = html.escape(str(error))
            else:
                message.value = ""
                with self.widget.hold_sync():
                    self.widget.poster, self.widget.data = new.poster, dict(new.data)

        for control in controls.values():
            control.observe(change, "value")
        return ipywidgets.VBox([*controls.values(), message, self.widget])

    def _repr_mimebundle_(self, **_: Any) -> Any:
        if is_static():
            return {"text/html": self.to_html(stored=True), "text/plain": self.summary}
        try:
            live = self.live
        except ImportError:
            return {
                "text/html": self.still,
                "text/plain": f"{self.summary} (python -m pip install anywidget makes it move)",
            }
        # Boxes of ipywidgets 7 have no bundle, and those of 8 lack what Colab asks for: the bundle
        # is the widget's own, with the view of what stands around it. Where no widget can be shown
        # (a saved notebook without its kernel), the still is there.
        made = self.widget._repr_mimebundle_()
        data, metadata = made if isinstance(made, tuple) else (made, {})
        view = data[VIEW] | {"model_id": live.model_id}
        return {VIEW: view, "text/html": self.still, "text/plain": self.summary}, metadata


IMAGE = re.compile(r'<img class="pb-still"[^>]* src="data:image/svg\+xml;base64,([^"]*)">')


def with_pictures(text: str) -> str:
    """Return a page with the pictures of stored displays in place of their images."""
    return IMAGE.sub(lambda found: base64.b64decode(found[1]).decode(), text)


def to_json(data: Any) -> str:
    """Return data as JSON that is safe inside a script element, with sorted keys.

    >>> to_json({"b": "</script>", "a": [0.5, 2]})
    '{"a":[0.5,2],"b":"\\\\u003c/script>"}'
    """
    text = json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.replace("<", "\\u003c")


def refuse_infinite(data: Any, where: str) -> None:
    """Raise a ValueError that names the first number that is NaN or infinite.

    >>> refuse_infinite({"loss": [0.5, float("nan")]}, "data")
    Traceback (most recent call last):
    ValueError: data["loss"][1] is nan; a page can show finite numbers only
    """
    if isinstance(data, Mapping):
        for key, value in data.items():
            if not isinstance(value, str | int):  # most are
                refuse_infinite(value, f'{where}["{key}"]')
    elif isinstance(data, list | tuple):
        for position, value in enumerate(data):
            if not isinstance(value, str | int):
                refuse_infinite(value, f"{where}[{position}]")
    elif isinstance(data, float) and not math.isfinite(data):
        raise ValueError(f"{where} is {data}; a page can show finite numbers only")


def read(name: str) -> str:
    """Return the text of a file beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def code(name: str) -> str:
    """Return a script without indents and lines of comment, which readers need not load."""
    lines = (line.strip() for line in read(name).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def module() -> str:
    """Return the front end as an ES module in anywidget's form."""
    return "\n".join([*map(code, SCRIPTS), "export default { render };\n"])


@cache
def page_script() -> str:
    """Return the front end as a classic script that brings every part of its page to life.

    Classic, because browsers refuse modules on pages opened from disk. Load it with ``defer``.
    """
    body = "\n".join([*map(code, SCRIPTS), code("page.js")])
    return f'(() => {{\n"use strict";\n{body}\n}})();\n'


@cache
def style() -> str:
    """Return the style sheet: the roles' colors, light and dark, then the rules."""
    rules = [
        (".pybackprop-interactive", 0),
        (",\n".join(f"{page} .pybackprop-interactive" for page in DARK), 1),
    ]
    colors = [
        f"{selector} {{\n"
        + "".join(f"  --pb-{role}: {pair[which]};\n" for role, pair in ROLES.items())
        + "}\n"
        for selector, which in rules
    ]
    return "\n".join([*colors, *map(read, STYLES)])


@cache
def live_class() -> Any:
    """Return the widget class, made when first needed: importing it takes half a second."""
    import anywidget
    import traitlets

    class Live(anywidget.AnyWidget):
        _esm = module()
        _css = style()
        kind = traitlets.Unicode().tag(sync=True)
        data = traitlets.Dict().tag(sync=True)
        poster = traitlets.Unicode().tag(sync=True)
        frame = traitlets.Int(None, allow_none=True).tag(sync=True)

    return Live
