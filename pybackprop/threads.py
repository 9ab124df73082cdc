"""How many threads a step of training takes: as many as pay at that moment.

OpenBLAS's threads wait spinning. On an idle machine two of them halve the time of a large product;
beside another busy process each product waits until its second thread gets a core, and takes ten
times as long. So `Pace` measures: it tries one thread and all, keeps what is faster, leaves what
has become slow, and gives the other another trial when the last one has been paid for.

Where a step takes many milliseconds, a `Team` shares all of it, not its products alone. Each of its
threads asks for products on one thread, and sleeps while it waits.

Both need threadpoolctl (the extra ``threads``; scikit-learn brings it, too). Without it, or where
the BLAS has one thread, nothing is chosen and nothing is changed.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from itertools import pairwise
from typing import Any

Call = Callable[[], object]
Shares = list[list[Call]]
"""The calls of a step, cut into lists that do not depend on each other."""

SMALL = 1 << 18
"""Multiplications of a product up to which OpenBLAS takes one thread anyway."""

MODEST = 1 << 20
"""Multiplications of a product up to which a second thread costs what it brings: none is tried."""

LARGE = 1 << 27
"""Multiplications of a product from which on a step is worth sharing: below it, threads that wake
each other cost more than they bring."""

TRIAL = 3
"""Steps of a trial; their median counts."""

SHARE = 0.02
"""The part of the time that trials may take."""

SLOWER = 1.3
"""Two of the last three steps that take this many times the other choice's time end a choice."""


class Team:
    """Threads that share a step: each does a list of calls, and then all wait.

    Use it in a ``with`` statement: inside, each of them asks for products on one thread.

    Parameters
    ----------
    most : int
        How many threads there are, the caller's among them.
    set_blas : callable, optional
        Sets the number of threads of a product.

    Attributes
    ----------
    threads : int
        How many of them work now: ``most``, or 1, which does all lists one after the other.
    """

    def __init__(self, most: int, set_blas: Callable[[int], None] = lambda threads: None) -> None:
        self.most = self.threads = most
        self.set_blas = set_blas
        self.pool: Any = None

    def __enter__(self) -> "Team":
        self.set_blas(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.set_blas(self.most)
        if self.pool:
            self.pool.shutdown()
            self.pool = None

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Give the products their threads back for what is not shared."""
        self.set_blas(self.most)
        yield
        self.set_blas(1)

    def take(self, threads: int) -> None:
        """Change how many threads work."""
        self.threads = threads

    def calls(self, shares: Shares) -> list[Call]:
        """Return one list of calls for several: a single one as it is, or a call that runs all."""
        return shares[0] if len(shares) == 1 else [partial(self.run, shares)]

    def run(self, shares: Shares) -> None:
        """Do all lists, and return when each is done."""
        if self.threads == 1:
            for share in shares:
                do(share)
            return
        if not self.pool:
            from concurrent.futures import ThreadPoolExecutor

            self.pool = ThreadPoolExecutor(self.most - 1, "pybackprop")
        # NumPy keeps what `np.errstate` says in the context.
        others = [self.pool.submit(copy_context().run, do, share) for share in shares[1:]]
        try:
            do(shares[0])
        finally:
            for other in others:
                other.result()


def do(calls: list[Call]) -> None:
    """Make calls, one after the other."""
    for call in calls:
        call()


ALONE = Team(1)
"""The caller's thread and no other."""


def team_for(sizes: Sequence[int], m: int) -> Team:
    """Return the threads that share a step of a network with batches of m: one, unless it pays."""
    if m * max(n_in * n_out for n_in, n_out in pairwise(sizes)) < LARGE:
        return ALONE
    set_blas, most = blas()
    return Team(most, set_blas)


class Pace:
    """The choice of the number of threads, made while the same step is repeated.

    Use it in a ``with`` statement: at its end there are as many threads as before.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer of the network.
    m : int
        Examples per step.
    pool : (callable, int), optional
        Sets the number of threads, and how many there are at most; by default those of NumPy's
        BLAS.
    clock : callable, optional
        Returns seconds.

    Attributes
    ----------
    threads : int
        The present choice.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        m: int,
        pool: tuple[Callable[[int], None], int] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        largest = m * max(n_in * n_out for n_in, n_out in pairwise(sizes))
        self.set_threads, self.most = pool or (blas() if largest > SMALL else NO_CHOICE)
        self.clock, self.threads = clock, self.most
        self.tries = self.most > 1 and largest > MODEST
        self.seconds: dict[int, float] = {}  # per example, of each choice when last measured

    def __enter__(self) -> "Pace":
        if self.most > 1:
            self.take(1)  # the trial that can cost little comes first
        return self

    def __exit__(self, *_: object) -> None:
        if self.threads != self.most:
            self.set_threads(self.most)

    def begin(self) -> None:
        """Note when a step begins."""
        self.started = self.clock()

    def end(self, examples: int) -> None:
        """Note how long a step of so many examples took, and choose for the next one."""
        if not self.tries:
            return
        each, other = (self.clock() - self.started) / examples, self.most + 1 - self.threads
        self.last.append(each)
        usual = sorted(self.last)[(len(self.last) - 1) // 2]
        slow = usual >= SLOWER * self.seconds.get(other, math.inf)
        if self.trial:
            if slow or len(self.last) == TRIAL:
                self.seconds[self.threads] = usual
                self.debt = sum(self.last) / SHARE
                if other in self.seconds:
                    self.take(min(self.seconds, key=self.seconds.__getitem__), trial=False)
                else:
                    self.take(other)
        else:
            self.debt -= each
            if slow or self.debt <= 0:
                self.seconds[self.threads] = usual
                self.take(other)

    def take(self, threads: int, trial: bool = True) -> None:
        """Take a number of threads, and measure it anew where it is on trial."""
        self.set_threads(threads)
        self.threads, self.trial = threads, trial
        self.last = deque([] if trial else [self.seconds[threads]], TRIAL)


NO_CHOICE: tuple[Callable[[int], None], int] = (lambda threads: None, 1)


def blas() -> tuple[Callable[[int], None], int]:
    """Return a function that sets the number of threads of NumPy's BLAS, and their number now.

    Where another library brings a BLAS of its own, none of them gets more threads than it has now.
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return NO_CHOICE
    pools: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    most = {pool: pool.num_threads for pool in pools}

    def set_threads(threads: int) -> None:
        for pool, own in most.items():
            pool.set_num_threads(min(threads, own))

    return set_threads, max(most.values(), default=1)
