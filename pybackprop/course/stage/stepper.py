"""From frames to a stepper: columns for the front end, and the still that stands in for it.

A frame is a dict: what each marked place of the picture, panel and table holds at that moment. A
run is a list of frames (or columns made directly, where frames are many). ``stepper.js`` says how
places are marked; `Moment` does the same here, for readers without JavaScript.
"""

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .display import Interactive
from .tree import Markup, Node, Part, Template, node, write

Frame = dict[str, Any]
Columns = Mapping[str, Any]

MOST_FRAMES = 2000
SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
DECLARED: dict[type, str] = {Markup: "markup", Template: "template"}


def rounded(value: float, digits: int = 4) -> float | int:
    """Return the number as it is shown: rounded to significant digits, whole ones as int.

    >>> rounded(0.28905049737), rounded(-2.0), rounded(-1e-30 * 0)
    (0.2891, -2, 0)
    """
    value = float(f"{value:.{digits}g}")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def num(value: float, digits: int = 4) -> str:
    """Return the number as text with four significant digits and a true minus sign.

    >>> num(0.28905049737), num(-2.0), num(1.23456e-7), num(1234567.0)
    ('0.2891', '−2', '1.235×10⁻⁷', '1.235×10⁶')
    """
    if not math.isfinite(value):
        raise ValueError(f"a frame holds {value}; a stepper can show finite numbers only")
    shown = rounded(value, digits)
    size = abs(shown)
    if size and (size < 1e-4 or size >= 1e6):
        mantissa, exponent = f"{shown:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}×10{str(int(exponent)).translate(SUPERSCRIPT)}".replace("-", "−")
    return np.format_float_positional(shown, trim="-").replace("-", "−")


# Columns


def columns(frames: Sequence[Frame]) -> dict[str, Any]:
    """Return one column for each key: dense where most frames change it, else where it changes.

    >>> columns([{"say": say, "w": w} for say, w in [("a", 1), ("b", 1), ("c", 1), ("d", 2)]])
    {'say': ['a', 'b', 'c', 'd'], 'w': {'at': [0, 3], 'v': [1, 2]}}
    """
    result: dict[str, Any] = {}
    for key in dict.fromkeys(key for frame in frames for key in frame):
        values = [frame.get(key, "") for frame in frames]
        at = [i for i, value in enumerate(values) if i == 0 or value != values[i - 1]]
        if len(at) == 1:
            result[key] = values[0]
        elif len(at) > len(values) / 2:
            result[key] = values
        else:
            result[key] = {"at": at, "v": [values[i] for i in at]}
    return result


def run_of(frames: Sequence[Frame]) -> dict[str, Any]:
    """Return the columns of the frames, and how many there are.

    >>> run_of([{"say": "a"}, {"say": "b"}])
    {'say': ['a', 'b'], 'n': 2}
    """
    return {**columns(frames), "n": len(frames)}


def packed(values: Iterable[float], decimals: int) -> dict[str, Any]:
    """Return a column of long, smooth runs of numbers, rounded to decimals, in half the space.

    >>> packed([0.5, 0.51234, -2.0], decimals=3)
    {'d': [500, 12, -2512], 'k': 3}
    """
    units = [round(value * 10**decimals) for value in values]
    return {"d": units[:1] + [b - a for a, b in pairwise(units)], "k": decimals}


def declared(name: str, column: Any) -> Any:
    """Return a column of markup or of templates as one that says so; any other is text or numbers.

    >>> declared("say", [Template("{t}"), Template("end")])
    {'template': [('', 't', ''), ('end',)]}
    >>> declared("say", ["{t}", "<b>"])
    ['{t}', '<b>']
    """
    if type(column) in DECLARED:
        column = {"at": [0], "v": [column]}
    values = column if isinstance(column, list) else [column]
    if isinstance(column, dict):
        values = column.get("v", [])
    kinds = {DECLARED.get(type(value), "") for value in values}
    if len(kinds) > 1:
        raise TypeError(
            f"column {name!r} mixes text, markup and templates; a column is one of them"
        )
    (kind,) = kinds or {""}
    return {kind: column} if kind else column


