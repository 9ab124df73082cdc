"""Forward, backward and derivation: one example through one network, one step at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...losses import FUSED
from ...network import Forward, Network, Trace, backprop, forward
from ...params import Params
from ..stage.display import Interactive
from ..stage.drawing import (
    PRIME,
    check_drawable,
    code,
    colored,
    equal,
    frac,
    hidden,
    lines,
    network,
    node_name,
    signed_sum,
    sym,
    table,
    val,
)
from ..stage.stepper import Columns, Frame, choice, columns, num, stepper

FUNCTION = {
    "identity": "id",
    "sigmoid": "σ",
    "tanh": "tanh",
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "softplus": "softplus",
    "gelu": "GELU",
    "softmax": "softmax",
}
MOST_PATHS = 6
MOST_CHAINS = 100

Values = Sequence[float] | ArrayLike


# Frames. Each function takes numbers that the package computed and returns a list of frames.


def input_sym(layer: int, node: int) -> str:
    """Return x for an input, a for what a layer hands on, as HTML."""
    if layer == 0:
        return sym("x", None, node, role="activation")
    return sym("a", layer, node, role="activation")


def start_state(net: Network, a0: np.ndarray, y: np.ndarray | None) -> dict[str, str]:
    """Return what the picture holds before anything is computed."""
    state = {f"a0.{i}": num(x) for i, x in enumerate(a0)}
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            state |= {f"a{l}.{j}": "", f"z{l}.{j}": "", f"u{l}.{j}": ""}
            state[f"b{l}.{j}"] = f"b {num(net.params.b[l][j])}"
            for i in range(net.sizes[l - 1]):
                state[f"w{l}.{j}.{i}"] = num(net.params.W[l][j, i])
    state["C"] = ""
    state["target"] = "" if y is None else "y " + ", ".join(num(value) for value in y)
    return state


def forward_frames(net: Network, result: Forward | Trace) -> list[Frame]:
    """Return the frames of one forward pass: each neuron's sum, its activation, then the loss.

    Parameters
    ----------
    net : Network
    result : Forward or Trace
        Of one example; the loss is shown when it is a trace.
    """
    z, a = result.z, result.a
    y = result.y[0] if isinstance(result, Trace) else None
    state: dict[str, Any] = start_state(net, a[0][0], y)
    inputs = ", ".join(num(x) for x in a[0][0])
    frames = [
        state
        | {
            "math": lines("Start", f"{colored('<var>x</var>', 'activation')} = ({inputs})"),
            "say": f"The inputs are {inputs}. No neuron has computed anything yet.",
            "lit": " ".join(f"n0.{i}:activation" for i in range(net.sizes[0])),
        }
    ]
    for l in range(1, net.L + 1):
        name, nodes = net.phi[l].name, range(net.sizes[l])
        order = [(what, node) for node in nodes for what in "za"]
        if name == "softmax":  # its activations need all the sums
            order.sort(key=lambda pair: pair[0], reverse=True)
        for what, j in order:
            if what == "z":
                state[f"z{l}.{j}"] = num(z[l][0, j])
                state[f"u{l}.{j}"] = f"z {num(z[l][0, j])}"
                frames.append(state | weighted_sum(net, result, l, j))
            else:
                state[f"a{l}.{j}"] = num(a[l][0, j])
                frames.append(state | activated(net, result, l, j))
    if isinstance(result, Trace):
        state["C"] = num(result.loss)
        frames.append(state | loss_step(net, result))
    return frames


def weighted_sum(net: Network, result: Forward | Trace, l: int, j: int) -> Frame:
    """Describe z of one neuron: the letters, the numbers, the products, the result."""
    w, b, before = net.params.W[l][j], net.params.b[l][j], result.a[l - 1][0]
    z = result.z[l][0, j]
    inputs = range(len(w))
    letters = " + ".join(sym("w", l, j, i, role="weight") + input_sym(l - 1, i) for i in inputs)
    numbers = " + ".join(f"{val(w[i], 'weight')}·{val(before[i], 'activation')}" for i in inputs)
    terms = signed_sum([*(w * before), b])
    return {
        "math": lines(
            f"{node_name(net, l, j).capitalize()}: weighted sum",
            f"{sym('z', l, j)} = {letters} + {sym('b', l, j, role='weight')}",
            f"= {numbers} + {val(b, 'weight')}",
            f"= {terms}",
            f"{equal(z)} <b>{num(z)}</b>",
        ),
        "say": f"{node_name(net, l, j).capitalize()}: the weighted sum of its "
        f"{len(w)} input{'s' * (len(w) > 1)} plus the bias is {num(z)}.",
        "lit": " ".join(
            [f"n{l}.{j}:weight", f"b{l}.{j}:weight", f"u{l}.{j}:weight"]
            + [f"n{l - 1}.{i}:activation e{l}.{j}.{i}:weight w{l}.{j}.{i}:weight" for i in inputs]
        ),
    }


def activated(net: Network, result: Forward | Trace, l: int, j: int) -> Frame:
    """Describe a of one neuron."""
    name, z, a = net.phi[l].name, result.z[l][0], result.a[l][0]
    symbol = sym("a", l, j, role="activation")
    if name == "softmax":
        total = " + ".join(f"e<sup>{num(value)}</sup>" for value in z)
        fraction = frac(f"e<sup>{num(z[j])}</sup>", total)
        equation = [f"{symbol} = softmax({sym('z', l)}){'<sub>' + str(j + 1) + '</sub>'}"]
        equation += [f"= {fraction}", f"{equal(a[j])} <b>{val(a[j], 'activation', bare=True)}</b>"]
    else:
        equation = [
            f"{symbol} = {FUNCTION[name]}({sym('z', l, j)})",
            f"= {FUNCTION[name]}({num(z[j])})",
            f"{equal(a[j])} <b>{val(a[j], 'activation', bare=True)}</b>",
        ]
    lit = f"n{l}.{j}:activation"
    if name == "softmax":
        lit = " ".join([lit, *(f"u{l}.{k}:weight" for k in range(len(z)))])
    return {
        "math": lines(f"{node_name(net, l, j).capitalize()}: activation", *equation),
        "say": f"{node_name(net, l, j).capitalize()}: {name} turns {num(z[j])} into {num(a[j])}.",
        "lit": lit,
    }


LOSS_FORMULA = {
    "half_sse": ("½ Σ (<var>a</var> − <var>y</var>)²", "½ ({})", "({}−{})²"),
    "sse": ("Σ (<var>a</var> − <var>y</var>)²", "{}", "({}−{})²"),
    "mse": (
        f"{frac('1', '<var>n</var>')} Σ (<var>a</var> − <var>y</var>)²",
        frac("1", "{n}") + " ({})",
        "({}−{})²",
    ),
    "bce": (
        "−Σ [<var>y</var> ln <var>a</var> + (1 − <var>y</var>) ln(1 − <var>a</var>)]",
        "−[{}]",
        "{1} ln {0} + (1 − {1}) ln(1 − {0})",
    ),
    "cross_entropy": ("−Σ <var>y</var> ln <var>a</var>", "−[{}]", "{1} ln {0}"),
}


def loss_step(net: Network, trace: Trace) -> Frame:
    """Describe the loss of the one example."""
    a, y = trace.a[net.L][0], trace.y[0]
    formula, whole, term = LOSS_FORMULA[net.loss.name]
    terms = " + ".join(
        term.format(val(a_k, "activation"), num(y_k)) for a_k, y_k in zip(a, y, strict=True)
    )
    filled = whole.replace("{n}", str(len(a))).format(terms)
    outputs, targets = ", ".join(map(num, a)), ", ".join(map(num, y))
    return {
        "math": lines(
            f"Loss: {net.loss.name}",
            f"<var>C</var> = {formula}",
            f"= {filled}",
            f"{equal(trace.loss)} <b>{num(trace.loss)}</b>",
        ),
        "say": f"The output is {outputs}, the target {targets}: the loss is {num(trace.loss)}.",
        "lit": " ".join(["nC:activation", *(f"c{k}:activation" for k in range(len(a)))]),
    }


def done_state(net: Network, trace: Trace) -> dict[str, Any]:
    """Return what the picture holds when the forward pass is done."""
    state: dict[str, Any] = start_state(net, trace.a[0][0], trace.y[0])
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            state[f"a{l}.{j}"] = num(trace.a[l][0, j])
            state[f"u{l}.{j}"] = f"z {num(trace.z[l][0, j])}"
    state["C"] = num(trace.loss)
    return state


def backward_frames(net: Network, trace: Trace, lr: float) -> list[Frame]:
    """Return the frames of one backward pass: deltas from the output back, gradients, the update.

    Parameters
    ----------
    net : Network
    trace : Trace
        Of one example and this network.
    lr : float
        Learning rate eta of the gradient step shown at the end.
    """
    check_rate(lr)
    state = done_state(net, trace)
    names = [name for name, *_ in parameters(net)]
    state |= {f"{kind}{name}": "" for name in names for kind in "gn"}
    frames: list[Frame] = [
        state
        | {
            "math": lines("Start", f"<var>C</var> {equal(trace.loss)} {num(trace.loss)}"),
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
        for name, layer, j, i in parameters(net):
            if layer == l:
                state[f"g{name}"] = num(gradient(trace, layer, j, i))
                frames.append(state | gradient_step(net, trace, name, layer, j, i))
    updated = Params(net.sizes, net.params.theta - lr * trace.grad.theta)
    changed: list[str] = []
    for name, l, j, i in parameters(net):
        new = entry(updated, l, j, i)
        state[f"n{name}"] = num(new)
        state[name] = num(new) if i is not None else f"b {num(new)}"
        step = update_step(net, trace, lr, new, name, l, j, i)
        changed.append(f"{name}:updated")
        frames.append(state | step | {"lit": f"{step['lit']} {' '.join(changed)}"})
    after = backprop(net.with_params(updated.theta), trace.a[0], trace.y).loss
    frames.append(
        state
        | {
            "math": lines(
                "All parameters are updated",
                f"<var>C</var> before {equal(trace.loss)} {num(trace.loss)}",
                f"<var>C</var> after {equal(after)} <b>{val(after, 'updated', bare=True)}</b>",
            ),
            "say": f"With the new parameters a forward pass gives the loss {num(after)}; "
            f"it was {num(trace.loss)}.",
            "lit": " ".join(["nC:updated", *changed]),
        }
    )
    return frames


def parameters(net: Network) -> Iterator[tuple[str, int, int, int | None]]:
    """Yield the name, layer, node and input node (None for a bias) of each parameter."""
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            for i in range(net.sizes[l - 1]):
                yield f"w{l}.{j}.{i}", l, j, i
            yield f"b{l}.{j}", l, j, None


def code_of(name: str) -> str:
    """Return the code of a parameter from its name in the picture."""
    return code(name[0], *map(int, name[1:].split(".")))


def entry(params: Params, l: int, j: int, i: int | None) -> float:
    """Return one weight, or one bias where i is None."""
    return params.b[l][j].item() if i is None else params.W[l][j, i].item()


def gradient(trace: Trace, l: int, j: int, i: int | None) -> float:
    """Return dC/dw or dC/db."""
    return entry(trace.grad, l, j, i)


def parameter_sym(l: int, j: int, i: int | None, role: str = "weight") -> str:
    """Return w or b with its indices as HTML."""
    return sym("b", l, j, role=role) if i is None else sym("w", l, j, i, role=role)


def parameter_name(net: Network, l: int, j: int, i: int | None) -> str:
    """Return what a sentence calls a weight or a bias."""
    if i is None:
        return f"the bias of {node_name(net, l, j)}"
    return f"the weight from {node_name(net, l - 1, i)} to {node_name(net, l, j)}"


def is_fused(net: Network) -> bool:
    """Whether the output delta is a - y directly."""
    return net.fused and (net.phi[net.L].name, net.loss.name) in FUSED


def joins_slopes(net: Network) -> bool:
    """Whether a chain begins with dC/dz of the output, not with dC/da and da/dz."""
    return is_fused(net) or net.phi[net.L].name == "softmax"


def output_delta(net: Network, trace: Trace, k: int) -> Frame:
    """Describe BP1 for one output."""
    L, a, y = net.L, trace.a[net.L][0], trace.y[0]
    delta = trace.delta[L][0, k]
    name, symbol = net.phi[L].name, sym("δ", L, k, role="delta")
    result = f"{equal(delta)} <b>{val(delta, 'delta', bare=True)}</b>"
    if is_fused(net):
        rows = [
            f"{symbol} = {input_sym(L, k)} − <var>y</var>" + (f"<sub>{k + 1}</sub>" * (len(a) > 1)),
            f"= {val(a[k], 'activation')} − {val(y[k])}",
        ]
        why = f"{name} and {net.loss.name} together leave output minus target"
    else:
        slope = net.loss.gradient(trace.a[L], trace.y)[0]
        outer = frac("∂<var>C</var>", f"∂{sym('a', L, k)}")
        if name == "softmax":
            mixed = (slope * a).sum()
            rows = [
                f"{symbol} = {input_sym(L, k)} ({outer} − Σ<sub>i</sub> {sym('a', L)}<sub>i</sub> "
                f"{frac('∂<var>C</var>', '∂' + sym('a', L) + '<sub>i</sub>')})",
                f"= {val(a[k], 'activation')} ({num(slope[k])} − {val(mixed)})",
            ]
            why = "softmax ties all outputs together, so each one's slope counts"
        else:
            inner = net.phi[L].derivative(trace.z[L], trace.a[L])[0, k]
            rows = [
                f"{symbol} = {outer} · {slope_of(net, L)}({sym('z', L, k)})",
                f"= {val(slope[k])} · {val(inner)}",
            ]
            why = f"the loss's slope {num(slope[k])} times the activation's slope {num(inner)}"
    return {
        "math": lines(f"{node_name(net, L, k).capitalize()}: delta (BP1)", *rows, result),
        "say": f"Delta of the {node_name(net, L, k)} is {num(delta)}: {why}.",
        "lit": f"n{L}.{k}:delta u{L}.{k}:delta c{k}:delta nC:activation",
    }


def slope_of(net: Network, l: int) -> str:
    """Return the name of the derivative of a layer's activation as HTML."""
    return FUNCTION[net.phi[l].name] + PRIME


