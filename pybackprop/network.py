"""The network: forward pass and backpropagation.

Notation, the same as in the book. Layers are numbered 1..L and layer 0 is the input; layer l has
n_l units. A batch is rows: X has shape (m, n_0), and z[l], a[l] and delta[l] have shape (m, n_l).

    z[l] = a[l-1] W[l]^T + b[l]                       FP1
    a[l] = phi_l(z[l]),  a[0] = X                     FP2
    delta[L] = dC/dz[L]                               BP1
    delta[l] = (delta[l+1] W[l+1]) pulled back        BP2
    dC/db[l] = sum of delta[l] over the batch         BP3
    dC/dW[l] = delta[l]^T a[l-1]                      BP4

Source of the four equations: Rumelhart, Hinton and Williams (1986), doi:10.1038/323533a0; their
numbering follows Nielsen (2015), Neural Networks and Deep Learning, chapter 2.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .activations import ACTIVATIONS, Activation
from .lookup import lookup
from .losses import Objective, check_targets, get_loss, objective
from .params import Array, Params

# A step makes some arrays per layer and frees them. Beyond a threshold glibc hands freed memory
# back to the system, and the next step pays for every page anew: a sixth of its time at
# 784-1024-1024-10. The threshold follows the largest block freed so far, up to 32 MB; this one is
# never touched.
np.empty(0x1FFE000, np.uint8)

# Both are the product of two matrices, as ``@``. On small ones dot takes half the time (the method
# again a fifth less than np.dot); where it is given an array to write to, it fills that with zeros
# first, and for large weights that shows.
dot, matmul = np.ndarray.dot, np.matmul


@cache
def row_of_ones(m: int, dtype: np.dtype[Any]) -> Array:
    """Return ones of shape (1, m), whose product with a matrix is the sum of its rows."""
    return np.ones((1, m), dtype)


# Types in quotes: to name numpy.random is to load it, an eighth of the time of importing NumPy.
Seed: TypeAlias = "int | np.random.Generator | None"
Batch = Any  # anything np.asarray makes a matrix of; with check=False, that matrix


class Forward(NamedTuple):
    """One forward pass: ``z[l]`` for l = 1..L and ``a[l]`` for l = 0..L, each (m, n_l)."""

    z: dict[int, Array]
    a: dict[int, Array]


class Trace(NamedTuple):
    """The record of one forward and one backward pass.

    Attributes
    ----------
    z, a : dict of int to array of shape (m, n_l)
        As in `Forward`.
    y : array of shape (m, n_L)
    delta : dict of int to array of shape (m, n_l), l = 1..L
        ``delta[l] = dC/dz[l]``.
    grad : Params
        ``grad.W[l] = dC/dW[l]`` and ``grad.b[l] = dC/db[l]``.
    objective : Objective
        What was minimized, for ``loss``.
    """

    z: dict[int, Array]
    a: dict[int, Array]
    y: Array
    delta: dict[int, Array]
    grad: Params
    objective: Objective

    @property
    def loss(self) -> float:
        """The loss C of the batch. Worked out when asked for: no gradient needs it."""
        L = len(self.z)
        return self.objective.value(self.z[L], self.a[L], self.y).item()


class Network:
    """A fully connected network with its loss.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer, input first, such as ``[2, 3, 1]``.
    hidden : str or sequence of str, optional
        Activation of the hidden layers, or one for each.
    output : str, optional
        Activation of the output layer.
    loss : str, optional
        "half_sse", "sse", "mse", "bce" or "cross_entropy".
    init : optional
        None chooses for each layer what suits its activation. "zeros", "uniform"
        (U(-s, s), s = 1/sqrt(n_in)), "xavier" (U(-s, s), s = sqrt(6/(n_in + n_out))) and "he"
        (N(0, 2/n_in)) do the same for all layers; biases start at 0. Or given values: a `Params`,
        a vector theta, or ``{"W": [W1, W2, ...], "b": [b1, b2, ...]}``.
    dtype : dtype, optional
        float64 (default) or float32; complex128 for complex-step derivatives.
    rng : int or numpy.random.Generator, optional
        Seed or source of the random initial weights.
    fused : bool, optional
        False takes the general path to the output delta even where a stable fused one exists.

    Attributes
    ----------
    sizes : tuple of int
    L : int
        The number of the output layer.
    params : Params
    phi : dict of int to Activation
    loss : Loss
    objective : Objective

    Raises
    ------
    ValueError, TypeError
        Bad sizes, unknown names, a loss that is not defined on the output activation, given values
        of the wrong shape.

    Examples
    --------
    >>> net = Network([2, 3, 1], hidden="sigmoid", output="sigmoid", loss="bce", rng=0)
    >>> net
    Network(2-3-1, sigmoid-sigmoid, bce, 13 parameters, float64)
    >>> net.params.W[1].shape, net.params.b[1].shape
    ((3, 2), (3,))
    """

    def __init__(
        self,
        sizes: Sequence[int],
        hidden: str | Sequence[str] = "sigmoid",
        output: str = "sigmoid",
        loss: str = "bce",
        *,
        init: Any = None,
        dtype: DTypeLike = float,
        rng: Seed = None,
        fused: bool = True,
    ) -> None:
        dtype = np.dtype(dtype)
        if dtype.kind not in "fc":
            raise TypeError(f"dtype {dtype} cannot hold a gradient; use float64 or float32")
        self.params = Params(sizes, dtype=dtype)
        self.sizes, self.L = self.params.sizes, self.params.L
        names = [hidden] * (self.L - 1) if isinstance(hidden, str) else list(hidden)
        if len(names) != self.L - 1:
            raise ValueError(
                f"hidden names {len(names)} activation(s) {names}, but {self} has "
                f"{self.L - 1} hidden layer(s); give one name for all, or one for each"
            )
        self.phi: dict[int, Activation] = {
            layer: lookup(ACTIVATIONS, name, "activation")
            for layer, name in enumerate([*names, output], start=1)
        }
        if "softmax" in names:
            raise ValueError(
                "softmax is an output activation: it makes the units of a layer compete for a sum "
                "of 1. Use sigmoid, tanh or relu in hidden layers"
            )
        if output == "softmax" and self.sizes[-1] == 1:
            raise ValueError(
                "softmax over one output is always 1, whatever the weights. Use output='sigmoid' "
                "with loss='bce', or two outputs"
            )
        self.loss = get_loss(loss)
        self.fused = fused
        self.objective = objective(self.loss, self.phi[self.L], fused)
        initialize(self, init, rng)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of the parameters, and of everything computed with them."""
        return self.params.theta.dtype

    def with_params(self, theta: ArrayLike) -> "Network":
        """Return the same network with other parameter values (not copied), of any dtype."""
        twin = object.__new__(Network)
        twin.__dict__.update(self.__dict__, params=Params(self.sizes, theta))
        return twin

    def __repr__(self) -> str:
        described = "-".join(map(str, self.sizes))
        if hasattr(self, "objective"):
            names = "-".join(phi.name for phi in self.phi.values())
            described += (
                f", {names}, {self.loss.name}, {self.params.theta.size} parameters, {self.dtype}"
            )
        return f"Network({described})"


