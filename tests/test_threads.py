"""The number of BLAS threads follows what steps take; here time is made up."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop import threads
from pybackprop.threads import Pace


class Machine:
    """A clock, a thread setting, and how long a step takes with it."""

    def __init__(self, seconds):
        self.now, self.threads, self.seconds, self.set = 0.0, 2, seconds, []

    def set_threads(self, count):
        self.threads = count
        self.set.append(count)

    def run(self, pace, steps, examples=10):
        """Return the seconds of some steps."""
        before = self.now
        for _ in range(steps):
            pace.begin()
            self.now += self.seconds[self.threads] * examples / 10
            pace.end(examples)
        return self.now - before

    def pace(self):
        return Pace([100, 100], 100, (self.set_threads, 2), lambda: self.now)


def test_the_faster_choice_is_kept_and_the_other_costs_little():
    for seconds, faster in (({2: 0.002, 1: 0.004}, 2), ({2: 0.1, 1: 0.008}, 1)):
        machine = Machine(seconds)
        with machine.pace() as pace:
            machine.run(pace, 10)
            assert pace.threads == faster
            assert machine.run(pace, 20_000) < 1.05 * 20_000 * seconds[faster]
        assert machine.threads == 2  # given back


def test_a_load_that_comes_and_goes_is_followed():
    machine = Machine({2: 0.002, 1: 0.004})
    with machine.pace() as pace:
        machine.run(pace, 100)
        machine.seconds = {2: 0.1, 1: 0.008}
        assert machine.run(pace, 2000) < 1.1 * 2000 * 0.008
        assert pace.threads == 1
        machine.seconds = {2: 0.002, 1: 0.004}
        machine.run(pace, 10_000)
        assert pace.threads == 2


def test_one_slow_step_is_no_reason():
    machine = Machine({2: 0.002, 1: 0.004})
    with machine.pace() as pace:
        machine.run(pace, 20)
        taken = list(machine.set)
        machine.seconds = {2: 0.05, 1: 0.004}
        machine.run(pace, 1)
        machine.seconds = {2: 0.002, 1: 0.004}
        machine.run(pace, 20)
        assert machine.set == taken


def test_a_short_batch_is_compared_by_its_examples():
    machine = Machine({2: 0.002, 1: 0.004})
    with machine.pace() as pace:
        machine.run(pace, 20)
        taken = list(machine.set)
        machine.run(pace, 5, examples=3)
        assert machine.set == taken


def test_small_products_and_a_single_thread_are_left_alone():
    def refuse(count):
        raise AssertionError("the number of threads was changed")

    for pace in (Pace([2, 3, 1], 1), Pace([100, 100], 100, (refuse, 1))):
        for _ in range(20):
            pace.begin()
            pace.end(1)


def test_without_threadpoolctl_nothing_is_changed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "threadpoolctl", None)
    assert threads.blas()[1] == 1
    assert Pace([1000, 1000], 100).most == 1


def test_training_gives_the_threads_back():
    pytest.importorskip("threadpoolctl")
    set_threads, most = threads.blas()
    net = pb.Network([50, 100, 1], rng=0)
    X = np.random.default_rng(0).normal(size=(400, 50))
    pb.train(net, X, (X[:, :1] > 0) * 1.0, optimizer=pb.SGD(0.1), epochs=3, batch_size=200, rng=0)
    assert threads.blas()[1] == most
