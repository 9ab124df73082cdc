"""The pieces that steppers are drawn from: mathematics as HTML, SVG, the network, charts, tables.

Colors come from the style sheet by class or ``data-on``; the plain attributes are what a viewer
without a style sheet shows.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...network import Network
from .stepper import num, rounded

MOST_NODES = 12
PRIME = '<span class="pb-prime">′</span>'

# Letters with layer and node. Nodes count from 1, as on paper; in code from 0.


def indices(*nodes: int) -> str:
    """Return node numbers as the book writes them, from 1: "12" for 0 and 1."""
    return ("," if any(n > 8 for n in nodes) else "").join(str(n + 1) for n in nodes)


def sym(letter: str, layer: int | None = None, *nodes: int, role: str = "") -> str:
    """Return a letter with its layer above and its nodes below, as HTML."""
    above = "" if layer is None else f"<sup>[{layer}]</sup>"
    below = f"<sub>{indices(*nodes)}</sub>" if nodes else ""
    if not above + below:
        return colored(f"<var>{letter}</var>", role)
    return colored(f'<var>{letter}</var><span class="pb-ss">{above}{below}</span>', role or "sym")


def label(letter: str, layer: int | None, node: int) -> str:
    """Return a letter with its layer and node, as SVG text."""
    above = "" if layer is None else f'<tspan dy="-5" font-size="8">[{layer}]</tspan>'
    back = "" if layer is None else ' dx="-9"'
    drop = 3 if layer is None else 8
    return f'{letter}{above}<tspan dy="{drop}"{back} font-size="8">{node + 1}</tspan>'


def code(letter: str, layer: int, *nodes: int) -> str:
    """Return a parameter as code writes it.

    >>> code("w", 1, 0, 1), code("b", 2, 0)
    ('W[1][0, 1]', 'b[2][0]')
    """
    return f"{'W' if letter == 'w' else letter}[{layer}][{', '.join(map(str, nodes))}]"


def colored(text: str, role: str) -> str:
    """Return HTML in the color of a role."""
    return f'<span class="pb-{role}">{text}</span>' if role else text


def val(value: float, role: str = "", *, bare: bool = False) -> str:
    """Return a number as HTML, negative ones in parentheses unless bare."""
    text = num(value)
    return colored(text if bare or not text.startswith("−") else f"({text})", role)


def frac(above: str, below: str) -> str:
    """Return a fraction as HTML; the slash is for readers without a style sheet, and for speech."""
    return f'<span class="pb-frac"><span>{above}</span>{hidden("/")}<span>{below}</span></span>'


def hidden(text: str) -> str:
    """Return text that the style sheet takes out of sight."""
    return f'<span class="pb-hidden">{text}</span>'


def signed_sum(values: Iterable[float]) -> str:
    """Return numbers joined by plus and minus.

    >>> signed_sum([0.4, -1.5, 0.3])
    '0.4 − 1.5 + 0.3'
    """
    text = " + ".join(num(value) for value in values)
    return text.replace("+ −", "− ")


def equal(value: float) -> str:
    """Return the sign to put before a number as shown: "=" where nothing was rounded away."""
    return "=" if abs(rounded(value) - value) <= 1e-12 * abs(value) else "≈"


def lines(head: str, *rows: str) -> str:
    """Return the panel's content: a heading and equations, one a line."""
    return f'<p class="pb-step">{head}</p>' + "".join(f'<p class="pb-eq">{row}</p>' for row in rows)


# SVG


def tag(name: str, content: str = "", /, **attributes: Any) -> str:
    """Return an element; ``_`` in a name stands for a hyphen, at its end for nothing."""
    marks = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{marks}>{content}</{name}>"


