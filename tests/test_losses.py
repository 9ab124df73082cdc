import math
import warnings
from decimal import Decimal, localcontext

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.activations import ACTIVATIONS
from pybackprop.checks import check_targets
from pybackprop.lookup import lookup
from pybackprop.losses import FUSED, LOSSES, OWN_LOSS, Loss, mean, objective

PAIRS = [(activation.name, loss.name) for activation, loss in FUSED]
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
    loss = LOSSES[name]
    assert loss.value(A_ROWS, Y_ROWS) == pytest.approx(BY_HAND[name](A_ROWS, Y_ROWS), rel=1e-14)
    each = [BY_HAND[name](A_ROWS[i : i + 1], Y_ROWS[i : i + 1]) for i in range(4)]
    np.testing.assert_allclose(loss.each(A_ROWS, Y_ROWS), each, rtol=1e-14)
    assert loss.value(A_ROWS, Y_ROWS, np.array([2.0, 0, 1, 1])) == pytest.approx(
        (2 * each[0] + each[2] + each[3]) / 4, rel=1e-14
    )


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_agree_with_the_complex_step(name):
    loss = LOSSES[name]
    for i in np.ndindex(A.shape):
        shifted = A.astype(complex)
        shifted[i] += 1e-30j
        slope = loss.value(shifted, Y).imag / 1e-30
        assert loss.gradient(A, Y)[i] == pytest.approx(slope, rel=1e-12)
        assert loss.slope(A, Y)[i] == pytest.approx(4 * slope, rel=1e-12)
    weights = np.array([2.0, 0.0, 1.0, 0.5])
    np.testing.assert_allclose(
        loss.gradient(A, Y, weights), weights[:, None] * loss.gradient(A, Y), rtol=1e-15
    )


def test_the_mean_stands_in_one_place():
    assert mean(np.array([1.0, 2.0, 6.0])) == 3
    assert mean(np.array([1.0, 2.0, 6.0]), np.array([0.0, 1.5, 1.5])) == 4


@pytest.mark.parametrize(("activation", "name"), PAIRS)
def test_fused_and_general_path_agree(activation, name):
    phi, loss = ACTIVATIONS[activation], LOSSES[name]
    z = rng.normal(size=(6, 4))
    y = ACTIVATIONS["softmax"](rng.normal(size=(6, 4)))
    a = phi(z)
    fused, general = objective(loss, phi), objective(loss, phi, fused=False)
    assert fused is not general
    np.testing.assert_allclose(fused.delta(z, a, y), general.delta(z, a, y), rtol=1e-12, atol=1e-15)
    assert fused.value(z, a, y) == pytest.approx(general.value(z, a, y), rel=1e-13)


@pytest.mark.parametrize(("activation", "name"), PAIRS)
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


# Losses on logits, beside the same formulas in 330 decimal digits: 1 + exp(-700) takes 305.


@pytest.fixture
def digits():
    with localcontext() as context:
        context.prec = 330
        yield


POINTS = [-700.0, -340.7, -36.8, -34.1, -30.3, -3.7, -0.1, -1e-9, 0.0, 1e-300, 0.7, 30.0, 34.0]
POINTS = sorted({*POINTS, *(-z for z in POINTS), *rng.uniform(-700, 700, 20), *rng.normal(size=9)})


def exact_bce(z, y):
    """Return loss and delta of one sigmoid unit, in decimals."""
    z, y = Decimal(z), Decimal(y)
    right, left = (1 + (-z).exp()).ln(), (1 + z.exp()).ln()
    return y * right + (1 - y) * left, 1 / (1 + (-z).exp()) - y


def exact_cross_entropy(z, y):
    """Return loss and deltas of one row of softmax units, in decimals."""
    z, y = [Decimal(x) for x in z], [Decimal(x) for x in y]
    e = [x.exp() for x in z]
    total = sum(e)
    loss = sum(t * (total.ln() - x) for x, t in zip(z, y, strict=True))
    return loss, [x / total - t for x, t in zip(e, y, strict=True)]


def relative(ours, exact):
    return abs((Decimal(float(ours)) - exact) / exact) if exact else abs(Decimal(float(ours)))


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25, 0.1])
def test_bce_on_logits_is_right_to_the_last_digits(y, digits):
    pair, phi = objective(LOSSES["bce"], ACTIVATIONS["sigmoid"]), ACTIVATIONS["sigmoid"]
    for z in POINTS:
        at, target = np.array([[z]]), np.array([[y]])
        loss, delta = exact_bce(z, y)
        assert relative(pair.value(at, phi(at), target), loss) < 1e-14, z
        ours = pair.delta(at, phi(at), target)[0, 0]
        if y in (0, 1):
            assert relative(ours, delta) < 1e-14, z
        assert abs(Decimal(ours.item()) - delta) < 2e-16


