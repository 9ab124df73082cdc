"""The training loop against one written out here; its rules and its ends."""

import math
import os
import signal
import sys
import threading
import tracemalloc
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import pybackprop as pb
from pybackprop import scores
from pybackprop.optimizers import SGD, Adam
from pybackprop.schedules import step_decay, warmup
from pybackprop.scores import accuracy
from pybackprop.stopping import LossBelow, LossChangeBelow, MaxIterations, Patience
from pybackprop.training import SNAPSHOT_EVERY, ceiling, train


def network(**settings):
    return pb.Network(
        [3, 5, 2], hidden="tanh", output="softmax", loss="cross_entropy", rng=1, **settings
    )


def examples(m=23, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, 3))
    return X, pb.one_hot((X.sum(axis=1) > 0).astype(int), 2)


X, Y = examples()
XV, YV = examples(11, seed=9)


# --- the loop ---


@pytest.mark.parametrize("batch_size", [1, 7, 23, 100, None])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_is_the_loop_of_the_book(batch_size, dtype):
    """Permute, cut into batches, backpropagate, update: the same numbers up to rounding."""
    net, plain = network(dtype=dtype), network(dtype=dtype)
    optimizer = Adam(0.01)
    history = train(net, X, Y, optimizer=optimizer, epochs=3, batch_size=batch_size, rng=5)

    by_hand, rng, losses, epoch_losses = Adam(0.01), np.random.default_rng(5), [], []
    size = min(batch_size or 23, 23)
    for _ in range(3):
        order = rng.permutation(23) if size < 23 else np.arange(23)
        weighted = []
        for start in range(0, 23, size):
            rows = order[start : start + size]
            trace = pb.backprop(plain, X[rows].astype(dtype), Y[rows].astype(dtype))
            losses.append(trace.loss)
            weighted.append(trace.loss * len(rows))
            by_hand.update(plain.params.theta, trace.grad.theta)
        epoch_losses.append(sum(weighted) / 23)
    limit = 1e-12 if dtype == np.float64 else 2e-5
    np.testing.assert_allclose(net.params.theta, plain.params.theta, rtol=limit, atol=limit)
    assert history.losses == pytest.approx(losses, rel=limit)
    assert history.train_loss == pytest.approx(epoch_losses, rel=limit)
    assert history.iterations == 3 * math.ceil(23 / size) == optimizer.t
    assert history.epochs == 3
    assert history.epoch_ends == [k * math.ceil(23 / size) for k in (1, 2, 3)]
    assert history.reason == "epochs reached"
    assert history.restored_iteration is None
    assert 0 < history.seconds < 600


def test_held_out_classes_are_counted_up_to_the_last_output():
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(30, 2)), np.arange(30) % 5
    net = pb.Network([2, 3, 4, 5], "tanh", "softmax", rng=0)
    Y = pb.one_hot(labels, 5)
    history = train(net, X, Y, optimizer=Adam(0.01), epochs=2, validation=(X, Y))
    assert history.validation_accuracy[-1] == pb.accuracy(net, X, Y)


def test_each_epoch_takes_every_example_once_with_its_target_and_weight():
    inputs = np.arange(20.0).reshape(10, 2)
    targets, weights = inputs[:, :1] / 2, np.arange(10.0) + 1
    net = pb.Network([2, 1], [], "identity", "half_sse", init="zeros")
    epochs, losses = {1: [], 2: [], 3: []}, []

    def look(now):
        x, y = now.trace.a[0], now.trace.y
        assert len(x) == len(y) == (2 if now.epoch_ended else 4)
        np.testing.assert_array_equal(x[:, 0], 2 * y[:, 0])  # x and y belong together
        epochs[now.epoch] += y[:, 0].astype(int).tolist()
        losses.append(np.mean((y[:, 0] + 1) * y[:, 0] ** 2 / 2))  # all outputs are 0

    nothing = SGD(1e-300)
    history = train(
        net, inputs, targets, optimizer=nothing, epochs=3, batch_size=4, rng=0, weights=weights,
        iteration_callbacks=look,
    )  # fmt: skip
    assert all(sorted(order) == list(range(10)) for order in epochs.values())
    assert epochs[1] != epochs[2] != epochs[3] != list(range(10))
    assert history.losses == pytest.approx(losses, rel=1e-13)
    assert history.train_loss == pytest.approx([np.mean(weights * targets[:, 0] ** 2 / 2)] * 3)


