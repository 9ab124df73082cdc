"""The pictures of README.md, taken from the pages (make pictures); links show the first one."""

import json
from pathlib import Path
from typing import Any

from local import CHROMIUM, FLAGS

BOOK = Path(__file__).parents[1]
SITE = BOOK.parent / "_build" / "html" / "book"
PICTURES = BOOK / "_static"


def stepper(page: Any) -> None:
    """The chain rule, three steps in."""
    page.goto((SITE / "03_delta.html").as_uri())
    part = page.locator('.pybackprop-interactive[data-kind="stepper"]').first
    for _ in range(3):
        part.get_by_role("button", name="Next").click()
    part.screenshot(path=PICTURES / "stepper.png")


def exercise(page: Any) -> None:
    """An exercise, and what it says of an answer without the slope."""
    page.goto((SITE / "03_delta.html").as_uri())
    part = page.locator("#exercise-03-output-delta")
    data = part.locator("xpath=..").locator("script").text_content()

    wrong = next(m for m in json.loads(data)["variants"][0]["mistakes"] if m is not None)
    part.locator("input").fill(str(wrong))
    part.get_by_role("button", name="Check").click()
    part.screenshot(path=PICTURES / "exercise.png")


def main() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for take in (stepper, exercise):
            page = browser.new_page(viewport={"width": 900, "height": 900}, color_scheme="light")
            take(page)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
