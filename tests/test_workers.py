"""Training by several processes: the same numbers, and what happens when one of them is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import pybackprop as pb
from pybackprop import workers
from pybackprop.data import Data
from pybackprop.workers import Crew, Shard, WorkersLost

distributed = pytest.importorskip("distributed")
pytestmark = [pytest.mark.xdist_group("workers"), pytest.mark.slow]

OPTIMIZERS = {
    "SGD": lambda: pb.SGD(0.1),
    "momentum": lambda: pb.SGD(0.05, momentum=0.9, nesterov=True),
    "RMSProp": lambda: pb.RMSProp(0.003),
    "Adam": lambda: pb.Adam(0.01),
    "AdamW": lambda: pb.AdamW(0.01, weight_decay=0.1),
}


def local(count):
    return distributed.LocalCluster(
        n_workers=count, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    )


@pytest.fixture(scope="module")
def client():
    with local(3) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def own_client():
    """Workers that a test may kill."""
    with local(2) as cluster, distributed.Client(cluster) as client:
        yield client


def problem(m=103, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, 5))
    return X, pb.one_hot((X[:, 0] * X[:, 1] > 0).astype(int), 2)


def run(given, optimizer="Adam", epochs=10, net=None, **settings):
    """Train, and return network and history."""
    net = net or pb.Network([5, 7, 2], "tanh", "softmax", rng=0)
    X, Y = problem()
    settings = {"batch_size": 16, "rng": 1} | settings
    made = OPTIMIZERS[optimizer]()
    history = pb.train(net, X, Y, optimizer=made, epochs=epochs, workers=given, **settings)
    return net, history


def gap(one, other):
    return np.abs(np.subtract(one, other)).max()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_same_run_as_on_one_machine(client, optimizer):
    """Uneven shards (103 examples, 3 workers), a last short batch, hundreds of steps."""
    settings = {"validation": problem(40, seed=2), "epochs": 40}
    alone, history = run(None, optimizer, **settings)
    split, theirs = run(client, optimizer, **settings)
    assert history.iterations == theirs.iterations == 280
    assert gap(alone.params.theta, split.params.theta) < 1e-12
    for name in ("losses", "train_loss", "train_accuracy", "validation_loss", "learning_rates"):
        assert gap(getattr(history, name), getattr(theirs, name)) < 1e-12
    assert theirs.reason == "epochs reached"


@pytest.mark.parametrize("count", [1, 2, 8])
def test_any_number_of_workers(count):
    alone, _ = run(None)
    split, history = run(count)
    assert gap(alone.params.theta, split.params.theta) < 1e-12
    assert history.reason == "epochs reached"


def test_more_workers_than_examples(client):
    nets = []
    for given in (None, client):
        net = pb.Network([1, 1], output="identity", init="zeros")
        pb.train(net, [[1.0], [-1.0]], [[2.0], [-2.0]], optimizer=pb.SGD(0.5), epochs=3,
                 workers=given)  # fmt: skip
        nets.append(net.params.theta)
    assert gap(*nets) < 1e-15


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
def test_weights_penalty_fixed_blocks(client, output):
    thetas = []
    X, Y = problem()
    w = np.random.default_rng(3).uniform(0, 2, len(X))
    for given in (None, client):
        net = pb.Network([5, 7, 2], "relu", output, rng=0, penalty=0.1, fixed=["b[1]"])
        pb.train(net, X, Y, optimizer=pb.AdamW(0.01), epochs=10, rng=1, weights=w, workers=given)
        assert (net.params.b[1] == 0).all()
        thetas.append(net.params.theta)
    assert gap(*thetas) < 1e-12


def test_a_planted_error_is_noticed(client, monkeypatch):
    """A part that is added up without the penalty's share, and with it twice."""
    monkeypatch.setattr(workers, "bare", lambda net: net)
    thetas = []
    for given in (None, client):
        net = pb.Network([5, 7, 2], "relu", rng=0, penalty=0.1)
        thetas.append(run(given, net=net)[0].params.theta)
    assert gap(*thetas) > 1e-6


