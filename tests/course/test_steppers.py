"""The interactive parts without a browser: both displays, and frames against the package."""

import json
import re

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage import drawing
from pybackprop.course.stage.display import Interactive, live_class, to_json
from pybackprop.course.stage.stepper import (
    columns,
    num,
    packed,
    rounded,
    stepper,
    text_at,
    value_at,
)
from pybackprop.course.steppers import explorers, network_steps, race
from pybackprop.course.steppers import training as training_steps
from pybackprop.optimizers import SGD
from pybackprop.training import LossBelow, LossChangeBelow, MaxIterations, train

PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
NETWORKS = [
    pb.Network([2, 3, 1], rng=0),
    pb.Network([2, 3, 1], rng=1, fused=False),
    pb.Network([3, 2, 1], "tanh", "identity", "half_sse", rng=2),
    pb.Network([2, 3, 2, 2], ["relu", "gelu"], "identity", "mse", rng=3),
    pb.Network([2, 4, 3], "softplus", "softmax", "cross_entropy", rng=4),
    pb.Network([2, 2, 3], "leaky_relu", "softmax", "sse", rng=5),
    pb.Network([3, 2], output="sigmoid", loss="sse", rng=6),
]


def ids(net):
    return repr(net).replace(" ", "")


def number(text):
    """Read a number as it is shown: true minus signs, powers of ten with raised exponents."""
    return float(text.translate(PLAIN).replace("×10", "e"))


def trace_of(net, seed=0):
    rng = np.random.default_rng(seed)
    net.params.theta[:] = rng.uniform(-1.5, 1.5, net.params.theta.size)
    y = np.eye(net.sizes[-1])[:1]
    return pb.backprop(net, rng.uniform(-1, 1, (1, net.sizes[0])), y)


def results(frames):
    """Return the bold number of each frame that has one."""
    found = [re.search(r"<b>(.*?)</b>", frame["math"]) for frame in frames]
    return [number(re.sub("<.*?>", "", match[1])) for match in found if match]


def as_text(markup):
    """Return HTML as text, fractions with a slash."""
    fraction = r'<span class="pb-frac"><span>(\d+)</span>.*?<span>(\d+)</span></span>'
    return re.sub("<.*?>", "", re.sub(fraction, r"(\1/\2)", markup))


def shown(values):
    return [float(rounded(value)) for value in values]


# Displays


def make(data=None, **more):
    return Interactive(
        "stepper", "test", data or {"a": 1}, '<div class="pb-poster">x</div>', "A test", **more
    )


def test_static_display_is_html_with_escaped_data(monkeypatch):
    monkeypatch.setenv(steppers.STATIC, "1")
    bundle = make({"b": "</script><b>", "a": "−½"})._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == "A test"
    assert bundle["text/html"] == (
        '<div class="pybackprop-interactive" data-kind="stepper" data-name="test">'
        '<div class="pb-poster">x</div><script type="application/json">'
        '{"a":"−½","b":"\\u003c/script>\\u003cb>"}</script></div>'
    )


def test_live_display_is_a_widget_with_the_same_data(monkeypatch):
    monkeypatch.delenv(steppers.STATIC, raising=False)
    part = make()
    bundle = part._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert part.widget.data == {"a": 1}
    assert part.widget.poster == part.poster
    assert part.widget.frame is None


def test_nothing_live_is_made_for_the_static_display(monkeypatch):
    monkeypatch.setenv(steppers.STATIC, "1")
    part = make()
    part._repr_mimebundle_()
    assert "widget" not in part.__dict__


def test_without_anywidget_the_still_is_shown(monkeypatch):
    monkeypatch.delenv(steppers.STATIC, raising=False)
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    live_class.cache_clear()
    bundle = make()._repr_mimebundle_()
    assert bundle["text/html"] == '<div class="pb-poster">x</div>'
    assert "anywidget" in bundle["text/plain"]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_named(bad):
    with pytest.raises(ValueError, match=r'data\["runs"\]\[1\]\["z"\] is (nan|inf)'):
        to_json({"runs": [{}, {"z": bad}]})


def test_controls_remake_the_data():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.backward_stepper(net, [0.5, 1.0], [1.0], lr=0.5)
    slider, message, widget = part.live.children
    before = widget.data
    slider.value = 1.0
    assert widget.data != before
    assert widget.data == dict(steppers.backward_stepper(net, [0.5, 1.0], [1.0], lr=1.0).data)
    assert message.value == ""


