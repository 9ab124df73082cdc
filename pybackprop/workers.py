"""Training by many workers: the gradient is a sum over examples, so it can be split.

Each worker keeps a shard of the examples. In every step theta goes out, each worker computes the
gradient of those of its examples that are in the batch, and the parts come back and are added, in
the shards' order:

    dC/dtheta = 1/m (sum over the first shard's examples + sum over the second's + ...)

So the batches, and up to rounding all numbers, are those of one machine. `Crew` holds the workers
(processes of Dask, started here or found by an address), `SplitPlan` is the step as `train` runs
it. Dask is an optional dependency: the package ``distributed``.
"""

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
        Y as a `Plan` takes it.
    weights : array of shape (n,) or None
    signs : bool
        Whether Y holds signs.
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
        plan.x[:count], plan.y[:count] = self.X[rows], self.Y[rows]
        plan.x[count:], plan.y[count:] = plan.x[0], plan.y[0]
        if plan.w is not None:
            plan.w[:count] = 1.0 if self.weights is None else self.weights[rows]
            plan.w[count:] = 0.0
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
    seconds : dict of str to float
        "computing": what the slowest worker of each step computed; "waiting": the rest of the time
        until its answers were here.
    """

    def __init__(self, workers: "int | str | Client", net: Network, data: Data) -> None:
        self.workers, self.net, self.data = workers, net, data
        self.lost = ""
        self.client: Any = None
        self.owned: list[Any] = []
        self.addresses: list[str] = []
        self.shards: list[Any] = []
        self.bounds = np.zeros(1, int)
        self.seconds, self.looked = {"computing": 0.0, "waiting": 0.0}, time.monotonic()

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
                silence_logs=50,
            )
            self.owned = [cluster]
            self.client = Client(cluster, set_as_default=False, direct_to_workers=True)
            self.owned = [self.client, cluster]
        self.present()
        check_versions(self.client)

    def present(self) -> list[str]:
        """Return the addresses of the workers that are there, in a fixed order; wait for one."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.client.status == "running":
            if addresses := self.living():
                return addresses
            time.sleep(0.1)
        what = "has no workers" if self.client.status == "running" else "is gone"
        raise WorkersLost(f"workers lost: the scheduler {what}")

    def living(self) -> list[str]:
        """Return the addresses that the scheduler knows; none where it does not answer."""
        try:
            return sorted(self.client.nthreads())
        except LOSS:
            return []

    def deal(self) -> None:
        """Give each worker its shard: neighbouring examples, in the workers' order."""
        self.addresses = self.present()
        count = min(len(self.addresses), len(self.data))
        cuts = pieces(len(self.data), count)
        self.bounds = np.array([cut.stop for cut in cuts])
        Y, signs = encoded(self.net, self.data.Y)
        check_memory(self.client, self.addresses[:count], self.data.X, Y, cuts[-1])
        net = bare(self.net)
        self.shards = []
        for address, cut in zip(self.addresses, cuts, strict=False):
            w = None if self.data.weights is None else self.data.weights[cut]
            parts = self.client.scatter(
                [self.data.X[cut], Y[cut], w], workers=[address], hash=False, direct=True
            )
            self.shards.append(
                self.client.submit(
                    Shard, net, *parts, signs, actor=True, workers=[address], pure=False
                )
            )
        self.wait(self.addresses[:count])
        with self.client.as_current():
            self.shards = [shard.result() for shard in self.shards]

    def wait(self, addresses: list[str]) -> None:
        """Wait until the shards are made, or one of their workers is gone."""
        until = time.monotonic() + PATIENCE
        while not all(shard.done() for shard in self.shards):
            if time.monotonic() > until or set(addresses) - {*self.living()}:
                raise TimeoutError("a worker left while it was given its examples")
            time.sleep(0.01)

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
            started = time.perf_counter()
            owner = np.searchsorted(self.bounds, rows, side="right")
            first = [0, *self.bounds[:-1].tolist()]
            mine = [np.flatnonzero(owner == k) for k in range(len(self.shards))]
            try:
                with self.client.as_current():
                    asked = [
                        shard.step(theta, rows[some] - first[k], m)
                        for k, (shard, some) in enumerate(zip(self.shards, mine, strict=True))
                    ]
                    parts = [answer.result() for answer in asked]
                break
            except LOSS as problem:
                self.recover(problem)
        slowest = max(part[3] for part in parts)
        self.seconds["computing"] += slowest
        self.seconds["waiting"] += time.perf_counter() - started - slowest
        grad, answers = np.zeros_like(theta), np.zeros(m, parts[0][2].dtype)
        for (part, _, found, _), some in zip(parts, mine, strict=True):
            grad += part
            answers[some] = found
        return grad, sum(part[1] for part in parts), answers

    def recover(self, problem: Exception | str) -> None:
        """Deal the examples anew after a worker was lost."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            told = time.monotonic() + EVERY  # the scheduler learns of it a moment later
            while self.living() == self.addresses and time.monotonic() < told:
                time.sleep(0.02)
            with suppress(*LOSS):
                self.deal()
                return
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
        self.rows = np.zeros(0, int)
        self.value, self.found = 0.0, self.rows

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


def check_memory(client: Any, addresses: Sequence[str], X: Array, Y: Array, cut: slice) -> None:
    """Raise where a shard is too large for its worker."""
    share = (cut.stop - cut.start) * (X[:1].nbytes + Y[:1].nbytes)
    known = client.scheduler_info(n_workers=-1)["workers"]
    for address in addresses:
        limit = known.get(address, {}).get("memory_limit") or 0
        if limit and share > ROOM * limit:
            raise MemoryError(
                f"a shard takes {share / 1e9:.2f} GB and worker {address} has "
                f"{limit / 1e9:.2f} GB, of which a shard may take {ROOM:.0%}; use more workers "
                f"({int(np.ceil(len(X) * share / (cut.stop - cut.start) / (ROOM * limit)))}), "
                "workers with more memory, or float32"
            )
