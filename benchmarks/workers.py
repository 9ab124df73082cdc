"""Steps on several processes: what is computing, what is sending, and from which batch on two pay.

A step of 784-256-128-10 by one process without Dask, on one BLAS thread, is the yardstick.
"computing" is the slowest worker's time, "the rest" what the step takes beyond it. The fit c m / p
+ s over all rows is that of chapter 16.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

import pybackprop as pb
from pybackprop import threads
from pybackprop.data import Data
from pybackprop.engine import Plan
from pybackprop.params import Array
from pybackprop.workers import Crew, SplitPlan

from .timing import print_table

SIZES, STEPS = [784, 256, 128, 10], 20
BATCHES, COUNTS = [64, 256, 1024, 4096], [1, 2]


def median(step: Callable[[Array], object], rows: list[Array]) -> float:
    """Return the seconds of a step, over one step for each batch."""
    times = []
    for some in rows:
        started = time.perf_counter()
        step(some)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def measured(batch: int, count: int, data: Data, rows: list[Array]) -> tuple[float, float, float]:
    """Return the seconds of a step alone and by workers, and what the slowest one computed."""
    net = pb.Network(SIZES, "relu", "softmax", rng=0)
    plan = Plan(net, batch, pb.SGD(1e-3))

    def alone(some: Array) -> None:
        plan.load(data.X[some], data.Y[some])
        plan.step()

    with Crew(count, net, data) as crew:
        split = SplitPlan(crew, pb.SGD(1e-3))

        def shared(some: Array) -> None:
            split.take(some).forward()
            split.backward()
            split.update()

        shared(rows[0])
        crew.computing = 0.0
        return median(alone, rows), median(shared, rows), crew.computing / len(rows)


def main() -> None:
    """Print the table, the fitted model and the batch from which on a second process pays."""
    set_threads, most = threads.blas()
    set_threads(1)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2 * max(BATCHES), SIZES[0]))
    data = Data(X, pb.one_hot(rng.integers(0, 10, len(X)), 10))
    table, shares, took = [], [], []
    for batch in BATCHES:
        rows = [rng.permutation(len(X))[:batch] for _ in range(STEPS)]
        for count in COUNTS:
            alone, step, computing = measured(batch, count, data, rows)
            shares.append(batch / count)
            took.append(step)
            table.append(
                [str(batch), str(count)]
                + [f"{1e3 * t:.2f}" for t in (alone, step, computing, step - computing)]
                + [f"{step / alone:.2f}"]
            )
    set_threads(most)
    header = ["batch", "workers", "alone, ms", "step, ms", "computing, ms", "the rest, ms"]
    print_table([*header, "step / alone"], table)
    c, s = np.linalg.lstsq(np.column_stack([shares, np.ones(len(shares))]), took, rcond=None)[0]
    print(f"\nfit: an example takes {1e6 * c:.1f} us, a step's sending {1e3 * s:.1f} ms;")
    print(f"two processes pay from a batch of 2 s / c = {2 * s / c:.0f} on")
