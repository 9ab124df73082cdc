"""Training: a whole run, iteration by iteration."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...network import Network, check_inputs, check_pairs, evaluate, predict
from ...params import Array
from ...training import History
from ..stage.display import Interactive
from ..stage.drawing import Chart, code, marker, svg, swatch, table, tag, write
from ..stage.stepper import num, packed, rounded, stepper
from .network_steps import entry, parameters

MOST_SHOWN = 501
MOST_LISTED = 60
MOST_EXAMPLES = 6
REGIONS = 60
GRID = 45

RULES = {
    "iterations reached": ("iterations reached", "n"),
    "loss below": ("loss below threshold", "threshold"),
    "change of loss below": ("change of loss below threshold", "threshold"),
}
"""How a reason begins -> the box of the flow chart, and the rule's number."""


def shown_iterations(count: int) -> list[int]:
    """Return which iterations have a frame: all, or 501 evenly spread with the first and last."""
    frames = min(count + 1, MOST_SHOWN)
    return np.linspace(0, count, frames).round().astype(int).tolist()


def training_columns(
    net: Network, history: History, X: Array, Y: Array, at: list[int]
) -> dict[str, Any]:
    """Return iterations, losses, weights, gradients, and the place in the flow chart."""
    assert history.record is not None
    theta, grad = np.array(history.record.theta), np.array(history.record.grad)
    count, last = len(theta) - 1, len(at) - 1
    final = evaluate(net.with_params(theta[-1]), X, Y)
    losses = np.array([*history.losses[:count], final])
    changes = [None, *np.abs(np.diff(losses[:-1])).tolist(), None]
    sizes = [*np.linalg.norm(grad[:count], axis=1).tolist(), None]
    run: dict[str, Any] = {
        "n": len(at),
        "t": at,
        "C": [rounded(losses[t]) for t in at],
        "change": [None if changes[t] is None else rounded(changes[t]) for t in at],
        "size": [None if sizes[t] is None else rounded(sizes[t]) for t in at],
        "now": {"at": [0, last], "v": ["pb-on", ""]} if last else "",
        "start": {"at": [0, 1], "v": ["pb-on", ""]} if last else "",
        "end": {"at": [0, last], "v": ["", "pb-on"]} if last else "pb-on",
        "say": {
            "at": sorted({0, last}),
            "v": [
                f"After {{t}} of {count} updates the loss is {{C}}; its gradient has the length "
                "{size} and decides the next update.",
                f"Training ended after {count} updates: {history.reason}. "
                "The loss over all examples is {C}.",
            ][-len({0, last}) :],
        },
    }
    for name, l, j, i in parameters(net):
        index = where(net, l, j, i)
        run[name] = packed(theta[at, index].tolist(), 3)
        slopes = grad[np.minimum(at, count - 1), index]
        run[f"g{name}"] = packed(slopes.tolist(), 4)
    return run


def where(net: Network, l: int, j: int, i: int | None) -> int:
    """Return the place of a parameter in theta."""
    probe = net.params.copy()
    probe.theta[:] = np.arange(probe.theta.size)
    return int(entry(probe, l, j, i))


def flow_chart(history: History, stop: Iterable[Any]) -> str:
    """Return note-004's flow chart as HTML, with the rule that fired."""

    def box(text: str, state: str) -> str:
        return f'<span class="pb-box {state}">{text}</span>'

    numbers = {}
    for rule in stop:
        for begins, (_, attribute) in RULES.items():
            if type(rule).__name__ == RULE_NAMES[begins]:
                numbers[begins] = f": {getattr(rule, attribute):g}"
    rules, known = [], False
    for begins, (text, _) in RULES.items():
        fired = history.reason.startswith(begins)
        known = known or fired
        state = "pb-rule {end}" if fired else "pb-rule"
        rules.append(box(f"{text}{numbers.get(begins, '')}?", state))
    if not known:
        rules.append(box(f"{history.reason}?", "pb-rule {end}"))
    arrow = ' <span class="pb-arrow">→</span> '
    steps = ["forward pass", "loss <var>C</var>", "backward pass", "update"]
    loop = arrow.join([box("start", "{start}"), *(box(text, "{now}") for text in steps)])
    return (
        f'<p class="pb-step">After {{t}} updates</p><div class="pb-flow">{loop}{arrow}</div>'
        f'<div class="pb-flow">{" ".join(rules)}</div>'
        f'<div class="pb-flow"><span class="pb-arrow">no</span> {box("↺ next iteration", "{now}")} '
        f'<span class="pb-arrow">yes</span> {box("end", "{end}")}</div>'
        '<p class="pb-eq"><var>C</var> = <b>{C}</b>, change {change}</p>'
        '<p class="pb-eq">|∂<var>C</var>/∂<var>θ</var>| = '
        '<b><span class="pb-gradient">{size}</span></b></p>'
    )


RULE_NAMES = {
    "iterations reached": "MaxIterations",
    "loss below": "LossBelow",
    "change of loss below": "LossChangeBelow",
}