def svg(width: float, height: float, words: str, *parts: str) -> str:
    """Return a picture that scales with the page, with a label for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" '
        f'aria-label="{html.escape(words)}" font-family="sans-serif" font-size="12" '
        f'style="max-width:100%">{"".join(parts)}</svg>'
    )


def write(x: float, y: float, column: str | None = None, content: str = "", **more: Any) -> str:
    """Return text centered at a point; with a column, text that changes."""
    more = {"text_anchor": "middle", "fill": "currentColor", **more}
    return tag("text", content, x=f"{x:g}", y=f"{y:g}", data_t=column, **more)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], columns: bool = False) -> str:
    """Return an HTML table; the cells of its rows are names of columns where ``columns`` is set.

    The first cell of a row is its heading.
    """

    def cell(content: str) -> str:
        return f'<td data-t="{content}"></td>' if columns else f"<td>{content}</td>"

    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(map(cell, rest))}</tr>' for first, *rest in rows
    )
    top = "".join(f'<th scope="col">{name}</th>' for name in head)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


# A chart


class Chart(NamedTuple):
    """A rectangle of a picture with linear axes; on logarithmic ones pass logarithms.

    Attributes
    ----------
    left, top, width, height : float
        The rectangle.
    x, y : (float, float)
        The values at its left and right, bottom and top.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def scale(self, axis: str) -> str:
        """Return "a b", where a value v of the axis stands at a + b v."""
        if axis == "x":
            low, high = self.x
            start, slope = self.left, self.width / (high - low)
        else:
            low, high = self.y
            start, slope = self.top + self.height, -self.height / (high - low)
        return f"{start - slope * low:.6g} {slope:.6g}"

    def at(self, axis: str, value: float) -> float:
        """Return where a value stands."""
        start, slope = map(float, self.scale(axis).split())
        return start + slope * value

    def frame(
        self,
        x_label: str,
        y_label: str,
        x_ticks: Mapping[Any, str],
        y_ticks: Mapping[Any, str],
    ) -> str:
        """Draw the axes, ticks (value -> label) and names."""
        right, bottom = self.left + self.width, self.top + self.height
        parts = []
        for value, text in x_ticks.items():
            x = self.at("x", value)
            parts.append(grid_line(x, self.top, x, bottom))
            parts.append(write(x, bottom + 14, None, text, class_="pb-tick"))
        for value, text in y_ticks.items():
            y = self.at("y", value)
            parts.append(grid_line(self.left, y, right, y))
            more = {"class_": "pb-tick", "text_anchor": "end"}
            parts.append(write(self.left - 5, y + 4, None, text, **more))
        parts.append(write(right, bottom + 28, None, x_label, class_="pb-tick", text_anchor="end"))
        parts.append(
            write(self.left, self.top - 7, None, y_label, class_="pb-tick", text_anchor="start")
        )
        return "".join(parts)

    def line(self, x: Iterable[float], y: Iterable[float], class_: str) -> str:
        """Draw a curve; it is left out where it leaves the rectangle."""
        low, high = self.y
        path, pen = [], "M"
        for u, v in zip(x, y, strict=True):
            if low <= v <= high:
                path.append(f"{pen}{self.at('x', u):.1f} {self.at('y', v):.1f}")
                pen = "L"
            else:
                pen = "M"
        return tag("path", d="".join(path), class_=class_, fill="none", stroke="currentColor")

    def mark(self, x: str, y: str, class_: str, shape: int = 0, **more: Any) -> str:
        """Draw a mark that follows two columns."""
        places = {"data_x": f"{x} {self.scale('x')}", "data_y": f"{y} {self.scale('y')}"}
        return tag("g", marker(class_, shape), **places, **more)

    def trail(self, x: str, y: str, class_: str) -> str:
        """Draw the way that a mark has gone."""
        way = f"{x} {self.scale('x')} {y} {self.scale('y')}"
        return tag("polyline", data_trail=way, class_=class_, fill="none", stroke="currentColor")

    def cursor(self, x: str) -> str:
        """Draw a vertical line at a column's value."""
        line = tag("line", class_="pb-cursor", stroke="currentColor", x1=0, x2=0,
                   y1=f"{self.top:g}", y2=f"{self.top + self.height:g}")  # fmt: skip
        return tag("g", line, data_x=f"{x} {self.scale('x')}")

    def handle(self, x: str) -> str:
        """Return the invisible area where dragging chooses the frame."""
        box = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        return tag(
            "rect", class_="pb-drag", fill="transparent", data_drag=f"{x} {self.scale('x')}",
            **{key: f"{value:g}" for key, value in box.items()},
        )  # fmt: skip


