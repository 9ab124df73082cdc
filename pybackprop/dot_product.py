"""The dot-product test: each equation of the way back, held against the way forward by itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .initializers import Seed
from .near import SAFETY, checked, has_kink, near
from .network import Network, Trace
from .params import Array
from .report import Report
from .suspects import BP


@dataclass(frozen=True, eq=False, repr=False)
class DotProductReport(Report):
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
        Data that do not fit the network; a model in its place.

    Notes
    -----
    The dot-product test of seismic imaging: Claerbout (1992), Earth Soundings Analysis, chapter 5.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pybackprop import backprop
    >>> net = Network([2, 3, 1], "tanh", rng=0)
    >>> X, Y = [[0.5, 1.0]], [[1.0]]
    >>> trace = backprop(net, X, Y)
    >>> no_slope = trace.delta | {1: trace.delta[2] @ net.params.W[2]}
    >>> dot_product_test(net, X, Y, replace(trace, delta=no_slope)).wrong[0]
    'BP2 delta[1]'
    """
    X, Y, w, _, own = checked(net, X, Y, weights, None)
    if own is None:
        raise TypeError(
            f"net is {net!r}; the equations BP1 to BP4 are a Network's: use pb.check_gradient or "
            "pb.taylor_test for a model"
        )
    trace = own if trace is None else trace
    generator, h, L, eps = np.random.default_rng(rng), 1e-30, net.L, np.finfo(net.dtype).eps
    wide = net.with_params(net.params.theta.astype(float))
    W, z, rows = wide.params.W, {l: one.astype(float) for l, one in own.z.items()}, []
    a = {l: one.astype(float) for l, one in own.a.items()}
    here = near(net, X, Y, w, complex_step=True)
    noise, Y, weights = here.rounding.delta, here.Y, here.weights

    def add(name: str, left: tuple[Array, Array], right: tuple[Array, Array], noise: Array) -> None:
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
