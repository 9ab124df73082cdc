"""The messages that the troubleshooting page quotes are those that readers get."""

import re

import numpy as np
import pytest
from paths import BOOK, ROOT
from sklearn.datasets import load_digits

import pybackprop as pb
from pybackprop.layers import dropout

PAGE = (BOOK / "troubleshooting.md").read_text(encoding="utf-8")
X, Y = np.ones((4, 2)), np.ones((4, 1))
NET = pb.Network([2, 3, 1], rng=0)
CLASSES = pb.Network([2, 3, 4], output="softmax", loss="cross_entropy", rng=0)

MISTAKES = {
    "X has shape (2,); a batch is a matrix of shape (m, 2)": lambda: pb.forward(NET, X[0]),
    "Y has shape (4,) and holds whole numbers: these look like class numbers": (
        lambda: pb.backprop(CLASSES, X, np.array([0, 1, 2, 1]))
    ),
    "X has 5 columns; the input layer has 2 unit(s)": lambda: pb.forward(NET, np.ones((2, 5))),
    "Y has shape (4,); a batch is a matrix of shape (m, 1)": lambda: pb.backprop(NET, X, Y[:, 0]),
    "row 0 of Y adds up to 4; cross_entropy takes one probability distribution per row": (
        lambda: pb.backprop(CLASSES, X, np.ones((4, 4)))
    ),
    "cross_entropy is not for sigmoid outputs": lambda: pb.Network(
        [2, 3], output="sigmoid", loss="cross_entropy"
    ),
    "matmul: Input operand 1 has a mismatch": lambda: X @ NET.params.W[1],
}


@pytest.mark.parametrize("message", MISTAKES)
def test_a_quoted_message_is_what_the_mistake_gives(message):
    assert f"`{message}`" in PAGE
    with pytest.raises((TypeError, ValueError)) as caught:
        MISTAKES[message]()
    assert message in str(caught.value)


def test_what_the_page_says_of_a_run_that_diverges():
    net = pb.Network([2, 1], output="identity", loss="sse", rng=0)
    with pytest.warns(RuntimeWarning, match="training diverged"):
        history = pb.train(net, 1000 * X, Y, optimizer=pb.SGD(lr=10.0), epochs=200, rng=0)
    assert history.reason == "diverged"
    assert np.isfinite(net.params.theta).all()


def test_what_the_page_says_of_targets_of_the_wrong_rank():
    assert (Y - Y[:, 0]).shape == (4, 4)


def test_what_the_page_says_of_xor():
    X, Y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])

    def end(units, seed, optimizer):
        net = pb.Network([2, units, 1], "tanh", rng=seed)
        pb.train(net, X, Y, optimizer=optimizer, epochs=1000)
        return pb.evaluate(net, X, Y)

    rates = (pb.Adam(0.05), pb.Adam(0.3), pb.SGD(1.0))
    solved = np.array([[end(2, seed, rate) < 0.1 for rate in rates] for seed in range(10)])
    assert 2 <= solved[:, 0].sum() <= 8
    assert 1 <= (~solved).all(axis=1).sum() <= 5
    assert all(end(8, seed, pb.Adam(0.05)) < 0.1 for seed in range(5))


def test_what_the_page_says_of_one_answer_for_every_input():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 255, size=(200, 20))
    Y = pb.one_hot((X[:, 0] > 128).astype(int) + (X[:, 1] > 128), 3)
    for scale, answers in ((1, 1), (255, 3)):
        net = pb.Network([20, 16, 3], "relu", "softmax", rng=0)
        pb.train(net, X / scale, Y, optimizer=pb.SGD(0.1), epochs=30, rng=0)
        dead = (pb.forward(net, X / scale).a[1] <= 0).all(axis=0).sum()
        assert (dead == 16) == (answers == 1)
        assert len(np.unique(pb.predict(net, X / scale).argmax(axis=1))) == answers


