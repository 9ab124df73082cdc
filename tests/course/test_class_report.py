"""The report on a class: progress files in, who solved what and which mistakes come back."""

import json
from pathlib import Path

import pytest

from pybackprop.course import class_report
from pybackprop.course.exercises import EXERCISES, Choice, Numeric

NUMERIC = [e for e in EXERCISES.values() if isinstance(e, Numeric)]
CHOICES = [e for e in EXERCISES.values() if isinstance(e, Choice)]


def write(folder, **students):
    for name, states in students.items():
        (folder / f"{name}.json").write_text(json.dumps(states), encoding="utf-8")
    return [str(folder / f"{name}.json") for name in students]


def typed(exercise, mistake, variant=1):
    wrong = mistake.wrong(**exercise.variants()[variant])
    text = str(wrong) if isinstance(wrong, tuple) else repr(float(wrong))
    return {"status": "tried", "typed": text, "variant": variant, "checked": True}


@pytest.mark.parametrize("exercise", NUMERIC, ids=lambda e: e.id)
def test_each_known_mistake_of_a_number_or_shape_is_named(exercise):
    for mistake in exercise.mistakes:
        state = typed(exercise, mistake)
        assert class_report.mistake_of(exercise, state) == mistake.name
    right = exercise.answer(**exercise.variants()[1])
    text = str(right) if isinstance(right, tuple) else repr(float(right))
    assert class_report.mistake_of(exercise, {"typed": text, "variant": 1}) == ""


@pytest.mark.parametrize("exercise", CHOICES, ids=lambda e: e.id)
def test_a_wrong_choice_is_named_by_its_words(exercise):
    data = exercise.data()
    for k, option in enumerate(data["options"]):
        named = class_report.mistake_of(exercise, {"typed": k})
        assert (named == "") == (k == data["right"])
        assert named in class_report.words(option["text"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25), (" −0,5 ", -0.5), ("1/3", 1 / 3), ("1e-3", 1e-3), ("(3, 2)", (3, 2)),
        ("[4,]", (4,)), ("3 x 2", (3, 2)), ("3, 2", (3, 2)), ("1/0", None), ("", None), ("a", None),
    ],
)  # fmt: skip
def test_answers_are_read_as_they_are_typed(text, value):
    assert class_report.read_answer(text) == value


def test_the_report_says_who_solved_what_and_which_mistakes_the_class_makes(tmp_path, capsys):
    one, other = NUMERIC[0], NUMERIC[1]
    mistake = one.mistakes[0]
    files = write(
        tmp_path,
        ada={
            one.id: typed(one, mistake),
            other.id: {"status": "solved"},
            "99-gone": {"status": "solved"},
        },
        ben={one.id: typed(one, mistake, 2), other.id: {"status": "solved", "typed": "7"}},
        cleo={one.id: {"status": "solved"}, other.id: {"hints": 2}},
    )
    assert class_report.main(files) == 0
    said = capsys.readouterr().out.splitlines()
    assert "     1      1  ada" in said
    assert "     1      0  cleo" in said
    hardest = said[said.index("solved  tried  exercise") + 1]
    assert hardest == f"     1      2  {one.id}: {one.title}"
    assert said[-1] == f"     2  {one.id}: {mistake.name} (ada, ben)"
    assert "99-gone" not in "\n".join(said)


def test_a_table_for_a_spreadsheet(tmp_path, capsys):
    one = NUMERIC[0]
    files = write(tmp_path, ada={one.id: typed(one, one.mistakes[0])})
    assert class_report.main(["--csv", *files]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head == "student,exercise,status,mistake"
    assert row.startswith(f"ada,{one.id},tried,")


def test_what_is_no_progress_file_is_named_and_the_others_are_read(tmp_path, capsys):
    files = write(tmp_path, ada={NUMERIC[0].id: {"status": "solved"}})
    (tmp_path / "ben.json").write_text("<html>")
    spoiled = write(tmp_path, cleo={NUMERIC[0].id: ["solved"], "x": {"status": 3}})
    assert class_report.main([*files, str(tmp_path / "ben.json"), *spoiled]) == 1
    said = capsys.readouterr()
    assert "     1      0  ada" in said.out
    assert "ben.json is no progress file" in said.err
    assert "cleo" not in said.out + said.err


def test_two_files_of_one_name_stay_apart(tmp_path, capsys):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    state = {NUMERIC[0].id: {"status": "solved"}}
    files = write(tmp_path / "a", ada=state) + write(tmp_path / "b", ada=state)
    assert class_report.main(files) == 0
    assert len(class_report.named([Path(f) for f in files])) == 2


def test_the_page_for_teachers_shows_what_is_printed(tmp_path, capsys):
    one = EXERCISES["03-output-delta"]
    slope = next(m for m in one.mistakes if m.name == "no slope")
    right = {"status": "solved"}
    files = write(
        tmp_path,
        ada={one.id: typed(one, slope), "03-shape-of-gradient": right},
        ben={one.id: right, "03-shape-of-gradient": right},
    )
    class_report.main(files)
    page = (Path(__file__).parents[2] / "book" / "teachers.md").read_text(encoding="utf-8")
    assert f"```text\n{capsys.readouterr().out}```" in page
