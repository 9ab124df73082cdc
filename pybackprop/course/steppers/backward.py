"""The backward pass: deltas from the output back, gradients, the update of each parameter."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...activations import ACTIVATIONS
from ...lookup import lookup
from ...network import Network, Trace, backprop
from ...optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSProp
from ...params import Array, Entry
from ..stage.display import Interactive
from ..stage.drawing import (
    PRIME,
    entry_name,
    equal,
    frac,
    joined,
    lines,
    network,
    node_name,
    of_entry,
    place,
    result,
    slope,
    slope_of,
    sym,
    table,
    val,
    var,
)
from ..stage.stepper import Frame, choice, num, run_of, stepper
from ..stage.tree import Part, node
from .one_example import (
    Values,
    address_of,
    by_unit,
    done_state,
    in_picture,
    input_sym,
    one_trace,
    rates,
    title,
    unit,
)


def backward_frames(net: Network, trace: Trace, lr: float, optimizer: str = "sgd") -> list[Frame]:
    """Return the frames of one backward pass: deltas from the output back, gradients, the update.

    Parameters
    ----------
    net : Network
    trace : Trace
        Of one example and this network.
    lr : float
        Learning rate eta of the step shown at the end.
    optimizer : str, optional
        Whose first step that is, a name of `OPTIMIZERS`.
    """
    state = done_state(net, trace)
    every = by_unit(net)
    state |= {f"{kind}{entry.index}": "" for entry in net.params.entries() for kind in "gn"}
    frames: list[Frame] = [
        state
        | {
            "math": lines("Start", [var("C"), " ", equal(trace.loss), num(trace.loss)]),
            "say": f"The forward pass is done, the loss is {num(trace.loss)}. "
            "Now its derivatives, from the output back.",
            "lit": "nC:activation",
        }
    ]
    for l in range(net.L, 0, -1):
        for j in range(net.sizes[l]):
            state[f"u{l}.{j}"] = f"δ {num(trace.delta[l][0, j])}"
            step = output_delta(net, trace, j) if l == net.L else hidden_delta(net, trace, l, j)
            frames.append(state | step)
    for l in range(net.L, 0, -1):
        for entry in every:
            if entry.layer == l:
                state[f"g{entry.index}"] = num(trace.grad.theta[entry.index])
                frames.append(state | gradient_step(net, trace, entry))
    kind: Callable[..., Optimizer] = lookup(OPTIMIZERS, optimizer, "optimizer")
    rule = kind(lr)
    after = net.with_params(first_step(net, trace, rule))
    changed: list[str] = []
    for entry in every:
        k = entry.index
        state |= {
            f"n{k}": num(after.params.theta[k]),
            f"p{k}": in_picture(entry, after.params.theta),
        }
        step = update_step(net, trace, rule, after.params.theta, entry)
        changed.append(f"p{k}:updated")
        frames.append(state | step | {"lit": f"{step['lit']} {' '.join(changed)}"})
    frames.append(state | new_forward_pass(net, trace, after, changed))
    return frames


def first_step(net: Network, trace: Trace, rule: Optimizer) -> Array:
    """Return theta after an optimizer's first update; what is fixed stays."""
    theta = net.params.theta.copy()
    rule.update(theta, trace.grad.theta.copy())
    for block in net.fixed:
        theta[net.params.blocks[block]] = net.params.theta[net.params.blocks[block]]
    return theta


def new_forward_pass(net: Network, trace: Trace, after: Network, changed: list[str]) -> Frame:
    """Describe what the updated parameters give: every value in the picture is the new one."""
    new = backprop(after, trace.a[0], trace.y)
    fresh = done_state(after, new)
    nodes = [f"{l}.{j}" for l in range(1, net.L + 1) for j in range(net.sizes[l])]
    lit = [f"n{one}:updated u{one}:updated" for one in nodes]
    return fresh | {
        "math": lines(
            "A forward pass with the new parameters",
            [var("C"), " before ", equal(trace.loss), num(trace.loss)],
            [var("C"), " after ", result(new.loss, "updated")],
        ),
        "say": f"With the new parameters a forward pass gives the loss {num(new.loss)}; "
        f"it was {num(trace.loss)}.",
        "lit": " ".join(["nC:updated", *lit, *changed]),
    }


