"""Explorers: one function over its argument, dragged by the reader."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...activations import ACTIVATIONS, Activation
from ...equations import relative_error
from ...gradcheck import check_gradient, chosen_entries
from ...losses import LOSSES, Loss, objective
from ...network import Network, backprop
from ...numerical import METHODS, numerical_gradient
from ...params import Array
from ...scores import evaluate
from ..stage.display import Interactive
from ..stage.drawing import (
    PRIME,
    Chart,
    colored,
    key,
    lines,
    place,
    slope,
    svg,
    swatch,
    sym,
    table,
    var,
)
from ..stage.stepper import SUPERSCRIPT, choice, num, rounded, stepper
from ..stage.tree import Markup, Part, Template, node
from .address import address
from .one_example import address_of

Z = np.linspace(-6, 6, 121).round(1)
MIDDLE = 60
Z_TICKS = (-6, -3, 0, 3, 6)
ELEMENTWISE = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "identity")


def short(values: Any) -> list[float | int]:
    """Return numbers as they are shown."""
    return [rounded(value) for value in np.ravel(values).tolist()]


def bold(column: str, role: str = "") -> Part:
    """Return a column's value, bold and in the color of a role."""
    return node("b", colored(place(column), role) if role else place(column))


def inside(runs: Sequence[dict[str, Any]], column: str, charts: Sequence[Chart]) -> str:
    """Return the column that marks follow: they stay at the rim where a curve leaves its chart."""
    limits = [chart.y for chart in charts]
    pairs = list(zip(runs, limits, strict=True))
    if all(low <= min(run[column]) and max(run[column]) <= high for run, (low, high) in pairs):
        return column
    for run, (low, high) in pairs:
        run[f"{column}_in"] = np.clip(run[column], low, high).round(4).tolist()
    return f"{column}_in"


# Activations


def activation_columns(phi: Activation) -> dict[str, Any]:
    """Return value, slope and what a slope does to a gradient, for z from -6 to 6."""
    a = phi(Z)
    slopes = phi.derivative(Z, a) * np.ones_like(Z)
    largest = np.abs(slopes).max()
    slope_at_z = [phi.symbol, PRIME, "(", place("z"), ")"]
    return {
        "n": len(Z),
        "a": short(a),
        "d": short(slopes),
        "d5": short(slopes**5),
        "mood": [mood(one, largest) for one in slopes.tolist()],
        "math": lines(
            phi.name,
            [
                sym("a", role="activation"), f" = {phi.symbol}(", var("z"), f") = {phi.symbol}(",
                place("z"), ") = ", bold("a", "activation"),
            ],
            [slope_at_z, " = ", bold("d", "gradient")],
            [
                "five such slopes multiplied: ",
                *[slope_at_z, node("sup", "5"), " = ", bold("d5", "gradient")],
            ],
        ),
        "say": Template(
            "At z = {z}, {name} gives {a}; its slope is {d}. {mood}", name=phi.name
        ),
    }  # fmt: skip


def mood(slope: float, largest: float) -> str:
    """Say what a slope does to a gradient, and how it stands to the largest one."""
    share = abs(slope) / largest if largest else 0
    if share == 0:
        return "No gradient passes here at all."
    if share < 0.1:
        return "It is saturated: almost nothing of a gradient passes."
    if share < 0.5:
        return "It begins to saturate: a gradient loses more than half of what could pass."
    if largest < 0.5:
        return f"At its best it passes {largest:g} of a gradient, never more."
    return "A gradient passes well."


