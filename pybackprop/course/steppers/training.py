"""Training: a whole run, iteration by iteration."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...history import History
from ...network import Network, backprop
from ...params import Array
from ...scores import predict
from ...stopping import LossBelow, LossChangeBelow, MaxIterations, Patience
from ..stage.display import Interactive
from ..stage.drawing import (
    Chart,
    Point,
    between,
    colored,
    joined,
    marker,
    place,
    slope,
    svg,
    swatch,
    table,
    var,
    words,
)
from ..stage.stepper import num, packed, rounded, stepper
from ..stage.tree import Markup, Node, Part, Template, node
from .address import address
from .one_example import by_unit

MOST_SHOWN = 501
MOST_LISTED = 60
MOST_EXAMPLES = 6
REGIONS = 60
GRID = 45
BY_ITSELF = -1
"""The box of a run that no rule ended: its epochs were over, or it was interrupted."""
LARGEST = 1e12
"""Beyond this a run has diverged, whatever it says of itself."""


def shown_iterations(count: int) -> list[int]:
    """Return which iterations have a frame: all, or 501 evenly spread with the first and last."""
    frames = min(count + 1, MOST_SHOWN)
    return [round(t) for t in np.linspace(0, count, frames).tolist()]


class Run(NamedTuple):
    """A run that can be shown: one row or number before each update, and one after the last.

    Attributes
    ----------
    history : History
    net : Network
        As it started.
    X, Y : array
        What it was trained on.
    rules : list of stopping rules
    theta, grad : array of shape (updates + 1, N)
        The last gradient is that of all examples at the last parameters.
    losses : list of float
        The last one, too, is over all examples.
    """

    history: History
    net: Network
    X: Array
    Y: Array
    rules: list[Any]
    theta: Array
    grad: Array
    losses: list[float]


def run_of(history: History) -> Run:
    """Return a run that can be shown, or say why it cannot."""
    if not isinstance(history, History):
        raise TypeError(
            f"history is a {type(history).__name__}; give what pb.train(..., record=True) returned"
        )
    record = history.record
    if record is None or record.net is None or record.X is None or record.Y is None:
        raise ValueError("the history has no record; train with pb.train(..., record=True)")
    if not isinstance(record.net, Network):
        raise TypeError(f"this stepper shows the training of a Network; {record.net} is none")
    if not record.grad:
        raise ValueError("the history has no iterations; there is nothing to step through")
    with np.errstate(all="ignore"):  # a run that overflowed is named below
        final = backprop(record.net.with_params(record.theta[-1]), record.X, record.Y)
    theta, grad = np.array(record.theta), np.array([*record.grad, final.grad.theta])
    losses = [*history.losses[: len(record.grad)], float(final.loss)]
    # A NaN is not below anything either.
    if not all((np.abs(numbers) < LARGEST).all() for numbers in (theta, grad, losses)):
        raise ValueError(
            f"the record holds NaN, infinity or numbers beyond {LARGEST:.0e}: this run diverged. "
            "Train again with a smaller learning rate, and with inputs of ordinary size"
        )
    return Run(history, record.net, record.X, record.Y, record.rules, theta, grad, losses)


# What changes from iteration to iteration


def training_columns(run: Run, at: list[int]) -> dict[str, Any]:
    """Return iteration, loss, gradient's length and the place in the flow chart of each frame."""
    history, count, last = run.history, len(run.losses) - 1, len(at) - 1
    ends = np.array(history.epoch_ends, dtype=int)
    # After an update the rules are asked; a new iteration begins with a forward pass.
    fired = [k for k, rule in enumerate(run.rules) if rule is history.stopped_by]
    known = "forward:now loss:now backward:now"
    lit = {0: f"start:now {known}", 1: f"update:now next:now {known}"}
    lit[last] = " ".join(
        ["update:now end:now", *(f"rule{k}:updated" for k in fired or [BY_ITSELF])]
    )
    how = (
        f"After {{t}} of {count} updates the loss is {{C}}; its gradient has the length {{size}} "
        "and decides the next update."
    )
    over = (
        f"Training ended after {count} updates: {{reason}}. The loss over all examples is {{C}}, "
        "the length of its gradient {size}."
    )
    near = {f"rule{k}": [nearness(one, history, t) for t in at] for k, one in enumerate(run.rules)}
    return {
        "n": len(at),
        "t": at,
        # In an epoch's last frame all its updates are done.
        "epoch": [int(np.searchsorted(ends, max(t, 1))) + 1 for t in at],
        "C": [rounded(run.losses[t]) for t in at],
        "size": [rounded(size) for size in np.linalg.norm(run.grad[at], axis=1).tolist()],
        "lit": {"at": list(lit), "v": list(lit.values())},
        "say": {
            "at": [0, last],
            "v": [Template(how), Template(over, reason=history.reason)],
        },
        **near,
    }