def test_the_same_seed_gives_the_same_run_and_another_one_another():
    def final(rng):
        net = network()
        train(net, X, Y, optimizer=SGD(0.1), epochs=2, batch_size=5, rng=rng)
        return net.params.theta

    np.testing.assert_array_equal(final(3), final(np.random.default_rng(3)))
    assert (final(3) != final(4)).any()


def test_learns():
    net = network()
    data, held_out = examples(300), examples(200, seed=4)
    history = train(
        net, *data, optimizer=Adam(0.02), epochs=20, rng=0, validation=held_out, batch_size=30
    )
    assert history.validation_accuracy[-1] > 0.97
    assert history.validation_loss[-1] < 0.1 < history.validation_loss[0]
    assert accuracy(net, *held_out) == history.validation_accuracy[-1]
    assert pb.evaluate(net, *held_out) == pytest.approx(history.validation_loss[-1], rel=1e-12)


def test_validation_in_parts_is_the_validation_of_the_whole(monkeypatch):
    net = network(penalty=0.1)
    with monkeypatch.context() as patch:
        patch.setattr("pybackprop.scores.ROWS", 4)
        history = train(net, X, Y, optimizer=SGD(0.1), epochs=1, rng=0, validation=(XV, YV))
    assert history.validation_loss[0] == pytest.approx(pb.evaluate(net, XV, YV), rel=1e-12)
    right = pb.predict(net, XV).argmax(axis=1) == YV.argmax(axis=1)
    assert history.validation_accuracy == [right.mean()]


def test_training_accuracy_is_counted_on_the_way():
    net = network()
    hits = []

    def count(now):
        trace = now.trace
        hits.extend(trace.a[2].argmax(axis=1) == trace.y.argmax(axis=1))

    history = train(
        net, X, Y, optimizer=SGD(0.3), epochs=2, batch_size=5, rng=0, iteration_callbacks=[count]
    )
    assert history.train_accuracy == [np.mean(hits[:23]), np.mean(hits[23:])]


def test_accuracy_only_where_targets_are_classes():
    one = pb.Network([3, 1], output="sigmoid", loss="bce", rng=0)
    soft = train(one, X, Y[:, :1] * 0.8 + 0.1, optimizer=SGD(0.1), epochs=1, rng=0)
    assert soft.train_accuracy == []
    assert soft.train_loss
    hard = train(one, X, Y[:, :1], optimizer=SGD(0.1), epochs=1, rng=0, validation=(XV, YV[:, :1]))
    assert len(hard.train_accuracy) == len(hard.validation_accuracy) == 1
    expected = ((pb.predict(one, XV) >= 0.5) == YV[:, :1]).mean()
    assert hard.validation_accuracy == [expected] == [accuracy(one, XV, YV[:, :1])]
    two = pb.Network([3, 2], output="sigmoid", loss="bce", rng=0)
    both = train(two, X, np.ones((23, 2)), optimizer=SGD(0.1), epochs=1, rng=0)
    assert both.train_accuracy == []  # two labels at once: no class
    with pytest.raises(ValueError, match="more than classes"):
        accuracy(two, X, np.ones((23, 2)))


def test_recall_where_classes_are_uneven():
    rare = (X[:, :1] > 1).astype(float)
    assert 0 < rare.sum() < 8
    net = pb.Network([3, 1], rng=0)
    answers = []

    def look(now):
        trace = now.trace
        answers.extend(zip(trace.y[:, 0], trace.a[1][:, 0] >= 0.5, strict=True))

    history = train(
        net, X, rare, optimizer=SGD(0.3), epochs=1, batch_size=5, rng=0, iteration_callbacks=look,
        validation=(X, rare),
    )  # fmt: skip
    right = [np.mean([a == y for y, a in answers if y == c]) for c in (0, 1)]
    assert history.train_recall == pytest.approx([np.mean(right)])
    assert history.validation_recall == pytest.approx([pb.recall(net, X, rare).mean()])
    even = train(network(), X, Y, optimizer=SGD(0.3), epochs=1, validation=(X, Y))
    assert even.train_recall == even.validation_recall == []


def test_training_reports_the_penalty_in_every_loss():
    net = network(penalty=0.1)
    start = pb.evaluate(net, X, Y)
    history = train(net, X, Y, optimizer=SGD(0.1), epochs=2, batch_size=None, validation=(X, Y))
    assert history.losses[0] == history.train_loss[0] == pytest.approx(start, rel=1e-13)
    assert history.validation_loss[0] == pytest.approx(history.losses[1], rel=1e-13)
    assert history.validation_loss[1] == pytest.approx(pb.evaluate(net, X, Y), rel=1e-13)


