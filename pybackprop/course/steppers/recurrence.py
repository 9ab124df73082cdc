"""A recurrence of one unit: unrolled forward, then delta walks back through time."""

import math
from collections.abc import Sequence

from ...checks import check_number
from ..stage.display import Interactive
from ..stage.drawing import (
    Point,
    between,
    colored,
    joined,
    lines,
    place,
    result,
    svg,
    sym,
    table,
    val,
    var,
    words,
)
from ..stage.stepper import Frame, columns, num, stepper
from ..stage.tree import Node, Part, node
from .address import address

MOST_TIMES = 5
ACROSS, R = 104, 23
LOSS, STATE, INPUT, SUM = 34.0, 118.0, 202.0, 266.0
"""Heights of the rows of the picture."""


def at(letter: str, t: int, role: str = "") -> Node:
    """Return a letter with its time below."""
    return sym(letter, None, t - 1, role=role)


def weight(letter: str) -> Node:
    """Return w, u or b."""
    return colored(var(letter), "weight")


def states_of(
    p: dict[str, float], x: Sequence[float], start: float
) -> tuple[list[float], list[float]]:
    """Return sums and states from time 0, whose state is the start."""
    z, h = [0.0], [start]
    for value in x:
        z.append(p["w"] * value + p["u"] * h[-1] + p["b"])
        h.append(math.tanh(z[-1]))
    return z, h


def recurrence_frames(
    p: dict[str, float], x: Sequence[float], y: Sequence[float], start: float
) -> list[Frame]:
    """Return the frames: each state, the loss, each delta with what it adds, the gradients.

    Parameters
    ----------
    p : dict with "w", "u" and "b"
    x, y : sequence of float
        Of time 1, 2, ...
    start : float
    """
    (z, h), last, frames = states_of(p, x, start), len(x), []
    times, back = range(1, last + 1), range(last, 0, -1)
    g = [0.0, *(h[t] - y[t - 1] for t in times)]
    names = [*"wub", *(f"{kind}{t}" for kind in [*"hgdwub", "below"] for t in range(last + 1))]
    state: Frame = dict.fromkeys(names, "") | {f"x{t}": num(x[t - 1]) for t in times}

    def show(lit: str, say: str, head: str, *rows: Part) -> None:
        frames.append(state | {"math": lines(head, *rows), "say": say, "lit": lit})

    state["h0"] = num(start)
    say = f"The state before the first time is {num(start)}. One w, one u, one b serve all times."
    show("nh0:activation", say, "Start", [at("h", 0, "activation"), " ", result(start)])
    for t in times:
        seen = {"w": (x[t - 1], at("x", t, "activation")), "u": (h[t - 1], at("h", t - 1))}
        letters = [[weight(name), " ", letter] for name, (_, letter) in seen.items()]
        values = [[val(p[k], "weight"), "·", val(v, "activation")] for k, (v, _) in seen.items()]
        state[f"h{t}"] = num(h[t])
        show(
            f"nh{t}:activation nx{t}:activation nh{t - 1}:activation w{t}:weight u{t}:weight",
            f"Time {t}: the input {num(x[t - 1])} and the state before, {num(h[t - 1])}, make the "
            f"state {num(h[t])}.",
            f"Forward, time {t}",
            [at("h", t, "activation"), " = tanh(", joined([*letters, weight("b")]), ")"],
            ["= tanh(", joined([*values, val(p["b"], "weight")]), f") = tanh({num(z[t])})"],
            result(h[t], "activation"),
        )
    state |= {f"g{t}": num(g[t]) for t in times}
    squares = joined(["(", val(h[t], "activation"), " − ", val(y[t - 1]), ")²"] for t in times)
    loss = sum(one * one for one in g) / 2
    show(
        " ".join(f"ng{t}:delta g{t}:delta" for t in times),
        f"The loss is {num(loss)}. To the state of each time it hands g = h − y.",
        "The loss, and what it hands to each time",
        [var("C"), " = ½ Σ (", var("h"), " − ", var("y"), ")²"],
        ["= ½ [", squares, "]"],
        result(loss),
    )
    later, sums = 0.0, dict.fromkeys("wub", 0.0)
    for t in back:
        slope, carried = 1 - h[t] ** 2, p["u"] * later
        delta = (g[t] + carried) * slope
        state[f"d{t}"], state[f"below{t}"] = num(delta), f"δ {num(delta)}"
        told = f"From the loss comes {num(g[t])}, from time {t + 1} comes {num(carried)}."
        after = f" u{t + 1}:delta nh{t + 1}:delta" if t < last else ""
        show(
            f"nh{t}:delta ng{t}:delta g{t}:delta{after}",
            f"Time {t}. {told if t < last else 'It is the last: nothing comes from later.'} Times "
            f"the slope {num(slope)}, delta is {num(delta)}.",
            f"Back, time {t}: delta",
            [at("δ", t, "delta"), " = (", at("g", t, "delta"), " + ", weight("u"), " "]
            + [at("δ", t + 1, "delta"), ") (1 − ", at("h", t, "activation"), "²)"],
            ["= (", val(g[t], "delta"), " + ", val(p["u"], "weight"), "·", val(later, "delta")]
            + [f") · {num(slope)}"],
            result(delta, "delta"),
        )
        rows: list[Part] = []
        for name, value in {"w": x[t - 1], "u": h[t - 1], "b": 1.0}.items():
            before, sums[name] = sums[name], sums[name] + delta * value
            state[name], state[f"{name}{t}"] = num(sums[name]), num(delta * value)
            had = [val(before, "gradient"), " + "] if t < last else []
            times_value = ["·", val(value, "activation")] if name != "b" else []
            share = [*had, val(delta, "delta"), *times_value, " ", result(sums[name], "gradient")]
            rows.append([f"∂C/∂{name}: ", share])
        show(
            f"nh{t}:delta nx{t}:activation nh{t - 1}:activation w{t}:gradient u{t}:gradient "
            "nw:gradient nu:gradient nb:gradient",
            f"Time {t} adds its share: delta times x to w, delta times the state before to u, "
            f"delta to b. The sums are {', '.join(map(num, sums.values()))}.",
            f"Back, time {t}: the sums",
            *rows,
        )
        later = delta
    first = p["u"] * later
    shown = ", ".join(f"{name}: {num(value)}" for name, value in sums.items())
    show(
        "nw:gradient nu:gradient nb:gradient nh0:delta u1:delta",
        f"Every time has added its share. The gradients are {shown}; that of the first state is "
        f"{num(first)}.",
        "The gradients",
        *([f"∂C/∂{name} ", result(value, "gradient")] for name, value in sums.items()),
        ["∂C/∂", at("h", 0), f" = {num(p['u'])} · {num(later)} ", result(first, "delta")],
    )
    return frames