def nearness(rule: Any, history: History, t: int) -> str:
    """Return what a rule looked at after t updates, such as "0.53"; nothing for one's own."""
    if isinstance(rule, MaxIterations):
        return f"{t}"
    if isinstance(rule, Patience):
        return waited(rule, history.validation_loss[: epochs_after(history, t)])
    if not isinstance(rule, LossBelow | LossChangeBelow):
        return ""
    seen = history.losses[:t]
    if rule.each == "epoch":
        seen = history.train_loss[: epochs_after(history, t)]
    if isinstance(rule, LossBelow):
        return num(seen[-1]) if seen else "–"
    return num(abs(seen[-1] - seen[-2])) if len(seen) > 1 else "–"


def epochs_after(history: History, t: int) -> int:
    """Return how many epochs had ended after t updates."""
    return sum(end <= t for end in history.epoch_ends)


def waited(rule: Patience, losses: list[float]) -> str:
    """Return for how many epochs the validation loss has not improved."""
    best, epochs = np.inf, 0
    for loss in losses:
        better = loss < best - rule.min_delta
        best, epochs = (loss, 0) if better else (best, epochs + 1)
    return f"{epochs}"


# The flow chart


def box(*content: Part, lit: str, class_: str = "pb-box") -> Node:
    """Return a box of the flow chart."""
    return node("span", *content, class_=class_, data_k=lit)


def rule_text(rule: Any, history: History) -> str:
    """Return what a rule asks; one's own says its reason once it has fired, else its name."""
    if isinstance(rule, MaxIterations):
        return f"iterations reached: {rule.n}"
    if isinstance(rule, LossBelow):
        return f"loss below threshold: {rule.threshold:g}"
    if isinstance(rule, LossChangeBelow):
        return f"change of loss below threshold: {rule.threshold:g}"
    if isinstance(rule, Patience):
        return f"epochs without a better validation loss: {rule.epochs}"
    name = getattr(rule, "__name__", type(rule).__name__)
    return history.reason if rule is history.stopped_by else str(name)


def flow_chart(history: History, rules: Iterable[Any]) -> Markup:
    """Return the loop with the numbers of each iteration, and how near each rule is."""
    arrow = node("span", "→", class_="pb-arrow")
    loop = [
        box("start", lit="start"),
        box("forward pass", lit="forward"),
        box("loss ", var("C"), " = ", node("b", place("C")), lit="loss"),
        box(
            "backward pass, |", slope("C", var("θ")), "| = ",
            node("b", colored(place("size"), "gradient")), lit="backward",
        ),
        box("update", lit="update"),
    ]  # fmt: skip
    asked = []
    for k, rule in enumerate(rules):
        known = isinstance(rule, MaxIterations | LossBelow | LossChangeBelow | Patience)
        now: Part = (
            [" ", node("span", "now ", place(f"rule{k}"), class_="pb-near")] if known else ()
        )
        text = f"{rule_text(rule, history)}?"
        asked.append(box(text, now, lit=f"rule{k}", class_="pb-box pb-rule"))
    if history.stopped_by is None:
        asked.append(box(f"{history.reason}?", lit=f"rule{BY_ITSELF}", class_="pb-box pb-rule"))
    answers = [
        node("span", "no", class_="pb-arrow"), " ", box("↺ next iteration", lit="next"), " ",
        node("span", "yes", class_="pb-arrow"), " ", box("end", lit="end"),
    ]  # fmt: skip
    return Markup(
        node("p", "After ", place("t"), " updates, epoch ", place("epoch"), class_="pb-step"),
        node("div", joined(loop, [" ", arrow, " "]), " ", arrow, class_="pb-flow"),
        node("div", joined(asked, " "), class_="pb-flow"),
        node("div", answers, class_="pb-flow"),
    )