def legend(net: Network, few: bool) -> str:
    """Return what the marks, tints and lines of the pictures mean, as HTML."""
    parts = []
    if net.sizes[0] == 2:
        classes = max(2, net.sizes[-1])
        parts += [f"{swatch(c % 5)} class {c}" for c in range(classes)]
        parts += [
            "tint: where the network says class 1" if net.sizes[-1] == 1 else "tint: its answer"
        ]
    if net.sizes[0] <= 2 and few:
        parts += ["lines: weights, the wider the larger, dashed where negative"]
    return f'<p class="pb-note">{"; ".join(parts)}</p>' if parts else ""


# Pictures


def loss_chart(run: Mapping[str, Any], losses: list[float]) -> str:
    """Draw the loss over the iterations, with the place the reader is at."""
    top = max(losses) * 1.05 or 1.0
    chart = Chart(52, 20, 338, 104, (0, max(run["t"][-1], 1)), (0, top))
    ticks = {0: "0", run["t"][-1]: num(run["t"][-1])}
    return (
        chart.frame("iteration", "loss C", ticks, {0: "0", top: num(top, 2)})
        + chart.line(run["t"], losses, "pb-curve pb-s0")
        + chart.cursor("t")
        + chart.mark("t", "C", "pb-s0")
        + chart.handle("t")
    )


def key_frames(count: int) -> list[int]:
    """Return the frames whose decision boundary is stored: dense at the start, 60 at most."""
    return sorted({round(count * (k / (REGIONS - 1)) ** 2) for k in range(REGIONS)} | {count})


def regions(
    net: Network, thetas: Array, X: Array, Y: Array, chart: Chart
) -> tuple[str, dict[str, Any]]:
    """Draw the plane of two inputs: where each class wins, frame by frame, and the examples."""
    from contourpy import contour_generator

    frames = key_frames(len(thetas) - 1)
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
    picture = [tag("path", class_=f"pb-area pb-s{c}", fill="currentColor", fill_opacity=0.15,
                   fill_rule="evenodd", data_d=f"area{c}") for c in areas]  # fmt: skip
    classes = (Y[:, 0] >= 0.5).astype(int) if one else Y.argmax(axis=1)
    for (u, v), c in zip(X.tolist(), classes.tolist(), strict=True):
        place = f"translate({chart.at('x', u):.0f},{chart.at('y', v):.0f}) scale(.75)"
        picture.append(tag("g", marker(f"pb-s{c}", c % 5), transform=place))
    ticks = [{low: num(low, 2), high: num(high, 2)} for low, high in (chart.x, chart.y)]
    return chart.frame("x₁", "x₂, class regions", *ticks) + "".join(picture), columns


def curve(
    net: Network, thetas: Array, X: Array, Y: Array, chart: Chart
) -> tuple[str, dict[str, Any]]:
    """Draw the prediction over a single input, frame by frame, and the examples."""
    frames = key_frames(len(thetas) - 1)
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
    picture = tag("path", class_="pb-curve pb-s0", fill="none", stroke="currentColor", data_d="fit")
    for u, v in zip(X[:, 0].tolist(), Y[:, 0].tolist(), strict=True):
        place = f"translate({chart.at('x', u):.0f},{chart.at('y', v):.0f}) scale(.6)"
        picture += tag("g", marker("pb-s4", 0), transform=place)
    ticks = [{low: num(low, 2), high: num(high, 2)} for low, high in (chart.x, chart.y)]
    return chart.frame("x", "prediction", *ticks) + picture, {"fit": {"at": frames, "v": paths}}


def predictions(
    net: Network, thetas: Array, X: Array, Y: Array
) -> tuple[list[tuple[str, ...]], dict[str, Any]]:
    """Return a table of the first examples' outputs, for networks with many inputs."""
    rows: list[tuple[str, ...]] = []
    columns: dict[str, Any] = {}
    outs = np.array([predict(net.with_params(theta), X[:MOST_EXAMPLES]) for theta in thetas])
    for example in range(outs.shape[1]):
        likely = int(Y[example].argmax())
        name = f"example {example + 1}" + (f", class {likely}" if Y.shape[1] > 1 else "")
        columns[f"p{example}"] = packed(outs[:, example, likely].tolist(), 3)
        columns[f"y{example}"] = num(Y[example, likely])
        rows.append((name, f"y{example}", f"p{example}"))
    return rows, columns


def strengths(net: Network, left: float, top: float, width: float, height: float) -> str:
    """Draw the network with lines as strong as its weights, dashed where they are negative."""

    def at(layer: int, node: int) -> tuple[float, float]:
        x = left + width * layer / net.L
        return x, top + height * (node + 1) / (net.sizes[layer] + 1)

    parts = []
    for name, l, j, i in parameters(net):
        if i is not None:
            (x1, y1), (x2, y2) = at(l - 1, i), at(l, j)
            ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
            parts.append(
                tag("line", tag("title", code("w", l, j, i)), class_="pb-strength", data_w=name,
                    stroke="currentColor", **{key: f"{value:.1f}" for key, value in ends.items()})
            )  # fmt: skip
    for layer, size in enumerate(net.sizes):
        for node in range(size):
            x, y = at(layer, node)
            parts.append(tag("circle", class_="pb-dotnode", cx=f"{x:.1f}", cy=f"{y:.1f}", r=7,
                             fill="currentColor"))  # fmt: skip
    parts.append(write(left - 8, top - 7, None, "weights", class_="pb-tick", text_anchor="start"))
    return "".join(parts)