def test_sliders_of_the_inputs_remake_the_forward_pass():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.forward_stepper(net, [0.5, 1.0], [1.0])
    first, *_, widget = part.live.children
    first.value = 0.7
    assert widget.data == dict(steppers.forward_stepper(net, [0.7, 1.0], [1.0]).data)


def test_the_live_race_takes_any_learning_rate():
    part = steppers.optimizer_race(steps=5)
    surface, lr, _, widget = part.live.children
    surface.value, lr.value = "saddle", 0.1
    assert widget.data == dict(steppers.optimizer_race(["saddle"], 0.1, steps=5).data)


def test_a_control_out_of_range_says_so():
    def remake(x):
        raise ValueError("x < 0")

    import ipywidgets

    part = make(controls=lambda: {"x": ipywidgets.FloatText(1.0)}, remake=remake)
    control, message, _ = part.live.children
    control.value = -1
    assert message.value == "x &lt; 0"


def test_static_html_does_not_change_between_runs():
    net = pb.Network([2, 3, 1], rng=0)
    first, second = (steppers.backward_stepper(net, [0.5, 1.0], [1.0]).to_html() for _ in range(2))
    assert first == second


# Columns


def test_columns_give_back_the_frames():
    rng = np.random.default_rng(0)
    frames = [{"a": int(rng.integers(3)), "b": int(i > 7), "c": "same"} for i in range(20)]
    assert [
        {key: value_at(column, i) for key, column in columns(frames).items()} for i in range(20)
    ] == frames


def test_templates_are_filled_from_other_columns():
    run = {"say": "loss {loss} at {at}", "loss": [0.25, -1e-7], "at": "{place}", "place": "x"}
    assert [text_at(run, "say", i) for i in (0, 1)] == ["loss 0.25 at x", "loss −1×10⁻⁷ at x"]


@pytest.mark.parametrize("exponent", range(-12, 12))
def test_num_keeps_four_digits(exponent):
    for value in np.random.default_rng(exponent + 12).uniform(-10, 10, 50) * 10.0**exponent:
        assert number(num(value)) == pytest.approx(value, rel=5e-4)
        assert number(num(value)) == float(f"{value:.4g}")


@pytest.mark.parametrize("value", [12.345, -123.456, 0.0, 12345.678, 1e-5, 0.001])
def test_a_packed_column_gives_back_its_decimals(value):
    column = packed([1.0, value], decimals=5)
    assert value_at(column, 1) == value
    assert number(text_at({"w": column}, "w", 1)) == value


def test_no_frames_too_many_frames_and_runs_that_do_not_match():
    def make_run(n):
        return {"n": n, "say": "", "math": ""}

    with pytest.raises(ValueError, match="1 to 2000 frames, got 0; give it something to show"):
        stepper("t", "T", "", [make_run(0)], table="")
    with pytest.raises(ValueError, match="got 5000; take every k-th"):
        stepper("t", "T", "", [make_run(5000)], table="")
    with pytest.raises(ValueError, match="2 runs for 1 combinations"):
        stepper("t", "T", "", [make_run(1)] * 2, table="")


# Forward, backward, derivation


@pytest.mark.parametrize("net", NETWORKS, ids=ids)
def test_forward_frames_end_in_the_packages_numbers(net):
    trace = trace_of(net)
    expected = []
    for l in range(1, net.L + 1):
        z, a = trace.z[l][0], trace.a[l][0]
        softmax = net.phi[l].name == "softmax"
        expected += [*z, *a] if softmax else np.stack([z, a], axis=1).ravel().tolist()
    frames = network_steps.forward_frames(net, trace)
    assert results(frames) == shown([*expected, trace.loss])
    assert len(frames) == len(expected) + 2
    last = frames[-1]
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            assert last[f"a{l}.{j}"] == num(trace.a[l][0, j])
            assert last[f"z{l}.{j}"] == num(trace.z[l][0, j])
    assert last["C"] == num(trace.loss)