def output_slope(net: Network, trace: Trace) -> Array:
    """Return dC/da of the outputs."""
    slopes: Array = net.loss.gradient(trace.a[net.L], trace.y)[0]
    return slopes


def slope_at(net: Network, trace: Trace, l: int, j: int) -> float:
    """Return the slope of a unit's activation."""
    return float(net.phi[l].derivative(trace.z[l], trace.a[l])[0, j])


def slope_name(net: Network, l: int, j: int) -> list[Part]:
    """Return f'(z) of a unit as a formula has it."""
    return [net.phi[l].symbol, PRIME, "(", sym("z", l, j), ")"]


def output_delta(net: Network, trace: Trace, k: int) -> Frame:
    """Describe BP1 for one output."""
    L, a, y = net.L, trace.a[net.L][0], trace.y[0]
    delta, phi = trace.delta[L][0, k], net.phi[L]
    symbol, outer = sym("δ", L, k, role="delta"), slope("C", sym("a", L, k))
    rows: list[Part]
    if net.objective.fused:
        number = node("sub", str(k + 1)) if len(a) > 1 else ()
        rows = [
            [symbol, " = ", input_sym(L, k), " − ", var("y"), number],
            ["= ", val(a[k], "activation"), " − ", val(y[k])],
        ]
        why = f"{phi.name} and {net.loss.name} together leave output minus target"
    elif phi == ACTIVATIONS["softmax"]:
        slopes = output_slope(net, trace)
        i = node("sub", "i")
        mixed = [" − Σ", i, " ", sym("a", L), i, " ", slope("C", [sym("a", L), i]), ")"]
        rows = [
            [symbol, " = ", input_sym(L, k), " (", outer, mixed],
            f"= {num(a[k])} ({num(slopes[k])} − {val((slopes * a).sum())})",
        ]
        why = "softmax ties all outputs together, so each one's slope counts"
    elif phi.mixing:
        i = node("sub", "i")
        inner = [slope("C", [sym("a", L), i]), " ", slope_of([sym("a", L), i], sym("z", L, k))]
        rows = [[symbol, " = Σ", i, " ", inner]]
        why = f"{phi.name} ties all outputs together, so each one's slope counts"
    else:
        loss_slope, inner_slope = output_slope(net, trace)[k], slope_at(net, trace, L, k)
        rows = [
            [symbol, " = ", outer, " · ", slope_name(net, L, k)],
            f"= {val(loss_slope)} · {val(inner_slope)}",
        ]
        why = f"the loss's slope {num(loss_slope)} times the activation's slope {num(inner_slope)}"
    return {
        "math": lines(f"{unit(net, L, k)}: delta (BP1)", *rows, result(delta, "delta")),
        "say": f"Delta of the {node_name(net, L, k)} is {num(delta)}: {why}.",
        "lit": f"n{L}.{k}:delta u{L}.{k}:delta c{k}:delta nC:activation",
    }


