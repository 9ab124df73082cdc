"""Checkpoints: what is saved comes back, one's own things are asked for, bad files are refused."""

import io
import json
import math
import struct
import tracemalloc
import warnings
import zipfile
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_network import networks

import pybackprop as pb
from pybackprop import layers
from pybackprop.activations import ACTIVATIONS
from pybackprop.checkpoint import VERSION, load, save
from pybackprop.history import History
from pybackprop.losses import LOSSES
from pybackprop.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSProp
from pybackprop.schedules import SCHEDULES, Rate, constant, cosine, step_decay, warmup
from pybackprop.stopping import LossBelow, Patience
from pybackprop.training import train


def network(**settings):
    plain = {"hidden": "tanh", "output": "softmax", "rng": 1}
    return pb.Network([3, 5, 2], **(plain | settings))


def examples(m, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, 3))
    return X, pb.one_hot((X.sum(axis=1) > 0).astype(int), 2)


X, Y = examples(23, seed=0)
XV, YV = examples(11, seed=9)


def trained(optimizer=None, epochs=2, **settings):
    net, optimizer = network(), optimizer or Adam()
    rest = {"rng": 0, "validation": (XV, YV), "batch_size": 8} | settings
    return net, optimizer, train(net, X, Y, optimizer=optimizer, epochs=epochs, **rest)


def same_state(one, two):
    assert one.keys() == two.keys()
    for key, value in one.items():
        np.testing.assert_array_equal(two[key], value)
        assert type(two[key]) is type(value)
        assert getattr(two[key], "dtype", None) == getattr(value, "dtype", None)


def same_history(one, two):
    for each in fields(one):
        if each.name not in ("record", "stopped_by"):
            np.testing.assert_equal(getattr(two, each.name), getattr(one, each.name))
    assert str(one) == str(two)


# --- what is saved comes back ---

KINDS = [
    SGD(0.1),
    SGD(warmup(3, then=cosine(0.1, steps=50)), 0.9, nesterov=True),
    RMSProp(constant(0.01), beta=0.8),
    Adam(np.float32(0.01), bias_correction=False),
    AdamW(step_decay(0.01, every=np.int64(4)), weight_decay=0.1),
]


