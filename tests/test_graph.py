"""The tape: random graphs against PyTorch, differences and the dot-product law; its promises."""

import gc
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybackprop as pb
from pybackprop import graph
from pybackprop.graph import (
    Node,
    checkpoint,
    gradient,
    hessian_product,
    jacobian_product,
    pull_back,
)
from pybackprop.layers import activation, linear, softmax_cross_entropy
from pybackprop.operations import CONSTANT, OPERATIONS, Operation, sum_to

# Random programs. A step takes earlier values, so values are shared; shapes are (), (n,), (1, n),
# (n, 1) and (n, n), so that everything broadcasts and most things have a transpose.

ROWS = {2: [0, 0], 3: [2, 0, 2]}  # an index that names a row twice


def steps(xp, where, concatenate, stack, copied):
    """Return the steps of a program in NumPy's words or in PyTorch's: name -> (arguments, f)."""
    return {
        "add": (2, lambda x, y, n: x + y),
        "subtract": (2, lambda x, y, n: x - y),
        "multiply": (2, lambda x, y, n: x * y),
        "divide": (2, lambda x, y, n: x / (1 + y * y)),
        "constant": (1, lambda x, n: 3.0 - 0.5 * x),
        "negative": (1, lambda x, n: -x),
        "power": (1, lambda x, n: 0.1 * x**3),
        "tanh": (1, lambda x, n: xp.tanh(x)),
        "sin": (1, lambda x, n: xp.sin(x)),
        "cos": (1, lambda x, n: xp.cos(x)),
        "exp": (1, lambda x, n: xp.exp(xp.sin(x))),
        "expm1": (1, lambda x, n: xp.expm1(xp.tanh(x))),
        "log": (1, lambda x, n: xp.log(1 + x * x)),
        "log1p": (1, lambda x, n: xp.log1p(x * x)),
        "sqrt": (1, lambda x, n: xp.sqrt(1 + x * x)),
        "abs": (1, lambda x, n: xp.abs(x)),
        "maximum": (2, lambda x, y, n: xp.maximum(x, 0.3 * y)),
        "where": (2, lambda x, y, n: where(x > 0, x, 0.5 * y)),
        "matmul": (2, lambda x, y, n: x @ y if x.ndim and y.ndim and fits(x, y) else x + y),
        "sum": (1, lambda x, n: x.sum(-1) if x.ndim else x),
        "sum_kept": (1, lambda x, n: copied(x, 0) if x.ndim else x),
        "transpose": (1, lambda x, n: x.T if x.ndim == 2 else x),
        "mT": (1, lambda x, n: x.mT if x.ndim == 2 else x),
        "flat": (1, lambda x, n: x.reshape(n) if sorted(x.shape) == [1, n] else x),
        "slice": (1, lambda x, n: x[:1] if x.ndim == 2 else x),
        "index": (1, lambda x, n: x[ROWS[n]] if x.ndim and x.shape[0] == n else x),
        "join": (1, lambda x, n: concatenate([x, 2 * x])[1 : n + 1] if x.ndim == 1 else x),
        "stack": (1, lambda x, n: stack([x, x * x], 0)[1] if x.ndim else x),
    }


def fits(x, y):
    return x.shape[-1] == y.shape[0] and (x.ndim, y.ndim) != (1, 1)


NUMPY = steps(np, np.where, np.concatenate, np.stack, lambda x, i: x.sum(axis=i, keepdims=True))
SHAPES = st.sampled_from(["", "n", "1n", "n1", "nn"])
PROGRAMS = st.lists(
    st.tuples(st.sampled_from(sorted(NUMPY)), st.integers(0, 99), st.integers(0, 99)),
    min_size=1,
    max_size=14,
)


def shape_of(word, n):
    return tuple(n if letter == "n" else 1 for letter in word)


def run(program, variables, n, table):
    """Return the sum of the last value and of a few others, so that much is used."""
    values = list(variables)
    for name, i, j in program:
        count, f = table[name]
        chosen = [values[k % len(values)] for k in (i, j)[:count]]
        values.append(f(*chosen, n))
    return values[-1].sum() + sum(0.1 * v.sum() for v in values[:-1:3])


def variables_of(words, n, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape_of(word, n)) for word in words]


def taped(arrays, f):
    tape = []
    nodes = [Node(tape, x) for x in arrays]
    return f(nodes), nodes