def test_rules_callbacks_and_records_go_on(client, tmp_path):
    seen, epochs = [], []
    settings = {
        "stop": pb.MaxIterations(9),
        "callbacks": [lambda now: epochs.append(now.epoch)],
        "iteration_callbacks": [lambda now: seen.append(now.trace.grad.theta.copy())],
        "record": True,
    }
    _, alone = run(None, **settings)
    ours, seen[:] = [*seen], []
    net, history = run(client, **settings)
    assert history.reason == alone.reason
    assert history.stopped_by is settings["stop"]
    assert gap(ours, seen) < 1e-12
    assert gap(history.record.theta, alone.record.theta) < 1e-12
    pb.save(tmp_path / "net.npz", net)
    assert (pb.load(tmp_path / "net.npz").net.params.theta == net.params.theta).all()


def test_divergence_is_told(client):
    net = pb.Network([5, 7, 2], "relu", "identity", rng=0)
    before = net.params.theta.copy()
    with pytest.warns(RuntimeWarning, match="diverged"):
        history = pb.train(net, *problem(), optimizer=pb.SGD(50.0), epochs=50, workers=client)
    assert history.reason == "diverged"
    assert (net.params.theta == before).all()


def killer(client, at, count=1):
    """Return a callback that kills workers as the machine's owner would, after some updates."""

    def kill(now):
        if now.history.iterations == at:
            for pid in [*client.run(os.getpid).values()][:count]:
                os.kill(pid, signal.SIGKILL)

    return kill


def test_a_killed_worker_is_replaced(own_client):
    alone, _ = run(None, epochs=30)
    split, history = run(own_client, epochs=30, iteration_callbacks=killer(own_client, 20))
    assert history.reason == "epochs reached"
    assert gap(alone.params.theta, split.params.theta) < 1e-12


def test_a_worker_killed_in_the_middle_of_a_step(own_client):
    """It is killed while the client waits for its answer."""
    pid = next(iter(own_client.run(os.getpid).values()))

    def kill_soon(now):
        if now.history.iterations == 10:
            threading.Timer(0.002, os.kill, (pid, signal.SIGKILL)).start()

    alone, _ = run(None, epochs=60)
    split, history = run(own_client, epochs=60, iteration_callbacks=kill_soon)
    assert history.reason == "epochs reached"
    assert gap(alone.params.theta, split.params.theta) < 1e-12


def test_a_worker_killed_before_it_has_its_examples(own_client):
    os.kill(next(iter(own_client.run(os.getpid).values())), signal.SIGKILL)
    split, history = run(own_client)
    assert history.reason == "epochs reached"
    assert gap(run(None)[0].params.theta, split.params.theta) < 1e-12


def test_a_worker_that_joins_gets_examples(own_client, monkeypatch):
    monkeypatch.setattr(workers, "EVERY", 0.0)
    dealt = []
    deal = Crew.deal
    monkeypatch.setattr(Crew, "deal", lambda self: (deal(self), dealt.append(len(self.shards))))

    def join(now):
        if now.history.iterations == 5:
            own_client.cluster.scale(3)
            own_client.wait_for_workers(3, timeout=60)

    alone, _ = run(None)
    split, _ = run(own_client, iteration_callbacks=join)
    assert dealt[0] == 2
    assert dealt[-1] == 3
    assert gap(alone.params.theta, split.params.theta) < 1e-12


