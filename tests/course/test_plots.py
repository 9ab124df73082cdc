"""Each figure is judged by what it drew: the numbers in its lines, the words on it, its patches."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

import pybackprop as pb
from pybackprop.course import plots
from pybackprop.course.palette import FIGURE, INK, ROLES
from pybackprop.training import History

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


@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
def test_figures_are_readable_on_both_pages(page):
    assert min(contrast(color, page) for color in FIGURE.values()) >= 3
    assert contrast(INK, page) >= 4.3


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


def test_network_diagram_has_a_circle_a_unit_and_a_line_a_weight(ax, net, trace):
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
    assert words(ax)[0] == "input\n2 units"  # the input layer has no delta
    assert f"{two.delta[2][1, 0]:.2f}" in words(ax)
    assert to_rgb(patches(ax, Circle)[0].get_edgecolor()[:3]) == to_rgb(FIGURE["delta"])


def test_network_diagram_writes_weights(ax, net):
    plots.network_diagram(net, ax=ax, weights=True)
    assert {"0.1", "-0.4", "0.6"} <= set(words(ax))


def test_network_diagram_of_a_wide_layer_says_what_it_leaves_out(ax):
    plots.network_diagram([784, 7], ax=ax)
    assert len(patches(ax, Circle)) == 6 + 7
    assert {"⋮", "input\n784 units", "layer 1\n7 units"} <= set(words(ax))


def test_network_diagram_names_what_it_can_show(net):
    with pytest.raises(ValueError, match="'a', 'z' or 'delta'"):
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
    with pytest.raises(ValueError, match="'output' or 'logit'"):
        plots.loss_curves("bce", over="z")


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
