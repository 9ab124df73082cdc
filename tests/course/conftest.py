"""What tests of several steppers need: networks, traces, and reading of what a frame shows."""

from types import SimpleNamespace

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course.stage.stepper import content_at, rounded

PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
NETWORKS = [
    pb.Network([2, 3, 1], rng=0),
    pb.Network([2, 3, 1], rng=1, fused=False),
    pb.Network([3, 2, 1], "tanh", "identity", "half_sse", rng=2),
    pb.Network([2, 3, 2, 2], ["relu", "gelu"], "identity", "mse", rng=3),
    pb.Network([2, 4, 3], "softplus", "softmax", "cross_entropy", rng=4),
    pb.Network([2, 2, 3], "leaky_relu", "softmax", "sse", rng=5),
    pb.Network([3, 2], output="sigmoid", loss="sse", rng=6),
    pb.Network([2, 3, 2], "tanh", penalty=0.1, rng=7),
    pb.Network([2, 2, 1], bias=False, fixed="W[2]", rng=8),
]


@pytest.fixture(params=NETWORKS, ids=lambda net: repr(net).replace(" ", ""))
def net(request):
    """Networks of all shapes, paths to the output delta, a penalty, and constant parameters."""
    return request.param


@pytest.fixture
def trace_of():
    """A function that gives a network other parameters and returns the trace of one example."""

    def trace(net, seed=0):
        rng = np.random.default_rng(seed)
        for name, where in net.params.blocks.items():
            values = rng.uniform(-1.5, 1.5, net.params.theta[where].size)
            if name not in net.fixed:
                net.params.theta[where] = values
        y = np.eye(net.sizes[-1])[:1]
        return pb.backprop(net, rng.uniform(-1, 1, (1, net.sizes[0])), y)

    return trace


def number(text):
    """Read a number as it is shown: true minus signs, powers of ten with raised exponents."""
    return float(text.translate(PLAIN).replace("×10", "e"))


def is_node(part):
    return len(part) == 3 and isinstance(part[0], str) and isinstance(part[1], dict)


def plain(part, run=None, frame=0):
    """Return a tree as text, as a browser's textContent has it, with the values of its places."""
    if isinstance(part, str):
        return part
    if not is_node(part):
        return "".join(plain(child, run, frame) for child in part)
    if run is not None and "data-t" in part[1]:
        return plain(content_at(run, part[1]["data-t"].split(" ")[0], frame), run, frame)
    return plain(part[2], run, frame)


def find(part, *, tag=None, class_=None):
    """Return the elements of a tree with a tag or a class."""
    if isinstance(part, str):
        return []
    if not is_node(part):
        return [one for child in part for one in find(child, tag=tag, class_=class_)]
    classes = part[1].get("class", "").split()
    fits = tag in (None, part[0]) and (class_ is None or class_ in classes)
    return [part] * fits + find(part[2], tag=tag, class_=class_)


def results(frames):
    """Return the bold number of each frame that has one."""
    bold = [
        one for frame in frames for one in find([frame["math"], frame.get("total", "")], tag="b")
    ]
    return [number(plain(one)) for one in bold]


def shown(values):
    """Return numbers as a frame shows them."""
    return [float(rounded(value)) for value in values]


@pytest.fixture
def read():
    """Functions that read what a frame shows."""
    return SimpleNamespace(find=find, number=number, plain=plain, results=results, shown=shown)
