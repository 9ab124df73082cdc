"""The Taylor test: is a gradient right along a direction? It needs no tolerance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .initializers import Seed
from .model import Model, NamedParams
from .near import SAFETY, checked, near
from .network import Network
from .params import Array, Params
from .report import Report


@dataclass(frozen=True, eq=False, repr=False)
class TaylorReport(Report):
    """What a Taylor test found: true if the gradient is right. Prints a table.

    Attributes
    ----------
    h : array
        Steps along the direction.
    remainder : array
        |C(theta + h d) - C(theta) - h g.d| at each.
    noise : array
        How much of it can be rounding.
    """

    h: Array
    remainder: Array
    noise: Array

    @property
    def orders(self) -> Array:
        """The power of h by which the remainder falls from each step to the next."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.diff(np.log(self.remainder)) / np.diff(np.log(self.h))

    @property
    def order(self) -> float:
        """The power over the last decade of steps above rounding; NaN where there is none."""
        above = np.flatnonzero(self.remainder > self.noise)
        last = above[-3:]
        if len(last) < 3 or last[-1] - last[0] > 2:
            return float("nan")
        return float(np.polyfit(np.log(self.h[last]), np.log(self.remainder[last]), 1)[0])

    @property
    def ok(self) -> bool:
        """Whether the remainder falls as h^2 (power above 1.5), or is all rounding."""
        return bool(np.isfinite(self.remainder).all()) and not self.order <= 1.5

    def __str__(self) -> str:
        verdict = (
            "agree: the remainder is all rounding" if self.ok and np.isnan(self.order)
            else f"agree: the remainder falls as h^{self.order:.2f}" if self.ok
            else f"DISAGREE: the remainder falls as h^{self.order:.2f}, not as h^2"
        )  # fmt: skip
        lines = [f"loss and gradient {verdict}", f"{'h':>8}{'remainder':>12}{'order':>8}"]
        orders = ["", *(f"{order:.2f}" for order in self.orders)]
        for h, r, noise, order in zip(self.h, self.remainder, self.noise, orders, strict=True):
            lines.append(f"{h:>8.0e}{r:>12.2e}{order if r > noise else 'rounding':>10}")
        return "\n".join(lines)


def taylor_test(
    net: Network | Model,
    X: ArrayLike,
    Y: ArrayLike,
    grad: Params | NamedParams | ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    rng: Seed = 0,
) -> TaylorReport:
    """Test a gradient of any size along one random direction d of length 1.

    By Taylor, with the right gradient g

        |C(theta + h d) - C(theta) - h g.d| = h^2/2 |d^T H d| + ...

    and with a wrong one h |(g - dC/dtheta).d| is left. So the remainder falls as h^2 if g is
    right, as h if not, whatever the size of loss and gradient: no tolerance decides. Steps whose
    remainder is below the rounding of the loss are left out (``Rounding``), and kinks are no
    obstacle (each unit keeps its branch, as in `check_gradient`). It costs some 40 passes.
    A mistake in one entry of many shows less than in `check_gradient`, which also says where it is.

    Parameters
    ----------
    net : Network or Model
    X, Y : array of shape (m, n_0) and (m, n_L); of a model as in `train`
    grad : Params, or array of shape (N,), optional
        The gradient to test; backpropagation's by default.
    weights : array of shape (m,), optional
        Of the examples, as in `backprop`.
    rng : int or numpy.random.Generator, optional
        For the direction. It leaves out fixed blocks.

    Returns
    -------
    TaylorReport

    Raises
    ------
    ValueError, TypeError
        Data that do not fit the network.

    Notes
    -----
    The test of adjoint codes, as in Farrell, Ham, Funke and Rognes (2013), doi:10.1137/120873558.

    Examples
    --------
    >>> from pybackprop import backprop
    >>> net = Network([2, 3, 1], rng=0)
    >>> X, Y = [[0.5, 1.0]], [[1.0]]
    >>> grad = backprop(net, X, Y).grad.theta
    >>> bool(taylor_test(net, X, Y)), bool(taylor_test(net, X, Y, 1.01 * grad))
    (True, False)
    """
    X, Y, w, g, _ = checked(net, X, Y, weights, grad)
    d = np.random.default_rng(rng).normal(size=g.size)
    for block in net.fixed:
        d[net.params.blocks[block]] = 0
    d /= np.linalg.norm(d) or 1.0
    h = 10.0 ** (-np.arange(19) / 2)
    reports = []
    with np.errstate(over="ignore", invalid="ignore"):
        here = near(net, X, Y, w)
        noise = SAFETY * (2 * here.rounding.loss + h * np.linalg.norm(here.rounding.grad * d))
        for twin in here.nets:
            C, theta = here.loss(twin), twin.params.theta
            left = [abs(C(theta + step * d) - C(theta) - step * (g @ d)) for step in h.tolist()]
            reports.append(TaylorReport(h, np.array(left), noise))
    return next((report for report in reports if report), reports[0])