def picture(times: int) -> Node:
    """Draw the recurrence unrolled: what the loss hands on, the states, the inputs, the sums."""

    def spot(t: int, row: float) -> Point:
        return 46.0 + ACROSS * t, row

    def edge(name: str, start: Point, end: Point, letter: str, dx: float, dy: float) -> Node:
        line = node("line", class_="pb-edge", stroke="currentColor", **between(start, end, R))
        x, y = (start[0] + end[0]) / 2 + dx, (start[1] + end[1]) / 2 + dy
        return node("g", line, words(x, y, letter, class_="pb-w pb-few"), data_k=name)

    def circle(kind: str, t: int, row: float, above: float) -> Node:
        x, y = spot(t, row)
        ring = node("circle", fill="none", stroke="currentColor", cx=f"{x:g}", cy=f"{y:g}", r=R)
        fit = {"class_": "pb-in", "lengthAdjust": "spacingAndGlyphs"}
        inside = words(x, y + 4, data_t=f"{kind}{t} 5 40", **fit)
        name = words(x - R, y + above, f"{kind}{t}", class_="pb-name", text_anchor="end")
        return node("g", ring, inside, name, class_="pb-node", data_k=f"n{kind}{t}")

    parts = [circle("h", 0, STATE, -14)]
    for t in range(1, times + 1):
        here = spot(t, STATE)
        parts += [
            edge(f"u{t}", spot(t - 1, STATE), here, "u", 0, -6),
            edge(f"w{t}", spot(t, INPUT), here, "w", 11, 4),
            edge(f"g{t}", here, spot(t, LOSS), "", 0, 0),
            circle("h", t, STATE, -14),
            circle("g", t, LOSS, -14),
            circle("x", t, INPUT, -14),
        ]
        mark = {"data_t": f"below{t}", "class_": "pb-under"}
        parts.append(words(here[0] - 26, STATE + R + 12, **mark))
    width = spot(times, 0)[0] + 40
    for k, name in enumerate("wub"):
        x = width / 2 + 94 * (k - 1)
        box = {"x": f"{x - 40:g}", "y": f"{SUM - 15:g}", "width": 80, "height": 30, "rx": 6}
        rect = node("rect", fill="none", stroke="currentColor", **box)
        number = words(x, SUM + 4, data_t=f"{name} 9 72", class_="pb-in pb-gradient")
        below = words(x, SUM + 30, f"∂C/∂{name}", class_="pb-name")
        parts.append(node("g", rect, number, below, class_="pb-node", data_k=f"n{name}"))
    alt = f"A recurrence over {times} times: inputs below, states in a row, errors above"
    return svg(width, SUM + 40, alt, *parts)


def recurrence_stepper(
    w: float, u: float, b: float, x: Sequence[float], y: Sequence[float], start: float = 0.0
) -> Interactive:
    """Step through h_t = tanh(w x_t + u h_(t-1) + b), C = 1/2 sum (h_t - y_t)^2, and back.

    Parameters
    ----------
    w, u, b : float
        The same at each time.
    x, y : sequence of float
        Inputs and targets of 1 to 5 times.
    start : float, optional
        The state before the first time.

    Returns
    -------
    Interactive

    Raises
    ------
    TypeError, ValueError
        No numbers; none, too many, or not as many inputs as targets; a NaN.

    Examples
    --------
    >>> recurrence_stepper(1.0, 0.5, 0.0, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    A recurrence, forward and back through time: 12 steps
    """
    if len(x) != len(y) or not 1 <= len(x) <= MOST_TIMES:
        raise ValueError(
            f"x has {len(x)} times and y has {len(y)}; give as many of both, from 1 to {MOST_TIMES}"
        )
    inputs = {f"x[{t}]": value for t, value in enumerate(x)}
    inputs |= {f"y[{t}]": value for t, value in enumerate(y)}
    for name, value in {"w": w, "u": u, "b": b, "start": start, **inputs}.items():
        check_number(name, value)
    frames = recurrence_frames({"w": w, "u": u, "b": b}, x, y, start)
    places = [[place(f"{kind}{t + 1}", "td") for kind in "hgdwub"] for t in range(len(x))]
    rows = [(f"{t + 1}", num(x[t]), *places[t]) for t in range(len(x))]
    head = ["time", "x", "h", "g = h − y", "delta δ", "to ∂C/∂w", "to ∂C/∂u", "to ∂C/∂b"]
    return stepper(
        "recurrence",
        "A recurrence, forward and back through time",
        picture(len(x)),
        [{**columns(frames), "n": len(frames)}],
        table=table(head, rows),
        caption="All numbers, time by time",
        wide=len(x) > 3,
        address=address("recurrence", w=w, u=u, b=b, x=x, y=y, start=start),
    )