def initialize(net: Network, init: Any, rng: Seed) -> None:
    """Fill the network's parameters in place; see ``init`` of `Network`."""
    params = net.params
    if isinstance(init, Params):
        if init.sizes != net.sizes:
            raise ValueError(f"init is {init}; the network is {'-'.join(map(str, net.sizes))}")
        init = init.theta
    if isinstance(init, Mapping):
        fill(params.W, init, "W")
        fill(params.b, init, "b")
    elif init is None or isinstance(init, str):
        generator = np.random.default_rng(rng)
        for layer, (n_in, n_out) in enumerate(pairwise(net.sizes), start=1):
            rule = lookup(INITIALIZERS, init or net.phi[layer].init, "initialization")
            params.W[layer] = rule(generator, n_in, n_out)
    else:
        params.theta[:] = Params(net.sizes, init).theta
    if not np.isfinite(params.theta).all():
        raise ValueError("init holds NaN or infinity; every parameter must be a finite number")


def fill(views: Mapping[int, Array], init: Mapping[str, Any], letter: str) -> None:
    """Copy ``init[letter]``, a list in layer order or a dict by layer, into the views."""
    if letter not in init:
        raise ValueError(f"init has no {letter!r}; give a dict with both 'W' and 'b'")
    given = init[letter]
    values = dict(given) if isinstance(given, Mapping) else dict(enumerate(given, start=1))
    if values.keys() != views.keys():
        raise ValueError(
            f"init[{letter!r}] gives the layers {sorted(values)}; the network has {sorted(views)}"
        )
    for layer, value in values.items():
        array = np.asarray(value, dtype=views[layer].dtype)
        if array.shape != views[layer].shape:
            raise ValueError(
                f"init[{letter!r}] of layer {layer} has shape {array.shape}; "
                f"{letter}[{layer}] is {views[layer].shape}"
            )
        views[layer][...] = array


def uniform(rng: "np.random.Generator", n_in: int, n_out: int) -> Array:
    """Draw from U(-s, s) with s = 1/sqrt(n_in)."""
    return rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in)


