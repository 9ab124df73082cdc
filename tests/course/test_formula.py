"""Formulas of one line: read with patience, judged as code, their errors told in words."""

import numpy as np
import pytest

from pybackprop.course.exercises import EXERCISES, Code, judge
from pybackprop.course.exercises.checking import plain
from pybackprop.course.exercises.formula import expression_of, misfit, misread, written
from pybackprop.course.page_python.session import Session

FORMULAS = [item for item in EXERCISES.values() if isinstance(item, Code) and item.names]
BP2, BP4 = EXERCISES["03-hidden_delta"], EXERCISES["03-weight_gradient"]


def told(item, text):
    """Return what a page answers to a formula."""
    report = Session(print).check(text, item.id)
    return report["status"], report["mistake"], report["message"].split("\n")[0]


@pytest.mark.parametrize("item", FORMULAS, ids=lambda item: item.id)
def test_a_formula_is_judged_as_its_function_is(item):
    assert told(item, expression_of(item.solution))[0] == "passed"
    for other in item.alternatives:
        assert told(item, expression_of(other)) == ("passed", None, told_of(item, other)), other
    for mistake in item.mistakes:
        status, name, message = told(item, expression_of(mistake.wrong))
        assert (status, name, message) == ("mistake", mistake.name, plain(mistake.message))


def told_of(item, answer):
    return judge(item, answer).message


def test_there_is_a_formula_in_each_of_these_chapters():
    assert {item.id[:2] for item in FORMULAS} >= {"02", "03", "04", "09"}
    assert len(FORMULAS) >= 5


@pytest.mark.parametrize("item", FORMULAS, ids=lambda item: item.id)
def test_an_untouched_formula_is_not_attempted(item):
    for start in ("...", item.head):
        assert told(item, start)[0] == "not attempted"


@pytest.mark.parametrize(
    "text",
    [
        "delta2 @ W2 * dphi(z1)",
        "  return delta2 @ W2 * dphi(z1) ",
        "delta1 = delta2 @ W2 * dphi(z1);",
        "delta₂ @ W₂ · dphi(z₁)",
        "δ2 @ W2 ⊙ dphi(z1)",
        "(W2ᵀ @ δ2ᵀ)ᵀ × dphi（z1）",
        "dphi(z1) * np.dot(delta2, W2)",
        "def f(d, W, z, phi, dphi):\n    return d @ W * dphi(z)\n\n\nhidden_delta = f",
    ],
)
def test_a_right_formula_passes_however_it_is_typed(text):
    assert told(BP2, text)[0] == "passed"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no formula yet."),
        ("delta @ W2", "there is no name delta here; there are delta2, W2, z1, phi, dphi, np. "),
        ("delta2 @ W2 * dphi(q)", "there is no name q here; there are delta2, W2, z1, phi, dphi"),
        ("delta2 @ W2 * (1 - phi(z1)^2)", "^ is no power in Python: a power is **, as in z**2."),
        ("delta2 W2", "between delta2 and W2 an operator is missing: @, *, + or -?"),
        ("2delta2 @ W2", "between 2 and delta2 an operator is missing: @, *, + or -?"),
        ("(delta2 @ W2)dphi(z1)", "between ) and dphi an operator is missing: @, *, + or -?"),
        ("W2(delta2)", "W2 is no function: before the parenthesis an operator is missing."),
        ("2 (delta2 @ W2)", "2 is no function: before the parenthesis an operator is missing."),
        ("delta2 @ W2 * dphi(z1", "a bracket has no partner: there is one ( too many."),
        ("delta2 @ W2 * dphi(z1))", "a bracket has no partner: there is one ) too many."),
        ("delta2 @ @ W2", "Python cannot read this line: look for an operator or an operand"),
    ],
)
def test_what_is_no_formula_is_told_in_words(text, message):
    assert misread(BP2, text).startswith(message)
    status = "wrong" if text else "not attempted"
    assert told(BP2, text) == (status, None, misread(BP2, text))


def test_a_name_that_is_nearly_right_is_met_with_the_nearest():
    assert misread(BP2, "delta2 @ w2").endswith("Do you mean W2?")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "delta2 @ W2.T @ z1",
            "in delta2 @ W2.T the shapes do not fit: delta2 has the shape (3, 2), W2.T has (4, 2). "
            "In A @ B, A has as many columns as B has rows; .T swaps them.",
        ),
        (
            "(delta2 * W2) * np.exp(z1)",
            "in delta2 * W2 the shapes do not fit: delta2 has the shape (3, 2), W2 has (2, 4). "
            "* multiplies entry by entry; the product of matrices is @.",
        ),
        (
            "delta2 @ W2 + z1.T",
            "in delta2 @ W2 + z1.T the shapes do not fit: delta2 @ W2 has the shape (3, 4), z1.T "
            "has (4, 3).",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_told_with_the_shapes(text, message):
    status, name, said = told(BP2, text)
    assert (status, name) == ("wrong", None)
    assert said == message


def test_in_a_notebook_the_words_are_the_same():
    def hidden_delta(delta2, W2, z1, phi, dphi):
        return delta2 @ W2.T + z1

    def weight_gradient(delta2, a1):
        return delta1.T @ a1  # noqa: F821, a name that is not there

    assert judge(BP2, hidden_delta).message.startswith("in delta2 @ W2.T the shapes do not fit")
    said = judge(BP4, weight_gradient).message
    assert said.startswith("there is no name delta1 here; there are delta2, a1, np.")
    assert "Do you mean delta2?\non the input\ndelta2 = [[" in said


def test_a_formula_without_text_is_judged_all_the_same():
    scope = {}
    exec("def weight_gradient(delta2, a1): return delta3.T @ a1", scope)
    assert "NameError" in judge(BP4, scope["weight_gradient"]).message
    assert expression_of(scope["weight_gradient"]) == ""


def test_what_is_written_and_what_fits():
    assert written("x² ÷ 2 − φ") == "x**2 / 2 - phi"
    assert written("a == b") == "a == b"
    assert misfit("a @ a.T", {"a": np.ones((2, 3))}) == ""
    assert misfit("f(a)", {"a": 1, "f": "no function"}) == ""
