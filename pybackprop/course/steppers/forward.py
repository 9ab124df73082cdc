"""The forward pass: one example through one network, unit by unit."""

from typing import Any

from ...activations import ACTIVATIONS
from ...losses import LOSSES, Loss
from ...network import Forward, Network, Trace, forward
from ...params import Array
from ..stage.display import Interactive
from ..stage.drawing import (
    check_drawable,
    colored,
    frac,
    joined,
    lines,
    network,
    place,
    result,
    signed_sum,
    sym,
    table,
    val,
    var,
)
from ..stage.stepper import Frame, num, run_of, stepper
from ..stage.tree import Markup, Part, node
from .one_example import (
    Values,
    address_of,
    example,
    input_sym,
    one_trace,
    sliders,
    start_state,
    unit,
)


def forward_frames(net: Network, done: Forward | Trace) -> list[Frame]:
    """Return the frames of one forward pass: each unit's sum, its activation, then the loss.

    Parameters
    ----------
    net : Network
    done : Forward or Trace
        Of one example; the loss is shown when it is a trace.
    """
    z, a = done.z, done.a
    y = done.y[0] if isinstance(done, Trace) else None
    state: dict[str, Any] = start_state(net, a[0][0], y)
    inputs = ", ".join(num(x) for x in a[0][0])
    frames = [
        state
        | {
            "math": lines("Start", [colored(var("x"), "activation"), f" = ({inputs})"]),
            "say": f"The inputs are {inputs}. No unit has computed anything yet.",
            "lit": " ".join(f"n0.{i}:activation" for i in range(net.sizes[0])),
        }
    ]
    for l in range(1, net.L + 1):
        order = [(what, j) for j in range(net.sizes[l]) for what in "za"]
        if net.phi[l].mixing:  # its activations need all the sums
            order.sort(key=lambda pair: pair[0], reverse=True)
        for what, j in order:
            if what == "z":
                state[f"z{l}.{j}"] = num(z[l][0, j])
                state[f"u{l}.{j}"] = f"z {num(z[l][0, j])}"
                frames.append(state | weighted_sum(net, done, l, j))
            else:
                state[f"a{l}.{j}"] = num(a[l][0, j])
                frames.append(state | activated(net, done, l, j))
    if isinstance(done, Trace):
        state["C"] = num(done.loss)
        frames.append(state | loss_step(net, done))
    return frames


def weighted_sum(net: Network, done: Forward | Trace, l: int, j: int) -> Frame:
    """Describe z of one unit: the letters, the numbers, the products, the result."""
    w, b, before = net.params.W[l][j], net.params.b[l][j], done.a[l - 1][0]
    z, inputs = done.z[l][0, j], range(len(w))
    letters = [[sym("w", l, j, i, role="weight"), input_sym(l - 1, i)] for i in inputs]
    numbers = [[val(w[i], "weight"), "·", val(before[i], "activation")] for i in inputs]
    weights = [net.params.index("W", l, j, i) for i in inputs]
    bias = net.params.index("b", l, j)
    return {
        "math": lines(
            f"{unit(net, l, j)}: weighted sum",
            [sym("z", l, j), " = ", joined([*letters, sym("b", l, j, role="weight")])],
            ["= ", joined([*numbers, val(b, "weight")])],
            f"= {signed_sum([*(w * before), b])}",
            result(z),
        ),
        "say": f"{unit(net, l, j)}: the weighted sum of its "
        f"{len(w)} input{'s' * (len(w) > 1)} plus the bias is {num(z)}.",
        "lit": " ".join(
            [f"n{l}.{j}:weight", f"p{bias}:weight", f"u{l}.{j}:weight"]
            + [f"n{l - 1}.{i}:activation e{k}:weight p{k}:weight" for i, k in enumerate(weights)]
        ),
    }


def activated(net: Network, done: Forward | Trace, l: int, j: int) -> Frame:
    """Describe a of one unit."""
    phi, z, a = net.phi[l], done.z[l][0], done.a[l][0]
    symbol = sym("a", l, j, role="activation")
    lit = [f"n{l}.{j}:activation"]
    rows: list[Part]
    if phi.mixing:
        rows = [[symbol, f" = {phi.symbol}(", sym("z", l), ")", node("sub", str(j + 1))]]
        lit += [f"u{l}.{k}:weight" for k in range(len(z))]
    else:
        rows = [
            [symbol, f" = {phi.symbol}(", sym("z", l, j), ")"],
            f"= {phi.symbol}({num(z[j])})",
        ]
    if phi == ACTIVATIONS["softmax"]:
        powers = [["e", node("sup", num(value))] for value in z]
        rows.append(["= ", frac(powers[j], joined(powers))])
    return {
        "math": lines(f"{unit(net, l, j)}: activation", *rows, result(a[j], "activation")),
        "say": f"{unit(net, l, j)}: {phi.name} turns {num(z[j])} into {num(a[j])}.",
        "lit": " ".join(lit),
    }