@pytest.mark.parametrize("net", NETWORKS, ids=ids)
def test_backward_frames_end_in_the_packages_numbers(net):
    trace, lr = trace_of(net), 0.3
    layers = range(net.L, 0, -1)
    deltas = np.concatenate([trace.delta[l][0] for l in layers])
    gradients = np.concatenate(
        [np.column_stack([trace.grad.W[l], trace.grad.b[l]]).ravel() for l in layers]
    )
    new = pb.Params(net.sizes, net.params.theta - lr * trace.grad.theta)
    updated = np.concatenate(
        [np.column_stack([new.W[l], new.b[l]]).ravel() for l in reversed(layers)]
    )
    after = pb.evaluate(net.with_params(new.theta), trace.a[0], trace.y)
    frames = network_steps.backward_frames(net, trace, lr)
    assert results(frames) == shown([*deltas, *gradients, *updated, after])
    last = frames[-1]
    for i in range(net.params.theta.size):
        code = net.params.entry(i)
        name = next(
            n for n, *_ in network_steps.parameters(net) if network_steps.code_of(n) == code
        )
        assert last[f"g{name}"] == num(trace.grad.theta[i])
        assert last[f"n{name}"] == num(new.theta[i])


@pytest.mark.parametrize("net", NETWORKS, ids=ids)
def test_chains_multiply_to_the_gradient(net):
    trace = trace_of(net)
    for _, l, j, i in network_steps.parameters(net):
        frames = network_steps.derivation_frames(net, trace, l, j, i)
        assert results(frames) == shown([network_steps.gradient(trace, l, j, i)])
        rows = re.findall(
            r'<p class="pb-eq">(?:\+ )?(<span class="pb-factor.*?)</p>', frames[-1]["math"]
        )
        products = [
            np.prod(
                [
                    number(value)
                    for value in re.findall(r"<span>([−\d.×⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)</span></span>", row)
                ]
            )
            for row in rows
        ]
        assert np.isclose(
            sum(products),
            network_steps.gradient(trace, l, j, i),
            rtol=5e-3,
            atol=5e-3 * np.abs(products).sum(),
        )


def test_many_paths_are_folded_into_one_factor():
    net = pb.Network([1, 2, 3, 4], "tanh", "identity", "sse", rng=0)
    trace = trace_of(net)
    frames = network_steps.derivation_frames(net, trace, 1, 0, 0)
    assert len(frames) == 5
    assert "what comes back to hidden neuron 1 of layer 1" in frames[1]["say"]
    assert "Along 12 paths. What comes back" in frames[0]["say"]


@pytest.mark.parametrize(("loss", "number"), [("bce", 4), ("half_sse", 5)])
def test_a_chain_says_where_two_slopes_are_joined(loss, number):
    net = pb.Network([2, 3, 1], loss=loss, rng=0)
    said = network_steps.derivation_frames(net, trace_of(net), 1, 0, 0)[0]["say"]
    assert f"Along 1 path: a product of {number} factors." in said
    assert ("joins the slopes" in said) == (number == 4)


@pytest.mark.parametrize("net", NETWORKS, ids=ids)
def test_every_sum_and_product_shown_adds_up(net):
    """Work out each line of numbers as a reader would and compare it with the bold result."""
    trace, checked = trace_of(net), 0
    frames = network_steps.forward_frames(net, trace) + network_steps.backward_frames(
        net, trace, 0.3
    )
    for frame in frames:
        rows = [as_text(row) for row in re.findall(r'"pb-eq">(.*?)</p>', frame["math"])]
        if len(rows) < 2 or "<b>" not in frame["math"]:
            continue
        (result,) = results([frame])
        for row in rows[1:-1]:
            sum_text = row.strip("= ").replace("²", "**2").replace("½ ", "0.5*").replace("·", "*")
            sum_text = sum_text.translate(PLAIN).replace("×10", "e")
            sum_text = re.sub(r"([\d)]) \(", r"\1 * (", sum_text)
            if re.fullmatch(r"([-+*/() ]|\d+\.?\d*(e-?\d+)?)+", sum_text):
                assert eval(sum_text) == pytest.approx(result, rel=5e-3, abs=5e-3), (row, result)
                checked += 1
    assert checked >= 3 * sum(net.sizes[1:])


def test_note_004s_network_by_hand():
    """The 3-2-1 network of the notes: numbers a reader can follow with pen and paper."""
    net = pb.Network(
        [3, 2, 1],
        loss="sse",
        init={"W": [[[0.2, -0.5, 0.1], [-0.3, 0.4, 0.2]], [[0.5, 0.2]]], "b": [[0.3, -0.1], [0.1]]},
    )
    frames = network_steps.forward_frames(net, pb.backprop(net, [[2.0, 3.0, -1.0]], [[1.0]]))
    assert re.sub("<.*?>", "", frames[1]["math"]) == (
        "Hidden neuron 1: weighted sumz[1]1 = w[1]11x1 + w[1]12x2 + w[1]13x3 + b[1]1"
        "= 0.2·2 + (−0.5)·3 + 0.1·(−1) + 0.3= 0.4 − 1.5 − 0.1 + 0.3= −0.9"
    )
    assert results(frames)[:4] == [-0.9, 0.2891, 0.3, 0.5744]


