"""The page "Status" says what this build has seen, and the tables hold what stands in the book."""

import json
import re

import rules
from paths import BOOK


def checked():
    """Return tag -> largest error, as the notebooks store them."""
    found = {}
    for path in sorted(BOOK.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in rules.cells(notebook, "code"):
            said = dict(re.findall(r"^(\S+): largest error (\S+)$", rules.shown(cell), re.M))
            tags = [t.removeprefix("check-") for t in rules.tags(cell) if t.startswith("check-")]
            found |= {(path.stem, tag): said[tag] for tag in tags}
    return found


def rows(page, number):
    table = page.locator("table").nth(number).locator("tbody tr")
    return [row.locator("td").all_inner_texts() for row in table.all()]


def test_each_chapter_and_each_checked_equation_stands_on_the_status_page(visit, server):
    page = visit(f"{server}/book/status.html")
    chapters = rows(page, 0)
    notebooks = [p for p in BOOK.glob("*.ipynb") if not p.stem.startswith("progress")]
    assert len(chapters) >= len(notebooks)
    assert {row[1] for row in chapters} == {"yes"}
    assert all(re.fullmatch(r"\d+ s", row[2]) for row in chapters)
    expected = checked()
    assert sum(int(row[6]) for row in chapters) == len(expected) >= 50
    equations = rows(page, 1)
    assert sorted(tag for tag, _, _ in equations) == sorted(tag for _, tag in expected)
    assert all(float(error) < 1e-3 for _, _, error in equations)
    assert re.search(r"Built on \d\d \w+ \d{4}", page.locator("article").inner_text())


def test_an_equation_leads_to_the_cell_that_checks_it(visit, server):
    page = visit(f"{server}/book/status.html")
    page.locator("table").nth(1).get_by_role("link", name="BP2", exact=True).click()
    page.wait_for_url("**/03_delta_in_batches.html#check-BP2")
    assert page.locator("#check-BP2").count() == 1
