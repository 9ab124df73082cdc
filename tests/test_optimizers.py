"""The optimizers against the papers' formulas, written again below as loops over numbers."""

import copy
import math
import pickle
import tracemalloc
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybackprop.optimizers import (
    BLOCK_BYTES,
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    Optimizer,
    RMSProp,
    get_optimizer,
)
from pybackprop.schedules import Rate, cosine, step_decay

# Each function below takes one parameter's starting value and its gradients g_1, g_2, ... and
# returns the parameter after each update. No NumPy, no code of the package.


def sgd(theta, grads, rates):
    path = []
    for g, eta in zip(grads, rates, strict=True):
        theta -= eta * g
        path.append(theta)
    return path


def momentum(theta, grads, rates, mu):
    path, u = [], 0.0
    for g, eta in zip(grads, rates, strict=True):
        u = g + mu * u
        theta = theta - eta * u
        path.append(theta)
    return path


def rmsprop(theta, grads, rates, beta, eps):
    path, v = [], 0.0
    for g, eta in zip(grads, rates, strict=True):
        v = beta * v + (1 - beta) * g**2
        theta -= eta * g / (math.sqrt(v) + eps)
        path.append(theta)
    return path


def adam(theta, grads, rates, beta1, beta2, eps, correct=True, decay=0.0):
    """Algorithm 1 of Kingma and Ba; with decay, algorithm 2 of Loshchilov and Hutter."""
    path, m, v = [], 0.0, 0.0
    for t, (g, eta) in enumerate(zip(grads, rates, strict=True), start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t) if correct else m
        v_hat = v / (1 - beta2**t) if correct else v
        theta = theta - eta * m_hat / (math.sqrt(v_hat) + eps) - eta * decay * theta
        path.append(theta)
    return path