def bounds(values: Array, more: float = 0.15) -> tuple[float, float]:
    """Return the range of values with a margin."""
    low, high = float(values.min()), float(values.max())
    margin = more * (high - low) or 1.0
    return low - margin, high + margin


def training_stepper(
    net: Network, history: History, X: ArrayLike, Y: ArrayLike, *, stop: Any = ()
) -> Interactive:
    """Step through a training run: loss curve, predictions, weights, gradients, stopping rule.

    Two inputs show the regions of the classes, one input the prediction's curve, more inputs the
    outputs of the first examples. Runs of more than 500 iterations show 501 of them, evenly spread.

    Parameters
    ----------
    net : Network
        The one that was trained, or one of the same sizes.
    history : History
        Of ``pb.train(..., record=True)``.
    X, Y : array of shape (m, n_0) and (m, n_L)
        The examples it was trained on.
    stop : rule or sequence of rules, optional
        Those given to ``pb.train``; the flow chart shows their thresholds.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError, TypeError
        A history without a record or of another network, no iterations, data that do not fit.

    Examples
    --------
    >>> import pybackprop as pb
    >>> from pybackprop.optimizers import SGD
    >>> from pybackprop.training import train
    >>> net, X, Y = pb.Network([2, 3, 1], rng=0), [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]]
    >>> history = train(net, X, Y, optimizer=SGD(0.5), epochs=20, record=True)
    >>> training_stepper(net, history, X, Y)
    Training, iteration by iteration: 21 steps
    """
    X = check_inputs(net, X)
    Y = check_pairs(net, X, Y)
    record = history.record
    if record is None:
        raise ValueError("the history has no record; train with pb.train(..., record=True)")
    if not record.grad:
        raise ValueError("the history has no iterations; there is nothing to step through")
    if record.theta[0].size != net.params.theta.size:
        raise ValueError(
            f"the history is of a network with {record.theta[0].size} parameters, {net!r} is not it"
        )
    if not all(np.isfinite(theta).all() for theta in record.theta):
        raise ValueError(
            "the record holds NaN or infinite parameters: this run diverged. "
            "Train again with a smaller learning rate"
        )
    at = shown_iterations(len(record.grad))
    thetas = np.array(record.theta)[at]
    run = training_columns(net, history, X, Y, at)
    losses = run["C"]
    picture, height = [loss_chart(run, losses)], 160
    head, rows = ["parameter", "value", "gradient"], []
    few = net.params.theta.size <= MOST_LISTED
    if few:
        rows = [(f"<code>{code(name[0], *map(int, name[1:].split('.')))}</code>", name, f"g{name}")
                for name, *_ in parameters(net)]  # fmt: skip
    if net.sizes[0] <= 2:
        plane = net.sizes[0] == 2
        values = bounds(X[:, 1]) if plane else bounds(Y[:, :1])
        chart = Chart(40, 185, 190 if few else 350, 170, bounds(X[:, 0]), values)
        drawn, more = (regions if plane else curve)(net, thetas, X, Y, chart)
        run |= more
        picture.append(drawn)
        height = 390
        if few:
            picture.append(strengths(net, 262, 185, 118, 170))
    else:
        found, more = predictions(net, thetas, X, Y)
        run |= more
    if not few:
        names = {name for name, *_ in parameters(net)}
        run = {key: v for key, v in run.items() if key not in names and key[1:] not in names}
        for l in range(1, net.L + 1):
            for kind, source in (("W", record.theta), ("g", record.grad)):
                norms = [
                    np.linalg.norm(net.with_params(source[min(t, len(source) - 1)]).params.W[l])
                    for t in at
                ]
                run[f"{kind}{l}"] = packed(map(float, norms), 3 if kind == "W" else 4)
            rows.append((f"size of <code>W[{l}]</code>", f"W{l}", f"g{l}"))
    half = len(rows) if len(rows) <= 8 else (len(rows) + 1) // 2
    tables = "".join(table(head, some, columns=True) for some in (rows[:half], rows[half:]) if some)
    if net.sizes[0] > 2:
        tables = table(["example", "target", "output"], found, columns=True) + tables
    rules = [stop] if callable(stop) else list(stop)
    run["math"] = flow_chart(history, rules) + legend(net, few)
    return stepper(
        "training",
        "Training, iteration by iteration",
        svg(400, height, "Loss curve, predictions and weights during training", *picture),
        [run],
        table=tables,
        caption="Weights (3 decimals) and their gradients (4 decimals)",
        open=True,
        interval=60,
    )
