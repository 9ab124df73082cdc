"""The number of BLAS threads follows what steps take; here time is made up."""

import sys
import threading
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

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
        return Pace([200, 100], 100, (self.set_threads, 2), lambda: self.now)

    @contextmanager
    def chosen(self):
        """Give a pace that has tried both, three steps each."""
        with self.pace() as pace:
            self.run(pace, 6)
            yield pace


def test_the_faster_choice_is_kept_and_the_other_costs_little():
    for seconds, faster in (({2: 0.002, 1: 0.004}, 2), ({2: 0.1, 1: 0.008}, 1)):
        machine = Machine(seconds)
        with machine.pace() as pace:
            machine.run(pace, 10)
            assert pace.threads == faster
            assert machine.run(pace, 20_000) < 1.05 * 20_000 * seconds[faster]
        assert machine.threads == 2  # given back


@pytest.mark.parametrize(("two", "one", "faster"), [(9, 10, 2), (10, 9, 1), (10, 10, 1)])
def test_one_thread_is_tried_first_then_all_and_the_faster_one_is_kept(two, one, faster):
    """Three steps each: what can cost little comes first, and where both are as good it is kept."""
    machine = Machine({2: two, 1: one})
    with machine.pace() as pace:
        taken = []
        for _ in range(10):
            taken.append(machine.threads)
            machine.run(pace, 1)
        assert taken == [1] * 3 + [2] * 3 + [faster] * 4


def test_one_odd_step_of_a_trial_decides_nothing():
    machine = Machine({2: 9, 1: 10})
    with machine.pace() as pace:
        for seconds in (1, 10, 10, 9, 9, 90):
            machine.seconds[machine.threads] = seconds
            machine.run(pace, 1)
        assert pace.threads == 2


def test_the_other_has_a_trial_again_when_the_last_one_has_been_paid_for():
    """Three steps of 11 seconds are a fiftieth of 165 steps of 10."""
    machine = Machine({2: 11, 1: 10})
    with machine.chosen() as pace:
        for _ in range(3):
            machine.run(pace, 164)
            assert machine.threads == 1
            machine.run(pace, 1)
            assert machine.threads == 2
            machine.run(pace, 2)
            assert machine.threads == 2
            machine.run(pace, 1)


def test_one_slow_step_does_not_end_a_trial():
    machine = Machine({2: 9, 1: 10})
    with machine.pace() as pace:
        machine.run(pace, 3)
        for seconds in (9, 90, 9):
            assert machine.threads == 2
            machine.seconds[2] = seconds
            machine.run(pace, 1)
        assert machine.threads == 2


def test_with_one_thread_there_is_nothing_to_choose():
    machine = Machine({1: 1})
    machine.threads = 1
    with Pace([200, 100], 100, (machine.set_threads, 1), lambda: machine.now) as pace:
        machine.run(pace, 10)
    assert machine.set == []


def test_a_trial_that_goes_badly_ends_with_its_first_step():
    machine = Machine({2: 13, 1: 10})
    with machine.chosen() as pace:
        while machine.threads == 1:
            machine.run(pace, 1)
        machine.run(pace, 1)
        assert machine.threads == 1


@pytest.mark.parametrize(("seconds", "threads"), [(13, 1), (12, 2)])
def test_a_choice_ends_when_two_steps_take_1_3_times_the_others(seconds, threads):
    machine = Machine({2: 9, 1: 10})
    with machine.chosen() as pace:
        machine.seconds[2] = seconds
        machine.run(pace, 1)
        assert machine.threads == 2
        machine.run(pace, 1)
        assert machine.threads == threads


def test_where_both_have_become_slow_the_faster_one_stays():
    """What the choice takes now counts, not what it took once."""
    machine = Machine({2: 9, 1: 10})
    with machine.chosen() as pace:
        machine.seconds = {2: 90, 1: 100}
        machine.run(pace, 5)
        assert machine.threads == 2
        taken = list(machine.set)
        machine.run(pace, 100)
        assert machine.set == taken


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
    """It ends sooner, whatever the threads are."""
    machine = Machine({2: 11, 1: 10})
    with machine.pace() as pace:
        machine.run(pace, 3)
        machine.run(pace, 3, examples=3)
        assert pace.threads == 1


def test_small_products_and_a_single_thread_are_left_alone():
    def refuse(count):
        raise AssertionError("the number of threads was changed")

    for pace in (Pace([2, 3, 1], 1), Pace([100, 100], 100, (refuse, 1))):
        with pace:
            for _ in range(20):
                pace.begin()
                pace.end(1)