@pytest.mark.parametrize("optimizer", KINDS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_of_a_run_comes_back(tmp_path, optimizer, dtype):
    net = pb.Network(
        [3, 4, 5, 2], hidden=["relu", "gelu"], output="softmax", loss="mse", dtype=dtype, rng=0,
        fused=False, fixed=["b[2]", "W[1]"], penalty=0.25,
    )  # fmt: skip
    optimizer.reset()
    history = train(
        net, X, Y, optimizer=optimizer, epochs=2, rng=0, validation=(XV, YV), stop=[Patience(9)]
    )
    path = tmp_path / "checkpoint"
    save(path, net, optimizer, history)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint"]

    back = load(path)
    assert repr(back.net) == repr(net)
    for name in ("sizes", "phi", "loss", "fixed", "penalty", "fused", "dtype"):
        assert getattr(back.net, name) == getattr(net, name)
    np.testing.assert_array_equal(back.net.params.theta, net.params.theta)
    assert back.net.params.theta.ctypes.data % 64 == 0
    np.testing.assert_array_equal(pb.predict(back.net, X), pb.predict(net, X))
    one, two = pb.backprop(net, X, Y), pb.backprop(back.net, X, Y)
    np.testing.assert_array_equal(one.grad.theta, two.grad.theta)
    assert one.loss == two.loss
    same_history(history, back.history)
    assert repr(back.optimizer) == repr(optimizer)
    same_state(optimizer.state(), back.optimizer.state())
    assert back.rng is None


def test_a_network_alone_and_without_biases(tmp_path):
    net = pb.Network([2, 3, 1], bias=False, rng=0)
    save(tmp_path / "x", net)
    back = load(tmp_path / "x")
    assert back.net.fixed == net.fixed == ("b[1]", "b[2]")
    assert (back.optimizer, back.history, back.rng) == (None, None, None)


def test_a_complex_network_comes_back(tmp_path):
    net = pb.Network([2, 1], rng=0, dtype=complex)
    net.params.theta[0] = 1 + 2j
    save(tmp_path / "x", net)
    np.testing.assert_array_equal(load(tmp_path / "x").net.params.theta, net.params.theta)


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_training_goes_on_bit_by_bit_from_a_file(tmp_path, kind):
    def start():
        generator = np.random.Generator(getattr(np.random, kind)(4))
        generator.random(3, np.float32)  # leaves half of a number in the generator
        return network(), AdamW(cosine(0.05, steps=40)), generator

    def go(net, optimizer, rng, epochs):
        return train(net, X, Y, optimizer=optimizer, epochs=epochs, batch_size=4, rng=rng)

    net, optimizer, rng = start()
    whole = go(net, optimizer, rng, 6)

    half, optimizer, rng = start()
    first = go(half, optimizer, rng, 2)
    save(tmp_path / "half.npz", half, optimizer, first, rng)
    go(half, optimizer, rng, 1)  # what happens afterwards leaves the file as it is
    back = load(tmp_path / "half.npz")
    second = go(back.net, back.optimizer, back.rng, 4)
    np.testing.assert_array_equal(back.net.params.theta, net.params.theta)
    assert back.history.losses + second.losses == whole.losses
    assert back.rng.random() == rng_after(start, go)


def rng_after(start, go):
    net, optimizer, rng = start()
    go(net, optimizer, rng, 6)
    return rng.random()


def test_a_history_that_diverged_comes_back(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net, _, history = trained(SGD(lambda t: 0.1 if t < 4 else 1e200))
    assert history.reason == "diverged"
    save(tmp_path / "x", net, history=history)
    back = load(tmp_path / "x")
    same_history(history, back.history)


def test_record_and_rule_stay_here(tmp_path):
    net, _, history = trained(record=True, stop=LossBelow(5))
    assert history.stopped_by == LossBelow(5)
    save(tmp_path / "x", net, history=history)
    back = load(tmp_path / "x").history
    assert (back.record, back.stopped_by, back.reason) == (None, None, "loss below 5")


def test_the_file_needs_no_pickle(tmp_path):
    net, optimizer, history = trained()
    save(tmp_path / "x", net, optimizer, history, np.random.default_rng(0))
    with np.load(tmp_path / "x", allow_pickle=False) as archive:
        header = json.loads(archive["header"].tobytes())
        assert set(archive.files) == {"header", "theta", "optimizer.m", "optimizer.v"}
        np.testing.assert_array_equal(archive["optimizer.m"], optimizer.m)
    assert header["network"]["hidden"] == ["tanh"]
    assert header["optimizer"]["name"] == "adam"
    assert header["state"] == {"t": optimizer.t}


# --- any optimizer with any schedule ---

positive = st.floats(1e-6, 1.0)
below_one = st.floats(0, 0.999)
counts = st.integers(1, 1000)
schedules = st.recursive(
    st.one_of(
        st.builds(constant, positive),
        st.builds(step_decay, positive, counts, positive),
        st.builds(cosine, positive, counts, positive),
    ),
    lambda inner: st.builds(warmup, counts, st.one_of(positive, inner)),
    max_leaves=5,
)
rates = st.one_of(positive, schedules)
optimizers = st.one_of(
    st.builds(SGD, rates),
    st.builds(SGD, rates, st.floats(0.1, 0.99), st.booleans()),
    st.builds(RMSProp, rates, below_one, positive),
    st.builds(Adam, rates, below_one, below_one, positive, st.booleans()),
    st.builds(
        AdamW, rates, below_one, below_one, positive, st.booleans(), weight_decay=st.floats(0, 10)
    ),
)


@given(optimizer=optimizers, steps=st.integers(0, 4), single=st.booleans())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_optimizer_with_any_schedule_goes_on_from_a_file(tmp_path, optimizer, steps, single):
    net = network(dtype=np.float32 if single else np.float64)
    theta = net.params.theta
    for _ in range(steps):
        optimizer.update(theta, np.cos(theta))
    save(tmp_path / "x", net, optimizer)
    back = load(tmp_path / "x")
    assert type(back.optimizer) is type(optimizer)
    assert repr(back.optimizer) == repr(optimizer)
    same_state(optimizer.state(), back.optimizer.state())
    for _ in range(3):
        optimizer.update(theta, np.cos(theta))
        back.optimizer.update(back.net.params.theta, np.cos(back.net.params.theta))
    np.testing.assert_array_equal(back.net.params.theta, theta)


# --- any network with any history ---

floats = st.lists(st.floats(), max_size=4)


@given(case=networks(), single=st.booleans(), losses=floats, rates=floats, reason=st.text())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_network_comes_back_with_any_history(tmp_path, case, single, losses, rates, reason):
    net, X, Y, weights = case
    if single:
        net = net.with_params(net.params.theta.astype(np.float32))
    history = History(losses, rates, reason=reason)
    save(tmp_path / "x", net, history=history, rng=np.random.default_rng(3))
    back = load(tmp_path / "x")
    assert repr(back.net) == repr(net)
    assert back.net.dtype == net.dtype
    same_history(history, back.history)
    one, two = (pb.backprop(network, X, Y, weights) for network in (net, back.net))
    assert one.loss == two.loss
    np.testing.assert_array_equal(one.grad.theta, two.grad.theta)
    assert back.rng.random() == np.random.default_rng(3).random()


# --- one's own things ---


def bent(z):
    return z / (1 + abs(z))


def bent_slope(z, a):
    return 1 / (1 + abs(z)) ** 2


mine = pb.Activation("bent", bent, bent_slope)
absolute = pb.Loss("absolute", lambda a, y: abs(a - y).sum(axis=1), lambda a, y: np.sign(a - y))


def halving(t):
    return 0.1 / 2 ** (t - 1)


class Signs:
    """An optimizer of one's own, of whatever shape."""

    def __init__(self, lr, t=0):
        self.lr, self.t, self.mean = lr, t, None

    def update(self, theta, grad):
        self.t += 1
        self.mean = grad if self.mean is None else 0.5 * self.mean + 0.5 * grad
        theta -= self.lr * np.sign(self.mean)

    def state(self):
        return {"t": self.t, "seen": [1, 2], "name": "signs", "mean": np.array(self.mean)}

    def load_state(self, state):
        self.t, self.mean = state["t"], state["mean"]
        assert (state["seen"], state["name"]) == ([1, 2], "signs")


def test_an_activation_and_a_loss_of_ones_own_are_asked_for(tmp_path):
    net = pb.Network([3, 4, 2], hidden=mine, output="identity", loss=absolute, rng=0)
    save(tmp_path / "x", net)
    with pytest.raises(ValueError, match=r"x needs the activation 'bent', .* objects=\[") as caught:
        load(tmp_path / "x")
    assert "damaged" not in str(caught.value)
    with pytest.raises(ValueError, match="needs the loss 'absolute'"):
        load(tmp_path / "x", objects=[mine])
    back = load(tmp_path / "x", objects=[absolute, mine])
    assert back.net.phi[1] is mine
    assert back.net.loss is absolute
    np.testing.assert_array_equal(pb.predict(back.net, X), pb.predict(net, X))


def test_an_object_with_the_name_of_the_packages_is_not_taken_for_it(tmp_path):
    tanh = replace(mine, name="tanh")
    mse = replace(absolute, name="mse")
    net = pb.Network([3, 4, 2], hidden=tanh, output="identity", loss=mse, rng=0)
    save(tmp_path / "x", net)
    with pytest.raises(ValueError, match="needs the activation 'tanh', which is not one of the"):
        load(tmp_path / "x")
    with pytest.raises(ValueError, match="needs the loss 'mse'"):
        load(tmp_path / "x", objects=[tanh])
    back = load(tmp_path / "x", objects=[mse, tanh])
    assert back.net.phi[1] is tanh is not ACTIVATIONS["tanh"]
    assert back.net.loss is mse is not LOSSES["mse"]


def test_an_activation_and_a_loss_may_share_a_name(tmp_path):
    twins = replace(mine, name="twin"), replace(absolute, name="twin")
    save(tmp_path / "x", pb.Network([3, 4, 2], twins[0], "identity", twins[1], rng=0))
    for objects in (twins, twins[::-1]):
        back = load(tmp_path / "x", objects=objects)
        assert (back.net.phi[1], back.net.loss) == twins


def test_what_was_only_added_to_a_table_is_asked_for_where_it_is_not(tmp_path, monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "bent", mine)
    save(tmp_path / "x", network(hidden="bent"))
    assert load(tmp_path / "x").net.phi[1] is mine
    monkeypatch.delitem(ACTIVATIONS, "bent")
    with pytest.raises(ValueError, match="needs the activation 'bent'"):
        load(tmp_path / "x")
    assert load(tmp_path / "x", objects=[mine]).net.phi[1] is mine


def test_an_optimizer_of_ones_own_is_asked_for_and_given_its_state(tmp_path):
    net, optimizer = network(), Signs(0.01)
    train(net, X, Y, optimizer=optimizer, epochs=2, rng=0)
    save(tmp_path / "x", net, optimizer)
    with pytest.raises(ValueError, match="needs the optimizer 'Signs'"):
        load(tmp_path / "x", objects=[Adam(), Signs])
    fresh = Signs(0.01)
    back = load(tmp_path / "x", objects=[fresh])
    assert back.optimizer is fresh
    assert fresh.t == optimizer.t
    np.testing.assert_array_equal(fresh.mean, optimizer.mean)


def test_a_subclass_named_adam_never_becomes_the_packages(tmp_path):
    own = type("Adam", (Adam,), {"rule": lambda self, lr, blocks: None})
    net, optimizer = network(), own(0.01)
    optimizer.update(net.params.theta, np.ones_like(net.params.theta))
    save(tmp_path / "x", net, optimizer)
    with pytest.raises(ValueError, match="needs the optimizer 'Adam', which is not one of the"):
        load(tmp_path / "x")
    back = load(tmp_path / "x", objects=[own(0.01)])
    assert type(back.optimizer) is own
    same_state(optimizer.state(), back.optimizer.state())


@dataclass(eq=False)
class Momentum(Optimizer):
    lr: Rate = 0.1

    def vectors(self):
        return ("p",)

    def rule(self, lr, blocks):
        for theta, g, _, p in blocks:
            p[:] = 0.5 * p + g
            theta -= lr * p


def test_an_optimizer_on_our_base_class_goes_on_bit_by_bit(tmp_path):
    def go(net, optimizer, epochs):
        train(net, X, Y, optimizer=optimizer, epochs=epochs, batch_size=None)

    net, optimizer = network(), Momentum()
    go(net, optimizer, 3)
    save(tmp_path / "x", net, optimizer)
    back = load(tmp_path / "x", objects=[Momentum()])
    go(net, optimizer, 3)
    go(back.net, back.optimizer, 3)
    np.testing.assert_array_equal(net.params.theta, back.net.params.theta)


def test_a_schedule_of_ones_own_is_asked_for(tmp_path):
    optimizer = SGD(warmup(3, then=halving), 0.9)
    save(tmp_path / "x", network(), optimizer)
    with pytest.raises(ValueError, match="needs the schedule 'halving'"):
        load(tmp_path / "x")
    back = load(tmp_path / "x", objects=[halving])
    assert back.optimizer.lr == optimizer.lr


def test_more_objects_than_needed_do_no_harm(tmp_path):
    save(tmp_path / "x", network(), Adam(), None, None)
    objects = [mine, absolute, halving, Signs(0.1), "text", 5, None, Adam]
    assert type(load(tmp_path / "x", objects=objects).optimizer) is Adam


def test_an_object_of_ones_own_stays_as_it_is_where_the_file_is_bad(tmp_path):
    net, optimizer = network(), Signs(0.01)
    train(net, X, Y, optimizer=optimizer, epochs=1, rng=0)
    save(tmp_path / "x", net, optimizer, History(reason="mine"))
    good = (tmp_path / "x").read_bytes()
    bad = archive_with(good, lambda h, a: h["history"].update(seconds="long"))
    (tmp_path / "x").write_bytes(bad)
    fresh = Signs(0.01)
    with pytest.raises(ValueError, match="do not fit together"):
        load(tmp_path / "x", objects=[fresh])
    assert fresh.t == 0


# --- what cannot be saved ---


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"net": X}, TypeError, "give a Network"),
        ({"optimizer": SGD(lambda t: 0.1)}, TypeError, "no name to find it by; .* step_decay"),
        ({"optimizer": SGD(warmup(3, lambda t: 0.1))}, TypeError, "no name to find it by"),
        ({"optimizer": "adam"}, TypeError, r"optimizer is 'adam'; give an object"),
        ({"optimizer": Adam}, TypeError, "give an object"),
        ({"history": [1, 2]}, TypeError, "what train returned"),
        ({"history": History(reason=object())}, ValueError, "reason of the history is <object"),
        ({"history": History(train_loss=[1.0])}, ValueError, "train_loss of the history"),
        ({"rng": 3}, TypeError, "Generator that train was given"),
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(tmp_path, given, error, message):
    path = tmp_path / "x.npz"
    save(path, network())
    old = path.read_bytes()
    with pytest.raises(error, match=message):
        save(path, **({"net": network()} | given))
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_network_that_is_not_finite_is_not_saved(tmp_path, bad):
    net = network()
    net.params.W[2][1, 3] = bad
    with pytest.raises(ValueError, match=r"W\[2\]\[1, 3\] of the network is not finite"):
        save(tmp_path / "x", net)
    assert not list(tmp_path.iterdir())


