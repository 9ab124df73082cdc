"""The built book in headless Chromium, with every other host out of reach."""

import os
from pathlib import Path

import pytest
from local import CHROMIUM, FLAGS, SETTLED, serve
from paths import ROOT, SITE

LOCAL = ("http://127.0.0.1:", "http://localhost:", "file:", "data:", "blob:")


@pytest.fixture(scope="session")
def site():
    """The folder of the built book."""
    if not (SITE / "index.html").exists():
        pytest.fail("the book is not built; run: make book")
    return SITE


@pytest.fixture(scope="session")
def server(site):
    with serve(site) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; without it the page tests are skipped, and in CI they fail."""
    if CHROMIUM is None:
        reason = "no chromium, chromium-browser or google-chrome on PATH"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def visit(browser):
    """A function that opens a page; its `trouble` lists requests to other hosts and errors."""
    contexts = []

    def open_page(url, *, width=1280, scheme="light", script=True):
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        contexts.append(context)
        page = context.new_page()
        page.trouble = []

        def allow(route):
            if route.request.url.startswith(LOCAL):
                route.continue_()
            else:
                page.trouble.append(f"request: {route.request.url}")
                route.abort()

        context.route("**/*", allow)
        page.on("pageerror", lambda error: page.trouble.append(f"error: {error}"))
        page.on("requestfailed", lambda r: page.trouble.append(f"failed: {r.url}"))
        page.on(
            "console",
            lambda m: page.trouble.append(f"console: {m.text}") if m.type == "error" else None,
        )
        page.goto(url, wait_until="load")
        if script:
            page.wait_for_function(SETTLED)
        return page

    yield open_page
    for context in contexts:
        context.close()


def page_names() -> list[str]:
    """Return the pages of the book, as the sources and the table of contents have them."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    lines = [line.split(":")[1].strip() for line in toc.splitlines() if "file:" in line]
    return ["book/intro", *lines]


def pytest_generate_tests(metafunc):
    if (
        "name" in metafunc.fixturenames
        and Path(metafunc.module.__file__).parent == Path(__file__).parent
    ):
        metafunc.parametrize("name", page_names())
