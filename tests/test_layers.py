"""Layers against PyTorch, five-point differences and the dot-product law, over random shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybackprop import ACTIVATIONS, layers
from pybackprop.graph import Node, gradient, hessian_product, jacobian_product
from pybackprop.layers import attention, batch_norm, conv1d, conv2d, gru, lstm, rnn

SIZE = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)

# Each layer as f(*arrays), and the shapes of its arrays, drawn from 1 to 5 in each dimension.


def running(x):
    """Fresh running averages for the channels of x."""
    return np.zeros(x.shape[1]), np.ones(x.shape[1])


def one_of_classes(m, k, seed):
    return np.random.default_rng(seed).integers(0, k, m)


@st.composite
def linear_case(draw):
    m, n, o, T = (draw(SIZE) for _ in range(4))
    shape = draw(st.sampled_from([(m, n), (m, T, n)]))
    b = draw(st.booleans())
    return layers.linear, [shape, (o, n), *([(o,)] if b else [])], "linear", {}


@st.composite
def convolution_case(draw, d):
    m, c, o = (draw(SIZE) for _ in range(3))
    size = [draw(SIZE) for _ in range(d)]
    padding = [draw(st.integers(0, 2)) for _ in range(d)]
    stride = tuple(draw(st.integers(1, 3)) for _ in range(d))
    kernel = [draw(st.integers(1, n + 2 * p)) for n, p in zip(size, padding, strict=True)]
    b = draw(st.booleans())
    f = (conv1d, conv2d)[d - 1]
    shapes = [(m, c, *size), (o, c, *kernel), *([(o,)] if b else [])]
    return f, shapes, f"conv{d}d", {"stride": stride, "padding": tuple(padding)}


@st.composite
def pool_case(draw, name):
    m, c = draw(SIZE), draw(SIZE)
    d = draw(st.sampled_from([1, 2]))
    size = [draw(SIZE) for _ in range(d)]
    kernel = draw(st.integers(1, min(size)))
    stride = draw(st.integers(1, 3))
    f = getattr(layers, name)
    return f, [(m, c, *size)], f"{name}{d}d", {"kernel": kernel, "stride": stride}


@st.composite
def norm_case(draw, name):
    m, n, T = draw(SIZE), draw(st.integers(2, 5)), draw(SIZE)
    if name == "batch_norm":
        shape = draw(st.sampled_from([(m + 1, n), (m, n, T, 2)]))
        return norm_of_batch, [shape, (n,), (n,)], name, {}
    vectors = [(n,)] * (2 if name == "layer_norm" else 1)
    return getattr(layers, name), [(m, T, n), *vectors], name, {}


def norm_of_batch(x, gamma, beta):
    return batch_norm(x, gamma, beta, running(x), training=True)


@st.composite
def recurrence_case(draw, name):
    m, T, d, n = (draw(SIZE) for _ in range(4))
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[name]
    shapes = [(m, T, d), (gates * n, d), (gates * n, n), (gates * n,)]
    shapes += {"rnn": [(m, n)], "lstm": [(m, n), (m, n)], "gru": [(gates * n,), (m, n)]}[name]
    return getattr(layers, name), shapes, name, {}


@st.composite
def attention_case(draw):
    m, T, S, n, heads = (draw(SIZE) for _ in range(5))
    d = heads * draw(st.integers(1, 3))
    seed = draw(SEEDS)
    mask = np.random.default_rng(seed).random((T, S)) < 0.6
    mask[:, 0] |= ~mask.any(axis=1)
    mask = draw(st.sampled_from([None, mask]))
    shapes = [(m, T, d), (m, S, d), (m, S, heads * n)]
    return attention, shapes, "attention", {"mask": mask, "heads": heads}


@st.composite
def loss_case(draw):
    m, T, k = (draw(SIZE) for _ in range(3))
    seed, numbers = draw(SEEDS), draw(st.booleans())
    y = np.random.default_rng(seed).integers(0, k, (m, T))
    return (
        layers.softmax_cross_entropy,
        [(m, T, k)],
        "cross_entropy",
        {"y": y if numbers else np.eye(k)[y]},
    )


@st.composite
def output_case(draw, name):
    """A loss on outputs and targets of one shape."""
    m, T, k = (draw(SIZE) for _ in range(3))
    y = np.random.default_rng(draw(SEEDS)).uniform(size=(m, T, k))
    return layers.LOSSES_ON_LOGITS[name], [(m, T, k)], name, {"y": y}


@st.composite
def embedding_case(draw):
    k, d, m, T = (draw(SIZE) for _ in range(4))
    i = np.random.default_rng(draw(SEEDS)).integers(0, k, (m, T))
    return layers.embedding, [(k, d)], "embedding", {"i": i}


@st.composite
def dropout_case(draw):
    m, n = draw(SIZE), draw(SIZE)
    mask = np.random.default_rng(draw(SEEDS)).random((m, n)) < 0.5
    return layers.dropout, [(m, n)], "dropout", {"rate": 0.5, "mask": mask}


CASES = {
    "linear": linear_case(),
    "conv1d": convolution_case(1),
    "conv2d": convolution_case(2),
    **{name: pool_case(name) for name in ("max_pool", "avg_pool")},
    **{name: norm_case(name) for name in ("batch_norm", "layer_norm", "rms_norm")},
    **{name: recurrence_case(name) for name in ("rnn", "lstm", "gru")},
    "attention": attention_case(),
    "cross_entropy": loss_case(),
    **{name: output_case(name) for name in ("bce", "half_sse", "sse", "mse")},
    "embedding": embedding_case(),
    "dropout": dropout_case(),
}


def over_cases(test):
    """Run a test on some cases of each layer: drawn from all at once, a layer might have none."""
    some = settings(max_examples=8, deadline=None)(given(st.data(), SEEDS)(test))
    return pytest.mark.parametrize("name", CASES)(some)


def taped(f, arrays, options):
    """Return the output node and the variables of f on a tape."""
    tape = []
    nodes = [Node(tape, x) for x in arrays]
    return f(*nodes, **options), nodes


def arrays_of(shapes, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


@over_cases
def test_dot_product(name, data, seed):
    """u . (J v) = (J^T u) . v, where J v is a five-point difference of the value alone."""
    f, shapes, _, options = data.draw(CASES[name])
    x, v = arrays_of(shapes, seed), arrays_of(shapes, seed + 1)
    y, nodes = taped(f, x, options)
    same = f(*x, **options)  # on arrays as on a tape, up to the order of a sum
    np.testing.assert_allclose(y.value, same, rtol=1e-13, atol=1e-15)
    u = np.random.default_rng(seed + 2).normal(size=y.shape)
    h = 1e-5  # far below a deviation of layer norm, which is at least sqrt(eps) = 3e-3

    def moved(t):
        return np.sum(u * f(*[a + t * h * b for a, b in zip(x, v, strict=True)], **options))

    along = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * h)
    back = sum(np.sum(g * b) for g, b in zip(gradient(y, nodes, u), v, strict=True))
    if name != "max_pool":  # a difference may step over a switch
        np.testing.assert_allclose(back, along, rtol=1e-6, atol=1e-6)


@over_cases
def test_second_derivatives(name, data, seed):
    """J v by the pull-back's own pull-back: every pull-back can itself be recorded."""
    f, shapes, _, options = data.draw(CASES[name])
    x = arrays_of(shapes, seed)
    v = np.random.default_rng(seed + 1).normal(size=shapes[0])
    y, nodes = taped(f, x, options)
    u = np.random.default_rng(seed + 2).normal(size=y.shape)
    forward = jacobian_product(lambda first: f(first, *x[1:], **options), x[0], v)
    np.testing.assert_allclose(
        np.sum(u * forward), np.sum(gradient(y, nodes[:1], u)[0] * v), rtol=1e-9, atol=1e-9
    )
    if name == "max_pool":  # a difference may step over a switch
        return

    def slope(z):
        y, nodes = taped(lambda z: f(z, *x[1:], **options), [z], {})
        return gradient(y, nodes, u)[0]

    h = 1e-5  # as in test_dot_product
    nearby = [slope(x[0] + k * h * v) for k in (1, -1, 2, -2)]
    expected = (8 * (nearby[0] - nearby[1]) - (nearby[2] - nearby[3])) / (12 * h)
    found = hessian_product(lambda z: np.sum(f(z, *x[1:], **options) * u), x[0], v)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def in_torch(torch, name, x, options):
    """The same layer in PyTorch."""
    F = torch.nn.functional
    if name == "linear":
        return F.linear(*x)
    if name.startswith("conv"):
        return getattr(F, name)(*x, **options)
    if "pool" in name:
        f = getattr(F, f"{name[:3]}_pool{name[-2:]}")
        return f(*x, options["kernel"], options["stride"])
    if name == "batch_norm":
        return F.batch_norm(x[0], None, None, x[1], x[2], training=True)
    if name == "layer_norm":
        return F.layer_norm(x[0], x[1].shape, *x[1:])
    if name == "rms_norm":
        return F.rms_norm(x[0], x[1].shape, x[1], eps=1e-5)
    if name in ("rnn", "lstm", "gru"):
        kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[name]
        m, T, d = x[0].shape
        cell = kind(d, x[2].shape[1], batch_first=True, dtype=torch.float64)
        b_state = x[4] if name == "gru" else torch.zeros_like(x[3])
        weights = dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), x[1:4], strict=True))
        weights["bias_hh_l0"] = b_state
        start = {"rnn": x[4:5], "gru": x[5:6], "lstm": x[4:6]}[name]
        start = [h[None] for h in start]
        start = tuple(start) if name == "lstm" else start[0]
        return torch.func.functional_call(cell, weights, (x[0], start))[0]
    if name == "attention":
        m, T, _ = x[0].shape
        q, k, v = (
            t.reshape(*t.shape[:2], options["heads"], -1).transpose(1, 2).contiguous() for t in x
        )
        mask = None if options["mask"] is None else torch.tensor(options["mask"])
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return a.transpose(1, 2).reshape(m, T, -1)
    if name == "cross_entropy":
        y = torch.tensor(options["y"])
        y = y if y.ndim == 2 else y.argmax(-1)
        return F.cross_entropy(x[0].transpose(1, 2), y, reduction="none")
    if name == "bce":
        y = torch.tensor(options["y"])
        return F.binary_cross_entropy_with_logits(x[0], y, reduction="none").sum(-1)
    if name in ("half_sse", "sse", "mse"):
        each = F.mse_loss(x[0], torch.tensor(options["y"]), reduction="none")
        return each.mean(-1) if name == "mse" else each.sum(-1) / (2 if name == "half_sse" else 1)
    if name == "embedding":
        return F.embedding(torch.tensor(options["i"]), x[0])
    assert name == "dropout"
    return x[0] * torch.tensor(options["mask"]) * 2


