"""Activation functions: value, derivative, and the pull-back of a gradient through each.

Layer ``l`` computes ``a = f(z)``. On the way back it receives ``g = dC/da`` and must return
``dC/dz``, the *pull-back* of ``g`` through ``f``. For a function that works on each entry alone
this is ``g * f'(z)``. Softmax mixes the entries of a row, so its pull-back is its Jacobian's.

Every function also accepts complex ``z`` and is analytic there, for the complex-step check.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy import exp, multiply, reciprocal
from numpy.typing import ArrayLike

from .params import Array

LEAK = 0.01
GELU_SCALE = np.sqrt(2 / np.pi).item()
GELU_CUBIC = 0.044715


class Activation(NamedTuple):
    """One activation function.

    Attributes
    ----------
    name : str
    f : callable, z -> a
        The function on an array of any shape (softmax: rows of a matrix).
    derivative : callable, (z, a) -> f'(z)
        Entry by entry, given both ``z`` and ``a = f(z)`` so that neither is computed twice. For
        softmax the diagonal of the Jacobian, ``a (1 - a)``; the whole is `softmax_jacobian`.
    pullback : callable, (z, a, g) -> dC/dz
        Takes ``g = dC/da``, of the shape of ``a``, and may write the result into it: in a backward
        pass g is a product that nobody else holds.
    init : str
        The initialization that keeps its signals alive: "xavier" or "he".

    Examples
    --------
    Called like a function it takes numbers and lists, too:

    >>> ACTIVATIONS["relu"]([-1.0, 2.0])
    array([0., 2.])
    """

    name: str
    f: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    pullback: Callable[[Array, Array, Array], Array]
    init: str

    def __call__(self, z: ArrayLike) -> Array:
        """Return ``f(z)`` for numbers, lists or arrays, as floating-point numbers."""
        z = np.asarray(z)
        with np.errstate(over="ignore"):  # exp may reach inf, where sigmoid is rightly 0
            return self.f(z if z.dtype.kind in "fc" else z.astype(float))


def elementwise(
    name: str,
    f: Callable[[Array], Array],
    derivative: Callable[[Array, Array], Array],
    init: str = "xavier",
) -> Activation:
    """Return the activation whose pull-back is ``g * f'(z)``."""
    return Activation(name, f, derivative, lambda z, a, g: multiply(g, derivative(z, a), g), init)


def identity(z: Array) -> Array:
    """Return z itself: f(z) = z, f'(z) = 1."""
    return z


def sigmoid(z: Array) -> Array:
    """Return the logistic function, f(z) = 1 / (1 + exp(-z)), f' = f (1 - f).

    >>> sigmoid(np.array([0.0, 0.7])).round(4)
    array([0.5   , 0.6682])
    """
    return reciprocal(1.0 + exp(-z))


def softplus(z: Array) -> Array:
    """Return log(1 + exp(z)), without overflow; f'(z) = sigmoid(z) = 1 - exp(-f).

    With p = max(z, 0) it is p + log(1 + exp(z - 2p)), whose exponent is never positive.

    >>> softplus(np.array([0.0, 1000.0])).round(4).tolist()
    [0.6931, 1000.0]
    """
    p = np.maximum(z, 0.0)
    return p + np.log1p(np.exp(z - 2 * p))


def gelu(z: Array) -> Array:
    """Return the Gaussian error linear unit in its tanh form.

    f(z) = z/2 (1 + tanh u),  u = sqrt(2/pi) (z + 0.044715 z^3).
    It differs from z Phi(z), Phi the normal distribution function, by less than 0.0005.
    Source: Hendrycks and Gimpel, 2016, arXiv:1606.08415.

    >>> gelu(np.array([1.0])).round(4)
    array([0.8412])
    """
    return 0.5 * z * (1 + np.tanh(GELU_SCALE * (z + GELU_CUBIC * z**3)))


def gelu_derivative(z: Array, a: Array) -> Array:
    """Return f'(z) = (1 + t)/2 + z/2 (1 - t^2) u'(z), with t = tanh u."""
    t = np.tanh(GELU_SCALE * (z + GELU_CUBIC * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * GELU_SCALE * (1 + 3 * GELU_CUBIC * z * z)


def softmax(z: Array) -> Array:
    """Return exp(z_i) / sum_k exp(z_k) for each row of a matrix of shape (m, n).

    The row's largest entry is subtracted first. That changes nothing in the result, and no
    exponential exceeds 1.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_jacobian(a: Array) -> Array:
    """Return J[r, i, k] = da_i/dz_k = a_i ([i = k] - a_k) for each row r of ``a = softmax(z)``.

    Parameters
    ----------
    a : array of shape (m, n)

    Returns
    -------
    array of shape (m, n, n)

    Examples
    --------
    >>> softmax_jacobian(np.array([[0.5, 0.5]]))[0]
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    return a[:, :, None] * (np.eye(a.shape[1]) - a[:, None, :])


def softmax_pullback(z: Array, a: Array, g: Array) -> Array:
    """Return ``J^T g`` for each row without forming J: a_k (g_k - sum_i g_i a_i)."""
    return a * (g - (g * a).sum(axis=-1, keepdims=True))


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, lambda z, a: np.ones_like(z), lambda z, a, g: g, "xavier"),
        Activation(
            "sigmoid",
            sigmoid,
            lambda z, a: a * (1.0 - a),
            # Spares the call of the derivative, which shows where layers are small.
            lambda z, a, g: multiply(g, a * (1.0 - a), g),
            "xavier",
        ),
        elementwise("tanh", np.tanh, lambda z, a: 1.0 - a * a),
        Activation(
            "relu",
            lambda z: np.maximum(z, 0.0),
            lambda z, a: (z > 0).astype(z.dtype),
            # Spares an array of 0.0 and 1.0.
            lambda z, a, g: multiply(g, z > 0, g),
            "he",
        ),
        elementwise(
            "leaky_relu",
            lambda z: np.maximum(z, LEAK * z),
            lambda z, a: np.maximum((z > 0).astype(z.dtype), LEAK),
            "he",
        ),
        elementwise("softplus", softplus, lambda z, a: -np.expm1(-a), "he"),
        elementwise("gelu", gelu, gelu_derivative, "he"),
        Activation("softmax", softmax, lambda z, a: a * (1 - a), softmax_pullback, "xavier"),
    )
}
"""Name -> `Activation`. At the kink of relu and leaky_relu, z = 0, f' is taken from the left."""
