"""The transformer of chapter 14 trains as PyTorch's: loss by loss, from the same start.

PyTorch's is made of its own modules: MultiheadAttention, LayerNorm, Linear, one tied Embedding.
"""

import numpy as np
import pytest

import pybackprop as pb
from benchmarks.layers import DIGITS as K
from benchmarks.layers import HEADS, D, N, transformer
from pybackprop.layers import causal_mask


def start():
    rng = np.random.default_rng(0)
    shapes = {"E": (K + 1, D), "P": (2 * N, D), "Wq": (D, D), "Wk": (D, D), "Wv": (D, D)}
    shapes |= {"Wo": (D, D), "W1": (2 * D, D), "W2": (D, 2 * D)}
    p = {name: rng.normal(size=n) / np.sqrt(n[-1]) for name, n in shapes.items()}
    p |= {"b1": np.zeros(2 * D), "b2": np.zeros(D)}
    for l in (1, 2, 3):
        p |= {f"gamma{l}": np.ones(D), f"beta{l}": np.zeros(D)}
    return p


def batch(t):
    rng = np.random.default_rng(t)
    given = rng.integers(0, K, (16, N))
    answer = given[:, ::-1]
    x = np.concatenate([given, np.full((16, 1), K), answer[:, :-1]], axis=1)
    return x, answer.copy()


def in_torch(torch, p):
    """Return PyTorch's transformer with these parameters, and its function."""
    nn = torch.nn
    net = nn.ModuleDict(
        {
            "tokens": nn.Embedding(K + 1, D),
            "places": nn.Embedding(2 * N, D),
            "attention": nn.MultiheadAttention(D, HEADS, bias=False, batch_first=True),
            "up": nn.Linear(D, 2 * D),
            "down": nn.Linear(2 * D, D),
            **{f"norm{l}": nn.LayerNorm(D) for l in (1, 2, 3)},
        }
    ).double()
    values = {
        "tokens.weight": p["E"],
        "places.weight": p["P"],
        "attention.in_proj_weight": np.concatenate([p["Wq"], p["Wk"], p["Wv"]]),
        "attention.out_proj.weight": p["Wo"],
        "up.weight": p["W1"],
        "up.bias": p["b1"],
        "down.weight": p["W2"],
        "down.bias": p["b2"],
    }
    for l in (1, 2, 3):
        values |= {f"norm{l}.weight": p[f"gamma{l}"], f"norm{l}.bias": p[f"beta{l}"]}
    net.load_state_dict({name: torch.tensor(value) for name, value in values.items()})

    def run(x):
        length = x.shape[1]
        h = net["tokens"](x) + net["places"](torch.arange(length))
        u = net["norm1"](h)
        hidden = ~torch.tensor(causal_mask(length))  # True: may not be looked at
        h = h + net["attention"](u, u, u, attn_mask=hidden, need_weights=False)[0]
        h = h + net["down"](torch.relu(net["up"](net["norm2"](h))))
        return nn.functional.linear(net["norm3"](h), net["tokens"].weight)[:, N:]

    return net, run


def losses(plan, steps, **flags):
    """Return ours and PyTorch's losses over these steps of SGD with momentum."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    model = pb.Model(plan, start())
    net, run = in_torch(torch, start())
    theirs = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    ours = pb.SGD(0.05, momentum=0.9)
    pairs = []
    for t in range(steps):
        x, y = batch(t)
        one = pb.evaluate(model, x, y)
        ours.update(model.params.theta, model.gradient(x, y).theta)
        loss = torch.nn.functional.cross_entropy(
            run(torch.tensor(x)).transpose(1, 2), torch.tensor(y)
        )
        theirs.zero_grad()
        loss.backward()
        theirs.step()
        pairs.append((one, loss.item()))
    return np.array(pairs).T


@pytest.mark.slow
def test_the_loss_follows_pytorchs_for_200_steps():
    ours, theirs = losses(transformer, 200)
    assert theirs[-10:].max() < 0.8 * theirs[:10].min()  # it does learn
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)


def test_a_mistake_in_the_mask_does_not_follow():
    def leaking(p, x, rng):
        return transformer(p, np.roll(x, 1, axis=1), rng)

    ours, theirs = losses(leaking, 3)
    assert not np.allclose(ours, theirs, rtol=0, atol=1e-3)