STEPS = 40
FALLING = step_decay(0.05, every=7, factor=0.5)
RATES = [0.05 * 0.5 ** ((t - 1) // 7) for t in range(1, STEPS + 1)]

CASES = {
    "sgd": (lambda: SGD(FALLING), lambda x, g: sgd(x, g, RATES)),
    "momentum": (lambda: SGD(FALLING, 0.9), lambda x, g: momentum(x, g, RATES, 0.9)),
    "rmsprop": (
        lambda: RMSProp(FALLING, beta=0.8, eps=1e-3),
        lambda x, g: rmsprop(x, g, RATES, 0.8, 1e-3),
    ),
    "adam": (
        lambda: Adam(FALLING, 0.8, 0.95, 1e-3),
        lambda x, g: adam(x, g, RATES, 0.8, 0.95, 1e-3),
    ),
    "adam, defaults": (
        lambda: Adam(),
        lambda x, g: adam(x, g, [1e-3] * STEPS, 0.9, 0.999, 1e-8),
    ),
    "adam, not corrected": (
        lambda: Adam(FALLING, eps=1e-3, bias_correction=False),
        lambda x, g: adam(x, g, RATES, 0.9, 0.999, 1e-3, correct=False),
    ),
    "adamw": (
        lambda: AdamW(FALLING, eps=1e-3, weight_decay=0.3),
        lambda x, g: adam(x, g, RATES, 0.9, 0.999, 1e-3, decay=0.3),
    ),
    "adamw, not corrected": (
        lambda: AdamW(FALLING, 0.5, 0.6, 1e-2, bias_correction=False),
        lambda x, g: adam(x, g, RATES, 0.5, 0.6, 1e-2, correct=False, decay=0.01),
    ),
}


def path_of(optimizer, theta, grads):
    theta, path = theta.copy(), []
    for g in grads:
        optimizer.update(theta, g)
        path.append(theta.copy())
    return np.array(path)


def start_and_gradients(size, dtype=float):
    rng = np.random.default_rng(5)
    scales = 10.0 ** rng.uniform(-4, 2, size)  # entries whose gradients differ by six decades
    grads = rng.standard_normal((STEPS, size)) * scales
    grads[:, 0] = 0  # an entry that never has a gradient
    return rng.standard_normal(size).astype(dtype), list(grads.astype(dtype))


@pytest.mark.parametrize("case", CASES)
def test_follows_the_formula_number_by_number(case):
    make, formula = CASES[case]
    start, grads = start_and_gradients(6)
    path = path_of(make(), start, grads)
    for i, x in enumerate(start.tolist()):
        expected = formula(x, [g[i].item() for g in grads])
        np.testing.assert_allclose(path[:, i], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", CASES)
def test_the_comparison_tells_the_formulas_apart(case):
    """Each formula's path differs from all the others by far more than the tolerance above."""
    start, grads = start_and_gradients(6)
    numbers = [g[3].item() for g in grads]
    path = path_of(CASES[case][0](), start, grads)[:, 3]
    for other in CASES.keys() - {case}:
        assert np.abs(path - CASES[other][1](start[3].item(), numbers)).max() > 1e-6, other


@pytest.mark.parametrize("mu", [0.5, 0.9])
def test_nesterov_is_sutskevers_after_a_change_of_variables(mu):
    """Sutskever et al. (2013), equations 3 and 4, on a surface whose gradient depends on theta."""
    eta = 0.03

    def gradient(x):
        return 4 * x**3 - x + 0.3

    x, v = 1.3, 0.0  # the paper's point and velocity
    theta, optimizer = np.array([x]), SGD(eta, mu, nesterov=True)
    for _ in range(STEPS):
        v = mu * v - eta * gradient(x + mu * v)
        x = x + v
        optimizer.update(theta, gradient(theta))
        assert theta[0] == pytest.approx(x + mu * v, rel=1e-12)  # the paper's look-ahead point
        assert optimizer.u[0] == pytest.approx(-v / eta, rel=1e-10)


def test_momentum_is_the_heavy_ball():
    """Polyak (1964): x_next = x - eta g + mu (x - x_previous), for a constant eta."""
    start, grads = start_and_gradients(1)
    grads = [g + 0.1 for g in grads]
    path = path_of(SGD(0.1, momentum=0.7), start, grads)[:, 0]
    before, x = start[0], start[0]
    for g, theta in zip(grads, path, strict=True):
        before, x = x, x - 0.1 * g[0] + 0.7 * (x - before)
        assert theta == pytest.approx(x, rel=1e-12)


def test_literal_numbers():
    """Small enough for paper: two steps with the gradients 2 and 1, from theta = 1."""
    grads = [np.array([2.0]), np.array([1.0])]

    def two_steps(optimizer):
        return path_of(optimizer, np.array([1.0]), grads)[:, 0].tolist()

    # 1 - 0.1*2 = 0.8;  0.8 - 0.1*1 = 0.7
    assert two_steps(SGD(0.1)) == pytest.approx([0.8, 0.7], rel=1e-15)
    # u = 2, 1 + 0.5*2 = 2;  0.8 - 0.1*2
    assert two_steps(SGD(0.1, 0.5)) == pytest.approx([0.8, 0.6], rel=1e-15)
    # 1 - 0.1*(2 + 0.5*2) = 0.7;  0.7 - 0.1*(1 + 0.5*2)
    assert two_steps(SGD(0.1, 0.5, nesterov=True)) == pytest.approx([0.7, 0.5], rel=1e-15)
    # v = 0.25*4 = 1;  v = 0.75*1 + 0.25*1 = 1
    assert two_steps(RMSProp(0.1, beta=0.75)) == pytest.approx([0.8, 0.7], rel=1e-7)
    # Step 1: m_hat = 2, v_hat = 4. Step 2: m_hat = (0.5*1 + 0.5*1)/0.75 = 4/3,
    # v_hat = (0.75*1 + 0.25*1)/(1 - 0.5625) = 16/7, so the step is 0.1*(4/3)/sqrt(16/7).
    expected = [0.9, 0.9 - 0.1 * math.sqrt(7) / 3]
    assert two_steps(Adam(0.1, 0.5, 0.75)) == pytest.approx(expected, rel=1e-7)
    # m = 1, v = 1 in both steps when nothing is corrected.
    assert two_steps(Adam(0.1, 0.5, 0.75, bias_correction=False)) == pytest.approx(
        [0.9, 0.8], rel=1e-7
    )
    # The decay takes 0.1*0.5 of theta: 1*0.95 - 0.1, then 0.85*0.95 - 0.1 sqrt(7)/3.
    assert two_steps(AdamW(0.1, 0.5, 0.75, weight_decay=0.5)) == pytest.approx(
        [0.85, 0.85 * 0.95 - 0.1 * math.sqrt(7) / 3], rel=1e-7
    )
    # eps = 1 outside of the root of v_hat: 1 - 0.1*2/(2 + 1). Inside it would be 0.1*2/sqrt(5),
    # on the uncorrected v 0.1*2/(2 + 1/sqrt(0.25)).
    assert two_steps(Adam(0.1, 0.5, 0.75, eps=1.0))[0] == pytest.approx(1 - 0.2 / 3, rel=1e-15)
    assert two_steps(RMSProp(0.1, beta=0.75, eps=1.0))[0] == pytest.approx(0.9, rel=1e-15)


def test_the_source_notes_adam_step_without_bias_correction():
    """Gradients as its example gives them; lr 0.1, betas 0.9 and 0.999, no correction."""
    theta = np.array([0.5, 0.2, 0.1])
    grad = np.array([-0.0287, -0.0572, -0.199])
    optimizer = Adam(0.1, bias_correction=False)
    optimizer.update(theta, grad)
    np.testing.assert_allclose(optimizer.m, [-0.00287, -0.00572, -0.0199], rtol=1e-12)
    np.testing.assert_allclose(optimizer.v, [8.2369e-7, 3.27184e-6, 3.9601e-5], rtol=1e-12)
    # 0.1 * 0.1 / sqrt(0.001) = 0.31623 in every entry: the note prints 0.5003, 0.2006, 0.1021.
    np.testing.assert_allclose(theta, [0.81622, 0.51622, 0.41623], atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", [*CASES, "nesterov"])
def test_blocks_make_no_difference(case, dtype):
    """A vector of several blocks and a ragged end moves as its entries would alone."""
    make = (lambda: SGD(0.01, 0.9, nesterov=True)) if case == "nesterov" else CASES[case][0]
    step = BLOCK_BYTES // np.dtype(dtype).itemsize
    size = 2 * step + 3
    rng = np.random.default_rng(2)
    theta = rng.standard_normal(size).astype(dtype)
    grads = rng.uniform(0.5, 1, (3, size)).astype(dtype)  # all of one sign: every entry moves
    places = [0, step - 1, step, 2 * step - 1, 2 * step, size - 1]
    long = path_of(make(), theta, list(grads))
    short = path_of(make(), theta[places], list(grads[:, places]))
    assert long.dtype == dtype
    np.testing.assert_array_equal(long[:, places], short)
    assert (long[-1] != theta).all()


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32_and_close_to_float64(case):
    start, grads = start_and_gradients(6)
    double = path_of(CASES[case][0](), start, grads)
    optimizer = CASES[case][0]()
    single = path_of(optimizer, start.astype(np.float32), [g.astype(np.float32) for g in grads])
    np.testing.assert_allclose(single, double, rtol=2e-5, atol=2e-6)
    assert all(v.dtype == np.float32 for v in optimizer.memory.values())


def test_numpy_scalars_as_settings_do_not_change_the_arithmetic():
    start, grads = start_and_gradients(6, np.float32)
    plain = path_of(Adam(0.01, 0.8, 0.95), start, grads)
    numpy = path_of(Adam(np.float64(0.01), np.float64(0.8), np.float64(0.95)), start, grads)
    np.testing.assert_array_equal(plain, numpy)


def test_what_the_reader_sees_is_the_textbooks_m_and_v():
    start, grads = start_and_gradients(6)
    adam_, rms = Adam(beta1=0.8, beta2=0.9), RMSProp(beta=0.7)
    m, v, w = np.zeros((3, 6))
    for g in grads:
        m, v, w = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g**2, 0.7 * w + 0.3 * g**2
        adam_.update(start, g)
        rms.update(start, g)
        np.testing.assert_allclose(adam_.m, m, rtol=1e-12)
        np.testing.assert_allclose(adam_.v, v, rtol=1e-12)
        np.testing.assert_allclose(rms.v, w, rtol=1e-12)
    assert adam_.t == rms.t == STEPS


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


ALL = [lambda: SGD(0.1), lambda: SGD(0.1, 0.9), lambda: SGD(0.1, 0.9, True), RMSProp, Adam, AdamW]


@pytest.mark.parametrize("make", ALL)
def test_updates_in_place_and_leaves_the_gradient_alone(make):
    theta, grad = np.array([1.0, 2.0]), np.array([0.5, -0.5])
    view = theta[:]
    assert make().update(theta, grad) is None
    assert (view != [1.0, 2.0]).all()
    np.testing.assert_array_equal(grad, [0.5, -0.5])


@pytest.mark.parametrize("make", ALL)
def test_a_gradient_array_that_is_written_anew_is_read_anew(make):
    """The arrays are bound once, in all their blocks; their contents are not."""
    start, grads = start_and_gradients(BLOCK_BYTES // 8 + 1)
    theta, grad, optimizer = start.copy(), np.empty_like(start), make()
    for g in grads[:3]:
        grad[:] = g
        optimizer.update(theta, grad)
    np.testing.assert_array_equal(theta, path_of(make(), start, grads[:3])[-1])


@pytest.mark.parametrize("make", ALL)
def test_state_goes_on_bit_by_bit(make):
    start, grads = start_and_gradients(6)
    whole = path_of(make(), start, grads)
    first, second = make(), make()
    half = path_of(first, start, grads[:20])[-1]
    second.load_state(first.state())
    np.testing.assert_array_equal(path_of(second, half, grads[20:]), whole[20:])
    assert second.t == STEPS
    assert first.t == 20


@pytest.mark.parametrize("make", ALL)
def test_state_is_a_copy_both_ways(make):
    start, grads = start_and_gradients(6)
    one, two = make(), make()
    path_of(one, start, grads[:3])
    state = one.state()
    before = copy.deepcopy(state)
    two.load_state(state)
    path_of(one, start, grads[3:6])
    path_of(two, start, grads[3:6])
    assert state.keys() == before.keys()
    for key, value in state.items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize("make", ALL)
def test_reset_forgets_and_frees_for_another_size(make):
    start, grads = start_and_gradients(6)
    optimizer = make()
    path_of(optimizer, start[:4], [g[:4] for g in grads])
    optimizer.reset()
    assert optimizer.t == 0
    assert optimizer.state() == {"t": 0}
    np.testing.assert_array_equal(path_of(optimizer, start, grads), path_of(make(), start, grads))


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("twin", [copy.deepcopy, pickled])
def test_a_copy_moves_its_own_vector(make, twin):
    theta, grad, optimizer = np.array([1.0, 2.0]), np.array([0.5, -0.5]), make()
    optimizer.update(theta, grad)
    theta2, grad2, optimizer2 = twin((theta, grad, optimizer))
    optimizer2.update(theta2, grad2)
    assert (theta2 != theta).all()
    optimizer.update(theta, grad)
    np.testing.assert_array_equal(theta2, theta)


def test_independent_objects_share_nothing():
    one, two = Adam(), Adam()
    one.update(np.zeros(2), np.ones(2))
    assert two.t == 0


def test_the_table_has_every_optimizer():
    assert list(OPTIMIZERS.values()) == [SGD, RMSProp, Adam, AdamW]
    assert list(OPTIMIZERS) == ["sgd", "rmsprop", "adam", "adamw"]


# --- bad input ---


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD(-0.1), ValueError, "lr is -0.1; .* from 0 up"),
        (lambda: SGD(math.nan), ValueError, "lr is nan"),
        (lambda: SGD(math.inf), ValueError, "lr is inf"),
        (lambda: SGD("0.1"), TypeError, "lr is '0.1'; give a number"),
        (lambda: SGD(True), TypeError, "lr is True"),
        (lambda: SGD(lambda t: None), TypeError, "learning rate is None"),
        (lambda: SGD(lambda t: -t), ValueError, "learning rate is -1.* at update 1"),
        (lambda: SGD(cosine), TypeError, r"lr is the class cosine; give cosine\(...\)"),
        (lambda: SGD(0.1, 1.0), ValueError, "momentum is 1.0; .* below 1"),
        (lambda: SGD(0.1, -0.5), ValueError, "momentum is -0.5"),
        (lambda: SGD(0.1, nesterov=True), ValueError, "needs a momentum above 0"),
        (lambda: SGD(0.1, 0.9, nesterov="yes"), TypeError, "nesterov is 'yes'; give True or False"),
        (lambda: RMSProp(beta=1.5), ValueError, "beta is 1.5"),
        (lambda: RMSProp(eps=0), ValueError, "eps is 0; .* above 0"),
        (lambda: Adam(beta1=1), ValueError, "beta1 is 1"),
        (lambda: Adam(beta2=-1e-3), ValueError, "beta2 is -0.001"),
        (lambda: Adam(beta2=math.nan), ValueError, "beta2 is nan"),
        (lambda: AdamW(eps=-1e-8), ValueError, "eps is -1e-08"),
        (lambda: AdamW(weight_decay=-1), ValueError, "weight_decay is -1"),
        (lambda: AdamW(weight_decay=None), TypeError, "weight_decay is None"),
        (lambda: Adam(bias_correction=1), TypeError, "bias_correction is 1"),
    ],
)
def test_bad_settings_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("theta", "grad", "error", "message"),
    [
        ([1.0, 2.0], np.ones(2), TypeError, r"theta is \[1.0, 2.0\]; .* NumPy vectors"),
        (np.ones((2, 1)), np.ones(2), TypeError, r"theta is an array \(2, 1\)"),
        (np.ones(0), np.ones(0), TypeError, r"theta is an array \(0,\)"),
        (np.ones(2), np.ones((1, 2)), TypeError, r"grad is an array \(1, 2\)"),
        (np.ones(2, int), np.ones(2), TypeError, "theta is a vector of int64; .*astype"),
        (np.ones(2), np.ones(2, int), TypeError, "grad is a vector of int64"),
        (np.ones(2, complex), np.ones(2, complex), TypeError, "theta is a vector of complex128"),
        (np.ones(2, "f2"), np.ones(2, "f2"), TypeError, "vector of float16; .* float64 or float32"),
        (np.ones(2), np.ones(3), ValueError, "2 entries of float64 and grad has 3"),
        (np.ones(2), np.ones(1), ValueError, "entry by entry"),
        (np.ones(2), np.ones(2, np.float32), ValueError, "grad has 2 of float32"),
    ],
)
def test_bad_vectors_are_refused_and_change_nothing(make, theta, grad, error, message):
    optimizer = make()
    before = copy.deepcopy(theta)
    with pytest.raises(error, match=message):
        optimizer.update(theta, grad)
    np.testing.assert_array_equal(theta, before)
    assert optimizer.state() == {"t": 0}


def test_a_read_only_vector_is_refused():
    theta = np.ones(2)
    theta.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        SGD(0.1).update(theta, np.ones(2))


@pytest.mark.parametrize("make", [lambda: SGD(0.1, 0.9), RMSProp, Adam, AdamW])
@pytest.mark.parametrize("other", [np.ones(3), np.ones(2, np.float32)])
def test_another_size_or_dtype_is_refused_after_the_first_update(make, other):
    optimizer = make()
    optimizer.update(np.ones(2), np.ones(2))
    state = optimizer.state()
    with pytest.raises(ValueError, match=r"of 2 entries of float64 .* optimizer.reset\(\)"):
        optimizer.update(other, other.copy())
    for key, value in optimizer.state().items():
        np.testing.assert_array_equal(value, state[key])


def test_a_schedule_that_goes_wrong_later_changes_nothing():
    theta = np.zeros(2)
    optimizer = Adam(lambda t: 0.1 if t < 3 else math.nan)
    optimizer.update(theta, np.ones(2))
    optimizer.update(theta, np.ones(2))
    before, state = theta.copy(), optimizer.state()
    with pytest.raises(ValueError, match="learning rate is nan at update 3"):
        optimizer.update(theta, np.ones(2))
    np.testing.assert_array_equal(theta, before)
    np.testing.assert_array_equal(optimizer.state()["m"], state["m"])
    assert optimizer.t == 2


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: None, TypeError, "state is None"),
        (lambda s: {}, ValueError, "holds nothing; that of Adam.* holds t, m, v"),
        (lambda s: s | {"u": s["m"]}, ValueError, "the state holds t, m, v, u"),
        (lambda s: {k: s[k] for k in ("t", "m")}, ValueError, "the state holds t, m;"),
        (lambda s: {"t": 3}, ValueError, "the state holds t;"),
        (lambda s: s | {"t": -1}, ValueError, "t of the state is -1"),
        (lambda s: s | {"t": 1.5}, ValueError, "t of the state is 1.5"),
        (lambda s: s | {"t": True}, ValueError, "t of the state is True"),
        (lambda s: {"t": np.array([1, 2])}, ValueError, r"t of the state is array\(\[1, 2\]\)"),
        (lambda s: s | {"v": s["v"][:1]}, ValueError, "m: 2 of float64, v: 1"),
        (lambda s: s | {"v": s["v"].astype("f4")}, ValueError, "v: 2 of float32"),
        (lambda s: s | {"v": "12"}, TypeError, r"v of the state is an array \(\)"),
        (lambda s: s | {"m": np.ones((2, 1))}, TypeError, r"m of .* an array \(2, 1\); .*np.ravel"),
        (lambda s: s | {"m": np.array([0.0, np.nan])}, ValueError, "m of the state holds NaN at 1"),
    ],
)
def test_a_bad_state_is_refused_and_changes_nothing(change, error, message):
    optimizer = Adam()
    optimizer.update(np.ones(2), np.ones(2))
    before = optimizer.state()
    with pytest.raises(error, match=message):
        optimizer.load_state(change(optimizer.state()))
    after = optimizer.state()
    assert after.keys() == before.keys()
    for key, value in after.items():
        np.testing.assert_array_equal(value, before[key])


