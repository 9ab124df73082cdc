"""What is said about bad data, and that the cure in every message works when it is run."""

import re
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.checks import (
    check_count,
    check_dtype,
    check_from_zero,
    check_number,
    check_positive,
    check_weights,
)


class Frame:
    """What pandas hands over: it can become an array, and has no astype, reshape or [:, None]."""

    def __init__(self, values, dtype=None):
        self.values = np.array(values, dtype)

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or self.values.dtype)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        raise ValueError("Data must be 1-dimensional")

    def __getitem__(self, key):
        raise KeyError(key)


class Sparse:
    """What scikit-learn's OneHotEncoder and text tools return."""

    def __init__(self, values):
        self.values = values

    def toarray(self):
        return np.array(self.values)


def cure_of(error):
    """Return the expression that a message tells to use."""
    cures = re.findall(
        r"use (.+?)(?: for one \w+ per example| for one example| for that class as 1)?$", error
    )
    assert cures, error
    return cures[-1]


def cured(error, **given):
    return eval(cure_of(error), {"pb": pb, "np": np, **given})


def network(n):
    return pb.Network([2, 4, n], "tanh", "softmax" if n > 1 else "sigmoid", rng=0)


# Class numbers in every form that people have, and the rows they stand for.
NUMBERS = [0, 2, 1, 1, 0]
NAMES = ["cat", "dog", "emu"]
FORMS = {
    "list": NUMBERS,
    "tuple": tuple(NUMBERS),
    "column of lists": [[k] for k in NUMBERS],
    "row": [NUMBERS],
    "int64": np.array(NUMBERS),
    "uint8": np.array(NUMBERS, np.uint8),
    "float": np.array(NUMBERS, float),
    "float32": np.array(NUMBERS, np.float32),
    "column": np.array(NUMBERS)[:, None],
    "float column": np.array(NUMBERS, float)[:, None],
    "object": np.array(NUMBERS, object),
    "Series": Frame(NUMBERS),
    "Series of floats": Frame(NUMBERS, float),
    "DataFrame of one column": Frame([[k] for k in NUMBERS]),
    "Series of objects": Frame(NUMBERS, object),
    "from 1": [k + 1 for k in NUMBERS],
    "from 1, column": np.array(NUMBERS)[:, None] + 1,
    "from 1, row": np.array([NUMBERS]) + 1,
    "from 1, Series": Frame([k + 1.0 for k in NUMBERS]),
    "other numbers": [10 * k - 10 for k in NUMBERS],
    "other numbers, Series": Frame([k + 5 for k in NUMBERS]),
    "numbers as text": [str(k) for k in NUMBERS],
    "numbers as text, column": np.array([[f"{k}.0"] for k in NUMBERS]),
    "names": [NAMES[k] for k in NUMBERS],
    "array of names": np.array([NAMES[k] for k in NUMBERS]),
    "column of names": np.array([[NAMES[k]] for k in NUMBERS], object),
    "Series of names": Frame([NAMES[k] for k in NUMBERS], object),
}


@pytest.mark.parametrize("form", FORMS)
def test_class_numbers_get_the_one_cure_that_works(form):
    Y, net, X = FORMS[form], network(3), np.ones((5, 2))
    for call in (pb.backprop, pb.evaluate, pb.check_gradient, pb.accuracy):
        with pytest.raises((ValueError, TypeError), match=r"pb\.one_hot\(") as caught:
            call(net, X, Y)
        rows = cured(str(caught.value), Y=Y)
        np.testing.assert_array_equal(rows, np.eye(3)[NUMBERS])
        call(net, X, rows)
    with pytest.raises((ValueError, TypeError), match=r"pb\.one_hot\("):
        pb.train(net, X, Y, optimizer="adam", epochs=1)


@pytest.mark.parametrize("Y", [[0, 1, 2], [[0], [1], [2]], [[0, 1, 2]], Frame([0.0, 1.0, 2.0])])
def test_three_labels_for_three_units_are_no_row(Y):
    with pytest.raises(ValueError, match=r"look like class numbers; .* pb\.one_hot\(") as caught:
        pb.backprop(network(3), np.ones((3, 2)), Y)
    np.testing.assert_array_equal(cured(str(caught.value), Y=Y), np.eye(3))


