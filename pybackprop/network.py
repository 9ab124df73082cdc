"""The network: forward pass and backpropagation, as on paper.

Layers are numbered 1..L, layer 0 is the input, layer l has n_l units. A batch is rows: X has shape
(m, n_0), and z[l], a[l] and delta[l] have shape (m, n_l).

    z[l] = a[l-1] W[l]^T + b[l]                       FP1
    a[l] = phi_l(z[l]),  a[0] = X                     FP2
    delta[L] = dC/dz[L]                               BP1
    delta[l] = (delta[l+1] W[l+1]) * phi_l'(z[l])     BP2
    dC/db[l] = sum of delta[l] over the batch         BP3
    dC/dW[l] = delta[l]^T a[l-1]                      BP4

Source of the four equations: Rumelhart, Hinton and Williams (1986), doi:10.1038/323533a0; their
numbering follows Nielsen (2015), Neural Networks and Deep Learning, chapter 2. What `train` runs
is the same step as a plan of calls on arrays made once: ``engine.py``, held equal by a test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .activations import Activation, of_layers
from .checks import check_dtype, check_examples, check_from_zero, check_matrix, check_weights
from .initializers import Seed, Start, initialize
from .lookup import lookup
from .losses import LOSSES, OWN_LOSS, Loss, Objective, objective
from .params import Array, Params


@dataclass(frozen=True, eq=False)
class Forward:
    """One forward pass: ``z[l]``, l = 1..L, and ``a[l]``, l = 0..L, each (m, n_l); a[0] is X."""

    z: dict[int, Array]
    a: dict[int, Array]


@dataclass(frozen=True, eq=False)
class Trace(Forward):
    """Both passes: also targets y, ``delta[l] = dC/dz[l]``, ``grad.W[l]``, ``grad.b[l]``, loss."""

    y: Array
    delta: dict[int, Array]
    grad: Params
    loss: Any


class Network:
    """A fully connected network with its loss. Its attributes are read-only, its params are not.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer, input first, such as ``[2, 3, 1]``.
    hidden, output : str or Activation; hidden also a sequence, one for each hidden layer
    loss : str or Loss, optional
        By default what fits the output: bce for sigmoid, cross_entropy for softmax, else half_sse.
    init : optional
        How weights are drawn (biases start at 0): None as it suits each activation, a name of
        `INITIALIZERS`, or a function (rng, n_in, n_out). Or values: a `Params`, a vector theta, or
        ``{"W": [W1, W2, ...], "b": [b1, b2, ...]}``.
    fixed : str or sequence of str, optional
        Blocks that are constants, such as "W[1]", or "b" for all biases: their gradient is 0.
    bias : bool, optional
        False is short for ``fixed="b"``.
    penalty : float, optional
        lambda: adds lambda/2 times the sum of all squared weights (not biases) to the loss.
    dtype : dtype, optional
        float64 (default) or float32; complex128 for complex-step derivatives.
    rng : int or numpy.random.Generator, optional
        Seed or source of the random initial weights.
    fused : bool, optional
        False takes the general path to the output delta even where a stable fused one exists.

    Attributes
    ----------
    sizes, L, params, phi, loss, objective, fixed, penalty, fused, dtype
        ``L`` is the number of the output layer, ``phi[l]`` the activation of layer l.

    Raises
    ------
    ValueError, TypeError
        Unknown names, a loss that is not defined on the output, values that do not fit.

    Examples
    --------
    >>> Network([2, 3, 1], rng=0)
    Network(2-3-1, sigmoid-sigmoid, bce, 13 parameters, float64)
    """

    sizes: tuple[int, ...]
    L: int
    params: Params
    phi: Mapping[int, Activation]
    loss: Loss
    objective: Objective
    fixed: tuple[str, ...]
    penalty: float
    fused: bool

    def __init__(
        self,
        sizes: Sequence[int],
        hidden: str | Activation | Sequence[str | Activation] = "sigmoid",
        output: str | Activation = "sigmoid",
        loss: str | Loss | None = None,
        *,
        init: Start = None,
        bias: bool = True,
        fixed: str | Sequence[str] = (),
        penalty: float = 0.0,
        dtype: DTypeLike = float,
        rng: Seed = None,
        fused: bool = True,
    ) -> None:
        params = Params(sizes, dtype=check_dtype(dtype))
        phi = of_layers(params.sizes, hidden, output)
        last = lookup(LOSSES, loss or OWN_LOSS[phi[params.L].outputs], "loss")
        blocks = (*params.chosen(fixed), *(() if bias else params.chosen("b")))
        initialize(params, phi, init, rng)
        self.__dict__.update(
            sizes=params.sizes, L=params.L, params=params, phi=phi, loss=last, fused=fused,
            objective=objective(last, phi[params.L], fused), fixed=params.chosen(blocks),
            penalty=check_from_zero("penalty", penalty),
        )  # fmt: skip

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} is read-only; write net.params.theta, or make a new Network")

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
        names = "-".join(phi.name for phi in self.phi.values())
        more = f", fixed {' '.join(self.fixed)}" if self.fixed else ""
        more += f", penalty {self.penalty:g}" if self.penalty else ""
        count = f"{self.params.theta.size} parameters{more}, {self.dtype}"
        return f"Network({'-'.join(map(str, self.sizes))}, {names}, {self.loss.name}, {count})"


def forward(net: Network, X: ArrayLike) -> Forward:
    """Run a batch X of shape (m, n_0) through the network.

    One unit with w = (1, 2), b = -1, at x = (3, 0.5): z = 3 + 1 - 1.

    >>> net = Network([2, 1], output="identity", init={"W": [[[1, 2]]], "b": [[-1]]})
    >>> forward(net, [[3.0, 0.5]]).z[1]
    array([[3.]])
    """
    W, b, phi = net.params.W, net.params.b, net.phi
    z, a = {}, {0: check_matrix(X, "X", net.sizes[0], "input", net.dtype)}
    for l in phi:
        z[l] = a[l - 1] @ W[l].T + b[l]  # FP1
        a[l] = phi[l].f(z[l])  # FP2
    return Forward(z, a)


def backprop(net: Network, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None = None) -> Trace:
    """Work out the gradient of the loss by one forward and one backward pass; change nothing.

    X has shape (m, n_0), Y (m, n_L); ``weights``, one number per example, multiply its loss. The
    unit of `forward` misses y = 1 by 2, so with sse C = 4 and dC/dW = 2 * 2 * x.

    >>> net = Network([2, 1], [], "identity", "sse", init={"W": [[[1, 2]]], "b": [[-1]]})
    >>> trace = backprop(net, [[3.0, 0.5]], [[1.0]])
    >>> trace.loss, trace.grad.W[1], trace.grad.b[1]
    (4.0, array([[12.,  2.]]), array([4.]))
    """
    X, Y = check_examples(X, Y, net.sizes, net.dtype, net.loss.name, net.loss.domain)
    w = check_weights(weights, len(X), net.dtype)
    L, W, phi = net.L, net.params.W, net.phi
    run, grad = forward(net, X), Params(net.sizes, dtype=net.dtype)
    z, a = run.z, run.a

    delta = {L: net.objective.delta(z[L], a[L], Y, w)}  # BP1
    for l in range(L - 1, 0, -1):
        delta[l] = (delta[l + 1] @ W[l + 1]) * phi[l].derivative(z[l], a[l])  # BP2
    for l in phi:
        grad.b[l] = delta[l].sum(axis=0)  # BP3
        grad.W[l] = delta[l].T @ a[l - 1] + net.penalty * W[l]  # BP4, and the penalty's slope
    for block in net.fixed:
        grad.theta[grad.blocks[block]] = 0
    C = net.objective.value(z[L], a[L], Y, w) + penalty(net)
    return Trace(z, a, Y, delta, grad, C.item())


def penalty(net: Network) -> Any:
    """Return lambda/2 times the sum of all squared weights."""
    return net.penalty / 2 * sum((W**2).sum() for W in net.params.W.values())
