"""The built pages as a reader meets them, wide and narrow, light and dark, served and from disk."""

import re

import pytest
from playwright.sync_api import expect
from test_steppers import SMALL
from weigh import LIMIT, weigh

SIDEWAYS = """() => {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    return [...document.querySelectorAll("main *")]
        .filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1)
        .slice(0, 5).map((e) => `${e.tagName} ${e.className} ${e.getBoundingClientRect().right}`)
        .concat([`the page is ${page.scrollWidth} wide`]);
}"""
SMALL_MATH = """() => [...document.querySelectorAll(".katex-html")]
    .filter((e) => !e.closest("details:not([open])") && e.getBoundingClientRect().height < 4)
    .map((e) => e.parentElement.textContent)"""
PICTURES = """async () => {
    const pictures = [...document.querySelectorAll("main img")];
    for (const picture of pictures) picture.loading = "eager";
    await Promise.all(pictures.map((picture) => picture.decode().catch(() => 0)));
    return pictures.filter((p) => !p.alt.trim() || !p.naturalWidth).map((p) => p.src);
}"""
WIDEST = 658  # pixels at 130 dpi: text of 10 points then has 9 pixels on a phone (test_plots.py)
IDLE = "new Promise((done) => requestIdleCallback(() => setTimeout(done)))"
FAILED_FONTS = """document.fonts.ready.then(() =>
    [...document.fonts].filter((font) => font.status === "error").map((font) => font.family))"""


def test_a_page_is_light_and_asks_no_other_host_and_shows_its_math_and_pictures(
    visit, server, site, name
):
    page = visit("about:blank")
    assert weigh(page, f"{server}/{name}.html", site)["bytes"] <= LIMIT
    assert page.evaluate(SMALL_MATH) == []
    assert page.evaluate(FAILED_FONTS) == []
    stops = page.locator("p .math[tabindex]")  # in a wide window none has to scroll
    expect(stops).to_have_count(0)
    assert page.evaluate(PICTURES) == []
    assert page.trouble == []


NARROW = """() => {
    const { style } = document.querySelector("p .math");
    style.cssText = "display: inline-block; width: 9px; height: 9px; overflow: auto";
}"""
LATE = """() => {
    document.querySelector("p .math > *").style.display = "none";
    return [...document.fonts].find((font) => font.status === "unloaded").load().then(() => 0);
}"""


def test_what_a_late_font_makes_fit_is_no_stop_of_the_keyboard(visit, server):
    page = visit(f"{server}/book/notation.html")
    box = page.locator("p .math").first
    page.evaluate(NARROW)
    expect(box).to_have_attribute("tabindex", "0")
    page.evaluate(LATE)
    expect(box).not_to_have_attribute("tabindex", "0")


def test_a_long_page_lays_out_what_is_far_below_after_its_first_view(visit, server):
    sections = """[...document.querySelectorAll(".bd-article > section > section")]
        .map((e) => [e.style.contentVisibility, getComputedStyle(e).contentVisibility])"""
    url = f"{server}/book/03_delta.html"
    page = visit(url)
    assert {*map(tuple, page.evaluate(sections))} == {("visible", "visible")}
    end = page.locator(".bd-article > section > section").last.get_attribute("id")
    page = visit(f"{url}#{end}")  # who follows a link into the page gets it whole at once
    assert {*map(tuple, page.evaluate(sections))} == {("", "visible")}
    top = page.evaluate(f"document.getElementById('{end}').getBoundingClientRect().top")
    assert 0 <= top < 200


PARTS = """[...document.querySelectorAll("div.pybackprop-interactive")]
    .map((e) => e.dataset.ready)"""
FOLDED = """[...document.querySelectorAll("div.pybackprop-interactive:not([data-ready])")]
    .every((e) => e.closest("details:not([open])"))"""
NEVER_IDLE = "window.requestIdleCallback = () => {};"


