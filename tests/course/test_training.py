"""The training stepper: a run as its history has it, and the rule that ended it."""

import re

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage import drawing
from pybackprop.course.stage.stepper import content_at, rounded, value_at
from pybackprop.course.steppers import training as training_steps
from pybackprop.optimizers import SGD
from pybackprop.stopping import LossBelow, LossChangeBelow, MaxIterations, Patience
from pybackprop.training import train


def train_small(sizes=(2, 3, 1), epochs=30, **more):
    rng = np.random.default_rng(0)
    net = pb.Network(sizes, "tanh", rng=0)
    inputs = rng.uniform(-1, 1, (6, sizes[0]))
    targets = (inputs.sum(axis=1, keepdims=True) > 0) * np.ones(sizes[-1])
    more = {"optimizer": SGD(1.0), "batch_size": None, "record": True} | more
    return net, train(net, inputs, targets, epochs=epochs, **more), inputs, targets


def columns_of(history):
    (run,) = steppers.training_stepper(history).data["runs"]
    return run["n"], run["cols"]


def boxes(columns, frame, read):
    """Return the text of each box of the flow chart, and the role in which it is lit."""
    lit = dict(one.split(":") for one in value_at(columns["lit"], frame).split())
    found = read.find(content_at(columns, "math", frame), class_="pb-box")
    return [(read.plain(box, columns, frame), lit.get(box[1]["data-k"])) for box in found]


def test_columns_are_the_histories():
    net, history, inputs, targets = train_small()
    n, columns = columns_of(history)
    assert n == 31
    final = pb.backprop(net, inputs, targets)
    assert columns["C"] == [float(rounded(loss)) for loss in [*history.losses, final.loss]]
    gradients = [*history.record.grad, final.grad.theta]
    assert columns["size"] == [rounded(np.linalg.norm(one).item()) for one in gradients]
    for k in range(net.params.theta.size):
        for frame in range(31):
            theta, slope = history.record.theta[frame][k], gradients[frame][k]
            assert value_at(columns[f"p{k}"], frame) == pytest.approx(theta, abs=0.501e-3)
            assert value_at(columns[f"g{k}"], frame) == pytest.approx(slope, abs=0.501e-4)


def test_the_network_that_was_trained_may_go_on_changing():
    net, history, *_ = train_small()
    before = steppers.training_stepper(history).to_html()
    net.params.theta[:] = 7
    assert steppers.training_stepper(history).to_html() == before


# The flow chart


def enough(now):
    return "loss below its value an epoch ago" if now.history.iterations == 3 else None


@pytest.mark.parametrize(
    ("rule", "box"),
    [
        (MaxIterations(7), "iterations reached: 7? now 7"),
        (LossBelow(0.6, each="iteration"), "loss below threshold: 0.6? now {losses}"),
        (LossChangeBelow(0.01, each="iteration"), "change of loss below threshold: 0.01? now "),
        (LossBelow(0.6, each="epoch"), "loss below threshold: 0.6? now {losses}"),
        (enough, "loss below its value an epoch ago?"),
    ],
)
def test_the_rule_that_fires_is_lit_at_the_end_only(rule, box, read):
    _, history, *_ = train_small(epochs=500, stop=[rule, MaxIterations(400)])
    n, columns = columns_of(history)
    last = history.losses[-1]
    for frame in range(n):
        lit = [text for text, role in boxes(columns, frame, read) if role == "updated"]
        if frame < n - 1:
            assert lit == []
        else:
            (fired,) = lit
            assert fired.startswith(box.format(losses=f"{last:.4g}"))
    assert history.reason in content_at(columns, "say", n - 1)


def test_the_chart_follows_the_run(read):
    _, history, *_ = train_small(epochs=9, batch_size=2, rng=0, stop=LossBelow(1e-9, each="epoch"))
    n, columns = columns_of(history)
    assert n == 28  # three updates an epoch
    assert columns["epoch"] == [1] * 4 + [e for e in range(2, 10) for _ in range(3)]
    loop = ["forward pass", "loss C", "backward pass", "update", "↺ next iteration"]
    first = ["start", *loop[:3]]
    for frame in (0, 1, 13, 26, 27):
        texts = boxes(columns, frame, read)
        lit = [text for text, role in texts if role]
        nearest = [text for text, _ in texts if "now" in text]
        ended = history.train_loss[: frame // 3]
        assert nearest == [
            f"loss below threshold: 1e-09? now {f'{ended[-1]:.4g}' if ended else '–'}"
        ]
        if frame == 27:
            assert lit == ["update", "epochs reached?", "end"]
            continue
        expected = loop if frame else first
        assert [text.split(" = ")[0].split(",")[0] for text in lit] == expected
        assert f"loss C = {rounded(history.losses[frame])}" in lit


def test_patience_shows_how_long_it_has_waited(read):
    rule = Patience(4, restore_best=False)
    X, Y = [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]]
    _, history, *_ = train_small(epochs=40, validation=(X, 1 - np.array(Y)), stop=rule)
    n, columns = columns_of(history)
    assert history.stopped_by is rule
    seen = []
    for frame in range(n):
        (text,) = [text for text, _ in boxes(columns, frame, read) if "validation" in text]
        seen.append(int(text.split("now ")[1]))
    assert seen[0] == 0
    assert seen[-4:] == [1, 2, 3, 4]


