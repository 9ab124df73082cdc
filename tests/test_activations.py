import math

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.activations import ACTIVATIONS, Activation, reach, sigmoid, softmax_jacobian
from pybackprop.numerical import numerical_gradient

POINTS = np.array([-30.0, -3.0, -0.7, -0.01, 0.01, 0.3, 2.0, 30.0])
# Written with the standard library, one number at a time.
BY_HAND = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: z if z > 0 else 0.0,
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "softplus": lambda z: max(z, 0) + math.log1p(math.exp(-abs(z))),
    "gelu": lambda z: 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values(name):
    np.testing.assert_allclose(
        ACTIVATIONS[name](POINTS), [BY_HAND[name](z) for z in POINTS], rtol=1e-14, atol=1e-300
    )


@pytest.mark.parametrize("name", BY_HAND)
def test_derivatives_agree_with_the_complex_step(name):
    phi = ACTIVATIONS[name]
    with np.errstate(over="ignore"):
        expected = [numerical_gradient(lambda t: phi.f(t)[0], [z], "complex")[0] for z in POINTS]
    np.testing.assert_allclose(phi.derivative(POINTS, phi(POINTS)), expected, rtol=1e-3, atol=1e-12)
    near = np.abs(POINTS) < 10  # far out, a (1 - a) keeps few digits
    np.testing.assert_allclose(
        phi.derivative(POINTS, phi(POINTS))[near], np.array(expected)[near], rtol=1e-12
    )
    g = np.linspace(-2, 2, len(POINTS))
    pulled = phi.pullback(POINTS, phi(POINTS), g)
    np.testing.assert_allclose(pulled, g * phi.derivative(POINTS, phi(POINTS)), rtol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_warning_and_no_nan_at_1000(name):
    z = np.array([[-1000.0, 1000.0]])
    a = ACTIVATIONS[name](z)
    assert np.isfinite(a).all()
    assert np.isfinite(ACTIVATIONS[name].pullback(z, a, np.ones_like(z))).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(name, dtype):
    z = np.array([[-1.0, 2.0]], dtype)
    phi = ACTIVATIONS[name]
    a = phi.f(z)
    assert a.dtype == dtype
    assert phi.derivative(z, a).dtype == dtype
    assert phi.pullback(z, a, np.ones_like(z)).dtype == dtype


def test_gelu_stays_near_its_exact_form():
    z = np.linspace(-6, 6, 2001)
    exact = [0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in z]
    assert np.abs(ACTIVATIONS["gelu"](z) - exact).max() < 5e-4


def test_softmax_rows_are_distributions_and_ignore_a_shift():
    z = np.random.default_rng(0).normal(size=(5, 4)) * 10
    a = ACTIVATIONS["softmax"](z)
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(ACTIVATIONS["softmax"](z + 100), a, rtol=1e-12)


def test_softmax_jacobian_and_pullback():
    rng = np.random.default_rng(1)
    z, g = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    phi = ACTIVATIONS["softmax"]
    a, J = phi(z), softmax_jacobian(phi(z))
    for row in range(3):
        for i in range(4):
            expected = numerical_gradient(lambda t: phi.f(t)[i], z[row], "complex")  # noqa: B023
            np.testing.assert_allclose(J[row, i], expected, rtol=1e-13, atol=1e-16)
        np.testing.assert_allclose(phi.pullback(z, a, g)[row], J[row].T @ g[row], rtol=1e-13)
        np.testing.assert_allclose(phi.derivative(z, a)[row], np.diag(J[row]), rtol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_that_is_given_is_written_to(name, dtype):
    phi = ACTIVATIONS[name]
    z = np.random.default_rng(0).normal(size=(3, 4)).astype(dtype)
    a, g = phi.f(z), np.ones_like(z) / 3
    before = z.copy(), a.copy(), g.copy()
    results = phi.f(z), phi.derivative(z, a), phi.pullback(z, a, g)
    for given, was in zip((z, a, g), before, strict=True):
        np.testing.assert_array_equal(given, was)
        assert not any(np.shares_memory(given, result) for result in results)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_called_with_numbers_lists_and_whole_numbers(name):
    phi = ACTIVATIONS[name]
    expected = phi.f(np.array([[1.0, 2.0]]))
    for z in ([[1, 2]], ((1.0, 2.0),), np.array([[1, 2]], np.uint8)):
        np.testing.assert_array_equal(phi(z), expected)
    assert phi(np.float32([[1, 2]])).dtype == np.float32
    assert np.isfinite(phi([[True, False]])).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("z", [-1000.0, -40.0, 0.3, 40.0, 1000.0])
def test_the_complex_step_goes_through_saturated_units(name, z):
    """With warnings as errors: exp(1000 + 0j) is infinity and NaN at once."""
    phi, at = ACTIVATIONS[name], np.array([[z, 0.0]])
    stepped = at + np.array([[1e-30j, 0]])
    with np.errstate(all="raise", under="ignore"):
        slope = phi.f(stepped).imag / 1e-30
    g = np.array([[1.0, 0.0]])
    np.testing.assert_allclose(
        slope[0, 0], phi.pullback(at, phi.f(at), g)[0, 0], rtol=1e-9, atol=1e-15
    )


@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
@pytest.mark.parametrize("w", [-1000.0, 1000.0])
def test_a_saturated_hidden_unit_is_checked_without_nan(hidden, w):
    net = pb.Network([1, 2, 1], hidden, "sigmoid", rng=0)
    net.params.W[1] = [[w], [0.5]]
    net.params.W[2] = [[1e-3, 0.5]]
    with np.errstate(all="raise", under="ignore"):
        report = pb.check_gradient(net, [[1.0]], [[1.0]], method="complex")
    assert report.ok, report


# An activation of one's own

SWISH = Activation(
    "swish",
    lambda z: z * sigmoid(z),
    lambda z, a: a + sigmoid(z) * (1 - a),
    "he",
    symbol="swish",
    formula=r"z\,\sigma(z)",
)


@pytest.mark.parametrize("where", ["hidden", "hidden list", "output"])
def test_an_activation_of_ones_own_in_ten_lines(where):
    hidden, output = {
        "hidden": (SWISH, "identity"),
        "hidden list": ([SWISH], ACTIVATIONS["identity"]),
        "output": ("tanh", SWISH),
    }[where]
    net = pb.Network([2, 6, 1], hidden, output, "half_sse", rng=0)
    assert "swish" in repr(net)
    X = np.random.default_rng(0).normal(size=(30, 2))
    Y = np.maximum(X[:, :1], X[:, 1:])
    for method in ("central", "complex"):
        assert pb.check_gradient(net, X, Y, method=method).ok
    history = pb.train(net, X, Y, optimizer=pb.Adam(0.02), epochs=40, rng=0)
    assert history.train_loss[-1] < 0.5 * history.train_loss[0]


def test_an_activation_of_ones_own_can_mix_a_row():
    """Softmax written anew, as one's own."""
    softmax = ACTIVATIONS["softmax"]
    own = Activation(
        "shares", softmax.f, softmax.derivative, outputs="distribution", mixing=softmax.mixing
    )
    net = pb.Network([2, 3], [], own, rng=0)
    assert net.loss is pb.LOSSES["cross_entropy"]
    X, Y = [[0.5, -1.0]], [[0.0, 1.0, 0.0]]
    theirs = pb.backprop(pb.Network([2, 3], [], "softmax", rng=0), X, Y)
    np.testing.assert_allclose(pb.backprop(net, X, Y).grad.theta, theirs.grad.theta, rtol=1e-13)
    with pytest.raises(ValueError, match="shares is an output activation"):
        pb.Network([2, 3, 1], own)


def test_symbols_and_formulas_are_there():
    for phi in ACTIVATIONS.values():
        assert phi.symbol
        assert phi.formula
    assert Activation("own", abs, abs).symbol == "own"


def test_half_an_activation_is_refused():
    with pytest.raises(TypeError, match="activation 'own' takes two functions"):
        Activation("own", abs, "slope")
    with pytest.raises(ValueError, match="unknown kind of outputs 'reals'; did you mean 'real'"):
        Activation("own", abs, abs, outputs="reals")


@pytest.mark.parametrize(
    ("hidden", "error", "message"),
    [
        (
            ["tanh", "tanh"],
            ValueError,
            r"names 2 activation\(s\) \['tanh', 'tanh'\], but 2-3-1 has 1",
        ),
        ([ACTIVATIONS["tanh"]] * 2, ValueError, r"names 2 activation\(s\) \['tanh', 'tanh'\]"),
        ("sigmiod", ValueError, "did you mean 'sigmoid'"),
        ("ReLU", ValueError, "it is called 'relu' here"),
        (None, ValueError, "unknown activation None; it is called 'identity' here"),
        (np.tanh, TypeError, "activation is <ufunc 'tanh'>, a function alone"),
        (3, ValueError, "unknown activation 3"),
        ("softmax", ValueError, "softmax is an output activation"),
    ],
)
def test_bad_activations(hidden, error, message):
    with pytest.raises(error, match=message):
        pb.Network([2, 3, 1], hidden)


def test_how_far_an_activation_reaches_is_measured():
    inf = np.inf
    expected = {
        "identity": (-inf, inf), "sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, inf),
        "leaky_relu": (-inf, inf), "softplus": (0, inf), "gelu": (-0.17, inf), "softmax": (0, 1),
    }  # fmt: skip
    for name, phi in pb.ACTIVATIONS.items():
        assert reach(phi) == pytest.approx(expected[name], abs=1e-3)
    log = pb.Activation("log", lambda z: np.sign(z) * np.log1p(abs(z)), lambda z, a: a)
    assert reach(log) == (-inf, inf)
    assert reach(pb.Activation("e", lambda z: np.exp(z), lambda z, a: a)) == (0, inf)
