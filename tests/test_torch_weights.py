"""Weights to PyTorch and back, and the same answers on both sides."""

import sys

import numpy as np
import pytest

import pybackprop as pb


def sequential(torch, sizes, bias=True):
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [torch.nn.Linear(n_in, n_out, bias=bias, dtype=torch.float64), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers)


@pytest.mark.parametrize("sizes", [[2, 3, 1], [4, 5], [3, 3, 3, 2]])
def test_there_and_back(sizes):
    torch = pytest.importorskip("torch")
    net = pb.Network(sizes, "tanh", "tanh", "half_sse", rng=0)
    net.params.b[1] += 0.5
    model = sequential(torch, sizes)
    model.load_state_dict(pb.to_torch(net))
    X = np.random.default_rng(1).normal(size=(7, sizes[0]))
    theirs = model(torch.tensor(X)).detach().numpy()
    assert np.abs(theirs - pb.predict(net, X)).max() < 1e-14
    other = pb.Network(sizes, "tanh", "tanh", "half_sse", rng=5)
    pb.from_torch(other, model)
    assert (other.params.theta == net.params.theta).all()


def test_a_model_of_pytorchs_own():
    torch = pytest.importorskip("torch")
    for bias in (True, False):
        model = sequential(torch, [3, 4, 2], bias)
        net = pb.Network([3, 4, 2], "tanh", "tanh", "half_sse", rng=0)
        pb.from_torch(net, model.state_dict())
        X = np.random.default_rng(1).normal(size=(5, 3))
        theirs = model(torch.tensor(X)).detach().numpy()
        assert np.abs(theirs - pb.predict(net, X)).max() < 1e-14


def test_the_copy_is_a_copy():
    pytest.importorskip("torch")
    net = pb.Network([2, 2], rng=0)
    state = pb.to_torch(net)
    state["0.weight"][0, 0] = 99
    assert net.params.W[1][0, 0] != 99


def test_dtype_goes_along():
    torch = pytest.importorskip("torch")
    assert pb.to_torch(pb.Network([2, 1], dtype="float32"))["0.weight"].dtype == torch.float32


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ({"0.weight": np.zeros((2, 1)), "0.bias": np.zeros(1)}, ValueError, r"\(units, inputs\)"),
        ({}, ValueError, "nothing there"),
        (
            {"0.weight": np.zeros((1, 2)), "0.bias": np.zeros(1), "more": np.zeros(4)},
            ValueError,
            r"more than the network's 1 layers: more \(4,\)",
        ),
        ([1, 2], TypeError, "state_dict"),
    ],
)
def test_what_does_not_fit_changes_nothing(state, error, words):
    net = pb.Network([2, 1], rng=0)
    before = net.params.theta.copy()
    with pytest.raises(error, match=words):
        pb.from_torch(net, state)
    assert (net.params.theta == before).all()


def test_no_network():
    with pytest.raises(TypeError, match="give a Network"):
        pb.from_torch(3, {})
    with pytest.raises(TypeError, match="give a Network"):
        pb.to_torch(None)


def test_without_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="pip install torch"):
        pb.to_torch(pb.Network([2, 1]))