def activation_explorer(names: Sequence[str | Activation] = ELEMENTWISE) -> Interactive:
    """Show activation functions, their slopes and where they saturate; the reader drags z.

    Parameters
    ----------
    names : sequence of str or Activation, optional
        Keys of ``pb.ACTIVATIONS``, or activations of your own; but for softmax and others that mix
        the entries of a row, which have no curve over one z.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        An unknown name, softmax, or no name at all.

    Examples
    --------
    >>> activation_explorer(["sigmoid", "relu"])
    Activation functions: 121 steps
    """
    chosen = [named(name, ACTIVATIONS, ELEMENTWISE) for name in listed(names, "names")]
    for phi in chosen:
        if phi.mixing:
            raise ValueError(f"no curve for {phi.name!r}: it mixes the entries of a row")
    if not chosen:
        raise ValueError("names is empty; give at least one activation, such as ['sigmoid']")
    runs = [activation_columns(phi) for phi in chosen]
    picture: list[Part] = []
    low = Chart(48, 202, 330, 80, (-6, 6), (-0.2, 1.25))
    bounded = [np.abs(run["a"]).max() < 2 for run in runs]
    tops = [Chart(48, 22, 330, 130, (-6, 6), (-1.2, 1.2) if b else (-1.5, 6.2)) for b in bounded]
    a_mark, d_mark = inside(runs, "a", tops), inside(runs, "d", [low] * len(runs))
    for number, (phi, run, top) in enumerate(zip(chosen, runs, tops, strict=True)):
        a_ticks, z_ticks = (
            ticks(*((-1, 0, 1) if bounded[number] else (0, 2, 4, 6))),
            ticks(*Z_TICKS),
        )
        picture.append(
            node(
                "g",
                top.frame("", f"a = {phi.symbol}(z)", dict.fromkeys(z_ticks, ""), a_ticks),
                low.frame("z", f"slope {phi.symbol}′(z)", z_ticks, {0: "0", 0.5: "0.5", 1: "1"}),
                top.line(Z, run["a"], "pb-curve pb-s0"),
                low.line(Z, run["d"], "pb-curve pb-grad"),
                top.mark("z", a_mark, "pb-s0"),
                low.mark("z", d_mark, "pb-grad", 3),
                data_run=number,
            )
        )
    chart = Chart(48, 10, 330, 280, (-6, 6), (0, 1))
    picture += [chart.cursor("z"), chart.handle("z")]
    rows = []
    for phi in chosen:
        z = np.array([-2.0, 0.0, 2.0])
        a = phi(z)
        slopes = phi.derivative(z, a) * np.ones(3)
        rows.append((phi.name, *map(num, a), *map(num, slopes)))
    head = [
        "activation",
        *(f"f({z})" for z in ("−2", "0", "2")),
        *(f"f′({z})" for z in ("−2", "0", "2")),
    ]
    return stepper(
        "activation",
        "Activation functions",
        svg(400, 316, "An activation function and its slope over z", *picture),
        runs,
        choices=[choice("Function", [phi.name for phi in chosen])] if len(chosen) > 1 else (),
        shared={"z": short(Z), "where": Template("z = {z}")},
        table=table(head, rows),
        caption="Values and slopes at three places",
        interval=60,
        start=MIDDLE,
        address=address("activation", names=[phi.name for phi in chosen]),
    )


def listed(names: Any, what: str) -> list[Any]:
    """Return what was given as a list, or raise where one name stands for several."""
    if isinstance(names, str | Activation | Loss):
        raise ValueError(f"{what} is one name, {names!r}; give a list of them, such as [{names!r}]")
    return list(names)


def named(name: Any, known: dict[str, Any], shown: Sequence[str]) -> Any:
    """Return an entry of a table by its name; an object is taken as it is."""
    if isinstance(name, Activation | Loss):
        return name
    if name not in shown:
        raise ValueError(f"no curve for {name!r}; the explorer shows {', '.join(shown)}")
    return known[name]


# Losses

SHOWN_LOSSES = ("half_sse", "sse", "bce")  # mse of one output is sse


def loss_columns(loss: Loss, y: float) -> dict[str, Any]:
    """Return a loss of one sigmoid output over the logit z, with both gradients."""
    phi = ACTIVATIONS["sigmoid"]
    joined = objective(loss, phi)
    value, over_a, over_z = [], [], []
    target = np.array([[y]])
    for z in Z.tolist():
        logits = np.array([[z]])
        a = phi(logits)
        value.append(joined.value(logits, a, target).item())
        over_a.append(loss.gradient(a, target).item())
        over_z.append(joined.delta(logits, a, target).item())
    return {
        "n": len(Z),
        "C": short(value),
        "da": short(over_a),
        "dz": short(over_z),
        "y": num(y),
        "math": lines(
            f"{loss.name}, target {num(y)}",
            [
                sym("a", role="activation"), " = σ(", place("z"), ") = ",
                colored(place("a"), "activation"),
            ],
            [var("C"), " = ", bold("C")],
            [slope("C", var("a")), " = ", bold("da", "gradient")],
            [slope("C", var("z")), " = ", sym("δ", role="delta"), " = ", bold("dz", "delta")],
        ),
        "say": Template(
            "At the logit {z} the output is {a} and {name} is {C}. "
            "Its slope over the output is {da}, over the logit {dz}.", name=loss.name,
        ),
    }  # fmt: skip


def limit(values: Sequence[float]) -> float:
    """Return the last tick of a chart for these values: in steps of a half, and at most 2."""
    return float(min(2.0, max(0.5, np.ceil(2 * np.max(np.abs(values))) / 2)))


