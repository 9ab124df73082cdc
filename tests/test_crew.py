"""What a crew decides, with workers that are made up: names, in a time that is made up, too."""

import logging
import platform
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

import pybackprop as pb
from pybackprop import workers
from pybackprop.data import Data
from pybackprop.workers import Crew, Shard, WorkersLost


class Clock:
    """Time that passes where somebody sleeps, or looks how long something took."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    def perf_counter(self):
        self.now += 0.25
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Dask:
    """A client, as a crew sees it. What its workers are asked for is done at once, and here."""

    last = None

    def __init__(self, given=3, **settings):
        self.given, self.settings = given, settings
        count = getattr(given, "count", given)
        self.names = [f"tcp://{k}" for k in range(count if isinstance(count, int) else 2)]
        self.status, self.limits, self.looks, self.after = "running", {}, 0, lambda: None
        self.unfinished, self.held, self.closed, self.versions = {}, {}, False, {}
        Dask.last = self

    def nthreads(self):
        self.looks += 1
        self.after()
        return dict.fromkeys(reversed(self.names), 1)

    def scheduler_info(self, n_workers):
        known = {name: {"memory_limit": self.limits.get(name, 0)} for name in self.names}
        return {"workers": known if n_workers == -1 else {}}

    def run(self, function, on_error):
        return {name: self.versions.get(name, function()) for name in self.names}

    def scatter(self, parts, workers, **_):
        (name,) = workers
        self.ask(name)
        return parts

    def submit(self, kind, *parts, actor, workers, **_):
        (name,) = workers
        assert actor
        self.held[name] = parts
        return Actor(self, name, kind(*parts))

    def ask(self, name):
        if name not in self.names:
            raise OSError(f"{name} is gone")

    def as_current(self):
        return nullcontext()

    def close(self, timeout):
        assert timeout
        self.closed = True


class Actor:
    """A shard that somebody else holds."""

    def __init__(self, dask, name, shard):
        self.dask, self.name, self.shard = dask, name, shard

    def done(self):
        self.dask.unfinished[self.name] = self.dask.unfinished.get(self.name, 0) - 1
        return self.dask.unfinished[self.name] < 0

    def result(self):
        self.dask.ask(self.name)
        return self

    def step(self, *asked):
        def answer():
            self.dask.ask(self.name)
            return self.shard.step(*asked)

        return SimpleNamespace(result=answer)


class Cluster:
    def __init__(self, n_workers, **settings):
        self.count, self.settings, self.closed = n_workers, settings, False
        Cluster.last = self

    def close(self, timeout):
        assert timeout
        self.closed = True


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(workers, "time", clock)
    made_up = SimpleNamespace(Client=Dask, LocalCluster=Cluster)
    monkeypatch.setitem(sys.modules, "distributed", made_up)
    return clock


def problem(m=103):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(m, 5))
    return X, pb.one_hot((X[:, 0] * X[:, 1] > 0).astype(int), 2)


def network(output="softmax", **settings):
    return pb.Network([5, 7, 2], "tanh", output, rng=0, **settings)


def crew_of(given, m=103, weights=None, net=None):
    X, Y = problem(m)
    return Crew(given, net or network(), Data(X, Y, weights=weights))


def run(given, net=None, optimizer="adam", **settings):
    net = net or network()
    settings = {"epochs": 4, "batch_size": 16, "rng": 1} | settings
    X, Y = problem()
    made = pb.optimizers.OPTIMIZERS[optimizer](lr=0.01)
    return net, pb.train(net, X, Y, optimizer=made, workers=given, **settings)


def gap(one, other):
    return np.abs(np.subtract(one, other)).max()


# A run


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
@pytest.mark.parametrize("optimizer", pb.optimizers.OPTIMIZERS)
def test_the_same_run_as_alone(count, output, optimizer):
    nets, histories, w = [], [], np.random.default_rng(3).uniform(0, 2, 103)
    for given in (None, Dask(count)):
        net = network(output, penalty=0.1, fixed=["b[1]"])
        net, history = run(given, net, optimizer, weights=w, validation=problem(40))
        nets.append(net.params.theta)
        histories.append(history)
    alone, split = histories
    assert gap(*nets) < 1e-12
    assert gap(alone.losses, split.losses) < 1e-12
    assert alone.train_accuracy == split.train_accuracy


def test_a_callback_sees_gradient_targets_and_loss_of_the_batch():
    seen = []

    def look(now):
        grad, y, loss = now.trace.grad.theta, now.trace.y, now.trace.loss
        seen.append(np.r_[grad, y.ravel(), loss])

    for given in (None, Dask(2)):
        run(given, epochs=1, iteration_callbacks=[look])
    assert len(seen) == 14
    for alone, split in zip(seen[:7], seen[7:], strict=True):
        assert gap(alone, split) < 1e-12


def test_neighbouring_examples_are_dealt_in_the_workers_order():
    dask = Dask(3)
    with crew_of(dask, m=7, weights=np.arange(7.0)):
        X, Y = problem(7)
        for name, cut in zip(dask.names, (slice(2), slice(2, 4), slice(4, 7)), strict=True):
            _, its_x, its_y, w, _ = dask.held[name]
            assert gap(its_x, X[cut]) == gap(its_y, Y[cut]) == 0
            assert w.tolist() == list(range(7))[cut]


def test_no_more_workers_than_examples_are_asked():
    dask = Dask(3)
    with crew_of(dask, m=2) as crew:
        assert sorted(dask.held) == ["tcp://0", "tcp://1"]
        assert crew.gradient(np.array([1]))[0].any()


def test_a_batch_is_put_together_in_its_own_order():
    net = network("softmax")
    X, Y = problem(7)
    with crew_of(Dask(3), m=7, net=net) as crew:
        for rows in ([6, 0, 3, 1], [3, 2], [5], range(7)):
            grad, loss, answers = crew.gradient(np.array(rows))
            trace = pb.backprop(net, X[rows], Y[rows])
            assert gap(grad, trace.grad.theta) < 1e-15
            assert loss == pytest.approx(trace.loss, rel=1e-14)
            assert answers.tolist() == pb.data.classes(trace.a[2]).tolist()


def test_the_slowest_worker_of_each_step_counts():
    with crew_of(Dask(3), m=7) as crew:
        assert crew.computing == 0
        for shard, seconds in zip(crew.shards, (1.0, 5.0, 2.0), strict=True):
            shard.shard.step = lambda theta, rows, m, seconds=seconds: (
                theta, 0.0, rows, seconds
            )  # fmt: skip
        crew.gradient(np.arange(7))
        crew.gradient(np.arange(7))
    assert crew.computing == 10


# Who comes and goes


def lose(dask, at, count=1):
    def callback(now):
        if now.history.iterations == at:
            del dask.names[:count]

    return callback


def test_what_a_lost_worker_had_is_dealt_to_the_others(clock):
    alone, _ = run(None)
    dask = Dask(3)
    split, history = run(dask, iteration_callbacks=[lose(dask, 5)])
    assert gap(alone.params.theta, split.params.theta) < 1e-12
    assert history.reason == "epochs reached"
    assert len(dask.held["tcp://2"][1]) == 52


def test_it_is_looked_who_has_joined_every_two_seconds(clock):
    dask = Dask(2)
    with crew_of(dask) as crew:
        rows, looks = np.zeros(0, int), dask.looks
        clock.now += 2
        crew.gradient(rows)
        assert dask.looks == looks
        clock.now += 0.1
        crew.gradient(rows)
        assert dask.looks == looks + 1
        crew.gradient(rows)
        assert dask.looks == looks + 1
        dask.names.append("tcp://7")
        clock.now += 2.1
        crew.gradient(rows)
        assert len(crew.shards) == 3
        assert len(dask.held["tcp://7"][1]) == 35


def test_where_nobody_is_left_the_network_keeps_what_it_learned(clock):
    dask, started = Dask(2), []

    def leave(now):
        if now.history.iterations == 5:
            dask.names.clear()
            started.append(clock.now)

    _, history = run(dask, iteration_callbacks=[leave])
    assert history.reason == "workers lost: the scheduler has no workers"
    assert history.iterations == 5
    assert clock.now - started[0] == pytest.approx(30, abs=0.1)


def test_a_scheduler_that_is_gone_is_not_waited_for(clock):
    dask = Dask(2)
    with crew_of(dask) as crew:
        dask.status, now = "closed", clock.now
        crew.present()
    assert crew.lost == "workers lost: the scheduler is gone"
    assert clock.now == now


def test_a_scheduler_that_does_not_answer_is_asked_again(clock):
    dask = Dask(2)

    def late():
        if clock.now < 110:
            raise TimeoutError

    dask.after = late
    with crew_of(dask) as crew:
        assert crew.addresses == ["tcp://0", "tcp://1"]
        assert 110 <= clock.now < 110.1


def test_the_scheduler_is_given_two_seconds_to_learn_of_a_loss(clock):
    """A worker does not answer, and the scheduler still names it; then it names it no more."""
    dask = Dask(2)
    with crew_of(dask) as crew:
        before = clock.now
        crew.recover("one step failed")
        assert clock.now - before == pytest.approx(2, abs=0.05)
        begun = clock.now
        dask.after = lambda: dask.names.__delitem__(slice(1, None)) if clock.now > begun + 1 else 0
        crew.recover("one step failed")
        assert crew.addresses == ["tcp://0"]
        assert clock.now - begun == pytest.approx(1, abs=0.05)


def test_after_thirty_seconds_without_success_the_reason_is_told(clock):
    dask = Dask(2)
    with crew_of(dask) as crew:
        dask.scatter = lambda *_, **__: dask.ask("nobody")
        before = clock.now
        crew.recover("planted")
    assert crew.lost == "workers lost: planted"
    assert clock.now - before == pytest.approx(30, abs=2.1)


def test_shards_are_waited_for(clock):
    dask = Dask(3)
    dask.unfinished = {"tcp://1": 5}
    with crew_of(dask) as crew:
        assert len(crew.shards) == 3
        assert 100 < clock.now < 101
        clock.now, dask.unfinished = 100.0, {"tcp://0": 10**9}
        with pytest.raises(TimeoutError, match="a worker left"):
            crew.deal()
        assert clock.now == pytest.approx(130, abs=0.1)


def test_a_worker_that_leaves_while_it_is_given_its_examples_is_not_waited_for(clock):
    dask = Dask(3)
    with crew_of(dask) as crew:
        before, dask.unfinished = clock.now, {"tcp://1": 10**9}
        dask.after = lambda: dask.names.remove("tcp://1") if clock.now > before + 1 else None
        with pytest.raises(TimeoutError, match="a worker left"):
            crew.deal()
        assert clock.now - before == pytest.approx(1, abs=0.1)


def test_one_lost_before_the_first_step_is_replaced():
    dask, scatter = Dask(3), []

    def first_fails(parts, workers, **_):
        if not scatter:
            scatter.append(dask.names.pop(0))
        dask.ask(workers[0])
        return parts

    dask.scatter = first_fails
    with crew_of(dask) as crew:
        assert crew.addresses == ["tcp://1", "tcp://2"]


# Who is asked


def test_processes_that_are_started_here_are_ended_here():
    with crew_of(np.int64(2)) as crew:
        cluster, client = Cluster.last, crew.client
        assert (cluster.count, len(crew.shards)) == (2, 2)
        assert cluster.settings["threads_per_worker"] == 1
        assert cluster.settings["silence_logs"] == logging.CRITICAL
        assert client.settings["set_as_default"] is False  # the caller may have one
    assert cluster.closed
    assert client.closed
    assert crew.owned == crew.shards == []


def test_a_scheduler_elsewhere_is_asked_for_ten_seconds_and_left_running():
    with crew_of("tcp://10.0.0.1:8786") as crew:
        client = crew.client
        assert client.given == "tcp://10.0.0.1:8786"
        assert client.settings["timeout"] == 10
        assert client.settings["set_as_default"] is False
    assert client.closed


def test_a_client_of_the_callers_stays_open():
    dask = Dask(1)
    with crew_of(dask):
        pass
    assert not dask.closed


def test_what_was_started_is_ended_where_the_start_fails(monkeypatch):
    monkeypatch.setattr(workers, "check_versions", lambda client: 1 / 0)
    with pytest.raises(ZeroDivisionError), crew_of(2):
        pass
    assert Cluster.last.closed
    assert Dask.last.closed


@pytest.mark.parametrize("count", [0, -1, True, 2.0])
def test_what_is_no_number_of_workers(count):
    with pytest.raises(TypeError, match="how many processes"):
        workers.check_workers(count)


def test_one_worker_is_a_number_of_workers():
    assert workers.check_workers(1) == 1


def test_versions_are_compared_on_every_worker():
    dask = Dask(2)
    here = workers.versions()
    assert here["Python"] == ".".join(platform.python_version_tuple()[:2])
    workers.check_versions(dask)
    dask.versions = {"tcp://1": OSError("it left")}  # it gets no examples
    workers.check_versions(dask)
    dask.versions = {"tcp://1": here | {"NumPy": "1.26"}}
    with pytest.raises(RuntimeError, match=r"worker tcp://1 has NumPy 1\.26, here is "):
        workers.check_versions(dask)
    dask.versions = {"tcp://0": {}}
    with pytest.raises(RuntimeError, match="worker tcp://0 has Python not at all, here is"):
        workers.check_versions(dask)


def test_a_shard_takes_half_of_a_workers_memory_at_most():
    """100 examples of 56 bytes: 2800 bytes for each of two workers."""
    dask, (X, Y) = Dask(3), problem(100)
    assert X.nbytes + Y.nbytes == 5600
    for limit, fits in ((0, True), (5600, True), (5599, False), (1, False)):
        dask.limits = {"tcp://1": limit}
        if fits:
            workers.check_memory(dask, dask.names[:2], X, Y)
        else:
            with pytest.raises(MemoryError, match="worker tcp://1 has .* may take 50%"):
                workers.check_memory(dask, dask.names[:2], X, Y)
    dask.limits = {"tcp://1": 1000}
    with pytest.raises(MemoryError, match=r"use more workers \(12\)"):
        workers.check_memory(dask, dask.names[:2], X, Y)
    workers.check_memory(dask, ["of one that left"], X, Y)


# A shard


def test_plans_of_a_shard_have_room_for_some_lengths():
    X, Y = problem(40)
    shard = Shard(network(), X, Y, None, signs=False)
    theta = shard.net.params.theta.copy()
    for count in (3, 17, 16, 5, 32):
        shard.step(theta, np.arange(count), 40)
    assert list(shard.plans) == [16, 32]


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2, 40)])
def test_what_a_plan_has_room_for_beyond_the_rows_weighs_nothing(weights):
    net, (X, Y) = network(), problem(40)
    shard = Shard(network(), X, Y, weights, signs=False)
    for rows in ([7, 3, 30], list(range(20)), [39], [7, 3, 30]):
        grad, loss, answers, seconds = shard.step(net.params.theta, np.array(rows), 50)
        trace = pb.backprop(net, X[rows], Y[rows], None if weights is None else weights[rows])
        assert gap(grad, trace.grad.theta * len(rows) / 50) < 1e-15
        assert loss == pytest.approx(trace.loss * len(rows) / 50, rel=1e-13)
        assert answers.tolist() == pb.data.classes(trace.a[2]).tolist()
        assert seconds == 0.25


def test_a_shard_without_rows_adds_nothing():
    shard = Shard(network(), *problem(5), None, signs=False)
    grad, *rest = shard.step(np.ones(58), np.zeros(0, int), 4)
    assert grad.tolist() == [0] * 58
    assert [len(rest[1]), rest[0], rest[2]] == [0, 0, 0]


def test_any_other_error_leaves_the_block():
    with pytest.raises(ZeroDivisionError), crew_of(Dask(1)):
        1 / 0  # noqa: B018
    with crew_of(Dask(1)) as crew:
        raise WorkersLost("planted")
    assert crew.lost == "planted"