class Pool:
    """A library as threadpoolctl shows it."""

    def __init__(self, num_threads):
        self.num_threads = num_threads

    def set_num_threads(self, threads):
        self.num_threads = threads


def install(monkeypatch, *pools):
    """Let threadpoolctl find these BLAS libraries, and an OpenMP beside them."""

    class Controller:
        def __init__(self):
            self.lib_controllers = [Pool(8), *pools]

        def select(self, user_api):
            assert user_api == "blas"
            return SimpleNamespace(lib_controllers=list(pools))

    monkeypatch.setitem(
        sys.modules, "threadpoolctl", SimpleNamespace(ThreadpoolController=Controller)
    )


def test_no_blas_gets_more_threads_than_it_had(monkeypatch):
    """NumPy brings one, and SciPy another."""
    pools = Pool(4), Pool(2)
    install(monkeypatch, *pools)
    set_threads, most = threads.blas()
    assert most == 4
    for asked, given in ((1, [1, 1]), (3, [3, 2]), (most, [4, 2])):
        set_threads(asked)
        assert [pool.num_threads for pool in pools] == given


def test_where_no_blas_is_known_nothing_is_changed(monkeypatch):
    install(monkeypatch)
    set_threads, most = threads.blas()
    set_threads(most)
    assert most == 1


def test_without_threadpoolctl_nothing_is_changed(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    assert threads.blas()[1] == 1
    assert Pace([1000, 1000], 100).most == 1


def test_training_gives_the_threads_back(monkeypatch):
    pool = Pool(4)
    install(monkeypatch, pool)
    taken = []
    net = pb.Network([50, 100, 1], rng=0)
    X = np.random.default_rng(0).normal(size=(400, 50))
    pb.train(net, X, (X[:, :1] > 0) * 1.0, optimizer=pb.SGD(0.1), epochs=3, batch_size=200, rng=0,
             iteration_callbacks=[lambda now: taken.append(pool.num_threads)])  # fmt: skip
    assert taken[0] == 1
    assert pool.num_threads == 4


def test_the_blas_of_this_machine_is_set_and_given_back():
    pytest.importorskip("threadpoolctl")
    set_threads, most = threads.blas()
    set_threads(1)
    assert threads.blas()[1] == 1
    set_threads(most)
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


@pytest.mark.parametrize("most", [2, 3])
def test_the_lists_run_side_by_side(most):
    met = threading.Barrier(most, timeout=30)
    with Team(most) as team:
        team.run([[met.wait]] * most)  # one after the other would break the barrier


def test_a_team_has_as_many_threads_as_it_says():
    """However many lists there are: the second waits, so that another one would be made."""
    counted, go = [], threading.Event()

    def count():
        counted.append(sum(t.name.startswith("pybackprop") for t in threading.enumerate()))
        go.set()

    with Team(2) as team:
        team.run([[count], [partial(go.wait, 30)], [], []])
    assert counted == [1]


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
    """m n_in n_out multiplications: LARGE: a team; one thread above SMALL; both above MODEST."""
    set_to = []
    monkeypatch.setattr(threads, "blas", lambda: (set_to.append, 4))
    for large, most in ((size, 4), (size + 1, 1)):
        monkeypatch.setattr(threads, "LARGE", large)
        assert threads.team_for(sizes, m).most == most
    for small, most in ((size - 1, 4), (size, 1)):
        monkeypatch.setattr(threads, "SMALL", small)
        assert Pace(sizes, m).most == most
    for modest, tries in ((size - 1, True), (size, False)):
        monkeypatch.setattr(threads, "SMALL", 0)
        monkeypatch.setattr(threads, "MODEST", modest)
        assert Pace(sizes, m).tries == tries


def test_what_two_threads_do_not_speed_up_has_one_without_a_trial(monkeypatch):
    monkeypatch.setattr(threads, "MODEST", 200 * 100 * 100)
    machine = Machine({2: 1.0, 1: 0.004})
    with machine.pace() as pace:
        machine.run(pace, 200)
        assert machine.set == [1]
    assert machine.set == [1, 2]


def test_alone_the_callers_thread_does_all_lists():
    done = []
    with threads.ALONE as team, team.apart():
        team.run([[lambda: done.append(threading.current_thread())]] * 2)
    assert done == [threading.current_thread()] * 2
