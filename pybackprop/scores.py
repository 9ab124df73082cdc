"""What a network answers, and how good its answers are: outputs, loss, accuracy, recall."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_examples, check_weights
from .data import Data, are_classes, classes
from .model import Model
from .network import Network, forward, penalty
from .params import Array

ROWS = 1024
"""Examples that go through the network at a time where only its outputs are wanted."""


def predict(net: Network | Model, X: ArrayLike) -> Array:
    """Return the outputs a[L], shape (m, n_L), for a batch X of shape (m, n_0).

    Of a model, what its function returns: logits, where its loss takes logits.

    >>> net = Network([2, 1], output="sigmoid", init="zeros")
    >>> predict(net, [[3.0, 0.5]])
    array([[0.5]])
    """
    return net(X) if isinstance(net, Model) else forward(net, X).a[net.L]


def evaluate(
    net: Network | Model, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Return the loss C of the network on a batch: X of shape (m, n_0), Y of shape (m, n_L).

    ``weights``, one number per example, multiply its loss; a penalty of the network is added.

    >>> net = Network([2, 1], output="identity", loss="half_sse", init="zeros")
    >>> evaluate(net, [[3.0, 0.5]], [[2.0]])
    2.0
    """
    return assess(net, examples(net, X, Y, weights))[0]


def accuracy(net: Network | Model, X: ArrayLike, Y: ArrayLike) -> float:
    """Return the share of examples whose class the network gets right, from 0 to 1.

    The class of a row is the column of its largest number; with a single output, whether it is at
    least 0.5. Where classes are uneven, look at `recall`, too.

    Parameters
    ----------
    net : Network
    X : array of shape (m, n_0)
    Y : array of shape (m, n_L)
        One 1 among 0s in every row; 0 or 1 for a single output.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        The data do not fit the network, or a target is no class.

    Examples
    --------
    The unit a = x says "at least 0.5" to the last two of three examples; the second is wrong.

    >>> net = Network([1, 1], output="identity", loss="mse", init={"W": [[[1]]], "b": [[0]]})
    >>> accuracy(net, [[0.2], [0.6], [0.9]], [[0.0], [0.0], [1.0]])
    0.6666666666666666
    """
    counts = confusion(net, X, Y)
    return (counts.trace() / counts.sum()).item()


def confusion(net: Network | Model, X: ArrayLike, Y: ArrayLike) -> Array:
    """Return how often each true class (row) was answered with each class (column).

    Parameters and errors as in `accuracy`.

    Returns
    -------
    array of int of shape (k, k), k = n_L, or 2 for a single output

    Examples
    --------
    The three examples of `accuracy`: of two that are class 0, one was called class 1.

    >>> net = Network([1, 1], output="identity", loss="mse", init={"W": [[[1]]], "b": [[0]]})
    >>> confusion(net, [[0.2], [0.6], [0.9]], [[0.0], [0.0], [1.0]])
    array([[1, 1],
           [0, 1]])
    """
    data = examples(net, X, Y)
    if data.labels is None:
        fix = "pb.evaluate gives the loss of other targets"
        if data.Y.shape[1] == 1 and (np.abs(data.Y) == 1).all():
            fix = (
                "-1 and 1 become 0 and 1 by (np.asarray(Y) + 1) / 2, with output='sigmoid' in "
                "place of 'tanh'"
            )
        raise ValueError(
            "Y holds more than classes; every row must be one 1 among 0s, or 0 or 1 for a single "
            f"output: {fix}"
        )
    return assess(net, data)[1]


def recall(net: Network | Model, X: ArrayLike, Y: ArrayLike) -> Array:
    """Return the share of each class's examples that was found, shape (k,); NaN without any.

    Parameters and errors as in `accuracy`. The mean over classes is the balanced accuracy.

    >>> net = Network([1, 1], output="identity", loss="mse", init={"W": [[[1]]], "b": [[0]]})
    >>> recall(net, [[0.2], [0.6], [0.9]], [[0.0], [0.0], [1.0]])
    array([0.5, 1. ])
    """
    return recalls(confusion(net, X, Y))


def recalls(counts: Array) -> Array:
    """Return the diagonal over the sum of each row; NaN where a row is empty."""
    with np.errstate(invalid="ignore"):
        shares: Array = counts.diagonal() / counts.sum(axis=1)
    return shares


def tally(true: Array, answered: Array, count: int = 2) -> Array:
    """Return the confusion matrix of two lists of class numbers, for this many classes at least."""
    count = max(2, count, 1 + int(true.max()), 1 + int(answered.max()))
    pairs = true.astype(int) * count + answered.astype(int)
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


def examples(
    net: Network | Model, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None = None
) -> Data:
    """Return the examples, checked against the network once and for all."""
    if isinstance(net, Model):
        return net.examples(X, Y, weights)
    X, Y = check_examples(X, Y, net.sizes, net.dtype, net.loss.name, net.loss.domain)
    # Gathering rows from an array of another layout would copy all of it for each batch.
    X, Y = np.ascontiguousarray(X), np.ascontiguousarray(Y)
    # The first row settles it for most targets that are no classes, and spares large ones a copy.
    labels = classes(Y) if are_classes(Y[:1]) and are_classes(Y) else None
    return Data(X, Y, check_weights(weights, len(X), net.dtype), labels)


def assess(net: Network | Model, data: Data) -> tuple[float, Array]:
    """Return the loss, and the confusion matrix (empty without classes)."""
    parts, width = list[tuple[float, Array]](), 0
    for part in portions(len(data)):
        x, y, w = data.X[part], data.Y[part], None if data.weights is None else data.weights[part]
        if isinstance(net, Model):
            a = net(x)
            losses, answers = net.losses(a, y) * (1.0 if w is None else w), net.answers(a)
            parts.append((np.sum(losses).item(), answers))
        else:
            run = forward(net, x)
            z, a = run.z[net.L], run.a[net.L]
            parts.append((net.objective.value(z, a, y, w).item() * len(y), classes(a)))
        width = a.shape[-1]
    C, counts = summary(data, parts, width)
    more = net.penalties() if isinstance(net, Model) else penalty(net)
    return C + np.asarray(more).item(), counts


def portions(m: int) -> list[slice]:
    """Cut m examples into those that go through the network at a time."""
    return [slice(start, min(start + ROWS, m)) for start in range(0, m, ROWS)]


def summary(data: Data, parts: Iterable[tuple[float, Array]], width: int) -> tuple[float, Array]:
    """Return mean loss and confusion matrix, given each portion's sum of losses and its answers."""
    sums, answered = zip(*parts, strict=True)
    if data.labels is None:
        return sum(sums) / len(data), np.zeros((0, 0), int)
    return sum(sums) / len(data), tally(data.labels, np.concatenate(answered), width)
