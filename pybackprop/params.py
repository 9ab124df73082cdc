"""All weights and biases of a network as one vector, with a view for each layer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .checks import Array as Array
from .checks import check_dtype

Thing = TypeVar("Thing")


class Layers(Mapping[int, Thing]):
    """Things keyed by layer, read-only."""

    __slots__ = ("_letter", "_things")

    def __init__(self, letter: str, things: Mapping[int, Thing]) -> None:
        self._letter, self._things = letter, dict(things)

    def __getitem__(self, layer: int) -> Thing:
        try:
            return self._things[layer]
        except (KeyError, TypeError):
            raise KeyError(
                f"no layer {layer!r}; {self._letter} has the layers 1 to {len(self)}"
            ) from None

    def __iter__(self) -> Iterator[int]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def __repr__(self) -> str:
        return repr(self._things)


class Views(Layers[Array]):
    """Arrays keyed by layer. They cannot be exchanged: assigning to a key writes into the array."""

    __slots__ = ()

    def __setitem__(self, layer: int, value: ArrayLike) -> None:
        write(self[layer], value, f"{self._letter}[{layer}]")

    def update(self, values: Mapping[int, ArrayLike]) -> None:
        """Write into several arrays; where one value does not fit, none is written.

        >>> W = Params([1, 1]).W
        >>> W.update({1: [[0.5]]})
        >>> W
        {1: array([[0.5]])}
        """
        for layer, value in values.items():
            fitting(self[layer], value, f"{self._letter}[{layer}]")
        for layer, value in values.items():
            self[layer] = value


@dataclass(frozen=True, slots=True)
class Entry:
    """The name of one number of theta: ``W[layer][j, i]``, or ``b[layer][j]`` where i is None.

    >>> str(Entry(index=3, letter="W", layer=1, j=1, i=1))
    'W[1][1, 1]'
    """

    index: int
    letter: str
    layer: int
    j: int
    i: int | None = None

    def __str__(self) -> str:
        place = f"{self.j}" if self.i is None else f"{self.j}, {self.i}"
        return f"{self.letter}[{self.layer}][{place}]"


class Params:
    """The parameters (or a gradient) of a fully connected network.

    All numbers stand in one contiguous vector ``theta``, ordered ``W[1], b[1], W[2], b[2], ...``
    (matrices row by row). ``W[l]`` and ``b[l]`` are views into it: a change to one is a change to
    the other. A gradient is another ``Params`` of the same sizes, so an optimizer needs to know
    nothing of layers.

    Assigning to ``theta``, ``W``, ``b`` or ``W[l]`` writes the values into the vector that is
    there, or raises where they do not fit. No view is ever left behind.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer, input first: ``n_0, n_1, ..., n_L``.
    theta : array of shape (N,), optional
        The values, taken as they are (no copy where none is needed); zeros when left out.
        ``N = sum of n_l * n_(l-1) + n_l``.
    dtype : dtype, optional
        Float type of the zeros when ``theta`` is left out.

    Attributes
    ----------
    theta : array of shape (N,)
    W : mapping of int to array of shape (n_l, n_(l-1)), l = 1..L
    b : mapping of int to array of shape (n_l,), l = 1..L
    sizes : tuple of int
    L : int
    blocks : mapping of str to slice
        Where each ``"W[l]"`` and ``"b[l]"`` stands in theta, in theta's order.

    Raises
    ------
    TypeError
        A size is no whole number, or theta is no array of floating-point numbers of a type that
        networks compute in.
    ValueError
        Fewer than two layers, a size below 1, or a theta of another length.

    Examples
    --------
    >>> params = Params([2, 3, 1])
    >>> params.W[1] = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    >>> params.theta[:6]
    array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    >>> params.entry(3), params.entry(12), params.index("W", 1, 1, 1)
    ('W[1][1, 1]', 'b[2][0]', 3)
    """

    __slots__ = ("_W", "_b", "_blocks", "_sizes", "_theta")

    def __init__(
        self, sizes: Sequence[int], theta: ArrayLike | None = None, dtype: DTypeLike = float
    ) -> None:
        self._sizes = check_sizes(sizes)
        self._blocks = MappingProxyType(blocks(self.sizes))
        count = self.blocks[f"b[{self.L}]"].stop
        self._theta = aligned_zeros(count, check_dtype(dtype)) if theta is None else vector(theta)
        if self._theta.shape != (count,):
            raise ValueError(
                f"theta has shape {self._theta.shape}; a {'-'.join(map(str, self.sizes))} network "
                f"takes a vector of {count} numbers, shape ({count},)"
            )
        layers = list(enumerate(pairwise(self.sizes), start=1))
        parts = {name: self._theta[where] for name, where in self.blocks.items()}
        W = {l: parts[f"W[{l}]"].reshape(n_out, n_in) for l, (n_in, n_out) in layers}
        self._W = Views("W", W)
        self._b = Views("b", {l: parts[f"b[{l}]"] for l, _ in layers})

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, input first."""
        return self._sizes

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Where each block stands in theta."""
        return self._blocks

    @property
    def L(self) -> int:
        """Number of layers that have weights: the number of the output layer."""
        return len(self.sizes) - 1

    @property
    def theta(self) -> Array:
        """All parameters as one vector. Assigning writes into it."""
        return self._theta

    @theta.setter
    def theta(self, values: ArrayLike) -> None:
        write(self._theta, values, "theta")

    @property
    def W(self) -> Views:
        """The weights of each layer. Assigning a mapping of all layers writes into them."""
        return self._W

    @W.setter
    def W(self, values: Mapping[int, ArrayLike]) -> None:
        replace(self._W, values, "W")

    @property
    def b(self) -> Views:
        """The biases of each layer. Assigning a mapping of all layers writes into them."""
        return self._b

    @b.setter
    def b(self, values: Mapping[int, ArrayLike]) -> None:
        replace(self._b, values, "b")

    def copy(self) -> "Params":
        """Return the same values in a vector of their own."""
        return copied(self.sizes, self.theta)

    def entries(self) -> Iterator[Entry]:
        """Yield the name of every number of theta, in theta's order."""
        index = 0
        for layer, (n_in, n_out) in enumerate(pairwise(self.sizes), start=1):
            for j in range(n_out):
                for i in range(n_in):
                    yield Entry(index, "W", layer, j, i)
                    index += 1
            for j in range(n_out):
                yield Entry(index, "b", layer, j)
                index += 1

    def entry(self, index: int) -> str:
        """Return the name of ``theta[index]``, such as ``'W[2][0, 1]'``."""
        for block, where in self.blocks.items():
            if index in range(where.start, where.stop):
                layer, place = int(block[2:-1]), index - where.start
                j, i = divmod(place, self.sizes[layer - 1]) if block[0] == "W" else (place, None)
                return str(Entry(index, block[0], layer, j, i))
        raise IndexError(f"theta has the entries 0 to {self.theta.size - 1}, not {index}")

    def index(self, letter: str, layer: int, j: int, i: int | None = None) -> int:
        """Return where ``W[layer][j, i]`` or ``b[layer][j]`` stands in theta.

        Raises
        ------
        IndexError
            There is no such number; the message says what there is.
        """
        views: Mapping[int, Array] = {"W": self.W, "b": self.b}.get(letter, Views(letter, {}))
        view = views.get(layer)
        place = (j,) if i is None else (j, i)
        if view is None or len(place) != view.ndim or not all(map(in_range, place, view.shape)):
            raise IndexError(
                f"no entry {letter}[{layer}][{', '.join(map(str, place))}] in {self!r}; the blocks "
                f"are {', '.join(self.blocks)}"
            )
        return self.blocks[f"{letter}[{layer}]"].start + int(
            np.ravel_multi_index(place, view.shape)
        )

    def chosen(self, names: str | Sequence[str]) -> tuple[str, ...]:
        """Return the blocks that names stand for, in theta's order.

        >>> Params([2, 3, 1]).chosen(["W[2]", "b"])
        ('b[1]', 'W[2]', 'b[2]')
        """
        given = [names] if isinstance(names, str) else list(names)
        for name in given:
            if name not in ("W", "b", *self.blocks):
                raise ValueError(
                    f"no block {name!r}; the blocks are {', '.join(self.blocks)}, or 'W' and 'b' "
                    "for those of all layers"
                )
        return tuple(block for block in self.blocks if block in given or block[0] in given)

    def __reduce__(self) -> tuple[Any, tuple[tuple[int, ...], Array]]:
        return copied, (self.sizes, self.theta)  # copies and pickles cut their views anew

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"Params({sizes}: {self.theta.size} numbers, {self.theta.dtype})"