def hidden_delta(net: Network, trace: Trace, l: int, j: int) -> Frame:
    """Describe BP2 for one hidden neuron."""
    w, above = net.params.W[l + 1][:, j], trace.delta[l + 1][0]
    slope = net.phi[l].derivative(trace.z[l], trace.a[l])[0, j]
    delta, after = trace.delta[l][0, j], range(len(w))
    letters = " + ".join(
        sym("w", l + 1, k, j, role="weight") + sym("δ", l + 1, k, role="delta") for k in after
    )
    numbers = " + ".join(f"{val(w[k], 'weight')}·{val(above[k], 'delta')}" for k in after)
    return {
        "math": lines(
            f"{node_name(net, l, j).capitalize()}: delta (BP2)",
            f"{sym('δ', l, j, role='delta')} = ({letters}) · {slope_of(net, l)}({sym('z', l, j)})",
            f"= ({numbers}) · {num(slope)}",
            f"= {val((w * above).sum())} · {num(slope)}",
            f"{equal(delta)} <b>{val(delta, 'delta', bare=True)}</b>",
        ),
        "say": f"Delta of {node_name(net, l, j)} is {num(delta)}: what comes back over its "
        f"{len(w)} outgoing weight{'s' * (len(w) > 1)}, {num((w * above).sum())}, "
        f"times the slope {num(slope)}.",
        "lit": " ".join(
            [f"n{l}.{j}:delta u{l}.{j}:delta"]
            + [
                f"n{l + 1}.{k}:delta u{l + 1}.{k}:delta "
                f"e{l + 1}.{k}.{j}:delta w{l + 1}.{k}.{j}:weight"
                for k in after
            ]
        ),
    }


