"""Numerical gradients: how much a function changes where one entry is nudged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_positive
from .lookup import lookup
from .params import Array

Scalar = Callable[[Array], Any]


def forward_difference(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return (f(theta + h e_i) - f(theta)) / h; error of order h."""
    return number((f(shifted(theta, i, h)) - f(theta)) / h)


def central_difference(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return (f(theta + h e_i) - f(theta - h e_i)) / 2h; error of order h^2."""
    return number((f(shifted(theta, i, h)) - f(shifted(theta, i, -h))) / (2 * h))


def five_point_difference(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return the central differences of steps h and 2h, combined to cancel the error of order h^2.

    (4 D(h) - D(2h)) / 3; error of order h^4. Source: Abramowitz and Stegun (1964), 25.3.6.
    """
    return (4 * central_difference(f, theta, i, h) - central_difference(f, theta, i, 2 * h)) / 3


def complex_step(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return Im f(theta + i h e_i) / h; error of order h^2, and no difference that cancels digits.

    Source: Squire and Trapp (1998), doi:10.1137/S003614459631241X.
    """
    return number(np.imag(f(shifted(theta.astype(complex), i, 1j * h))) / h)


def shifted(theta: Array, i: int, step: complex) -> Array:
    """Return theta with ``theta[i] + step``."""
    theta = theta.copy()
    theta[i] += step
    return theta


def number(value: Any) -> float:
    """Return a quotient of f's values if it is one number."""
    if np.ndim(value):
        raise ValueError(
            f"f returns an array of shape {np.shape(value)}; a gradient is that of one number: "
            "sum it up, or take one entry after the other"
        )
    return float(value)


@dataclass(frozen=True)
class Method:
    """One way to measure a slope.

    Attributes
    ----------
    rule : callable, (f, theta, i, h) -> slope over theta[i]
    step : callable, eps -> the h that balances truncation against rounding
    spread : float
        h times the slope's error where each value of f errs by 1 at most: the sum of the absolute
        factors of the formula. 0 for the complex step, which subtracts nothing.
    """

    rule: Callable[[Scalar, Array, int, float], float]
    step: Callable[[float], float]
    spread: float


METHODS: dict[str, Method] = {
    "forward": Method(forward_difference, lambda eps: eps ** (1 / 2), 2.0),
    "central": Method(central_difference, lambda eps: eps ** (1 / 3), 1.0),
    "five_point": Method(five_point_difference, lambda eps: eps ** (1 / 5), 1.5),
    "complex": Method(complex_step, lambda eps: 1e-30, 0.0),
}
"""Name -> `Method`."""


def numerical_gradient(
    f: Scalar,
    theta: ArrayLike,
    method: str = "central",
    h: float | None = None,
    entries: ArrayLike | None = None,
) -> Array:
    """Return the gradient of a scalar function of a vector, one entry after the other.

    Parameters
    ----------
    f : callable, array of shape (N,) -> number
        For method "complex" it must take complex arrays and be analytic.
    theta : array of shape (N,)
        Where; it is not changed.
    method : {"central", "five_point", "complex", "forward"}, optional
    h : float, optional
        Step size, in the units of theta; by default the one that balances the method's truncation
        error against rounding (6e-6 for "central" in float64).
    entries : array of int, optional
        Only these entries.

    Returns
    -------
    array of shape (N,), or of the length of entries

    Raises
    ------
    ValueError
        Unknown method, a step that is not positive, a theta that is no vector, or an f whose result
        is no number.

    Examples
    --------
    f = x^2 y has the gradient (2xy, x^2):

    >>> numerical_gradient(lambda t: t[0] ** 2 * t[1], [3.0, 2.0], method="complex")
    array([12.,  9.])
    """
    chosen = lookup(METHODS, method, "method")
    theta = np.asarray(theta)
    if theta.ndim != 1:
        what, cure = (
            (f"has shape {theta.shape}", "give theta.ravel(), and let f reshape it")
            if theta.ndim
            else (f"is the number {theta}", f"give [{theta}], and let f take theta[0]")
        )
        raise ValueError(f"theta {what}; a gradient is taken over a vector: {cure}")
    if theta.dtype.kind not in "fc":
        theta = theta.astype(float)
    h = chosen.step(np.finfo(theta.dtype).eps.item()) if h is None else check_step(h)
    where = range(theta.size) if entries is None else np.asarray(entries, int).tolist()
    return np.array([chosen.rule(f, theta, i, h) for i in where])


def check_step(h: Any) -> float:
    """Return the step size if it is a number above 0."""
    if isinstance(h, int | float | np.number) and not h > 0:
        raise ValueError(f"h is {h}; the step size must be a positive number, such as 1e-5")
    return check_positive("h", h)
