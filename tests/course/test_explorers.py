"""The explorers: curves, slopes and errors against the package's."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import rounded
from pybackprop.course.steppers import explorers

Z = np.linspace(-6, 6, 121).round(1)


@pytest.mark.parametrize("name", explorers.ELEMENTWISE)
def test_activation_explorer_holds_the_packages_curves(read, name):
    phi = pb.ACTIVATIONS[name]
    run = explorers.activation_columns(phi)
    a = phi(Z)
    assert run["a"] == read.shown(a)
    assert run["d"] == read.shown(phi.derivative(Z, a) * np.ones(121))


def test_every_elementwise_activation_has_a_curve():
    elementwise = {name for name, phi in pb.ACTIVATIONS.items() if phi.mixing is None}
    assert set(explorers.ELEMENTWISE) == elementwise


def test_saturation_is_named():
    def moods(name):
        return explorers.activation_columns(pb.ACTIVATIONS[name])["mood"]

    assert "saturated" in moods("sigmoid")[0]
    assert "0.25 of a gradient, never more" in moods("sigmoid")[60]
    assert "passes well" in moods("tanh")[60]
    assert "No gradient" in moods("relu")[0]


@pytest.mark.parametrize("name", explorers.SHOWN_LOSSES)
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_loss_explorer_holds_the_slopes_of_its_curves(name, y):
    run = explorers.loss_columns(pb.LOSSES[name], y)
    a = pb.ACTIVATIONS["sigmoid"](Z)
    slope = np.gradient(run["C"], Z)
    assert np.allclose(run["dz"][1:-1], slope[1:-1], atol=0.02)
    assert np.allclose(run["dz"], np.array(run["da"]) * a * (1 - a), rtol=2e-3, atol=1e-4)


def test_the_scale_of_a_loss_suits_its_curves():
    half_sse, bce = (explorers.loss_columns(pb.LOSSES[n], 1.0) for n in ("half_sse", "bce"))
    assert explorers.limit(half_sse["C"] + half_sse["dz"]) == 0.5
    assert explorers.limit(half_sse["C"] + half_sse["da"]) == 1
    assert max(bce["C"]) > explorers.limit(bce["C"]) == 2


def test_gradient_check_shows_the_checks_own_errors():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.gradient_check_stepper(net, [[0.5, 1.0]], [[1.0]])
    (run,) = part.data["runs"]
    for frame, h in ((52, 1e-3), (40, 1e-6)):
        report = pb.check_gradient(net, [[0.5, 1.0]], [[1.0]], h=h)
        assert run["cols"]["h"][frame] == h
        assert run["cols"]["c64"][frame] == rounded(report.max_relative_error, 3)
    assert min(run["cols"]["c64"]) < 1e-8
    assert run["cols"]["c64"][0] > 1e-2  # from the smallest step to the largest, as the axis runs
    assert run["cols"]["c64"][-1] > 1e-4
    assert min(run["cols"]["c32"]) > 1e-6
    assert min(run["cols"]["i64"]) < 1e-13


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="no curve for 'softmax'; the explorer shows sigmoid"):
        steppers.activation_explorer(["softmax"])
    with pytest.raises(ValueError, match="no curve for 'softmax': it mixes the entries"):
        steppers.activation_explorer([pb.ACTIVATIONS["softmax"]])
    with pytest.raises(ValueError, match="no curve for 'hinge'; the explorer shows half_sse"):
        steppers.loss_explorer(["hinge"])
    with pytest.raises(ValueError, match="cross_entropy is not for sigmoid outputs"):
        steppers.loss_explorer([pb.LOSSES["cross_entropy"]])
    for explore in (steppers.activation_explorer, steppers.loss_explorer):
        with pytest.raises(ValueError, match="names is empty"):
            explore([])
        with pytest.raises(ValueError, match="names is one name, 'tanh'; give a list"):
            explore("tanh")
