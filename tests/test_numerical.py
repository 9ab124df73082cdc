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


def test_whole_numbers_are_nudged_as_real_ones():
    np.testing.assert_allclose(pb.numerical_gradient(lambda t: t[0] ** 2, [3]), [6.0], rtol=1e-9)
