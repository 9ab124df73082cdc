"""The stepper of a convolution: its numbers against the layer's, its words, its limits."""

import numpy as np
import pytest

from pybackprop.course import steppers
from pybackprop.course.steppers.convolution import convolution_frames
from pybackprop.graph import Node, gradient
from pybackprop.layers import conv1d

CASES = [(5, 3, 1, 0), (5, 3, 2, 1), (4, 2, 3, 2), (6, 1, 1, 0), (3, 5, 1, 1)]


def example(n, k, stride, padding, seed=0):
    rng = np.random.default_rng(seed)
    T = (n + 2 * padding - k) // stride + 1
    x, w, delta = (rng.normal(size=size).round(2) for size in (n, k, T))
    return {"x": x, "w": w, "b": 0.25, "delta": delta, "stride": stride, "padding": padding}


def by_layer(given):
    """z and the three gradients, from the package's own convolution."""
    tape = []
    x = Node(tape, given["x"][None, None])
    w, b = Node(tape, given["w"][None, None]), Node(tape, [given["b"]])
    z = conv1d(x, w, b, given["stride"], given["padding"])
    return z.value[0, 0], [g.ravel() for g in gradient(z, [x, w, b], given["delta"][None, None])]


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_the_layers(case, read):
    given = example(*case)
    last, p = convolution_frames(**given)[-1], given["padding"]
    z, (dx, dw, db) = by_layer(given)
    for name, values in {"z": z, "dw": dw}.items():
        for j, value in enumerate(values):
            assert np.isclose(read.number(last[f"{name}{j}"]), value, rtol=1e-3)
    for i, value in enumerate(dx):
        shown = last[f"dx{i + p}"]
        assert np.isclose(read.number(shown or "0"), value, rtol=1e-3)
    assert np.isclose(read.number(last["db"]), db[0], rtol=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_each_step_back_adds_one_window(case, read):
    given = example(*case)
    frames, T, k = convolution_frames(**given), len(given["delta"]), len(given["w"])
    assert len(frames) == 2 * T + 2
    total = np.zeros(len(given["x"]) + 2 * given["padding"])
    for t in range(T):
        start, frame = given["stride"] * t, frames[T + 1 + t]
        assert frame["at"] == frames[t]["at"] == start
        total[start : start + k] += given["delta"][t] * given["w"]
        for i in range(start, start + k):
            assert np.isclose(read.number(frame[f"dx{i}"]), total[i], rtol=1e-3, atol=1e-9)
        assert f"z{t}:delta" in frame["lit"].split()


def test_where_windows_overlap_the_sentence_says_that_they_add():
    frames = convolution_frames(**example(5, 3, 2, 0))
    assert "x₂ got something before: it adds." in frames[4]["say"]
    assert "before" not in frames[3]["say"]


def test_the_padding_is_left_out_of_the_gradient():
    padded, plain = (convolution_frames(**example(4, 3, 1, p))[-1] for p in (1, 0))
    assert "the zeros of the padding is left out" in padded["say"]
    assert "padding" not in plain["say"]
    assert "x0:" not in padded["lit"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"x": "<script>alert(1)</script>"}, TypeError, "x is a str; give a list of numbers"),
        ({"x": [[1.0]]}, ValueError, r"x has shape \(1, 1\); give a vector"),
        ({"w": []}, ValueError, r"w has shape \(0,\); give a vector of 1 or more"),
        ({"b": np.nan}, ValueError, "b holds NaN or infinity"),
        ({"delta": [1.0]}, ValueError, "delta has 1 numbers; there are 3 windows"),
        ({"stride": 0}, ValueError, "stride is 0; give a whole number from 1 up"),
        ({"padding": 0.5}, ValueError, "padding is 0.5; give a whole number from 0 up"),
        ({"x": np.ones(13)}, ValueError, "x has 13 numbers with its padding"),
        ({"w": np.ones(6)}, ValueError, "takes at most 12 and 5"),
        ({"x": [1.0, 2.0]}, ValueError, "no window fits"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(changes, error, message):
    with pytest.raises(error, match=message):
        steppers.convolution_stepper(**example(5, 3, 1, 0) | changes)
