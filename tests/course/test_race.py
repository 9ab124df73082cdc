"""The optimizer race: walks against the optimizers, and what leaves the picture."""

import re

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.drawing import Chart
from pybackprop.course.stage.stepper import value_at
from pybackprop.course.steppers import race
from pybackprop.optimizers import SGD


def test_the_race_walks_as_the_optimizers_do():
    surface = race.SURFACES["curved valley"]
    for make in race.RACERS.values():
        way = race.walk(surface, make(0.02), 5)
        theta, optimizer = np.array(surface.start), make(0.02)
        for step in range(6):
            assert [way["x"][step], way["y"][step]] == theta.tolist()
            assert way["f"][step] == surface.f(*theta)
            optimizer.update(theta, np.array(surface.gradient(*theta)))


def test_momentum_and_adam_have_a_velocity():
    run = race.race_columns(race.SURFACES["long bowl"], 0.05, 3)
    assert [isinstance(run[f"v{k}"], list) for k in range(5)] == [False, True, False, True, True]
    assert run["v1"][1] == pytest.approx(np.hypot(3.5, 24), rel=1e-2)  # u = the first gradient


@pytest.mark.parametrize("surface", race.SURFACES.values(), ids=race.SURFACES)
def test_surfaces_have_their_gradients_and_lowest_points(surface):
    for point in np.random.default_rng(0).uniform(-1, 1, (5, 2)):
        numerical = pb.numerical_gradient(lambda t: surface.f(*t), point, "complex")
        assert np.allclose(surface.gradient(*point), numerical, rtol=1e-12)
    assert np.allclose(surface.gradient(*surface.lowest), 0)
    grid = np.meshgrid(np.linspace(*surface.x, 101), np.linspace(*surface.y, 101))
    assert surface.f(*grid).min() >= surface.f(*surface.lowest)


def test_a_diverging_racer_is_named():
    run = race.race_columns(race.SURFACES["long bowl"], 0.5, 40)
    assert run["x0"][-1] is None
    assert "SGD and momentum diverged" in run["lead"][-1]
    quiet = race.race_columns(race.SURFACES["long bowl"], 0.05, 40)["lead"]
    assert not any("diverged" in text or "left the picture" in text for text in quiet)


def test_a_line_ends_where_it_leaves_the_picture_for_good():
    surface = race.SURFACES["long bowl"]
    run = race.race_columns(surface, 0.2, 35)
    assert abs(run["y0"][1]) > 2  # SGD is outside with its first step
    assert run["h0"] == [*race.decimals(race.walk(surface, SGD(0.2), 1)["x"], 3), *[None] * 34]
    assert "SGD" in run["lead"][1]
    assert "left the picture" in run["lead"][1]


@pytest.mark.parametrize("lr", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("name", race.SURFACES)
def test_lines_are_whole_and_inside_the_picture(name, lr):
    """But for those of the racers that leave it for good."""
    surface = race.SURFACES[name]
    run, whole = race.race_columns(surface, lr, 35), 0
    for k in range(5):
        x, y = ([value_at(run[f"{axis}{k}"], t) for t in range(36)] for axis in "hk")
        if None not in x:
            assert not any(map(race.outside, [surface] * 36, x, y))
            assert np.abs(np.array(x) - run[f"x{k}"]).max() < 0.006
            whole += 1
    assert whole >= 3


@pytest.mark.parametrize("name", race.SURFACES)
def test_level_lines_are_whole_and_smooth(name):
    """Each point of a line has its height, lines turn gently, and closed ones are closed."""
    surface = race.SURFACES[name]
    chart = Chart(30, 10, 360, 250, surface.x, surface.y)
    lines = re.findall(r"M([^Mz]*)(z?)", race.contours(surface, chart).attributes["d"])
    assert len(lines) >= len(surface.levels)
    for path, closed in lines:
        numbers = np.array([int(n) for n in re.findall(r"-?\d+", path)]).reshape(-1, 2)
        points = numbers.cumsum(axis=0) / 10
        x = surface.x[0] + (points[:, 0] - chart.left) / chart.width * np.ptp(surface.x)
        y = surface.y[1] - (points[:, 1] - chart.top) / chart.height * np.ptp(surface.y)
        off = surface.f(x, y)[:, None] - np.array(surface.levels)
        slope = np.hypot(*surface.gradient(x, y))
        # Half a pixel of the picture beside the line, measured across it.
        assert (np.abs(off).min(axis=1) <= 0.01 * slope + 0.01).all()
        rim = min(
            np.abs(points[[0, -1]] - [chart.left, chart.top]).min(),
            np.abs(points[[0, -1]] - [chart.left + chart.width, chart.top + chart.height]).min(),
        )
        assert closed or rim < 0.2


def test_the_live_race_takes_any_learning_rate():
    part = steppers.optimizer_race(steps=5)
    surface, lr, _, widget = part.live.children
    surface.value, lr.value = "saddle", 0.1
    assert widget.data == dict(steppers.optimizer_race(["saddle"], 0.1, steps=5).data)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"surfaces": ["hill"]}, ValueError, "no surface 'hill'; the surfaces are long bowl"),
        ({"surfaces": []}, ValueError, r"surfaces is \[\]; give a list of at least one of long"),
        ({"surfaces": "saddle"}, ValueError, "surfaces is 'saddle'; give a list"),
        ({"lr": 0.0}, ValueError, "lr is 0.0; the learning rate must be a positive number"),
        ({"lr": -1.0}, ValueError, "lr is -1.0; the learning rate"),
        ({"lr": [0.1, float("nan")]}, ValueError, "lr is nan; the learning rate"),
        ({"lr": []}, ValueError, "lr is empty; give a learning rate"),
        ({"steps": 0}, ValueError, "steps is 0; a race takes 1 to 1999"),
        ({"steps": 2000}, ValueError, "steps is 2000; a race takes 1 to 1999"),
        ({"steps": 2.5}, TypeError, "steps is 2.5; a race takes a whole number"),
        ({"steps": True}, TypeError, "steps is True; a race takes a whole number"),
    ],
)
def test_what_cannot_be_raced_says_why(given, error, message):
    with pytest.raises(error, match=message):
        steppers.optimizer_race(**given)
