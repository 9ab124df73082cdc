"""Python on the page, in headless Chromium with every other host out of reach, and its build."""

import ast
import io
import json
import re
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pyodide_files
import pytest
import python_page
import python_scripts
from docutils import nodes
from docutils.utils import new_document
from local import serve
from paths import BOOK, ROOT
from test_accessibility import AXE, RUN
from test_exercises_page import PAPER, page_of, page_with
from test_pages import SIDEWAYS

from pybackprop.course import exercises as ex
from pybackprop.course.exercises import EXERCISES, Code
from pybackprop.course.exercises.checking import GREETINGS
from pybackprop.course.exercises.formula import expression_of, misread

CODES = [item for item in EXERCISES.values() if isinstance(item, Code)]
FORMULAS = [item for item in CODES if item.names]
BP2 = EXERCISES["03-hidden_delta"]
SLOPE = EXERCISES["03-sigmoid_prime"]
RIGHT = "def sigmoid_prime(z):\n    a = 1 / (1 + np.exp(-z))\n    return a * (1 - a)\n"
WRONG = "def sigmoid_prime(z):\n    return 1 / (1 + np.exp(-z))\n"
CHAPTER = "book/03_delta.html"
PAGE = (BOOK / "python_on_the_page.md").read_text(encoding="utf-8")
(POLICY,) = re.findall(r"^```text\n(default-src.+?)\n```$", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A site of two pages, light and dark, with all exercises in code."""
    folder = tmp_path_factory.mktemp("python")
    scripts = python_scripts.write_scripts(folder, python_scripts.runtime())
    attributes = " ".join(f'{name}="{value}"' for name, value in scripts.items())
    head = '<link rel="stylesheet" href="python.css">\n'
    head += f'<script src="python.js" {attributes}></script><script>'
    for theme in PAPER:
        page = page_of(map(with_python, CODES), theme).replace("<script>", head, 1)
        (folder / f"{theme}.html").write_text(page, encoding="utf-8")
    with serve(folder) as server:
        yield server


def with_python(item):
    """The display of an exercise on a page that has Python."""
    html = python_page.with_stub(ex.on_page(item).to_html(), item)
    return SimpleNamespace(to_html=lambda: html)


def part_of(page, item=SLOPE):
    return page.locator(f"#exercise-{item.id}")


def write(part, code):
    """Write code as a reader does, into the editor."""
    field = part.locator("textarea, .cm-content").first
    field.focus()
    part.locator(".cm-content").fill(code)


def press(part, name, patience=60_000):
    """Press a button and return the answer when it has come."""
    part.get_by_role("button", name=name, exact=True).click()
    return answer(part, patience)


def answer(part, patience=60_000):
    part.get_by_role("button", name="Stop", disabled=True).wait_for(timeout=patience)
    return part.locator(".pb-reply").text_content()


# Every answer, as in CPython

ANSWER = """async (tasks) => {
    const replies = [];
    for (const [id, code] of tasks) {
        const part = document.getElementById(`exercise-${id}`);
        const field = part.querySelector("textarea, .pb-line");
        const buttons = [...part.querySelectorAll("button")];
        const [check, stop] = ["Check", "Stop"].map(
            (words) => buttons.find((button) => button.textContent === words));
        field.value = code;
        field.dispatchEvent(new Event("input"));
        check.click();
        while (stop.ariaDisabled === "false") await new Promise((later) => setTimeout(later, 5));
        const reply = part.querySelector(".pb-reply").cloneNode(true);
        reply.querySelector(".pb-why")?.remove();
        replies.push(reply.textContent);
    }
    return replies;
}"""


def test_every_answer_is_judged_as_in_cpython(visit, address):
    tasks, expected = [], []
    for item in FORMULAS:
        for answer in [item.solution, *item.alternatives, *(m.wrong for m in item.mistakes)]:
            tasks.append((item.id, expression_of(answer)))
            expected.append(reply_to(ex.judge(item, answer)))
        tasks.append((item.id, "1 2"))
        expected.append(f"✗ Not yet: {misread(item, '1 2')}")
    for item in CODES:
        if item in FORMULAS:
            continue
        begin = (
            f"from pybackprop.course.exercises import EXERCISES\nitem = EXERCISES[{item.id!r}]\n"
        )
        answers = {"item.solution": item.solution}
        answers |= {f"item.alternatives[{k}]": f for k, f in enumerate(item.alternatives)}
        answers |= {f"item.mistakes[{k}].wrong": m.wrong for k, m in enumerate(item.mistakes)}
        answers |= {"lambda *_: 'nonsense'": lambda *_: "nonsense", "0": 0}
        for source, function in answers.items():
            tasks.append((item.id, f"{begin}{item.function} = {source}"))
            expected.append(reply_to(ex.judge(item, function)))
        tasks.append((item.id, item.stub))
        expected.append(reply_to(ex.judge(item, item.given or (lambda *_: ...))))
    page = visit(f"{address}/light.html")
    replies = page.evaluate(ANSWER, tasks)
    assert len(tasks) > 100
    for task, reply, wanted in zip(tasks, replies, expected, strict=True):
        assert reply == wanted, task
    assert page.trouble == []


def reply_to(verdict):
    """What the page shows for a verdict: greeting, first line, the mistake's name, the rest."""
    first, *rest = verdict.message.split("\n")
    name = f" {verdict.mistake}" if verdict.mistake else ""
    return f"{GREETINGS[verdict.status]}: {first}{name}" + "\n".join(rest)


# The built book


@pytest.fixture
def chapter(visit, server):
    return visit(f"{server}/{CHAPTER}")


def test_nothing_is_loaded_before_it_is_asked_for(visit, server):
    page, asked = visit("about:blank"), []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.goto(f"{server}/{CHAPTER}")
    page.wait_for_load_state("networkidle")
    assert [name for name in asked if name.startswith("python-")] == []
    write(part_of(page), WRONG)
    assert [name for name in asked if name.startswith("python-")] == [python_scripts.EDITOR]
    assert "that is σ(z) itself" in press(part_of(page), "Check")
    kinds = [name.rsplit("-", 1)[0] for name in asked if name.startswith("python-")]
    assert kinds == ["python", "python-runtime", "python-package"]
    assert page.trouble == []


def test_an_exercise_is_solved_on_a_page_from_disk(visit, site):
    page = visit((site / CHAPTER).as_uri())
    part = part_of(page)
    write(part, WRONG)
    assert "its derivative is asked for. sigma itself" in press(part, "Check")
    assert part.get_by_role("link", name="Why this happens").is_visible()
    assert part.get_attribute("data-status") == "tried"
    write(part, RIGHT)
    assert press(part, "Check").startswith("✓ Right: The slope of the sigmoid, on all")
    assert part.get_attribute("data-status") == "solved"
    assert page.trouble == []


def test_under_a_policy_that_allows_the_books_own_files_alone(visit, server):
    page = visit("about:blank")

    def with_policy(route):
        answer = route.fetch()
        route.fulfill(
            response=answer,
            headers={**answer.headers, "content-security-policy": POLICY.replace("\n", " ")},
        )

    page.route("**/*.html", with_policy)
    page.goto(f"{server}/{CHAPTER}")
    write(part_of(page), RIGHT)
    assert press(part_of(page), "Check").startswith("✓ Right")
    assert page.trouble == []
    with page.expect_console_message(lambda m: "Content Security Policy" in m.text):
        page.evaluate("fetch('https://example.org/').catch(() => 0)")


OLDER = """
    const { Blob } = globalThis, lack = "delete Uint8Array.fromBase64;\\n";
    globalThis.Blob = class extends Blob {
        constructor(parts, options) { super([lack, ...parts], options); }
    };
"""


def test_a_browser_that_reads_no_base64_itself(visit, server):
    page = visit("about:blank")
    page.add_init_script(OLDER)
    page.goto(f"{server}/{CHAPTER}")
    write(part_of(page), RIGHT)
    assert press(part_of(page), "Check").startswith("✓ Right")
    assert page.trouble == []


def test_the_notebooks_cell_is_not_shown_a_second_time(site):
    for item in CODES:
        html = (site / page_with(item)).read_text(encoding="utf-8")
        assert html.count(f'<pre class="pb-stub"><code>def {item.function}(') == 1
        assert f"check({item.function})" not in html.replace("</span>", "").replace(
            '<span class="p">', ""
        ).replace('<span class="n">', "")


def test_the_stub_is_read_without_a_script(visit, server):
    page = visit(f"{server}/{CHAPTER}", script=False)
    assert part_of(page).locator(".pb-stub").inner_text() == SLOPE.head
    assert page.get_by_role("button", name="Check").count() == 0


def test_run_shows_what_is_printed_as_text(chapter):
    part = part_of(chapter)
    write(part, "print('<img src=x onerror=alert(1)>')\n'<b>' + str(np.ones(2))")
    press(part, "Run")
    printed = part.locator(".pb-printed")
    assert printed.text_content() == "<img src=x onerror=alert(1)>\n'<b>[1. 1.]'"
    assert printed.locator("*").count() == 0
    write(part, "x = 1")
    press(part, "Run")
    assert printed.is_hidden()
    assert "printed nothing" in part.get_by_role("status").first.inner_text()
    write(part, "y = 1\nx + y")
    press(part, "Run")
    assert "NameError: name 'x' is not defined" in printed.inner_text()
    assert "line 2" in printed.inner_text()
    assert chapter.trouble == []


def test_stop_ends_what_runs_and_the_next_press_works(chapter):
    part = part_of(chapter)
    write(part, "print('on its way')\nwhile True: pass")
    part.get_by_role("button", name="Run").click()
    part.get_by_text("Running").wait_for(timeout=60_000)
    assert press(part, "Stop") == "Stopped"
    write(part, RIGHT)
    part.get_by_role("button", name="Check").click()
    assert press(part, "Stop") == "Stopped"  # while Python still starts
    assert press(part, "Check").startswith("✓ Right")
    assert chapter.trouble == []


def test_a_second_exercise_waits_for_the_first(chapter):
    one, two = part_of(chapter), part_of(chapter, EXERCISES["03-hidden_gradients"])
    write(one, RIGHT)
    for part in (one, two):
        part.get_by_role("button", name="Check").click()
    assert answer(one).startswith("✓ Right")
    assert answer(two).startswith("Not attempted yet")


def test_a_runaway_answer_is_stopped_and_told_so(chapter):
    part = part_of(chapter)
    write(part, "def sigmoid_prime(z):\n    while True: print('again')")
    reply = press(part, "Check")
    assert reply == ("✗ Not yet: it was stopped after 20 seconds; does a loop in it never end?")
    write(part, RIGHT)
    assert press(part, "Check").startswith("✓ Right")


def test_what_python_does_not_survive_is_told_in_words(chapter):
    part = part_of(chapter)
    deep = "class A:\n    def __getattr__(self, name): return getattr(self, name + 'x')\nA().b"
    write(part, f"import sys\nsys.setrecursionlimit(10**7)\n{deep}")
    assert "nested too deep" in press(part, "Run")
    write(part, "def f(x): return f(x)\nf(1)")
    press(part, "Run")
    assert "calls itself without an end" in part.locator(".pb-printed").inner_text()
    write(part, "np.ones(10**10)")
    press(part, "Run")
    assert "more memory than a page has" in part.locator(".pb-printed").inner_text()
    write(part, "import matplotlib")
    press(part, "Run")
    assert "Here are Python's standard library" in part.locator(".pb-printed").inner_text()


def test_a_file_that_cannot_be_loaded_is_named_and_asked_for_again(chapter):
    part = part_of(chapter)
    chapter.route("**/python-runtime-*", lambda route: route.abort())
    write(part, RIGHT)
    assert "could not be loaded" in press(part, "Check")
    chapter.unroute("**/python-runtime-*")
    assert press(part, "Check").startswith("✓ Right")


def test_code_is_written_with_the_keyboard_alone(chapter):
    part = part_of(chapter)
    part.locator("textarea").focus()
    part.locator(".cm-content").wait_for()
    chapter.keyboard.press("Control+a")
    chapter.keyboard.type("def half(x):\nreturn x / 2")
    chapter.keyboard.press("Enter")
    chapter.keyboard.press("Shift+Tab")
    chapter.keyboard.type("half(3)")
    chapter.keyboard.press("Shift+Enter")
    part.locator(".pb-printed", has_text="1.5").wait_for(timeout=60_000)
    chapter.keyboard.press("Control+Enter")
    answer(part)
    assert part.locator(".cm-content").evaluate("(e) => e.contains(document.activeElement)")
    chapter.keyboard.press("Tab")  # indents
    assert part.locator(".cm-content").evaluate("(e) => e.contains(document.activeElement)")
    chapter.keyboard.press("Escape")
    chapter.keyboard.press("Tab")
    assert not part.locator(".cm-content").evaluate("(e) => e.contains(document.activeElement)")
    chapter.keyboard.press("Shift+Tab")
    chapter.keyboard.press("Control+a")
    chapter.keyboard.type("7 / 2")
    chapter.keyboard.press("Control+Enter")
    part.locator(".pb-printed", has_text="3.5").wait_for()


def test_drafts_are_kept_with_the_progress(visit, server, tmp_path):
    page = visit(f"{server}/{CHAPTER}")
    write(part_of(page), RIGHT)
    assert press(part_of(page), "Check").startswith("✓ Right")
    other = EXERCISES["03-output_delta"]
    page.goto(f"{server}/{page_with(other)}")
    write(part_of(page, other), "def output_delta(z, y):\n    return z")
    page.goto(f"{server}/book/progress.html")
    assert "1 of" in page.get_by_role("status").first.inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(tmp_path / "kept.json")
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert kept[SLOPE.id]["draft"] == RIGHT

    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Clear everything?").click()
    page.goto(f"{server}/{CHAPTER}")
    assert part_of(page).locator("textarea").input_value() == SLOPE.head
    page.goto(f"{server}/book/progress.html")
    page.locator("input[type=file]").set_input_files(tmp_path / "kept.json")
    page.get_by_text("2 exercises imported.").wait_for()
    page.goto(f"{server}/{CHAPTER}")
    assert part_of(page).locator("textarea").input_value() == RIGHT
    assert part_of(page).get_attribute("data-status") == "solved"
    part_of(page).get_by_role("button", name="Reset").click()
    assert part_of(page).locator("textarea").input_value() == SLOPE.head
    page.reload()
    assert part_of(page).locator("textarea").input_value() == SLOPE.head


def test_a_formula_is_one_line_and_enter_checks_it(visit, server):
    page = visit(f"{server}/{page_with(BP2)}")
    part = part_of(page, BP2)
    line = part.get_by_role("textbox")
    assert line.get_attribute("aria-label") == "Your formula: BP2 as a formula"
    assert part.get_by_role("button").all_text_contents() == ["Check", "Stop"]
    line.fill("delta2 @ W2 * phi(z1)")
    line.press("Enter")
    part.locator(".pb-mistake", has_text="phi for its slope").wait_for(timeout=60_000)
    why = part.get_by_role("link", name="Why this happens")
    assert why.get_attribute("href") == "misconceptions.html#value-for-slope"
    line.fill("delta2 * W2^2")
    assert press(part, "Check").startswith("✗ Not yet: ^ is no power in Python")
    line.fill("")
    assert press(part, "Check") == "Not attempted yet: there is no formula yet."
    assert part.get_attribute("data-status") == "tried"
    line.fill("δ2 @ W2 · dphi(z1)")
    line.press("Enter")
    part.locator(".pb-reply", has_text="✓ Right").wait_for()
    assert part.get_attribute("data-status") == "solved"
    page.reload()
    assert part_of(page, BP2).get_by_role("textbox").input_value() == "δ2 @ W2 · dphi(z1)"
    assert part_of(page, BP2).get_attribute("data-status") == "solved"
    assert page.trouble == []


def test_a_formula_is_read_without_a_script_and_without_python(visit, server):
    page = visit(f"{server}/{page_with(BP2)}", script=False)
    assert part_of(page, BP2).locator(".pb-stub").inner_text() == BP2.head
    without = ex.on_page(BP2).to_html().replace(python_page.IN_NOTEBOOK, python_page.WITHOUT)
    assert "built without Python for its pages. Complete the function in the next" in without


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_a_formula_and_its_answer_have_no_violation_and_fit(visit, server, scheme, width):
    page = visit(f"{server}/{page_with(BP2)}", scheme=scheme, width=width)
    part = part_of(page, BP2)
    part.get_by_role("textbox").fill("delta2 @ W2.T @ z1")
    assert "the shapes do not fit: delta2 has the shape (3, 2)" in press(part, "Check")
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN) == []
    assert page.evaluate(SIDEWAYS) == []
    assert part.get_by_role("textbox").evaluate("(e) => e.getBoundingClientRect().width") > 200


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_an_editor_and_its_answer_have_no_violation_and_fit(visit, server, scheme, width):
    page = visit(f"{server}/{CHAPTER}", scheme=scheme, width=width)
    part = part_of(page)
    write(part, f"{WRONG}\n# {'a long comment ' * 20}\nprint('printed ' * 40)")
    press(part, "Check")
    write(part, "(\n'text', 1, None, ")
    press(part, "Run")
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN) == []
    assert page.evaluate(SIDEWAYS) == []


