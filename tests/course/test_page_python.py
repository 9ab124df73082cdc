"""The session that runs a reader's code on a page: here as in the browser, but for its worker."""

import pytest

from pybackprop.course.exercises import EXERCISES, Code, judge
from pybackprop.course.page_python.advice import SENTENCES, advice
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
        said = (report["status"], report["mistake"], report["message"])
        assert said == (verdict.status, verdict.mistake, verdict.message)
    assert session.check(item.head, item.id)["status"] == "not attempted"


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
