"""The forward stepper: its frames against the package's numbers."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import num
from pybackprop.course.steppers.forward import WORKED, forward_frames


def test_frames_end_in_the_packages_numbers(net, trace_of, read):
    trace = trace_of(net)
    expected = []
    for l in range(1, net.L + 1):
        z, a = trace.z[l][0], trace.a[l][0]
        softmax = net.phi[l].name == "softmax"
        expected += [*z, *a] if softmax else np.stack([z, a], axis=1).ravel().tolist()
    frames = forward_frames(net, trace)
    assert read.results(frames) == read.shown([*expected, trace.loss])
    assert len(frames) == len(expected) + 2
    last = frames[-1]
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            assert last[f"a{l}.{j}"] == num(trace.a[l][0, j])
            assert last[f"z{l}.{j}"] == num(trace.z[l][0, j])
    assert last["C"] == num(trace.loss)


def test_the_picture_holds_every_parameter_at_its_place(net, trace_of):
    state = forward_frames(net, trace_of(net))[0]
    for entry in net.params.entries():
        value = num(net.params.theta[entry.index])
        assert state[f"p{entry.index}"] == ("b " if entry.letter == "b" else "") + value


def test_a_sum_by_hand(read):
    """The 3-2-1 network of the notes: numbers a reader can follow with pen and paper."""
    net = pb.Network(
        [3, 2, 1],
        loss="sse",
        init={"W": [[[0.2, -0.5, 0.1], [-0.3, 0.4, 0.2]], [[0.5, 0.2]]], "b": [[0.3, -0.1], [0.1]]},
    )
    frames = forward_frames(net, pb.backprop(net, [[2.0, 3.0, -1.0]], [[1.0]]))
    assert [read.plain(line) for line in frames[1]["math"]] == [
        "Hidden unit 1: weighted sum",
        "z[1]1 = w[1]11x1 + w[1]12x2 + w[1]13x3 + b[1]1",
        "= 0.2·2 + (−0.5)·3 + 0.1·(−1) + 0.3",
        "= 0.4 − 1.5 − 0.1 + 0.3",
        "= −0.9",
    ]
    assert read.results(frames)[:4] == [-0.9, 0.2891, 0.3, 0.5744]


LINES = {
    "half_sse": ("½ Σ (a − y)²", "½ ((0.5−1)² + (0.25−0)²)"),
    "sse": ("Σ (a − y)²", "(0.5−1)² + (0.25−0)²"),
    "mse": ("1/n Σ (a − y)²", "1/2 ((0.5−1)² + (0.25−0)²)"),
    "bce": (
        "−Σ [y ln a + (1 − y) ln(1 − a)]",
        "−[1 ln 0.5 + (1 − 1) ln(1 − 0.5) + 0 ln 0.25 + (1 − 0) ln(1 − 0.25)]",
    ),
    "cross_entropy": ("−Σ y ln a", "−[1 ln 0.5 + 0 ln 0.25]"),
}


@pytest.mark.parametrize("name", pb.LOSSES)
def test_every_loss_of_the_package_is_worked_out_in_numbers(read, name):
    letters, numbers = WORKED[pb.LOSSES[name]](np.array([0.5, 0.25]), np.array([1.0, 0.0]))
    assert (read.plain([letters]), read.plain([numbers])) == LINES[name]


def test_sliders_of_the_inputs_remake_the_forward_pass():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.forward_stepper(net, [0.5, 1.0], [1.0])
    first, *_, widget = part.live.children
    first.value = 0.7
    assert widget.data == dict(steppers.forward_stepper(net, [0.7, 1.0], [1.0]).data)


def test_more_than_one_example_and_a_wide_layer_are_refused():
    with pytest.raises(ValueError, match=r"x has 2 examples; .* use x\[:1\]"):
        steppers.forward_stepper(pb.Network([2, 3, 1], rng=0), [[0.5, 1.0], [1.0, 0.0]])
    with pytest.raises(
        ValueError, match="50 nodes; a stepper draws each node and takes at most 12"
    ):
        steppers.forward_stepper(pb.Network([2, 50, 1], rng=0), [0.5, 1.0])
