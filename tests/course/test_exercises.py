"""Every exercise in the catalog proves itself here; a new one needs no test of its own."""

import functools
import itertools
import json
import re
import sys
import tempfile
import time
from html.parser import HTMLParser
from inspect import signature
from itertools import combinations
from pathlib import Path

import hypothesis.extra.numpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybackprop.course import exercises as ex
from pybackprop.course.exercises import (
    EXERCISES,
    Choice,
    Code,
    Mistake,
    Numeric,
    Option,
    Verdict,
    checking,
)
from pybackprop.course.exercises.checking import attempt, fits, judge
from pybackprop.course.exercises.model import problems
from pybackprop.course.exercises.progress_file import PROGRESS, note_progress, read_progress
from pybackprop.course.exercises.values import difference, taken_in

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
    assert item.id[:2] in {f"{chapter:02}" for chapter in range(1, 17)}


@pytest.mark.parametrize("item", CODES)
def test_untouched_stub_is_not_attempted_and_a_given_program_is_a_known_mistake(item):
    verdicts = []
    exec(item.stub, {"np": np, "check": lambda answer: verdicts.append(judge(item, answer))})
    wanted = judge(item, item.given or (lambda *case: ...))
    assert verdicts == [wanted]
    assert wanted.status in (["not attempted", "mistake"] if item.given else ["not attempted"])


def double_given(x):
    """Return twice x."""
    return x + 2


def test_a_given_program_is_what_the_reader_starts_from():
    item = exercise(given=double_given)
    assert item.head == 'def double(x):\n    """Return twice x."""\n    return x + 2'
    assert exercise().head == "def double(x):\n    ..."
    item = exercise(id="00-sigmoid_plus", solution=double_given)
    assert item.head == 'def sigmoid_plus(x):\n    """Return twice x."""\n    ...'


@pytest.mark.parametrize("item", CODES)
def test_solution_passes(item):
    verdict = judge(item, item.solution)
    assert verdict.status == "passed", verdict


@pytest.mark.parametrize(("item", "other"), ALTERNATIVES)
def test_right_answer_written_differently_passes(item, other):
    verdict = judge(item, other)
    assert verdict.status == "passed", verdict


# What a question says of its arguments. A right program may lean on it.


def shares(rows):
    """Whether each row could come from a softmax."""
    return (rows > 0).all() and np.allclose(rows.sum(axis=1), 1)


def yes_or_no(y):
    """Whether each target is 0 or 1, as bce has them."""
    return np.isin(y, [0, 1]).all()


def chances(y):
    """Whether each target is a number from 0 to 1."""
    return ((y >= 0) & (y <= 1)).all()


def one_hot(y):
    """Whether each row has one 1 and no more."""
    return yes_or_no(y) and (y.sum(axis=1) == 1).all()


SAID = {
    "02-binary_cross_entropy": {"Y": chances},
    "02-bce_slopes": {"Y": yes_or_no},
    "02-cross_entropy_of_classes": {"A": shares},
    "02-fused_delta": {"a": shares, "y": one_hot},
    "02-softmax_cross_entropy": {"Y": one_hot},
    "03-mended_gradients": {"Y": yes_or_no},
    "03-softmax_delta": {"a": shares},
    "03-backward_pass": {"y": yes_or_no},
    "03-one_step": {"Y": yes_or_no},
    "05-share_right": {"Y": one_hot},
    "06-train_once": {"y": yes_or_no},
    "06-loss_after": {"y": yes_or_no},
    "14-attention_pullback": {"a": shares},
}
SAYING = r"one-hot|probabilit|outputs? of (a )?softmax|weights of the forward pass"
SAYING += r"|loss (is )?<code>bce|[Bb]inary|cross-entropies of the outputs|softmax output"


@pytest.mark.parametrize("item", CODES)
def test_the_inputs_tried_are_what_the_question_says(item):
    said = SAID.get(item.id, {})
    question = item.data()["question"] + item.title
    assert bool(said) == bool(re.search(SAYING, question))
    for case in item.fixed_cases():
        arguments = dict(zip(signature(item.solution).parameters, case, strict=True))
        for name, holds in said.items():
            assert holds(arguments[name]), (name, arguments[name])


def test_inputs_that_are_not_as_said_are_seen():
    assert shares(np.array([[0.2, 0.8]]))
    assert not shares(np.array([[0.2, 0.9]]))
    assert chances(np.array([0.0, 0.7]))
    assert not chances(np.array([0.0, 1.7]))
    assert not yes_or_no(np.array([0.0, 0.7]))
    assert not one_hot(np.array([[1.0, 1.0], [1.0, 0.0]]))


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
    verdict = judge(item, item.program(mistake))
    assert (verdict.status, verdict.mistake) == ("mistake", mistake.name), verdict
    assert verdict.message == checking.plain(mistake.message)


@pytest.mark.parametrize("item", CODES)
def test_no_two_mistakes_are_confused(item):
    cases = item.fixed_cases()
    for one in item.mistakes:
        made = attempt(item.program(one), cases, seconds=60)
        assert made.given
        fitting = [
            m.name for m in item.mistakes if fits(item.program(m), cases, made, item.tolerance)
        ]
        assert fitting == [one.name]
        assert not fits(item.solution, cases, made, item.tolerance)


