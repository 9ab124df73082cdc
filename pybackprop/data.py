"""Examples: class numbers as rows of 0 and 1, minibatches, weights for uneven classes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .checks import check_count
from .params import Array


def one_hot(labels: ArrayLike, classes: int | Sequence[Any]) -> Array:
    """Return a row for each label, 1 in the label's column and 0 elsewhere: shape (m, classes).

    Parameters
    ----------
    labels : array of shape (m,) or (m, 1)
        Class numbers 0 to classes - 1, as whole numbers of any type; or names.
    classes : int, or sequence of names
        How many classes there are, or the label of each column. Where a number is given for
        names, their sorted order is that of the columns, and all must occur.

    Raises
    ------
    TypeError, ValueError
        Labels that are no class, or of another shape.

    Examples
    --------
    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    >>> one_hot(["no", "yes", "no"], ["no", "yes"])
    array([[1., 0.],
           [0., 1.],
           [1., 0.]])
    """
    given = np.asarray(labels)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim != 1:
        raise TypeError(
            f"labels is an array of {given.dtype} with shape {given.shape}; one_hot takes one "
            "label per example, such as [0, 2, 1]"
        )
    if isinstance(classes, Sequence | np.ndarray) and not isinstance(classes, str):
        names = np.asarray(classes).tolist()
    else:
        count = check_count("classes", classes)
        names = all_names(given, count) if is_text(given) else range(count)
    numbers, count = places(given, names), len(names)
    rows = np.zeros((len(given), count))
    rows[np.arange(len(given)), numbers] = 1
    return rows


def is_text(labels: Array) -> bool:
    """Return whether labels are names."""
    return labels.dtype.kind in "US" or (
        labels.dtype.kind == "O" and any(isinstance(label, str) for label in labels)
    )


def all_names(labels: Array, count: int) -> list[Any]:
    """Return the different names among the labels, sorted, if there are as many as classes."""
    names = sorted({str(label) for label in labels})
    if len(names) != count:
        fix = f"use pb.one_hot(labels, {len(names)})"
        if len(names) < count:
            fix = "give the name of each column in place of the number of classes"
        raise ValueError(
            f"labels holds {len(names)} different names, such as {names[0]!r}, for {count} "
            f"classes; {fix}"
        )
    return names


def places(labels: Array, names: Sequence[Any]) -> Array:
    """Return the column of each label."""
    column = {name: number for number, name in enumerate(names)}
    given = labels.astype(str) if is_text(labels) else labels
    unknown = [label for label in given.tolist() if label not in column]
    if unknown and isinstance(names, range):
        fix = ""
        if labels.dtype.kind in "iuf" and labels.min() == 1 and labels.max() == len(names):
            fix = ": classes are counted from 0, use np.asarray(labels) - 1"
        raise ValueError(
            f"label {unknown[0]!r} is no whole number from 0 to {len(names) - 1}, for "
            f"{len(names)} classes{fix}"
        )
    if unknown:
        raise ValueError(f"label {unknown[0]!r} is none of the classes {names}")
    return np.array([column[label] for label in given.tolist()], int)


def classes(a: Array) -> Array:
    """Return the class of each row: of the largest column, or whether the only one is >= 0.5.

    >>> classes(np.array([[0.1, 0.9], [0.8, 0.2]])), classes(np.array([[0.7], [0.2]]))
    (array([1, 0]), array([ True, False]))
    """
    return a[:, 0] >= 0.5 if a.shape[1] == 1 else a.argmax(axis=1)


def are_classes(Y: Array) -> bool:
    """Return whether the rows are 0 or 1 for a single output, one 1 among 0s for several."""
    return bool(((Y == 0) | (Y == 1)).all() and (Y.shape[1] == 1 or (Y.sum(axis=1) == 1).all()))


def class_weights(Y: ArrayLike) -> Array:
    """Return a weight for each example, m / (k m_c): every one of k classes weighs the same.

    m_c is the number of examples of the example's class. The mean of the weights is 1, so the
    loss keeps its scale.

    Parameters
    ----------
    Y : array of shape (m, n_L)
        One 1 among 0s in every row; 0 or 1 for a single output.

    Returns
    -------
    array of shape (m,)

    Raises
    ------
    ValueError
        A target is no class.

    Examples
    --------
    >>> class_weights([[0], [0], [0], [1]]).round(4)
    array([0.6667, 0.6667, 0.6667, 2.    ])
    """
    Y = np.asarray(Y, float)
    if Y.ndim != 2 or not len(Y) or not are_classes(Y):
        raise ValueError(
            f"Y, of shape {Y.shape}, holds more than classes; every row must be one 1 among 0s, "
            "or 0 or 1 for a single output: use pb.class_weights(pb.one_hot(labels, classes))"
        )
    numbers = classes(Y).astype(int)
    counts = np.bincount(numbers)
    return len(Y) / (np.count_nonzero(counts) * counts[numbers])


@dataclass(frozen=True, eq=False)
class Data:
    """Examples that fit a network.

    Attributes
    ----------
    X, Y : array of shape (m, n_0) and (m, n_L)
    weights : array of shape (m,) or None
    labels : array of shape (m,) or None
        The class of each example, where targets are classes.
    """

    X: Array
    Y: Array
    weights: Array | None = None
    labels: Array | None = None

    def __post_init__(self) -> None:
        if self.weights is not None and not self.weights.any():
            raise ValueError(
                f"weights holds {len(self)} zeros: nothing is left to learn from, or to measure; "
                "give some example a number above 0"
            )

    def __len__(self) -> int:
        return len(self.X)

    @property
    def uneven(self) -> bool:
        """Whether some class has more than twice the examples of another."""
        if self.labels is None:
            return False
        counts = np.bincount(self.labels.astype(int), minlength=2)
        return bool(counts.max() > 2 * counts.min())


class Batches:
    """The rows of each minibatch, every epoch in a new random order.

    >>> batches = Batches(5, 2, np.random.default_rng(0))
    >>> [(epoch, last, len(rows)) for epoch, last, rows in batches.of(1)]
    [(1, False, 2), (1, False, 2), (1, True, 1)]
    """

    def __init__(self, m: int, size: int | None, rng: "np.random.Generator") -> None:
        self.m, self.rng = m, rng
        self.size = m if size is None else min(check_count("batch_size", size), m)
        self.count = math.ceil(m / self.size)

    def of(self, epochs: int) -> Iterator[tuple[int, bool, Array]]:
        """Yield the epoch's number, whether the batch is its last, and the rows taken.

        A single batch takes all rows in their own order.
        """
        order = np.arange(self.m)
        for epoch in range(1, epochs + 1):
            if self.count > 1:
                order = self.rng.permutation(self.m)
            for start in range(0, self.m, self.size):
                yield epoch, start + self.size >= self.m, order[start : start + self.size]
