"""An equation on a page: both sides are computed, and held against each other."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .params import Array


def verify(tag: str, computed: Any, expected: Any, tolerance: float = 1e-10) -> None:
    """Assert that both sides of an equation agree, and print the largest error found.

    Shapes must be equal, so that no broadcast hides a mistake. The error is
    |a - b| / max(1, |a|, |b|): relative for large numbers, absolute for small ones.

    Parameters
    ----------
    tag : str
        The equation's tag, such as "BP2".
    computed, expected : array or number, or a sequence of them
        Both sides; sequences are compared item by item, so their items may differ in shape.
    tolerance : float, optional

    Raises
    ------
    AssertionError
        Shapes or values differ; the message says where and by how much.

    Examples
    --------
    >>> verify("square", (1 + 2) ** 2, 1 + 4 + 4)
    square: largest error 0.0e+00
    >>> verify("square", (1 + 2) ** 2, 1 + 4)
    Traceback (most recent call last):
    AssertionError: square does not hold: 9 against 5, error 4.4e-01, tolerance 1e-10
    """
    lists = isinstance(computed, list | tuple) and isinstance(expected, list | tuple)
    left_sides, right_sides = (computed, expected) if lists else ([computed], [expected])
    if len(left_sides) != len(right_sides):
        raise AssertionError(f"{tag}: {len(left_sides)} results against {len(right_sides)}")
    largest = -1.0
    for left, right in zip(left_sides, right_sides, strict=True):
        left, right = np.asarray(left), np.asarray(right)
        if left.shape != right.shape:
            raise AssertionError(f"{tag}: shapes {left.shape} and {right.shape} differ")
        errors = relative_error(left, right, floor=1.0)
        for x, y, error in zip(left.flat, right.flat, errors.flat, strict=True):
            if not error < tolerance:  # so that NaN fails, too
                raise AssertionError(
                    f"{tag} does not hold: {x:g} against {y:g}, "
                    f"error {error:.1e}, tolerance {tolerance:.0e}"
                )
            largest = max(largest, error.item())
    if largest < 0:
        raise AssertionError(f"{tag}: nothing to compare")
    print(f"{tag}: largest error {largest:.1e}")


def relative_error(a: ArrayLike, b: ArrayLike, floor: float) -> Array:
    """Return |a - b| / max(|a|, |b|, floor) entry by entry; 0 where both are 0.

    >>> relative_error([1.0, 1e-9], [1.25, 0.0], floor=1e-3).tolist()
    [0.2, 1e-06]
    """
    a, b = np.asarray(a), np.asarray(b)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), floor)
    return np.asarray(np.abs(a - b) / np.where(scale == 0, 1, scale))
