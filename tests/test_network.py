"""The gradient against three independent ways of finding it, and the network's manners."""

import copy
import io
import pickle

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad as autodiff
from hypothesis import given, settings
from hypothesis import strategies as st

import pybackprop as pb
from benchmarks.verdicts import HIDDEN, PAIRS
from pybackprop.engine import Plan
from pybackprop.losses import FUSED

ON_LOGITS = [(activation.name, loss.name) for activation, loss in FUSED]

# The same functions for the independent library, written from their textbook formulas.
AUTOGRAD_ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": anp.tanh,
    "relu": lambda z: z * (z > 0),
    "leaky_relu": lambda z: anp.where(z > 0, z, 0.01 * z),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
    "gelu": lambda z: 0.5 * z * (1 + anp.tanh((2 / anp.pi) ** 0.5 * (z + 0.044715 * z**3))),
    "softmax": lambda z: anp.exp(z) / anp.sum(anp.exp(z), axis=1, keepdims=True),
}
AUTOGRAD_LOSSES = {
    "half_sse": lambda a, y: anp.sum((a - y) ** 2) / 2 / len(y),
    "sse": lambda a, y: anp.sum((a - y) ** 2) / len(y),
    "mse": lambda a, y: anp.mean((a - y) ** 2),
    "bce": lambda a, y: -anp.sum(y * anp.log(a) + (1 - y) * anp.log(1 - a)) / len(y),
    "cross_entropy": lambda a, y: -anp.sum(y * anp.log(a)) / len(y),
}


def autograd_gradient(net, X, Y):
    """Return loss and gradient by reverse-mode automatic differentiation of the whole network."""

    def loss(theta):
        start, a = 0, X
        for layer in range(1, net.L + 1):
            n_in, n_out = net.sizes[layer - 1], net.sizes[layer]
            W = anp.reshape(theta[start : start + n_in * n_out], (n_out, n_in))
            b = theta[start + n_in * n_out : start + n_in * n_out + n_out]
            start += n_in * n_out + n_out
            a = AUTOGRAD_ACTIVATIONS[net.phi[layer].name](anp.dot(a, W.T) + b)
        return AUTOGRAD_LOSSES[net.loss.name](a, Y)

    return loss(net.params.theta), autodiff(loss)(net.params.theta)


def random_case(hidden, output, loss, seed=0, fused=True):
    """Return a random 3-4-3-2 network with random biases and a batch that suits its loss.

    Drawn again until no z lies so near to 0 that a finite difference would step over relu's kink.
    """
    rng = np.random.default_rng(seed)
    net = pb.Network([3, 4, 3, 2], hidden=hidden, output=output, loss=loss, rng=rng, fused=fused)
    for layer in range(1, net.L + 1):
        net.params.b[layer] = rng.normal(size=net.sizes[layer])
    X = rng.normal(size=(5, 3))
    Y = rng.uniform(0.1, 0.9, (5, 2))
    if min(np.abs(z).min() for z in pb.forward(net, X).z.values()) < 0.01:
        return random_case(hidden, output, loss, seed + 1, fused)
    return net, X, Y / Y.sum(axis=1, keepdims=True) if loss == "cross_entropy" else Y


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_gradient_agrees_with_three_independent_ways(hidden, output, loss):
    for fused in {True, (output, loss) not in ON_LOGITS}:
        net, X, Y = random_case(hidden, output, loss, fused=fused)
        trace = pb.backprop(net, X, Y)
        value, gradient = autograd_gradient(net, X, Y)
        assert trace.loss == pytest.approx(value, rel=1e-12)
        scale = np.abs(gradient).max()
        assert scale > 1e-3
        for method in ("five_point", "complex"):
            report = pb.check_gradient(net, X, Y, method=method, tolerance=1e-8)
            assert report.ok, report
        assert np.abs(trace.grad.theta - gradient).max() < 1e-12 * scale