@pytest.mark.parametrize("optimizer", ["adam", "Adam", "RMSProp", "adamw"])
def test_an_optimizer_by_name(optimizer):
    by_name, by_object = network(), network()
    kind = {name.lower(): kind for name, kind in pb.OPTIMIZERS.items()}[optimizer.lower()]
    one = train(by_name, X, Y, optimizer=optimizer, epochs=2, rng=0)
    two = train(by_object, X, Y, optimizer=kind(), epochs=2, rng=0)
    assert one.losses == two.losses


def test_learning_rates_are_those_of_the_schedule():
    schedule = warmup(3, then=step_decay(0.1, every=2))
    history = train(network(), X, Y, optimizer=SGD(schedule), epochs=2, batch_size=6, rng=0)
    assert history.learning_rates == [schedule(t) for t in range(1, 9)]


def test_goes_on_where_the_optimizer_stopped():
    once, twice = network(), network()
    rng, optimizer = np.random.default_rng(2), Adam(0.01)
    train(once, X, Y, optimizer=Adam(0.01), epochs=5, batch_size=4, rng=2)
    for epochs in (2, 3):
        train(twice, X, Y, optimizer=optimizer, epochs=epochs, batch_size=4, rng=rng)
    np.testing.assert_array_equal(once.params.theta, twice.params.theta)


def test_an_optimizer_of_your_own_will_do():
    class Sign:
        lr, t = 0.01, 0

        def update(self, theta, grad):
            self.t += 1
            theta -= self.lr * np.sign(grad)

        def state(self):
            return {"t": self.t}

        def load_state(self, state):
            self.t = state["t"]

    history = train(network(), X, Y, optimizer=Sign(), epochs=20, rng=0)
    assert history.train_loss[-1] < history.train_loss[0]


def test_data_stay_as_they_are_and_are_not_copied():
    rng = np.random.default_rng(0)
    big = rng.standard_normal((20_000, 200)).astype(np.float32)
    targets = pb.one_hot(rng.integers(0, 10, 20_000), 10).astype(np.float32)
    net = pb.Network([200, 20, 10], output="softmax", loss="cross_entropy", dtype="f4", rng=0)
    before = big.copy()
    settings = {"optimizer": Adam(), "epochs": 1, "batch_size": 500, "rng": 0}
    train(net, big[:500], targets[:500], **settings)  # what it imports is there now
    tracemalloc.start()
    try:
        train(net, big, targets, **settings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(big, before)
    assert peak < big.nbytes / 5  # 16 MB; numbers of rows and classes take 0.16 MB each


# --- stopping ---


def run(**settings):
    settings = {"optimizer": SGD(0.5), "epochs": 200, "batch_size": None, "rng": 0} | settings
    net = network()
    return net, train(net, X, Y, **settings)


def test_stops_at_a_number_of_iterations_in_the_middle_of_an_epoch():
    _, history = run(batch_size=4, stop=[MaxIterations(8)])
    assert history.reason == "iterations reached: 8"
    assert history.iterations == len(history.losses) == 8
    assert history.epochs == 1  # of 6 batches; the second was not finished
    assert history.epoch_ends == [6]


def test_stops_when_the_loss_falls_below_a_threshold():
    _, history = run(stop=LossBelow(0.3))
    assert history.reason == "loss below 0.3"
    assert history.losses[-1] < 0.3 <= min(history.losses[:-1])


def test_stops_when_the_loss_hardly_changes():
    _, history = run(epochs=5000, stop=[LossChangeBelow(1e-4)])
    assert history.reason == "change of loss below 0.0001"
    changes = np.abs(np.diff(history.losses))
    assert changes[-1] < 1e-4 <= changes[:-1].min()


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        (LossBelow(0.3), lambda h: h.train_loss[-1] < 0.3 <= min(h.train_loss[:-1])),
        (
            LossChangeBelow(1e-3),
            lambda h: (
                abs(np.diff(h.train_loss))[-1] < 1e-3 <= abs(np.diff(h.train_loss))[:-1].min()
            ),
        ),
    ],
)
def test_rules_that_watch_epochs_stop_at_the_end_of_one(rule, reached):
    _, history = run(batch_size=4, stop=[rule])
    assert history.epoch_ends[-1] == history.iterations == 6 * history.epochs
    assert reached(history)
    _, by_batch = run(batch_size=4, stop=[type(rule)(rule.threshold, each="iteration")])
    assert by_batch.iterations < history.iterations


