from dataclasses import replace

import numpy as np
import pytest

import pybackprop as pb
from benchmarks import verdicts
from pybackprop.gradcheck import METHODS, has_kink, near, relative_error

XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])


def case(dtype=float, **more):
    rng = np.random.default_rng(3)
    net = pb.Network([4, 6, 5, 3], "tanh", "softmax", rng=rng, dtype=dtype, **more)
    return net, rng.normal(size=(7, 4)), pb.one_hot(rng.integers(0, 3, 7), 3)


# Numerical gradients


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


def test_relative_error():
    np.testing.assert_allclose(
        relative_error([2.0, 0.0, 0.0], [1.0, 0.0, 1e-6], 1e-3), [0.5, 0, 1e-3]
    )
    assert relative_error([0.0], [0.0], 0.0) == 0


# Verdicts


@pytest.fixture(scope="module")
def right():
    with np.errstate(all="ignore"):
        return verdicts.right(0.025)


@pytest.fixture(scope="module")
def planted():
    with np.errstate(all="ignore"):
        return verdicts.planted(0.025)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", verdicts.KINDS)
def test_right_gradients_are_called_right(right, kind):
    found = right[kind]
    assert found.total >= 12
    assert (found.check, found.taylor, found.dot) == (0, 0, 0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("bug", verdicts.BUGS)
def test_planted_mistakes_are_found_and_named(planted, bug):
    found = planted[bug]
    assert found.total >= 6
    assert (found.check, found.named, found.dot) == (found.total,) * 3
    assert found.taylor >= found.total - 1  # one direction may miss it
    assert found.cause >= 0.6 * found.total


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_right_gradient_passes_and_a_scaled_one_does_not(method, dtype):
    net, X, Y = case(dtype)
    assert pb.check_gradient(net, X, Y, method=method)
    grad = pb.backprop(net, X, Y).grad.theta
    assert not pb.check_gradient(net, X, Y, method=method, grad=1.001 * grad)


def test_the_line_follows_the_step():
    """A coarse step has truncation, a tiny one rounding: both are allowed for, and no more."""
    net, X, Y = case()
    grad = pb.backprop(net, X, Y).grad.theta
    for h in (1e-1, 1e-2, 1e-4, 1e-7, 1e-9, 1e-11):
        assert pb.check_gradient(net, X, Y, h=h)
        assert not pb.check_gradient(net, X, Y, h=h, grad=2 * grad)
    wide = [np.median(pb.check_gradient(net, X, Y, h=h).allowance) for h in (1e-5, 1e-8, 1e-11)]
    assert wide[0] < wide[1] < wide[2] / 100


def test_a_zero_block_of_a_reader_accuses_no_other():
    net, X, Y = case()
    grad = pb.backprop(net, X, Y).grad.copy()
    grad.W = {l: 0 * W for l, W in grad.W.items()}
    assert pb.check_gradient(net, X, Y, grad=grad.theta).blocks == ["W[1]", "W[2]", "W[3]"]


def test_the_float32_line_is_backpropagations_own_rounding():
    net, X, Y = case(np.float32)
    X = X.astype(np.float32)
    wide = net.with_params(net.params.theta.astype(float))
    error = pb.backprop(net, X, Y).grad.theta - pb.backprop(wide, X, Y).grad.theta
    report = pb.check_gradient(net, X, Y)
    np.testing.assert_allclose(report.numerical, pb.backprop(wide, X, Y).grad.theta, atol=1e-9)
    assert (np.abs(error) <= report.allowance).all()
    assert np.median(report.allowance) < 1e-6


# Kinks


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hidden", ["relu", "leaky_relu"])
@pytest.mark.parametrize("sizes", [[2, 8, 1], [2, 4, 4, 1]])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_xor_with_zero_biases_is_right(method, hidden, sizes, dtype):
    for seed in range(3):
        net = pb.Network(sizes, hidden, rng=seed, dtype=dtype)
        report = pb.check_gradient(net, *XOR, method=method)
        assert report, report
        assert {name[:4] for name in report.kinks} >= {"b[1]"}
        assert "at a kink" in str(report)
        assert pb.taylor_test(net, *XOR)
        assert pb.dot_product_test(net, *XOR)


def test_at_a_kink_any_slope_of_the_two_sides_is_right_and_no_other():
    """One unit, a = relu(w x + b) with x = 0 and b = 0, C = (a - 1)^2 / 2: slopes 0 and -1."""
    net = pb.Network([1, 1], [], "relu", "half_sse", init={"W": [[[1.0]]], "b": [[0.0]]})
    for slope, verdict in ((0, True), (-0.5, True), (-1, True), (0.01, False), (-1.01, False)):
        report = pb.check_gradient(net, [[0.0]], [[1.0]], grad=[0.0, slope])
        assert bool(report) is verdict
        assert report.kinks == {"b[1][0]": pytest.approx((-1, 0), abs=1e-6)}
    assert report.blocks == ["b[1]"]
    assert report.difference[1] == pytest.approx(0.01, rel=1e-3)


def test_a_nudge_across_a_kink_measures_the_slope_of_its_own_side():
    """z = 1e-6 is nearer to the corner than h: a plain central difference gives (h + z) / 2h."""
    net = pb.Network([1, 1], [], "relu", "half_sse", init={"W": [[[0.0]]], "b": [[1e-6]]})
    plain = pb.numerical_gradient(
        lambda t: pb.evaluate(net.with_params(t), [[0.0]], [[1.0]]), net.params.theta, h=1e-5
    )
    assert plain[1] == pytest.approx(-0.55, abs=1e-3)
    report = pb.check_gradient(net, [[0.0]], [[1.0]], h=1e-5)
    assert report
    assert report.numerical[1] == pytest.approx(-1, abs=1e-5)
    assert not report.kinks
    assert not pb.check_gradient(net, [[0.0]], [[1.0]], h=1e-5, grad=plain)


def test_which_activations_have_a_kink_is_measured():
    assert [name for name, phi in pb.ACTIVATIONS.items() if has_kink(phi)] == ["relu", "leaky_relu"]
    bent = pb.Activation("bent", lambda z: np.where(z.real > 0, 2 * z, np.expm1(z)), lambda z, a: z)
    assert has_kink(bent)


def test_functions_that_take_no_complex_numbers_can_be_checked():
    def real(z):
        if z.dtype.kind == "c":
            raise TypeError
        return z

    own = pb.Activation(
        "own", lambda z: np.where(real(z) > 0, 2 * z, np.tanh(z)), lambda z, a: real(z) * 0 + 2
    )
    step = pb.Activation("step", np.tanh, lambda z, a: 1 - real(a) ** 2)
    net = pb.Network([2, 3, 3, 1], [step, own], rng=0)
    X = np.random.default_rng(0).normal(size=(3, 2))
    report = pb.check_gradient(net, X, XOR[1][:3])
    assert "BP2" in report.cause or report.blocks[0] == "W[1]"  # own's slope is wrong where z < 0
    net = pb.Network([2, 3, 3, 1], step, rng=0)
    for method in METHODS:
        assert pb.check_gradient(net, X, XOR[1][:3], method=method)
    assert pb.dot_product_test(net, X, XOR[1][:3])


def test_the_branches_change_nothing_at_theta():
    net = pb.Network([3, 5, 5, 2], "leaky_relu", rng=0)
    X = np.random.default_rng(0).normal(size=(9, 3))
    (own,) = near(net, X, np.zeros((9, 2)), None).nets
    for l in net.phi:
        np.testing.assert_array_equal(pb.forward(own, X).z[l], pb.forward(net, X).z[l])


# What a network is made of


@pytest.mark.parametrize("method", METHODS)
def test_weights_penalty_and_fixed_blocks(method):
    net, X, Y = case(penalty=0.3, fixed=("b[1]", "W[2]"))
    weights = np.linspace(0, 2, len(X))
    trace = pb.backprop(net, X, Y, weights)
    assert pb.check_gradient(net, X, Y, weights=weights, method=method)
    assert pb.taylor_test(net, X, Y, weights=weights)
    assert pb.dot_product_test(net, X, Y, weights=weights)
    assert not pb.check_gradient(net, X, Y, method=method, grad=trace.grad.theta)
    grad = trace.grad.copy()
    grad.b[1] = np.ones(6)
    report = pb.check_gradient(net, X, Y, weights=weights, method=method, grad=grad.theta)
    assert report.blocks == ["b[1]"]
    assert "fixed" in report.cause


def test_the_report_of_a_wrong_entry_shows_both_numbers():
    net, X, Y = case()
    grad = pb.backprop(net, X, Y).grad.theta.copy()
    grad[29] *= 1 + 1e-8
    assert pb.check_gradient(net, X, Y, grad=grad)
    report = pb.check_gradient(net, X, Y, grad=grad, method="complex")
    first, _, row, cause = str(report).splitlines()
    assert first == "backprop and complex DISAGREE in 1 of 83 entries checked: b[1]"
    name, mine, measured, *_ = row.replace("] ", "]\t").replace("\t", " ").rsplit(maxsplit=4)
    assert name.startswith(report.worst) or report.worst == net.params.entry(29)
    assert mine != measured
    assert cause.startswith("suspect: b[1]")
    assert max(map(len, str(report).splitlines())) <= 82


def test_nan_in_the_gradient_is_no_agreement():
    net, X, Y = case()
    grad = pb.backprop(net, X, Y).grad.theta.copy()
    grad[5] = np.nan
    report = pb.check_gradient(net, X, Y, grad=grad)
    assert not report
    assert report.worst == net.params.entry(5)
    lines = str(report).splitlines()
    assert "DISAGREE in 1 of 83 " in lines[0]
    assert lines[2].startswith(report.worst)
    assert "0/0" in report.cause
    assert not pb.taylor_test(net, X, Y, grad)


@pytest.mark.parametrize("method", METHODS)
def test_the_report_of_a_right_gradient(method):
    lines = str(pb.check_gradient(*case(), method=method, sample=20, rng=0)).splitlines()
    assert lines[0] == f"backprop and {method} agree in all 20 entries checked"
    assert len(lines) == 7
    assert max(map(len, lines)) < 75


def test_a_sample_touches_every_layer():
    net, X, Y = case()
    report = pb.check_gradient(net, X, Y, sample=20, rng=0)
    assert report
    assert len(report.names) == len(set(report.names)) == 20
    assert {name.split("]")[0] for name in report.names} == {
        f"{letter}[{layer}" for letter in "Wb" for layer in (1, 2, 3)
    }


def test_bad_input():
    net, X, Y = case()
    with pytest.raises(ValueError, match="did you mean 'central'"):
        pb.check_gradient(net, X, Y, method="centre")
    with pytest.raises(ValueError, match="step size must be a positive"):
        pb.check_gradient(net, X, Y, h=0.0)
    with pytest.raises(ValueError, match="sample is 0; give 1 or more"):
        pb.check_gradient(net, X, Y, sample=0)
    for test in (pb.check_gradient, pb.taylor_test):
        with pytest.raises(ValueError, match=r"grad has shape \(3,\)"):
            test(net, X, Y, grad=np.zeros(3))


# Taylor and dot products


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


def test_each_equation_is_tested_by_itself():
    net, X, Y = case()
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


# Equations on a page


def test_verify_prints_the_largest_error(capsys):
    pb.verify("BP2", [np.ones(2), 3.0], [np.ones(2), 3.0 * (1 + 1e-12)])
    assert capsys.readouterr().out == "BP2: largest error 1.0e-12\n"


@pytest.mark.parametrize(
    ("computed", "expected", "message"),
    [
        (np.ones(3), -np.ones(3), "BP2 does not hold: 1 against -1"),
        (np.ones((3, 1)), np.ones((1, 3)), r"shapes \(3, 1\) and \(1, 3\) differ"),
        (np.ones(3), np.array([1, 1, np.nan]), "does not hold: 1 against nan"),
        ([1.0, 2.0], [1.0], "2 results against 1"),
        ([], [], "nothing to compare"),
        (np.zeros(0), np.zeros(0), "nothing to compare"),
    ],
)
def test_verify_catches(computed, expected, message):
    with pytest.raises(AssertionError, match=message):
        pb.verify("BP2", computed, expected)