def copied(sizes: Sequence[int], theta: Array) -> Params:
    """Return parameters with these values in a vector of their own, which starts as it should."""
    params = Params(sizes, dtype=theta.dtype)
    params.theta = theta
    return params


def in_range(position: int, size: int) -> bool:
    return position in range(size)


def blocks(sizes: Sequence[int]) -> dict[str, slice]:
    """Return where each block stands in theta.

    >>> blocks([2, 3, 1])["b[1]"]
    slice(6, 9, None)
    """
    found, start = {}, 0
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        middle, end = start + n_out * n_in, start + n_out * n_in + n_out
        found[f"W[{layer}]"], found[f"b[{layer}]"] = slice(start, middle), slice(middle, end)
        start = end
    return found


def fitting(view: Array, value: ArrayLike, name: str) -> Array:
    """Return the value as an array that can be written into the view, or say why it cannot."""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc" or (array.dtype.kind == "c" and view.dtype.kind != "c"):
        raise TypeError(f"{name} takes real numbers of shape {view.shape}, got {array.dtype}")
    if array.shape not in ((), view.shape):
        raise ValueError(f"{name} takes shape {view.shape}, got {array.shape}")
    return array


def write(view: Array, value: ArrayLike, name: str) -> None:
    """Write a value into a view, or say why it does not fit."""
    view[...] = fitting(view, value, name)