def legend(net: Network, few: bool) -> Part:
    """Return what the marks, tints and lines of the pictures mean."""
    parts: list[Part] = []
    if net.sizes[0] == 2:
        parts += [[swatch(c % 5), f" class {c}"] for c in range(max(2, net.sizes[-1]))]
        parts += [
            "tint: where the network says class 1" if net.sizes[-1] == 1 else "tint: its answer"
        ]
    if net.sizes[0] <= 2 and few:
        parts += ["lines: weights, the wider the larger, dashed where negative"]
    return node("p", joined(parts, "; "), class_="pb-note") if parts else ()


# Pictures


def loss_chart(run: Mapping[str, Any], top: float, height: float) -> Part:
    """Draw the loss over the iterations as it falls; what is to come stays faint."""
    losses, last = run["C"], run["t"][-1]
    high = max(losses) * 1.05 or 1.0
    chart = Chart(52, top, 330, height, (0, max(last, 1)), (0, high))
    return [
        chart.frame("iteration", "loss C", {0: "0", last: num(last)}, {0: "0", high: num(high, 2)}),
        chart.line(run["t"], losses, "pb-grid"),
        chart.trail("t", "C", "pb-curve pb-s0"),
        chart.cursor("t"),
        chart.mark("t", "C", "pb-s0"),
        chart.handle("t"),
    ]


def key_frames(count: int) -> list[int]:
    """Return the frames whose decision boundary is stored: dense at the start, 60 at most."""
    return sorted({round(count * (k / (REGIONS - 1)) ** 2) for k in range(REGIONS)} | {count})


def regions(
    net: Network, thetas: Array, X: Array, Y: Array, chart: Chart, frames: Sequence[int]
) -> tuple[Part, dict[str, Any]]:
    """Draw the plane of two inputs: where each class wins, frame by frame, and the examples."""
    from contourpy import contour_generator

    x, y = np.linspace(*chart.x, GRID), np.linspace(*chart.y, GRID)
    plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(net.dtype)
    one = net.sizes[-1] == 1
    areas: dict[int, list[str]] = {c: [] for c in ([1] if one else range(net.sizes[-1]))}
    for frame in frames:
        out = predict(net.with_params(thetas[frame]), plane)
        for c, paths in areas.items():
            lead = out[:, 0] - 0.5 if one else out[:, c] - np.delete(out, c, axis=1).max(axis=1)
            generator = contour_generator(x, y, lead.reshape(GRID, GRID), fill_type="OuterOffset")
            polygons: Any = generator.filled(0, 1e9)
            path = []
            for points, offsets in zip(*polygons, strict=True):
                for begin, end in zip(offsets[:-1], offsets[1:], strict=True):
                    ring = (
                        f"{chart.at('x', u):.0f} {chart.at('y', v):.0f}"
                        for u, v in points[begin : end - 1].tolist()
                    )
                    path.append("M" + "L".join(dict.fromkeys(ring)) + "z")
            paths.append("".join(path))
    columns = {f"area{c}": {"at": frames, "v": paths} for c, paths in areas.items()}
    tint = {"fill": "currentColor", "fill_opacity": 0.15, "fill_rule": "evenodd"}
    picture = [node("path", class_=f"pb-area pb-s{c}", data_d=f"area{c}", **tint) for c in areas]
    classes = (Y[:, 0] >= 0.5).astype(int) if one else Y.argmax(axis=1)
    for (u, v), c in zip(X.tolist(), classes.tolist(), strict=True):
        where = f"translate({chart.at('x', u):.0f},{chart.at('y', v):.0f}) scale(.75)"
        picture.append(node("g", marker(f"pb-s{c % 5}", c % 5), transform=where))
    ticks = [{low: num(low, 2), high: num(high, 2)} for low, high in (chart.x, chart.y)]
    return [chart.frame("x₁", "x₂, class regions", *ticks), *picture], columns