def test_state_of_another_kind_is_refused():
    heavy = SGD(0.1, 0.9)
    heavy.update(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="settings it came from"):
        SGD(0.1).load_state(heavy.state())
    with pytest.raises(ValueError, match="holds t, v: load it into an optimizer with the settings"):
        RMSProp().load_state(heavy.state())


@pytest.mark.parametrize(
    "read",
    [lambda: SGD(0.1, 0.9).u, lambda: RMSProp().v, lambda: Adam().m, lambda: AdamW().v],
)
def test_nothing_to_read_before_the_first_update(read):
    with pytest.raises(ValueError, match=r"no [uvm] yet; call update"):
        read()


def test_what_is_read_stays_as_it_was_read():
    optimizer, theta = Adam(), np.ones(2)
    optimizer.update(theta, np.ones(2))
    m, before = optimizer.m, optimizer.m
    optimizer.update(theta, -np.ones(2))
    np.testing.assert_array_equal(m, before)
    m[:] = 7
    assert (optimizer.m != 7).all()


# --- states with the formulas' names ---


def textbook_numbers():
    """Vectors in the manner of course exercises: evenly spaced, at t = 5."""
    theta, g = np.linspace(-0.4, 0.6, 20), np.linspace(-0.6, 0.4, 20)
    m, v = np.linspace(0.6, 0.9, 20), np.linspace(0.7, 0.5, 20)
    return theta, g, m, v