@pytest.mark.parametrize("Y", [[True, False, True], np.array([[1], [0], [1]], bool), [1.0, 0, 1]])
def test_booleans_for_two_units(Y):
    with pytest.raises(ValueError, match=r"use pb.one_hot\(Y, 2\)") as caught:
        pb.backprop(network(2), np.ones((3, 2)), Y)
    np.testing.assert_array_equal(cured(str(caught.value), Y=Y), [[0, 1], [1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("Y", "cure"),
    [
        (["1", "0", "1"], r"use pb.one_hot\(np.asarray\(Y, float\), 2\)"),
        (["yes", "no", "yes"], r"use pb.one_hot\(Y, 2\)"),
    ],
)
def test_text_for_two_units(Y, cure):
    with pytest.raises(TypeError, match=cure) as caught:
        pb.backprop(network(2), np.ones((3, 2)), Y)
    np.testing.assert_array_equal(cured(str(caught.value), Y=Y), [[0, 1], [1, 0], [0, 1]])


def test_two_labels_in_a_row_are_no_example():
    with pytest.raises(ValueError, match=r"use pb.one_hot\(np.ravel\(Y\), 3\)"):
        pb.backprop(network(3), np.ones((2, 2)), [[0, 2]])


def test_labels_counted_from_1_are_told_so():
    with pytest.raises(ValueError, match="counted from 0: use"):
        pb.backprop(network(3), np.ones((4, 2)), [1, 2, 3, 3])


@pytest.mark.parametrize("Y", [[0.5, 1, 2], [0, 1, np.inf]])
def test_what_is_not_all_whole_numbers_is_no_list_of_labels(Y):
    with pytest.raises(ValueError, match=r"a matrix of shape \(m, 3\), one example per row$"):
        pb.backprop(network(3), np.ones((3, 2)), Y)


def test_one_row_that_is_no_distribution_is_named():
    Y = [[1, 0, 0], [0.5, 0.25, 0], [0, 0, 1]]
    with pytest.raises(ValueError, match=r"row 1 of Y adds up to 0.75"):
        pb.backprop(network(3), np.ones((3, 2)), Y)


@pytest.mark.parametrize("count", [4, 10])
def test_labels_that_no_cure_fits_are_said_to_be_too_many(count):
    takes = f"stand for the classes 0 to 2: an output layer of {count} units takes them$"
    with pytest.raises(ValueError, match=f"whole numbers from 0 to {count - 1}: .* {takes}"):
        pb.backprop(network(3), np.ones((count, 2)), np.arange(count))


def test_one_example_of_three_targets_is_one_example():
    with pytest.raises(ValueError, match="for one example") as caught:
        pb.backprop(network(3), np.ones((1, 2)), [0, 1, 0])
    np.testing.assert_array_equal(cured(str(caught.value), Y=[0, 1, 0]), [[0, 1, 0]])


@pytest.mark.parametrize(
    "Y",
    [
        [0, 1, 1],
        (0.0, 1.0, 1.0),
        np.array([0, 1, 1]),
        [False, True, True],
        Frame([0, 1, 1]),
        ["no", "yes", "yes"],
        np.array(["no", "yes", "yes"]),
        [["no"], ["yes"], ["yes"]],
        Frame(["no", "yes", "yes"], object),
        ["0", "1", "1"],
    ],
)
def test_targets_of_one_unit_become_a_column(Y):
    net = network(1)
    with pytest.raises((ValueError, TypeError), match=r"reshape\(-1, 1\)") as caught:
        pb.backprop(net, np.ones((3, 2)), Y)
    column = cured(str(caught.value), Y=Y)
    np.testing.assert_array_equal(column, [[0], [1], [1]])
    pb.backprop(net, np.ones((3, 2)), column)


@pytest.mark.parametrize(
    "X",
    [
        [[0, 1], [2, 3]],
        [[True, False], [True, True]],
        np.array([[0, 1], [2, 3]], np.uint8),
        np.array([[0, 1], [2, 3]], object),
        np.array([[0, 1.5], [True, 3]], object),  # get_dummies beside a column of floats
        np.array([[0, 1], [2, 3]], np.float16),
        [[Fraction(1, 2), 1], [0, 0]],
        Frame([[0, 1], [2, 3]]),
        Frame([[0, 1.5], [True, 3]], object),
        np.asfortranarray([[0.0, 1.0], [2.0, 3.0]]),
        np.arange(4.0).reshape(2, 2)[::-1],
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_any_kind_are_converted(X, dtype):
    net = pb.Network([2, 3, 2], dtype=dtype, rng=0)
    a = pb.forward(net, X).a[0]
    assert a.dtype == dtype
    np.testing.assert_array_equal(a, np.array(X, float))
    trace = pb.backprop(net, X, [[0, 1], [True, False]])
    assert trace.y.dtype == dtype
    pb.train(net, X, [[0, 1], [1, 0]], optimizer="adam", epochs=1)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros(2), ValueError, r"use np.asarray\(X\).reshape\(1, -1\) for one example"),
        (Frame([0, 1]), ValueError, r"use np.asarray\(X\).reshape\(1, -1\) for one example"),
        (np.zeros((3, 1, 2)), ValueError, r"use np.asarray\(X\).reshape\(len\(X\), -1\)"),
        (np.zeros((3, 2, 1)).tolist(), ValueError, r"use np.asarray\(X\).reshape\(len\(X\), -1\)"),
        (np.zeros((2, 5)), ValueError, r"X has 5 columns; .* use np.asarray\(X\).T"),
        (Frame(np.zeros((2, 5))), ValueError, r"use np.asarray\(X\).T"),
        ([["0.5", "1"], ["2", "3"]], TypeError, r"text, such as '0.5': use np.asarray\(X, float\)"),
        (np.array([["1", 2.0]], object), TypeError, r"use np.asarray\(X, float\)"),
        (np.array([[1, 2 + 0j]]), TypeError, r"complex numbers; .* use np.real\(X\)"),
        ([[1, 2 + 0j]], TypeError, r"use np.real\(X\)"),
        (np.array([[1, 2j]], object), TypeError, r"no real number.*use np.real\("),
        (Sparse([[0.0, 1.0]]), TypeError, r"X is a sparse Sparse; .* use X.toarray\(\)"),
    ],
)
def test_bad_inputs_whose_cure_works(X, error, message):
    net = pb.Network([2, 3, 1], rng=0)
    for call in (pb.forward, pb.predict):
        with pytest.raises(error, match=message) as caught:
            call(net, X)
        call(net, cured(str(caught.value), X=X))
    for call in (pb.backprop, pb.evaluate, pb.check_gradient):
        with pytest.raises(error, match=message):
            call(net, X, [[1.0]])


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((1, 1, 3)), ValueError, r"a matrix of shape \(m, 2\), one example per row$"),
        (np.zeros(5), ValueError, r"a matrix of shape \(m, 2\), one example per row$"),
        (np.float64(3), ValueError, r"X has shape \(\); a batch is a matrix of shape \(m, 2\)"),
        (np.zeros((4, 3)), ValueError, "X has 3 columns; the input layer has 2"),
        (np.zeros((0, 2)), ValueError, "empty"),
        ([], ValueError, "shape"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), ValueError, r"X\[1, 0\] is nan in float64"),
        (np.array([[0.0, -np.inf]]), ValueError, r"X\[0, 1\] is -inf"),
        ([[1, 2], [3]], ValueError, "rows have different lengths"),
        ([["a", "b"]], TypeError, r"holds text, such as 'a'; .* shape \(m, 2\)"),
        (np.array([["a", 1.0]], object), TypeError, "holds text, such as 'a'"),
        ([["a", "1"]], TypeError, r"holds text, such as '1'; .* shape \(m, 2\)$"),
        (["0.5", "1"], TypeError, r"holds text, such as '0.5': use np.asarray\(X, float\)$"),
        ([[None, 1.0]], TypeError, "holds None, which is no real number"),
        ([[Decimal(1), None]], TypeError, r"holds Decimal.*, which .* of shape \(m, 2\)$"),
        ([[1j, None]], TypeError, r"holds 1j, which .* of shape \(m, 2\)$"),
        ([[{}, 1.0]], TypeError, "holds {}, which is no real number"),
        (None, TypeError, "holds None"),
        (np.array([["2026-11-25", "2026-11-26"]], "M8[D]"), TypeError, "not of numbers"),
    ],
)
def test_bad_inputs(X, error, message):
    net = pb.Network([2, 3, 1], rng=0)
    for call in (pb.forward, pb.predict):
        with pytest.raises(error, match=message):
            call(net, X)
    for call in (pb.backprop, pb.evaluate, pb.check_gradient):
        with pytest.raises(error, match=message):
            call(net, X, [[1.0]])


