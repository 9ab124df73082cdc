"""Your own numbers: what a link holds, what is wrong with it in words, the texts to take along."""

import re
from itertools import product

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course.numbers.page import DEFAULT, PRESETS, answer, static_page
from pybackprop.course.numbers.state import SHOWN, read
from pybackprop.course.numbers.texts import TEXTS, as_latex, as_numpy, as_pybackprop

FIRST, ONE, TWO, XOR = PRESETS.values()
WIDE = "sizes=8-8-8-8-8-8&seed=3&phi1=tanh&phi5=softmax"


def test_the_network_that_is_worked_everywhere_gives_its_published_numbers():
    state = read(FIRST)
    assert state.errors == {}
    assert f"{state.trace.loss:.9f}" == "0.298371109"
    assert f"{state.new_loss:.9f}" == "0.291027774"
    assert state.trace.a[2][0].round(9).tolist() == [0.75136507, 0.772928465]
    page = answer(FIRST)["result"]
    assert "0.298371109" in page
    assert "0.291027774" in page


@pytest.mark.parametrize(
    ("address", "loss", "after"), [(ONE, 0.27998, 0.2143), (TWO, 0.16900, 0.16269)]
)
def test_the_networks_of_the_notes_give_the_numbers_of_their_chapter(address, loss, after):
    state = read(address)
    assert state.trace.loss == pytest.approx(loss, abs=5e-5)
    assert state.new_loss == pytest.approx(after, abs=5e-5)


@pytest.mark.parametrize(("x", "y"), [("0,0", 0), ("0,1", 1), ("1,0", 1), ("1,1", 0)])
def test_the_network_for_xor_solves_it(x, y):
    state = read(XOR.replace("x=1,1", f"x={x}"))
    assert state.trace.a[2].item() == y


@pytest.mark.parametrize("address", [*PRESETS.values(), WIDE, "sizes=3-1", ""])
def test_an_address_brings_the_same_network_back(address):
    state = read(address)
    again = read(state.address)
    assert (state.errors, again.errors) == ({}, {})
    assert again.address == state.address
    assert again.fields == state.fields
    assert (again.net.params.theta == state.net.params.theta).all()
    assert again.trace.loss == state.trace.loss


WRONG = {
    "sizes=": ("sizes", "names no sizes"),
    "sizes=2": ("sizes", "1 to 5 layers"),
    "sizes=2-9-1": ("sizes", "1 to 8 units"),
    "sizes=2-0-1": ("sizes", "1 to 8 units"),
    "sizes=1-1-1-1-1-1-1": ("sizes", "Here are 7 numbers"),
    "sizes=2-x-1": ("sizes", "“2-x-1” names no sizes"),
    "sizes=99-1": ("sizes", "1 to 8 units"),
    "sizes=" + "9" * 1900: ("sizes", "1 to 5 layers"),
    "sizes=" + "9" * 5000 + "-1": ("sizes", "too long"),
    "phi1=softmax": ("phi1", "output activation"),
    "sizes=2-1&phi1=softmax": ("phi1", "always 1"),
    "phi1=<b>": ("phi1", "“<b>” is not known"),
    "loss=bce&phi2=tanh": ("loss", "outputs must lie between 0 and 1"),
    "loss=bce&phi2=softmax": ("loss", "add up to 1"),
    "loss=hinge": ("loss", "“hinge” is not known"),
    "optimizer=lion": ("optimizer", "choose one of sgd, rmsprop, adam, adamw"),
    "W1=1,2": ("W1", "2 rows are needed, one for each unit; here 1 is."),
    "W1=1,2;3": ("W1", "Row 2: 2 numbers are needed, one for each input of the unit; here 1 is."),
    "W1=1,2;3,four": ("W1", "“four” is no number"),
    "b1=1": ("b1", "2 numbers are needed, one for each unit; here 1 is."),
    "x=nan,0": ("x", "“nan” is no number"),
    "x=1e7,0": ("x", "out of range; give a number from -1000000 to 1000000"),
    "x=1_0,0": ("x", "is no number"),
    "y=1,2,3": ("y", "2 numbers are needed, one for each output; here 3 are."),
    "y=2,0": ("y", "2 is no target for bce, which takes numbers from 0 to 1."),
    "phi2=softmax&y=0.5,0.6": ("y", "The targets add up to 1.1; for cross_entropy"),
    "lr=0": ("lr", "above 0"),
    "lr=fast": ("lr", "“fast” is no number"),
    "seed=-1": ("seed", "whole number"),
    "seed=²": ("seed", "whole number"),
    "show=all": ("show", "choose one of forward"),
    "show=Race": ("show", "race"),
    "fixed=W": ("fixed", "not known"),
    "&".join(f"k{k}=1" for k in range(100)): ("sizes", "holds too much"),
    "x=" + "1," * 5000: ("sizes", "too long"),
}


@pytest.mark.parametrize(("address", "told"), WRONG.items())
def test_what_is_wrong_is_told_in_words_beside_its_field(address, told):
    name, words = told
    report = answer(address)
    assert words in report["errors"][name]
    assert report["errors"][name].endswith(".")
    assert "stepper" not in report
    if "fields" in report:
        assert "<b>" not in report["fields"]


def test_a_step_into_infinity_is_told_beside_the_rate():
    layers = "".join(f"&phi{l}=identity&W{l}=1e6" for l in range(1, 6))
    errors = read(f"sizes=1-1-1-1-1-1&lr=1e6&x=1e6{layers}").errors
    assert "infinite" in errors["lr"]