def test_adam_goes_on_from_the_m_v_and_t_of_a_textbook():
    """The sanity check of a well-known course gives m, v and t = 5, and wants the next step."""
    theta, g, m, v = textbook_numbers()
    optimizer = Adam(lr=1e-2)
    optimizer.load_state({"t": 5, "m": m, "v": v})
    moved = theta.copy()
    optimizer.update(moved, g)
    for i in range(20):  # by the paper's Algorithm 1, one number after the other
        new_m = 0.9 * m[i] + 0.1 * g[i]
        new_v = 0.999 * v[i] + 0.001 * g[i] ** 2
        m_hat, v_hat = new_m / (1 - 0.9**6), new_v / (1 - 0.999**6)
        step = 1e-2 * m_hat / (math.sqrt(v_hat) + 1e-8)
        assert moved[i] == pytest.approx(theta[i] - step, rel=1e-13)
        assert optimizer.m[i] == pytest.approx(new_m, rel=1e-15)
        assert optimizer.v[i] == pytest.approx(new_v, rel=1e-15)
    # The first of them in decimal arithmetic of 50 digits: m = 0.48, v = 0.69966.
    assert moved[0] == pytest.approx(-0.400947471668400787, rel=1e-15)


def test_momentum_and_rmsprop_go_on_from_a_textbooks_vectors_as_lists():
    theta, g, u, v = (vector.tolist() for vector in textbook_numbers())
    heavy, moved = SGD(1e-3, momentum=0.9), np.array(theta)
    heavy.load_state({"t": 1, "u": u})
    heavy.update(moved, np.array(g))
    assert moved.tolist() == pytest.approx(
        [x - 1e-3 * (0.9 * a + b) for x, a, b in zip(theta, u, g, strict=True)], rel=1e-14
    )
    rms, moved = RMSProp(1e-2, beta=0.99), np.array(theta)
    rms.load_state({"t": 1, "v": v})
    rms.update(moved, np.array(g))
    expected = [
        x - 1e-2 * b / (math.sqrt(0.99 * a + 0.01 * b**2) + 1e-8)
        for x, a, b in zip(theta, v, g, strict=True)
    ]
    assert moved.tolist() == pytest.approx(expected, rel=1e-14)


