"""The pieces that steppers are drawn from: mathematics, SVG, the network, charts, tables.

Each returns an element or markup. Colors come from the style sheet by class or ``data-on``; the
plain attributes are what a viewer without a style sheet shows.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...network import Network
from ...params import Entry
from .stepper import num, rounded
from .tree import Markup, Node, Part, node

MOST_NODES = 12
PRIME = node("span", "′", class_="pb-prime")

# Letters with layer and node. Nodes count from 1, as on paper; in code from 0.


def indices(*nodes: int) -> str:
    """Return node numbers as the book writes them, from 1: "12" for 0 and 1."""
    return ("," if any(n > 8 for n in nodes) else "").join(str(n + 1) for n in nodes)


def sym(letter: str, layer: int | None = None, *nodes: int, role: str = "") -> Node:
    """Return a letter with its layer above and its nodes below."""
    if layer is None and not nodes:
        return colored(var(letter), role or "sym")
    above = () if layer is None else node("sup", f"[{layer}]")
    below = node("sub", indices(*nodes)) if nodes else ()
    return colored([var(letter), node("span", above, below, class_="pb-ss")], role or "sym")


def var(letter: str) -> Node:
    """Return a letter of mathematics."""
    return node("var", letter)


def of_entry(entry: Entry, role: str = "") -> Node:
    """Return w or b with its layer and nodes."""
    nodes = (entry.j,) if entry.i is None else (entry.j, entry.i)
    return sym(entry.letter.lower(), entry.layer, *nodes, role=role)


def slope(above: str, below: Part) -> Node:
    """Return the derivative of a letter, d above / d below."""
    return slope_of(var(above), below)


def slope_of(above: Part, *below: Part) -> Node:
    """Return the derivative of one thing by another, d above / d below."""
    return frac(["∂", above], ["∂", below])


def label(letter: str, layer: int | None, number: int) -> Markup:
    """Return a letter with its layer and node, as SVG text."""
    low = {"dy": ".35em"} if layer is None else {"dy": ".95em", "dx": "-1.12em"}
    above = () if layer is None else node("tspan", f"[{layer}]", dy="-.6em", font_size=9)
    return Markup(letter, above, node("tspan", str(number + 1), **low, font_size=9))


def colored(part: Part, role: str) -> Node:
    """Return a part in the color of a role."""
    return node("span", part, class_=f"pb-{role}")


def val(value: float, role: str = "", *, bare: bool = False) -> Part:
    """Return a number, negative ones in parentheses unless bare."""
    text = num(value)
    text = text if bare or not text.startswith("−") else f"({text})"
    return colored(text, role) if role else text


def frac(above: Part, below: Part) -> Node:
    """Return a fraction; the slash is for readers without a style sheet, and for speech."""
    return node("span", node("span", above), hidden("/"), node("span", below), class_="pb-frac")


def hidden(text: str) -> Node:
    """Return text that the style sheet takes out of sight."""
    return node("span", text, class_="pb-hidden")


def joined(parts: Iterable[Part], between: Part = " + ") -> list[Part]:
    """Return parts with something between them."""
    return [one for part in parts for one in (between, part)][1:]


def signed_sum(values: Iterable[float]) -> str:
    """Return numbers joined by plus and minus.

    >>> signed_sum([0.4, -1.5, 0.3])
    '0.4 − 1.5 + 0.3'
    """
    text = " + ".join(num(value) for value in values)
    return text.replace("+ −", "− ")


def equal(value: float) -> str:
    """Return the sign to put before a number as shown: "= " where nothing was rounded away."""
    return "= " if abs(rounded(value) - value) <= 1e-12 * abs(value) else "≈ "


def result(value: float, role: str = "") -> Part:
    """Return the last line of an equation: the value, bold."""
    return [equal(value), node("b", val(value, role, bare=True))]


def lines(head: Part, *rows: Part) -> Markup:
    """Return the panel's content: a heading and equations, one per line."""
    return Markup(node("p", head, class_="pb-step"), *(node("p", r, class_="pb-eq") for r in rows))


def place(column: str, tag: str = "span", **more: Any) -> Node:
    """Return an element that holds a column's value."""
    return node(tag, data_t=column, **more)