GRAPHS = (st.lists(SHAPES, min_size=1, max_size=4), st.sampled_from([2, 3]), PROGRAMS)
SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=200, deadline=None)
@given(*GRAPHS, SEEDS)
def test_random_graphs_against_pytorch(words, n, program, seed):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    def maximum(x, y):  # torch.maximum shares ties out evenly; none occur
        return torch.maximum(x, y)

    torch_steps = steps(
        torch, torch.where, torch.cat, torch.stack, lambda x, i: x.sum(i, keepdim=True)
    )
    arrays = variables_of(words, n, seed)
    C, nodes = taped(arrays, lambda v: run(program, v, n, NUMPY))
    theirs = [torch.tensor(x, requires_grad=True) for x in arrays]
    expected = run(program, theirs, n, torch_steps)
    np.testing.assert_allclose(C.value, expected.item(), rtol=1e-9)
    grads = torch.autograd.grad(expected, theirs, allow_unused=True)
    for ours, other in zip(gradient(C, nodes), grads, strict=True):
        other = np.zeros_like(ours) if other is None else other.numpy()
        np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(*GRAPHS, SEEDS)
def test_random_graphs_against_differences(words, n, program, seed):
    """The slope along a direction, of the gradient and of the value alone."""
    smooth = [step for step in program if step[0] not in ("abs", "maximum", "where")]
    x, v = variables_of(words, n, seed), variables_of(words, n, seed + 1)
    h = 1e-4

    def moved(t):
        return run(smooth, [a + t * h * b for a, b in zip(x, v, strict=True)], n, NUMPY)

    C, nodes = taped(x, lambda nodes: run(smooth, nodes, n, NUMPY))
    assert C.value == moved(0)  # a tape computes what NumPy computes
    along = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * h)
    found = sum(np.sum(g * b) for g, b in zip(gradient(C, nodes), v, strict=True))
    np.testing.assert_allclose(found, along, rtol=1e-5, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([2, 3]), PROGRAMS, SEEDS)
def test_products_with_jacobian_and_hessian(n, program, seed):
    smooth = [step for step in program if step[0] not in ("abs", "maximum", "where")]
    x, v = variables_of(["nn", "nn"], n, seed)

    def f(x):
        return run(smooth, [x], n, NUMPY) * np.tanh(x)

    point = Node([], x)
    u = np.random.default_rng(seed + 1).normal(size=(n, n))
    (back,) = gradient(f(point), [point], u)
    np.testing.assert_allclose(
        np.sum(u * jacobian_product(f, x, v)), np.sum(back * v), rtol=1e-9, atol=1e-9
    )

    def slope(x):
        point = Node([], x)
        return gradient(np.sum(f(point)), [point])[0]

    h = 1e-5
    expected = (slope(x + h * v) - slope(x - h * v)) / (2 * h)
    found = hessian_product(lambda x: np.sum(f(x)), x, v)
    scale = 1 + np.abs(expected).max()
    np.testing.assert_allclose(found / scale, expected / scale, rtol=1e-4, atol=1e-6)


# The tape