def test_whole_numbers_will_do_as_a_state_and_zeros_need_not_be_given():
    whole, none = Adam(), Adam()
    whole.load_state({"t": np.int64(0), "m": [0, 0], "v": np.array([0, 0])})
    none.load_state({"t": 0})
    for optimizer in (whole, none):
        theta = np.ones(2)
        optimizer.update(theta, np.array([1.0, -2.0]))
        np.testing.assert_allclose(theta, [0.999, 1.001], rtol=1e-9)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_state_and_load_state_are_inverse_to_the_last_bit(make, dtype):
    start, grads = start_and_gradients(6, dtype)
    one, two = make(), make()
    path_of(one, start, grads[:7])
    two.load_state(one.state())
    assert two.state().keys() == one.state().keys()
    for key, value in one.state().items():
        np.testing.assert_array_equal(two.state()[key], value)
        assert getattr(value, "dtype", dtype) == dtype


def test_vectors_of_a_state_start_at_64_bytes_like_those_made_here():
    theta = np.ones(1001)
    optimizer = Adam()
    optimizer.update(theta, theta.copy())
    for _ in range(5):
        again = pickle.loads(pickle.dumps(optimizer))
        optimizer.load_state(again.state())
        for twin in (optimizer, again):
            assert all(vector.ctypes.data % 64 == 0 for vector in twin.memory.values())


