"""What is wrong with a number, a matrix, a label: each check returns what it was given, or raises.

A message says what was given, what was expected, and what to write in its place.
"""

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]

# Numbers


def check_number(name: str, value: Any) -> Any:
    """Return the value if it is a real number, as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {value!r}; give a number")
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
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {value!r}; give a number, such as 0.01")
    if not value > 0:
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
            f"example per row: use np.reshape({name}, (1, -1)) for one example"
        )
    if end == "output" and width > 1:
        refuse_labels(array, name, width)
    if array.ndim != 2:
        fix = ""
        if array.ndim == 1 and width == 1:
            fix = f": use np.reshape({name}, (-1, 1)) for one number per example"
        elif array.ndim > 2 and math.prod(array.shape[1:]) == width:
            fix = f": use np.reshape({name}, (len({name}), -1))"
        raise ValueError(
            f"{name} has shape {array.shape}; a batch is a matrix of shape (m, {width}), one "
            f"example per row{fix}"
        )
    if array.shape[1] != width:
        fix = f": use np.transpose({name})" if array.shape[0] == width else ""
        raise ValueError(
            f"{name} has {array.shape[1]} columns; the {end} layer has {width} unit(s), "
            f"so {name} is (m, {width}){fix}"
        )
    if not len(array):
        raise ValueError(f"{name} is empty, shape {array.shape}; a batch needs at least 1 example")
    array = np.asarray(array, dtype)
    # Large data are looked at without a copy: NaN and infinity show in the sum.
    with np.errstate(over="ignore", invalid="ignore"):
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
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} cannot be made an array: its rows have different lengths, or are no numbers; "
            f"a batch is a matrix of shape (m, {width})"
        ) from None
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and has_text(array)):
        text = next(value for value in array.flat if isinstance(value, str | bytes))
        fix = "give numbers"
        if name == "Y" and width > 1:
            fix = f"use pb.one_hot({name}, {width})"
        elif name == "Y":
            fix = f"use np.reshape(np.asarray({name}) == {str(text)!r}, (-1, 1))"
        elif all(is_number(value) for value in array.flat):
            fix = f"use np.asarray({name}, float)"
        raise TypeError(f"{name} holds text, such as {str(text)!r}; {fix}")
    if array.dtype.kind == "O":
        strange = [value for value in array.flat if not isinstance(value, numbers.Real | np.bool_)]
        if strange:
            raise TypeError(
                f"{name} holds {strange[0]!r}, which is no number; a batch is a matrix of numbers "
                f"of shape (m, {width})"
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


def has_text(array: Array) -> bool:
    """Return whether an array of objects holds a string."""
    return any(isinstance(value, str | bytes) for value in array.flat)


def is_number(text: Any) -> bool:
    """Return whether Python reads a number from the text."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def refuse_labels(array: Array, name: str, width: int) -> None:
    """Raise where an array of shape (m,) or (m, 1) holds class numbers in place of rows."""
    flat = array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)
    if not flat or not array.size or array.dtype.kind == "c" or (array != np.round(array)).any():
        return
    low, high = int(array.min()), int(array.max())
    labels, fix = name, ""
    if (low, high) == (1, width):
        labels, fix = f"np.asarray({name}) - 1", ", counted from 0"
    elif low < 0 or high >= width:
        raise ValueError(
            f"{name} has shape {array.shape} and holds whole numbers from {low} to {high}: these "
            f"look like class numbers, but {width} output units stand for the classes 0 to "
            f"{width - 1}"
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
            fix = "-1 and 1 become 0 and 1 by (Y + 1) / 2"
        raise ValueError(
            f"Y[{row}, {column}] is {Y[row, column]:g}; {loss} takes targets from 0 to 1: {fix}"
        )
    if domain == "distribution":
        totals = Y.sum(axis=1)
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
    array = np.asarray(weights)
    if array.dtype.kind not in "iubf" or array.shape != (m,):
        raise ValueError(
            f"weights is an array of {array.dtype} with shape {array.shape}; give one number per "
            f"example, shape ({m},), such as pb.class_weights(Y)"
        )
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError("weights holds a negative or infinite number or NaN; give numbers from 0")
    return array.astype(dtype)
