"""The other steppers by their addresses: as in the book, with other numbers, or told in words."""

import json
import re
from html import unescape
from itertools import product
from pathlib import Path
from urllib.parse import quote

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from pybackprop.course import steppers
from pybackprop.course.numbers import kinds
from pybackprop.course.numbers.expression import FUNCTIONS, computed
from pybackprop.course.numbers.kinds import KINDS, as_in_the_book, made
from pybackprop.course.numbers.page import answer, reference, static_page, wrong
from pybackprop.course.numbers.state import SHOWN, parts
from pybackprop.course.stage.display import to_json
from pybackprop.graph import gradient

BOOK = Path(__file__).parents[2] / "book"
FIELDS = [(kind, field) for kind in KINDS for field in KINDS[kind].fields]
NUMBERS = {"learning": "", "attention": "&names=the,cat,sat"}
"""What an address needs beside its name to be that of the chapter."""


def made_of(address):
    given = parts(address)
    entered = kinds.read(given["show"], given)
    assert entered.errors == {}
    part = made(given["show"], entered)
    assert entered.errors == {}
    return part


def stored(kind):
    """The data of the first stepper of its kind in its chapter, as the notebook stores them."""
    cells = json.loads((BOOK / f"{KINDS[kind].page}.ipynb").read_text("utf-8"))["cells"]
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        html = "".join(output.get("data", {}).get("text/html", ""))
        if f'data-name="{kind}"' in html:
            return re.search('<script type="application/json">(.*)</script>', html, re.S)[1]
    raise LookupError(kind)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "learning"])
def test_the_name_alone_opens_what_its_chapter_shows(kind):
    part = made_of(f"show={kind}{NUMBERS.get(kind, '')}")
    assert to_json(part.data) == stored(kind)


ADDRESS = re.compile(r'data-name="([\w-]+)" data-address="([^"]*)"')


