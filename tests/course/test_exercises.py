"""Every exercise in the catalog proves itself here; a new one needs no test of its own."""

import json
import re
import time
from html.parser import HTMLParser
from itertools import combinations

import numpy as np
import pytest

from pybackprop.course import exercises as ex
from pybackprop.course.exercises import EXERCISES, Choice, Code, Mistake, Numeric, Option, checking
from pybackprop.course.exercises.checking import difference, fits, judge
from pybackprop.course.exercises.model import problems

CODES = [pytest.param(e, id=e.id) for e in EXERCISES.values() if isinstance(e, Code)]
NUMERICS = [pytest.param(e, id=e.id) for e in EXERCISES.values() if isinstance(e, Numeric)]
MISTAKES = [
    pytest.param(e, mistake, id=f"{e.id}: {mistake.name}")
    for e in EXERCISES.values()
    if isinstance(e, Code)
    for mistake in e.mistakes
]
ALTERNATIVES = [
    pytest.param(e, other, id=f"{e.id}-{k}")
    for e in EXERCISES.values()
    if isinstance(e, Code)
    for k, other in enumerate(e.alternatives, start=1)
]


def exercise(**changes):
    """Return a small code exercise: double(x), with some fields changed."""
    fields = {
        "id": "00-double",
        "title": "Doubling",
        "question": "Write <code>double(x)</code>.",
        "cases": lambda rng: [(np.array([0.0, 1.0]),), (rng.normal(size=(2, 3)),)],
        "solution": lambda x: 2 * x,
        "alternatives": [lambda x: x + x],
        "mistakes": [
            Mistake(f"times {k}", lambda x, k=k: k * x, f"that is {k} times x.")
            for k in (0, 1, 3, 4, 5)
        ],
        "hints": ["one", "two", "three"],
        "reason": "twice",
    }
    return Code(**fields | changes)


# Every exercise of the catalog


@pytest.mark.parametrize("item", EXERCISES.values(), ids=EXERCISES)
def test_exercise_is_complete(item):
    assert problems(item) == []
    assert item.id[:2] in {f"{chapter:02}" for chapter in range(1, 10)}


@pytest.mark.parametrize("item", CODES)
def test_untouched_stub_is_not_attempted(item):
    verdicts = []
    exec(item.stub, {"check": lambda answer: verdicts.append(judge(item, answer))})
    assert [verdict.status for verdict in verdicts] == ["not attempted"]


@pytest.mark.parametrize("item", CODES)
def test_solution_passes(item):
    verdict = judge(item, item.solution)
    assert verdict.status == "passed", verdict


@pytest.mark.parametrize(("item", "other"), ALTERNATIVES)
def test_right_answer_written_differently_passes(item, other):
    verdict = judge(item, other)
    assert verdict.status == "passed", verdict


def convert(value, how):
    """Return a result with each of its arrays converted."""
    if isinstance(value, tuple | list):
        return [convert(part, how) for part in value]
    if isinstance(value, dict):
        return {key: convert(part, how) for key, part in value.items()}
    return how(value) if isinstance(value, np.ndarray | np.floating) else value


@pytest.mark.parametrize("item", CODES)
@pytest.mark.parametrize("how", [lambda a: a.tolist(), lambda a: a.astype(np.float32)])
def test_lists_and_float32_pass(item, how):
    verdict = judge(item, lambda *case: convert(item.solution(*case), how))
    assert verdict.status == "passed", verdict


@pytest.mark.parametrize(("item", "mistake"), MISTAKES)
def test_known_mistake_is_named_with_its_own_message(item, mistake):
    verdict = judge(item, mistake.wrong)
    assert (verdict.status, verdict.mistake) == ("mistake", mistake.name), verdict
    assert verdict.message == checking.plain(mistake.message)


