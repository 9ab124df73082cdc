"""What a reader's function returned: taken in without risk, compared, and shown.

A reader's object may do anything when it is compared, copied or printed. So `taken_in` looks at it
once, and from then on there are only numbers, arrays, texts, functions, and lists, tuples and dicts
of them; whatever else it was is a `Foreign`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from types import BuiltinFunctionType, CoroutineType, EllipsisType, FunctionType, NoneType
from typing import Any

import numpy as np

LARGEST = 10**6
"""More entries than this are not looked at: no answer has so many."""

DEEPEST = 6
"""Lists in lists deeper than this are not looked into."""

PLAIN = (bool, int, float, complex, str, NoneType, EllipsisType, FunctionType, BuiltinFunctionType)


@dataclass(frozen=True)
class Foreign:
    """Something that no exercise asks for; ``kind`` says what it is."""

    kind: str


def taken_in(value: Any, depth: int = 0) -> Any:
    """Return a copy of a value that no code of the reader's stands behind.

    Never raises an exception, whatever the value does when it is touched.

    >>> taken_in([1, np.float32(0.5), (x for x in "ab")])
    [1, np.float32(0.5), Foreign(kind='generator')]
    """
    try:
        if type(value) in PLAIN:
            return value
        for kind in (list, tuple, dict):  # of a class derived from one, the plain one
            if isinstance(value, kind):
                return parts_in(value, kind, depth)
        if isinstance(value, range) and len(value) <= LARGEST:
            return list(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, np.ndarray | np.generic) or hasattr(type(value), "__array__"):
            return array_in(value)
        if isinstance(value, CoroutineType):
            value.close()  # else Python warns that nobody awaited it
        if isinstance(value, Real):  # a fraction, a number of a class of its own
            return float(value)
    except Exception:  # noqa: BLE001, a reader's object may raise anything
        pass
    return Foreign(kind_of(value))


def parts_in(value: Any, kind: Any, depth: int) -> Any:
    """Return a copy of a list, tuple or dict."""
    size = kind.__len__(value)
    if size > LARGEST or depth > DEEPEST:
        return Foreign(f"{kind.__name__} of {size} entries")
    if kind is dict:
        return {key_in(key): taken_in(part, depth + 1) for key, part in dict.items(value)}
    return kind(taken_in(part, depth + 1) for part in kind.__iter__(value))


def array_in(value: Any) -> Any:
    """Return a copy of an array of numbers, or of a NumPy scalar."""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return Foreign("array of text" if array.dtype.kind in "SU" else "array of objects")
    if array.size > LARGEST:
        return Foreign(f"array of shape {array.shape}")
    return array[()] if isinstance(value, np.generic) else array.copy()


def key_in(key: Any) -> Any:
    """Return a key of a dict, or what stands for one that no exercise has."""
    if type(key) in PLAIN:
        return key
    return int(key) if isinstance(key, np.integer) else Foreign(kind_of(key))


def kind_of(value: Any) -> str:
    """Return the name of a value's type, whatever its type says of itself."""
    return str(type.__dict__["__name__"].__get__(type(value)))


def difference(given: Any, expected: Any, tolerance: float) -> str:
    """Say in which way two results differ; "" where they agree.

    Numbers, arrays, lists and tuples of them, dicts of them, texts and booleans are compared.
    Lists stand for arrays, and float32 counts as right to its own precision. Of a reader's value,
    pass what `taken_in` returns.

    >>> difference([1.0, 2.0], np.array([1.0, 2.0]), 1e-8)
    ''
    >>> difference(np.ones((3, 1)), np.ones(3), 1e-8)
    'the shape is (3, 1); it should be (3,)'
    """
    if not isinstance(expected, dict | tuple | list):
        return difference_of_arrays(given, expected, tolerance)
    parts = side_by_side(given, expected)
    if parts is None:
        return f"it should be {describe(expected)}, not {describe(given)}"
    for where, x, y in parts:
        if found := difference(x, y, tolerance):
            return f"{where}: {found}"
    return ""


def side_by_side(given: Any, expected: Any) -> list[tuple[str, Any, Any]] | None:
    """Return the parts of two results as (where, given, expected); None if they do not match."""
    if isinstance(expected, dict):
        if not isinstance(given, dict) or given.keys() != expected.keys():
            return None
        return [(f"entry {key!r}", given[key], expected[key]) for key in expected]
    if isinstance(given, np.ndarray) and given.ndim:
        given = list(given)  # results of one shape, stacked
    if not isinstance(given, tuple | list) or len(given) != len(expected):
        return None
    word = "result" if isinstance(expected, tuple) else "item"
    pairs = zip(given, expected, strict=True)
    return [(f"{word} {k}", x, y) for k, (x, y) in enumerate(pairs, start=1)]