def overfitting(patience, epochs=60):
    """Train on four noisy examples, so that the validation loss rises after a while."""
    net, optimizer, seen = network(), Adam(0.05), []
    history = train(
        net,
        X[:4],
        1 - Y[:4],
        optimizer=optimizer,
        epochs=epochs,
        batch_size=2,
        rng=0,
        validation=(np.r_[X[:4], XV], np.r_[1 - Y[:4], YV]),
        stop=[patience],
        callbacks=[lambda now: seen.append((now.net.params.theta.copy(), now.optimizer.state()))],
    )
    return net, optimizer, history, seen


def test_patience_gives_back_the_best_epoch():
    net, optimizer, history, seen = overfitting(Patience(5))
    assert history.reason == "no better validation loss for 5 epochs"
    best = int(np.argmin(history.validation_loss))
    assert history.epochs == best + 1 + 5
    np.testing.assert_array_equal(net.params.theta, seen[best][0])
    np.testing.assert_array_equal(optimizer.state()["m"], seen[best][1]["m"])
    assert optimizer.t == history.restored_iteration == history.epoch_ends[best]
    assert f"parameters restored from iteration {2 * best + 2}" in str(history)


def test_of_equally_good_epochs_the_first_is_the_best():
    _, history = run(optimizer=SGD(0.0), validation=(XV, YV), stop=[Patience(2)])
    assert history.epochs == 3
    assert history.restored_iteration == 1


def test_patience_gives_back_the_best_epoch_however_training_ends():
    net, _, history, seen = overfitting(Patience(50), epochs=12)
    best = int(np.argmin(history.validation_loss))
    assert best < 11
    assert history.reason == "epochs reached"
    np.testing.assert_array_equal(net.params.theta, seen[best][0])


def test_patience_can_leave_the_last_parameters():
    net, optimizer, history, seen = overfitting(Patience(5, restore_best=False))
    np.testing.assert_array_equal(net.params.theta, seen[-1][0])
    assert history.restored_iteration is None
    assert optimizer.t == history.iterations


def test_a_rule_of_your_own_and_two_at_once():
    _, history = run(stop=[lambda now: "enough" if now.epoch == 3 else None, MaxIterations(3)])
    assert history.reason == "enough; iterations reached: 3"
    assert history.epochs == 3


def test_a_rule_of_your_own_sees_the_trace():
    seen = []
    _, history = run(stop=[lambda now: seen.append(now.trace.loss)])
    assert seen == history.losses


# --- divergence ---


def diverging(steps):
    """Gradient descent whose learning rate becomes far too large after some updates."""
    net = pb.Network([3, 4, 2], hidden="relu", output="identity", loss="sse", rng=0)
    optimizer = SGD(lambda t: 1e-3 if t <= steps else 1e80, momentum=0.5)
    seen = {0: (net.params.theta.copy(), optimizer.state())}

    def watch(now):
        seen[now.history.iterations] = (now.net.params.theta.copy(), now.optimizer.state())

    with pytest.warns(RuntimeWarning, match="training diverged after") as caught:
        history = train(
            net, X, Y, optimizer=optimizer, epochs=500, rng=0, iteration_callbacks=[watch]
        )
    assert len(caught) == 1  # none of overflow or of NaN
    assert f"went back to where it was after {history.restored_iteration}:" in str(
        caught[0].message
    )
    return net, optimizer, history, seen


@pytest.mark.parametrize("steps", [0, 40, SNAPSHOT_EVERY, 2 * SNAPSHOT_EVERY + 30])
def test_divergence_ends_with_the_last_good_parameters(steps):
    net, optimizer, history, seen = diverging(steps)
    assert history.reason == "diverged"
    assert not math.isfinite(history.losses[-1])
    assert all(map(math.isfinite, history.losses[:-1]))
    assert history.iterations == len(history.losses) - 1  # no update was made with that loss
    good = steps // SNAPSHOT_EVERY * SNAPSHOT_EVERY
    assert history.restored_iteration == good == optimizer.t
    theta, state = seen[good]
    np.testing.assert_array_equal(net.params.theta, theta)
    assert np.isfinite(theta).all()
    if good:
        np.testing.assert_array_equal(optimizer.u, state["u"])
    again = train(net, X, Y, optimizer=SGD(1e-3), epochs=3, rng=0)
    assert again.reason == "epochs reached"