def test_what_is_far_below_starts_after_the_first_view_or_before_it_is_printed(visit, server):
    url = f"{server}/book/03_delta.html"
    page = visit("about:blank")
    page.add_init_script(NEVER_IDLE)
    page.goto(url)
    early = page.evaluate(PARTS)
    assert early.count("stepper") == 1  # of two, the one that readers come to first
    assert None in early
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert None not in page.evaluate(PARTS)
    assert None not in visit(url).evaluate(PARTS)
    page.goto("about:blank")
    page.goto(f"{url}#from-sums-to-arrays")  # a link to a place far below finds all of it
    assert page.evaluate(FOLDED)


def test_a_page_works_from_disk(visit, site, name):
    page = visit((site / f"{name}.html").as_uri())
    page.evaluate(IDLE)
    assert page.trouble == []
    assert page.locator("article h1").first.is_visible()


def test_math_is_drawn_without_a_script(visit, server, name):
    page = visit(f"{server}/{name}.html", script=False)
    assert page.locator(".katex-error").count() == 0
    words = page.locator("article").inner_text()
    assert not re.search(r"\\\(|\\\[|\$\$|\\tag", words)


def test_text_in_figures_can_be_read_on_a_phone(visit, server, name):
    page = visit(f"{server}/{name}.html", width=360)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(SMALL) == []
    page.evaluate(PICTURES)
    widths = page.locator(".cell_output img").evaluate_all("all => all.map((p) => p.naturalWidth)")
    assert [width for width in widths if width > WIDEST] == []


@pytest.mark.parametrize("width", [360, 768])
def test_a_page_does_not_scroll_sideways(visit, server, name, width):
    page = visit(f"{server}/{name}.html", width=width)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("large", ["book/intro", "book/05_training_loop", "book/api"])
def test_a_page_with_text_twice_as_large_does_not_scroll_sideways(visit, server, large):
    page = visit(f"{server}/{large}.html", width=390)
    page.add_style_tag(content="html { font-size: 200% !important }")
    assert page.evaluate(SIDEWAYS) == []
    bar, title = (
        page.locator(at).bounding_box() for at in (".article-header-buttons", "article h1")
    )
    assert bar["y"] + bar["height"] < title["y"] + 1


PLANTED = {
    "a wide box": ("<div style='width: 2000px'>wide</div>", SIDEWAYS, "the page is"),
    "a picture without words": ("<img src='../_static/favicon.svg'>", PICTURES, "favicon"),
    "a picture that is not there": ("<img alt='x' src='data:image/png;base64,AA'>", PICTURES, "AA"),
    "math without a size": (
        "<span style='display: block; height: 0'><span class='katex-html'>x</span></span>"
        "<style>span.katex-html { display: block; height: 0 }</style>",
        SMALL_MATH,
        "x",
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_seen(visit, server, planted):
    html, check, says = PLANTED[planted]
    page = visit(f"{server}/book/intro.html", width=360)
    assert page.evaluate(check) == []
    append = "(html) => document.querySelector('article').insertAdjacentHTML('beforeend', html)"
    page.evaluate(append, html)
    assert any(says in found for found in page.evaluate(check))


def test_a_planted_request_and_error_are_seen(visit, server):
    page = visit(f"{server}/book/intro.html")
    with page.expect_event("requestfailed"):
        page.evaluate("fetch('https://example.org/x.js').catch(() => 0)")
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('planted'); })")
    assert any("https://example.org/x.js" in found for found in page.trouble)
    assert any("planted" in found for found in page.trouble)


def test_the_color_mode_follows_the_system_and_the_switch(visit, server):
    page = visit(f"{server}/book/intro.html", scheme="dark")
    theme = "document.documentElement.dataset.theme"
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(theme) == "dark"
    dark = page.evaluate(background)
    page.locator(".theme-switch-button").click()
    while page.evaluate(theme) != "light":
        page.locator(".theme-switch-button").click()
    assert page.evaluate(background) != dark
    page.reload()
    assert page.evaluate(theme) == "light"


