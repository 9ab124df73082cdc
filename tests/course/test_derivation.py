"""The derivation stepper: chains of factors against the gradient."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import columns
from pybackprop.course.steppers.derivation import derivation_frames
from pybackprop.course.steppers.one_example import by_unit


def first(net, letter="W"):
    return next(entry for entry in net.params.entries() if entry.letter == letter)


def test_chains_multiply_to_the_gradient(net, trace_of, read):
    trace = trace_of(net)
    for entry in by_unit(net):
        frames = derivation_frames(net, trace, entry)
        gradient = trace.grad.theta[entry.index]
        assert read.results(frames[-1:]) == read.shown([gradient])
        last = frames[-1]
        products = []
        for row in read.find(last["math"], class_="pb-eq")[1:]:
            chips = read.find(row, class_="pb-factor")
            shown = [read.number(last[chip[1]["data-k"]]) for chip in chips]
            products.append(np.prod(shown))
        assert np.isclose(sum(products), gradient, rtol=5e-3, atol=5e-3 * np.abs(products).sum())


def test_factors_are_asked_for_one_by_one(trace_of, read):
    net = pb.Network([2, 3, 1], rng=0)
    frames = derivation_frames(net, trace_of(net), first(net))
    run = columns(frames)
    values = [[frame[f"f0.{f}"] for f in range(4)] for frame in frames]
    assert [row.count("?") for row in values] == [4, 3, 2, 1, 0, 0]
    now = [one for frame in frames for one in frame["lit"].split() if one.startswith("f")]
    assert now == [f"f0.{f}:delta" for f in range(4)]
    assert len({str(frame["math"]) for frame in frames}) == 1  # only places in it change
    assert run["total"]["at"] == [0, 5]


def test_many_paths_are_folded_into_one_factor(trace_of):
    net = pb.Network([1, 2, 3, 4], "tanh", "identity", "sse", rng=0)
    frames = derivation_frames(net, trace_of(net), first(net))
    assert len(frames) == 5
    assert "what comes back to hidden unit 1 of layer 1" in frames[1]["say"]
    assert "Along 12 paths. What comes back" in frames[0]["say"]


@pytest.mark.parametrize(("loss", "count"), [("bce", 4), ("half_sse", 5)])
def test_a_chain_says_where_two_slopes_are_joined(trace_of, loss, count):
    net = pb.Network([2, 3, 1], loss=loss, rng=0)
    said = derivation_frames(net, trace_of(net), first(net))[0]["say"]
    assert f"Along 1 path: a product of {count} factors." in said
    assert ("joins the slopes" in said) == (count == 4)


def test_several_paths_are_added(trace_of, read):
    net = pb.Network([2, 2, 2], rng=0)
    frames = derivation_frames(net, trace_of(net), first(net))
    assert "Along 2 paths, each a product" in frames[0]["say"]
    assert "on path 2" in frames[-2]["say"]
    assert "Multiplied and added" in frames[-1]["say"]
    assert len(read.find(frames[-1]["total"], tag="p")) == 2


def test_too_many_chains_and_an_unknown_parameter_are_refused():
    net = pb.Network([10, 10, 1], rng=0)
    with pytest.raises(ValueError, match="more than 100 chains to show; backward_stepper takes it"):
        steppers.derivation_stepper(net, np.ones(10), [1.0])
    with pytest.raises(ValueError, match=r"start is 'W\[3\]\[0, 0\]'; the parameters are W\[1\]"):
        steppers.derivation_stepper(
            pb.Network([2, 3, 1], rng=0), [0.5, 1.0], [1.0], start="W[3][0, 0]"
        )


def test_a_click_chooses_the_parameter_it_names():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.derivation_stepper(net, [0.5, 1.0], [1.0], start="b[2][0]")
    (choice,) = part.data["choices"]
    assert choice["options"][choice["start"]].startswith("b[2][0] = ")
    for entry in net.params.entries():
        (option,) = [k for k, text in enumerate(choice["options"]) if text.startswith(f"{entry} =")]
        assert f'data-k="p{entry.index}" data-pick="{option}"' in part.poster
