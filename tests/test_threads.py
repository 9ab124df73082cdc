"""The number of BLAS threads follows what steps take; here time is made up."""

import threading
from functools import partial

import numpy as np
import pytest

import pybackprop as pb
from pybackprop import threads
from pybackprop.threads import Pace, Team


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


def test_a_team_does_every_list_and_waits_for_all():
    done = [[], [], []]
    calls = [[partial(mine.append, k) for k in range(3)] for mine in done]
    with Team(3) as team:
        team.run(calls)
        assert done == [[0, 1, 2]] * 3
        team.take(1)
        team.run(calls)
    assert done == [[0, 1, 2] * 2] * 3


def test_the_lists_run_side_by_side():
    met = threading.Barrier(2, timeout=30)
    with Team(2) as team:
        team.run([[met.wait], [met.wait]])  # one after the other would break the barrier


def test_what_goes_wrong_in_a_thread_is_raised():
    def fail():
        raise ValueError("in the other thread")

    with Team(2) as team, pytest.raises(ValueError, match="other thread"):
        team.run([[], [fail]])


def test_an_error_here_waits_for_the_others():
    done, begun = [], threading.Event()

    def slow():
        begun.set()
        done.append(1)

    def fail():
        assert begun.wait(30)
        raise ValueError("here")

    with Team(2) as team:
        with pytest.raises(ValueError, match="here"):
            team.run([[fail], [slow]])
        assert done == [1]


def test_what_numpy_ignores_is_ignored_by_the_others_too():
    zero, out = np.zeros(3), np.zeros(3)
    with Team(2) as team:
        with np.errstate(divide="ignore"):
            team.run([[], [partial(np.divide, 1.0, zero, out)]])
        assert np.isinf(out).all()
        with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
            team.run([[], [partial(np.divide, 1.0, zero, out)]])


def test_products_get_their_threads_back():
    taken = []
    with Team(2, taken.append) as team, team.apart():
        pass
    assert taken == [1, 2, 1, 2]
    with pytest.raises(ZeroDivisionError), Team(2, taken.append):
        1 / 0  # noqa: B018
    assert taken[-1] == 2


def test_a_team_is_for_large_steps():
    assert threads.team_for([784, 256, 128, 10], 128) is threads.ALONE


def test_training_by_a_team_is_training(monkeypatch):
    """With two threads that share each step, and one that the clock makes look better."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 6))
    Y = pb.one_hot((X[:, 0] > 0).astype(int), 2)
    taken, thetas = [], []
    for large in (threads.LARGE, 1):
        monkeypatch.setattr(threads, "LARGE", large)
        monkeypatch.setattr(threads, "blas", lambda: (taken.append, 2))
        net = pb.Network([6, 8, 2], "tanh", "softmax", rng=0)
        history = pb.train(net, X, Y, optimizer=pb.Adam(0.01), epochs=20, batch_size=16, rng=1,
                           validation=(X, Y))  # fmt: skip
        assert history.iterations == 80
        thetas.append(net.params.theta)
    assert np.abs(thetas[0] - thetas[1]).max() < 1e-12
    assert set(taken) == {1, 2}
    assert taken[-1] == 2
    assert not [t for t in threading.enumerate() if t.name.startswith("pybackprop")]


@pytest.mark.parametrize(
    ("sizes", "m", "size"), [([8, 4, 2], 16, 512), ([2, 4, 8, 3], 16, 512), ([100, 2], 1, 200)]
)
def test_what_pays_is_told_by_the_largest_product(sizes, m, size, monkeypatch):
    """m n_in n_out multiplications: a team from LARGE on, a choice of threads above SMALL."""
    set_to = []
    monkeypatch.setattr(threads, "blas", lambda: (set_to.append, 4))
    for large, most in ((size, 4), (size + 1, 1)):
        monkeypatch.setattr(threads, "LARGE", large)
        assert threads.team_for(sizes, m).most == most
    for small, most in ((size - 1, 4), (size, 1)):
        monkeypatch.setattr(threads, "SMALL", small)
        assert Pace(sizes, m).most == most


def test_one_thread_sets_nothing():
    taken = []
    with Team(1, taken.append) as team, team.apart():
        team.run([[], []])
    assert taken == []
    assert threads.ALONE.most == 1
