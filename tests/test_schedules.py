"""Schedules: their values, that they can be made again, and what they refuse."""

import copy
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybackprop.schedules import (
    SCHEDULES,
    Schedule,
    constant,
    cosine,
    learning_rate,
    step_decay,
    warmup,
)


def test_values():
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


def test_a_warmup_in_a_warmup():
    """The inner one rises from the outer one's end: 2 updates to 0.25, then 4 to 1."""
    nested = warmup(2, then=warmup(4, then=1.0))
    assert [nested(t) for t in range(1, 8)] == [0.125, 0.25, 0.25, 0.5, 0.75, 1.0, 1.0]


numbers = st.floats(0, 1e6)
counts = st.integers(1, 10**6)
simple = st.one_of(
    st.builds(constant, numbers),
    st.builds(step_decay, numbers, counts, st.floats(1e-3, 1.0)),
    st.builds(cosine, numbers, counts, numbers),
)
schedules = st.recursive(simple, lambda inner: st.builds(warmup, counts, inner), max_leaves=4)


@given(schedules, st.integers(1, 10**7))
def test_rates_are_numbers_from_0_up(schedule, t):
    assert 0 <= learning_rate(schedule, t) < math.inf


@given(
    schedules, st.sampled_from([copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
)
def test_copies_and_pickles_are_the_same_schedule(schedule, twin):
    again = twin(schedule)
    assert again == schedule
    assert repr(again) == repr(schedule)
    assert [again(t) for t in range(1, 30)] == [schedule(t) for t in range(1, 30)]


@given(schedules)
def test_what_prints_makes_the_same_schedule(schedule):
    assert eval(repr(schedule), dict(SCHEDULES)) == schedule


def test_what_prints_and_what_is_kept_are_plain_numbers():
    import numpy as np

    schedule = warmup(np.int64(5), then=cosine(np.float32(0.5), steps=20))
    assert repr(schedule) == "warmup(steps=5, then=cosine(lr=0.5, steps=20, last=0.0))"
    assert repr(constant(1)) == "constant(lr=1.0)"


def test_schedules_compare_and_can_be_keys():
    assert cosine(0.1, steps=5) == cosine(0.1, steps=5) != cosine(0.1, steps=6)
    assert len({constant(0.1), constant(0.1), constant(0.2), step_decay(0.1, 2)}) == 3


def test_the_table_has_every_schedule():
    assert list(SCHEDULES.items()) == [
        ("constant", constant),
        ("step_decay", step_decay),
        ("cosine", cosine),
        ("warmup", warmup),
    ]
    assert set(SCHEDULES.values()) == set(Schedule.__subclasses__())


@pytest.mark.parametrize("change", ["lr", "every", "new"])
def test_a_schedule_does_not_change(change):
    with pytest.raises(AttributeError):
        setattr(step_decay(0.1, 2), change, 5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: constant(-1), ValueError, "lr is -1; give a number from 0 up"),
        (lambda: constant(lambda t: 0.1), TypeError, "lr is <function"),
        (lambda: step_decay(0.1, every=0), ValueError, "every is 0; give 1 or more"),
        (lambda: step_decay(0.1, every=2.5), TypeError, "every is 2.5; give a whole number"),
        (lambda: step_decay(0.1, every=2, factor=0), ValueError, "factor is 0"),
        (lambda: step_decay(0.1, every=2, factor=math.inf), ValueError, "factor is inf"),
        (lambda: step_decay("0.1", every=2), TypeError, "lr is '0.1'"),
        (lambda: cosine(0.1, steps=-3), ValueError, "steps is -3"),
        (lambda: cosine(0.1, steps=3, last=-1), ValueError, "last is -1"),
        (lambda: cosine(math.nan, steps=3), ValueError, "lr is nan"),
        (lambda: warmup(True, 0.1), TypeError, "steps is True"),
        (lambda: warmup(3, "cosine"), TypeError, "then is 'cosine'"),
        (lambda: warmup(3, cosine), TypeError, r"then is the class cosine; give cosine\(...\)"),
        (lambda: warmup(3, lambda t: -1), ValueError, "learning rate is -1.0 at update 1"),
    ],
)
def test_bad_settings_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("lr", "t", "error", "message"),
    [
        (lambda t: math.nan, 7, ValueError, "learning rate is nan at update 7; .* from 0 up"),
        (lambda t: None, 7, TypeError, "the learning rate is None; give a number"),
        (step_decay(1.0, every=1, factor=10.0), 500, ValueError, "rate is inf at update 500"),
        (warmup(2, step_decay(1.0, every=1, factor=10.0)), 500, ValueError, "inf at update 498"),
    ],
)
def test_a_rate_that_goes_wrong_later_says_when(lr, t, error, message):
    with pytest.raises(error, match=message):
        learning_rate(lr, t)


def test_a_schedule_without_a_rate_says_so():
    class Silent(Schedule):
        pass

    with pytest.raises(NotImplementedError, match="Silent does not say its learning rate"):
        Silent()(1)
