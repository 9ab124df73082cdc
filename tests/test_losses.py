import math

import numpy as np
import pytest

from pybackprop.activations import ACTIVATIONS
from pybackprop.losses import FUSED, LOSSES, check_targets, get_loss, objective

rng = np.random.default_rng(0)
A = rng.uniform(0.05, 0.95, (4, 3))
A_ROWS = A / A.sum(axis=1, keepdims=True)
Y = rng.uniform(0.05, 0.95, (4, 3))
Y_ROWS = Y / Y.sum(axis=1, keepdims=True)


def by_hand(term, scale):
    """Sum a term over all entries in Python floats, times a scale."""
    return lambda a, y: (
        scale(a) * math.fsum(term(p, t) for p, t in zip(a.flat, y.flat, strict=True))
    )


BY_HAND = {
    "half_sse": by_hand(lambda p, t: (p - t) ** 2, lambda a: 1 / (2 * len(a))),
    "sse": by_hand(lambda p, t: (p - t) ** 2, lambda a: 1 / len(a)),
    "mse": by_hand(lambda p, t: (p - t) ** 2, lambda a: 1 / a.size),
    "bce": by_hand(lambda p, t: -t * math.log(p) - (1 - t) * math.log(1 - p), lambda a: 1 / len(a)),
    "cross_entropy": by_hand(lambda p, t: -t * math.log(p), lambda a: 1 / len(a)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_values(name):
    assert LOSSES[name].value(A_ROWS, Y_ROWS) == pytest.approx(
        BY_HAND[name](A_ROWS, Y_ROWS), rel=1e-14
    )


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_agree_with_the_complex_step(name):
    loss = LOSSES[name]
    for i in np.ndindex(A.shape):
        shifted = A.astype(complex)
        shifted[i] += 1e-30j
        slope = loss.value(shifted, Y).imag / 1e-30
        assert loss.gradient(A, Y)[i] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize(("activation", "name"), FUSED)
def test_fused_and_general_path_agree(activation, name):
    phi, loss = ACTIVATIONS[activation], LOSSES[name]
    z = rng.normal(size=(6, 4))
    y = ACTIVATIONS["softmax"](rng.normal(size=(6, 4)))
    a = phi(z)
    fused, general = objective(loss, phi), objective(loss, phi, fused=False)
    assert fused is not general
    np.testing.assert_allclose(fused.delta(z, a, y), general.delta(z, a, y), rtol=1e-12, atol=1e-15)
    assert fused.value(z, a, y) == pytest.approx(general.value(z, a, y), rel=1e-13)


@pytest.mark.parametrize(("activation", "name"), FUSED)
@pytest.mark.parametrize("scale", [1000.0, -1000.0])
def test_fused_path_is_exact_at_1000(activation, name, scale):
    phi = ACTIVATIONS[activation]
    z, y = np.array([[scale, 0.0]]), np.array([[0.0, 1.0]])
    a = phi(z)
    pair = objective(LOSSES[name], phi)
    expected = {
        ("bce", 1000.0): 1000 + math.log(2),
        ("bce", -1000.0): math.log(2),
        ("cross_entropy", 1000.0): 1000.0,
        ("cross_entropy", -1000.0): 0.0,
    }[name, scale]
    assert pair.value(z, a, y) == pytest.approx(expected, rel=1e-15)
    np.testing.assert_allclose(pair.delta(z, a, y), a - y)


def test_certain_and_right_costs_nothing_on_the_general_path():
    a = np.array([[1.0, 0.0]])
    assert LOSSES["bce"].value(a, a) == 0
    assert LOSSES["cross_entropy"].value(a, a) == 0


@pytest.mark.parametrize("name", ["identity", "tanh", "relu", "gelu"])
def test_illegal_pairs_say_why(name):
    with pytest.raises(ValueError, match="outputs must lie between 0 and 1. Use bce with sigmoid"):
        objective(LOSSES["bce"], ACTIVATIONS[name])
    with pytest.raises(ValueError, match="add up to 1"):
        objective(LOSSES["cross_entropy"], ACTIVATIONS[name])


def test_cross_entropy_on_sigmoid_outputs_is_refused():
    with pytest.raises(ValueError, match="pushing every output to 1"):
        objective(LOSSES["cross_entropy"], ACTIVATIONS["sigmoid"])


@pytest.mark.parametrize(
    ("name", "y", "message"),
    [
        ("bce", [[0.5], [1.5]], r"Y\[1, 0\] is 1.5; bce takes targets from 0 to 1"),
        ("bce", [[-1.0]], r"Y\[0, 0\] is -1"),
        ("cross_entropy", [[2.0, 0.0]], "one_hot"),
        ("cross_entropy", [[1.0, 0.0], [0.5, 0.4]], "row 1 of Y adds up to 0.9"),
    ],
)
def test_targets_outside_the_range(name, y, message):
    with pytest.raises(ValueError, match=message):
        check_targets(LOSSES[name], np.array(y))


def test_unknown_loss():
    with pytest.raises(ValueError, match="did you mean 'cross_entropy'"):
        get_loss("crossentropy")