MARKERS = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    "M-4.5-4.5h9v9h-9z",
    "M0-6 5.5 4.5h-11z",
    "M0-6 6 0 0 6-6 0z",
    "M0 6-5.5-4.5h11z",
)
"""Circle, square, triangle, diamond, triangle pointing down."""


def marker(class_: str, shape: int = 0) -> str:
    """Draw one of the five marks around the origin."""
    return tag("path", d=MARKERS[shape], class_=f"pb-mark {class_}", fill="currentColor")


def swatch(place: int) -> str:
    """Draw the mark of a series as a small picture, for a table."""
    return (
        '<svg viewBox="-9 -9 18 18" width="14" height="14" aria-hidden="true">'
        f"{marker(f'pb-s{place}', place)}</svg>"
    )


def grid_line(x1: float, y1: float, x2: float, y2: float) -> str:
    """Draw a thin line."""
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    more = {"class_": "pb-grid", "stroke": "currentColor", "stroke_opacity": 0.2}
    return tag("line", **{key: f"{value:.1f}" for key, value in ends.items()}, **more)


def key(entries: Iterable[tuple[str, str, int | None]], x: float, y: float, gap: float) -> str:
    """Draw a legend in a row: text, class, and the mark's shape (None: a piece of line)."""
    parts = []
    for place, (text, class_, shape) in enumerate(entries):
        at = x + gap * place
        sample = (
            tag("path", d="M-9 0H9", class_=class_, fill="none", stroke="currentColor")
            if shape is None
            else marker(class_, shape)
        )
        parts.append(tag("g", sample, transform=f"translate({at:g},{y - 4:g})"))
        parts.append(write(at + 13, y, None, text, class_="pb-tick", text_anchor="start"))
    return "".join(parts)


# The network


def node_name(net: Network, layer: int, node: int) -> str:
    """Return what a sentence calls a node."""
    if layer == 0:
        return f"input {node + 1}"
    if layer == net.L:
        return f"output neuron {node + 1}" if net.sizes[-1] > 1 else "output neuron"
    return f"hidden neuron {node + 1}" + (f" of layer {layer}" if net.L > 2 else "")


def check_drawable(net: Network) -> None:
    """Raise a ValueError where a layer is too wide to be drawn node by node."""
    widest = max(net.sizes)
    if widest > MOST_NODES:
        raise ValueError(
            f"a layer of {net!r} has {widest} nodes; a stepper draws each node and takes at most "
            f"{MOST_NODES} a layer. Step through a smaller network; "
            "training_stepper takes large ones, too"
        )


