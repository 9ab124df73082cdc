"""A whole epoch through `train`, against its steps alone; and the memory it needs.

The steps alone are as many steps of a plan as the epoch has, on one batch that stays in its place.
The epoch adds the gathering of each batch's rows in random order, the loss of every batch, the
class of every example, the pass over the validation examples (a twelfth as many), and the check of
the data, once for all epochs, which five of them share.
"""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import pybackprop as pb
from pybackprop.engine import Plan

from .timing import medians, print_table

CASES = [([64, 128, 64, 10], 64, 6_000), ([784, 256, 128, 10], 128, 12_000)]

EPOCHS = 5


def data(examples: int, width: int, dtype: str) -> tuple[Any, Any]:
    """Return random inputs and one-hot labels."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((examples, width), np.float32).astype(dtype)
    return X, pb.one_hot(rng.integers(0, 10, examples), 10).astype(dtype)


def network(sizes: list[int], dtype: str) -> pb.Network:
    """Return a relu network with softmax and cross-entropy."""
    return pb.Network(sizes, "relu", "softmax", "cross_entropy", rng=0, dtype=dtype)


def contenders(
    sizes: list[int], batch: int, examples: int, dtype: str
) -> dict[str, Callable[[], object]]:
    """Return the steps of some epochs, and the epochs themselves."""
    X, Y = data(examples, sizes[0], dtype)
    held_out = data(examples // 12, sizes[0], dtype)
    net = network(sizes, dtype)
    plan = Plan(net, batch, pb.SGD(lr=1e-3))
    plan.load(X[:batch], Y[:batch])

    def steps() -> None:
        for _ in range(EPOCHS * -(-examples // batch)):
            plan.step()

    def epochs() -> None:
        pb.train(
            net,
            X,
            Y,
            optimizer=pb.SGD(lr=1e-3),
            epochs=EPOCHS,
            batch_size=batch,
            rng=0,
            validation=held_out,
        )

    return {"steps": steps, "epochs": epochs}


def memory() -> None:
    """Print the peak of memory that training takes on top of 60,000 x 784 float32 examples."""
    X, Y = data(60_000, 784, "float32")
    net = network([784, 256, 128, 10], "float32")
    batch = 128
    activations = 2 * 4 * batch * sum(net.sizes)  # z and a of one batch
    params = net.params.theta.nbytes
    tracemalloc.start()
    started = time.perf_counter()
    pb.train(net, X, Y, optimizer=pb.Adam(), epochs=1, batch_size=batch, rng=0)
    seconds = time.perf_counter() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(
        f"\nPeak above the data ({(X.nbytes + Y.nbytes) / 1e6:.0f} MB), one epoch of Adam in "
        f"{seconds:.1f} s: {peak / 1e6:.1f} MB = {peak / params:.1f} copies of the parameters "
        f"({params / 1e6:.2f} MB); z and a of one batch are {activations / 1e6:.2f} MB."
    )


def main() -> None:
    """Print the table and the memory."""
    rows = []
    for sizes, batch, examples in CASES:
        for dtype in ("float64", "float32"):
            calls = contenders(sizes, batch, examples, dtype)
            seconds = medians(calls, rounds=15)
            rows.append(
                ["-".join(map(str, sizes)), str(batch), dtype]
                + [f"{seconds[name] / EPOCHS * 1e3:.0f}" for name in calls]
                + [f"{seconds['epochs'] / seconds['steps']:.2f}"]
            )
    header = ["network", "batch", "dtype", "steps, ms", "epoch, ms", "epoch / steps"]
    print_table(header, rows)
    memory()
