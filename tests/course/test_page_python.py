"""The session that runs a reader's code on a page: here as in the browser, but for its worker."""

import ast
import builtins
import re
import subprocess
import sys
from html import unescape

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.exercises import EXERCISES, Code, judge
from pybackprop.course.numbers.state import read
from pybackprop.course.page_python.advice import SENTENCES, advice
from pybackprop.course.page_python.cells import TIME, lacking
from pybackprop.course.page_python.session import LETTERS, Output, Session

CODES = [item for item in EXERCISES.values() if isinstance(item, Code)]


@pytest.fixture
def session():
    session = Session(lambda text: session.printed.append(text))
    session.printed = []
    return session


def test_names_stay_from_cell_to_cell_and_not_from_a_trial(session):
    assert session.run("a = np.ones(2)") == {}
    assert session.try_out("b = 3\nb") == {"value": "3"}
    assert session.run("a + 1") == {"value": "array([2., 2.])"}
    assert "NameError" in session.run("b")["error"]
    assert "NameError" in session.try_out("a")["error"]


def test_what_is_printed_comes_in_order_and_as_text(session):
    assert session.run("print('<b>1</b>')\nprint(2)\nprint(3, end='')\nNone") == {}
    assert "".join(session.printed) == "<b>1</b>\n2\n3"
    print("back where it was")
    assert len("".join(session.printed)) == 12


def test_only_the_beginning_of_a_flood_is_handed_on(session):
    session.run("for k in range(100_000): print(k)")
    text = "".join(session.printed)
    assert text.startswith("0\n1\n2\n")
    assert len(text) < LETTERS + 50
    assert text.endswith("... the rest is not shown")
    assert len(session.run("'x' * 1_000_000")["value"]) < LETTERS + 50


def test_a_text_that_just_fits_is_whole():
    pieces = []
    output = Output(pieces.append, limit=4)
    output.write("ab")
    output.write("cd")
    output.flush()
    assert "".join(pieces) == "abcd"


ERRORS = {
    "line 2, in f\n    return x + later\nNameError: name 'later' is not defined": (
        "def f(x):\n    return x + later\nf(1)"
    ),
    "SyntaxError: '(' was never closed\n\nA bracket is open": "a = (1 + 2\nb = 3",
    "IndentationError: expected an indented block": "def f(x):\nreturn x",
    "more calls": "def f(x): return f(x)\nf(1)",
    "line 2\n    raise ValueError('mine')\nValueError: mine": "a = 1\nraise ValueError('mine')",
    "EOFError: input() cannot ask on a page": "input('how many?')",
    "SystemExit": "exit()",
    "For other packages open the": "raise ImportError('run pip install distributed')",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "ValueError: no": "class A:\n    def __repr__(self): raise ValueError('no')\nA()",
    "The shapes do not fit": "np.ones((2, 3)) @ np.ones((2, 3))",
    "two axes fit where": "np.ones(2) + np.ones(3)",
}


@pytest.mark.parametrize("expected", ERRORS, ids=ERRORS.values())
def test_an_error_is_cut_to_the_readers_lines(session, expected):
    error = session.run(ERRORS[expected])["error"]
    assert expected in error
    assert "session.py" not in error
    assert "Traceback" not in error
    assert error.count("\n") < 30


def test_a_warning_names_the_readers_line(session):
    session.run("import warnings\nwarnings.warn('look out')")
    assert "".join(session.printed) == "line 2: UserWarning: look out\n"


def test_every_sentence_can_be_said():
    for k, (kind, _, sentence) in enumerate(SENTENCES):
        for_all = [other for other, pattern, _ in SENTENCES[:k] if not pattern]
        assert not issubclass(kind, tuple(for_all)), f"hidden: {sentence}"
        assert sentence.endswith((".", "?"))
    assert advice(ValueError("something else")) is None


@pytest.mark.parametrize("item", CODES, ids=lambda item: item.id)
def test_check_says_what_judge_says(session, item):
    begin = f"from pybackprop.course.exercises import EXERCISES\nitem = EXERCISES[{item.id!r}]\n"
    answers = {"item.solution": item.solution}
    answers |= {f"item.alternatives[{k}]": f for k, f in enumerate(item.alternatives)}
    answers |= {f"item.mistakes[{k}].wrong": m.wrong for k, m in enumerate(item.mistakes)}
    for source, answer in answers.items():
        verdict = judge(item, answer)
        report = session.check(f"{begin}{item.function} = {source}", item.id)
        said = (report["status"], report["mistake"], report["behind"], report["message"])
        assert said == (verdict.status, verdict.mistake, verdict.behind, verdict.message)
    untouched = judge(item, item.given or (lambda *case: ...))
    assert session.check(item.head, item.id)["status"] == untouched.status