def curve(
    net: Network, thetas: Array, X: Array, Y: Array, chart: Chart, frames: Sequence[int]
) -> tuple[Part, dict[str, Any]]:
    """Draw the prediction over a single input, frame by frame, and the examples."""
    x = np.linspace(*chart.x, 61)
    paths = []
    for frame in frames:
        out = predict(net.with_params(thetas[frame]), x[:, None].astype(net.dtype))[:, 0]
        inside = np.clip(out, *chart.y).tolist()
        points = (
            f"{chart.at('x', u):.0f} {chart.at('y', v):.1f}"
            for u, v in zip(x.tolist(), inside, strict=True)
        )
        paths.append("M" + "L".join(points))
    line = {"class_": "pb-curve pb-s0", "fill": "none", "stroke": "currentColor"}
    picture = [node("path", data_d="fit", **line)]
    for u, v in zip(X[:, 0].tolist(), Y[:, 0].tolist(), strict=True):
        where = f"translate({chart.at('x', u):.0f},{chart.at('y', v):.0f}) scale(.6)"
        picture.append(node("g", marker("pb-s4", 0), transform=where))
    ticks = [{low: num(low, 2), high: num(high, 2)} for low, high in (chart.x, chart.y)]
    drawn = [chart.frame("x", "prediction", *ticks), *picture]
    return drawn, {"fit": {"at": frames, "v": paths}}


def predictions(
    net: Network, thetas: Array, X: Array, Y: Array
) -> tuple[list[tuple[Part, ...]], dict[str, Any]]:
    """Return a table of the first examples' outputs, for networks with many inputs."""
    rows: list[tuple[Part, ...]] = []
    columns: dict[str, Any] = {}
    outs = np.array([predict(net.with_params(theta), X[:MOST_EXAMPLES]) for theta in thetas])
    for example in range(outs.shape[1]):
        likely = int(Y[example].argmax())
        name = f"example {example + 1}" + (f", class {likely}" if Y.shape[1] > 1 else "")
        columns[f"out{example}"] = packed(outs[:, example, likely].tolist(), 3)
        columns[f"y{example}"] = num(Y[example, likely])
        rows.append((name, place(f"y{example}", "td"), place(f"out{example}", "td")))
    return rows, columns


def strengths(net: Network, left: float, top: float, width: float, height: float) -> Part:
    """Draw the network with lines as strong as its weights, dashed where they are negative."""

    def at(layer: int, number: int) -> Point:
        x = left + width * layer / net.L
        return x, top + height * (number + 1) / (net.sizes[layer] + 1)

    parts: list[Part] = []
    for entry in net.params.entries():
        if entry.i is not None:
            ends = between(at(entry.layer - 1, entry.i), at(entry.layer, entry.j))
            more = {"class_": "pb-strength", "stroke": "currentColor"}
            name = node("title", str(entry))
            parts.append(node("line", name, data_w=f"p{entry.index}", **more, **ends))
    for layer, size in enumerate(net.sizes):
        for number in range(size):
            x, y = at(layer, number)
            where = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": 7}
            parts.append(node("circle", class_="pb-dotnode", fill="currentColor", **where))
    parts.append(words(left - 8, top - 7, "weights", class_="pb-tick", text_anchor="start"))
    return parts


def bounds(values: Array, more: float = 0.15) -> tuple[float, float]:
    """Return the range of values with a margin."""
    low, high = float(values.min()), float(values.max())
    margin = more * (high - low) or 1.0
    return low - margin, high + margin