def replace(views: Views, values: Mapping[int, ArrayLike], letter: str) -> None:
    """Write all layers at once, or say which are missing."""
    if not isinstance(values, Mapping) or set(values) != set(views):
        given = sorted(values) if isinstance(values, Mapping) else type(values).__name__
        raise ValueError(
            f"{letter} takes a value for each layer, {{1: ..., {len(views)}: ...}}, got {given}; "
            f"one layer is written by {letter}[l] = ..."
        )
    views.update(values)


def vector(theta: ArrayLike) -> Array:
    """Return theta as a contiguous array of floating-point numbers, or say that it is none."""
    array = np.ascontiguousarray(theta)
    if array.dtype.kind not in "fc":
        raise TypeError(
            f"theta is an array of {array.dtype}; parameters are floating-point numbers: "
            "use np.asarray(theta, float)"
        )
    check_dtype(array.dtype)
    return array


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes as a tuple, or say what is wrong with them."""
    try:
        given = list(sizes)
    except TypeError:
        raise TypeError(f"sizes is {sizes!r}; give units per layer, such as [2, 3, 1]") from None
    for n in given:
        if isinstance(n, bool) or not isinstance(n, int | np.integer):
            raise TypeError(f"sizes {given} has {n!r}, which is no whole number")
        if n < 1:
            raise ValueError(f"sizes {given} has {n}; every layer needs at least 1 unit")
    if len(given) < 2:
        raise ValueError(
            f"sizes {given} names {len(given)} layer(s); "
            "a network needs an input and an output layer"
        )
    return tuple(int(n) for n in given)


def aligned_zeros(size: int, dtype: DTypeLike) -> Array:
    """Return zeros that start at a multiple of 64 bytes.

    NumPy starts arrays at multiples of 16. Across the cache's lines of 64, a training step took 4
    to 11 % longer.
    """
    items = 64 // np.dtype(dtype).itemsize
    zeros = np.zeros(size + items, dtype)
    start = -zeros.ctypes.data % 64 // zeros.itemsize
    return zeros[start : start + size]
