"""The stepper of attention: each number against the layer's, with a mask and without."""

import numpy as np
import pytest

from pybackprop.course import steppers
from pybackprop.course.steppers.attention import attention_frames
from pybackprop.graph import Node, gradient
from pybackprop.layers import attention, causal_mask, masked_softmax

T, D, N = 3, 2, 3


@pytest.fixture(params=["none", "causal"])
def case(request):
    rng = np.random.default_rng(0)
    q, k, v, g = (rng.normal(size=(T, n)) for n in (D, D, N, N))
    mask = np.ones((T, T), bool) if request.param == "none" else causal_mask(T)
    return q, k, v, g, mask


@pytest.fixture
def frames(case):
    q, k, v, g, mask = case
    return attention_frames(["a", "b", "c"], q, k, v, g, mask)


@pytest.fixture
def grads(case):
    """The outputs and the gradients by the package's layer, and the pull-back's pieces by hand."""
    q, k, v, g, mask = case
    tape = []
    nodes = [Node(tape, x[None]) for x in (q, k, v)]
    o = attention(*nodes, mask)
    found = dict(zip("qkv", (x[0] for x in gradient(o, nodes, g[None])), strict=True))
    a = masked_softmax(q @ k.T / np.sqrt(D), mask)
    da = g @ v.T
    ds = a * (da - np.sum(da * a, axis=1)[:, None])
    return found | {"o": g, "out": o.value[0], "weights": a, "a": da, "s": ds}


def test_every_result_is_the_layers(case, frames, grads, read):
    q, k, v, g, mask = case
    s, a, da, ds = q @ k.T / np.sqrt(D), grads["weights"], grads["a"], grads["s"]
    mean = np.sum(da * a, axis=1)
    expected = []
    for i in range(T):
        expected += [*s[i][mask[i]], *a[i][mask[i]], *grads["out"][i]]
    for i in range(T):
        expected += [*da[i][mask[i]], mean[i], *ds[i][mask[i]], *grads["q"][i]]
    for j in range(T):
        expected += [*grads["k"][j], *grads["v"][j]]
    np.testing.assert_allclose(read.results(frames), read.shown(expected), rtol=1e-12, atol=1e-15)


def test_the_terms_of_a_sum_make_its_result(frames, read):
    """What stands before the result, worked out as it is written, is the result."""
    rows = [
        read.plain(row)
        for frame in frames
        for row in read.find(frame["math"], class_="pb-eq")
        if " · " in read.plain(row)
    ]
    assert len(rows) > 40
    for row in rows:
        terms, _, shown = row.partition(" = ")[2].replace("≈", "=").rpartition("= ")
        terms = terms.translate(str.maketrans("·−", "*-")).replace("√2", "2**0.5")
        assert eval(terms) == pytest.approx(read.number(shown), abs=2e-3)


def test_the_picture_and_the_table_end_with_all_adjoints(case, frames, grads, read):
    mask, last = case[-1], frames[-1]
    for x in "qkvo":
        for i in range(T):
            found = last[f"u{x}{i}"].removeprefix("δ ").split(", ")
            assert [read.number(one) for one in found] == read.shown(grads[x][i])
    for i, j in np.ndindex(T, T):
        text = last[f"c{i}.{j}"]
        assert (text == "–") == (not mask[i, j])
        if mask[i, j]:
            assert read.number(text) == read.shown([grads["weights"][i, j]])[0]
            assert read.number(last[f"uc{i}.{j}"][2:]) == read.shown([grads["s"][i, j]])[0]


def test_forward_row_by_row_then_back_then_columns(frames):
    assert len(frames) == 3 * T + 1 + 3 * T + 2 * T
    assert "the output" in str(frames[3 * T - 1]["math"])
    assert "Back, the start" in str(frames[3 * T]["math"])
    assert "a shares out 1" in frames[1]["say"]


def test_the_mask_is_a_choice():
    x = np.eye(2)
    part = steppers.attention_stepper(x, x, x, x)
    assert repr(part) == "Attention, forward and back: 17 steps"


ONE = np.ones((2, 2))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((ONE, ONE[:1], ONE, ONE), "q, k, v, g have the shapes"),
        ((ONE, ONE, ONE, ONE[0]), "q, k, v, g have the shapes"),
        ((np.ones((5, 2)), np.ones((5, 2)), np.ones((5, 2)), np.ones((5, 2))), "T from 1 to 4"),
        ((np.ones((2, 4)), np.ones((2, 4)), ONE, ONE), "n from 1 to 3"),
        ((ONE, ONE, ONE[:1], ONE[:1]), "q, k, v, g have the shapes"),
        ((ONE[:0], ONE[:0], ONE[:0], ONE[:0]), "T from 1 to 4"),
        ((ONE, ONE, ONE, ONE, ["a"]), "1 names for 2 tokens"),
        ((ONE, ONE, ONE * np.nan, ONE), "finite numbers only"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(given, message):
    with pytest.raises(ValueError, match=message):
        steppers.attention_stepper(*given)
