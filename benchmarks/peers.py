"""Whether all contenders of the step benchmark take the same steps from the same start.

Each peer is a function ``(case, net, X, Y) -> (step, read)``: ``step()`` does one forward pass, one
backward pass and one update; ``read()`` returns all weights and biases as one vector like theta.
"""

import importlib.util
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

import pybackprop as pb
from pybackprop.engine import Plan, encoded, team_of

from .timing import print_table

Peer = Callable[["Case", pb.Network, Any, Any], tuple[Callable[[], object], Callable[[], Any]]]


class Case(NamedTuple):
    """One row of the benchmark."""

    sizes: list[int]
    batch: int
    hidden: str
    optimizer: str
    dtype: str

    @property
    def lr(self) -> float:
        return 1e-3

    @property
    def binary(self) -> bool:
        return self.sizes[-1] == 1

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, {self.batch}"


NETWORKS: list[tuple[list[int], int, str]] = [
    ([2, 3, 1], 1, "sigmoid"),
    ([2, 16, 16, 1], 32, "tanh"),
    ([64, 128, 64, 10], 64, "relu"),
    ([784, 256, 128, 10], 128, "relu"),
    ([784, 1024, 1024, 10], 512, "relu"),
]
CASES = [
    Case(sizes, batch, hidden, optimizer, dtype)
    for sizes, batch, hidden in NETWORKS
    for optimizer in ("SGD", "Adam")
    for dtype in ("float64", "float32")
]


def start(case: Case) -> tuple[pb.Network, Any, Any]:
    """Return the network and the batch from which every contender starts."""
    rng = np.random.default_rng(0)
    output, loss = ("sigmoid", "bce") if case.binary else ("softmax", "cross_entropy")
    net = pb.Network(case.sizes, case.hidden, output, loss, dtype=case.dtype, rng=rng)
    X = rng.standard_normal((case.batch, case.sizes[0])).astype(case.dtype)
    if case.binary:
        Y = rng.integers(0, 2, (case.batch, 1)).astype(case.dtype)
    else:
        Y = pb.one_hot(rng.integers(0, 10, case.batch), 10).astype(case.dtype)
    return net, X, Y


def layers(net: pb.Network) -> list[tuple[Any, Any]]:
    """Return copies of (W, b), layer by layer."""
    return [(net.params.W[l].copy(), net.params.b[l].copy()) for l in net.phi]


def flat(pairs: Any) -> Any:
    """Return (W, b) pairs as one vector, in the order of theta."""
    return np.concatenate([np.asarray(part).ravel() for pair in pairs for part in pair])


def products(case: Case, net: pb.Network, X: Any, Y: Any) -> Any:
    """The limit: the matrix products of one step alone, into arrays made before."""
    rng, sizes = np.random.default_rng(0), case.sizes
    a = [rng.standard_normal((case.batch, n)).astype(case.dtype) for n in sizes]
    delta = [signal.copy() for signal in a]
    W = [np.empty(0), *(W for W, _ in layers(net))]
    z, grad = [np.empty_like(s) for s in a], [np.empty_like(w) for w in W]
    back = [np.empty_like(s) for s in a]
    L = net.L

    def step() -> None:
        for l in range(1, L + 1):
            np.matmul(a[l - 1], W[l].T, out=z[l])
        for l in range(L, 0, -1):
            np.matmul(delta[l].T, a[l - 1], out=grad[l])
            if l > 1:
                np.matmul(delta[l], W[l], out=back[l - 1])

    return step, lambda: flat(layers(net))


def pybackprop(case: Case, net: pb.Network, X: Any, Y: Any) -> Any:
    """What `train` does for each batch: the plan's calls, on a batch that is in its place."""
    _, signs = encoded(net, Y)
    optimizer = getattr(pb, case.optimizer)(lr=case.lr)
    team = team_of(net.sizes, len(X), optimizer)
    plan = Plan(net, len(X), optimizer, signs=signs, team=team)
    plan.load(X, Y)
    theta = net.params.theta

    def shared() -> None:  # the other contenders' products have all threads
        team.set_blas(1)
        plan.step()
        team.set_blas(team.most)

    return plan.step if team.most == 1 else shared, lambda: theta.copy()