@pytest.mark.parametrize("item", CODES)
def test_no_two_mistakes_are_confused(item):
    cases = item.fixed_cases()
    for one in item.mistakes:
        given, problem = [], None
        with np.errstate(all="ignore"):
            for case in item.fixed_cases():
                try:
                    given.append(one.wrong(*case))
                except ValueError as error:
                    problem = error
                    break
        made = (cases, given, item.tolerance, problem)
        assert given
        assert [m.name for m in item.mistakes if fits(m.wrong, *made)] == [one.name]
        assert not fits(item.solution, *made)


@pytest.mark.parametrize("item", CODES)
def test_verdict_on_a_wrong_answer_does_not_hold_the_solution(item):
    text = str(judge(item, lambda *case: "nonsense"))
    assert "nonsense" in text or "not a str" in text
    assert item.data()["solution"] not in text


@pytest.mark.parametrize("item", NUMERICS)
def test_no_variant_confuses_answer_and_mistakes(item):
    data = item.data()
    assert len({json.dumps(v["question"]) for v in data["variants"]}) == len(data["variants"]) >= 4
    for variant in data["variants"]:
        values = [variant["answer"], *variant["mistakes"]]
        for one, other in combinations(values, 2):
            if isinstance(one, list):
                assert one != other
            else:
                assert abs(one - other) > 2 * data["tolerance"]
        assert len(variant["mistakes"]) == len(data["messages"]) >= 3


def texts(item):
    """Return all HTML that a reader may see of an exercise, by what it is."""
    data = item.data()
    found = [("title", data["title"])]
    found += [("reply", message) for message in data.get("messages", ())]
    found += [("reply", mistake.message) for mistake in getattr(item, "mistakes", ())]
    for shown in [data, *data.get("variants", ())]:
        found += [("prose", shown[key]) for key in ("question", "solution") if key in shown]
        found += [("prose", hint) for hint in shown.get("hints", ())]
        for option in shown.get("options", ()):
            found += [("option", option["text"]), ("reply", option["reply"])]
    return found