def test_new_sizes_draw_what_does_not_fit_and_keep_what_does():
    fields = read(ONE).address.replace("sizes=2-3-1", "sizes=2-3-2")
    assert "W2" in read(fields).errors
    state = read(fields, changed="sizes")
    assert state.errors == {}
    assert state.fields["W1"] == read(ONE).fields["W1"]
    assert state.net.params.W[2].shape == (2, 3)
    other = read(state.address.replace("seed=0", "seed=1"), changed="seed")
    assert other.fields["W1"] != state.fields["W1"]
    assert other.fields["x"] == state.fields["x"]
    assert other.fields["W1"] == read("sizes=2-3-2&seed=1").fields["W1"]


def test_what_was_mistyped_is_not_thrown_away():
    report = answer("sizes=2-2-2&W1=1,2;3,four", "sizes")
    assert "four" in report["errors"]["W1"]
    assert "3,four" in report["fields"]


ACTIVATIONS, LOSSES = list(pb.ACTIVATIONS), ["", *pb.LOSSES]


@pytest.mark.slow
@pytest.mark.parametrize(("output", "loss"), list(product(ACTIVATIONS, LOSSES)))
def test_every_pair_is_shown_or_told_in_words(output, loss):
    address = f"sizes=2-2-2&phi2={output}&loss={loss}&y=1,0&lr=0.1"
    state = read(address)
    try:
        net = pb.Network([2, 2, 2], "sigmoid", output, loss or None)
    except ValueError:
        assert set(state.errors) == {"loss"}
        return
    assert state.errors == {}
    assert state.net.loss == net.loss
    for show in SHOWN:
        if show != "gradient-check" or not loss:  # it takes a quarter of a second
            assert f'data-name="{show}"' in answer(f"{address}&show={show}")["stepper"]
    the_texts_hold(state)


@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
@pytest.mark.parametrize("optimizer", pb.OPTIMIZERS)
@pytest.mark.parametrize("fixed", ["", "b"])
def test_the_texts_give_the_same_numbers(hidden, optimizer, fixed):
    same = f"seed=5&phi1={hidden}&phi2={hidden}&optimizer={optimizer}&lr=0.1&fixed={fixed}"
    the_texts_hold(read(f"sizes=3-2-4-2&{same}&b1=0.1,-0.2"))


@pytest.mark.parametrize("address", [*PRESETS.values(), WIDE])
def test_the_texts_of_presets_give_the_same_numbers(address):
    the_texts_hold(read(address))


def the_texts_hold(state):
    assert state.errors == {}
    for make in (as_numpy, as_pybackprop):
        said = ran(make(state))
        assert float(said["C"]) == pytest.approx(state.trace.loss, rel=1e-12, abs=1e-15)
        assert float(said["C after the step"]) == pytest.approx(state.new_loss, rel=1e-9, abs=1e-14)
        for l in state.net.phi:
            for letter in "Wb"[: 1 if state.net.fixed else 2]:
                text = said.get(f"d{letter}{l}") or said[f"d{letter}[{l}]"]
                gradient = np.ravel(eval(text))
                wanted = state.trace.grad.theta[state.net.params.blocks[f"{letter}[{l}]"]]
                np.testing.assert_allclose(gradient, wanted, rtol=1e-9, atol=1e-14)
    latex = as_latex(state)
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\begin") == latex.count(r"\end")
    shown = re.sub(r" \\cdot 10\^\{(-?\d+)\}", r"e\1", latex)
    last = float(shown.split("C_{\\text{new}} &= ")[1].split("\n")[0])
    assert last == pytest.approx(state.new_loss, rel=1e-8, abs=1e-15)
    (first,) = re.findall(r"^C &= .* = (\S+) \\\\$", shown, re.M)
    assert float(first) == pytest.approx(state.trace.loss, rel=1e-8, abs=1e-15)


def ran(code):
    """What a script prints, by name."""
    lines = []
    exec(code, {"print": lambda name, value: lines.append((name, value))})
    return {name.removesuffix(" ="): str(value) for name, value in lines}


def test_no_text_of_a_reader_becomes_markup():
    report = answer("sizes=2-2-2&x=<img src=x onerror=alert(1)>,0&seed=<script>&loss=</select>")
    assert "<img" not in report["fields"]
    assert "<script" not in report["fields"]
    assert "</select>&" not in report["fields"]
    assert report["errors"].keys() >= {"seed", "loss"}


def test_numbers_that_a_stepper_cannot_show_are_told():
    deep = "".join(f"&phi{l}=identity&W{l}=1e6" for l in (1, 2, 3))
    same = f"sizes=1-1-1-1&loss=sse&x=1e6&y=0&lr=1e-6{deep}"
    assert answer(f"{same}&show=forward")["errors"] == {}
    report = answer(f"{same}&show=gradient-check")  # beyond what float32 holds
    assert "smaller ones help" in report["errors"]["x"]
    assert "stepper" not in report


def test_a_network_with_too_many_chains_says_so():
    report = answer(f"{WIDE}&show=derivation")
    assert 'data-name="backward"' in report["stepper"]
    assert "up to 100 weights and biases" in report["result"]


def test_the_page_holds_one_network_whole_and_says_what_is_missing():
    page = static_page(python=True)
    assert [page.count(f'data-name="{show}"') for show in SHOWN] == [1] * len(SHOWN)
    assert "needs JavaScript" in page
    assert page.count('<li><a href="#sizes=') == len(PRESETS)
    assert all(name in page for name in TEXTS)
    without = static_page(python=False)
    assert "built without Python" in without
    assert "<form" not in without
    assert read(DEFAULT).errors == {}
