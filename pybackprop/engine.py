"""The step of training as a plan of calls on arrays that are made once.

`network.py` is what a step *is*; this is how `train` computes the same numbers, up to rounding, in
less time. A `Plan` belongs to one network and one batch size. When it is made, every array that a
step needs is made, and every call that a step consists of is written down with its arguments:

    plan = Plan(net, m=32, optimizer=SGD(0.1))
    plan.load(X, Y)     # copies a batch in
    plan.step()         # forward, backward, update

What that brings, line by line, is measured on the page "From the paper to the engine".

- Results go into arrays that are there: no array is made, cleared or given back in a step. (Where
  a row or column meets a matrix, NumPy itself takes a buffer of 8,192 numbers at most.)
- Activations overwrite z where nothing needs z again, and bend delta where it stands.
- BP3's sums are products with a row of ones. A single example needs none: its delta *is* dC/db,
  so it is computed there.
- Plain gradient descent scales the output delta by the learning rate. BP2 to BP4 are linear in
  delta, so what comes out is eta times the gradient, and the update is one subtraction.
- Losses on logits keep all digits of small deltas with the fewest calls that can.
- Threads may share a large step: each takes some examples forward and back to the deltas, then
  some units' gradients, then some of the update. In between it waits for the others.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from .activations import ACTIVATIONS, GELU_CUBIC, GELU_SCALE, LEAK, Activation
from .losses import LOSSES
from .network import Network, Trace, penalty
from .optimizers import OPTIMIZERS, Optimizer, OptimizerLike, plain_descent
from .params import Array, Params, aligned_zeros
from .schedules import learning_rate
from .threads import ALONE, Call, Shares, Team, team_for

SMALL = 4096
"""Entries of a product up to which ``dot`` writes faster than ``matmul``: it fills its output with
zeros first, which shows where that is large."""


def empty(*shape: int, like: Array) -> Array:
    """Return an array of zeros of this shape, aligned, of the dtype of another."""
    return aligned_zeros(int(np.prod(shape)), like.dtype).reshape(shape)


def product(a: Array, b: Array, out: Array) -> Call:
    """Return the call that writes a @ b."""
    return partial(a.dot, b, out) if out.size <= SMALL else partial(np.matmul, a, b, out)


# Activations. Each writes a (which may be z itself) and bends delta = g into g * phi'(z). What is
# not in the table, as a function of one's own, runs as it is written.


def relu_forward(z: Array, a: Array) -> list[Call]:
    return [partial(np.maximum, z, 0.0, out=a)]


def relu_backward(z: Array, a: Array, delta: Array) -> list[Call]:
    on = np.empty(a.shape, bool)
    return [partial(np.greater, a, 0.0, on), partial(np.multiply, delta, on, delta)]


def leaky_relu_forward(z: Array, a: Array) -> list[Call]:
    scaled = np.empty_like(z)
    return [partial(np.multiply, z, LEAK, scaled), partial(np.maximum, z, scaled, out=a)]


def leaky_relu_backward(z: Array, a: Array, delta: Array) -> list[Call]:
    on, slope = np.empty(a.shape, bool), np.empty_like(a)
    return [
        partial(np.greater, a, 0.0, on),
        partial(np.multiply, on, 1 - LEAK, slope),
        partial(np.add, slope, LEAK, slope),
        partial(np.multiply, delta, slope, delta),
    ]


def sigmoid_forward(z: Array, a: Array) -> list[Call]:
    return [
        partial(np.negative, z, a),
        partial(np.exp, a, a),
        partial(np.add, a, np.ones_like(a), a),
        partial(np.reciprocal, a, a),
    ]


def sigmoid_backward(z: Array, a: Array, delta: Array) -> list[Call]:
    slope = np.empty_like(a)
    return [
        partial(np.subtract, np.ones_like(a), a, slope),
        partial(np.multiply, slope, a, slope),
        partial(np.multiply, delta, slope, delta),
    ]


def tanh_forward(z: Array, a: Array) -> list[Call]:
    return [partial(np.tanh, z, a)]


def tanh_backward(z: Array, a: Array, delta: Array) -> list[Call]:
    slope = np.empty_like(a)
    return [
        partial(np.multiply, a, a, slope),
        partial(np.subtract, np.ones_like(a), slope, slope),
        partial(np.multiply, delta, slope, delta),
    ]


def softplus_forward(z: Array, a: Array) -> list[Call]:
    e = np.empty_like(z)
    return [
        partial(np.abs, z, e),
        partial(np.negative, e, e),
        partial(np.exp, e, e),
        partial(np.log1p, e, e),
        partial(np.maximum, z, 0.0, out=a),
        partial(np.add, a, e, a),
    ]


def softplus_backward(z: Array, a: Array, delta: Array) -> list[Call]:
    slope = np.empty_like(a)
    return [
        partial(np.negative, a, slope),
        partial(np.expm1, slope, slope),
        partial(np.negative, slope, slope),
        partial(np.multiply, delta, slope, delta),
    ]


def gelu_forward(z: Array, a: Array) -> list[Call]:
    # a keeps z apart: the way back needs it.
    t = np.empty_like(z)
    return [
        *gelu_tanh(z, t),
        partial(np.add, t, 1.0, t),
        partial(np.multiply, t, z, t),
        partial(np.multiply, t, 0.5, a),
    ]


def gelu_tanh(z: Array, t: Array) -> list[Call]:
    """Return the calls that write tanh u, u = sqrt(2/pi) (z + 0.044715 z^3)."""
    return [
        partial(np.multiply, z, z, t),
        partial(np.multiply, t, GELU_CUBIC, t),
        partial(np.add, t, 1.0, t),
        partial(np.multiply, t, z, t),
        partial(np.multiply, t, GELU_SCALE, t),
        partial(np.tanh, t, t),
    ]


def gelu_backward(z: Array, a: Array, delta: Array) -> list[Call]:
    t, u, half = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    return [
        # u' z, u' = sqrt(2/pi) (1 + 3 * 0.044715 z^2)
        partial(np.multiply, z, z, u),
        partial(np.multiply, u, 3 * GELU_CUBIC, u),
        partial(np.add, u, 1.0, u),
        partial(np.multiply, u, z, u),
        partial(np.multiply, u, GELU_SCALE, u),
        *gelu_tanh(z, t),
        # (1 + t)/2 + (1 - t^2) u' z/2 = (1 + t)/2 (1 + (1 - t) u' z)
        partial(np.add, t, 1.0, half),
        partial(np.subtract, 1.0, t, t),
        partial(np.multiply, t, u, t),
        partial(np.add, t, 1.0, t),
        partial(np.multiply, t, half, t),
        partial(np.multiply, t, 0.5, t),
        partial(np.multiply, delta, t, delta),
    ]


def identity_forward(z: Array, a: Array) -> list[Call]:
    return [] if a.ctypes.data == z.ctypes.data else [partial(np.copyto, a, z)]


def identity_backward(z: Array, a: Array, delta: Array) -> list[Call]:
    return []


IN_PLACE: dict[Activation, tuple[Any, Any, bool]] = {
    ACTIVATIONS["identity"]: (identity_forward, identity_backward, True),
    ACTIVATIONS["sigmoid"]: (sigmoid_forward, sigmoid_backward, True),
    ACTIVATIONS["tanh"]: (tanh_forward, tanh_backward, True),
    ACTIVATIONS["relu"]: (relu_forward, relu_backward, True),
    ACTIVATIONS["leaky_relu"]: (leaky_relu_forward, leaky_relu_backward, True),
    ACTIVATIONS["softplus"]: (softplus_forward, softplus_backward, True),
    ACTIVATIONS["gelu"]: (gelu_forward, gelu_backward, False),
}
"""Activation -> (forward, backward, whether a may take z's place)."""


def own_forward(f: Callable[[Array], Array], z: Array, a: Array) -> None:
    """Run an activation that is not in the table."""
    a[...] = f(z)


def own_backward(
    derivative: Callable[[Array, Array], Array], z: Array, a: Array, delta: Array
) -> None:
    """Bend delta by the derivative of an activation that is not in the table."""
    delta *= derivative(z, a)


class Plan:
    """The step of one network with one batch size.

    Parameters
    ----------
    net : Network
    m : int
        Examples per batch.
    optimizer : Optimizer, optional
        Needed for `update` and `step`.
    x, y : array of shape (m, n_0) and (m, n_L), optional
        Arrays to work on in place of ones of its own; they are not written to, unless by `load`.
    weighted : bool, optional
        Whether examples have weights; they are then put into ``w``.
    signs : bool, optional
        For sigmoid with bce: ``y`` holds 1 and -1 in place of the targets 1 and 0; see `encoded`.
    keep : bool, optional
        Keep z, a, the deltas and the gradient as they are on paper, for `trace`.
    team : Team, optional
        The threads that share the step; by default there is one.

    Attributes
    ----------
    x, y, w : array
        The batch.
    grad : Params
        The gradient; for plain gradient descent without ``keep`` the step, eta times it.
    """

    def __init__(
        self,
        net: Network,
        m: int,
        optimizer: OptimizerLike | None = None,
        *,
        x: Array | None = None,
        y: Array | None = None,
        weighted: bool = False,
        signs: bool = False,
        keep: bool = False,
        team: Team = ALONE,
    ) -> None:
        self.net, self.m, self.optimizer, self.signs, self.keep = net, m, optimizer, signs, keep
        theta, sizes, L = net.params.theta, net.sizes, net.L
        self.x = empty(m, sizes[0], like=theta) if x is None else x
        self.y = empty(m, sizes[-1], like=theta) if y is None else y
        self.w = np.ones(m, theta.dtype) if weighted else None
        self.grad = Params(sizes, dtype=theta.dtype)
        self.plain = None if keep else plain_descent(optimizer)
        self.rate = 1.0  # what the output delta is scaled by
        self.scale = np.full((m, sizes[-1]), 1 / m, theta.dtype)
        self.ones = {n: np.ones((n, 1), theta.dtype) for n in {m, sizes[-1]}}
        self.summands: list[tuple[Array, Array]] = []
        self.team, self.parts = team, min(team.most, m)
        self.top = np.zeros(m, np.intp)  # softmax: the class of each example

        self.z, self.a, self.delta = {}, {0: self.x}, {}
        for l in net.phi:
            self.z[l] = empty(m, sizes[l], like=theta)
            in_place = net.phi[l] in IN_PLACE and IN_PLACE[net.phi[l]][2] and not keep and l < L
            self.a[l] = self.z[l] if in_place else empty(m, sizes[l], like=theta)
            # BP3 for a single example: its delta is the gradient of the biases.
            own = self.grad.b[l][None, :] if m == 1 else empty(m, sizes[l], like=theta)
            self.delta[l] = own
        rows = pieces(m, self.parts)
        outputs = [self.write_output(some) for some in rows]
        forward: Shares = [
            self.write_forward(some) + activation
            for some, (activation, _, _) in zip(rows, outputs, strict=True)
        ]
        deltas: Shares = [
            first + self.write_deltas(some)
            for some, (_, first, _) in zip(rows, outputs, strict=True)
        ]
        self.forward_calls = team.calls(forward)
        self.loss_calls = [call for _, _, loss in outputs for call in loss]
        self.backward_calls = [*team.calls(deltas), *team.calls(self.write_gradients())]
        self.backward_calls += self.write_zeros()
        self.update_calls = team.calls(self.write_update())

    # What the calls are.

    def write_forward(self, rows: slice) -> list[Call]:
        """Return FP1 and FP2 of some examples, up to the logits of the output layer."""
        net, calls = self.net, list[Call]()
        for l in net.phi:
            below, z, a = self.a[l - 1][rows], self.z[l][rows], self.a[l][rows]
            z_of = product(below, net.params.W[l].T, z)
            calls += [z_of, partial(np.add, z, net.params.b[l][None, :], z)]  # FP1
            if l < net.L:
                calls += self.activation_forward(l, z, a)  # FP2
        return calls

    def activation_forward(self, l: int, z: Array, a: Array) -> list[Call]:
        """Return FP2 of one layer."""
        phi = self.net.phi[l]
        if phi in IN_PLACE:
            return list(IN_PLACE[phi][0](z, a))
        return [partial(own_forward, phi.f, z, a)]

    def activation_backward(self, l: int, rows: slice) -> list[Call]:
        """Return the calls that multiply delta[l] by phi'(z[l])."""
        phi = self.net.phi[l]
        z, a, delta = self.z[l][rows], self.a[l][rows], self.delta[l][rows]
        if phi in IN_PLACE:
            return list(IN_PLACE[phi][1](z, a, delta))
        return [partial(own_backward, phi.derivative, z, a, delta)]

    def write_output(self, rows: slice) -> tuple[list[Call], list[Call], list[Call]]:
        """Return FP2 of the output layer, BP1, and the loss, each of some examples."""
        net, L = self.net, self.net.L
        pair = (net.phi[L], net.loss) if net.objective.fused else None
        if pair == (ACTIVATIONS["sigmoid"], LOSSES["bce"]) and self.signs:
            return self.margins(rows)
        if pair == (ACTIVATIONS["softmax"], LOSSES["cross_entropy"]):
            return self.softmax(rows)
        z, a, y, delta = (of[rows] for of in (self.z[L], self.a[L], self.y, self.delta[L]))
        if net.loss in SQUARES and net.phi[L] in IN_PLACE:
            factor, half = SQUARES[net.loss]
            d, scaled = np.empty_like(z), np.empty_like(z)
            per = 1 / y.shape[1] if net.loss == LOSSES["mse"] else 1.0
            return (
                self.activation_forward(L, z, a),
                [
                    partial(np.subtract, a, y, d),
                    partial(np.multiply, d, factor * per, delta),
                    partial(np.multiply, delta, self.scale[rows], delta),
                    *self.activation_backward(L, rows),
                ],
                [
                    partial(np.subtract, a, y, d),
                    partial(np.multiply, d, half * per, scaled),
                    *self.sum_of(scaled, d, rows),
                ],
            )
        each = np.empty_like(z[:, :1])
        return (
            self.activation_forward(L, z, a),
            [partial(self.own_delta, rows)],
            [partial(self.own_loss, each, rows), *self.sum_of(each, np.ones_like(each), rows)],
        )

    def own_delta(self, rows: slice) -> None:
        """BP1 as it is written, for a loss or output activation that is not in the tables."""
        L = self.net.L
        delta = self.net.objective.delta(self.z[L][rows], self.a[L][rows], self.y[rows])
        np.multiply(delta * len(delta), self.scale[rows], self.delta[L][rows])

    def own_loss(self, each: Array, rows: slice) -> None:
        """The losses as they are written."""
        L, fused, y = self.net.L, self.net.objective.fused, self.y[rows]
        z, a = self.z[L][rows], self.a[L][rows]
        each[:, 0] = fused.each(z, y) if fused else self.net.loss.each(a, y)

    def sum_of(self, A: Array, B: Array, rows: slice) -> list[Call]:
        """Let `loss` add up A * B over all entries; return the calls that weight A before."""
        self.summands.append((A, B))
        return [] if self.w is None else [partial(np.multiply, A, self.w[rows, None], A)]

    def margins(self, rows: slice) -> tuple[list[Call], list[Call], list[Call]]:
        """Sigmoid with bce where each target is 0 or 1, as the sign s = -1 or 1.

        With v = s z the loss is log(1 + exp(-v)) and delta = -s / (1 + exp(v)): the same as
        a - y, and no digits are lost where a is close to y.
        """
        L = self.net.L
        z, a, s, delta = (of[rows] for of in (self.z[L], self.a[L], self.y, self.delta[L]))
        v, e, losses, ones = (np.ones_like(z) for _ in range(4))
        forward: list[Call] = [partial(np.multiply, z, s, v)]
        if self.keep:
            forward += sigmoid_forward(z, a)
        return (
            forward,
            [
                partial(np.exp, v, e),
                partial(np.add, e, ones, e),
                partial(np.divide, self.scale[rows], e, delta),
                partial(np.multiply, delta, s, delta),
                partial(np.negative, delta, delta),
            ],
            [
                partial(np.negative, v, losses),
                partial(np.logaddexp, losses, 0.0, losses),
                *self.sum_of(losses, ones, rows),
            ],
        )

    def softmax(self, rows: slice) -> tuple[list[Call], list[Call], list[Call]]:
        """Softmax with cross-entropy, counted from the largest z of each row.

        Its exponential is 1, so the others' sum R gives all: a = e / (1 + R), 1 - a = R / (1 + R)
        for the largest, log sum exp z = max z + log(1 + R). delta = (1 - y) a - y (1 - a).
        """
        L = self.net.L
        z, a, y, delta = (of[rows] for of in (self.z[L], self.a[L], self.y, self.delta[L]))
        (m, n), top = z.shape, self.top[rows]
        start, place, largest = np.arange(0, m * n, n), np.zeros(m, np.intp), empty(m, 1, like=z)
        s, rest, R, S, part = (np.empty_like(x) for x in (z, z, largest, largest, largest))
        not_y = np.empty_like(z)
        return (
            [
                partial(z.argmax, 1, top),
                partial(np.add, start, top, place),
                partial(z.take, place, None, largest[:, 0], "clip"),
                partial(np.subtract, z, largest, s),
                partial(np.exp, s, a),
                partial(a.put, place, 0.0),
                partial(a.dot, self.ones[n], R),
                partial(np.add, R, 1.0, S),
                partial(np.divide, a, S, a),
                partial(np.reciprocal, S, part),
                partial(a.put, place, part),
            ],
            [
                partial(np.subtract, 1.0, a, rest),
                partial(np.divide, R, S, part),
                partial(rest.put, place, part),
                partial(np.subtract, 1.0, y, not_y),
                partial(np.multiply, not_y, a, delta),
                partial(np.multiply, rest, y, rest),
                partial(np.subtract, delta, rest, delta),
                partial(np.multiply, delta, self.scale[rows], delta),
            ],
            [
                partial(np.log1p, R, part),
                partial(np.subtract, part, s, rest),
                *self.sum_of(rest, y, rows),
            ],
        )

    def write_deltas(self, rows: slice) -> list[Call]:
        """Return BP2 of some examples."""
        net, calls = self.net, list[Call]()
        for l in range(net.L - 1, 0, -1):
            above, delta = self.delta[l + 1][rows], self.delta[l][rows]
            calls.append(product(above, net.params.W[l + 1], delta))
            calls += self.activation_backward(l, rows)
        return calls

    def write_gradients(self) -> Shares:
        """Return BP3 and BP4: for each thread those of some units.

        The first layer comes first: its delta is still in the cache.
        """
        shares: Shares = [[] for _ in range(self.parts)]
        for l in self.net.phi:
            for share, units in zip(shares, pieces(self.net.sizes[l], self.parts), strict=True):
                delta, G = self.delta[l][:, units], self.grad.W[l][units]
                if self.m > 1:
                    row = self.grad.b[l][None, units]
                    share.append(partial(self.ones[self.m].T.dot, delta, row))  # BP3
                share.append(product(delta.T, self.a[l - 1], G))  # BP4
                if self.net.penalty:
                    decay = empty(*G.shape, like=self.x)
                    W = self.net.params.W[l][units]
                    share += [partial(self.write_decay, W, decay), partial(np.add, G, decay, G)]
        return shares

    def write_zeros(self) -> list[Call]:
        """Return the calls that set the gradient of fixed blocks to 0."""
        blocks = (self.grad.blocks[name] for name in self.net.fixed)
        return [partial(self.grad.theta[block].fill, 0.0) for block in blocks]

    def write_decay(self, W: Array, decay: Array) -> None:
        """Write the penalty's slope, scaled as the gradient is."""
        np.multiply(W, self.net.penalty * self.rate, decay)

    def write_update(self) -> Shares:
        """Return the update: the optimizer's, or for plain gradient descent a subtraction."""
        net, theta, step = self.net, self.net.params.theta, self.grad.theta
        if self.optimizer is None:
            return [[]]
        if not self.plain:
            # Decoupled decay, or an optimizer of one's own, may move what has no gradient.
            held = [theta[net.params.blocks[block]] for block in net.fixed]
            kept = [view.copy() for view in held]
            return [
                [
                    *map(partial(partial, np.copyto), kept, held),
                    self.optimizer_update,
                    *map(partial(partial, np.copyto), held, kept),
                ]
            ]
        return [[partial(np.subtract, theta, step, theta)]]

    def optimizer_update(self) -> None:
        """Let the optimizer change theta; the package's own share the work."""
        theta, grad = self.net.params.theta, self.grad.theta
        if (
            self.parts > 1
            and isinstance(self.optimizer, Optimizer)
            and type(self.optimizer) in OPTIMIZERS.values()
        ):
            calls = self.optimizer.calls(theta, grad, self.parts)
            self.team.run([[call] for call in calls])
        elif self.optimizer is not None:
            self.optimizer.update(theta, grad)

    # What runs.

    def load(self, X: Array, Y: Array, w: Array | None = None) -> None:
        """Copy a batch in: arrays that fit the network, targets as the loss takes them."""
        self.x[...] = X
        self.y[...] = 2 * Y - 1 if self.signs else Y
        if w is not None and self.w is not None:
            self.w[...] = w

    def forward(self) -> None:
        """Run the batch through the network."""
        for call in self.forward_calls:
            call()

    def loss(self) -> float:
        """Return the loss C of the batch, after `forward` and before `update`."""
        for call in self.loss_calls:
            call()
        total = sum(float(np.vdot(A, B)) for A, B in self.summands) / self.m
        return total + float(penalty(self.net)) if self.net.penalty else total

    def backward(self) -> None:
        """Work out deltas and gradient, after `forward`."""
        rate = 1.0
        if self.plain:
            rate = learning_rate(self.plain.lr, self.plain.t + 1)
        if self.w is not None:
            np.multiply(self.w[:, None], rate / self.m, out=self.scale)
        elif rate != self.rate:
            self.scale.fill(rate / self.m)
        self.rate = rate
        for call in self.backward_calls:
            call()

    def update(self) -> None:
        """Change theta, after `backward`."""
        for call in self.update_calls:
            call()
        if self.plain:
            self.plain.t += 1

    def step(self) -> None:
        """Do one forward pass, one backward pass and one update."""
        self.forward()
        self.backward()
        self.update()

    def answers(self) -> Array:
        """Return the class of each example of the batch, after `forward`."""
        L = self.net.L
        if self.net.objective.fused and self.net.loss == LOSSES["cross_entropy"]:
            return self.top
        a, border = (self.z[L], 0) if self.signs else (self.a[L], 0.5)  # a >= 0.5 where z >= 0
        return a[:, 0] >= border if a.shape[1] == 1 else a.argmax(axis=1)

    def trace(self, loss: float) -> Trace:
        """Return the record of a step, where the plan keeps it. The next step writes it anew."""
        Y = (self.y + 1) / 2 if self.signs else self.y
        return Trace(self.z, self.a, Y, self.delta, self.grad, loss)


SQUARES = {
    LOSSES["half_sse"]: (1.0, 0.5),
    LOSSES["sse"]: (2.0, 1.0),
    LOSSES["mse"]: (2.0, 1.0),
}
"""Loss -> (factor of a - y in its slope, factor of its square), before the mean over outputs."""


def team_of(sizes: Sequence[int], m: int, optimizer: OptimizerLike | None) -> Team:
    """Return the threads that share a step: one, unless the step is large and its update long.

    Plain gradient descent is nearly all products, and the BLAS has its own threads for these.
    """
    return ALONE if plain_descent(optimizer) else team_for(sizes, m)


def pieces(count: int, parts: int) -> list[slice]:
    """Cut the numbers from 0 to count - 1 into parts of nearly the same length.

    >>> pieces(10, 3)
    [slice(0, 3, None), slice(3, 6, None), slice(6, 10, None)]
    """
    ends = [count * k // parts for k in range(parts + 1)]
    return [slice(*pair) for pair in pairwise(ends)]


def encoded(net: Network, Y: Array) -> tuple[Array, bool]:
    """Return targets as a `Plan` takes them, and whether they have become signs."""
    pair = (net.phi[net.L], net.loss)
    if (
        net.objective.fused
        and pair == (ACTIVATIONS["sigmoid"], LOSSES["bce"])
        and bool(((Y == 0) | (Y == 1)).all())
    ):
        return 2 * Y - 1, True
    return Y, False