# Explorers, race, gradient check


def test_activation_explorer_holds_the_packages_curves():
    for name in explorers.ELEMENTWISE:
        run = explorers.activation_columns(name)
        z = np.linspace(-6, 6, 121).round(1)
        a = pb.ACTIVATIONS[name](z)
        assert run["a"] == shown(a)
        assert run["d"] == shown(pb.ACTIVATIONS[name].derivative(z, a) * np.ones(121))


def test_saturation_is_named():
    run = explorers.activation_columns("sigmoid")
    assert "saturated" in run["mood"][0]
    assert "0.25 of a gradient, never more" in run["mood"][60]
    assert "passes well" in explorers.activation_columns("tanh")["mood"][60]
    assert "No gradient" in explorers.activation_columns("relu")["mood"][0]


@pytest.mark.parametrize("name", explorers.SHOWN_LOSSES)
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_loss_explorer_holds_the_slopes_of_its_curves(name, y):
    run = explorers.loss_columns(name, y)
    z = np.linspace(-6, 6, 121).round(1)
    a = pb.ACTIVATIONS["sigmoid"](z)
    slope = np.gradient(run["C"], z)
    assert np.allclose(run["dz"][1:-1], slope[1:-1], atol=0.02)
    assert np.allclose(run["dz"], np.array(run["da"]) * a * (1 - a), rtol=2e-3, atol=1e-4)


def test_the_scale_of_a_loss_suits_its_curves():
    half_sse, bce = (explorers.loss_columns(name, 1.0) for name in ("half_sse", "bce"))
    assert explorers.limit(half_sse["C"] + half_sse["dz"]) == 0.5
    assert explorers.limit(half_sse["C"] + half_sse["da"]) == 1
    assert max(bce["C"]) > explorers.limit(bce["C"]) == 2


def test_the_race_walks_as_the_optimizers_do():
    surface = race.SURFACES["curved valley"]
    for make in race.RACERS.values():
        way = race.walk(surface, make(0.02), 5)
        theta, optimizer = np.array(surface.start), make(0.02)
        for step in range(6):
            assert [way["x"][step], way["y"][step]] == theta.tolist()
            assert way["f"][step] == surface.f(*theta)
            optimizer.update(theta, np.array(surface.gradient(*theta)))


@pytest.mark.parametrize("surface", race.SURFACES.values(), ids=race.SURFACES)
def test_surfaces_have_their_gradients_and_lowest_points(surface):
    for point in np.random.default_rng(0).uniform(-1, 1, (5, 2)):
        numerical = pb.numerical_gradient(lambda t: surface.f(*t), point, "complex")
        assert np.allclose(surface.gradient(*point), numerical, rtol=1e-12)
    assert np.allclose(surface.gradient(*surface.lowest), 0)
    grid = np.meshgrid(np.linspace(*surface.x, 101), np.linspace(*surface.y, 101))
    assert surface.f(*grid).min() >= surface.f(*surface.lowest)


def test_a_diverging_racer_is_named_and_leaves_the_picture():
    run = race.race_columns(race.SURFACES["long bowl"], 0.5, 40)
    assert run["x0"][-1] is None
    assert "SGD and momentum diverged" in run["lead"][-1]
    assert (
        race.race_columns(race.SURFACES["long bowl"], 0.05, 40)["lead"][-1].count("diverged") == 0
    )


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


# Training


def train_small(sizes=(2, 3, 1), epochs=30, **more):
    rng = np.random.default_rng(0)
    net = pb.Network(sizes, "tanh", rng=0)
    inputs = rng.uniform(-1, 1, (6, sizes[0]))
    targets = (inputs.sum(axis=1, keepdims=True) > 0) * np.ones(sizes[-1])
    more = {"optimizer": SGD(1.0), "batch_size": None, "record": True} | more
    return net, train(net, inputs, targets, epochs=epochs, **more), inputs, targets


def test_training_columns_are_the_histories():
    net, history, inputs, targets = train_small()
    part = steppers.training_stepper(net, history, inputs, targets)
    columns = part.data["runs"][0]["cols"]
    assert part.data["runs"][0]["n"] == 31
    assert columns["C"][:-1] == shown(history.losses)
    assert columns["C"][-1] == rounded(pb.evaluate(net, inputs, targets))
    for name, l, j, i in network_steps.parameters(net):
        for frame in range(30):
            for key, vectors, decimals in [
                (name, history.record.theta, 3),
                (f"g{name}", history.record.grad, 4),
            ]:
                expected = network_steps.entry(pb.Params(net.sizes, vectors[frame]), l, j, i)
                assert value_at(columns[key], frame) == pytest.approx(
                    expected, abs=0.501 * 10**-decimals
                )


