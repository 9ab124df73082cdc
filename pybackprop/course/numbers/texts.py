"""The reader's network as text to take along: NumPy alone, this package, LaTeX."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...activations import ACTIVATIONS, GELU_CUBIC, GELU_SCALE, LEAK
from ...params import Array, Params
from .state import State

# NumPy

F = {
    "identity": ("z", "np.ones_like(z)"),
    "sigmoid": ("1 / (1 + np.exp(-z))", "a * (1 - a)"),
    "tanh": ("np.tanh(z)", "1 - a**2"),
    "relu": ("np.maximum(z, 0)", "(z > 0).astype(float)"),
    "leaky_relu": (f"np.where(z > 0, z, {LEAK} * z)", f"np.where(z > 0, 1, {LEAK})"),
    "softplus": ("np.logaddexp(0, z)", "1 - np.exp(-a)"),
    "gelu": (
        "z / 2 * (1 + np.tanh(U(z)))",
        "(1 + np.tanh(U(z))) / 2 + z / 2 * (1 - np.tanh(U(z))**2) * "
        f"{GELU_SCALE} * (1 + {3 * GELU_CUBIC} * z**2)",
    ),
    "softmax": ("np.exp(z - z.max()) / np.exp(z - z.max()).sum()", ""),
}
"""Activation -> f(z) and f'(z) in NumPy."""

C = {
    "half_sse": ("((a - y)**2).sum() / 2", "a - y"),
    "sse": ("((a - y)**2).sum()", "2 * (a - y)"),
    "mse": ("((a - y)**2).mean()", "2 * (a - y) / a.size"),
    "bce": ("(y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)).sum()", ""),
    "cross_entropy": ("(y * (np.log(np.exp(z - z.max()).sum()) + z.max() - z)).sum()", ""),
}
"""Loss -> its value and its slope in NumPy; those with logarithms start from z."""

STEPS = {
    "sgd": "    p -= lr * g",
    "rmsprop": "    v = 0.1 * g**2  # 0.9 times 0 before it\n    p -= lr * g / (np.sqrt(v) + 1e-8)",
    "adam": "    m, v = g, g**2  # the first step, corrected\n"
    "    p -= lr * m / (np.sqrt(v) + 1e-8)",
    "adamw": "    m, v = g, g**2  # the first step, corrected\n"
    "    p -= lr * (m / (np.sqrt(v) + 1e-8) + 0.01 * p)",
}
"""Optimizer -> its first step in NumPy."""


def literal(values: Array) -> str:
    """Return an array as Python writes it.

    >>> import numpy as np
    >>> literal(np.array([[0.5, -1.0]]))
    '[[0.5, -1.0]]'
    """
    return str(values.tolist())


def as_numpy(state: State) -> str:
    """Return a script that needs NumPy alone: both passes, the step, the next forward pass."""
    net, fields = state.net, state.fields
    L, loss, last = net.L, net.loss.name, net.phi[net.L].name
    lines = ["import numpy as np", ""]
    for l in net.phi:
        lines.append(f"W{l} = np.array({literal(net.params.W[l])})")
        lines.append(f"b{l} = np.array({literal(net.params.b[l])})")
    lines += [f"x = np.array({literal(state.trace.a[0][0])})"]
    lines += [f"y = np.array({literal(state.trace.y[0])})", f"lr = {fields['lr']}", ""]
    if any(phi.name == "gelu" for phi in net.phi.values()):
        lines += ["", "def U(z):", f"    return {GELU_SCALE} * (z + {GELU_CUBIC} * z**3)", ""]
    value, slope = C[loss]
    names = ", ".join(f"z{l}, a{l}" for l in net.phi)
    lines += ["", "def forward():", "    a0 = x"]
    for l, phi in net.phi.items():
        lines += [f"    z{l} = W{l} @ a{l - 1} + b{l}", f"    a{l} = {at(F[phi.name][0], l)}"]
    lines += [f"    return a0, {names}, {at(value, L)}", "", ""]
    lines += [f"a0, {names}, C = forward()", 'print("C =", C)', ""]
    if not slope:  # sigmoid with bce, softmax with cross_entropy
        lines.append(f"delta{L} = a{L} - y")
    elif last == "softmax":
        lines.append(f"g = {at(slope, L)}")
        lines.append(f"delta{L} = a{L} * (g - (g * a{L}).sum())")
    else:
        lines.append(f"delta{L} = ({at(slope, L)}) * ({at(F[last][1], L)})")
    for l in range(L - 1, 0, -1):
        back = f"(W{l + 1}.T @ delta{l + 1})"
        lines.append(f"delta{l} = {back} * ({at(F[net.phi[l].name][1], l)})")
    pairs = []
    for l in net.phi:
        lines.append(f"dW{l} = np.outer(delta{l}, a{l - 1})")
        pairs.append((f"W{l}", f"dW{l}"))
        if not net.fixed:
            lines.append(f"db{l} = delta{l}")
            pairs.append((f"b{l}", f"db{l}"))
    lines += [f'print("{g} =", {g}.tolist())' for _, g in pairs]
    lines += ["", f"for p, g in [{', '.join(f'({p}, {g})' for p, g in pairs)}]:"]
    lines += [STEPS[fields["optimizer"]], 'print("C after the step =", forward()[-1])']
    return "\n".join(lines) + "\n"