def gradient_step(net: Network, trace: Trace, name: str, l: int, j: int, i: int | None) -> Frame:
    """Describe BP3 (a bias) or BP4 (a weight)."""
    delta, result = trace.delta[l][0, j], gradient(trace, l, j, i)
    left = frac("∂<var>C</var>", f"∂{parameter_sym(l, j, i, '')}")
    head = f"{parameter_name(net, l, j, i)}: gradient".removeprefix("the ").capitalize()
    total = f"{equal(result)} <b>{val(result, 'gradient', bare=True)}</b>"
    lit = f"n{l}.{j}:delta u{l}.{j}:delta {name}:gradient"
    symbol = sym("δ", l, j, role="delta")
    if i is None:
        rows = [f"{left} = {symbol}", total]
        why = f"equals delta of {node_name(net, l, j)}"
    else:
        before = trace.a[l - 1][0, i]
        rows = [
            f"{left} = {symbol} · {input_sym(l - 1, i)}",
            f"= {val(delta, 'delta')} · {val(before, 'activation')}",
            total,
        ]
        why = f"delta {num(delta)} times what came in, {num(before)}"
        lit += f" n{l - 1}.{i}:activation e{name[1:]}:gradient"
    return {
        "math": lines(f"{head} ({'BP3' if i is None else 'BP4'})", *rows),
        "say": f"The gradient of {parameter_name(net, l, j, i)} is {num(result)}: {why}.",
        "lit": lit,
        name: f"∂ {num(result)}",
    }


