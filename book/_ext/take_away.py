"""The book to take away: what the first page offers, and the zip file.

    python book/_ext/take_away.py     (make zip; make pdf adds the PDF)

A build removes both, because they are of the book before it.
"""

import re
import zipfile
from pathlib import Path

from sphinx.application import Sphinx

SITE = Path(__file__).parents[2] / "_build" / "html"
FIRST = "book/intro.html"
PDF, ZIP = "pybackprop-book.pdf", "pybackprop-book.zip"
QUESTIONS, ANSWERS = "pybackprop-questions.pdf", "pybackprop-answers.pdf"
WORDS = {
    PDF: "the whole book on paper (PDF)",
    ZIP: "the whole book in one file that opens from disk (zip)",
    QUESTIONS: "for class, the book without its answers (PDF)",
    ANSWERS: "the answers apart (PDF)",
}
PLACE = re.compile(r'(<div id="take-away">).*?(</div>)', re.DOTALL)


def offer(site: Path) -> str:
    """Put links to what has been made on the first page; return them."""
    made = [name for name in WORDS if (site / name).exists()]
    links = ", ".join(
        f'<a href="../{name}">{WORDS[name]}, {size(site / name)}</a>' for name in made
    )
    text = f"<p>Take it with you: {links}.</p>" if made else ""
    page = site / FIRST
    html = page.read_text(encoding="utf-8")
    page.write_text(PLACE.sub(rf"\g<1>{text}\g<2>", html), encoding="utf-8")
    return text


def size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"


def pack(site: Path) -> Path:
    """Write the zip file: all pages, Python on the page and the package's wheel included."""
    made = site / ZIP
    first = PLACE.sub(r"\1\2", (site / FIRST).read_text(encoding="utf-8"))
    folder = Path(ZIP).stem
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(site.rglob("*")):
            name = path.relative_to(site).as_posix()
            if path.is_file() and name not in (*WORDS, FIRST):
                archive.write(path, f"{folder}/{name}")
        archive.writestr(f"{folder}/{FIRST}", first)
    return made


def remove_old(app: Sphinx) -> None:
    for name in WORDS:
        Path(app.outdir, name).unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", remove_old)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def main() -> None:
    made = pack(SITE)
    offer(SITE)
    print(f"{made}: {size(made)}; unpack it and open {made.stem}/index.html")


if __name__ == "__main__":
    main()