# SVG

SVG = "http://www.w3.org/2000/svg"
FAINT: dict[str, Any] = {"stroke": "currentColor", "stroke_opacity": 0.25}
"""Lines behind others, where there is no style sheet."""


def svg(width: float, height: float, alt: str, *parts: Part) -> Node:
    """Return a picture that scales with the page, with a label for those who do not see it."""
    return node(
        "svg", *parts, xmlns=SVG, viewBox=f"0 0 {width:g} {height:g}", width=f"{width:g}",
        height=f"{height:g}", role="img", aria_label=alt, font_family="sans-serif",
        font_size=12, style=f"max-width:100%;--pb-width:{width:g}px",
    )  # fmt: skip


def words(x: float, y: float, *content: Part, **more: Any) -> Node:
    """Return text centered at a point."""
    more = {"text_anchor": "middle", "fill": "currentColor", **more}
    return node("text", *content, x=f"{x:g}", y=f"{y:g}", **more)


def table(head: Sequence[Part], rows: Iterable[Sequence[Part]]) -> Node:
    """Return a table. The first cell of a row is its heading; `place` makes cells that change."""

    def cell(content: Part) -> Node:
        ready = isinstance(content, Node) and content.tag == "td"
        return content if ready else node("td", content)  # type: ignore[return-value]

    body = [node("tr", node("th", first, scope="row"), *map(cell, rest)) for first, *rest in rows]
    top = [node("th", name, scope="col") for name in head]
    return node("table", node("thead", node("tr", top)), node("tbody", body))


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

    def box(self) -> dict[str, str]:
        """Return the rectangle as attributes."""
        values = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        return {key: f"{value:g}" for key, value in values.items()}

    def frame(
        self,
        x_label: str,
        y_label: str,
        x_ticks: Mapping[Any, str],
        y_ticks: Mapping[Any, str],
    ) -> Markup:
        """Draw the axes, ticks (value -> label) and names."""
        right, bottom = self.left + self.width, self.top + self.height
        parts: list[Part] = []
        for value, text in x_ticks.items():
            x = self.at("x", value)
            parts.append(grid_line(x, self.top, x, bottom))
            parts.append(words(x, bottom + 14, text, class_="pb-tick"))
        for value, text in y_ticks.items():
            y = self.at("y", value)
            parts.append(grid_line(self.left, y, right, y))
            parts.append(words(self.left - 5, y + 4, text, class_="pb-tick", text_anchor="end"))
        parts.append(words(right, bottom + 28, x_label, class_="pb-tick", text_anchor="end"))
        name = words(self.left, self.top - 7, y_label, class_="pb-tick", text_anchor="start")
        return Markup(*parts, name)

    def line(self, x: Iterable[float], y: Iterable[float], class_: str) -> Node:
        """Draw a curve; it is left out where it leaves the rectangle."""
        low, high = self.y
        path, pen = [], "M"
        for u, v in zip(x, y, strict=True):
            if low <= v <= high:
                path.append(f"{pen}{self.at('x', u):.1f} {self.at('y', v):.1f}")
                pen = "L"
            else:
                pen = "M"
        return node("path", d="".join(path), class_=class_, fill="none", stroke="currentColor")

    def mark(self, x: str, y: str, class_: str, shape: int = 0) -> Node:
        """Draw a mark that follows two columns."""
        where = f"{x} {self.scale('x')} {y} {self.scale('y')}"
        return node("g", marker(class_, shape), data_at=where)

    def trail(self, x: str, y: str, class_: str) -> Node:
        """Draw the way that a mark has gone."""
        way = f"{x} {self.scale('x')} {y} {self.scale('y')}"
        return node("polyline", data_trail=way, class_=class_, fill="none", stroke="currentColor")

    def cursor(self, x: str) -> Node:
        """Draw a vertical line at a column's value."""
        ends = {"x1": 0, "x2": 0, "y1": f"{self.top:g}", "y2": f"{self.top + self.height:g}"}
        line = node("line", class_="pb-cursor", stroke="currentColor", **ends)
        return node("g", line, data_at=f"{x} {self.scale('x')}")

    def handle(self, x: str) -> Node:
        """Return the invisible area where dragging chooses the frame."""
        drag = f"{x} {self.scale('x')}"
        return node("rect", class_="pb-drag", fill="transparent", data_drag=drag, **self.box())

    def window(self, *parts: Part) -> Node:
        """Cut off what leaves the rectangle."""
        return node("svg", *parts, viewBox=" ".join(self.box().values()), **self.box())


