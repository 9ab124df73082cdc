"""The layers of a plain network as pairs, rows of a table by index, and dropout."""

from functools import partial
from typing import Any

import numpy as np

from ..activations import ACTIVATIONS, Activation
from ..lookup import lookup
from ..operations import Operation, scatter


def rows(x: Any) -> Any:
    """Return x as a matrix, shape (..., n) -> (m, n)."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def linear_value(x: Any, W: Any, *b: Any) -> Any:
    z = rows(x) @ W.T
    if b:
        z += b[0]
    return z if x.ndim == 2 else z.reshape(*x.shape[:-1], W.shape[0])


def linear_pullback(delta: Any, z: Any, x: Any, W: Any, *b: Any) -> Any:
    """Return dC/dx = delta W (BP2's first half), delta^T x (BP4), and the sum of delta (BP3)."""
    delta = rows(delta)
    return (
        partial(to_inputs, delta, x, W),
        partial(np.matmul, delta.T, rows(x)),
        *(np.sum(delta, axis=0) for _ in b),
    )


def to_inputs(delta: Any, x: Any, W: Any) -> Any:
    return (delta @ W).reshape(x.shape)


LINEAR = Operation("linear", linear_value, linear_pullback, "x W^T + b: g W, g^T x, sum g")


def linear(x: Any, W: Any, b: Any = None) -> Any:
    """Return x W^T + b.

    Parameters
    ----------
    x : array of shape (..., n_in)
    W : array of shape (n_out, n_in)
    b : array of shape (n_out,), optional

    Returns
    -------
    array of shape (..., n_out)

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Examples
    --------
    >>> linear(np.array([[3.0, 0.5]]), np.array([[1.0, 2.0]]), np.array([-1.0]))
    array([[3.]])
    """
    if W.ndim != 2 or x.ndim < 2 or x.shape[-1] != W.shape[1]:
        raise ValueError(
            f"linear: x has shape {x.shape} and W {W.shape}; W is (n_out, n_in) and x (m, n_in), "
            "one example per row"
        )
    if b is not None and b.shape != W.shape[:1]:
        raise ValueError(f"linear: b has shape {b.shape}; W of shape {W.shape} needs {W.shape[:1]}")
    return LINEAR(x, W) if b is None else LINEAR(x, W, b)


def through(phi: Activation, g: Any, a: Any, z: Any) -> Any:
    """Pull g back through an activation, as BP2 does."""
    return (phi.pullback(z, a, g),)


OF_NAMES = {
    name: Operation(name, phi.f, partial(through, phi), f"{phi.symbol}: g {phi.symbol}'(x)")
    for name, phi in ACTIVATIONS.items()
}
OF_NAMES["relu"] = Operation(  # the same in fewer passes over the array
    "relu",
    lambda z: np.maximum(z, 0) if z.dtype.kind == "f" else ACTIVATIONS["relu"].f(z),
    lambda g, a, z: (g * (z.real > 0),),
    "max(x, 0): g where x > 0",
)


def activation(phi: str | Activation, z: Any) -> Any:
    """Return phi(z): an `Activation`, or its name, with its own pull-back.

    >>> activation("relu", np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    if isinstance(phi, Activation):
        return Operation(phi.name, phi.f, partial(through, phi))(z)
    return lookup(OF_NAMES, phi, "activation")(z)


EMBEDDING = Operation(
    "embedding",
    lambda W, i: W[i],
    lambda g, a, W, i: (scatter(g, i, W.shape),),
    "W[i]: 0, with g added to row i each time it was read",
)


def embedding(W: Any, i: Any) -> Any:
    """Return the rows W[i] of a table, one for each index.

    On the way back the gradients of a row that was read several times add.

    Parameters
    ----------
    W : array of shape (k, d)
    i : array of int, of any shape (...)
        From 0 to k - 1.

    Returns
    -------
    array of shape (..., d)

    Raises
    ------
    TypeError, ValueError
        Indices that are no whole numbers, or that are none of the rows.

    Examples
    --------
    >>> embedding(np.array([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0])
    array([[3., 4.],
           [3., 4.],
           [1., 2.]])
    """
    i = np.asarray(i)
    if i.dtype.kind not in "iu":
        raise TypeError(f"embedding: the indices are of {i.dtype}; give whole numbers")
    if i.size and not (i.min() >= 0 and i.max() < W.shape[0]):
        raise ValueError(
            f"embedding: indices from {i.min()} to {i.max()}, but W has the rows 0 to "
            f"{W.shape[0] - 1}"
        )
    return EMBEDDING(W, i)


DROPOUT = Operation(
    "dropout", lambda x, mask: x * mask, lambda g, a, x, mask: (g * mask,), "x mask: g mask"
)


def dropout(x: Any, rate: float, rng: "np.random.Generator | None" = None, mask: Any = None) -> Any:
    """Return x with a share of its entries set to 0, and the others divided by 1 - rate.

    So the mean of each entry stays what it is (*inverted* dropout), and out of training, where rng
    is None, x passes as it is.

    Parameters
    ----------
    x : array of any shape
    rate : float
        The share, from 0 to below 1.
    rng : numpy.random.Generator, optional
        What the mask is drawn from.
    mask : array of bool of x's shape, optional
        Which entries stay, in place of a draw.

    Raises
    ------
    ValueError
        A rate outside of [0, 1).

    Examples
    --------
    >>> dropout(np.array([1.0, 2.0]), 0.5, mask=np.array([False, True]))
    array([0., 4.])

    Source: Srivastava and others (2014), Journal of Machine Learning Research 15.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate is {rate}; give a share from 0 to below 1, such as 0.1")
    if mask is None:
        if rng is None or rate == 0:
            return x
        mask = rng.random(x.shape) >= rate
    return DROPOUT(x, np.asarray(mask, x.dtype) / (1 - rate))
