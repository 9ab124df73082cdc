"""Class numbers as rows, minibatches, weights of examples."""

import tracemalloc

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.data import Batches, Data, are_classes, class_weights, classes


def test_one_hot():
    for labels in ([2, 0], (2.0, 0.0), np.array([[2], [0]], np.uint8), np.array([2, 0], object)):
        rows = pb.one_hot(labels, 3)
        np.testing.assert_array_equal(rows, [[0, 0, 1], [1, 0, 0]])
        assert rows.dtype == float
    np.testing.assert_array_equal(pb.one_hot([True, False], 2), [[0, 1], [1, 0]])


def test_one_hot_of_names_and_of_other_numbers():
    expected = [[0, 1], [1, 0], [0, 1]]
    for labels in (["yes", "no", "yes"], np.array(["yes", "no", "yes"], object)):
        np.testing.assert_array_equal(pb.one_hot(labels, 2), expected)
        np.testing.assert_array_equal(pb.one_hot(labels, ["no", "yes"]), expected)
        np.testing.assert_array_equal(pb.one_hot(labels, np.array(["no", "yes"])), expected)
    np.testing.assert_array_equal(pb.one_hot([5, 3, 5.0], [3, 5]), expected)
    np.testing.assert_array_equal(pb.one_hot(np.array(["no", 1, "no"], object), 2), expected)
    np.testing.assert_array_equal(pb.one_hot([1, -1, 1], (-1, 1)), expected)
    assert pb.one_hot(["a"], ["a", "b", "c"]).shape == (1, 3)


@pytest.mark.parametrize(
    ("labels", "count", "error", "message"),
    [
        ([0, 3], 3, ValueError, "label 3 is no whole number from 0 to 2, for 3 classes$"),
        ([-1], 3, ValueError, "label -1"),
        ([0.5], 3, ValueError, "label 0.5 is no whole number"),
        ([np.nan], 3, ValueError, "label nan"),
        ([None], 3, ValueError, "label None"),
        ([1, 2, 3], 3, ValueError, r"counted from 0, use np.asarray\(labels\) - 1"),
        ([[0, 1]], 3, TypeError, r"shape \(1, 2\); one_hot takes one label per example"),
        (0, 3, TypeError, r"shape \(\)"),
        (["a", "b"], 3, ValueError, "2 different names, such as 'a', for 3 classes; give the name"),
        (["a", "b"], 1, ValueError, r"2 different names, .* use pb.one_hot\(labels, 2\)"),
        (["a", "b"], ["a", "c"], ValueError, r"label 'b' is none of the classes \['a', 'c'\]"),
        ([4], [3, 5], ValueError, r"label 4 is none of the classes \[3, 5\]"),
        ([0], 0, ValueError, "classes is 0"),
        ([0], 2.0, TypeError, "classes is 2.0; give a whole number"),
        ([0], "ab", TypeError, "classes is 'ab'"),
    ],
)
def test_labels_that_are_no_class_are_refused(labels, count, error, message):
    with pytest.raises(error, match=message):
        pb.one_hot(labels, count)


def test_many_classes_cost_what_their_rows_do():
    tracemalloc.start()
    try:
        pb.one_hot([0, 99_999], 100_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * 2 * 100_000 * 8


def test_classes_of_rows():
    np.testing.assert_array_equal(classes(np.array([[0.1, 0.9], [0.5, 0.5]])), [1, 0])
    np.testing.assert_array_equal(classes(np.array([[0.5], [0.4999]])), [True, False])
    assert are_classes(np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert are_classes(np.array([[0.0], [1.0]]))
    assert not are_classes(np.array([[1.0, 0.0], [1.0, 1.0]]))
    assert not are_classes(np.array([[0.3]]))
    assert not are_classes(np.array([[-1.0], [1.0]]))


def test_class_weights_make_every_class_weigh_the_same():
    Y = pb.one_hot([0, 0, 0, 1, 2, 2], 4)
    weights = class_weights(Y)
    assert weights.mean() == pytest.approx(1)
    totals = [weights[Y[:, k] == 1].sum() for k in range(3)]
    np.testing.assert_allclose(totals, 2)
    np.testing.assert_allclose(class_weights([[0], [1], [1]]), [1.5, 0.75, 0.75])


@pytest.mark.parametrize("Y", [[0, 1, 1], [[0.3]], [[1, 1]], np.zeros((0, 2))])
def test_class_weights_of_what_is_no_class(Y):
    with pytest.raises(ValueError, match=r"use pb.class_weights\(pb.one_hot\(labels, classes\)\)"):
        class_weights(Y)


def test_each_epoch_takes_every_example_once_in_a_new_order():
    batches = Batches(10, 4, np.random.default_rng(0))
    epochs = {1: [], 2: [], 3: []}
    for epoch, last, rows in batches.of(3):
        assert len(rows) == (2 if last else 4)
        epochs[epoch] += rows.tolist()
    assert all(sorted(order) == list(range(10)) for order in epochs.values())
    assert epochs[1] != epochs[2] != epochs[3] != list(range(10))
    assert batches.count == 3


def test_two_batches_are_shuffled_too():
    batches = Batches(10, 5, np.random.default_rng(0))
    rows = [taken.tolist() for _, _, taken in batches.of(2)]
    assert len(rows) == 4
    assert sorted(rows[0] + rows[1]) == sorted(rows[2] + rows[3]) == list(range(10))
    assert sorted(rows[0]) != list(range(5))
    assert sorted(rows[0]) != sorted(rows[2])


@pytest.mark.parametrize("size", [None, 10, 11, 1000])
def test_a_single_batch_takes_all_rows_in_their_order(size):
    batches = Batches(10, size, np.random.default_rng(0))
    assert [(epoch, last, rows.tolist()) for epoch, last, rows in batches.of(2)] == [
        (1, True, list(range(10))),
        (2, True, list(range(10))),
    ]


def test_uneven_classes():
    def data(labels):
        return Data(np.zeros((len(labels), 1)), pb.one_hot(labels, 2), labels=np.array(labels))

    assert data([0, 0, 0, 1]).uneven
    assert data([1, 1]).uneven
    assert not data([0, 0, 1]).uneven
    assert not Data(np.zeros((2, 1)), np.zeros((2, 1))).uneven
