import numpy as np
import pytest

import pybackprop as pb
from pybackprop.numerical import METHODS


@pytest.mark.parametrize("method", METHODS)
def test_methods_find_the_gradient_of_a_known_function(method):
    theta = np.array([0.5, -1.0, 2.0])
    found = pb.numerical_gradient(lambda t: np.exp(t[0]) * t[1] ** 3 + t[2], theta, method)
    exact = np.array([-np.exp(0.5), 3 * np.exp(0.5), 1.0])
    limit = {"forward": 1e-7, "central": 1e-9, "five_point": 1e-11, "complex": 1e-15}[method]
    np.testing.assert_allclose(found, exact, rtol=limit)
    np.testing.assert_array_equal(theta, [0.5, -1.0, 2.0])


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        (np.ones((2, 3)), r"has shape \(2, 3\); .* give theta.ravel\(\)"),
        (2.0, r"is the number 2.0; .* give \[2.0\]"),
    ],
)
def test_a_gradient_is_taken_over_a_vector(theta, message):
    with pytest.raises(ValueError, match=message):
        pb.numerical_gradient(lambda t: np.sum(t), theta)


@pytest.mark.parametrize("method", METHODS)
def test_a_gradient_is_that_of_one_number(method):
    with pytest.raises(ValueError, match=r"returns an array of shape \(2,\); .* sum it up"):
        pb.numerical_gradient(lambda t: t * t, [1.0, 2.0], method)


@pytest.mark.parametrize("method", METHODS)
def test_the_spread_is_the_sum_of_the_formulas_factors(method):
    rule, theta, h, asked = METHODS[method].rule, np.array([0.5]), 0.25, []
    rule(lambda t: asked.append(t) or 0.0, theta, 0, h)
    factors = [rule(lambda t, at=at: float((t == at).all()), theta, 0, h) for at in asked]
    assert h * np.abs(factors).sum() == pytest.approx(METHODS[method].spread, rel=1e-15)


@pytest.mark.parametrize(("method", "power"), [("forward", 2), ("central", 3), ("five_point", 5)])
def test_the_step_is_a_root_of_eps(method, power):
    assert METHODS[method].step(1e-10) ** power == pytest.approx(1e-10)


@pytest.mark.parametrize(
    ("h", "error", "message"),
    [
        (0, ValueError, "h is 0; the step size must be a positive number, such as 1e-5"),
        (-1e-5, ValueError, "h is -1e-05; the step size must be a positive number"),
        (np.nan, ValueError, "h is nan; the step size"),
        ("small", TypeError, "h is 'small'; give a number"),
    ],
)
def test_a_step_is_a_positive_number(h, error, message):
    with pytest.raises(error, match=message):
        pb.numerical_gradient(np.sum, [1.0], h=h)
    assert pb.numerical_gradient(np.sum, [1.0], h=0.5) == [1.0]


def test_whole_numbers_are_nudged_as_real_ones():
    np.testing.assert_allclose(pb.numerical_gradient(lambda t: t[0] ** 2, [3]), [6.0], rtol=1e-9)
