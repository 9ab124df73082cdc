from dataclasses import replace

import numpy as np
import pytest

import pybackprop as pb
from benchmarks import verdicts
from pybackprop.dot_product import DotProductReport


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


def test_what_is_allowed_is_rounding_of_the_products():
    """C = (2 x + 1 - y)^2 / 2 at x = 3, y = 1: delta = 6, so BP3 is <v, 6> = <v, 6>."""
    net = pb.Network([1, 1], [], "identity", "half_sse", init={"W": [[[2.0]]], "b": [[1.0]]})
    found = pb.dot_product_test(net, [[3.0]], [[1.0]])
    assert found.names == ["BP1 delta[1]", "BP3 b[1]", "BP4 W[1]"]
    eps = np.finfo(float).eps
    for k in (1, 2):
        assert found.forward[k] == found.backward[k] != 0
        assert found.allowance[k] == pytest.approx(2 * 100 * eps * abs(found.forward[k]))
    assert found.allowance[0] >= 2 * 100 * eps * abs(found.forward[0])
    assert found.allowance[0] < 1e4 * eps * abs(found.forward[0])


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
