"""Any computation as a tape, and the way back along it.

A tape is a plain list of nodes, in the order in which they were computed. An operation is a pair,
a value a = f(x) and a pull-back, which makes dC/dx of g = dC/da. The way back reads the tape from
its end: each node's adjoint dC/da is the sum of what the pull-backs of its uses hand back.

>>> tape = []
>>> x, y = Node(tape, 3.0), Node(tape, 2.0)
>>> C = x * y + x  # NumPy's operators and functions write themselves on the tape
>>> print(*tape, sep="\\n")
%0 = 3.0
%1 = 2.0
%2 = multiply(%0, %1) = 6.0
%3 = add(%2, %0) = 9.0
>>> gradient(C, [x, y])
[np.float64(3.0), np.float64(3.0)]

Values may be nodes of another tape: so do pull-backs land on a tape, and have their own way back.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np

from .operations import CONSTANT, OPERATIONS, Operation, missing, pick, sum_to

NO_ROOM: dict[int, Any] = {}  # by a node's index: an array for the first product that it gets


class Node(np.lib.mixins.NDArrayOperatorsMixin):
    """A line of a tape: its value and, unless it is a variable, what it was made of."""

    __slots__ = ("index", "inputs", "operation", "settings", "tape", "value")

    def __init__(self, tape: Any, value: Any, operation: Any = None, *made_of: Any) -> None:
        self.tape, self.index, self.operation = tape, len(tape), operation
        self.value = value if hasattr(value, "dtype") else np.asarray(value, float)
        self.inputs, self.settings = made_of or ((), {})
        tape.append(self)  # its inputs stand before it: so the list is in topological order

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    dtype = property(lambda self: self.value.dtype)
    real = property(lambda self: self.value.real)  # a constant, for choices such as z.real > 0
    T = property(np.transpose)
    mT = property(lambda self: np.swapaxes(self, -1, -2))

    def __array_ufunc__(self, f: Any, method: str, *x: Any, **settings: Any) -> Any:
        if method != "__call__":
            raise TypeError(f"np.{f.__name__}.{method} has no pull-back here")
        if settings:
            raise TypeError(f"{f.__name__} would write into a node; for x += y take x = x + y")
        return self.__array_function__(f, (), x, settings)

    def __array_function__(self, f: Any, types: Any, x: Any, settings: Any) -> Any:
        if f in CONSTANT:
            return f(*[n.value if isinstance(n, Node) else n for n in x], **settings)
        if f not in OPERATIONS:
            raise TypeError(f"np.{f.__name__} has no pull-back here; make it an Operation")
        return OPERATIONS[f](*x, **settings)

    def record(self, operation: Operation, x: Sequence[Any], settings: dict[str, Any]) -> "Node":
        """Write an operation of this node, and whatever else is in x, on the tape."""
        values = []
        for n in x:
            values.append(n.value if isinstance(n, Node) else n)
            if isinstance(n, Node) and n.tape is not self.tape:
                raise ValueError(f"{operation.name} got nodes of two tapes; pass all inputs on one")
        return Node(self.tape, operation(*values, **settings), operation, x, settings)

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, where: Any) -> Any:
        return pick(self, where)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        return OPERATIONS[np.sum](self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        return OPERATIONS[np.max](self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Any:
        return OPERATIONS[np.reshape](self, shape[0] if len(shape) == 1 else shape)

    def __repr__(self) -> str:
        names = [f"%{n.index}" if isinstance(n, Node) else str(n) for n in self.inputs]
        made = f"{self.operation.name}({', '.join(names)}) = " if self.operation else ""
        shown = self.value if np.size(self.value) < 10 else f"array of shape {self.shape}"
        return f"%{self.index} = {made}{shown}"


def pull_back(node: Node, bar: list[Any], room: Any = NO_ROOM) -> None:
    """Take one step back: hand a node's adjoint on to its inputs, and add it to theirs."""
    if node.operation is None or bar[node.index] is None:
        return
    x = [n.value if isinstance(n, Node) else n for n in node.inputs]
    parts = node.operation.pullback(bar[node.index], node.value, *x, **node.settings)
    for n, part in zip_longest(node.inputs, parts, fillvalue=missing):
        if isinstance(n, Node) and part is not None:
            first = n.index in room and bar[n.index] is None
            if isinstance(part, partial):
                part = part(out=room[n.index]) if first and part.func is np.matmul else part()
            g: Any = part
            g = g if np.shape(g) == n.value.shape else sum_to(g, n.shape)
            bar[n.index] = g if bar[n.index] is None else bar[n.index] + g  # where paths meet


def gradient(y: Any, x: Sequence[Node], g: Any = None, room: Any = NO_ROOM) -> list[Any]:
    """Return g dy/dx for each node x, where g (1 if left out) has the shape of y."""
    tape = y.tape[: y.index + 1] if isinstance(y, Node) else []  # else: a constant
    bar: list[Any] = [None] * len(x[0].tape if x else tape)
    if tape:
        bar[y.index], kept = np.ones_like(y) if g is None else g, {n.index for n in x}
        if any(n.tape is not y.tape for n in x):
            raise ValueError("gradient got nodes of two tapes; y must be made of what x is")
    for node in reversed(tape):
        pull_back(node, bar, room)
        if node.index not in kept:
            bar[node.index] = None  # nobody asks for it any more: its memory is free
    return [np.zeros_like(n) if bar[n.index] is None else bar[n.index] for n in x]


def jacobian_product(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return J v: J^T u is linear in u, so what its own way back makes of v is J v."""
    x = Node([], x)
    y = f(x)
    u = Node([], np.zeros_like(y))
    return freed(gradient(gradient(y, [x], u)[0], [u], v)[0], x.tape, u.tape)


def hessian_product(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return H v, the gradient of (gradient of f) . v, for a number f(x)."""
    outer = Node([], x)
    inner = Node([], outer)
    return freed(gradient(gradient(f(inner), [inner])[0], [outer], v)[0], inner.tape, outer.tape)


def checkpoint(f: Callable[..., Any], *x: Any) -> Any:
    """Return ``f(*x)``, keeping x alone of all that f computes: the way back runs f again."""
    return Operation("checkpoint", f, partial(again, f))(*x)


def again(f: Callable[..., Any], g: Any, a: Any, *x: Any) -> list[Any]:
    """Run f once more, on a tape of its own, and pull g back along it."""
    tape: list[Node] = []
    nodes = [Node(tape, n) for n in x]
    return freed(gradient(f(*nodes), nodes, g), tape)


def freed(result: Any, *tapes: list[Node]) -> Any:
    """Return a result, and empty tapes: they and their nodes hold each other, and all memory."""
    for tape in tapes:
        tape.clear()
    return result
