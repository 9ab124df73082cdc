"""Is a gradient right? Every entry is measured by itself: which are wrong, and by how much.

`taylor_test` measures all at once along one direction; `dot_product_test` holds each equation of
the backward pass against the forward pass.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_count
from .initializers import Seed
from .lookup import lookup
from .model import Model, NamedParams
from .near import EPS, SAFETY, checked, near
from .network import Network
from .numerical import METHODS, check_step, numerical_gradient
from .params import Array, Params
from .report import GradientReport, block_of
from .suspects import suspected_cause, suspected_in_model


def check_gradient(
    net: Network | Model,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    method: str = "central",
    h: float | None = None,
    sample: int | None = None,
    rng: Seed = None,
    tolerance: float | None = None,
    grad: Params | NamedParams | ArrayLike | None = None,
) -> GradientReport:
    """Compare backpropagation's gradient g with a numerical one, n, entry by entry.

    An entry is right where |g - n| <= tolerance max(|g|, |n|) + noise, with

        noise = 10 (s_g + spread s_C / h) + 2 |n(h) - n(h/4)|

    - s_g, s_C: what rounding does to the gradient and to the loss, that of theta included, measured
      (``Rounding``). The loss is evaluated in float64 for a float32 network, too: it is the same
      function of the same numbers, and only backpropagation's own float32 arithmetic is in s_g.
    - spread: the sum of the factors of the method's formula (central: 1).
    - The last term is the truncation, estimated where an entry would be called wrong without it.
      Without a given h, smaller steps are tried there, too; the one with the least noise counts.

    Kinks (relu at 0) do not disturb: each unit keeps its branch while theta is nudged. Where z is
    0, or so near that rounding decides its sign, the loss is measured with all such units on the
    left branch and with all on the right, and what lies between the two is taken for right. With
    one such layer these are the slopes of both sides; with several a mistake may lie between:
    a little noise on the biases moves the units off. Blocks that are fixed must have the gradient
    0; the penalty is a part of the loss.

    A model is checked out of training (rng is None). What its function is made of is not known:
    where it stands exactly on a kink, as relu does with biases of 0, a right entry may be called
    wrong; a little noise on the parameters moves it off.

    Parameters
    ----------
    net : Network or Model
    X, Y : array of shape (m, n_0) and (m, n_L); of a model as in `train`
        A few examples are enough; the cost is one ("complex") to four ("five_point") forward
        passes an entry.
    weights : array of shape (m,), optional
        Of the examples, as in `backprop`.
    method : {"central", "five_point", "complex", "forward"}, optional
        "complex" and "five_point" reach 1e-10 and better in float64.
    h : float, optional
        Step size; by default the one that suits the method.
    sample : int, optional
        Check this many entries drawn at random (at least one of each layer's weights and biases, of
        each of a model's parameters), for large networks.
    rng : int or numpy.random.Generator, optional
        For the sample.
    tolerance : float, optional
        By default 1e-5, with "complex" 1e-10.
    grad : Params, or array of shape (N,), optional
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
    g, names = g[entries], [net.params.entry(i) for i in entries.tolist()]
    fixed = np.array([block_of(name) in net.fixed for name in names])

    def allowed(n: Array, noise: Array) -> Array:
        return tolerance * np.maximum(np.abs(g), np.abs(n)) + noise

    with np.errstate(over="ignore", invalid="ignore"):
        here = near(net, X, Y, weights, method == "complex")
        s_C, s_g = here.rounding.loss, here.rounding.grad[entries]
        theta = here.nets[0].params.theta

        def measured(twin: Network | Model, h: float, some: Array) -> tuple[Array, Array]:
            """Return the slopes of some of the entries, and their noise without truncation."""
            n = numerical_gradient(here.loss(twin), theta, method, h, entries[some])
            return n, SAFETY * (s_g[some] + chosen.spread * s_C / h)

        def slopes(twin: Network | Model) -> tuple[Array, Array]:
            n, noise = measured(twin, first, np.arange(len(entries)))
            doubtful = np.flatnonzero(np.abs(g - n) > allowed(n, noise))
            least = np.full(len(doubtful), np.inf)
            ladder = [measured(twin, h, doubtful) for h in steps]
            for (wide, rounded), (narrow, _) in pairwise(ladder):
                bound = rounded + 2 * np.abs(wide - narrow)
                better = bound < least
                n[doubtful[better]] = wide[better]
                noise[doubtful[better]] = least[better] = bound[better]
            return n, noise

        found = [slopes(twin) for twin in here.nets]
        sides = [n for n, _ in found]
        low, high = np.min(sides, axis=0), np.max(sides, axis=0)
        n, noise = np.where(fixed, 0, found[0])
        allowance = allowed(n, noise) + np.finfo(net.dtype).tiny
        jumps = np.flatnonzero((high - low > 2 * allowance) & ~fixed).tolist()
    kinks = {names[k]: (low[k].item(), high[k].item()) for k in jumps}
    report = GradientReport(names, g, n, allowance, kinks, method, tolerance)
    if report:
        return report
    if isinstance(net, Network) and trace:
        return replace(report, cause=suspected_cause(net, trace, entries, report))
    return replace(report, cause=suspected_in_model(report, net.fixed))


def chosen_entries(net: Network | Model, sample: int | None, rng: Seed) -> Array:
    """Return all entries of theta, or a random sample with one from every block."""
    count = net.params.theta.size
    if sample is None:
        return np.arange(count)
    check_count("sample", sample)
    generator = np.random.default_rng(rng)
    blocks = [(w.start, w.stop) for w in net.params.blocks.values() if w.start < w.stop]
    starts, ends = np.transpose(blocks)
    one_each = generator.integers(starts, ends)
    others = generator.permutation(np.setdiff1d(np.arange(count), one_each))
    rest = others[: max(0, sample - len(one_each))]
    return np.sort(np.r_[one_each, rest])