# --- settings ---


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (lambda: SGD(0.1), "lr", 0.05),
        (lambda: SGD(0.1, 0.9), "momentum", 0.5),
        (lambda: SGD(0.1, 0.9), "nesterov", True),
        (lambda: RMSProp(), "beta", 0.5),
        (lambda: RMSProp(), "eps", 1e-2),
        (lambda: Adam(), "lr", cosine(0.1, steps=9)),
        (lambda: Adam(), "beta1", 0.0),
        (lambda: Adam(), "beta2", 0.9),
        (lambda: Adam(), "bias_correction", False),
        (lambda: AdamW(), "weight_decay", 0.5),
    ],
)
def test_a_setting_that_is_assigned_holds_from_the_next_update(make, name, value):
    start, grads = start_and_gradients(6)
    changed, fresh = make(), make()
    half = path_of(changed, start, grads[:5])[-1]
    setattr(changed, name, value)
    setattr(fresh, name, value)
    fresh.load_state(changed.state())
    kept = make()
    kept.load_state(changed.state())
    path = path_of(changed, half, grads[5:9])
    np.testing.assert_array_equal(path, path_of(fresh, half, grads[5:9]))
    assert (path != path_of(kept, half, grads[5:9])).any()
    assert f"{name}={value!r}" in repr(changed)


@pytest.mark.parametrize(
    ("optimizer", "name", "value", "error", "message"),
    [
        (SGD(0.1), "lr", -1, ValueError, "lr is -1"),
        (SGD(0.1), "lr", None, TypeError, "lr is None"),
        (SGD(0.1), "momentum", 1, ValueError, "momentum is 1; .* below 1"),
        (SGD(0.1), "nesterov", True, ValueError, "needs a momentum above 0"),
        (SGD(0.1, 0.9, True), "momentum", 0, ValueError, "needs a momentum above 0"),
        (Adam(), "beta1", 2, ValueError, "beta1 is 2"),
        (Adam(), "eps", 0, ValueError, "eps is 0"),
        (AdamW(), "weight_decay", math.inf, ValueError, "weight_decay is inf"),
    ],
)
def test_a_bad_assignment_is_refused_and_the_setting_stays(optimizer, name, value, error, message):
    before = getattr(optimizer, name)
    with pytest.raises(error, match=message):
        setattr(optimizer, name, value)
    assert getattr(optimizer, name) == before


def test_momentum_is_not_switched_on_or_off_between_updates():
    """With 0 there is no velocity: the state would no longer fit the settings."""
    for before, after in ((0.0, 0.9), (0.9, 0.0)):
        optimizer, theta = SGD(0.1, before), np.ones(2)
        optimizer.update(theta, np.ones(2))
        with pytest.raises(ValueError, match=r"after 1 updates, .* call optimizer.reset\(\) first"):
            optimizer.momentum = after
        optimizer.reset()
        optimizer.momentum = after
        moved = path_of(optimizer, theta, [np.ones(2)] * 3)
        np.testing.assert_array_equal(moved, path_of(SGD(0.1, after), theta, [np.ones(2)] * 3))


def test_settings_are_kept_as_plain_numbers_and_print():
    optimizer = AdamW(np.float32(0.5), np.float64(0.25), weight_decay=np.int64(1))
    assert repr(optimizer) == (
        "AdamW(lr=0.5, beta1=0.25, beta2=0.999, eps=1e-08, bias_correction=True, weight_decay=1.0)"
    )
    assert repr(SGD(step_decay(0.1, every=3), 0.9)) == (
        "SGD(lr=step_decay(lr=0.1, every=3, factor=0.1), momentum=0.9, nesterov=False)"
    )


def test_a_schedule_is_asked_for_each_update_from_one():
    seen = []
    theta = np.zeros(1)
    optimizer = SGD(lambda t: seen.append(t) or t / 8)
    seen.clear()  # the constructor tries t = 1
    for _ in range(3):
        optimizer.update(theta, np.ones(1))
    assert seen == [1, 2, 3]
    assert theta[0] == -(1 + 2 + 3) / 8


# --- one's own ---


@dataclass(eq=False)
class SignDescent(Optimizer):
    """As the documentation shows it, with the formula written plainly."""

    lr: Rate = 0.1
    beta: float = 0.9

    def vectors(self):
        return ("m",)

    def rule(self, lr, blocks):
        for theta, g, _, m in blocks:
            m[:] = self.beta * m + (1 - self.beta) * g
            theta -= lr * np.sign(m)


def test_an_optimizer_of_ones_own_is_settings_vectors_and_a_rule():
    size = BLOCK_BYTES // 8 + 5
    rng = np.random.default_rng(3)
    theta, grads = rng.standard_normal(size), rng.standard_normal((6, size))
    optimizer, expected, m = SignDescent(0.25), theta.copy(), np.zeros(size)
    for g in grads:
        optimizer.update(theta, g)
        m = 0.9 * m + 0.1 * g
        expected = expected - 0.25 * np.sign(m)
    np.testing.assert_allclose(theta, expected, rtol=1e-12)
    np.testing.assert_allclose(optimizer.state()["m"], m, rtol=1e-12)
    with pytest.raises(ValueError, match="beta is 2"):
        optimizer.beta = 2
    twin = copy.deepcopy(optimizer)
    twin.load_state(optimizer.state())
    assert twin.t == 6


def test_one_of_ones_own_need_be_no_dataclass():
    class Plain(Optimizer):
        def __init__(self, lr):
            self.lr = lr

        def rule(self, lr, blocks):
            for theta, g, _ in blocks:
                theta -= lr * g

    one, two = Plain(0.5), Plain(0.25)
    theta = np.ones(2)
    one.update(theta, np.ones(2))
    assert theta.tolist() == [0.5, 0.5]
    assert (one.state(), two.state()) == ({"t": 1}, {"t": 0})
    one.reset()
    assert one.t == 0


