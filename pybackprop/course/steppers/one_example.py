"""One example in one network: what is given, what the picture holds, what its parts are called."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...network import Forward, Network, Trace, backprop
from ...params import Array, Entry
from ..stage.drawing import check_drawable, node_name, sym
from ..stage.stepper import num
from ..stage.tree import Node
from .address import address

Values = Sequence[float] | ArrayLike


def example(values: Values, name: str) -> Array:
    """Return one example as a matrix of one row."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
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


def address_of(net: Network, done: Forward, show: str, **step: Any) -> str:
    """Return a network and its example as an address of the page "Your own numbers".

    Parameters
    ----------
    net : Network
    done : Forward or Trace
    show : str
        The name of the stepper.
    **step
        ``lr`` and ``optimizer``, where they are known.

    Examples
    --------
    >>> import pybackprop as pb
    >>> net = pb.Network([1, 1], init={"W": [[[0.5]]], "b": [[-1.0]]})
    >>> address_of(net, pb.backprop(net, [[2.0]], [[1.0]]), "backward", lr=0.5)
    'show=backward&sizes=1-1&phi1=sigmoid&W1=0.5&b1=-1&x=2&y=1&loss=bce&lr=0.5'
    """
    parts: dict[str, Any] = {"sizes": "-".join(map(str, net.sizes))}
    for l in range(1, net.L + 1):
        parts[f"phi{l}"] = net.phi[l].name
    for l in range(1, net.L + 1):
        parts |= {f"W{l}": net.params.W[l], f"b{l}": net.params.b[l]}
    parts["x"] = done.a[0]
    if isinstance(done, Trace):
        parts |= {"y": done.y, "loss": net.loss.name}
    if net.fixed:
        parts["fixed"] = "b" if net.fixed == net.params.chosen("b") else " ".join(net.fixed)
    return address(show, **parts, **step)


def rates(lr: float | Sequence[float]) -> list[float]:
    """Return learning rates as a list, or raise where one is no positive number."""
    given: list[Any] = list(lr) if isinstance(lr, Sequence | np.ndarray) else [lr]
    if not given:
        raise ValueError("lr is empty; give a learning rate, such as 0.1, or several")
    for rate in given:
        if not isinstance(rate, int | float | np.number) or not (np.isfinite(rate) and rate > 0):
            raise ValueError(
                f"lr is {rate}; the learning rate must be a positive number, such as 0.1"
            )
    return [float(rate) for rate in given]


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


# Parameters


def by_unit(net: Network) -> list[Entry]:
    """Return the parameters that backpropagation moves: each unit's weights, then its bias."""
    free = [one for one in net.params.entries() if f"{one.letter}[{one.layer}]" not in net.fixed]
    return sorted(free, key=lambda one: (one.layer, one.j, one.i is None))


# The picture


def start_state(net: Network, a0: Array, y: Array | None) -> dict[str, str]:
    """Return what the picture holds before anything is computed."""
    state = {f"a0.{i}": num(x) for i, x in enumerate(a0)}
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            state |= {f"a{l}.{j}": "", f"z{l}.{j}": "", f"u{l}.{j}": ""}
    for entry in net.params.entries():
        state[f"p{entry.index}"] = in_picture(entry, net.params.theta)
    state["C"] = ""
    state["target"] = "" if y is None else "y " + ", ".join(num(value) for value in y)
    return state


def in_picture(entry: Entry, theta: Array) -> str:
    """Return a parameter as the picture shows it."""
    return "b " * (entry.i is None) + num(theta[entry.index])


def done_state(net: Network, trace: Trace) -> dict[str, Any]:
    """Return what the picture holds when the forward pass is done."""
    state: dict[str, Any] = start_state(net, trace.a[0][0], trace.y[0])
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            state[f"a{l}.{j}"] = num(trace.a[l][0, j])
            state[f"u{l}.{j}"] = f"z {num(trace.z[l][0, j])}"
    state["C"] = num(trace.loss)
    return state


# Names


def title(name: str) -> str:
    """Return a name as a heading begins with it."""
    name = name.removeprefix("the ")
    return name[:1].upper() + name[1:]


def unit(net: Network, l: int, j: int) -> str:
    """Return what a heading calls a unit."""
    return title(node_name(net, l, j))


def input_sym(layer: int, number: int) -> Node:
    """Return x for an input, a for what a layer hands on."""
    if layer == 0:
        return sym("x", None, number, role="activation")
    return sym("a", layer, number, role="activation")