MARKERS = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    "M-4.5-4.5h9v9h-9z",
    "M0-6 5.5 4.5h-11z",
    "M0-6 6 0 0 6-6 0z",
    "M0 6-5.5-4.5h11z",
)
"""Circle, square, triangle, diamond, triangle pointing down."""


def marker(class_: str, shape: int = 0) -> Node:
    """Draw one of the five marks around the origin."""
    return node("path", d=MARKERS[shape], class_=f"pb-mark {class_}", fill="currentColor")


def swatch(number: int) -> Node:
    """Draw the mark of a series as a small picture, for a table."""
    mark = marker(f"pb-s{number}", number)
    return node("svg", mark, viewBox="-9 -9 18 18", width=14, height=14, aria_hidden="true")


def grid_line(x1: float, y1: float, x2: float, y2: float) -> Node:
    """Draw a thin line."""
    return node("line", class_="pb-grid", **FAINT, **between((x1, y1), (x2, y2)))


Point = tuple[float, float]


def between(
    start: Point, end: Point, gap: float = 0, end_gap: float | None = None
) -> dict[str, str]:
    """Return the ends of a line as attributes, with gaps before it and behind it."""
    (x1, y1), (x2, y2) = start, end
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    far = gap if end_gap is None else end_gap
    ends = {"x1": x1 + gap * dx, "y1": y1 + gap * dy, "x2": x2 - far * dx, "y2": y2 - far * dy}
    return {key: f"{value:.1f}" for key, value in ends.items()}


def key(entries: Iterable[tuple[str, str, int | None]], x: float, y: float, gap: float) -> Markup:
    """Draw a legend in a row: text, class, and the mark's shape (None: a piece of line)."""
    parts: list[Part] = []
    for number, (text, class_, shape) in enumerate(entries):
        at = x + gap * number
        sample = (
            node("path", d="M-9 0H9", class_=class_, fill="none", stroke="currentColor")
            if shape is None
            else marker(class_, shape)
        )
        parts.append(node("g", sample, transform=f"translate({at:g},{y - 4:g})"))
        parts.append(words(at + 13, y, text, class_="pb-tick", text_anchor="start"))
    return Markup(*parts)


# The network


def node_name(net: Network, layer: int, number: int) -> str:
    """Return what a sentence calls a node."""
    if layer == 0:
        return f"input {number + 1}"
    if layer == net.L:
        return f"output unit {number + 1}" if net.sizes[-1] > 1 else "output unit"
    return f"hidden unit {number + 1}" + (f" of layer {layer}" if net.L > 2 else "")


def entry_name(net: Network, entry: Entry) -> str:
    """Return what a sentence calls a weight or a bias."""
    if entry.i is None:
        return f"the bias of {node_name(net, entry.layer, entry.j)}"
    before = node_name(net, entry.layer - 1, entry.i)
    return f"the weight from {before} to {node_name(net, entry.layer, entry.j)}"


def check_drawable(net: Network) -> None:
    """Raise a ValueError where a layer is too wide to be drawn node by node."""
    widest = max(net.sizes)
    if widest > MOST_NODES:
        raise ValueError(
            f"a layer of {net!r} has {widest} nodes; a stepper draws each node and takes at most "
            f"{MOST_NODES} a layer. Step through a smaller network; "
            "training_stepper takes large ones, too"
        )


