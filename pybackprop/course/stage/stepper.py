"""From frames to a stepper: columns for the front end, and the still that stands in for it.

A frame is a dict: what each marked place of the picture, panel and table holds at that moment. A
run is a list of frames (or columns made directly, where frames are many). ``stepper.js`` says how
places are marked; `still` does the same here, for readers without JavaScript.
"""

import html
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .display import Interactive

Frame = dict[str, Any]
Columns = Mapping[str, Any]

MOST_FRAMES = 2000
SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


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


def packed(values: Iterable[float], decimals: int) -> dict[str, Any]:
    """Return a column of long, smooth runs of numbers, rounded to decimals, in half the space.

    >>> packed([0.5, 0.51234, -2.0], decimals=3)
    {'d': [500, 12, -2512], 'k': 3}
    """
    units = [round(value * 10**decimals) for value in values]
    return {"d": units[:1] + [b - a for a, b in pairwise(units)], "k": decimals}


def value_at(column: Any, frame: int) -> Any:
    """Return what a column holds at a frame."""
    if isinstance(column, list):
        return column[frame]
    if isinstance(column, dict) and "d" in column:
        return sum(column["d"][: frame + 1]) / 10 ** column["k"]
    if isinstance(column, dict):
        return [v for first, v in zip(column["at"], column["v"], strict=True) if first <= frame][-1]
    return column


def text_at(run: Columns, name: str, frame: int) -> str:
    """Return a column's value as text, the columns named in it filled in."""
    value = value_at(run[name], frame)
    if value is None:
        return "–"
    if isinstance(value, int | float):
        return num(value, digits=12)  # columns hold what is shown: nothing is left to round
    return re.sub(r"\{([\w.]+)\}", lambda match: text_at(run, match[1], frame), value)


def still(markup: str, run: Columns, frame: int, number: int) -> str:
    """Fill the marked places of a picture, panel or table with one frame of run ``number``."""

    def place(marks: Sequence[str], at: int) -> float | None:
        name, a, b = marks
        value = value_at(run[name], at)
        # Ties upward, as JavaScript rounds them.
        return None if value is None else math.floor(10 * (float(a) + float(b) * value) + 0.5) / 10

    def moved(match: re.Match[str]) -> str:
        x, y = (place(marks.split(), frame) if marks else 0 for marks in match.groups())
        if x is None or y is None:
            return f'{match[0]} style="display:none"'
        return f'{match[0]} transform="translate({x:g},{y:g})"'

    def trail(match: re.Match[str]) -> str:
        marks = match[1].split()
        points = [(place(marks[:3], at), place(marks[3:], at)) for at in range(frame + 1)]
        line = " ".join(f"{u:g},{v:g}" for u, v in points if u is not None and v is not None)
        return f'{match[0]} points="{line}"'

    def chosen(match: re.Match[str]) -> str:
        shown = str(number) in match[1].split()
        return match[0] if shown else f'{match[0]} style="display:none"'

    def filled(match: re.Match[str]) -> str:
        text = text_at(run, match[3], frame)
        return match[1] + (html.escape(text) if match[2] == "t" else text)

    markup = re.sub(r'(data-([th])="([\w.]+)"[^>]*>)', filled, markup)

    def stroke(match: re.Match[str]) -> str:
        weight = value_at(run[match[1]], frame)
        width = rounded(min(5, 0.4 + abs(weight)), 2)
        dash = "4 3" if weight < 0 else "none"
        return f'{match[0]} stroke-width="{width:g}" stroke-dasharray="{dash}"'

    markup = re.sub(r'data-w="([\w.]+)"', stroke, markup)
    markup = re.sub(
        r'data-d="([\w.]+)"', lambda m: f'{m[0]} d="{value_at(run[m[1]], frame)}"', markup
    )
    markup = re.sub(r'data-x="([^"]+)"(?: data-y="([^"]+)")?', moved, markup)
    markup = re.sub(r'data-trail="([^"]+)"', trail, markup)
    return re.sub(r'data-run="([^"]+)"', chosen, markup)


def choice(label: str, options: Sequence[str], start: int = 0) -> dict[str, Any]:
    """Return something the reader chooses; each combination of options has a run of its own."""
    return {"label": label, "options": list(options), "start": start}


def stepper(
    name: str,
    title: str,
    picture: str,
    runs: Sequence[Columns],
    *,
    table: str,
    caption: str = "All numbers",
    choices: Sequence[Mapping[str, Any]] = (),
    shared: Columns | None = None,
    wide: bool = False,
    open: bool = False,
    interval: int = 1500,
    start: int = 0,
    controls: Callable[[], Mapping[str, Any]] | None = None,
    remake: Callable[..., Interactive] | None = None,
) -> Interactive:
    """Return a stepper.

    Parameters
    ----------
    name, title : str
        For links, and for the reader.
    picture, table : str
        SVG and HTML with marked places.
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
    controls, remake : callable, optional
        See `Interactive`.

    Raises
    ------
    ValueError
        No frames, too many, a NaN, or runs that do not match the choices.
    """
    shared = shared or {}
    expected = math.prod(len(one["options"]) for one in choices)
    if len(runs) != expected:
        raise ValueError(f"{len(runs)} runs for {expected} combinations of the choices")
    plain = []
    for run in runs:
        count = run.get("n", 0)
        if not 0 < count <= MOST_FRAMES:
            raise ValueError(
                f"a stepper takes 1 to {MOST_FRAMES} frames, got {count}; "
                + ("give it something to show" if not count else "take every k-th of them")
            )
        plain.append({"n": count, "cols": {key: run[key] for key in run if key != "n"}})
    number = 0
    for one in choices:
        number = number * len(one["options"]) + one["start"]
    first = {**shared, **plain[number]["cols"]}
    panel = (
        '<div class="pb-panel"><div class="pb-math" data-h="math"></div>'
        '<p class="pb-say" data-t="say"></p></div>'
    )
    body = still(
        f'<div class="pb-picture">{picture}</div>{panel}'
        f'<details class="pb-numbers" open><summary>{html.escape(caption)}</summary>'
        f'<div class="pb-scroll" tabindex="0" role="group" aria-label="{html.escape(caption)}">'
        f"{table}</div></details>",
        first,
        start or plain[number]["n"] - 1,
        number,
    )
    poster = (
        f'<div class="pb-poster{" pb-wide" * wide}"><div class="pb-head"><strong class="pb-title">'
        f"{html.escape(title)}</strong></div>{body}</div>"
    )
    data = {
        "name": name,
        "title": title,
        "choices": list(choices),
        "runs": plain,
        "cols": shared,
        "interval": interval,
        "open": open,
        "start": start,
    }
    steps = max(run["n"] for run in plain)
    summary = f"{title}: {steps} step{'s' * (steps > 1)}"
    return Interactive("stepper", name, data, poster, summary, controls, remake)
