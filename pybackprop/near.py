"""The loss near a network's parameters: free of kinks, and how much of it is rounding.

A kink of relu is no obstacle to a test of the gradient: the loss is measured with every unit kept
on the branch it is on, see `on_branch`. The line between rounding and a mistake is worked out, not
guessed: see `Rounding`.

A model's function is not looked into: its kinks are not known, and its rounding is measured from
outside.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .activations import Activation
from .model import Model, NamedParams
from .network import Network, Trace, backprop, forward, penalty
from .numerical import Scalar
from .params import Array, Params
from .scores import examples

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
    """The loss near theta, in float64, free of a network's kinks.

    Attributes
    ----------
    nets : list of Network or Model
        With every unit kept on the branch of the forward pass. Where some z is 0, or so near that
        rounding decides its sign, two more: all of these on the left, all on the right.
    rounding : Rounding
    """

    nets: list[Network] | list[Model]
    rounding: Rounding
    X: Array
    Y: Array
    weights: Array | None

    def loss(self, net: Network | Model) -> Scalar:
        """Return C as a function of theta."""

        def C(theta: Array) -> Any:
            twin = net.with_params(theta)
            if isinstance(twin, Model):
                return twin.cost(self.X, self.Y, self.weights)
            run = forward(twin, self.X)
            value = twin.objective.value(run.z[twin.L], run.a[twin.L], self.Y, self.weights)
            return value + penalty(twin) if net.penalty else value

        return C


def near(
    net: Network | Model, X: Array, Y: Array, weights: Array | None, complex_step: bool = False
) -> Near:
    """Look at a network around its parameters."""
    if isinstance(net, Model):
        return near_model(net, X, Y, weights)
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


def near_model(net: Model, X: Array, Y: Array, weights: Array | None) -> Near:
    """Look at a model around its parameters.

    Rounding is measured by changing every parameter by eps at random; of a float32 model's gradient
    it is also what it differs from the same one in float64.
    """
    rng, eps = np.random.default_rng(0), np.finfo(net.dtype).eps.item()
    theta = net.params.theta.astype(float)
    X, Y = (array.astype(float) if array.dtype.kind == "f" else array for array in (X, Y))
    wide = net.with_params(theta)
    exact, C = wide.gradient(X, Y, weights).theta, wide.cost(X, Y, weights)
    grads, losses = [], []
    for _ in range(SAMPLES):
        twin = net.with_params(theta * (1 + eps * rng.integers(-1, 2, theta.shape)))
        grads.append(twin.gradient(X, Y, weights).theta)
        losses.append(twin.cost(X, Y, weights))
    lost = np.std(losses).item() * EPS / eps + EPS * abs(C)
    own = np.abs(net.gradient(X, Y, weights).theta - exact)
    noise = Rounding(lost, np.std(grads, axis=0) + own + eps * np.abs(exact), {}, {})
    return Near([wide], noise, X, Y, weights)


def checked(
    net: Network | Model,
    X: ArrayLike,
    Y: ArrayLike,
    weights: ArrayLike | None,
    grad: Params | NamedParams | ArrayLike | None,
) -> tuple[Array, Array, Array | None, Array, Trace | None]:
    """Return data, the gradient to judge in float64, and a network's trace."""
    data = examples(net, X, Y, weights)
    trace = None
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(net, Model):
            own: Params | NamedParams = net.gradient(data.X, data.Y, data.weights)
        else:
            trace = backprop(net, data.X, data.Y, data.weights)
            own = trace.grad
    return data.X, data.Y, data.weights, judged(own if grad is None else grad, net), trace


def judged(grad: Params | NamedParams | ArrayLike, net: Network | Model) -> Array:
    """Return a gradient as a vector in float64, or say that it is none of this network."""
    given = grad.theta if isinstance(grad, Params | NamedParams) else grad
    try:
        g = np.array(given, float)
    except (TypeError, ValueError):
        g, what = np.empty(0), f"is of type {type(grad).__name__}"
    else:
        what = f"has shape {g.shape}"
    if g.shape != net.params.theta.shape:
        raise ValueError(
            f"grad {what}; the gradient of {net} is a vector of shape {net.params.theta.shape}, "
            "or such a thing as its params: pb.backprop(net, X, Y).grad, or model.gradient(X, Y)"
        )
    return g
