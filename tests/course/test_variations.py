"""One change in a right program is told, at whatever place; the measure counts what is told."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from pybackprop.course.exercises import EXERCISES, Code, judge, measure
from pybackprop.course.exercises.checking import results_of
from pybackprop.course.exercises.values import difference
from pybackprop.course.exercises.variations import KINDS, variations

CODES = [item for item in EXERCISES.values() if isinstance(item, Code)]
TOLD_APART = [item for item in CODES if item.id != "07-wrong_entries"]  # booleans say too little


def area(x, y):
    total = -(x + y) / (x * y)
    return total * np.exp(x) if x > y else (x - 1) ** 2


def what_it_gives(kind, *arguments):
    """Return what the variations of one kind give, and what they show."""
    with np.errstate(all="ignore"):
        found = [one for one in variations(area) if one.name == kind]
        return {one.shown: one.program(*arguments) for one in found}


def test_each_kind_of_change_is_made():
    made = {one.name for one in variations(area)}
    assert made <= set(KINDS)
    assert {"a sign", "parentheses", "a factor", "a term", "an operation", "a comparison"} <= made
    assert {"a function", "a power", "an order", "a name"} <= made


def test_a_change_gives_what_a_reader_would_get():
    x, y = 2.0, 0.5
    right = area(x, y)
    signs = what_it_gives("a sign", x, y)
    assert signs["x + y"] == -right
    parentheses = list(what_it_gives("parentheses", x, y).values())
    assert (-x + y) / (x * y) * np.exp(x) in parentheses
    assert pytest.approx(-(x + y) / x * y * np.exp(x)) in parentheses
    assert what_it_gives("a comparison", x, y) == {"x < y": 1.0}


double = [lambda x: 2 * x, lambda y: y][0]
alone = lambda x: 2 - x  # noqa: E731


def test_a_lambda_is_varied_where_its_text_is_found():
    assert {one.program(np.float64(3)) for one in variations(alone)} >= {5, 1, -3}
    assert {one.program(np.float64(3)) for one in variations(double)} >= {5, 2 / 3, 2, 3}


def test_lambdas_closures_and_what_has_no_source_have_none():
    y = 1
    assert variations(lambda x: x + y) == ()
    assert variations(np.sin) == ()
    assert variations(eval("lambda x: x")) == ()


@pytest.mark.parametrize("item", CODES, ids=lambda item: item.id)
def test_no_change_shows_the_right_line(item):
    lines = {line.strip() for line in item.data()["solution"].splitlines()}
    for one in variations(item.solution):
        assert one.shown not in lines


@pytest.mark.slow
@pytest.mark.parametrize("item", TOLD_APART, ids=lambda item: item.id)
def test_a_change_is_told_and_never_passes(item):
    cases = item.fixed_cases()
    right = results_of(item.solution, cases)
    every = [one for base in (item.solution, *item.alternatives) for one in variations(base)]
    chosen = np.random.default_rng(0).permutation(len(every))[:30]
    wrong = told = 0
    for one in (every[k] for k in chosen):
        with warnings.catch_warnings(action="ignore"):
            given = results_of(one.program, cases)
        if given is None:
            continue
        verdict = judge(item, one.program)
        pairs = list(zip(given, right, strict=True))
        off = any(difference(x, y, item.tolerance) for x, y in pairs)
        assert bool(verdict) != off or verdict.mistake == "changes its input"
        wrong += off
        told += off and bool(verdict.mistake or verdict.way)
    assert told >= 0.9 * wrong > 0


# The measure

SAMPLE = Path(__file__).parent / "answers" / "sample.json"


def test_the_measure_counts(capsys):
    answers = [
        {"exercise": "03-sigmoid_prime", "answer": text, "right": right, **more}
        for text, right, more in [
            ("def sigmoid_prime(z): return np.exp(-z) / (1 + np.exp(-z)) ** 2", True, {}),
            ("def sigmoid_prime(z): return np.cos(z)", True, {}),
            ("def sigmoid_prime(z): return z * (1 - z)", False, {"mistake": ["z in place of a"]}),
            ("def sigmoid_prime(z): return z * (1 - z)", False, {"mistake": []}),
            ("def sigmoid_prime(z): return z * (1 - z)", False, {}),
            ("def sigmoid_prime(z): return np.cos(z)", False, {}),
            ("def sigmoid_prime(z): return 5 * np.exp(-z) / (1 + np.exp(-z)) ** 2", False, {}),
            ("def sigmoid_prime(z): return np.exp(-z) / (1 + np.exp(-z)) ** 2", False, {}),
            ("def sigmoid_prime(z: return z", False, {}),
            ("def sigmoid(z): return z", False, {}),
        ]
    ]
    counts = measure.count(answers)
    assert counts == {
        "right passed": 1,
        "right unnamed": 1,
        "wrong named": 3,
        "wrong misnamed": 1,
        "wrong unnamed": 1,
        "wrong passed": 1,
        "wrong unread": 2,
    }
    lines = measure.table(answers).splitlines()
    assert lines[0].split()[-3:] == ["3", "50.0", "%"]
    assert lines[6].split()[-3:] == ["1", "50.0", "%"]
    assert lines[7].endswith(" 2")


def test_the_measure_reads_numbers_shapes_and_options():
    data = EXERCISES["03-output-delta"].data()["variants"][2]
    number = {"exercise": "03-output-delta", "variant": 2}
    assert measure.told(number | {"answer": f"{data['answer']:.4f}"}) == ("passed", "")
    assert measure.told(number | {"answer": f"{data['mistakes'][0]:.6f}"}) == ("named", "no slope")
    assert measure.told(number | {"answer": f"{5.5 * data['answer']:.4f}"}) == ("unnamed", "")
    assert measure.told(number | {"answer": f"{10 * data['answer']:.6f}"})[0] == "way"
    assert measure.told(number | {"answer": "many"}) == ("unread", "")
    rows, columns = EXERCISES["01-shape-of-w"].data()["variants"][0]["answer"]
    shape = {"exercise": "01-shape-of-w"}
    assert measure.told(shape | {"answer": f"({rows}, {columns})"}) == ("passed", "")
    assert measure.told(shape | {"answer": f"[{columns}, {rows}]"}) == ("named", "transposed")
    item = EXERCISES["03-sign-of-delta"]
    option = {"exercise": item.id}
    assert measure.told(option | {"answer": item.right.text}) == ("passed", "")
    assert measure.told(option | {"answer": item.wrong[0].text})[0] == "named"


def test_the_command_prints_the_figures(capsys):
    assert measure.main([str(SAMPLE)]) == 0
    assert "wrong answers whose mistake is named" in capsys.readouterr().out
    assert measure.main([]) == 2


def test_of_the_sample_no_wrong_answer_passes_and_no_right_one_is_refused():
    counts = measure.count(json.loads(SAMPLE.read_text(encoding="utf-8")))
    assert counts["wrong passed"] == counts["wrong misnamed"] == counts["wrong unread"] == 0
    assert {name for name in counts if name.startswith("right")} == {"right passed"}


# The set kept apart. Its answers were written from questions and right programs alone, before
# anybody looked at what is told of them. No mistake, message or exercise is ever written from it.

APART = Path(__file__).parent / "answers" / "apart.json"


def test_the_set_kept_apart_is_large_and_covers_every_kind():
    answers = json.loads(APART.read_text(encoding="utf-8"))
    assert sum(not one["right"] for one in answers) >= 150
    right = [EXERCISES[one["exercise"]] for one in answers if one["right"]]
    programs = [item for item in right if item.kind == "code"]
    assert len(programs) >= 300
    assert {item.id for item in programs} == {
        item.id for item in EXERCISES.values() if item.kind == "code"
    }
    assert {one["exercise"][:2] for one in answers} == {f"{n:02}" for n in range(1, 17)}
    assert {EXERCISES[one["exercise"]].kind for one in answers} == {"code", "numeric"}


def test_the_numbers_that_were_answered_are_those_still_asked():
    """Where this fails, an exercise draws other numbers: its answers go, or are given anew."""
    answers = json.loads(APART.read_text(encoding="utf-8"))
    shown = {one["exercise"]: one["shown"] for one in answers if "shown" in one}
    asked = {name: EXERCISES[name].data()["variants"][0]["question"] for name in shown}
    assert asked == shown


@pytest.mark.slow
def test_the_figures_of_the_set_kept_apart_reach_their_goals():
    counts = measure.count(json.loads(APART.read_text(encoding="utf-8")))
    wrong = sum(n for name, n in counts.items() if name.startswith("wrong"))
    assert counts["wrong passed"] == counts["wrong unread"] == 0
    assert {name for name in counts if name.startswith("right")} == {"right passed"}
    assert counts["wrong named"] >= 0.85 * wrong
    assert counts["wrong misnamed"] <= 0.02 * wrong
