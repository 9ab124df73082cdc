from dataclasses import replace

import numpy as np
import pytest

import pybackprop as pb
from benchmarks import verdicts
from pybackprop.dot_product import DotProductReport
from pybackprop.near import near


def test_each_equation_is_tested_by_itself():
    rng = np.random.default_rng(3)
    net = pb.Network([4, 6, 5, 3], "tanh", "softmax", rng=rng)
    X, Y = rng.normal(size=(7, 4)), pb.one_hot(rng.integers(0, 3, 7), 3)
    trace = pb.backprop(net, X, Y)
    assert pb.dot_product_test(net, X, Y).names == [
        "BP1 delta[3]", "BP3 b[3]", "BP4 W[3]", "BP2 delta[2]", "BP3 b[2]", "BP4 W[2]",
        "BP2 delta[1]", "BP3 b[1]", "BP4 W[1]",
    ]  # fmt: skip
    for bug, at, wrong in (
        ("no phi'", 2, ["BP2 delta[2]"]),
        ("updated too early", 1, ["BP2 delta[1]"]),
        ("factor 2", 1, ["BP1 delta[3]"]),
        ("z for a", 2, ["BP4 W[2]"]),
        ("bias: missing", 3, ["BP3 b[3]"]),
    ):
        report = pb.dot_product_test(net, X, Y, verdicts.backward(net, X, Y, bug, at))
        assert report.wrong == wrong
        assert f"does NOT hold: {wrong[0]}" in str(report)
    assert not pb.dot_product_test(
        net, X, Y, replace(trace, delta=trace.delta | {3: X @ X.T[:, :3]})
    )


def test_what_is_allowed_is_rounding_of_the_products_and_of_delta():
    """a = tanh(2 x + 1), C = (a - y)^2 / 2, and the penalty 0.5 / 2 * 2^2, at two examples.

    100 eps times the absolute products; ten times what delta has, and the penalty's slope of 1.
    """
    init = {"W": [[[2.0]]], "b": [[1.0]]}
    net = pb.Network([1, 1], [], "tanh", "half_sse", init=init, penalty=0.5)
    X, Y = np.array([[-0.25], [-1.0]]), np.array([[0.0], [0.5]])
    found = pb.dot_product_test(net, X, Y)
    assert found
    assert found.names == ["BP1 delta[1]", "BP3 b[1]", "BP4 W[1]"]
    v, eps = np.random.default_rng(0).normal(size=4), np.finfo(float).eps
    delta, usual = pb.backprop(net, X, Y).delta[1], near(net, X, Y, None, True).rounding.delta[1]
    for k, (left, right, noise) in enumerate(
        (
            (found.forward[:1], v[:2] * delta[:, 0], v[:2] * usual[:, 0]),
            (v[2] * delta, v[2] * delta.sum(), 0),
            (v[3] * X * delta, v[3] * (X * delta).sum(), eps * v[3]),
        )
    ):
        size = np.abs(left).sum() + np.abs(right).sum()
        expected = 100 * eps * size + 10 * np.linalg.norm(noise)
        np.testing.assert_allclose(found.allowance[k], expected, rtol=1e-6)
        np.testing.assert_allclose(found.forward[k], np.sum(left), rtol=1e-12)
        np.testing.assert_allclose(found.backward[k], np.sum(right), rtol=1e-12)


def test_a_penalty_that_is_missing_is_found_where_it_is():
    rng = np.random.default_rng(3)
    net = pb.Network([4, 6, 3], "tanh", "softmax", rng=rng, penalty=0.3)
    X, Y = rng.normal(size=(7, 4)), pb.one_hot(rng.integers(0, 3, 7), 3)
    assert pb.dot_product_test(net, X, Y)
    trace = pb.backprop(net, X, Y)
    trace.grad.W[2] -= 0.3 * net.params.W[2]
    assert pb.dot_product_test(net, X, Y, trace).wrong == ["BP4 W[2]"]


@pytest.mark.parametrize("hidden", ["relu", "leaky_relu"])
def test_what_stands_on_a_kink_is_not_moved(hidden):
    X, Y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    for seed in range(5):
        net = pb.Network([2, 4, 4, 1], hidden, rng=seed)
        assert (pb.forward(net, X).z[1] == 0).any()
        assert pb.dot_product_test(net, X, Y)
        trace = pb.backprop(net, X, Y)
        delta = trace.delta | {1: 2 * trace.delta[1]}
        assert "BP2 delta[1]" in pb.dot_product_test(net, X, Y, replace(trace, delta=delta)).wrong


def test_the_printed_table():
    names = ["BP1 delta[1]", "BP3 b[1]", "BP4 W[1]"]
    right = np.array([1.0, 2.0, 0.5])
    found = DotProductReport(names, right, right + [0, 0.25, 0.5], np.array([0.0, 0.25, 0.25]))
    assert found.wrong == ["BP4 W[1]"]
    assert not found
    assert str(found).splitlines() == [
        "does NOT hold: BP4 W[1]",
        "equation                <J v, w>      <v, J^T w>  difference",
        "BP1 delta[1]      1.00000000e+00  1.00000000e+00     0.0e+00",
        "BP3 b[1]          2.00000000e+00  2.25000000e+00     2.5e-01",
        "BP4 W[1]          5.00000000e-01  1.00000000e+00     5.0e-01  WRONG",
    ]
    held = DotProductReport(names, right, right, np.zeros(3))
    assert held
    assert str(held).splitlines()[0] == "every equation holds"
    assert repr(held) == str(held)


def test_on_a_kink_either_slope_is_right():
    """relu that has the slope 1 at 0 on the way forward, and 0 on the way back."""
    phi = pb.Activation(
        "edge", lambda z: np.where(z.real >= 0, z, 0), lambda z, a: (z.real > 0) * 1.0
    )
    init = {"W": [[[1.0]], [[2.0]]], "b": [[0.0], [0.0]]}
    net = pb.Network([1, 1, 1], phi, "identity", "half_sse", init=init)
    X, Y = [[0.0], [1.0]], [[1.0], [1.0]]
    assert pb.dot_product_test(net, X, Y)
    trace = pb.backprop(net, X, Y)
    delta = trace.delta | {1: trace.delta[1] + [[0.0], [1.0]]}
    assert not pb.dot_product_test(net, X, Y, replace(trace, delta=delta))
