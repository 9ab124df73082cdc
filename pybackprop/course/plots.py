"""Figures of the book. Every function draws data on an Axes and returns that Axes.

Without an Axes a function makes one of its own. Colors follow the role of what is drawn
(`palette`). The page behind a saved figure is not known, so backgrounds stay transparent, text and
lines are mid-tones, and a difference in color is always one in dash, marker or text as well.

Matplotlib is imported by the first figure, not before: chapters import this module, and on a page
Matplotlib is loaded only for cells that draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..activations import ACTIVATIONS, Activation
from ..checks import check_count, check_matrix, check_number, check_positive
from ..data import are_classes, classes
from ..history import History
from ..lookup import lookup
from ..losses import LOSSES, Loss
from ..network import Forward, Network, Trace
from ..params import Array, Params, check_sizes
from ..scores import predict
from . import plot_checks as check
from .palette import FIGURE, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDEST = 4.6
"""Inches. On a phone a figure shrinks to 328 pixels: text of 10 points has 9 of them or more."""

SMALL = 10
"""Points; no text of a figure is smaller."""

SERIES = (
    (FIGURE["activation"], "-", "o"),
    (FIGURE["delta"], "--", "s"),
    (FIGURE["updated"], "-.", "^"),
    (FIGURE["gradient"], ":", "D"),
    (FIGURE["weight"], (0, (6, 1, 1, 1, 1, 1)), "v"),
)
"""Color, dash and marker of the first, second, ... of several curves that have no role."""


def canvas(
    ax: Axes | None = None, size: tuple[float, float] = (WIDEST, 3.0), bare: bool = False
) -> Axes:
    """Return ``ax``, or a new Axes, dressed for any page; ``bare`` takes the frame and ticks away.

    Parameters
    ----------
    ax : Axes, optional
    size : (float, float)
        Width and height of a new figure, in inches.
    bare : bool
        True for drawings without coordinates; lengths are then equal in both directions.
    """
    if ax is None:
        ax = _subplots(figsize=size)[1]
    ax = check.check_axes(ax)
    ax.figure.patch.set_alpha(0)
    ax.patch.set_alpha(0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(INK)
    ax.tick_params(which="both", colors=INK)
    for text in (ax.xaxis.label, ax.yaxis.label, ax.title):
        text.set_color(INK)
    if bare:
        ax.set_axis_off()
        ax.set_aspect("equal")
    return ax


def panels(rows: int, columns: int, size: tuple[float, float] = (2.3, 2.1)) -> list[Axes]:
    """Return the Axes of a new figure with several panels, row by row; ``size`` is one panel's."""
    rows, columns = check_count("rows", rows), check_count("columns", columns)
    whole = (columns * size[0], rows * size[1])
    return list(_subplots(rows, columns, figsize=whole, squeeze=False)[1].flat)


def _subplots(*grid: int, **options: Any) -> Any:
    from matplotlib import pyplot as plt

    return plt.subplots(*grid, dpi=130, layout="constrained", **options)


