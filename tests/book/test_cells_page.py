"""Cells of the chapters, run on their built pages in headless Chromium."""

from types import SimpleNamespace

import pytest
import python_page
from docutils import nodes
from docutils.utils import new_document
from paths import BOOK
from test_accessibility import AXE, RUN
from test_pages import SIDEWAYS

BRIEF = ("06_two_networks_by_hand", "10_any_graph")
CHAPTERS = [
    pytest.param(stem, marks=() if stem in BRIEF else pytest.mark.long)
    for stem in sorted(path.stem for path in BOOK.glob("*.ipynb") if path.stem != "progress")
]
FINE = (
    "The same as printed",
    "It ran, and printed nothing, as before.",
    "The figure is drawn anew.",
    "It is made anew.",
    "Measured anew on this machine.",
)

RUN_ALL = """async () => {
    const told = [];
    for (const part of document.querySelectorAll(".cell.pb-runs")) {
        const first = part.querySelector(".cell_input pre").textContent.split("\\n")[0];
        for (const details of part.querySelectorAll("details")) details.open = true;
        part.querySelector(".pb-open").click();
        const labelled = (label) => [...part.querySelectorAll(".pb-cell button")]
            .find((button) => button.textContent === label);
        labelled("Run").click();
        while (labelled("Stop").ariaDisabled === "false") {
            await new Promise((later) => setTimeout(later, 10));
        }
        const printed = part.querySelector(".pb-printed").textContent;
        told.push([
            first, part.querySelector(".pb-progress-line").textContent, printed,
            part.querySelector(".pb-made > *") !== null,
            part.querySelector(".cell_output img, .cell_output .text_html") !== null,
        ]);
    }
    return told;
}"""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_cell_of_a_chapter_runs_and_gives_what_is_printed(visit, server, chapter):
    page = visit(f"{server}/book/{chapter}.html")
    page.set_default_timeout(0)
    told = page.evaluate(RUN_ALL)
    assert len(told) + page.locator(".cell:not(.pb-runs) .pb-why").count() > 10
    other = [cell for cell in told if not cell[1].startswith(FINE)]
    assert other == []
    assert [first for first, *_, drawn, printed in told if drawn != printed] == []
    assert page.trouble == []


# One cell, as a reader tries it


def cell_of(page, first):
    """The cell that begins with this code."""
    code = page.locator(".cell_input pre").filter(has_text=first)
    return page.locator(".cell.pb-runs").filter(has=code).first


def run(part, code=None):
    """Open a cell, write, run, and return the line that compares."""
    opening = part.locator(".pb-open")
    if opening.count():
        opening.click()
    text = part.locator(".cm-content")
    text.wait_for()
    if code is not None:
        text.fill(code)
    part.get_by_role("button", name="Run", exact=True).click()
    part.get_by_role("button", name="Stop", disabled=True).wait_for(timeout=120_000)
    return part.locator(".pb-progress-line").inner_text()


def test_a_changed_cell_says_how_it_differs_and_counts_below(visit, site):
    page = visit((site / "book/01_forward_pass.html").as_uri())
    neuron, layer = cell_of(page, "w, b = np.array"), cell_of(page, "W1 = np.array")
    assert run(neuron) == "The same as printed."
    code = "w, b = np.array([0.1, 0.3]), 0.1\nx = np.array([1.0, 1.0])\nz = 0.5"
    assert run(neuron, f"{code}\nprint('<b>')\nz") == ("Not as printed: 2 of 2 lines differ.")
    assert neuron.locator("mark").all_inner_texts() == ["<b>", "0.5"]
    assert run(layer).startswith("Not as printed: 2 of 2 lines differ.")  # it uses x
    neuron.get_by_role("button", name="Reset").click()
    assert run(layer) == "The same as printed."
    assert run(neuron, "1 / 0") == "Python stopped at an error, shown below."
    assert "line 1" in neuron.locator(".pb-printed").inner_text()
    assert run(layer).startswith("A cell above stopped at an error, shown below. It begins: 1 / 0")
    assert run(neuron, "import torch") == "Python stopped at an error, shown below."
    assert "For other packages open the" in neuron.locator(".pb-printed").inner_text()
    assert page.trouble == []


def test_matplotlib_is_loaded_by_the_first_cell_that_draws(visit, server):
    page, asked = visit(f"{server}/book/01_forward_pass.html"), []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    assert run(cell_of(page, "w, b = np.array")) == "The same as printed."
    assert not any("figures" in name for name in asked)
    part = cell_of(page, 'activation_curves("sigmoid")')
    assert run(part) == "The figure is drawn anew."
    assert sum("figures" in name for name in asked) == 1
    image = part.locator(".pb-made img")
    assert image.evaluate("(image) => image.naturalWidth") > 100
    again = cell_of(page, "computational_graph")
    part.get_by_role("button", name="Restart").click()
    assert run(again) == "The figure is drawn anew."
    assert sum("figures" in name for name in asked) == 1
    assert page.trouble == []


def test_a_cell_without_an_end_is_stopped_and_the_next_press_works(visit, server):
    page = visit(f"{server}/book/01_forward_pass.html")
    part = cell_of(page, "w, b = np.array")
    part.locator(".pb-open").click()
    part.locator(".cm-content").fill("while True: pass")
    part.get_by_role("button", name="Run", exact=True).click()
    part.get_by_text("Running").wait_for(timeout=60_000)
    part.get_by_role("button", name="Stop").click()
    part.get_by_text("Stopped.").wait_for()
    assert run(part, "1 + 1").startswith("Not as printed")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_an_opened_cell_has_no_violation_and_fits(visit, server, scheme, width):
    page = visit(f"{server}/book/01_forward_pass.html", scheme=scheme, width=width)
    run(cell_of(page, "w, b = np.array"), f"print('{'long ' * 60}')")
    run(cell_of(page, 'activation_curves("sigmoid")'))
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN) == []
    assert page.evaluate(SIDEWAYS) == []


def test_a_cell_that_cannot_run_says_so_in_place_of_the_button():
    doctree = new_document("page")
    for code in ("import torch", "a = 1"):
        cell = nodes.container(nb_element="cell_code")
        cell += nodes.container("", nodes.literal_block("", code), classes=["cell_input"])
        doctree += cell
    for has_python in (False, True):
        config = SimpleNamespace(book_python="x" * has_python)
        python_page.offer_cells(SimpleNamespace(config=config), doctree)
        assert ["pb-runs" in cell["classes"] for cell in doctree] == [False, has_python]
        told = [node.astext() for node in doctree.findall(nodes.raw)]
        words = "<p class='pb-why'>Needs torch: runs in the notebook, not here.</p>"
        assert told == [words] * has_python


def test_a_cell_that_takes_long_says_so_before_it_is_pressed():
    doctree = new_document("page")
    for tags in ([], ["tag_slow-on-page"], ["tag_not-on-page"]):
        cell = nodes.container(nb_element="cell_code", classes=tags)
        cell += nodes.container("", nodes.literal_block("", "a = 1"), classes=["cell_input"])
        doctree += cell
    python_page.offer_cells(SimpleNamespace(config=SimpleNamespace(book_python="x")), doctree)
    told = [[node.astext() for node in cell.findall(nodes.raw)] for cell in doctree]
    never = "Needs more time than a page has: runs in the notebook, not here."
    assert told == [
        [],
        *([f"<p class='pb-why'>{words}</p>"] for words in (python_page.SLOW, never)),
    ]
    assert ["pb-runs" in cell["classes"] for cell in doctree] == [True, True, False]