def test_literal_forward_and_backward_of_a_2_2_1_network():
    """Every number worked out by hand: identity units, so that it stays short."""
    net = pb.Network(
        [2, 2, 1],
        hidden="identity",
        output="identity",
        loss="half_sse",
        init={"W": [[[1, 2], [3, 4]], [[5, 6]]], "b": [[0.5, -0.5], [1]]},
    )
    trace = pb.backprop(net, [[1.0, -1.0], [2.0, 0.0]], [[0.0], [40.0]])
    # z1 = (1-2+.5, 3-4-.5), (2+.5, 6-.5); z2 = 5(-.5)+6(-1.5)+1, 5(2.5)+6(5.5)+1
    np.testing.assert_array_equal(trace.z[1], [[-0.5, -1.5], [2.5, 5.5]])
    np.testing.assert_array_equal(trace.a[2], [[-10.5], [46.5]])
    assert trace.loss == (10.5**2 + 6.5**2) / 4
    np.testing.assert_array_equal(trace.delta[2], [[-5.25], [3.25]])  # (a - y) / 2
    np.testing.assert_array_equal(trace.delta[1], [[-26.25, -31.5], [16.25, 19.5]])  # times 5, 6
    np.testing.assert_array_equal(trace.grad.b[2], [-2.0])
    np.testing.assert_array_equal(trace.grad.W[2], [[10.75, 25.75]])
    np.testing.assert_array_equal(trace.grad.b[1], [-10.0, -12.0])
    np.testing.assert_array_equal(trace.grad.W[1], [[6.25, 26.25], [7.5, 31.5]])


def test_the_gradient_of_a_batch_is_the_mean_of_its_examples():
    net, X, Y = random_case("tanh", "softmax", "cross_entropy")
    single = [pb.backprop(net, X[i : i + 1], Y[i : i + 1]).grad.theta for i in range(len(X))]
    np.testing.assert_allclose(
        pb.backprop(net, X, Y).grad.theta, np.mean(single, axis=0), rtol=1e-12, atol=1e-15
    )


def test_backprop_changes_nothing_and_shares_nothing():
    net, X, Y = random_case("identity", "identity", "half_sse")
    given = net.params.theta.copy(), X.copy(), Y.copy()
    trace = pb.backprop(net, X, Y)
    for array, before in zip((net.params.theta, X, Y), given, strict=True):
        np.testing.assert_array_equal(array, before)
    again = pb.backprop(net, X, Y)
    assert again.grad is not trace.grad
    assert not np.shares_memory(again.grad.theta, trace.grad.theta)
    assert not any(np.shares_memory(trace.a[l], trace.z[l]) for l in net.phi)


def test_records_are_not_compared_nor_unpacked():
    net, X, Y = random_case("tanh", "sigmoid", "bce")
    run, trace = pb.forward(net, X), pb.backprop(net, X, Y)
    assert trace == trace  # noqa: PLR0124
    assert trace != pb.backprop(net, X, Y)
    assert run != pb.forward(net, X)
    with pytest.raises(TypeError, match="unpack"):
        z, a = run
    for record in (run, trace):
        with pytest.raises(AttributeError, match="cannot assign to field"):
            record.z = {}


def test_predict_forward_evaluate_and_trace_agree():
    net, X, Y = random_case("gelu", "sigmoid", "bce")
    trace = pb.backprop(net, X, Y)
    np.testing.assert_array_equal(pb.predict(net, X), trace.a[3])
    np.testing.assert_array_equal(pb.forward(net, X).z[2], trace.z[2])
    assert pb.evaluate(net, X, Y) == trace.loss
    assert list(trace.a) == [0, 1, 2, 3]
    assert list(trace.z) == [1, 2, 3]


@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_float32_stays_float32(hidden, output, loss):
    net = pb.Network([2, 3, 2], hidden=hidden, output=output, loss=loss, dtype=np.float32, rng=0)
    trace = pb.backprop(net, [[0.5, 1.0]], [[0.0, 1.0]])
    for record in (trace.z, trace.a, trace.delta, trace.grad.W, trace.grad.b):
        assert {array.dtype for array in record.values()} == {np.dtype(np.float32)}


def test_saturated_networks_warn_of_nothing():
    for output, loss in ON_LOGITS:
        net = pb.Network([1, 2], output=output, loss=loss, init={"W": [[[1], [-1]]], "b": [[0, 0]]})
        trace = pb.backprop(net, [[1000.0]], [[0.0, 1.0]])
        assert trace.loss >= 1000
        assert np.isfinite(trace.grad.theta).all()


def test_default_initialization_suits_the_activation():
    net = pb.Network([400, 300, 200], hidden="relu", output="sigmoid", rng=0)
    assert net.params.W[1].std() == pytest.approx((2 / 400) ** 0.5, rel=0.01)  # He
    assert net.params.W[2].std() == pytest.approx((2 / 500) ** 0.5, rel=0.01)  # Xavier
    assert np.abs(net.params.W[2]).max() <= (6 / 500) ** 0.5
    assert not net.params.b[1].any()


