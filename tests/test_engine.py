"""The engine is the lesson, up to rounding: every legal pair, every dtype, every optimizer."""

import tracemalloc

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.activations import Activation
from pybackprop.engine import Plan, encoded, team_of
from pybackprop.losses import Loss
from pybackprop.threads import Team

LIMIT = {np.dtype(np.float64): 1e-13, np.dtype(np.float32): 1e-5}
HIDDEN = [name for name, phi in pb.ACTIVATIONS.items() if phi.mixing is None]
PAIRS = [
    (output, loss)
    for output, phi in pb.ACTIVATIONS.items()
    for loss in pb.LOSSES.values()
    if loss.domain in ("real", phi.outputs)
    for loss in [loss.name]
]
OWN = Activation("sine", np.sin, lambda z, a: np.cos(z))
CUBIC = Loss("cubic", lambda a, y: (np.abs(a - y) ** 3).sum(axis=1) / 3,
             lambda a, y: (a - y) * np.abs(a - y))  # fmt: skip
OPTIMIZERS = {
    "SGD": lambda: pb.SGD(0.1),
    "schedule": lambda: pb.SGD(lambda t: 0.1 / t),
    "momentum": lambda: pb.SGD(0.05, momentum=0.9),
    "Nesterov": lambda: pb.SGD(0.05, momentum=0.9, nesterov=True),
    "RMSProp": lambda: pb.RMSProp(0.0003),
    "Adam": lambda: pb.Adam(0.003),
    "AdamW": lambda: pb.AdamW(0.003, weight_decay=0.1),
}


def targets(net, m, rng, hard=True):
    """Return targets in the domain of the network's loss."""
    n = net.sizes[-1]
    if net.loss.domain == "distribution":
        Y = pb.one_hot(rng.integers(0, n, m), n)
        soft = rng.dirichlet(np.ones(n), m)
    elif net.loss.domain == "unit interval":
        Y, soft = rng.integers(0, 2, (m, n)).astype(float), rng.uniform(size=(m, n))
    else:
        return rng.standard_normal((m, n)).astype(net.dtype)
    return (Y if hard else soft).astype(net.dtype)


def batch(net, m, seed=0, hard=True):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, net.sizes[0])).astype(net.dtype)
    return X, targets(net, m, rng, hard)


def planned(net, X, Y, optimizer=None, weights=None, **settings):
    """Return a plan with a batch in it."""
    _, signs = encoded(net, Y)
    plan = Plan(net, len(X), optimizer, signs=signs, weighted=weights is not None, **settings)
    plan.load(X, Y, weights)
    return plan


def gap(ours, theirs):
    """Return the largest difference over the largest entry."""
    return np.abs(ours - theirs).max() / max(np.abs(theirs).max(), np.finfo(theirs.dtype).tiny)


def assert_same_pass(net, X, Y, weights=None, keep=False):
    for team in Team(1), Team(3):
        with team:
            assert_same_numbers(net, X, Y, weights, keep, team)


def assert_same_numbers(net, X, Y, weights, keep, team):
    plan = planned(net, X, Y, weights=weights, keep=keep, team=team)
    trace = pb.backprop(net, X, Y, weights)
    with np.errstate(over="ignore"):
        plan.forward()
        loss = plan.loss()
        plan.backward()
    limit = LIMIT[net.dtype]
    assert loss == pytest.approx(trace.loss, rel=10 * limit, abs=limit)
    assert gap(plan.grad.theta, trace.grad.theta) < limit
    assert (plan.answers() == pb.data.classes(trace.a[net.L])).all()
    if keep:
        kept = plan.trace(loss)
        for l in net.phi:
            assert gap(kept.z[l], trace.z[l]) < limit
            assert gap(kept.a[l], trace.a[l]) < limit
            assert gap(kept.delta[l], trace.delta[l]) < limit
        assert gap(kept.y, trace.y) < limit


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("hidden", [*HIDDEN, OWN], ids=lambda one: getattr(one, "name", one))
def test_every_legal_pair(hidden, output, loss, dtype):
    for m in (1, 2, 7):
        net = pb.Network([3, 5, 4, 3], hidden, output, loss, rng=m, dtype=dtype)
        for hard in (True, False):
            assert_same_pass(net, *batch(net, m, hard=hard), keep=hard)


@pytest.mark.parametrize("m", range(1, 66))
def test_every_batch_size(m):
    for sizes, hidden, output in (
        ([2, 3, 1], "sigmoid", "sigmoid"),
        ([4, 6, 3], "relu", "softmax"),
    ):
        net = pb.Network(sizes, hidden, output, rng=m)
        assert_same_pass(net, *batch(net, m, seed=m))


@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax"])
def test_an_activation_and_a_loss_of_ones_own(output):
    net = pb.Network([3, 4, 2], OWN, output, CUBIC, rng=1)
    assert_same_pass(net, *batch(net, 5), keep=True)


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_weights_penalty_and_fixed_blocks(output, loss):
    net = pb.Network([3, 4, 3], "tanh", output, loss, penalty=0.3, fixed="W[1]", bias=False, rng=2)
    X, Y = batch(net, 6)
    weights = np.random.default_rng(1).uniform(0, 2, 6)
    assert_same_pass(net, X, Y, weights, keep=True)
    assert_same_pass(net, X, Y)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("z", [-700.0, -40.0, 0.0, 30.0, 700.0])
