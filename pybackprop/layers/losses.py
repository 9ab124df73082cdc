"""Losses on outputs: a number for each example, or for each place of a sequence."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..activations import sigmoid, softplus
from ..operations import Operation
from .basic import activation


def below_largest(z: Any) -> Any:
    return z - np.max(z, axis=-1, keepdims=True)


def softmax_cross_entropy_value(z: Any, y: Any) -> Any:
    s = below_largest(z)
    return np.log(np.sum(np.exp(s), axis=-1)) - np.sum(y * s, axis=-1)


SOFTMAX_CROSS_ENTROPY = Operation(
    "softmax_cross_entropy",
    softmax_cross_entropy_value,
    lambda g, a, z, y: (np.expand_dims(g, -1) * (activation("softmax", z) - y),),
    "ln sum e^z - sum y z: g (softmax(z) - y)",
)


def softmax_cross_entropy(z: Any, y: Any) -> Any:
    """Return ln sum_k exp(z_k) - sum_k y_k z_k, the cross-entropy of softmax(z) for targets y.

    Parameters
    ----------
    z : array of shape (..., k)
        Logits.
    y : array of int of shape (...), or array of shape (..., k)
        Class numbers, or distributions: rows that add up to 1.

    Returns
    -------
    array of shape (...)

    Raises
    ------
    ValueError
        Shapes that do not fit, class numbers that are none of the columns.

    Examples
    --------
    >>> softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([1])).round(4)
    array([0.6931])
    """
    y, k = np.asarray(y), z.shape[-1]
    if y.dtype.kind in "iu" and y.shape == z.shape[:-1]:
        if y.size and not (y.min() >= 0 and y.max() < k):
            raise ValueError(
                f"softmax_cross_entropy: class numbers from {y.min()} to {y.max()}, but there are "
                f"the {k} columns 0 to {k - 1}"
            )
        y = np.eye(k, dtype=z.dtype)[y]
    if y.shape != z.shape:
        raise ValueError(
            f"softmax_cross_entropy: z has shape {z.shape} and y {y.shape}; y holds class numbers, "
            f"shape {z.shape[:-1]}, or rows, shape {z.shape}"
        )
    return SOFTMAX_CROSS_ENTROPY(z, y)


def sigmoid_cross_entropy_value(z: Any, y: Any) -> Any:
    return np.sum(y * softplus(-z) + (1 - y) * softplus(z), axis=-1)


SIGMOID_CROSS_ENTROPY = Operation(
    "sigmoid_cross_entropy",
    sigmoid_cross_entropy_value,
    lambda g, a, z, y: (np.expand_dims(g, -1) * (sigmoid(z) - y),),
    "ln(1 + e^z) - y z, summed: g (sigmoid(z) - y)",
)


def sigmoid_cross_entropy(z: Any, y: Any) -> Any:
    """Return ln(1 + exp(z)) - y z, summed over the outputs: the bce of sigmoid(z).

    Parameters
    ----------
    z, y : array of shape (..., k)
        Logits, and targets from 0 to 1.

    Examples
    --------
    >>> sigmoid_cross_entropy(np.array([[0.0]]), np.array([[1.0]])).round(4)
    array([0.6931])
    """
    check_same("sigmoid_cross_entropy", z, y)
    return SIGMOID_CROSS_ENTROPY(z, y)


def check_same(name: str, z: Any, y: Any) -> None:
    """Raise unless outputs and targets are of one shape: a broadcast would hide a mistake."""
    if z.shape != np.shape(y):
        raise ValueError(f"{name}: outputs of shape {z.shape}, targets of {np.shape(y)}")


def sse(z: Any, y: Any) -> Any:
    """Return the sum of (z - y)^2 over the outputs of each example.

    >>> sse(np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]]))
    array([1.25])
    """
    return squares("sse", z, y)


def half_sse(z: Any, y: Any) -> Any:
    """Return half of `sse`."""
    return 0.5 * squares("half_sse", z, y)


def mse(z: Any, y: Any) -> Any:
    """Return the mean of (z - y)^2 over the outputs of each example."""
    return squares("mse", z, y) / z.shape[-1]


def squares(name: str, z: Any, y: Any) -> Any:
    """Return the sum of squared differences; the name is for the message."""
    check_same(name, z, y)
    d = z - y
    return np.sum(d * d, axis=-1)


LOSSES_ON_LOGITS: dict[str, Callable[[Any, Any], Any]] = {
    "cross_entropy": softmax_cross_entropy,
    "bce": sigmoid_cross_entropy,
    "half_sse": half_sse,
    "sse": sse,
    "mse": mse,
}
"""Name, as in `losses.LOSSES` -> loss of a model's outputs."""