def test_what_the_chapters_store_leads_to_the_same_with_other_numbers():
    found = []
    for path in sorted(BOOK.glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                html = "".join(output.get("data", {}).get("text/html", ""))
                for name, address in ADDRESS.findall(html):
                    found.append(name)
                    assert parts(unescape(address))["show"] == name
                    assert wrong(unescape(address)) == {}
    assert found.count("backward") == 3
    assert {"forward", "derivation", "gradient-check", "race", "workers"} <= {*found}


def test_an_address_opens_every_stepper_that_there_is():
    made_by = filter(re.compile("_stepper|_explorer|_race").search, steppers.__all__)
    every = {re.sub("_stepper|_explorer|optimizer_", "", name) for name in made_by}
    assert {name.replace("_", "-") for name in every} == {*KINDS, *SHOWN}


def test_every_kind_has_its_page_and_its_place_on_the_page_of_numbers():
    page = static_page(python=True)
    for name, kind in KINDS.items():
        assert list(BOOK.glob(f"{kind.page}.*"))
        assert f'<a href="#show={name}">{kind.title}</a>' in page
        assert made_of(f"show={name}").name == name


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_brings_the_same_stepper_back(kind):
    own = as_in_the_book(kind)
    report = answer(own)
    assert report["errors"] == {}
    assert report["address"] == made_of(own).address == own
    assert answer(report["address"])["stepper"] == report["stepper"]
    assert f'name="show" value="{kind}"' in report["fields"].replace(' type="hidden"', "")
    assert f'href="{KINDS[kind].page}.html"' in report["result"]


@pytest.mark.parametrize("kind", ["activation", "loss", "race", "convolution", "recurrence"])
def test_a_stepper_knows_its_own_address(kind):
    given = kinds.read(kind, {})
    assert KINDS[kind].make(**given.values).address == as_in_the_book(kind)


OTHER = {
    "show=activation&names=relu": "Activation functions: 121 steps",
    "show=loss&names=bce": "Losses and their gradients: 121 steps",
    "show=race&lr=0.3&steps=7&surfaces=saddle": "Optimizer race: 8 steps",
    "show=training&points=xor&units=3&epochs=9&below=0": "Training, iteration by iteration: 10",
    "show=learning&points=quadrants&optimizer=adam&lr=0.1&epochs=12": "A network learns: 13 steps",
    "show=graph&C=x*y+x&values=x=1,y=2": "A tape, forward and back: 8 steps",
    "show=graph&C=a=x*x;C=a-x&values=x=1": "A tape, forward and back: 7 steps",
    "show=convolution&x=1,2&w=3&b=0&delta=1,1&stride=1&padding=0": "A convolution, forward and",
    "show=recurrence&x=1,2&y=0,0": "A recurrence, forward and back through time: 9 steps",
    "show=attention&q=1;2&k=1;1&v=3;4&g=1;0": "Attention, forward and back: 17 steps",
    "show=workers&numbers=1e9&batch=1": "A step on many workers: 15 steps",
}


@pytest.mark.parametrize(("address", "summary"), OTHER.items())
def test_other_numbers_make_another_stepper(address, summary):
    part = made_of(address)
    assert repr(part).startswith(summary)
    assert to_json(part.data) != to_json(made_of(f"show={part.name}").data)


HOSTILE = {
    "markup": "<img src=x onerror=alert(1)>",
    "a way out of an attribute": '"><script>alert(1)</script>',
    "a template": "{say}{0.__class__}",
    "an ampersand": "&amp;&lt;",
    "not a number": "nan",
    "infinity": "inf",
    "beyond all numbers": "1e999",
    "huge": "1000000000",
    "code": "__import__('os').system('true')",
    "letters that look like digits": "²٣",
    "long": "9" * 5000,
    "many": "1," * 1500,
    "many rows": "1;" * 1500,
    "many names": "sigmoid," * 900,
    "deep": "(" * 390,
}


@pytest.mark.parametrize(("kind", "field"), FIELDS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_told_in_words_and_never_becomes_markup(kind, field, text):
    address = f"show={kind}&{field}={quote(text)}"
    if text == "1000000000" and (kind, field) in {("workers", "numbers"), ("workers", "batch")}:
        assert answer(address)["errors"] == {}  # so many there may be
        return
    report = answer(address)
    assert report["errors"].keys() == {field}
    said = report["errors"][field]
    assert said[-1] == "."
    assert len(said) < 500
    assert said[0].isupper() or said[0] == "“"
    assert "stepper" not in report
    assert wrong(address) or kind == "graph"  # there the computation is read when it is made
    assert not re.search(r"<(img|script)", report["fields"])
    assert text not in report["fields"] or text.isalnum() or "<" not in text


OUT = {
    "race": {"lr": "0, -1, 11", "steps": "0, 201, 3.5"},
    "training": {"units": "0, 9", "lr": "0, 101", "epochs": "0, 1001", "below": "-0.1, 2",
                 "seed": "-1, 1000000, 0.5"},
    "graph": {"values": "x=1001, w"},
    "convolution": {"x": "1001", "w": "-1001", "b": "1e4", "delta": "-1e9", "stride": "0, 13",
                    "padding": "-1, 6"},
    "recurrence": {"w": "1001", "u": "-1001", "b": "1e4", "x": "1001", "y": "1001",
                   "start": "-2000"},
    "attention": {"q": "1001", "k": "1001", "v": "1001", "g": "-1001"},
    "workers": {"seconds": "0, -1, 1001", "numbers": "0, 1e13", "batch": "0, 1e10, 1.5"},
}  # fmt: skip
"""Kind -> field -> values just out of its range."""
OUT["learning"] = OUT["training"]
CASES = [(k, f, v) for k, of in OUT.items() for f, vs in of.items() for v in vs.split(", ")]


def test_every_field_with_a_range_is_tried_out_of_it():
    ranged = {(k, f) for k, f in FIELDS if " from " in KINDS[k].fields[f].hint}
    assert ranged == {(k, f) for k, f, _ in CASES}


@pytest.mark.parametrize(("kind", "field", "value"), CASES)
def test_a_value_out_of_range_is_told_beside_its_field(kind, field, value):
    report = answer(f"show={kind}&{field}={value}")
    assert report["errors"].keys() == {field}
    assert re.search("give|such as", report["errors"][field])
    assert "stepper" not in report


TOGETHER = {
    "show=convolution&delta=1,2": ("delta", "there are 3 windows"),
    "show=convolution&x=1&padding=0": ("w", "no window fits"),
    "show=convolution&x=1,2,3,4,5,6,7,8,9,10,11,12": ("x", "at most 12"),
    "show=recurrence&x=1,2": ("x", "as many of both"),
    "show=attention&q=1,2;3,4": ("q", "have the shapes"),
    "show=attention&q=1,2;3": ("q", "equally long"),
    "show=attention&names=the,cat": ("names", "2 names for 3 tokens"),
    "show=attention&names=the,cow": ("names", "“cow” is not known"),
    "show=activation&names=softmax": ("names", "“softmax” is not known"),
    "show=race&surfaces=plain": ("surfaces", "choose of long bowl"),
    "show=training&points=moon": ("points", "choose one of quadrants"),
    "show=graph&values=x=2": ("C", "“w”; give its value"),
    "show=graph&values=x=1,x=2": ("values", "no new name"),
    "show=graph&C=log(x)&values=x=-1": ("C", "finite numbers"),
    "show=graph&C=1/x&values=x=0": ("C", "finite numbers"),
    "show=graph&C=2*3": ("C", "the same for all values"),
    "show=graph&C=x=1": ("C", "second meaning"),
    "show=graph&C=exp=x": ("C", "second meaning"),
    "show=graph&C=x^w": ("C", "exponent"),
    "show=graph&C=x*": ("C", "breaks off after “x*”"),
    "show=graph&C=(x": ("C", "breaks off"),
    "show=graph&C=x)": ("C", "“)” after “x”"),
    "show=graph&C=x y": ("C", "“y” after “x”"),
    "show=graph&C=max(x)": ("C", "“)”"),
    "show=graph&C=tanh": ("C", "breaks off"),
    "show=graph&C=;": ("C", "is empty"),
    "show=graph&C=x.real": ("C", "“.real”"),
    "show=graph&C=x[0]": ("C", "“[0]”"),
    "show=graph&C=" + "+".join("x" * 45): ("C", "at most 40"),
    "show=graph&C=" + "(" * 30 + "x" + ")" * 30: ("C", "brackets"),
}  # fmt: skip


@pytest.mark.parametrize(("address", "told"), TOGETHER.items())
def test_what_does_not_fit_together_is_told_beside_a_field(address, told):
    field, words = told
    report = answer(address)
    assert words in report["errors"][field]
    assert "stepper" not in report


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_the_ends_of_a_range_are_shown_or_told(kind, field):
    one = KINDS[kind].fields[field]
    ends = re.findall(r" from (\S+) to ([^\s,]+)", one.hint)
    # a thousand epochs are the same as three hundred, only longer
    for low, high in [] if field == "epochs" else ends:
        for end in (low, high):
            text = f"x={end}" if field == "values" else end
            more = "&C=x*x" if field == "values" else ""
            report = answer(f"show={kind}&{field}={text}{more}")
            assert "stepper" in report or all(e[-1] == "." for e in report["errors"].values())


def test_what_is_left_empty_is_as_in_the_book():
    for kind, field in FIELDS:
        assert kinds.read(kind, {field: " "}) == kinds.read(kind, {})


def test_too_many_parts_are_no_stepper():
    report = answer("show=race&" + "&".join(f"k{k}=1" for k in range(100)))
    assert "holds too much" in report["errors"]["sizes"]


def test_the_reference_names_every_part_and_its_links_open():
    html = reference()
    assert re.findall(r"<code>show=(\w+)</code>", html) == list(KINDS)
    assert [key for _, key in FIELDS] == re.findall(r"<li><code>(\w+)</code>", html)
    for kind in KINDS:
        assert f'href="#{as_in_the_book(kind)}"'.replace("&", "&amp;") in html
        assert wrong(as_in_the_book(kind)) == {}


# Computations

VALUES = {"x": 0.7, "y": -1.3, "w": 2.5}
PLAIN = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "abs": abs,
    "tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: max(x, 0.0),
    "softplus": lambda x: np.log1p(np.exp(x)), "max": max,
}  # fmt: skip
atoms = st.sampled_from(["x", "y", "w", "2", "0.5", ".25", "1e-1"])
texts = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("({})^2".format),
        st.tuples(st.sampled_from(["tanh", "sin", "relu", "sigmoid", "abs"]), inner).map(
            lambda pair: f"{pair[0]}({pair[1]})"
        ),
        st.tuples(inner, inner).map(lambda pair: f"max({pair[0]}, {pair[1]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(texts)
def test_a_computation_is_what_python_makes_of_it(text):
    with np.errstate(all="ignore"):
        try:
            expected = eval(text.replace("^", "**"), PLAIN | VALUES)
        except ZeroDivisionError:
            return
    if not re.search("[xyw]", re.sub("[a-z]{2,}", "", text)):
        return
    *_, last = computed(text, VALUES).values()
    np.testing.assert_allclose(last.value, expected, rtol=1e-12)


def test_every_function_and_its_slope():
    for name, x in product(FUNCTIONS, (0.3, 1.7)):
        text = f"{name}(x, w)" if name == "max" else f"{name}(x)"
        lines = computed(text, {"x": x, "w": 0.1})
        assert lines["C"].value == pytest.approx(PLAIN[name](*[x, 0.1][: 1 + (name == "max")]))
        (slope,) = gradient(lines["C"], [lines["x"]])
        near = [computed(text, {"x": x + h, "w": 0.1})["C"].value for h in (1e-6, -1e-6)]
        assert slope == pytest.approx((near[0] - near[1]) / 2e-6, rel=1e-6)


def test_a_power_binds_before_a_sign():
    assert computed("-x^2", {"x": 3.0})["C"].value == -9
    assert computed("x**-2", {"x": 2.0})["C"].value == 0.25
    assert computed("2*-x", {"x": 2.0})["C"].value == -4
