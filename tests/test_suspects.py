"""What a planted mistake is called: each sentence, from gradients that are made wrong by hand."""

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.report import GradientReport
from pybackprop.suspects import known_factor, suspected_cause, suspected_in_model

SIZES = [3, 4, 4, 4, 5]


def network(hidden="tanh", output="sigmoid", loss="half_sse", sizes=SIZES, **more):
    net = pb.Network(sizes, hidden, output, loss, rng=0, **more)
    net.params.theta[:] = np.random.default_rng(1).normal(size=net.params.theta.size)
    return net


def passed(net, m=6):
    rng = np.random.default_rng(2)
    return pb.backprop(net, rng.normal(size=(m, net.sizes[0])), rng.random((m, net.sizes[-1])))


def cause(net, trace, grad, n=None, entries=None):
    """Return what is said of a gradient beside the right one."""
    entries = np.arange(net.params.theta.size) if entries is None else entries
    names = [net.params.entry(i) for i in entries.tolist()]
    n = trace.grad.theta if n is None else n
    line = np.full(len(names), 1e-13)
    report = GradientReport(names, grad.theta[entries], n[entries], line, {}, "complex", 1e-10)
    assert not report
    return suspected_cause(net, trace, entries, report)


def with_delta(net, trace, l, delta):
    """Return the gradient where delta[l] is this, and all below follows from it."""
    grad = trace.grad.copy()
    while True:
        grad.b[l], grad.W[l] = delta.sum(axis=0), delta.T @ trace.a[l - 1]
        if l == 1:
            return grad
        l -= 1
        delta = net.phi[l].pullback(trace.z[l], trace.a[l], delta @ net.params.W[l + 1])


def noise(like, seed=5):
    return np.random.default_rng(seed).normal(size=like.shape)


# A mistake of one equation


def test_a_slope_that_is_missing_or_taken_elsewhere():
    net = network()
    trace = passed(net)
    for l in (1, 2, 3):
        back, phi = trace.delta[l + 1] @ net.params.W[l + 1], net.phi[l]
        turned = trace.delta[l + 1]
        if l < 3:
            turned = turned @ net.params.W[l + 1].T * phi.derivative(trace.z[l], trace.a[l])
        else:
            turned = back * noise(back)
        place = f"suspect: BP2, from layer {l + 1} to {l}: "
        for delta, what in (
            (back, "the slope phi'(z) is missing"),
            (
                back * phi.derivative(trace.a[l], np.tanh(trace.a[l])),
                "the slope is taken at a, not at z",
            ),
            (
                turned,
                f"W[{l + 1}] is transposed" if l < 3
                else "slope, transpose, or a W[4] that was updated too early. Try "
                "dot_product_test with your deltas",
            ),
        ):  # fmt: skip
            assert cause(net, trace, with_delta(net, trace, l, delta)) == place + what


def test_the_output_delta():
    net = network()
    trace = passed(net)
    a, place = trace.a[4], "suspect: BP1, delta[4]: "
    for delta, what in (
        ((a - trace.y) / 6, "the slope of the output is missing"),
        (trace.delta[4] * a * (1 - a), "the slope of the output is in it twice"),
        (noise(a), "all is off, by no common factor. Work out dC/dz by hand"),
    ):
        assert cause(net, trace, with_delta(net, trace, 4, delta)) == place + what


@pytest.mark.parametrize("l", [1, 2, 3, 4])
def test_the_weights_of_one_layer(l):
    net = network()
    trace = passed(net)
    delta, a, z = trace.delta[l], trace.a, trace.z
    others = {"old activations, or the wrong layer's": noise(trace.grad.W[l])}
    place = {"old activations, or the wrong layer's": f"of W[{l}]"}
    if l in (2, 3):
        others |= {
            f"the gradient of W[{l}] is transposed": trace.grad.W[l].T,
            f"a[{l}] in place of a[{l - 1}] in W[{l}]": delta.T @ a[l],
        }
    if l > 1:
        others[f"z[{l - 1}] in place of a[{l - 1}] in W[{l}]"] = delta.T @ z[l - 1]
    for what, values in others.items():
        grad = trace.grad.copy()
        grad.W[l] = values
        where = f" {place[what]}" if what in place else ""
        assert cause(net, trace, grad) == f"suspect: BP4{where}: {what}"


def test_biases():
    net = network()
    trace = passed(net)
    sums = {"a mean over the batch for the sum": lambda d: d.mean(axis=0)}
    sums["a sum over all of delta"] = lambda d: np.full(d.shape[1], d.sum())
    for layers in ([2], [1, 4], [1, 2, 3, 4]):
        for what, f in sums.items():
            grad = trace.grad.copy()
            for l in layers:
                grad.b[l] = f(trace.delta[l])
            assert cause(net, trace, grad) == f"suspect: BP3, {what}. Try delta.sum(axis=0)"
    grad = trace.grad.copy()
    grad.b[3], grad.b[1] = noise(grad.b[3]), noise(grad.b[1])
    what = "BP3 of b[1] b[3]: the wrong axis, or old deltas"
    assert cause(net, trace, grad) == f"suspect: {what}"
    for f in sums.values():  # one of two is not all
        grad.b[3] = f(trace.delta[3])
        assert cause(net, trace, grad) == f"suspect: {what}"


