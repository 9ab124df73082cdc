"""Take the picture of README and preface anew: a cell of chapter 1, changed and run on its page.

make pictures
"""

from local import CHROMIUM, FLAGS
from paths import BOOK, SITE
from playwright.sync_api import sync_playwright
from test_cells_page import cell_of, run

PICTURE = BOOK / "python_on_the_page.png"
CHANGED = """w, b = np.array([0.1, 0.3]), 0.1
x = np.array([0.5, 1.0])

z = w @ x + b
a = 1 / (1 + np.exp(-z))
print(f"z = {z:.4f}   a = {a:.4f}")"""


def main() -> None:
    """Open the page from disk, change the cell, run it, and keep what is then to be seen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 700, "height": 900})
        page.goto((SITE / "book/01_forward_pass.html").as_uri())
        part = cell_of(page, "w, b = np.array")
        run(part, CHANGED)
        page.mouse.move(0, 0)
        part.screenshot(path=PICTURE, animations="disabled", caret="hide")
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