def xavier(rng: "np.random.Generator", n_in: int, n_out: int) -> Array:
    """Draw from U(-s, s), s = sqrt(6/(n_in + n_out)): variance 2/(n_in + n_out).

    Source: Glorot and Bengio (2010), proceedings.mlr.press/v9/glorot10a.html.
    """
    return rng.uniform(-1, 1, (n_out, n_in)) * np.sqrt(6 / (n_in + n_out))


def he(rng: "np.random.Generator", n_in: int, n_out: int) -> Array:
    """Draw from N(0, 2/n_in). Source: He, Zhang, Ren and Sun (2015), doi:10.1109/ICCV.2015.123."""
    return rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)


INITIALIZERS = {
    "zeros": lambda rng, n_in, n_out: np.zeros((n_out, n_in)),
    "uniform": uniform,
    "xavier": xavier,
    "he": he,
}
"""Name -> rule (generator, n_in, n_out) -> weights of shape (n_out, n_in)."""


def forward(net: Network, X: Batch, *, check: bool = True) -> Forward:
    """Run a batch through the network.

    z[l] = a[l-1] W[l]^T + b[l] and a[l] = phi_l(z[l]), for l = 1..L with a[0] = X.

    Parameters
    ----------
    net : Network
    X : array of shape (m, n_0)
        One example a row, floating-point and finite.
    check : bool, optional
        False skips looking at X, where a caller has done that once for many batches.

    Returns
    -------
    Forward
        ``z[1..L]`` and ``a[0..L]``.

    Raises
    ------
    TypeError, ValueError
        X is of the wrong type, rank or width, empty, or not finite.

    Examples
    --------
    One neuron with w = (1, 2), b = -1, at x = (3, 0.5): z = 3 + 1 - 1.

    >>> net = Network([2, 1], output="identity", loss="sse", init={"W": [[[1, 2]]], "b": [[-1]]})
    >>> forward(net, [[3.0, 0.5]]).z[1]
    array([[3.]])
    """
    if check:
        with np.errstate(over="ignore"):  # exp may reach inf, where sigmoid is rightly 0
            return forward(net, check_inputs(net, X), check=False)
    W, b, phi = net.params.W, net.params.rows, net.phi
    z: dict[int, Array] = {}
    a: dict[int, Array] = {0: X}
    for l in phi:
        z[l] = dot(a[l - 1], W[l].T)
        z[l] += b[l]  # FP1, in place: another large array would drive one out of the cache
        a[l] = phi[l].f(z[l])  # FP2
    return Forward(z, a)


def backprop(
    net: Network,
    X: Batch,
    Y: Batch,
    *,
    out: Params | None = None,
    check: bool = True,
) -> Trace:
    """Work out the gradient of the loss by one forward and one backward pass.

    delta[L] = dC/dz[L] (BP1), delta[l] = (delta[l+1] W[l+1]) * phi_l'(z[l]) (BP2),
    dC/db[l] = sum over the batch of delta[l] (BP3), dC/dW[l] = delta[l]^T a[l-1] (BP4).
    Nothing of the network is changed.

    Parameters
    ----------
    net : Network
    X : array of shape (m, n_0)
    Y : array of shape (m, n_L)
        Targets, one example a row, in the range of the network's loss.
    out : Params, optional
        Where to write the gradient; a new `Params` when left out.
    check : bool, optional
        False skips looking at X, Y and out, where a caller has done that once for many batches.

    Returns
    -------
    Trace
        z, a, y, delta, grad and loss.

    Raises
    ------
    TypeError, ValueError
        X, Y or out do not fit the network; nothing has been written then.

    Examples
    --------
    The neuron of `forward` misses y = 1 by 2, so C = 4 and dC/dW = 2 * 2 * x.

    >>> net = Network([2, 1], output="identity", loss="sse", init={"W": [[[1, 2]]], "b": [[-1]]})
    >>> trace = backprop(net, [[3.0, 0.5]], [[1.0]])
    >>> trace.loss, trace.grad.W[1], trace.grad.b[1]
    (4.0, array([[12.,  2.]]), array([4.]))
    """
    if check:
        X = check_inputs(net, X)
        Y = check_pairs(net, X, Y)
        check_out(net, out)
        with np.errstate(over="ignore"):
            return backprop(net, X, Y, out=out, check=False)
    L, W, phi = net.L, net.params.W, net.phi
    z, a = forward(net, X, check=False)
    grad = Params(net.sizes, dtype=net.dtype) if out is None else out
    ones = row_of_ones(len(Y), Y.dtype)
    delta = {L: net.objective.delta(z[L], a[L], Y)}  # BP1
    for l in range(L - 1, 0, -1):
        delta[l] = phi[l].pullback(z[l], a[l], dot(delta[l + 1], W[l + 1]))  # BP2
    for l in phi:  # the first layer first: its delta is still in the cache
        dot(ones, delta[l], grad.rows[l])  # BP3
        matmul(delta[l].T, a[l - 1], grad.W[l])  # BP4
    return Trace(z, a, Y, delta, grad, net.objective)


