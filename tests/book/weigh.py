"""What a reader downloads for a page: python tests/book/weigh.py prints it for every page."""

import gzip
import re
import sys
from pathlib import Path

from paths import SITE

LIMIT = 250_000  # bytes of a page in all, gzipped, without its pictures
PICTURES = {".png", ".svg", ".gif", ".jpg", ".webp"}


def assets(page: Path) -> set[Path]:
    """Return the files that a page loads: its scripts, sheets and the fonts of the sheets it may use."""
    html = page.read_text(encoding="utf-8")
    names = re.findall(r'<(?:script|link|img)\b[^>]*?(?:src|href)="([^"?#]+)', html)
    files = {(page.parent / name).resolve() for name in names if ":" not in name}
    files = {path for path in files if path.suffix not in {".html", ""}}
    sheets = [path for path in files if path.suffix == ".css"]
    return files | {font for sheet in sheets for font in fonts(sheet, html)}


def fonts(sheet: Path, html: str) -> set[Path]:
    """Return every font of a sheet, or none where the page has no math: more than any page uses."""
    if "katex" not in html:
        return set()
    names = re.findall(r"url\((fonts/[^)]*)\)", sheet.read_text(encoding="utf-8"))
    return {(sheet.parent / name).resolve() for name in names}


def gzipped(path: Path) -> int:
    """Return the size of a file as a server sends it; fonts and pictures are compressed already."""
    content = path.read_bytes()
    compressed = path.suffix in PICTURES | {".woff2"}
    return len(content) if compressed else len(gzip.compress(content, 6))


def weight(page: Path) -> int:
    """Return the bytes of a page in all, without its pictures."""
    return gzipped(page) + sum(gzipped(p) for p in assets(page) if p.suffix not in PICTURES)
