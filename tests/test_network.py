"""The gradient against three independent ways of finding it, and the network's manners."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad as autodiff

import pybackprop as pb
from pybackprop.losses import FUSED

HIDDEN = [name for name in pb.ACTIVATIONS if name != "softmax"]
PAIRS = [
    (output, name)
    for name, loss in pb.LOSSES.items()
    for output in (loss.outputs or pb.ACTIVATIONS)
]

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
    for fused in {True, (output, loss) not in FUSED}:
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


def test_out_takes_the_gradient_and_the_network_stays_as_it_was():
    net, X, Y = random_case("tanh", "sigmoid", "bce")
    before, out = net.params.theta.copy(), net.params.copy()
    trace = pb.backprop(net, X, Y, out=out)
    assert trace.grad is out
    np.testing.assert_array_equal(out.theta, pb.backprop(net, X, Y).grad.theta)
    np.testing.assert_array_equal(net.params.theta, before)


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
    for output, loss in FUSED:
        net = pb.Network([1, 2], output=output, loss=loss, init={"W": [[[1], [-1]]], "b": [[0, 0]]})
        trace = pb.backprop(net, [[1000.0]], [[0.0, 1.0]])
        assert trace.loss >= 1000
        assert np.isfinite(trace.grad.theta).all()


# Initialization


def test_default_initialization_suits_the_activation():
    net = pb.Network([400, 300, 200], hidden="relu", output="sigmoid", rng=0)
    assert net.params.W[1].std() == pytest.approx((2 / 400) ** 0.5, rel=0.01)  # He
    assert net.params.W[2].std() == pytest.approx((2 / 500) ** 0.5, rel=0.01)  # Xavier
    assert np.abs(net.params.W[2]).max() <= (6 / 500) ** 0.5
    assert not net.params.b[1].any()


def test_named_and_given_initialization():
    assert not pb.Network([2, 3, 1], init="zeros").params.theta.any()
    net = pb.Network([400, 300, 1], init="uniform", rng=0)
    assert np.abs(net.params.W[1]).max() <= 1 / 20
    assert net.params.W[1].std() == pytest.approx(1 / 20 / 3**0.5, rel=0.01)
    for given in (net.params, net.params.theta, {"W": net.params.W, "b": net.params.b}):
        twin = pb.Network([400, 300, 1], init=given)
        np.testing.assert_array_equal(twin.params.theta, net.params.theta)
        assert not np.shares_memory(twin.params.theta, net.params.theta)


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
        ({"output": "relu", "loss": "bce"}, "not defined on relu"),
        ({"loss": "hinge"}, "unknown loss 'hinge'"),
        ({"init": "glorot"}, "unknown initialization 'glorot'"),
        ({"init": np.zeros(12)}, "vector of 13 numbers"),
        ({"init": np.full(13, np.nan)}, "NaN or infinity"),
        ({"init": pb.Params([2, 4, 1])}, "the network is 2-3-1"),
        ({"init": {"W": [[[1]]]}}, r"layers \[1\]; the network has \[1, 2\]"),
        ({"init": {"W": [np.ones((3, 2)), np.ones((1, 3))]}}, "no 'b'"),
        (
            {"init": {"W": [np.ones((2, 3)), np.ones((1, 3))], "b": [np.ones(3), np.ones(1)]}},
            r"layer 1 has shape \(2, 3\); W\[1\] is \(3, 2\)",
        ),
    ],
)
def test_bad_networks(options, message):
    with pytest.raises(ValueError, match=message):
        pb.Network([2, 3, 1], **options)


def test_integer_dtype_is_refused():
    with pytest.raises(TypeError, match="cannot hold a gradient"):
        pb.Network([2, 3, 1], dtype=int)


# Bad data


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros(2), ValueError, r"use X\[None, :\]"),
        (np.zeros((1, 1, 2)), ValueError, r"a matrix of shape \(m, 2\)"),
        (np.zeros((4, 3)), ValueError, "X has 3 columns; the input layer has 2"),
        (np.zeros((2, 5)), ValueError, "use X.T"),
        (np.zeros((0, 2)), ValueError, "empty"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), ValueError, r"X\[1, 0\] is nan"),
        (np.array([[0.0, -np.inf]]), ValueError, r"X\[0, 1\] is -inf"),
        ([[1, 2]], TypeError, "use X.astype"),
        ([[True, False]], TypeError, "array of bool"),
        ([["a", "b"]], TypeError, "not of floating-point numbers"),
    ],
)
def test_bad_inputs(X, error, message):
    net = pb.Network([2, 3, 1], rng=0)
    for call in (pb.forward, pb.predict):
        with pytest.raises(error, match=message):
            call(net, X)
    for call in (pb.backprop, pb.evaluate, pb.check_gradient):
        with pytest.raises(error, match=message):
            call(net, X, [[1.0]])


@pytest.mark.parametrize(
    ("Y", "error", "message"),
    [
        (np.zeros(3), ValueError, r"use Y\[:, None\]"),
        (np.zeros((2, 1)), ValueError, "X has 3 examples and Y has 2"),
        (np.zeros((3, 2)), ValueError, "output layer has 1"),
        (np.full((3, 1), 2.0), ValueError, "bce takes targets from 0 to 1"),
        (np.zeros((3, 1), int), TypeError, "use Y.astype"),
        (np.full((3, 1), np.nan), ValueError, r"Y\[0, 0\] is nan"),
    ],
)
def test_bad_targets_leave_out_untouched(Y, error, message):
    net = pb.Network([2, 3, 1], rng=0)
    out = net.params.copy()
    before = out.theta.copy()
    with pytest.raises(error, match=message):
        pb.backprop(net, np.zeros((3, 2)), Y, out=out)
    np.testing.assert_array_equal(out.theta, before)


@pytest.mark.parametrize("wrong", ["sizes", "dtype", "shared", "array"])
def test_bad_out(wrong):
    net = pb.Network([2, 3, 1], rng=0)
    out = {
        "sizes": pb.Params([2, 4, 1]),
        "dtype": pb.Params([2, 3, 1], dtype=np.float32),
        "shared": net.params,
        "array": np.zeros(13),
    }[wrong]
    with pytest.raises(ValueError, match="net.params.copy"):
        pb.backprop(net, [[0.5, 1.0]], [[1.0]], out=out)


def test_numbers_too_large_for_the_network_are_named():
    net = pb.Network([1, 1], output="identity", loss="sse", dtype=np.float32, rng=0)
    with pytest.raises(ValueError, match=r"X\[1, 0\] is inf in float32"):
        pb.predict(net, [[1.0], [1e39]])
    large = np.full((4, 1), 3e38)  # finite, though their sum is not
    assert np.isfinite(pb.forward(net, large).a[0]).all()


def test_one_hot():
    np.testing.assert_array_equal(pb.one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
    with pytest.raises(ValueError, match="label 3 is outside of 0 to 2"):
        pb.one_hot([0, 3], 3)
    with pytest.raises(ValueError, match="label -1"):
        pb.one_hot([-1], 3)
    with pytest.raises(TypeError, match="whole numbers in one dimension"):
        pb.one_hot([0.5], 3)