@pytest.mark.slow
@over_cases
def test_against_pytorch(name, data, seed):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    f, shapes, function, options = data.draw(CASES[name])
    x = arrays_of(shapes, seed)
    y, nodes = taped(f, x, options)
    theirs = [torch.tensor(a, requires_grad=True) for a in x]
    expected = in_torch(torch, function, theirs, options)
    np.testing.assert_allclose(y.value, expected.detach().numpy(), rtol=1e-9, atol=1e-9)
    u = np.random.default_rng(seed + 2).normal(size=y.shape)
    grads = torch.autograd.grad(expected, theirs, torch.tensor(u), allow_unused=True)
    for ours, other in zip(gradient(y, nodes, u), grads, strict=True):
        other = np.zeros_like(ours) if other is None else other.numpy()
        np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-9)


@over_cases
def test_gradients_against_the_complex_step(name, data, seed):
    """Each layer's value takes complex numbers and is analytic where it is smooth."""
    f, shapes, _, options = data.draw(CASES[name])
    x, v = arrays_of(shapes, seed), arrays_of(shapes, seed + 1)
    y, nodes = taped(f, x, options)
    u = np.random.default_rng(seed + 2).normal(size=y.shape)
    moved = f(*[a + 1e-30j * b for a, b in zip(x, v, strict=True)], **options)
    back = sum(np.sum(g * b) for g, b in zip(gradient(y, nodes, u), v, strict=True))
    np.testing.assert_allclose(back, np.sum(u * moved.imag) / 1e-30, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: layers.linear(x(2, 3), x(4, 2)), r"W is \(n_out, n_in\) and x \(m, n_in\)"),
        (lambda x: layers.linear(x(2, 3), x(4, 3), x(3)), r"b has shape \(3,\)"),
        (lambda x: layers.dropout(x(2, 3), 1.0), "give a share from 0 to below 1"),
        (lambda x: layers.dropout(x(2, 3), -0.1), "give a share from 0 to below 1"),
        (lambda x: layers.embedding(x(3, 2), [3, 0]), "W has the rows 0 to 2"),
        (lambda x: layers.embedding(x(3, 2), [-1, 1]), "indices from -1 to 1"),
        (lambda x: layers.conv1d(x(1, 1, 2), x(1, 1, 3)), "take a smaller kernel or more padding"),
        (lambda x: layers.conv1d(x(1, 2, 5), x(1, 1, 3)), r"x is \(m, c, \*size\)"),
        (lambda x: layers.conv2d(x(1, 1, 5), x(1, 1, 3)), r"2 dimension\(s\) of size"),
        (lambda x: layers.conv1d(x(1, 1, 5), x(1, 1, 3), stride=0), "a whole number from 1 up"),
        (lambda x: layers.conv1d(x(1, 1, 5), x(1, 1, 3), padding=-1), "a whole number from 0 up"),
        (lambda x: conv2d(x(1, 1, 5, 5), x(1, 1, 3, 3), stride=(1, 0)), r"stride is \(1, 0\)"),
        (lambda x: conv2d(x(1, 1, 5, 5), x(1, 1, 3, 3), padding=(1, 1, 1)), r"2 dimension\(s\)"),
        (lambda x: conv2d(x(1, 1, 5, 2), x(1, 1, 3, 3)), r"does not fit into \(5, 2\)"),
        (lambda x: layers.max_pool(x(1, 1, 2), 3), "does not fit into"),
        (lambda x: layers.max_pool(x(1, 2), 1), "no dimension to slide along"),
        (lambda x: norm_of_batch(x(1, 2), x(2), x(2)), "leaves no single example over"),
        (lambda x: norm_of_batch(x(3, 2), x(3), x(3)), r"x is \(m, c, ...\)"),
        (lambda x: layers.layer_norm(x(3, 2), x(3), x(3)), r"x is \(..., n\), they are \(n,\)"),
        (lambda x: rnn(x(2, 0, 3), x(4, 3), x(4, 4), x(4)), "T from 1"),
        (lambda x: lstm(x(2, 5, 3), x(4, 3), x(4, 4), x(4)), r"16, d\): 4 block"),
        (lambda x: gru(x(2, 5, 3), x(12, 3), x(12, 4), x(4)), r"\(12, 4\) and \(12,\)"),
        (lambda x: rnn(x(2, 5, 4), x(4, 4), x(4), x(4)), r"U has shape \(4,\)"),
        (lambda x: layers.lstm_cell(x(2, 6), x(2, 2)), r"\(m, 4n\), \(m, n\)"),
        (lambda x: layers.lstm_cell(x(3, 12), x(3)), r"c \(3,\)"),
        (lambda x: layers.gru_cell(x(3, 9), x(3, 9), x(3)), r"h \(3,\)"),
        (lambda x: layers.gru_cell(x(3, 6), x(3, 9), x(3, 2)), r"v \(3, 9\)"),
        (lambda x: attention(x(1, 2, 4), x(1, 3, 3), x(1, 3, 2)), r"\(m, S, d\), \(m, S, n\)"),
        (lambda x: attention(x(1, 2, 4), x(1, 2, 4), x(1, 2, 4), heads=3), "3 heads evenly"),
        (lambda x: layers.masked_softmax(x(2, 2), [[True, False], [False, False]]), "as a whole"),
        (lambda x: layers.softmax_cross_entropy(x(2, 3), np.array([0, 3])), "columns 0 to 2"),
        (
            lambda x: layers.softmax_cross_entropy(x(2, 3), np.array([-1, 1])),
            "numbers from -1 to 1",
        ),
        (lambda x: layers.softmax_cross_entropy(x(2, 3), x(2)), r"shape \(2,\), or rows"),
        (lambda x: layers.softmax_cross_entropy(x(2, 3), x(2, 1)), r"shape \(2,\), or rows"),
        (lambda x: layers.sigmoid_cross_entropy(x(2, 3), x(3)), r"targets of \(3,\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make(lambda *shape: np.ones(shape))


def test_an_embedding_takes_whole_numbers():
    with pytest.raises(TypeError, match="give whole numbers"):
        layers.embedding(np.ones((3, 2)), [0.5])


def test_losses_on_logits_are_stable():
    z = np.array([[1000.0, 0.0], [-1000.0, 0.0]])
    for y in (np.array([0, 1]), np.array([1, 0])):
        each = layers.softmax_cross_entropy(z, y)
        np.testing.assert_array_equal(each, [0, 0] if y[0] == 0 else [1000, 1000])
    each = layers.sigmoid_cross_entropy(z[:, :1], np.array([[0.0], [1.0]]))
    np.testing.assert_array_equal(each, [1000, 1000])


def test_batch_norm_remembers_what_it_saw():
    """As PyTorch keeps it: r + 0.1 (batch's - r), the variance with 1/(n - 1)."""
    x = np.random.default_rng(0).normal(size=(6, 3, 4))
    mean, var = np.full(3, 2.0), np.full(3, 3.0)
    batch_norm(x, np.ones(3), np.zeros(3), (mean, var), training=True)
    np.testing.assert_allclose(mean, 1.8 + 0.1 * x.mean(axis=(0, 2)), rtol=1e-12)
    np.testing.assert_allclose(var, 2.7 + 0.1 * x.var(axis=(0, 2), ddof=1), rtol=1e-12)
    kept = mean.copy(), var.copy()
    y = batch_norm(x, np.ones(3), np.zeros(3), (mean, var), training=False)
    expected = (x - mean[:, None]) / np.sqrt(var[:, None] + 1e-5)
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    np.testing.assert_array_equal((mean, var), kept)


def test_dropout_keeps_the_mean_and_lets_pass_what_it_kept():
    x, rng = np.ones((200, 200)), np.random.default_rng(0)
    a, nodes = taped(layers.dropout, [x], {"rate": 0.25, "rng": rng})
    assert set(np.unique(a.value)) == {0.0, 1 / 0.75}
    assert abs(a.value.mean() - 1) < 0.02
    np.testing.assert_array_equal(gradient(a, nodes)[0], a.value)
    assert layers.dropout(x, 0.25) is x
    assert layers.dropout(x, 0.0, rng) is x


class Even:
    """Draws that are spread over [0, 1) evenly, 0 among them."""

    def random(self, shape):
        return np.arange(np.prod(shape)).reshape(shape) / np.prod(shape)


def test_dropout_drops_its_share_exactly():
    for rate in (0.25, 0.5, 0.75):
        assert np.mean(layers.dropout(np.ones((2, 4)), rate, Even()) == 0) == rate


def test_windows_are_what_stands_side_by_side():
    """One step from each to the next, and no zeros around, unless told."""
    x = np.arange(4.0).reshape(1, 1, 4)
    np.testing.assert_array_equal(conv1d(x * x, np.array([[[-1.0, 1.0]]]))[0, 0], [1, 3, 5])
    image = np.arange(9.0).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(conv2d(image, np.ones((1, 1, 2, 2)))[0, 0], [[8, 12], [20, 24]])
    np.testing.assert_array_equal(layers.unfold(x, 3)[0, 0], [[0, 1], [1, 2], [2, 3]])
    np.testing.assert_array_equal(layers.fold(np.ones((1, 1, 3, 2)), (4,), 3)[0, 0], [1, 2, 2, 1])
    with pytest.raises(ValueError, match="read-only"):  # a view: to write would change x
        layers.unfold(x, 3)[:] = 0


@pytest.mark.parametrize("name", layers.basic.OF_NAMES)
def test_an_activation_by_name_is_the_networks(name):
    phi = ACTIVATIONS[name]
    z = np.array([[-2.0, 0.0, 1.5], [0.5, -0.25, 3.0]])
    g = np.array([[2.0, 3.0, 5.0], [7.0, 11.0, 13.0]])
    a, nodes = taped(lambda z: layers.activation(name, z), [z], {})
    np.testing.assert_array_equal(a.value, phi.f(z))
    np.testing.assert_array_equal(gradient(a, nodes, g)[0], phi.pullback(z, phi.f(z), g))


def test_relu_on_both_sides_of_its_kink_and_on_it():
    z, g = np.array([[-2.0, 0.0, 0.5]]), np.array([[5.0, 7.0, 3.0]])
    a, nodes = taped(lambda z: layers.activation("relu", z), [z], {})
    np.testing.assert_array_equal(a.value, [[0, 0, 0.5]])
    np.testing.assert_array_equal(gradient(a, nodes, g)[0], [[0, 0, 3]])
    z = np.array([[-2 + 1j, 1j, 0.5 + 1j]])
    np.testing.assert_array_equal(layers.activation("relu", z), [[0, 0, 0.5 + 1j]])


def test_attention_by_hand():
    """Scores of ln 3 and 0 weigh 3/4 and 1/4; two heads take a unit each, so that sqrt(d) is 1."""
    q, k = np.array([[[2**0.5, 1.0]]]), np.array([[[np.log(3), 0.0], [0.0, 0.0]]])
    v = np.array([[[4.0, 0.0], [0.0, 4.0]]])
    np.testing.assert_allclose(attention(q, k, v), [[[3, 1]]], rtol=1e-12)
    share = 3**2**0.5 / (1 + 3**2**0.5)
    np.testing.assert_allclose(attention(q, k, v, heads=2), [[[4 * share, 2]]], rtol=1e-12)


def test_a_softmax_of_any_size_adds_up_to_1():
    s = np.array([[1000.0, 0.0], [-1000.0, -1000.0], [np.log(3), 0.0]])
    expected = [[1, 0], [0.5, 0.5], [0.75, 0.25]]
    np.testing.assert_allclose(layers.masked_softmax(s), expected, rtol=1e-12)


def test_class_numbers_are_rows_with_a_1():
    z = np.random.default_rng(0).normal(size=(4, 3))
    numbers = np.array([0, 2, 1, 2])
    for rows in (np.eye(3)[numbers], np.eye(3, dtype=int)[numbers]):
        np.testing.assert_array_equal(
            layers.softmax_cross_entropy(z, numbers), layers.softmax_cross_entropy(z, rows)
        )


def test_a_batch_of_two_is_enough_and_eps_is_small():
    """Two numbers become -1 and 1, but for eps; so do they as the units of an example."""
    x = np.array([[1.0], [3.0]])
    one = 1 / np.sqrt(1 + 1e-5)
    batch = batch_norm(x, np.ones(1), np.zeros(1), running(x), training=True)
    for y in (batch, layers.standardize(x, 0), layers.layer_norm(x.T, np.ones(2), np.zeros(2)).T):
        np.testing.assert_allclose(y, [[-one], [one]], rtol=1e-14)
    np.testing.assert_allclose(layers.rms_norm(x.T - 2, np.ones(2)).T, [[-one], [one]], rtol=1e-14)


@pytest.mark.parametrize(("f", "gates"), [(rnn, 1), (lstm, 4), (gru, 3)])
def test_a_state_that_is_left_out_is_zeros(f, gates):
    m, T, d, n = 2, 3, 4, 5
    x, W, U, b = arrays_of([(m, T, d), (gates * n, d), (gates * n, n), (gates * n,)], 0)
    zeros = {"h": np.zeros((m, n)), **({"c": np.zeros((m, n))} if f is lstm else {})}
    np.testing.assert_array_equal(f(x, W, U, b), f(x, W, U, b, **zeros))


def test_a_mask_is_as_good_in_32_bits():
    """No number of 64 bits goes into the scores: NumPy would warn of an overflow."""
    s = np.array([[1.0, 2.0, 3.0]], np.float32)
    a = layers.masked_softmax(s, np.array([True, True, False]))
    assert a.dtype == np.float32
    np.testing.assert_allclose(a, layers.masked_softmax(s[:, :2]) @ np.eye(2, 3), rtol=1e-6)
