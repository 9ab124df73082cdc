"""Any tape, node by node: forward in the order of the list, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...graph import Node as Line
from ...graph import pull_back
from ..stage.display import Interactive
from ..stage.drawing import between, lines, place, result, svg, table, words
from ..stage.stepper import Frame, num, run_of, stepper
from ..stage.tree import Node, Part, node
from .address import address

MOST_LINES = 40
SHORT = {
    "multiply": "×",
    "add": "+",
    "subtract": "−",
    "negative": "−",
    "divide": "÷",
    "power": "^",
    "matmul": "@",
    "transpose": "ᵀ",
    "swapaxes": "ᵀ",
    "broadcast_to": "copy",
    "expand_dims": "shape",
    "reshape": "shape",
    "maximum": "max",
    "softmax_cross_entropy": "loss",
    "sigmoid_cross_entropy": "loss",
}
"""Operation -> what the picture calls it; any other by the first letters of its name."""


def shown(value: Any) -> str:
    """Return a number as text, an array by its shape.

    >>> shown(0.25), shown(np.ones((2, 3)))
    ('0.25', '2×3')
    """
    return num(float(value)) if np.ndim(value) == 0 else "×".join(map(str, np.shape(value)))


def spelled(value: Any) -> str:
    """Return all numbers of a small array, the shape of a large one."""
    if np.ndim(value) == 0 or np.size(value) > 6:
        return shown(value) if np.ndim(value) == 0 else f"{shown(value)} numbers"
    return ", ".join(num(float(one)) for one in np.ravel(value))


def line_name(line: Line, names: Mapping[int, str]) -> str:
    """Return what a sentence calls a line of the tape."""
    return names.get(line.index, f"%{line.index}")


def written(line: Line, names: Mapping[int, str]) -> str:
    """Return how a line was made, such as "multiply(x, w)"."""
    if line.operation is None:
        return "variable"
    inputs = [line_name(n, names) if isinstance(n, Line) else shown(n) for n in line.inputs]
    return f"{line.operation.name}({', '.join(inputs)})"


def graph_frames(y: Line, names: Mapping[int, str]) -> list[Frame]:
    """Return the frames of a tape up to y: each line forward, each step back, the gradients."""
    tape = y.tape[: y.index + 1]
    state: Frame = {f"{kind}{line.index}": "" for line in tape for kind in "atug"}
    frames: list[Frame] = []
    done: list[str] = []
    for line in tape:
        i, name = line.index, line_name(line, names)
        state |= {f"a{i}": shown(line.value), f"t{i}": spelled(line.value)}
        uses = [n for n in line.inputs if isinstance(n, Line)]
        if line.operation is None:
            say = f"Line {i} of the tape: {name} is a variable, {spelled(line.value)}."
        else:
            say = f"Line {i} of the tape: {written(line, names)} is {spelled(line.value)}."
        lit = [f"n{i}:activation", *(f"e{n.index}.{i}:activation" for n in uses)]
        frames.append(
            state
            | {
                "math": lines(
                    f"Forward, line {i}", [f"{name} = {written(line, names)}"], value_of(line.value)
                ),
                "say": say,
                "lit": " ".join(lit),
            }
        )
        done.append(f"n{i}:activation")
    bar: list[Any] = [None] * y.index + [np.ones_like(y.value)]
    state |= adjoint_of(y, bar)
    frames.append(
        state
        | {
            "math": lines("Back, the start", [f"dC/d{line_name(y, names)}"], value_of(bar[-1])),
            "say": f"The way back begins at C = {line_name(y, names)}: its adjoint is 1.",
            "lit": f"n{y.index}:delta",
        }
    )
    for line in reversed(tape):
        if line.operation is None:
            continue
        i, name = line.index, line_name(line, names)
        uses = list({n.index: n for n in line.inputs if isinstance(n, Line)}.values())
        before = {n.index: bar[n.index] for n in uses}
        if bar[i] is None:
            say = f"Line {i}, {name}: nothing comes back, C does not depend on it."
            frames.append(
                state | {"math": lines(f"Back, line {i}"), "say": say, "lit": f"n{i}:delta"}
            )
            continue
        pull_back(line, bar)
        rows = []
        for n in uses:
            state |= adjoint_of(n, bar)
            rows.append(added(line_name(n, names), before[n.index], bar[n.index]))
        others = [line_name(n, names) for n in uses if before[n.index] is not None]
        say = f"Line {i}, {name} = {written(line, names)}, hands its adjoint {spelled(bar[i])} on"
        say += f" to {' and '.join(line_name(n, names) for n in uses)}"
        say += f". For {' and '.join(others)} it adds to what was there." if others else "."
        lit = [f"n{i}:delta", *(f"e{n.index}.{i}:delta n{n.index}:gradient" for n in uses)]
        formula = line.operation.formula.rpartition(": ")[2]
        head = [f"Back, line {i}: ", node("code", formula)] if formula else [f"Back, line {i}"]
        frames.append(state | {"math": lines(head, *rows), "say": say, "lit": " ".join(lit)})
    free = [line for line in tape if line.operation is None]
    rows = [[f"dC/d{line_name(n, names)} ", spelled_result(bar[n.index])] for n in free]
    said = "; ".join(f"{line_name(n, names)}: {spelled(grad_of(bar[n.index]))}" for n in free)
    frames.append(
        state
        | {
            "math": lines("The gradients", *rows),
            "say": f"All uses of each variable have been added up. The gradients are {said}.",
            "lit": " ".join(f"n{n.index}:gradient" for n in free),
        }
    )
    return frames


def grad_of(bar: Any) -> Any:
    """Return an adjoint, 0 where nothing came back."""
    return 0.0 if bar is None else bar


def spelled_result(bar: Any) -> Part:
    """Return a gradient as the last line of an equation."""
    value = grad_of(bar)
    return result(float(value), "gradient") if np.ndim(value) == 0 else ["= ", spelled(value)]


def value_of(value: Any) -> Part:
    """Return "= value" as a row."""
    return result(float(value), "activation") if np.ndim(value) == 0 else ["= ", spelled(value)]


def adjoint_of(line: Line, bar: list[Any]) -> Frame:
    """Return the two places that show a line's adjoint."""
    value = bar[line.index]
    return {f"u{line.index}": f"δ {shown(value)}", f"g{line.index}": spelled(value)}