def test_a_rule_that_is_missing_is_named():
    @dataclass(eq=False)
    class Idle(Optimizer):
        lr: Rate = 0.1

    with pytest.raises(NotImplementedError, match=r"Idle has no rule\(self, lr, blocks\)"):
        Idle().update(np.ones(2), np.ones(2))


@pytest.mark.parametrize("name", ["adam", "Adam", "ADAMW", "rmsprop"])
def test_a_name_stands_for_default_settings(name):
    assert repr(get_optimizer(name)) == repr(OPTIMIZERS[name.lower()]())


def test_an_object_is_taken_as_it_is():
    class Mine:
        lr, t = 0.1, 0
        update = state = load_state = print

    falling = SGD(lambda t: 1 / t)  # asked for its next rate, not for that of an update -1
    for optimizer in (SGD(0.1), falling, Mine()):
        assert get_optimizer(optimizer) is optimizer
    asked = []
    later = SGD(lambda t: asked.append(t) or 0.1)
    later.t = 6
    get_optimizer(later)
    assert asked[-1] == 7


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("adma", ValueError, "did you mean 'adam'"),
        ("sgd", TypeError, r"no learning rate .* pb.SGD\(lr=0.1\)"),
        (Adam, TypeError, r"give an object, such as Adam\(lr=1e-3\)"),
        (None, TypeError, "it has no lr, t, update, state, load_state"),
        (SimpleNamespace(lr=None, t=0, update=1, state=1, load_state=1), TypeError, "rate is None"),
    ],
)
def test_what_is_no_optimizer_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        get_optimizer(given)


# --- memory, copies ---


@pytest.mark.parametrize("make", ALL)
def test_an_update_allocates_nothing(make):
    size = BLOCK_BYTES // 8 * 2 + 3
    theta, grad, optimizer = np.ones(size), np.ones(size), make()
    optimizer.update(theta, grad)
    tracemalloc.start()
    try:
        for _ in range(3):
            optimizer.update(theta, grad)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4000  # a few Python floats; one block would be 262,144


def test_other_arrays_share_the_scratch_array():
    theta, optimizer = np.ones(BLOCK_BYTES), SGD(0.1)
    optimizer.update(theta, np.ones(BLOCK_BYTES))
    scratch = optimizer.work.scratch
    optimizer.update(theta, np.ones(BLOCK_BYTES))
    assert optimizer.work.scratch is scratch


def test_a_scratch_array_of_another_dtype_is_not_used():
    optimizer = SGD(0.1)
    for dtype in (np.float64, np.float32):
        optimizer.update(np.ones(2, dtype), np.ones(2, dtype))
        assert optimizer.work.scratch.dtype == dtype


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_goes_its_own_way(make, twin):
    start, grads = start_and_gradients(6)
    one, theta = make(), start.copy()
    path_of(one, theta, grads[:3])
    two, state = twin(one), one.state()
    path_of(two, start, grads[3:9])
    assert one.t == 3
    for key, value in one.state().items():
        np.testing.assert_array_equal(value, state[key])
    np.testing.assert_array_equal(
        path_of(one, start, grads[3:9]), path_of(reloaded(make(), state), start, grads[3:9])
    )


def reloaded(optimizer, state):
    optimizer.load_state(state)
    return optimizer


def test_joblib_writes_and_reads_optimizers(tmp_path):
    joblib = pytest.importorskip("joblib")
    optimizer, theta = AdamW(cosine(0.1, steps=9)), np.ones(3)
    optimizer.update(theta, theta.copy())
    joblib.dump(optimizer, tmp_path / "optimizer")
    again = joblib.load(tmp_path / "optimizer")
    assert repr(again) == repr(optimizer)
    one, two = theta.copy(), theta.copy()
    optimizer.update(one, np.ones(3))
    again.update(two, np.ones(3))
    np.testing.assert_array_equal(one, two)


# --- hundreds of steps against others' code ---

rates = st.floats(1e-4, 0.1)
decays = st.one_of(st.just(0.0), st.floats(0.01, 0.999))
small = st.floats(1e-8, 1e-2)


def vectors_of(seed, steps=300, size=4):
    rng = np.random.default_rng(seed)
    scales = 10.0 ** rng.uniform(-3, 1, size)
    return rng.standard_normal(size), rng.standard_normal((steps, size)) * scales


