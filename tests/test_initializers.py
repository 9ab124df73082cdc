"""The weights that a network starts with."""

import functools
import re

import numpy as np
import pytest

import pybackprop as pb


def test_named_and_given_initialization():
    assert not pb.Network([2, 3, 1], init="zeros").params.theta.any()
    for name, limit in (("uniform", 1 / 20), ("xavier", (6 / 700) ** 0.5)):
        net = pb.Network([400, 300, 1], init=name, rng=0)
        assert np.abs(net.params.W[1]).max() <= limit
        assert net.params.W[1].mean() == pytest.approx(0, abs=limit / 100)
        assert net.params.W[1].std() == pytest.approx(limit / 3**0.5, rel=0.01)
    W, b = net.params.W, net.params.b
    for given in (
        net.params,
        net.params.theta,
        net.params.theta.tolist(),
        {"W": W, "b": b},
        {"W": list(W.values()), "b": [b[1].tolist(), b[2]]},
        {"W": dict(W)},
    ):
        twin = pb.Network([400, 300, 1], init=given)
        np.testing.assert_array_equal(twin.params.theta, net.params.theta)
        assert not np.shares_memory(twin.params.theta, net.params.theta)


@pytest.mark.parametrize("name", pb.INITIALIZERS)
def test_a_name_and_its_function_are_the_same(name):
    one = pb.Network([3, 4, 2], init=name, rng=0)
    two = pb.Network([3, 4, 2], init=pb.INITIALIZERS[name], rng=0)
    np.testing.assert_array_equal(one.params.theta, two.params.theta)
    assert not one.params.b[1].any()


def test_an_initialization_of_ones_own():
    def normal(rng, n_in, n_out, scale=1.0):
        return scale * rng.standard_normal((n_out, n_in))

    net = pb.Network([50, 60, 2], init=functools.partial(normal, scale=0.01), rng=0)
    assert net.params.W[1].std() == pytest.approx(0.01, rel=0.05)
    own = pb.Activation("own", np.tanh, lambda z, a: 1 - a * a, init="he")
    he = pb.Network([50, 60, 2], "relu", rng=0)
    assert pb.Network([50, 60, 2], own, rng=0).params.W[1] == pytest.approx(he.params.W[1])
    with pytest.raises(ValueError, match=r"W\[1\] takes shape \(3, 2\), got \(2, 3\)"):
        pb.Network([2, 3, 1], init=lambda rng, n_in, n_out: np.ones((n_in, n_out)))


ONES = {"W": [np.ones((3, 2)), np.ones((1, 3))]}


@pytest.mark.parametrize(
    ("init", "error", "message"),
    [
        ("glorot", ValueError, "unknown initialization 'glorot'; it is called 'xavier' here"),
        (
            "orthogonal",
            ValueError,
            "'orthogonal'; it has no name here: give a function of your own",
        ),
        (np.zeros(12), ValueError, r"init is an array of shape \(12,\); .* vector of 13 numbers"),
        (0.5, ValueError, r"init is an array of shape \(\)"),
        (np.zeros((13, 1)), ValueError, "vector of 13 numbers"),
        (np.zeros(13) + 1j, TypeError, "theta takes real numbers"),
        (np.full(13, np.nan), ValueError, "NaN or infinity"),
        (pb.Params([2, 4, 1]), ValueError, "network's parameters are .*2-3-1"),
        ({"W": [[[1]]]}, ValueError, r"gives the layers \[1\]; the network has \[1, 2\]"),
        ({"b": [[0, 0, 0], [0]]}, ValueError, "init has no 'W'"),
        ({**ONES, "B": []}, ValueError, r"init has the keys \['W', 'B'\]; it takes 'W' and"),
        ({"W": 3}, TypeError, r"init\['W'\] is 3; give a value for each layer"),
        ({"W": [1j * np.ones((3, 2)), np.ones((1, 3))]}, TypeError, "takes real numbers"),
        ({"W": [np.ones((3, 3)), np.ones((1, 3))]}, ValueError, r"\(3, 3\); W\[1\] is \(3, 2\)$"),
        ({"W": [np.ones((1, 1)), np.ones((1, 3))]}, ValueError, r"\(1, 1\); W\[1\] is \(3, 2\)$"),
        (pb.Network([2, 3, 1], rng=0), ValueError, r"shape \(\)"),
    ],
)
def test_bad_initializations(init, error, message):
    with pytest.raises(error, match=message):
        pb.Network([2, 3, 1], init=init)


@pytest.mark.parametrize(
    ("letter", "layer", "value", "cure"),
    [
        ("W", 1, np.ones((2, 3)), r"use its transpose, np.asarray\(...\).T"),
        ("W", 1, np.ones((2, 3)).tolist(), r"use its transpose, np.asarray\(...\).T"),
        ("b", 1, np.ones((3, 1)), r"use np.ravel\(...\)"),
        ("b", 1, [[1], [2], [3]], r"use np.ravel\(...\)"),
        ("b", 1, 0.35, r"use np.full\(3, 0.35\)"),
    ],
)
def test_values_of_other_courses_are_told_how_to_fit(letter, layer, value, cure):
    init = {"W": dict(enumerate(ONES["W"], 1)), "b": {1: np.ones(3), 2: np.ones(1)}}
    init[letter][layer] = value
    with pytest.raises(ValueError, match=cure) as caught:
        pb.Network([2, 3, 1], init=init)
    fix = re.search(r"(np\.\S+\(.*)$", str(caught.value))[1].replace("...", "value")
    init[letter][layer] = eval(fix, {"np": np, "value": value})
    pb.Network([2, 3, 1], init=init)


def test_numbers_too_large_for_float32_are_named():
    with pytest.raises(ValueError, match="NaN or infinity"):
        pb.Network([1, 1], init=[1e300, 0], dtype=np.float32)