def test_an_optimizer_of_another_network_is_not_saved(tmp_path):
    optimizer = Adam()
    optimizer.update(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match=r"m has shape \(3,\) .* different networks"):
        save(tmp_path / "x", network(), optimizer)
    assert not list(tmp_path.iterdir())


def test_a_state_that_json_cannot_hold_is_not_saved(tmp_path):
    optimizer = Signs(0.1)
    optimizer.state = lambda: {"t": 0, "nested": {"mean": np.ones(2)}}
    with pytest.raises(TypeError, match=r"array\(\[1., 1.\]\) cannot be written"):
        save(tmp_path / "x", network(), optimizer)


def test_a_state_is_a_dict(tmp_path):
    optimizer = Signs(0.1)
    optimizer.state = lambda: None
    with pytest.raises(TypeError, match="returned None; return a dict"):
        save(tmp_path / "x", network(), optimizer)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    save(path, network())
    old = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space left"):
        save(path, network(), SGD(0.1))
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "no" / "folder", network())
    with pytest.raises(OSError, match="directory"):
        load(tmp_path)


# --- files that are not ours, not whole, or not honest ---


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "x"
    net, optimizer, history = trained(Adam(warmup(3, cosine(0.01, steps=9))))
    save(path, net, optimizer, history, np.random.default_rng(0))
    return path.read_bytes()