def value_at(column: Any, frame: int) -> Any:
    """Return what a column holds at a frame."""
    if isinstance(column, list):
        return column[frame]
    if isinstance(column, dict) and "d" in column:
        return sum(column["d"][: frame + 1]) / 10 ** column["k"]
    if isinstance(column, dict):
        return [v for first, v in zip(column["at"], column["v"], strict=True) if first <= frame][-1]
    return column


def content_at(run: Columns, name: str, frame: int) -> Any:
    """Return what a place shows: `Markup` where the column is declared as that, else text."""
    column = run[name]
    if isinstance(column, dict) and "markup" in column:
        return value_at(column["markup"], frame)
    if isinstance(column, dict) and "template" in column:
        parts = enumerate(value_at(column["template"], frame))
        return "".join(content_at(run, part, frame) if k % 2 else part for k, part in parts)
    value = value_at(column, frame)
    if value is None:
        return "–"
    if isinstance(value, int | float):
        return num(value, digits=12)  # columns hold what is shown: nothing is left to round
    return value


# The still


class Moment(NamedTuple):
    """One frame of one run: what each marked element holds and looks like then.

    Attributes
    ----------
    run : columns
    frame : int
    number : int
        The run's place among the runs.
    """

    run: Columns
    frame: int
    number: int

    def fill(self, one: Node) -> Node:
        """Return an element with its marks followed."""
        children, more = one.children, dict[str, str]()
        for name, value in one.attributes.items():
            if name == "data-t":
                children, new = self.text(*value.split(" "))
            elif name in CHANGES:
                new = CHANGES[name](self, *value.split(" "))
            else:
                continue
            more |= new
        return Node(one.tag, one.attributes | more, children)

    def text(self, name: str, most: str = "", width: str = "") -> tuple[Markup, dict[str, str]]:
        """Return a column's content, pressed into a width where it has too many characters."""
        content = content_at(self.run, name, self.frame)
        if not isinstance(content, str):
            return Markup(*content), {}
        tight = most and len(content) > int(most)
        return Markup(content), {"textLength": width} if tight else {}

    def place(self, frame: int, name: str, a: str, b: str) -> float | None:
        """Return a + b times the column's value."""
        value = value_at(self.run[name], frame)
        # Ties upward, as JavaScript rounds them.
        return None if value is None else math.floor(10 * (float(a) + float(b) * value) + 0.5) / 10

    def moved(self, *scales: str) -> dict[str, str]:
        """Return the element's place, of (column, a, b) for x, and for y where that moves, too."""
        x = self.place(self.frame, *scales[:3])
        y = self.place(self.frame, *scales[3:]) if len(scales) > 3 else 0
        if x is None or y is None:
            return {"style": "display:none"}
        return {"transform": f"translate({x:g},{y:g})"}

    def trail(self, *scales: str) -> dict[str, str]:
        """Return the points of a line up to this frame."""
        points = [
            (self.place(at, *scales[:3]), self.place(at, *scales[3:]))
            for at in range(self.frame + 1)
        ]
        gone = [f"{x:g},{y:g}" for x, y in points if x is not None and y is not None]
        return {"points": " ".join(gone)}

    def strength(self, name: str) -> dict[str, str]:
        """Return the stroke of a weight: the wider the larger, dashed below 0."""
        weight = value_at(self.run[name], self.frame)
        width = math.floor(10 * min(5, 0.4 + abs(weight)) + 0.5) / 10
        return {"stroke-width": f"{width:g}", "stroke-dasharray": "4 3" if weight < 0 else "none"}

    def light(self, name: str) -> dict[str, str]:
        """Return the role in which the element is lit."""
        lit = value_at(self.run.get("lit", ""), self.frame)
        roles = dict(one.split(":") for one in lit.split())
        return {"data-on": roles[name]} if name in roles else {}

    def visible(self, *numbers: str) -> dict[str, str]:
        """Hide what belongs to other runs."""
        return {} if str(self.number) in numbers else {"style": "display:none"}


CHANGES: dict[str, Callable[..., dict[str, str]]] = {
    "data-at": Moment.moved,
    "data-trail": Moment.trail,
    "data-d": lambda now, name: {"d": value_at(now.run[name], now.frame)},
    "data-w": Moment.strength,
    "data-k": Moment.light,
    "data-run": Moment.visible,
}
"""Mark -> what it changes about its element."""