def _whole_numbers(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _tint(color: str, alpha: float) -> tuple[float, float, float, float]:
    red, green, blue = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue, alpha


def _legend(ax: Axes, **options: Any) -> None:
    ax.legend(frameon=False, labelcolor=INK, **options)


def _styles(labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    return {
        label: {"color": color, "linestyle": dash, "label": label}
        for label, (color, dash, _) in zip(labels, SERIES * 3, strict=False)
    }


# --- networks ------------------------------------------------------------------------------------

RADIUS = 0.44
GAP = 2.4  # between layers; units of a layer are 1 apart


def _places(n: int, most: int = 7) -> dict[int, float]:
    """Return the height of each unit that is drawn: all of them, or the first and last three."""
    shown = list(range(n)) if n <= most else [0, 1, 2, n - 3, n - 2, n - 1]
    rows = len(shown) + (n > most)
    return {j: (rows - 1) / 2 - (i + (n > most and i >= 3)) for i, j in enumerate(shown)}


def network_diagram(
    net: Network | Params | Sequence[int],
    trace: Forward | Trace | None = None,
    ax: Axes | None = None,
    *,
    example: int = 0,
    show: str = "a",
    weights: bool = False,
) -> Axes:
    """Draw the units as circles and the weights as lines between them.

    Line width grows with |w|, a negative weight is dashed. Of a layer with more than seven units
    the first and last three are drawn.

    Parameters
    ----------
    net : Network, Params or sequence of int
        With sizes alone all lines are equal.
    trace : Forward or Trace, optional
        Its numbers are written into the circles.
    example : int
        The row of the batch whose numbers are written.
    show : {"a", "z", "delta"}
        Which numbers; ``delta`` takes a Trace. The input layer has no ``z`` and no ``delta`` and
        stays empty.
    weights : bool
        True writes each weight along its line.

    Raises
    ------
    TypeError, ValueError
        These are no sizes; the trace has no such numbers, is of another network, or has no such
        example.
    """
    from matplotlib.patches import Circle

    params = net.params if isinstance(net, Network) else net if isinstance(net, Params) else None
    sizes = params.sizes if params is not None else check_sizes(net)  # type: ignore[arg-type]
    show = check.check_choice(show, "show", "a", "z", "delta")
    numbers = _numbers_of(trace, show, sizes)
    if trace is not None:
        example = check.check_example(example, len(trace.a[0]))
    rows = max(len(_places(n)) + (n > 7) for n in sizes)
    ax = canvas(ax, (min(WIDEST, 1 + 1.3 * len(sizes)), 0.9 + 0.62 * rows), bare=True)
    color = FIGURE["delta" if show == "delta" else "activation"]
    for layer in range(1, len(sizes)):
        _draw_weights(ax, sizes, layer, params.W[layer] if params is not None else None, weights)
    for layer, n in enumerate(sizes):
        places = _places(n)
        for j, y in places.items():
            ax.add_patch(Circle((GAP * layer, y), RADIUS, fc=_tint(color, 0.07), ec=color, lw=1.4))
            if layer in numbers:
                text = _short(numbers[layer][example, j])
                ax.text(GAP * layer, y, text, ha="center", va="center", color=INK, size=SMALL)
        if len(places) < n:
            ax.text(GAP * layer, 0, "⋮", ha="center", va="center", color=INK, size=14)
        caption = _caption(net, layer, sizes)
        ax.text(GAP * layer, -rows / 2 - 0.1, caption, ha="center", va="top", color=INK, size=SMALL)
    ax.set_xlim(-0.8, GAP * (len(sizes) - 1) + 0.8)
    ax.set_ylim(-rows / 2 - 0.9, rows / 2)
    return ax


def _numbers_of(trace: Any, show: str, sizes: tuple[int, ...]) -> Mapping[int, Array]:
    if trace is None:
        return {}
    if not isinstance(trace, Forward):
        raise TypeError(
            f"trace is {check.kind(trace)}; give what pb.forward or pb.backprop returned"
        )
    if show == "delta" and not isinstance(trace, Trace):
        raise ValueError("a Forward has no delta; give a Trace: what pb.backprop returned")
    widths = tuple(trace.a[layer].shape[1] for layer in sorted(trace.a))
    if widths != sizes:
        ours, theirs = ("-".join(map(str, each)) for each in (sizes, widths))
        raise ValueError(f"trace is of a {theirs} network, the diagram of a {ours} network")
    numbers: Mapping[int, Array] = getattr(trace, show)
    return numbers


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def _caption(net: Any, layer: int, sizes: Sequence[int]) -> str:
    kind = net.phi[layer].name if isinstance(net, Network) and layer else f"layer {layer}"
    plural = "s" * (sizes[layer] > 1)
    return f"{kind}\n{sizes[layer]} unit{plural}" if layer else f"{sizes[layer]} input{plural}"


def _draw_weights(ax: Axes, sizes: Sequence[int], layer: int, W: Array | None, write: bool) -> None:
    largest = 1.0 if W is None else max(float(np.abs(W).max()), 1e-300)
    for k, y_from in _places(sizes[layer - 1]).items():
        for j, y_to in _places(sizes[layer]).items():
            w = 0.4 if W is None else float(W[j, k])
            length = np.hypot(GAP, y_to - y_from)
            dx, dy = GAP / length * RADIUS, (y_to - y_from) / length * RADIUS
            ax.plot(
                [GAP * (layer - 1) + dx, GAP * layer - dx],
                [y_from + dy, y_to - dy],
                color=FIGURE["weight"],
                lw=0.5 + 1.8 * abs(w) / largest,
                linestyle="-" if w >= 0 else "--",
            )
            if write:
                ax.text(
                    GAP * (layer - 1) + 1.15 * dx,
                    y_from + 1.15 * dy,
                    f"{w:.2g}",
                    color=FIGURE["weight"],
                    size=SMALL,
                    ha="left",
                    va="bottom",
                    rotation=np.degrees(np.arctan2(y_to - y_from, GAP)),
                    rotation_mode="anchor",
                )


def computational_graph(layers: int = 2, backward: bool = False, ax: Axes | None = None) -> Axes:
    """Draw what is computed from what: a box for each array, an arrow for each use of it.

    Parameters
    ----------
    layers : int
        Number of layers with weights.
    backward : bool
        True adds the way back above it: each delta with what it is made from, and the gradients
        that come of it.
    """
    layers = check_count("layers", layers)
    end = 3 * layers + 1.5
    ax = canvas(ax, (1 + 1.8 * layers, 3.2 if backward else 1.6), bare=True)
    _box(ax, "a[0]", 0, 0, "activation")
    for layer in range(1, layers + 1):
        x = 3 * layer - 1.5
        _box(ax, f"z[{layer}]", x, 0, "activation")
        _box(ax, f"a[{layer}]", x + 1.5, 0, "activation")
        _box(ax, f"W[{layer}]", x - 0.6, -1.4, "weight")
        _box(ax, f"b[{layer}]", x + 0.6, -1.4, "weight")
        _arrow(ax, (x - 1.05, 0), (x - 0.45, 0))
        _arrow(ax, (x + 0.45, 0), (x + 1.05, 0))
        _arrow(ax, (x - 0.45, -1.1), (x - 0.15, -0.3))
        _arrow(ax, (x + 0.45, -1.1), (x + 0.15, -0.3))
        if backward:
            _way_back(ax, layer, x)
            _arrow(ax, (x, 0.3), (x, 1.0), "delta")  # the slope at z
    _box(ax, "loss", end, 0, "activation")
    _box(ax, "y", end, -1.4, "activation")
    _arrow(ax, (end - 1.05, 0), (end - 0.45, 0))
    _arrow(ax, (end, -1.1), (end, -0.3))
    if backward:
        _arrow(ax, (end - 0.1, 0.3), (end - 2.35, 1.3), "delta")
    ax.set_xlim(-1, end + 0.6)
    ax.set_ylim(-1.75, 3.5 if backward else 0.4)
    return ax


def _way_back(ax: Axes, layer: int, x: float) -> None:
    _box(ax, f"delta[{layer}]", x, 1.3, "delta")
    _box(ax, f"grad.b[{layer}]", x, 3.1, "gradient")
    _box(ax, f"grad.W[{layer}]", x - 1.5, 2.3, "gradient")
    _arrow(ax, (x, 1.6), (x, 2.8), "gradient")
    _arrow(ax, (x - 0.4, 1.6), (x - 0.9, 2.0), "gradient")
    _arrow(ax, (x - 1.5, 0.3), (x - 1.5, 2.0), "gradient")
    if layer > 1:
        _arrow(ax, (x - 0.75, 1.3), (x - 2.25, 1.3), "delta")
        _arrow(ax, (x - 0.9, -1.1), (x - 0.9, 1.25), "delta")  # through the weights


def _box(ax: Axes, text: str, x: float, y: float, role: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    half = 0.077 * len(text) + 0.06
    color = FIGURE[role]
    shape = FancyBboxPatch((x - half, y - 0.22), 2 * half, 0.44, boxstyle="round,pad=0.06")
    shape.set(facecolor=_tint(color, 0.07), edgecolor=color, linewidth=1.2)
    ax.add_patch(shape)
    ax.text(x, y, text, ha="center", va="center", color=INK, family="monospace", size=SMALL)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], role: str = "") -> None:
    style = {
        "arrowstyle": "-|>",
        "color": FIGURE.get(role, INK),
        "lw": 1.2,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    ax.annotate("", xy=end, xytext=start, arrowprops=style)


# --- functions -----------------------------------------------------------------------------------


def activation_curves(
    activation: Activation | str, z: ArrayLike | None = None, ax: Axes | None = None
) -> Axes:
    """Draw an activation function and its derivative.

    Parameters
    ----------
    activation : Activation or str
        An elementwise one: every activation but softmax.
    z : array of shape (n,), optional
        Where; 401 points from -6 to 6 when left out.

    Raises
    ------
    ValueError
        There is no such activation, or it is not elementwise.
    """
    phi = lookup(ACTIVATIONS, activation, "activation")
    if phi.mixing:
        raise ValueError(
            f"{phi.name} is not elementwise: each output depends on all z, so it is no curve; "
            "choose another activation"
        )
    z = np.linspace(-6, 6, 401) if z is None else check.check_array(z, "z", "n")
    ax = canvas(ax)
    a = phi.f(z)
    ax.axhline(0, color=INK, lw=0.5)
    ax.plot(z, a, color=FIGURE["activation"], lw=2, label="f(z)")
    ax.plot(z, phi.derivative(z, a), color=FIGURE["gradient"], lw=2, ls="--", label="f '(z)")
    ax.set(xlabel="z", title=phi.name)
    _legend(ax)
    return ax


def curves(
    x: ArrayLike,
    values: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    *,
    xlabel: str = "x",
    ylabel: str = "",
) -> Axes:
    """Draw several functions of one variable over the same places.

    Parameters
    ----------
    x : array of shape (n,)
    values : mapping of str to array of shape (n,)
        One curve a label. What is not finite leaves a gap.
    xlabel, ylabel : str
    """
    places = check.check_array(x, "x", "n")
    drawn = check.check_curves(values, "values", "n")
    check.check_same_length(drawn, "values", places, "x")
    ax = canvas(ax)
    ax.axhline(0, color=INK, lw=0.5)
    for label, style in _styles(drawn).items():
        ax.plot(places, drawn[label], lw=2, **style)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    _legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def loss_curves(
    loss: Loss | str, target: float = 1.0, over: str = "output", ax: Axes | None = None
) -> Axes:
    """Draw a loss of one output, and its gradient.

    Parameters
    ----------
    loss : Loss or str
        One that is defined for one output: every loss but cross_entropy.
    target : float
        The true value y.
    over : {"output", "logit"}
        Over the output a, with dC/da; or over the logit z of a sigmoid, with delta = dC/dz.

    Raises
    ------
    ValueError
        There is no such loss, it needs several outputs, or it does not take this target.
    """
    chosen = lookup(LOSSES, loss, "loss")
    if chosen.domain == "distribution":
        raise ValueError(
            f"{chosen.name} compares several outputs that add up to 1; over one output draw 'bce'"
        )
    if chosen.domain == "unit interval" and not 0 <= check_number("target", target) <= 1:
        raise ValueError(f"target is {target}; {chosen.name} takes targets from 0 to 1")
    if not np.isfinite(check_number("target", target)):
        raise ValueError(f"target is {target}; give a finite number")
    over = check.check_choice(over, "over", "output", "logit")
    sigmoid = ACTIVATIONS["sigmoid"]
    z = np.linspace(-6, 6, 241)[:, None]
    a = sigmoid.f(z) if over == "logit" else np.linspace(0.05, 0.95, 241)[:, None]
    y = np.full((1, 1), float(target))
    y = np.broadcast_to(y, a.shape)
    value, slope = chosen.each(a, y), chosen.slope(a, y)[:, 0]
    ax = canvas(ax)
    if over == "logit":
        slope = slope * sigmoid.derivative(z, a)[:, 0]
        x, label, role = z[:, 0], "delta = dC/dz", "delta"
    else:
        x, label, role = a[:, 0], "dC/da", "gradient"
    ax.axhline(0, color=INK, lw=0.5)
    ax.plot(x, value, color=FIGURE["weight"], lw=2, label="C")
    ax.plot(x, slope, color=FIGURE[role], lw=2, ls="--", label=label)
    ax.set(xlabel="logit z" if over == "logit" else "output a")
    ax.set_title(f"{chosen.name}, y = {target:g}", pad=20)
    _legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, borderaxespad=0)
    return ax


def learning_slowdown(
    outputs: Mapping[str, ArrayLike], target: float, ax: Axes | None = None
) -> Axes:
    """Draw the output of one unit after each step, one curve per loss, and the target.

    Parameters
    ----------
    outputs : mapping of str to array of shape (steps + 1,)
        The output before the first step, after it, and so on.
    target : float
    """
    curves = check.check_curves(outputs, "outputs", "steps + 1")
    check_number("target", target)
    ax = canvas(ax)
    for label, style in _styles(curves).items():
        ax.plot(curves[label], lw=2, **style)
    ax.axhline(target, color=INK, lw=1, ls=":", label="target")
    ax.set(xlabel="step", ylabel="output a")
    _legend(ax)
    return ax


# --- surfaces ------------------------------------------------------------------------------------


def loss_surface(
    f: Callable[[Array], float],
    span: tuple[float, float, float, float] = (-1, 1, -1, 1),
    center: ArrayLike = (0.0, 0.0),
    directions: ArrayLike | None = None,
    ax: Axes | None = None,
    levels: int | Sequence[float] = 14,
    points: int = 81,
) -> Axes:
    """Draw contours of ``f(center + s d1 + t d2)`` over s and t; a stronger tint is a higher value.

    Parameters
    ----------
    f : callable, vector -> float
        A function of two numbers, or the loss of a whole theta.
    span : (left, right, bottom, top)
        The range of s and of t.
    center : array of shape (N,)
    directions : array of shape (2, N), optional
        d1 and d2; the two axes of the plane when left out (N = 2).
    levels : int or increasing sequence of float
    points : int
        Grid points in each direction; f is called ``points**2`` times.
    """
    if not callable(f):
        raise TypeError(f"f is {check.kind(f)}; give a function, vector -> float")
    left, right, bottom, top = check.check_span(span)
    middle = check.check_array(center, "center", "N")
    axes = check.check_array(
        np.eye(2) if directions is None else directions, "directions", "2", "N"
    )
    if axes.shape != (2, len(middle)):
        raise ValueError(
            f"directions has shape {axes.shape}, center has {len(middle)} numbers: give two "
            f"directions, shape (2, {len(middle)})"
        )
    points = check.check_points(points)
    s, t = np.linspace(left, right, points), np.linspace(bottom, top, points)
    values = np.array([[_value(f, middle + u * axes[0] + v * axes[1]) for u in s] for v in t])
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ValueError("f is finite nowhere in this span; choose another center or span")
    heights = _heights(levels, float(finite.min()), float(finite.max()))
    values = np.where(np.isfinite(values), values, np.nan)
    ax = canvas(ax, (WIDEST, 3.6))
    tints = [_tint(INK, alpha) for alpha in np.linspace(0.02, 0.4, len(heights) - 1)]
    ax.contourf(s, t, values, levels=heights, colors=tints)
    ax.contour(s, t, values, levels=heights, colors=INK, linewidths=0.6)
    return ax


def _value(f: Callable[[Array], float], theta: Array) -> float:
    value = np.asarray(f(theta))
    if value.size != 1 or value.dtype.kind not in "biuf":
        raise ValueError(
            f"f returned {check.kind(f(theta))} for a vector of {len(theta)} numbers; it should "
            "return one number"
        )
    return float(value.reshape(()))


def _heights(levels: Any, low: float, high: float) -> Array:
    if isinstance(levels, int | np.integer) and not isinstance(levels, bool):
        from matplotlib.ticker import MaxNLocator

        count = check_count("levels", levels)
        return np.asarray(MaxNLocator(count).tick_values(low, high if high > low else low + 1))
    heights = check.check_array(levels, "levels", "n")
    if len(heights) < 2 or not (np.diff(heights) > 0).all():
        raise ValueError(
            f"levels is {levels!r}; give a whole number, or two or more rising numbers"
        )
    return heights


def optimizer_paths(paths: Mapping[str, ArrayLike], ax: Axes | None = None) -> Axes:
    """Draw the way of each optimizer, with a ring at its start and a mark at its end.

    Parameters
    ----------
    paths : mapping of str to array of shape (steps + 1, 2)
    """
    ways = check.check_curves(paths, "paths", "steps + 1", "2")
    for label, way in ways.items():
        if way.shape[1] != 2:
            raise ValueError(
                f"paths[{label!r}] has shape {way.shape}; give one point of the plane for each "
                "step, shape (steps + 1, 2)"
            )
    ax = canvas(ax, (WIDEST, 3.6))
    for (label, style), (color, _, marker) in zip(_styles(ways).items(), SERIES * 3, strict=False):
        x, y = ways[label].T
        ax.plot(x, y, lw=1.6, marker=marker, markevery=[-1], ms=7, **style)
        ax.plot(x[0], y[0], "o", mfc="none", mec=color, ms=9)
    _legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def decision_boundary(
    net: Network, X: ArrayLike, Y: ArrayLike, ax: Axes | None = None, points: int = 201
) -> Axes:
    """Draw the class a network gives each point of the plane, and the examples.

    Parameters
    ----------
    net : Network
        Two inputs; one output (class 1 from 0.5 on) or one output a class.
    X : array of shape (m, 2)
    Y : array of shape (m, 1) or (m, classes)
        Zeros and ones, or one-hot rows.

    Raises
    ------
    TypeError, ValueError
        The network has not two inputs; X or Y do not fit it, or Y holds no classes.
    """
    if not isinstance(net, Network):
        raise TypeError(f"net is {check.kind(net)}; give a pb.Network with two inputs")
    if net.sizes[0] != 2:
        raise ValueError(
            f"net takes {net.sizes[0]} inputs, and a plane has 2: train a network on two columns, "
            "such as X[:, :2], and draw that"
        )
    X = check_matrix(X, "X", 2, "input", float)
    Y = check_matrix(Y, "Y", net.sizes[-1], "output", float)
    if len(X) != len(Y):
        raise ValueError(f"X has {len(X)} examples and Y has {len(Y)}; they go in pairs, by row")
    if not are_classes(Y):
        raise ValueError(
            "Y holds no classes; give 0 and 1 for one output, one-hot rows for several"
        )
    count, points = max(2, Y.shape[1]), check.check_points(points)
    check.check_labels({f"class {c}": None for c in range(count)}, "Y")
    ax = canvas(ax, (WIDEST, 4.0))
    low, high = X.min(axis=0), X.max(axis=0)
    margin = np.where(high > low, 0.15 * (high - low), 1.0)
    x1, x2 = (np.linspace(a, b, points) for a, b in zip(low - margin, high + margin, strict=True))
    grid = np.stack(np.meshgrid(x1, x2), axis=-1).reshape(-1, 2)
    regions = classes(predict(net, grid)).astype(int).reshape(points, points)
    tints = [_tint(color, 0.2) for color, _, _ in SERIES * 3][:count]
    ax.contourf(x1, x2, regions, levels=np.arange(count + 1) - 0.5, colors=tints)
    for c, (color, _, marker) in zip(range(count), SERIES * 3, strict=False):
        members = X[classes(Y) == c]
        ax.plot(members[:, 0], members[:, 1], marker, color=color, ms=5, label=f"class {c}")
    ax.set(xlabel="x[0]", ylabel="x[1]")
    _legend(ax, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


# --- training ------------------------------------------------------------------------------------


def training_curves(history: History, ax: Axes | None = None) -> Axes:
    """Draw the training loss of each epoch, and the validation loss where there is one."""
    if not isinstance(history, History):
        raise TypeError(f"history is {check.kind(history)}; give what pb.train returned")
    if not history.train_loss:
        raise ValueError(
            f"history holds no whole epoch (training ended with: {history.reason or 'nothing'}); "
            "there is nothing to draw"
        )
    measured = {"training": history.train_loss, "validation": history.validation_loss}
    styles = _styles(measured)
    curves = check.check_curves({k: v for k, v in measured.items() if v}, "losses", "epochs")
    ax = canvas(ax)
    for label, losses in curves.items():
        ax.plot(range(1, len(losses) + 1), losses, lw=2, **styles[label])
    ax.set(xlabel="epoch", ylabel="loss")
    _whole_numbers(ax)
    _legend(ax)
    return ax


def loss_histories(
    losses: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    xlabel: str = "epoch",
    yscale: str = "log",
) -> Axes:
    """Draw the losses of several runs, one curve a run.

    Parameters
    ----------
    losses : mapping of str to array of shape (n,)
        The first one is drawn at 1. A loss that is not finite is left out.
    xlabel : str
    yscale : {"log", "linear"}
    """
    yscale = check.check_choice(yscale, "yscale", "log", "linear")
    curves = check.check_curves(losses, "losses", "n", log=yscale == "log")
    ax = canvas(ax)
    for label, style in _styles(curves).items():
        ax.plot(range(1, len(curves[label]) + 1), curves[label], lw=2, **style)
    ax.set(xlabel=xlabel, ylabel="loss", yscale=yscale)
    _whole_numbers(ax)
    _legend(ax)
    return ax


def sweep(
    settings: ArrayLike,
    results: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    *,
    xlabel: str,
    ylabel: str = "loss",
) -> Axes:
    """Draw what came out over the settings tried, both on logarithmic scales, one curve a label.

    Parameters
    ----------
    settings : array of shape (n,)
        Learning rates, numbers of examples, ...
    results : mapping of str to array of shape (n,)
        A result that is not finite is left out.
    xlabel, ylabel : str
    """
    tried = check.check_scale(settings, "settings")
    curves = check.check_curves(results, "results", "n", log=True)
    check.check_same_length(curves, "results", tried, "settings")
    ax = canvas(ax)
    for (label, style), (_, _, marker) in zip(_styles(curves).items(), SERIES * 3, strict=False):
        ax.plot(tried, curves[label], marker=marker, ms=4, **style)
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale="log", yscale="log")
    _legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


STOPPING = (
    "iterations reached",
    "loss below a threshold",
    "change of loss\n    below a threshold",
    "patience used up",
    "diverged",
)


def training_flow(ax: Axes | None = None) -> Axes:
    """Draw the training loop as a flow chart: one decision, and all the reasons to stop."""
    from matplotlib.patches import Polygon

    ax = canvas(ax, (WIDEST, 4.3), bare=True)
    steps = {
        "initial parameters": "weight",
        "next minibatch": "activation",
        "forward pass: z, a": "activation",
        "loss C": "activation",
        "backward pass: delta, grad": "delta",
        "update theta": "updated",
    }
    for row, (text, role) in enumerate(steps.items()):
        _box(ax, text, 0, -row, role)
        _arrow(ax, (0, -row - 0.3), (0, -row - 0.7))
    low = -len(steps) - 0.25
    corners = [(0, low + 0.55), (1.9, low), (0, low - 0.55), (-1.9, low)]
    ax.add_patch(Polygon(corners, fc=_tint(INK, 0.07), ec=INK, lw=1.2))
    words: dict[str, Any] = {"ha": "center", "va": "bottom", "color": INK, "size": SMALL}
    ax.text(0, low - 0.12, "a reason to stop?", **words)
    ax.text(-2.15, low + 0.1, "no", **words)
    ax.text(2.3, low + 0.1, "yes", **words)
    ax.plot([-1.9, -2.4, -2.4], [low, low, -1], color=INK, lw=1.2)
    _arrow(ax, (-2.4, -1), (-1.15, -1))
    _arrow(ax, (1.9, low), (2.75, low))
    _box(ax, "end", 3.15, low, "weight")
    reasons = "\n".join(f"•  {reason}" for reason in STOPPING)
    frame = {"boxstyle": "round,pad=0.5", "fc": "none", "ec": INK, "lw": 1}
    ax.text(2.5, low + 1.0, reasons, color=INK, size=SMALL, va="bottom", bbox=frame)
    ax.plot([0.95, 2.25], [low + 0.275, low + 1.0], color=INK, lw=1, ls=":")
    ax.set(xlim=(-2.6, 5.6), ylim=(low - 0.65, 0.4))
    return ax


def confusion_matrix(counts: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw how often true class (row) was given predicted class (column); zeros stay blank.

    Parameters
    ----------
    counts : array of int, shape (classes, classes)
        What ``pb.confusion(net, X, Y)`` returns.
    """
    from matplotlib.patches import Rectangle

    counts = check.check_counts(counts)
    ax = canvas(ax, (WIDEST, 4.4))
    for true, given in np.argwhere(counts > 0):
        share = counts[true, given] / counts[true].sum()
        role = FIGURE["activation" if true == given else "delta"]
        fill = _tint(role, 0.06 + 0.14 * share)
        ax.add_patch(Rectangle((given - 0.5, true - 0.5), 1, 1, fc=fill, ec=role, lw=0.5))
        number: dict[str, Any] = {"color": role, "size": 10, "weight": "bold"}
        ax.text(given, true, str(counts[true, given]), ha="center", va="center", **number)
    ax.spines[["top", "right", "bottom", "left"]].set(visible=True, color=INK)
    ticks = range(len(counts))
    ax.set(xlabel="predicted", ylabel="true", xticks=ticks, yticks=ticks, aspect="equal")
    ax.set(xlim=(-0.5, len(counts) - 0.5), ylim=(len(counts) - 0.5, -0.5))
    return ax


def image_grid(
    images: ArrayLike,
    labels: Sequence[int],
    predictions: Sequence[int] | None = None,
    ax: Axes | None = None,
    columns: int = 8,
) -> Axes:
    """Draw small gray images in rows, each with its label; a wrong prediction reads ``4 → 9``.

    Parameters
    ----------
    images : array of shape (m, height, width) or (m, side * side)
    labels : sequence of m
        The true classes.
    predictions : sequence of m, optional
    """
    images, columns = check.check_images(images), check_count("columns", columns)
    labels = check.check_classes(labels, "labels", len(images))
    if predictions is not None:
        predictions = check.check_classes(predictions, "predictions", len(images))
    rows = -(-len(images) // columns)
    unit = min(0.62, WIDEST / columns)
    ax = canvas(ax, (unit * columns, 1.37 * unit * rows), bare=True)
    given = labels if predictions is None else predictions
    for i, (image, true, guess) in enumerate(zip(images, labels, given, strict=True)):
        row, column = divmod(i, columns)
        x, y = 1.15 * column, -1.5 * row
        ax.imshow(image, cmap="gray", extent=(x, x + 1, y, y + 1), interpolation="nearest")
        right = true == guess
        text = str(true) if right else f"{true} → {guess}"
        color = INK if right else FIGURE["delta"]
        ax.text(x + 0.5, y + 1.06, text, ha="center", va="bottom", size=SMALL, color=color)
    ax.set_xlim(-0.05, 1.15 * columns - 0.1)
    ax.set_ylim(-1.5 * (rows - 1) - 0.05, 1.4)
    return ax


def signed_grid(
    grids: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    *,
    role: str = "weight",
    columns: int = 8,
) -> Axes:
    """Draw matrices in rows, each number as a square: filled above 0, hollow below.

    The area of a square grows with the number's size; the largest of all fills its cell.

    Parameters
    ----------
    grids : mapping of str to array of shape (height, width)
        What is drawn under each title.
    role : {"activation", "weight", "delta", "gradient", "updated"}
        Whose color they take.
    columns : int
        How many stand in a row.
    """
    from matplotlib.patches import Rectangle

    found = check.check_curves(grids, "grids", "height", "width")
    color = FIGURE[check.check_choice(role, "role", *FIGURE)]
    columns = min(check_count("columns", columns), len(found))
    largest = max(np.nanmax(np.abs(grid)) for grid in found.values()) or 1.0
    high, wide = np.max([grid.shape for grid in found.values()], axis=0) + [2.4, 0.8]
    rows = -(-len(found) // columns)
    unit = min(0.3, WIDEST / (columns * wide))
    ax = canvas(ax, (unit * columns * wide, unit * rows * high), bare=True)
    for number, (name, grid) in enumerate(found.items()):
        row, column = divmod(number, columns)
        x, y = wide * column, -high * row
        m, n = grid.shape
        ax.add_patch(Rectangle((x, y - m), n, m, fc="none", ec=INK, lw=0.7))
        for (i, j), value in np.ndenumerate(np.nan_to_num(grid)):
            side = 0.92 * np.sqrt(abs(value) / largest)
            corner = (x + j + 0.5 - side / 2, y - i - 0.5 - side / 2)
            if value:
                fill = color if value > 0 else "none"
                ax.add_patch(Rectangle(corner, side, side, fc=fill, ec=color, lw=0.8))
        ax.text(x + n / 2, y + 0.25, name, ha="center", va="bottom", size=SMALL, color=INK)
    ax.set(xlim=(-0.2, wide * columns - 0.6), ylim=(-high * rows + 2.1, 1.6))
    return ax


def attention_map(
    weights: ArrayLike,
    queries: Sequence[str],
    keys: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Draw weights of attention as squares: a row for each query, a column for each key.

    The area of a square is its weight; a weight of 1 fills the cell.

    Parameters
    ----------
    weights : array of shape (queries, keys)
    queries, keys : sequence of str
        The tokens that ask, from the top down, and those that are looked at.
    """
    from matplotlib.patches import Rectangle

    weights = check.check_array(weights, "weights", "queries", "keys")
    queries = check.check_names(queries, "queries", len(weights))
    keys = check.check_names(keys, "keys", weights.shape[1])
    if not ((weights >= 0) & (weights <= 1)).all():
        raise ValueError("weights holds numbers outside of 0 to 1; give what softmax returned")
    m, n = weights.shape
    ax = canvas(ax, (0.9 + 0.36 * n, 0.8 + 0.36 * m))
    for (i, j), weight in np.ndenumerate(weights):
        side = 0.9 * np.sqrt(weight)
        corner, color = (j - side / 2, i - side / 2), FIGURE["activation"]
        ax.add_patch(Rectangle(corner, side, side, fc=_tint(color, 0.75), ec=color, lw=0.5))
    ax.spines[["top", "right", "bottom", "left"]].set(visible=True, color=INK)
    ax.set_xticks(range(n), keys)
    ax.set_yticks(range(m), queries)
    ax.set(xlabel="looked at", ylabel="looks", aspect="equal")
    ax.set(xlim=(-0.6, n - 0.4), ylim=(m - 0.4, -0.6))
    return ax


# --- gradients -----------------------------------------------------------------------------------


def gradient_flow(deltas: Mapping[str, Mapping[int, ArrayLike]], ax: Axes | None = None) -> Axes:
    """Draw the Euclidean norm of delta in each layer, on a logarithmic scale, one curve a network.

    Parameters
    ----------
    deltas : mapping of str to mapping of layer to array
        For each label the ``delta`` of a Trace.
    """
    if isinstance(deltas, Trace) or not isinstance(deltas, Mapping):
        raise TypeError(
            f"deltas is {check.kind(deltas)}; give a dict, label -> delta of a Trace, such as "
            "{'mine': trace.delta}"
        )
    check.check_labels(deltas, "deltas")
    for label, delta in deltas.items():
        if not isinstance(delta, Mapping) or not delta:
            raise TypeError(
                f"deltas[{label!r}] is {check.kind(delta)}; give a dict, layer -> array, such as "
                "trace.delta: deltas is {'mine': trace.delta}"
            )
    ax = canvas(ax)
    for (label, style), (_, _, marker) in zip(_styles(deltas).items(), SERIES * 3, strict=False):
        layers = sorted(deltas[label])
        norms = [float(np.linalg.norm(np.asarray(deltas[label][layer]))) for layer in layers]
        ax.plot(layers, norms, marker=marker, ms=4, **style)
    ax.set(xlabel="layer", ylabel="norm of delta", yscale="log")
    _whole_numbers(ax)
    _legend(ax)
    return ax


def gradient_check_curve(
    steps: ArrayLike, errors: Mapping[str, ArrayLike], ax: Axes | None = None
) -> Axes:
    """Draw the error of a numerical gradient over the step size, both on logarithmic scales.

    Parameters
    ----------
    steps : array of shape (n,)
    errors : mapping of str to array of shape (n,)
        One curve a label. An error of exactly 0 has no logarithm and is left out.
    """
    tried = check.check_scale(steps, "steps")
    curves = check.check_curves(errors, "errors", "n", log=True)
    check.check_same_length(curves, "errors", tried, "steps")
    ax = canvas(ax)
    for label, style in _styles(curves).items():
        error = curves[label]
        ax.plot(tried, np.where(error > 0, error, np.nan), lw=2, **style)
    ax.set(xlabel="step size h", ylabel="relative error", xscale="log", yscale="log")
    _legend(ax)
    return ax


def bug_panel(
    losses: Mapping[str, ArrayLike],
    errors: Mapping[str, float],
    axes: Sequence[Axes] | None = None,
    *,
    tolerance: float,
) -> tuple[Axes, Axes]:
    """Draw loss curves beside the errors of the gradient check, whose names serve both.

    Parameters
    ----------
    losses : mapping of str to array of shape (steps,)
        Some or all of the names of ``errors``.
    errors : mapping of str to float
        The largest relative error of each, shown down to 1e-16.
    axes : two Axes, optional
    tolerance : float
        The check's, drawn as a dotted line: an error beyond it is a failure.
    """
    curves = check.check_curves(losses, "losses", "steps")
    if not isinstance(errors, Mapping):
        raise TypeError(f"errors is {check.kind(errors)}; give a dict, label -> error")
    check.check_labels(errors, "errors")
    for label, error in errors.items():
        if not check_number(f"errors[{label!r}]", error) >= 0:
            raise ValueError(f"errors[{label!r}] is {error}; give the largest error, from 0 up")
    if unknown := [label for label in curves if label not in errors]:
        raise ValueError(
            f"losses has {unknown[0]!r}, and errors has {', '.join(map(repr, errors))}: give an "
            "error for each"
        )
    tolerance = check_positive("tolerance", tolerance)
    pair = panels(1, 2) if axes is None else list(axes)
    if len(pair) != 2:
        raise ValueError(f"axes is {check.kind(axes)}; give two Axes, or leave it out")
    left, right = (canvas(ax) for ax in pair)
    styles = _styles(errors)
    for label, values in curves.items():
        left.plot(values, lw=2, **styles[label])
    left.set(xlabel="step", ylabel="loss")
    for place, (label, error) in enumerate(errors.items()):
        marker = SERIES[place % len(SERIES)][2]
        ends = [1e-17, max(error, 1e-16)]
        right.plot(ends, [place, place], lw=2, marker=marker, markevery=[-1], **styles[label])
    right.axvline(tolerance, color=INK, lw=1, ls=":")
    right.set(xscale="log", xlim=(1e-17, 10), ylim=(len(errors) - 0.5, -0.5))
    right.set_xlabel("gradient check: relative error")
    right.set_yticks(range(len(errors)), list(errors))
    return left, right
