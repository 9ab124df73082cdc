import numpy as np
import pytest

import pybackprop as pb
from benchmarks import verdicts
from pybackprop.layers import activation, linear
from pybackprop.near import near
from pybackprop.numerical import METHODS
from pybackprop.operations import Operation

XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])


def case(dtype=float, **more):
    rng = np.random.default_rng(3)
    net = pb.Network([4, 6, 5, 3], "tanh", "softmax", rng=rng, dtype=dtype, **more)
    return net, rng.normal(size=(7, 4)), pb.one_hot(rng.integers(0, 3, 7), 3)


# Verdicts


@pytest.fixture(scope="module")
def right():
    with np.errstate(all="ignore"):
        return verdicts.right(0.025)


@pytest.fixture(scope="module")
def planted():
    with np.errstate(all="ignore"):
        return verdicts.planted(0.025)


@pytest.mark.slow
@pytest.mark.xdist_group("verdicts")
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
@pytest.mark.parametrize("kind", verdicts.KINDS)
def test_right_gradients_are_called_right(right, kind):
    found = right[kind]
    assert found.total >= 12
    assert (found.check, found.taylor, found.dot) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.xdist_group("verdicts")
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
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


@pytest.mark.parametrize(
    ("method", "h"), [("central", 1e-2), ("five_point", 1e-1), ("forward", 1e-4), ("complex", 1e-2)]
)
def test_the_line_is_its_formula(method, h):
    """10 (s_g + spread s_C / h), for wrong entries + 2 |n(h) - n(h/4)|, and the relative part."""
    net, X, Y = case()
    here, tiny = near(net, X, Y, None, method == "complex"), np.finfo(float).tiny
    n, narrow = (
        pb.numerical_gradient(here.loss(here.nets[0]), net.params.theta, method, step)
        for step in (h, h / 4)
    )
    rounded = 10 * (here.rounding.grad + METHODS[method].spread * here.rounding.loss / h) + tiny
    for grad, line in ((n, rounded), (n + 1, rounded + 2 * np.abs(n - narrow))):
        report = pb.check_gradient(net, X, Y, method=method, h=h, grad=grad, tolerance=0)
        np.testing.assert_allclose(report.numerical, n, rtol=1e-12)
        np.testing.assert_allclose(report.allowance, line, rtol=1e-9)
    report = pb.check_gradient(net, X, Y, method=method, h=h, grad=2 * n, tolerance=0.6)
    np.testing.assert_allclose(report.allowance, rounded + 1.2 * np.abs(n), rtol=1e-9)


@pytest.mark.parametrize("z", [-20.0, -50.0])
def test_what_complex_numbers_lose_is_no_mistake(z):
    """NumPy's log(1 + w) of a small w keeps fewer digits, or none, where w is complex."""
    init = {"W": [[[1.0]], [[1.0]]], "b": [[z], [0.0]]}
    net = pb.Network([1, 1, 1], "softplus", "identity", "half_sse", init=init)
    for method in ("central", "complex"):
        assert pb.check_gradient(net, [[0.0]], [[1.0]], method=method)
    grad = pb.backprop(net, [[0.0]], [[1.0]]).grad.theta
    assert not pb.check_gradient(net, [[0.0]], [[1.0]], method="complex", grad=1.01 * grad)


def test_what_float32_cannot_hold_is_no_mistake():
    """delta = 1e-20 and x = 1e-30: their product is 0 there."""
    init = {"W": [[[1.0]]], "b": [[1e-20]]}
    net = pb.Network([1, 1], [], "identity", "half_sse", init=init, dtype=np.float32)
    report = pb.check_gradient(net, [[1e-30]], [[0.0]], method="complex")
    assert report
    assert report.backprop[0] == 0
    assert report.numerical[0] == pytest.approx(1e-50, rel=1e-5)


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


@pytest.mark.parametrize("hidden", ["relu", "leaky_relu"])
@pytest.mark.parametrize("sizes", [[2, 8, 1], [2, 4, 4, 1]])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_xor_with_zero_biases_passes_the_other_two_tests(hidden, sizes, dtype):
    for seed in range(3):
        net = pb.Network(sizes, hidden, rng=seed, dtype=dtype)
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


def test_a_jump_within_both_sides_allowances_is_no_kink():
    net = pb.Network([1, 1], [], "relu", "half_sse", init={"W": [[[1.0]]], "b": [[0.0]]})
    for tolerance, kinks in ((0.4, ["b[1][0]"]), (0.6, [])):
        report = pb.check_gradient(net, [[0.0]], [[1.0]], grad=[0.0, -1.0], tolerance=tolerance)
        assert list(report.kinks) == kinks


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


