"""The operations of a graph: pairs of a value and its pull-back, written in NumPy.

A pull-back is given g = dC/da, the value a and the inputs x, and returns dC/dx for each input. An
input that was repeated to fit (broadcast) gets the gradients of all its copies; `sum_to` adds them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from operator import getitem
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Operation:
    """A pair: ``a = value(*x)``, and ``pullback(g, a, *x)``, a tuple of dC/dx for each input.

    Settings, such as an axis, are keyword arguments of both. In the tuple None says "no gradient",
    and a ``functools.partial`` is worked out only where somebody wants it. Called on arrays an
    operation returns its value; on nodes of a tape (`graph.Node`) it writes itself there.

    >>> square = Operation("square", lambda x: x * x, lambda g, a, x: (2 * g * x,), "x^2: 2 g x")
    >>> square(3.0), square.pullback(1.0, 9.0, 3.0)
    (9.0, (6.0,))
    """

    name: str
    value: Callable[..., Any]
    pullback: Callable[..., Any]
    formula: str = ""

    def __call__(self, *x: Any, **settings: Any) -> Any:
        for n in x:
            if hasattr(n, "tape"):
                return n.record(self, x, settings)
        return self.value(*x, **settings)


def plain(x: Any) -> Any:
    """Return the array behind a node, or behind a node of nodes: a constant."""
    while hasattr(x, "tape"):
        x = x.value
    return x


def refuse() -> None:
    """Refuse what has no pull-back."""
    raise TypeError("an operation has no pull-back to this input, such as to an exponent")


missing = partial(refuse)


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Return g summed over the axes along which an array of this shape was repeated."""
    extra = g.ndim - len(shape)
    ones = [extra + i for i, n in enumerate(shape) if n == 1]
    return np.reshape(np.sum(g, axis=(*range(extra), *ones)), shape)


def spread(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Return g, repeated along the axes that a sum or maximum took away."""
    kept = g if axis is None or keepdims else np.expand_dims(g, axis)
    return np.broadcast_to(kept, np.shape(x))


def max_pullback(g: Any, a: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    on = x == spread(a, x, axis, keepdims)
    return (spread(g, x, axis, keepdims) * (on / on.sum(axis=axis, keepdims=True)),)


def matmul_pullback(g: Any, a: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return g[..., None] * y, x * g[..., None]
    if x.ndim == 1:
        return np.sum(y * g[..., None, :], axis=-1), x[:, None] * g[..., None, :]
    return partial(np.matmul, g, y.mT), partial(np.matmul, x.mT, g)


def transpose_pullback(g: Any, a: Any, x: Any, axes: Any = None) -> Any:
    return (np.transpose(g, None if axes is None else tuple(np.argsort(axes).tolist())),)


def scattered(g: Any, where: Any, shape: tuple[int, ...]) -> Any:
    full = np.zeros(shape, g.dtype)
    np.add.at(full, where, g)  # += would count an index that stands twice only once
    return full


def split(g: Any, a: Any, *x: Any, axis: int) -> Any:
    ends = np.cumsum([0, *(n.shape[axis] for n in x)])
    before = (slice(None),) * (axis % g.ndim)
    return [g[(*before, slice(i, j))] for i, j in pairwise(ends)]


pick: Operation = Operation(
    "pick", getitem, lambda g, a, x, i: (scatter(g, i, x.shape),), "x[i]: 0, g at i"
)
scatter: Operation = Operation(
    "scatter", scattered, lambda g, a, x, i, n: (g[i],), "0, x added at i: g[i]"
)
join: Operation = Operation(
    "join", lambda *x, axis: np.concatenate(x, axis), split, "[x, y]: parts of g"
)

TABLE: list[tuple[Any, Any, str]] = [
    (np.add, lambda g, a, x, y: (g, g), "x + y: g, g"),
    (np.subtract, lambda g, a, x, y: (g, -g), "x - y: g, -g"),
    (np.multiply, lambda g, a, x, y: (g * y, g * x), "x y: g y, g x"),
    (np.divide, lambda g, a, x, y: (g / y, -g * a / y), "x / y: g / y, -g a / y"),
    (np.power, lambda g, a, x, n: (g * n * x ** (n - 1),), "x^n: g n x^(n - 1)"),
    (np.negative, lambda g, a, x: (-g,), "-x: -g"),
    (np.exp, lambda g, a, x: (g * a,), "e^x: g a"),
    (np.log, lambda g, a, x: (g / x,), "ln x: g / x"),
    (np.sqrt, lambda g, a, x: (g / (2 * a),), "sqrt x: g / 2a"),
    (np.tanh, lambda g, a, x: (g * (1 - a * a),), "tanh x: g (1 - a^2)"),
    (np.sin, lambda g, a, x: (g * np.cos(x),), "sin x: g cos x"),
    (np.cos, lambda g, a, x: (-g * np.sin(x),), "cos x: -g sin x"),
    (np.expm1, lambda g, a, x: (g * np.exp(x),), "e^x - 1: g e^x"),
    (np.log1p, lambda g, a, x: (g / (1 + x),), "ln(1 + x): g / (1 + x)"),
    (np.abs, lambda g, a, x: (g * np.sign(x),), "|x|: g sign x"),
    (np.maximum, lambda g, a, x, y: (g * (x > y), g * (x <= y)), "max(x, y): g to the larger"),
    (np.where, lambda g, a, c, x, y: (None, g * (c == 1), g * (c == 0)), "x or y: g, 0 or 0, g"),
    (np.matmul, matmul_pullback, "x y: g y^T, x^T g"),
    (np.sum, lambda g, a, x, axis=None, keepdims=False: (spread(g, x, axis, keepdims),), "sum: g"),
    (np.max, max_pullback, "max x: g where x = a, in equal parts"),
    (np.reshape, lambda g, a, x, shape: (g.reshape(x.shape),), "x, reshaped: g, shaped back"),
    (np.expand_dims, lambda g, a, x, axis: (g.reshape(x.shape),), "x, axes of 1 added: g"),
    (np.broadcast_to, lambda g, a, x, shape: (g,), "x, repeated: g, summed by pull_back"),
    (np.swapaxes, lambda g, a, x, i, j: (np.swapaxes(g, i, j),), "x^T: g^T"),
    (np.transpose, transpose_pullback, "x^T: g^T"),
]
OPERATIONS: dict[Any, Any] = {f: Operation(f.__name__, f, back, text) for f, back, text in TABLE}
OPERATIONS[np.concatenate] = lambda x, axis=0: join(*x, axis=axis)
OPERATIONS[np.stack] = lambda x, axis=0: join(*(np.expand_dims(n, axis) for n in x), axis=axis)
OPERATIONS[np.mean] = lambda x, **axes: (s := np.sum(x, **axes)) * (np.size(s) / np.size(x))
CONSTANT: set[Any] = {
    *(np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.sign),
    *(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.argmax),
}
"""NumPy's functions that are recorded, and those that are constants: their slope is 0 or none."""
