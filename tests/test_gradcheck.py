import numpy as np
import pytest

import pybackprop as pb
from pybackprop.gradcheck import METHODS, relative_error


def case(dtype=float):
    rng = np.random.default_rng(3)
    net = pb.Network([4, 6, 5, 3], "tanh", "softmax", "cross_entropy", rng=rng, dtype=dtype)
    return net, rng.normal(size=(7, 4)), pb.one_hot(rng.integers(0, 3, 7), 3)


@pytest.mark.parametrize("method", METHODS)
def test_methods_find_the_gradient_of_a_known_function(method):
    theta = np.array([0.5, -1.0, 2.0])
    found = pb.numerical_gradient(lambda t: np.exp(t[0]) * t[1] ** 3 + t[2], theta, method)
    exact = np.array([-np.exp(0.5), 3 * np.exp(0.5), 1.0])
    limit = {"forward": 1e-7, "central": 1e-9, "five_point": 1e-11, "complex": 1e-15}[method]
    np.testing.assert_allclose(found, exact, rtol=limit)
    np.testing.assert_array_equal(theta, [0.5, -1.0, 2.0])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_right_gradient_passes(method, dtype):
    assert pb.check_gradient(
        *case(dtype), method=method, tolerance=2e-2 if method == "forward" else None
    )


@pytest.mark.parametrize("index", [0, 29, 40, 80])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_a_planted_error_is_found_and_named(method, index):
    net, X, Y = case()
    grad = pb.backprop(net, X, Y).grad.theta.copy()
    grad[index] += 1e-3 * np.abs(grad).max()
    report = pb.check_gradient(net, X, Y, method=method, grad=grad)
    assert not report.ok
    assert report.worst == net.params.entry(index)
    first, second, _, worst, *_ = str(report).splitlines()
    assert first == f"backprop and {method} DISAGREE in 1 of 83 entries checked"
    assert f" at {report.worst} (tolerance " in second
    assert worst.startswith(report.worst)


def test_nan_in_the_gradient_is_no_agreement():
    net, X, Y = case()
    grad = pb.backprop(net, X, Y).grad.theta.copy()
    grad[5] = np.nan
    report = pb.check_gradient(net, X, Y, grad=grad)
    assert not report.ok
    assert report.worst == net.params.entry(5)
    lines = str(report).splitlines()
    assert "DISAGREE in 1 of 83 " in lines[0]
    assert lines[3].startswith(report.worst)


@pytest.mark.parametrize("method", METHODS)
def test_the_report_of_a_right_gradient(method):
    lines = str(pb.check_gradient(*case(), method=method, sample=20, rng=0)).splitlines()
    assert lines[0] == f"backprop and {method} agree in all 20 entries checked"
    assert max(map(len, lines)) < 75


def test_a_sample_touches_every_layer():
    net, X, Y = case()
    report = pb.check_gradient(net, X, Y, sample=20, rng=0)
    assert report.ok
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
    with pytest.raises(ValueError, match="at least 1 entry"):
        pb.check_gradient(net, X, Y, sample=0)
    with pytest.raises(ValueError, match=r"grad has shape \(3,\)"):
        pb.check_gradient(net, X, Y, grad=np.zeros(3))


def test_relative_error():
    np.testing.assert_allclose(
        relative_error([2.0, 0.0, 0.0], [1.0, 0.0, 1e-6], 1e-3), [0.5, 0, 1e-3]
    )
    assert relative_error([0.0], [0.0], 0.0) == 0


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