def ticks(*values: float) -> dict[float, str]:
    """Return ticks at these values."""
    return {value: num(value) for value in values}


def loss_explorer(names: Sequence[str | Loss] = SHOWN_LOSSES) -> Interactive:
    """Show losses of one sigmoid output over it and over its logit, with gradients; to be dragged.

    Parameters
    ----------
    names : sequence of str or Loss, optional
        Of half_sse, sse and bce, or losses of your own that take a sigmoid's output.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        An unknown name, a loss of other outputs, or no name at all.

    Examples
    --------
    >>> loss_explorer(["half_sse", "bce"])
    Losses and their gradients: 121 steps
    """
    chosen = [named(name, LOSSES, SHOWN_LOSSES) for name in listed(names, "names")]
    if not chosen:
        raise ValueError("names is empty; give at least one loss, such as ['bce']")
    targets = (1.0, 0.0)
    pairs = [(loss, y) for loss in chosen for y in targets]
    runs = [loss_columns(loss, y) for loss, y in pairs]
    a = ACTIVATIONS["sigmoid"](Z)
    picture: list[Part] = []
    a_ticks, z_ticks = ticks(0, 0.25, 0.5, 0.75, 1), ticks(*Z_TICKS)
    limits = [(limit(run["C"] + run["da"]), limit(run["C"] + run["dz"])) for run in runs]
    over_as = [Chart(48, 22, 330, 120, (0, 1), (-1.15 * at, 1.35 * at)) for at, _ in limits]
    over_zs = [Chart(48, 196, 330, 120, (-6, 6), (-1.15 * at, 1.35 * at)) for _, at in limits]
    C_mark, dz_mark = inside(runs, "C", over_zs), inside(runs, "dz", over_zs)
    da_mark = inside(runs, "da", over_as)
    charts = zip(runs, over_as, over_zs, limits, strict=True)
    for number, (run, over_a, over_z, (at_a, at_z)) in enumerate(charts):
        picture.append(
            node(
                "g",
                over_a.frame("output a", "over the output", a_ticks, ticks(-at_a, 0, at_a)),
                over_z.frame("logit z", "over the logit", z_ticks, ticks(-at_z, 0, at_z)),
                over_a.line(a, run["C"], "pb-curve pb-s0"),
                over_a.line(a, run["da"], "pb-curve pb-grad"),
                over_z.line(Z, run["C"], "pb-curve pb-s0"),
                over_z.line(Z, run["dz"], "pb-curve pb-s1"),
                over_a.mark("a", C_mark, "pb-s0"),
                over_a.mark("a", da_mark, "pb-grad", 3),
                over_z.mark("z", C_mark, "pb-s0"),
                over_z.mark("z", dz_mark, "pb-s1", 1),
                data_run=number,
            )
        )
    picture += [
        key(
            [("C", "pb-curve pb-s0", None), ("∂C/∂a", "pb-curve pb-grad", None),
             ("∂C/∂z", "pb-curve pb-s1", None)], 180, 15, 74,
        ),
        over_as[0].handle("a"),
        over_zs[0].handle("z"),
    ]  # fmt: skip
    rows = [
        (
            f"{loss.name}, y = {num(y)}",
            *(num(run[c][at]) for at in (20, 60, 100) for c in ("C", "dz")),
        )
        for (loss, y), run in zip(pairs, runs, strict=True)
    ]
    head = ["loss", *(f"{c} at {z}" for z in ("−4", "0", "4") for c in ("C", "∂C/∂z"))]
    options = [choice("Loss", [loss.name for loss in chosen]), choice("Target", ["1", "0"])]
    return stepper(
        "loss",
        "Losses and their gradients",
        svg(400, 350, "A loss and its gradient, over the output and over the logit", *picture),
        runs,
        choices=options,
        shared={"z": short(Z), "a": short(a), "where": Template("z = {z}")},
        table=table(head, rows),
        caption="Losses and slopes at three logits",
        interval=60,
        start=MIDDLE,
        address=address("loss", names=[loss.name for loss in chosen]),
    )


# Gradient check

CHECKS = (
    ("c64", "central, float64", "central", np.float64),
    ("c32", "central, float32", "central", np.float32),
    ("f64", "forward, float64", "forward", np.float64),
    ("i64", "complex, float64", "complex", np.float64),
)
STEPS = np.linspace(-16, -1, 61)


