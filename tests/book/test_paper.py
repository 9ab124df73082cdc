"""The book on paper, and what can be taken away: PDF and zip."""

import io
import re
import shutil
import zipfile
from pathlib import Path

import paper
import pytest
import take_away

pytestmark = pytest.mark.long

PARTS = [("", ["book/intro"]), ("Part", ["book/06_two_networks_by_hand", "book/notation"])]
# On paper nothing scrolls: what is wider than its box is cut.
REST = [("Notation", "notation"), ("Backpropagation, checked", "intro")]
CUT = """() => [...document.querySelectorAll("article :is(pre, .formula, .pb-scroll, table, svg)")]
    .filter((e) => e.checkVisibility() && (e.scrollWidth > e.clientWidth + 3 && e.clientWidth
        || e.getBoundingClientRect().right > innerWidth + 2))
    .map((e) => `${e.tagName} ${e.getAttribute("class")} ${e.textContent.slice(0, 60)}`)"""
CLOSED = "document.querySelectorAll('article details:not([open], .pb-away)').length"
PRINT = "dispatchEvent(new Event('beforeprint'))"
A4 = 658  # 174 mm, what lies between the margins, in CSS pixels


@pytest.fixture
def printing(visit, server):
    """A function that opens a page and prepares it for paper."""

    def prepare(name):
        page = visit(f"{server}/{name}.html", width=A4)
        page.emulate_media(media="print")
        page.evaluate(PRINT)
        return page

    return prepare


def test_on_paper_nothing_is_cut_or_closed(printing, name):
    page = printing(name)
    assert page.evaluate(CLOSED) == 0
    assert page.evaluate(CUT) == []


def test_what_would_be_cut_is_seen(printing):
    page = printing("book/notation")
    box = (
        "<pre style='overflow: hidden; white-space: pre !important; width: 9em'>123456789012</pre>"
    )
    page.evaluate(f"document.querySelector('article').insertAdjacentHTML('beforeend', `{box}`)")
    assert len(page.evaluate(CUT)) == 1


def test_steppers_show_their_last_step_with_the_whole_table(printing):
    page = printing("book/06_two_networks_by_hand")
    sliders = page.locator('.pb-controls input[type="range"]')
    assert sliders.count() >= 2
    for slider in sliders.all():
        assert slider.input_value() == slider.get_attribute("max")
    for table in page.locator(".pb-numbers table").all():
        assert table.is_visible()


def test_answers_stand_at_the_end_and_come_back(visit, server):
    page = visit(f"{server}/book/06_two_networks_by_hand.html")
    seen = "document.querySelector('article').innerText.replace(/\\s+/g, ' ')"
    before = page.evaluate(seen)
    words = page.evaluate(
        "[...document.querySelectorAll('article > section details:not(.hide, .pb-poster details)')]"
        ".map((d) => d.textContent.replace(d.querySelector('summary').textContent, '').trim())"
    )
    folds = page.locator(".pb-exercise details").count()
    assert len(words) >= 5
    page.evaluate(PRINT)
    answers = page.locator(".pb-answers")
    assert all(text[:40] in answers.text_content() for text in words)
    assert answers.locator(".pb-fold").count() == folds
    for k, where in enumerate(page.locator(".pb-where a").all(), start=1):
        assert where.get_attribute("href") == f"#answer-{k}"
        assert page.locator(f"#answer-{k}").count() == 1
    assert (
        page.evaluate("document.querySelector('article').lastElementChild.className")
        == "pb-answers"
    )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".pb-answers, .pb-where, .pb-away, [data-paper]").count() == 0
    assert page.evaluate(seen) == before


@pytest.fixture(scope="module")
def small(site, tmp_path_factory):
    """A copy of the site of which three pages are printed."""
    copy = tmp_path_factory.mktemp("paper") / "html"
    without = shutil.ignore_patterns("*.pdf", "*.zip", "python-*.js")
    shutil.copytree(site, copy, ignore=without)
    return copy


@pytest.fixture(scope="module")
def pdfs(small, browser):
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed (test requirement)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper, "SITE", small)
        patch.setattr(paper, "contents", lambda: PARTS)
        made = [*paper.whole(browser), *paper.for_class(browser)]
    return {path.name: pypdf.PdfReader(path) for path in made}


def words_of(pdf):
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))


