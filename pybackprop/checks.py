"""What is wrong with a number, a matrix, a label: each check returns what it was given, or raises.

A message says what was given, what was expected, and what to write in its place.
"""

import math
import numbers
import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]

# Numbers


def check_number(name: str, value: Any) -> Any:
    """Return the value if it is a real number, as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} is {value!r}; give a number, such as 0.01")
    return value


def check_count(name: str, value: Any) -> int:
    """Return the value if it is a whole number from 1 up."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}; give a whole number, such as 10")
    if value < 1:
        raise ValueError(f"{name} is {value}; give 1 or more")
    return int(value)


def check_positive(name: str, value: Any) -> float:
    """Return the value if it is a number above 0."""
    if not check_number(name, value) > 0:
        raise ValueError(f"{name} is {value}; give a number above 0, such as 0.01")
    return float(value)


def check_from_zero(name: str, value: Any) -> float:
    """Return the value if it is a finite number from 0 up."""
    if not 0 <= check_number(name, value) < math.inf:
        raise ValueError(f"{name} is {value}; give a number from 0 up, such as 0.01")
    return float(value)


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return the number type of a network, if a gradient can be computed in it."""
    given = np.dtype(dtype)
    if given not in (np.float64, np.float32, np.complex128, np.complex64):
        raise TypeError(
            f"dtype {given} is not for networks: float16 rounds sums away, long double is not the "
            "same on two machines, and whole numbers hold no gradient. Use float64 or float32"
        )
    return given


# Matrices


def check_matrix(
    values: ArrayLike,
    name: str,
    width: int,
    end: str,
    dtype: DTypeLike,
    examples: int | None = None,
) -> Array:
    """Return the values as a finite matrix of shape (m, width), or say what is wrong.

    Parameters
    ----------
    values : array, or what NumPy makes one of
        Whole numbers and booleans are converted.
    name, end : str
        "X" and "input", or "Y" and "output": for the message.
    width : int
        Units of that layer.
    dtype : dtype
        What to return.
    examples : int, optional
        How many there are, where that is known: tells the numbers of one example from the class
        numbers of many.
    """
    array = check_numbers(values, name, width, dtype)
    if array.ndim == 1 and array.size == width and examples in (None, 1):
        raise ValueError(
            f"{name} has shape {array.shape}; a batch is a matrix of shape (m, {width}), one "
            f"example per row: use np.asarray({name}).reshape(1, -1) for one example"
        )
    if end == "output" and width > 1:
        refuse_labels(array, name, width, examples)
    if array.ndim != 2:
        fix = ""
        if array.ndim == 1 and width == 1:
            fix = f": use np.asarray({name}).reshape(-1, 1) for one number per example"
        elif array.ndim > 2 and math.prod(array.shape[1:]) == width:
            fix = f": use np.asarray({name}).reshape(len({name}), -1)"
        raise ValueError(
            f"{name} has shape {array.shape}; a batch is a matrix of shape (m, {width}), one "
            f"example per row{fix}"
        )
    if array.shape[1] != width:
        fix = f": use np.asarray({name}).T" if array.shape[0] == width else ""
        raise ValueError(
            f"{name} has {array.shape[1]} columns; the {end} layer has {width} unit(s), "
            f"so {name} is (m, {width}){fix}"
        )
    if not len(array):
        raise ValueError(f"{name} is empty, shape {array.shape}; a batch needs at least 1 example")
    # Large data are looked at without a copy: NaN and infinity show in the sum.
    with np.errstate(over="ignore", invalid="ignore"):
        array = np.asarray(array, dtype)
        suspicious = not np.isfinite(array.sum())
    if suspicious and not (finite := np.isfinite(array)).all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"{name}[{row}, {column}] is {array[row, column]} in {array.dtype}; it must be finite. "
            f"np.isfinite({name}).all(axis=1) finds the good rows"
        )
    return array


def check_numbers(values: ArrayLike, name: str, width: int, dtype: DTypeLike) -> Array:
    """Return the values as an array of real numbers (of complex ones for a complex dtype)."""
    if hasattr(values, "toarray"):
        raise TypeError(
            f"{name} is a sparse {type(values).__name__}; a batch is an array: use {name}.toarray()"
        )
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} cannot be made an array: its rows have different lengths, or are no numbers; "
            f"a batch is a matrix of shape (m, {width})"
        ) from None
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and has_text(array)):
        raise TypeError(f"{name} holds text{cure_for_text(array, name, width)}")
    if array.dtype.kind == "O":
        strange = [value for value in array.flat if not isinstance(value, numbers.Real | np.bool_)]
        if strange:
            fix = ""
            if all(is_number(value) for value in strange):
                fix = f": use np.asarray({name}, float)"
            elif all(isinstance(value, complex | np.complexfloating) for value in strange):
                fix = f": use np.real(np.asarray({name}, complex))"
            raise TypeError(
                f"{name} holds {strange[0]!r}, which is no real number; a batch is a matrix of "
                f"numbers of shape (m, {width}){fix}"
            )
        array = array.astype(float)
    if array.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        raise TypeError(
            f"{name} holds complex numbers; a network of {np.dtype(dtype)} takes real ones: "
            f"use np.real({name})"
        )
    if array.dtype.kind not in "iubfc":
        raise TypeError(f"{name} is an array of {array.dtype}, not of numbers")
    return array


def cure_for_text(array: Array, name: str, width: int) -> str:
    """Return what to do with an array that holds text: numbers as text, or classes by name."""
    texts = sorted({str(value) for value in array.flat if isinstance(value, str | bytes)})
    named = f", such as {texts[0]!r}"
    if all(is_number(value) for value in array.flat):
        fix = ".reshape(-1, 1)" if array.ndim == 1 and width == 1 else ""
        labels = name == "Y" and width > 1 and (array.ndim == 1 or array.shape[1:] == (1,))
        return (
            f"{named}: use np.asarray({name}, float){fix}"
            if not labels
            else (f"{named}: use pb.one_hot(np.asarray({name}, float), {width})")
        )
    if name != "Y" or array.ndim > 2 or (array.ndim == 2 and array.shape[1] != 1):
        return f"{named}; a batch is a matrix of numbers of shape (m, {width})"
    if width > 1:
        return f"{named}: use pb.one_hot({name}, {width})"
    return f"{named}: use (np.asarray({name}) == {texts[-1]!r}).reshape(-1, 1) for that class as 1"


def has_text(array: Array) -> bool:
    """Return whether an array of objects holds a string."""
    return any(isinstance(value, str | bytes) for value in array.flat)


def is_number(text: Any) -> bool:
    """Return whether Python reads a number from the text."""
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True


def refuse_labels(array: Array, name: str, width: int, examples: int | None) -> None:
    """Raise where an array of shape (m,), (m, 1) or (1, m) holds class numbers in place of rows."""
    column = array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)
    row = array.ndim == 2 and array.shape == (1, examples) and examples != 1
    if not (column or row) or not array.size or array.dtype.kind == "c":
        return
    with np.errstate(invalid="ignore"):
        if not np.isfinite(array).all() or (array != np.round(array)).any():
            return
    values = np.unique(array)
    low, high = int(values[0]), int(values[-1])
    labels, fix = f"np.ravel({name})" if row else name, ""
    if (low, high) == (1, width):
        labels, fix = f"np.asarray({labels}) - 1", ", counted from 0"
    elif low < 0 or high >= width:
        fix = f": an output layer of {high + 1} units takes them"
        if len(values) == width:
            fix = f": use pb.one_hot({labels}, {values.astype(int).tolist()})"
        elif low < 0:
            fix = f": use pb.one_hot({labels}, classes) with the {width} classes in their order"
        raise ValueError(
            f"{name} has shape {array.shape} and holds whole numbers from {low} to {high}: these "
            f"look like class numbers, but {width} output units stand for the classes 0 to "
            f"{width - 1}{fix}"
        )
    raise ValueError(
        f"{name} has shape {array.shape} and holds whole numbers: these look like class numbers; "
        f"an output layer of {width} units takes one row per example with a 1 in the column of "
        f"its class{fix}: use pb.one_hot({labels}, {width})"
    )


def check_targets(Y: Array, loss: str, domain: str) -> None:
    """Raise a ValueError where a target lies outside of what the loss is defined on."""
    if domain == "real":
        return
    outside = (Y < 0) | (Y > 1)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        fix = (
            "for any numbers as targets: Network(..., output='identity', loss='half_sse')"
            if domain == "unit interval"
            else "use pb.one_hot(labels, classes)"
        )
        if (np.abs(Y) == 1).all():
            fix = "-1 and 1 become 0 and 1 by (np.asarray(Y) + 1) / 2"
        raise ValueError(
            f"Y[{row}, {column}] is {Y[row, column]:g}; {loss} takes targets from 0 to 1: {fix}"
        )
    if domain == "distribution":
        totals = Y.sum(axis=1, dtype=float)
        wrong = np.abs(totals - 1) > 1e-6
        if wrong.any():
            row = np.flatnonzero(wrong)[0]
            raise ValueError(
                f"row {row} of Y adds up to {totals[row]:g}; {loss} takes one probability "
                "distribution per row, adding up to 1: use pb.one_hot(labels, classes), or "
                "output='sigmoid' with loss='bce' where several classes can hold at once"
            )


def check_examples(
    X: ArrayLike, Y: ArrayLike, sizes: tuple[int, ...], dtype: DTypeLike, loss: str, domain: str
) -> tuple[Array, Array]:
    """Return X (m, n_0) and Y (m, n_L) as arrays of the dtype, or say what is wrong with them."""
    X = check_matrix(X, "X", sizes[0], "input", dtype)
    Y = check_matrix(Y, "Y", sizes[-1], "output", dtype, len(X))
    if len(X) != len(Y):
        raise ValueError(f"X has {len(X)} examples and Y has {len(Y)}; they go in pairs, by row")
    check_targets(Y.real, loss, domain)
    return X, Y


def check_weights(weights: ArrayLike | None, m: int, dtype: DTypeLike) -> Array | None:
    """Return the examples' weights as an array of shape (m,), or say what is wrong with them."""
    if weights is None:
        return None
    if isinstance(weights, str | Mapping):
        raise TypeError(
            f"weights is {reprlib.repr(weights)}; give one number per example: pb.class_weights(Y) "
            "makes every class weigh the same, and np.where(labels == 1, 9.0, 1.0) chooses"
        )
    array = np.asarray(weights)
    if array.dtype.kind not in "iubf" or array.shape != (m,):
        fix = ": use np.ravel(weights)" if array.shape in ((m, 1), (1, m)) else ""
        raise ValueError(
            f"weights is an array of {array.dtype} with shape {array.shape}; give one number per "
            f"example, shape ({m},), such as pb.class_weights(Y){fix}"
        )
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError("weights holds a negative or infinite number or NaN; give numbers from 0")
    return array.astype(dtype)
