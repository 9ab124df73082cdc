import numpy as np
import pytest

import pybackprop as pb
from pybackprop.near import has_kink, judged, near, on_branch, slopes_at_zero


def test_which_activations_have_a_kink_is_measured():
    assert [name for name, phi in pb.ACTIVATIONS.items() if has_kink(phi)] == ["relu", "leaky_relu"]
    bent = pb.Activation("bent", lambda z: np.where(z.real > 0, 2 * z, np.expm1(z)), lambda z, a: z)
    assert has_kink(bent)
    assert not has_kink(pb.Activation("flat", lambda z: z * 0 + 1, lambda z, a: z * 0))
    faint = pb.Activation("faint", lambda z: 1e-4 * np.maximum(z.real, 0), lambda z, a: z)
    steep = pb.Activation("steep", lambda z: 1e6 * np.tanh(z), lambda z, a: z)
    assert (has_kink(faint), has_kink(steep)) == (True, False)
    assert slopes_at_zero(pb.ACTIVATIONS["leaky_relu"]) == pytest.approx((0.01, 1))
    assert slopes_at_zero(bent) == pytest.approx((1, 2), rel=1e-5)


def test_the_branches_change_nothing_at_theta():
    net = pb.Network([3, 5, 5, 2], "leaky_relu", rng=0)
    X = np.random.default_rng(0).normal(size=(9, 3))
    (own,) = near(net, X, np.zeros((9, 2)), None).nets
    for l in net.phi:
        np.testing.assert_array_equal(pb.forward(own, X).z[l], pb.forward(net, X).z[l])


def test_a_unit_goes_on_in_a_straight_line_past_its_kink():
    right = np.array([[True, True, True, False, False, False]])
    z = np.array([[-3.0, 0.0, 2.0, -3.0, 0.0, 2.0]])
    for name, slope in (("relu", 0.0), ("leaky_relu", 0.01)):
        kept = on_branch(pb.ACTIVATIONS[name], right)
        lines = z * np.where(right, 1, slope)
        np.testing.assert_allclose(kept.f(z), lines, rtol=1e-12)
        np.testing.assert_allclose(
            kept.derivative(z, kept.f(z)), np.where(right, 1, slope), rtol=1e-12
        )
    raised = pb.Activation("raised", lambda z: np.abs(z) + 5, lambda z, a: np.sign(z.real))
    np.testing.assert_allclose(on_branch(raised, right).f(z), [[2, 5, 7, 8, 5, 3]], rtol=1e-12)


def test_on_its_own_side_a_unit_keeps_its_curve():
    phi = pb.Activation(
        "curved", lambda z: np.where(z.real > 0, 2 * np.expm1(z), np.sin(z)),
        lambda z, a: np.where(z.real > 0, 2 * np.exp(z), np.cos(z)),
    )  # fmt: skip
    z = np.array([[0.5, -0.5, 0.5, -0.5]])
    kept = on_branch(phi, np.array([[True, False, False, True]]))
    expected = [[2 * np.expm1(0.5), np.sin(-0.5), 0.5, -1.0]]
    np.testing.assert_allclose(kept.f(z), expected, rtol=1e-5)
    slopes = [[2 * np.exp(0.5), np.cos(-0.5), 1, 2]]
    np.testing.assert_allclose(kept.derivative(z, kept.f(z)), slopes, rtol=1e-5)


def around(x, b):
    """Return what is near a = relu(x + b), with C = (a - 1)^2 / 2."""
    net = pb.Network([1, 1], [], "relu", "half_sse", init={"W": [[[1.0]]], "b": [[b]]})
    return near(net, np.full((1, 1), x), np.ones((1, 1)), None)


@pytest.mark.parametrize(("x", "b"), [(0.0, 0.0), (1.0, -1.0 + 2**-53), (1.0, -1.0 - 2**-52)])
def test_on_a_kink_or_a_last_bit_beside_it_both_sides_are_looked_at(x, b):
    here = around(x, b)
    own = 1 if x + b > 0 else 0
    for t in (-0.1, 0.1):
        losses = [here.loss(net)(np.array([1.0, b + t])) for net in here.nets]
        expected = [(slope * t - 1) ** 2 / 2 for slope in (own, 0, 1)]
        np.testing.assert_allclose(losses, expected, rtol=1e-12)


