"""Training by many workers: the gradient is a sum over examples, so it can be split.

Each worker keeps a shard of the examples. In every step theta goes out, each worker computes the
gradient of those of its examples that are in the batch, and the parts come back and are added, in
the shards' order:

    dC/dtheta = 1/m (sum over the first shard's examples + sum over the second's + ...)

So the batches, and up to rounding all numbers, are those of one machine. `Crew` holds the workers
(processes of Dask, started here or found by an address), `SplitPlan` is the step as `train` runs
it. Dask is an optional dependency: the package ``distributed``.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from .data import Data
from .engine import Plan, encoded, pieces
from .network import Network, Trace, penalty
from .optimizers import OptimizerLike
from .params import Array

if TYPE_CHECKING:
    from distributed import Client

ROOM = 0.5
"""The part of a worker's memory that its shard may take."""

PATIENCE = 30.0
"""Seconds to wait for a scheduler, for a first worker, and for a worker in place of a lost one."""

ROUND = 16
"""Batches of a shard differ in length; plans are made for lengths that are multiples of this."""

EVERY = 2.0
"""Seconds between two looks at who has joined."""

MOMENT = 0.02
"""Seconds between two looks at what is waited for."""

LOSS = OSError, RuntimeError, TimeoutError, CancelledError
"""What Dask raises where a worker was lost."""

NO_DASK = "workers needs Dask: run pip install distributed, or leave workers out"


class WorkersLost(Exception):
    """No worker is left that could go on. The message says what was lost."""