# The loss, with letters and with numbers


def squares(a: Array, y: Array) -> Part:
    """Return the sum of (a - y)^2 with its numbers."""
    pairs = zip(a, y, strict=True)
    return joined(["(", val(one, "activation"), "−", val(target), ")²"] for one, target in pairs)


def logs(a: Array, y: Array, both: bool) -> Part:
    """Return the sum of y ln a, with (1 - y) ln(1 - a) where both count, with its numbers."""
    terms: list[Part] = []
    for one, target in zip(a, y, strict=True):
        shown = val(one, "activation")
        terms.append([f"{num(target)} ln ", shown])
        if both:
            terms.append([f"(1 − {num(target)}) ln(1 − ", shown, ")"])
    return joined(terms)


A, Y = var("a"), var("y")
SQUARES = Markup("Σ (", A, " − ", Y, ")²")
WORKED: dict[Loss, Any] = {
    LOSSES["half_sse"]: lambda a, y: (["½ ", SQUARES], ["½ (", squares(a, y), ")"]),
    LOSSES["sse"]: lambda a, y: (SQUARES, squares(a, y)),
    LOSSES["mse"]: lambda a, y: (
        [frac("1", var("n")), " ", SQUARES],
        [frac("1", str(len(a))), " (", squares(a, y), ")"],
    ),
    LOSSES["bce"]: lambda a, y: (
        ["−Σ [", Y, " ln ", A, " + (1 − ", Y, ") ln(1 − ", A, ")]"],
        ["−[", logs(a, y, both=True), "]"],
    ),
    LOSSES["cross_entropy"]: lambda a, y: (
        ["−Σ ", Y, " ln ", A],
        ["−[", logs(a, y, both=False), "]"],
    ),
}
"""Loss -> what one example costs, in letters and in numbers; others show their symbol."""


def by_symbol(loss: Loss, a: Array, y: Array) -> tuple[Part, Part]:
    """Return symbol(a, y), in letters and in numbers."""
    outputs, targets = ", ".join(map(num, a)), ", ".join(map(num, y))
    return [f"{loss.symbol}(", A, ", ", Y, ")"], f"{loss.symbol}({outputs}; {targets})"


def loss_step(net: Network, trace: Trace) -> Frame:
    """Describe the loss of the one example."""
    a, y = trace.a[net.L][0], trace.y[0]
    letters, numbers = WORKED[net.loss](a, y) if net.loss in WORKED else by_symbol(net.loss, a, y)
    size = sum((W**2).sum() for W in net.params.W.values())
    if net.penalty:
        letters = [letters, " + ", frac("λ", "2"), " Σ ", var("w"), "²"]
        numbers = [numbers, f" + {num(net.penalty)} · {num(size)} / 2"]
    outputs, targets = ", ".join(map(num, a)), ", ".join(map(num, y))
    return {
        "math": lines(
            f"Loss: {net.loss.name}",
            [var("C"), " = ", letters],
            ["= ", numbers],
            result(trace.loss),
        ),
        "say": f"The output is {outputs}, the target {targets}: the loss is {num(trace.loss)}.",
        "lit": " ".join(["nC:activation", *(f"c{k}:activation" for k in range(len(a)))]),
    }


def forward_stepper(net: Network, x: Values | Trace, y: Values | None = None) -> Interactive:
    """Step through a forward pass, unit by unit.

    Parameters
    ----------
    net : Network
        At most 12 nodes a layer.
    x : array of shape (n_0,) or (1, n_0), or a Trace
        One example; or the trace of one.
    y : array of shape (n_L,) or (1, n_L), optional
        Its target; with it the last step is the loss.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        More than one example, a layer too wide to draw, data that do not fit the network.

    Examples
    --------
    >>> import pybackprop as pb
    >>> forward_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0], [1.0])
    Forward pass, step by step: 10 steps
    """
    check_drawable(net)
    if y is None and not isinstance(x, Trace):
        done: Forward | Trace = forward(net, example(x, "x"))
    else:
        done = one_trace(net, x, y)
    frames = forward_frames(net, done)
    rows = [
        (sym("a", l, j), place(f"z{l}.{j}", "td"), place(f"a{l}.{j}", "td"))
        for l in range(1, net.L + 1)
        for j in range(net.sizes[l])
    ]
    start = {f"x{i + 1}": value for i, value in enumerate(done.a[0][0].tolist())}
    return stepper(
        "forward",
        "Forward pass, step by step",
        network(net, f"The network {'-'.join(map(str, net.sizes))} with its weights and values"),
        [run_of(frames)],
        table=table(["unit", "sum z", "activation a"], rows),
        address=address_of(net, done, "forward"),
        caption="Every sum and activation",
        controls=sliders(**start),
        remake=lambda **values: forward_stepper(
            net, list(values.values()), done.y if isinstance(done, Trace) else None
        ),
    )