@pytest.mark.slow
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
        named = variant["mistakes"][: len(item.mistakes)]
        assert None not in named
        values = [v for v in [variant["answer"], *variant["mistakes"]] if v is not None]
        for one, other in combinations(values, 2):
            if isinstance(one, list):
                assert one != other
            else:
                assert abs(one - other) > 2 * data["tolerance"]
        assert len(variant["mistakes"]) == len(data["messages"]) > len(named) >= 3


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
    chapters = {
        path.name[:2] for path in (Path(__file__).parents[2] / "book").glob("[0-9][0-9]_*.ipynb")
    }
    assert {item.id[:2] for item in EXERCISES.values()} == chapters


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


def test_two_functions_of_one_name_are_refused():
    # check(double) could only ever find one of the two exercises.
    with pytest.raises(ValueError, match="'00-double' and '01-double' ask for functions of one"):
        ex.by_id([exercise(), exercise(id="01-double")])


def test_wrong_answer_shows_the_smallest_failing_input():
    def off_at_one(x):
        return 2 * x + (x == 1)

    # as a closure its text says nothing, so that no place in it is told
    verdict = judge(exercise(), lambda x: off_at_one(x))
    assert verdict.status == "wrong"
    assert "input     x = [0. 1.]\nexpected  [0. 2.]\ngot       [0. 3.]" in verdict.message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: (2 * x)[None], r"the shape is \(1, 2\); it should be \(2,\)"),
        (lambda x: 2 * x.sum(), r"the shape is \(\); it should be \(2,\)"),
        (lambda x: "text", "it should be an array of shape .* not a str"),
        (lambda x: x / 0, "there is NaN in it"),
        (lambda x: np.cos(x), "the values differ"),
        (lambda x: x[7], "it raised IndexError: .*\non the input\n"),
        (lambda: 1, "it raised TypeError"),
        (7, "this is an int, not a function"),
    ],
)
def test_what_a_wrong_answer_is_told(answer, message):
    # as a closure its text says nothing, so that no place in it is told
    verdict = judge(exercise(), (lambda *x: answer(*x)) if callable(answer) else answer)
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
        ((1.0,), (1.0, 2.0), "it should be 2 results, not 1 result"),
        (np.ones((2, 3)), (np.ones(3), np.ones(3)), ""),
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
    assert json.loads(PROGRESS.read_text()) == {item.id: {"status": "solved"}}

    def sigmoid_prim(z):
        return z

    with pytest.raises(ValueError, match="did you mean 'sigmoid_prime'"):
        ex.check(sigmoid_prim)


class Hostile:
    """An answer for which everything that Python may ask of it raises."""

    def __getattribute__(self, name):
        raise ValueError(f"no {name}")

    def raises(self, *others):
        raise ValueError("no")

    __array__ = __eq__ = __bool__ = __repr__ = __str__ = __len__ = __iter__ = __hash__ = raises
    __float__ = __index__ = __deepcopy__ = __copy__ = __reduce_ex__ = __getitem__ = raises


class HostileError(Exception):
    def __str__(self):
        raise self


class HostileList(list):
    def __iter__(self):
        return itertools.count()

    def __len__(self):
        raise ValueError("no")


class HostileType(type):
    @property
    def __name__(cls):
        raise ValueError("no")


class OfHostileType(metaclass=HostileType):
    pass


class FakeClass:
    __class__ = property(Hostile.raises)


def endless_list():
    values = []
    values.append(values)
    return values


def raise_hostile(x):
    raise HostileError


def quiet_recursion(x):
    return quiet_recursion(x)


def spoil(x):
    x[:] = np.nan
    return x


async def later(x):
    return 2 * x


HOSTILE = {
    "everything raises": lambda x: Hostile(),
    "a list of them": lambda x: [Hostile(), Hostile()],
    "a dict of them": lambda x: {"a": Hostile(), OfHostileType(): 1},
    "an array of them": lambda x: np.array([Hostile(), 1], dtype=object),
    "its type raises": lambda x: OfHostileType(),
    "its class raises": lambda x: FakeClass(),
    "a list that never ends": lambda x: HostileList([1.0]),
    "a list in itself": lambda x: endless_list(),
    "an endless iterator": lambda x: itertools.count(),
    "a generator": lambda x: (2 * v for v in x),
    "a coroutine": later,
    "a huge array": lambda x: np.zeros((10**5, 10**5)),
    "a huge view": lambda x: np.broadcast_to(1.0, (10**7, 10**7)),
    "a huge list": lambda x: [0] * 10**7,
    "a huge number": lambda x: 10**5000,
    "a long text": lambda x: "x" * 10**7,
    "ragged rows": lambda x: [[1.0], [1.0, 2.0]],
    "dates": lambda x: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "a record": lambda x: np.zeros(2, dtype=[("a", float)]),
    "complex numbers": lambda x: 2j * x,
    "booleans": lambda x: x > 0,
    "text": lambda x: "2x",
    "an array of text": lambda x: x.astype(str),
    "a set": lambda x: {1, 2},
    "a class": lambda x: Hostile,
    "a function": lambda x: np.sin,
    "itself": lambda x: HOSTILE["itself"],
    "nothing at times": lambda x: None if x.ndim == 1 else np.cos(x),
    "its arguments spoiled": spoil,
    "an error that raises": raise_hostile,
    "an exit": lambda x: sys.exit(3),
    "an interrupt": lambda x: (_ for _ in ()).throw(KeyboardInterrupt),
    "a stop": lambda x: next(iter(())),
    "recursion": quiet_recursion,
    "a memory error": lambda x: [0] * 10**18,
}


