"""Activation functions: value, derivative, and the pull-back of a gradient through each.

Layer ``l`` computes ``a = f(z)``. On the way back it receives ``g = dC/da`` and must return
``dC/dz``, the *pull-back* of ``g`` through ``f``. For a function that works on each entry alone
this is ``g * f'(z)``. Softmax mixes the entries of a row, so its pull-back is its Jacobian's.

Every function also accepts complex ``z`` and is analytic there, for the complex-step check; which
branch of a function holds is decided by the real part alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .lookup import lookup
from .params import Array, Layers

OUTPUTS = ("real", "unit interval", "distribution")
"""What an activation's values can be, and what a loss can ask for: any number, each number from 0
to 1, or rows that add up to 1."""

LEAK = 0.01
GELU_SCALE = np.sqrt(2 / np.pi).item()
GELU_CUBIC = 0.044715


@dataclass(frozen=True)
class Activation:
    """One activation function.

    Attributes
    ----------
    name : str
    f : callable, z -> a
        The function on an array of any shape (softmax: rows of a matrix).
    derivative : callable, (z, a) -> f'(z)
        Entry by entry, given both ``z`` and ``a = f(z)`` so that neither is computed twice. For
        softmax the diagonal of the Jacobian, ``a (1 - a)``; the whole is `softmax_jacobian`.
    init : str, optional
        The initialization that keeps its signals alive: "xavier" or "he".
    symbol : str, optional
        What a formula calls it, such as "σ"; the name when left out.
    formula : str, optional
        Its definition in LaTeX.
    outputs : str, optional
        What its values are: "real", "unit interval" (0 to 1) or "distribution" (a row adds up
        to 1). Losses ask.
    mixing : callable, (z, a, g) -> dC/dz, optional
        The pull-back of a function that mixes the entries of a row; None for all others.

    Examples
    --------
    Called like a function it takes numbers and lists, too:

    >>> ACTIVATIONS["relu"]([-1.0, 2.0])
    array([0., 2.])

    One of your own, ready for `Network`:

    >>> swish = Activation(
    ...     "swish",
    ...     lambda z: z * sigmoid(z),
    ...     lambda z, a: a + sigmoid(z) * (1 - a),
    ...     symbol="swish",
    ...     formula=r"z\\,\\sigma(z)",
    ... )
    >>> swish([0.0, 2.0]).round(4)
    array([0.    , 1.7616])
    """

    name: str
    f: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    init: str = "xavier"
    symbol: str = ""
    formula: str = ""
    outputs: str = "real"
    mixing: Callable[[Array, Array, Array], Array] | None = None

    def __post_init__(self) -> None:
        if not (callable(self.f) and callable(self.derivative)):
            raise TypeError(
                f"activation {self.name!r} takes two functions, f(z) and derivative(z, a); got "
                f"{self.f!r} and {self.derivative!r}"
            )
        lookup({kind: kind for kind in OUTPUTS}, self.outputs, "kind of outputs")
        if not self.symbol:
            object.__setattr__(self, "symbol", self.name)

    def __call__(self, z: ArrayLike) -> Array:
        """Return ``f(z)`` for numbers, lists or arrays, as floating-point numbers."""
        z = np.asarray(z)
        return self.f(z if z.dtype.kind in "fc" else z.astype(float))

    def pullback(self, z: Array, a: Array, g: Array) -> Array:
        """Return dC/dz for ``g = dC/da``: ``g * f'(z)``, or what `mixing` says."""
        return g * self.derivative(z, a) if self.mixing is None else self.mixing(z, a, g)


def identity(z: Array) -> Array:
    """Return z: f(z) = z, f'(z) = 1."""
    return z.copy()


def identity_derivative(z: Array, a: Array) -> Array:
    """Return f'(z) = 1."""
    return np.ones_like(z)


def sigmoid(z: Array) -> Array:
    """Return the logistic function, f(z) = 1 / (1 + exp(-z)), f' = f (1 - f).

    Where z < 0 it is computed as exp(z) / (1 + exp(z)): no exponential exceeds 1.

    >>> sigmoid(np.array([0.0, 0.7, -1000.0])).round(4)
    array([0.5   , 0.6682, 0.    ])
    """
    left = z.real < 0
    e = np.exp(np.where(left, z, -z))
    return np.where(left, e, 1) / (1 + e)


def sigmoid_derivative(z: Array, a: Array) -> Array:
    """Return f'(z) = a (1 - a)."""
    return a * (1 - a)


def tanh_derivative(z: Array, a: Array) -> Array:
    """Return f'(z) = 1 - a^2."""
    return 1 - a * a


def relu(z: Array) -> Array:
    """Return max(z, 0).

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.where(z.real <= 0, 0, z)


def relu_derivative(z: Array, a: Array) -> Array:
    """Return 1 where z > 0, else 0."""
    return (z.real > 0).astype(z.dtype)


def leaky_relu(z: Array) -> Array:
    """Return z where z > 0, else 0.01 z. Source: Maas, Hannun and Ng (2013), ICML workshop.

    >>> leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    return np.where(z.real <= 0, LEAK * z, z)


