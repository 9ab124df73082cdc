"""Steps beside another busy process, as on a machine that others use, too.

A process that computes without end runs on one of the cores. `train` chooses the number of BLAS
threads by what its steps take; "one thread" and "all threads" hold it fixed. Milliseconds a step.
"""

import subprocess
import sys
import time
from typing import Any

import numpy as np

import pybackprop as pb
from pybackprop import threads

from .timing import print_table

CASES = [
    ([64, 128, 64, 10], 64, 1000),
    ([784, 256, 128, 10], 128, 300),
    ([784, 1024, 1024, 10], 512, 30),
]
LOAD = "while True: sum(range(10**6))"


def milliseconds(sizes: list[int], batch: int, steps: int, fixed: int | None) -> float:
    """Return the time of a step of `train`, with a fixed number of BLAS threads where given."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((steps * batch // 5, sizes[0]))
    Y = pb.one_hot(rng.integers(0, sizes[-1], len(X)), sizes[-1])
    net = pb.Network(sizes, "relu", "softmax", rng=0)
    set_threads, most = threads.blas()
    blas = threads.blas
    if fixed:
        set_threads(min(fixed, most))
        threads.blas = lambda: threads.NO_CHOICE
    try:
        started = time.perf_counter()
        history = pb.train(net, X, Y, optimizer=pb.SGD(1e-3), epochs=5, batch_size=batch, rng=0)
        return 1e3 * (time.perf_counter() - started) / history.iterations
    finally:
        threads.blas = blas
        set_threads(most)


def main() -> None:
    """Print the table, idle and loaded."""
    if threads.blas()[1] == 1:
        print("(NumPy's BLAS has one thread here, or threadpoolctl is not installed)")
    rows: list[list[str]] = []
    for loaded in (False, True):
        load: Any = subprocess.Popen([sys.executable, "-c", LOAD]) if loaded else None
        try:
            for sizes, batch, steps in CASES:
                one = milliseconds(sizes, batch, steps, 1)
                every = milliseconds(sizes, batch, max(50, steps // 10), 2)
                chosen = milliseconds(sizes, batch, steps, None)
                rows.append(
                    ["beside a busy process" if loaded else "alone", "-".join(map(str, sizes))]
                    + [f"{one:.2f}", f"{every:.2f}", f"{chosen:.2f}", f"{chosen / one:.2f}"]
                )
        finally:
            if load:
                load.kill()
                load.wait()
    print_table(
        ["machine", "network", "one thread", "all threads", "train", "train / one thread"], rows
    )