def update_step(
    net: Network, trace: Trace, lr: float, new: float, name: str, l: int, j: int, i: int | None
) -> Frame:
    """Describe one parameter's gradient step."""
    old, slope = entry(net.params, l, j, i), gradient(trace, l, j, i)
    symbol = parameter_sym(l, j, i)
    left = frac("∂<var>C</var>", f"∂{parameter_sym(l, j, i, '')}")
    head = f"{parameter_name(net, l, j, i)}: update".removeprefix("the ").capitalize()
    lit = f"n{l}.{j}:updated" + (
        f" n{l - 1}.{i}:updated e{name[1:]}:updated" if i is not None else ""
    )
    return {
        "math": lines(
            head,
            f"{symbol} ← {symbol} − <var>η</var> {left}",
            f"= {val(old, 'weight')} − {num(lr)} · {val(slope, 'gradient')}",
            f"{equal(new)} <b>{val(new, 'updated', bare=True)}</b>",
        ),
        "say": f"{parameter_name(net, l, j, i).capitalize()} goes from {num(old)} to {num(new)}.",
        "lit": lit,
    }


def derivation_frames(net: Network, trace: Trace, l: int, j: int, i: int | None) -> list[Frame]:
    """Return the frames of the chain rule for one weight or bias (i None), factor by factor.

    Where few paths lead from the parameter to the loss, the factors of each path stand in a row of
    their own. Where there are many, what comes back to the neuron is one factor, the sum of BP2.
    """
    state = done_state(net, trace)
    name = f"b{l}.{j}" if i is None else f"w{l}.{j}.{i}"
    widths = net.sizes[l + 1 :]
    count = int(np.prod(widths)) if widths else 1
    if count <= MOST_PATHS:
        paths = [path_factors(net, trace, l, j, path) for path in product(*map(range, widths))]
    else:
        paths = [folded_factors(net, trace, l, j)]
    last = last_factor(net, trace, l, j, i)
    rows = [[*path, last] for path in paths]
    left = frac("∂<var>C</var>", f"∂{parameter_sym(l, j, i, '')}")
    result, who = gradient(trace, l, j, i), parameter_name(net, l, j, i)
    touched = f"{name}:gradient" + (f" e{name[1:]}:gradient" if i is not None else "")
    frames: list[Frame] = []

    def chain(total: bool = False) -> str:
        text = []
        for r, row in enumerate(rows):
            chips = []
            for f, (symbol, value, _, _) in enumerate(row):
                shown = num(value) if total else f"{{f{r}.{f}}}"
                chips.append(
                    f'<span class="pb-factor{{o{r}.{f}}}"><span>{symbol}</span>'
                    f"{hidden(' = ')}<span>{shown}</span></span>"
                )
            text.append("+ " * (r > 0) + '<span class="pb-dot">·</span>'.join(chips))
        head = f"Chain rule for {who.removeprefix('the ')}"
        body = [f"{left} = ", *text]
        if total:
            products = [float(np.prod([value for _, value, _, _ in row])) for row in rows]
            if len(products) > 1:
                body.append(f"= {signed_sum(products)}")
            body.append(f"{equal(result)} <b>{val(result, 'gradient', bare=True)}</b>")
        return lines(head, *body)

    for r, row in enumerate(rows):
        for f in range(len(row)):
            state |= {f"f{r}.{f}": "?", f"o{r}.{f}": ""}
    number = len(rows[0])
    if count > MOST_PATHS:
        made_of = f". What comes back over all of them is the first of {number} factors."
    else:
        made_of = f"{', each' if count > 1 else ':'} a product of {number} factors."
        if joins_slopes(net):
            made_of += " The first joins the slopes of the loss and of the output activation."
    frames.append(
        state
        | {
            "math": chain(),
            "say": f"How does {who} reach the loss? Along {count} path{'s' * (count > 1)}{made_of}",
            "lit": touched,
        }
    )
    for r, row in enumerate(rows):
        for f, (_, value, words, lit) in enumerate(row):
            along = f" on path {r + 1}" if len(rows) > 1 else ""
            state[f"f{r}.{f}"] = num(value)
            frames.append(
                state
                | {
                    f"o{r}.{f}": " pb-now",
                    "math": chain(),
                    "say": f"Factor {f + 1} of {number}{along}: {words} is {num(value)}.",
                    "lit": f"{lit} {touched}" if f < number - 1 else lit + f" {name}:gradient",
                }
            )
    frames.append(
        state
        | {
            "math": chain(total=True),
            "say": f"Multiplied{' and added' * (len(rows) > 1)}, the gradient of {who} "
            f"is {num(result)}.",
            "lit": " ".join([touched, *dict.fromkeys(lit for row in rows for *_, lit in row)]),
            name: f"∂ {num(result)}",
        }
    )
    return frames


