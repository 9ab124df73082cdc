"""How many threads the matrix products of training take: as many as pay at that moment.

OpenBLAS's threads wait spinning. On an idle machine two of them halve the time of a large product;
beside another busy process each product waits until its second thread gets a core, and takes ten
times as long. So `Pace` measures: it tries all threads and one, keeps what is faster, leaves what
has become slow, and gives the other another trial when the last one has been paid for.

It needs threadpoolctl (the extra ``threads``; scikit-learn brings it, too). Without it, or where
the BLAS has one thread, nothing is measured and nothing is changed.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

SMALL = 1 << 18
"""Multiplications of a product up to which OpenBLAS takes one thread anyway."""

TRIAL = 3
"""Steps of a trial; their median counts."""

SHARE = 0.02
"""The part of the time that trials may take."""

SLOWER = 1.3
"""Two steps in a row that take this many times the other choice's time end a choice."""


class Pace:
    """The choice of the number of threads, made while the same step is repeated.

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
        self.seconds: dict[int, float] = {}  # per example, of each choice when last measured
        self.trial: list[float] | None = []
        self.slow, self.spent, self.review, self.started = 0, 0.0, 0.0, 0.0

    def __enter__(self) -> "Pace":
        if self.most > 1:
            self.take(1)  # the trial that can cost little comes first
        return self

    def __exit__(self, *_: object) -> None:
        if self.threads != self.most:
            self.set_threads(self.most)

    def begin(self) -> None:
        """Note when a step begins."""
        if self.most > 1:
            self.started = self.clock()

    def end(self, examples: int) -> None:
        """Note how long a step of so many examples took, and choose for the next one."""
        if self.most == 1:
            return
        now = self.clock()
        each, other = (now - self.started) / examples, self.most + 1 - self.threads
        known = self.seconds.get(other)
        self.slow = self.slow + 1 if known is not None and each > SLOWER * known else 0
        if self.trial is not None:
            self.trial.append(each)
            self.spent += now - self.started
            if not self.slow and len(self.trial) < TRIAL:
                return
            self.seconds[self.threads] = statistics.median(self.trial)
            if known is None:
                self.take(other)
            else:
                self.trial, self.review = None, now + self.spent / SHARE
                self.spent = 0.0
                if known < self.seconds[self.threads]:
                    self.take(other, trial=False)
        elif self.slow == 2:  # what was chosen has become slow: the other is looked at at once
            self.seconds[self.threads] = each
            self.spent = 2 * each * examples
            self.take(other)
        elif now > self.review:
            self.take(other)

    def take(self, threads: int, trial: bool = True) -> None:
        """Take another number of threads, and measure it where it is on trial."""
        self.set_threads(threads)
        self.threads, self.trial, self.slow = threads, [] if trial else None, 0


NO_CHOICE: tuple[Callable[[int], None], int] = (lambda threads: None, 1)


def blas() -> tuple[Callable[[int], None], int]:
    """Return a function that sets the number of threads of NumPy's BLAS, and their number now."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return NO_CHOICE
    pools: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    if not pools:
        return NO_CHOICE

    def set_threads(threads: int) -> None:
        for pool in pools:
            pool.set_num_threads(threads)

    return set_threads, max(pool.num_threads for pool in pools)
