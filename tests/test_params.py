import copy
import pickle

import numpy as np
import pytest

import pybackprop as pb


def test_views_and_vector_are_one():
    params = pb.Params([2, 3, 1])
    assert params.theta.shape == (2 * 3 + 3 + 3 + 1,)
    params.theta[:] = np.arange(13)
    np.testing.assert_array_equal(params.W[1], [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(params.b[1], [6, 7, 8])
    np.testing.assert_array_equal(params.W[2], [[9, 10, 11]])
    np.testing.assert_array_equal(params.b[2], [12])
    params.W[2][0, 1] = -1
    params.b[1] = [1, 2, 3]
    params.W[1] -= 1  # an assignment to a key writes through the view
    np.testing.assert_array_equal(params.theta, [-1, 0, 1, 2, 3, 4, 1, 2, 3, 9, -1, 11, 12])


def test_theta_is_taken_without_a_copy_and_copy_is_independent():
    theta = np.zeros(13)
    params = pb.Params([2, 3, 1], theta)
    twin = params.copy()
    params.W[1][0, 0] = 5
    assert theta[0] == 5
    assert twin.theta[0] == 0


@pytest.mark.parametrize("index", range(13))
def test_entry_names_the_place(index):
    params = pb.Params([2, 3, 1])
    params.theta[index] = 1
    name = params.entry(index)
    assert eval(f"params.{name}") == 1


def test_assigning_the_wrong_shape_or_layer_is_refused():
    params = pb.Params([2, 3, 1])
    with pytest.raises(ValueError, match=r"W\[1\] takes shape \(3, 2\), got \(2, 3\)"):
        params.W[1] = np.zeros((2, 3))
    with pytest.raises(KeyError, match="no layer 3; the layers are 1 to 2"):
        params.W[3] = np.zeros((2, 3))
    with pytest.raises(IndexError, match="0 to 12, not 13"):
        params.entry(13)


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ([2], ValueError, "needs an input and an output"),
        ([], ValueError, "needs an input and an output"),
        ([2, 0, 1], ValueError, "at least 1 unit"),
        ([2, -3, 1], ValueError, "has -3"),
        ([2, 2.5, 1], TypeError, "no whole number"),
        ([2, True], TypeError, "no whole number"),
        (["2", 1], TypeError, "no whole number"),
        (3, TypeError, "give units per layer"),
    ],
)
def test_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        pb.Params(sizes)


def test_bad_theta():
    with pytest.raises(ValueError, match="takes a vector of 13 numbers"):
        pb.Params([2, 3, 1], np.zeros(12))
    with pytest.raises(TypeError, match="floating-point"):
        pb.Params([2, 3, 1], np.zeros(13, int))


def test_copies_and_pickles_are_whole_and_independent():
    net = pb.Network([2, 3, 1], rng=0)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net.params))):
        params = twin.params if isinstance(twin, pb.Network) else twin
        params.W[2][0, 1] = 7
        assert params.theta[10] == 7
        assert net.params.theta[10] != 7


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_the_vector_starts_at_a_line_of_the_cache(dtype):
    params = pb.Params([2, 3, 1], dtype=dtype)
    for vector in (params.theta, params.copy().theta):
        assert vector.ctypes.data % 64 == 0
        assert vector.size == 13