class Shard:
    """Some of the examples, on a worker, with a network to take theta.

    Parameters
    ----------
    net : Network
        Without penalty and fixed blocks: those belong to the whole gradient.
    X, Y : array of shape (n, n_0) and (n, n_L)
    weights : array of shape (n,) or None
    signs : bool
        Whether a `Plan` keeps Y as signs.
    """

    def __init__(
        self, net: Network, X: Array, Y: Array, weights: Array | None, signs: bool
    ) -> None:
        self.net, self.X, self.Y, self.weights, self.signs = net, X, Y, weights, signs
        self.plans: dict[int, Plan] = {}

    def plan_of(self, count: int) -> Plan:
        """Return a plan with room for so many examples."""
        size = -(-count // ROUND) * ROUND
        if size not in self.plans:
            self.plans[size] = Plan(self.net, size, weighted=True, signs=self.signs)
        return self.plans[size]

    def step(self, theta: Array, rows: Array, m: int) -> tuple[Array, float, Array, float]:
        """Return this shard's part of gradient and loss, the answers, and the seconds it took.

        What a plan has room for beyond the rows weighs nothing.
        """
        started = time.perf_counter()
        if not len(rows):
            return np.zeros_like(theta), 0.0, np.zeros(0, int), 0.0
        self.net.params.theta[:] = theta
        plan, count = self.plan_of(len(rows)), len(rows)
        some = np.resize(rows, plan.m)
        w = np.ones(plan.m) if self.weights is None else self.weights[some]
        w[count:] = 0
        plan.load(self.X[some], self.Y[some], w)
        with np.errstate(all="ignore"):
            plan.forward()
            loss = plan.loss() * plan.m / m
            plan.backward()
        grad = plan.grad.theta * (plan.m / m)
        return grad, loss, plan.answers()[:count].copy(), time.perf_counter() - started


class Crew:
    """The workers of a run, and who of them has which examples. Use it in a ``with`` statement.

    Where a worker is lost, the examples are dealt anew to those that are left, and the step is done
    again; where one has joined, they are dealt anew within seconds. Where nobody is left, the
    ``with`` block ends and ``lost`` says why.

    Parameters
    ----------
    workers : int, str or distributed.Client
        How many processes to start here; or the address of a Dask scheduler, such as
        "tcp://10.0.0.1:8786"; or a client that is connected to one.
    net : Network
    data : Data

    Attributes
    ----------
    lost : str
        Why there is no worker left; empty while there are some.
    computing : float
        The seconds that the slowest worker of each step computed, added up.
    """

    def __init__(self, workers: "int | str | Client", net: Network, data: Data) -> None:
        self.workers, self.net, self.data = workers, net, data
        self.lost = ""
        self.client: Any = None
        self.owned: list[Any] = []
        self.addresses: list[str] = []
        self.shards: list[Any] = []
        self.cuts: list[slice] = []
        self.computing, self.looked = 0.0, time.monotonic()

    def __enter__(self) -> "Crew":
        try:
            self.connect()
            try:
                self.deal()
            except LOSS as problem:
                self.recover(problem)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> bool:
        if isinstance(problem, WorkersLost):
            self.lost = str(problem)
        self.close()
        return isinstance(problem, WorkersLost)

    def connect(self) -> None:
        """Start workers or find them."""
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise ImportError(NO_DASK) from None
        given = self.workers
        if isinstance(given, Client):
            self.client = given
        elif isinstance(given, str):
            try:
                self.client = Client(
                    given, timeout=PATIENCE / 3, set_as_default=False, direct_to_workers=True
                )
            except (OSError, ValueError) as problem:
                raise ConnectionError(
                    f"no Dask scheduler answers at {given!r} ({problem}); start one by "
                    "'dask scheduler', and workers by 'dask worker ADDRESS', or give a number "
                    "for workers on this machine: workers=2"
                ) from None
            self.owned = [self.client]
        else:
            cluster = LocalCluster(
                n_workers=check_workers(given),
                threads_per_worker=1,
                dashboard_address=":0",
                silence_logs=logging.CRITICAL,
            )
            self.owned = [cluster]
            self.client = Client(cluster, set_as_default=False, direct_to_workers=True)
            self.owned = [self.client, cluster]
        self.present()
        check_versions(self.client)

    def present(self) -> list[str]:
        """Return the addresses of the workers that are there, in a fixed order; wait for one."""

        def living() -> list[str]:
            if self.client.status != "running":
                raise WorkersLost("workers lost: the scheduler is gone")
            return self.living()

        if addresses := awaited(living, PATIENCE):
            return addresses
        raise WorkersLost("workers lost: the scheduler has no workers")

    def living(self) -> list[str]:
        """Return the addresses that the scheduler knows; none where it does not answer."""
        try:
            return sorted(self.client.nthreads())
        except LOSS:
            return []

    def deal(self) -> None:
        """Give each worker its shard: neighbouring examples, in the workers' order."""
        self.addresses = self.present()
        chosen = self.addresses[: len(self.data)]
        self.cuts = pieces(len(self.data), len(chosen))
        check_memory(self.client, chosen, self.data.X, self.data.Y)
        net, (_, signs) = bare(self.net), encoded(self.net, self.data.Y)
        self.shards = []
        for address, cut in zip(chosen, self.cuts, strict=True):
            w = None if self.data.weights is None else self.data.weights[cut]
            parts = self.client.scatter(
                [self.data.X[cut], self.data.Y[cut], w], workers=[address], hash=False, direct=True
            )
            self.shards.append(
                self.client.submit(
                    Shard, net, *parts, signs, actor=True, workers=[address], pure=False
                )
            )
        self.wait(chosen)
        with self.client.as_current():
            self.shards = [shard.result() for shard in self.shards]

    def wait(self, addresses: list[str]) -> None:
        """Wait until the shards are made, or one of their workers is gone."""

        def made() -> bool:
            return all(shard.done() for shard in self.shards)

        awaited(lambda: made() or not {*addresses}.issubset(self.living()), PATIENCE)
        if not made():
            raise TimeoutError("a worker left while it was given its examples")

    def look(self) -> None:
        """Deal anew where workers have joined."""
        self.looked = time.monotonic()
        if self.living() != self.addresses:
            self.recover("the workers have changed")

    def gradient(self, rows: Array) -> tuple[Array, float, Array]:
        """Return gradient, loss and answers of a batch, without penalty and fixed blocks."""
        theta, m = self.net.params.theta, len(rows)
        if time.monotonic() > self.looked + EVERY:
            self.look()
        while True:
            mine = [np.flatnonzero((cut.start <= rows) & (rows < cut.stop)) for cut in self.cuts]
            try:
                with self.client.as_current():
                    asked = [
                        shard.step(theta, rows[some] - cut.start, m)
                        for shard, cut, some in zip(self.shards, self.cuts, mine, strict=True)
                    ]
                    parts = [answer.result() for answer in asked]
                break
            except LOSS as problem:
                self.recover(problem)
        grads, losses, found, seconds = zip(*parts, strict=True)
        self.computing += max(seconds)
        answers = np.zeros(m, int)
        answers[np.concatenate(mine)] = np.concatenate(found)
        return np.sum(grads, axis=0), sum(losses), answers

    def recover(self, problem: Exception | str) -> None:
        """Deal the examples anew after a worker was lost."""

        def dealt() -> bool:
            # The scheduler learns of it a moment later.
            awaited(lambda: self.living() != self.addresses, EVERY)
            with suppress(*LOSS):
                self.deal()
                return True
            return False

        if not awaited(dealt, PATIENCE):
            raise WorkersLost(f"workers lost: {problem}")

    def plan(self, optimizer: OptimizerLike) -> Callable[[Array], "SplitPlan"]:
        """Return a function from the rows of a batch to the plan of its step."""
        return SplitPlan(self, optimizer).take

    def close(self) -> None:
        """End what was started here."""
        self.shards = []
        for thing in self.owned:
            with suppress(OSError, TimeoutError):
                thing.close(timeout=5)
        self.owned = []


class SplitPlan:
    """The step of a crew: what `engine.Plan` is for one machine, with the same methods.

    Parameters
    ----------
    crew : Crew
    optimizer : Optimizer
    """

    def __init__(self, crew: Crew, optimizer: OptimizerLike) -> None:
        self.crew, self.net = crew, crew.net
        self.plan = Plan(self.net, 1, optimizer, keep=True)  # for gradient and update alone
        self.grad = self.plan.grad

    def take(self, rows: Array) -> "SplitPlan":
        """Take a batch, given by its rows."""
        self.rows = rows
        return self

    def forward(self) -> None:
        """Ask the workers: forward and backward are one trip."""
        grad, loss, self.found = self.crew.gradient(self.rows)
        self.grad.theta[:] = grad
        self.value = loss + float(penalty(self.net))

    def loss(self) -> float:
        """Return the loss C of the batch."""
        return self.value

    def backward(self) -> None:
        """Add what belongs to the whole gradient."""
        for l in self.net.phi:
            self.grad.W[l] += self.net.penalty * self.net.params.W[l]
        for call in self.plan.write_zeros():
            call()

    def update(self) -> None:
        """Change theta."""
        self.plan.update()

    def answers(self) -> Array:
        """Return the class of each example of the batch."""
        return self.found

    def trace(self, loss: float) -> Trace:
        """Return the record of the step; what lies between is on the workers."""
        return Trace({}, {}, self.crew.data.Y[self.rows], {}, self.grad, loss)


def awaited(look: Callable[[], Any], seconds: float) -> Any:
    """Return what a look finds, as soon as it is something, or what the last one found."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(MOMENT)
    return found


def bare(net: Network) -> Network:
    """Return a copy of a network without penalty and fixed blocks."""
    twin = net.with_params(net.params.theta.copy())
    twin.__dict__.update(penalty=0.0, fixed=())
    return twin


# What is wrong with workers.


def check_workers(count: Any) -> int:
    """Return a number of workers."""
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise TypeError(
            f"workers is {count!r}; give how many processes to start, such as 2, the address of a "
            "Dask scheduler, such as 'tcp://10.0.0.1:8786', or a distributed.Client"
        )
    return int(count)


def versions() -> dict[str, str]:
    """Return the versions that gradients depend on."""
    import sys

    python = ".".join(map(str, sys.version_info[:2]))
    ours: str = sys.modules[__package__].__version__
    return {"Python": python, "NumPy": np.__version__, "pybackprop": ours}


def check_versions(client: Any) -> None:
    """Raise unless all workers have our versions."""

    def there() -> dict[str, str]:  # sent as code: a worker may lack the package
        try:
            from pybackprop.workers import versions
        except ImportError:
            return {}
        return versions()

    here = versions()
    for address, found in client.run(there, on_error="return").items():
        if isinstance(found, LOSS):
            continue  # it is gone, and gets no examples
        for name, version in here.items():
            if found.get(name) != version:
                raise RuntimeError(
                    f"worker {address} has {name} {found.get(name, 'not at all')}, here is "
                    f"{version}; install the same on all workers"
                )


def check_memory(client: Any, addresses: Sequence[str], X: Array, Y: Array) -> None:
    """Raise where a shard is too large for its worker."""
    whole = X.nbytes + Y.nbytes
    share = whole / len(addresses)
    known = client.scheduler_info(n_workers=-1)["workers"]
    for address in addresses:
        limit = known.get(address, {}).get("memory_limit") or math.inf  # 0 stands for none
        if share > ROOM * limit:
            raise MemoryError(
                f"a shard takes {share / 1e9:.2f} GB and worker {address} has "
                f"{limit / 1e9:.2f} GB, of which a shard may take {ROOM:.0%}; use more workers "
                f"({math.ceil(whole / (ROOM * limit))}), "
                "workers with more memory, or float32"
            )