Factor = tuple[str, float, str, str]  # HTML, value, words, what is lit


def path_factors(net: Network, trace: Trace, l: int, j: int, path: Sequence[int]) -> list[Factor]:
    """Return the factors from the loss back to z[l][j], along one path of nodes above layer l."""
    nodes = [j, *path]
    k, L = nodes[-1], net.L
    factors: list[Factor] = []
    if joins_slopes(net):
        factors.append(
            (
                frac("∂<var>C</var>", f"∂{sym('z', L, k)}"),
                trace.delta[L][0, k].item(),
                f"the slope of the loss at the sum of the {node_name(net, L, k)} (its delta)",
                f"nC:delta c{k}:delta n{L}.{k}:delta",
            )
        )
    else:
        factors.append(
            (
                frac("∂<var>C</var>", f"∂{sym('a', L, k)}"),
                net.loss.gradient(trace.a[L], trace.y)[0, k].item(),
                f"the slope of the loss at the {node_name(net, L, k)}",
                f"nC:delta c{k}:delta",
            )
        )
        factors.append(slope_factor(net, trace, L, k))
    for layer in range(L - 1, l - 1, -1):
        here, after = nodes[layer - l], nodes[layer - l + 1]
        factors.append(
            (
                frac(f"∂{sym('z', layer + 1, after)}", f"∂{sym('a', layer, here)}"),
                net.params.W[layer + 1][after, here].item(),
                parameter_name(net, layer + 1, after, here),
                f"e{layer + 1}.{after}.{here}:weight w{layer + 1}.{after}.{here}:weight",
            )
        )
        factors.append(slope_factor(net, trace, layer, here))
    return factors