def test_a_snapshot_is_taken_after_every_100th_update():
    assert [diverging(steps)[2].restored_iteration for steps in (99, 100, 250)] == [0, 100, 200]


def test_divergence_in_the_last_update_is_noticed():
    """No batch sees what it did, whether theta is infinite then or only far away."""
    for rate in (1e308, 1e150, 1e6):
        net = pb.Network([3, 2], output="identity", loss="sse", rng=0)
        before = net.params.theta.copy()
        with pytest.warns(RuntimeWarning, match="diverged after 1 updates"):
            history = train(net, X, Y, optimizer=SGD(rate), epochs=1, rng=0, batch_size=None)
        assert history.reason == "diverged"
        assert history.restored_iteration == 0
        assert len(history.losses) == history.iterations + 1
        np.testing.assert_array_equal(net.params.theta, before)


def test_a_loss_a_million_times_its_start_is_a_divergence():
    """Raw prices: finite numbers all the way, and no use."""
    rng = np.random.default_rng(0)
    rooms = rng.uniform(1, 9, (200, 3))
    prices = rooms @ [[20_000.0], [30_000.0], [5_000.0]]
    net = pb.Network([3, 1], [], "identity", rng=0)
    before = net.params.copy()
    with pytest.warns(RuntimeWarning, match="divide the learning rate by 10, and scale the inputs"):
        history = train(net, rooms, prices, optimizer=SGD(0.05), epochs=30, rng=0)
    assert history.reason == "diverged"
    assert history.stopped_by is None
    assert math.isfinite(history.losses[-1])
    assert history.losses[-1] > 1e6 * history.losses[0]
    assert max(history.losses[:-1]) < 1e6 * history.losses[0]
    assert history.restored_iteration == 0
    np.testing.assert_array_equal(net.params.theta, before.theta)


