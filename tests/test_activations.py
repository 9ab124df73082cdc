import math

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.activations import ACTIVATIONS, softmax_jacobian
from pybackprop.gradcheck import numerical_gradient
from pybackprop.lookup import lookup

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
    pulled = phi.pullback(POINTS, phi(POINTS), g.copy())  # it may write into what it is given
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


def test_lookup_suggests_the_nearest_name():
    with pytest.raises(ValueError, match="did you mean 'sigmoid'"):
        lookup(ACTIVATIONS, "sigmiod", "activation")
    with pytest.raises(ValueError, match="unknown activation None; Known: gelu, identity"):
        lookup(ACTIVATIONS, None, "activation")
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        pb.Network([1, 1, 1], hidden="ReLU")