def added(name: str, before: Any, after: Any) -> Part:
    """Return how an adjoint came to be: what was there, what comes, the sum."""
    if before is None:
        return [f"to {name}: ", value_of(after)]
    if np.ndim(after):
        return [f"to {name}: {spelled(before)} + {spelled(after - before)} ", value_of(after)]
    more = num(float(after - before))
    more = f"({more})" if more.startswith("−") else more
    return [f"to {name}: {shown(before)} + {more} ", value_of(after)]


def picture(y: Line, names: Mapping[int, str]) -> Node:
    """Draw the tape as a graph: a column for each number of operations behind a variable."""
    tape = y.tape[: y.index + 1]
    depth: dict[int, int] = {}
    for line in tape:
        uses = [n.index for n in line.inputs if isinstance(n, Line)]
        depth[line.index] = 1 + max(depth[i] for i in uses) if uses else 0
    for line in reversed(tape):  # a variable stands beside its first use
        if line.operation is None:
            first = [depth[o.index] for o in tape if any(n is line for n in o.inputs)]
            depth[line.index] = min(first) - 1 if first else 0
    rows: dict[int, list[int]] = {}
    for line in tape:
        rows.setdefault(depth[line.index], []).append(line.index)
    tallest, last = max(map(len, rows.values())), max(rows)
    across, down, r = (86 if last < 8 else 66), 90, 22
    height = down * max(2, tallest) + 46

    def at(i: int) -> tuple[float, float]:
        column = rows[depth[i]]
        lift = 10 * (depth[i] % 2) if len(column) == 1 else 0  # so that edges pass beside nodes
        middle = height / 2 + 10 + down * (column.index(i) - (len(column) - 1) / 2)
        return 34 + across * depth[i], middle - lift

    edges, nodes = [], []
    for line in tape:
        for i in {n.index for n in line.inputs if isinstance(n, Line)}:
            ends = between(at(i), at(line.index), r)
            drawn = node("line", class_="pb-edge", stroke="currentColor", **ends)
            span = depth[line.index] - depth[i]
            if span > 1:  # over what stands between
                x1, y1, x2, y2 = (float(ends[end]) for end in ("x1", "y1", "x2", "y2"))
                over = f"{(x1 + x2) / 2:g} {min(y1, y2) - min(33 * span, 130):g}"
                way = f"M{x1:g} {y1:g}Q{over} {x2:g} {y2:g}"
                drawn = node("path", d=way, class_="pb-edge", fill="none", stroke="currentColor")
            edges.append(node("g", drawn, data_k=f"e{i}.{line.index}"))
        x, y0 = at(line.index)
        name = names.get(line.index, "")
        if line.operation is not None and not name:
            name = SHORT.get(line.operation.name, line.operation.name[:7])
        round_ = {"cx": f"{x:g}", "cy": f"{y0:g}", "r": r}
        shape = node("circle", fill="none", stroke="currentColor", **round_)
        if line.operation is None:
            box = {"x": f"{x - r:g}", "y": f"{y0 - 16:g}", "width": 2 * r, "height": 32, "rx": 6}
            shape = node("rect", fill="none", stroke="currentColor", **box)
        nodes.append(
            node(
                "g",
                shape,
                words(
                    x, y0 + 4, data_t=f"a{line.index} 5 38", class_="pb-in",
                    lengthAdjust="spacingAndGlyphs",
                ),
                words(x, y0 - r - 5, name, class_="pb-name"),
                words(x, y0 + r + 14, data_t=f"u{line.index}", class_="pb-under"),
                class_="pb-node",
                data_k=f"n{line.index}",
            )
        )  # fmt: skip
    alt = f"A graph of {len(tape)} nodes; variables are boxes, operations circles"
    return svg(34 * 2 + across * last, height, alt, *edges, *nodes)