def test_a_seed_is_reproducible():
    one, two, other = (pb.Network([2, 3, 1], rng=seed).params.theta for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": ["tanh", "tanh"]}, r"names 2 activation\(s\).*has 1 hidden layer"),
        ({"hidden": "softmax"}, "softmax is an output activation"),
        ({"output": "softmax", "loss": "cross_entropy"}, "over one output is always 1"),
        ({"output": "relu", "loss": "bce"}, "bce is not for relu outputs"),
        ({"loss": "hinge"}, r"unknown loss 'hinge'; it has no name here: .* pb.Loss\('hinge'"),
        ({"fixed": "W[3]"}, r"no block 'W\[3\]'; the blocks are"),
        ({"penalty": -1}, "penalty is -1; give a number from 0 up"),
        ({"penalty": np.nan}, "penalty is nan"),
        ({"penalty": np.inf}, "penalty is inf"),
    ],
)
def test_bad_networks(options, message):
    with pytest.raises(ValueError, match=message):
        pb.Network([2, 3, 1], **options)


@pytest.mark.parametrize("dtype", [int, bool, np.float16, np.longdouble, object])
def test_number_types_that_cannot_hold_a_gradient_are_refused(dtype):
    with pytest.raises(TypeError, match="Use float64 or float32"):
        pb.Network([2, 3, 1], dtype=dtype)
    with pytest.raises(TypeError, match="penalty is '1'; give a number"):
        pb.Network([2, 3, 1], penalty="1")


@pytest.mark.parametrize("dtype", ["f4", "float32", np.dtype(np.float32), np.float32])
def test_dtype_by_any_name(dtype):
    assert pb.Network([2, 3, 1], dtype=dtype).dtype == np.float32


def test_names_and_objects_are_the_same():
    by_name = pb.Network([2, 3, 3], "tanh", "softmax", "mse", init="he", rng=0)
    by_object = pb.Network(
        [2, 3, 3], pb.ACTIVATIONS["tanh"], pb.ACTIVATIONS["softmax"], pb.LOSSES["mse"],
        init=pb.INITIALIZERS["he"], rng=0,
    )  # fmt: skip
    assert repr(by_name) == repr(by_object)
    np.testing.assert_array_equal(by_name.params.theta, by_object.params.theta)


# Fixed blocks, biases left out, penalty, weights of examples


@pytest.mark.parametrize("fixed", ["b", "W", "b[2]", ["W[1]", "b[3]"], ("W", "b")])
def test_fixed_blocks_have_no_gradient_and_the_others_keep_theirs(fixed):
    free, X, Y = random_case("tanh", "sigmoid", "bce")
    net = pb.Network([3, 4, 3, 2], "tanh", init=free.params, fixed=fixed)
    ours, theirs = pb.backprop(net, X, Y).grad, pb.backprop(free, X, Y).grad
    for block, where in ours.blocks.items():
        expected = 0 if block in net.fixed else theirs.theta[where]
        np.testing.assert_array_equal(ours.theta[where], expected)
    before = net.params.copy()
    for optimizer in ("adamw", pb.SGD(0.1, momentum=0.9)):
        pb.train(net, X, Y, optimizer=optimizer, epochs=3, batch_size=2, rng=0)
    for block, where in ours.blocks.items():
        moved = (net.params.theta[where] != before.theta[where]).any()
        assert moved == (block not in net.fixed)
    assert "fixed" in repr(net)