@pytest.mark.slow
@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("expected", ["array", "number", "text", "boolean", "results", "dict"])
def test_nothing_is_raised_for_a_wrong_answer(answer, expected):
    solutions = {
        "array": lambda x: 2 * x,
        "number": lambda x: float(x.sum()) + 0.5,
        "text": lambda x: "yes" if x.sum() > 0 else "no",
        "boolean": lambda x: bool(x.sum() > -1e9),
        "results": lambda x: (2 * x, 0.5, "yes"),
        "dict": lambda x: {"a": 2 * x, 1: [True, None]},
    }
    verdict = judge(exercise(solution=solutions[expected]), answer)
    assert verdict.status == "wrong" or verdict.mistake == "no return"
    assert not verdict
    assert len(repr(verdict)) < 3000
    assert "0x" not in repr(verdict)
    assert "pickle" not in repr(verdict)


def test_what_is_no_function_is_told_so():
    for answer in (Hostile(), np.ones(3), None, "double", 3):
        assert "not a function" in judge(exercise(), answer).message
        with pytest.raises(TypeError, match="pass the function itself"):
            ex.check(answer)
    with pytest.raises(TypeError, match="name the exercise"):
        ex.check(lambda z: z)
    with pytest.raises(TypeError, match="name the exercise"):
        ex.check(functools.partial(max, 1))


@given(hypothesis.extra.numpy.arrays(float, (2, 3)), st.data())
@settings(max_examples=60, deadline=None)
def test_a_right_answer_passes_in_every_form(x, data):
    forms = [
        np.copy,
        np.ndarray.tolist,
        lambda a: np.asfortranarray(a),
        lambda a: tuple(a.tolist()),
    ]
    form = data.draw(st.sampled_from(forms))
    assert difference(taken_in(form(x)), x, 1e-8) == ""


# The progress file


def test_check_keeps_what_it_did_not_write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = {
        "03-sigmoid_prime": {"status": "tried", "hints": 2},
        "03-output-delta": {"status": "solved", "typed": "0.1", "variant": 3, "checked": True},
        "another course": [1, 2],
    }
    PROGRESS.write_text(json.dumps(page))
    ex.check(EXERCISES["03-sigmoid_prime"].solution)
    ex.check(lambda z, y: z, "03-output_delta")
    assert json.loads(PROGRESS.read_text()) == page | {
        "03-sigmoid_prime": {"status": "solved", "hints": 2},
        "03-output_delta": {"status": "tried"},
    }


GARBAGE = ["", "not JSON", "[]", "null", "3", '"x"', "[" * 10**5, "\ud800", '{"a": 1, "a"']


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_a_file_that_is_none_is_set_aside(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    PROGRESS.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = PROGRESS.read_bytes()
    assert ex.read_progress() == {}
    assert ex.check(EXERCISES["03-sigmoid_prime"].solution)
    assert ex.read_progress() == {"03-sigmoid_prime": "solved"}
    assert PROGRESS.with_suffix(".json.bak").read_bytes() == before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
states = st.dictionaries(
    st.sampled_from(sorted(EXERCISES)) | st.text(),
    json_values
    | st.fixed_dictionaries({"status": st.sampled_from(["solved", "tried"]) | json_values}),
)


@given(states)
@settings(max_examples=100, deadline=None)
def test_whatever_the_file_holds_check_works_and_keeps_it(held):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PROGRESS
        path.write_text(json.dumps(held))
        assert set(read_progress(path).values()) <= {"solved", "tried"}
        note_progress(Verdict("03-sigmoid_prime", "passed", ""), path)
        assert read_progress(path)["03-sigmoid_prime"] == "solved"
        now, kept = json.loads(path.read_text()), json.loads(json.dumps(held))
        for name in held.keys() - {"03-sigmoid_prime"}:
            assert repr(now[name]) == repr(kept[name])  # NaN is kept, too


def test_a_folder_that_cannot_be_written_to_is_no_reason_to_withhold_the_verdict(tmp_path):
    nowhere = tmp_path / "missing" / PROGRESS
    note_progress(Verdict("03-sigmoid_prime", "passed", ""), nowhere)
    assert read_progress(nowhere) == {}


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
    with pytest.raises(ValueError, match="did you mean '03-sigmoid_prime'"):
        ex.exercise("03-sigmoid_pirme")


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