def test_figures_are_brightened_on_a_dark_page(visit, server):
    """Which contrast their text then has, test_plots.py computes."""
    shown = "getComputedStyle(document.querySelector('.cell_output img')).filter"
    for scheme, expected in (("light", "none"), ("dark", "brightness(1.35)")):
        page = visit(f"{server}/book/03_delta.html", scheme=scheme)
        assert page.evaluate(shown) == expected


def test_the_roles_have_their_colors_light_and_dark(visit, server):
    from pybackprop.course.palette import ROLES

    for shade, scheme in enumerate(("light", "dark")):
        page = visit(f"{server}/book/intro.html", scheme=scheme)
        for role, colors in ROLES.items():
            script = f"getComputedStyle(document.documentElement).getPropertyValue('--pb-{role}')"
            assert page.evaluate(script) == colors[shade]


def test_search_finds_a_word(visit, server):
    page = visit(f"{server}/book/intro.html")
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").fill("believe")
    page.keyboard.press("Enter")
    page.locator("#search-results a[href*='intro.html']").wait_for(timeout=10_000)
    assert page.trouble == []


def test_search_finds_pages_from_disk_without_a_word_of_complaint(visit, site):
    page = visit((site / "search.html").as_uri() + "?q=sigmoid")
    page.locator("#search-results a[href*='01_forward_pass']").first.wait_for(timeout=10_000)
    assert page.locator("#search-results li").count() > 5
    assert page.trouble == []


def test_search_without_a_script_shows_no_form_and_says_what_it_needs(visit, server):
    page = visit(f"{server}/search.html", script=False)
    assert [x for x in page.locator("form, input").all() if x.is_visible()] == []
    assert "JavaScript" in page.locator("main").inner_text()
    assert page.locator("#pst-primary-sidebar a[href*='03_delta']").first.is_visible()


@pytest.mark.parametrize("allowed", ["allow-scripts", "allow-scripts allow-forms"])
def test_a_page_lives_in_the_sandboxed_frame_of_a_learning_platform(visit, server, allowed):
    page = visit(f"{server}/404.html")
    source = f"src='{server}/book/03_delta.html' width='900'"
    page.set_content(f"<iframe sandbox='{allowed}' {source}></iframe>")
    inside = page.frame_locator("iframe")
    inside.locator(".pybackprop-interactive[data-ready]").first.wait_for(state="attached")
    stepper = inside.locator('.pybackprop-interactive[data-kind="stepper"]').first
    stepper.get_by_role("button", name="Next").click()
    exercise = inside.locator("#exercise-03-output-delta")
    exercise.locator("input").fill("5")
    exercise.get_by_role("button", name="Check").click()
    assert "Not yet" in exercise.locator(".pb-reply").inner_text()
    exercise.locator("input").fill("six")
    exercise.locator("input").press("Enter")
    assert "not a number" in exercise.locator(".pb-reply").inner_text()
    choice = inside.locator(".pb-exercise:has([type=radio])").first
    choice.locator("[type=radio]").first.check()
    choice.get_by_role("button", name="Check").click()
    choice.locator(".pb-reply b").wait_for()
    kept = "localStorage.getItem('no such name') === null"  # one that lasts as long as the page
    assert page.frames[1].evaluate(kept)
    inside.locator(".theme-switch-button").first.click()
    # This server sends no Access-Control-Allow-Origin, so that the frame gets no fonts.
    assert [t for t in page.trouble if "font" not in t and "net::ERR_FAILED" not in t] == []


def test_the_sidebar_opens_on_a_narrow_page(visit, server):
    page = visit(f"{server}/book/intro.html", width=360)
    page.locator(".primary-toggle").click()
    assert page.locator("#pst-primary-sidebar-modal").get_by_role("link").first.is_visible()


def test_code_can_be_copied(visit, server, site):
    name = next((p.stem for p in sorted((site / "book").glob("[0-9]*.html"))), None)
    if name is None:
        pytest.skip("no chapter is built yet")
    page = visit(f"{server}/book/{name}.html")
    page.locator("button.copybtn").first.wait_for(state="attached")


