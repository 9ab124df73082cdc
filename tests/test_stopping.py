"""Stopping rules: when each fires, and what it asks for."""

import copy
import math
import pickle

import pytest

from pybackprop.history import History, Moment
from pybackprop.stopping import (
    LossBelow,
    LossChangeBelow,
    MaxIterations,
    Patience,
    check_watched,
    restores_best,
)


def moment(ended=True, **rows):
    return Moment(None, None, History(**rows), epoch_ended=ended)


@pytest.mark.parametrize(("n", "made", "fires"), [(3, 2, False), (3, 3, True), (3, 4, True)])
def test_max_iterations_counts_updates(n, made, fires):
    reason = MaxIterations(n)(moment(learning_rates=[0.1] * made))
    assert reason == (f"iterations reached: {n}" if fires else None)


@pytest.mark.parametrize(
    ("each", "fires"), [("epoch", [False, False, True]), ("iteration", [True, False, True])]
)
def test_loss_below_looks_at_epochs_or_at_iterations(each, fires):
    """A lucky batch, an ordinary one, and an epoch that is good on average."""
    moments = [
        moment(losses=[0.9, 0.01], train_loss=[]),
        moment(losses=[0.9, 0.01, 0.9], train_loss=[0.6]),
        moment(losses=[0.9, 0.01, 0.9, 0.1], train_loss=[0.6, 0.2]),
    ]
    reasons = [LossBelow(0.25, each)(now) for now in moments]
    assert reasons == ["loss below 0.25" if fired else None for fired in fires]


def test_loss_below_means_below():
    assert LossBelow(0.5)(moment(train_loss=[0.5])) is None
    assert LossBelow(0.5)(moment(train_loss=[math.nextafter(0.5, 0)])) == "loss below 0.5"
    assert LossBelow(0.5)(moment(train_loss=[math.nan])) is None


@pytest.mark.parametrize(
    ("losses", "fires"),
    [
        ([1.0], False),
        ([1.0, 0.9], False),
        ([0.905, 0.9], True),
        ([1.0, 0.9, 0.895], True),
        ([1.0, 0.9, 0.905], True),  # a rise is a change, too
        ([1.0, 0.9, 0.5], False),
        ([0.02, 0.01], False),  # below means below
        ([1.0, math.nan], False),
        ([], False),
    ],
)
def test_loss_change_below_compares_the_last_two(losses, fires):
    reason = "change of loss below 0.01" if fires else None
    assert LossChangeBelow(0.01)(moment(train_loss=losses, losses=[1.0, 1.0])) == reason
    assert LossChangeBelow(0.01, each="iteration")(moment(losses=losses)) == reason


def test_epochs_are_the_default():
    """One lucky batch of four is no end of training."""
    assert LossBelow(0.1).each == LossChangeBelow(0.1).each == "epoch"
    lucky = moment(ended=False, losses=[0.9, 0.01, 0.01], train_loss=[])
    assert LossBelow(0.1)(lucky) is None
    assert LossChangeBelow(0.1)(lucky) is None


@pytest.mark.parametrize(
    ("rule", "losses", "stops_after"),
    [
        (Patience(2), [5, 4, 3, 2, 1], None),
        (Patience(2), [5, 4, 4, 4, 1], 4),
        (Patience(2), [5, 4, 6, 3, 3.5, 2, 2], None),
        (Patience(1), [1, 2], 2),
        (Patience(2, min_delta=0.5), [5, 4.6, 4.4, 4.2, 3.8], None),
        (Patience(2, min_delta=0.5), [5, 4.8, 4.7], 3),
        (Patience(3), [1, math.nan, math.nan, math.nan], 4),
        (Patience(3), [math.nan, 1, 2, 3, 4], 5),
        (Patience(2), [math.nan, math.nan], 2),
    ],
)
def test_patience_counts_epochs_without_improvement(rule, losses, stops_after):
    reasons = [rule(moment(validation_loss=losses[:k])) for k in range(1, len(losses) + 1)]
    assert (stops_after is not None) == any(reasons)
    if stops_after:
        reason = f"no better validation loss for {rule.epochs} epochs"
        assert reasons.index(reason) == stops_after - 1


def test_patience_waits_for_five_epochs_unless_told():
    assert Patience() == Patience(epochs=5, min_delta=0.0, restore_best=True)


def test_patience_waits_for_the_end_of_an_epoch():
    losses = [1, 2, 3, 4, 5]
    assert Patience(2)(moment(ended=False, validation_loss=losses)) is None
    assert Patience(2)(moment(ended=True, validation_loss=losses))


class Custom:
    """A rule of one's own that wants the best epoch back."""

    restore_best = True

    def __call__(self, now):
        return None

    def __repr__(self):
        return "Custom()"


def test_rules_that_watch_the_validation_loss_need_one():
    with pytest.raises(
        ValueError, match=r"Patience\(epochs=3, .* watches the validation loss; give"
    ):
        check_watched([MaxIterations(5), Patience(3, restore_best=False)], validation=False)
    with pytest.raises(
        ValueError, match=r"Custom\(\) has restore_best, .* give validation=\(X, Y\)"
    ):
        check_watched([Custom()], validation=False)
    check_watched([MaxIterations(5), LossBelow(0.1), lambda now: None], validation=False)
    check_watched([Patience(), Custom()], validation=True)


def test_which_rules_want_the_best_epoch_back():
    rules = [Patience(), Custom(), Patience(restore_best=False), MaxIterations(3), lambda now: None]
    assert [restores_best(rule) for rule in rules] == [True, True, False, False, False]


@pytest.mark.parametrize(
    "rule", [MaxIterations(3), LossBelow(0.1), LossChangeBelow(0.1, "iteration"), Patience(4)]
)
@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_rules_are_copied_compared_and_printed(rule, twin):
    assert twin(rule) == rule
    assert eval(repr(rule)) == rule


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MaxIterations(0), ValueError, "n is 0"),
        (lambda: MaxIterations(1.5), TypeError, "n is 1.5"),
        (lambda: LossBelow(0), ValueError, "threshold is 0; .* above 0"),
        (lambda: LossBelow("low"), TypeError, "threshold is 'low'"),
        (lambda: LossBelow(0.1, each="epochs"), ValueError, "did you mean 'epoch'"),
        (lambda: LossBelow(0.1, each=None), ValueError, "unknown span None"),
        (lambda: LossChangeBelow(-1e-6), ValueError, "threshold is -1e-06"),
        (lambda: LossChangeBelow(math.nan), ValueError, "threshold is nan"),
        (lambda: Patience(0), ValueError, "epochs is 0"),
        (lambda: Patience(3, min_delta=-1), ValueError, "min_delta is -1"),
        (lambda: Patience(3, min_delta="1"), TypeError, "min_delta is '1'"),
    ],
)
def test_bad_rules_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
