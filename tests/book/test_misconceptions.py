"""The page "Misconceptions": each is told in full, is named somewhere, and leads somewhere."""

import json
import re

import numpy as np
import pytest
import rules
from docutils.nodes import make_id
from paths import BOOK

import pybackprop as pb
from pybackprop.course.exercises import EXERCISES, Code, exercise, judge
from pybackprop.course.exercises.misconceptions import (
    NAMED,
    misconception,
    misconceptions,
    named_in,
    names_in,
)
from pybackprop.course.exercises.page import pages_in

PAGE = (BOOK / "misconceptions.md").read_text(encoding="utf-8")
PARTS = ("- **Why.** ", "- **How it shows.** ", "- **Mended in** ")


def entries(page):
    """Return id -> text of each misconception on a page."""
    heads = re.split(r"^### (.+)$", re.sub(r"^## .*$", "", page, flags=re.M), flags=re.M)[1:]
    return dict(zip(map(make_id, heads[::2]), heads[1::2], strict=True))


def gallery():
    """Return the names of all bugs that chapters plant."""
    names = set()
    for path in BOOK.glob("*.ipynb"):
        cells = rules.cells(json.loads(path.read_text(encoding="utf-8")), "code")
        code = "\n".join(rules.source(cell) for cell in cells if "\n- " in rules.source(cell))
        names |= {line for line in code.splitlines() if line and line[0] not in "-+ "}
    return names


def unknown(named, exercises=EXERCISES):
    """Return the names in a table that no exercise has."""
    known = {name for item in exercises.values() for name in names_in(item)}
    known |= {f"{item.id}: {name}" for item in exercises.values() for name in names_in(item)}
    return sorted(misconceptions(named).keys() - known)


def nowhere(page, named=NAMED):
    """Return ids that only one of page and table has, and misconceptions that nothing names."""
    told, bugs = entries(page), gallery()
    seen = {
        name
        for name, text in told.items()
        if name in named
        or "](troubleshooting.md#" in text
        or set(re.findall(r"\*([^*]+)\*", text.partition("Gallery: ")[2])) & bugs
    }
    return sorted(told.keys() - seen | named.keys() - told.keys())


def incomplete(page):
    """Return misconceptions without one of their parts, or without a link to where it is mended."""
    found = []
    for name, text in entries(page).items():
        mended = text.partition(PARTS[2])[2].partition("\n- ")[0]
        told = text.lstrip()[0] != "-" and all(part in text for part in PARTS)
        if not told or "](" not in mended:
            found.append(name)
    return found


