"""Cells of the chapters, run on their built pages in headless Chromium."""

import pytest
from paths import BOOK

CHAPTERS = sorted(path.stem for path in BOOK.glob("*.ipynb") if path.stem != "progress")
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
        const shown = part.querySelectorAll(".pb-made > *");
        told.push([first, part.querySelector(".pb-progress-line").textContent, printed,
            shown.length, part.querySelector(".cell_output img, .cell_output .text_html") !== null]);
    }
    return told;
}"""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_cell_of_a_chapter_runs_and_gives_what_is_printed(visit, server, chapter):
    page = visit(f"{server}/book/{chapter}.html")
    page.set_default_timeout(0)
    told = page.evaluate(RUN_ALL)
    assert len(told) > 10
    other = [cell for cell in told if not cell[1].startswith(FINE)]
    assert other == []
    assert all(bool(shown) == printed for *_, shown, printed in told)
    assert page.trouble == []
