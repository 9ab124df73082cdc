"""All weights and biases of a network as one vector, with a view for each layer."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]


class Views(dict[int, Array]):
    """Arrays keyed by layer. Assigning to a key writes into the array and keeps it a view."""

    def __setitem__(self, layer: int, value: ArrayLike) -> None:
        if layer not in self:
            raise KeyError(f"no layer {layer}; the layers are {min(self)} to {max(self)}")
        view, value = self[layer], np.asarray(value)
        if value.shape not in ((), view.shape):
            raise ValueError(f"layer {layer} takes shape {view.shape}, got {value.shape}")
        view[...] = value


class Params:
    """The parameters (or a gradient) of a fully connected network.

    All numbers stand in one contiguous vector ``theta``, ordered ``W[1], b[1], W[2], b[2], ...``
    (matrices row by row). ``W[l]`` and ``b[l]`` are views into it: a change to one is a change to
    the other. A gradient is another ``Params`` of the same sizes, so an optimizer needs to know
    nothing of layers.

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
    W : dict of int to array of shape (n_l, n_(l-1)), l = 1..L
    b : dict of int to array of shape (n_l,), l = 1..L
    rows : dict of int to array of shape (1, n_l), l = 1..L
        ``b[l]`` once more, as a row: what is added to each example of a batch.

    Raises
    ------
    TypeError
        A size is no whole number, or theta is no array of floating-point numbers.
    ValueError
        Fewer than two layers, a size below 1, or a theta of another length.

    Examples
    --------
    >>> params = Params([2, 3, 1])
    >>> params.W[1] = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    >>> params.theta[:6]
    array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    >>> params.entry(3), params.entry(12)
    ('W[1][1, 1]', 'b[2][0]')
    """

    __slots__ = ("W", "b", "rows", "sizes", "theta")

    def __init__(
        self, sizes: Sequence[int], theta: ArrayLike | None = None, dtype: DTypeLike = float
    ) -> None:
        self.sizes = check_sizes(sizes)
        count = sum(n_out * n_in + n_out for n_in, n_out in pairwise(self.sizes))
        theta = aligned_zeros(count, dtype) if theta is None else np.ascontiguousarray(theta)
        if theta.dtype.kind not in "fc":
            raise TypeError(
                f"theta is an array of {theta.dtype}; parameters are floating-point numbers: "
                "use theta.astype(float)"
            )
        if theta.shape != (count,):
            raise ValueError(
                f"theta has shape {theta.shape}; a {'-'.join(map(str, self.sizes))} network "
                f"takes a vector of {count} numbers, shape ({count},)"
            )
        self.theta: Array = theta
        weights, biases, start = {}, {}, 0
        for layer, (n_in, n_out) in enumerate(pairwise(self.sizes), start=1):
            middle, end = start + n_out * n_in, start + n_out * n_in + n_out
            weights[layer] = theta[start:middle].reshape(n_out, n_in)
            biases[layer] = theta[middle:end]
            start = end
        self.W = Views(weights)
        self.b = Views(biases)
        self.rows = Views({layer: view[None, :] for layer, view in biases.items()})

    @property
    def L(self) -> int:
        """Number of layers that have weights: the number of the output layer."""
        return len(self.sizes) - 1

    def copy(self) -> "Params":
        """Return the same values in a vector of their own."""
        twin = Params(self.sizes, dtype=self.theta.dtype)
        twin.theta[:] = self.theta
        return twin

    def entry(self, index: int) -> str:
        """Return the name of ``theta[index]``, such as ``'W[2][0, 1]'``."""
        if not 0 <= index < self.theta.size:
            raise IndexError(f"theta has the entries 0 to {self.theta.size - 1}, not {index}")
        for layer in range(1, self.L + 1):
            for letter, view in (("W", self.W[layer]), ("b", self.b[layer])):
                if index < view.size:
                    place = ", ".join(str(i) for i in np.unravel_index(index, view.shape))
                    return f"{letter}[{layer}][{place}]"
                index -= view.size
        raise AssertionError("unreachable: index was checked against theta.size")

    def __reduce__(self) -> tuple[type["Params"], tuple[tuple[int, ...], Array]]:
        return Params, (self.sizes, self.theta)  # copies and pickles cut their views anew

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"Params({sizes}: {self.theta.size} numbers, {self.theta.dtype})"


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