def slope_factor(net: Network, trace: Trace, l: int, j: int) -> Factor:
    """Return the activation's slope at one neuron."""
    return (
        frac(f"∂{sym('a', l, j)}", f"∂{sym('z', l, j)}"),
        net.phi[l].derivative(trace.z[l], trace.a[l])[0, j].item(),
        f"the slope of {net.phi[l].name} in {node_name(net, l, j)}",
        f"n{l}.{j}:delta",
    )


def folded_factors(net: Network, trace: Trace, l: int, j: int) -> list[Factor]:
    """Return what comes back to a[l][j] over all paths at once, then the neuron's slope."""
    w, above = net.params.W[l + 1][:, j], trace.delta[l + 1][0]
    back = (
        frac("∂<var>C</var>", f"∂{sym('a', l, j)}"),
        (w * above).sum().item(),
        f"what comes back to {node_name(net, l, j)}, the sum of weight times delta,",
        " ".join(
            f"n{l + 1}.{k}:delta e{l + 1}.{k}.{j}:delta w{l + 1}.{k}.{j}:weight"
            for k in range(len(w))
        ),
    )
    return [back, slope_factor(net, trace, l, j)]


def last_factor(net: Network, trace: Trace, l: int, j: int, i: int | None) -> Factor:
    """Return how the neuron's sum depends on the parameter itself."""
    symbol = frac(f"∂{sym('z', l, j)}", f"∂{parameter_sym(l, j, i, '')}")
    if i is None:
        return (
            symbol,
            1.0,
            f"a bias enters the sum of {node_name(net, l, j)} as it is: the factor",
            f"b{l}.{j}:gradient",
        )
    before = trace.a[l - 1][0, i].item()
    words = f"what {node_name(net, l - 1, i)} hands on"
    return symbol, before, words, f"n{l - 1}.{i}:activation e{l}.{j}.{i}:gradient"


