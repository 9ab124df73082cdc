"""The stepper of a tape: its adjoints against the machine's, its words, its limits."""

import numpy as np
import pytest

from pybackprop.course import steppers
from pybackprop.course.steppers.graph import graph_frames
from pybackprop.graph import Node, gradient


def neuron():
    tape = []
    x, w = Node(tape, 2.0), Node(tape, 0.5)
    return (np.tanh(w * x) + x) ** 2, {"x": x, "w": w}


def test_values_and_adjoints_are_the_machines(read):
    y, names = neuron()
    frames = graph_frames(y, {line.index: name for name, line in names.items()})
    tape = y.tape
    adjoints = gradient(y, tape)
    last = frames[-1]
    for line, adjoint in zip(tape, adjoints, strict=True):
        assert np.isclose(read.number(last[f"a{line.index}"]), line.value, rtol=1e-3)
        shown = last[f"u{line.index}"].removeprefix("δ ")
        assert np.isclose(read.number(shown), adjoint, rtol=1e-3)


def test_each_line_comes_forward_once_and_each_operation_back_once():
    y, names = neuron()
    frames = graph_frames(y, {})
    made = sum(line.operation is not None for line in y.tape)
    assert len(frames) == len(y.tape) + 1 + made + 1
    assert [frame["say"][:6] for frame in frames[: len(y.tape)]] == [
        f"Line {i}" for i in range(len(y.tape))
    ]


def test_where_ways_meet_the_sentence_says_that_they_add():
    x = Node([], 3.0)
    frames = graph_frames(x * 2.0 + x, {0: "x"})
    (met,) = [frame for frame in frames if "adds to what was there" in frame["say"]]
    assert "For x it adds" in met["say"]


def test_an_unused_line_gets_nothing():
    tape = []
    x = Node(tape, 3.0)
    np.exp(x)
    frames = graph_frames(x * 2.0, {})
    assert any("nothing comes back" in frame["say"] for frame in frames)
    assert gradient(tape[-1], [x])[0] == 2.0


def test_arrays_show_their_shape():
    W = Node([], np.ones((3, 4)))
    part = steppers.graph_stepper(np.sum(W @ np.ones(4)), {"W": W})
    assert "3×4" in part.poster
    assert "12 numbers" not in part.poster or "3×4 numbers" in part.poster


def long_tape(n):
    y = Node([], 1.0)
    for _ in range(n - 1):
        y = y * 0.5
    return y


def test_forty_lines_are_taken_and_no_more():
    assert repr(steppers.graph_stepper(long_tape(40))).endswith("81 steps")
    with pytest.raises(ValueError, match="the tape has 41 lines up to y"):
        steppers.graph_stepper(long_tape(41))


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (3.0, TypeError, "y is a float; give a node of a tape"),
        (Node([], np.ones(2)), ValueError, r"take y.sum\(\)"),
        (Node([], float("inf")) * 1.0, ValueError, "finite numbers only"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(y, error, message):
    with pytest.raises(error, match=message):
        steppers.graph_stepper(y)