def hidden_delta(net: Network, trace: Trace, l: int, j: int) -> Frame:
    """Describe BP2 for one hidden unit."""
    w, above = net.params.W[l + 1][:, j], trace.delta[l + 1][0]
    factor, delta = slope_at(net, trace, l, j), trace.delta[l][0, j]
    after = range(len(w))
    letters = joined(
        [sym("w", l + 1, k, j, role="weight"), sym("δ", l + 1, k, role="delta")] for k in after
    )
    numbers = joined([val(w[k], "weight"), "·", val(above[k], "delta")] for k in after)
    back = (w * above).sum()
    lit = [f"n{l}.{j}:delta u{l}.{j}:delta"]
    for k in after:
        p = net.params.index("W", l + 1, k, j)
        lit.append(f"n{l + 1}.{k}:delta u{l + 1}.{k}:delta e{p}:delta p{p}:weight")
    symbol = sym("δ", l, j, role="delta")
    return {
        "math": lines(
            f"{unit(net, l, j)}: delta (BP2)",
            [symbol, " = (", letters, ") · ", slope_name(net, l, j)],
            ["= (", numbers, f") · {val(factor)}"],
            f"= {val(back)} · {val(factor)}",
            result(delta, "delta"),
        ),
        "say": f"Delta of {node_name(net, l, j)} is {num(delta)}: what comes back over its "
        f"{len(w)} outgoing weight{'s' * (len(w) > 1)}, {num(back)}, "
        f"times the slope {num(factor)}.",
        "lit": " ".join(lit),
    }


def gradient_step(net: Network, trace: Trace, entry: Entry) -> Frame:
    """Describe BP3 (a bias) or BP4 (a weight)."""
    k, l, j, i = entry.index, entry.layer, entry.j, entry.i
    delta, gradient = trace.delta[l][0, j], trace.grad.theta[k]
    left, symbol = slope("C", of_entry(entry)), sym("δ", l, j, role="delta")
    lit = f"n{l}.{j}:delta u{l}.{j}:delta p{k}:gradient"
    rows: list[Part]
    if i is None:
        rows = [[left, " = ", symbol]]
        why = f"equals delta of {node_name(net, l, j)}"
    else:
        before, w = trace.a[l - 1][0, i], net.params.theta[k]
        decay: Part = [" + λ ", of_entry(entry, "weight")] if net.penalty else ()
        pull: Part = [f" + {num(net.penalty)} · ", val(w, "weight")] if net.penalty else ()
        rows = [
            [left, " = ", symbol, " · ", input_sym(l - 1, i), decay],
            ["= ", val(delta, "delta"), " · ", val(before, "activation"), pull],
        ]
        why = f"delta {num(delta)} times what came in, {num(before)}"
        why += ", and the penalty's share" if net.penalty else ""
        lit += f" n{l - 1}.{i}:activation e{k}:gradient"
    name = entry_name(net, entry)
    return {
        "math": lines(
            f"{title(name)}: gradient ({'BP3' if i is None else 'BP4'})",
            *rows,
            result(gradient, "gradient"),
        ),
        "say": f"The gradient of {name} is {num(gradient)}: {why}.",
        "lit": lit,
        f"p{k}": f"∂ {num(gradient)}",
    }


def update_rows(rule: Optimizer, symbol: Part, letter: Part, old: float, g: float) -> list[Part]:
    """Return an optimizer's first step with letters and with numbers."""
    eta, by, w = num(float(rule.lr)), val(g, "gradient"), val(old, "weight")  # type: ignore[arg-type]
    if not isinstance(rule, RMSProp | Adam):
        return [
            [symbol, " ← ", symbol, " − ", var("η"), " ", letter],
            ["= ", w, f" − {eta} · ", by],
        ]
    # The first step: m and v start at 0, and Adam's correction brings back g and its square.
    square = g * g * (1 - rule.beta) if isinstance(rule, RMSProp) else g * g
    above: Part = letter if isinstance(rule, RMSProp) else [var("m"), "\u0302"]
    mean: Part = var("v") if isinstance(rule, RMSProp) else [var("v"), "\u0302"]
    ratio = frac(above, ["√", mean, " + ", var("ε")])
    numbers = frac(by, [f"√{num(square)} + {num(rule.eps)}"])
    if isinstance(rule, RMSProp):
        memory: Part = [mean, f" = {num(1 - rule.beta)} · ", letter, f"² = {num(square)}"]
    else:
        memory = [above, " = ", letter, ", ", mean, " = ", letter, f"² = {num(square)}"]
    if isinstance(rule, AdamW):
        decay, share = [" + ", var("λ"), " ", symbol, ")"], [f" + {num(rule.weight_decay)} · ", w]
        return [
            memory,
            [symbol, " ← ", symbol, " − ", var("η"), " (", ratio, decay],
            ["= ", w, f" − {eta} (", numbers, share, ")"],
        ]
    return [
        memory,
        [symbol, " ← ", symbol, " − ", var("η"), " ", ratio],
        ["= ", w, f" − {eta} · ", numbers],
    ]