# What was given.


def example(values: Values, name: str) -> np.ndarray:
    """Return one example as a matrix of one row."""
    array = np.asarray(values, dtype=float)
    array = np.atleast_1d(array)
    if array.ndim == 2 and len(array) != 1:
        raise ValueError(
            f"{name} has {len(array)} examples; a stepper walks through one: use {name}[:1]"
        )
    return array.reshape(1, -1) if array.ndim == 1 else array


def one_trace(net: Network, x: Values | Trace, y: Values | None) -> Trace:
    """Return the trace of one example, and check that it is this network's."""
    check_drawable(net)
    if not isinstance(x, Trace):
        if y is None:
            raise ValueError("y is missing; the backward pass starts at the loss, so give a target")
        return backprop(net, example(x, "x"), example(y, "y"))
    trace = x
    sizes = tuple(trace.a[l].shape[1] for l in sorted(trace.a))
    if sizes != net.sizes:
        raise ValueError(
            f"the trace is of a {'-'.join(map(str, sizes))} network, not of {net!r}; "
            "use the trace that pb.backprop returned for this network"
        )
    if len(trace.y) != 1:
        raise ValueError(
            f"the trace is of {len(trace.y)} examples; a stepper walks through one: "
            "use pb.backprop(net, X[:1], Y[:1])"
        )
    again = backprop(net, trace.a[0], trace.y)
    pairs = [(trace.z[net.L], again.z[net.L]), (trace.grad.theta, again.grad.theta)]
    if not all(np.allclose(mine, fresh, rtol=1e-6, atol=1e-12) for mine, fresh in pairs):
        raise ValueError(
            f"the trace does not belong to {net!r}: with these parameters other numbers come out. "
            "Make a new one with pb.backprop(net, x, y), after the last change of the parameters"
        )
    return trace


def check_rate(lr: float) -> None:
    """Raise where a learning rate is no positive number."""
    if not (np.isfinite(lr) and lr > 0):
        raise ValueError(f"lr is {lr}; the learning rate must be a positive number, such as 0.1")


def sliders(**values: float) -> Callable[[], Mapping[str, Any]]:
    """Return a function that makes an ipywidgets slider for each number."""

    def controls() -> Mapping[str, Any]:
        import ipywidgets

        return {
            name: ipywidgets.FloatSlider(
                value, min=min(-3.0, 2 * value), max=max(3.0, 2 * value), step=0.05,
                description=name, continuous_update=False,
            )
            for name, value in values.items()
        }  # fmt: skip

    return controls


# Public constructors.