@pytest.mark.parametrize(("rate", "reason"), [(1001.0, "diverged"), (1000.9, "epochs reached")])
def test_a_million_times_is_where_divergence_begins(rate, reason):
    """The error 1 becomes 1 - rate, and the loss, half its square, 500,000 times 1."""
    net = pb.Network([1, 1], [], "identity", init="zeros", bias=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        history = train(net, [[1.0]], [[1.0]], optimizer=SGD(rate), epochs=1)
    assert history.reason == reason
    assert history.losses == [0.5, 500_000.0][: 1 + (reason == "diverged")]
    net.params.theta[:] = 0
    with pytest.warns(RuntimeWarning, match="training diverged after") as caught:
        history = train(net, [[1.0]], [[1.0]], optimizer=SGD(rate), epochs=4)
    assert [one.filename for one in caught] == [__file__]
    assert len(history.losses) == 2 + (reason != "diverged")


def test_from_nothing_a_loss_of_1_is_where_divergence_begins():
    net = pb.Network([1, 1], [], "identity", init="zeros")
    data = scores.examples(net, [[1.0]], [[0.0]])
    assert ceiling(1.5, 1e-9, net, data) == 1.0
    assert ceiling(1e-10, 1e-9, net, data) == 1e-9


def test_a_run_that_rises_slowly_goes_back_to_where_it_was_no_worse():
    net = pb.Network([1, 1], [], "identity", init="zeros")
    data = [[1.0], [-1.0]], [[1.0], [-1.0]]
    start = pb.evaluate(net, *data)
    with pytest.warns(RuntimeWarning, match="diverged"):  # each step makes the error 1.03 times it
        history = train(net, *data, optimizer=SGD(2.03), epochs=1000, batch_size=None)
    assert history.iterations > 2 * SNAPSHOT_EVERY
    assert history.restored_iteration == 0
    assert pb.evaluate(net, *data) == start


def test_an_easy_first_batch_is_no_start_to_diverge_from():
    """The network is sure of the first example and wrong about the second."""
    net = pb.Network([1, 1], [], init={"W": [[[40.0]]]})
    for order in range(4):  # whichever comes first
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            history = train(
                net.with_params(net.params.theta.copy()), [[1.0], [2.0]], [[1], [0]],
                optimizer=SGD(1e-3), epochs=2, batch_size=1, rng=order,
            )  # fmt: skip
        assert history.reason == "epochs reached"
        assert min(history.losses) < 1e-12
        assert max(history.losses) > 70


def test_a_network_without_any_loss_goes_on():
    net = pb.Network([1, 1], [], "identity", init={"W": [[[2.0]]]})
    history = train(net, [[1.0], [-1.0]], [[2.0], [-2.0]], optimizer=SGD(0.5), epochs=3)
    assert history.losses == [0, 0, 0]
    assert history.reason == "epochs reached"


def test_parameters_that_are_bad_from_the_start_diverge_at_once():
    net = pb.Network([3, 2], output="identity", loss="sse", rng=0)
    net.params.theta[0] = np.nan
    with pytest.warns(RuntimeWarning, match="diverged after 0 updates"):
        history = train(net, X, Y, optimizer=SGD(0.1), epochs=3, rng=0)
    assert (history.reason, history.iterations, history.restored_iteration) == ("diverged", 0, None)


def test_a_snapshot_is_never_taken_of_infinite_parameters():
    """A saturated unit hides an infinite weight: the loss stays finite."""
    net = pb.Network([1, 1, 1], hidden="tanh", output="identity", loss="sse", rng=0)

    def break_it(now):
        if now.history.iterations == SNAPSHOT_EVERY - 1:
            now.net.params.W[1][0, 0] = np.inf

    with pytest.warns(RuntimeWarning, match="diverged"):
        history = train(
            net, [[1.0]], [[0.5]], optimizer=SGD(0.01), epochs=SNAPSHOT_EVERY + 5,
            iteration_callbacks=[break_it],
        )  # fmt: skip
    assert math.isfinite(history.losses[SNAPSHOT_EVERY])
    assert history.reason == "diverged"
    assert history.restored_iteration == 0
    assert np.isfinite(net.params.theta).all()


def test_divergence_with_patience_gives_back_the_best():
    net = pb.Network([3, 2], output="identity", loss="sse", rng=0)
    optimizer = SGD(lambda t: 1e-2 if t <= 10 else 1e160)
    with pytest.warns(RuntimeWarning, match="after 11 updates, .* where it was after 10:"):
        history = train(
            net, X, Y, optimizer=optimizer, epochs=50, batch_size=None, validation=(XV, YV),
            stop=[Patience(40)],
        )  # fmt: skip
    assert history.reason == "diverged"
    assert history.restored_iteration == 10
    assert pb.evaluate(net, XV, YV) == pytest.approx(min(history.validation_loss), rel=1e-12)


# --- interrupts ---


def interrupted_at(iteration, act, **settings):
    net, optimizer = network(), Adam(0.01)

    def callback(now):
        if now.history.iterations == iteration:
            act()

    history = train(
        net, X, Y, optimizer=optimizer, epochs=50, batch_size=5, rng=0,
        iteration_callbacks=[callback], **settings,
    )  # fmt: skip
    return net, optimizer, history


def press():
    os.kill(os.getpid(), signal.SIGINT)


def raise_it():
    raise KeyboardInterrupt


@pytest.mark.parametrize("act", [press, raise_it])
def test_an_interrupt_returns_what_was_learned_so_far(act):
    before = signal.getsignal(signal.SIGINT)
    net, optimizer, history = interrupted_at(7, act)
    assert history.reason == "interrupted"
    assert history.iterations == len(history.losses) == optimizer.t == 7
    assert history.epochs == 1
    expected = network()
    train(
        expected, X, Y, optimizer=Adam(0.01), epochs=50, batch_size=5, rng=0,
        stop=[MaxIterations(7)],
    )  # fmt: skip
    np.testing.assert_array_equal(net.params.theta, expected.params.theta)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_during_an_update_lets_it_finish():
    class Slow(SGD):
        def update(self, theta, grad):
            half = len(theta) // 2
            theta[:half] -= 0.1 * grad[:half]
            press()
            theta[half:] -= 0.1 * grad[half:]
            self.t += 1

    net, plain = network(), network()
    history = train(net, X, Y, optimizer=Slow(0.1), epochs=5, batch_size=None)
    train(plain, X, Y, optimizer=SGD(0.1), epochs=1, batch_size=None)
    assert history.reason == "interrupted"
    np.testing.assert_allclose(net.params.theta, plain.params.theta, rtol=1e-12)


def test_a_second_interrupt_ends_a_callback_that_hangs():
    def hang():
        press()
        press()
        raise AssertionError("the second interrupt did not get through")

    _, _, history = interrupted_at(3, hang)
    assert history.reason == "interrupted"


def test_the_handler_of_someone_else_stays():
    calls = []
    before = signal.signal(signal.SIGINT, lambda *_: calls.append(1))
    try:
        _, _, history = interrupted_at(2, press)
    finally:
        signal.signal(signal.SIGINT, before)
    assert calls == [1]
    assert history.reason == "epochs reached"


def test_the_handler_is_put_back_after_an_error():
    before = signal.getsignal(signal.SIGINT)

    def fail():
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        interrupted_at(2, fail)
    assert signal.getsignal(signal.SIGINT) is before


def test_trains_in_another_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(run(epochs=3)[1].reason))
    thread.start()
    thread.join(timeout=60)
    assert results == ["epochs reached"]