@pytest.mark.parametrize(
    ("Y", "error", "message"),
    [
        (np.zeros((2, 1)), ValueError, "X has 3 examples and Y has 2; they go in pairs"),
        (np.zeros((3, 2)), ValueError, "output layer has 1"),
        (np.zeros((1, 3)), ValueError, r"use np.asarray\(Y\).T"),
        (np.full((3, 1), 2.0), ValueError, "bce takes targets from 0 to 1: for any numbers"),
        ([[2.0], [1.0], [0.0]], ValueError, r"output='identity', loss='half_sse'\)$"),
        (np.full((3, 2), "a"), TypeError, "holds text, such as 'a'; a batch is a matrix"),
        (np.full((3, 1, 1), "a"), TypeError, "holds text, such as 'a'; a batch is a matrix"),
        (np.full((3, 1), -1), ValueError, r"by \(np.asarray\(Y\) \+ 1\) / 2"),
        (np.full((3, 1), np.nan), ValueError, r"Y\[0, 0\] is nan"),
        (np.full((3, 1), 1j), TypeError, "complex"),
    ],
)
def test_bad_targets(Y, error, message):
    net = pb.Network([2, 3, 1], rng=0)
    before = net.params.theta.copy()
    for call in (pb.backprop, pb.evaluate):
        with pytest.raises(error, match=message):
            call(net, np.zeros((3, 2)), Y)
    with pytest.raises(error, match=message):
        pb.train(net, np.zeros((3, 2)), Y, optimizer="adam", epochs=1)
    np.testing.assert_array_equal(net.params.theta, before)