def training_stepper(history: History) -> Interactive:
    """Step through a training run: loss curve, predictions, weights, gradients, stopping rule.

    Two inputs show the regions of the classes, one input the prediction's curve, more inputs the
    outputs of the first examples. Runs of more than 500 iterations show 501 of them, evenly spread.

    Parameters
    ----------
    history : History
        Of ``pb.train(..., record=True)``. It knows the network, the examples and the stopping
        rules; the flow chart shows how near each rule is, and lights the one that fired.

    Returns
    -------
    Interactive

    Raises
    ------
    TypeError
        No history.
    ValueError
        A history without a record, without iterations, or of a run that diverged.

    Examples
    --------
    >>> import pybackprop as pb
    >>> from pybackprop.optimizers import SGD
    >>> from pybackprop.training import train
    >>> net, X, Y = pb.Network([2, 3, 1], rng=0), [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]]
    >>> training_stepper(train(net, X, Y, optimizer=SGD(0.5), epochs=20, record=True))
    Training, iteration by iteration: 21 steps
    """
    run = run_of(history)
    net, X, Y = run.net, run.X, run.Y
    at = shown_iterations(len(run.losses) - 1)
    cols = training_columns(run, at)
    picture, height = [loss_chart(cols, 20, 104)], 160
    few = net.params.theta.size <= MOST_LISTED
    rows, columns = (every_parameter if few else sizes_of_weights)(run, at)
    thetas = run.theta[at]
    tables: list[Part] = []
    if net.sizes[0] <= 2:
        plane = net.sizes[0] == 2
        values = bounds(X[:, 1]) if plane else bounds(Y[:, :1])
        chart = Chart(52, 185, 178 if few else 330, 170, bounds(X[:, 0]), values)
        drawn, more = (regions if plane else curve)(
            net, thetas, X, Y, chart, key_frames(len(at) - 1)
        )
        picture.append(drawn)
        height = 390
        if few:
            picture.append(strengths(net, 262, 185, 118, 170))
    else:
        found, more = predictions(net, thetas, X, Y)
        tables.append(table(["example", "target", "output"], found))
    half = len(rows) if len(rows) <= 8 else (len(rows) + 1) // 2
    head = ["parameter", "value", "gradient"]
    tables += [table(head, some) for some in (rows[:half], rows[half:]) if some]
    math = Markup(flow_chart(history, run.rules), legend(net, few))
    return stepper(
        "training",
        "Training, iteration by iteration",
        svg(400, height, "Loss curve, predictions and weights during training", *picture),
        [{**cols, **columns, **more, "math": math}],
        table=tables,
        caption="Weights (3 decimals) and their gradients (4 decimals)",
        open=True,
        interval=60,
        address=address("training"),
    )


Rows = list[tuple[Part, ...]]


def every_parameter(run: Run, at: list[int]) -> tuple[Rows, dict[str, Any]]:
    """Return a table of all parameters and gradients, and its columns."""
    net, theta, grad = run.net, run.theta[at], run.grad[at]
    rows: Rows = []
    columns: dict[str, Any] = {}
    for entry in net.params.entries():
        k = entry.index
        columns[f"p{k}"] = packed(theta[:, k].tolist(), 3)
        columns[f"g{k}"] = packed(grad[:, k].tolist(), 4)
    for entry in by_unit(net):
        k = entry.index
        rows.append((node("code", str(entry)), place(f"p{k}", "td"), place(f"g{k}", "td")))
    return rows, columns


def sizes_of_weights(run: Run, at: list[int]) -> tuple[Rows, dict[str, Any]]:
    """Return a table of the lengths of each layer's weights and of their gradient."""
    net, theta, grad = run.net, run.theta[at], run.grad[at]
    rows: Rows = []
    columns: dict[str, Any] = {}
    for l in range(1, net.L + 1):
        block = net.params.blocks[f"W[{l}]"]
        columns[f"W{l}"] = packed(np.linalg.norm(theta[:, block], axis=1).tolist(), 3)
        columns[f"g{l}"] = packed(np.linalg.norm(grad[:, block], axis=1).tolist(), 4)
        name = ["size of ", node("code", f"W[{l}]")]
        rows.append((name, place(f"W{l}", "td"), place(f"g{l}", "td")))
    return rows, columns