@pytest.mark.parametrize(("sample", "count"), [(1, 6), (6, 6), (20, 20), (83, 83), (99, 83)])
def test_a_sample_touches_every_block(sample, count):
    report = pb.check_gradient(*case(), sample=sample, rng=0)
    assert report
    assert len(report.names) == len(set(report.names)) == count
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


# Gradients that come as parameters, and models


def test_a_gradient_is_params_or_a_vector_and_all_else_is_told_so():
    net, X, Y = case()
    trace = pb.backprop(net, X, Y)
    for test in (pb.check_gradient, pb.taylor_test):
        assert test(net, X, Y, grad=trace.grad)
        assert test(net, X, Y, grad=trace.grad.theta.tolist())
        for wrong in (trace, {"W": trace.grad.W, "b": trace.grad.b}, "grad"):
            with pytest.raises(ValueError, match=r"vector of shape \(83,\), .*Y\)\.grad"):
                test(net, X, Y, grad=wrong)


SQUARE = Operation("square", lambda x: x * x, lambda g, a, x: (2 * g * x,))
HALVED = Operation("halved", lambda x: x * x, lambda g, a, x: (g * x,))


def model(square, seed=0, **more):
    """Two layers, the first of them through x^2."""
    rng = np.random.default_rng(seed)
    values = {"W": rng.normal(size=(5, 3)), "b": rng.normal(size=5), "V": rng.normal(size=(2, 5))}

    def f(p, x, rng):
        return linear(square(np.tanh(linear(x, p["W"], p["b"]))), p["V"] * p["scale"])

    X, y = rng.normal(size=(7, 3)), rng.integers(0, 2, 7)
    return pb.Model(f, values | {"scale": 1.5}, **more), X, y


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_models_gradient_is_checked_by_name(method, dtype):
    for seed in range(3):
        right, X, y = model(SQUARE, seed, dtype=dtype, penalty=0.1, fixed=("b",))
        weights = np.linspace(0.5, 1.5, 7)
        report = pb.check_gradient(right, X, y, weights=weights, method=method)
        assert report, report
        assert report.names[0] == "W[0, 0]"
        assert report.names[-1] == "scale"
        wrong, X, y = model(HALVED, seed, dtype=dtype)
        report = pb.check_gradient(wrong, X, y, method=method)
        assert report.blocks == ["W", "b"]
        assert "the pull-back of an operation of yours that W b went through" in report.cause


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_models_gradient_along_one_direction(dtype):
    for seed in range(3):
        weights = np.linspace(0.5, 1.5, 7)
        right, X, y = model(SQUARE, seed, dtype=dtype, penalty=0.1, fixed=("b",))
        assert pb.taylor_test(right, X, y, weights=weights)
        wrong, X, y = model(HALVED, seed, dtype=dtype)
        assert not pb.taylor_test(wrong, X, y)


def test_what_a_models_wrong_entries_point_to():
    right, X, y = model(SQUARE, fixed=("b",))
    grad = right.gradient(X, y)
    grad["b"] = np.ones(5)
    assert "b fixed" in pb.check_gradient(right, X, y, grad=grad).cause
    grad["b"] = np.full(5, np.nan)
    assert "0/0" in pb.check_gradient(right, X, y, grad=grad).cause
    grad["b"] = np.zeros(5)
    assert pb.check_gradient(right, X, y, grad=grad, sample=4, rng=0)
    with pytest.raises(TypeError, match=r"BP1 to BP4 are a Network's: use pb\.check_gradient"):
        pb.dot_product_test(right, X, y)


def test_a_parameter_without_entries_is_in_no_sample():
    values = {"w": np.ones(2), "none": np.zeros((0, 3))}
    net = pb.Model(lambda p, x, rng: x * p["w"], values, "half_sse")
    report = pb.check_gradient(net, [[1.0, 2.0]], [[1.0, 0.0]], sample=1, rng=0)
    assert report
    assert len(report.names) == 1


def test_a_kink_that_a_nudge_meets_is_none():
    """z = w + 1e-6 is nearer to the corner of relu than the first h: smaller steps are tried."""
    bent = pb.Model(lambda p, x, rng: activation("relu", x * p["w"] + 1e-6), {"w": 0.0}, "half_sse")
    assert pb.check_gradient(bent, [[1.0]], [[1.0]])
    assert not pb.check_gradient(bent, [[1.0]], [[1.0]], grad=[-0.5])