def test_small_deltas_keep_their_digits(output, z):
    """A unit that is sure: the delta is tiny, and right to the last digits all the same."""
    n = 1 if output == "sigmoid" else 2
    net = pb.Network([1, n], [], output, init={"W": [[[z], [0.0]][:n]]})
    for target in (0, 1):
        Y = np.eye(2)[[target]] if n == 2 else np.array([[float(target)]])
        plan = planned(net, np.ones((1, 1)), Y)
        with np.errstate(over="ignore"):
            plan.forward()
            plan.backward()
        expected = pb.backprop(net, [[1.0]], Y)
        np.testing.assert_allclose(plan.delta[1], expected.delta[1], rtol=1e-14)
        np.testing.assert_allclose(plan.loss(), expected.loss, rtol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("m", "threads"), [(1, 1), (8, 1), (8, 2)])
@pytest.mark.parametrize("keep", [False, True])
def test_hundreds_of_steps_go_the_same_way(optimizer, m, threads, dtype, keep):
    net = pb.Network([3, 4, 2], "tanh", "softmax", rng=3, dtype=dtype)
    lesson = net.with_params(net.params.theta.copy())
    X, Y = batch(net, m)
    ours, theirs = OPTIMIZERS[optimizer](), OPTIMIZERS[optimizer]()
    with Team(threads) as team:
        plan = planned(net, X, Y, ours, keep=keep, team=team)
        for _ in range(300):
            plan.step()
    for _ in range(300):
        theirs.update(lesson.params.theta, pb.backprop(lesson, X, Y).grad.theta)
    assert ours.t == theirs.t == 300
    assert gap(net.params.theta, lesson.params.theta) < 100 * LIMIT[net.dtype]


