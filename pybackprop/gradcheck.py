"""Is a gradient right? Numerical gradients, and three tests that compare with them.

- `check_gradient` measures every entry by itself: it says which are wrong, and by how much.
- `taylor_test` measures all at once along one direction, and needs no tolerance.
- `dot_product_test` holds each equation of the backward pass against the forward pass by itself.

The line between rounding and a mistake is worked out, not guessed: see ``Rounding``. A kink of relu
is no obstacle: the loss is measured with every unit kept on the branch it is on, see `on_branch`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .activations import Activation
from .checks import check_count, check_examples, check_positive, check_weights
from .initializers import Seed
from .lookup import lookup
from .network import Network, Trace, backprop, forward, penalty
from .params import Array, Params

Scalar = Callable[[Array], Any]

# Numerical gradients


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


def relative_error(a: ArrayLike, b: ArrayLike, floor: float) -> Array:
    """Return |a - b| / max(|a|, |b|, floor) entry by entry; 0 where both are 0.

    >>> relative_error([1.0, 1e-9], [1.25, 0.0], floor=1e-3).tolist()
    [0.2, 1e-06]
    """
    a, b = np.asarray(a), np.asarray(b)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), floor)
    return np.asarray(np.abs(a - b) / np.where(scale == 0, 1, scale))


# The loss near theta: on one branch of each kink, and how much of it is rounding

SAFETY = 10
"""Rounding may be this many times what it usually is."""
SAMPLES = 12
EPS = np.finfo(float).eps.item()


def slopes_at_zero(phi: Activation) -> tuple[float, float]:
    """Return the slopes of an activation left and right of z = 0, measured.

    >>> from pybackprop import ACTIVATIONS
    >>> slopes_at_zero(ACTIVATIONS["relu"])
    (0.0, 1.0)
    """
    t = 2.0**-20
    low, mid, high = phi.f(np.array([[-t, 0.0, t]]))[0].tolist()
    return (mid - low) / t, (high - mid) / t


def has_kink(phi: Activation) -> bool:
    """Return whether the slope of an activation jumps at z = 0."""
    if phi.mixing:
        return False
    left, right = slopes_at_zero(phi)
    return abs(left - right) > 1e-3 * max(abs(left), abs(right))


def on_branch(phi: Activation, right: Array) -> Activation:
    """Return an activation whose units keep their side of the kink; ``right`` says where z > 0.

    Past the kink each goes on in a straight line. Near theta, where no z changes its sign, nothing
    is changed: so the derivative at theta is the same, and no nudge meets a corner.
    """
    left_slope, right_slope = slopes_at_zero(phi)
    slope = np.where(right, right_slope, left_slope)
    middle = phi.f(np.zeros((1, 1)))

    def f(z: Array) -> Array:
        return np.where((z.real > 0) == right, phi.f(z), middle + slope * z)

    def derivative(z: Array, a: Array) -> Array:
        return np.where((z.real > 0) == right, phi.derivative(z, a), slope)

    return replace(phi, f=f, derivative=derivative)


def with_activations(net: Network, phi: dict[int, Activation], theta: Array) -> Network:
    """Return the network with other activations and parameters."""
    twin = net.with_params(theta)
    twin.__dict__.update(phi=phi, objective=replace(net.objective, activation=phi[net.L]))
    return twin


def with_branches(net: Network, sides: dict[int, Array], theta: Array) -> Network:
    """Return the network with the units of some layers kept on their sides of the kink."""
    kept = {l: on_branch(net.phi[l], right) for l, right in sides.items()}
    return with_activations(net, dict(net.phi) | kept, theta)


@dataclass(frozen=True, eq=False)
class Rounding:
    """How much rounding changes the loss, the gradient and each z of a network.

    Measured: `SAMPLES` times, every parameter, every a and every phi' is changed at random by eps
    (relative for parameters and a, absolute for phi', which is often a difference like 1 - a^2),
    half of the a and phi' are computed in float32 for a float32 network, with complex numbers for
    the complex step, and the changes run through the network as rounding errors do. What is kept
    is the standard deviation. So it knows the size of the loss and of the sums behind it, the
    depth, what cancels, and the dtype. It does not shrink with the gradient.

    Source: Parker (1997), Monte Carlo arithmetic, UCLA CSD-970002.

    Attributes
    ----------
    loss : float
        Of C in float64, in which it is evaluated whatever the network's dtype.
    grad : array of shape (N,)
        Of backpropagation in the network's own dtype; eps sum |delta| |a| included, for its sums.
    z, delta : dict of int to array of shape (m, n_l)
        Of each z and each delta, in the network's dtype.
    """

    loss: float
    grad: Array
    z: dict[int, Array]
    delta: dict[int, Array]


def rounding(
    net: Network, X: Array, Y: Array, weights: Array | None, dtype: Any, other: Any
) -> Rounding:
    """Measure the rounding of a float64 network as if it were computed in another dtype."""
    rng, eps = np.random.default_rng(0), np.finfo(dtype).eps.item()

    def bits(like: Array) -> Array:
        return rng.integers(0, 2, like.shape)

    def changed(a: Array) -> Array:
        return np.asarray(a * (1 - eps * bits(a)))

    def either(function: Callable[..., Array], *arrays: Array) -> Array:
        """Return the function's values, half of them worked out in the other number type."""
        plain = function(*arrays)
        if other is float:
            return plain
        try:
            again = np.real(function(*(array.astype(other) for array in arrays)))
        except TypeError:  # a derivative of the reader's own that takes no complex numbers
            return plain
        return np.where(bits(plain), plain, again)

    def jittered(phi: Activation) -> Activation:
        def derivative(z: Array, a: Array) -> Array:
            return np.asarray(either(phi.derivative, z, a) - eps * bits(z))

        return replace(phi, f=lambda z: changed(either(phi.f, z)), derivative=derivative)

    phi = {l: jittered(one) for l, one in net.phi.items()}
    runs = [
        backprop(with_activations(net, phi, changed(net.params.theta)), X, Y, weights)
        for _ in range(SAMPLES)
    ]
    exact = backprop(net, X, Y, weights)
    sums = Params(net.sizes)
    for l, delta in exact.delta.items():
        sums.b[l] = np.abs(delta).sum(axis=0)
        sums.W[l] = np.abs(delta).T @ np.abs(exact.a[l - 1])
    share = EPS / eps
    return Rounding(
        np.std([run.loss for run in runs]).item() * share + EPS * abs(exact.loss),
        np.std([run.grad.theta for run in runs], axis=0) + eps * sums.theta,
        {l: np.std([run.z[l] for run in runs], axis=0) for l in net.phi},
        {l: np.std([run.delta[l] for run in runs], axis=0) for l in net.phi},
    )


@dataclass(frozen=True, eq=False)
class Near:
    """The loss near theta, in float64, free of kinks.

    Attributes
    ----------
    nets : list of Network
        With every unit kept on the branch of the forward pass. Where some z is 0, or so near that
        rounding decides its sign, two more: all of these on the left, all on the right.
    rounding : Rounding
    """

    nets: list[Network]
    rounding: Rounding
    X: Array
    Y: Array
    weights: Array | None

    def loss(self, net: Network) -> Scalar:
        """Return C as a function of theta."""

        def C(theta: Array) -> Any:
            twin = net.with_params(theta)
            run = forward(twin, self.X)
            value = twin.objective.value(run.z[twin.L], run.a[twin.L], self.Y, self.weights)
            return value + penalty(twin) if net.penalty else value

        return C


def near(
    net: Network, X: Array, Y: Array, weights: Array | None, complex_step: bool = False
) -> Near:
    """Look at a network around its parameters."""
    other = np.float32 if net.dtype == np.float32 else complex if complex_step else float
    theta, z = net.params.theta.astype(float), forward(net, X).z
    X, Y = X.astype(float), Y.astype(float)
    weights = None if weights is None else weights.astype(float)
    sides = {l: z[l] > 0 for l in net.phi if has_kink(net.phi[l])}
    own = with_branches(net, sides, theta)
    noise = rounding(own, X, Y, weights, net.dtype, other)
    at_kink = {l: np.abs(z[l]) <= SAFETY * noise.z[l] for l in sides}
    nets = [own]
    if any(units.any() for units in at_kink.values()):
        for side in (False, True):
            turned = {l: np.where(at_kink[l], side, right) for l, right in sides.items()}
            nets.append(with_branches(net, turned, theta))
    return Near(nets, noise, X, Y, weights)


# The check, entry by entry


@dataclass(frozen=True, eq=False)
class GradientReport:
    """What a gradient check found: true if the gradient is right. Prints the worst entries.

    Attributes
    ----------
    names : list of str
        The entries checked, such as ``"W[2][0, 1]"``.
    backprop, numerical : array
        Both gradients, entry by entry.
    allowance : array
        How far apart they may be.
    kinks : dict of str to (float, float)
        Entries that move a z of 0 off its kink: any slope between the two is right. The difference
        of such an entry is its distance from them.
    method : str
    tolerance : float
        The relative part of the allowance.
    cause : str
        What the pattern of wrong entries points to, and what to try; empty where all is right.

    Examples
    --------
    >>> net = Network([2, 3, 1], rng=0)
    >>> grad = 2 * backprop(net, [[0.5, 1.0]], [[1.0]]).grad.theta
    >>> report = check_gradient(net, [[0.5, 1.0]], [[1.0]], grad=grad)
    >>> bool(report), report.blocks[:2]
    (False, ['W[1]', 'b[1]'])
    """

    names: list[str]
    backprop: Array
    numerical: Array
    allowance: Array
    kinks: dict[str, tuple[float, float]]
    method: str
    tolerance: float
    cause: str = ""

    @property
    def difference(self) -> Array:
        """How far apart the two are; at a kink, how far outside of what is right."""
        found = np.asarray(np.abs(self.backprop - self.numerical))
        for name, (low, high) in self.kinks.items():
            k = self.names.index(name)
            found[k] = np.maximum(0, np.maximum(low - self.backprop[k], self.backprop[k] - high))
        return found

    @property
    def wrong(self) -> Array:
        """Which entries differ by more than the allowance, or are no finite number."""
        with np.errstate(invalid="ignore"):
            return ~((self.difference <= self.allowance) & np.isfinite(self.difference))

    @property
    def ok(self) -> bool:
        """Whether no entry is wrong."""
        return not self.wrong.any()

    def __bool__(self) -> bool:
        return self.ok

    @property
    def blocks(self) -> list[str]:
        """The blocks with a wrong entry, such as ``["W[1]", "b[1]"]``."""
        return list(dict.fromkeys(block_of(self.names[k]) for k in np.flatnonzero(self.wrong)))

    @property
    def error(self) -> Array:
        """The difference over max(|g|, |n|), or over a thousandth of the largest, if that is more.

        For looking at, as over the step size: what is small, or rounding, is only in the allowance.
        """
        largest = np.fmax(np.abs(self.backprop), np.abs(self.numerical))
        scale = np.maximum(largest, 1e-3 * np.fmax.reduce(largest))
        return self.difference / np.where(scale == 0, 1, scale)

    @property
    def max_relative_error(self) -> float:
        """The largest of ``error``; NaN where a gradient is NaN."""
        return float(self.error.max())

    @property
    def worst(self) -> str:
        """The entry that exceeds its allowance most, or comes closest to it."""
        return self.names[int(self._worst_first()[0])]

    def _worst_first(self) -> Array:
        ratio = self.difference / np.maximum(self.allowance, np.finfo(float).tiny)
        return np.argsort(-np.nan_to_num(ratio, nan=np.inf), kind="stable")

    def __str__(self) -> str:
        count, wrong = len(self.names), self.wrong.sum()
        verdict = f"DISAGREE in {wrong} of {count}" if wrong else f"agree in all {count}"
        lines = [f"backprop and {self.method} {verdict} entries checked"]
        if wrong:
            lines[0] += f": {' '.join(self.blocks)}"
        worst = self._worst_first()
        rows = [k for k in worst if (self.wrong[k] if wrong else self.names[k] not in self.kinks)]
        digits = enough_digits(self.backprop[rows[:5]], self.numerical[rows[:5]]) if wrong else 6
        wide = digits + 8
        lines.append(f"{'entry':<14}{'backprop':>{wide}}{self.method:>{wide}}  difference  allowed")
        for k in rows[:5]:
            lines.append(
                f"{self.names[k]:<14}{self.backprop[k]:>{wide}.{digits}e}"
                f"{self.numerical[k]:>{wide}.{digits}e}{self.difference[k]:>12.1e}"
                f"{self.allowance[k]:>9.0e}"
            )
        if wrong > 5:
            lines.append(f"and {wrong - 5} more")
        if self.kinks:
            lines.append("at a kink (z = 0): any slope from the left to the right one is right")
            for name, (low, high) in list(self.kinks.items())[:5]:
                g = self.backprop[self.names.index(name)]
                lines.append(f"{name:<14}{g:>14.6e}    from {low:13.6e} to {high:13.6e}")
            if len(self.kinks) > 5:
                lines.append(f"and {len(self.kinks) - 5} more entries at a kink")
        return "\n".join([*lines, *wrap(self.cause, 80)])

    def __repr__(self) -> str:
        return str(self)


def block_of(name: str) -> str:
    """Return the block of an entry's name.

    >>> block_of("W[12][0, 1]")
    'W[12]'
    """
    return name[: name.index("]") + 1]


def enough_digits(a: Array, b: Array) -> int:
    """Return how many decimals show that the numbers differ: 6, or more where they are close."""
    for digits in range(6, 15):
        if all(f"{x:.{digits}e}" != f"{y:.{digits}e}" or x == y for x, y in zip(a, b, strict=True)):
            return digits
    return 6


def check_gradient(
    net: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    method: str = "central",
    h: float | None = None,
    sample: int | None = None,
    rng: Seed = None,
    tolerance: float | None = None,
    grad: ArrayLike | None = None,
) -> GradientReport:
    """Compare backpropagation's gradient g with a numerical one, n, entry by entry.

    An entry is right where |g - n| <= tolerance max(|g|, |n|) + noise, with

        noise = 10 (s_g + spread (s_C + eps |theta n|) / h) + 2 |n(h) - n(h/4)|

    - s_g, s_C: what rounding does to the gradient and to the loss, measured (``Rounding``). The
      loss is evaluated in float64 for a float32 network, too: it is the same function of the same
      numbers, and only backpropagation's own float32 arithmetic is left in s_g.
    - spread: the sum of the factors of the method's formula (central: 1); eps |theta n|: theta + h
      is rounded, too.
    - The last term is the truncation, estimated where an entry would be called wrong without it.
      Without a given h, smaller steps are tried there, too; the one with the least noise counts.

    Kinks (relu at 0) do not disturb: each unit keeps its branch while theta is nudged. Where z is
    0, or so near that rounding decides its sign, the entry is right between the slopes of both
    sides. Blocks that are fixed must have the gradient 0; the penalty is a part of the loss.

    Parameters
    ----------
    net : Network
    X, Y : array of shape (m, n_0) and (m, n_L)
        A few examples are enough; the cost is one ("complex") to four ("five_point") forward
        passes an entry.
    weights : array of shape (m,), optional
        Of the examples, as in `backprop`.
    method : {"central", "five_point", "complex", "forward"}, optional
        "complex" and "five_point" reach 1e-10 and better in float64.
    h : float, optional
        Step size; by default the one that suits the method.
    sample : int, optional
        Check this many entries drawn at random (at least one of each layer's weights and biases),
        for large networks.
    rng : int or numpy.random.Generator, optional
        For the sample.
    tolerance : float, optional
        By default 1e-5, with "complex" 1e-10.
    grad : array of shape (N,), optional
        The gradient to check, for one that you worked out yourself; backpropagation's by default.

    Returns
    -------
    GradientReport
        True if the gradient is right: ``assert check_gradient(...)`` means what it says.

    Raises
    ------
    ValueError, TypeError
        Data that do not fit the network, an unknown method, a sample below 1.

    Examples
    --------
    >>> net = Network([2, 3, 1], rng=0)
    >>> report = check_gradient(net, [[0.5, 1.0]], [[1.0]], method="complex")
    >>> bool(report), report.max_relative_error < 1e-12
    (True, True)
    """
    X, Y, weights, g, trace = checked(net, X, Y, weights, grad)
    chosen = lookup(METHODS, method, "method")
    first = chosen.step(EPS) if h is None else check_step(h)
    steps = [first / 4**k for k in range(4 if h is None else 2)]
    tolerance = (1e-10 if method == "complex" else 1e-5) if tolerance is None else tolerance
    entries = chosen_entries(net, sample, rng)
    g = g[entries]
    with np.errstate(over="ignore", invalid="ignore"):
        here = near(net, X, Y, weights, method == "complex")
        s_C, s_g = here.rounding.loss, here.rounding.grad[entries]
        theta = here.nets[0].params.theta

        def measured(k: int, index: Array, twin: Network) -> tuple[Array, Array]:
            """Return slopes with the k-th step, and their noise without truncation."""
            n = numerical_gradient(here.loss(twin), theta, method, steps[k], index)
            lost = s_C + EPS * np.abs(theta[index] * n)
            s = s_g[np.searchsorted(entries, index)] + chosen.spread * lost / steps[k]
            return n, SAFETY * s

        def slopes(twin: Network) -> tuple[Array, Array]:
            n, noise = measured(0, entries, twin)
            off = np.abs(g - n) > tolerance * np.maximum(np.abs(g), np.abs(n)) + noise
            doubtful = np.flatnonzero(off)
            if not len(doubtful):
                return n, noise
            ladder = [measured(k, entries[doubtful], twin) for k in range(len(steps))]
            least = np.full(len(doubtful), np.inf)
            for (wide, rounded), (narrow, _) in zip(ladder, ladder[1:], strict=False):
                bound = rounded + 2 * np.abs(wide - narrow)
                better = bound < least
                n[doubtful[better]] = wide[better]
                noise[doubtful[better]] = least[better] = bound[better]
            return n, noise

        found = [slopes(twin) for twin in here.nets]
    n, noise = found[0]
    fixed = np.isin([block_of(net.params.entry(i)) for i in entries.tolist()], net.fixed)
    names = [net.params.entry(i) for i in entries.tolist()]
    n, noise = np.where(fixed, 0, n), np.where(fixed, 0, noise)
    allowance = tolerance * np.maximum(np.abs(g), np.abs(n)) + noise + np.finfo(net.dtype).tiny
    kinks = {}
    if len(found) > 1:
        low, high = np.min([n for n, _ in found], axis=0), np.max([n for n, _ in found], axis=0)
        for k in np.flatnonzero((high - low > 2 * allowance) & ~fixed).tolist():
            kinks[names[k]] = (low[k].item(), high[k].item())
    report = GradientReport(names, g, n, allowance, kinks, method, tolerance)
    if report:
        return report
    return replace(report, cause=suspected_cause(net, trace, entries, report))


def checked(
    net: Network, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None, grad: ArrayLike | None
) -> tuple[Array, Array, Array | None, Array, Trace]:
    """Return data, the gradient to judge in float64, and backpropagation's trace."""
    X, Y = check_examples(X, Y, net.sizes, net.dtype, net.loss.name, net.loss.domain)
    w = check_weights(weights, len(X), net.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        trace = backprop(net, X, Y, w)
    if grad is None:
        grad = trace.grad.theta
    elif np.shape(grad) != net.params.theta.shape:
        raise ValueError(
            f"grad has shape {np.shape(grad)}; the gradient of {net} has {net.params.theta.shape}"
        )
    return X, Y, w, np.array(grad, float), trace


def chosen_entries(net: Network, sample: int | None, rng: Seed) -> Array:
    """Return all entries of theta, or a random sample with one from every W[l] and b[l]."""
    count = net.params.theta.size
    if sample is None or check_count("sample", sample) >= count:
        return np.arange(count)
    generator = np.random.default_rng(rng)
    starts, ends = np.transpose([(w.start, w.stop) for w in net.params.blocks.values()])
    one_each = generator.integers(starts, ends)
    others = generator.permutation(np.setdiff1d(np.arange(count), one_each))
    rest = others[: max(0, sample - len(one_each))]
    return np.sort(np.r_[one_each, rest])


# What a pattern of wrong entries points to


def suspected_cause(net: Network, trace: Trace, entries: Array, report: GradientReport) -> str:
    """Return what the wrong entries have in common, and what to try next.

    Guesses that can be worked out are worked out: a gradient with the suspected mistake, from the
    deltas of backpropagation, is held against the one that is judged.
    """
    g, n, off, L = report.backprop, report.numerical, report.blocks, net.L
    blocks = np.array([block_of(name) for name in report.names])
    here = np.isin(blocks, off)
    theta, m = net.params.theta[entries].astype(float), len(trace.y)
    letters, layers = {block[0] for block in off}, {int(block[2:-1]) for block in off}
    silent = {block for block in net.params.blocks if not n[blocks == block].any()}
    top = max(layers)
    lower = {f"{letter}[{l}]" for letter in "Wb" for l in range(1, top + 1)}

    def same(a: Array, b: Array) -> bool:
        return bool(np.abs(a - b).max(initial=0) <= 1e-3 * np.abs(b).max(initial=0))

    def fits(block: str, values: Array) -> bool:
        """Return whether the judged gradient has these values in a block."""
        at = blocks == block
        guess = np.ravel(values)[entries[at] - net.params.blocks[block].start]
        return bool(at.any()) and same(g[at], guess)

    if not np.isfinite(g).all():
        return (
            "suspect: an overflow, or 0/0, in the backward pass. Try inputs and weights of size 1, "
            "and the loss on logits"
        )
    if not np.isfinite(n[here]).all():
        return "suspect: the loss itself is no finite number there. Try smaller inputs and weights"
    if set(off) <= set(net.fixed):
        return f"suspect: {' '.join(off)} fixed: a constant's gradient is 0. Set it to 0"
    for letter in letters if len(letters) == 1 else ():
        share = (g - n)[here] @ theta[here] / max(theta[here] @ theta[here], 1e-300)
        if same((g - n)[here], share * theta[here]) and here.sum() > 2:
            what = f"{share:+.4g} times {letter} itself"
            if letter == "W" and np.isclose(share, -net.penalty, rtol=1e-3):
                what += ": the penalty's slope, lambda W, is missing"
            return (
                f"suspect: {' '.join(off)} are off by {what}. Look at the penalty in {BP[letter]}"
            )
    if report.wrong.sum() == 1 and here.sum() > 1:
        return f"suspect: {report.worst} alone ({BP[off[0][0]]}). Look for what writes there"
    if "W" not in letters:
        if all(fits(f"b[{l}]", trace.delta[l].mean(axis=0)) for l in layers) and m > 1:
            return "suspect: BP3, a mean over the batch for the sum. Try delta.sum(axis=0)"
        if all(fits(f"b[{l}]", np.full(net.sizes[l], trace.delta[l].sum())) for l in layers):
            return "suspect: BP3, a sum over all of delta. Try delta.sum(axis=0)"
    length = n[here] @ n[here]
    factor = g[here] @ n[here] / length if length else 0.0
    everywhere = set(off) | silent >= set(net.params.blocks)
    place = (
        "BP1 or the loss's convention" if everywhere
        else BP[letters.pop()] if len(letters) == 1
        else f"BP2, from layer {top + 1} to {top}" if set(off) | silent >= lower and top < L
        else f"delta[{top}]"
    )  # fmt: skip
    if not g[here].any():
        return f"suspect: {place}: {' '.join(off)} 0. Look whether anything is written there"
    if np.count_nonzero(n[here]) > 1 and same(g[here], factor * n[here]):
        return (
            f"suspect: one factor, {factor:.6g}{known_factor(factor, m, net.sizes[L])}, in {place}"
        )
    delta, z, a, W = trace.delta, trace.z, trace.a, net.params.W
    if place.startswith("BP2"):
        phi, back = net.phi[top], delta[top + 1] @ W[top + 1]
        guesses = {
            "the slope phi'(z) is missing": back,
            "the slope is taken at a, not at z": back * phi.derivative(a[top], phi.f(a[top])),
        }
        if net.sizes[top] == net.sizes[top + 1]:
            slope = phi.derivative(z[top], a[top])
            guesses[f"W[{top + 1}] is transposed"] = delta[top + 1] @ W[top + 1].T * slope
        for what, values in guesses.items():
            if fits(f"b[{top}]", values.sum(axis=0)):
                return f"suspect: {place}: {what}"
        return (
            f"suspect: {place}: slope, transpose, or a W[{top + 1}] that was updated too early. "
            "Try dot_product_test with your deltas"
        )
    if set(off) | silent >= lower and top == L:
        guesses = {
            "the slope of the output is in it twice": net.phi[L].pullback(z[L], a[L], delta[L]),
            "the slope of the output is missing": net.loss.gradient(a[L], trace.y),
        }
        for what, values in guesses.items():
            if fits(f"b[{L}]", values.sum(axis=0)):
                return f"suspect: BP1, delta[{L}]: {what}"
        return f"suspect: BP1, delta[{L}]: all is off, by no common factor. Work out dC/dz by hand"
    if place == BP["W"]:
        for l in layers:
            at = blocks == f"W[{l}]"
            if net.sizes[l] == net.sizes[l - 1] and at.sum() == W[l].size:
                if fits(f"W[{l}]", n[at].reshape(W[l].shape).T):
                    return f"suspect: BP4: the gradient of W[{l}] is transposed"
                if fits(f"W[{l}]", delta[l].T @ a[l]):
                    return f"suspect: BP4: a[{l}] in place of a[{l - 1}] in W[{l}]"
            if l > 1 and fits(f"W[{l}]", delta[l].T @ z[l - 1]):
                return f"suspect: BP4: z[{l - 1}] in place of a[{l - 1}] in W[{l}]"
        return f"suspect: BP4 of {' '.join(off)}: old activations, or the wrong layer's"
    if place == BP["b"]:
        return f"suspect: BP3 of {' '.join(off)}: the wrong axis, or old deltas"
    return f"suspect: several mistakes. Start with the highest layer, {off[-1]}"


BP = {"W": "BP4", "b": "BP3"}


def known_factor(factor: float, m: int, outputs: int) -> str:
    """Return where a factor is likely to come from.

    >>> known_factor(-1.0, 5, 1)
    ' (the sign)'
    """
    known = {
        "the sign": -1.0,
        "the 2 of a square": 2.0,
        "the half of a square": 0.5,
        "m: a sum over the batch for the mean": m,
        "1/m: the mean taken twice": 1 / m,
        "the number of outputs": outputs,
        "1 over the number of outputs": 1 / outputs,
    }
    found = [what for what, value in known.items() if np.isclose(factor, value, rtol=1e-3)]
    return f" ({', or '.join(found)})" if found else ""


# Two tests without a tolerance


@dataclass(frozen=True, eq=False)
class TaylorReport:
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

    def __bool__(self) -> bool:
        return self.ok

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

    def __repr__(self) -> str:
        return str(self)


def taylor_test(
    net: Network,
    X: ArrayLike,
    Y: ArrayLike,
    grad: ArrayLike | None = None,
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
    net : Network
    X, Y : array of shape (m, n_0) and (m, n_L)
    grad : array of shape (N,), optional
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


@dataclass(frozen=True, eq=False)
class DotProductReport:
    """What a dot-product test found: true if every equation holds. Prints a table.

    Attributes
    ----------
    names : list of str
        The equation and what it makes, such as ``"BP2 delta[1]"``, in the order of the way back.
    forward, backward : array
        <J v, w> and <v, J' w> of each.
    allowance : array
        How far apart they may be by rounding.
    """

    names: list[str]
    forward: Array
    backward: Array
    allowance: Array

    @property
    def wrong(self) -> list[str]:
        """The equations that do not hold."""
        holds = np.abs(self.forward - self.backward) <= self.allowance
        return [name for name, good in zip(self.names, holds, strict=True) if not good]

    @property
    def ok(self) -> bool:
        """Whether all hold."""
        return not self.wrong

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        wrong = self.wrong
        lines = [
            f"does NOT hold: {', '.join(wrong)}" if wrong else "every equation holds",
            f"{'equation':<16}{'<J v, w>':>16}{'<v, J^T w>':>16}{'difference':>12}",
        ]
        for name, left, right in zip(self.names, self.forward, self.backward, strict=True):
            off = "  WRONG" if name in wrong else ""
            lines.append(f"{name:<16}{left:>16.8e}{right:>16.8e}{abs(left - right):>12.1e}{off}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def dot_product_test(
    net: Network,
    X: ArrayLike,
    Y: ArrayLike,
    trace: Trace | None = None,
    *,
    weights: ArrayLike | None = None,
    rng: Seed = 0,
) -> DotProductReport:
    """Hold each equation of the way back against the way forward, by itself.

    The way back through a layer is the transposed Jacobian of the way forward. Without writing
    either down, for any v and w

        <J v, w> = <v, J^T w>

    Here w is the delta above, v is random, J v comes from the forward pass by a complex step, and
    J^T w is what the trace holds:

        BP1  Im C(z[L] + ihv) / h                   = <v, delta[L]>
        BP2  <Im z[l+1](z[l] + ihv) / h, delta[l+1]> = <v, delta[l]>
        BP3  <v, delta[l]> summed over the batch    = <v, dC/db[l]>
        BP4  <a[l-1] v^T, delta[l]>                 = <v, dC/dW[l] - lambda W[l]>

    Each equation starts from the trace's own delta. So a mistake shows in its own layer and
    nowhere below: where `check_gradient` finds everything below wrong, this names the first.
    The forward pass must be analytic, as for the complex step of `check_gradient`: all that the
    package has is. Both sides are equal up to rounding: 100 eps times the sum of the absolute
    products, and what ``Rounding`` finds for delta.

    Parameters
    ----------
    net : Network
    X, Y : array of shape (m, n_0) and (m, n_L)
    trace : Trace, optional
        The deltas and the gradient to test; backpropagation's by default. For your own:
        ``dataclasses.replace(pb.backprop(net, X, Y), delta=delta, grad=grad)``.
    weights : array of shape (m,), optional
        Of the examples, as in `backprop`.
    rng : int or numpy.random.Generator, optional
        For the vectors v. They do not move what stands exactly on a kink.

    Returns
    -------
    DotProductReport

    Raises
    ------
    ValueError, TypeError
        Data that do not fit the network.

    Notes
    -----
    The dot-product test of seismic imaging: Claerbout (1992), Earth Soundings Analysis, chapter 5.

    Examples
    --------
    >>> from dataclasses import replace
    >>> net = Network([2, 3, 1], "tanh", rng=0)
    >>> X, Y = [[0.5, 1.0]], [[1.0]]
    >>> trace = backprop(net, X, Y)
    >>> no_slope = trace.delta | {1: trace.delta[2] @ net.params.W[2]}
    >>> dot_product_test(net, X, Y, replace(trace, delta=no_slope)).wrong[0]
    'BP2 delta[1]'
    """
    X, Y, w, _, own = checked(net, X, Y, weights, None)
    trace = own if trace is None else trace
    generator, h, L, eps = np.random.default_rng(rng), 1e-30, net.L, np.finfo(net.dtype).eps
    wide = net.with_params(net.params.theta.astype(float))
    W, z, rows = wide.params.W, {l: one.astype(float) for l, one in own.z.items()}, []
    a = {l: one.astype(float) for l, one in own.a.items()}
    here = near(net, X, Y, w, complex_step=True)
    noise, Y, weights = here.rounding.delta, here.Y, here.weights

    def add(
        name: str, left: tuple[Array, Array], right: tuple[Array, Array], noise: Any = 0.0
    ) -> None:
        terms = [np.multiply(*pair).astype(float) for pair in (left, right)]
        size = sum(np.abs(term).sum() for term in terms)
        allowed = 100 * eps * size + SAFETY * np.linalg.norm(right[0] * noise)
        rows.append((name, terms[0].sum(), terms[1].sum(), allowed))

    for l in range(L, 0, -1):
        phi, delta = net.phi[l], trace.delta[l]
        v = generator.normal(size=z[l].shape)
        if has_kink(phi):
            v[z[l] == 0] = 0
        nudged = z[l] + 1j * h * v
        if l == L:
            C = wide.objective.value(nudged, phi.f(nudged), Y, weights)
            add(f"BP1 delta[{l}]", (np.imag(C) / h, np.ones(1)), (v, delta), noise[l])
        else:
            Jv = (phi.f(nudged) @ W[l + 1].T).imag / h
            add(f"BP2 delta[{l}]", (Jv, trace.delta[l + 1]), (v, delta), noise[l])
        for letter, values in (("b", np.ones((len(a[0]), 1))), ("W", a[l - 1])):
            block = f"{letter}[{l}]"
            if block in net.fixed:
                continue
            made = trace.grad.b[l][:, None] if letter == "b" else trace.grad.W[l]
            shrink = net.penalty * W[l] if letter == "W" else np.zeros(1)
            v = generator.normal(size=made.shape)
            add(f"{BP[letter]} {block}", (values @ v.T, delta), (v, made - shrink), eps * shrink)
    names, left, right, allowance = zip(*rows, strict=True)
    return DotProductReport(list(names), np.array(left), np.array(right), np.array(allowance))


# An equation on a page


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