def predict(net: Network, X: ArrayLike) -> Array:
    """Return the outputs a[L], shape (m, n_L), for a batch X of shape (m, n_0).

    >>> net = Network([2, 1], output="sigmoid", init="zeros")
    >>> predict(net, [[3.0, 0.5]])
    array([[0.5]])
    """
    return forward(net, X).a[net.L]


def evaluate(net: Network, X: ArrayLike, Y: ArrayLike) -> float:
    """Return the loss C of the network on a batch: X of shape (m, n_0), Y of shape (m, n_L).

    >>> net = Network([2, 1], output="identity", loss="half_sse", init="zeros")
    >>> evaluate(net, [[3.0, 0.5]], [[2.0]])
    2.0
    """
    X = check_inputs(net, X)
    Y = check_pairs(net, X, Y)
    z, a = forward(net, X)
    return net.objective.value(z[net.L], a[net.L], Y).item()


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """Return a row for each label, 1 in the label's column and 0 elsewhere: shape (m, classes).

    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels is an array of {labels.dtype} with shape {labels.shape}; "
            "one_hot takes whole numbers in one dimension, such as [0, 2, 1]"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        raise ValueError(f"label {wrong} is outside of 0 to {classes - 1} for {classes} classes")
    return np.eye(classes)[labels]


def check_inputs(net: Network, X: ArrayLike) -> Array:
    """Return X as an (m, n_0) array of the network's dtype, or say what is wrong with it."""
    return check_matrix(X, "X", net.sizes[0], "input", net.dtype)


def check_pairs(net: Network, X: Array, Y: ArrayLike) -> Array:
    """Return Y as an (m, n_L) array of the network's dtype, or say what is wrong with it."""
    Y = check_matrix(Y, "Y", net.sizes[-1], "output", net.dtype)
    if len(X) != len(Y):
        raise ValueError(f"X has {len(X)} examples and Y has {len(Y)}; they go in pairs, by row")
    check_targets(net.loss, Y.real)
    return Y


def check_matrix(values: ArrayLike, name: str, width: int, end: str, dtype: np.dtype[Any]) -> Array:
    """Return the values as a finite matrix of this width and dtype, or say what is wrong."""
    array = np.asarray(values)
    if array.dtype.kind in "iub":
        raise TypeError(
            f"{name} is an array of {array.dtype}; gradients need floating-point numbers: "
            f"use {name}.astype(float)"
        )
    if array.dtype.kind not in "fc":
        raise TypeError(f"{name} is an array of {array.dtype}, not of floating-point numbers")
    if array.ndim != 2:
        fix = ""
        if array.ndim == 1:
            fix = f": use {name}[None, :] for one example" if array.size == width else ""
            fix = f": use {name}[:, None] for one number per example" if width == 1 else fix
        raise ValueError(
            f"{name} has shape {array.shape}; a batch is a matrix of shape (m, {width}), "
            f"one example a row{fix}"
        )
    if array.shape[1] != width:
        fix = f": use {name}.T" if array.shape[0] == width else ""
        raise ValueError(
            f"{name} has {array.shape[1]} columns; the {end} layer has {width} unit(s), "
            f"so {name} is (m, {width}){fix}"
        )
    if not len(array):
        raise ValueError(f"{name} is empty, shape {array.shape}; a batch needs at least 1 example")
    array = np.asarray(array, dtype)
    # Large data are looked at without a copy: NaN and infinity show in the sum.
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = not np.isfinite(array.sum())
    if suspicious and not (finite := np.isfinite(array)).all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"{name}[{row}, {column}] is {array[row, column]} in {dtype}; it must be finite. "
            f"np.isfinite({name}).all(axis=1) finds the good rows"
        )
    return array


def check_out(net: Network, out: Params | None) -> None:
    """Raise where ``out`` cannot take the gradient of this network."""
    if out is None:
        return
    if not isinstance(out, Params) or out.sizes != net.sizes or out.theta.dtype != net.dtype:
        raise ValueError(
            f"out is {out!r}; the gradient of {net} takes a Params of the same sizes and dtype: "
            "use net.params.copy()"
        )
    if np.shares_memory(out.theta, net.params.theta):
        raise ValueError("out shares memory with the network's parameters; use net.params.copy()")