def test_a_single_example_has_no_mean_over_the_batch():
    net = network()
    trace = passed(net, m=1)
    grad = trace.grad.copy()
    grad.b[1] = np.full(4, trace.delta[1].sum())
    assert "a sum over all of delta" in cause(net, trace, grad)
    grad.b[1] = 1.0001 * trace.grad.b[1]
    assert cause(net, trace, grad) == "suspect: one factor, 1.0001, in BP3"
    trace = passed(net, m=2)
    grad = trace.grad.copy()
    grad.b[1] = trace.delta[1].mean(axis=0)
    assert "a mean over the batch" in cause(net, trace, grad)


# Factors, zeros, the penalty


PLACES = [
    (["W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]", "W[4]", "b[4]"],
     "BP1 or the loss's convention"),
    (["W[1]", "b[1]", "W[2]", "b[2]"], "BP2, from layer 3 to 2"),
    (["W[2]", "b[2]"], "delta[2]"),
    (["W[1]", "b[1]", "W[2]"], "delta[2]"),
    (["W[2]", "W[3]"], "BP4"),
    (["b[2]", "b[3]"], "BP3"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "place"), PLACES)
def test_one_factor_and_zeros(blocks, place):
    net = network()
    trace = passed(net)
    order = [name for name in net.params.blocks if name in blocks]
    for factor, known in ((-1.0, " (the sign)"), (3.25, ""), (0.0, None)):
        grad = trace.grad.copy()
        for block in blocks:
            grad.theta[net.params.blocks[block]] *= factor
        said = cause(net, trace, grad)
        if known is None:
            what = f"{place}: {' '.join(order)} 0. Look whether anything is written there"
            assert said == f"suspect: {what}"
        else:
            assert said == f"suspect: one factor, {factor:.6g}{known}, in {place}"


def test_where_nothing_comes_from_nothing_is_missed():
    """Fixed blocks have the gradient 0: a factor is everywhere, or below, without them."""
    net = network(fixed=["W[1]", "b[4]"])
    trace = passed(net)
    grad = trace.grad.copy()
    grad.theta *= 3.25
    assert cause(net, trace, grad).endswith("3.25, in BP1 or the loss's convention")
    grad = trace.grad.copy()
    for block in ("b[1]", "W[2]", "b[2]"):
        grad.theta[net.params.blocks[block]] *= 3.25
    assert cause(net, trace, grad).endswith("3.25, in BP2, from layer 3 to 2")


def test_a_block_with_some_zeros_is_not_silent():
    net = network()
    X = np.random.default_rng(2).normal(size=(6, 3)) * [0, 1, 1]
    trace = pb.backprop(net, X, np.zeros((6, 5)))
    assert not trace.grad.W[1][:, 0].any()
    grad = trace.grad.copy()
    for block in ("b[1]", "W[2]", "b[2]"):
        grad.theta[net.params.blocks[block]] *= 3.25
    assert cause(net, trace, grad) == "suspect: one factor, 3.25, in delta[2]"
    grad = trace.grad.copy()
    grad.W[2] = noise(grad.W[2])
    grad.W[2][0, 0] = 0
    assert cause(net, trace, grad).startswith("suspect: BP4 of W[2]: old activations")


def test_two_entries_have_a_factor_and_one_has_none():
    net = network(sizes=[3, 2, 1])
    trace = passed(net)
    grad = trace.grad.copy()
    grad.b[2] *= 3.25
    assert cause(net, trace, grad) == "suspect: BP3 of b[2]: the wrong axis, or old deltas"
    grad.b[2] = trace.delta[2].mean(axis=0)
    assert "a mean over the batch" in cause(net, trace, grad)
    grad = trace.grad.copy()
    grad.b[1] *= 3.25
    assert cause(net, trace, grad) == "suspect: one factor, 3.25, in BP3"
    grad = trace.grad.copy()
    grad.b[1][0] += 1
    assert cause(net, trace, grad) == "suspect: b[1][0] alone (BP3). Look for what writes there"


def test_three_entries_show_the_parameters_and_two_do_not():
    net = network(sizes=[4, 2, 3])
    trace = passed(net)
    for l, shown in ((1, False), (2, True)):
        grad = trace.grad.copy()
        grad.b[l] += 0.5 * net.params.b[l]
        assert ("+0.5 times b itself" in cause(net, trace, grad)) is shown


def test_weights_that_are_not_square_are_not_taken_for_transposed():
    net = network(sizes=[6, 4, 3])
    trace = passed(net)
    for l in (1, 2):
        grad = trace.grad.copy()
        grad.W[l] = noise(grad.W[l])
        assert cause(net, trace, grad) == (
            f"suspect: BP4 of W[{l}]: old activations, or the wrong layer's"
        )