@pytest.mark.parametrize(
    ("rule", "box"),
    [
        (MaxIterations(7), "iterations reached: 7?"),
        (LossBelow(0.6), "loss below threshold: 0.6?"),
        (LossChangeBelow(0.01), "change of loss below threshold: 0.01?"),
        (lambda now: "enough" if now.history.iterations == 3 else None, "enough?"),
    ],
)
def test_the_rule_that_fires_is_lit_at_the_end_only(rule, box):
    net, history, inputs, targets = train_small(epochs=500, stop=[rule])
    part = steppers.training_stepper(net, history, inputs, targets, stop=rule)
    (run,) = part.data["runs"]
    last = run["n"] - 1
    lit = r'<span class="pb-box pb-rule pb-on">(.*?)</span>'
    assert re.findall(lit, text_at(run["cols"], "math", last)) == [box]
    assert re.findall(lit, text_at(run["cols"], "math", last - 1)) == []
    assert history.reason in text_at(run["cols"], "say", last)


def test_the_decision_region_is_where_the_output_exceeds_a_half():
    net, history, inputs, targets = train_small()
    part = steppers.training_stepper(net, history, inputs, targets)
    area = part.data["runs"][0]["cols"]["area1"]
    assert area["at"][0] == 0
    assert area["at"][-1] == 30
    path = re.findall(r"[\d.]+ [\d.]+", area["v"][-1])
    points = np.array([[float(v) for v in point.split()] for point in path])
    chart = drawing.Chart(40, 185, 190, 170, *(training_steps.bounds(c) for c in inputs.T))
    x = chart.x[0] + (points[:, 0] - chart.left) / chart.width * np.ptp(chart.x)
    y = chart.y[1] - (points[:, 1] - chart.top) / chart.height * np.ptp(chart.y)
    inner = (np.abs(points - [40, 185]).min(axis=1) > 1) & (
        np.abs(points - [230, 355]).min(axis=1) > 1
    )
    out = pb.predict(net, np.column_stack([x, y])[inner])
    assert inner.sum() >= 5
    assert np.abs(out - 0.5).max() < 0.1


@pytest.mark.parametrize("sizes", [(1, 4, 1), (3, 2, 1), (2, 4, 3), (20, 30, 4)])
def test_training_of_other_shapes(sizes):
    net, history, inputs, targets = train_small(sizes)
    part = steppers.training_stepper(net, history, inputs, targets)
    for frame in (0, 30):
        assert text_at(part.data["runs"][0]["cols"], "say", frame)
    assert part.to_html()


def test_long_runs_are_thinned_out_and_keep_both_ends():
    at = training_steps.shown_iterations(12_345)
    assert (at[0], at[-1], len(at)) == (0, 12_345, 501)
    assert training_steps.shown_iterations(500) == list(range(501))


def test_a_history_that_cannot_be_shown_says_why():
    net, history, inputs, targets = train_small(record=False)
    with pytest.raises(ValueError, match=r"no record; train with pb.train\(..., record=True\)"):
        steppers.training_stepper(net, history, inputs, targets)
    net, history, inputs, targets = train_small()
    with pytest.raises(ValueError, match="a network with 13 parameters, Network"):
        steppers.training_stepper(pb.Network([2, 2, 1], rng=0), history, inputs, targets)
    history.record.theta[3][0] = np.nan
    with pytest.raises(ValueError, match="NaN or infinite parameters: this run diverged"):
        steppers.training_stepper(net, history, inputs, targets)
    history.record.grad.clear()
    with pytest.raises(ValueError, match="no iterations"):
        steppers.training_stepper(net, history, inputs, targets)


# Bad input


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="no curve for 'softmax'; the explorer shows sigmoid"):
        steppers.activation_explorer(["softmax"])
    with pytest.raises(ValueError, match="no curve for 'hinge'; the explorer shows half_sse"):
        steppers.loss_explorer(["hinge"])
    with pytest.raises(ValueError, match="no surface 'hill'; the surfaces are long bowl"):
        steppers.optimizer_race(["hill"])
    with pytest.raises(ValueError, match="names is empty"):
        steppers.activation_explorer([])
    with pytest.raises(ValueError, match="steps is 0"):
        steppers.optimizer_race(steps=0)
    with pytest.raises(ValueError, match="learning rate"):
        steppers.optimizer_race(lr=-1.0)


