"""Each figure is judged by what it drew: the numbers in its lines, the words on it, its patches."""

import io
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle
from matplotlib.text import Text

import pybackprop as pb
from pybackprop.course import plots
from pybackprop.course.palette import FIGURE, INK, ROLES
from pybackprop.history import History

matplotlib.use("Agg")


@pytest.fixture
def ax():
    """An Axes of our own: no function may make another figure beside it."""
    plt.close("all")
    own = plt.subplots()[1]
    yield own
    assert len(plt.get_fignums()) == 1
    plt.close("all")


def line(ax, label):
    """Return x and y of the line with this label."""
    (found,) = [drawn for drawn in ax.get_lines() if drawn.get_label() == label]
    return found.get_data()


def words(ax):
    return [text.get_text() for text in ax.texts]


def patches(ax, kind):
    return [patch for patch in ax.patches if type(patch) is kind]


@pytest.fixture
def net():
    W = [[[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], [[0.4, 0.5, 0.6]]]
    return pb.Network([2, 3, 1], init={"W": W, "b": [[0.1, 0.2, 0.3], [0.1]]})


@pytest.fixture
def trace(net):
    return pb.backprop(net, [[0.5, 1.0]], [[1.0]])


# --- text ----------------------------------------------------------------------------------------

PHONE = 328
"""What a figure is wide on a phone of 360 pixels."""


def smallest_text():
    """Return the pixels of the smallest text of the figure drawn last, on a phone."""
    figure = plt.gcf()
    saved = io.BytesIO()
    figure.savefig(saved, format="png", bbox_inches="tight")
    width = plt.imread(io.BytesIO(saved.getvalue())).shape[1]
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    points = min((t.get_fontsize() for t in texts), default=np.inf)
    return points / 72 * figure.dpi * min(1, PHONE / width)


def figures():
    """Yield calls of all public figures, and of those that depend on what they are given."""
    yield from arguments().items()
    deep = pb.Network([2, 3, 3, 2], rng=0)
    given = {"net": deep, "weights": True, "trace": pb.backprop(deep, [[0.5, 1.0]], [[1.0, 0.0]])}
    yield plots.network_diagram, given
    yield plots.computational_graph, {"layers": 2, "backward": True}
    yield plots.signed_grid, {"grids": {f"{k}": np.ones((8, 8)) for k in range(6)}, "columns": 3}
    yield plots.image_grid, {"images": np.ones((16, 64)), "labels": [1] * 16}
    yield plots.confusion_matrix, {"counts": np.eye(10, dtype=int)}


@pytest.mark.slow
def test_text_of_every_figure_has_nine_pixels_on_a_phone():
    for figure, given in figures():
        plt.close("all")
        figure(**given)
        assert smallest_text() >= 9, figure.__name__
    plt.close("all")


def test_small_text_is_caught():
    plt.close("all")
    plots.canvas(size=(5.2, 3.2))
    assert smallest_text() < 9
    plt.close("all")


def test_numbers_stand_in_their_circles():
    plt.close("all")
    small = pb.Network([2, 3, 2], rng=0)
    small.params.theta[:] *= 0.02
    trace = pb.backprop(small, [[0.5, 1.0]], [[1.0, 0.0]])
    ax = plots.network_diagram(small, trace, show="delta")
    ax.figure.draw_without_rendering()
    circles = [circle.get_window_extent() for circle in patches(ax, Circle)]
    numbers = [text.get_window_extent() for text in ax.texts if text.get_text()[-1].isdigit()]
    assert len(numbers) == 5
    for number in numbers:
        assert any(c.x0 <= number.x0 and number.x1 <= c.x1 for c in circles), number
    plt.close("all")


# --- colors --------------------------------------------------------------------------------------


def linear(color):
    c = np.array(to_rgb(color))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (one, other))
    return (high + 0.05) / (low + 0.05)