def archive_with(good, change, write=np.savez):
    """Return the bytes of a checkpoint whose header and arrays were changed."""
    with np.load(io.BytesIO(good)) as archive:
        arrays = dict(archive)
    header = json.loads(arrays["header"].tobytes())
    change(header, arrays)
    if "header" in arrays:
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    out = io.BytesIO()
    write(out, **arrays)
    return out.getvalue()


def parts_of(good):
    """Return the members of a checkpoint, as bytes."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts, compressed=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            kind = zipfile.ZIP_DEFLATED if name in compressed else zipfile.ZIP_STORED
            archive.writestr(name, content, kind)
    return out.getvalue()


def npy(shape, dtype="<f8", content=b"", version=b"\x01\x00"):
    """Return an .npy file that says of itself what we like."""
    said = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    said += b" " * (-(len(said) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(said)) + said + content


def nested(depth):
    """Return a header's description of a schedule inside of schedules."""
    inner = '{"name": "constant", "settings": {"lr": 0.1}}'
    begin = '{"name": "warmup", "settings": {"steps": 1, "then": '
    return begin * depth + inner + "}}" * depth


def deep(depth):
    def bytes_of(good):
        parts = parts_of(good)
        header = json.loads(np.load(io.BytesIO(parts["header.npy"])).tobytes())
        header["optimizer"]["settings"]["lr"] = "HERE"
        text = json.dumps(header).replace('"HERE"', nested(depth)).encode()
        return zipped(parts | {"header.npy": npy((len(text),), "|u1", text)})

    return bytes_of


