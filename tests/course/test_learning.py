"""The stepper of the first page: a border that is learned, as the history has it."""

import first_page
import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.numbers.kinds import moons
from pybackprop.course.stage.stepper import content_at


@pytest.fixture(scope="module")
def part():
    return first_page.learning()


def test_frames_show_losses_and_points_of_the_run(part):
    (run,) = part.data["runs"]
    X, Y = moons()
    for frame, t in enumerate(run["cols"]["t"]):
        if frame not in (0, 1, 20, 40, run["n"] - 1):
            continue
        now = pb.Network([2, 6, 1], "tanh", output="sigmoid", loss="bce", rng=1)
        for _ in range(t):
            now.params.theta[:] -= pb.backprop(now, X, Y).grad.theta
        assert run["cols"]["C"][frame] == pytest.approx(pb.evaluate(now, X, Y), rel=6e-3)
        right = int(((pb.predict(now, X) > 0.5) == Y).sum())
        assert run["cols"]["right"][frame] == right
        assert f"{right} of 60 points lie on their side" in content_at(run["cols"], "say", frame)
        assert "{" not in content_at(run["cols"], "say", frame)


def test_it_begins_wrong_and_ends_right_each_step_down(part):
    (run,) = part.data["runs"]
    right, losses = run["cols"]["right"], run["cols"]["C"]
    assert right[0] < 20
    assert right[-1] == 60
    assert (np.diff(losses) <= 0).all()
    assert part.data["plays"]


@pytest.mark.parametrize("sizes", [(3, 2, 1), (2, 3, 2)])
def test_another_shape_is_refused_with_a_stepper_that_takes_it(sizes):
    net = pb.Network(sizes, rng=0)
    X, Y = np.eye(2, sizes[0]), np.eye(2, sizes[-1])
    history = pb.train(net, X, Y, optimizer=pb.SGD(0.1), epochs=2, record=True)
    with pytest.raises(ValueError, match=f"{sizes[0]} inputs and {sizes[-1]} outputs"):
        steppers.learning_stepper(history)
    assert steppers.training_stepper(history)
