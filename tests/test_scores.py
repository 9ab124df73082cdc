"""What a network answers, and how good its answers are."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop import scores


def answers(*outputs, n=1):
    """Return a network with identity outputs, and inputs that it answers with these numbers."""
    W = np.eye(n)
    net = pb.Network([n, n], [], "identity", "mse", init={"W": [W]})
    return net, np.array(outputs, float).reshape(-1, n)


def test_confusion_recall_and_accuracy_of_a_single_output():
    net, X = answers(0.1, 0.6, 0.7, 0.2, 0.9, 0.5)
    Y = [[0], [0], [1], [1], [1], [1]]
    np.testing.assert_array_equal(pb.confusion(net, X, Y), [[1, 1], [1, 3]])
    np.testing.assert_allclose(pb.recall(net, X, Y), [0.5, 0.75])
    assert pb.accuracy(net, X, Y) == pytest.approx(4 / 6)


def test_confusion_recall_and_accuracy_of_several():
    net, X = answers([1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.1, 0], n=3)
    Y = pb.one_hot([0, 1, 0, 0], 3)
    counts = pb.confusion(net, X, Y)
    np.testing.assert_array_equal(counts, [[2, 0, 1], [0, 1, 0], [0, 0, 0]])
    assert counts.dtype.kind == "i"
    np.testing.assert_allclose(pb.recall(net, X, Y), [2 / 3, 1, np.nan])
    assert pb.accuracy(net, X, Y) == 0.75


def test_accuracy_hides_what_recall_shows():
    net, X = answers(*[0.0] * 95, *[0.2] * 5)
    Y = np.r_[np.zeros(95), np.ones(5)][:, None]
    assert pb.accuracy(net, X, Y) == 0.95
    np.testing.assert_array_equal(pb.recall(net, X, Y), [1, 0])


def test_class_weights_find_the_rare_class():
    rng = np.random.default_rng(0)
    labels = (rng.uniform(size=600) < 0.06).astype(int)
    X = rng.normal(size=(600, 2)) + 1.2 * labels[:, None]
    Y = labels[:, None]
    found = {}
    for weights in (None, pb.class_weights(Y)):
        net = pb.Network([2, 1], [], rng=0)
        pb.train(net, X, Y, optimizer=pb.Adam(0.05), epochs=60, rng=0, weights=weights)
        found[weights is None] = pb.recall(net, X, Y)
    assert found[True][1] < 0.4
    assert found[False].min() > 0.7


def test_scores_in_parts_are_those_of_the_whole(monkeypatch):
    net = pb.Network([3, 4, 3], "tanh", "softmax", rng=0, penalty=0.1)
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(23, 3)), pb.one_hot(rng.integers(0, 3, 23), 3)
    weights = rng.uniform(0, 2, 23)
    whole = pb.evaluate(net, X, Y, weights), pb.confusion(net, X, Y)
    monkeypatch.setattr(scores, "ROWS", 4)
    assert pb.evaluate(net, X, Y, weights) == pytest.approx(whole[0], rel=1e-14)
    np.testing.assert_array_equal(pb.confusion(net, X, Y), whole[1])
    assert whole[0] == pytest.approx(pb.backprop(net, X, Y, weights).loss, rel=1e-14)


@pytest.mark.parametrize(
    ("true", "answered", "more", "size"),
    [
        ([0, 0], [0, 0], [], 2),
        ([0, 2], [1, 0], [], 3),
        ([0, 1], [3, 0], [], 4),
        ([0, 1], [0, 1], [5], 5),
    ],
)
def test_a_confusion_matrix_has_room_for_each_class(true, answered, more, size):
    counts = scores.tally(np.array(true), np.array(answered), *more)
    assert counts.shape == (size, size)
    assert all(counts[i, j] for i, j in zip(true, answered, strict=True))


def test_without_classes_the_confusion_matrix_is_empty():
    net, X = answers(0.1, 0.6)
    assert scores.assess(net, scores.examples(net, X, [[0.3], [1.0]]))[1].shape == (0, 0)


@pytest.mark.parametrize("score", [pb.accuracy, pb.confusion, pb.recall])
def test_targets_that_are_no_classes(score):
    net, X = answers(0.1, 0.6)
    with pytest.raises(ValueError, match="more than classes; .* pb.evaluate gives the loss"):
        score(net, X, [[0.3], [1.0]])
    with pytest.raises(ValueError, match="more than classes"):
        score(net, X, [[1.0], [0.3]])
    with pytest.raises(ValueError, match=r"by \(np.asarray\(Y\) \+ 1\) / 2, with output='sigmoid'"):
        score(net, X, [[-1], [1]])