@pytest.mark.slow
def test_cross_entropy_on_logits_is_right_to_the_last_digits(digits):
    pair, phi = objective(LOSSES["cross_entropy"], ACTIVATIONS["softmax"]), ACTIVATIONS["softmax"]
    rows = [[z, 0.0, -1.5] for z in POINTS] + [[z, z, z] for z in (-700.0, 0.3, 700.0)]
    rows += [[350.1, z / 2, -349.7] for z in POINTS] + rng.uniform(-350, 350, (12, 3)).tolist()
    rows += (rng.normal(size=(12, 3)) * 40).tolist()  # differences that no double holds
    for row in rows:
        for y in ([1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]):
            at, target = np.array([row]), np.array([y], float)
            loss, delta = exact_cross_entropy(row, y)
            assert relative(pair.value(at, phi(at), target), loss) < 1e-14, (row, y)
            ours = pair.delta(at, phi(at), target)[0]
            for k in range(3):
                if y[k] in (0, 1) and abs(delta[k]) > 1e-300:
                    assert relative(ours[k], delta[k]) < 1e-14, (row, y)
                assert abs(Decimal(ours[k].item()) - delta[k]) < 3e-16


@pytest.mark.parametrize(("activation", "name"), PAIRS)
def test_losses_on_logits_keep_the_digits_of_float32(activation, name):
    phi, pair = ACTIVATIONS[activation], objective(LOSSES[name], ACTIVATIONS[activation])
    for z in [*np.linspace(-85, 85, 41), 30.3, -17.1]:
        for y in ([1, 0], [0, 1]):
            at, target = np.array([[z, 0.3]], np.float32), np.array([y], np.float32)
            a = phi(at)
            wide = at.astype(float), a.astype(float), target.astype(float)
            assert pair.value(at, a, target).dtype == pair.delta(at, a, target).dtype == np.float32
            np.testing.assert_allclose(pair.value(at, a, target), pair.value(*wide), rtol=1e-6)
            np.testing.assert_allclose(pair.delta(at, a, target), pair.delta(*wide), rtol=1e-6)


def test_a_loss_that_lost_its_digits_is_noticed(digits):
    z, y = 30.0, 1.0
    naive = -math.log(1 / (1 + math.exp(-z)))
    assert relative(naive, exact_bce(z, y)[0]) > 1e-3


@pytest.mark.parametrize("z", [-1000.0, -40.0, 40.0, 1000.0])
def test_a_right_answer_that_is_sure_makes_no_warning_and_no_nan(z):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for output, n in (("sigmoid", 1), ("softmax", 2)):
            net = pb.Network([1, n], [], output, init={"W": [[[z], [0.0]][:n]]})
            for target in (0, 1):
                Y = [[target]] if n == 1 else pb.one_hot([target], 2)
                trace = pb.backprop(net, [[1.0]], Y)
                assert np.isfinite(trace.loss)
                assert np.isfinite(trace.grad.theta).all()


def test_certain_and_right_costs_nothing_on_the_general_path():
    a = np.array([[1.0, 0.0]])
    assert LOSSES["bce"].value(a, a) == 0
    assert LOSSES["cross_entropy"].value(a, a) == 0


@pytest.mark.parametrize("name", ["identity", "tanh", "relu", "gelu"])
def test_illegal_pairs_say_why(name):
    with pytest.raises(ValueError, match="outputs must lie between 0 and 1. Use loss='half_sse'"):
        objective(LOSSES["bce"], ACTIVATIONS[name])
    with pytest.raises(ValueError, match="add up to 1"):
        objective(LOSSES["cross_entropy"], ACTIVATIONS[name])


def test_cross_entropy_on_sigmoid_outputs_is_refused():
    with pytest.raises(ValueError, match="pushing every output to 1"):
        objective(LOSSES["cross_entropy"], ACTIVATIONS["sigmoid"])


def test_bce_on_softmax_outputs_is_refused():
    with pytest.raises(ValueError, match="a question of its own, .* Use loss='cross_entropy' with"):
        objective(LOSSES["bce"], ACTIVATIONS["softmax"])
    with pytest.raises(ValueError, match="a question of its own"):
        pb.Network([2, 3], [], "softmax", "bce")