def header_text(text):
    return lambda good: zipped(parts_of(good) | {"header.npy": npy((len(text),), "|u1", text)})


def part(name, content):
    return lambda good: zipped(parts_of(good) | {name: content})


def header(change):
    return lambda good: archive_with(good, lambda h, a: change(h))


def arrays(change):
    return lambda good: archive_with(good, lambda h, a: change(a))


NOT_OURS = {
    "empty": lambda good: b"",
    "text": lambda good: b"hello, world",
    "an array": lambda good: npy((3,), content=bytes(24)),
    "objects": part("header.npy", npy((1,), "|O", b"\x80\x04N.")),
    "cut at the end": lambda good: good[:-30],
    "cut in the middle": lambda good: good[: len(good) // 2],
    "header changed": lambda good: good.replace(b'"format"', b'"farmot"'),
    "no header": arrays(lambda a: a.pop("header")),
    "another format": header(lambda h: h.update(format="other")),
    "header is a list": header_text(b"[1, 2]"),
    "header is no JSON": header_text(b"{"),
    "header is no text": header_text(b"\xff\xfe\xfd"),
    "header nested deeply": header_text(b"[" * 100_000),
    "header of a huge length": part("header.npy", npy((10**15,), "|u1", b"{}")),
    "header of a negative length": part("header.npy", npy((-1,), "|u1", b"{}")),
    "header of strange type": part("header.npy", npy((1,), "|V1000000", b"{}")),
    "no npy": part("header.npy", b"nothing of the kind"),
    "npy of a strange version": part("header.npy", npy((2,), "|u1", b"{}", b"\x09\x00")),
    "compressed": lambda good: archive_with(good, lambda h, a: None, np.savez_compressed),
    "compressed in part": lambda good: zipped(parts_of(good), compressed={"theta.npy"}),
    "a zip bomb": lambda good: zipped(
        {"header.npy": npy((10**8,), "|u1", bytes(10**8))}, {"header.npy"}
    ),
}


@pytest.mark.parametrize("kind", NOT_OURS)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, good, kind):
    (tmp_path / "bad").write_bytes(NOT_OURS[kind](good))
    with pytest.raises(ValueError, match="bad is no checkpoint of pybackprop"):
        load(tmp_path / "bad")


def first(name, value):
    return arrays(lambda a: a[name].__setitem__(0, value))


def settings_of(**new):
    return header(lambda h: h["optimizer"]["settings"].update(new))


def history_of(**new):
    return header(lambda h: h["history"].update(new))


def generator_of(name, change):
    def put(h):
        state = getattr(np.random, name)(1).state
        change(state)
        h["rng"] = json.loads(json.dumps(state, default=np.ndarray.tolist))

    return header(put)