class Balance(HTMLParser):
    """Complains of a tag that is not closed, and of a stray "<"."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, text):
        self.wrong += ["<"] * text.count("<")


def faults(kind, text):
    """Return what is wrong with the form of a text."""
    balance = Balance()
    balance.feed(text)
    balance.close()
    found = balance.wrong + [f"<{tag}> is open" for tag in balance.open]
    if "{" in text and "<pre" not in text:
        found.append("a brace")
    if "<code>" not in text and "<pre" not in text and re.search(r"(?<![\w–-])-\d", text):
        found.append("a hyphen for a minus sign")
    words = checking.plain(text)
    if kind == "reply" and (
        re.match(r"(?!Adam )[A-Z][a-z]", words) or not words.endswith((".", "?"))
    ):
        found.append("a reply starts with a small letter and ends with a full stop")
    return found


@pytest.mark.parametrize("item", EXERCISES.values(), ids=EXERCISES)
def test_texts_are_well_formed(item):
    wrong = [(text, found) for kind, text in texts(item) if (found := faults(kind, text))]
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("prose", "<var>a"),
        ("prose", "<b>a</i>"),
        ("prose", "if a < b"),
        ("prose", "z = {z}"),
        ("prose", "z = -0.5"),
        ("reply", "That is it."),
        ("reply", "that is it"),
    ],
)
def test_a_malformed_text_is_seen(kind, text):
    assert faults(kind, text)


def test_the_course_has_enough_exercises():
    assert len(EXERCISES) >= 45
    assert {item.kind for item in EXERCISES.values()} == {"numeric", "choice", "code"}
    assert {item.id[:2] for item in EXERCISES.values()} == {f"{n:02}" for n in range(1, 10)}


# The machinery, with planted errors


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mistakes": []}, "0 mistakes; at least 5"),
        ({"hints": ["one"]}, "1 hints in place of 3"),
        ({"alternatives": []}, "no alternative"),
        (
            {"mistakes": [Mistake("same", lambda x, k=k: k * x, "") for k in range(5)]},
            "share a name",
        ),
    ],
)
def test_incomplete_exercise_is_found(changes, message):
    assert message in " ".join(problems(exercise(**changes)))
    assert problems(exercise()) == []


def test_mistakes_that_cannot_be_told_apart_are_found():
    item = Numeric(
        id="00-same",
        title="",
        question="{x}",
        draw=lambda rng: {"x": round(float(rng.uniform(1, 2)), 3)},
        answer=lambda x: x,
        digits=3,
        mistakes=[Mistake("double", lambda x: 2 * x, ""), Mistake("sum", lambda x: x + x, "")],
        hints=["", "", ""],
        solution="{answer}",
    )
    few, alike = problems(item)
    assert "2 mistakes; at least 3" in few
    assert "double" in alike
    assert "sum" in alike


def test_a_repeated_id_is_refused():
    with pytest.raises(ValueError, match="two exercises have the id '00-double'"):
        ex.by_id([exercise(), exercise()])


def test_wrong_answer_shows_the_smallest_failing_input():
    verdict = judge(exercise(), lambda x: 2 * x + (x == 1))
    assert verdict.status == "wrong"
    assert "input     x = [0. 1.]\nexpected  [0. 2.]\ngot       [0. 3.]" in verdict.message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: (2 * x)[None], r"the shape is \(1, 2\); it should be \(2,\)"),
        (lambda x: 2 * x.sum(), r"the shape is \(\); it should be \(2,\)"),
        (lambda x: "text", "it should be an array of shape .* not a str"),
        (lambda x: x / 0, "the values differ"),
        (lambda x: x[7], "it raised IndexError: .*\non the input\n"),
        (lambda: 1, "it raised TypeError"),
        (7, "this is an int, not a function"),
    ],
)
def test_what_a_wrong_answer_is_told(answer, message):
    verdict = judge(exercise(), answer)
    assert verdict.status == "wrong"
    assert "Traceback" not in verdict.message
    assert re.search(message, verdict.message), verdict.message


def test_a_runaway_answer_is_stopped():
    def forever(x):
        while True:
            pass

    start = time.perf_counter()
    verdict = judge(exercise(), forever, seconds=0.2)
    assert time.perf_counter() - start < 5
    assert "stopped after 0.2 seconds" in verdict.message


def test_arguments_stay_and_changing_them_is_a_mistake():
    def in_place(x):
        x *= 2
        return x

    verdict = judge(exercise(), in_place)
    assert verdict.mistake == "changes its input"
    assert "first argument" in verdict.message
    assert judge(exercise(), exercise().solution).status == "passed"


def test_not_implemented_counts_as_not_attempted():
    def stub(x):
        raise NotImplementedError

    assert judge(exercise(), stub).status == "not attempted"


@pytest.mark.parametrize(
    ("given", "expected", "found"),
    [
        (1.0, 1.0 + 1e-12, ""),
        (np.float32(1 / 3), 1 / 3, ""),
        (1.0, 1.1, "the values differ"),
        (np.nan, np.nan, ""),
        (np.inf, 1.0, "the values differ"),
        ((1.0, [2.0]), (1.0, np.array([2.0])), ""),
        ((1.0,), (1.0, 2.0), "it should return 2 results"),
        ((1.0, 3.0), (1.0, 2.0), "result 2: the values differ"),
        ({"W": 1.0}, {"W": 1.0, "b": 2.0}, "a dict with the keys ['W', 'b']"),
        ({"W": 2.0}, {"W": 1.0}, "entry 'W': the values differ"),
        ([[1.0], [1.0, 2.0]], np.ones((2, 1)), "it should be an array"),
        (True, True, ""),
        (False, True, "the values differ"),
    ],
)
def test_difference(given, expected, found):
    result = difference(given, expected, 1e-8)
    assert result == "" if found == "" else found in result


def test_check_finds_the_exercise_and_notes_progress(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    item = EXERCISES["03-sigmoid_prime"]

    def sigmoid_prime(z):
        return z

    assert ex.check(sigmoid_prime).status == "wrong"
    assert ex.read_progress() == {item.id: "tried"}
    assert ex.check(item.solution, "03-sigmoid_prime").status == "passed"
    assert ex.check(sigmoid_prime).status == "wrong"
    assert ex.read_progress() == {item.id: "solved"}
    assert json.loads((tmp_path / checking.PROGRESS).read_text()) == {item.id: {"status": "solved"}}
    for unreadable in ("not JSON", "[]", '{"03-sigmoid_prime": "solved"}', '{"x": {}}'):
        (tmp_path / checking.PROGRESS).write_text(unreadable)
        assert ex.read_progress() == {}
    assert ex.check(item.solution).status == "passed"

    def sigmoid_prim(z):
        return z

    with pytest.raises(ValueError, match="did you mean 'sigmoid_prime'"):
        ex.check(sigmoid_prim)


def test_choice_order_does_not_give_the_answer_away():
    choices = [
        Choice(
            id=f"00-{k}",
            title="",
            question="",
            right=Option("r", ""),
            wrong=[Option("a", ""), Option("b", "")],
            hints=[],
        )
        for k in range(20)
    ]
    assert {choice.data()["right"] for choice in choices} == {0, 1, 2}
    assert all(c.data()["options"][c.data()["right"]]["text"] == "r" for c in choices)


# Displays


def test_what_check_has_noted_shows_live_and_stays_out_of_the_book(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYBACKPROP_STATIC", raising=False)
    ex.check(EXERCISES["03-sigmoid_prime"].solution)
    assert ex.exercise("03-sigmoid_prime").data["solved"] is True
    assert ex.progress().data == {"checked": {"03-sigmoid_prime": "solved"}}
    monkeypatch.setenv("PYBACKPROP_STATIC", "1")
    assert "solved" not in ex.exercise("03-sigmoid_prime").data
    assert ex.progress().data == {"checked": {}}


@pytest.mark.parametrize("item", EXERCISES.values(), ids=EXERCISES)
def test_display_is_the_same_every_time_and_gives_nothing_away_unfolded(item, monkeypatch):
    monkeypatch.setenv("PYBACKPROP_STATIC", "1")
    display = ex.exercise(item.id)
    assert display.to_html() == ex.exercise(item.id).to_html()
    unfolded = re.sub(r"<details.*?</details>", "", display.poster, flags=re.S)
    solution = re.search(r'class="pb-solution">.*?<div>(.*)</div></details>', display.poster, re.S)
    assert solution
    assert solution[1] not in unfolded
    assert item.id in repr(display)


def test_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean '03-output-delta'"):
        ex.exercise("03-output-detla")


def test_the_verdict_is_wrapped_and_reads_as_text():
    verdict = judge(EXERCISES["02-softmax_cross_entropy"], lambda Z, Y: (0.0, Z))
    assert max(map(len, repr(verdict).split("\n")[:2])) <= 79
    assert repr(verdict).startswith("✗ Not yet: ")


def test_a_mistake_that_raises_on_some_inputs_is_named():
    item = EXERCISES["01-sigmoid_layer"]
    verdict = judge(item, lambda A, W, b: 1 / (1 + np.exp(-(A @ W + b))))
    assert verdict.mistake == "no transpose"
    assert judge(item, lambda A, W, b: A @ b @ W).status == "wrong"  # raises elsewhere


# Numbers as a reader sees them


def test_a_shape_is_an_answer():
    data = EXERCISES["01-shape-of-w"].data()
    assert all(len(v["answer"]) == 2 for v in data["variants"])
    assert data["variants"][0]["answer"] in [[n, k] for n in range(12) for k in range(12)]


def test_an_answer_counts_when_it_is_right_to_the_digits_asked():
    for item in EXERCISES.values():
        if isinstance(item, Numeric) and item.digits:
            for inputs in item.variants():
                answer = item.answer(**inputs)
                assert abs(round(answer, item.digits) - answer) <= item.tolerance
