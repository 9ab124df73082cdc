import numpy as np
import pytest

import pybackprop as pb
from pybackprop.near import near
from pybackprop.taylor import TaylorReport


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


def report(remainder, noise=0.0):
    """Return a report over the steps 1, 0.1, 0.01, ..."""
    count = len(remainder)
    return TaylorReport(
        10.0 ** -np.arange(count), np.array(remainder, float), np.zeros(count) + noise
    )


def test_the_order_is_that_of_the_last_three_steps_above_rounding():
    found = report([1.0, 0.1, 1e-3, 1e-5, 1e-7])
    np.testing.assert_allclose(found.orders, [1, 2, 2, 2], rtol=1e-9)
    assert found.order == pytest.approx(2)
    assert report([1.0, 0.1, 1e-3, 1e-5, 1e-7], 1e-6).order == pytest.approx(2)
    assert report([1.0, 0.1, 1e-3, 1e-5, 1e-7], 1e-4).order == pytest.approx(1.5)
    assert report([1e-4, 1.0, 0.1, 1e-2, 1e-4], [0.1, 0, 0, 0, 1]).order == pytest.approx(1)
    for none in (
        report([1.0, 0.1, 1e-3, 1e-5], 0.01),  # two steps alone
        report([1.0, 0.1, 0.01, 0.001], [0, 1, 0, 0]),  # with a gap
        report([1e-3, 1e-5, 1e-7], [1e-3, 0, 0]),  # as large as rounding is not above it
        report([0.0, 0.0, 0.0, 0.0]),
    ):
        assert np.isnan(none.order)
        assert none


@pytest.mark.parametrize(
    ("remainder", "ok"),
    [([1.0, 1e-2, 1e-4], True), ([1.0, 0.025, 0.000625], True), ([1.0, 0.04, 0.0016], False),
     ([1.0, 0.1, 0.01], False), ([1.0, 1.0, 1.0], False), ([np.inf, 1e-2, 1e-4, 1e-6], False),
     ([np.nan, 1e-2, 1e-4, 1e-6], False)],
)  # fmt: skip
def test_the_verdict_is_the_order(remainder, ok):
    """10^1.6 = 39.8 and 10^1.4 = 25.1 lie on either side of h^1.5."""
    assert bool(report(remainder)) is ok


def test_the_printed_table():
    assert str(report([1.0, 1e-2, 1e-4, 1e-9], [0, 0, 0, 1e-8])).splitlines() == [
        "loss and gradient agree: the remainder falls as h^2.00",
        "       h   remainder   order",
        "   1e+00    1.00e+00          ",
        "   1e-01    1.00e-02      2.00",
        "   1e-02    1.00e-04      2.00",
        "   1e-03    1.00e-09  rounding",
    ]
    assert repr(report([1.0, 0.1])) == str(report([1.0, 0.1]))
    first = str(report([1.0, 0.1, 0.01])).splitlines()[0]
    assert first == "loss and gradient DISAGREE: the remainder falls as h^1.00, not as h^2"
    first = str(report([1.0, 0.1], 2.0)).splitlines()[0]
    assert first == "loss and gradient agree: the remainder is all rounding"


def test_the_direction_has_length_1_and_leaves_out_what_is_fixed():
    """C = (w x + b)^2 / 2 at x = 1: the remainder at h = 1 is (d . (1, 1))^2 / 2."""
    for fixed, size in (("b[1]", 1.0), ("W[1]", 1.0)):
        net = pb.Network(
            [1, 1], [], "identity", "half_sse", init={"W": [[[2.0]]], "b": [[1.0]]}, fixed=fixed
        )
        found = pb.taylor_test(net, [[1.0]], [[0.0]])
        assert found.remainder[0] == pytest.approx(size / 2)
        assert found.h[[0, 1, 2, -1]] == pytest.approx([1, 10**-0.5, 0.1, 1e-9])
    net = pb.Network([1, 1], [], "identity", "half_sse", rng=0, fixed=["W[1]", "b[1]"])
    still = pb.taylor_test(net, [[1.0]], [[0.0]])
    assert not still.remainder.any()
    assert still


def test_noise_is_that_of_two_losses_and_of_the_gradient_along_the_step():
    """Ten times what it usually is; at the smallest step that of the two losses is left."""
    net = pb.Network([1, 1], [], "identity", "half_sse", init={"W": [[[4.0]]], "b": [[0.0]]})
    X, Y = np.array([[2.0]]), np.array([[0.0]])
    usual = near(net, X, Y, None).rounding
    found = pb.taylor_test(net, X, Y, rng=1)
    d = np.random.default_rng(1).normal(size=2)
    along = np.hypot(*(usual.grad * d / np.hypot(*d)))
    expected = 20 * usual.loss + np.array([10, 1, 1e-8]) * along
    np.testing.assert_allclose(found.noise[[0, 2, -1]], expected, rtol=1e-6)
    assert 1.01 * expected[2] < expected[1]


def test_without_a_seed_the_direction_is_the_same_each_time():
    net = pb.Network([2, 3, 1], rng=0)
    one, two, other = (
        pb.taylor_test(net, [[0.5, 1.0]], [[1.0]], **seed).remainder
        for seed in ({}, {"rng": 0}, {"rng": 1})
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