def test_a_trace_of_another_network_is_refused():
    net, other = pb.Network([2, 3, 1], rng=0), pb.Network([2, 2, 1], rng=0)
    trace = pb.backprop(other, [[0.5, 1.0]], [[1.0]])
    with pytest.raises(ValueError, match="trace is of a 2-2-1 network, not of Network\\(2-3-1"):
        steppers.backward_stepper(net, trace)


def test_a_trace_of_changed_parameters_is_refused():
    net = pb.Network([2, 3, 1], rng=0)
    trace = pb.backprop(net, [[0.5, 1.0]], [[1.0]])
    net.params.theta[0] += 0.1
    with pytest.raises(ValueError, match="other numbers come out. Make a new one"):
        steppers.derivation_stepper(net, trace)


def test_a_trace_of_a_batch_is_refused():
    net = pb.Network([2, 3, 1], rng=0)
    trace = pb.backprop(net, [[0.5, 1.0], [1.0, 0.0]], [[1.0], [0.0]])
    with pytest.raises(
        ValueError, match=r"2 examples; .* use pb.backprop\(net, X\[:1\], Y\[:1\]\)"
    ):
        steppers.backward_stepper(net, trace)
    with pytest.raises(ValueError, match=r"x has 2 examples; .* use x\[:1\]"):
        steppers.forward_stepper(net, [[0.5, 1.0], [1.0, 0.0]])


def test_a_trace_with_nan_is_refused():
    net = pb.Network([2, 3, 1], rng=0)
    trace = pb.backprop(net, [[0.5, 1.0]], [[1.0]])
    trace.delta[1][0, 0] = np.nan
    with pytest.raises(ValueError, match="a frame holds nan"):
        steppers.backward_stepper(net, trace)


def test_a_wide_layer_is_refused():
    with pytest.raises(
        ValueError, match="50 nodes; a stepper draws each node and takes at most 12"
    ):
        steppers.forward_stepper(pb.Network([2, 50, 1], rng=0), [0.5, 1.0])


def test_too_many_chains_are_refused():
    net = pb.Network([10, 10, 1], rng=0)
    with pytest.raises(ValueError, match="more than 100 chains to show; backward_stepper takes it"):
        steppers.derivation_stepper(net, np.ones(10), [1.0])


def test_missing_target_bad_rate_and_unknown_parameter():
    net = pb.Network([2, 3, 1], rng=0)
    with pytest.raises(ValueError, match="y is missing"):
        steppers.backward_stepper(net, [0.5, 1.0])
    with pytest.raises(ValueError, match="lr is -1; the learning rate must be a positive number"):
        steppers.backward_stepper(net, [0.5, 1.0], [1.0], lr=-1)
    with pytest.raises(ValueError, match=r"start is 'W\[3\]\[0, 0\]'; the parameters are W\[1\]"):
        steppers.derivation_stepper(net, [0.5, 1.0], [1.0], start="W[3][0, 0]")


# The still


def test_the_still_holds_every_number_of_its_frame():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.backward_stepper(net, [0.5, 1.0], [1.0])
    cells = re.findall(r'<td data-t="(.*?)">(.*?)</td>', part.poster)
    trace = pb.backprop(net, [[0.5, 1.0]], [[1.0]])
    expected = []
    for name, l, j, i in network_steps.parameters(net):
        old, slope = (network_steps.entry(params, l, j, i) for params in (net.params, trace.grad))
        expected += [(f"v{name}", num(old)), (f"g{name}", num(slope))]
        expected += [(f"n{name}", num(old - 0.5 * slope))]
    assert cells == expected


def test_names_in_a_still_are_escaped():
    part = stepper("t", "a < b", "", [{"n": 1, "say": "1 < 2", "math": "<i>x</i>"}], table="")
    assert "a &lt; b" in part.poster
    assert "1 &lt; 2" in part.poster
    assert "<i>x</i>" in part.poster


def test_front_end_is_small():
    import gzip

    weight = len(gzip.compress((steppers.page_script() + steppers.style()).encode()))
    assert weight <= 25_000


def test_json_of_a_stepper_reads_back():
    part = steppers.forward_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0], [1.0])
    text = re.search(r'<script type="application/json">(.*)</script>', part.to_html())[1]
    assert json.loads(text) == json.loads(json.dumps(part.data))