@pytest.mark.parametrize("b", [1e-300, -1e-300, 1e-6, -1e-6, 0.5])
def test_beside_a_kink_there_is_one_side(b):
    """With x = 0 rounding changes b by its last bits: the sign of z is sure."""
    here = around(0.0, b)
    (net,) = here.nets
    for t in (-0.1, 0.1):
        a = t if b > 0 else 0
        assert here.loss(net)(np.array([1.0, t])) == pytest.approx((a - 1) ** 2 / 2)


@pytest.mark.parametrize("X", [[[0.0]], [[0.0], [1.0]]])
def test_one_unit_on_a_kink_is_enough(X):
    init = {"W": [[[1.0]], [[1.0]], [[1.0]]], "b": [[0.0], [1.0], [0.0]]}
    net = pb.Network([1, 1, 1, 1], "relu", "identity", init=init)
    assert len(near(net, np.array(X), np.array(X), None).nets) == 3


EPS = {dtype: np.finfo(dtype).eps.item() for dtype in (np.float64, np.float32)}


@pytest.mark.parametrize("output", ["identity", "softplus"])
@pytest.mark.parametrize("dtype", EPS)
def test_rounding_is_what_the_last_bits_do(dtype, output):
    """z = w x + b = 4 * 2 + 0, C = z^2 / 2. Half of the time w is eps smaller: 1/2 of 8 eps in z.

    So are a = z, and the slope 1: three changes of delta, each 1/2 of 8 eps. dC/db has these and
    the eps of its sum, dC/dw twice as much. The loss has the first two, in float64 for any network.
    """
    init = {"W": [[[4.0]]], "b": [[0.0]]}
    net = pb.Network(
        [1, 1], [], output, "half_sse", init=init, dtype=dtype
    )  # softplus(8) is 8.0003
    X, Y = np.array([[2.0]], dtype), np.array([[0.0]], dtype)
    noise, eps = near(net, X, Y, None).rounding, EPS[dtype]
    two, three = 2**0.5 / 2, 3**0.5 / 2
    for found, size in (
        (noise.z[1][0, 0], 8 * eps / 2),
        (noise.delta[1][0, 0], 8 * eps * three),
        (noise.grad[1], 8 * eps * (1 + three)),
        (noise.grad[0], 16 * eps * (1 + three)),
        (noise.loss, EPS[np.float64] * (32 + 64 * two)),
    ):
        assert 0.6 * size < found < 1.4 * size


@pytest.mark.parametrize("dtype", EPS)
def test_the_rounding_of_a_model_is_measured_from_outside(dtype):
    """C = (w x)^2 / 2 with w = 3 and x = 2: w is changed by -eps, 0 or eps, sqrt(2/3) eps."""
    model = pb.Model(lambda p, x, rng: x * p["w"], {"w": 3.0}, "half_sse", dtype=dtype)
    here = near(model, np.array([[2.0]], dtype), np.zeros((1, 1), dtype), None)
    (wide,) = here.nets
    assert wide.dtype == np.float64
    root, eps = (2 / 3) ** 0.5, EPS[dtype]
    for found, size in (
        (here.rounding.loss, EPS[np.float64] * (18 + 36 * root)),
        (here.rounding.grad[0], eps * (12 + 12 * root)),
    ):
        assert 0.6 * size < found < 1.4 * size


def test_the_loss_nearby_is_weighted_and_has_its_penalty():
    """z = w x, half_sse: losses 2 and 8 at w = 1, with weights 1 and 3; lambda/2 w^2 = 0.25."""
    X, Y, w = np.array([[2.0], [4.0]]), np.zeros((2, 1)), np.array([1.0, 3.0])
    net = pb.Network(
        [1, 1], [], "identity", "half_sse", init={"W": [[[1.0]]], "b": [[0.0]]}, penalty=0.5
    )
    for weights, C in ((None, 5.25), (w, 13.25)):
        here = near(net, X, Y, weights)
        assert here.loss(here.nets[0])(np.array([1.0, 0.0])) == pytest.approx(C, rel=1e-14)
        assert here.loss(here.nets[0])(np.array([2.0, 0.0])) == pytest.approx(4 * C, rel=1e-14)


