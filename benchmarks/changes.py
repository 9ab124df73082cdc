"""From the paper to the engine: each change of a step on its own, before and after.

The left form is the lesson's, `network.py`; the right one does the same in `engine.py`. The table
stands in the book, on the page "From the paper to the engine", measured when the page is built.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pybackprop.activations import relu_derivative, sigmoid
from pybackprop.engine import relu_backward, sigmoid_forward

from .peers import Case, lesson, pybackprop, start
from .timing import medians, print_table

LAYERS = [(1, 2, 3), (64, 64, 128), (128, 784, 256)]
"""Examples, units below, units: the first layer of the networks that are measured."""

Pair = tuple[Callable[[], Any], Callable[[], Any]]


def run(calls: list[Callable[[], Any]]) -> None:
    """Do what a plan does with its calls."""
    for call in calls:
        call()


def weighted_sum(m: int, n_in: int, n: int, rng: Any) -> Pair:
    """z = a W^T + b into an array that is there."""
    a, W, b = rng.normal(size=(m, n_in)), rng.normal(size=(n, n_in)), rng.normal(size=n)
    z, row = np.empty((m, n)), b[None, :]
    product = partial(a.dot, W.T, z) if m * n <= 4096 else partial(np.matmul, a, W.T, z)
    return lambda: a @ W.T + b, partial(run, [product, partial(np.add, z, row, z)])


def four_calls(z: Any) -> Any:
    """sigma(z) as the plan's four calls, each into an array of its own."""
    return np.reciprocal(np.exp(np.negative(z)) + np.ones_like(z))


def sigmoid_calls(m: int, n_in: int, n: int, rng: Any) -> Pair:
    """sigma(z) with a choice by the sign of z, and as four calls without one."""
    z = rng.normal(size=(m, n))
    return partial(sigmoid, z), partial(four_calls, z)


def sigmoid_in_place(m: int, n_in: int, n: int, rng: Any) -> Pair:
    """The four calls, written over z."""
    z = rng.normal(size=(m, n))
    at = z.copy()
    return partial(four_calls, z), partial(run, sigmoid_forward(z, at))


def slope(m: int, n_in: int, n: int, rng: Any) -> Pair:
    """Delta times relu' where it stands."""
    z, delta = rng.normal(size=(m, n)), rng.normal(size=(m, n))
    a = np.maximum(z, 0)
    at = delta.copy()
    return lambda: delta * relu_derivative(z, a), partial(run, relu_backward(z, a, at))


def bias_gradient(m: int, n_in: int, n: int, rng: Any) -> Pair:
    """BP3 as a product with a row of ones; for one example nothing at all."""
    delta, ones, b = rng.normal(size=(m, n)), np.ones((1, m)), np.empty((1, n))
    after: Callable[[], Any] = partial(ones.dot, delta, b) if m > 1 else (lambda: None)
    return lambda: delta.sum(axis=0), after


def weight_gradient(m: int, n_in: int, n: int, rng: Any) -> Pair:
    """BP4 into the gradient's own place."""
    delta, a, G = rng.normal(size=(m, n)), rng.normal(size=(m, n_in)), np.empty((n, n_in))
    columns = delta.T
    after = partial(columns.dot, a, G) if G.size <= 4096 else partial(np.matmul, columns, a, G)

    def before() -> None:
        G[...] = delta.T @ a

    return before, after


def update(m: int, n_in: int, n: int, rng: Any) -> Pair:
    """eta already in delta: the update is one subtraction."""
    theta, g = rng.normal(size=n * n_in + n), rng.normal(size=n * n_in + n)

    def before() -> None:
        theta[...] = theta - 1e-3 * g

    return before, partial(np.subtract, theta, g, theta)


CHANGES: dict[str, Callable[..., Pair]] = {
    "weighted sum, written into an array that is there (FP1)": weighted_sum,
    "sigmoid in four calls, without a choice by the sign of z (FP2)": sigmoid_calls,
    "these four over z itself": sigmoid_in_place,
    "ReLU's slope, delta where it stands (BP2)": slope,
    "sum over the batch as a product with ones (BP3)": bias_gradient,
    "weight gradient into its own place (BP4)": weight_gradient,
    "learning rate in the output delta: one subtraction": update,
}


def rows(rounds: int = 10) -> list[list[str]]:
    """Return the table: for each change and size, before and after in microseconds."""
    table = []
    for name, make in CHANGES.items():
        cells = [name]
        for m, n_in, n in LAYERS:
            before, after = make(m, n_in, n, np.random.default_rng(0))
            seconds = medians({"before": before, "after": after}, rounds)
            cells.append(f"{seconds['before'] * 1e6:.1f} → {seconds['after'] * 1e6:.1f}")
        table.append(cells)
    for optimizer in ("SGD", "Adam"):
        cells = [f"the whole step of 2-3-1, 64-128-64-10, 784-256-128-10: {optimizer}"]
        for sizes, m, hidden in (
            ([2, 3, 1], 1, "sigmoid"),
            ([64, 128, 64, 10], 64, "relu"),
            ([784, 256, 128, 10], 128, "relu"),
        ):
            case = Case(sizes, m, hidden, optimizer, "float64")
            steps = {"before": lesson, "after": pybackprop}
            made = {which: step(case, *start(case))[0] for which, step in steps.items()}
            seconds = medians(made, rounds)
            cells.append(f"{seconds['before'] * 1e6:.0f} → {seconds['after'] * 1e6:.0f}")
        table.append(cells)
    return table


HEADER = [
    "change, µs before → after",
    *(f"{n_in} to {n} units, batch {m}" for m, n_in, n in LAYERS),
]


def main() -> None:
    """Print the table."""
    with np.errstate(over="ignore"):
        print_table(HEADER, rows())
