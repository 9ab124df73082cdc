"""In which way a wrong result is off: its sign, a factor, an axis, a term, one entry.

A way is a question about pairs of arrays, a given one and the expected one. It is told only if it
explains all inputs tried, so it is true whatever formula the reader wrote.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np

from .values import agrees, difference, numbers, side_by_side


@dataclass(frozen=True)
class Way:
    """In which way a result is off: a short name, and what to tell the reader."""

    name: str
    message: str


@dataclass(frozen=True)
class Pair:
    """A given array, the expected one, and the numbers among the arguments, by name."""

    given: Any
    expected: Any
    arguments: Mapping[str, Any]
    tolerance: float

    def is_(self, other: Any) -> bool:
        """Whether the given array is this one, in shape and values."""
        other = np.asarray(other, float)
        same = other.shape == self.given.shape
        return same and bool(agrees(self.given, other, self.tolerance).all())

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with the given array."""
        return self.is_(self.expected)

    @property
    def alike(self) -> bool:
        """Whether both arrays have one shape."""
        return bool(self.given.shape == self.expected.shape)


Pairs = Sequence[Pair]
Question = Callable[[Pairs], Way | None]


def diagnose(
    given: Sequence[Any],
    expected: Sequence[Any],
    arguments: Sequence[Mapping[str, Any]],
    tolerance: float,
    strong: bool = False,
) -> Way | None:
    """Return the way in which results are off; None where they are right, or no way fits.

    Parameters
    ----------
    given : sequence
        What came for each input, as `taken_in` returns it.
    expected : sequence
        What should have come.
    arguments : sequence of mappings
        The inputs, by name: missing terms and factors are looked for among them.
    tolerance : float
    strong : bool, optional
        True looks for the ways in `STRONG` alone, and only for ones that explain all that is wrong.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> diagnose([-2 * x], [2 * x], [{"x": x}], 1e-8)
    Way(name='sign', message='the sign is wrong.')
    """
    if swapped := in_another_order(given, expected, tolerance):
        return swapped
    parts: dict[str, list[Pair]] = {}
    for one, right, inputs in zip(given, expected, arguments, strict=True):
        leaves = list(leaves_of(one, right))
        if any(x is None or y is None for _, x, y in leaves):
            return None
        named = dict(arrays_of(inputs))
        for part, x, y in leaves:
            pair = Pair(np.asarray(x, float), np.asarray(y, float), named, tolerance)
            parts.setdefault(part, []).append(pair)
    wrong = {part: pairs for part, pairs in parts.items() if not all(p.right for p in pairs)}
    if not wrong:
        return None
    asked = STRONG if strong else QUESTIONS
    ways = {part: ask(asked, pairs) for part, pairs in wrong.items()}
    found = [way for way in ways.values() if way]
    if strong and len(found) < len(wrong):
        return None
    if len(parts) == 1 or (len(set(ways.values())) == 1 and len(wrong) == len(parts)):
        return found[0] if found else None
    if not found and len(wrong) == len(parts):
        return None
    told = [f"{part} is right." for part in parts if part not in wrong]
    told += [
        f"{part}: {way.message if way else 'the values differ.'}" for part, way in ways.items()
    ]
    return Way(found[0].name if found else "one result", " ".join(told))


def ask(questions: Sequence[Question], pairs: Pairs) -> Way | None:
    """Return the first way that explains all pairs, or at least all that are wrong."""
    wrong = [pair for pair in pairs if not pair.right]
    for question in questions:
        if way := question(pairs):
            return way
        if len(wrong) < len(pairs) and (way := question(wrong)):
            return Way(way.name, f"on some inputs it is right; on the others {way.message}")
    return None


