"""Exercises in the book: each in its chapter, and in headless Chromium with all other hosts out."""

import ast
import json
import re
from dataclasses import replace
from itertools import groupby

import pytest
from local import SETTLED, serve
from paths import BOOK, ROOT
from playwright.sync_api import expect
from test_accessibility import AXE, RUN
from test_pages import SIDEWAYS

from pybackprop.course import exercises as ex
from pybackprop.course.exercises import EXERCISES, Choice, Code, Numeric, checking
from pybackprop.course.exercises.misconceptions import misconception
from pybackprop.course.exercises.page import pages_in
from pybackprop.course.exercises.progress_file import PROGRESS
from pybackprop.course.stage.display import page_script, style

NUMERICS = [item for item in EXERCISES.values() if isinstance(item, Numeric)]
CHOICES = [item for item in EXERCISES.values() if isinstance(item, Choice)]
CODES = [item for item in EXERCISES.values() if isinstance(item, Code)]


# Each exercise in its chapter


def code_cells(name):
    """Return the code cells of a chapter."""
    cells = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def shown_in(sources):
    """Return the ids of the exercises that cells show, each with the number of its cell."""
    return {
        name: k
        for k, source in enumerate(sources)
        for name in re.findall(r'^exercise\("([^"]+)"\)', source, re.M)
    }


def chapters():
    """Return number -> pages of the chapters in the table of contents."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    names = re.findall(r"^ *- file: book/(\d\d_\w+)$", toc, re.M)
    return {number: list(pages) for number, pages in groupby(names, key=lambda name: name[:2])}


def misplaced(number, sources):
    """Return what is wrong with the exercises of a chapter."""
    expected = [name for name in EXERCISES if name.startswith(number)]
    found, wrong = shown_in(sources), []
    wrong += [f"{name} is missing" for name in expected if name not in found]
    wrong += [f"{name} is of another chapter" for name in found if name not in expected]
    if not wrong and list(found) != expected:
        wrong.append(f"the catalog has another order: {list(found)}")
    for name in set(found) & set(expected):
        item, k = EXERCISES[name], found[name]
        if not isinstance(item, Code):
            continue
        if not same_code([*sources, ""][k + 1], item.stub):
            wrong.append(f"{name}: the next cell is not its stub and check")
        others = [source for j, source in enumerate(sources) if j != k + 1]
        if any(item.function in names_made(source) for source in others):
            wrong.append(f"{name}: the chapter makes the name {item.function}, too")
    return wrong


def same_code(one, other):
    """Whether two cells say the same, however their lines are broken."""
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def names_made(source):
    """Return the names that a cell binds at its top level."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith("%")]
    made = set()
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:  # a cell of which only the line with % was a body
        return made
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            made.add(node.name)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            made.add(node.id)
    return made


@pytest.mark.parametrize("number", chapters())
def test_a_chapter_has_all_its_exercises(number):
    sources = [source for name in chapters()[number] for source in code_cells(name)]
    assert misplaced(number, sources) == []


def test_misplaced_exercises_are_seen():
    good = []
    for item in EXERCISES.values():
        if item.id.startswith("01"):
            good += [f'exercise("{item.id}")', *([item.stub] if isinstance(item, Code) else [])]
    k = good.index('exercise("01-sigmoid_layer")')
    assert misplaced("01", good) == []
    assert misplaced("01", good[1:]) == ["01-one-neuron is missing"]
    assert "another chapter" in misplaced("01", [*good, 'exercise("02-softmax")'])[0]
    assert "not its stub" in misplaced("01", good[: k + 1] + good[k + 2 :])[0]
    assert "another order" in misplaced("01", [good[-1], *good[:-1]])[0]
    assert "makes the name" in misplaced("01", [*good, "sigmoid_layer = 1"])[0]


PAGES = pages_in(BOOK, ".html")


def page_with(exercise):
    """Return the page of the site that shows an exercise."""
    return next(f"book/{page.address}" for page in PAGES if exercise.id in page.exercises)


def test_every_exercise_stands_on_a_page_of_the_book():
    shown = [name for page in PAGES for name in page.exercises]
    assert shown == list(EXERCISES)
    assert [page.address for page in PAGES if page.exercises] == [
        f"{name}.html" for names in chapters().values() for name in names
    ]


