"""Where the time of a training step goes, as a share of the products alone.

A plan is a list of calls: each is timed where it stands; what is left is the loop and the clock.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

import pybackprop as pb
from pybackprop.engine import Plan, encoded

from .peers import CASES, Case, products, start
from .timing import medians, print_table

PARTS = ["products", "forward", "backward", "update", "the rest"]


def is_product(call: Any) -> bool:
    """Return whether a call multiplies two matrices that both come from the network."""
    name = getattr(call.func, "__name__", "")
    return name == "matmul" or (name == "dot" and not np.all(call.args[0] == 1.0))


def timed(call: Callable[[], Any], part: str, spent: dict[str, float]) -> Callable[[], None]:
    """Return the call with its time added to a part."""
    clock = time.perf_counter

    def run() -> None:
        started = clock()
        call()
        spent[part] += clock() - started

    return run


def profile(case: Case, steps: int) -> dict[str, float]:
    """Return the mean seconds a step spends in each part."""
    net, X, Y = start(case)
    _, signs = encoded(net, Y)
    plan = Plan(net, len(X), getattr(pb, case.optimizer)(lr=case.lr), signs=signs)
    plan.load(X, Y)
    spent: dict[str, float] = defaultdict(float)
    for part in ("forward", "backward", "update"):
        calls = getattr(plan, f"{part}_calls")
        kinds = ["products" if is_product(call) else part for call in calls]
        made = [timed(call, kind, spent) for call, kind in zip(calls, kinds, strict=True)]
        setattr(plan, f"{part}_calls", made)
    for k in range(steps + 5):
        if k == 5:  # the first steps fill caches
            spent.clear()
            started = time.perf_counter()
        plan.step()
    spent["the rest"] = time.perf_counter() - started - sum(spent.values())
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
