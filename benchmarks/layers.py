"""Training step of a graph and of its layers, against the dense engine, PyTorch and eager JAX.

Microseconds are medians of interleaved rounds on two cores. "ours / theirs" is to stay below the
limit. "apart" is the largest difference of all parameters after three steps, against the way gone.

Below it, where the time of the large graph's step goes: what it does beside its matrix products. A
tape makes its arrays anew in each step, and its update begins when the step is whole and has left
the cache; the dense engine makes none, and subtracts each part while it is there.
"""

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import pybackprop as pb
from pybackprop.layers import (
    activation,
    attention,
    causal_mask,
    conv2d,
    embedding,
    layer_norm,
    linear,
    max_pool,
)
from pybackprop.model import ModelPlan

from . import peers
from .timing import medians, print_table

Contender = Callable[[], tuple[Callable[[], object], Callable[[], Any]]]
"""Makes ``step``, one forward pass, backward pass and update, and ``read``, all parameters."""


class Row(NamedTuple):
    """One row of the table: a step of ours, and the one it is held against."""

    name: str
    ours: Contender
    peer: str
    theirs: Contender
    limit: float


def stepping(model: pb.Model, X: Any, Y: Any, lr: float) -> Any:
    """What `train` does for each batch with a model."""
    plan = ModelPlan(model, X, Y, pb.SGD(lr))
    return plan.step, lambda: model.params.theta.copy()


def torch_stepping(modules: list[Any], X: Any, Y: Any, lr: float) -> Any:
    """Do the same in PyTorch, eager, on two threads."""
    import torch

    torch.set_num_threads(2)
    network, loss = torch.nn.Sequential(*modules), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=lr)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)

    def step() -> None:
        optimizer.zero_grad()
        loss(network(x), y).backward()
        optimizer.step()

    return step, lambda: peers.flat([[p.detach() for p in network.parameters()]])


# A dense network as a graph


def dense(case: peers.Case, peer: peers.Peer) -> Any:
    """Return a contender of the step benchmark."""
    return peer(case, *peers.start(case))


def graph(case: peers.Case) -> Any:
    """Return the case's network on a tape."""
    net, X, Y = peers.start(case)

    def f(p: Any, x: Any, rng: Any) -> Any:
        for l in net.phi:
            x = linear(x, p[f"W{l}"], p[f"b{l}"])
            x = activation(case.hidden, x) if l < net.L else x
        return x

    named = {}
    for l in net.phi:
        named |= {f"W{l}": net.params.W[l], f"b{l}": net.params.b[l]}
    loss = "bce" if case.binary else "cross_entropy"
    return stepping(pb.Model(f, named, loss, dtype=case.dtype), X, Y, case.lr)


# The convolutional network of chapter 12


def digits(dtype: str) -> Any:
    """Return parameters and a batch of 32 digits, as in chapter 12."""
    rng = np.random.default_rng(0)
    shapes = {"K1": (8, 1, 3, 3), "K2": (16, 8, 3, 3), "W": (10, 64)}
    named: dict[str, Any] = {}
    for name, shape in shapes.items():
        named[name] = rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:]))
        named[f"b_{name}"] = np.zeros(shape[0])
    named = {name: value.astype(dtype) for name, value in named.items()}
    return named, rng.random((32, 1, 8, 8)).astype(dtype), rng.integers(0, 10, 32)


def convolutions(p: Any, x: Any, rng: Any) -> Any:
    for name in ("K1", "K2"):
        x = conv2d(x, p[name], p[f"b_{name}"], padding=1)
        x = max_pool(activation("relu", x), 2)
    return linear(x.reshape(len(x), -1), p["W"], p["b_W"])


def our_digits(dtype: str) -> Any:
    named, X, Y = digits(dtype)
    return stepping(pb.Model(convolutions, named, dtype=dtype), X, Y, 0.05)


def torch_digits(dtype: str) -> Any:
    import torch
    from torch import nn

    named, X, Y = digits(dtype)
    conv1, conv2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
    last, relu, pool = nn.Linear(64, 10), nn.ReLU(), nn.MaxPool2d(2)
    modules = [conv1, relu, pool, conv2, relu, pool, nn.Flatten(), last]
    for name, module in (("K1", conv1), ("K2", conv2), ("W", last)):
        module.weight = nn.Parameter(torch.from_numpy(named[name]))
        module.bias = nn.Parameter(torch.from_numpy(named[f"b_{name}"]))
    return torch_stepping(modules, X, Y, 0.05)


# The transformer of chapter 14

DIGITS, N, D, HEADS = 8, 6, 16, 2


def lines_to_reverse(dtype: str) -> Any:
    """Return parameters, in the order of PyTorch's, and a batch of 32 lines, as in chapter 14."""
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "E": (DIGITS + 1, D),
        "P": (2 * N, D),
        "Wq": (D, D),
        "Wk": (D, D),
        "Wv": (D, D),
    }
    shapes |= {"Wo": (D, D), "W1": (2 * D, D), "b1": (2 * D,), "W2": (D, 2 * D), "b2": (D,)}
    named: dict[str, Any] = {
        name: rng.normal(size=n) / np.sqrt(n[-1]) for name, n in shapes.items()
    }
    for l in (1, 2, 3):
        named |= {f"gamma{l}": np.ones(D), f"beta{l}": np.zeros(D)}
    named = {name: value.astype(dtype) for name, value in named.items()}
    given = rng.integers(0, DIGITS, (32, N))
    answer = given[:, ::-1].copy()
    sign = np.full((32, 1), DIGITS)
    return named, np.concatenate([given, sign, answer[:, :-1]], axis=1), answer