def forward_stepper(net: Network, x: Values | Trace, y: Values | None = None) -> Interactive:
    """Step through a forward pass, neuron by neuron.

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
        result: Forward | Trace = forward(net, example(x, "x"))
    else:
        result = one_trace(net, x, y)
    run: Columns = {"n": 0, **columns(frames := forward_frames(net, result))}
    nodes = [(l, j) for l in range(1, net.L + 1) for j in range(net.sizes[l])]
    rows = [(sym("a", l, j), f"z{l}.{j}", f"a{l}.{j}") for l, j in nodes]
    start = {f"x{i + 1}": value for i, value in enumerate(result.a[0][0].tolist())}
    return stepper(
        "forward",
        "Forward pass, step by step",
        network(net, f"The network {'-'.join(map(str, net.sizes))} with its weights and values"),
        [{**run, "n": len(frames)}],
        table=table(["neuron", "sum z", "activation a"], rows, columns=True),
        caption="Every sum and activation",
        controls=sliders(**start),
        remake=lambda **values: forward_stepper(
            net, list(values.values()), result.y if isinstance(result, Trace) else None
        ),
    )


def backward_stepper(
    net: Network,
    x: Values | Trace,
    y: Values | None = None,
    *,
    lr: float | Sequence[float] = 0.5,
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
        Learning rate of the gradient step; several make a menu.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        As `forward_stepper`; also a trace of another network or of other parameters, and a learning
        rate that is not positive.

    Examples
    --------
    >>> import pybackprop as pb
    >>> net = pb.Network([2, 3, 1], rng=0)
    >>> backward_stepper(net, pb.backprop(net, [[0.5, 1.0]], [[1.0]]))
    Backward pass, step by step: 32 steps
    """
    trace = one_trace(net, x, y)
    rates = [lr] if isinstance(lr, int | float) else list(lr)
    runs = []
    for rate in rates:
        frames = backward_frames(net, trace, rate)
        runs.append({"n": len(frames), **columns(frames)})
    every = list(parameters(net))
    rows = [
        (f"<code>{code_of(name)}</code>", num(entry(net.params, l, j, i)), f"g{name}", f"n{name}")
        for name, l, j, i in every
    ]
    cells = [
        (first, f"v{name}", *rest)
        for (name, *_), (first, _, *rest) in zip(every, rows, strict=True)
    ]
    values = {f"v{name}": row[1] for (name, *_), row in zip(every, rows, strict=True)}

    def controls() -> Mapping[str, Any]:
        import ipywidgets

        return {
            "lr": ipywidgets.FloatLogSlider(
                rates[0], min=-3, max=1, step=0.1, description="lr", continuous_update=False
            )
        }

    return stepper(
        "backward",
        "Backward pass, step by step",
        network(net, f"The network {'-'.join(map(str, net.sizes))} with its deltas and gradients"),
        runs,
        choices=[choice("Learning rate η", [num(rate) for rate in rates])]
        if len(rates) > 1
        else (),
        shared=values,
        table=table(["parameter", "value", "gradient", "updated"], cells, columns=True),
        caption="Every gradient and new value",
        controls=controls,
        remake=lambda lr: backward_stepper(net, trace, lr=lr),
    )


def derivation_stepper(
    net: Network, x: Values | Trace, y: Values | None = None, *, start: str | None = None
) -> Interactive:
    """Step through the chain rule of one parameter; a click on a weight or bias chooses another.

    Parameters
    ----------
    net : Network
        At most 12 nodes a layer.
    x : array of shape (n_0,) or (1, n_0), or a Trace
        One example; or the trace of one, then without y.
    y : array of shape (n_L,) or (1, n_L), optional
    start : str, optional
        The parameter shown first, such as "W[1][0, 1]"; by default the first weight.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        As `backward_stepper`; also an unknown parameter, and more than 100 of them.

    Examples
    --------
    >>> import pybackprop as pb
    >>> derivation_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0], [1.0])
    Chain rule, factor by factor: 6 steps
    """
    trace = one_trace(net, x, y)
    every = list(parameters(net))
    if len(every) > MOST_CHAINS:
        raise ValueError(
            f"{net!r} has more than {MOST_CHAINS} chains to show; "
            "backward_stepper takes it, or use a smaller network"
        )
    codes = [code_of(name) for name, *_ in every]
    if start is not None and start not in codes:
        raise ValueError(f"start is {start!r}; the parameters are {codes[0]} to {codes[-1]}")
    runs = []
    for _, l, j, i in every:
        frames = derivation_frames(net, trace, l, j, i)
        runs.append({"n": len(frames), **columns(frames)})
    shared = {
        key: column
        for key, column in runs[0].items()
        if key != "n" and all(run.get(key) == column for run in runs)
    }
    options = [
        f"{text} = {num(entry(net.params, l, j, i))}"
        for text, (_, l, j, i) in zip(codes, every, strict=True)
    ]
    rows = [
        (
            f"<code>{code_of(name)}</code>",
            num(entry(net.params, l, j, i)),
            num(gradient(trace, l, j, i)),
        )
        for name, l, j, i in every
    ]
    return stepper(
        "derivation",
        "Chain rule, factor by factor",
        network(
            net,
            f"The network {'-'.join(map(str, net.sizes))}; choose a weight or bias",
            pick={name: option for option, (name, *_) in enumerate(every)},
        ),
        [{key: run[key] for key in run if key not in shared} for run in runs],
        choices=[choice("Weight or bias", options, codes.index(start) if start else 0)],
        shared=shared,
        table=table(["parameter", "value", "gradient"], rows),
        caption="Every gradient",
    )