def difference_of_arrays(given: Any, expected: Any, tolerance: float) -> str:
    """Say in which way two numbers, arrays or texts differ; "" where they agree."""
    if isinstance(expected, str):
        if not isinstance(given, str):
            return f"it should be a text, not {describe(given)}"
        return "" if given == expected else "the texts differ"
    wanted = numbers(expected)
    if wanted is None:  # a function, None: an argument that should come back as it was
        kept = taken_in(expected)
        same = type(given) is type(kept) and np.array_equal(given, kept)
        return "" if same else "the values differ"
    array = numbers(given)
    if array is None:
        return f"it should be {describe(expected)}, not {describe(given)}"
    if array.shape != wanted.shape:
        return f"the shape is {array.shape}; it should be {wanted.shape}"
    return "" if agrees(array, wanted, tolerance).all() else "the values differ"


def numbers(value: Any) -> Any:
    """Return a value as an array of real numbers, or None if it is none."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # rows of unequal length, a text of ten million letters
        return None
    return array if array.dtype.kind in "biuf" else None


def agrees(given: Any, expected: Any, tolerance: float) -> Any:
    """Return for each entry whether |a - b| / max(1, |b|) is within the tolerance.

    NaN agrees with NaN only, and infinity with the same infinity.
    """
    if given.dtype.kind == "f" and given.dtype.itemsize < 8:
        tolerance = max(tolerance, 1e-4)
    x, y = given.astype(float), expected.astype(float)
    with np.errstate(all="ignore"):
        near = np.abs(x - y) <= tolerance * np.maximum(1.0, np.abs(y))
    return (near & np.isfinite(x) & np.isfinite(y)) | (x == y) | (np.isnan(x) & np.isnan(y))


def size_of(value: Any) -> int:
    """Return how much there is to read in a case."""
    if isinstance(value, dict | tuple | list):
        return sum(map(size_of, value.values() if isinstance(value, dict) else value))
    return np.size(value)


def show_case(names: Iterable[str], case: tuple[Any, ...]) -> str:
    """Return the arguments of a call as text, each with its name.

    >>> show_case(["z", "lr"], (np.array([0.5, 2.0]), 0.1))
    'z = [0.5 2. ], lr = 0.1'
    """
    pairs = [(name, show(value)) for name, value in zip(names, case, strict=True)]
    return ", ".join(f"{name} = {text}" for name, text in pairs if text != name)


def show(value: Any) -> str:
    """Return a value that was taken in in few characters."""
    if isinstance(value, np.ndarray):
        return " ".join(np.array2string(value, precision=4, threshold=20).split())
    if isinstance(value, dict):
        items = [f"{show(key)}: {show(part)}" for key, part in first(value.items(), 20)]
        return "{" + ", ".join(items) + ", ..." * (len(value) > 20) + "}"
    if isinstance(value, tuple | list):
        parts = ", ".join(map(show, first(value, 20))) + ", ..." * (len(value) > 20)
        return f"[{parts}]" if isinstance(value, list) else f"({parts})"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, FunctionType | BuiltinFunctionType):
        return value.__name__
    if isinstance(value, Foreign):
        return f"<{value.kind}>"
    if isinstance(value, np.generic):
        return str(value)
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a whole number of more than 20 digits"
    return shortened(repr(value))


def first(values: Iterable[Any], count: int) -> Iterator[Any]:
    """Return the first few of them."""
    return (value for _, value in zip(range(count), values, strict=False))


def shortened(text: str, most: int = 200) -> str:
    """Return a text, cut where it is long."""
    return text if len(text) <= most else text[:most] + " ..."


LAZY = {"generator", "map", "filter", "zip", "reversed", "enumerate", "dict_keys", "dict_values"}
"""Kinds that hold no numbers yet."""


def describe(value: Any) -> str:
    """Say what kind of thing a value is."""
    if value is None:
        return "nothing (None); does the last line say return?"
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "c":
            return "an array of complex numbers"
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    if isinstance(value, Mapping):
        return f"a dict with the keys {show(list(value))}"
    if isinstance(value, list | tuple):
        results = f"{len(value)} result{'s' * (len(value) != 1)}"
        return results if isinstance(value, tuple) else f"a list of {len(value)}"
    if isinstance(value, bool | np.bool_):
        return "a boolean"
    if isinstance(value, complex | np.complexfloating):
        return "a complex number"
    if isinstance(value, float | np.number):
        return "a number"
    kind = value.kind if isinstance(value, Foreign) else kind_of(value)
    name = f"{'an' if kind[:1] in 'aeiouAEIOU' else 'a'} {kind}"
    return f"{name}; make it a list: list(...)" if kind in LAZY else name
