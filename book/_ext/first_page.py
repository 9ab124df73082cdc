"""The stepper of the first page: a network that learns while the book is built."""

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx

import pybackprop as pb
from pybackprop.course.steppers import Interactive, learning_stepper

PLACE = '<div id="a-network-learns"></div>'


def two_moons() -> tuple[np.ndarray, np.ndarray]:
    """Return 60 points of two classes that no straight line parts, and their classes."""
    t = np.pi * (np.arange(30) + 0.5) / 30
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    noise = np.random.default_rng(1).normal(scale=0.12, size=(60, 2))
    return np.concatenate([upper, lower]) + noise, np.repeat([[0.0], [1.0]], 30, axis=0)


def learning() -> Interactive:
    """Train the network of the first page, and return its stepper."""
    net = pb.Network([2, 6, 1], "tanh", output="sigmoid", loss="bce", rng=1)
    return learning_stepper(
        pb.train(net, *two_moons(), optimizer=pb.SGD(1.0), epochs=600, batch_size=None, record=True)
    )


def place_stepper(app: Sphinx, doctree: nodes.document) -> None:
    for raw in list(doctree.findall(nodes.raw)):
        if raw.astext().strip() == PLACE:
            raw.replace_self(nodes.raw("", learning().to_html(), format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", place_stepper)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