def test_every_line_is_made_of_lines_above_it():
    """So the order of the list is a topological order; the way back needs no sorting."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        program = [(name, *rng.integers(0, 99, 2)) for name in rng.choice(sorted(NUMPY), 12)]
        C, _ = taped(variables_of(["nn", "n"], 3, seed), lambda v: run(program, v, 3, NUMPY))  # noqa: B023
        for i, line in enumerate(C.tape):
            assert line.index == i
            assert all(n.index < i for n in line.inputs if isinstance(n, Node))


def test_a_planted_overwriting_is_caught():
    """= for +=: a machine that keeps what came last is told from the right one."""

    def wrong(y, x):
        bar = [None] * y.index + [np.ones_like(y.value)]
        for line in y.tape[y.index :: -1]:
            for n in line.inputs:
                bar[n.index] = None  # forgets what was there
            pull_back(line, bar)
        return bar[x.index]

    x = Node([], 3.0)
    y = x * x + x
    assert wrong(y, x) != gradient(y, [x])[0] == 7.0


@pytest.mark.parametrize("name", ["tanh", "multiply", "matmul"])
def test_a_planted_wrong_pullback_is_caught(name, monkeypatch):
    f = {"tanh": np.tanh, "multiply": np.multiply, "matmul": np.matmul}[name]
    right = OPERATIONS[f]
    twice = Operation(
        name,
        f,
        lambda g, a, *x: [p() * 2 if callable(p) else p * 2 for p in right.pullback(g, a, *x)],
    )
    monkeypatch.setitem(OPERATIONS, f, twice)
    x = Node([], np.array([[0.3, -0.2], [0.5, 0.1]]))
    y = {"tanh": lambda: np.tanh(x), "multiply": lambda: x * x, "matmul": lambda: x @ x}[name]()
    h = 1e-6
    moved = [np.sum(f(*[x.value + k * h] * (1 if name == "tanh" else 2))) for k in (1, -1)]
    assert not np.isclose(gradient(y, [x])[0].sum(), (moved[0] - moved[1]) / (2 * h), rtol=1e-3)


def test_every_operation_says_what_it_computes_and_what_comes_back():
    for f, operation in OPERATIONS.items():
        if isinstance(operation, Operation):
            assert operation.value is f
            assert ": " in operation.formula


def test_the_machine_is_short():
    source = Path(graph.__file__).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 160


def test_the_tape_reads_like_the_computation():
    tape = []
    x, w = Node(tape, 2.0), Node(tape, np.ones((3, 4)))
    np.tanh(w * x)[0]
    assert [repr(line) for line in tape] == [
        "%0 = 2.0",
        "%1 = array of shape (3, 4)",
        "%2 = multiply(%1, %0) = array of shape (3, 4)",
        "%3 = tanh(%2) = array of shape (3, 4)",
        f"%4 = pick(%3, 0) = {np.tanh(2 * np.ones(4))}",
    ]
    assert repr(Node([], np.zeros(9))) == f"%0 = {np.zeros(9)}"
    assert repr(Node([], np.zeros(10))) == "%0 = array of shape (10,)"


def test_an_array_on_the_left_records_as_well():
    x = Node([], np.ones(3))
    A = np.arange(6.0).reshape(2, 3)
    for y in (A @ x, A * x, A - x, A / x, 2.0 * x, 1 + x, np.float64(2) * x):
        assert isinstance(y, Node)


def test_ways_that_meet_add_and_unused_variables_get_zeros():
    tape = []
    x, unused = Node(tape, 3.0), Node(tape, np.ones((2, 2)))
    grads = gradient(x * x + x, [x, unused])
    assert grads[0] == 7.0
    np.testing.assert_array_equal(grads[1], np.zeros((2, 2)))
    late = Node(tape, 1.0)  # a line after y
    assert gradient(x * 1.0, [late])[0] == 0.0


def test_a_repeated_index_adds_once_for_each_time():
    W = Node([], np.zeros((3, 2)))
    (grad,) = gradient(W[np.array([1, 1, 0])], [W])
    np.testing.assert_array_equal(grad, [[1, 1], [2, 2], [0, 0]])


@pytest.mark.parametrize(("shape", "other"), [((), (2, 3)), ((3,), (2, 3)), ((2, 1), (2, 3)),
                                              ((1, 1), (4, 2, 3)), ((1, 3), (3,))])  # fmt: skip
def test_what_was_repeated_is_summed(shape, other):
    x, g = Node([], np.ones(shape)), np.random.default_rng(0).normal(size=other)
    (grad,) = gradient(x + np.zeros(other), [x], np.broadcast_to(g, (x + np.zeros(other)).shape))
    assert grad.shape == shape
    np.testing.assert_allclose(grad, sum_to(g, shape) if g.ndim >= len(shape) else g[None])


def test_numbers_that_are_no_functions_of_x_are_constants():
    x = Node([], np.array([1.0, -2.0]))
    for f in (lambda: x > 0, lambda: np.sign(x), lambda: np.zeros_like(x), lambda: np.shape(x)):
        assert not isinstance(f(), Node)
    assert np.argmax in CONSTANT


def test_a_maximum_goes_to_the_largest_in_equal_parts():
    """Rows [1, 3, 3] and [2, 0, 1], with g = 6 and 5: 3 to each of the tied, 5 to the one."""
    expected = [[0, 3, 3], [5, 0, 0]]
    for f in (
        lambda x: np.max(x, axis=1),
        lambda x: np.max(x, axis=1, keepdims=True)[:, 0],
        lambda x: x.max(axis=1),
        lambda x: x.max(1, True)[:, 0],
    ):
        x = Node([], np.array([[1.0, 3.0, 3.0], [2.0, 0.0, 1.0]]))
        assert f(x).shape == (2,)
        np.testing.assert_array_equal(gradient(f(x), [x], np.array([6.0, 5.0]))[0], expected)
    x = Node([], np.array([4.0, 7.0, 7.0]))
    np.testing.assert_array_equal(gradient(np.max(x), [x], 3.0)[0], [0, 1.5, 1.5])


@pytest.mark.parametrize(
    ("one", "other"),
    [((3,), (3,)), ((2, 3), (3,)), ((4, 2, 3), (3,)), ((3,), (3, 2)), ((3,), (4, 3, 2)),
     ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4))],
)  # fmt: skip
def test_a_product_of_any_shapes_is_linear_in_each_factor(one, other):
    """So J v is v @ y, and x @ v: the dot-product law without a difference."""
    rng = np.random.default_rng(0)
    (x, v), (y, w) = rng.normal(size=(2, *one)), rng.normal(size=(2, *other))
    tape = []
    nodes = [Node(tape, x), Node(tape, y)]
    u = rng.normal(size=np.shape(x @ y))
    to_x, to_y = gradient(nodes[0] @ nodes[1], nodes, u)
    assert (to_x.shape, to_y.shape) == (one, other)
    np.testing.assert_allclose(np.sum(to_x * v), np.sum(u * (v @ y)), rtol=1e-12)
    np.testing.assert_allclose(np.sum(to_y * w), np.sum(u * (x @ w)), rtol=1e-12)


def test_without_an_axis_arrays_are_stacked_and_joined_along_the_first():
    x = Node([], np.array([1.0, 2.0]))
    g = np.array([[1.0, 2.0], [3.0, 4.0]])
    for f, shape in ((np.stack, (2, 2)), (np.concatenate, (4,))):
        y = f([x, 10 * x])
        np.testing.assert_array_equal(y.value, np.reshape([1, 2, 10, 20], shape))
        np.testing.assert_array_equal(gradient(y, [x], g.reshape(shape))[0], [31, 42])


def test_shapes_are_numbers_a_tuple_or_a_list_as_numpys_are():
    x, wanted = Node([], np.arange(6.0)), np.arange(6.0).reshape(2, 3)
    for y in (x.reshape(2, 3), x.reshape((2, 3)), x.reshape([2, 3]), x.reshape(2, -1)):
        np.testing.assert_array_equal(y.value, wanted)
    np.testing.assert_array_equal(y.reshape(6).value, x.value)


def test_the_first_product_is_written_where_there_is_room():
    """And numbers are the same with room and without, where products meet, too."""
    rng = np.random.default_rng(0)
    tape = []
    X, W, b = rng.normal(size=(4, 3)), Node(tape, rng.normal(size=(3, 3))), Node(tape, np.ones(3))
    for y in (linear(X, W, b), X @ W, linear(np.tanh(linear(X, W, b)), W), X @ W @ W, b @ W):
        room = {W.index: np.full((3, 3), np.nan), b.index: np.full(3, np.nan)}
        plain, with_room = gradient(y, [W, b]), gradient(y, [W, b], room=room)
        for one, other in zip(plain, with_room, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-14)
    for y in (linear(X, W), X @ W):
        assert gradient(y, [W], room=room)[0] is room[W.index]


# Words


def overwrite(x):
    x += 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: np.cumsum(x), "np.cumsum has no pull-back here; make it an Operation"),
        (lambda x: np.arctan(x), "np.arctan has no pull-back here"),
        (overwrite, r"x \+= y take x = x \+ y"),
        (lambda x: np.add.reduce(x), r"np.add.reduce has no pull-back"),
        (lambda x: gradient(2.0**x, [x]), "no pull-back to this input, such as to an exponent"),
    ],
)
def test_what_has_no_pullback_is_refused_in_words(wrong, message):
    with pytest.raises(TypeError, match=message):
        wrong(Node([], np.ones(2)))


def test_two_tapes_are_refused():
    x, other = Node([], 1.0), Node([], 2.0)
    with pytest.raises(ValueError, match="multiply got nodes of two tapes"):
        x * other
    with pytest.raises(ValueError, match="gradient got nodes of two tapes"):
        gradient(x * 2.0, [x, other])


# The network


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu"])
@pytest.mark.parametrize("sizes", [(2, 1), (3, 5, 4, 2)])
def test_delta_is_the_adjoint(hidden, sizes):
    net = pb.Network(sizes, hidden, "identity", "half_sse", rng=0)
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(6, sizes[0])), rng.normal(size=(6, sizes[-1]))
    tape, a, z = [], X, {}
    W = {l: Node(tape, net.params.W[l]) for l in net.phi}
    b = {l: Node(tape, net.params.b[l]) for l in net.phi}
    for l, phi in net.phi.items():
        z[l] = a @ W[l].T + b[l]
        a = activation(phi, z[l])
    C = 0.5 * np.sum((a - Y) ** 2) / 6
    trace = pb.backprop(net, X, Y)
    wanted = [*z.values(), *W.values(), *b.values()]
    expected = [*trace.delta.values(), *trace.grad.W.values(), *trace.grad.b.values()]
    expected = [trace.delta[l] for l in z] + expected[len(z) :]
    for ours, theirs in zip(gradient(C, wanted), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)
    assert C.value == pytest.approx(trace.loss, rel=1e-14)


def test_activations_run_on_a_tape_as_they_are_written():
    """Without their own pull-backs: as compositions of the operations they are made of."""
    z = np.random.default_rng(0).normal(size=(3, 4))
    for phi in pb.ACTIVATIONS.values():
        if phi.name == "identity":
            continue
        whole, parts = Node([], z), Node([], z)
        g = np.random.default_rng(1).normal(size=z.shape)
        one = gradient(activation(phi, whole), [whole], g)[0]
        two = gradient(phi.f(parts), [parts], g)[0]
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-15, err_msg=phi.name)


# Checkpoints


@pytest.fixture
def peak():
    """A function that calls another one, and returns the bytes it held at most, and holds now.

    Nothing is collected meanwhile: memory is given back when nobody holds it, or not at all.
    """

    def measure(f):
        tracemalloc.start()
        f()
        now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, now

    gc.collect()
    gc.disable()
    yield measure
    gc.enable()


BEND = Operation("bend", np.tanh, lambda g, a, x: [g * (1 - a * a)])


def chain(layers, x):
    for _ in range(layers):
        x = BEND(x)
    return x


@pytest.mark.parametrize("k", [1, 2, 3, 6, 9, 12, 36])
def test_segments_hold_as_many_arrays_as_ag9_says(peak, k):
    """n/k + k of them, and six at work: adjoints, slopes, what is between."""
    start = np.linspace(-1, 1, 40_000)

    def run():
        x = Node([], start)
        y = x
        for _ in range(k):
            y = checkpoint(partial(chain, 36 // k), y)
        gradient(np.sum(y), [x])
        x.tape.clear()

    assert 36 / k + k <= peak(run)[0] / start.nbytes <= 36 / k + k + 6


@pytest.mark.parametrize("product", [jacobian_product, hessian_product])
def test_products_leave_no_tape_behind(peak, product):
    start = np.linspace(-1, 1, 40_000)
    f = chain if product is jacobian_product else (lambda n, x: np.sum(chain(n, x)))
    assert peak(lambda: product(partial(f, 5), start, start))[1] < start.nbytes / 10


def test_a_checkpoint_keeps_its_inputs_alone_and_changes_no_digit():
    rng = np.random.default_rng(0)
    x, Ws = rng.normal(size=(5, 4)), rng.normal(size=(6, 4, 4)) / 2

    def segment(x, *weights):
        for W in weights:
            x = np.tanh(x @ W)
        return x

    tape = []
    weights = [Node(tape, W) for W in Ws]
    plain = segment(x, *weights)
    tape2 = []
    weights2 = [Node(tape2, W) for W in Ws]
    y = x
    for k in range(0, 6, 2):
        y = checkpoint(segment, y, *weights2[k : k + 2])
    assert len(tape) == 6 + 12
    assert len(tape2) == 6 + 3
    for one, two in zip(gradient(plain, weights), gradient(y, weights2), strict=True):
        np.testing.assert_array_equal(one, two)

    def C(x):
        return np.sum(checkpoint(segment, x, *Ws))

    v = rng.normal(size=x.shape)
    np.testing.assert_allclose(
        hessian_product(C, x, v), hessian_product(lambda x: np.sum(segment(x, *Ws)), x, v)
    )


def test_one_pull_back_serves_two_uses_of_tied_weights():
    tape = []
    E = Node(tape, np.random.default_rng(0).normal(size=(5, 3)))
    C = np.mean(softmax_cross_entropy(linear(E[np.array([0, 4])], E), np.array([1, 2])))

    def loss(t):
        W = t.reshape(5, 3)
        z = W[[0, 4]] @ W.T
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[[0, 1], [1, 2]])

    expected = pb.numerical_gradient(loss, E.value.ravel(), "complex").reshape(5, 3)
    np.testing.assert_allclose(gradient(C, [E])[0], expected, rtol=1e-10, atol=1e-12)
