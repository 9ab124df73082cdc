"""Activations, losses and rules of one's own, with names that look like code, in all steppers."""

import html
import json
import re

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import content_at
from pybackprop.graph import Node
from pybackprop.optimizers import SGD
from pybackprop.training import train

HOSTILE = "<img src=x onerror=alert(1)> & \"'{say}{0.5}{}{{z}}"
X, Y = [[0.5, 1.0]], [[1.0]]


def activation(name=HOSTILE, symbol=HOSTILE):
    return pb.Activation(name, np.sin, lambda z, a: np.cos(z), symbol=symbol)


def loss(name=HOSTILE, symbol=HOSTILE):
    return pb.Loss(
        name, lambda a, y: np.abs(a - y).sum(axis=1), lambda a, y: np.sign(a - y), symbol=symbol
    )


def network():
    return pb.Network([2, 2, 1], activation(), activation(), loss(), rng=0)


def rule(now):
    return HOSTILE if now.history.iterations == 3 else None


def training():
    rule.__name__ = HOSTILE
    quiet = lambda now: None  # noqa: E731
    quiet.__name__ = HOSTILE
    history = train(
        network(), X, Y, optimizer=SGD(0.1), epochs=9, batch_size=None, record=True,
        stop=[quiet, rule],
    )  # fmt: skip
    assert history.stopped_by is rule
    return steppers.training_stepper(history)


def tape():
    x = Node([], 2.0)
    return steppers.graph_stepper(x * x, {HOSTILE: x})


def attention():
    tokens = np.array([[1.0, 0.5], [-0.5, 1.0]])
    return steppers.attention_stepper(tokens, tokens, tokens, tokens, [HOSTILE, "b"])


PARTS = {
    "forward": lambda: steppers.forward_stepper(network(), X, Y),
    "backward": lambda: steppers.backward_stepper(network(), X, Y),
    "derivation": lambda: steppers.derivation_stepper(network(), X, Y),
    "activation": lambda: steppers.activation_explorer([activation(), "tanh"]),
    "loss": lambda: steppers.loss_explorer([loss(), "bce"]),
    "gradient-check": lambda: steppers.gradient_check_stepper(network(), X, Y),
    "training": training,
    "tape": tape,
    "attention": attention,
}


def test_every_public_stepper_is_looked_at():
    """But for those that take no text."""
    made = {name for name in steppers.__all__ if re.search("_(stepper|explorer|race)$", name)}
    wordless = {
        "optimizer_race", "convolution_stepper", "recurrence_stepper", "workers_explorer",
        "learning_stepper",
    }  # fmt: skip
    assert len(PARTS) == len(made - wordless)


@pytest.mark.parametrize("kind", PARTS)
def test_text_of_ones_own_stays_text(read, kind):
    part = PARTS[kind]()
    assert "<img" not in part.to_html()
    assert "onerror" not in re.sub(r"&lt;img[^<]*", "", part.poster)
    found = 0
    data = json.loads(json.dumps(part.data))
    for run in data["runs"]:
        columns = {**data["cols"], **run["cols"]}
        for frame in range(run["n"]):
            for name in ("say", "math"):
                text = read.plain(content_at(columns, name, frame), columns, frame)
                found += text.count(HOSTILE)
                assert text.count("<img") == text.count(HOSTILE)  # whole, wherever it stands
    if kind != "gradient-check":  # it names nobody
        assert found
    if kind in ("forward", "activation", "loss", "training"):  # the still's own frame does
        assert HOSTILE in html.unescape(re.sub("<[^>]*>", "", part.poster))


@pytest.mark.parametrize("mixing", [False, True])
def test_an_activation_and_a_loss_of_ones_own_show_their_symbols_and_numbers(read, mixing):
    def jacobian(z, a, g):
        return a * (g - (g * a).sum(axis=-1, keepdims=True))

    soft = pb.Activation(
        "soft", lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
        lambda z, a: a * (1 - a), symbol="soft", mixing=jacobian,
    )  # fmt: skip
    output = soft if mixing else activation("sine", "sin")
    net = pb.Network([2, 2, 2], activation("sine", "sin"), output, loss("absolute", "abs"), rng=0)
    trace = pb.backprop(net, X, [[1.0, 0.0]])
    part = steppers.backward_stepper(net, trace)
    forward = steppers.forward_stepper(net, trace)
    assert "sin(z[1]1)" in shown(read, forward, 2)
    last = shown(read, forward, forward.data["runs"][0]["n"] - 1)
    assert "C = abs(a, y)" in last
    assert "sin′(z[1]1)" in shown(read, part, 3)
    assert f"{trace.delta[2][0, 0]:.4g}".replace("-", "−") in shown(read, part, 1)
    assert steppers.derivation_stepper(net, trace).to_html()
    assert steppers.gradient_check_stepper(net, X, [[1.0, 0.0]], sample=2).to_html()


def shown(read, part, frame):
    columns = {**part.data["cols"], **part.data["runs"][0]["cols"]}
    return read.plain(content_at(columns, "math", frame), columns, frame)
