"""The book on paper: one PDF with outline, links, page numbers and tags.

    python book/_ext/paper.py            (make pdf)
    python book/_ext/paper.py class      (make class)

All pages become one document, which Chromium prints once: links between chapters then lead
somewhere, and one outline and one numbering go through all of it. For class there are two PDFs: the
book without its answers, and the answers alone.
"""

import sys
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import take_away
import yaml
from local import CHROMIUM, FLAGS, SETTLED

ROOT = Path(__file__).parents[2]
SITE = take_away.SITE
LEFT_OUT = {"book/progress", "book/your_own_numbers", "book/status"}  # they live on the screen
TITLE = "Backpropagation, checked"

# One page of the site as a part of the document: what is folded open, answers at its end, ids and
# links with the page's name.
PART = """async ([name, names]) => {
    dispatchEvent(new Event("beforeprint"));
    const article = document.querySelector("article");
    for (const field of article.querySelectorAll("textarea")) {
        const code = document.createElement("pre");
        code.className = "pb-stub";
        code.textContent = field.value;
        field.replaceWith(code);
    }
    const live = "script, style, button, input:not([type=radio]), form:has([type=checkbox]),"
        + " [hidden], .pb-controls, .headerlink, #take-away";
    for (const one of article.querySelectorAll(live)) one.remove();
    const target = (href) => {
        if (/^[a-z]+:/.test(href)) return href;
        const [path, id] = href.split("#"), page = path ? path.replace(/\\.html$/, "") : name;
        return names.includes(page) ? (id ? `#${page}--${id}` : `#${page}`) : null;
    };
    const inside = (ids) => ids.split(" ").map((id) => `${name}--${id}`).join(" ");
    const names_ids = /^(id|for|headers|aria-(labelledby|describedby|controls|owns))$/;
    for (const one of article.querySelectorAll("*")) {
        for (const { name: attribute, value } of [...one.attributes]) {
            if (names_ids.test(attribute)) one.setAttribute(attribute, inside(value));
            const drawn = value.replace(/url\\((["']?)#/g, `url($1#${name}--`);
            if (drawn !== value) one.setAttribute(attribute, drawn);
        }
        const href = one.getAttribute("href"), to = href && target(href);
        if (to) one.setAttribute("href", to);
        else one.removeAttribute("href");
        if (one.localName === "img") one.loading = "eager";
    }
    return article.innerHTML;
}"""
# Letters that no font here has: the browser draws the same box for them as for what is no letter.
# What is for private use, such as the stroke of a "not equal", is in the font of the formulas.
MISSING = """(text) => {
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    [pen.canvas.width, pen.canvas.height, pen.font] = [40, 40, "24px sans-serif"];
    const drawn = (letter) => {
        pen.clearRect(0, 0, 40, 40);
        pen.fillText(letter, 4, 30);
        return pen.getImageData(0, 0, 40, 40).data.join();
    };
    const none = drawn("\\u{10ffff}");
    const asked = [...new Set(text)].filter((letter) => /[^\\0-~\\ue000-\\uf8ff]/u.test(letter));
    return asked.filter((letter) => drawn(letter) === none).join("");
}"""
NUMBER = """(pages) => {
    for (const place of document.querySelectorAll("[data-page]")) {
        place.textContent = pages[place.dataset.page];
    }
}"""
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter((h) => h.checkVisibility()).map((h) => h.textContent.replace("↑", "").trim())"""
READY = """() => Promise.all([document.fonts.ready,
    ...[...document.images].map((picture) => picture.decode().catch(() => 0))])"""

DOCUMENT = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="../_static/book.css">
<link rel="stylesheet" href="../_static/interactive.css">
<link rel="stylesheet" href="../_static/numbers.css">
<link rel="stylesheet" href="../_static/python.css">
<style>
@page {{ size: A4; margin: 18mm 18mm 20mm; }}
@page {{ @bottom-center {{ content: counter(page); font: 9pt sans-serif; }} }}
@page :first {{ @bottom-center {{ content: none; }} }}
html {{ font-size: 10.5pt; }}
.bd-article .pb-part {{ break-before: page; }}
.bd-main .bd-content .bd-article h1:first-of-type {{ display: block; margin-top: 0; }}
.pb-cover {{ padding-top: 30vh; text-align: center; font-size: 2.6rem; }}
.pb-contents ul {{ list-style: none; padding: 0; }}
.pb-contents li {{ display: flex; gap: .5em; align-items: baseline; }}
.pb-contents li::before {{ content: ""; order: 1; flex: 1; border-bottom: 1px dotted; }}
.pb-contents [data-page] {{ order: 2; min-width: 2em; text-align: right; }}
{only}
</style>
</head>
<body>
<div class="bd-main"><div class="bd-content"><div class="bd-article-container">
<article class="bd-article">
{parts}
</article>
</div></div></div>
</body>
</html>
"""
NO_ANSWERS = ".pb-answers, .pb-away { display: none !important; }"