def test_a_slow_worker_changes_nothing_but_the_time(own_client):
    pid = next(iter(own_client.run(os.getpid).values()))

    def stall(now):
        if now.history.iterations == 5:
            os.kill(pid, signal.SIGSTOP)
            subprocess.Popen(["sh", "-c", f"sleep 1; kill -CONT {pid}"])

    started = time.monotonic()
    alone, _ = run(None)
    split, history = run(own_client, iteration_callbacks=stall)
    assert time.monotonic() - started > 0.9
    assert history.reason == "epochs reached"
    assert gap(alone.params.theta, split.params.theta) < 1e-12


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler and a worker as they run on other machines: its process and its address."""
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m"]
    settings = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = ["--scheduler-file", str(file)]
    scheduler = subprocess.Popen(
        [*dask, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        + ["--dashboard-address", ":0", *place], **settings,
    )  # fmt: skip
    worker = subprocess.Popen(
        [*dask, "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny"]
        + ["--dashboard-address", ":0", *place], **settings,
    )  # fmt: skip
    try:
        while not (file.exists() and file.read_text().rstrip().endswith("}")):
            assert scheduler.poll() is None
            time.sleep(0.05)
        yield scheduler, json.loads(file.read_text())["address"]
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()


def test_when_the_scheduler_goes_away_the_network_keeps_what_it_learned(scheduler, monkeypatch):
    monkeypatch.setattr(workers, "EVERY", 0.0)
    monkeypatch.setattr(workers, "PATIENCE", 5.0)
    process, address = scheduler

    def leave(now):
        if now.history.iterations == 20:
            process.kill()
            process.wait()

    alone, history = run(None, epochs=100)
    split, theirs = run(address, epochs=100, iteration_callbacks=leave)
    assert theirs.reason.startswith("workers lost")
    assert 20 <= theirs.iterations < 700
    assert gap(history.losses[:20], theirs.losses[:20]) < 1e-12
    assert np.isfinite(split.params.theta).all()
    again, _ = run(None, epochs=100, stop=pb.MaxIterations(theirs.iterations))
    assert gap(again.params.theta, split.params.theta) < 1e-12


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (0, TypeError, "how many processes"),
        (True, TypeError, "how many processes"),
        (2.0, TypeError, "how many processes"),
        ("tcp://127.0.0.1:9", ConnectionError, "no Dask scheduler answers"),
        ("nonsense://x", ConnectionError, "no Dask scheduler answers"),
    ],
)
def test_what_is_no_worker(monkeypatch, given, error, words):
    monkeypatch.setattr(workers, "PATIENCE", 3.0)
    net = pb.Network([5, 7, 2], "tanh", "softmax", rng=0)
    before = net.params.theta.copy()
    with pytest.raises(error, match=words):
        run(given, net=net)
    assert (net.params.theta == before).all()


def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match="pip install distributed"):
        run(2)


def test_a_model_is_refused():
    model = pb.Model(lambda p, x, rng: x * p["w"], {"w": 0.0}, "half_sse")
    with pytest.raises(TypeError, match="batch norm"):
        pb.train(model, [[1.0]], [[2.0]], optimizer=pb.SGD(0.1), epochs=1, workers=2)


def test_other_versions_are_named(client, monkeypatch):
    monkeypatch.setattr(workers, "versions", lambda: {"Python": "3.1", "NumPy": "1.0"})
    with pytest.raises(RuntimeError, match=r"has Python 3\.\d+, here is 3\.1; install the same"):
        run(client)


def test_a_shard_that_does_not_fit_is_named(client, monkeypatch):
    monkeypatch.setattr(workers, "ROOM", 1e-9)
    with pytest.raises(MemoryError, match="use more workers"):
        run(client)


def test_a_shard_without_dask():
    """What a worker computes for 3 of its 5 examples, of a batch of 4."""
    net = pb.Network([5, 7, 2], "tanh", "softmax", rng=0)
    X, Y = problem(5)
    shard = Shard(net.with_params(net.params.theta.copy()), X, Y, None, signs=False)
    rows = np.array([4, 0, 2])
    grad, loss, answers, _ = shard.step(net.params.theta, rows, 4)
    trace = pb.backprop(net, X[rows], Y[rows])
    assert gap(grad, trace.grad.theta * 3 / 4) < 1e-15
    assert loss == pytest.approx(trace.loss * 3 / 4, rel=1e-14)
    assert (answers == pb.data.classes(trace.a[2])).all()
    nothing, zero, none, _ = shard.step(net.params.theta, rows[:0], 4)
    assert not nothing.any()
    assert zero == 0
    assert len(none) == 0


def test_a_loss_ends_the_block_and_says_so(client):
    X, Y = problem()
    with Crew(client, pb.Network([5, 2], rng=0), Data(X, Y)) as crew:
        raise WorkersLost("workers lost: planted")
    assert crew.lost == "workers lost: planted"