DOES_NOT_FIT = {
    "no theta": (arrays(lambda a: a.pop("theta")), "theta.npy"),
    "short theta": (arrays(lambda a: a.update(theta=a["theta"][1:])), r"theta has shape \(31,\)"),
    "theta as matrix": (arrays(lambda a: a.update(theta=a["theta"][:, None])), r"shape \(32, 1\)"),
    "whole numbers": (arrays(lambda a: a.update(theta=np.ones(32, int))), "dtype int64"),
    "half precision": (arrays(lambda a: a.update(theta=a["theta"].astype("f2"))), "float16"),
    "nan": (first("theta", np.nan), "finite"),
    "infinity": (first("theta", -np.inf), "finite"),
    "objects": (part("theta.npy", npy((32,), "|O", bytes(256))), "not of numbers"),
    "huge theta": (part("theta.npy", npy((10**12,))), r"theta has shape \(1000000000000,\)"),
    "theta of half its length": (part("theta.npy", npy((32,), content=bytes(128))), "not the len"),
    "theta and more": (part("theta.npy", npy((32,), content=bytes(257))), "not the length"),
    "other sizes": (header(lambda h: h["network"].update(sizes=[3, 4, 2])), r"not \(26,\)"),
    "huge sizes": (
        header(lambda h: h["network"].update(sizes=[10**9, 10**9])),
        r"not \(1000000001000000000,\)",
    ),
    "endless sizes": (header(lambda h: h["network"].update(sizes=[10**300] * 3)), "theta has"),
    "sizes of nothing": (header(lambda h: h["network"].update(sizes=None)), "sizes is None"),
    "no network": (header(lambda h: h.update(network=None)), "TypeError"),
    "layers too many": (header(lambda h: h["network"].update(hidden=["tanh"] * 3)), "hidden"),
    "strange fixed": (header(lambda h: h["network"].update(fixed=["W[7]"])), r"W\[7\]"),
    "strange penalty": (header(lambda h: h["network"].update(penalty=-1)), "penalty is -1"),
    "more of a network": (header(lambda h: h["network"].update(mood="good")), "'mood'"),
    "optimizer misspelt": (
        header(lambda h: h["optimizer"].update(name="adma")), "did you mean 'adam'"
    ),
    "no vector": (arrays(lambda a: a.pop("optimizer.v")), "the state holds t, m; "),
    "another vector": (arrays(lambda a: a.update({"optimizer.w": a["theta"]})), "t, m, v, w"),
    "short vector": (
        arrays(lambda a: a.update({"optimizer.v": a["theta"][:4]})),
        r"optimizer.v has shape \(4,\)",
    ),
    "huge vector": (part("optimizer.v.npy", npy((10**12,))), r"optimizer.v has shape \(10000"),
    "single vector": (
        arrays(lambda a: a.update({"optimizer.v": a["theta"].astype("f4")})), "float32"
    ),
    "nan vector": (first("optimizer.m", np.nan), "m of the state holds NaN"),
    "strange t": (header(lambda h: h["state"].update(t=-3)), "t of the state is -3"),
    "strange lr": (settings_of(lr="fast"), "lr is 'fast'"),
    "strange beta": (settings_of(beta1=7), "beta1 is 7"),
    "more settings": (settings_of(mood="good"), "'mood'"),
    "schedule misspelt": (settings_of(lr={"name": "cosin", "settings": {}}), "mean 'cosine'"),
    "endless schedule": (
        settings_of(lr={"name": "cosine", "settings": {"lr": 1, "steps": 10**400}}), "rate is inf"
    ),
    "more of a history": (history_of(mood="good"), "the history holds .*, mood, not"),
    "a record": (history_of(record={"theta": []}), "the history holds .*, record, not"),
    "less of a history": (header(lambda h: h["history"].pop("losses")), "the history holds learn"),
    "losses as text": (history_of(losses="low"), "losses of the history is 'low'"),
    "losses of text": (history_of(losses=["low"]), "losses of the history"),
    "epochs of text": (history_of(epoch_ends=["1", "2"]), "epoch_ends of the history"),
    "fewer epochs": (history_of(train_loss=[0.5]), "train_loss of the history"),
    "reason as number": (history_of(reason=3), "reason of the history is 3"),
    "no seconds": (history_of(seconds=None), "seconds of the history"),
    "another generator": (header(lambda h: h["rng"].update(bit_generator="os")), "unknown bit gen"),
    "generator of nothing": (header(lambda h: h["rng"].update(state={})), "KeyError"),
    "far position": (
        generator_of("MT19937", lambda s: s["state"].update(pos=10**8)), "position 100000000"
    ),
    "far position, hidden": (
        generator_of("MT19937", lambda s: [s["state"].update(pos=10**8), s.update(buffer_pos=0)]),
        "position 100000000",
    ),
    "negative position": (generator_of("Philox", lambda s: s.update(buffer_pos=-9)), "position -9"),
    "position behind": (
        generator_of("MT19937", lambda s: s["state"].update(pos=625)), "625 of .* 0 to 624"
    ),
    "position behind, Philox": (
        generator_of("Philox", lambda s: s.update(buffer_pos=5)), "5 of .* 0 to 4"
    ),
    "position of PCG64": (generator_of("PCG64", lambda s: s.update(buffer_pos=1)), "1 of PCG64"),
    "position of PCG64DXSM": (
        generator_of("PCG64DXSM", lambda s: s.update(buffer_pos=1)), "1 of PCG64DXSM"
    ),
    "position of SFC64": (generator_of("SFC64", lambda s: s.update(buffer_pos=1)), "1 of SFC64"),
    "short key": (generator_of("MT19937", lambda s: s["state"].update(key=[1])), "IndexError"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DOES_NOT_FIT)
def test_parts_that_do_not_fit_are_refused(tmp_path, good, kind):
    change, message = DOES_NOT_FIT[kind]
    (tmp_path / "bad").write_bytes(change(good))
    with pytest.raises(ValueError, match="the parts of .*bad do not fit together") as caught:
        load(tmp_path / "bad")
    caught.match(message)


@pytest.mark.parametrize("name", [k for k in DOES_NOT_FIT if "huge" in k or "endless" in k])
def test_nothing_large_is_allocated_for_a_small_file(tmp_path, good, name):
    (tmp_path / "bad").write_bytes(DOES_NOT_FIT[name][0](good))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="do not fit"):
            load(tmp_path / "bad")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("depth", [2, 50])