def test_two_rules_alike_are_told_apart(read):
    never, first = LossBelow(1e-9, each="iteration"), LossBelow(0.6, each="iteration")
    _, history, *_ = train_small(epochs=500, stop=[never, first])
    n, columns = columns_of(history)
    lit = [text for text, role in boxes(columns, n - 1, read) if role == "updated"]
    assert [text.split("?")[0] for text in lit] == ["loss below threshold: 0.6"]


# Pictures


def test_the_decision_region_is_where_the_output_exceeds_a_half():
    net, history, inputs, _ = train_small()
    _, columns = columns_of(history)
    area = columns["area1"]
    assert area["at"][0] == 0
    assert area["at"][-1] == 30
    path = re.findall(r"[\d.]+ [\d.]+", area["v"][-1])
    points = np.array([[float(v) for v in point.split()] for point in path])
    chart = drawing.Chart(52, 185, 178, 170, *(training_steps.bounds(c) for c in inputs.T))
    x = chart.x[0] + (points[:, 0] - chart.left) / chart.width * np.ptp(chart.x)
    y = chart.y[1] - (points[:, 1] - chart.top) / chart.height * np.ptp(chart.y)
    inner = (np.abs(points - [52, 185]).min(axis=1) > 1) & (
        np.abs(points - [230, 355]).min(axis=1) > 1
    )
    out = pb.predict(net, np.column_stack([x, y])[inner])
    assert inner.sum() >= 5
    assert np.abs(out - 0.5).max() < 0.1


@pytest.mark.parametrize("sizes", [(1, 4, 1), (3, 2, 1), (2, 4, 3), (2, 3, 7), (20, 30, 4)])
def test_training_of_other_shapes(sizes):
    _, history, *_ = train_small(sizes)
    n, columns = columns_of(history)
    for frame in range(n):
        assert content_at(columns, "say", frame)


def test_long_runs_are_thinned_out_and_keep_both_ends():
    at = training_steps.shown_iterations(12_345)
    assert (at[0], at[-1], len(at)) == (0, 12_345, 501)
    assert training_steps.shown_iterations(500) == list(range(501))


# Bad input


def test_a_history_that_cannot_be_shown_says_why():
    _, history, *_ = train_small(record=False)
    with pytest.raises(ValueError, match=r"no record; train with pb.train\(..., record=True\)"):
        steppers.training_stepper(history)
    net, history, *_ = train_small()
    with pytest.raises(TypeError, match=r"history is a Network; give what pb.train\(..., record"):
        steppers.training_stepper(net)
    history.record.theta[3][0] = np.nan
    with pytest.raises(ValueError, match="NaN, infinity or numbers beyond 1e\\+12: this run div"):
        steppers.training_stepper(history)
    history.record.grad.clear()
    with pytest.raises(ValueError, match="no iterations"):
        steppers.training_stepper(history)


def absurd(output, scale, lr):
    net = pb.Network([1, 2, 1], "tanh", output, rng=0)
    given = {"optimizer": SGD(lr), "epochs": 6, "batch_size": None, "record": True}
    return train(net, [[scale], [-scale]], [[1.0], [0.0]], **given)


@pytest.mark.parametrize(("scale", "lr"), [(1e100, 1e60), (1.0, 1e200), (1.0, 1e15)])
@pytest.mark.parametrize("output", ["sigmoid", "identity"])
@pytest.mark.filterwarnings("ignore:training diverged")
def test_a_run_with_finite_but_absurd_numbers_diverged(output, scale, lr):
    history = absurd(output, scale, lr)
    assert all(np.isfinite(theta).all() for theta in history.record.theta)
    with pytest.raises(ValueError, match="this run diverged. Train again with a smaller"):
        steppers.training_stepper(history)


@pytest.mark.parametrize("lr", [0.5, 50.0])
@pytest.mark.filterwarnings("ignore:training diverged")
def test_the_beginning_of_a_divergence_can_be_looked_at(read, lr):
    history = absurd("identity", 1.0, lr)
    n, columns = columns_of(history)
    assert boxes(columns, n - 1, read)[-3] == (f"{history.reason}?", "updated")
    assert (history.reason == "diverged") == (lr > 1)
