"""The two worked examples of the source notes, and the errors the book says the notes hold.

A printed figure counts as wrong only where right inputs give something more than one unit in its
last digit away, so that neither rounding nor cutting off explains it. Where the line's own inputs
give the printed figure, it is a consequence of another error. The same rule passes every figure
the book calls right.
"""

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import pybackprop as pb

PAGE = Path(__file__).parents[1] / "book" / "corrected_notes.ipynb"
sigmoid = pb.ACTIVATIONS["sigmoid"].f


def note_002() -> tuple[pb.Network, np.ndarray, np.ndarray]:
    """The 2-3-1 network, its one example and target."""
    init = {
        "W": [[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [[0.4, 0.5, 0.6]]],
        "b": [[0.1, 0.2, 0.3], [0.1]],
    }
    net = pb.Network([2, 3, 1], hidden="sigmoid", output="sigmoid", loss="bce", init=init)
    return net, np.array([[0.5, 1.0]]), np.array([[1.0]])


def note_004() -> tuple[pb.Network, np.ndarray, np.ndarray]:
    """The 3-2-1 network, its one example and target."""
    init = {"W": [[[0.2, -0.5, 0.1], [-0.3, 0.4, 0.2]], [[0.5, 0.2]]], "b": [[0.3, -0.1], [0.1]]}
    net = pb.Network([3, 2, 1], hidden="sigmoid", output="sigmoid", loss="sse", init=init)
    return net, np.array([[2.0, 3.0, -1.0]]), np.array([[1.0]])


PASSES = {
    note_002: {
        "z1": [0.35, 0.75, 1.15],
        "a1": [0.586617578917, 0.679178699175, 0.759510916949],
        "z2": [1.129942931324],
        "a2": [0.755828367119],
        "loss": 0.279940956198,
        "delta2": [-0.244171632881],
        "delta1": [-0.023684393965, -0.026601888212, -0.026759367563],
        "W2": [-0.143235372121, -0.165836171996, -0.185451020782],
        "b2": [-0.244171632881],
        "W1": [
            [-0.011842196982, -0.023684393965],
            [-0.013300944106, -0.026601888212],
            [-0.013379683782, -0.026759367563],
        ],
        "b1": [-0.023684393965, -0.026601888212, -0.026759367563],
    },
    note_004: {
        "z1": [-0.9, 0.3],
        "a1": [0.289050497375, 0.574442516812],
        "z2": [0.359413752050],
        "a2": [0.588898512557],
        "loss": 0.169004432978,
        "delta2": [-0.199052918392],
        "delta1": [-0.020452717953, -0.009732028073],
        "W2": [-0.057536345065, -0.114344459420],
        "b2": [-0.199052918392],
        "W1": [
            [-0.040905435907, -0.061358153860, 0.020452717953],
            [-0.019464056147, -0.029196084220, 0.009732028073],
        ],
        "b1": [-0.020452717953, -0.009732028073],
    },
}


@pytest.mark.parametrize("example", PASSES)
def test_forward_and_backward_pass(example):
    trace = pb.backprop(*example())
    found = {
        "z1": trace.z[1][0],
        "a1": trace.a[1][0],
        "z2": trace.z[2][0],
        "a2": trace.a[2][0],
        "loss": trace.loss,
        "delta2": trace.delta[2][0],
        "delta1": trace.delta[1][0],
        "W2": trace.grad.W[2][0],
        "b2": trace.grad.b[2],
        "W1": trace.grad.W[1],
        "b1": trace.grad.b[1],
    }
    for name, expected in PASSES[example].items():
        assert np.shape(found[name]) == np.shape(expected), name
        assert found[name] == pytest.approx(np.array(expected), abs=2e-12), name


OPTIMIZERS: dict[str, Callable[[], pb.SGD | pb.Adam]] = {
    "SGD 0.5": lambda: pb.SGD(0.5),
    "SGD 0.1": lambda: pb.SGD(0.1),
    "Adam 0.1": lambda: pb.Adam(0.1),
    "Adam 0.1 uncorrected": lambda: pb.Adam(0.1, bias_correction=False),
}

STEPS = [  # example, optimizer, theta after one step, next output, next loss
    (
        note_002,
        "SGD 0.5",
        [0.105921098491, 0.211842196982, 0.306650472053, 0.413300944106, 0.506689841891]
        + [0.613379683782, 0.111842196982, 0.213300944106, 0.313379683782]
        + [0.47161768606, 0.582918085998, 0.692725510391, 0.22208581644],
        0.8071167356,
        0.2142869673,
    ),
    (
        note_002,
        "Adam 0.1",
        [0.199999915556, 0.299999957778, 0.399999924817, 0.499999962409, 0.59999992526]
        + [0.69999996263, 0.199999957778, 0.299999962409, 0.39999996263]
        + [0.499999993018, 0.59999999397, 0.699999994608, 0.199999995905],
        0.8209786401,
        0.1972581867,
    ),
    (
        note_002,
        "Adam 0.1 uncorrected",
        [0.416219321863, 0.516223543884, 0.616220247932, 0.71622400693, 0.816220292175]
        + [0.916224029052, 0.416223543884, 0.51622400693, 0.616224029052]
        + [0.716227067867, 0.816227163013, 0.916227226792, 0.416227356469],
        0.9192598699,
        0.0841864219,
    ),
    (
        note_004,
        "SGD 0.1",
        [0.204090543591, -0.493864184614, 0.097954728205, -0.298053594385, 0.402919608422]
        + [0.199026797193, 0.302045271795, -0.099026797193]
        + [0.505753634507, 0.211434445942, 0.119905291839],
        0.5966469501,
        0.1626936828,
    ),
    (
        note_004,
        "Adam 0.1",
        [0.299999975553, -0.400000016298, 0.000000048893, -0.200000051377, 0.499999965749]
        + [0.100000102753, 0.399999951107, -0.000000102753]
        + [0.599999982620, 0.299999991254, 0.199999994976],
        0.6658372458,
        0.1116647463,
    ),
    (
        note_004,
        "Adam 0.1 uncorrected",
        [0.516225321373, -0.18377386375, -0.216222876767, 0.016222628425, 0.716224340937]
        + [-0.116217491, 0.616222876767, 0.216217491]
        + [0.816226027995, 0.516226891469, 0.416227263639],
        0.8230366804,
        0.0313160165,
    ),
]


@pytest.mark.parametrize(
    ("example", "optimizer", "theta", "output", "loss"),
    STEPS,
    ids=[f"{step[0].__name__}-{step[1]}" for step in STEPS],
)
def test_update_and_next_forward_pass(example, optimizer, theta, output, loss):
    net, X, Y = example()
    grad = pb.backprop(net, X, Y).grad
    OPTIMIZERS[optimizer]().update(net.params.theta, grad.theta)
    assert net.params.theta == pytest.approx(np.array(theta), abs=2e-12)
    assert pb.predict(net, X).item() == pytest.approx(output, abs=1e-10)
    assert pb.evaluate(net, X, Y) == pytest.approx(loss, abs=1e-10)


def is_off(printed: str, computed: float) -> bool:
    """Whether neither rounding nor cutting off the computed number gives the printed one."""
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(float(printed) - computed) > 1.000001 * 10.0**exponent


def adam_step(parameter: float, gradient: float, bias_correction: bool = False) -> float:
    """One first step of note-004's Adam on one number."""
    theta = np.array([parameter])
    pb.Adam(0.1, bias_correction=bias_correction).update(theta, np.array([gradient]))
    return theta.item()


def note_004_printed_factors(a1: float) -> float:
    """The product that note-004 writes down for an output weight: its own three factors."""
    return -0.822 * 0.242 * a1


own_gradients = [note_004_printed_factors(0.289), note_004_printed_factors(0.574), -0.822 * 0.242]
own_sgd = np.array([0.5, 0.2, 0.1]) - 0.1 * np.array(own_gradients)
own_next_z = float(own_sgd @ [0.289, 0.574, 1])

WRONG = [  # error, printed, what the note's own inputs give, literal
    ("002-5", "0.7", 0.1 * 0.5 + 0.2 * 1 + 0.1, 0.35),
    ("002-5", "1.1", 0.3 * 0.5 + 0.4 * 1 + 0.2, 0.75),
    ("002-5", "1.5", 0.5 * 0.5 + 0.6 * 1 + 0.3, 1.15),
    ("002-6", "0.7501", sigmoid(1.1), 0.7502601056),
    ("002-7", "1.2728", 0.4 * 0.6681 + 0.5 * 0.7501 + 0.6 * 0.8175 + 0.1, 1.23279),
    ("002-8", "0.7808", sigmoid(1.2728), 0.7812216849),
    ("004-1", "-0.0287", own_gradients[0], -0.057489036),
    ("004-2", "-0.0572", own_gradients[1], -0.114182376),
    ("004-3", "0.50287", own_sgd[0], 0.5057489036),
    ("004-3", "0.20572", own_sgd[1], 0.2114182376),
    ("004-4", "-0.00287", 0.1 * own_gradients[0], -0.0057489036),
    ("004-4", "-0.00572", 0.1 * own_gradients[1], -0.0114182376),
    ("004-4", "8.24e-7", 0.001 * own_gradients[0] ** 2, 3.304989260e-06),
    ("004-4", "3.27e-6", 0.001 * own_gradients[1] ** 2, 1.303761499e-05),
    ("004-5", "0.5003", adam_step(0.5, -0.0287), 0.8162242817),
    ("004-5", "0.2006", adam_step(0.2, -0.0572), 0.5162260178),
    ("004-5", "0.1021", adam_step(0.1, -0.199), 0.4162272635),
    ("004-9", "0.383312", own_next_z, 0.3874079015),
    ("004-9", "0.164025", (sigmoid(own_next_z) - 1) ** 2, 0.1634920090),
]

RIGHT = [  # printed, what the note's own inputs give
    ("0.595", sigmoid(own_next_z)),  # cut off, it hides that z is wrong
    ("0.6681", sigmoid(0.7)),
    ("0.8175", sigmoid(1.5)),
    ("-0.9", 0.2 * 2 - 0.5 * 3 + 0.1 * -1 + 0.3),
    ("0.3", -0.3 * 2 + 0.4 * 3 + 0.2 * -1 - 0.1),
    ("0.29", sigmoid(-0.9)),
    ("0.57", sigmoid(0.3)),
    ("0.289", sigmoid(-0.9)),
    ("0.574", sigmoid(0.3)),
    ("0.359", 0.5 * 0.29 + 0.2 * 0.57 + 0.1),
    ("0.589", sigmoid(0.359)),
    ("-0.822", 2 * (0.589 - 1)),
    ("0.242", 0.589 * (1 - 0.589)),
    ("-0.199", -0.822 * 0.242),
    ("0.1199", 0.1 - 0.1 * -0.199),
    ("-0.0199", 0.1 * -0.199),
    ("3.96e-5", 0.001 * 0.199**2),
    ("0.145329", 0.50287 * 0.289),
    ("0.118083", 0.20572 * 0.574),
    ("0.595", sigmoid(0.383312)),
    ("0.168921", (0.589 - 1) ** 2),
]

CONSEQUENCES = {  # right arithmetic on wrong numbers: printed, what the line's own inputs give
    "004-3": [("0.50287", 0.5 - 0.1 * -0.0287), ("0.20572", 0.2 - 0.1 * -0.0572)],
    "004-4": [
        ("-0.00287", 0.1 * -0.0287),
        ("-0.00572", 0.1 * -0.0572),
        ("8.24e-7", 0.001 * 0.0287**2),
        ("3.27e-6", 0.001 * 0.0572**2),
    ],
    "004-9": [
        ("0.383312", 0.50287 * 0.289 + 0.20572 * 0.574 + 0.1199),
        ("0.164025", (0.595 - 1) ** 2),
    ],
}


@pytest.mark.parametrize(("error", "printed", "computed", "literal"), WRONG)
def test_printed_figure_is_wrong(error, printed, computed, literal):
    assert computed == pytest.approx(literal, rel=1e-9)
    assert is_off(printed, computed)


@pytest.mark.parametrize(("printed", "computed"), RIGHT)
def test_printed_figure_is_right(printed, computed):
    assert not is_off(printed, computed)


def test_output_of_note_002_is_far_from_the_printed_one():
    net, X, _ = note_002()
    assert pb.predict(net, X).item() == pytest.approx(0.7558283671, abs=1e-10)
    assert is_off("0.7808", pb.predict(net, X).item())


def test_half_of_the_squared_error_explains_the_gradients_of_note_004():
    assert not is_off("-0.0287", own_gradients[0] / 2)
    assert is_off("-0.0572", own_gradients[1] / 2)  # 0.0571: a slip on top
    assert not is_off("-0.057", own_gradients[1] / 2)


def test_missing_division_explains_two_of_three_adam_figures_of_note_004():
    skipped = np.array([0.5, 0.2, 0.1]) - 0.1 * 0.1 * np.array([-0.0287, -0.0572, -0.199])
    assert [is_off(p, s) for p, s in zip(["0.5003", "0.2006", "0.1021"], skipped, strict=True)] == [
        False,
        False,
        True,
    ]


Case = tuple[np.ndarray, np.ndarray, np.ndarray, pb.Trace]


@pytest.fixture
def case() -> Case:
    """One random example through a 3-4-2 network: x, dL/da1, f'(z1), trace."""
    rng = np.random.default_rng(0)
    net = pb.Network([3, 4, 2], loss="half_sse", rng=rng)
    trace = pb.backprop(net, rng.normal(size=(1, 3)), rng.uniform(size=(1, 2)))
    slope = pb.ACTIVATIONS["sigmoid"].derivative(trace.z[1], trace.a[1])
    return trace.a[0][0], (trace.delta[2] @ net.params.W[2])[0], slope[0], trace


def test_000_1_products_in_the_printed_order_have_no_shape_of_W1(case):
    x, into_a1, slope, trace = case
    assert np.outer(into_a1 * slope, x) == pytest.approx(trace.grad.W[1], rel=1e-12)
    with pytest.raises(ValueError, match="mismatch"):
        (into_a1 * slope) @ x
    square = (into_a1 * slope)[:3] @ x  # as many hidden units as inputs: one number, no complaint
    assert square.shape == ()


def test_000_2_bias_gradient_needs_the_slope(case):
    _, into_a1, slope, trace = case
    assert into_a1 * slope == pytest.approx(trace.grad.b[1], rel=1e-12)
    assert (np.abs(into_a1) >= 4 * np.abs(trace.grad.b[1])).all()


def test_000_3_both_missing_gradients_belong_to_the_output_layer(case):
    *_, trace = case
    slope = pb.ACTIVATIONS["sigmoid"].derivative(trace.z[2], trace.a[2])
    into_z2 = ((trace.a[2] - trace.y) * slope)[0]
    assert np.outer(into_z2, trace.a[1][0]) == pytest.approx(trace.grad.W[2], rel=1e-12)
    assert into_z2 == pytest.approx(trace.grad.b[2], rel=1e-12)


def test_002_2_the_activation_is_not_its_derivative():
    net, X, _ = note_002()
    trace = pb.forward(net, X)
    slope = pb.ACTIVATIONS["sigmoid"].derivative(trace.z[1], trace.a[1])
    assert trace.a[1] == pytest.approx(np.array([[0.5866175789, 0.6791786992, 0.7595109169]]))
    assert slope == pytest.approx(np.array([[0.2424973950, 0.2178949938, 0.1826540840]]))


def test_002_3_bias_gradient_is_no_sum_over_units():
    trace = pb.backprop(*note_002())
    assert trace.delta[1].sum() == pytest.approx(-0.0770456497, abs=1e-10)
    assert trace.grad.b[1].shape == (3,)
    assert trace.grad.b[1] == pytest.approx(trace.delta[1][0])


def test_002_4_gradients_of_a_mean_hold_its_1_over_m():
    net, *_ = note_002()
    X, Y = np.array([[0.5, 1.0], [1.0, -1.0], [0.0, 2.0]]), np.array([[1.0], [0.0], [1.0]])
    trace = pb.backprop(net, X, Y)
    printed = (trace.a[2] - Y).T @ trace.a[1]
    numeric = pb.numerical_gradient(
        lambda theta: pb.evaluate(net.with_params(theta), X, Y), net.params.theta
    )[9:12]
    assert numeric == pytest.approx(trace.grad.W[2][0], rel=1e-7)
    assert printed[0] == pytest.approx(3 * numeric, rel=1e-7)


def test_003_1_delta_comes_from_delta_not_from_the_activation():
    net, X, Y = note_002()
    trace = pb.backprop(net, X, Y)
    slope = pb.ACTIVATIONS["sigmoid"].derivative(trace.z[1], trace.a[1])
    assert trace.delta[1] == pytest.approx(trace.delta[2] @ net.params.W[2] * slope)
    printed = trace.a[2] @ net.params.W[2] * slope
    assert printed[0] == pytest.approx([0.0733145640, 0.0823456087, 0.0828330828], abs=1e-10)
    assert (np.sign(printed) != np.sign(trace.delta[1])).all()


def test_004_6_published_adam_corrects_its_averages():
    corrected = [adam_step(p, -0.05, bias_correction=True) for p in (0.5, 0.2, 0.1)]
    assert corrected == pytest.approx([0.6, 0.3, 0.2], abs=1e-6)
    longer = (adam_step(0.5, -0.05) - 0.5) / (corrected[0] - 0.5)
    assert longer == pytest.approx(math.sqrt(10), rel=1e-4)


def test_004_7_adam_takes_the_larger_first_step():
    net, X, Y = note_004()
    gradient = np.abs(pb.backprop(net, X, Y).grad.theta[8:])
    sgd = 0.1 * gradient
    assert 0.1 / sgd == pytest.approx([17.380318, 8.745505, 5.023790], rel=1e-6)
    assert 0.1 * math.sqrt(10) / sgd == pytest.approx([54.961391, 27.655715, 15.886618], rel=1e-6)


def test_a_complete_iteration_changes_the_hidden_layer_too():
    net, X, Y = note_004()
    hidden = pb.backprop(net, X, Y).grad.theta[:8]
    assert (np.abs(hidden) > 0.009).all()


def test_a_step_can_raise_the_loss():
    net = pb.Network([1, 1], output="identity", loss="half_sse", init="zeros")
    X, Y = np.array([[1.0]]), np.array([[1.0]])
    before = pb.evaluate(net, X, Y)
    pb.SGD(1.5).update(net.params.theta, pb.backprop(net, X, Y).grad.theta)
    assert (before, pb.evaluate(net, X, Y)) == (0.5, 2.0)


def read_page() -> tuple[str, set[str]]:
    """All Markdown of the page, and the ids of its cells that compute an entry."""
    cells = json.loads(PAGE.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return prose, {c["id"].removeprefix("error-") for c in cells if c["id"].startswith("error-")}


def test_page_lists_these_entries_and_no_others():
    tested = {entry for entry, *_ in WRONG}
    tested |= {
        name.removeprefix("test_")[:6].rstrip("_").replace("_", "-")
        for name in globals()
        if name.startswith("test_00")
    }
    prose, computed = read_page()
    listed = re.findall(r"^### (\d{3}-\d+) ", prose, re.M)
    assert len(listed) == len(set(listed))
    assert computed == tested
    assert set(listed) == tested | {"002-1"}  # a date: nothing to compute


def test_page_counts_its_entries():
    prose, _ = read_page()
    entries = re.findall(r"^### (\d{3})-\d+ .*?(\(consequence\))?$", prose, re.M)
    table = re.findall(r"^\| (?:note-(\d+)|(all)) \|.*\| (\d+) \| (\d+) \|$", prose, re.M)
    assert len(table) == 6
    for note, _, errors, consequences in table:
        kinds = [bool(consequence) for number, consequence in entries if note in ("", number)]
        assert (int(errors), int(consequences)) == (kinds.count(False), kinds.count(True)), note


def test_consequences_follow_from_the_notes_own_numbers():
    prose, _ = read_page()
    listed = set(re.findall(r"^### (\d{3}-\d+) .*\(consequence\)$", prose, re.M))
    assert listed == set(CONSEQUENCES)
    for figures in CONSEQUENCES.values():
        for printed, computed in figures:
            assert not is_off(printed, computed)