def network(net: Network, words: str, *, pick: Mapping[str, int] | None = None) -> str:
    """Draw a network with its loss.

    The marked places: ``a<l>.<j>`` a node's value (inputs: ``a0.<j>``), ``u<l>.<j>`` the line below
    a node, ``w<l>.<j>.<i>`` and ``b<l>.<j>`` the parameters, ``C`` the loss, ``target``. Lit are
    nodes (``n<l>.<j>``, ``nC``), edges (``e<l>.<j>.<i>``, ``c<j>`` to the loss) and these texts.

    Parameters
    ----------
    net : Network
    words : str
        What the picture is, for those who do not see it.
    pick : mapping of str to int, optional
        Parameters (``w1.0.1``, ``b1.0``) that can be clicked, with the option each chooses.
    """
    pick = pick or {}
    widest = max(net.sizes)
    gap, r = (112, 24) if widest <= 4 else (84, 22)
    step = 140 if net.L <= 2 else 100
    height = gap * widest + 16
    width = 52 + step * net.L + 84
    middle = height / 2 - 4

    def at(layer: int, node: int) -> tuple[float, float]:
        return 30 + step * layer, middle + gap * (node - (net.sizes[layer] - 1) / 2)

    edges, labels, nodes = [], [], []
    for layer in range(1, net.L + 1):
        few = max(net.sizes[layer - 1 : layer + 1]) <= 3
        for j in range(net.sizes[layer]):
            for i in range(net.sizes[layer - 1]):
                (x1, y1), (x2, y2) = at(layer - 1, i), at(layer, j)
                reach = r / ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
                dx, dy = (x2 - x1) * reach, (y2 - y1) * reach
                name = f"{layer}.{j}.{i}"
                line = {
                    "x1": f"{x1 + dx:.1f}",
                    "y1": f"{y1 + dy:.1f}",
                    "x2": f"{x2 - dx:.1f}",
                    "y2": f"{y2 - dy:.1f}",
                }
                picked = pick.get(f"w{name}")
                hit = "" if picked is None else tag("line", class_="pb-hit", **line)
                title = tag("title", code("w", layer, j, i))
                edges.append(
                    tag(
                        "g",
                        title + tag("line", class_="pb-edge", stroke="currentColor", **line) + hit,
                        data_k=f"e{name}",
                        data_pick=picked,
                    )
                )
                t = 0.6  # where labels of crossing edges do not meet
                lx, ly = x1 + t * (x2 - x1), y1 + t * (y2 - y1) + 4
                labels.append(
                    write(
                        lx, ly, f"w{name}", class_="pb-w" + " pb-few" * few, data_k=f"w{name}",
                        data_pick=picked,
                    )
                )  # fmt: skip
    last = width - 34
    for j in range(net.sizes[-1]):
        x, y = at(net.L, j)
        reach = r / ((last - x) ** 2 + (middle - y) ** 2) ** 0.5
        edges.append(
            tag(
                "g",
                tag(
                    "line",
                    class_="pb-edge pb-thin",
                    stroke="currentColor",
                    x1=f"{x + (last - x) * reach:.1f}",
                    y1=f"{y + (middle - y) * reach:.1f}",
                    x2=f"{last - 27:.1f}",
                    y2=f"{middle:.1f}",
                ),
                data_k=f"c{j}",
            )
        )
    for layer, size in enumerate(net.sizes):
        for j in range(size):
            x, y = at(layer, j)
            name = label("a", layer, j) if layer else label("x", None, j)
            below = ""
            if layer:
                picked = pick.get(f"b{layer}.{j}")
                bias, under, roomy = f"b{layer}.{j}", f"u{layer}.{j}", widest <= 4
                # Where there is little room, a bias shows only while lit, below the other line.
                drops = (13, 26) if roomy else (26, 13)
                below = write(
                    x, y + r + drops[0], bias, class_="pb-w" + " pb-few" * roomy, data_k=bias,
                    data_pick=picked,
                ) + write(x, y + r + drops[1], under, class_="pb-under", data_k=under)  # fmt: skip
            nodes.append(
                tag(
                    "g",
                    tag("circle", cx=f"{x:g}", cy=f"{y:g}", r=r, fill="none", stroke="currentColor")
                    + write(x, y + 4, f"a{layer}.{j}", class_="pb-in")
                    + write(x, y - r - 6, None, name, class_="pb-name"),
                    class_="pb-node",
                    data_k=f"n{layer}.{j}",
                )
                + below
            )
    box: dict[str, Any] = {"x": last - 27, "y": middle - 18, "width": 56, "height": 36, "rx": 8}
    nodes.append(
        tag(
            "g",
            tag("rect", fill="none", stroke="currentColor", **box)
            + write(last + 1, middle + 4, "C", class_="pb-in")
            + write(last + 1, middle - 24, None, "loss C", class_="pb-name")
            + write(last + 1, middle + 34, "target", class_="pb-name"),
            class_="pb-node",
            data_k="nC",
        )
    )
    return svg(width, height, words, *edges, *labels, *nodes)