def test_check_needs_the_function_and_code_that_runs(session):
    item = EXERCISES["03-sigmoid_prime"]
    assert "no function of the name sigmoid_prime" in session.check("x = 1", item.id)["message"]
    assert "NameError" in session.check("sigmoid_prime = y", item.id)["error"]
    with pytest.raises(TypeError, match="asks for no code"):
        session.check("x = 1", "03-output-delta")


def test_check_knows_nothing_from_before(session):
    session.run("sigmoid_prime = 1")
    session.try_out("sigmoid_prime = 1")
    assert "no function" in session.check("np", "03-sigmoid_prime")["message"]
    assert session.run("sigmoid_prime") == {"value": "1"}


# Cells of a chapter, one after the other

CHAPTER = ["rng = np.random.default_rng(0)", "x = rng.normal()", "print(x)\nx"]


def test_a_cell_runs_after_those_above_it_once_and_they_are_silent(session):
    lines = []
    session.announce = lines.append
    first = session.cell(["print('above')\nseen = []", "seen.append(1)\nseen"])
    assert first == {"value": "[1]"}
    assert "".join(session.printed) == ""
    assert session.cell(["print('above')\nseen = []", "seen.append(1)\nseen", "seen"]) == {
        "value": "[1]"
    }
    assert lines == ["Running, first the cells above: 1 of 1", "Running", "Running"]


def test_the_same_cell_once_more_finds_what_it_found_before(session):
    results = [session.cell(CHAPTER)["value"] for _ in range(3)]
    assert len(set(results)) == 1
    drawn = [session.cell([CHAPTER[0], f"x = rng.normal()\n{k}\nx"])["value"] for k in range(3)]
    assert set(drawn) == set(results)  # the same draw, however often the cell was changed
    makes_a_function = "def add(): seen.append(1)\nseen = []"
    for _ in range(2):
        assert session.cell([makes_a_function, "add()\nlen(seen)"]) == {"value": "1"}


def test_what_was_changed_above_counts_below(session):
    assert session.cell(["a = 1", "b = a", "b"]) == {"value": "1"}
    assert session.cell(["a = 2", "b = a", "b"]) == {"value": "2"}
    assert session.cell(["a = 2", "b"]).keys() == {"error"}  # nothing is left of a cell taken away


def test_an_error_above_is_told_with_its_place_and_can_be_mended(session):
    report = session.cell(["a = 1", "1 / 0", "a"])
    assert report["above"] == 1
    assert "divided by 0" in report["error"]
    assert session.cell(["a = 1", "1 / 1", "a"]) == {"value": "1"}
    assert "error" in session.cell(["a = 1", "a = 5\nb"])
    assert session.cell(["a = 1", "a"]) == {"value": "1"}


def test_the_code_of_a_function_above_is_found_when_other_cells_have_run(session):
    define = "import inspect\ndef half(x):\n    return x / 2"
    report = session.cell([define, "a = 1", "inspect.getsource(half)"])
    assert ast.literal_eval(report["value"]) == "def half(x):\n    return x / 2\n"
    error = session.cell([define, "a = 1", "half('a')"])["error"]
    assert "line 3, in half\n    return x / 2" in error
    assert "your code" not in error + session.run("(")["error"]


def test_what_cannot_be_copied_is_made_anew(session):
    cells = ["numbers = (k for k in range(5))", "next(numbers)"]
    assert [session.cell(cells)["value"] for _ in range(2)] == ["0", "0"]


def test_figures_come_as_svg_and_are_closed(session):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    draw = "from pybackprop.course import plots\n_ = plots.activation_curves('sigmoid')"
    report = session.cell([draw, draw])
    assert [svg.startswith("<?xml") and "</svg>" in svg for svg in report["figures"]] == [True]
    assert pyplot.get_fignums() == []