def update_step(net: Network, trace: Trace, rule: Optimizer, new: Array, entry: Entry) -> Frame:
    """Describe one parameter's step."""
    k, l, j, i = entry.index, entry.layer, entry.j, entry.i
    old, gradient, symbol = net.params.theta[k], trace.grad.theta[k], of_entry(entry, "weight")
    into = f" n{l - 1}.{i}:updated e{k}:updated" if i is not None else ""
    name = entry_name(net, entry)
    by = "" if isinstance(rule, SGD) else f" by {type(rule).__name__}"
    return {
        "math": lines(
            f"{title(name)}: update{by}",
            *update_rows(rule, symbol, slope("C", of_entry(entry)), old, gradient),
            result(new[k], "updated"),
        ),
        "say": f"{name[:1].upper() + name[1:]} goes from {num(old)} to {num(new[k])}.",
        "lit": f"n{l}.{j}:updated" + into,
    }


def backward_stepper(
    net: Network,
    x: Values | Trace,
    y: Values | None = None,
    *,
    lr: float | Sequence[float] = 0.5,
    optimizer: str = "sgd",
) -> Interactive:
    """Step through a backward pass: deltas, gradients, the update of each parameter.

    Parameters
    ----------
    net : Network
        At most 12 nodes a layer.
    x : array of shape (n_0,) or (1, n_0), or a Trace
        One example; or the trace of one, then without y.
    y : array of shape (n_L,) or (1, n_L), optional
    lr : float or sequence of float, optional
        Learning rate of the step; several make a menu.
    optimizer : str, optional
        Whose first step it is: "sgd", "rmsprop", "adam" or "adamw".

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        As `forward_stepper`; also a trace of another network or of other parameters, a learning
        rate that is not positive, and an unknown optimizer.

    Examples
    --------
    >>> import pybackprop as pb
    >>> net = pb.Network([2, 3, 1], rng=0)
    >>> backward_stepper(net, pb.backprop(net, [[0.5, 1.0]], [[1.0]]))
    Backward pass, step by step: 32 steps
    """
    steps = rates(lr)
    trace = one_trace(net, x, y)
    runs = []
    for rate in steps:
        frames = backward_frames(net, trace, rate, optimizer)
        runs.append(run_of(frames))
    every = by_unit(net)
    rows = [
        (node("code", str(one)), *(place(f"{kind}{one.index}", "td") for kind in "vgn"))
        for one in every
    ]

    def controls() -> Mapping[str, Any]:
        import ipywidgets

        return {
            "lr": ipywidgets.FloatLogSlider(
                steps[0], min=-3, max=1, step=0.1, description="lr", continuous_update=False
            )
        }

    return stepper(
        "backward",
        "Backward pass, step by step",
        network(net, f"The network {'-'.join(map(str, net.sizes))} with its deltas and gradients"),
        runs,
        choices=[choice("Learning rate η", list(map(num, steps)))] if len(steps) > 1 else (),
        shared={f"v{one.index}": num(net.params.theta[one.index]) for one in every},
        table=table(["parameter", "value", "gradient", "updated"], rows),
        caption="Every gradient and new value",
        controls=controls,
        remake=lambda lr: backward_stepper(net, trace, lr=lr, optimizer=optimizer),
        address=address_of(net, trace, "backward", lr=steps[0], optimizer=optimizer),
    )