def contents() -> list[tuple[str, list[str]]]:
    """Return the parts of the book with their pages, the first page alone in front."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [
        (
            part["caption"],
            [
                page["file"]
                for chapter in part["chapters"]
                for page in (chapter, *chapter.get("sections", []))
            ],
        )
        for part in toc["parts"]
    ]
    kept = [(caption, [n for n in names if n not in LEFT_OUT]) for caption, names in parts]
    return [("", [toc["root"]]), *kept]


def cover(title: str, titles: dict[str, str]) -> str:
    """Return the first page and the table of contents."""
    lists = ""
    for caption, names in contents():
        items = "".join(
            f'<li><a href="#{Path(name).name}">{escape(titles[name])}</a>'
            f'<span data-page="{Path(name).name}"></span></li>'
            for name in names
        )
        lists += f"{f'<p><b>{escape(caption)}</b></p>' if caption else ''}<ul>{items}</ul>"
    return (
        f'<p class="pb-cover">{escape(title)}</p>'
        f'<nav class="pb-part pb-contents"><h1>Contents</h1>{lists}</nav>'
    )


def read(browser: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Return what each page prints, and its title."""
    names = [name for _, pages in contents() for name in pages]
    short = [Path(name).name for name in names]
    parts, titles = {}, {}
    for name in names:
        page = browser.new_page(viewport={"width": 760, "height": 1000}, color_scheme="light")
        page.goto((SITE / f"{name}.html").as_uri(), wait_until="load")
        page.wait_for_function(SETTLED)
        heading = page.locator("article h1").first.evaluate(
            "(h) => [...h.childNodes].filter((n) => n.className !== 'headerlink')"
            ".map((n) => n.textContent).join('')"
        )
        titles[name] = heading.strip()
        inside = page.evaluate(PART, [Path(name).name, short])
        parts[name] = f'<div class="pb-part" id="{Path(name).name}">{inside}</div>'
        page.close()
    return parts, titles


def write(browser: Any, html: str, target: Path) -> None:
    """Print a document; it stands beside the pages while that takes, for their pictures.

    It is printed twice where it has contents: the first time shows which page each part is on.
    """
    place = SITE / "book" / "paper.html"
    place.write_text(html, encoding="utf-8")
    try:
        page = browser.new_page(color_scheme="light")
        page.goto(place.as_uri(), wait_until="load", timeout=300_000)
        page.evaluate(READY)
        page.set_default_timeout(600_000)
        page.emulate_media(media="print")
        headings = page.evaluate(HEADINGS)
        if missing := page.evaluate(MISSING, page.locator("article").inner_text()):
            print(
                f"{target.name}: no font here has {missing}, boxes stand in their place. On Debian "
                "and Ubuntu install fonts-noto-cjk for Chinese, and make it anew",
                file=sys.stderr,
            )
        form = {"prefer_css_page_size": True, "print_background": True, "tagged": True}
        page.pdf(path=target, outline=True, **form)
        if page.locator("[data-page]").count():
            page.evaluate(NUMBER, pages_of(target))
            page.pdf(path=target, outline=True, **form)
        page.close()
    finally:
        place.unlink()
    name_outline(target, headings)


def pages_of(path: Path) -> dict[str, int]:
    """Return the page, from 1, of each place that a link leads to."""
    from pypdf import PdfReader

    pdf = PdfReader(path)
    return {
        name.removeprefix("/"): 1 + number
        for name, place in pdf.named_destinations.items()
        if (number := pdf.get_destination_page_number(place)) is not None
    }


def name_outline(path: Path, headings: list[str]) -> None:
    """Write the headings into the outline: Chromium says each of them twice there.

    Raises
    ------
    ValueError
        The outline has not one entry a heading.
    """
    from pypdf import PdfWriter
    from pypdf.generic import NameObject, TextStringObject

    pdf = PdfWriter(clone_from=path)
    entries = list(entries_of(pdf.root_object["/Outlines"]))
    if len(entries) != len(headings):
        raise ValueError(f"{path.name}: {len(headings)} headings, {len(entries)} in the outline")
    for entry, heading in zip(entries, headings, strict=True):
        entry[NameObject("/Title")] = TextStringObject(heading)
    pdf.write(path)


def entries_of(parent: Any) -> Iterator[Any]:
    """Yield the entries of an outline in their order."""
    entry = parent.get("/First")
    while entry is not None:
        found = entry.get_object()
        yield found
        yield from entries_of(found)
        entry = found.get("/Next")


def whole(browser: Any) -> Iterator[Path]:
    parts, titles = read(browser)
    yield printed(browser, take_away.PDF, TITLE, cover(TITLE, titles) + "".join(parts.values()))


def for_class(browser: Any) -> Iterator[Path]:
    parts, titles = read(browser)
    book = cover(TITLE, titles) + "".join(parts.values())
    yield printed(browser, take_away.QUESTIONS, TITLE, book, NO_ANSWERS)
    answers = "".join(
        f'<div class="pb-part" id="{Path(name).name}"><h1>{escape(titles[name])}</h1>{found}</div>'
        for name, part in parts.items()
        if (found := answers_in(part))
    )
    title = f"{TITLE}: the answers"
    front = f'<p class="pb-cover">{escape(title)}</p>'
    yield printed(browser, take_away.ANSWERS, title, front + answers)


def answers_in(part: str) -> str:
    """Return the answers at the end of a page; book.js puts them there."""
    begins = part.find('<section class="pb-answers"')
    return part[begins : part.find("<!-- end of answers -->", begins)] if begins >= 0 else ""


def printed(browser: Any, name: str, title: str, parts: str, only: str = "") -> Path:
    write(browser, DOCUMENT.format(title=title, parts=parts, only=only), SITE / name)
    return SITE / name


def main(arguments: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        sys.exit("make pdf: no chromium, chromium-browser or google-chrome on PATH")
    start = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for path in (for_class if arguments == ["class"] else whole)(browser):
            seconds = time.monotonic() - start
            print(f"{path}: {take_away.size(path)}, {seconds:.0f} s", flush=True)
        browser.close()
    take_away.offer(SITE)


if __name__ == "__main__":
    main(sys.argv[1:])