def test_axes_from_above_are_not_copied(session):
    draw = "from matplotlib.figure import Figure\nax, seen = Figure().subplots(), []"
    session.cell([draw, "ax"])
    before = session.names["ax"], session.names["seen"]
    session.cell([draw, "len(seen)"])
    session.cell([draw, "len(seen)"])
    assert session.names["ax"] is before[0]
    assert session.names["seen"] is not before[1]


def test_a_stepper_comes_as_html_and_a_readers_text_does_not(session):
    make = "from pybackprop.course.steppers import activation_explorer\nactivation_explorer()"
    assert session.cell([make])["html"].startswith('<div class="pybackprop-interactive"')
    fake = "class Fake:\n    def to_html(self): return '<b>'\nFake()"
    assert session.cell([fake]).keys() == {"value"}


@pytest.mark.parametrize("kind", ["forward", "backward", "derivation", "gradient_check"])
def test_a_stepper_of_one_network_leads_to_the_same_with_other_numbers(session, kind):
    net = pb.Network([2, 3, 1], ["tanh"], "identity", "half_sse", fixed="b", rng=0)
    session.names |= {"net": net, "steppers": steppers}
    html = session.run(f"steppers.{kind}_stepper(net, [[0.5, 1 / 3]], [[1.0]])")["html"]
    address = re.search('data-address="(.*?)"', html)[1]
    state = read(unescape(address))
    assert state.errors == {}
    assert np.array_equal(state.net.params.theta, net.params.theta)
    assert (state.net.loss.name, state.net.fixed) == ("half_sse", net.fixed)
    assert state.trace.a[0].tolist() == [[0.5, 1 / 3]]
    assert (state.fields["show"], state.fields["phi1"]) == (kind.replace("_", "-"), "tanh")


def test_a_stepper_that_the_numbers_page_cannot_show_has_no_link(session):
    session.names |= {"net": pb.Network([9, 1], rng=0), "steppers": steppers}
    own = "steppers.activation_explorer([pb.Activation('mine', np.sin, lambda z, a: np.cos(z))])"
    for part in ("steppers.forward_stepper(net, np.ones(9), [1.0])", own):
        html = session.run(part)["html"]
        assert 'data-name="' in html
        assert "data-address" not in html


def test_a_package_that_an_answer_needs_is_named(session, monkeypatch):
    assert session.numbers("show=convolution", "")["errors"] == {}
    monkeypatch.setitem(sys.modules, "contourpy", None)
    assert session.numbers("show=race", "")["missing"] == "contourpy"


def test_a_missing_package_is_named_for_the_page(session):
    assert session.cell(["import not_there.part"])["missing"] == "not_there"
    assert "missing" not in session.cell(["from numpy import not_there"])


def test_an_error_in_a_checked_function_is_told_with_its_lines(session):
    code = "def sigmoid_prime(z):\n    a = z\n    return a.slope"
    report = session.check(code, "03-sigmoid_prime")
    assert report["status"] == "wrong"
    assert report["raised"].startswith("line 3, in sigmoid_prime\n    return a.slope")


def test_figures_are_imported_by_the_first_figure_alone():
    code = "import sys; from pybackprop.course import plots, steppers, exercises; "
    code += "sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Which cells can run


def test_a_cell_that_uses_what_a_cell_that_cannot_run_makes_cannot_run(monkeypatch):
    monkeypatch.setattr(builtins, "display", print, raising=False)  # as IPython leaves them
    cells = ["import torch as t", "a = t.ones(2)", "def f(): return a", "f()", "b = 1\nb", "!ls"]
    assert lacking(cells) == ["torch", "torch", "torch", "torch", "", "IPython"]
    assert lacking(["display(1)", "import threading", "x = y"]) == ["display", "threading", "y"]
    assert lacking(["from sklearn.datasets import load_digits, fetch_openml"]) == ["fetch_openml"]
    assert lacking(["from sklearn.svm import SVC"]) == ["sklearn"]
    assert lacking(["import math, json\nimport numpy.linalg", "from matplotlib import pyplot"]) == [
        "",
        "",
    ]
    assert lacking([]) == []
    assert lacking(["a = 1", "b = a", "a = 2", "c = 1"], endless=[0]) == [TIME, "", "", ""]
    assert lacking(["a = 1", "b = a", "c = b", "d = 1"], endless=[0]) == [TIME, TIME, TIME, ""]