def broken_links(page):
    """Return links to a page of the book, or to a heading, that is not there."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        path = BOOK / name
        if not path.is_file():
            found.append(target)
            continue
        text = path.read_text(encoding="utf-8")
        text = rules.prose(json.loads(text)) if path.suffix == ".ipynb" else text
        slugs = set(map(rules.slug, re.findall(r"^#+ +(.+?) *$", text, re.M)))
        if anchor and anchor not in slugs:
            found.append(target)
    return found


def test_every_name_in_the_table_is_a_mistake_of_an_exercise():
    assert unknown(NAMED) == []
    planted = NAMED | {"left-out-slope": "no slope\n03-hidden-delta: no such mistake\nno slop"}
    assert unknown(planted) == ["03-hidden-delta: no such mistake", "no slop"]


def test_every_misconception_is_on_the_page_and_named_somewhere():
    assert len(entries(PAGE)) >= 60
    assert nowhere(PAGE) == []
    assert nowhere(PAGE, NAMED | {"left-out-slop": "no slope"}) == ["left-out-slop"]
    lonely = "## X\n\n### Nobody makes it\n\nPeople do.\n\n- **Why.** [Ha](09_x.ipynb#y).\n"
    assert nowhere(PAGE + lonely) == ["nobody-makes-it"]


def leading_nowhere(page, exercises=EXERCISES):
    """Return (exercise, id) of links below a verdict that lead to no misconception on a page."""
    told = entries(page)
    behind = {
        item.id: {misconception(item, mistake.name) for mistake in item.mistakes}
        if isinstance(item, Code)
        else set(exercise(item.id).data.get("behind", []))
        for item in exercises.values()
    }
    return [
        (name, one) for name, found in behind.items() for one in found if one and one not in told
    ]


def test_every_link_below_a_verdict_leads_to_a_misconception():
    assert leading_nowhere(PAGE) == []
    assert ("03-hidden-delta", "left-out-slope") in leading_nowhere("### Another\n\nPeople do.\n")
    assert ("03-hidden_delta", "value-for-slope") in leading_nowhere("### Another\n\nPeople do.\n")


def test_a_verdict_knows_the_misconception_behind_its_mistake():
    item = EXERCISES["03-sigmoid_prime"]
    assert judge(item, lambda z: 1 / (1 + np.exp(-z))).behind == "value-for-slope"
    assert judge(item, lambda z: np.cos(z)).behind is None
    assert judge(item, item.solution).behind is None
    assert misconception(EXERCISES["03-hidden-delta"], "no such + no slope") == "left-out-slope"


def test_every_misconception_is_told_in_full():
    assert incomplete(PAGE) == []
    whole = "### A\n\nDone.\n\n- **Why.** W.\n- **How it shows.** S.\n- **Mended in** [c](d.md).\n"
    assert incomplete(whole) == []
    for part in ("Done.", "**Why.** ", "[c]"):
        assert incomplete(whole.replace(part, "")) == ["a"]


def test_links_resolve():
    assert broken_links(PAGE) == []
    planted = "[a](03_delta.ipynb#no-such-heading) [b](99_x.ipynb) [c](glossary.md)"
    assert broken_links(planted) == ["03_delta.ipynb#no-such-heading", "99_x.ipynb"]


def test_a_name_under_an_exercise_weighs_more_and_under_two_ids_is_refused():
    weights = EXERCISES["03-backward_pass"]
    assert misconception(weights, "one bias per layer") == "wrong-axis-for-the-bias"
    assert misconception(EXERCISES["01-count-parameters"], "one bias per layer") == "forgotten-bias"
    assert misconception(weights, "no such mistake") is None
    with pytest.raises(ValueError, match="'x' stands under 'one' and under 'two'"):
        misconceptions({"one": "x", "two": "y\nx"})


def test_every_exercise_that_is_listed_stands_on_a_page():
    shown = {name for page in pages_in(BOOK, "") for name in page.exercises}
    listed = {name for lists in named_in(EXERCISES.values()).values() for name in lists}
    assert listed <= shown
    assert len(listed) > 60


def test_ids_are_addresses():
    for name in entries(PAGE):
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)
    heads = re.findall(r"^### (.+)$", PAGE, re.M)
    assert [h for h in heads if not re.fullmatch(r"[\w -]+", h)] == []


def test_what_the_page_says_of_a_minus_on_one_term():
    a = np.random.default_rng(0).dirichlet([1, 1], size=5)
    y = np.eye(2)[[0, 1, 1, 0, 1]]
    loss = -y * np.log(a) + (1 - y) * np.log(1 - a)
    np.testing.assert_allclose(loss.sum(axis=1), 0, atol=1e-12)


def test_what_the_page_says_of_a_slope_at_the_activation():
    slope = pb.ACTIVATIONS["sigmoid"].derivative
    a = np.linspace(0, 1, 101)
    slopes = slope(a, 1 / (1 + np.exp(-a)))
    assert 0.19 < slopes.min() < slopes.max() <= 0.25


def test_each_list_leads_to_its_exercises(visit, server):
    page = visit(f"{server}/book/misconceptions.html")
    section = page.locator("section#left-out-slope")
    section.get_by_role("link", name="One delta, one layer back").click()
    page.wait_for_url("**/03_delta.html#exercise-03-hidden-delta")
    assert page.locator("#exercise-03-hidden-delta").count() == 1