def lesson(case: Case, net: pb.Network, X: Any, Y: Any) -> Any:
    """`backprop` as the book shows it, and the optimizer's update."""
    optimizer, theta = getattr(pb, case.optimizer)(lr=case.lr), net.params.theta

    def step() -> None:
        optimizer.update(theta, pb.backprop(net, X, Y).grad.theta)

    return step, lambda: theta.copy()


def plain_numpy(case: Case, net: pb.Network, X: Any, Y: Any) -> Any:
    """As a tutorial writes it: lists of arrays, expressions, a loop over the parameters."""
    params = [part for pair in layers(net) for part in pair]
    m, v, t = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params], 0
    lr, depth = case.lr, net.L

    def phi(z: Any) -> Any:
        if case.hidden == "relu":
            return np.maximum(0, z)
        return np.tanh(z) if case.hidden == "tanh" else 1 / (1 + np.exp(-z))

    def slope(a: Any) -> Any:
        if case.hidden == "relu":
            return a > 0
        return 1 - a**2 if case.hidden == "tanh" else a * (1 - a)

    def step() -> None:
        nonlocal t
        t += 1
        a = [X]
        for k in range(depth):
            z = a[-1] @ params[2 * k].T + params[2 * k + 1]
            if k < depth - 1:
                a.append(phi(z))
            elif case.binary:
                a.append(1 / (1 + np.exp(-z)))
            else:
                e = np.exp(z - np.max(z, axis=1, keepdims=True))
                a.append(e / np.sum(e, axis=1, keepdims=True))
        grads = []
        delta = (a[-1] - Y) / len(Y)
        for k in reversed(range(depth)):
            grads = [delta.T @ a[k], np.sum(delta, axis=0), *grads]
            if k > 0:
                delta = (delta @ params[2 * k]) * slope(a[k])
        for k in range(len(params)):
            if case.optimizer == "SGD":
                params[k] -= lr * grads[k]
            else:
                m[k] = 0.9 * m[k] + 0.1 * grads[k]
                v[k] = 0.999 * v[k] + 0.001 * grads[k] ** 2
                m_hat, v_hat = m[k] / (1 - 0.9**t), v[k] / (1 - 0.999**t)
                params[k] -= lr * m_hat / (np.sqrt(v_hat) + 1e-8)

    return step, lambda: flat([params])


def torch_step(case: Case, net: pb.Network, X: Any, Y: Any, fused: bool = False) -> Any:
    """PyTorch, eager, with the loss on logits."""
    import torch

    torch.set_num_threads(2)
    hidden = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}
    modules: list[Any] = []
    for W, b in layers(net):
        linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=getattr(torch, case.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear, hidden[case.hidden]()]
    model = torch.nn.Sequential(*modules[:-1])
    loss = torch.nn.BCEWithLogitsLoss() if case.binary else torch.nn.CrossEntropyLoss()
    optimizer = getattr(torch.optim, case.optimizer)(model.parameters(), lr=case.lr, fused=fused)
    x = torch.from_numpy(X)
    y = torch.from_numpy(Y if case.binary else Y.argmax(axis=1))

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

    linears = [module for module in model if hasattr(module, "weight")]
    return step, lambda: flat((m.weight.detach(), m.bias.detach()) for m in linears)


def torch_fused(case: Case, net: pb.Network, X: Any, Y: Any) -> Any:
    """PyTorch with its fused optimizer."""
    return torch_step(case, net, X, Y, fused=True)


