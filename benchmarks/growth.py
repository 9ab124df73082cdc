"""How the cost of a step grows with batch, width and depth, against the products alone.

Then the cost of a gradient check over the number of parameters, against one backpropagation.
A figure goes to the file named in BENCHMARK_FIGURE, where that is set.
"""

import os
from typing import Any

import pybackprop as pb

from .peers import Case, products, pybackprop, start
from .timing import medians, print_table

SWEEPS: dict[str, list[tuple[int, list[int], int]]] = {
    "batch": [(m, [64, 128, 64, 10], m) for m in (1, 4, 16, 64, 256, 1024)],
    "width": [(n, [64, n, n, 10], 64) for n in (8, 32, 128, 512, 1024)],
    "depth": [(d, [64, *[64] * d, 10], 64) for d in (1, 2, 4, 8, 16, 32)],
}
CHECKED = [[2, 3, 1], [4, 8, 4, 1], [8, 16, 8, 1], [16, 32, 16, 1]]


def step_ratio(sizes: list[int], batch: int) -> tuple[float, float]:
    """Return the seconds of a step with SGD, and of its products alone."""
    case = Case(sizes, batch, "relu", "SGD", "float64")
    calls = {"step": pybackprop(case, *start(case))[0], "products": products(case, *start(case))[0]}
    seconds = medians(calls, rounds=15)
    return seconds["step"], seconds["products"]


def check_ratio(sizes: list[int]) -> tuple[int, float, float]:
    """Return the parameters, and the seconds of a gradient check and of one backpropagation."""
    net, X, Y = start(Case(sizes, 8, "tanh", "SGD", "float64"))
    calls: dict[str, Any] = {
        "check": lambda: pb.check_gradient(net, X, Y),
        "backprop": lambda: pb.backprop(net, X, Y),
    }
    seconds = medians(calls, rounds=10)
    return net.params.theta.size, seconds["check"], seconds["backprop"]


def main() -> None:
    """Print the tables."""
    curves = {}
    for name, sweep in SWEEPS.items():
        results = [(x, *step_ratio(sizes, batch)) for x, sizes, batch in sweep]
        curves[name] = results
        print()
        print_table(
            [name, "step, us", "products, us", "x products"],
            [[str(x), f"{s * 1e6:.1f}", f"{p * 1e6:.1f}", f"{s / p:.2f}"] for x, s, p in results],
        )
    rows = []
    for sizes in CHECKED:
        count, check, once = check_ratio(sizes)
        cells = [f"{check * 1e3:.1f}", f"{once * 1e6:.0f}", f"{check / once:.0f}"]
        rows.append([str(count), *cells, f"{check / once / count:.2f}"])
    print()
    header = ["parameters", "check, ms", "backprop, us", "ratio", "ratio / parameters"]
    print_table(header, rows)
    if target := os.environ.get("BENCHMARK_FIGURE"):
        draw(curves, target)


def draw(curves: dict[str, Any], target: str) -> None:
    """Draw step and products over each sweep."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    for ax, (name, results) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        x, step, alone = zip(*results, strict=True)
        ax.loglog(x, [s * 1e6 for s in step], "o-", label="step")
        ax.loglog(x, [p * 1e6 for p in alone], "s--", label="products alone")
        ax.set(xlabel=name, ylabel="microseconds")
        ax.legend()
    figure.savefig(target)
    print(f"\nfigure: {target}")