def test_without_biases():
    net = pb.Network([2, 3, 1], bias=False, rng=0)
    assert net.fixed == ("b[1]", "b[2]")
    assert not net.params.b[1].any()
    pb.train(net, [[1.0, 2.0]], [[1.0]], optimizer=pb.AdamW(0.1), epochs=5)
    assert not net.params.b[1].any()
    held = pb.Network([2, 3, 1], bias=False, init={"W": dict(net.params.W), "b": [[1, 2, 3], [4]]})
    np.testing.assert_array_equal(held.params.b[1], [1, 2, 3])


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_the_penalty_is_half_lambda_times_the_squared_weights(output, loss):
    plain, X, Y = random_case("tanh", output, loss)
    net = pb.Network([3, 4, 3, 2], "tanh", output, loss, init=plain.params, penalty=0.3)
    squares = sum((W**2).sum() for W in plain.params.W.values())
    ours, theirs = pb.backprop(net, X, Y), pb.backprop(plain, X, Y)
    assert ours.loss == pytest.approx(theirs.loss + 0.15 * squares, rel=1e-14)
    assert pb.evaluate(net, X, Y) == pytest.approx(ours.loss, rel=1e-14)
    for l in net.phi:
        np.testing.assert_allclose(ours.grad.W[l], theirs.grad.W[l] + 0.3 * net.params.W[l])
        np.testing.assert_array_equal(ours.grad.b[l], theirs.grad.b[l])
    for method in ("five_point", "complex"):
        assert pb.check_gradient(net, X, Y, method=method).ok
    missing = ours.grad.theta - theirs.grad.theta  # a penalty in the loss, not in the gradient
    assert not pb.check_gradient(net, X, Y, grad=ours.grad.theta - missing).ok


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_a_weight_of_2_is_an_example_twice(output, loss):
    net, X, Y = random_case("tanh", output, loss)
    rows = [0, 0, 1, 2, 4, 4]
    weights = [2.0, 1.0, 1.0, 0.0, 2.0]
    once, twice = pb.backprop(net, X, Y, weights), pb.backprop(net, X[rows], Y[rows])
    scale = len(rows) / len(X)  # the weights are not divided by their sum
    assert once.loss == pytest.approx(scale * twice.loss, rel=1e-13)
    np.testing.assert_allclose(once.grad.theta, scale * twice.grad.theta, rtol=1e-11, atol=1e-15)
    assert pb.evaluate(net, X, Y, weights) == pytest.approx(once.loss, rel=1e-14)


# Copies


def joblib_round_trip(thing):
    joblib = pytest.importorskip("joblib")
    file = io.BytesIO()
    joblib.dump(thing, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing)), joblib_round_trip],
    ids=["copy", "deepcopy", "pickle", "joblib"],
)
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_copies_and_pickles_compute_the_same(output, loss, copied):
    net, X, Y = random_case("gelu", output, loss)
    net = pb.Network([3, 4, 3, 2], "gelu", output, loss, init=net.params, penalty=0.1, fixed="b[1]")
    trace = pb.backprop(net, X, Y)
    twin = copied(net)
    assert repr(twin) == repr(net)
    again = pb.backprop(twin, X, Y)
    np.testing.assert_array_equal(again.grad.theta, trace.grad.theta)
    assert again.loss == trace.loss
    assert twin.objective.fused == net.objective.fused  # and the engine still knows the pair
    assert twin.phi[1] == net.phi[1] == pb.ACTIVATIONS["gelu"]
    kept = copied(trace)
    assert kept.loss == trace.loss
    np.testing.assert_array_equal(kept.grad.theta, trace.grad.theta)
    np.testing.assert_array_equal(kept.delta[1], trace.delta[1])
    for thing in (net.phi[3], net.loss, net.objective):
        assert copied(thing) == thing
    history = pb.train(twin, X, Y, optimizer=pb.SGD(0.1), epochs=2, batch_size=None)
    assert history.losses[0] == pytest.approx(trace.loss, rel=1e-13)


# Numbers that others published