@pytest.mark.parametrize("Y", [[[-1], [1]], np.array([[-1.0], [1.0]]), Frame([[-1], [1]])])
def test_minus_one_and_one_become_zero_and_one(Y):
    with pytest.raises(ValueError, match="-1 and 1 become") as caught:
        pb.backprop(network(1), np.ones((2, 2)), Y)
    cure = str(caught.value).split(" by ")[1]
    np.testing.assert_array_equal(eval(cure, {"np": np, "Y": Y}), [[0], [1]])


def test_a_complex_network_takes_complex_inputs():
    net = pb.Network([2, 1], [], "identity", dtype=complex, rng=0)
    assert pb.forward(net, [[1j, 2]]).a[0].dtype == complex


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"shape \(2,\); give one number per example, shape \(3,\)"),
        ([[1], [2], [3]], r"use np.ravel\(weights\)"),
        (np.ones((1, 3)), r"use np.ravel\(weights\)"),
        ([1, 2, -1], "negative"),
        ([1, 2, np.nan], "NaN"),
        ([1, 2, np.inf], "infinite"),
        (["1", "2", "3"], "array of <U1"),
        (2.0, r"shape \(\)"),
    ],
)
def test_bad_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        check_weights(weights, 3, np.dtype(float))
    net = network(1)
    for call in (pb.backprop, pb.evaluate):
        with pytest.raises(ValueError, match=message):
            call(net, np.ones((3, 2)), np.ones((3, 1)), weights)


@pytest.mark.parametrize("weights", ["balanced", {0: 1.0, 1: 9.0}])
def test_weights_by_class_lead_to_class_weights(weights):
    for call in (pb.backprop, pb.evaluate, pb.check_gradient):
        with pytest.raises(TypeError, match=r"give one number per example: pb\.class_weights\(Y\)"):
            call(network(1), np.ones((3, 2)), np.ones((3, 1)), weights=weights)


def test_weights_that_leave_nothing_are_refused():
    for call in (pb.evaluate, pb.check_gradient, partial(pb.train, optimizer="adam", epochs=1)):
        with pytest.raises(ValueError, match="weights holds 3 zeros: nothing is left"):
            call(network(1), np.ones((3, 2)), np.ones((3, 1)), weights=np.zeros(3))


def test_weights_of_any_kind_are_converted():
    for weights in ([1, 2, 0], (True, 1, 0.5), np.array([1, 2, 3], np.uint8), Frame([1, 2, 3])):
        assert check_weights(weights, 3, np.dtype(np.float32)).dtype == np.float32
    assert check_weights(None, 3, np.dtype(float)) is None


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (check_number, [0, -1.5, np.float32(2), np.int8(3)], [True, "1", None, [1], 1j]),
        (check_count, [1, np.int64(3)], [True, 1.0, "1", None, 0, -1]),
        (check_positive, [1, 0.1, np.float32(2)], [0, -1, np.nan, True, "1", None]),
        (check_from_zero, [0, 0.1], [-1e-9, np.inf, np.nan, True, "0"]),
        (check_dtype, ["f4", float, complex], [np.float16, np.longdouble, int, bool, "U3"]),
    ],
)
def test_checks_of_numbers(check, good, bad):
    name = () if check is check_dtype else ("this",)
    for value in good:
        assert check(*name, value) == value
    for value in bad:
        with pytest.raises((ValueError, TypeError), match=r"this is .*; give|dtype .* Use float64"):
            check(*name, value)
