"""How often the gradient tests are right: over right gradients, and over planted mistakes.

Seeds are fixed. A gradient counts as found where the check fails, and as named where the report
names every block that is off by 1 % or more and none that is right. For the Taylor test and the
dot-product test the same gradients are counted. The numbers are those that chapter 7 quotes.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import pybackprop as pb
from pybackprop.numerical import METHODS
from pybackprop.params import Array

from .timing import print_table

HIDDEN = [name for name in pb.ACTIVATIONS if name != "softmax"]
PAIRS = [
    (output, name)
    for name, loss in pb.LOSSES.items()
    for output, phi in pb.ACTIVATIONS.items()
    if loss.domain in ("real", phi.outputs)
]
DTYPES = (np.float64, np.float32)
Case = tuple[pb.Network, Array, Array, dict[str, Any]]


# Networks


def targets(net: pb.Network, m: int, rng: np.random.Generator, size: float = 1.0) -> Array:
    """Return targets that suit the loss, of a size where they may be any number."""
    width = net.sizes[-1]
    if net.loss.domain == "distribution" or (net.loss.domain == "unit interval" and m % 2):
        return pb.one_hot(rng.integers(width, size=m), width)
    if net.loss.domain == "unit interval":
        return rng.uniform(size=(m, width))
    return size * rng.normal(size=(m, width))


def network(
    rng: np.random.Generator, depth: int, dtype: Any, widths: tuple[int, int] = (2, 5), **more: Any
) -> pb.Network:
    """Return a network with random activations, loss and biases."""
    output, loss = more.pop("pair", None) or PAIRS[rng.integers(len(PAIRS))]
    sizes = rng.integers(*widths, size=depth + 1).tolist()
    fused = bool(rng.integers(4))
    hidden = more.pop("hidden", None) or str(rng.choice(HIDDEN))
    net = pb.Network(
        sizes, [hidden] * (depth - 1), output, loss, rng=rng, dtype=dtype, fused=fused, **more
    )
    for l in net.phi:
        net.params.b[l] = rng.normal(size=net.sizes[l]) * rng.integers(0, 2)
    return net


def fresh(rng: np.random.Generator, dtype: Any) -> Iterator[Case]:
    """Start values; depth 1 to 3, 5 examples."""
    net = network(rng, int(rng.integers(1, 4)), dtype)
    yield net, rng.normal(size=(5, net.sizes[0])), targets(net, 5, rng), {}


def deep(rng: np.random.Generator, dtype: Any) -> Iterator[Case]:
    """Depth 4 to 10."""
    net = network(rng, int(rng.integers(4, 11)), dtype)
    yield net, rng.normal(size=(4, net.sizes[0])), targets(net, 4, rng), {}


def batches(rng: np.random.Generator, dtype: Any) -> Iterator[Case]:
    """1 to 64 examples; weights of the examples, a penalty, a fixed block."""
    m = int(rng.choice([1, 2, 16, 64]))
    net = network(rng, 2, dtype, penalty=float(rng.choice([0, 0.1])), fixed=["b[1]"][: m % 3])
    w = rng.uniform(0, 2, size=m) if rng.integers(2) else None
    yield net, rng.normal(size=(m, net.sizes[0])), targets(net, m, rng), {"weights": w}


def sizes_of_loss(rng: np.random.Generator, dtype: Any) -> Iterator[Case]:
    """Losses of 1e-6 to 1e6, and inputs of 1e-2 to 1e3."""
    pair = (str(rng.choice(["identity", "softplus", "relu"])), str(rng.choice(["sse", "mse"])))
    net = network(rng, 2, dtype, pair=pair)
    size, scale = 10.0 ** rng.integers(-3, 4), 10.0 ** rng.integers(-2, 4)
    net.params.W[2] *= size
    net.params.b[2] *= size
    yield net, scale * rng.normal(size=(4, net.sizes[0])), targets(net, 4, rng, size), {}


def trained(rng: np.random.Generator, dtype: Any) -> Iterator[Case]:
    """Trained by Adam: as they pass the losses 1e-1, 1e-2, ... 1e-8."""
    net = network(rng, 2, float, (3, 6))
    X = rng.normal(size=(4, net.sizes[0]))
    own = targets(net, 4, rng)
    if net.loss.domain == "real":  # what the outputs can reach
        own = pb.predict(network_like(net, rng), X)
    adam, goals = pb.Adam(0.02), list(10.0 ** -np.arange(1.0, 9.0))
    for _ in range(60):
        pb.train(net, X, own, optimizer=adam, epochs=25, batch_size=4, rng=0)
        passed = [goal for goal in goals if pb.evaluate(net, X, own) < goal]
        if passed:
            goals = [goal for goal in goals if goal not in passed]
            for one in DTYPES:
                yield net.with_params(net.params.theta.astype(one)), X, own, {}


def network_like(net: pb.Network, rng: np.random.Generator) -> pb.Network:
    """Return the same network with other random weights."""
    return net.with_params(net.params.theta + 0.5 * rng.normal(size=net.params.theta.size))


def minimum(rng: np.random.Generator, dtype: Any) -> Iterator[Case]:
    """At a minimum: the last layer solved by least squares; with a rest, or exactly."""
    net = network(rng, int(rng.integers(1, 3)), float, pair=("identity", "half_sse"))
    m = int(rng.choice([2, 12]))
    X = rng.normal(size=(m, net.sizes[0]))
    Y, a = targets(net, m, rng, 10.0 ** rng.integers(-1, 3)), pb.forward(net, X).a[net.L - 1]
    solved = np.linalg.lstsq(np.c_[a, np.ones(m)], Y, rcond=None)[0]
    net.params.W[net.L], net.params.b[net.L] = solved[:-1].T, solved[-1]
    yield net.with_params(net.params.theta.astype(dtype)), X, Y, {}


def zeros(rng: np.random.Generator, dtype: Any) -> Iterator[Case]:
    """Sums that are exactly 0: XOR with relu and biases 0, inputs 0, weights 0, dead units."""
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    depth, hidden = int(rng.integers(2, 4)), str(rng.choice(["relu", "leaky_relu", "sigmoid"]))
    sizes = [2, *rng.integers(2, 9, size=depth - 1).tolist(), 1]
    net = pb.Network(sizes, hidden, rng=rng, dtype=dtype)
    kind = rng.integers(5)
    if kind == 1:
        X = 0 * X
    elif kind == 2:
        net.params.W[1] = 0 * net.params.W[1]
    elif kind == 3:
        net.params.b[1] = net.params.b[1] - 10
    elif kind == 4:
        X = np.array([[0.1, 0.1], [0.3, 0.3], [1.0, 1.0], [0.7, 0.7]])  # sums cancel
        net.params.W[1][:, 1] = -net.params.W[1][:, 0]
    yield net, X, np.array([[0.0], [1], [1], [0]]), {}


KINDS: dict[str, tuple[Callable[..., Iterator[Case]], int]] = {
    "start values": (fresh, 1000),
    "depth 4 to 10": (deep, 500),
    "1 to 64 examples": (batches, 700),
    "loss 1e-6 to 1e6": (sizes_of_loss, 700),
    "trained, 1e-1 to 1e-8": (trained, 800),
    "at a minimum": (minimum, 600),
    "sums exactly 0": (zeros, 700),
}


@dataclass
class Count:
    """How many gradients, and what each test said."""

    total: int = 0
    check: int = 0
    named: int = 0
    cause: int = 0
    taylor: int = 0
    dot: int = 0


def cases(make: Callable[..., Iterator[Case]], count: int, seed: int) -> Iterator[tuple[Any, ...]]:
    """Yield so many cases with a method: all methods and dtypes take turns."""
    done, rng = 0, np.random.default_rng(seed)
    while done < count:
        for case in make(rng, DTYPES[done // 4 % 2]):
            if done < count:
                yield list(METHODS)[done % 4], *case
            done += 1


def right(share: float = 1.0) -> dict[str, Count]:
    """Return how many right gradients each test calls wrong."""
    found = {}
    for seed, (kind, (make, count)) in enumerate(KINDS.items()):
        found[kind] = result = Count()
        for method, net, X, Y, more in cases(make, round(share * count), seed):
            result.total += 1
            result.check += not pb.check_gradient(net, X, Y, method=method, **more)
            result.taylor += not pb.taylor_test(net, X, Y, **more)
            result.dot += not pb.dot_product_test(net, X, Y, **more)
    return found


# Mistakes


def backward(net: pb.Network, X: Array, Y: Array, bug: str, at: int) -> pb.Trace:
    """Return the trace of a backward pass with a mistake at one layer."""
    trace = pb.backprop(net, X, Y)
    z, a, y, W, L, m = trace.z, trace.a, trace.y, net.params.W, net.L, len(X)
    delta, grad = {L: trace.delta[L]}, trace.grad.copy()
    if bug == "the sign":
        delta[L] = -delta[L]
    elif bug == "factor 2":
        delta[L] = 2 * delta[L]
    elif bug == "sum for mean":
        delta[L] = m * delta[L]
    elif bug == "1/m twice":
        delta[L] = delta[L] / m
    elif bug == "output slope twice":
        delta[L] = net.phi[L].pullback(z[L], a[L], delta[L])
    for l in range(L - 1, 0, -1):
        V, slope = W[l + 1], net.phi[l].derivative(z[l], a[l])
        if l == at and bug == "no phi'":
            slope = np.ones_like(slope)
        elif l == at and bug == "phi' at a":
            slope = net.phi[l].derivative(a[l], net.phi[l].f(a[l]))
        elif l == at and bug == "W transposed":
            V = V.T
        elif l == at and bug == "updated too early":
            V = V - 0.5 * trace.grad.W[l + 1]
        delta[l] = (delta[l + 1] @ V) * slope
    for l in net.phi:
        grad.b[l] = delta[l].sum(axis=0)
        grad.W[l] = delta[l].T @ a[l - 1] + net.penalty * W[l]
    if bug == "penalty missing":
        grad.W = {l: grad.W[l] - net.penalty * W[l] for l in net.phi}
    elif bug == "dW transposed":
        grad.W[at] = grad.W[at].T
    elif bug == "wrong layer's a":
        grad.W[at] = delta[at].T @ a[at]
    elif bug == "z for a":
        grad.W[at] = delta[at].T @ (z | {0: X})[at - 1]
    elif bug == "bias: mean for sum":
        grad.b = {l: grad.b[l] / m for l in net.phi}
    elif bug == "bias: sum over all":
        grad.b = {l: np.full_like(grad.b[l], delta[l].sum()) for l in net.phi}
    elif bug == "bias: first example":
        grad.b[at] = delta[at][0]
    elif bug == "bias: missing":
        grad.b[at] = 0 * grad.b[at]
    return replace(trace, y=y, delta=delta, grad=grad)


BUGS = {
    "the sign": "the sign",
    "factor 2": "the 2 of a square",
    "sum for mean": "m: a sum",
    "1/m twice": "1/m: ",
    "output slope twice": "twice",
    "no phi'": "phi'(z) is missing",
    "phi' at a": "at a, not",
    "W transposed": "is transposed",
    "updated too early": "updated too early",
    "dW transposed": "BP4: the gradient",
    "wrong layer's a": "in place of a[",
    "z for a": "BP4: z[",
    "bias: mean for sum": "BP3, a mean",
    "bias: sum over all": "BP3, a sum over all",
    "bias: first example": "BP3 of",
    "bias: missing": "BP3",
    "penalty missing": "penalty's slope",
    "one entry by 1 %": "alone",
}
"""The mistake -> what the report's cause must contain."""