def leaky_relu_derivative(z: Array, a: Array) -> Array:
    """Return 1 where z > 0, else 0.01."""
    return np.where(z.real > 0, 1, LEAK).astype(z.dtype)


def softplus(z: Array) -> Array:
    """Return log(1 + exp(z)), without overflow; f'(z) = sigmoid(z).

    It is max(z, 0) + log(1 + exp(-|z|)): both terms are at least 0, so no digits are lost.

    >>> softplus(np.array([0.0, 1000.0, -700.0]))
    array([6.93147181e-001, 1.00000000e+003, 9.85967654e-305])
    """
    left = z.real < 0
    return np.where(left, 0, z) + np.log1p(np.exp(np.where(left, z, -z)))


def softplus_derivative(z: Array, a: Array) -> Array:
    """Return f'(z) = 1 - exp(-a)."""
    return -np.expm1(-a)


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
        Activation("identity", identity, identity_derivative, symbol="id", formula="z"),
        Activation(
            "sigmoid",
            sigmoid,
            sigmoid_derivative,
            symbol="σ",
            formula=r"\frac{1}{1 + e^{-z}}",
            outputs="unit interval",
        ),
        Activation("tanh", np.tanh, tanh_derivative, formula=r"\tanh z"),
        Activation("relu", relu, relu_derivative, "he", symbol="ReLU", formula=r"\max(z, 0)"),
        Activation(
            "leaky_relu",
            leaky_relu,
            leaky_relu_derivative,
            "he",
            symbol="LeakyReLU",
            formula=r"\max(z, 0.01 z)",
        ),
        Activation("softplus", softplus, softplus_derivative, "he", formula=r"\ln(1 + e^z)"),
        Activation(
            "gelu",
            gelu,
            gelu_derivative,
            "he",
            symbol="GELU",
            formula=r"\tfrac{z}{2} (1 + \tanh(\sqrt{2/\pi}\,(z + 0.044715 z^3)))",
        ),
        Activation(
            "softmax",
            softmax,
            sigmoid_derivative,
            formula=r"\frac{e^{z_i}}{\sum_k e^{z_k}}",
            outputs="distribution",
            mixing=softmax_pullback,
        ),
    )
}
"""Name -> `Activation`. At the kink of relu and leaky_relu, z = 0, f' is taken from the left."""


def reach(phi: Activation) -> tuple[float, float]:
    """Return between which values an activation stays, measured; infinite where it does not.

    >>> reach(ACTIVATIONS["tanh"]), reach(ACTIVATIONS["relu"])
    ((-1.0, 1.0), (0.0, inf))
    """
    if phi.outputs != "real":
        return 0.0, 1.0
    if phi.mixing:
        return -np.inf, np.inf
    z = 10.0 ** np.arange(-2, 6.05, 0.05)
    z = np.r_[-z[::-1], 0, z]
    with np.errstate(all="ignore"):
        a = phi.f(z[:, None])[:, 0]
    inner = a[np.abs(z) < 1e3]  # what has hardly moved since then is a bound
    low, high = np.nanmin(a), np.nanmax(a)
    return (
        low.item() if np.isclose(low, np.nanmin(inner), 1e-2, 1e-2) else -np.inf,
        high.item() if np.isclose(high, np.nanmax(inner), 1e-2, 1e-2) else np.inf,
    )


def of_layers(
    sizes: Sequence[int],
    hidden: str | Activation | Sequence[str | Activation],
    output: str | Activation,
) -> Layers[Activation]:
    """Return the activation of each layer l = 1..L, or say what is wrong with the choice.

    >>> {l: phi.name for l, phi in of_layers([2, 3, 1], "tanh", "sigmoid").items()}
    {1: 'tanh', 2: 'sigmoid'}
    """
    count = len(sizes) - 2
    if isinstance(hidden, Iterable) and not isinstance(hidden, str):
        each = list(hidden)
    else:
        each = [hidden] * count
    if len(each) != count:
        names = [getattr(one, "name", one) for one in each]
        raise ValueError(
            f"hidden names {len(each)} activation(s) {names}, but {'-'.join(map(str, sizes))} has "
            f"{count} hidden layer(s); give one for all, or one for each"
        )
    phi = {l: lookup(ACTIVATIONS, one, "activation") for l, one in enumerate([*each, output], 1)}
    for l in range(1, count + 1):
        if phi[l].mixing:
            raise ValueError(
                f"{phi[l].name} is an output activation: it makes the units of a layer compete, "
                "for a sum of 1. Use sigmoid, tanh or relu in hidden layers"
            )
    if phi[count + 1].outputs == "distribution" and sizes[-1] == 1:
        raise ValueError(
            f"{phi[count + 1].name} over one output is always 1, whatever the weights. Use "
            "output='sigmoid' with loss='bce', or two outputs"
        )
    return Layers("phi", phi)