def image(picture: Node, now: Moment) -> Node:
    """Return a picture as an image."""
    source = base64.b64encode(write(picture, now.fill).encode()).decode()
    return node(
        "img", class_="pb-still", alt=picture.attributes.get("aria-label", ""),
        style="background:#fff", src=f"data:image/svg+xml;base64,{source}",
    )  # fmt: skip


def choice(label: str, options: Sequence[str], start: int = 0) -> dict[str, Any]:
    """Return something the reader chooses; each combination of options has a run of its own."""
    return {"label": label, "options": list(options), "start": start}


def stepper(
    name: str,
    title: str,
    picture: Node,
    runs: Sequence[Columns],
    *,
    table: Part,
    caption: str = "All numbers",
    choices: Sequence[dict[str, Any]] = (),
    shared: Columns | None = None,
    wide: bool = False,
    open: bool = False,
    interval: int = 900,
    start: int = 0,
    plays: bool = False,
    controls: Callable[[], Mapping[str, Any]] | None = None,
    remake: Callable[..., Interactive] | None = None,
    address: str = "",
) -> Interactive:
    """Return a stepper.

    Parameters
    ----------
    name, title : str
        For links, and for the reader.
    picture : Node
        An SVG with marked places.
    table : str, Node or Markup
        With marked places.
    runs : sequence of columns
        One for each combination of the choices, the last choice changing fastest. Each has ``n``,
        the number of frames, and at least ``say``, the sentence, and ``math``, the equation.
    caption : str, optional
        What the table shows.
    choices : sequence, optional
        See `choice`.
    shared : columns, optional
        Columns that all runs have in common.
    wide : bool, optional
        The panel stands below the picture, not beside it.
    open : bool, optional
        Whether the table is unfolded from the start.
    interval : int, optional
        Milliseconds between frames when playing.
    start : int, optional
        The frame shown first; the still shows it, too, or the last frame where this is 0.
    plays : bool, optional
        On a page it begins to play once it is seen, where the reader's system does not ask for
        less motion.
    controls, remake : callable, optional
        See `Interactive`.

    Raises
    ------
    ValueError
        No frames, too many, a NaN, or runs that do not match the choices.
    """
    expected = math.prod(len(one["options"]) for one in choices)
    if len(runs) != expected:
        raise ValueError(f"{len(runs)} runs for {expected} combinations of the choices")
    common = {key: declared(key, column) for key, column in (shared or {}).items()}
    plain = []
    for run in runs:
        count = run.get("n", 0)
        if not 0 < count <= MOST_FRAMES:
            raise ValueError(
                f"a stepper takes 1 to {MOST_FRAMES} frames, got {count}; "
                + ("give it something to show" if not count else "take every k-th of them")
            )
        own = {key: declared(key, column) for key, column in run.items() if key != "n"}
        plain.append({"n": count, "cols": own})
    number = 0
    for one in choices:
        number = number * len(one["options"]) + one["start"]
    now = Moment({**common, **plain[number]["cols"]}, start or plain[number]["n"] - 1, number)
    scroll = {"tabindex": "0", "role": "group", "aria_label": caption}
    rest = (
        node(
            "div",
            node("div", class_="pb-math", data_t="math"),
            node("p", class_="pb-say", data_t="say"),
            class_="pb-panel",
        ),
        node(
            "details",
            node("summary", caption),
            node("div", table, class_="pb-scroll", **scroll),
            class_="pb-numbers",
            open="",
        ),
    )
    head = node("div", node("strong", title, class_="pb-title"), class_="pb-head")
    poster, stored = (
        write(
            node(
                "div", head, node("div", shown, class_="pb-picture"), rest,
                class_="pb-poster" + " pb-wide" * wide,
            ),
            now.fill,
        )
        for shown in (picture, image(picture, now))
    )  # fmt: skip
    data = {
        "name": name,
        "title": title,
        "choices": list(choices),
        "runs": plain,
        "cols": common,
        "interval": interval,
        "open": open,
        "start": start,
        **({"plays": True} if plays else {}),
    }
    steps = max(run["n"] for run in plain)
    summary = f"{title}: {steps} step{'s' * (steps > 1)}"
    return Interactive("stepper", name, data, poster, summary, controls, remake, stored, address)