@pytest.mark.parametrize("size", [1.0, 0.01])
@pytest.mark.parametrize(("letter", "equation"), [("W", "BP4"), ("b", "BP3")])
def test_what_is_off_by_the_parameters_themselves(letter, equation, size):
    net = network(penalty=0.3)
    net.params.theta *= size
    trace = passed(net)
    for layers in ([1, 2, 3, 4], [2]):
        names = " ".join(f"{letter}[{l}]" for l in layers)
        for share in (0.5, -0.25, -0.3):
            grad = trace.grad.copy()
            for l in layers:
                getattr(grad, letter)[l] += share * getattr(net.params, letter)[l]
            missing = ": the penalty's slope, lambda W, is missing" * (
                letter == "W" and share == -0.3
            )
            assert cause(net, trace, grad) == (
                f"suspect: {names} are off by {share:+.4g} times {letter} itself{missing}. Look at "
                f"the penalty in {equation}"
            )


def test_one_entry_and_what_is_fixed_and_several():
    net = network(fixed=["b[1]"])
    trace = passed(net)
    grad = trace.grad.copy()
    grad.W[2][0, 1] += 1
    assert cause(net, trace, grad) == "suspect: W[2][0, 1] alone (BP4). Look for what writes there"
    grad = trace.grad.copy()
    grad.b[3][2] += 1
    assert cause(net, trace, grad) == "suspect: b[3][2] alone (BP3). Look for what writes there"
    grad = trace.grad.copy()
    grad.b[1] = np.ones(4)
    assert cause(net, trace, grad) == (
        "suspect: b[1] fixed: a constant's gradient is 0. Set it to 0"
    )
    grad.b[2] = noise(grad.b[2])
    assert "fixed" not in cause(net, trace, grad)
    grad = trace.grad.copy()
    grad.W[3], grad.b[2] = noise(grad.W[3]), noise(grad.b[2])
    assert cause(net, trace, grad) == (
        "suspect: several mistakes. Start with the highest layer, W[3]"
    )


def test_what_is_no_number():
    net = network()
    trace = passed(net)
    grad, n = trace.grad.copy(), trace.grad.theta.copy()
    grad.W[2][0, 0] = np.nan
    assert cause(net, trace, grad).startswith("suspect: an overflow, or 0/0, in the backward pass")
    n[3] = np.inf
    assert cause(net, trace, trace.grad, n).startswith("suspect: the loss itself is no finite")


def test_a_sample_of_the_entries_is_enough():
    net = network()
    trace = passed(net)
    back = trace.delta[3] @ net.params.W[3]
    grad = with_delta(net, trace, 2, back)
    some = np.sort(np.random.default_rng(0).choice(net.params.theta.size, 40, replace=False))
    assert cause(net, trace, grad, entries=some).endswith("the slope phi'(z) is missing")
    grad = trace.grad.copy()
    grad.W[3] = trace.delta[3].T @ trace.z[2]
    some = np.delete(np.arange(net.params.theta.size), net.params.blocks["W[3]"].start)
    assert "z[2] in place of a[2]" in cause(net, trace, grad, entries=some)


@pytest.mark.parametrize(
    ("factor", "said"),
    [(-1.0, "the sign"), (2.0, "the 2 of a square"), (0.5, "the half of a square"),
     (7, "m: a sum over the batch for the mean"), (1 / 7, "1/m: the mean taken twice"),
     (3, "the number of outputs"), (1 / 3, "1 over the number of outputs")],
)  # fmt: skip
def test_known_factors(factor, said):
    assert known_factor(factor, 7, 3) == f" ({said})"
    assert known_factor(factor * 1.0005, 7, 3) == f" ({said})"
    assert known_factor(factor * 1.002, 7, 3) == ""


def test_a_factor_may_have_two_sources():
    """But 1, as m and the number of outputs may be, is no factor."""
    assert known_factor(1.0001, 1, 1) == ""
    assert known_factor(2.0, 2, 3) == (
        " (the 2 of a square, or m: a sum over the batch for the mean)"
    )


def test_a_models_wrong_entries():
    def said(g, n, fixed=()):
        names = ["W[0, 0]", "W[0, 1]", "b[0]", "s"]
        report = GradientReport(
            names, np.array(g), np.array(n), np.full(4, 0.1), {}, "complex", 1e-10
        )
        return suspected_in_model(report, fixed)

    right = [1.0, 2.0, 3.0, 4.0]
    assert said(right, [1.0, np.nan, 3.0, 4.0]).startswith("suspect: the loss itself is no finite")
    assert said([1.0, 2.0, np.inf, 5.0], right) == (
        "suspect: an overflow, or 0/0, in the pull-back of something that b is in"
    )
    assert said([1.0, 2.0, 3.0, 5.0], [1.0, 2.0, 3.0, 0.0], ["s", "b"]) == (
        "suspect: s fixed: a constant's gradient is 0. Set it to 0"
    )
    assert "b s fixed" in said([1.0, 2.0, 5.0, 5.0], [1.0, 2.0, 0.0, 0.0], ["s", "b"])
    assert "that W s went through" in said([1.0, 9.0, 3.0, 5.0], right, ["s"])