def ordinary(g: Array, rng: np.random.Generator) -> int:
    """Return an entry of ordinary size: not below a tenth of the gradient's root mean square."""
    large = np.abs(g) >= 0.1 * np.sqrt(np.mean(np.square(g, dtype=float)))
    return int(rng.choice(np.flatnonzero(large)))


def plant(bug: str, rng: np.random.Generator, dtype: Any) -> tuple[Any, ...] | None:
    """Return a network, data, and a trace with a mistake that changes something, or None."""
    depth, m = int(rng.integers(2, 5)), int(rng.choice([3, 5, 8]))
    pair = ("sigmoid", "sse") if bug == "output slope twice" else None
    penalty = 0.1 if bug == "penalty missing" else 0.0
    hidden = str(rng.choice(["sigmoid", "tanh", "softplus", "gelu", "relu"]))
    net = network(rng, depth, dtype, (3, 4), pair=pair, penalty=penalty, hidden=hidden)
    for l in net.phi:  # without a sum of exactly 0: at a kink more than one slope is right
        net.params.b[l] = rng.normal(size=net.sizes[l])
    X, Y = rng.normal(size=(m, 3)), targets(net, m, rng)
    if rng.integers(2):
        pb.train(net, X, Y, optimizer=pb.Adam(0.02), epochs=30, batch_size=m, rng=0)
    first = 2 if bug == "z for a" else 1
    at = int(rng.integers(first, depth + 1 if bug[0] in "dwzb" else depth))
    trace, honest = backward(net, X, Y, bug, at), pb.backprop(net, X, Y)
    if bug == "one entry by 1 %":
        trace.grad.theta[ordinary(honest.grad.theta, rng)] *= 1.01
    g, mine = honest.grad.theta.astype(float), trace.grad.theta.astype(float)
    parts = {name: (g[at], mine[at]) for name, at in net.params.blocks.items()}
    off = {n: np.abs(b - a).max() / max(np.abs(a).max(), 1e-300) for n, (a, b) in parts.items()}
    visible = {name for name, error in off.items() if error > (1e-3 if "1 %" in bug else 1e-2)}
    touched = {name for name, error in off.items() if error > 0}
    return (net, X, Y, trace, visible, touched) if visible else None