def test_paper_shows_what_cannot_be_opened_there(visit, server):
    """Printed pages have answers open and steppers at their last step; the page then goes back."""
    page = visit(f"{server}/book/03_delta.html")
    page.wait_for_selector(".pb-controls input")
    closed = "document.querySelectorAll('details:not([open], .pb-away)').length"
    sliders = "[...document.querySelectorAll('.pb-controls input[type=range]')]"
    steps = f"{sliders}.map((slider) => [slider.value, slider.max])"
    before = page.evaluate(closed), page.evaluate(steps)
    assert before[0] > 0
    assert any(value != last for value, last in before[1])
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(closed) == 0
    assert all(value == last for value, last in page.evaluate(steps))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert (page.evaluate(closed), page.evaluate(steps)) == before


def test_who_comes_by_keyboard_sees_which_button_of_the_bar_they_are_on(visit, server):
    page = visit(f"{server}/book/intro.html", width=390)
    ring = (
        "[document.activeElement.closest('.bd-header-article')?.tagName,"
        " getComputedStyle(document.activeElement).outlineStyle]"
    )
    rings = []
    for _ in range(12):
        page.keyboard.press("Tab")
        inside, outline = page.evaluate(ring)
        rings += [outline] if inside else []
    assert len(rings) >= 5
    assert {*rings} == {"solid"}


def test_icons_are_seen_in_forced_colors(visit, server):
    page = visit(f"{server}/book/intro.html", width=390)
    page.emulate_media(forced_colors="active")
    color = "getComputedStyle(document.querySelector('.fa-bars')).backgroundColor"
    assert page.evaluate(color) != page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_without_a_script_no_button_is_shown_that_needs_one(visit, server):
    page = visit(f"{server}/book/intro.html", width=390, script=False)
    assert [b for b in page.locator("button").all() if b.is_visible()] == []


def test_a_link_within_a_page_lays_out_all_of_it_first(visit, server):
    page = visit(f"{server}/book/03_delta.html")
    page.evaluate("document.documentElement.dataset.lazy = ''")
    page.locator(".page-toc a").last.click()
    assert page.evaluate("'lazy' in document.documentElement.dataset") is False


# The first page


def learning_of(page):
    return page.locator('.pybackprop-interactive[data-name="learning"]')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_page_shows_a_network_that_learns_in_its_first_view(visit, server, scheme):
    page = visit(f"{server}/book/intro.html", scheme=scheme)
    part = learning_of(page)
    controls = part.locator(".pb-controls").bounding_box()
    assert controls["y"] + controls["height"] <= 800
    first = int(part.get_attribute("data-frame"))
    page.wait_for_function(
        "(first) => +document.querySelector('[data-name=learning]').dataset.frame > first",
        arg=first,
    )
    part.locator(".pb-poster").focus()
    page.keyboard.press("End")
    assert "60 of 60 points lie on their side" in part.get_by_role("status").inner_text()
    page.keyboard.press("Home")
    assert "weights and biases are random" in part.get_by_role("status").inner_text()
    assert page.trouble == []


def test_the_first_page_on_a_phone_plays_what_is_seen(visit, server):
    page = visit(f"{server}/book/intro.html", width=360)
    learning_of(page).locator(".pb-picture").scroll_into_view_if_needed()
    page.wait_for_function("+document.querySelector('[data-name=learning]').dataset.frame > 0")


def test_the_first_page_without_a_script_shows_what_was_learned(visit, server):
    page = visit(f"{server}/book/intro.html", script=False)
    part = learning_of(page)
    assert part.locator("svg[role=img]").is_visible()
    assert "60 of 60" in part.locator(".pb-say").inner_text()
    assert part.locator("table").first.is_visible()


def test_the_first_page_says_what_readers_will_do_and_where_they_begin(visit, server):
    page = visit(f"{server}/book/intro.html")
    part = learning_of(page).bounding_box()
    for title in ("What you will be able to do", "Where to begin"):
        assert page.get_by_role("heading", name=title).bounding_box()["y"] > part["y"]
    links = page.locator("#where-to-begin table a")
    assert links.count() >= 5