def notebook(folder, name, *cells):
    """Write a notebook: a cell that starts with # is text."""
    made = [
        {"cell_type": "markdown" if text.startswith("# ") else "code", "source": [text]}
        for text in cells
    ]
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": made}), encoding="utf-8")


def test_an_exercise_of_a_new_chapter_is_listed_with_and_without_its_page(tmp_path):
    base = EXERCISES["03-sign-of-delta"]
    new = [replace(base, id="10-new", title="New"), replace(base, id="10-newer", title="Newer")]
    everything = [*EXERCISES.values(), *new]
    without = ex.progress_on_page(everything, PAGES).poster
    assert '<h2 id="pb-chapter-10">Chapter 10</h2>' in without
    assert '<li id="progress-10-new" data-id="10-new">New</li>' in without
    notebook(tmp_path, "10_new_ideas", "# New <ideas>\n\nText", 'exercise("10-new")')
    notebook(tmp_path, "10b_more", "# More", "x = 1", 'exercise("10-newer")')
    found = ex.progress_on_page(everything, [*PAGES, *pages_in(tmp_path, ".html")]).poster
    assert "Chapter 10" not in found
    assert ">10. New &lt;ideas&gt;</h2>" in found
    assert '<a href="10_new_ideas.html#exercise-10-new">New</a>' in found
    assert '<a href="10b_more.html#exercise-10-newer">Newer</a>' in found
    assert found.count("<li ") == without.count("<li ") == len(EXERCISES) + 2


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '{"cells": 3}', '{"cells": [{}]}'])
def test_what_is_no_notebook_is_left_out_and_no_exercise_with_it(tmp_path, monkeypatch, text):
    (tmp_path / "01_spoiled.ipynb").write_text(text, encoding="utf-8")
    assert pages_in(tmp_path, ".html") == []
    listed = ex.progress(tmp_path).poster
    assert listed.count("<li ") == len(EXERCISES)
    assert "<a " not in listed


def test_the_list_leads_to_notebooks_live_and_to_pages_in_the_book(monkeypatch):
    monkeypatch.delenv("PYBACKPROP_STATIC", raising=False)
    assert 'href="01_forward_pass.ipynb#exercise-' in ex.progress(BOOK).poster
    monkeypatch.setenv("PYBACKPROP_STATIC", "1")
    assert 'href="01_forward_pass.html#exercise-' in ex.progress(BOOK).poster


# In the browser

HEAD = """<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Exercises</title>
<link rel="icon" href="data:,"><meta name="pybackprop-progress" content="progress.html">
<meta name="pybackprop-misconceptions" content="misconceptions.html">
<style>{style} body {{ margin: 8px; color: {ink}; background: {page}; }}</style>
<script>{script}</script></head><body><main><h1>Exercises</h1>{parts}</main></body></html>"""
PAPER = {
    "light": {"theme": "light", "ink": "#000", "page": "#fff"},
    "dark": {"theme": "dark", "ink": "#fff", "page": "#121212"},
}


