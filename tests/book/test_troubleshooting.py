"""The messages that the troubleshooting page quotes are those that readers get."""

import numpy as np
import pytest
from paths import BOOK, ROOT

import pybackprop as pb

X, Y = np.ones((4, 2)), np.ones((4, 1))
NET = pb.Network([2, 3, 1], rng=0)
CLASSES = pb.Network([2, 3, 4], output="softmax", loss="cross_entropy", rng=0)

MISTAKES = {
    "X has shape (2,); a batch is a matrix of shape (m, 2)": lambda: pb.forward(NET, X[0]),
    "X is an array of int64; gradients need floating-point numbers": lambda: pb.forward(
        NET, X.astype(np.int64)
    ),
    "X has 5 columns; the input layer has 2 unit(s)": lambda: pb.forward(NET, np.ones((2, 5))),
    "Y has shape (4,); a batch is a matrix of shape (m, 1)": lambda: pb.backprop(NET, X, Y[:, 0]),
    "row 0 of Y adds up to 4; cross_entropy takes one probability distribution per row": (
        lambda: pb.backprop(CLASSES, X, np.ones((4, 4)))
    ),
    "cross_entropy is not defined on sigmoid outputs": lambda: pb.Network(
        [2, 3], output="sigmoid", loss="cross_entropy"
    ),
    "matmul: Input operand 1 has a mismatch": lambda: X @ NET.params.W[1],
}


@pytest.mark.parametrize("message", MISTAKES)
def test_a_quoted_message_is_what_the_mistake_gives(message):
    page = (BOOK / "troubleshooting.md").read_text(encoding="utf-8")
    assert f"`{message}`" in page
    with pytest.raises((TypeError, ValueError)) as caught:
        MISTAKES[message]()
    assert message in str(caught.value)


def test_what_the_page_says_of_a_run_that_diverges():
    net = pb.Network([2, 1], output="identity", loss="sse", rng=0)
    with np.errstate(all="ignore"):
        history = pb.train(net, 1000 * X, Y, optimizer=pb.SGD(lr=10.0), epochs=200, rng=0)
    assert history.reason == "diverged"
    assert np.isfinite(net.params.theta).all()


def test_what_the_page_says_of_targets_of_the_wrong_rank():
    assert (Y - Y[:, 0]).shape == (4, 4)


def test_words_of_other_files_are_quoted_as_they_are():
    page = (BOOK / "troubleshooting.md").read_text(encoding="utf-8")
    for words, file in [
        ("Python 3.11, 3.12 or 3.13 is needed; none was found on PATH.", "Makefile"),
        ("python -m pip install anywidget makes it move", "pybackprop/course/stage/display.py"),
        ("PYBACKPROP_REPOSITORY", "book/_ext/pybackprop_book.py"),
        ("pybackprop-progress.json", "pybackprop/course/exercises/checking.py"),
    ]:
        assert words in page
        assert words in (ROOT / file).read_text(encoding="utf-8"), f"{file} says it otherwise"