# Linear RGB as seen with full protanopia, deuteranopia and tritanopia (Machado, Oliveira and
# Fernandes, 2009, doi:10.1109/TVCG.2009.113).
VISION = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(rgb):
    """Linear RGB -> CIE L*a*b*, where distances are about as large as they look."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colors, vision):
    seen = [lab(np.array(vision) @ linear(color)) for color in colors]
    return min(np.linalg.norm(seen[i] - seen[j]) for i in range(len(seen)) for j in range(i))


LIGHT = [light for light, _ in ROLES.values()]
DARK = [dark for _, dark in ROLES.values()]


@pytest.mark.parametrize("vision", VISION.values(), ids=VISION)
@pytest.mark.parametrize("colors", [LIGHT, DARK, FIGURE.values()], ids=["light", "dark", "figure"])
def test_the_five_roles_stay_apart(colors, vision):
    assert nearest(colors, vision) > 25


def test_two_colors_that_only_some_readers_tell_apart_are_caught():
    green, red = "#4c8f2f", "#b06a20"
    assert nearest([green, red], VISION["all cones"]) > 25
    assert nearest([green, red], VISION["deuteranopia"]) < 25


def test_roles_are_readable_on_their_page():
    assert min(contrast(color, "#ffffff") for color in LIGHT) >= 4.5
    assert min(contrast(color, "#121212") for color in DARK) >= 4.5


STYLE = (Path(__file__).parents[2] / "book/_static/style.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
def test_figures_are_readable_on_both_pages(page):
    (bright,) = map(float, re.findall(r"brightness\(([\d.]+)\)", STYLE))

    def shown(color):
        rgb = np.array(to_rgb(color))
        return np.clip(bright * rgb, 0, 1) if page == "#121212" else rgb

    assert min(contrast(color, page) for color in FIGURE.values()) >= 3  # in notebooks, as it is
    words = [INK, FIGURE["weight"], FIGURE["delta"]]
    assert min(contrast(shown(color), page) for color in words) >= 4.5
    for color in FIGURE.values():  # in a box of this color
        box = 0.07 * shown(color) + 0.93 * np.array(to_rgb(page))
        assert contrast(shown(INK), box) >= 4.5


def test_figure_has_the_roles_of_the_pages():
    assert FIGURE.keys() == ROLES.keys()


# --- the canvas ----------------------------------------------------------------------------------


def test_canvas_is_transparent_and_in_ink(ax):
    assert plots.canvas(ax) is ax
    assert ax.figure.patch.get_alpha() == ax.patch.get_alpha() == 0
    assert ax.xaxis.label.get_color() == ax.title.get_color() == INK
    assert {label.get_color() for label in ax.get_xticklabels()} == {INK}


def test_without_an_axes_a_figure_is_made():
    plt.close("all")
    made = plots.activation_curves("tanh")
    assert plt.get_fignums() == [made.figure.number]
    plt.close("all")


def test_panels_are_one_figure_row_by_row():
    plt.close("all")
    axes = plots.panels(2, 3)
    assert plt.get_fignums() == [axes[0].figure.number]
    assert [ax.get_subplotspec().num1 for ax in axes] == list(range(6))
    plt.close("all")


def test_the_same_call_draws_the_same_bytes(tmp_path, net, trace):
    for name in ("one.png", "two.png"):
        plots.network_diagram(net, trace).figure.savefig(tmp_path / name)
        plt.close("all")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


# --- networks ------------------------------------------------------------------------------------


def test_network_diagram_has_a_circle_per_neuron_and_a_line_per_weight(ax, net, trace):
    plots.network_diagram(net, trace, ax)
    assert len(patches(ax, Circle)) == 2 + 3 + 1
    assert len(ax.get_lines()) == 3 * 2 + 1 * 3
    assert words(ax)[:2] == ["0.50", "1.00"]
    assert f"{trace.a[2][0, 0]:.2f}" in words(ax)
    assert "sigmoid\n3 units" in words(ax)
    assert "sigmoid\n1 unit" in words(ax)


def test_network_diagram_dashes_negative_weights_and_widens_large_ones(ax, net):
    plots.network_diagram(net, ax=ax)
    dashes = [drawn.get_linestyle() for drawn in ax.get_lines()]
    assert dashes.count("--") == 1
    from_x1 = [drawn.get_linewidth() for drawn in ax.get_lines()[:3]]
    assert from_x1 == sorted(from_x1)
    assert from_x1[0] < from_x1[2]


def test_network_diagram_shows_the_delta_of_the_chosen_example(ax, net):
    two = pb.backprop(net, [[0.5, 1.0], [-2.0, 3.0]], [[1.0], [0.0]])
    plots.network_diagram(net, two, ax, example=1, show="delta")
    assert words(ax)[0] == "2 inputs"  # the input layer has no delta
    assert f"{two.delta[2][1, 0]:.2f}" in words(ax)
    assert to_rgb(patches(ax, Circle)[0].get_edgecolor()[:3]) == to_rgb(FIGURE["delta"])


def test_network_diagram_writes_weights(ax, net):
    plots.network_diagram(net, ax=ax, weights=True)
    assert {"0.1", "-0.4", "0.6"} <= set(words(ax))


def test_network_diagram_of_a_wide_layer_says_what_it_leaves_out(ax):
    plots.network_diagram([784, 7], ax=ax)
    assert len(patches(ax, Circle)) == 6 + 7
    assert {"⋮", "784 inputs", "layer 1\n7 units"} <= set(words(ax))


def test_network_diagram_names_what_it_can_show(net):
    with pytest.raises(ValueError, match="show is 'w'; give 'a' or 'z' or 'delta'"):
        plots.network_diagram(net, show="w")


def test_computational_graph_has_a_box_an_array(ax):
    plots.computational_graph(2, ax=ax)
    expected = {"a[0]", "z[1]", "a[1]", "z[2]", "a[2]", "W[1]", "b[1]", "W[2]", "b[2]", "loss", "y"}
    assert len(patches(ax, FancyBboxPatch)) == len(expected)
    assert set(words(ax)) - {""} == expected
    assert words(ax).count("") == 4 * 2 + 2  # an arrow is an annotation without text


def test_computational_graph_of_the_way_back(ax):
    plots.computational_graph(3, backward=True, ax=ax)
    wanted = {f"{name}[{l}]" for name in ("delta", "grad.W", "grad.b") for l in (1, 2, 3)}
    assert wanted <= set(words(ax))
    deltas = 3 + 3 + 2  # from z, from the loss or the next delta, through W
    assert words(ax).count("") == (4 * 3 + 2) + 3 * 3 + deltas


# --- functions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in pb.ACTIVATIONS if name != "softmax"])
def test_activation_curves_draw_f_and_its_derivative(ax, name):
    plots.activation_curves(name, [-1.0, 0.5, 2.0], ax)
    z, a = line(ax, "f(z)")
    assert a == pytest.approx(pb.ACTIVATIONS[name](z))
    h = 1e-6
    numerical = (pb.ACTIVATIONS[name](z + h) - pb.ACTIVATIONS[name](z - h)) / (2 * h)
    assert line(ax, "f '(z)")[1] == pytest.approx(numerical, abs=1e-8)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_loss_curves_over_the_output(ax, target):
    plots.loss_curves("bce", target, ax=ax)
    a, value = line(ax, "C")
    assert value == pytest.approx(-np.log(a) if target else -np.log(1 - a))
    assert line(ax, "dC/da")[1] == pytest.approx(-1 / a if target else 1 / (1 - a))


@pytest.mark.parametrize("loss", ["half_sse", "sse", "mse", "bce"])
def test_loss_curves_over_the_logit_draw_the_slope_of_what_they_draw(ax, loss):
    plots.loss_curves(loss, 1.0, "logit", ax)
    z, value = line(ax, "C")
    middle = np.gradient(value, z, edge_order=2)
    assert line(ax, "delta = dC/dz")[1] == pytest.approx(middle, abs=2e-3)


def test_loss_curves_name_what_they_run_over():
    with pytest.raises(ValueError, match="over is 'z'; give 'output' or 'logit'"):
        plots.loss_curves("bce", over="z")


def test_curves_stand_over_the_same_places(ax):
    plots.curves([0.0, 2.0], {"sum": [1.0, 3.0], "part": [1.0, np.inf]}, ax, xlabel="z")
    assert line(ax, "sum")[0].tolist() == [0.0, 2.0]
    assert line(ax, "sum")[1].tolist() == [1.0, 3.0]
    assert np.isnan(line(ax, "part")[1][1])
    assert ax.get_xlabel() == "z"
    with pytest.raises(ValueError, match="values\\['sum'\\] has 1 numbers, and x has 2"):
        plots.curves([0.0, 2.0], {"sum": [1.0]})


def test_learning_slowdown(ax):
    plots.learning_slowdown({"bce": [0.1, 0.5], "sse": [0.1, 0.2]}, target=1.0, ax=ax)
    assert list(line(ax, "sse")[1]) == [0.1, 0.2]
    assert set(line(ax, "target")[1]) == {1.0}
    assert [text.get_text() for text in ax.get_legend().texts] == ["bce", "sse", "target"]


# --- surfaces ------------------------------------------------------------------------------------


def test_loss_surface_follows_the_directions(ax):
    seen = []

    def f(theta):
        seen.append(theta)
        return float(theta @ theta)

    center, directions = [1.0, 0.0, 0.0], [[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]
    plots.loss_surface(f, (-1, 1, 0, 3), center, directions, ax, levels=[0.0, 1.5, 40.0], points=3)
    assert np.array_equal(seen[0], [1.0, -1.0, 0.0])
    assert np.array_equal(seen[-1], [1.0, 1.0, 6.0])
    assert len(seen) == 9


def test_loss_surface_draws_the_level_where_the_function_has_it(ax):
    plots.loss_surface(lambda v: v @ v, (-2, 2, -2, 2), ax=ax, levels=[0.0, 1.0, 8.0], points=201)
    circle = ax.collections[-1].get_paths()[1].vertices
    assert np.hypot(*circle.T) == pytest.approx(1.0, abs=1e-3)


def test_optimizer_paths(ax):
    way = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    plots.optimizer_paths({"SGD": way, "Adam": way + 1}, ax)
    assert np.array_equal(np.transpose(line(ax, "Adam")), way + 1)
    dashes = {drawn.get_linestyle() for drawn in ax.get_lines() if drawn.get_label()[0] != "_"}
    assert len(dashes) == 2


@pytest.mark.parametrize("outputs", [1, 2])
def test_decision_boundary_is_where_the_network_changes_its_mind(ax, outputs):
    W, b = [[[10.0, 0.0]], [[-5.0, 0.0], [5.0, 0.0]]][outputs - 1], [-5.0, 0.0][outputs - 1]
    kind = ("sigmoid", "bce") if outputs == 1 else ("softmax", "cross_entropy")
    net = pb.Network(
        [2, outputs], output=kind[0], loss=kind[1], init={"W": [W], "b": [[b] * outputs]}
    )
    X = np.array([[-1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    Y = np.array([[0.0], [1.0], [1.0]]) if outputs == 1 else pb.one_hot([0, 1, 1], 2)
    plots.decision_boundary(net, X, Y, ax)
    assert len(line(ax, "class 1")[0]) == 2
    region_of_1 = ax.collections[0].get_paths()[1].vertices
    assert region_of_1[:, 0].min() == pytest.approx(0.5 if outputs == 1 else 0.0, abs=0.05)


# --- training and gradients ----------------------------------------------------------------------


def test_training_curves_count_epochs_from_1(ax):
    history = History(train_loss=[0.7, 0.5, 0.4], validation_loss=[0.8, 0.6, 0.7])
    plots.training_curves(history, ax)
    assert [list(data) for data in line(ax, "training")] == [[1, 2, 3], [0.7, 0.5, 0.4]]
    assert list(line(ax, "validation")[1]) == [0.8, 0.6, 0.7]


def test_training_curves_without_validation(ax):
    plots.training_curves(History(train_loss=[0.7, 0.5]), ax)
    assert [text.get_text() for text in ax.get_legend().texts] == ["training"]


def test_loss_histories_draw_a_curve_a_run_and_leave_out_what_is_not_finite(ax):
    plots.loss_histories({"small": [2.0, 1.0], "large": [2.0, np.inf]}, ax, xlabel="iteration")
    assert [list(data) for data in line(ax, "small")] == [[1, 2], [2.0, 1.0]]
    assert np.isnan(line(ax, "large")[1][1])
    assert (ax.get_xlabel(), ax.get_yscale()) == ("iteration", "log")


def test_loss_histories_on_a_linear_scale(ax):
    plots.loss_histories({"run": [2.0, 1.0]}, ax, yscale="linear")
    assert ax.get_yscale() == "linear"


def test_sweep_draws_results_over_settings(ax):
    plots.sweep([0.1, 1.0], {"SGD": [0.5, np.nan], "Adam": [0.4, 0.3]}, ax, xlabel="rate")
    assert [list(data) for data in line(ax, "Adam")] == [[0.1, 1.0], [0.4, 0.3]]
    assert np.isnan(line(ax, "SGD")[1][1])
    assert (ax.get_xlabel(), ax.get_xscale(), ax.get_yscale()) == ("rate", "log", "log")


def test_training_flow_asks_once_and_names_each_reason(ax):
    plots.training_flow(ax)
    assert words(ax).count("a reason to stop?") == 1
    assert [word for word in words(ax) if word in ("yes", "no")] == ["no", "yes"]
    (listed,) = [word for word in words(ax) if word.startswith("•")]
    assert all(reason in listed for reason in plots.STOPPING)


def test_confusion_matrix_counts_and_leaves_zeros_blank(ax):
    plots.confusion_matrix([[5, 0], [2, 7]], ax)
    assert {(t.get_position(), t.get_text()) for t in ax.texts} == {
        ((0, 0), "5"),
        ((0, 1), "2"),
        ((1, 1), "7"),
    }
    wrong = [p for p in patches(ax, Rectangle) if p.get_xy() == (-0.5, 0.5)]
    assert to_rgb(wrong[0].get_facecolor()[:3]) == pytest.approx(to_rgb(FIGURE["delta"]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")


def test_image_grid_marks_wrong_predictions(ax):
    images = np.arange(12.0).reshape(3, 4)
    plots.image_grid(images, [4, 5, 6], [4, 9, 6], ax, columns=2)
    assert words(ax) == ["4", "5 → 9", "6"]
    assert ax.texts[1].get_color() == FIGURE["delta"]
    assert np.array_equal(ax.images[2].get_array(), [[8, 9], [10, 11]])


def test_signed_grid_draws_size_as_area_and_sign_as_filling(ax):
    plots.signed_grid({"w": [[4.0, -1.0], [0.0, np.nan]], "b": [[2.0]]}, ax, role="weight")
    frame, four, minus_one, other, two = patches(ax, Rectangle)
    assert (frame.get_width(), frame.get_height(), other.get_width()) == (2, 2, 1)
    assert four.get_width() == 2 * minus_one.get_width()
    assert two.get_width() ** 2 == pytest.approx(four.get_width() ** 2 / 2)
    assert to_rgb(four.get_facecolor()[:3]) == pytest.approx(to_rgb(FIGURE["weight"]))
    assert minus_one.get_facecolor()[3] == 0
    assert four.get_y() == minus_one.get_y() - minus_one.get_width() / 2
    assert words(ax) == ["w", "b"]


def test_attention_map_draws_weights_as_areas(ax):
    plots.attention_map([[1.0, 0.0, 0.0], [0.25, 0.5, 0.25]], ["a", "b"], ["x", "y", "z"], ax)
    squares = patches(ax, Rectangle)
    areas = [(patch.get_width() / 0.9) ** 2 for patch in squares]
    assert areas == pytest.approx([1, 0, 0, 0.25, 0.5, 0.25])
    centers = [(p.get_x() + p.get_width() / 2, p.get_y() + p.get_height() / 2) for p in squares]
    assert np.allclose(centers, [(j, i) for i in range(2) for j in range(3)])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["x", "y", "z"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first query is at the top


def test_gradient_flow_draws_norms(ax):
    plots.gradient_flow({"tanh": {2: np.array([[3.0, 4.0]]), 1: np.array([[0.1], [0.0]])}}, ax)
    layers, norms = line(ax, "tanh")
    assert list(layers) == [1, 2]
    assert norms == pytest.approx([0.1, 5.0])
    assert ax.get_yscale() == "log"


def test_gradient_check_curve_leaves_exact_zeros_out(ax):
    plots.gradient_check_curve([1e-3, 1e-2], {"central": [0.0, 1e-4]}, ax)
    error = line(ax, "central")[1]
    assert np.isnan(error[0])
    assert error[1] == 1e-4
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_bug_panel_has_the_losses_left_and_the_errors_right():
    plt.close("all")
    left, right = plots.bug_panel(
        {"right": [2.0, 1.0], "bug": [2.0, 1.5]}, {"right": 0.0, "bug": 0.4}, tolerance=1e-10
    )
    assert list(line(left, "bug")[1]) == [2.0, 1.5]
    assert [label.get_text() for label in right.get_yticklabels()] == ["right", "bug"]
    ends = [line(right, name)[0][-1] for name in ("right", "bug")]
    assert ends == [1e-16, 0.4]
    dashes = [drawn.get_linestyle() for drawn in left.get_lines()]
    assert dashes == [drawn.get_linestyle() for drawn in right.get_lines()[:2]] == ["-", "--"]
    assert list(right.get_lines()[2].get_xdata()) == [1e-10, 1e-10]
    plt.close("all")


# --- what cannot be drawn ------------------------------------------------------------------------

X4 = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
CLASSES = np.array([0, 1, 1, 0])


def network(*sizes, output="softmax"):
    return pb.Network(sizes, "tanh", output, rng=0)


def flat(theta):
    return 1.0


def refusals():
    net, two = network(2, 3, 2), network(2, 3, 1, output="sigmoid")
    trace = pb.backprop(two, X4, CLASSES[:, None])
    one = {"mine": [1.0, 0.5]}
    return {
        # the boundary
        "class numbers": (
            lambda: plots.decision_boundary(net, X4, CLASSES),
            "Y has shape (4,) and holds whole numbers: these look like class numbers",
        ),
        "class numbers in a column": (
            lambda: plots.decision_boundary(net, X4, CLASSES[:, None]),
            "pb.one_hot",
        ),
        "class numbers for one output": (
            lambda: plots.decision_boundary(two, X4, CLASSES),
            "Y has shape (4,); a batch is a matrix of shape (m, 1)",
        ),
        "4 inputs": (
            lambda: plots.decision_boundary(network(4, 3, 2), np.ones((4, 4)), np.eye(2)[CLASSES]),
            "net takes 4 inputs, and a plane has 2: train a network on two columns",
        ),
        "4 columns": (
            lambda: plots.decision_boundary(net, np.ones((4, 4)), np.eye(2)[CLASSES]),
            "X has 4 columns",
        ),
        "no network": (
            lambda: plots.decision_boundary(net.params, X4, CLASSES),
            "net is a Params; give a pb.Network",
        ),
        "fewer targets": (
            lambda: plots.decision_boundary(two, X4, CLASSES[:3, None]),
            "X has 4 examples and Y has 3",
        ),
        "no classes": (
            lambda: plots.decision_boundary(two, X4, 0.5 * CLASSES[:, None]),
            "Y holds no classes; give 0 and 1",
        ),
        "NaN": (
            lambda: plots.decision_boundary(two, X4 * np.nan, CLASSES[:, None]),
            "X[0, 0] is nan",
        ),
        "one point": (
            lambda: plots.decision_boundary(two, X4, CLASSES[:, None], points=1),
            "points is 1; give 2 or more",
        ),
        "many classes": (
            lambda: plots.decision_boundary(network(2, 20), X4, np.eye(20)[CLASSES]),
            "at most 15 can be told apart",
        ),
        # the confusion matrix
        "two label vectors": (
            lambda: plots.confusion_matrix(CLASSES, CLASSES),
            "counts has shape (4,); give the counts, shape (classes, classes)",
        ),
        "rates": (lambda: plots.confusion_matrix([[0.9, 0.1], [0.2, 0.8]]), "counts holds 0.9"),
        "negative counts": (lambda: plots.confusion_matrix([[1, -1], [0, 2]]), "counts holds -1"),
        "not square": (lambda: plots.confusion_matrix(np.ones((2, 3))), "shape (2, 3)"),
        "text": (lambda: plots.confusion_matrix("counts"), "counts is 'counts'"),
        "no counts": (lambda: plots.confusion_matrix(np.zeros((0, 0))), "shape (0, 0)"),
        # axes
        "a figure": (lambda: plots.training_flow(plt.figure()), "use fig.add_subplot()"),
        "several axes": (lambda: plots.training_flow(plots.panels(1, 2)), "take one of them"),
        "something else": (lambda: plots.training_flow(3), "ax is 3; give an Axes"),
        "no rows": (lambda: plots.panels(0, 2), "rows is 0; give 1 or more"),
        # networks
        "a text": (lambda: plots.network_diagram("2-3-1"), "no whole number"),
        "a number": (lambda: plots.network_diagram(3), "give units per layer"),
        "no numbers": (
            lambda: plots.network_diagram(two, [1, 2]),
            "trace is a list of 2; give what",
        ),
        "no delta": (
            lambda: plots.network_diagram(two, pb.forward(two, X4), show="delta"),
            "give a Trace: what pb.backprop returned",
        ),
        "another network": (
            lambda: plots.network_diagram([2, 4, 1], trace),
            "trace is of a 2-3-1 network, the diagram of a 2-4-1 network",
        ),
        "an example too far": (
            lambda: plots.network_diagram(two, trace, example=4),
            "example is 4; the batch has the rows 0 to 3",
        ),
        "no layers": (lambda: plots.computational_graph(0), "layers is 0; give 1 or more"),
        # functions
        "an unknown activation": (
            lambda: plots.activation_curves("logistic"),
            "it is called 'sigmoid' here",
        ),
        "softmax": (lambda: plots.activation_curves("softmax"), "softmax is not elementwise"),
        "a matrix of z": (
            lambda: plots.activation_curves("tanh", [[1.0, 2.0]]),
            "z has shape (1, 2); give an array of shape (n,); use np.ravel(z)",
        ),
        "no z": (lambda: plots.activation_curves("tanh", []), "z is empty"),
        "an unknown loss": (lambda: plots.loss_curves("log_loss"), "it is called 'bce' here"),
        "cross_entropy": (
            lambda: plots.loss_curves("cross_entropy"),
            "over one output draw 'bce'",
        ),
        "target 2": (
            lambda: plots.loss_curves("bce", 2),
            "target is 2; bce takes targets from 0 to 1",
        ),
        "target NaN": (lambda: plots.loss_curves("sse", np.nan), "target is nan"),
        # curves
        "a list": (
            lambda: plots.learning_slowdown([0.1, 0.2], 1.0),
            "outputs is a list of 2; give a dict",
        ),
        "no curve": (
            lambda: plots.learning_slowdown({}, 1.0),
            "outputs is empty; give at least one",
        ),
        "an empty curve": (lambda: plots.loss_histories({"a": []}), "losses['a'] is empty"),
        "NaN alone": (
            lambda: plots.loss_histories({"a": [np.nan]}),
            "losses['a'] holds no finite number",
        ),
        "text in a curve": (
            lambda: plots.loss_histories({"a": ["x"]}),
            "losses['a'] is a list of 1; give real",
        ),
        "ragged": (
            lambda: plots.loss_histories({"a": [[1], [1, 2]]}),
            "losses['a'] is a list of 2",
        ),
        "complex": (lambda: plots.loss_histories({"a": [1j]}), "give real numbers"),
        "a column": (
            lambda: plots.loss_histories({"a": [[1.0], [2.0]]}),
            "losses['a'] has shape (2, 1); give an array of shape (n,); use np.ravel(losses['a'])",
        ),
        "zeros on a log scale": (
            lambda: plots.loss_histories({"a": [0.0, -1.0]}),
            "no number above 0",
        ),
        "a scale": (
            lambda: plots.loss_histories(one, yscale="logit"),
            "yscale is 'logit'; give 'log' or 'linear'",
        ),
        "many curves": (
            lambda: plots.loss_histories({str(k): [1.0] for k in range(16)}),
            "losses has 16 curves; at most 15",
        ),
        "no history": (lambda: plots.training_curves([0.5, 0.4]), "give what pb.train returned"),
        "an empty history": (
            lambda: plots.training_curves(History()),
            "history holds no whole epoch",
        ),
        "another length": (
            lambda: plots.sweep([0.1, 1, 10], one, xlabel="rate"),
            "results['mine'] has 2 numbers, and settings has 3: give one for each",
        ),
        "a rate of 0": (
            lambda: plots.sweep([0.0, 1.0], one, xlabel="rate"),
            "settings holds 0; give finite numbers above 0",
        ),
        "steps of another length": (
            lambda: plots.gradient_check_curve([1e-3], one),
            "errors['mine'] has 2 numbers, and steps has 1",
        ),
        "one path": (
            lambda: plots.optimizer_paths(np.ones((3, 2))),
            "paths is an array of float64",
        ),
        "paths in space": (
            lambda: plots.optimizer_paths({"SGD": np.ones((4, 3))}),
            "paths['SGD'] has shape (4, 3); give one point of the plane",
        ),
        # surfaces
        "no function": (lambda: plots.loss_surface(3), "f is 3; give a function"),
        "many values": (
            lambda: plots.loss_surface(lambda v: v),
            "f returned an array of float64 with shape (2,) for a vector of 2 numbers",
        ),
        "a span": (lambda: plots.loss_surface(flat, (1, -1, 0, 1)), "span is (1, -1, 0, 1); give"),
        "half a span": (lambda: plots.loss_surface(flat, (1, 2)), "span is (1, 2); give"),
        "directions": (
            lambda: plots.loss_surface(flat, center=[0, 0, 0]),
            "directions has shape (2, 2), center has 3 numbers: give two directions, shape (2, 3)",
        ),
        "falling levels": (
            lambda: plots.loss_surface(flat, levels=[2.0, 1.0]),
            "two or more rising",
        ),
        "nowhere finite": (lambda: plots.loss_surface(lambda v: np.nan), "f is finite nowhere"),
        # images
        "no square": (
            lambda: plots.image_grid(np.ones((2, 10)), [1, 2]),
            "images has rows of 10 numbers, which make no square",
        ),
        "a channel": (
            lambda: plots.image_grid(np.ones((2, 3, 3, 1)), [1, 2]),
            "use images[..., 0]",
        ),
        "one image": (lambda: plots.image_grid(np.ones(9), [1]), "images has shape (9,)"),
        "one-hot labels": (
            lambda: plots.image_grid(np.ones((2, 9)), np.eye(2)),
            "use np.argmax(labels, axis=1)",
        ),
        "fewer labels": (
            lambda: plots.image_grid(np.ones((2, 9)), [1]),
            "one class for each of 2 images",
        ),
        "fewer predictions": (
            lambda: plots.image_grid(np.ones((2, 9)), [1, 2], [1]),
            "predictions has shape (1,)",
        ),
        "no columns": (
            lambda: plots.image_grid(np.ones((2, 9)), [1, 2], columns=0),
            "columns is 0",
        ),
        "an image of channels": (
            lambda: plots.signed_grid({"a": np.ones((1, 3, 3))}),
            "grids['a'] has shape (1, 3, 3); give an array of shape (height, width)",
        ),
        "no role": (lambda: plots.signed_grid({"a": np.eye(2)}, role="bias"), "role is 'bias'"),
        "a missing name": (
            lambda: plots.attention_map(np.eye(2), ["a"], ["x", "y"]),
            "queries is a list of 1; give a list of 2 texts",
        ),
        "scores": (
            lambda: plots.attention_map([[2.0, -1.0]], ["a"], ["x", "y"]),
            "outside of 0 to 1",
        ),
        # deltas and bugs
        "a trace": (lambda: plots.gradient_flow(trace), "{'mine': trace.delta}"),
        "its delta": (lambda: plots.gradient_flow(trace.delta), "{'mine': trace.delta}"),
        "no error for it": (
            lambda: plots.bug_panel({"a": [1.0]}, {"b": 0.1}, tolerance=0.1),
            "losses has 'a', and errors has 'b'",
        ),
        "an error of NaN": (
            lambda: plots.bug_panel({"a": [1.0]}, {"a": np.nan}, tolerance=0.1),
            "errors['a'] is nan",
        ),
        "a tolerance": (
            lambda: plots.bug_panel({"a": [1.0]}, {"a": 0.1}, tolerance=0),
            "tolerance is 0",
        ),
        "three axes": (
            lambda: plots.bug_panel({"a": [1.0]}, {"a": 0.1}, plots.panels(1, 3), tolerance=0.1),
            "give two Axes",
        ),
    }


@pytest.mark.parametrize("name", refusals())
def test_what_cannot_be_drawn_is_refused_with_what_was_given_and_expected(name):
    call, says = refusals()[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert says in str(caught.value)
    plt.close("all")


def test_the_cures_work():
    net = network(2, 3, 2)
    Y = pb.one_hot(CLASSES, 2)
    plots.decision_boundary(net, X4, Y)
    plots.decision_boundary(network(2, 1, output="sigmoid"), X4, np.reshape(CLASSES, (-1, 1)))
    plots.decision_boundary(net, X4[:1] * 0, Y[:1])  # one point, one class
    counts = np.zeros((2, 2), int)
    np.add.at(counts, (CLASSES, 1 - CLASSES), 1)
    plots.confusion_matrix(counts)
    plots.confusion_matrix(pb.confusion(net, X4, Y))
    plots.loss_surface(flat)  # a plane without any slope
    plots.loss_surface(lambda v: np.inf if v[0] < 0 else v[0])  # not finite everywhere
    plots.image_grid(np.ones((2, 6, 1)).reshape(2, 2, 3), np.argmax(np.eye(2), axis=1))
    plots.gradient_flow({"mine": pb.backprop(net, X4, Y).delta})
    plots.training_curves(History(train_loss=[1.0, np.inf]))
    own = pb.Activation("sine", np.sin, lambda z, a: np.cos(z))
    plots.activation_curves(own)
    plots.loss_curves(pb.LOSSES["half_sse"], -3)
    plt.close("all")


def arguments():
    """Return for every public figure arguments that it takes."""
    net = network(2, 3, 1, output="sigmoid")
    trace = pb.backprop(net, X4, CLASSES[:, None])
    runs = {"a": [2.0, 1.0], "b": [3.0, 1.0]}
    return {
        plots.canvas: {},
        plots.panels: {"rows": 1, "columns": 2},
        plots.network_diagram: {"net": net, "trace": trace, "example": 0, "show": "a"},
        plots.computational_graph: {"layers": 2},
        plots.activation_curves: {"activation": "tanh", "z": [0.0, 1.0]},
        plots.loss_curves: {"loss": "bce", "target": 1.0, "over": "logit"},
        plots.learning_slowdown: {"outputs": runs, "target": 1.0},
        plots.curves: {"x": [0.0, 1.0], "values": runs},
        plots.loss_surface: {
            "f": lambda v: float(v @ v),
            "span": (-1, 1, -1, 1),
            "center": [0.0, 0.0],
            "directions": np.eye(2),
            "levels": 5,
            "points": 5,
        },
        plots.optimizer_paths: {"paths": {"a": np.ones((3, 2))}},
        plots.decision_boundary: {"net": net, "X": X4, "Y": CLASSES[:, None], "points": 5},
        plots.training_curves: {"history": History(train_loss=[1.0])},
        plots.loss_histories: {"losses": runs, "yscale": "log"},
        plots.sweep: {"settings": [0.1, 1.0], "results": runs, "xlabel": "rate"},
        plots.training_flow: {},
        plots.confusion_matrix: {"counts": [[1, 0], [0, 2]]},
        plots.image_grid: {
            "images": np.ones((2, 4)),
            "labels": [1, 2],
            "predictions": [1, 1],
            "columns": 2,
        },
        plots.signed_grid: {"grids": {"a": np.eye(2)}, "role": "delta", "columns": 2},
        plots.attention_map: {"weights": np.eye(2), "queries": ["a", "b"], "keys": ["x", "y"]},
        plots.gradient_flow: {"deltas": {"a": trace.delta}},
        plots.gradient_check_curve: {"steps": [0.1, 1.0], "errors": runs},
        plots.bug_panel: {"losses": runs, "errors": {"a": 0.1, "b": 0.2}, "tolerance": 0.1},
    }


def test_every_public_figure_is_tried():
    public = {
        f
        for name, f in vars(plots).items()
        if callable(f) and getattr(f, "__module__", "") == plots.__name__ and name[0] != "_"
    }
    assert arguments().keys() == public


RUBBISH = [
    None,
    "text",
    -3,
    0,
    np.nan,
    3j,
    [],
    {},
    ["a", None],
    [[1.0], [2.0, 3.0]],
    {"a": "b"},
    {"a": {"b": [1]}},
    {1: [np.inf]},
    np.zeros((2, 3, 4)),
    np.array(["x"]),
    object(),
    len,
]


def outcome(figure, given):
    """Return what a figure says of its arguments; "" where it is drawn."""
    try:
        figure(**given)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("figure", arguments(), ids=lambda figure: figure.__name__)
def test_rubbish_is_drawn_or_refused_by_name(figure):
    for name in arguments()[figure]:
        for rubbish in RUBBISH:
            said = outcome(figure, arguments()[figure] | {name: rubbish})
            by_its_own_name = name in ("net", "activation", "loss")  # "sizes", "unknown loss"
            assert said == "" or name in said or by_its_own_name, (name, rubbish)
            plt.close("all")
