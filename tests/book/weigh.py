"""What a reader's browser loads for each page."""

import gzip
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from local import SETTLED

LIMIT = 250_000
"""Bytes of one page in all, gzipped, without its pictures."""

PICTURES = {".png", ".svg", ".gif", ".jpg", ".webp"}
PAINT = "performance.getEntriesByName('first-contentful-paint').map((e) => e.startTime)[0] ?? NaN"


def weigh(page: Any, url: str, site: Path) -> dict[str, float]:
    """Open a page and return its requests, bytes (gzipped, as a server sends them), first paint."""
    files: list[Path] = []
    page.on(
        "requestfinished", lambda r: files.append(site / unquote(urlsplit(r.url).path).lstrip("/"))
    )
    page.goto(url, wait_until="networkidle")
    page.wait_for_function(SETTLED)
    pictures = [path for path in files if path.suffix in PICTURES]
    return {
        "requests": len(files),
        "bytes": sum(gzipped(path) for path in files if path.suffix not in PICTURES),
        "html": sum(gzipped(path) for path in files if path.suffix == ".html"),
        "fonts": sum(gzipped(path) for path in files if path.suffix == ".woff2"),
        "pictures": sum(gzipped(path) for path in pictures),
        "paint": page.evaluate(PAINT),
    }


def gzipped(path: Path) -> int:
    """Return the size of a file as a server sends it; fonts and pictures are compressed already."""
    content = path.read_bytes()
    return len(content) if path.suffix in PICTURES | {".woff2"} else len(gzip.compress(content, 6))
