"""The messages that the troubleshooting page quotes are those that readers get."""

import re

import numpy as np
import pytest
from paths import BOOK, ROOT

import pybackprop as pb

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

    for optimizer in (pb.Adam(0.01), pb.Adam(0.05), pb.SGD(0.1), pb.SGD(1.0)):
        assert end(2, 4, optimizer) > 0.34
    solved = [end(2, seed, pb.Adam(0.05)) < 0.1 for seed in range(10)]
    assert 2 <= sum(solved) <= 8
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


def test_words_of_other_files_are_quoted_as_they_are():
    for words, file in [
        ("Python 3.11 to 3.14 is needed; none was found on PATH.", "Makefile"),
        ("python -m pip install anywidget makes it move", "pybackprop/course/stage/display.py"),
        ("make address", "book/_ext/pybackprop_book.py"),
        ("pybackprop-progress.json", "pybackprop/course/exercises/progress_file.py"),
    ]:
        assert words in PAGE
        assert words in (ROOT / file).read_text(encoding="utf-8"), f"{file} says it otherwise"
