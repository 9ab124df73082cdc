"""The optimizers against the papers' formulas, written again below as loops over numbers."""

import copy
import math
import pickle

import numpy as np
import pytest

from pybackprop.optimizers import (
    BLOCK_BYTES,
    OPTIMIZERS,
    SCHEDULES,
    SGD,
    Adam,
    AdamW,
    RMSProp,
    constant,
    cosine,
    step_decay,
    warmup,
)

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
        assert optimizer.velocity[0] == pytest.approx(-v / eta, rel=1e-10)


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
    assert all(v.dtype == np.float32 for v in optimizer.memory.vectors.values())


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
@pytest.mark.parametrize("twin", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
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


# --- schedules ---


def test_schedules_count_updates_from_one():
    seen = []
    theta = np.zeros(1)
    optimizer = SGD(lambda t: seen.append(t) or t / 8)
    seen.clear()  # the constructor tries t = 1
    for _ in range(3):
        optimizer.update(theta, np.ones(1))
    assert seen == [1, 2, 3]
    assert theta[0] == -(1 + 2 + 3) / 8


def test_schedule_values():
    assert [constant(0.3)(t) for t in (1, 10**6)] == [0.3, 0.3]
    assert [step_decay(0.8, every=3)(t) for t in (1, 3, 4, 6, 7)] == pytest.approx(
        [0.8, 0.8, 0.08, 0.08, 0.008]
    )
    wave = cosine(1.0, steps=6, last=0.2)
    # cos of 0, 60, 120, 180 degrees: 1, 1/2, -1/2, -1.
    assert [wave(t) for t in (1, 3, 5, 7, 100)] == pytest.approx([1.0, 0.8, 0.4, 0.2, 0.2])
    rise = warmup(4, then=cosine(1.0, steps=6, last=0.2))
    assert [rise(t) for t in (1, 2, 4, 5, 7, 11)] == pytest.approx([0.25, 0.5, 1, 1, 0.8, 0.2])
    assert [warmup(2, then=0.5)(t) for t in (1, 2, 3, 9)] == [0.25, 0.5, 0.5, 0.5]
    assert [warmup(2, lambda t: 1 / t)(t) for t in (1, 2, 3, 4)] == [0.5, 1, 1, 0.5]


def test_schedules_say_what_they_are_and_can_be_made_again_from_that():
    schedule = warmup(5, then=cosine(0.1, steps=20))
    assert repr(schedule) == "warmup(steps=5, then=cosine(lr=0.1, steps=20, last=0.0))"
    assert repr(Adam(schedule)).startswith(f"Adam(lr={schedule!r}, beta1=0.9")
    again = SCHEDULES[schedule.name](**schedule.settings)
    assert again == schedule
    assert [again(t) for t in range(1, 30)] == [schedule(t) for t in range(1, 30)]


def test_the_table_has_every_optimizer():
    assert list(OPTIMIZERS.values()) == [SGD, RMSProp, Adam, AdamW]
    assert list(OPTIMIZERS) == ["SGD", "RMSProp", "Adam", "AdamW"]


# --- bad input ---


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD(-0.1), ValueError, r"learning rate is -0.1 .* from 0 up"),
        (lambda: SGD(math.nan), ValueError, "learning rate is nan"),
        (lambda: SGD(math.inf), ValueError, "learning rate is inf"),
        (lambda: SGD("0.1"), TypeError, "lr is '0.1'; give a number"),
        (lambda: SGD(True), TypeError, "lr is True"),
        (lambda: SGD(lambda t: None), TypeError, "lr is None"),
        (lambda: SGD(0.1, 1.0), ValueError, "momentum is 1.0; .* below 1"),
        (lambda: SGD(0.1, -0.5), ValueError, "momentum is -0.5"),
        (lambda: SGD(0.1, nesterov=True), ValueError, "needs a momentum above 0"),
        (lambda: RMSProp(beta=1.5), ValueError, "beta is 1.5"),
        (lambda: RMSProp(eps=0), ValueError, "eps is 0; .* above 0"),
        (lambda: Adam(beta1=1), ValueError, "beta1 is 1"),
        (lambda: Adam(beta2=-1e-3), ValueError, "beta2 is -0.001"),
        (lambda: Adam(beta2=math.nan), ValueError, "beta2 is nan"),
        (lambda: AdamW(eps=-1e-8), ValueError, "eps is -1e-08"),
        (lambda: AdamW(weight_decay=-1), ValueError, "weight_decay is -1"),
        (lambda: AdamW(weight_decay=None), TypeError, "weight_decay is None"),
        (lambda: step_decay(0.1, every=0), ValueError, "every is 0; .* 1 or more"),
        (lambda: step_decay(0.1, every=2.5), ValueError, "every is 2.5"),
        (lambda: step_decay(0.1, every=2, factor=0), ValueError, "factor is 0"),
        (lambda: cosine(0.1, steps=-3), ValueError, "steps is -3"),
        (lambda: cosine(0.1, steps=3, last=-1), ValueError, "learning rate is -1"),
        (lambda: warmup(True, 0.1), ValueError, "steps is True"),
        (lambda: warmup(3, "cosine"), TypeError, "lr is 'cosine'"),
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
    np.testing.assert_array_equal(optimizer.state()["m_sum"], state["m_sum"])
    assert optimizer.t == 2


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: None, TypeError, "state is None"),
        (lambda s: {}, ValueError, r"holds \[\]"),
        (lambda s: s | {"velocity": s["m_sum"]}, ValueError, "velocity"),
        (lambda s: {k: s[k] for k in ("t", "m_sum")}, ValueError, r"holds \['m_sum', 't'\]"),
        (lambda s: s | {"t": -1}, ValueError, "t of the state is -1"),
        (lambda s: s | {"t": 1.5}, ValueError, "t of the state is 1.5"),
        (lambda s: s | {"v_sum": s["v_sum"][:1]}, ValueError, "m_sum: 2 of float64, v_sum: 1"),
        (lambda s: s | {"v_sum": [1.0, 2.0]}, TypeError, r"v_sum of the state is \[1.0, 2.0\]"),
        (lambda s: s | {"m_sum": np.ones((2, 1))}, TypeError, "m_sum of the state is an array"),
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
    np.testing.assert_array_equal(after["m_sum"], before["m_sum"])


def test_state_of_another_kind_is_refused():
    heavy = SGD(0.1, 0.9)
    heavy.update(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="settings it came from"):
        SGD(0.1).load_state(heavy.state())
    with pytest.raises(ValueError, match=r"holds \['t', 'v_sum'\]"):
        RMSProp().load_state(heavy.state())


@pytest.mark.parametrize(
    "read",
    [lambda: SGD(0.1, 0.9).velocity, lambda: RMSProp().v, lambda: Adam().m, lambda: AdamW().v],
)
def test_nothing_to_read_before_the_first_update(read):
    with pytest.raises(ValueError, match="call update"):
        read()