def network(net: Network, alt: str, *, pick: Mapping[int, int] | None = None) -> Node:
    """Draw a network with its loss.

    The marked places: ``a<l>.<j>`` a node's value (inputs: ``a0.<j>``), ``u<l>.<j>`` the line below
    a node, ``p<k>`` the parameter ``theta[k]``, ``C`` the loss, ``target``. Lit are nodes
    (``n<l>.<j>``, ``nC``), edges (``e<k>`` of a weight, ``c<j>`` to the loss) and these texts.

    Parameters
    ----------
    net : Network
    alt : str
        What the picture is, for those who do not see it.
    pick : mapping of int to int, optional
        Places in theta of parameters that can be clicked, with the option each chooses.
    """
    pick = pick or {}
    widest = max(net.sizes)
    roomy = widest <= 4
    gap, r = (118, 28) if roomy else (84, 22)
    step = 156 if net.L <= 2 else 112
    width, height = 34 + step * net.L + r + 77, gap * widest + 16
    middle = height / 2 - 4
    last = (width - 34.0, middle)

    def at(layer: int, number: int) -> Point:
        return 34 + step * layer, middle + gap * (number - (net.sizes[layer] - 1) / 2)

    edges, labels, nodes = [], [], []
    for entry in net.params.entries():
        k, l, j = entry.index, entry.layer, entry.j
        picked = {"data_k": f"p{k}", "data_pick": pick.get(k)}
        x, y = at(l, j)
        if entry.i is None:
            # Where there is little room, a bias shows only while lit, below the other line.
            drops = (14, 28) if roomy else (26, 13)
            shown = "pb-w" + " pb-few" * roomy
            labels.append(words(x, y + r + drops[0], data_t=f"p{k}", class_=shown, **picked))
            under = f"u{l}.{j}"
            lower = {"class_": "pb-under", "data_t": under, "data_k": under}
            labels.append(words(x, y + r + drops[1], **lower))
            continue
        start = at(l - 1, entry.i)
        line = between(start, (x, y), r)
        hit = node("line", class_="pb-hit", **line) if pick else ()
        edge = node("line", class_="pb-edge", **FAINT, **line)
        lit = {"data_k": f"e{k}", "data_pick": picked["data_pick"]}
        edges.append(node("g", node("title", str(entry)), edge, hit, **lit))
        few = max(net.sizes[l - 1 : l + 1]) <= 3
        # Where lines cross, their middles meet. Labels stand off them, nearer to the inputs, which
        # have no labels of their own.
        crossing = min(net.sizes[l - 1 : l + 1]) > 1
        t = 0.5 if not crossing else 0.42 if l == 1 else 0.57
        labels.append(
            words(
                start[0] + t * (x - start[0]), start[1] + t * (y - start[1]) + 4, data_t=f"p{k}",
                class_="pb-w" + " pb-few" * few, **picked,
            )
        )  # fmt: skip
    for j in range(net.sizes[-1]):
        line = between(at(net.L, j), last, r, 29)
        edges.append(node("g", node("line", class_="pb-edge", **FAINT, **line), data_k=f"c{j}"))
    for layer, size in enumerate(net.sizes):
        for j in range(size):
            x, y = at(layer, j)
            round_ = {"cx": f"{x:g}", "cy": f"{y:g}", "r": r}
            inside = f"a{layer}.{j} {6 if roomy else 5} {1.78 * r:g}"
            name = label("a" if layer else "x", layer or None, j)
            nodes.append(
                node(
                    "g",
                    node("circle", fill="none", stroke="currentColor", **round_),
                    words(x, y + 4, data_t=inside, class_="pb-in", lengthAdjust="spacingAndGlyphs"),
                    words(x, y - r - 6, name, class_="pb-name"),
                    class_="pb-node",
                    data_k=f"n{layer}.{j}",
                )
            )
    x, y = last
    several = {"data_t": "target 10 64", "lengthAdjust": "spacingAndGlyphs"}
    target = several if net.sizes[-1] > 1 else {"data_t": "target"}
    box = {"x": f"{x - 29:g}", "y": f"{y - 18:g}", "width": 58, "height": 36, "rx": 8}
    nodes.append(
        node(
            "g",
            node("rect", fill="none", stroke="currentColor", **box),
            words(x, y + 4, data_t="C 6 52", class_="pb-in", lengthAdjust="spacingAndGlyphs"),
            words(x, y - 24, "loss C", class_="pb-name"),
            words(x, y + 34, class_="pb-name", **target),
            class_="pb-node",
            data_k="nC",
        )
    )
    return svg(width, height, alt, *edges, *nodes, *labels)
