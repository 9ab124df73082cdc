"""The gallery of chapter 8 plants what it is told, and its questions see what they are for."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course.gallery import Gallery, changed, read

LR, BATCH, SIZES = 0.5, 4, [3, 5, 3]
sigmoid, softmax = pb.ACTIVATIONS["sigmoid"], pb.ACTIVATIONS["softmax"]


def forward(params, x):
    a = {0: x, 1: sigmoid(x @ params.W[1].T + params.b[1])}
    a[2] = softmax(a[1] @ params.W[2].T + params.b[2])
    return a


def backward(params, a, y):
    grad = pb.Params(SIZES)
    delta = (a[2] - y) / len(y)
    for l in (2, 1):
        grad.W[l] = delta.T @ a[l - 1]
        grad.b[l] = delta.sum(axis=0)
        delta = delta @ params.W[l] * a[l - 1] * (1 - a[l - 1])
    return grad


def sgd(params, grad, memory):
    params.theta -= LR * grad.theta


def training(X, Y, rng, update):
    params = pb.Network(SIZES, output="softmax", rng=rng).params
    while True:
        order = rng.permutation(len(X))
        X, Y = X[order], Y[order]
        for i in range(0, len(X), BATCH):
            x, y, before = X[i : i + BATCH], Y[i : i + BATCH], params.copy()
            grad = backward(params, forward(params, x), y)
            update(params, grad, {})
            yield before, x, y, grad, params


@pytest.fixture(scope="module")
def gallery():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    Y = pb.one_hot(X.argmax(axis=1), 3)
    net = pb.Network(SIZES, output="softmax", loss="cross_entropy")
    return Gallery([forward, backward, sgd, training], net, X, Y, X, Y)


BUGS = read("""
right

bias sum
- grad.b[l] = delta.sum(axis=0)
+ grad.b[l] = delta.sum()

long step
- params.theta -= LR * grad.theta
+ params.theta -= 2 * LR * grad.theta

unpaired
- X, Y = X[order], Y[order]
+ X = X[order]

equal start
- params = pb.Network(SIZES, output="softmax", rng=rng).params
+ params = pb.Params(SIZES)

softmax twice
- a[2] = softmax(a[1] @ params.W[2].T + params.b[2])
+ a["p"] = softmax(a[1] @ params.W[2].T + params.b[2])
+ a[2] = softmax(a["p"])
- delta = (a[2] - y) / len(y)
+ delta = softmax.pullback(None, a["p"], (a[2] - y) / len(y))
""")


@pytest.mark.parametrize(
    ("bug", "question"),
    [
        ("right", "-"),
        ("bias sum", "gradient"),
        ("long step", "update"),
        ("unpaired", "pairs"),
        ("equal start", "twins"),
        ("softmax twice", "by heart"),
    ],
)
def test_each_question_sees_what_it_is_for(gallery, bug, question):
    assert question in gallery.watch(BUGS[bug], epochs=2).noes


def test_the_blocks_of_a_wrong_gradient_are_named(gallery):
    assert gallery.watch(BUGS["bias sum"], epochs=2).reports[1].blocks == ["b[1]", "b[2]"]


def test_a_check_of_its_own_cannot_see_a_wrong_forward_pass(gallery):
    run = gallery.watch(BUGS["softmax twice"], epochs=2)
    assert all(run.reports.values())


def test_a_difference_changes_one_place_and_keeps_its_indentation():
    program = "def f(x):\n    if x:\n        return 1\n    return 2"
    assert changed(program, "- return 2\n+ y = 3\n+ return y\n").endswith("    y = 3\n    return y")
    with pytest.raises(ValueError, match="stands in 0 places"):
        changed(program, "- return 3\n+ return 4\n")
    with pytest.raises(ValueError, match="stands in 2 places"):
        changed(program + "\n" + program, "- return 2\n+ return 4\n")
