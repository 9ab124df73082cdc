"""What training hands out: how a history prints, compares, copies, and is checked."""

import copy
import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pybackprop as pb
from pybackprop.history import History, Moment, Record, check_history, shown
from pybackprop.stopping import LossBelow


def history(**rows):
    plain = {
        "losses": [1.0] * 6,
        "learning_rates": [0.1] * 6,
        "epoch_ends": [3, 6],
        "train_loss": [0.75, 0.5],
        "reason": "epochs reached",
    }
    return History(**(plain | rows))


def test_prints_as_a_table():
    run = history(
        train_accuracy=[0.5, 1.0],
        validation_loss=[0.8, 0.123456],
        validation_accuracy=[0.25, 0.75],
    )
    assert str(run) == repr(run)
    assert str(run).splitlines() == [
        "epochs 2, iterations 6: epochs reached",
        "    epoch  iteration       loss   accuracy  validation loss  validation accuracy",
        "        1          3     0.7500     0.5000           0.8000               0.2500",
        "        2          6     0.5000     1.0000           0.1235               0.7500",
    ]
    assert str(History()) == "epochs 0, iterations 0: not ended yet"


def test_prints_recall_where_there_is_one():
    run = history(train_accuracy=[0.9, 0.9], train_recall=[0.5, 0.625], validation_recall=[0.5, 1])
    assert str(run).splitlines()[1:] == [
        "    epoch  iteration       loss   accuracy     recall  validation recall",
        "        1          3     0.7500     0.9000     0.5000             0.5000",
        "        2          6     0.5000     0.9000     0.6250             1.0000",
    ]


def test_prints_what_was_restored():
    assert str(history(restored_iteration=3)).splitlines()[:2] == [
        "epochs 2, iterations 6: epochs reached",
        "parameters restored from iteration 3",
    ]


def test_prints_ten_rows_first_and_last_among_them():
    run = History(epoch_ends=list(range(1, 101)), train_loss=[1.0] * 100)
    rows = str(run).splitlines()[2:]
    assert len(rows) == 10
    assert rows[0].split()[0] == "1"
    assert rows[-1].split()[0] == "100"


def test_large_and_tiny_numbers_print_in_a_readable_width():
    run = history(train_loss=[51234.5, 2e221], validation_loss=[1e-9, math.inf])
    assert str(run).splitlines()[1:] == [
        "    epoch  iteration        loss  validation loss",
        "        1          3  51234.5000        1.000e-09",
        "        2          6  2.000e+221              inf",
    ]


def test_where_four_decimals_end():
    assert [shown(number) for number in (999_999, 1e6, 5.1e-5, 4.9e-5, -0.5, -2e7, 0, 1)] == [
        "999999.0000", "1.000e+06", "0.0001", "4.900e-05", "-0.5000", "-2.000e+07",
        "0.0000", "1.0000",
    ]  # fmt: skip


@given(st.lists(st.floats(), min_size=1, max_size=30), st.lists(st.floats(), min_size=1))
def test_every_history_prints_in_lines_of_one_length_below_100(train, validation):
    count = min(len(train), len(validation))
    run = History(
        epoch_ends=list(range(1, count + 1)),
        train_loss=train[:count],
        train_accuracy=[0.5] * count,
        validation_loss=validation[:count],
        validation_accuracy=[0.5] * count,
    )
    head, *rows = str(run).splitlines()[1:]
    assert {len(row) for row in rows} == {len(head)}
    assert len(head) < 100


def test_histories_are_compared_as_objects():
    """By their contents they would be: arrays have no one truth, and seconds never agree."""
    net = pb.Network([1, 1], rng=0)
    record = Record(net, np.ones((2, 1)), np.ones((2, 1)), theta=[np.ones(2)])
    one, two = history(record=record), history(record=record)
    assert one == one  # noqa: PLR0124
    assert one != two
    assert record != copy.deepcopy(record)
    assert len({one, two}) == 2


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h))])
def test_histories_are_copied_with_all_they_hold(twin):
    rule = LossBelow(0.6)
    record = Record(pb.Network([1, 1], rng=0), np.ones((2, 1)), np.zeros((2, 1)), [rule])
    record.add(np.ones(2), np.zeros(2), np.array([0, 1]))
    run = history(record=record, stopped_by=rule)
    again = twin(run)
    assert str(again) == str(run)
    assert again.stopped_by == rule == again.record.rules[0]
    np.testing.assert_array_equal(again.record.theta[0], [1, 1])
    np.testing.assert_array_equal(again.record.net.params.theta, record.net.params.theta)
    again.losses.append(9.0)
    assert len(run.losses) == 6


def test_joblib_writes_and_reads_histories(tmp_path):
    joblib = pytest.importorskip("joblib")
    joblib.dump(history(), tmp_path / "history")
    assert str(joblib.load(tmp_path / "history")) == str(history())


def test_a_record_keeps_copies():
    theta, grad = np.ones(2), np.zeros(2)
    record = Record(pb.Network([1, 1], rng=0), np.ones((1, 1)), np.ones((1, 1)))
    record.add(theta, grad, np.array([0]))
    theta[:], grad[:] = 5, 5
    assert record.theta[0].tolist() == [1, 1]
    assert record.grad[0].tolist() == [0, 0]


def test_a_moment_has_no_attributes_but_its_own():
    now = Moment(None, None, History())
    assert (now.epoch, now.epoch_ended, now.trace) == (0, False, None)
    with pytest.raises(AttributeError):
        now.epoc = 3


def test_a_history_starts_with_nothing():
    run = History()
    assert (run.iterations, run.epochs, run.seconds) == (0, 0, 0.0)
    assert run.stopped_by is run.restored_iteration is run.record is None


def test_a_good_history_passes_the_check():
    check_history(History())
    check_history(history(losses=[1, np.float32(2), math.nan], epoch_ends=[np.int64(3), 6]))
    check_history(history(restored_iteration=0, seconds=1, stopped_by=LossBelow(0.1)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("losses", None),
        ("losses", (1.0, 2.0)),
        ("losses", [1.0, "2"]),
        ("losses", [[1.0]]),
        ("learning_rates", [True]),
        ("learning_rates", {"a": 1}),
        ("epoch_ends", [3, 6.5]),
        ("train_loss", [0.5]),
        ("train_loss", [0.5] * 3),
        ("train_accuracy", [0.5]),
        ("train_recall", "0.5"),
        ("validation_loss", [1.0, None]),
        ("validation_accuracy", [0.1] * 7),
        ("validation_recall", [1 + 1j, 0]),
        ("reason", 5),
        ("reason", None),
        ("restored_iteration", 1.5),
        ("restored_iteration", "3"),
        ("seconds", "long"),
        ("seconds", None),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(name, value):
    with pytest.raises(ValueError, match=f"^{name} of the history is "):
        check_history(history(**{name: value}))


def test_a_long_field_is_named_in_short():
    with pytest.raises(ValueError, match="losses of the history is") as caught:
        check_history(history(losses=["x" * 1000] * 1000))
    assert len(str(caught.value)) < 300


def test_what_is_no_history_at_all():
    with pytest.raises(TypeError):
        check_history(SimpleNamespace(losses=[]))
