import copy
import pickle

import numpy as np
import pytest

import pybackprop as pb


def test_views_and_vector_are_one():
    params = pb.Params([2, 3, 1])
    assert params.theta.shape == (2 * 3 + 3 + 3 + 1,)
    params.theta[:] = np.arange(13)
    np.testing.assert_array_equal(params.W[1], [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(params.b[1], [6, 7, 8])
    np.testing.assert_array_equal(params.W[2], [[9, 10, 11]])
    np.testing.assert_array_equal(params.b[2], [12])
    params.W[2][0, 1] = -1
    params.b[1] = [1, 2, 3]
    params.W[1] -= 1  # an assignment to a key writes through the view
    np.testing.assert_array_equal(params.theta, [-1, 0, 1, 2, 3, 4, 1, 2, 3, 9, -1, 11, 12])


def test_theta_is_taken_without_a_copy_and_copy_is_independent():
    theta = np.zeros(13)
    params = pb.Params([2, 3, 1], theta)
    twin = params.copy()
    params.W[1][0, 0] = 5
    assert theta[0] == 5
    assert twin.theta[0] == 0


@pytest.mark.parametrize("index", range(13))
def test_entry_names_the_place(index):
    params = pb.Params([2, 3, 1])
    params.theta[index] = 1
    name = params.entry(index)
    assert eval(f"params.{name}") == 1


def test_assigning_the_wrong_shape_or_layer_is_refused():
    params = pb.Params([2, 3, 1])
    with pytest.raises(ValueError, match=r"W\[1\] takes shape \(3, 2\), got \(2, 3\)"):
        params.W[1] = np.zeros((2, 3))
    with pytest.raises(KeyError, match="no layer 3; W has the layers 1 to 2"):
        params.W[3] = np.zeros((2, 3))
    for index in (13, -1, 0.5):
        with pytest.raises(IndexError, match=f"0 to 12, not {index}"):
            params.entry(index)


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ([2], ValueError, "needs an input and an output"),
        ([], ValueError, "needs an input and an output"),
        ([2, 0, 1], ValueError, "at least 1 unit"),
        ([2, -3, 1], ValueError, "has -3"),
        ([2, 2.5, 1], TypeError, "no whole number"),
        ([2, True], TypeError, "no whole number"),
        (["2", 1], TypeError, "no whole number"),
        (3, TypeError, "give units per layer"),
    ],
)
def test_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        pb.Params(sizes)


def test_bad_theta():
    with pytest.raises(ValueError, match="takes a vector of 13 numbers"):
        pb.Params([2, 3, 1], np.zeros(12))
    with pytest.raises(TypeError, match="floating-point"):
        pb.Params([2, 3, 1], np.zeros(13, int))


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, np.clongdouble, int, bool])
def test_number_types_that_hold_no_gradient_are_refused(dtype):
    with pytest.raises(TypeError, match="Use float64 or float32"):
        pb.Params([2, 3, 1], dtype=dtype)
    if np.dtype(dtype).kind in "fc":
        with pytest.raises(TypeError, match="Use float64 or float32"):
            pb.Params([2, 3, 1], np.zeros(13, dtype))


# Every way to write into parameters that people use; each moves the vector and the views alike.
WRITES = {
    "params.theta = params.theta - 0.5": lambda old: old - 0.5,
    "params.theta -= 0.5": lambda old: old - 0.5,
    "params.theta[:] = params.theta - 0.5": lambda old: old - 0.5,
    "params.theta = 2": lambda old: np.full(13, 2.0),
    "params.theta = list(range(13))": lambda old: np.arange(13.0),
    "params.W = {l: W + 1 for l, W in params.W.items()}": lambda old: old + IS_W,
    "params.W = dict(params.W)": lambda old: old,
    "params.b = {1: [1, 1, 1], 2: [True]}": lambda old: old * IS_W + (1 - IS_W),
    "params.W.update({2: [[1, 1, 1]]})": lambda old: np.r_[old[:9], 1, 1, 1, old[12:]],
    "params.W[2] = 1": lambda old: np.r_[old[:9], 1, 1, 1, old[12:]],
    "params.W[2] += params.W[2]": lambda old: np.r_[old[:9], 2 * old[9:12], old[12:]],
    "params.b[2][0] = 4": lambda old: np.r_[old[:12], 4],
}
IS_W = np.array([1] * 6 + [0] * 3 + [1] * 3 + [0])