@given(
    seed=st.integers(0, 2**32 - 1), lr=rates, beta1=decays, beta2=decays, eps=small,
    correct=st.booleans(), decay=st.one_of(st.none(), st.floats(0, 1)),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_adam_for_hundreds_of_steps(seed, lr, beta1, beta2, eps, correct, decay):
    """Against Algorithm 1 of Kingma and Ba and Algorithm 2 of Loshchilov and Hutter, in NumPy."""
    start, grads = vectors_of(seed)
    kind, more = (Adam, {}) if decay is None else (AdamW, {"weight_decay": decay})
    path = path_of(kind(lr, beta1, beta2, eps, correct, **more), start, grads)
    theta, m, v = start.copy(), np.zeros(4), np.zeros(4)
    for t, g in enumerate(grads, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = (m / (1 - beta1**t), v / (1 - beta2**t)) if correct else (m, v)
        theta = theta - lr * (m_hat / (np.sqrt(v_hat) + eps) + (decay or 0.0) * theta)
        np.testing.assert_allclose(path[t - 1], theta, rtol=1e-9, atol=1e-11)


@given(seed=st.integers(0, 2**32 - 1), lr=rates, mu=st.floats(0.01, 0.99), look=st.booleans())
@settings(max_examples=30, deadline=None)
def test_momentum_for_hundreds_of_steps(seed, lr, mu, look):
    start, grads = vectors_of(seed)
    path = path_of(SGD(lr, mu, nesterov=look), start, grads)
    theta, u = start.copy(), np.zeros(4)
    for g, reached in zip(grads, path, strict=True):
        u = mu * u + g
        theta = theta - lr * (g + mu * u if look else u)
        np.testing.assert_allclose(reached, theta, rtol=1e-9, atol=1e-11)


@given(seed=st.integers(0, 2**32 - 1), lr=rates, beta=decays, eps=small)
@settings(max_examples=30, deadline=None)
def test_rmsprop_for_hundreds_of_steps(seed, lr, beta, eps):
    start, grads = vectors_of(seed)
    path = path_of(RMSProp(lr, beta, eps), start, grads)
    theta, v = start.copy(), np.zeros(4)
    for g, reached in zip(grads, path, strict=True):
        v = beta * v + (1 - beta) * g**2
        theta = theta - lr * g / (np.sqrt(v) + eps)
        np.testing.assert_allclose(reached, theta, rtol=1e-9, atol=1e-11)


PYTORCH = {
    "sgd": (lambda: SGD(0.03), lambda o, p: o.SGD(p, 0.03)),
    "momentum": (lambda: SGD(0.03, 0.9), lambda o, p: o.SGD(p, 0.03, 0.9)),
    "nesterov": (
        lambda: SGD(0.03, 0.9, nesterov=True),
        lambda o, p: o.SGD(p, 0.03, 0.9, nesterov=True),
    ),
    "rmsprop": (
        lambda: RMSProp(0.01, 0.8, 1e-6),
        lambda o, p: o.RMSprop(p, 0.01, alpha=0.8, eps=1e-6),
    ),
    "adam": (
        lambda: Adam(0.01, 0.8, 0.95, 1e-6),
        lambda o, p: o.Adam(p, 0.01, (0.8, 0.95), 1e-6),
    ),
    "adamw": (
        lambda: AdamW(0.01, 0.8, 0.95, 1e-6, weight_decay=0.2),
        lambda o, p: o.AdamW(p, 0.01, (0.8, 0.95), 1e-6, weight_decay=0.2),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PYTORCH)
def test_pytorch_takes_the_same_path(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra bench has it)")
    ours, theirs = PYTORCH[name]
    start, grads = vectors_of(7, steps=400)
    path = path_of(ours(), start, grads)
    point = torch.tensor(start, requires_grad=True)
    optimizer = theirs(torch.optim, [point])
    for g, reached in zip(grads, path, strict=True):
        point.grad = torch.tensor(g)
        optimizer.step()
        np.testing.assert_allclose(reached, point.detach().numpy(), rtol=1e-9, atol=1e-11)


# --- numbers that others published ---


@pytest.mark.parametrize(
    ("optimizer", "state", "expected", "after"),
    [
        (
            SGD(1e-3, momentum=0.9),
            {"t": 5, "u": -np.linspace(0.6, 0.9, 20) / 1e-3},
            [0.1406, 0.20738947, 0.27417895, 0.34096842, 0.40775789],
            {"u": -np.array([0.5406, 0.55475789, 0.56891579, 0.58307368, 0.59723158]) / 1e-3},
        ),
        (
            RMSProp(1e-2, beta=0.99),
            {"t": 5, "v": np.linspace(0.6, 0.9, 20)},
            [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247],
            {"v": [0.5976, 0.6126277, 0.6277108, 0.64284931, 0.65804321]},
        ),
        (
            Adam(1e-2),
            {"t": 5, "m": np.linspace(0.6, 0.9, 20), "v": np.linspace(0.7, 0.5, 20)},
            [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977],
            {
                "m": [0.48, 0.49947368, 0.51894737, 0.53842105, 0.55789474],
                "v": [0.69966, 0.68908382, 0.67851319, 0.66794809, 0.65738853],
            },
        ),
    ],
    ids=["momentum", "rmsprop", "adam"],
)
def test_one_step_of_cs231n(optimizer, state, expected, after):
    """Assignment 2, the sanity checks of its optimizers: 20 numbers, of which 5 are held here."""
    theta, g = np.linspace(-0.4, 0.6, 20), np.linspace(-0.6, 0.4, 20)
    optimizer.load_state(state)
    optimizer.update(theta, g)
    np.testing.assert_allclose(theta[:5], expected, atol=5e-9)
    for name, values in after.items():
        np.testing.assert_allclose(optimizer.state()[name][:5], values, rtol=2e-8)


def test_momentum_as_a_running_mean_is_a_smaller_rate():
    """Deep Learning Specialization: v = b v + (1 - b) g, a step of v. Ours with eta (1 - b)."""
    theta, v, optimizer = np.array([1.0, -2.0]), np.zeros(2), SGD(0.1 * (1 - 0.9), momentum=0.9)
    mine = theta.copy()
    for g in np.random.default_rng(0).normal(size=(20, 2)):
        v = 0.9 * v + (1 - 0.9) * g
        theta -= 0.1 * v
        optimizer.update(mine, g)
        np.testing.assert_allclose(mine, theta, rtol=1e-12)