def transformer(p: Any, x: Any, rng: Any) -> Any:
    T = x.shape[1]
    h = embedding(p["E"], x) + p["P"][:T]
    u = layer_norm(h, p["gamma1"], p["beta1"])
    q, k, v = (linear(u, p[name]) for name in ("Wq", "Wk", "Wv"))
    h = h + linear(attention(q, k, v, causal_mask(T), HEADS), p["Wo"])
    u = layer_norm(h, p["gamma2"], p["beta2"])
    h = h + linear(activation("relu", linear(u, p["W1"], p["b1"])), p["W2"], p["b2"])
    return linear(layer_norm(h, p["gamma3"], p["beta3"]), p["E"])[:, N:]


def our_transformer(dtype: str) -> Any:
    named, X, Y = lines_to_reverse(dtype)
    return stepping(pb.Model(transformer, named, dtype=dtype), X, Y, 0.05)


def torch_transformer(dtype: str) -> Any:
    import torch
    from torch import nn

    named, X, Y = lines_to_reverse(dtype)

    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(DIGITS + 1, D), nn.Embedding(2 * N, D)
            self.attention = nn.MultiheadAttention(D, HEADS, bias=False, batch_first=True)
            self.up, self.down = nn.Linear(D, 2 * D), nn.Linear(2 * D, D)
            self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(D) for _ in range(3))
            self.hidden = ~torch.ones(2 * N, 2 * N, dtype=torch.bool).tril()

        def forward(self, x: Any) -> Any:
            h = self.tokens(x) + self.places.weight
            u = self.norm1(h)
            h = h + self.attention(u, u, u, attn_mask=self.hidden, need_weights=False)[0]
            h = h + self.down(torch.relu(self.up(self.norm2(h))))
            z = nn.functional.linear(self.norm3(h), self.tokens.weight)
            return z[:, N:].transpose(1, 2)

    network = Transformer().to(getattr(torch, dtype))
    values = np.concatenate([value.ravel() for value in named.values()])
    nn.utils.vector_to_parameters(torch.from_numpy(values), network.parameters())
    return torch_stepping([network], X, Y, 0.05)


LARGE = peers.Case([784, 256, 128, 10], 128, "relu", "SGD", "float64")
SMALL = (
    peers.Case([2, 3, 1], 1, "sigmoid", "SGD", "float64"),
    peers.Case([2, 16, 16, 1], 32, "tanh", "SGD", "float64"),
)

ROWS = [
    Row(
        f"graph {LARGE}", partial(graph, LARGE), "dense engine",
        partial(dense, LARGE, peers.pybackprop), 1.3,
    ),
    *(
        Row(f"graph {case}", partial(graph, case), name, partial(dense, case, peer), 1.0)
        for case in SMALL
        for name, peer in (("PyTorch", peers.torch_step), ("JAX eager", peers.jax_eager))
    ),
    *(
        Row(
            f"convolution, digits, 32, {dtype}", partial(our_digits, dtype), "PyTorch",
            partial(torch_digits, dtype), 1.5,
        )
        for dtype in ("float64", "float32")
    ),
    *(
        Row(
            f"transformer, 32 lines, {dtype}", partial(our_transformer, dtype), "PyTorch",
            partial(torch_transformer, dtype), 1.5,
        )
        for dtype in ("float64", "float32")
    ),
]  # fmt: skip
"""To add a layer, add a row."""

NEEDS = {"PyTorch": "torch", "JAX eager": "jax"}
"""Peer -> the module it needs."""


def disagreement(row: Row, steps: int = 3) -> float:
    """Return how far the two are apart after some steps, against the way gone."""
    (ours, read), (theirs, read_theirs) = row.ours(), row.theirs()
    before = read()
    for _ in range(steps):
        ours()
        theirs()
    after = read()
    return float(np.abs(after - read_theirs()).max() / np.abs(after - before).max())


def main() -> None:
    """Print the table."""
    rows = []
    for row in ROWS:
        module = NEEDS.get(row.peer)
        if module and not importlib.util.find_spec(module):
            print(f"({row.name} is left out: {module} is not installed)")
            continue
        apart = disagreement(row)
        seconds = medians({"ours": row.ours()[0], "theirs": row.theirs()[0]})
        ours, theirs = seconds["ours"], seconds["theirs"]
        times = [f"{1e6 * ours:.0f}", f"{1e6 * theirs:.0f}", f"{ours / theirs:.2f}"]
        rows.append([row.name, row.peer, *times, f"{row.limit:.1f}", f"{apart:.0e}"])
    header = ["step", "against", "ours, us", "theirs, us", "ours / theirs", "limit", "apart"]
    print_table(header, rows)
    print()
    print_parts(LARGE)


def print_parts(case: peers.Case) -> None:
    """Print the parts of a graph's step as multiples of its products."""
    plan = graph(case)[0].__self__

    def both() -> None:
        plan.forward()
        plan.backward()

    parts = {"products": dense(case, peers.products)[0], "forward": plan.forward, "both ways": both}
    seconds = medians({**parts, "update": plan.update, "step": plan.step})
    of_products = {name: value / seconds["products"] for name, value in seconds.items()}
    shown = [[name, f"{1e6 * seconds[name]:.0f}", f"{x:.2f}"] for name, x in of_products.items()]
    print_table([f"graph {case}", "us", "x products"], shown)