def test_what_the_page_says_of_large_targets():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    prices = 2e5 + 5e4 * (X @ [1.0, -2.0, 0.5])[:, None] + 1e4 * rng.normal(size=(200, 1))

    def r2(Y):
        net = pb.Network([3, 16, 1], "tanh", "identity", rng=0)
        pb.train(net, X, Y, optimizer=pb.Adam(0.001), epochs=100, rng=0)
        return 1 - ((pb.predict(net, X) - Y) ** 2).sum() / ((Y - Y.mean()) ** 2).sum()

    assert r2(prices) < 0
    assert r2((prices - prices.mean()) / prices.std()) > 0.9
    with pytest.raises(ValueError, match="identity"):
        pb.backprop(NET, np.ones((4, 2)), 200_000 * Y)


def test_what_the_page_says_of_targets_out_of_reach():
    net = pb.Network([1, 1], [], "sigmoid", "mse", rng=0)
    with pytest.warns(UserWarning, match="never learned") as caught:
        pb.train(net, [[0], [1]], [[1], [25]], optimizer="adam", epochs=1)
    (quoted,) = re.findall(r'warns of that: "([^"]*)"', PAGE)
    assert " ".join(quoted.split()) in str(caught[0].message)


def test_what_the_page_says_of_biases_and_of_steps_of_the_sum():
    bare = pb.Network([2, 2, 1], bias=False, rng=0)
    start = {"W": list(bare.params.W.values()), "b": [[0.1, 0.2], [0.3]]}
    held = pb.Network([2, 2, 1], fixed="b", init=start)
    X, Y = [[0, 1], [1, 0], [1, 1]], [[0], [1], [1]]
    total = sum(pb.backprop(bare, [x], [y]).grad.theta for x, y in zip(X, Y, strict=True))
    after = bare.params.theta - 0.1 * total
    for net in (held, bare):
        biases = {l: b.copy() for l, b in net.params.b.items()}
        pb.train(net, X, Y, optimizer=pb.SGD(0.1 * 3), epochs=1, batch_size=None)
        for l, b in net.params.b.items():
            np.testing.assert_array_equal(b, biases[l])
    np.testing.assert_allclose(bare.params.theta, after, atol=1e-15)


def test_what_the_page_says_of_a_rare_class():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 2))
    Y = (X[:, :1] + 0.8 * rng.normal(size=(600, 1)) > 2).astype(float)

    def trained(weights):
        net = pb.Network([2, 8, 1], "tanh", rng=1)
        pb.train(net, X, Y, optimizer=pb.Adam(0.01), epochs=50, rng=1, weights=weights)
        return net

    plain, weighted = trained(None), trained(pb.class_weights(Y))
    assert pb.accuracy(plain, X, Y) > 0.9 > pb.accuracy(weighted, X, Y)
    assert pb.recall(plain, X, Y)[1] < 0.3 < 0.7 < pb.recall(weighted, X, Y)[1]


def test_what_the_page_says_of_deltas_that_are_zero():
    x, y = np.ones((4, 2)), np.ones((4, 1))
    same = pb.Network([2, 3, 1], init=np.full(13, 0.2))
    zero = pb.Network([2, 3, 1], "tanh", init="zeros")
    assert (pb.backprop(same, x, y).delta[1] != 0).all()
    assert (pb.backprop(zero, x, y).delta[1] == 0).all()


def code_below(heading):
    """Return the program that the page shows below a heading."""
    return re.search(rf"^### {re.escape(heading)}$.*?^```python\n(.*?)^```", PAGE, re.M | re.S)[1]


def test_what_the_page_says_of_answers_that_meet_all_targets():
    x = np.random.default_rng(0).normal(1, 1, size=(50, 1))
    targets = 2 * x[:, 0] + 1

    def answers(y):
        w = b = 0.0
        for _ in range(2000):
            slope = 2 * (w * x + b - y)
            w, b = w - 0.1 * (slope * x).mean(), b - 0.1 * slope.mean()
        return (w * x + b)[:, 0]

    np.testing.assert_allclose(answers(targets), targets.mean(), atol=1e-6)
    np.testing.assert_allclose(answers(targets.reshape(-1, 1)), targets, atol=1e-6)


