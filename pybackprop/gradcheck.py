"""Numerical gradients, and their comparison with backpropagation's."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_examples
from .initializers import Seed
from .lookup import lookup
from .network import Network, backprop, forward, penalty
from .params import Array

Scalar = Callable[[Array], Any]

FLOOR = 1e-3
"""Entries below this fraction of the largest one are compared on its scale, not on their own."""


def forward_difference(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return (f(theta + h e_i) - f(theta)) / h; error of order h."""
    return (shifted(f, theta, i, h) - f(theta)) / h


def central_difference(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return (f(theta + h e_i) - f(theta - h e_i)) / 2h; error of order h^2."""
    return (shifted(f, theta, i, h) - shifted(f, theta, i, -h)) / (2 * h)


def five_point_difference(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return the central differences of steps h and 2h, combined to cancel the error of order h^2.

    (4 D(h) - D(2h)) / 3; error of order h^4. Source: Abramowitz and Stegun (1964), 25.3.6.
    """
    return (4 * central_difference(f, theta, i, h) - central_difference(f, theta, i, 2 * h)) / 3


def complex_step(f: Scalar, theta: Array, i: int, h: float) -> float:
    """Return Im f(theta + i h e_i) / h; error of order h^2, and no difference that cancels digits.

    Source: Squire and Trapp (1998), doi:10.1137/S003614459631241X.
    """
    return shifted(f, theta.astype(complex), i, 1j * h).imag / h


def shifted(f: Scalar, theta: Array, i: int, step: complex) -> Any:
    """Return f at theta with ``theta[i] + step``."""
    theta = theta.copy()
    theta[i] += step
    return f(theta)


Rule = Callable[[Scalar, Array, int, float], float]
METHODS: dict[str, tuple[Rule, Callable[[float], float]]] = {
    "forward": (forward_difference, lambda eps: eps ** (1 / 2)),
    "central": (central_difference, lambda eps: eps ** (1 / 3)),
    "five_point": (five_point_difference, lambda eps: eps ** (1 / 5)),
    "complex": (complex_step, lambda eps: 1e-30),
}
"""Name -> (rule, step size from machine epsilon that balances truncation and rounding)."""


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
        Unknown method, or a step that is not positive.

    Examples
    --------
    f = x^2 y has the gradient (2xy, x^2):

    >>> numerical_gradient(lambda t: t[0] ** 2 * t[1], [3.0, 2.0], method="complex")
    array([12.,  9.])
    """
    rule, best_step = lookup(METHODS, method, "method")
    theta = np.asarray(theta)
    if theta.dtype.kind not in "fc":
        theta = theta.astype(float)
    if h is None:
        h = best_step(np.finfo(theta.dtype).eps.item())
    if not h > 0:
        raise ValueError(f"h is {h}; the step size must be a positive number, such as 1e-5")
    chosen = np.arange(theta.size) if entries is None else np.asarray(entries)
    return np.array([rule(f, theta, i, h) for i in chosen.tolist()])


def relative_error(a: ArrayLike, b: ArrayLike, floor: float) -> Array:
    """Return |a - b| / max(|a|, |b|, floor) entry by entry; 0 where both are 0.

    >>> relative_error([1.0, 1e-9], [1.25, 0.0], floor=1e-3).tolist()
    [0.2, 1e-06]
    """
    a, b = np.asarray(a), np.asarray(b)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), floor)
    return np.abs(a - b) / np.where(scale == 0, 1, scale)


class GradientReport(NamedTuple):
    """What a gradient check found; prints as a table of the worst entries.

    Attributes
    ----------
    names : list of str
        The entries checked, such as ``"W[2][0, 1]"``.
    backprop, numerical, error : array
        Both gradients, and their relative error, entry by entry.
    method : str
    tolerance : float
    """

    names: list[str]
    backprop: Array
    numerical: Array
    error: Array
    method: str
    tolerance: float

    @property
    def max_relative_error(self) -> float:
        """The largest relative error; NaN where a gradient is NaN."""
        return self.error.max().item()

    @property
    def worst(self) -> str:
        """The entry with the largest error."""
        return self.names[self.error.argmax()]

    @property
    def ok(self) -> bool:
        """Whether every error is below the tolerance."""
        return self.max_relative_error < self.tolerance

    def __str__(self) -> str:
        count = len(self.names)
        wrong = count - np.count_nonzero(self.error < self.tolerance)  # so that NaN counts, too
        verdict = f"DISAGREE in {wrong} of {count}" if wrong else f"agree in all {count}"
        lines = [
            f"backprop and {self.method} {verdict} entries checked",
            f"largest relative error {self.max_relative_error:.1e} at {self.worst} "
            f"(tolerance {self.tolerance:.0e})",
            f"{'entry':<14}{'backprop':>16}{self.method:>16}{'error':>10}",
        ]
        worst_first = np.argsort(-np.nan_to_num(self.error, nan=np.inf), kind="stable")
        for k in worst_first[:5]:
            lines.append(
                f"{self.names[k]:<14}{self.backprop[k]:>16.9f}{self.numerical[k]:>16.9f}"
                f"{self.error[k]:>10.1e}"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def check_gradient(
    net: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    method: str = "central",
    h: float | None = None,
    sample: int | None = None,
    rng: Seed = None,
    tolerance: float | None = None,
    grad: Array | None = None,
) -> GradientReport:
    """Compare backpropagation's gradient with a numerical one.

    The error of an entry is |g - n| / max(|g|, |n|, floor), where floor is a thousandth of the
    gradient's largest entry: entries far below that are lost in the rounding of the others.

    Parameters
    ----------
    net : Network
    X, Y : array of shape (m, n_0) and (m, n_L)
        A few examples are enough; the cost is one ("complex") to four ("five_point") forward
        passes an entry.
    method : {"central", "five_point", "complex", "forward"}, optional
        "complex" and "five_point" reach 1e-10 and better in float64.
    h : float, optional
        Step size; by default the one that suits method and dtype.
    sample : int, optional
        Check this many entries drawn at random (at least one of each layer's weights and biases),
        for large networks.
    rng : int or numpy.random.Generator, optional
        For the sample.
    tolerance : float, optional
        Largest error that still counts as agreement; by default 1e-5 in float64, 1e-1 in float32
        (with "complex" 1e-10 and 1e-3).
    grad : array of shape (N,), optional
        The gradient to check, for one that you worked out yourself; backpropagation's by default.

    Returns
    -------
    GradientReport

    Raises
    ------
    ValueError, TypeError
        Data that do not fit the network, an unknown method, a sample below 1.

    Examples
    --------
    >>> net = Network([2, 3, 1], rng=0)
    >>> report = check_gradient(net, [[0.5, 1.0]], [[1.0]], method="complex")
    >>> report.ok, report.max_relative_error < 1e-12
    (True, True)
    """
    X, Y = check_examples(X, Y, net.sizes, net.dtype, net.loss.name, net.loss.domain)
    if grad is None:
        grad = backprop(net, X, Y).grad.theta
    elif np.shape(grad) != net.params.theta.shape:
        raise ValueError(
            f"grad has shape {np.shape(grad)}; the gradient of {net} has {net.params.theta.shape}"
        )

    def loss(theta: Array) -> Any:
        twin = net.with_params(theta)
        run = forward(twin, X)
        return twin.objective.value(run.z[twin.L], run.a[twin.L], Y) + penalty(twin)

    entries = chosen_entries(net, sample, rng)
    with np.errstate(over="ignore"):
        numerical = numerical_gradient(loss, net.params.theta, method, h, entries)
    mine = np.asarray(grad)[entries]
    floor = FLOOR * np.fmax.reduce(np.abs(grad))  # one NaN does not spoil the other entries
    if tolerance is None:
        loose, tight = (1e-1, 1e-3) if net.dtype == np.float32 else (1e-5, 1e-10)
        tolerance = tight if method == "complex" else loose
    names = [net.params.entry(i) for i in entries.tolist()]
    return GradientReport(
        names, mine, numerical, relative_error(mine, numerical, floor), method, tolerance
    )


def chosen_entries(net: Network, sample: int | None, rng: Seed) -> Array:
    """Return all entries of theta, or a random sample with one from every W[l] and b[l]."""
    count = net.params.theta.size
    if sample is None or sample >= count:
        return np.arange(count)
    if sample < 1:
        raise ValueError(f"sample is {sample}; check at least 1 entry, or leave it out for all")
    generator = np.random.default_rng(rng)
    ends = np.cumsum([view.size for l in net.phi for view in (net.params.W[l], net.params.b[l])])
    one_each = generator.integers(np.r_[0, ends[:-1]], ends)
    others = generator.permutation(np.setdiff1d(np.arange(count), one_each))
    rest = others[: max(0, sample - len(one_each))]
    return np.sort(np.r_[one_each, rest])


def verify(tag: str, computed: Any, expected: Any, tolerance: float = 1e-10) -> None:
    """Assert that both sides of an equation agree, and print the largest error found.

    Shapes must be equal, so that no broadcast hides a mistake. The error is
    |a - b| / max(1, |a|, |b|): relative for large numbers, absolute for small ones.

    Parameters
    ----------
    tag : str
        The equation's tag, such as "BP2".
    computed, expected : array or number, or a sequence of them
        Both sides; sequences are compared item by item, so their items may differ in shape.
    tolerance : float, optional

    Raises
    ------
    AssertionError
        Shapes or values differ; the message says where and by how much.

    Examples
    --------
    >>> verify("square", (1 + 2) ** 2, 1 + 4 + 4)
    square: largest error 0.0e+00
    >>> verify("square", (1 + 2) ** 2, 1 + 4)
    Traceback (most recent call last):
    AssertionError: square does not hold: 9 against 5, error 4.4e-01, tolerance 1e-10
    """
    lists = isinstance(computed, list | tuple) and isinstance(expected, list | tuple)
    left_sides, right_sides = (computed, expected) if lists else ([computed], [expected])
    if len(left_sides) != len(right_sides):
        raise AssertionError(f"{tag}: {len(left_sides)} results against {len(right_sides)}")
    largest = -1.0
    for left, right in zip(left_sides, right_sides, strict=True):
        left, right = np.asarray(left), np.asarray(right)
        if left.shape != right.shape:
            raise AssertionError(f"{tag}: shapes {left.shape} and {right.shape} differ")
        errors = relative_error(left, right, floor=1.0)
        for x, y, error in zip(left.flat, right.flat, errors.flat, strict=True):
            if not error < tolerance:  # so that NaN fails, too
                raise AssertionError(
                    f"{tag} does not hold: {x:g} against {y:g}, "
                    f"error {error:.1e}, tolerance {tolerance:.0e}"
                )
            largest = max(largest, error.item())
    if largest < 0:
        raise AssertionError(f"{tag}: nothing to compare")
    print(f"{tag}: largest error {largest:.1e}")
