import numpy as np
import pytest

import pybackprop as pb


def test_the_remainder_falls_as_h_squared_or_as_h():
    """C = (w x + b - y)^2 / 2 is a parabola: the remainder is h^2/2 (d.(x, 1))^2 exactly."""
    net = pb.Network([1, 1], [], "identity", "half_sse", init={"W": [[[2.0]]], "b": [[1.0]]})
    report = pb.taylor_test(net, [[3.0]], [[1.0]], rng=1)
    d = np.random.default_rng(1).normal(size=2)
    d /= np.linalg.norm(d)
    assert report.order == pytest.approx(2, abs=0.01)
    assert report.remainder[0] == pytest.approx((3 * d[0] + d[1]) ** 2 / 2)
    wrong = pb.taylor_test(net, [[3.0]], [[1.0]], [18.0, 6.1], rng=1)
    assert wrong.order == pytest.approx(1, abs=0.01)
    assert wrong.remainder[-1] == pytest.approx(1e-9 * abs(0.1 * d[1]), rel=1e-3)
    assert "falls as h^1.0" in str(wrong)


def test_a_loss_that_is_all_rounding_has_no_order():
    net = pb.Network([1, 1], [], "identity", "half_sse", init={"W": [[[0.0]]], "b": [[1e8]]})
    report = pb.taylor_test(net, [[1.0]], [[1e8]], rng=0)
    assert report