def at(code: str, l: int) -> str:
    """Return code with its z and a those of a layer.

    >>> at("np.tanh(z) * a", 2)
    'np.tanh(z2) * a2'
    """
    return re.sub(r"(?<![\w.])([za])\b(?!\()", rf"\g<1>{l}", code)


# The package

CLASSES = {"sgd": "SGD", "rmsprop": "RMSProp", "adam": "Adam", "adamw": "AdamW"}


def as_pybackprop(state: State) -> str:
    """Return a script with this package: the same as on the page."""
    net, fields = state.net, state.fields
    names = [phi.name for phi in net.phi.values()]
    W, b = (", ".join(literal(one[l]) for l in net.phi) for one in (net.params.W, net.params.b))
    fixed = '\n    fixed="b",' if net.fixed else ""
    held = (
        "\nfor block in net.fixed:\n"
        "    theta[net.params.blocks[block]] = net.params.theta[net.params.blocks[block]]"
        * (bool(net.fixed) and fields["optimizer"] == "adamw")
    )  # fmt: skip
    return f"""import pybackprop as pb

net = pb.Network(
    {list(net.sizes)},
    {names[:-1]},
    "{names[-1]}",
    "{net.loss.name}",{fixed}
    init={{
        "W": [{W}],
        "b": [{b}],
    }},
)
x, y = {literal(state.trace.a[0])}, {literal(state.trace.y)}

trace = pb.backprop(net, x, y)
print("C =", trace.loss)
for block, where in net.params.blocks.items():
    print(f"d{{block}} =", trace.grad.theta[where].tolist())

theta = net.params.theta.copy()
pb.{CLASSES[fields["optimizer"]]}(lr={fields["lr"]}).update(theta, trace.grad.theta){held}
print("C after the step =", pb.evaluate(net.with_params(theta), x, y))
"""


# LaTeX


def as_latex(state: State) -> str:
    """Return both passes and the step as equations with their numbers, to nine digits."""
    net, trace = state.net, state.trace
    new = Params(net.sizes, state.after)
    rows = [rf"x &= {vector(trace.a[0][0])}, \quad y = {vector(trace.y[0])}"]
    for l, phi in net.phi.items():
        W, b, a = matrix(net.params.W[l]), vector(net.params.b[l]), vector(trace.a[l - 1][0])
        rows.append(
            rf"z^{{[{l}]}} &= W^{{[{l}]}} a^{{[{l - 1}]}} + b^{{[{l}]}} = {W} {a} + {b} "
            f"= {vector(trace.z[l][0])}"
        )
        rows.append(rf"a^{{[{l}]}} &= {function(phi.name)}(z^{{[{l}]}}) = {vector(trace.a[l][0])}")
    rows.append(rf"C &= {net.loss.formula} = {number(trace.loss)}")
    for l in range(net.L, 0, -1):
        if l == net.L:
            by = rf"\frac{{\partial C}}{{\partial z^{{[{l}]}}}}"
        else:
            by = rf"\left(W^{{[{l + 1}]}}\right)^T \delta^{{[{l + 1}]}} \odot "
            by += rf"{function(net.phi[l].name)}'(z^{{[{l}]}})"
        rows.append(rf"\delta^{{[{l}]}} &= {by} = {vector(trace.delta[l][0])}")
    for l in net.phi:
        rows.append(
            rf"\frac{{\partial C}}{{\partial W^{{[{l}]}}}} &= \delta^{{[{l}]}} "
            rf"\left(a^{{[{l - 1}]}}\right)^T = {matrix(trace.grad.W[l])}"
        )
        if not net.fixed:
            rows.append(
                rf"\frac{{\partial C}}{{\partial b^{{[{l}]}}}} &= \delta^{{[{l}]}} "
                f"= {vector(trace.grad.b[l])}"
            )
    for l in net.phi:
        rows.append(rf"W^{{[{l}]}}_{{\text{{new}}}} &= {matrix(new.W[l])}")
        if not net.fixed:
            rows.append(rf"b^{{[{l}]}}_{{\text{{new}}}} &= {vector(new.b[l])}")
    rows.append(rf"C_{{\text{{new}}}} &= {number(state.new_loss)}")
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n"


def function(name: str) -> str:
    """Return what LaTeX calls an activation."""
    symbol = ACTIVATIONS[name].symbol
    return r"\sigma" if symbol == "σ" else rf"\operatorname{{{symbol}}}"


def number(value: Any) -> str:
    """Return a number with nine digits for LaTeX.

    >>> number(0.125), number(1.5e-9)
    ('0.125', '1.5 \\\\cdot 10^{-9}')
    """
    text = f"{float(value):.9g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text


def matrix(values: Iterable[Iterable[float]]) -> str:
    """Return a matrix for LaTeX."""
    rows = r" \\ ".join(" & ".join(map(number, row)) for row in values)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def vector(values: Iterable[float]) -> str:
    """Return a column for LaTeX."""
    return matrix([value] for value in values)


TEXTS: Mapping[str, Any] = {
    "NumPy": as_numpy,
    "pybackprop": as_pybackprop,
    "LaTeX": as_latex,
}
"""What the page calls a text -> what makes it."""