# --- callbacks, record, progress, history ---


def test_callbacks_see_each_epoch_and_each_update():
    epochs, updates = [], []

    def after_epoch(now):
        epochs.append((now.epoch, now.epoch_ended, len(now.history.validation_loss)))

    def after_update(now):
        history = now.history
        assert now.trace.loss == history.losses[-1]
        assert now.optimizer.t == history.iterations
        updates.append((now.epoch, now.epoch_ended, history.iterations, history.epochs))

    net = network()
    train(
        net, X, Y, optimizer=SGD(0.1), epochs=2, batch_size=10, rng=0, validation=(XV, YV),
        callbacks=[after_epoch], iteration_callbacks=after_update,
    )  # fmt: skip
    assert epochs == [(1, True, 1), (2, True, 2)]
    assert updates == [
        (1, False, 1, 0),
        (1, False, 2, 0),
        (1, True, 3, 1),
        (2, False, 4, 1),
        (2, False, 5, 1),
        (2, True, 6, 2),
    ]


def test_an_error_in_a_callback_leaves_whole_parameters():
    net = network()

    def fail(now):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        train(net, X, Y, optimizer=SGD(0.1), epochs=2, batch_size=None, callbacks=[fail])
    plain = network()
    train(plain, X, Y, optimizer=SGD(0.1), epochs=1, batch_size=None)
    np.testing.assert_allclose(net.params.theta, plain.params.theta, rtol=1e-12)


def test_record_holds_what_a_stepper_needs():
    net = network()
    start = net.params.theta.copy()
    history = train(net, X, Y, optimizer=SGD(0.1), epochs=2, batch_size=10, rng=0, record=True)
    record = history.record
    assert len(record.theta) == 7
    assert len(record.grad) == len(record.examples) == 6
    np.testing.assert_array_equal(record.theta[0], start)
    np.testing.assert_array_equal(record.theta[-1], net.params.theta)
    for i, rows in enumerate(record.examples):
        trace = pb.backprop(net.with_params(record.theta[i]), X[rows], Y[rows])
        assert trace.loss == pytest.approx(history.losses[i], rel=1e-13)
        np.testing.assert_allclose(trace.grad.theta, record.grad[i], rtol=1e-11, atol=1e-16)
        np.testing.assert_array_equal(record.theta[i + 1], record.theta[i] - 0.1 * record.grad[i])
    assert train(net, X, Y, optimizer=SGD(0.1), epochs=1).record is None


def test_batches_are_of_32_and_nothing_is_shown_nor_recorded(capsys):
    history = train(network(), *examples(33), optimizer="adam", epochs=1)
    assert history.iterations == 2
    assert history.record is None
    assert capsys.readouterr() == ("", "")


def test_progress_shows_a_bar(capsys):
    pytest.importorskip("tqdm")
    train(network(), X, Y, optimizer=SGD(0.1), epochs=2, batch_size=10, rng=0, progress=True)
    shown = capsys.readouterr().err
    assert "6/6" in shown
    assert "loss=" in shown


def test_progress_without_tqdm_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    net = network()
    before = net.params.theta.copy()
    with pytest.raises(ImportError, match="pip install tqdm"):
        train(net, X, Y, optimizer=SGD(0.1), epochs=1, progress=True)
    np.testing.assert_array_equal(net.params.theta, before)


# --- bad input ---


