"""The explorers: curves, slopes and errors against the package's."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import rounded
from pybackprop.course.steppers import explorers
from pybackprop.course.steppers import workers as explorers_of_workers

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


@pytest.mark.parametrize("grows", [False, True])
@pytest.mark.parametrize("link", explorers_of_workers.LINKS.values())
def test_workers_explorer_holds_the_model(link, grows):
    """T(p) = c m / p + 2 (p - 1) (alpha + 8 N / (p beta)), written out here again."""
    c, N, m = 1e-5, 235_146, 512
    run = explorers_of_workers.worker_columns(c, N, m, link, grows)
    alpha, beta = link
    one = c * m
    for k, p in enumerate(explorers_of_workers.WORKERS):
        computing = c * m if grows else c * max(m / p, 1)
        sending = 2 * (p - 1) * alpha + 16 * (p - 1) * N / (p * beta)
        assert run["computing"][k] == pytest.approx(1e3 * computing, rel=1e-2)
        assert run["sending"][k] == pytest.approx(1e3 * sending, rel=1e-2)
        rate = (p if grows else 1) * one / (computing + sending)
        assert run["rate"][k] == pytest.approx(rate, rel=1e-2)
        ideal = p if grows else min(p, m)
        assert run["ideal_log"][k] == pytest.approx(np.log2(ideal), abs=1e-2)
        assert run["mood"][k].startswith("Sending" if sending > computing else "Computing")


@pytest.mark.parametrize("given", [(0.0, 10, 5), (1e-5, 0, 5), (1e-5, 10, 2.5)])
def test_workers_explorer_refuses_what_is_no_size(given):
    with pytest.raises((ValueError, TypeError), match="seconds|numbers|batch"):
        steppers.workers_explorer(*given)