def planted(share: float = 1.0) -> dict[str, Count]:
    """Return how many planted mistakes each test finds."""
    found = {}
    for seed, (bug, words) in enumerate(BUGS.items()):
        rng, goal = np.random.default_rng(100 + seed), round(share * (750 if "1 %" in bug else 250))
        found[bug] = result = Count()
        while result.total < goal:
            method = list(METHODS)[result.total % 4]
            made = plant(bug, rng, DTYPES[result.total // 4 % 2])
            if made is None:
                continue
            net, X, Y, trace, visible, touched = made
            grad = trace.grad.theta
            report = pb.check_gradient(net, X, Y, method=method, grad=grad)
            named = set(report.blocks)
            result.total += 1
            result.check += not report
            result.named += visible <= named <= touched
            result.cause += words in report.cause
            result.taylor += not pb.taylor_test(net, X, Y, grad)
            result.dot += not pb.dot_product_test(net, X, Y, trace)
    return found


def add_up(found: dict[str, Count]) -> Count:
    """Return the sums over all kinds."""
    names = vars(Count())
    return Count(**{name: sum(getattr(c, name) for c in found.values()) for name in names})


def main() -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    found = right()
    print("\nRight gradients, and how many each test calls wrong:\n")
    print_table(
        ["right gradients", "tried", "check_gradient", "taylor_test", "dot_product_test"],
        [
            [kind, f"{c.total}", f"{c.check}", f"{c.taylor}", f"{c.dot}"]
            for kind, c in (found | {"all": add_up(found)}).items()
        ],
    )
    found = planted()
    print("\nPlanted mistakes, and how many each test finds:\n")
    print_table(
        ["mistake", "tried", "check_gradient", "block named", "cause named", "taylor", "dot"],
        [
            [kind, *(f"{n}" for n in (c.total, c.check, c.named, c.cause, c.taylor, c.dot))]
            for kind, c in (found | {"all": add_up(found)}).items()
        ],
    )


if __name__ == "__main__":
    main()
