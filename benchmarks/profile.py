"""Where the time of a training step goes, as a share of the products alone.

The functions that a step calls are wrapped in clocks; what is left is bias additions, Python, and
the clocks themselves.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pybackprop as pb
from pybackprop import network

from .peers import CASES, Case, products, start
from .timing import medians, print_table

PARTS = ["products", "activations", "output delta", "pull-backs", "update", "the rest"]


def clocked(call: Callable[..., Any], part: str, spent: dict[str, float]) -> Callable[..., Any]:
    """Return the call with its time added to a part."""
    clock = time.perf_counter

    def timed(*args: Any, **settings: Any) -> Any:
        started = clock()
        result = call(*args, **settings)
        spent[part] += clock() - started
        return result

    return timed


def profile(case: Case, steps: int) -> dict[str, float]:
    """Return the mean seconds a step spends in each part."""
    net, X, Y = start(case)
    optimizer = getattr(pb, case.optimizer)(lr=case.lr)
    theta, grad = net.params.theta, net.params.copy()
    spent: dict[str, float] = defaultdict(float)
    for layer, phi in net.phi.items():
        net.phi[layer] = phi._replace(
            f=clocked(phi.f, "activations", spent),
            pullback=clocked(phi.pullback, "pull-backs", spent),
        )
    delta = clocked(net.objective.delta, "output delta", spent)
    net.objective = net.objective._replace(delta=delta)
    update = clocked(optimizer.update, "update", spent)
    plain = network.dot, network.matmul
    network.dot, network.matmul = (clocked(product, "products", spent) for product in plain)
    try:
        for k in range(steps + 5):
            if k == 5:  # the first steps make arrays and fill caches
                spent.clear()
                started = time.perf_counter()
            pb.backprop(net, X, Y, out=grad, check=False)
            update(theta, grad.theta)
        total = time.perf_counter() - started
    finally:
        network.dot, network.matmul = plain
    spent["the rest"] = total - sum(spent.values())
    return {part: spent[part] / steps for part in PARTS}


def main() -> None:
    """Print the table."""
    rows = []
    for case in CASES:
        alone = medians({"products": products(case, *start(case))[0]}, rounds=10)["products"]
        shares = profile(case, steps=max(20, min(5000, round(0.5 / alone))))
        cells = [f"{shares[part] / alone:.2f}" for part in PARTS]
        total = sum(shares.values()) / alone
        rows.append([str(case), case.optimizer, case.dtype, *cells, f"{total:.2f}"])
    print_table(["network, batch", "optimizer", "dtype", *PARTS, "sum"], rows)
