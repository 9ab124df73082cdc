"""Training step: forward, backward, update, against peers and against the products alone.

Microseconds are medians of interleaved rounds on two cores. "x products" divides pybackprop's time
by that of the matrix products of the same step alone, into arrays made before; the peers' columns
say how many times as long as pybackprop each of them takes: above 1 pybackprop is faster.
"""

import os

from .peers import CASES, installed, products, pybackprop, start
from .timing import medians, print_table


def main() -> None:
    """Print the table."""
    peers = installed()
    print(f"{os.cpu_count()} cores\n")
    rows = []
    for case in CASES:
        contenders = {"products": products, "pybackprop": pybackprop, **peers}
        steps = {name: make(case, *start(case))[0] for name, make in contenders.items()}
        seconds = medians(steps, rounds=10 if case.sizes[1] > 1000 else 40)
        ours = seconds["pybackprop"]
        rows.append(
            [str(case), case.optimizer, case.dtype]
            + [f"{seconds['products'] * 1e6:.1f}", f"{ours * 1e6:.1f}"]
            + [f"{ours / seconds['products']:.2f}"]
            + [f"{seconds[name] / ours:.2f}" for name in peers]
        )
    header = ["network, batch", "optimizer", "dtype", "products, us", "pybackprop, us"]
    print_table([*header, "x products", *peers], rows)
