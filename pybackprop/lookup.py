"""Find an entry of a table by its name, or say which known name is nearest."""

from collections.abc import Mapping
from typing import TypeVar

Entry = TypeVar("Entry")


def lookup(table: Mapping[str, Entry], name: object, what: str) -> Entry:
    """Return ``table[name]``; an unknown name raises a ValueError that suggests the nearest one.

    >>> lookup({"tanh": 1, "sigmoid": 2}, "sigmoid", "activation")
    2
    >>> lookup({"tanh": 1, "sigmoid": 2}, "sigmiod", "activation")
    Traceback (most recent call last):
    ValueError: unknown activation 'sigmiod'; did you mean 'sigmoid'? Known: sigmoid, tanh
    """
    if isinstance(name, str) and name in table:
        return table[name]
    from difflib import get_close_matches  # needed only where something is wrong

    near = get_close_matches(str(name).lower(), table, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"unknown {what} {name!r}; {hint}Known: {', '.join(sorted(table))}")
