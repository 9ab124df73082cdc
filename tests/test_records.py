"""Dataclasses of the core: which of them change, and when two are the same."""

import importlib
import pkgutil
from dataclasses import FrozenInstanceError, fields, is_dataclass

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.params import Entry

CORE = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(pb.__path__, "pybackprop.")
    if not found.name.startswith("pybackprop.course")
]
CLASSES = {
    name: thing
    for module in CORE
    for name, thing in vars(module).items()
    if isinstance(thing, type) and is_dataclass(thing) and thing.__module__ == module.__name__
}
CHANGING = {"SGD", "RMSProp", "Adam", "AdamW", "History", "Record", "Moment"}
"""What training writes into; all else is as it was made."""
VALUES = {
    *("Activation", "Loss", "Fused", "Objective", "Method", "Entry"),
    *("Schedule", "constant", "step_decay", "cosine", "warmup"),
    *("MaxIterations", "LossRule", "LossBelow", "LossChangeBelow", "Patience"),
}
"""Equal where all that they hold is; all else holds arrays, which have no one truth."""


def filled(cls, value):
    """Return an object whose every field is this value, whatever its own checks say."""
    one = object.__new__(cls)
    for field in fields(cls):
        object.__setattr__(one, field.name, value)
    return one


def test_the_names_are_those_of_classes():
    assert set(CLASSES) >= CHANGING | VALUES


@pytest.mark.parametrize("name", sorted(set(CLASSES) - CHANGING))
def test_what_is_handed_out_stays_as_it_was_made(name):
    for field in [field.name for field in fields(CLASSES[name])] or ["lr"]:
        with pytest.raises(FrozenInstanceError):
            setattr(filled(CLASSES[name], 1), field, 2)


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_are_equal_where_all_they_hold_is(name):
    one, two = filled(CLASSES[name], 1), filled(CLASSES[name], 1)
    assert one == two
    assert len({one, two}) == 1


@pytest.mark.parametrize("name", sorted(set(CLASSES) - VALUES))
def test_results_are_equal_to_themselves_alone(name):
    one, two = (filled(CLASSES[name], np.ones(2)) for _ in range(2))
    assert one == one  # noqa: PLR0124
    assert one != two
    assert len({one, two}) == 2


def test_the_name_of_an_entry_has_no_dictionary_of_its_own():
    """There is one for each number of theta."""
    assert not hasattr(Entry(0, "W", 1, 0, 0), "__dict__")