def test_schedules_inside_of_schedules_are_read(tmp_path, good, depth):
    (tmp_path / "x").write_bytes(deep(depth)(good))
    lr = load(tmp_path / "x").optimizer.lr
    for _ in range(depth):
        lr = lr.then
    assert lr == constant(0.1)


@pytest.mark.parametrize("depth", [2000, 100_000])
def test_schedules_without_end_are_refused(tmp_path, good, depth):
    (tmp_path / "bad").write_bytes(deep(depth)(good))
    with pytest.raises(ValueError, match="no checkpoint|do not fit") as caught:
        load(tmp_path / "bad")
    caught.match("RecursionError")


@pytest.mark.parametrize("objects", [mine, "bent", {"bent": mine}, None])
def test_objects_are_a_list(tmp_path, objects):
    with pytest.raises(TypeError, match=r"give a list: objects=\[...\]"):
        load(tmp_path / "x", objects=objects)


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    bomb = zipped({"header.npy": npy((10**8,), "|u1", bytes(10**8))}, {"header.npy"})
    (tmp_path / "bad").write_bytes(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="compressed, or larger than the file"):
            load(tmp_path / "bad")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_parts_that_overlap_count_each_time(tmp_path, good):
    """Another bomb: many entries of the directory that name the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("header.npy", npy((10**6,), "|u1", bytes(10**6)))
        entry = archive.getinfo("header.npy")
        for k in range(50):
            twin = zipfile.ZipInfo(f"{k}.npy")
            for name in ("file_size", "compress_size", "CRC", "header_offset"):
                setattr(twin, name, getattr(entry, name))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
    (tmp_path / "bad").write_bytes(out.getvalue())
    with pytest.raises(ValueError, match="larger than the file"):
        load(tmp_path / "bad")


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (1, f"is a checkpoint of version 1; this pybackprop reads version {VERSION}: use the"),
        (VERSION + 1, f"of version {VERSION + 1}"),
        (None, "of version None"),
    ],
)
def test_another_version_is_refused(tmp_path, good, version, message):
    (tmp_path / "x").write_bytes(archive_with(good, lambda h, a: h.update(version=version)))
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "x")


def test_numbers_of_another_byte_order_are_read(tmp_path, good):
    def swap(a):
        for name in ("theta", "optimizer.m", "optimizer.v"):
            a[name] = a[name].astype(a[name].dtype.newbyteorder())

    (tmp_path / "x").write_bytes(good)
    (tmp_path / "swapped").write_bytes(arrays(swap)(good))
    one, two = load(tmp_path / "x"), load(tmp_path / "swapped")
    np.testing.assert_array_equal(one.net.params.theta, two.net.params.theta)
    same_state(one.optimizer.state(), two.optimizer.state())


class Planted:
    """An object that writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("name", ["header", "theta", "optimizer.m"])
def test_pickled_objects_in_a_file_are_never_run(tmp_path, good, name):
    planted = np.array([Planted(tmp_path / "ran")], dtype=object)
    with np.load(io.BytesIO(good)) as archive:
        np.savez(tmp_path / "bad.npz", **(dict(archive) | {name: planted}))
    with pytest.raises(ValueError, match="no checkpoint|do not fit"):
        load(tmp_path / "bad.npz")
    assert not (tmp_path / "ran").exists()


def test_every_cut_is_noticed(tmp_path, good):
    path = tmp_path / "cut"
    for end in range(0, len(good), 97):
        path.write_bytes(good[:end])
        with pytest.raises(ValueError, match="no checkpoint|do not fit"):
            load(path)


@given(
    place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), more=st.binary(max_size=9)
)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_file_gives_a_value_error_or_what_was_saved(tmp_path, good, place, byte, more):
    """Any byte overwritten, anything inserted: the file is refused, or it is read as it was."""
    at = int(place * len(good))
    path = tmp_path / "x"
    path.write_bytes(good[:at] + bytes([byte]) + more + good[at + 1 :])
    back = read(path)
    if isinstance(back, str):
        assert str(path) in back
        return
    path.write_bytes(good)
    whole = load(path)
    np.testing.assert_array_equal(back.net.params.theta, whole.net.params.theta)
    same_state(back.optimizer.state(), whole.optimizer.state())
    same_history(back.history, whole.history)


