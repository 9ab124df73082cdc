"""A place in a reader's own program is told where one change there makes all of it right."""

import linecache

import numpy as np
import pytest

from pybackprop.course.exercises import EXERCISES, judge
from pybackprop.course.exercises.on_the_way import first_to_differ
from pybackprop.course.exercises.repairs import PROGRAMS, in_order, repair
from pybackprop.course.exercises.variations import source_of

STEP, PASS = EXERCISES["03-backward_step"], EXERCISES["06-train_once"]


def written(text, place="<reader>"):
    """Return the function that a reader wrote, whose text can be looked at."""
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    scope = {"np": np}
    exec(compile(text, place, "exec"), scope)
    return next(value for name, value in reversed(scope.items()) if callable(value))


def told(line, item=STEP):
    """Return name and message of the verdict on a program that ends in a line."""
    text = f"{item.head.removesuffix('...')}a = 1 / (1 + np.exp(-z))\n    {line}"
    verdict = judge(item, written(text))
    assert not verdict
    return verdict.mistake, verdict.message.split("\n")[0]


@pytest.mark.parametrize(
    ("line", "name", "message"),
    [
        (
            "return -(delta @ W) * a * (1 - a)",
            "a sign",
            "look at -(delta @ W). Its sign is wrong.",
        ),
        (
            "return delta * a * (1 - a) @ W",
            "an order",
            "look at delta * a * (1 - a) @ W. Two things in it have changed places.",
        ),
        (
            "return 2 * delta @ W * a * (1 - a)",
            "a factor",
            "look at 2 * delta @ W. Something in it is too many.",
        ),
        (
            "return delta @ W * delta.shape[1] * a * (1 - a)",
            "a factor",
            "Something in it is too many.",
        ),
        ("return delta @ W / a / (1 - a)", "an operation", "The same at 2 places."),
        ("return (delta @ W).T * a * (1 - a)", "a transpose", "a transpose too many"),
        (
            "a = np.tanh(z)\n    return delta @ W * a * (1 - a)",
            "a function",
            "that the activation?",
        ),
        ("return (delta @ W * a * (1 - a)).mean(axis=1)", "a function", "Is mean right there?"),
        ("return delta @ W * a * (1 - z)", "a name", "Is z the right quantity there?"),
    ],
)
def test_the_place_is_told(line, name, message):
    found, said = told(line)
    assert said.startswith("one change makes your program right: look at ")
    assert found == name, said
    assert message in said


@pytest.mark.parametrize(
    "line",
    [
        "return delta @ W * np.cos(z)",
        "return np.random.default_rng(0).normal(size=z.shape)",
        "return z",
    ],
)
def test_where_more_than_one_thing_is_wrong_no_place_is_told(line):
    assert "one change" not in told(line)[1]


def test_the_slope_of_another_activation_is_told():
    item = EXERCISES["13-deltas_in_time"]
    text = """def deltas_in_time(g, h, U):
    delta, later = np.zeros_like(h), np.zeros(h.shape[1])
    for t in reversed(range(len(h))):
        delta[t] = (g[t] + later @ U) * h[t] * (1 - h[t])
        later = delta[t]
    return delta
"""
    verdict = judge(item, written(text))
    assert verdict.mistake == "a function"
    assert verdict.message.endswith("It is the slope of another activation.")


def test_a_program_that_does_more_than_compute_is_left_alone():
    tried = []

    def accepts(program):
        tried.append(program)
        return False

    for body in ("open('x', 'w'); return 1", "import os; return 1", "global y; y = 1; return 1"):
        assert repair(written(f"def f(x):\n    {body}"), accepts) is None
    assert tried == []
    assert repair(np.sin, accepts) is None
    assert repair(written("def f(x):\n    return x + 1"), accepts) is None
    assert 10 < len(tried) <= PROGRAMS


def test_a_search_ends_though_changed_programs_loop_forever(capsys):
    program = written(
        "def f(n):\n    while n > 0:\n        print(n)\n        n = n - 1\n    return 7"
    )

    def accepts(changed):
        changed(3)
        return False

    assert repair(program, accepts) is None
    assert capsys.readouterr().out == ""


def test_no_change_is_the_program_itself():
    tree = source_of(written("def f(a, b):\n    return a * (1 - a) + b * (a - b)"))
    for changed in in_order(tree):
        assert all(old is not new for old, new, *_ in changed)


# The first value that is not right


def differs(text, item=PASS):
    return first_to_differ(written(text), item.solution, item.fixed_cases()[1], item.tolerance)


BEGIN = """def train_once(W1, b1, W2, b2, x, y, lr):
    a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
"""


def test_the_first_value_that_differs_is_told_by_its_name():
    wrong = f"{BEGIN}    delta2 = (a2 - y) ** 3\n    delta1 = delta2.sum() * a1\n    return delta1"
    assert differs(wrong) == (["a1", "a2"], "delta2 = (a2 - y) ** 3")
    said = judge(PASS, written(wrong)).message
    assert "Right so far: a1, a2. Then look at delta2 = (a2 - y) ** 3." in said


def test_where_all_values_agree_what_comes_after_is_looked_at():
    assert differs(f"{BEGIN}    delta2 = a2 - y\n    return 0") == (["a1", "a2", "delta2"], "")


@pytest.mark.parametrize(
    "text",
    [
        "def f(W1, b1, W2, b2, x, y, lr):\n    a1 = W1 @ x\n    return a1",  # none before agrees
        "def f(W1, b1, W2, b2, x, y, lr):\n    h = W1 @ x\n    return h",  # another name
        f"{BEGIN}    delta2 = (a2 - y)[:, None]\n    return delta2",  # another shape
        "def f(W1, b1, W2, b2, x, y, lr):\n    raise ValueError",
    ],
)
def test_where_names_do_not_speak_nothing_is_said(text):
    assert differs(text) is None


def test_a_name_with_several_values_is_no_witness():
    text = BEGIN + "    for k in range(2):\n        delta2 = a2 * k\n    return delta2"
    assert differs(text) == (["a1", "a2"], "")
    filled = BEGIN + "    delta2 = np.zeros_like(a2)\n    delta2[0] = 1\n    return delta2"
    assert differs(filled) == (["a1", "a2"], "")
