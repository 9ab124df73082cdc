"""The backward stepper: deltas, gradients, updates and the new loss against the package's."""

import re

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import num
from pybackprop.course.steppers.backward import backward_frames
from pybackprop.course.steppers.forward import forward_frames
from pybackprop.course.steppers.one_example import by_unit

PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def test_frames_end_in_the_packages_numbers(net, trace_of, read):
    trace, lr = trace_of(net), 0.3
    deltas = np.concatenate([trace.delta[l][0] for l in range(net.L, 0, -1)])
    moved = [entry.index for entry in by_unit(net)]
    backward = sorted(by_unit(net), key=lambda entry: -entry.layer)
    gradients = trace.grad.theta[[entry.index for entry in backward]]
    new = net.params.theta - lr * trace.grad.theta
    after = pb.evaluate(net.with_params(new), trace.a[0], trace.y)
    frames = backward_frames(net, trace, lr)
    assert read.results(frames) == read.shown([*deltas, *gradients, *new[moved], after])
    for entry in net.params.entries():
        k = entry.index
        free = f"{entry.letter}[{entry.layer}]" not in net.fixed
        assert frames[-2][f"g{k}"] == (num(trace.grad.theta[k]) if free else "")
        assert frames[-2][f"n{k}"] == (num(new[k]) if free else "")


def test_the_last_step_shows_the_new_forward_pass(net, trace_of):
    """Its numbers stand in the color of new values: none of them may be an old one."""
    trace = trace_of(net)
    last = backward_frames(net, trace, 0.3)[-1]
    new = net.with_params(net.params.theta - 0.3 * trace.grad.theta)
    expected = forward_frames(new, pb.backprop(new, trace.a[0], trace.y))[-1]
    lit = dict(one.split(":") for one in last["lit"].split())
    assert lit["nC"] == "updated"
    assert last["C"] == expected["C"] != num(trace.loss)
    places = [key for key in expected if re.fullmatch(r"[aup][\d.]+|C", key)]
    assert {key: last[key] for key in places} == {key: expected[key] for key in places}


@pytest.mark.parametrize("which", ["forward", "backward"])
def test_every_sum_and_product_shown_adds_up(net, trace_of, read, which):
    """Work out each line of numbers as a reader would and compare it with the bold result."""
    trace, checked = trace_of(net), 0
    frames = forward_frames(net, trace) if which == "forward" else backward_frames(net, trace, 0.3)
    for frame in frames:
        rows = [read.plain(row) for row in read.find(frame["math"], class_="pb-eq")]
        if len(rows) < 2 or not read.find(frame["math"], tag="b"):
            continue
        (result,) = read.results([frame])
        for row in rows[1:-1]:
            sum_text = row.strip("= ").replace("²", "**2").replace("½ ", "0.5*").replace("·", "*")
            sum_text = sum_text.translate(PLAIN).replace("×10", "e")
            sum_text = re.sub(r"([\d)]) \(", r"\1 * (", sum_text)
            if re.fullmatch(r"([-+*/() ]|\d+\.?\d*(e-?\d+)?)+", sum_text):
                assert eval(sum_text) == pytest.approx(result, rel=5e-3, abs=5e-3), (row, result)
                checked += 1
    assert checked >= (2 if which == "forward" else 3) * sum(net.sizes[1:])


def test_the_still_holds_every_number_of_its_frame():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.backward_stepper(net, [0.5, 1.0], [1.0])
    cells = dict(re.findall(r'<td data-t="(.*?)">(.*?)</td>', part.poster))
    trace = pb.backprop(net, [[0.5, 1.0]], [[1.0]])
    expected = {}
    for k, (old, slope) in enumerate(zip(net.params.theta, trace.grad.theta, strict=True)):
        expected |= {f"v{k}": num(old), f"g{k}": num(slope), f"n{k}": num(old - 0.5 * slope)}
    assert cells == expected
    names = re.findall(r"<th scope=\"row\"><code>(.*?)</code>", part.poster)
    assert sorted(names) == sorted(map(str, net.params.entries()))


def test_constant_parameters_are_not_stepped_through(read):
    net = pb.Network([2, 2, 1], bias=False, fixed="W[2]", rng=0)
    part = steppers.backward_stepper(net, [0.5, 1.0], [1.0])
    assert "W[1][0, 1]" in part.poster
    assert "<code>W[2]" not in part.poster
    assert "<code>b" not in part.poster


# Bad input


def test_a_trace_of_another_network_is_refused():
    net, other = pb.Network([2, 3, 1], rng=0), pb.Network([2, 2, 1], rng=0)
    trace = pb.backprop(other, [[0.5, 1.0]], [[1.0]])
    with pytest.raises(ValueError, match="trace is of a 2-2-1 network, not of Network\\(2-3-1"):
        steppers.backward_stepper(net, trace)


def test_a_trace_of_changed_parameters_is_refused():
    net = pb.Network([2, 3, 1], rng=0)
    trace = pb.backprop(net, [[0.5, 1.0]], [[1.0]])
    net.params.theta[0] += 0.1
    with pytest.raises(ValueError, match="other numbers come out. Make a new one"):
        steppers.derivation_stepper(net, trace)


def test_a_trace_of_a_batch_is_refused():
    net = pb.Network([2, 3, 1], rng=0)
    trace = pb.backprop(net, [[0.5, 1.0], [1.0, 0.0]], [[1.0], [0.0]])
    with pytest.raises(
        ValueError, match=r"2 examples; .* use pb.backprop\(net, X\[:1\], Y\[:1\]\)"
    ):
        steppers.backward_stepper(net, trace)


def test_a_trace_with_nan_is_refused():
    net = pb.Network([2, 3, 1], rng=0)
    trace = pb.backprop(net, [[0.5, 1.0]], [[1.0]])
    trace.delta[1][0, 0] = np.nan
    with pytest.raises(ValueError, match="a frame holds nan"):
        steppers.backward_stepper(net, trace)


@pytest.mark.parametrize("lr", [-1, 0, 0.0, float("nan"), float("inf"), [0.5, 0], [], "0.1", None])
def test_a_rate_that_is_no_positive_number_is_refused(lr):
    net = pb.Network([2, 3, 1], rng=0)
    with pytest.raises(ValueError, match="lr is .*; (the learning rate must be|give a learning)"):
        steppers.backward_stepper(net, [0.5, 1.0], [1.0], lr=lr)


def test_a_missing_target_is_named():
    with pytest.raises(ValueError, match="y is missing"):
        steppers.backward_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0])
