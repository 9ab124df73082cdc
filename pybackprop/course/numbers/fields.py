"""Fields that a reader fills in: what is typed becomes numbers or names, or is told in words."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..stage.tree import Part
from ..steppers.address import digits

MOST_LETTERS = 2000
LARGEST = 1e6
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)


class Field(NamedTuple):
    """A field of a stepper.

    Attributes
    ----------
    label : Part
    default : str
        What stands in it at first: the numbers of the stepper's chapter.
    read : callable, str -> value
        Raises a ValueError with a sentence where the text is no such value.
    hint : str
        What can be entered.
    options : sequence of str
        What can be chosen; empty where it is typed.
    lines : int
        How many lines it shows.
    """

    label: Part
    default: str
    read: Callable[[str], Any]
    hint: str
    options: tuple[str, ...] = ()
    lines: int = 1


def plain(text: str) -> str:
    """Return the beginning of what was entered, as an error quotes it."""
    return f"“{text[:20]}{'…' * (len(text) > 20)}”"


def one_number(text: str, low: float = -LARGEST, high: float = LARGEST) -> float | str:
    """Return the number, or what is wrong with it.

    >>> one_number("−.5"), one_number("1e9"), one_number("nan")[:20]
    (-0.5, '“1e9” is out of range; give a number from -1000000 to 1000000.', '“nan” is no number; ')
    """
    text = text.strip().replace("−", "-")
    if not NUMBER.fullmatch(text):
        return f"{plain(text)} is no number; write 0.5, -2 or 1e-3."
    if not low <= (value := float(text)) <= high:
        return f"{plain(text)} is out of range; give a number {between(low, high)}."
    return value


def between(low: float, high: float) -> str:
    """Return a range in words.

    >>> between(0.5, 1e6)
    'from 0.5 to 1000000'
    """
    return f"from {digits(float(low))} to {digits(float(high))}"


def checked(value: float | str) -> float:
    """Return a number; raise what is wrong with it."""
    if isinstance(value, str):
        raise ValueError(value)
    return value


def split(text: str) -> list[str]:
    """Return what stands between commas and spaces."""
    return [part for part in re.split(r"[,\s]+", text.strip()) if part]


# Kinds of fields


def number(label: Part, default: str, low: float, high: float) -> Field:
    """Return a field for one number."""

    def read(text: str) -> float:
        return checked(one_number(text, low, high))

    return Field(label, default, read, f"a number {between(low, high)}")


def whole(label: Part, default: str, low: int, high: int) -> Field:
    """Return a field for a whole number."""

    def read(text: str) -> int:
        value = checked(one_number(text, low, high))
        if not value.is_integer():
            raise ValueError(f"{plain(text)} is no whole number; give one {between(low, high)}.")
        return int(value)

    return Field(label, default, read, f"a whole number {between(low, high)}")


def row(label: Part, default: str, most: int, low: float, high: float) -> Field:
    """Return a field for some numbers in a row."""
    hint = f"1 to {most} numbers {between(low, high)}"

    def read(text: str) -> list[float]:
        values = [checked(one_number(part, low, high)) for part in split(text)]
        if not 1 <= len(values) <= most:
            raise ValueError(f"Here are {len(values)} numbers; give {hint}.")
        return values

    return Field(label, default, read, hint)


def matrix(label: Part, default: str, rows: int, columns: int, low: float, high: float) -> Field:
    """Return a field for some rows of numbers, equally long."""
    one = row(label, "", columns, low, high)
    hint = f"1 to {rows} rows of {one.hint}, all equally long"

    def read(text: str) -> list[list[float]]:
        values = [one.read(part) for part in re.split(r"[;\n]", text) if part.strip()]
        if not 1 <= len(values) <= rows or len(set(map(len, values))) > 1:
            lengths = ", ".join(str(len(value)) for value in values[:20]) or "no"
            raise ValueError(f"Here are rows of {lengths} numbers; give {hint}.")
        return values

    return Field(label, default, read, hint, lines=rows)


def choice(label: Part, default: str, options: Iterable[str]) -> Field:
    """Return a field for one name out of a list."""
    known = tuple(options)

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"{plain(text)} is not known; choose one of {', '.join(known)}.")
        return text

    return Field(label, default, read, f"one of {', '.join(known)}", options=known)


def names(label: Part, default: str, options: Iterable[str]) -> Field:
    """Return a field for some names out of a list; where it is empty by default, it may be."""
    known = tuple(options)

    def read(text: str) -> list[str] | None:
        chosen = [part.strip() for part in text.split(",") if part.strip()]
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise ValueError(f"{plain(unknown[0])} is not known; choose of {', '.join(known)}.")
        if len(chosen) > len(known):
            raise ValueError(f"Here are {len(chosen)} names; give at most {len(known)}.")
        return chosen or None

    return Field(label, default, read, f"of {', '.join(known)}")


def values(label: Part, default: str, most: int, name: str, low: float, high: float) -> Field:
    """Return a field for numbers with names, such as x=2, w=0.5; a name is a pattern."""
    hint = f"1 to {most} names, each with a number {between(low, high)}, such as x=2, w=0.5"

    def read(text: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for part in re.split("[,;\n]", text):
            given, equals, value = (one.strip() for one in part.partition("="))
            if not equals or not re.fullmatch(name, given, re.ASCII) or given in found:
                raise ValueError(f"{plain(part.strip())} is no new name with its number; {hint}.")
            found[given] = checked(one_number(value, low, high))
        if len(found) > most:
            raise ValueError(f"Here are {len(found)} names; give {hint}.")
        return found

    return Field(label, default, read, hint)


def text(label: Part, default: str, most: int, hint: str, lines: int = 1) -> Field:
    """Return a field for a text that is read elsewhere, up to a length."""

    def read(given: str) -> str:
        if len(given) > most:
            raise ValueError(f"It has {len(given)} letters; give at most {most}.")
        lines = (" ".join(line.split()) for line in re.split("[;\n]", given))
        return "\n".join(filter(None, lines))

    return Field(label, default, read, hint, lines=lines)