def test_the_slope_is_as_rough_as_a_difference():
    """sigmoid(-40) has a slope of 4e-18: half of the time it is eps smaller, and delta with it."""
    net = pb.Network([1, 1], [], "sigmoid", "half_sse", init={"W": [[[-20.0]]], "b": [[0.0]]})
    noise = near(net, np.array([[2.0]]), np.array([[1.0]]), None).rounding
    assert 0.6 < noise.delta[1][0, 0] / (EPS[np.float64] / 2) < 1.4


def times_two(m):
    """What rounds where m examples have x = 2 and z = 8."""
    net = pb.Network([1, 1], [], "identity", "half_sse", init={"W": [[[4.0]]], "b": [[0.0]]})
    return near(net, np.full((m, 1), 2.0), np.zeros((m, 1)), None).rounding.grad


def test_a_sum_over_many_examples_is_rounded_as_a_whole():
    """16 examples with z = 8: their deltas add up to 8, which is rounded by 8 eps.

    w is changed for all at once, a and the slope for each: 4 eps sqrt(1 + 2/16).
    """
    size = EPS[np.float64] * (8 + 4 * (1 + 2 / 16) ** 0.5)
    by_w, by_b = times_two(16)
    assert 0.6 * size < by_b < 1.4 * size
    np.testing.assert_allclose(by_w, 2 * by_b, rtol=0.05)  # a kernel may add in another order
    by_w, by_b = times_two(2)  # of two numbers there is one order
    np.testing.assert_allclose(by_w, 2 * by_b, rtol=1e-12)


def test_a_loss_is_rounded_even_where_no_parameter_is():
    """w = b = 0 and y = 8: C = 32, whatever the last bits of 0 are."""
    X, Y = np.array([[2.0]]), np.array([[8.0]])
    net = pb.Network([1, 1], [], "identity", "half_sse", init={"W": [[[0.0]]], "b": [[0.0]]})
    model = pb.Model(lambda p, x, rng: x * p["w"], {"w": 0.0}, "half_sse")
    for one in (net, model):
        assert near(one, X, Y, None).rounding.loss == 32 * EPS[np.float64]


def test_a_models_parameters_are_changed_by_one_eps():
    seen = set()

    def f(p, x, rng):
        w = np.asarray(getattr(p["w"], "value", p["w"]))
        seen.add(float((w / 4 - 1) / EPS[np.float64]))
        return x * p["w"]

    near(pb.Model(f, {"w": 4.0}, "half_sse"), np.array([[2.0]]), np.array([[0.0]]), None)
    assert seen == {-1.0, 0.0, 1.0}


def test_a_float32_models_gradient_is_off_by_what_it_is_off():
    """w = 0 stays 0; -y x is rounded to float32, and by eps for its sums."""
    x, y = np.float32(0.1), np.float32(0.7)
    model = pb.Model(lambda p, x, rng: x * p["w"], {"w": 0.0}, "half_sse", dtype=np.float32)
    noise = near(model, np.full((1, 1), x), np.full((1, 1), y), None).rounding
    exact = float(x) * float(y)
    own = abs(float(x * y) - exact)
    assert own > 0
    np.testing.assert_allclose(noise.grad, [own + EPS[np.float32] * exact], rtol=1e-9)


def test_whole_numbers_stay_whole_and_others_are_widened():
    table = pb.Model(lambda p, x, rng: p["E"][x], {"E": np.ones((3, 2))}, "cross_entropy")
    here = near(table, np.array([2, 0]), np.array([1, 1]), None)
    assert (here.X.dtype.kind, here.Y.dtype.kind) == ("i", "i")
    line = pb.Model(lambda p, x, rng: x * p["w"], {"w": 1.0}, "half_sse", dtype=np.float32)
    X = np.ones((2, 1), np.float32)
    here = near(line, X, X, None)
    assert here.X.dtype == here.Y.dtype == np.float64


@pytest.mark.parametrize("wrong", ["grad", None, {}])
def test_a_gradient_of_one_number_is_a_vector_too(wrong):
    line = pb.Model(lambda p, x, rng: x * p["w"], {"w": 1.0}, "half_sse")
    assert judged([2.0], line).tolist() == [2.0]
    with pytest.raises(ValueError, match=r"a vector of shape \(1,\)"):
        judged(wrong, line)