def test_the_2_2_2_network_of_a_well_known_page():
    """mattmazur.com, A step by step backpropagation example. Its biases are held."""
    net = pb.Network(
        [2, 2, 2],
        loss="half_sse",
        init={
            "W": [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
            "b": [[0.35, 0.35], [0.60, 0.60]],
        },
        fixed="b",
    )
    X, Y = [[0.05, 0.10]], [[0.01, 0.99]]
    trace = pb.backprop(net, X, Y)
    np.testing.assert_allclose(trace.a[2], [[0.75136507, 0.772928465]], atol=5e-9)
    assert trace.loss == pytest.approx(0.298371109, abs=5e-10)
    assert trace.grad.W[2][0, 0] == pytest.approx(0.082167041, abs=5e-10)
    assert trace.grad.W[1][0, 0] == pytest.approx(0.000438568, abs=5e-10)
    pb.train(net, X, Y, optimizer=pb.SGD(0.5), epochs=1)
    np.testing.assert_allclose(
        np.r_[net.params.W[1].ravel(), net.params.W[2].ravel()],
        [0.149780716, 0.19956143, 0.24975114, 0.29950229,
         0.35891648, 0.408666186, 0.511301270, 0.561370121],
        atol=5e-9,
    )  # fmt: skip
    # The page says .291027924; its own weights give the number below.
    assert pb.evaluate(net, X, Y) == pytest.approx(0.2910277737, abs=5e-11)
    pb.train(net, X, Y, optimizer=pb.SGD(0.5), epochs=9999)
    assert pb.evaluate(net, X, Y) == pytest.approx(3.5102e-5, abs=5e-10)


def test_the_toy_two_layer_net_of_cs231n():
    """Its penalty is reg times the sum of squares, so lambda is 2 reg."""
    old = np.random.RandomState(0)
    W1, W2 = 0.1 * old.randn(4, 10), 0.1 * old.randn(10, 3)
    X = 10 * np.random.RandomState(1).randn(5, 4)
    net = pb.Network([4, 10, 3], "relu", "softmax", init={"W": [W1.T, W2.T]}, penalty=2 * 0.05)
    scores = pb.forward(net, X).z[2]
    np.testing.assert_allclose(scores[0], [-0.81233741, -1.27654624, -0.70335995], atol=5e-9)
    Y = pb.one_hot([0, 1, 2, 2, 1], 3)
    assert pb.evaluate(net, X, Y) == pytest.approx(1.30378789133, abs=5e-12)
    assert pb.check_gradient(net, X, Y).ok


def test_the_fully_connected_net_of_cs231n():
    """Assignment 2, two_layer_net: the loss without and with its half of the squared weights."""
    X = np.linspace(-5.5, 4.5, 15).reshape(5, 3).T
    start = {
        "W": [np.linspace(-0.7, 0.3, 250).reshape(5, 50).T,
              np.linspace(-0.3, 0.4, 350).reshape(50, 7).T],
        "b": [np.linspace(-0.1, 0.9, 50), np.linspace(-0.9, 0.1, 7)],
    }  # fmt: skip
    for penalty, loss in ((0.0, 3.4702243556), (1.0, 26.5948426952)):
        net = pb.Network([5, 50, 7], "relu", "softmax", init=start, penalty=penalty)
        assert pb.evaluate(net, X, pb.one_hot([0, 5, 1], 7)) == pytest.approx(loss, abs=5e-11)


@pytest.mark.slow
def test_the_spiral_of_cs231n():
    """cs231n.github.io/neural-networks-case-study: a line gets 49 %, a hidden layer 98 %."""
    old = np.random.RandomState(0)
    X, labels = np.zeros((300, 2)), np.repeat([0, 1, 2], 100)
    for j in range(3):
        t = np.linspace(j * 4, (j + 1) * 4, 100) + old.randn(100) * 0.2
        X[labels == j] = np.linspace(0, 1, 100)[:, None] * np.c_[np.sin(t), np.cos(t)]
    Y = pb.one_hot(labels, 3)
    line = pb.Network([2, 3], [], "softmax", init="zeros", penalty=1e-3)
    pb.train(line, X, Y, optimizer=pb.SGD(1.0), epochs=200, batch_size=None)
    assert pb.accuracy(line, X, Y) == pytest.approx(0.49, abs=0.02)
    W = [0.01 * old.randn(100, 2), 0.01 * old.randn(3, 100)]
    net = pb.Network([2, 100, 3], "relu", "softmax", init={"W": W}, penalty=1e-3)
    plan = Plan(net, 300, pb.SGD(1.0), x=X, y=Y)
    for _ in range(10_000):
        plan.step()
    assert pb.evaluate(net, X, Y) == pytest.approx(0.245, abs=0.02)
    assert pb.accuracy(net, X, Y) > 0.97


def test_a_page_that_sums_gradients_without_the_weights():
    """A 2-2-2 network of lecture slides, no biases: forward pass and W[2] are right, W[1] is not.

    The slides say .01 for each of W[1]: the outgoing gradients are added up without the weights.
    """
    net = pb.Network(
        [2, 2, 2],
        loss="half_sse",
        init={"W": [[[0.2, 0.5], [-0.4, 0.6]], [[0.1, -0.3], [-0.5, 0.8]]]},
        bias=False,
    )
    X, Y = [[0.5, 0.3]], [[0.23, -0.07]]
    trace = pb.backprop(net, X, Y)
    np.testing.assert_allclose(trace.a[1], [[0.56, 0.5]], atol=6e-3)
    np.testing.assert_allclose(trace.a[2], [[0.48, 0.53]], atol=6e-3)
    assert trace.loss == pytest.approx(0.21, abs=5e-3)
    np.testing.assert_allclose(trace.grad.W[2].T, [[0.03, 0.08], [0.03, 0.07]], atol=6e-3)
    np.testing.assert_allclose(trace.grad.W[1], [[-0.0084, -0.0051], [0.0126, 0.0076]], atol=5e-5)
    printed = trace.grad.copy()
    printed.W[1] = 0.01
    assert pb.check_gradient(net, X, Y, grad=printed).blocks == ["W[1]"]


def test_the_network_of_an_introduction():
    """victorzhou.com/blog/intro-to-neural-networks: 2-2-1, all weights alike, the square of 1."""
    net = pb.Network([2, 2, 1], init={"W": [[[0, 1], [0, 1]], [[0, 1]]]}, loss="sse")
    assert pb.predict(net, [[2, 3]]).item() == pytest.approx(0.7216, abs=5e-5)
    net = pb.Network([2, 2, 1], init={"W": [np.ones((2, 2)), np.ones((1, 2))]}, loss="sse")
    trace = pb.backprop(net, [[-2, -1]], [[1]])
    np.testing.assert_allclose(trace.a[1], [[0.0474, 0.0474]], atol=5e-5)
    assert trace.a[2].item() == pytest.approx(0.524, abs=5e-4)
    assert trace.grad.W[1][0, 0] == pytest.approx(0.0215, abs=5e-5)


@pytest.mark.parametrize(
    ("start", "first", "last"), [([0.6, 0.9], 0.82, 0.09), ([2, 2], 0.98, 0.2)]
)
def test_nielsens_neuron_that_is_badly_wrong(start, first, last):
    """Neural Networks and Deep Learning, chapter 3: x = 1, y = 0, rate 0.15, 300 steps."""
    net = pb.Network([1, 1], [], "sigmoid", "half_sse", init=np.array(start, float))
    assert pb.predict(net, [[1]]).item() == pytest.approx(first, abs=5e-3)
    pb.train(net, [[1]], [[0]], optimizer=pb.SGD(0.15), epochs=300)
    assert pb.predict(net, [[1]]).item() == pytest.approx(last, abs=5e-3)


def test_softmax_and_cross_entropy_apart_and_together():
    for fused in (True, False):
        net = pb.Network([1, 2], [], "softmax", init="zeros", fused=fused)
        trace = pb.backprop(net, [[1]], [[0, 1]])
        np.testing.assert_allclose(trace.delta[1], [[0.5, -0.5]], atol=1e-15)


@pytest.mark.parametrize("method", ["central", "five_point", "complex", "forward"])
@pytest.mark.parametrize(("output", "width"), [("sigmoid", 1), ("softmax", 3)])
def test_inputs_from_0_to_100_saturate_and_are_checked(method, output, width):
    rng = np.random.default_rng(0)
    net = pb.Network([4, 8, width], "sigmoid", output, rng=0)
    X, labels = rng.uniform(0, 100, (6, 4)), rng.integers(0, max(width, 2), 6)
    Y = labels[:, None] if width == 1 else pb.one_hot(labels, width)
    a = pb.forward(net, X).a[1]
    assert (a * (1 - a) < 1e-6).mean() > 0.5
    assert pb.check_gradient(net, X, Y, method=method)


def test_well_known_tables_are_learned():
    """Iris, wine and breast cancer, scaled: what tutorials reach, on every one of five seeds."""
    datasets = pytest.importorskip("sklearn.datasets")
    for load, classes in (("iris", 3), ("wine", 3), ("breast_cancer", 2)):
        table = getattr(datasets, f"load_{load}")()
        X = (table.data - table.data.mean(axis=0)) / table.data.std(axis=0)
        Y = pb.one_hot(table.target, classes)
        for seed in range(5):
            order = np.random.default_rng(seed).permutation(len(X))
            train, test = order[: len(X) * 4 // 5], order[len(X) * 4 // 5 :]
            net = pb.Network([X.shape[1], 8, classes], "tanh", "softmax", rng=seed)
            pb.train(net, X[train], Y[train], optimizer=pb.Adam(0.03), epochs=20, rng=seed)
            assert pb.accuracy(net, X[test], Y[test]) > 0.85


def test_the_network_in_eleven_lines():
    """iamtrask.github.io, A neural network in 11 lines of Python: no biases, steps of the sum."""
    old = np.random.RandomState(1)
    W1, W2 = 2 * old.random_sample((3, 4)) - 1, 2 * old.random_sample((4, 1)) - 1
    X = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
    Y = [[0], [1], [1], [0]]
    net = pb.Network([3, 4, 1], loss="half_sse", init={"W": [W1.T, W2.T]}, bias=False)
    plan, errors = Plan(net, 4, pb.SGD(4.0), x=np.array(X, float), y=np.array(Y, float)), []
    for _ in range(6):
        errors.append(np.abs(pb.predict(net, X) - Y).mean())
        for _ in range(10_000):
            plan.step()
    np.testing.assert_allclose(
        errors,
        [0.496410031903, 0.00858452565325, 0.00578945986251,
         0.00462917677677, 0.00395876528027, 0.00351012256786],
        rtol=1e-9,
    )  # fmt: skip


def test_the_logistic_unit_of_a_well_known_course():
    """Deep Learning Specialization, logistic regression: propagate, then 100 steps of optimize."""
    X = [[1.0, 3.0], [2.0, 4.0], [-1.0, -3.2]]
    net = pb.Network([2, 1], [], init={"W": [[[1, 2]]], "b": [[2]]})
    trace = pb.backprop(net, X, [[1], [0], [1]])
    assert trace.loss == pytest.approx(5.801545319394553, rel=1e-14)
    np.testing.assert_allclose(trace.grad.W[1], [[0.99845601, 2.39507239]], atol=5e-9)
    assert trace.grad.b[1] == pytest.approx(0.00145557813678, rel=1e-11)
    pb.train(net, X, [[1], [0], [1]], optimizer=pb.SGD(0.009), epochs=100, batch_size=None)
    np.testing.assert_allclose(net.params.theta, [0.19033591, 0.12259159, 1.92535983], atol=5e-9)


# Any network at all


@st.composite
def networks(draw):
    """Return a network, a batch that suits it, and weights or None."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=6))
    output = draw(st.sampled_from([n for n in pb.ACTIVATIONS if n != "softmax" or sizes[-1] > 1]))
    kind = pb.ACTIVATIONS[output].outputs
    loss = draw(st.sampled_from([n for n, l in pb.LOSSES.items() if l.domain in ("real", kind)]))
    hidden = [draw(st.sampled_from(HIDDEN)) for _ in sizes[2:]]
    seed, m = draw(st.integers(0, 10**6)), draw(st.integers(1, 20))
    blocks = list(pb.Params(sizes).blocks)
    net = pb.Network(
        sizes, hidden, output, loss,
        fixed=draw(st.lists(st.sampled_from([*blocks, "W", "b"]), max_size=3)),
        penalty=draw(st.sampled_from([0.0, 0.01, 1.0])),
        bias=draw(st.booleans()), fused=draw(st.booleans()), rng=seed,
    )  # fmt: skip
    rng = np.random.default_rng(seed + 1)
    for block in net.params.b.values():
        block[:] = rng.normal(size=block.shape)
    X, Y = rng.normal(size=(m, sizes[0])), rng.uniform(0.05, 0.95, (m, sizes[-1]))
    if net.loss.domain == "distribution":
        Y /= Y.sum(axis=1, keepdims=True)
    return net, X, Y, rng.uniform(0, 2, m) if draw(st.booleans()) else None


def near(ours, theirs, limit):
    """Assert that two vectors are equal up to a share of the larger one's largest entry."""
    scale = max(np.abs(theirs).max(), np.abs(ours).max(), 1e-3)
    assert np.abs(ours - theirs).max() < limit * scale


@settings(deadline=None, max_examples=60)
@given(networks())
def test_any_gradient_is_the_complex_steps(case):
    net, X, Y, weights = case
    trace = pb.backprop(net, X, Y, weights)
    held = np.zeros(net.params.theta.size, bool)
    for block in net.fixed:
        held[net.params.blocks[block]] = True

    def loss(theta):
        twin = net.with_params(theta)
        run = pb.forward(twin, X)
        L = net.L
        squares = sum((W**2).sum() for W in twin.params.W.values())
        value = net.objective.value(run.z[L], run.a[L], Y, weights)
        return value + net.penalty / 2 * squares

    numerical = pb.numerical_gradient(loss, net.params.theta, "complex")
    near(trace.grad.theta, np.where(held, 0, numerical), 1e-9)
    assert trace.loss == pytest.approx(loss(net.params.theta.astype(complex)).real, rel=1e-12)


def torch_gradient(torch, net, X, Y, weights):
    """Return the gradient by PyTorch, with its own activations and losses where it has them."""
    F = torch.nn.functional
    phi = {
        "identity": lambda z: z,
        "leaky_relu": F.leaky_relu,
        "gelu": lambda z: F.gelu(z, approximate="tanh"),
        "softmax": lambda z: F.softmax(z, 1),
    }
    each = {
        "half_sse": lambda a, y: ((a - y) ** 2).sum(1) / 2,
        "sse": lambda a, y: ((a - y) ** 2).sum(1),
        "mse": lambda a, y: ((a - y) ** 2).mean(1),
        "bce": lambda a, y: F.binary_cross_entropy(a, y, reduction="none").sum(1),
        "cross_entropy": lambda a, y: -(y * a.log()).sum(1),
    }
    a, y, w = (torch.tensor(x) for x in (X, Y, np.ones(len(X)) if weights is None else weights))
    blocks = {
        name: torch.tensor(net.params.theta[where].copy(), requires_grad=True)
        for name, where in net.params.blocks.items()
    }
    C = torch.tensor(0.0, dtype=a.dtype)
    for l in range(1, net.L + 1):
        W = blocks[f"W[{l}]"].reshape(net.sizes[l], net.sizes[l - 1])
        C = C + net.penalty / 2 * (W**2).sum()
        z = F.linear(a, W, blocks[f"b[{l}]"])
        name = net.phi[l].name
        a = phi[name](z) if name in phi else getattr(torch, name, getattr(F, name, None))(z)
    (C + (w * each[net.loss.name](a, y)).mean()).backward()
    return np.concatenate([
        np.zeros(block.numel()) if name in net.fixed else block.grad.numpy()
        for name, block in blocks.items()
    ])  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(networks())
def test_any_gradient_is_pytorchs(case):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra bench has it)")
    net, X, Y, weights = case
    near(pb.backprop(net, X, Y, weights).grad.theta, torch_gradient(torch, *case), 1e-9)


@settings(deadline=None, max_examples=60)
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_examples_does_not_matter_and_a_batch_is_their_mean(case, random):
    net, X, Y, weights = case
    trace = pb.backprop(net, X, Y, weights)
    order = random.sample(range(len(X)), len(X))
    w = np.ones(len(X)) if weights is None else weights
    mixed = pb.backprop(net, X[order], Y[order], w[order])
    near(mixed.grad.theta, trace.grad.theta, 1e-12)
    assert mixed.loss == pytest.approx(trace.loss, rel=1e-12)
    single = [
        pb.backprop(net, X[i : i + 1], Y[i : i + 1], w[i : i + 1]).grad.theta for i in range(len(X))
    ]
    near(np.mean(single, axis=0), trace.grad.theta, 1e-12)


@settings(deadline=None, max_examples=60)
@given(networks())
def test_any_step_of_the_engine_is_the_networks(case):
    net, X, Y, weights = case
    plain = net.with_params(net.params.theta.copy())
    trace = pb.backprop(net, X, Y, weights)
    history = pb.train(
        net, X, Y, optimizer=pb.SGD(0.01), epochs=1, batch_size=None, weights=weights, record=True
    )
    assert history.losses[0] == pytest.approx(trace.loss, rel=1e-11)
    near(history.record.grad[0], trace.grad.theta, 1e-12)
    near(net.params.theta, plain.params.theta - 0.01 * trace.grad.theta, 1e-12)


def test_numbers_too_large_for_the_network_are_named():
    net = pb.Network([1, 1], output="identity", loss="sse", dtype=np.float32, rng=0)
    with pytest.raises(ValueError, match=r"X\[1, 0\] is inf in float32"):
        pb.predict(net, [[1.0], [1e39]])
    large = np.full((4, 1), 3e38)  # finite, though their sum is not
    assert np.isfinite(pb.forward(net, large).a[0]).all()
