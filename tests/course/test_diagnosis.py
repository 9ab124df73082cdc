"""Planted errors are told rightly, in every shape and for every input; right answers never."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybackprop.course.exercises import EXERCISES, Code, judge
from pybackprop.course.exercises.checking import results_of
from pybackprop.course.exercises.diagnosis import diagnose, times
from pybackprop.course.exercises.values import taken_in

TOLERANCE = 1e-8


def inputs(seed, square=False):
    """Return inputs of several sizes, with no two of them equal and nothing near 0 or 1."""
    rng = np.random.default_rng(seed)
    sizes = [(3, 3), (4, 4), (5, 5)] if square else [(3, 4), (5, 2), (2, 6)]
    found = []
    for k, size in enumerate(sizes):
        numbers = rng.permutation(np.linspace(1.3, 4.1, size[0] * size[1])) + 0.1 * rng.uniform()
        signs = np.where(np.arange(numbers.size) % 2, 1.0, -1.0)
        found.append(
            {
                "X": (numbers * rng.permutation(signs)).reshape(size),
                "b": rng.uniform(1.2, 2.0, size=size[1]),
                "lr": 0.11 + 0.07 * k + 0.01 * rng.uniform(),
            }
        )
    return found


def right(x):
    """The right answer: some function of X."""
    return x["X"] + 0.25 * np.sign(x["X"]) * x["X"] ** 2


def at(y, places, value=7.77):
    y = y.copy()
    y[places] = y[places] + value
    return y


PLANTED = {  # name of the way -> wrong answers, of the right one y and the inputs x
    "sign": [lambda y, x: -y],
    "factor": [
        lambda y, x: 2 * y,
        lambda y, x: y / 2,
        lambda y, x: -3 * y,
        lambda y, x: 0.3719 * y,
        lambda y, x: y / np.log(2),
    ],
    "zero": [lambda y, x: 0 * y],
    "size": [
        lambda y, x: y * len(y),
        lambda y, x: y / len(y),
        lambda y, x: y * y.shape[1],
        lambda y, x: y / y.shape[1],
    ],
    "transposed": [lambda y, x: y.T],
    "shape": [lambda y, x: y[None], lambda y, x: y.ravel(), lambda y, x: y[..., None]],
    "axis": [
        lambda y, x: y.sum(axis=0),
        lambda y, x: y.sum(axis=1, keepdims=True),
        lambda y, x: y.mean(axis=1),
        lambda y, x: y.sum(),
        lambda y, x: y / y.sum(axis=1, keepdims=True),
        lambda y, x: y / y.sum(axis=0),
        lambda y, x: y - y.mean(axis=0),
        lambda y, x: y - y.max(axis=1, keepdims=True),
    ],
    "term": [
        lambda y, x: y + x["b"],
        lambda y, x: y - x["b"],
        lambda y, x: y - 2 * x["lr"],
        lambda y, x: y + x["X"],
    ],
    "product": [
        lambda y, x: y * x["b"],
        lambda y, x: y / x["b"],
        lambda y, x: y * x["lr"],
        lambda y, x: y / x["lr"],
        lambda y, x: y * (1 - x["X"]),
    ],
    "argument": [lambda y, x: x["X"]],
    "order": [
        lambda y, x: y[::-1],
        lambda y, x: np.roll(y, 1, axis=0),
        lambda y, x: np.sort(y, axis=1),
    ],
    "absolute value": [lambda y, x: abs(y)],
    "complement": [lambda y, x: 1 - y],
    "reciprocal": [lambda y, x: 1 / y],
    "square": [lambda y, x: y**2],
    "exponential": [lambda y, x: np.exp(y)],
    "clipped": [lambda y, x: np.maximum(y, 0)],
    "whole numbers": [lambda y, x: y.astype(int)],
    "shift": [lambda y, x: y + 1, lambda y, x: y - 0.123],
    "entries": [
        lambda y, x: at(y, (0, 0)),
        lambda y, x: at(y, (-1, -1)),
        lambda y, x: at(y, (1, 1)),
        lambda y, x: at(y, (slice(1, None),), np.arange(1, y.shape[1] + 1) ** 2),
        lambda y, x: at(y, (1,), np.arange(1, y.shape[1] + 1) ** 2),
        lambda y, x: at(y, (slice(None), 1), np.arange(1, len(y) + 1) ** 2),
        lambda y, x: np.where(y < 0, np.cos(y), y),
    ],
    "near": [lambda y, x: y * (1 + 1e-4 * np.cos(7 * y))],
    "not finite": [lambda y, x: np.log(y), lambda y, x: at(y, (0, 0), np.inf)],
}
ERRORS = [
    pytest.param(name, wrong, id=f"{name}-{k}")
    for name, errors in PLANTED.items()
    for k, wrong in enumerate(errors)
]


def told(wrong, seed, wrap=lambda y: y, square=False):
    """Return the diagnosis of a planted error."""
    cases = inputs(seed, square)
    expected = [right(x) for x in cases]
    with np.errstate(all="ignore"):
        given = [wrong(y, x) for y, x in zip(expected, cases, strict=True)]
    return diagnose([wrap(y) for y in given], [wrap(y) for y in expected], cases, TOLERANCE)


@pytest.mark.parametrize(("name", "wrong"), ERRORS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_planted_error_is_told(name, wrong, seed):
    way = told(wrong, seed)
    assert way is not None
    assert way.name == name
    assert way.message.endswith((".", "?"))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_square_matrix_is_told_to_be_transposed_or_wrong_on_its_diagonal(seed):
    assert told(lambda y, x: y.T, seed, square=True).name == "transposed"
    only = told(lambda y, x: y - np.diag(np.diag(y)), seed, square=True)
    assert only.message == "it is wrong on the diagonal only."
    diagonal = told(lambda y, x: np.diag(np.diag(y)), seed, square=True)
    assert diagonal.message == "it is right on the diagonal only."


@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["array", "tuple", "dict", "list"]))
@settings(max_examples=100, deadline=None)
def test_a_right_answer_is_never_diagnosed(seed, kind):
    wrap = {
        "array": lambda y: y,
        "tuple": lambda y: (y, y.sum()),
        "dict": lambda y: {"W": y, 2: y[0]},
        "list": lambda y: [(y, y[:, 0]), (y, y[0])],
    }[kind]
    assert told(lambda y, x: y.copy(), seed, wrap) is None
    assert told(lambda y, x: y * (1 + 1e-13), seed, wrap) is None


@given(seed=st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_noise_is_never_diagnosed(seed):
    rng = np.random.default_rng(seed)
    assert told(lambda y, x: rng.normal(size=y.shape), seed) is None


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_part_that_is_off_is_named(seed):
    cases = inputs(seed)
    expected = [(right(x), x["b"] ** 2) for x in cases]
    one = diagnose([(y, -z) for y, z in expected], expected, cases, TOLERANCE)
    assert one.message == "result 1 is right. result 2: the sign is wrong."
    both = diagnose([(-y, -z) for y, z in expected], expected, cases, TOLERANCE)
    assert both.message == "the sign is wrong."
    two = diagnose([(2 * y, -z) for y, z in expected], expected, cases, TOLERANCE)
    assert two.message == ("result 1: it is twice what it should be. result 2: the sign is wrong.")
    swapped = diagnose([(z, y) for y, z in expected], expected, cases, TOLERANCE)
    assert swapped.name == "order of results"
    unknown = diagnose([(y, np.cos(z)) for y, z in expected], expected, cases, TOLERANCE)
    assert unknown.message == "result 1 is right. result 2: the values differ."


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_what_is_wrong_on_some_inputs_only_says_so(seed):
    cases = inputs(seed)
    expected = [right(x) for x in cases]
    given_ = [expected[0], *(-y for y in expected[1:])]
    way = diagnose(given_, expected, cases, TOLERANCE)
    assert way.message == "on some inputs it is right; on the others the sign is wrong."


@pytest.mark.parametrize("given_", [None, "text", [1, 2], {"a": 1}, 3j, taken_in(object())])
def test_what_is_no_such_result_is_left_to_others(given_):
    cases = inputs(0)
    expected = [right(x) for x in cases]
    assert diagnose([given_] * 3, expected, cases, TOLERANCE) is None


def test_a_factor_in_words():
    assert times(1 / 3) == "1/3 times"
    assert times(-2.0) == "−2 times"
    assert times(0.37123) == "0.3712 times"


# On the exercises

CODES = [item for item in EXERCISES.values() if isinstance(item, Code)]
ON_TOP = {
    "sign": lambda value: -value,
    "factor": lambda value: 3 * value,
}


def changed(value, how):
    """Return a result with each of its numbers changed."""
    if isinstance(value, tuple | list):
        return [changed(part, how) for part in value]
    if isinstance(value, dict):
        return {key: changed(part, how) for key, part in value.items()}
    return how(np.asarray(value, float))


@pytest.mark.parametrize("item", CODES, ids=lambda item: item.id)
@pytest.mark.parametrize("name", ON_TOP)
def test_an_answer_of_the_course_that_is_off_learns_how(item, name):
    if item.id == "07-wrong_entries":
        pytest.skip("its answers are booleans")
    verdict = judge(item, lambda *case: changed(item.solution(*case), ON_TOP[name]))
    assert verdict.way == name or verdict.mistake, verdict
    assert not verdict


@pytest.mark.slow
@pytest.mark.parametrize("item", CODES, ids=lambda item: item.id)
def test_two_mistakes_at_once_are_both_told(item):
    cases = item.fixed_cases()
    told_, made = 0, 0
    for k, one in enumerate(item.mistakes):
        for other in item.mistakes[:k]:
            program = item.program(other, one)
            if program and results_of(program, cases) is not None:
                made += 1
                verdict = judge(item, program)
                assert not verdict
                told_ += verdict.status == "mistake"
    assert told_ == made
    assert made or not item.made_of