@pytest.mark.parametrize("rates", [[2.0, 2.0], [1.0, 2.0, 1.0], [0.5, 0.5, 0.25]])
@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2, 5)])
def test_each_step_has_the_length_of_its_rate(rates, weights):
    net = pb.Network([3, 4, 2], "tanh", "softmax", rng=3, penalty=0.01)
    lesson = net.with_params(net.params.theta.copy())
    X, Y = batch(net, 5)
    plan = planned(net, X, Y, pb.SGD(lambda t: rates[t - 1]), weights)
    for rate in rates:
        plan.step()
        lesson.params.theta -= rate * pb.backprop(lesson, X, Y, weights).grad.theta
        np.testing.assert_allclose(net.params.theta, lesson.params.theta, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_large_weights_in_some_threads(optimizer, threads):
    net = pb.Network([600, 300, 3], "relu", "softmax", rng=0)
    lesson = net.with_params(net.params.theta.copy())
    X, Y = batch(net, 4)
    ours, theirs = OPTIMIZERS[optimizer](), OPTIMIZERS[optimizer]()
    with Team(threads) as team:
        plan = planned(net, X, Y, ours, team=team)
        for _ in range(3):
            plan.step()
            theirs.update(lesson.params.theta, pb.backprop(lesson, X, Y).grad.theta)
    assert gap(net.params.theta, lesson.params.theta) < 1e-13


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_fixed_blocks_do_not_move(optimizer, threads):
    net = pb.Network([3, 4, 2], "tanh", "softmax", fixed=["b[1]", "W[2]"], rng=3)
    before = net.params.copy()
    with Team(threads) as team:
        plan = planned(net, *batch(net, 5), OPTIMIZERS[optimizer](), team=team)
        for _ in range(5):
            plan.step()
    assert (net.params.b[1] == before.b[1]).all()
    assert (net.params.W[2] == before.W[2]).all()
    assert (net.params.W[1] != before.W[1]).all()


@pytest.mark.parametrize(
    ("hidden", "output", "optimizer"),
    [(hidden, "identity", "SGD") for hidden in HIDDEN]
    + [("relu", output, "momentum") for output in ("sigmoid", "softmax")]
    + [("tanh", "softmax", optimizer) for optimizer in OPTIMIZERS],
)
def test_a_step_asks_for_no_memory(hidden, output, optimizer):
    """Where NumPy adds a row to a matrix it takes a buffer of 8,192 numbers; arrays are larger."""
    net = pb.Network([16, 600, 512, 8], hidden, output, rng=0)
    plan = planned(net, *batch(net, 64), OPTIMIZERS[optimizer]())
    for _ in range(2):
        plan.step()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        plan.step()
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 3 * 8 * 8192, f"{peak} bytes; the arrays of the step have 262,144 and more"


def test_an_optimizer_of_ones_own_sees_all_of_theta():
    class Clipped(pb.SGD):
        def rule(self, lr, blocks):
            blocks = list(blocks)
            length = sum(float(g @ g) for _, g, *_ in blocks) ** 0.5
            super().rule(lr / max(1.0, length), blocks)

    thetas = []
    for threads in (1, 2):
        net = pb.Network([600, 300, 3], "relu", "softmax", rng=0)
        with Team(threads) as team:
            plan = planned(net, *batch(net, 4), Clipped(10.0), team=team)
            plan.step()
        thetas.append(net.params.theta)
    assert gap(*thetas) < 1e-13


def test_nothing_of_the_caller_is_written_to_but_theta():
    net = pb.Network([3, 4, 2], "sigmoid", "softmax", rng=3)
    X, Y = batch(net, 5)
    kept = X.copy(), Y.copy()
    plan = Plan(net, 5, pb.SGD(0.1), x=X, y=Y)
    plan.step()
    assert (kept[0] == X).all()
    assert (kept[1] == Y).all()


@pytest.mark.parametrize("loss", ["half_sse", CUBIC])
def test_an_activation_runs_once_in_each_layer(loss):
    seen = []

    def f(z):
        seen.append(z.shape)
        return np.sin(z)

    sine = Activation("sine", f, OWN.derivative)
    net = pb.Network([3, 5, 4, 2], sine, sine, loss, rng=0)
    plan = planned(net, *batch(net, 6))
    plan.forward()
    assert seen == [(6, 5), (6, 4), (6, 2)]


def test_a_planted_error_is_noticed(monkeypatch):
    monkeypatch.setitem(
        __import__("pybackprop.engine", fromlist=["IN_PLACE"]).IN_PLACE,
        pb.ACTIVATIONS["tanh"],
        (lambda z, a: [lambda: np.tanh(z, a)], lambda z, a, delta: [], True),
    )
    net = pb.Network([3, 4, 2], "tanh", "softmax", rng=3)
    with pytest.raises(AssertionError):
        assert_same_pass(net, *batch(net, 5))


def test_a_plan_has_weights_where_it_is_told_so():
    """1 each, until it is given others."""
    net, w = pb.Network([3, 4, 2], rng=0), np.array([1.0, 2.0, 0.5])
    X, Y = batch(net, 3)
    plan = Plan(net, 3)
    plan.load(X, Y, w)
    assert plan.w is None
    plan = Plan(net, 3, weighted=True)
    plan.load(X, Y)
    assert plan.w.tolist() == [1, 1, 1]
    plan.load(X, Y, w)
    assert plan.w.tolist() == w.tolist()


@pytest.mark.parametrize("hidden", HIDDEN)
def test_an_activation_takes_the_place_of_z_where_nothing_needs_it_again(hidden):
    net = pb.Network([3, 4, 2], hidden, rng=0)
    plan, kept = Plan(net, 5), Plan(net, 5, keep=True)
    assert (plan.a[1] is plan.z[1]) == (hidden != "gelu")
    assert kept.a[1] is not kept.z[1]


def test_targets_are_signs_only_where_it_is_told_so():
    net = pb.Network([3, 1], rng=0)
    X, Y = np.ones((2, 3)), np.array([[0.0], [1.0]])
    for signs, y in (({}, [0, 1]), ({"signs": False}, [0, 1]), ({"signs": True}, [-1, 1])):
        plan = Plan(net, 2, **signs)
        plan.load(X, Y)
        assert plan.y[:, 0].tolist() == y


def test_one_output_answers_by_its_side():
    """Half is 1: of a number 0.5, and of a logit 0."""
    init = {"W": [[[1.0]]], "b": [[0.0]]}
    X = np.array([[-0.1], [0.0], [0.1], [0.5], [0.6]])
    for output, signs, expected in (
        ("identity", False, [False, False, False, True, True]),
        ("sigmoid", False, [False, True, True, True, True]),
        ("sigmoid", True, [False, True, True, True, True]),
    ):
        plan = Plan(pb.Network([1, 1], [], output, init=init), 5, signs=signs)
        plan.load(X, np.zeros((5, 1)))
        plan.forward()
        assert plan.answers().tolist() == expected


def test_a_step_is_shared_where_it_is_large_and_its_update_long(monkeypatch):
    monkeypatch.setattr("pybackprop.threads.blas", lambda: (lambda threads: None, 2))
    large, small = [512, 512], [4, 2]
    for sizes, m, optimizer, most in (
        (large, 512, pb.Adam(), 2),
        (large, 512, pb.SGD(0.1, momentum=0.9), 2),
        (large, 512, pb.SGD(0.1), 1),
        (large, 511, pb.Adam(), 1),
        (small, 512, pb.Adam(), 1),
    ):
        assert team_of(sizes, m, optimizer).most == most


def test_targets_become_signs_where_each_is_0_or_1():
    hard, soft = np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [0.5, 2.0]])
    bce, squares = (
        pb.Network([3, 2], output="sigmoid", loss=loss, rng=0) for loss in ("bce", "sse")
    )
    Y, signs = encoded(bce, hard)
    assert (Y.tolist(), signs) == ([[-1, 1], [1, 1]], True)
    for net, given in ((bce, soft), (bce, 2 * hard), (bce, 0.5 * hard), (squares, hard)):
        Y, signs = encoded(net, given)
        assert Y is given
        assert not signs