ILLEGAL = [
    (phi, loss)
    for phi in ACTIVATIONS.values()
    for loss in LOSSES.values()
    if loss.domain not in ("real", phi.outputs)
]


@pytest.mark.parametrize(("phi", "loss"), ILLEGAL, ids=lambda one: one.name)
def test_an_illegal_pair_names_the_outputs_own_loss_first_and_both_cures_work(phi, loss):
    with pytest.raises(ValueError, match=f"{loss.name} is not for {phi.name} outputs") as caught:
        pb.Network([2, 3], [], phi.name, loss.name)
    first, second = str(caught.value).split("Use ")[1].split(", or ")
    own, outputs = first.removesuffix(" outputs").split(" with ")
    maker, given = second.split(" with ")
    assert (outputs, given) == (phi.name, loss.name)
    made = eval(f"pb.Network([2, 3], [], {outputs!r}, {own})")
    assert made.loss is LOSSES[OWN_LOSS[phi.outputs]]
    assert eval(f"pb.Network([2, 3], [], {maker}, loss={given!r})").loss is loss


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_default_loss_follows_the_output(name):
    own = {"sigmoid": "bce", "softmax": "cross_entropy"}.get(name, "half_sse")
    for output in (name, ACTIVATIONS[name]):
        assert pb.Network([2, 3], [], output).loss is LOSSES[own]


@pytest.mark.parametrize(
    ("name", "y", "message"),
    [
        ("bce", [[0.5], [1.5]], r"Y\[1, 0\] is 1.5; bce takes targets from 0 to 1"),
        ("bce", [[-1.0]], r"Y\[0, 0\] is -1"),
        ("bce", [[2.0]], "output='identity', loss='half_sse'"),
        ("bce", [[-1.0], [1.0]], r"-1 and 1 become 0 and 1 by \(np.asarray\(Y\) \+ 1\) / 2"),
        ("cross_entropy", [[2.0, 0.0]], "one_hot"),
        ("cross_entropy", [[1.0, 0.0], [0.5, 0.4]], "row 1 of Y adds up to 0.9"),
        ("cross_entropy", [[1.0, 1.0]], "output='sigmoid' with loss='bce' where several"),
    ],
)
def test_targets_outside_the_range(name, y, message):
    with pytest.raises(ValueError, match=message):
        check_targets(np.array(y), name, LOSSES[name].domain)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_targets_that_add_up_to_1_but_for_rounding_are_taken(dtype):
    Y = np.random.default_rng(0).dirichlet(np.ones(1000), 50).astype(dtype)
    check_targets(Y, "cross_entropy", "distribution")


def test_unknown_loss():
    with pytest.raises(ValueError, match="'crossentropy'; it is called 'cross_entropy' here"):
        lookup(LOSSES, "crossentropy", "loss")


# A loss of one's own


def huber(a, y):
    d = np.abs(a - y)
    return np.where(d <= 1, d * d / 2, d - 0.5).sum(axis=1)


def huber_slope(a, y):
    return np.clip(a - y, -1, 1)


def test_a_loss_of_ones_own_in_ten_lines():
    loss = Loss("huber", huber, huber_slope, formula=r"h(a - y)")
    net = pb.Network([2, 4, 2], "tanh", "identity", loss, rng=0)
    X = np.random.default_rng(1).normal(size=(20, 2))
    Y = 3 * X
    assert net.loss is loss
    assert "huber" in repr(net)
    assert pb.check_gradient(net, X, Y, method="central").ok
    history = pb.train(net, X, Y, optimizer="adam", epochs=30, rng=0)
    assert history.train_loss[-1] < history.train_loss[0]


@pytest.mark.parametrize("domain", ["unit interval", "distribution"])
def test_a_loss_of_ones_own_says_what_it_takes(domain):
    loss = Loss("own", LOSSES["sse"].each, LOSSES["sse"].slope, domain=domain)
    output = {"unit interval": "sigmoid", "distribution": "softmax"}[domain]
    assert pb.Network([2, 3], [], output, loss).loss.symbol == "own"
    with pytest.raises(ValueError, match=f"own is not for tanh outputs: .* output='{output}'"):
        pb.Network([2, 3], [], "tanh", loss)


def test_half_a_loss_is_refused():
    with pytest.raises(ValueError, match="unknown domain 'unit'; did you mean 'unit interval'"):
        Loss("own", abs, abs, domain="unit")
    with pytest.raises(TypeError, match="loss 'own' takes two functions, each"):
        Loss("own", abs, "slope")
    with pytest.raises(TypeError, match="loss is <built-in function abs>, a function alone"):
        pb.Network([2, 1], loss=abs)