# The build


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A cache and a folder of their own, and no other source; the carrier has one file."""
    monkeypatch.setattr(pyodide_files, "CACHE", tmp_path / "cache")
    monkeypatch.setenv(pyodide_files.FOLDER, str(tmp_path / "folder"))
    (tmp_path / "folder").mkdir()

    def out_of_reach(names, version):
        raise pyodide_files.Missing("out of reach")

    monkeypatch.setattr(pyodide_files, "at_address", out_of_reach)
    monkeypatch.setattr(
        pyodide_files,
        "in_carrier",
        lambda names, version: {name: b"carried" for name in names if name == "b.whl"},
    )
    return tmp_path


def digest(content):
    return sha256(content).hexdigest()


def test_wheels_come_from_the_first_source_that_has_them_and_are_kept(sources):
    (sources / "folder" / "a.whl").write_bytes(b"in the folder")
    sums = {"a.whl": digest(b"in the folder"), "b.whl": digest(b"carried")}
    expected = {"a.whl": b"in the folder", "b.whl": b"carried"}
    assert pyodide_files.fetch(sums, "0") == expected
    (sources / "folder" / "a.whl").unlink()
    assert pyodide_files.fetch(sums, "0") == expected  # from the cache


def test_a_wheel_with_another_checksum_is_never_taken(sources):
    (sources / "folder" / "b.whl").write_bytes(b"changed on its way")
    assert pyodide_files.fetch({"b.whl": digest(b"carried")}, "0") == {"b.whl": b"carried"}
    with pytest.raises(pyodide_files.Missing, match="b.whl has another checksum"):
        pyodide_files.fetch({"b.whl": digest(b"what is wanted")}, "0")
    assert (sources / "cache" / "b.whl").read_bytes() == b"carried"


def test_where_nothing_has_a_wheel_each_source_is_named(sources, monkeypatch):
    monkeypatch.delenv(pyodide_files.FOLDER)
    with pytest.raises(pyodide_files.Missing) as caught:
        pyodide_files.fetch({"c.whl": "0"}, "0")
    said = str(caught.value)
    assert said.startswith("no source has c.whl; PYBACKPROP_PYODIDE names no folder; out of reach")


def test_the_wheels_are_those_of_the_lock_file():
    table, found = pyodide_files.wheels(["numpy"])
    sums = {p["file_name"]: p["sha256"] for p in table["packages"].values()}
    assert {name: digest(content) for name, content in found.items()} == sums


def test_a_page_without_python_says_so_and_keeps_the_cell():
    for has_python in (True, False):
        doctree = new_document("page")
        shown = nodes.container(nb_element="cell_code")
        shown += nodes.raw("", ex.on_page(SLOPE).to_html(), format="html")
        cells = [shown]
        for code in (SLOPE.stub, "check(sigmoid_prime)"):
            cell = nodes.container(nb_element="cell_code")
            cell += nodes.literal_block("", code)
            cells.append(cell)
        doctree += cells
        app = SimpleNamespace(
            env=SimpleNamespace(docname="book/03_delta"),
            config=SimpleNamespace(book_python="x" * has_python),
        )
        python_page.place_editors(app, doctree)
        html = next(doctree.findall(nodes.raw)).astext()
        assert len(doctree) == 3 - has_python
        assert ("pb-stub" in html) == has_python
        assert ("built without Python for its pages" in html) == (not has_python)
        assert "Complete the function in the next cell" not in html or not has_python
        assert doctree[-1].astext() == "check(sigmoid_prime)"


def test_the_page_on_python_says_where_there_is_none():
    for has_python in (True, False):
        doctree = new_document("page")
        doctree += nodes.section(
            "", nodes.title("", "Python on the page"), nodes.paragraph("", "x")
        )
        app = SimpleNamespace(
            env=SimpleNamespace(docname=python_page.PAGE),
            config=SimpleNamespace(book_python="x" * has_python),
        )
        python_page.place_editors(app, doctree)
        assert (python_page.NONE in doctree.astext()) == (not has_python)


def test_the_licenses_of_all_parts_of_the_editor_and_of_all_packages_are_there(site):
    text = (site / "_static" / "python-licenses.txt").read_text(encoding="utf-8")
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    others = {"axe-core", "commander", "katex", "pyodide", "ws", "esbuild", "@types/emscripten"}
    parts = {name.removeprefix("node_modules/") for name in lock if name} - others
    missing = [n for n in parts if "@esbuild" not in n and f"{n}\n===" not in text]
    assert missing == []
    for name in ("numpy-2.0.2", "matplotlib-3.8.4", "pillow-10.2.0", "contourpy-1.3.0"):
        assert f"\n{name}.dist-info/" in text
    assert "The scikit-learn developers" in text


def test_the_build_goes_on_without_python(monkeypatch):
    def none(*given):
        raise pyodide_files.Missing("no source has numpy")

    monkeypatch.setattr(pyodide_files, "wheels", none)
    app, config = SimpleNamespace(), SimpleNamespace()
    python_page.look_for_python(app, config)
    assert config.book_python == ""


def test_scripts_are_named_after_their_content(tmp_path):
    one = python_scripts.write_script(tmp_path, "package", {"a": b"1"})
    assert python_scripts.write_script(tmp_path, "package", {"a": b"1"}) == one
    assert python_scripts.write_script(tmp_path, "package", {"a": b"2"}) != one
    assert (tmp_path / one).read_text().startswith("globalThis.pybackpropFiles = ")


def test_the_package_on_the_page_is_the_one_of_this_repository():
    with zipfile.ZipFile(io.BytesIO(python_scripts.package()["pybackprop.zip"])) as archive:
        names = archive.namelist()
        assert "pybackprop/course/exercises/chapter_03.py" in names
        for name in names:
            if name.endswith(".py"):
                ast.parse(archive.read(name))
                assert f"/__pycache__/{Path(name).stem}.cpython-312.pyc" in " ".join(names)