def in_another_order(given: Sequence[Any], expected: Sequence[Any], tolerance: float) -> Way | None:
    """Say if several results are right, but stand in another order."""
    count = len(expected[0]) if isinstance(expected[0], tuple) else 0
    if not 2 <= count <= 4 or any(len(leaf_list(one, count)) != count for one in given):
        return None
    for order in permutations(range(count)):
        if list(order) != sorted(order) and not any(
            difference(leaf_list(one, count)[k], right[place], tolerance)
            for one, right in zip(given, expected, strict=True)
            for place, k in enumerate(order)
        ):
            if all(not difference(a, b, tolerance) for a, b in zip(given, expected, strict=True)):
                return None
            return Way(
                "order of results", "the results are right, but they stand in another order."
            )
    return None


def leaf_list(value: Any, count: int) -> list[Any]:
    """Return the results of a tuple or list of so many; nothing for anything else."""
    return list(value) if isinstance(value, tuple | list) and len(value) == count else []


def leaves_of(given: Any, expected: Any, part: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (part, given, expected) for each array of a result; None where it is no array."""
    if not isinstance(expected, dict | tuple | list):
        yield part, numbers(given), numbers(expected)
        return
    pairs = side_by_side(given, expected)
    if pairs is None:
        yield part, None, None
        return
    apart = not part and not isinstance(expected, list)
    for where, x, y in pairs:
        yield from leaves_of(x, y, where if apart else part or "the result")


def arrays_of(inputs: Mapping[Any, Any], form: str = "{}") -> Iterator[tuple[str, Any]]:
    """Yield the arrays and numbers among the arguments, by name; of a dict W as W[1], W[2]."""
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from arrays_of(value, f"{form.format(name)}[{{}}]")
        elif (array := numbers(value)) is not None:
            yield form.format(name), array.astype(float)


# The ways. Each takes pairs of which at least one is wrong.


def not_finite(pairs: Pairs) -> Way | None:
    """NaN or infinity where a number should stand."""
    for kind, test, cause in [
        (
            "NaN",
            np.isnan,
            "it comes from 0/0, ∞ − ∞, or the logarithm or root of a negative number",
        ),
        ("infinity", np.isinf, "it comes from a division by 0, log 0, or an overflow"),
    ]:
        for pair in pairs:
            if pair.alike and (test(pair.given) & np.isfinite(pair.expected)).any():
                return Way("not finite", f"there is {kind} in it; {cause}.")
    return None


def sign(pairs: Pairs) -> Way | None:
    """Minus what it should be."""
    if all(pair.is_(-pair.expected) for pair in pairs):
        return Way("sign", "the sign is wrong.")
    return None


BASES = {1 / np.log(2): "2", 1 / np.log(10): "10"}


def factor(pairs: Pairs) -> Way | None:
    """The same factor everywhere."""
    if not all(pair.alike for pair in pairs) or sum(pair.expected.size for pair in pairs) < 2:
        return None
    with np.errstate(all="ignore"):
        above = sum(float((pair.given * pair.expected).sum()) for pair in pairs)
        below = sum(float((pair.expected**2).sum()) for pair in pairs)
    c = above / below if below and np.isfinite(above / below) else 0.0
    if not all(pair.is_(c * pair.expected) for pair in pairs):
        return None
    if abs(c) < 1e-12:
        return Way("zero", "it is 0 everywhere.")
    for base, name in BASES.items():
        if np.isclose(abs(c), base, rtol=1e-9):
            return Way("factor", f"it is {times(c)} what it should be: log to the base {name}?")
    return Way("factor", f"it is {times(c)} what it should be.")


def times(c: float) -> str:
    """Return a factor in words.

    >>> times(2.0), times(0.5), times(-1.5), times(0.3)
    ('twice', 'half of', '−3/2 times', '3/10 times')
    """
    near = Fraction(c).limit_denominator(12)
    if abs(c - near) < 1e-9 * abs(c):
        words = {Fraction(2): "twice", Fraction(1, 2): "half of"}
        return words.get(near, f"{near} times".replace("-", "−"))
    return f"{c:.4g} times".replace("-", "−")


def size(pairs: Pairs) -> Way | None:
    """A factor that is the length of an axis of an argument, such as the number of examples."""
    for name, axis in axes_of(pairs):
        lengths = [pair.arguments[name].shape[axis] for pair in pairs]
        if len(set(lengths)) == 1 and len(pairs) > 1:
            continue  # a constant: `factor` says so
        what = f"len({name})" if axis == 0 else f"{name}.shape[{axis}]"
        each = list(zip(pairs, lengths, strict=True))
        if all(pair.is_(n * pair.expected) for pair, n in each):
            return Way("size", f"it is {what} times what it should be.")
        if all(pair.is_(pair.expected / n) for pair, n in each):
            return Way("size", f"it is what it should be divided by {what}.")
    return None


def axes_of(pairs: Pairs) -> Iterator[tuple[str, int]]:
    """Yield the axes that arguments of all pairs have, as (name, axis)."""
    for name in shared(pairs):
        for axis in range(min(pair.arguments[name].ndim for pair in pairs)):
            yield name, axis


def shared(pairs: Pairs) -> list[str]:
    """Return the names of the arguments that all pairs have."""
    names = list(pairs[0].arguments) if pairs else []
    return [name for name in names if all(name in pair.arguments for pair in pairs)]


def term(pairs: Pairs) -> Way | None:
    """An argument added, left out, or taken with the wrong sign."""
    for name in shared(pairs):
        for much, told in [
            (1, f"it is too large by just {name}."),
            (-1, f"it is too small by just {name}."),
            (2, f"{name} enters with the wrong sign: it is too large by twice that."),
            (-2, f"{name} enters with the wrong sign: it is too small by twice that."),
        ]:
            if all(pair.is_(pair.expected + much * fitted(pair, name)) for pair in pairs):
                return Way("term", told)
    return None


def product(pairs: Pairs) -> Way | None:
    """An argument multiplied once too often, or left out; or the argument itself."""
    with np.errstate(all="ignore"):
        for name in shared(pairs):
            x = [fitted(pair, name) for pair in pairs]
            each = list(zip(pairs, x, strict=True))
            if all(pair.is_(pair.arguments[name]) for pair in pairs):
                return Way("argument", f"it gives {name} back as it came.")
            if all(pair.is_(pair.expected * value) for pair, value in each):
                return Way("product", f"it is multiplied by {name} once too often.")
            if all(pair.is_(pair.expected / value) for pair, value in each):
                return Way("product", f"a factor {name} is missing.")
            if all(pair.is_(pair.expected * (1 - value)) for pair, value in each):
                return Way("product", f"it is multiplied by 1 − {name} once too often.")
    return None


def fitted(pair: Pair, name: str) -> Any:
    """Return an argument in the shape of the expected array; NaN where it does not fit."""
    value = pair.arguments[name]
    try:
        return np.broadcast_to(value, pair.expected.shape)
    except ValueError:
        return np.full(pair.expected.shape, np.nan)


def transposed(pairs: Pairs) -> Way | None:
    """Rows for columns."""
    if all(pair.expected.ndim == 2 and pair.is_(pair.expected.T) for pair in pairs):
        return Way("transposed", "it is transposed: rows and columns are exchanged.")
    return None


def shape(pairs: Pairs) -> Way | None:
    """The right numbers in another shape."""
    if all(pair.alike for pair in pairs):
        return None
    if all(
        pair.given.size == pair.expected.size and pair.is_(pair.expected.reshape(pair.given.shape))
        for pair in pairs
    ):
        pair = next(pair for pair in pairs if not pair.alike)
        return Way("shape", f"the numbers are right; {shapes(pair)}.")
    return None


def shapes(pair: Pair) -> str:
    """Say which shape an array has, and which it should have."""
    return f"the shape is {pair.given.shape}; it should be {pair.expected.shape}"


REDUCTIONS: dict[str, Callable[..., Any]] = {"sum": np.sum, "mean": np.mean}


def reduced(pairs: Pairs) -> Way | None:
    """A sum or mean over an axis too many, or one that is missing."""
    if all(pair.alike for pair in pairs):
        return None
    for word, over in REDUCTIONS.items():
        for axis in (None, 0, 1):
            along = "all entries" if axis is None else f"axis {axis}"
            if all(one_of(pair.given, over, pair.expected, axis, pair) for pair in pairs):
                told = f"a {word} over {along} is taken that should not be there"
            elif all(one_of(pair.expected, over, pair.given, axis, pair) for pair in pairs):
                told = f"a {word} over {along} is missing"
            else:
                continue
            pair = next(pair for pair in pairs if not pair.alike)
            return Way("axis", f"{told}: {shapes(pair)}.")
    return None


def one_of(short: Any, over: Callable[..., Any], full: Any, axis: int | None, pair: Pair) -> bool:
    """Whether an array is the sum or mean of another one along an axis, kept or not."""
    if axis is not None and axis >= full.ndim:
        return False
    for keep in (False, True):
        made = np.asarray(over(full, axis=axis, keepdims=keep))
        if made.shape == short.shape and agrees(made, short, pair.tolerance).all():
            return True
    return False


def order(pairs: Pairs) -> Way | None:
    """The right numbers in another order."""
    if all(
        pair.alike and pair.is_(np.flip(pair.expected, axis=0)) for pair in pairs if pair.given.ndim
    ) and all(pair.given.ndim for pair in pairs):
        return Way("order", "it is reversed: what should come first comes last.")
    for step, word in [(1, "down"), (-1, "up")]:
        if all(
            pair.given.ndim and pair.alike and pair.is_(np.roll(pair.expected, step, axis=0))
            for pair in pairs
        ):
            return Way("order", f"it is shifted {word} by one place.")
    if all(
        pair.alike
        and replace(pair, given=np.sort(pair.given, axis=None)).is_(
            np.sort(pair.expected, axis=None)
        )
        for pair in pairs
    ):
        return Way("order", "the right numbers are all there, in another order.")
    return None


def lines(pairs: Pairs) -> Way | None:
    """A factor or a shift for each row, or for each column."""
    if not all(pair.alike and pair.given.ndim == 2 for pair in pairs):
        return None
    with np.errstate(all="ignore"):
        for axis, line in [(1, "row"), (0, "column")]:
            if max(pair.given.shape[axis] for pair in pairs) < 2:
                continue
            for what, made in [("a factor", scaled), ("a number added", shifted)]:
                if all(pair.is_(made(pair.given, pair.expected, axis)) for pair in pairs):
                    return Way(
                        "axis",
                        f"each {line} is right up to {what}, another one in each: look at what "
                        f"is done along axis {axis}.",
                    )
    return None


def scaled(x: Any, y: Any, axis: int) -> Any:
    """Return y with the factor along an axis that brings it nearest to x."""
    return y * (x * y).sum(axis=axis, keepdims=True) / (y * y).sum(axis=axis, keepdims=True)


def shifted(x: Any, y: Any, axis: int) -> Any:
    """Return y shifted along an axis as far as brings it nearest to x."""
    return y + (x - y).mean(axis=axis, keepdims=True)


def own_factor(pairs: Pairs) -> Way | None:
    """For each input a factor of its own."""
    if not all(pair.alike and pair.given.size > 1 for pair in pairs):
        return None
    with np.errstate(all="ignore"):
        c = [float((p.given * p.expected).sum() / (p.expected**2).sum()) for p in pairs]
    if all(pair.is_(factor * pair.expected) for pair, factor in zip(pairs, c, strict=True)):
        return Way("factor", "it is right up to a factor, another one for each input.")
    return None


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "absolute value": (np.abs, "signs are lost: it is the absolute value of what it should be."),
    "complement": (lambda y: 1 - y, "it is 1 minus what it should be."),
    "reciprocal": (lambda y: 1 / y, "it is the reciprocal of what it should be."),
    "square": (np.square, "it is the square of what it should be."),
    "root": (np.sqrt, "it is the root of what it should be."),
    "logarithm": (np.log, "it is the logarithm of what it should be."),
    "exponential": (np.exp, "it is the exponential of what it should be."),
    "clipped": (lambda y: np.maximum(y, 0), "what should be negative is 0."),
    "whole numbers": (np.trunc, "decimals are cut off: an array of whole numbers keeps none."),
    "rounded": (np.rint, "it is rounded to whole numbers."),
}


def function(pairs: Pairs) -> Way | None:
    """A well-known function of what it should be."""
    with np.errstate(all="ignore"):
        for name, (f, told) in FUNCTIONS.items():
            if all(pair.is_(f(pair.expected)) for pair in pairs):
                return Way(name, told)
        shift = [pair.given - pair.expected for pair in pairs if pair.alike]
        if len(shift) == len(pairs) and sum(part.size for part in shift) > 2:
            c = float(shift[0].flat[0])
            if np.isfinite(c) and all(pair.is_(pair.expected + c) for pair in pairs):
                return Way("shift", f"it is too {'large' if c > 0 else 'small'} by {abs(c):.6g}.")
    return None


def entries(pairs: Pairs) -> Way | None:
    """Some entries alone are wrong: the first, the last, one row, the diagonal."""
    if not all(pair.alike and pair.given.ndim for pair in pairs):
        return None
    masks = [~agrees(pair.given, pair.expected, pair.tolerance) for pair in pairs]
    wrong = [(mask, pair.expected) for mask, pair in zip(masks, pairs, strict=True) if mask.any()]
    if max(mask.size for mask, _ in wrong) < 2:
        return None
    for told, test in PLACES.items():
        if all(test(mask, expected) for mask, expected in wrong):
            return Way("entries", told)
    return None


def square_only(mask: Any) -> bool:
    """Whether the mask has a diagonal."""
    return bool(mask.ndim == 2 and mask.shape[0] == mask.shape[1] and mask.shape[0] > 1)


PLACES: dict[str, Callable[[Any, Any], Any]] = {
    "only the first entry is wrong.": lambda m, y: m.size > 1 and m.sum() == 1 and m.flat[0],
    "only the last entry is wrong.": lambda m, y: m.size > 1 and m.sum() == 1 and m.flat[-1],
    "only one entry is wrong.": lambda m, y: m.size > 1 and m.sum() == 1,
    "only the first row is right.": lambda m, y: m.ndim == 2 and m[1:].all() and not m[0].any(),
    "only the last row is right.": lambda m, y: m.ndim == 2 and m[:-1].all() and not m[-1].any(),
    "it is right on the diagonal only.": lambda m, y: (
        square_only(m) and not np.diag(m).any() and m.sum() == m.size - len(m)
    ),
    "it is wrong on the diagonal only.": lambda m, y: (
        square_only(m) and np.diag(m).all() and m.sum() == len(m)
    ),
    "only one row is wrong.": lambda m, y: m.ndim == 2 and len(m) > 1 and m.any(axis=1).sum() == 1,
    "only one column is wrong.": lambda m, y: (
        m.ndim == 2 and m.shape[1] > 1 and m.any(axis=0).sum() == 1
    ),
    "only what should be negative is wrong.": lambda m, y: (
        (m == (y < 0)).all() and not m.all() and m.sum() > 1
    ),
    "only what should be positive is wrong.": lambda m, y: (
        (m == (y > 0)).all() and not m.all() and m.sum() > 1
    ),
}


def near(pairs: Pairs) -> Way | None:
    """Nearly right."""
    if not all(pair.alike for pair in pairs):
        return None
    with np.errstate(all="ignore"):
        errors = [
            np.abs(p.given - p.expected) / np.maximum(np.abs(p.expected), 1e-12) for p in pairs
        ]
    worst = max((float(error.max()) for error in errors if error.size), default=np.inf)
    if not worst < 1e-2:
        return None
    return Way(
        "near",
        f"it is nearly right; the largest relative error is {worst:.1g}. A rounded number, or a "
        "small step?",
    )


STRONG: tuple[Question, ...] = (sign, size, factor, transposed, shape, reduced)
"""Ways that may also stand on top of a known mistake."""

QUESTIONS: tuple[Question, ...] = (
    not_finite,
    *STRONG,
    term,
    product,
    order,
    function,
    lines,
    own_factor,
    entries,
    near,
)
"""All ways, the plainest first."""


# On the page a number is compared with what is made here beforehand.


def numbers_off(answer: Any, named: Mapping[str, Any], digits: int) -> dict[str, Any]:
    """Return wrong answers that come of being off in a common way, by what they are told.

    Parameters
    ----------
    answer : number or shape
    named : mapping
        What the known mistakes are told -> what they answer.
    digits : int
        Decimals asked for; 0 for whole numbers.

    Returns
    -------
    dict
        The same keys for every answer; None where a way gives nothing.
    """
    shape = isinstance(answer, tuple)
    told: dict[str, Any] = {}
    for words, f in NUMBERS_OFF.items():
        told[words] = None if shape else finite(f, answer)
    for words, g in SHAPES_OFF.items():
        told[words] = g(answer) if shape else None
    for words, step in STEPS_OFF.items():
        told[words] = None if digits or shape else answer + step
    for words, wrong in named.items():
        other = "the order" if isinstance(wrong, tuple) else "the sign"
        both = f"two things at once. First: {words} Besides, {other} is wrong."
        told[both] = wrong[::-1] if isinstance(wrong, tuple) else -wrong
    return told


NUMBERS_OFF: dict[str, Callable[[float], float]] = {
    "the size is right, the sign is not.": lambda x: -x,
    "that is twice what it should be.": lambda x: 2 * x,
    "that is half of what it should be.": lambda x: x / 2,
    "that is twice what it should be, and the sign is wrong.": lambda x: -2 * x,
    "that is half of what it should be, and the sign is wrong.": lambda x: -x / 2,
    "the digits are right; the decimal point is one place too far to the right.": lambda x: 10 * x,
    "the digits are right; the decimal point is one place too far to the left.": lambda x: x / 10,
    "that is a hundred times what it should be.": lambda x: 100 * x,
    "that is a hundredth of what it should be.": lambda x: x / 100,
    "that is one minus what it should be.": lambda x: 1 - x,
    "that is what it should be, minus one.": lambda x: x - 1,
    "that is the reciprocal of what it should be.": lambda x: 1 / x,
    "that is the square of what it should be.": lambda x: x * x,
    "that is the root of what it should be.": lambda x: math.sqrt(x),
    "that is the logarithm of what it should be.": lambda x: math.log(x),
    "that is what it should be, through the exponential once more.": lambda x: math.exp(x),
}
"""What is told of a number that is no known mistake -> the number it is told of."""

SHAPES_OFF: dict[str, Callable[[tuple[int, ...]], tuple[int, ...]]] = {
    "the numbers are right; their order is not.": lambda shape: shape[::-1],
    "that has one axis too many: the last one.": lambda shape: (*shape, 1),
    "that has one axis too many: the first one.": lambda shape: (1, *shape),
    "an axis is missing: the last one.": lambda shape: shape[:-1],
    "an axis is missing: the first one.": lambda shape: shape[1:],
}
"""The same for shapes."""


STEPS_OFF = {"you are one too high.": 1, "you are one too low.": -1}
"""The same for whole numbers -> how far they are off."""


def finite(f: Callable[..., Any], *arguments: Any, **named: Any) -> float | None:
    """Return the number that a function gives, or None where it gives none."""
    try:
        value = float(f(*arguments, **named))
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return None
    return value if math.isfinite(value) else None