def check_columns(net: Network, X: Array, Y: Array, sample: int | None) -> dict[str, Any]:
    """Return the largest relative error of each method over the step sizes 1e-16 to 0.1."""
    run: dict[str, Any] = {"n": len(STEPS)}
    entries = chosen_entries(net, sample, 0)
    for name, _, method, dtype in CHECKS:
        theta = net.params.theta.astype(dtype)
        grad = backprop(net.with_params(theta), X, Y).grad.theta[entries]

        def loss(theta: Array) -> Any:
            return evaluate(net.with_params(theta), X, Y)

        floor = 1e-3 * np.abs(grad).max()
        found = [
            numerical_gradient(loss, theta, method, h, entries) for h in (10.0**STEPS).tolist()
        ]
        errors = np.array([relative_error(grad, n, floor).max() for n in found])
        run[name] = [rounded(error, 3) for error in errors.tolist()]
        logs = np.log10(np.clip(errors, 1e-17, 10))
        run[f"{name}_log"] = [round(value, 2) for value in logs.tolist()]
    return run


def gradient_check_stepper(
    net: Network, X: Any, Y: Any, *, sample: int | None = None
) -> Interactive:
    """Show the error of numerical gradients over the step size; the reader drags h.

    Central and forward differences and the complex step, float64 against float32: each is the
    largest relative error against backpropagation over the checked entries. Left of the best step
    the errors are rounding noise, and another processor may show other digits there.

    Parameters
    ----------
    net : Network
    X, Y : array of shape (m, n_0) and (m, n_L)
    sample : int, optional
        Entries to check; all of them when left out.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError, TypeError
        As `check_gradient`.

    Examples
    --------
    >>> import pybackprop as pb
    >>> gradient_check_stepper(pb.Network([2, 2, 1], rng=0), [[0.5, 1.0]], [[1.0]])
    Gradient check over the step size: 61 steps
    """
    X, Y = np.asarray(X), np.asarray(Y)
    check_gradient(net, X, Y, sample=1, rng=0)  # bad data are named before anything is drawn
    run = check_columns(net, X, Y, sample)
    best = {name: int(np.argmin(run[name])) for name, *_ in CHECKS}
    run["h"] = [rounded(h, 3) for h in (10.0**STEPS).tolist()]
    run["h_log"] = [round(value, 2) for value in STEPS.tolist()]
    run["why"] = [
        "Truncation dominates: a smaller step would be better."
        if at > best["c64"]
        else "The best step for central differences in float64."
        if at == best["c64"]
        else "Rounding dominates: the difference of two nearly equal losses has few digits left."
        for at in range(len(STEPS))
    ]
    errors = [
        node("tr", node("th", swatch(number), f" {label}", scope="row"), place(name, "td"))
        for number, (name, label, *_) in enumerate(CHECKS)
    ]
    head = lines(["Largest relative error at ", var("h"), " = ", place("h")])
    run["math"] = Markup(head, node("table", errors))
    run["say"] = Template(
        "With the step {h}, central differences err by {c64} in float64 and {c32} in float32; "
        "forward differences by {f64}, the complex step by {i64}. {why}"
    )
    chart = Chart(56, 22, 326, 240, (-16, -1), (-17, 1))
    powers = {v: f"10{str(v).translate(SUPERSCRIPT)}" for v in (-16, -12, -8, -4, 0)}
    curves = [
        [
            chart.line(STEPS, run[f"{name}_log"], f"pb-curve pb-s{number}"),
            chart.mark("h_log", f"{name}_log", f"pb-s{number}", number),
        ]
        for number, (name, *_) in enumerate(CHECKS)
    ]
    x_ticks = {v: text for v, text in powers.items() if v} | {-1: "10⁻¹"}
    ends = [
        (
            label,
            num(10.0 ** STEPS[best[name]].item()),
            num(run[name][best[name]], 3),
            num(METHODS[method].step(np.finfo(dtype).eps.item()), 3),
        )
        for name, label, method, dtype in CHECKS
    ]
    return stepper(
        "gradient-check",
        "Gradient check over the step size",
        svg(
            400, 296, "Error of numerical gradients over the step size, both logarithmic",
            chart.frame("step h", "largest relative error", x_ticks, powers),
            *curves, chart.cursor("h_log"), chart.handle("h_log"),
        ),
        [run],
        shared={"where": Template("h = {h}")},
        table=table(["method", "best h", "its error", "default h"], ends),
        caption="The best step of each method",
        interval=150,
        start=min(best["c64"], len(STEPS) - 1),
        address=address_of(net, backprop(net, X, Y), "gradient-check") if len(X) == 1 else "",
    )  # fmt: skip