rateless = SimpleNamespace(lr=None, t=0, update=print, state=dict, load_state=print)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"net": "net"}, TypeError, "net is 'net'; give a Network"),
        ({"net": network(dtype=complex)}, TypeError, "give a Network .*of real numbers"),
        ({"X": X[:, :2]}, ValueError, "X has 2 columns"),
        ({"X": X + 1j}, TypeError, r"use np.real\(X\)"),
        ({"X": X[:0]}, ValueError, "X is empty"),
        ({"X": X * np.nan}, ValueError, "X\\[0, 0\\] is nan"),
        ({"Y": Y[:5]}, ValueError, "23 examples and Y has 5"),
        ({"Y": 2 * Y}, ValueError, "takes targets from 0 to 1"),
        ({"optimizer": "adma"}, ValueError, "did you mean 'adam'"),
        ({"optimizer": "sgd"}, TypeError, r"pb.SGD\(lr=0.1\)"),
        ({"optimizer": 5}, TypeError, r"optimizer is 5 \(it has no lr, t, update"),
        ({"optimizer": Adam}, TypeError, r"give an object, such as Adam\(lr=1e-3\)"),
        ({"optimizer": rateless}, TypeError, "learning rate is None; give a number"),
        ({"epochs": 0}, ValueError, "epochs is 0; give 1 or more"),
        ({"epochs": 2.0}, TypeError, "epochs is 2.0; give a whole number"),
        ({"epochs": True}, TypeError, "epochs is True"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"batch_size": "all"}, TypeError, "batch_size is 'all'"),
        ({"rng": "seed"}, TypeError, "seed"),
        ({"validation": XV}, TypeError, r"validation is of type ndarray; give a pair"),
        ({"validation": (XV, YV, YV)}, TypeError, "give a pair"),
        ({"validation": (XV, YV[:, :1])}, ValueError, r"in validation=\(X, Y\), Y has shape"),
        ({"stop": 100}, TypeError, "stop holds 100; .* MaxIterations"),
        ({"stop": [MaxIterations]}, TypeError, "stop holds <class"),
        ({"stop": [Patience()]}, ValueError, "watches the validation loss"),
        ({"callbacks": ["print"]}, TypeError, "callbacks holds 'print'"),
        ({"iteration_callbacks": None}, TypeError, "iteration_callbacks holds None"),
    ],
)
def test_bad_input_is_refused_before_anything_changes(settings, error, message):
    net, optimizer, rng = network(), Adam(), np.random.default_rng(0)
    before, state = net.params.theta.copy(), rng.bit_generator.state
    given = {"net": net, "X": X, "Y": Y, "optimizer": optimizer, "epochs": 2, "rng": rng} | settings
    with pytest.raises(error, match=message):
        train(given.pop("net"), given.pop("X"), given.pop("Y"), **given)
    np.testing.assert_array_equal(net.params.theta, before)
    assert optimizer.state() == {"t": 0}
    assert rng.bit_generator.state == state


def test_an_optimizer_of_another_network_is_refused():
    optimizer = Adam()
    optimizer.update(np.ones(3), np.ones(3))
    net = network()
    before = net.params.theta.copy()
    with pytest.raises(ValueError, match=r"remembers m of 3 entries .* optimizer.reset\(\)"):
        train(net, X, Y, optimizer=optimizer, epochs=1)
    np.testing.assert_array_equal(net.params.theta, before)


# --- targets that training cannot meet, or count ---


@pytest.mark.parametrize(
    ("output", "loss", "Y", "text"),
    [
        ("sigmoid", "mse", [[1], [25]], "from 1 to 25, and sigmoid outputs from 0 to 1 at most"),
        ("sigmoid", "half_sse", [[-1], [0.5]], "from -1 to 0.5, and sigmoid outputs from 0 to 1"),
        ("tanh", "sse", [[0], [2]], "from 0 to 2, and tanh outputs from -1 to 1"),
        ("relu", "mse", [[-3], [5]], "from -3 to 5, and relu outputs from 0 to inf"),
        ("tanh", "mse", [[-1], [1]], "-1 and 1: no accuracy is counted"),
        ("identity", "mse", [[-1], [1]], None),
        ("tanh", "mse", [[1], [1]], None),
        ("identity", "mse", [[-30], [1]], None),
        ("relu", "mse", [[0], [30]], None),
        ("tanh", "mse", [[0], [1]], None),
        ("sigmoid", "bce", [[0], [1]], None),
        ("sigmoid", "mse", [[-1e-3], [1 + 1e-3]], None),  # a thousandth is no matter
    ],
)
def test_targets_out_of_reach_are_told(output, loss, Y, text):
    net = pb.Network([1, 3, 1], "tanh", output, loss, rng=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pb.train(net, [[0.0], [1.0]], Y, optimizer="adam", epochs=1)
    assert [one.filename for one in caught] == [__file__] * bool(text)
    assert not text or text in str(caught[0].message)