@pytest.mark.parametrize("statement", WRITES)
def test_assignments_write_in_place(statement):
    net = pb.Network([2, 3, 1], hidden="tanh", rng=0)
    params, vector = net.params, net.params.theta
    before, outputs = vector.copy(), pb.predict(net, [[0.5, 1.0]])
    exec(statement, {"params": params, "np": np})
    assert params.theta is vector
    np.testing.assert_array_equal(vector, WRITES[statement](before))
    assert all(np.shares_memory(view, vector) for view in (*params.W.values(), *params.b.values()))
    moved = not np.array_equal(before, vector)
    assert moved == (not np.array_equal(outputs, pb.predict(net, [[0.5, 1.0]])))


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("params.theta = params.theta[:12]", "theta takes shape .13,., got .12,."),
        ("params.theta = params.theta + 1j", "theta takes real numbers"),
        ("params.theta = 'zeros'", "theta takes real numbers"),
        ("params.theta = None", "theta takes real numbers"),
        ("params.W = {1: params.W[1]}", r"a value for each layer, .* got \[1\]"),
        ("params.W = list(params.W.values())", "a value for each layer, .* got list"),
        ("params.b = {1: [1, 2, 3], 2: [1, 2]}", r"b\[2\] takes shape \(1,\), got \(2,\)"),
        ("params.W.update({1: params.W[1], 2: [[1]]})", r"W\[2\] takes shape \(1, 3\)"),
        ("params.W[1] = params.W[1].T", r"W\[1\] takes shape \(3, 2\), got \(2, 3\)"),
        ("del params.W[1]", "item deletion|__delitem__"),
        ("params.W.pop(1)", "no attribute 'pop'"),
        ("params.W.clear()", "no attribute 'clear'"),
        ("params.W.setdefault(3, 0)", "no attribute 'setdefault'"),
        ("params.W |= {1: params.W[1]}", "unsupported operand"),
        ("params.W -= params.W", "unsupported operand"),
        ("params.L = 3", "no setter"),
        ("params.sizes = (2, 4, 1)", "no setter"),
        ("params.blocks = {}", "no setter"),
        ("params.blocks['W[1]'] = slice(0, 1)", "does not support item assignment"),
        ("params.w = 1", "no attribute 'w'"),
        ("net.params = params.copy()", "params is read-only"),
        ("net.loss = pb.LOSSES['mse']", "loss is read-only"),
        ("net.penalty = 0.1", "penalty is read-only"),
        ("net.lambda_ = 0.1", "lambda_ is read-only"),
        ("net.phi[2] = pb.ACTIVATIONS['tanh']", "does not support item assignment"),
        ("net.phi = {}", "phi is read-only"),
        ("net.fixed += ('b[1]',)", "fixed is read-only"),
        ("net.dtype = 'f4'", "no setter|read-only"),
        ("net.loss.name = 'mse'", "cannot assign to field"),
        ("net.phi[1].f = abs", "cannot assign to field"),
    ],
)
def test_assignments_that_cannot_do_what_they_say_raise_and_change_nothing(statement, error):
    net = pb.Network([2, 3, 1], hidden="tanh", rng=0)
    before, shown = net.params.theta.copy(), repr(net)
    with pytest.raises((ValueError, TypeError, AttributeError, KeyError), match=error):
        exec(statement, {"params": net.params, "net": net, "pb": pb})
    np.testing.assert_array_equal(net.params.theta, before)
    assert repr(net) == shown


def test_the_line_of_every_course_trains():
    X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
    net = pb.Network([2, 3, 1], hidden="tanh", rng=0)
    before = pb.evaluate(net, X, Y)
    for _ in range(500):
        net.params.theta = net.params.theta - 2.0 * pb.backprop(net, X, Y).grad.theta
    assert pb.evaluate(net, X, Y) < 0.5 * before


def test_entries_index_and_blocks_name_the_same_places():
    params = pb.Params([2, 3, 4, 1])
    params.theta = np.arange(params.theta.size)
    entries = list(params.entries())
    assert [entry.index for entry in entries] == list(range(params.theta.size))
    for entry in entries:
        assert eval(f"params.{entry}") == entry.index
        assert str(entry) == params.entry(entry.index)
        assert params.index(entry.letter, entry.layer, entry.j, entry.i) == entry.index
        assert entry.index in params.theta[params.blocks[f"{entry.letter}[{entry.layer}]"]]
    assert list(params.blocks) == ["W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]"]


@pytest.mark.parametrize(
    "place", [("W", 1, 3, 0), ("W", 1, 0), ("b", 1, 0, 0), ("b", 3, 0), ("w", 1, 0, 0)]
)
def test_places_that_are_not_there_are_named(place):
    with pytest.raises(IndexError, match=r"no entry .* the blocks are W\[1\], b\[1\]"):
        pb.Params([2, 3, 1]).index(*place)


def test_blocks_by_name():
    params = pb.Params([2, 3, 1])
    assert params.chosen("W") == ("W[1]", "W[2]")
    assert params.chosen(["b[2]", "b[2]", "W[1]"]) == ("W[1]", "b[2]")
    assert params.chosen(()) == ()
    with pytest.raises(ValueError, match=r"no block 'W\[3\]'; the blocks are W\[1\]"):
        params.chosen("W[3]")


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda thing: pickle.loads(pickle.dumps(thing)),
        lambda thing: copy.copy(thing) if isinstance(thing, pb.Params) else copy.deepcopy(thing),
    ],
)
def test_copies_and_pickles_are_whole_and_independent(copied):
    net = pb.Network([2, 3, 1], rng=0)
    for thing in (net, net.params):
        twin = copied(thing)
        params = twin.params if isinstance(twin, pb.Network) else twin
        np.testing.assert_array_equal(params.theta, net.params.theta)
        assert params.theta.ctypes.data % 64 == 0
        params.W[2][0, 1] = 7
        assert params.theta[10] == 7
        assert net.params.theta[10] != 7


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_the_vector_starts_at_a_line_of_the_cache(dtype):
    params = pb.Params([2, 3, 1], dtype=dtype)
    for vector in (params.theta, params.copy().theta):
        assert vector.ctypes.data % 64 == 0
        assert vector.size == 13
