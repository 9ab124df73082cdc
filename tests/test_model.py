"""Models: the same training as a network's, running averages, words."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop import layers
from pybackprop.graph import Node
from pybackprop.model import ModelPlan, NamedParams


def plain(p, x, rng):
    """A plain network, as a model."""
    L = len(p) // 2
    for l in range(1, L + 1):
        x = layers.linear(x, p[f"W{l}"], p[f"b{l}"])
        x = layers.activation("tanh", x) if l < L else x
    return x


def pair(output, loss, seed=0, sizes=(3, 5, 4, 2)):
    """Return a network, and the model that computes the same."""
    net = pb.Network(sizes, "tanh", output, loss, rng=seed)
    net.params.theta[:] = np.random.default_rng(seed).normal(size=net.params.theta.size) / 2
    values = {}
    for l in net.phi:
        values |= {f"W{l}": net.params.W[l], f"b{l}": net.params.b[l]}
    return net, pb.Model(plain, values, loss)


def data(loss, m=23, seed=1, sizes=(3, 5, 4, 2)):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, sizes[0]))
    labels = rng.integers(0, sizes[-1], m)
    return X, pb.one_hot(labels, sizes[-1])


OUTPUTS = [
    ("softmax", "cross_entropy"),
    ("sigmoid", "bce"),
    ("identity", "half_sse"),
    ("identity", "sse"),
    ("identity", "mse"),
]


@pytest.mark.parametrize(("output", "loss"), OUTPUTS)
@pytest.mark.parametrize("optimizer", [pb.SGD(0.1), pb.SGD(0.1, momentum=0.9), pb.Adam(0.01)])
def test_a_model_trains_as_the_network_it_is(output, loss, optimizer):
    net, model = pair(output, loss)
    X, Y = data(loss)
    weights = np.random.default_rng(2).uniform(0.5, 2, len(X))
    settings = {"epochs": 4, "batch_size": 8, "weights": weights, "validation": (X[:5], Y[:5])}
    histories = []
    for one in (net, model):
        optimizer.reset()
        histories.append(pb.train(one, X, Y, optimizer=optimizer, rng=0, record=True, **settings))
    theirs, ours = histories
    np.testing.assert_allclose(model.params.theta, net.params.theta, rtol=1e-9, atol=1e-12)
    for name in ("losses", "train_loss", "validation_loss", "learning_rates"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9)
    assert ours.train_accuracy == theirs.train_accuracy
    assert ours.validation_accuracy == theirs.validation_accuracy
    for name in ("theta", "grad"):
        one, other = getattr(ours.record, name), getattr(theirs.record, name)
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12)
    np.testing.assert_array_equal(pb.confusion(model, X, Y), pb.confusion(net, X, Y))
    assert pb.evaluate(model, X, Y, weights) == pytest.approx(pb.evaluate(net, X, Y, weights))


def test_class_numbers_train_as_rows_do():
    (_, one), (_, two) = pair("softmax", "cross_entropy"), pair("softmax", "cross_entropy")
    X, Y = data("cross_entropy")
    for model, targets in ((one, Y), (two, Y.argmax(axis=1))):
        history = pb.train(model, X, targets, optimizer=pb.SGD(0.1), epochs=2, rng=0)
        assert len(history.train_accuracy) == 2
    np.testing.assert_array_equal(one.params.theta, two.params.theta)


def normalized(p, x, rng):
    z = layers.linear(x, p["W"], p["b"])
    z = layers.batch_norm(z, p["gamma"], p["beta"], (p["mean"], p["var"]), rng is not None)
    return layers.linear(layers.dropout(z, 0.2, rng), p["V"], p["c"])


def with_averages(rng=0):
    draw = np.random.default_rng(0)
    values = {"W": draw.normal(size=(4, 3)), "b": np.zeros(4), "gamma": np.ones(4)}
    values |= {"beta": np.zeros(4), "mean": np.zeros(4), "var": np.ones(4)}
    values |= {"V": draw.normal(size=(2, 4)), "c": np.zeros(2)}
    return pb.Model(normalized, values, fixed=("mean", "var"), rng=rng)


@pytest.mark.parametrize("optimizer", [pb.SGD(0.1), pb.AdamW(0.01, weight_decay=0.5)])
def test_running_averages_move_by_batches_alone(optimizer):
    X, Y = data("cross_entropy", m=16)
    model = with_averages()
    seen = []

    def note(now):
        z = now.trace.tape[-1]
        assert isinstance(z, Node)
        seen.append(model.params["mean"].copy())

    z = X @ model.params["W"].T
    pb.train(
        model, X, Y, optimizer=optimizer, epochs=1, batch_size=None, iteration_callbacks=[note]
    )
    np.testing.assert_allclose(model.params["mean"], 0.1 * z.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(model.params["var"], 0.9 + 0.1 * z.var(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_array_equal(seen[0], model.params["mean"])


@pytest.mark.parametrize(("output", "loss"), OUTPUTS)
def test_the_gradient_agrees_with_the_complex_step_and_the_networks(output, loss):
    net, model = pair(output, loss)
    X, Y = data(loss)
    grad = model.gradient(X, Y).theta
    np.testing.assert_allclose(grad, pb.backprop(net, X, Y).grad.theta, rtol=1e-10, atol=1e-14)

    def C(theta):
        return pb.evaluate(model.with_params(theta), X, Y)

    nudged = pb.numerical_gradient(C, model.params.theta, "complex")
    np.testing.assert_allclose(grad, nudged, rtol=1e-10, atol=1e-14)


def test_forward_changes_nothing():
    X, Y = data("cross_entropy", m=16)
    model = with_averages()
    before = model.params.theta.copy()
    plan = ModelPlan(model, X, Y, pb.SGD(0.1))
    plan.forward()
    plan.backward()
    np.testing.assert_array_equal(model.params.theta, before)
    assert not plan.grad["mean"].any()
    plan.update()
    assert (model.params["mean"] != 0).all()


def test_training_is_reproducible_and_answers_need_no_company():
    X, Y = data("cross_entropy", m=16)
    models = [with_averages(), with_averages()]
    for model in models:
        pb.train(model, X, Y, optimizer=pb.SGD(0.1), epochs=3, rng=0, batch_size=8)
    np.testing.assert_array_equal(models[0].params.theta, models[1].params.theta)
    np.testing.assert_allclose(models[0](X)[:1], models[0](X[:1]), rtol=1e-12)


def test_the_best_epoch_comes_back_with_its_averages():
    X, Y = data("cross_entropy", m=32)
    model, kept = with_averages(), []
    history = pb.train(
        model, X, Y, optimizer=pb.SGD(0.3), epochs=12, rng=0, batch_size=8,
        validation=(X[:7], 1 - Y[:7]), stop=pb.Patience(2),
        callbacks=[lambda now: kept.append(now.net.params.theta.copy())],
    )  # fmt: skip
    best = int(np.argmin(history.validation_loss))
    np.testing.assert_array_equal(model.params.theta, kept[best])


def test_a_run_that_diverges_goes_back():
    X, Y = data("half_sse")
    _, model = pair("identity", "half_sse")
    start = model.params.theta.copy()
    with pytest.warns(RuntimeWarning, match="training diverged"):
        history = pb.train(model, X, 100 * X[:, :2], optimizer=pb.SGD(1e4), epochs=9, rng=0)
    assert history.reason == "diverged"
    np.testing.assert_array_equal(model.params.theta, start)


def test_named_parameters_are_views_of_one_vector():
    params = NamedParams({"W": [[1.0, 2.0], [3.0, 4.0]], "s": 5.0})
    params["W"] = [[0.0, 0.0], [0.0, 9.0]]
    np.testing.assert_array_equal(params.theta, [0, 0, 0, 9, 5])
    assert [params.entry(i) for i in (0, 3, 4)] == ["W[0, 0]", "W[1, 1]", "s"]
    other = params.with_theta(np.arange(5.0))
    assert other["s"] == 4.0
    assert params["s"] == 5.0
    params.theta = other.theta
    assert params["W"][1, 1] == 3.0


X2 = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: pb.Model(plain, {"W1": X2}, "crossentropy"), ValueError, "cross_entropy"),
        (lambda: pb.Model(plain, {"W1": X2}, fixed=("mean",)), KeyError, "no parameter 'mean'"),
        (lambda: pair("softmax", "cross_entropy")[1].params["W9"], KeyError, "there are W1, b1"),
        (
            lambda: NamedParams({"W": X2}).__setitem__("W", X2.T),
            ValueError,
            r"W has shape \(2, 3\); the value given has \(3, 2\)",
        ),
        (
            lambda: pb.evaluate(pair("softmax", "cross_entropy")[1], X2, [0]),
            ValueError,
            "X has 2 examples and Y has 1",
        ),
        (
            lambda: pb.evaluate(pair("softmax", "cross_entropy")[1], [[np.nan] * 3], [0]),
            ValueError,
            "X holds NaN or infinity",
        ),
        (
            lambda: pb.evaluate(pair("softmax", "cross_entropy")[1], [[1, np.inf, 0]], [0]),
            ValueError,
            "X holds NaN or infinity",
        ),
        (
            lambda: pb.evaluate(pair("softmax", "cross_entropy")[1], 3.0, [0]),
            TypeError,
            r"X is of float64 with shape \(\); give an array of numbers",
        ),
        (
            lambda: pb.evaluate(pair("softmax", "cross_entropy")[1], [["a"]], [0]),
            TypeError,
            "X is of <U1",
        ),
        (
            lambda: NamedParams({"W": X2}).entry(6),
            IndexError,
            "theta has 6 entries; there is no entry 6",
        ),
        (
            lambda: NamedParams({"W": X2}).with_theta(np.zeros(5)),
            ValueError,
            r"theta has shape \(5,\); it takes \(6,\)",
        ),
        (
            lambda: setattr(NamedParams({"W": X2}), "theta", np.zeros(5)),
            ValueError,
            r"theta has shape \(6,\), the value \(5,\)",
        ),
        (
            lambda: pb.evaluate(pair("softmax", "cross_entropy")[1], np.zeros((0, 3)), []),
            ValueError,
            "X has 0 examples and Y has 0",
        ),
        (
            lambda: pb.evaluate(pair("softmax", "cross_entropy")[1], X2, [0, 2]),
            ValueError,
            "class numbers from 0 to 2, but there are the 2 columns 0 to 1",
        ),
        (
            lambda: pb.train(
                pair("identity", "mse")[1], X2, [0.0, 1.0], optimizer="adam", epochs=1
            ),
            ValueError,
            r"mse: outputs of shape \(2, 2\), targets of \(2,\)",
        ),
    ],
)
def test_words(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_penalty_is_a_networks():
    """The same loss, gradient and steps: weights are what has two axes, biases are left alone."""
    net, plainer = pair("softmax", "cross_entropy")
    X, Y = data("cross_entropy")
    values = dict(plainer.params)
    model = pb.Model(plain, values, "cross_entropy", penalty=0.3)
    net = pb.Network(net.sizes, "tanh", "softmax", init=net.params, penalty=0.3)
    w = np.linspace(0, 2, len(X))
    trace = pb.backprop(net, X, Y, w)
    np.testing.assert_allclose(model.gradient(X, Y, w).theta, trace.grad.theta, atol=1e-14)
    assert pb.evaluate(model, X, Y, w) == pytest.approx(trace.loss, rel=1e-14)
    assert pb.evaluate(model, X, Y) > pb.evaluate(plainer, X, Y)
    settings = {"optimizer": "adam", "epochs": 5, "batch_size": 7, "rng": 0, "validation": (X, Y)}
    ours, theirs = (pb.train(one, X, Y, **settings) for one in (model, net))
    np.testing.assert_allclose(model.params.theta, net.params.theta, atol=1e-12)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-12)
    np.testing.assert_allclose(ours.validation_loss, theirs.validation_loss, rtol=1e-12)
    assert "penalty 0.3" in repr(model)
    with pytest.raises(ValueError, match="penalty is -1; give a number from 0 up"):
        pb.Model(plain, values, penalty=-1)


def test_a_penalty_leaves_fixed_parameters_alone():
    model = pb.Model(plain, pair("softmax", "cross_entropy")[1].params, fixed=["W1"], penalty=1.0)
    gradient = model.gradient(*data("cross_entropy"))
    assert not gradient["W1"].any()
    assert gradient["W2"].any()


def test_the_loss_of_a_sequence_is_the_mean_over_its_places():
    """z = w x with w = 2, y = 0: half_sse is (2 x)^2 / 2 at each of 2 x 3 places."""
    X = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    line = pb.Model(lambda p, x, rng: x * p["w"], {"w": 2.0}, "half_sse")
    each = line.losses(line(X), np.zeros_like(X))
    np.testing.assert_allclose(each, [2 * 14 / 3, 2 * 77 / 3], rtol=1e-14)
    assert pb.evaluate(line, X, 0 * X) == pytest.approx(2 * 91 / 6)
    assert line.gradient(X, 0 * X)["w"] == pytest.approx(2 * 91 / 6)


def test_the_cost_is_the_weighted_mean_and_the_penalty():
    """Losses 2 and 8 with weights 1 and 3, and lambda/2 = 0.25 times 3^2 + 4^2; b is no weight."""
    values = {"W": [[3.0], [4.0]], "b": [9.0]}
    model = pb.Model(lambda p, x, rng: x @ p["W"] * 0 + x[:, :1], values, "half_sse", penalty=0.5)
    X, Y = np.array([[2.0, 1.0], [4.0, 1.0]]), np.zeros((2, 1))
    assert model.cost(X, Y) == 5 + 6.25
    assert model.cost(X, Y, np.array([1.0, 3.0])) == 13 + 6.25


def test_one_output_answers_by_its_side():
    z = np.array([[-0.1], [0.0], [0.1], [0.5], [0.6]])
    logit, number = (pb.Model(plain, {}, loss) for loss in ("bce", "half_sse"))
    assert logit.answers(z).tolist() == [False, True, True, True, True]
    assert number.answers(z).tolist() == [False, False, False, True, True]
    assert logit.answers(np.array([[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]])).tolist() == [1, 0]
    places = np.array([[[1.0, 3.0], [2.0, 0.0], [0.0, 1.0]]])
    assert logit.answers(places).tolist() == [[1, 0, 1]]
    assert logit.answers(places[..., :1] - 1).tolist() == [[True, True, False]]


def test_which_targets_are_classes():
    """Class numbers, and rows with a 1: whole numbers of a sequence, and measured ones, are not."""
    _, model = pair("softmax", "cross_entropy")
    numbers = np.array([1, 0, 1])
    for Y, labels in (
        (numbers, numbers),
        (np.eye(2)[numbers], numbers),
        (np.array([[1, 0], [0, 1], [1, 0]]), None),
        (np.array([0.5, 1.5, 1.0]), None),
        (np.array([[0.5, 0.25], [1.0, 0.0], [0.0, 1.0]]), None),
        (np.eye(2)[[numbers] * 3], None),
    ):
        np.testing.assert_equal(model.examples(np.zeros((3, 3)), Y).labels, labels)


def test_a_plan_has_weights_where_it_is_told_so():
    """1 each, until it is given others."""
    _, model = pair("softmax", "cross_entropy")
    (X, Y), w = data("cross_entropy", m=3), np.array([1.0, 2.0, 0.5])
    plan = ModelPlan(model, X, Y)
    plan.load(X, Y, w)
    assert plan.w is None
    plan = ModelPlan(model, X, Y, weighted=True)
    plan.load(X, Y)
    assert plan.w.tolist() == [1, 1, 1]
    plan.load(X, Y, w)
    assert plan.w.tolist() == w.tolist()


@pytest.mark.parametrize(
    "optimizer", [pb.SGD(pb.schedules.step_decay(0.1, 1, 0.5)), pb.SGD(0.1, 0.9)]
)
def test_plain_descent_goes_the_same_way_whether_the_gradient_is_kept_or_not(optimizer):
    """Where nobody asks for the gradient, the plan may hold eta times it; the penalty, too."""
    (X, Y), w = data("cross_entropy"), np.random.default_rng(2).uniform(0.5, 2, 23)
    after = {}
    for keep in (True, False):
        net, model = pair("softmax", "cross_entropy")
        model.penalty, model.fixed = 0.1, ("W2",)
        optimizer.reset()
        plan = ModelPlan(model, X, Y, optimizer, weighted=True, keep=keep)
        plan.load(X, Y, w)
        for _ in range(3):
            plan.step()
        after[keep], grad = model.params.theta.copy(), plan.grad.theta
        right = pb.Model(plain, dict(model.params), penalty=0.1, fixed=("W2",))
        plan.forward()
        plan.backward()
        right = right.gradient(X, Y, w).theta
        rate = 1 if keep or optimizer.momentum else 0.1 * 0.5**3
        np.testing.assert_allclose(grad, rate * right, rtol=1e-12, atol=1e-16)
        np.testing.assert_array_equal(model.params["W2"], net.params.W[2])
        assert optimizer.t == 3
    np.testing.assert_allclose(after[True], after[False], rtol=1e-13)
    assert (after[True] != net.params.theta).any()


def test_a_tape_is_cleared_at_the_next_step_unless_it_is_kept():
    """Tape and nodes hold each other: uncleared, each step's arrays wait for the collector."""
    X, Y = data("cross_entropy")
    for keep in (True, False):
        plan = ModelPlan(pair("softmax", "cross_entropy")[1], X, Y, pb.SGD(0.1), keep=keep)
        plan.step()
        before = plan.tape
        plan.step()
        assert len(plan.tape) == 12
        assert len(before) == (12 if keep else 0)