def test_the_pdf_has_outline_links_numbers_and_tags(pdfs, small):
    pdf = pdfs[take_away.PDF]
    titles = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    assert "Contents" in titles
    assert "6. Two networks by hand" in titles
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in pdf.trailer["/Root"]
    for number, page in enumerate(pdf.pages[1:], start=2):
        assert str(number) in page.extract_text().split()
    places = pdf.named_destinations
    pages = paper.pages_of(small / take_away.PDF)
    contents = pdf.pages[1].extract_text()
    for title, name in (("6. Two networks by hand", "06_two_networks_by_hand"), *REST):
        assert re.search(rf"{re.escape(title)}\s*{pages[name]}\b", contents), contents
        assert title in pdf.pages[pages[name] - 1].extract_text()
    notes = [n.get_object() for page in pdf.pages for n in page.get("/Annots", [])]
    inside = [note["/Dest"] for note in notes if "/Dest" in note]
    assert len(inside) > 40
    assert [d for d in inside if isinstance(d, str) and d not in places] == []
    outside = [note["/A"]["/URI"] for note in notes if "/A" in note and "/URI" in note["/A"]]
    assert [uri for uri in outside if not uri.startswith("https://")] == []


FOOT = 57 + 30
"""Points: the lower margin, a heading and a line of text."""


def alone(pdf):
    """Return the headings at the foot of a page, where no text of theirs has room."""

    def walk(entries):
        for entry in entries:
            yield from walk(entry) if isinstance(entry, list) else [entry]

    return [entry.title for entry in walk(pdf.outline) if float(entry.top) < FOOT]


def test_no_heading_is_split_from_its_text(pdfs):
    assert {name: alone(pdf) for name, pdf in pdfs.items()} == {name: [] for name in pdfs}


def test_a_heading_at_the_foot_of_a_page_is_seen(browser, tmp_path):
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed (test requirement)")
    page = browser.new_page()
    page.set_content(
        "<style>@page { size: A4; margin: 18mm 18mm 20mm } h2 { margin: 0 }</style>"
        "<h1>Top</h1><div style='height: 875px'></div><h2>Foot</h2><p style='height: 90px'>Text</p>"
    )
    path = tmp_path / "split.pdf"
    page.pdf(path=path, prefer_css_page_size=True, tagged=True, outline=True)
    page.close()
    assert [title[:4] for title in alone(pypdf.PdfReader(path))] == ["Foot"]


def test_letters_that_no_font_has_are_found(browser):
    page = browser.new_page()
    text = "a sum \u2211 of \u03b4, \ue020= and \U0010fffe"
    assert page.evaluate(paper.MISSING, text) == "\U0010fffe"
    page.close()


def test_the_pdf_has_each_equation_number_and_each_figure_of_the_site(pdfs, visit, server):
    pdf = pdfs[take_away.PDF]
    words = words_of(pdf)
    page = visit(f"{server}/book/06_two_networks_by_hand.html")
    tags = [t.strip() for t in page.locator(".equation .tag").all_text_contents()]
    assert len(tags) >= 3
    assert [tag for tag in tags if tag not in words] == []
    figures = page.locator(".cell_output img").count()
    assert sum(len(p.images) for p in pdf.pages) >= figures


def test_for_class_questions_and_answers_stand_apart(pdfs):
    whole, questions, answers = (
        words_of(pdfs[n]) for n in (take_away.PDF, take_away.QUESTIONS, take_away.ANSWERS)
    )
    assert "Hint 1" in whole
    assert "Hint 1" not in questions
    assert "Solution" not in questions
    assert "Hint 1" in answers
    assert "Predict" in questions
    assert len(answers) + len(questions) < 1.05 * len(whole)


def test_the_zip_file_opens_from_disk(small, tmp_path, visit):
    (small / take_away.PDF).touch()
    with zipfile.ZipFile(io.BytesIO(take_away.pack(small).read_bytes())) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "pybackprop-book"
    files = {path.relative_to(small) for path in small.rglob("*") if path.is_file()}
    left_out = {
        Path(take_away.PDF),
        Path(take_away.ZIP),
        Path(take_away.QUESTIONS),
        Path(take_away.ANSWERS),
    }
    assert {
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file()
    } == files - left_out
    assert list(folder.glob("_static/pybackprop-*.whl"))
    page = visit((folder / "book" / "intro.html").as_uri())
    assert page.trouble == []
    assert page.locator("#take-away").inner_text() == ""


def test_the_first_page_offers_what_was_made_and_nothing_else(small, visit):
    for name in take_away.WORDS:
        (small / name).unlink(missing_ok=True)
    assert take_away.offer(small) == ""
    (small / take_away.ZIP).write_bytes(b"x" * 200_000)
    take_away.offer(small)
    links = visit((small / "book" / "intro.html").as_uri()).locator("#take-away a")
    assert [a.get_attribute("href") for a in links.all()] == ["../pybackprop-book.zip"]
    assert "0.2 MB" in links.first.inner_text()
    (small / take_away.ZIP).unlink()
    take_away.offer(small)
    assert "zip" not in take_away.PLACE.search((small / "book/intro.html").read_text())[0]