def page_of(parts, theme="light"):
    return HEAD.format(
        **PAPER[theme],
        style=style(),
        script=page_script(),
        parts="".join(part.to_html() for part in parts),
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A site of test pages: all exercises, light and dark, and the progress page."""
    folder = tmp_path_factory.mktemp("exercises")
    parts = [ex.on_page(item) for item in EXERCISES.values()]
    for theme in PAPER:
        (folder / f"{theme}.html").write_text(page_of(parts, theme), encoding="utf-8")
    listed = ex.progress_on_page(EXERCISES.values(), PAGES)
    (folder / "progress.html").write_text(page_of([listed]), encoding="utf-8")
    with serve(folder) as server:
        yield server


ANSWER = """(tasks) => tasks.map(([id, typed, variant]) => {
    const part = document.getElementById(`exercise-${id}`), input = part.querySelector("input");
    const buttons = [...part.querySelectorAll("button")];
    if (input.type === "radio") part.querySelectorAll("input")[typed].click();
    else {
        // "New numbers" until the variant is the one asked for
        const now = () => JSON.parse(localStorage["pybackprop-progress"] ?? "{}")[id]?.variant ?? 0;
        for (let k = 0; now() !== variant && k < 20; k++) buttons[1].click();
        input.value = typed;
        input.dispatchEvent(new Event("input"));
    }
    buttons[0].click();
    return [part.dataset.status, part.querySelector("[role=status]").textContent,
        part.querySelector(".pb-question").innerHTML];
})"""
READ = """([id, hints]) => JSON.parse(localStorage["pybackprop-progress"])[id]?.hints === hints"""
"""What a fold says a moment after it opened."""
STATES = """() => [...document.querySelectorAll(".pb-exercise")].map((part) => [
    part.id.slice(9), part.dataset.status ?? "", part.querySelector("[role=status]").textContent,
    part.querySelector(".pb-question").innerHTML,
    [...part.querySelectorAll("input")].map((i) => i.type === "text" ? i.value : i.checked),
    part.querySelectorAll(".pb-hint:not([hidden])").length])"""


WHY = "Why this happens"
"""The link below a named mistake."""


def typed(value, digits):
    """A right answer as somebody types it."""
    return str(tuple(value)) if isinstance(value, list) else f"{value:.{digits}f}"


def test_every_number_right_and_wrong_in_each_known_way_for_every_variant(visit, address):
    page = visit(f"{address}/light.html")
    tasks, expected = [], []
    for item in NUMERICS:
        data = item.data()
        for k, variant in enumerate(data["variants"]):
            tasks.append((item.id, typed(variant["answer"], data["digits"]), k))
            expected.append(("solved", "✓ Right.", variant["question"]))
            known = zip(variant["mistakes"], data["messages"], strict=True)
            for number, (value, message) in enumerate(known):
                if value is None:
                    continue
                tasks.append((item.id, typed(value, 9), k))
                reply = f"✗ Not yet: {checking.plain(message)}"
                if number < len(item.mistakes) and misconception(item, item.mistakes[number].name):
                    reply += WHY
                expected.append(("tried", reply, variant["question"]))
    shown = page.evaluate(ANSWER, tasks)
    assert len(tasks) > 600
    for task, (status, reply, question), wanted in zip(tasks, shown, expected, strict=True):
        assert (status, reply) == wanted[:2], task
        assert question == page_html(page, wanted[2]), task
    assert page.trouble == []


def test_a_named_mistake_leads_to_its_misconception(visit, address):
    page = visit(f"{address}/light.html")
    item = EXERCISES["03-hidden-delta"]
    known = [mistake.name for mistake in item.mistakes].index("no slope")
    variant = item.data()["variants"][0]
    part, link = page.locator(f"#exercise-{item.id}"), page.get_by_role("link", name=WHY)
    page.evaluate(ANSWER, [(item.id, typed(variant["mistakes"][known], 9), 0)])
    expect(part.get_by_role("link", name=WHY)).to_have_attribute(
        "href", "misconceptions.html#left-out-slope"
    )
    page.evaluate(ANSWER, [(item.id, typed(variant["mistakes"][known] + 0.01, 9), 0)])
    expect(link).to_have_count(0)
    page.evaluate(ANSWER, [(item.id, typed(variant["answer"], 4), 0)])
    expect(link).to_have_count(0)
    page.evaluate("document.querySelector('meta[name=pybackprop-misconceptions]').remove()")
    page.evaluate(ANSWER, [(item.id, typed(variant["mistakes"][known], 9), 0)])
    expect(part.get_by_role("status")).to_contain_text("Not yet")
    expect(link).to_have_count(0)
    assert page.trouble == []


def page_html(page, text, seen={}):  # noqa: B006, asked of the browser once for each text
    """Return HTML as the browser writes it back."""
    if text not in seen:
        made = "Object.assign(document.createElement('div'), { innerHTML: text }).innerHTML"
        seen[text] = page.evaluate(f"(text) => {made}", text)
    return seen[text]


def test_a_wrong_comparison_is_caught(visit, address):
    page = visit("about:blank")
    page.goto(f"{address}/light.html")
    item = EXERCISES["03-output-delta"]
    value = item.data()["variants"][0]["mistakes"][0]
    ((status, reply, _),) = page.evaluate(ANSWER, [(item.id, typed(value + 0.01, 9), 0)])
    assert status == "tried"
    assert all(checking.plain(m.message) not in reply for m in item.mistakes)


def test_every_choice(visit, address):
    page = visit(f"{address}/light.html")
    for item in CHOICES:
        data = item.data()
        shown = page.evaluate(ANSWER, [(item.id, k, 0) for k in range(len(data["options"]))])
        for k, (status, reply, _) in enumerate(shown):
            text = checking.plain(data["options"][k]["reply"])
            greeting = "✓ Right" if k == data["right"] else "✗ Not yet"
            named = k != data["right"] and misconception(item, data["options"][k]["text"])
            assert reply == f"{greeting}: {text}{WHY if named else ''}"
            assert status == ("solved" if k == data["right"] else "tried")
    assert page.trouble == []


@pytest.mark.parametrize("right", [True, False])
def test_a_reload_and_a_closed_page_lose_nothing(visit, address, right):
    page = visit(f"{address}/light.html")
    tasks = []
    for k, item in enumerate([*NUMERICS, *CHOICES]):
        data = item.data()
        if isinstance(item, Numeric):
            variant = data["variants"][k % 5]
            value = variant["answer"] if right else variant["mistakes"][0]
            tasks.append((item.id, typed(value, data["digits"] if right else 9), k % 5))
        else:
            tasks.append((item.id, data["right"] if right else 1 - min(data["right"], 1), 0))
    page.evaluate(ANSWER, tasks)
    for k, item in enumerate(CODES):
        part = page.locator(f"#exercise-{item.id}")
        for hint in (1, 2)[: k % 3]:
            part.get_by_text(f"Hint {hint}").click()
            page.wait_for_function(READ, arg=[item.id, hint])
        if right:
            part.get_by_role("checkbox").check()
    before = page.evaluate(STATES)
    answered = {status for name, status, *_ in before if name not in {item.id for item in CODES}}
    assert answered == {"solved" if right else "tried"}
    page.reload()
    assert page.evaluate(STATES) == before
    page.close()
    other = page.context.new_page()
    other.goto(f"{address}/light.html")
    assert other.evaluate(STATES) == before


def test_what_is_typed_and_not_yet_checked_is_there_after_a_reload(visit, address):
    page = visit(f"{address}/light.html")
    field = page.locator("#exercise-03-output-delta").get_by_role("textbox")
    field.fill("0.12")
    page.reload()
    assert field.input_value() == "0.12"
    assert page.locator("#exercise-03-output-delta [role=status]").inner_text() == ""


def test_once_solved_stays_solved_whatever_is_tried_later(visit, address):
    page = visit(f"{address}/light.html")
    data = EXERCISES["03-output-delta"].data()
    answer = typed(data["variants"][0]["answer"], 4)
    page.evaluate(ANSWER, [(data["id"], answer, 0), (data["id"], "7", 0), (data["id"], "7", 1)])
    state = page.evaluate("JSON.parse(localStorage['pybackprop-progress'])")[data["id"]]
    assert state["status"] == "solved"


@pytest.mark.parametrize("storage", ["throws", "spoiled"])
def test_exercises_work_where_the_browser_keeps_nothing(visit, address, storage):
    page = visit("about:blank")
    if storage == "throws":
        page.context.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
        )
    else:
        page.context.add_init_script("localStorage['pybackprop-progress'] = '{half'")
    page.goto(f"{address}/light.html")
    part = page.locator("#exercise-03-output-delta")
    data = EXERCISES["03-output-delta"].data()
    part.get_by_role("textbox").fill(typed(data["variants"][0]["answer"], 4))
    part.get_by_role("textbox").press("Enter")
    assert part.get_by_role("status").inner_text() == "✓ Right."
    assert page.trouble == []


# How people type


def test_a_number_that_can_be_read_in_two_ways_is_asked_back_and_not_counted(visit, address):
    page = visit(f"{address}/light.html")
    asked = {
        "1,000": "1,000 can be read in two ways: type 1000 or 1.000.",
        "3*105": "A power of ten takes a ^, as in 3*10^5. Or type the product itself.",
    }
    shown = page.evaluate(ANSWER, [("03-output-delta", text, 0) for text in asked])
    assert [tuple(one[:2]) for one in shown] == [("", says) for says in asked.values()]


def test_what_is_no_number_or_not_precise_enough_is_said_and_not_counted(visit, address):
    page = visit(f"{address}/light.html")
    data = EXERCISES["03-output-delta"].data()
    answer = data["variants"][0]["answer"]
    unread = "This is not a number I can read. Type one like 0.25, 1/4 or 2.5e-1."
    asked = {
        "many": ("", unread),
        f"{answer:.2f}": ("tried", "✗ Not yet: right as far as it goes. 4 decimals are asked for."),
        f"{answer + 3e-4:.4f}": (
            "tried",
            "✗ Not yet: very near. Carry more digits on the way, and round at the end.",
        ),
        "77": ("tried", "✗ Not yet. A hint may help."),
        f"{-2 * answer:.4f}": (
            "tried",
            "✗ Not yet: that is twice what it should be, and the sign is wrong.",
        ),
        f"{answer:.4f}": ("solved", "✓ Right."),
        f"{answer:.8f}": ("solved", "✓ Right."),
    }
    shown = page.evaluate(ANSWER, [(data["id"], text, 0) for text in asked])
    assert [tuple(one[:2]) for one in shown] == list(asked.values())
    part = page.locator("#exercise-01-shape-of-w")
    part.get_by_role("textbox").fill("wide")
    part.get_by_role("button", name="Check").click()
    assert part.get_by_role("status").inner_text().startswith("This is not a shape I can read.")
    part.get_by_role("textbox").fill(" ")
    part.get_by_role("button", name="Check").click()
    assert part.get_by_role("status").inner_text() == "Type an answer first."


# By keyboard, and for screen readers


def focused(page):
    return page.evaluate(
        "(document.activeElement.getAttribute('aria-label') ?? '') + "
        "document.activeElement.textContent"
    )


def test_a_number_by_keyboard_alone(visit, address):
    page = visit(f"{address}/light.html#exercise-03-output-delta")
    part = page.locator("#exercise-03-output-delta")
    part.focus()
    data = EXERCISES["03-output-delta"].data()
    first, second = data["variants"][:2]
    page.keyboard.press("Tab")  # the link to the progress page
    page.keyboard.press("Tab")
    assert focused(page) == "Your answer, 4 decimals"
    page.keyboard.type("1/3")
    page.keyboard.press("Enter")
    assert part.get_attribute("data-status") == "tried"
    assert focused(page) == "Your answer, 4 decimals"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "New numbers"
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.value") == ""
    assert part.locator(".pb-question").inner_html() == page_html(page, second["question"])
    assert part.get_by_role("status").inner_text() == "New numbers."
    page.keyboard.type(typed(second["answer"], 4))
    page.keyboard.press("Enter")
    assert part.get_by_role("status").inner_text() == "✓ Right."
    for _ in range(3):
        page.keyboard.press("Tab")
    assert part.locator("details:visible").count() == 2
    for k in (1, 2, 3):
        assert focused(page) == f"Hint {k}"
        page.keyboard.press("Enter")
        part.locator(".pb-hint").nth(k - 1).locator("div").wait_for()
        expect(part.locator("details:visible")).to_have_count(min(k + 2, 4))
        page.keyboard.press("Tab")
    assert focused(page) == "Solution"
    page.keyboard.press("Enter")
    solution = page_html(page, second["solution"])
    assert part.locator(".pb-solution div").inner_html() == solution
    assert first["question"] != second["question"]


def test_a_choice_by_keyboard_alone(visit, address):
    page = visit(f"{address}/light.html")
    part = page.locator("#exercise-03-sign-of-delta")
    data = EXERCISES["03-sign-of-delta"].data()
    part.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(data["right"]):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert part.get_by_role("status").inner_text().startswith("✓ Right: a is below y")


def test_enter_works_where_the_page_takes_the_form_event(visit, address):
    page = visit(f"{address}/light.html")  # as in JupyterLab
    page.evaluate(
        "addEventListener('submit', (e) => { e.preventDefault(); e.stopPropagation(); }, 1)"
    )
    part = page.locator("#exercise-03-output-delta")
    part.get_by_role("textbox").fill("7")
    part.get_by_role("textbox").press("Enter")
    assert part.get_by_role("status").inner_text() == "✗ Not yet. A hint may help."


@pytest.mark.parametrize("theme", PAPER)
@pytest.mark.parametrize("width", [360, 1280])
def test_all_exercises_are_accessible_and_fit(visit, address, theme, width):
    page = visit(f"{address}/{theme}.html", width=width, scheme=theme)
    tasks = []
    for k, item in enumerate(EXERCISES.values()):
        data = item.data()
        if isinstance(item, Numeric):
            values = [data["variants"][0]["answer"], *data["variants"][0]["mistakes"]]
            tasks.append((item.id, typed(values[k % 2], data["digits"] if k % 2 == 0 else 9), 0))
        elif isinstance(item, Choice):
            tasks.append((item.id, k % 2, 0))
    page.evaluate(ANSWER, tasks)
    page.evaluate(
        "document.querySelectorAll('details').forEach((d) => { d.hidden = false; d.open = true; })"
    )
    assert page.evaluate(SIDEWAYS) == []
    small = """[...document.querySelectorAll("button, label, input[type=text], summary")]
        .filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"""
    assert page.evaluate(small) == []
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN) == []


# The progress page


def test_export_clear_and_import(visit, address, tmp_path):
    page = visit(f"{address}/light.html")
    data = EXERCISES["03-output-delta"].data()
    right = typed(data["variants"][2]["answer"], 4)
    page.evaluate(ANSWER, [(data["id"], right, 2), ("03-sign-of-delta", 0, 0)])
    before = page.evaluate(STATES)
    page.goto(f"{address}/progress.html")
    count = page.get_by_role("status").first
    status = dict(
        page.evaluate(
            "[...document.querySelectorAll('li')].map((e) => [e.dataset.id, e.innerText])"
        )
    )
    assert status.keys() == EXERCISES.keys()
    assert status["03-output-delta"].endswith("✓ solved")
    solved = sum(text.endswith("✓ solved") for text in status.values())
    assert count.inner_text() == f"{solved} of {len(EXERCISES)} exercises solved"

    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "pybackprop-progress.json"
    kept = tmp_path / "kept.json"
    download.value.save_as(kept)
    assert json.loads(kept.read_text())["03-output-delta"]["status"] == "solved"

    page.get_by_role("button", name="Clear").click()
    assert count.inner_text() == f"{solved} of {len(EXERCISES)} exercises solved"
    page.get_by_role("button", name="Clear everything?").click()
    assert count.inner_text() == f"0 of {len(EXERCISES)} exercises solved"
    page.goto(f"{address}/light.html")
    assert page.locator("[data-status=solved], [data-status=tried]").count() == 0

    page.goto(f"{address}/progress.html")
    page.locator("input[type=file]").set_input_files(kept)
    page.get_by_text("2 exercises imported.").wait_for()
    assert count.inner_text() == f"{solved} of {len(EXERCISES)} exercises solved"
    page.goto(f"{address}/light.html")
    assert page.evaluate(STATES) == before
    assert page.trouble == []


def test_the_file_of_the_notebooks_is_imported_and_what_is_solved_stays(
    visit, address, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    ex.check(EXERCISES["03-sigmoid_prime"].solution)
    ex.check(lambda z, y: 0, "03-output_delta")
    page = visit(f"{address}/light.html")
    page.locator("#exercise-03-output_delta").get_by_role("checkbox").check()
    page.goto(f"{address}/progress.html")
    page.locator("input[type=file]").set_input_files(tmp_path / PROGRESS)
    page.get_by_text("2 exercises imported.").wait_for()
    assert page.get_by_role("status").first.inner_text().startswith("2 of ")
    page.goto(f"{address}/light.html")
    assert page.locator("#exercise-03-sigmoid_prime").get_by_role("checkbox").is_checked()


@pytest.mark.parametrize(
    ("content", "says"),
    [("not JSON", "could not be imported"), ("{}", "no exercise"), ("null", "no exercise")],
)
def test_a_file_that_is_none_changes_nothing(visit, address, tmp_path, content, says):
    page = visit(f"{address}/progress.html")
    file = tmp_path / "file.json"
    file.write_text(content)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text(says).wait_for()
    assert page.evaluate("localStorage.length") == 0


SPOILED = [
    {"variant": -1},
    {"variant": "x"},
    {"variant": 1e300},
    {"variant": None, "hints": "all", "typed": {"a": 1}, "checked": 1},
    {"typed": -1, "status": "won"},
    {"typed": "length"},
    {"typed": 10**6},
    {"hints": 10**9, "checked": True},
    {"typed": "x" * 1000, "checked": True},
    "solved",
    [],
    None,
    7,
]


@pytest.mark.parametrize("state", SPOILED, ids=range(len(SPOILED)))
@pytest.mark.parametrize("way", ["kept", "imported"])
def test_a_spoiled_state_locks_no_exercise(visit, address, tmp_path, state, way):
    page = visit(f"{address}/progress.html")
    names = ["03-output-delta", "01-shape-of-w", "03-sign-of-delta", "03-sigmoid_prime"]
    spoiled = dict.fromkeys([*names, "__proto__", "another"], state)
    if way == "kept":
        page.evaluate(
            "(text) => { localStorage['pybackprop-progress'] = text; }", json.dumps(spoiled)
        )
        page.reload()
    else:
        file = tmp_path / "file.json"
        file.write_text(json.dumps(spoiled))
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text(re.compile("imported")).wait_for()
    page.goto(f"{address}/light.html")
    assert page.locator(".pb-error").count() == 0
    assert page.locator("[data-ready]").count() == len(EXERCISES)
    part = page.locator("#exercise-03-output-delta")
    part.get_by_role("button", name="New numbers").click()
    shown = page.evaluate(ANSWER, [("03-output-delta", "77", 0)])
    assert shown[0][:2] == ["tried", "✗ Not yet. A hint may help."]
    assert page.trouble == []


@pytest.mark.parametrize("kept", ["3", "[1, 2]", '"x"', "null", "true", '{"a"'])
def test_a_spoiled_store_is_an_empty_one(visit, address, kept):
    page = visit(f"{address}/progress.html")
    page.evaluate("(text) => { localStorage['pybackprop-progress'] = text; }", kept)
    page.reload()
    assert page.get_by_role("status").first.inner_text().startswith("0 of ")
    page.goto(f"{address}/light.html")
    page.locator("#exercise-03-sigmoid_prime").get_by_role("checkbox").check()
    page.goto(f"{address}/progress.html")
    assert page.get_by_role("status").first.inner_text().startswith("1 of ")
    assert page.trouble == []


def test_an_import_keeps_what_only_the_page_knows(visit, address, tmp_path):
    page = visit(f"{address}/light.html")
    page.evaluate(ANSWER, [("03-output-delta", "77", 2)])
    page.goto(f"{address}/progress.html")
    file = tmp_path / "file.json"
    file.write_text(json.dumps({"03-output-delta": {"status": "solved"}}))
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("One exercise imported.").wait_for()
    state = page.evaluate("JSON.parse(localStorage['pybackprop-progress'])")["03-output-delta"]
    assert state == {"status": "solved", "typed": "77", "variant": 2, "checked": True}


# The built book


def test_exercises_live_on_every_page_of_the_book(visit, server, site):
    page = visit("about:blank")
    for shown in filter(lambda page: page.exercises, PAGES):
        page.goto(f"{server}/book/{shown.address}")
        page.wait_for_function(SETTLED)
        ids = page.evaluate(
            "[...document.querySelectorAll('[data-ready=exercise] > section')].map((e) => e.id)"
        )
        assert ids == [f"exercise-{key}" for key in shown.exercises]
        item = next(i for i in NUMERICS if i.id in shown.exercises)
        data = item.data()
        answer = typed(data["variants"][0]["answer"], data["digits"])
        ((status, reply, _),) = page.evaluate(ANSWER, [(item.id, answer, 0)])
        assert (status, reply) == ("solved", "✓ Right.")
    page.goto(f"{server}/book/progress.html")
    solved = [e.inner_text() for e in page.locator("li[data-status=solved]").all()]
    assert len(solved) == len([shown for shown in PAGES if shown.exercises])
    page.locator("li[data-status=solved] a").first.click()
    page.wait_for_url("**/01_forward_pass.html#exercise-*")
    page.locator(".pb-exercise").first.get_by_role("link", name="Progress").click()
    page.wait_for_url("**/progress.html#progress-01-*")
    # Leaving a page ends what it was still loading.
    assert [trouble for trouble in page.trouble if not trouble.startswith("failed: ")] == []


def test_every_link_of_the_progress_page_leads_to_an_exercise(site):
    page = (site / "book" / "progress.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(\d\d_\w+\.html)#(exercise-[\w-]+)"', page)
    assert len(links) == len(EXERCISES)
    pages = {name: (site / "book" / name).read_text(encoding="utf-8") for name, _ in links}
    assert [link for link in links if f'id="{link[1]}"' not in pages[link[0]]] == []
