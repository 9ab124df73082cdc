from dataclasses import replace

import numpy as np

import pybackprop as pb
from benchmarks import verdicts


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