def read(path):
    """Return what a file holds, or the message that it cannot be read."""
    try:
        return load(path)
    except ValueError as problem:
        return str(problem)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=6,
)
PLACES = [
    ("network",), ("network", "sizes"), ("network", "hidden"), ("network", "output"),
    ("network", "loss"), ("network", "fixed"), ("network", "penalty"), ("network", "fused"),
    ("optimizer",), ("optimizer", "name"), ("optimizer", "settings"),
    ("optimizer", "settings", "lr"), ("optimizer", "settings", "beta1"), ("state",), ("state", "t"),
    ("history",), ("history", "losses"), ("history", "reason"), ("history", "epoch_ends"),
    ("rng",), ("rng", "bit_generator"), ("rng", "state"), ("rng", "has_uint32"), ("version",),
]  # fmt: skip


@given(place=st.sampled_from(PLACES), value=json_values)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_anything_in_the_header_gives_a_value_error_or_a_checkpoint(tmp_path, good, place, value):
    def put(h, a):
        *way, last = place
        for key in way:
            h = h[key]
        h[last] = value

    path = tmp_path / "x"
    path.write_bytes(archive_with(good, put))
    back = read(path)
    if isinstance(back, str):
        assert str(path) in back
        return
    assert repr(back.net)
    assert str(back.history)
    assert repr(back.optimizer)


def test_the_tables_that_files_name_their_things_by():
    """Renaming an entry would make old files unreadable."""
    assert set(OPTIMIZERS) == {"sgd", "rmsprop", "adam", "adamw"}
    assert set(SCHEDULES) == {"constant", "step_decay", "cosine", "warmup"}


# Models


def noisy(p, x, rng):
    """A model that draws in training."""
    x = layers.dropout(np.tanh(layers.linear(x, p["W"], p["b"])), 0.3, rng)
    return layers.linear(x, p["V"])


def own_loss(z, y):
    return np.sum((z - y) ** 4, axis=-1)


def make_model(loss="bce", dtype=float):
    rng = np.random.default_rng(0)
    values = {"W": rng.normal(size=(6, 3)), "b": np.zeros(6), "V": rng.normal(size=(2, 6))}
    return pb.Model(noisy, values, loss, fixed=("b",), penalty=0.01, dtype=dtype, rng=7)


@pytest.mark.parametrize("loss", ["bce", own_loss])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_goes_on_exactly_where_it_was(tmp_path, loss, dtype):
    path, model, rng = tmp_path / "model.npz", make_model(loss, dtype), np.random.default_rng(3)
    optimizer, settings = Adam(0.01), {"batch_size": 3, "epochs": 4}
    history = pb.train(model, X, Y, optimizer=optimizer, rng=rng, **settings)
    pb.save(path, model, optimizer, history, rng)
    found = pb.load(path, objects=[noisy, own_loss])
    assert repr(found.net) == repr(model)
    assert (found.net.f, found.net.loss) == (model.f, model.loss)
    assert found.net.fixed == ("b",)
    assert found.history.losses == history.losses
    pb.train(model, X, Y, optimizer=optimizer, rng=rng, **settings)
    pb.train(found.net, X, Y, optimizer=found.optimizer, rng=found.rng, **settings)
    assert found.net.dtype == dtype
    np.testing.assert_array_equal(found.net.params.theta, model.params.theta)


def test_a_parameter_without_entries_comes_back(tmp_path):
    save(tmp_path / "x", pb.Model(noisy, {"W": 1.0, "none": np.zeros((0, 3))}))
    params = load(tmp_path / "x", objects=[noisy]).net.params
    assert (params["W"], params["none"].shape) == (1, (0, 3))


def test_a_models_function_is_asked_for(tmp_path):
    path = tmp_path / "model.npz"
    pb.save(path, make_model(own_loss))
    with pytest.raises(ValueError, match="needs the function 'noisy'.* objects="):
        pb.load(path)
    with pytest.raises(ValueError, match="needs the loss 'own_loss'"):
        pb.load(path, objects=[noisy])
    with pytest.raises(TypeError, match="no name to find it by; give a function made by def"):
        pb.save(path, pb.Model(lambda p, x, rng: x, {"W": 1.0}))
    assert pb.load(path, objects=[noisy, own_loss]).net.loss is own_loss


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([-1, -18], r"\[-1, -18\] is no shape"),
        ([3.0, 6], r"\[3.0, 6\] is no shape"),
        ("W", "'W' is no shape"),
        ([], "theta has shape"),
        ([2], "theta has shape"),
        ([10**9, 10**9], "theta has shape"),
    ],
)
def test_a_models_file_is_looked_at_before_it_is_believed(tmp_path, shape, message):
    path = tmp_path / "model.npz"
    pb.save(path, make_model())
    bad = archive_with(path.read_bytes(), lambda h, a: h["model"]["shapes"].update(W=shape))
    path.write_bytes(bad)
    with pytest.raises(ValueError, match="do not fit together") as caught:
        pb.load(path, objects=[noisy])
    caught.match(message)
