"""What figures are given: each check returns it ready to draw, or says what was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_count
from ..params import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CURVES = 15
"""More curves than this cannot be told apart: five colors, each with a dash and a marker."""


def check_axes(ax: Any) -> Axes:
    """Return an Axes to draw on.

    Raises
    ------
    TypeError
        It is a figure, several Axes, or something else.
    """
    from matplotlib.axes import Axes

    if isinstance(ax, Axes):
        return ax
    cure = "leave it out for a new figure"
    if isinstance(ax, np.ndarray | list | tuple) and len(ax):
        cure = "take one of them, such as ax[0], or leave it out for a new figure"
    elif hasattr(ax, "add_subplot"):
        cure = "use fig.add_subplot(), or leave it out for a new figure"
    raise TypeError(f"ax is {kind(ax)}; give an Axes: {cure}")


def check_array(values: Any, what: str, *shape: str) -> Array:
    """Return the values as an array of real numbers with one axis for each word of its shape.

    Raises
    ------
    TypeError
        They are no numbers.
    ValueError
        They have other axes, or there is nothing to draw: no entry, or none that is finite.
    """
    form = f"({', '.join(shape)}{',' * (len(shape) == 1)})"
    array: Array = as_numbers(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what} is {kind(values)}; give real numbers, an array of shape {form}")
    if array.ndim != len(shape):
        cure = f"; use np.ravel({what})" if len(shape) == 1 and array.size in array.shape else ""
        raise ValueError(f"{what} has shape {array.shape}; give an array of shape {form}{cure}")
    if not array.size:
        raise ValueError(f"{what} is empty, shape {array.shape}; there is nothing to draw")
    array = array.astype(float)
    if not np.isfinite(array).any():
        raise ValueError(f"{what} holds no finite number; there is nothing to draw")
    return array


def as_numbers(values: Any) -> Any:
    """Return the values as an array; one of objects where they are no numbers."""
    try:
        array = np.asarray(values)
        return array.astype(float) if array.dtype.kind == "O" else array
    except (TypeError, ValueError):  # rows of unequal length, or things that are no numbers
        return np.asarray(None)


def check_curves(curves: Any, what: str, *shape: str, log: bool = False) -> dict[str, Array]:
    """Return curves by label; what is not finite becomes NaN, which leaves a gap.

    Raises
    ------
    TypeError
        They are no mapping, or a curve is no numbers.
    ValueError
        There is none, or there are too many; on a logarithmic scale, no number is above 0.
    """
    if not isinstance(curves, Mapping):
        raise TypeError(
            f"{what} is {kind(curves)}; give a dict, label -> numbers, such as {{'mine': {what}}}"
        )
    check_labels(curves, what)
    found = {}
    for label, values in curves.items():
        array = check_array(values, f"{what}[{label!r}]", *shape)
        if log and not (array[np.isfinite(array)] > 0).any():
            raise ValueError(
                f"{what}[{label!r}] has no number above 0, and a logarithmic scale shows no other"
            )
        found[label] = np.where(np.isfinite(array), array, np.nan)
    return found


def check_labels(curves: Mapping[str, Any], what: str) -> None:
    """Raise a ValueError where there is no curve, or more than can be told apart."""
    if not curves:
        raise ValueError(f"{what} is empty; give at least one curve, label -> numbers")
    if len(curves) > MOST_CURVES:
        raise ValueError(
            f"{what} has {len(curves)} curves; at most {MOST_CURVES} can be told apart: draw them "
            "in several figures"
        )


def check_same_length(curves: Mapping[str, Array], what: str, steps: Array, over: str) -> None:
    """Raise a ValueError where a curve has not one number for each place it is drawn over."""
    for label, values in curves.items():
        if len(values) != len(steps):
            raise ValueError(
                f"{what}[{label!r}] has {len(values)} numbers, and {over} has {len(steps)}: give "
                "one for each"
            )


def check_scale(settings: Any, what: str) -> Array:
    """Return the places along a logarithmic axis: finite numbers above 0."""
    array = check_array(settings, what, "n")
    if not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(
            f"{what} holds {array[~(np.isfinite(array) & (array > 0))][0]:g}; give finite numbers "
            "above 0: they stand on a logarithmic scale"
        )
    return array


def check_counts(counts: Any) -> Array:
    """Return the counts of a confusion matrix."""
    how = (
        "give the counts, shape (classes, classes), true classes in rows: pb.confusion(net, X, Y), "
        "or of two arrays of class numbers\n"
        "    counts = np.zeros((classes, classes), int)\n"
        "    np.add.at(counts, (true, predicted), 1)"
    )
    array: Array = as_numbers(counts)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"counts is {kind(counts)}; {how}")
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        raise ValueError(f"counts has shape {array.shape}; {how}")
    if not (np.isfinite(array).all() and (array >= 0).all() and (array == np.round(array)).all()):
        strange = array[~(np.isfinite(array) & (array >= 0) & (array == np.round(array)))][0]
        raise ValueError(f"counts holds {strange:g}, which counts nothing; {how}")
    return array.astype(int)


def check_images(images: Any) -> Array:
    """Return images as an array of shape (m, height, width)."""
    array: Array = as_numbers(images)
    form = "give shape (m, height, width), or (m, side * side) for square ones"
    if array.dtype.kind not in "biuf":
        raise TypeError(f"images is {kind(images)}; give numbers: {form}")
    if array.ndim == 4 and array.shape[3] == 1:
        raise ValueError(f"images has shape {array.shape}; {form}: use images[..., 0]")
    if array.ndim == 2:
        side = int(np.sqrt(array.shape[1]) + 0.5)
        if side * side != array.shape[1]:
            raise ValueError(
                f"images has rows of {array.shape[1]} numbers, which make no square; {form}: use "
                "np.reshape(images, (len(images), height, width))"
            )
        array = array.reshape(-1, side, side)
    if array.ndim != 3 or not array.size:
        raise ValueError(f"images has shape {array.shape}; {form}")
    return array.astype(float)


def check_classes(labels: Any, what: str, m: int) -> list[Any]:
    """Return the classes of m images, as they are written."""
    try:
        array = np.asarray(labels)
    except ValueError:
        raise ValueError(
            f"{what} has rows of unequal length; give one class for each image"
        ) from None
    if array.ndim == 2 and array.shape[1] > 1:
        raise ValueError(
            f"{what} has shape {array.shape}; give one class for each image: use "
            f"np.argmax({what}, axis=1)"
        )
    if array.ndim != 1 or len(array) != m:
        cure = f": use np.ravel({what})" if array.size == m else ""
        raise ValueError(
            f"{what} has shape {array.shape}; give one class for each of {m} images{cure}"
        )
    return list(array.tolist())


def check_names(values: Any, what: str, count: int) -> list[str]:
    """Return a sequence of texts, one for each row or column."""
    names = [] if isinstance(values, str) or not isinstance(values, Sequence) else list(values)
    if len(names) != count or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} is {kind(values)}; give a list of {count} texts")
    return names


def check_choice(value: Any, what: str, *options: str) -> str:
    """Return one of a few words."""
    if isinstance(value, str) and value in options:
        return value
    raise ValueError(f"{what} is {kind(value)}; give {' or '.join(map(repr, options))}")


def check_example(example: Any, m: int) -> int:
    """Return the row of a batch."""
    if (
        not isinstance(example, bool)
        and isinstance(example, int | np.integer)
        and -m <= example < m
    ):
        return int(example)
    raise ValueError(f"example is {example!r}; the batch has the rows 0 to {m - 1}")


def check_points(points: Any) -> int:
    """Return the number of grid points in each direction."""
    if check_count("points", points) < 2:
        raise ValueError(f"points is {points}; give 2 or more in each direction")
    return int(points)


def check_span(span: Any) -> tuple[float, float, float, float]:
    """Return the range of a picture: left, right, bottom, top."""
    form = "give (left, right, bottom, top), finite and rising"
    array = as_numbers(span)
    if array.dtype.kind not in "iuf" or array.shape != (4,):
        raise TypeError(f"span is {span!r}; {form}")
    left, right, bottom, top = (float(edge) for edge in array)
    if not (np.isfinite(array).all() and left < right and bottom < top):
        raise ValueError(f"span is {span!r}; {form}")
    return left, right, bottom, top


def kind(value: Any) -> str:
    """Return what a value is, in a few words.

    >>> kind(3), kind([1, 2]), kind(np.zeros((2, 3))), kind("loss")
    ('3', 'a list of 2', 'an array of float64 with shape (2, 3)', "'loss'")
    """
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if value is None or isinstance(value, int | float | str):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:60]}..."
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