def test_the_page_tells_the_blocks_that_did_not_move(capsys):
    program = code_below("A layer never changes")
    for init, still in (("zeros", ["W[1]", "b[1]", "W[2]"]), (None, [])):
        net = pb.Network([2, 3, 1], "tanh", init=init, rng=0)
        exec(program, {"net": net, "pb": pb, "X": X, "Y": 0 * Y})
        assert capsys.readouterr().out == f"{still}\n"


def test_what_the_page_says_of_a_schedule_in_the_wrong_unit():
    X = np.random.default_rng(0).normal(size=(640, 2))
    Y = (X[:, :1] > X[:, 1:]).astype(float)
    batches, epochs = -(-len(X) // 32), 10

    def losses(steps):
        net = pb.Network([2, 8, 1], "tanh", rng=0)
        rate = pb.schedules.cosine(0.1, steps=steps)
        return pb.train(net, X, Y, optimizer=pb.SGD(rate), epochs=epochs, rng=0).train_loss

    stopped, right = losses(epochs), losses(epochs * batches)
    np.testing.assert_allclose(stopped[1:], stopped[1], rtol=1e-12)
    assert right[-1] < 0.9 * stopped[-1]


def test_what_the_page_says_of_overfitting():
    digits = load_digits()
    pictures, rng = digits.data / 16, np.random.default_rng(1)
    few, others = np.split(rng.permutation(len(pictures))[:700], [300])
    labels = digits.target[few]
    labels[:60] = rng.integers(0, 10, 60)

    def on_new(seed, penalty):
        net = pb.Network([64, 64, 10], "relu", "softmax", penalty=penalty, rng=seed)
        pb.train(
            net, pictures[few], pb.one_hot(labels, 10),
            optimizer=pb.Adam(3e-3), epochs=60, batch_size=20, rng=seed,
        )  # fmt: skip
        return pb.accuracy(net, pictures[others], pb.one_hot(digits.target[others], 10))

    for seed in range(3):
        assert on_new(seed, 0.01) > on_new(seed, 0.0) + 0.03


def test_what_the_page_says_of_new_data_that_are_scaled_otherwise():
    rng = np.random.default_rng(0)

    def draw(kinds):
        centers = np.array([[100.0, 5.0], [110.0, 5.4], [100.0, 5.8]])
        return centers[kinds] + rng.normal(size=(len(kinds), 2)) * [1.5, 0.06]

    kinds, alone = rng.integers(0, 3, 300), np.full(50, 1)
    X_train, new, ones = draw(kinds), draw(kinds), draw(alone)
    names = {"X_train": X_train}
    exec(code_below("Good in training, poor on new data"), names)
    prepare = names["prepare"]

    def share(X, labels):
        return np.mean(pb.predict(net, X).argmax(axis=1) == labels)

    for seed in range(3):
        net = pb.Network([2, 16, 3], "tanh", "softmax", rng=seed)
        Y = pb.one_hot(kinds, 3)
        pb.train(net, prepare(X_train), Y, optimizer=pb.Adam(0.01), epochs=40, rng=seed)
        assert share(prepare(new), kinds) > 0.95
        assert share(prepare(ones), alone) > 0.9
        assert share(new, kinds) < 0.6
        assert share((ones - ones.mean(axis=0)) / ones.std(axis=0), alone) < 0.7


def test_what_the_page_says_of_a_penalty_in_the_loss_alone():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(5, 3)), rng.uniform(size=(5, 2))
    net = pb.Network([3, 4, 2], "tanh", penalty=0.1, rng=0)
    plain = pb.backprop(pb.Network([3, 4, 2], "tanh", init=net.params), X, Y).grad
    assert pb.check_gradient(net, X, Y).ok
    for factor in (0, 2):
        grad = plain.copy()
        for l, W in net.params.W.items():
            grad.W[l] += factor * net.penalty * W
        report = pb.check_gradient(net, X, Y, grad=grad)
        assert list(report.blocks) == ["W[1]", "W[2]"]
    assert "penalty" in str(pb.check_gradient(net, X, Y, grad=plain))


def test_what_the_page_says_of_dropout_that_is_left_on():
    x, rng = np.ones((1, 100)), np.random.default_rng(0)
    assert (dropout(x, 0.5, rng) != dropout(x, 0.5, rng)).any()
    assert (dropout(x, 0.5) == dropout(x, 0.5)).all()


