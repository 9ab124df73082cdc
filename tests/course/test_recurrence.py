"""The stepper of a recurrence: its numbers against the machine's, its words, its limits."""

import numpy as np
import pytest

from pybackprop.course import steppers
from pybackprop.course.rhyme import WHO_DID, verses
from pybackprop.course.steppers.recurrence import recurrence_frames
from pybackprop.graph import Node, gradient

P = {"w": 1.5, "u": -0.8, "b": 0.2}
X, Y, START = [0.5, -1.0, 2.0, 0.3], [0.1, 0.4, -0.2, 1.0], 0.6


def on_a_tape():
    """Return the adjoints of w, u, b, the first state, and the sums z_1, z_2, ..."""
    tape = []
    w, u, b, h = (Node(tape, value) for value in (*P.values(), START))
    first, sums, C = h, [], 0.0
    for x, y in zip(X, Y, strict=True):
        sums.append(w * x + u * h + b)
        h = np.tanh(sums[-1])
        C = C + (h - y) ** 2 / 2
    return gradient(C, [w, u, b, first, *sums])


def test_the_last_frame_has_the_machines_gradients_and_deltas(read):
    frames = recurrence_frames(P, X, Y, START)
    w, u, b, first, *deltas = on_a_tape()
    last = frames[-1]
    for name, value in {"w": w, "u": u, "b": b}.items():
        assert np.isclose(read.number(last[name]), value, rtol=1e-3)
    for t, delta in enumerate(deltas, start=1):
        assert np.isclose(read.number(last[f"d{t}"]), delta, rtol=1e-3)
    assert last["say"].endswith(f"{first:.4g}.".replace("-", "−"))


def test_the_shares_of_the_times_add_up(read):
    last = recurrence_frames(P, X, Y, START)[-1]
    for name in "wub":
        shares = [read.number(last[f"{name}{t}"]) for t in range(1, 5)]
        assert np.isclose(sum(shares), read.number(last[name]), atol=2e-3)


def test_forward_comes_first_and_delta_walks_from_the_last_time_to_the_first():
    said = [frame["say"].partition(":")[0].partition(".")[0] for frame in frames_of_four()]
    assert said[1:5] == ["Time 1", "Time 2", "Time 3", "Time 4"]
    back = ["Time 4", "Time 4 adds its share", "Time 3", "Time 3 adds its share"]
    assert said[6:10] == back
    assert len(said) == 1 + 4 + 1 + 8 + 1


def frames_of_four():
    return recurrence_frames(P, X, Y, START)


def test_the_last_time_gets_nothing_from_later():
    frames = frames_of_four()
    assert "nothing comes from later" in frames[6]["say"]
    assert "from time 4 comes" in frames[8]["say"]


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ([], [], ValueError, "x has 0 times and y has 0"),
        ([1.0], [1.0, 2.0], ValueError, "x has 1 times and y has 2"),
        ([0.0] * 6, [0.0] * 6, ValueError, "from 1 to 5"),
        (["a"], [1.0], TypeError, r"x\[0\]"),
        ([float("nan")], [1.0], ValueError, "finite numbers only"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(x, y, error, message):
    with pytest.raises(error, match=message):
        steppers.recurrence_stepper(1.0, 0.5, 0.0, x, y)


def test_each_verse_of_the_rhyme_is_the_one_before_it_and_a_line():
    sung = verses()
    assert len(sung) == 1 + len(WHO_DID)
    for before, verse in zip(sung, sung[1:], strict=False):
        assert verse.endswith(before.removeprefix("This is "))
        assert verse.count("\n") == before.count("\n") + 1