def scikit_learn(case: Case, net: pb.Network, X: Any, Y: Any) -> Any:
    """MLPClassifier.partial_fit on one batch (it also validates its input)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    model = MLPClassifier(
        case.sizes[1:-1],
        activation="logistic" if case.hidden == "sigmoid" else case.hidden,
        solver=case.optimizer.lower(),
        batch_size=case.batch,
        learning_rate_init=case.lr,
        alpha=0.0,
        momentum=0.0,
        shuffle=False,
    )
    labels = Y[:, 0] if case.binary else Y.argmax(axis=1)
    classes = np.arange(2 if case.binary else 10)
    model.partial_fit(X, labels, classes=classes)
    for k, (W, b) in enumerate(layers(net)):
        model.coefs_[k][:], model.intercepts_[k][:] = W.T, b
    # A fresh optimizer for the given start: the first call above was only to set up the model.
    model.__dict__.pop("_optimizer", None)
    model._optimizer = _sklearn_optimizer(case, model)
    return (
        lambda: model.partial_fit(X, labels),
        lambda: flat((c.T, i) for c, i in zip(model.coefs_, model.intercepts_, strict=True)),
    )


def _sklearn_optimizer(case: Case, model: Any) -> Any:
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

    params = model.coefs_ + model.intercepts_
    if case.optimizer == "SGD":
        return SGDOptimizer(params, case.lr, momentum=0.0, nesterov=False)
    return AdamOptimizer(params, case.lr)


def jax_jit(case: Case, net: pb.Network, X: Any, Y: Any, compiled: bool = True) -> Any:
    """JAX, the whole step compiled, old parameters donated; each step is waited for."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", case.dtype == "float64")
    hidden = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[case.hidden]

    def loss(params: Any, x: Any, y: Any) -> Any:
        for W, b in params[:-1]:
            x = hidden(x @ W.T + b)
        W, b = params[-1]
        z = x @ W.T + b
        if case.binary:
            return jnp.mean(jax.nn.softplus(z) - y * z)
        return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(z), axis=1))

    def sgd(state: Any, x: Any, y: Any) -> Any:
        (params,) = state
        grads = jax.grad(loss)(params, x, y)
        return (jax.tree.map(lambda p, g: p - case.lr * g, params, grads),)

    def adam(state: Any, x: Any, y: Any) -> Any:
        params, m, v, t = state
        t = t + 1
        grads = jax.grad(loss)(params, x, y)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        c1, c2 = 1 - 0.9**t, 1 - 0.999**t
        new = jax.tree.map(
            lambda p, m, v: p - case.lr * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), params, m, v
        )
        return new, m, v, t

    params = [(jnp.array(W), jnp.array(b)) for W, b in layers(net)]
    if case.optimizer == "SGD":
        change: Any = sgd
        state: Any = (params,)
    else:
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = (params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.zeros((), case.dtype))
        change = adam
    run = jax.jit(change, donate_argnums=0) if compiled else change
    x, y = jnp.array(X), jnp.array(Y)
    held = [state]

    def step() -> None:
        held[0] = run(held[0], x, y)
        jax.block_until_ready(held[0])

    return step, lambda: flat(held[0][0])


def jax_eager(case: Case, net: pb.Network, X: Any, Y: Any) -> Any:
    """JAX, operation by operation."""
    return jax_jit(case, net, X, Y, compiled=False)


PEERS: dict[str, tuple[Peer, str]] = {
    "plain NumPy": (plain_numpy, "numpy"),
    "PyTorch": (torch_step, "torch"),
    "PyTorch, fused": (torch_fused, "torch"),
    "scikit-learn": (scikit_learn, "sklearn"),
    "JAX jit": (jax_jit, "jax"),
}
"""Name -> (peer, the module it needs)."""


def installed() -> dict[str, Peer]:
    """Return the peers that can be imported here, and say which cannot."""
    found = {}
    for name, (peer, module) in PEERS.items():
        if importlib.util.find_spec(module):
            found[name] = peer
        else:
            print(f"({name} is left out: {module} is not installed)")
    return found


def disagreement(case: Case, peer: Peer, steps: int = 3) -> float:
    """Return the largest difference to pybackprop's theta after some steps, against its change."""
    ours, read_ours = pybackprop(case, *start(case))
    theirs, read_theirs = peer(case, *start(case))
    before = read_ours()
    for _ in range(steps):
        ours()
        theirs()
    after = read_ours()
    return float(np.abs(after - read_theirs()).max() / np.abs(after - before).max())


def main() -> None:
    """Print how far each peer is from pybackprop after three steps, relative to the way gone."""
    peers = installed()
    rows = []
    for case in CASES[:-4]:
        gaps = [f"{disagreement(case, peer):.0e}" for peer in peers.values()]
        rows.append([str(case), case.optimizer, case.dtype, *gaps])
    print_table(["network, batch", "optimizer", "dtype", *peers], rows)


def product_count(sizes: list[int], batch: int) -> int:
    """Return the multiplications in the products of one step.

    >>> product_count([2, 3, 1], 1)
    21
    """
    pairs = [n_in * n_out for n_in, n_out in pairwise(sizes)]
    return batch * (3 * sum(pairs) - pairs[0])