def test_what_the_page_says_of_answers_that_depend_on_others():
    z = np.random.default_rng(0).normal(size=(5, 3))
    other, softmax = np.vstack([z[:1], 0 * z[1:]]), pb.ACTIVATIONS["softmax"]
    assert (softmax(z)[0] == softmax(other)[0]).all()
    assert (softmax(z.T).T[0] != softmax(other.T).T[0]).all()


def test_what_the_page_says_of_the_best_by_reference():
    net = pb.Network([2, 3, 1], rng=0)
    best, kept, start = net.params.theta, net.params.theta.copy(), net.params.theta.copy()
    pb.train(net, X, Y, optimizer=pb.SGD(0.1), epochs=1)
    assert (best == net.params.theta).all()
    assert (kept == start).all()
    assert (kept != net.params.theta).any()


def test_what_the_page_says_of_bytes():
    three, five = np.array([3], np.uint8), np.array([5], np.uint8)
    assert three - five == 254
    assert three.astype(float) - five == -2


def test_what_the_page_says_of_larger_batches():
    digits = load_digits()
    X, Y = digits.data[:1024] / 16, pb.one_hot(digits.target[:1024], 10)

    def loss(seed, size, epochs):
        net = pb.Network([64, 16, 10], "relu", "softmax", rng=seed)
        pb.train(net, X, Y, optimizer=pb.SGD(0.1), epochs=epochs, batch_size=size, rng=seed)
        return pb.evaluate(net, X, Y)

    for seed in range(3):
        small = loss(seed, 16, 3)
        assert loss(seed, 128, 3) > 1.5 * small
        assert loss(seed, 128, 24) < 1.2 * small


def test_what_the_page_says_of_too_few_units():
    X = np.random.default_rng(0).normal(size=(300, 2))
    Y = ((X**2).sum(axis=1, keepdims=True) < 1.4).astype(float)

    def loss(seed, units, epochs):
        net = pb.Network([2, units, 1], "tanh", rng=seed)
        pb.train(net, X, Y, optimizer=pb.Adam(0.02), epochs=epochs, rng=seed)
        return pb.evaluate(net, X, Y)

    for seed in range(3):
        assert min(loss(seed, 1, 50), loss(seed, 1, 100)) > 0.4
        assert loss(seed, 16, 100) < 0.2


def test_what_the_page_says_of_a_step_by_the_weights():
    rng = np.random.default_rng(0)
    net = pb.Network([8, 16, 1], "tanh", rng=0)
    grad = pb.backprop(net, rng.normal(size=(64, 8)), rng.uniform(size=(64, 1)).round()).grad
    size = np.linalg.norm
    ratio = {rate: rate * size(grad.W[1]) / size(net.params.W[1]) for rate in (1e-5, 0.1)}
    assert ratio[1e-5] < 1e-5
    assert 1e-4 < ratio[0.1] < 1e-1


def test_what_the_page_says_of_a_check_that_takes_for_ever():
    net = pb.Network([64, 128, 10], "tanh", "softmax", rng=0)
    X, Y = np.random.default_rng(0).normal(size=(5, 64)), np.eye(10)[:5]
    grad = pb.backprop(net, X, Y).grad.theta
    assert pb.taylor_test(net, X, Y).ok
    assert not pb.taylor_test(net, X, Y, 1.01 * grad).ok
    assert pb.check_gradient(net, X, Y, sample=100, rng=0).ok


def test_words_of_other_files_are_quoted_as_they_are():
    for words, file in [
        ("Python 3.11 to 3.14 is needed; none was found on PATH.", "Makefile"),
        ("python -m pip install anywidget makes it move", "pybackprop/course/stage/display.py"),
        ("make address", "book/_ext/pybackprop_book.py"),
        ("pybackprop-progress.json", "pybackprop/course/exercises/progress_file.py"),
    ]:
        assert words in PAGE
        assert words in (ROOT / file).read_text(encoding="utf-8"), f"{file} says it otherwise"