def graph_stepper(y: Line, names: Mapping[str, Line] | None = None) -> Interactive:
    """Step through any tape: forward in the order of the list, back from its end.

    Parameters
    ----------
    y : graph.Node
        What is computed: one number, at most 40 lines down the tape. Lines after it are left out.
    names : mapping of str to Node, optional
        What to call lines; others are called %0, %1, ... as in ``print(*tape)``.

    Returns
    -------
    Interactive

    Raises
    ------
    TypeError, ValueError
        No node, more than one number, too long a tape, a NaN.

    Examples
    --------
    >>> tape = []
    >>> x, w = Line(tape, 2.0), Line(tape, 0.5)
    >>> graph_stepper(x * w + x, {"x": x, "w": w})
    A tape, forward and back: 8 steps
    """
    if not isinstance(y, Line):
        raise TypeError(
            f"y is a {type(y).__name__}; give a node of a tape, such as Node(tape, 2.0)"
        )
    if y.index >= MOST_LINES:
        raise ValueError(
            f"the tape has {y.index + 1} lines up to y; a stepper draws each and takes at most "
            f"{MOST_LINES}. Step through a smaller computation, or write a layer as one Operation"
        )
    if np.size(y.value) != 1:
        raise ValueError(f"y has shape {y.shape}; the way back begins at one number: take y.sum()")
    called = {line.index: name for name, line in (names or {}).items()}
    with np.errstate(all="ignore"):  # what is not finite is refused where it is shown
        frames = graph_frames(y, called)
    tape = y.tape[: y.index + 1]
    rows = [
        (
            line_name(line, called),
            node("code", written(line, called)),
            place(f"t{line.index}", "td"),
            place(f"g{line.index}", "td"),
        )
        for line in tape
    ]
    return stepper(
        "graph",
        "A tape, forward and back",
        picture(y, called),
        [run_of(frames)],
        table=table(["line", "made by", "value", "adjoint δ"], rows),
        caption="The tape",
        wide=len(tape) > 12,
        address=address("graph"),
    )
