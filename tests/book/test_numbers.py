"""The page with your own numbers, in headless Chromium with every other host out of reach."""

import re
from html import unescape
from urllib.parse import parse_qs, parse_qsl

import pytest
from paths import BOOK
from test_accessibility import AXE, RUN
from test_pages import SIDEWAYS

from pybackprop.course.numbers.kinds import KINDS, as_in_the_book
from pybackprop.course.numbers.page import PRESETS, answer
from pybackprop.course.numbers.state import SHOWN, parts, read

TEXT = (BOOK / "your_own_numbers.md").read_text(encoding="utf-8")
(LINK, LINK_SHOWN), (RACE, RACE_SHOWN) = re.findall(r'<a href="#(.+?)">.*?#(.+?)</a>', TEXT)
PAGE = "book/your_own_numbers.html"


@pytest.fixture
def place(site, server):
    """Where the page stands, by server or from disk; without a runtime there is no form."""
    if 'id="own-form"' not in (site / PAGE).read_text(encoding="utf-8"):
        pytest.skip("this book was built without Python for its pages")
    return {"server": f"{server}/{PAGE}", "disk": (site / PAGE).as_uri()}


def press(page, patience=60_000):
    page.get_by_role("button", name="Compute").click()
    said(page, "Computed.", patience)


def said(page, words, patience=60_000):
    page.locator(".pb-own .pb-progress-line").filter(has_text=words).wait_for(timeout=patience)


def fill(page, name, text):
    """Enter a value, and wait for the answer."""
    quiet(page)
    page.locator(f"#own-{name}").fill(text)
    page.locator(f"#own-{name}").dispatch_event("change")
    answered(page)


def choose(page, name, option):
    """Choose from a menu, and wait for the answer."""
    quiet(page)
    page.locator(f"#own-{name}").select_option(option)
    answered(page)


def quiet(page):
    page.locator(".pb-own .pb-progress-line").evaluate("line => { line.textContent = ''; }")


def answered(page):
    page.wait_for_function(
        """() => {
            const { textContent } = document.querySelector(".pb-own .pb-progress-line");
            return textContent && !textContent.endsWith("…");
        }""",
        timeout=60_000,
    )


def wrong(page):
    """What is told beside each field."""
    fields = page.locator(".pb-own .pb-wrong:not(:empty)")
    return {one.get_attribute("id"): one.text_content() for one in fields.all()}


def shown(page):
    (part,) = (one for one in page.locator(".pb-shown").all() if one.is_visible())
    return part.locator(".pybackprop-interactive")


def same_as_python(page, address):
    """Hold what the page shows against the package's own answer."""
    mine = answer(address)
    assert mine["errors"] == {}
    html = page.locator(".pb-result").inner_html()
    losses = re.findall(r"<td>([^<]*)</td></tr></tbody></table></div>", mine["result"])
    assert losses or parts(address)["show"] in KINDS
    assert all(loss in html for loss in losses[:1])
    data = shown(page).locator(":scope > script").text_content()
    assert data in mine["stepper"]


@pytest.mark.parametrize("where", ["server", "disk"])
def test_a_reader_enters_steps_and_comes_back_by_the_link(visit, place, where):
    page = visit(place[where])
    assert page.locator(".pb-result").get_by_role("cell", name="0.298371109").is_visible()
    assert page.locator(".pb-result").get_by_role("cell", name="0.291027774").is_visible()
    fill(page, "sizes", "2-3-1")
    assert wrong(page) == {}
    assert page.locator("#own-W1").input_value().count("\n") == 2
    fill(page, "W2", "1, -2, 0.5")
    choose(page, "phi1", "tanh")
    fill(page, "x", "0.5 -1")
    page.wait_for_function("decodeURIComponent(location.hash).includes('x=0.5,-1')")
    page.wait_for_function("decodeURIComponent(location.hash).includes('W2=1,-2,0.5')")
    address = page.url.split("#")[1]
    given = {name: value for name, (value,) in parse_qs(address).items()}
    assert (given["W2"], given["x"], given["phi1"]) == ("1,-2,0.5", "0.5,-1", "tanh")
    same_as_python(page, address)
    part = shown(page)
    part.get_by_role("button", name="Next").click()
    part.get_by_role("button", name="Next").click()
    assert part.get_attribute("data-frame") == "2"
    before = part.locator(".pb-say").text_content()
    fill(page, "x", "2, -1")
    assert shown(page).get_attribute("data-frame") == "2"
    assert shown(page).locator(".pb-say").text_content() != before
    address = page.url.split("#")[1]
    other = visit(page.url)
    said(other, "Computed.")
    assert other.locator("#own-x").input_value() == "2, -1"
    same_as_python(other, address)
    assert page.trouble == other.trouble == []


LISTEN = """() => {
    const { ask } = pybackpropPython;
    globalThis.asked = [];
    pybackpropPython.ask = (job) => { asked.push(job.given[1]); return ask(job); };
}"""
OPEN = """(hash) => new Promise((opened) => {
    addEventListener("hashchange", opened, { once: true });
    location.hash = hash;
})"""
RESTS = "!document.querySelector('.pb-own[aria-busy]')"
ENTER = """(entries) => {
    for (const [name, text] of Object.entries(entries)) {
        const field = document.querySelector(`#own-${name}`);
        field.focus();
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
    }
}"""


def test_each_entry_is_sent_once(visit, place):
    page = visit(place["server"])
    page.evaluate(LISTEN)
    fill(page, "sizes", "2-3-1")  # it is replaced while in focus, and tells of that
    fill(page, "seed", "7")
    page.wait_for_timeout(500)
    assert page.evaluate("asked") == ["sizes", "seed"]


def test_what_is_entered_during_an_answer_stays_and_is_answered_next(visit, place):
    page = visit(place["server"])
    page.evaluate(ENTER, {"sizes": "2-3-1", "W2": "1, -2, 0.5"})  # Python is still being loaded
    page.locator("#own-W2").press("Home")
    page.locator(".pb-tabs").get_by_text("Chain rule").click()
    page.wait_for_function("decodeURIComponent(location.hash).includes('W2=1,-2,0.5')")
    page.wait_for_function(RESTS)
    given = parts(page.url.split("#")[1])
    assert (given["sizes"], given["W2"], given["show"]) == ("2-3-1", "1,-2,0.5", "derivation")
    assert wrong(page) == {}
    assert page.locator("#own-W2").input_value() == "1, -2, 0.5"
    same_as_python(page, page.url.split("#")[1])
    # A menu that no longer has what was chosen shows what holds.
    page.evaluate(ENTER, {"sizes": "2-3-3-1", "phi2": "softmax"})
    page.wait_for_function("location.hash.includes('phi3=')")
    page.wait_for_function(RESTS)
    assert page.locator("#own-phi2").input_value() == "sigmoid"
    assert wrong(page) == {}
    # A link takes the place of all that waits, and of what is typed while it is opened.
    page.evaluate(LISTEN)
    page.evaluate(ENTER, {"sizes": "2-4-1", "seed": "9"})
    page.evaluate(OPEN, list(PRESETS.values())[2])
    page.wait_for_function("location.hash.includes('sizes=3-2-1')")
    page.wait_for_function(RESTS)
    assert page.evaluate("asked") == ["sizes", ""]
    both = f"async ([hash, entries]) => {{ await ({OPEN})(hash); ({ENTER})(entries); }}"
    page.evaluate(both, [list(PRESETS.values())[1], {"x": "7, 7"}])
    page.wait_for_function("location.hash.includes('sizes=2-3-1')")
    page.wait_for_function(RESTS)
    assert page.locator("#own-x").input_value() == "0.5, 1"
    same_as_python(page, page.url.split("#")[1])
    assert page.trouble == []


def test_a_link_leads_to_a_step_of_a_network(visit, place):
    preset = list(PRESETS.values())[1]
    page = visit(f"{place['server']}#{preset}&backward-1=4")
    said(page, "Computed.")
    assert shown(page).get_attribute("data-frame") == "4"
    shown(page).get_by_role("button", name="Next").click()
    shown(page).get_by_text("Link to this step").click()
    assert page.url.endswith("&backward-1=5")
    assert "sizes=2-3-1" in page.url
    other = visit(page.url)
    said(other, "Computed.")
    assert shown(other).get_attribute("data-frame") == "5"
    assert page.trouble == other.trouble == []


def test_the_form_of_an_address_is_told_in_full():
    table = re.findall(r"^\| (`.+`.*) \| .+ \| `(.+)` \|$", TEXT, re.M)
    told = {name for names, _ in table for name in re.findall(r"`([\w-]+)`", names)}
    known = read("sizes=2-2-1").fields.keys() | {f"{show}-1" for show in SHOWN}
    assert told == known
    start = dict(parse_qsl(list(PRESETS.values())[1]))
    for _, example in table:
        parts = dict(parse_qsl(example, strict_parsing=True))
        assert parts.keys() <= known
        assert read("&".join(f"{k}={v}" for k, v in (start | parts).items())).errors == {}
    assert (LINK, RACE) == (LINK_SHOWN, RACE_SHOWN)
    assert answer(unescape(RACE))["errors"] == {}
    (example,) = re.findall(r'html#(show=.+?)"', (BOOK / "teachers.md").read_text("utf-8"))
    assert answer(unescape(example))["errors"] == {}


def test_an_address_written_by_hand_opens_its_network_at_its_step(visit, place):
    page = visit(place["server"])
    page.get_by_role("link", name="your_own_numbers.html#sizes").click()
    said(page, "Computed.")
    same_as_python(page, unescape(LINK))
    assert page.locator("#own-W1").input_value() == "1, -1\n0.5, 2"
    assert shown(page).get_attribute("data-frame") == "4"
    assert page.trouble == []


def test_each_network_to_begin_with_is_brought_by_its_link(visit, place):
    page = visit(place["server"])
    for name, address in reversed(PRESETS.items()):
        page.get_by_role("link", name=name).click()
        page.wait_for_function(
            "sizes => document.querySelector('#own-sizes').value === sizes",
            arg=parse_qs(address)["sizes"][0],
        )
        said(page, "Computed.")
        same_as_python(page, page.url.split("#")[1])
    assert page.trouble == []


def test_what_is_wrong_is_told_beside_its_field_and_the_numbers_from_before_stay(visit, place):
    page = visit(place["server"])
    press(page)
    fill(page, "b1", "0.1, many")
    assert wrong(page) == {"wrong-b1": "“many” is no number; write 0.5, -2 or 1e-3."}
    field = page.locator("#own-b1")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.get_attribute("aria-describedby") == "wrong-b1"
    assert "Not yet: Biases" in page.locator(".pb-progress-line").text_content()
    assert page.locator(".pb-result.pb-old").get_by_role("cell", name="0.298371109").is_visible()
    fill(page, "b1", "0.1, 0.2")
    assert wrong(page) == {}
    assert page.locator(".pb-old").count() == 0
    choose(page, "loss", "cross_entropy")
    said(page, "Not yet: Loss")
    assert "add up to 1" in wrong(page)["wrong-loss"]
    assert page.trouble == []


MARKUP = "<img src=x onerror=alert(1)>{say}&amp;"


@pytest.mark.parametrize("part", ["sizes=2-2&x=<img src=x onerror=alert(1)>", "show=<b>", "%E0%A4"])
def test_a_hostile_link_is_not_opened_and_makes_no_markup(visit, place, part):
    asked = []
    page = visit("about:blank")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{place['server']}#{part}&show=race")
    said(page, "This link was not opened")
    assert page.locator(".pb-own :is(img, b)").count() == 0
    assert not [url for url in asked if "python-" in url]
    assert page.trouble == []


def test_hostile_text_in_a_form_is_told_in_words_and_makes_no_markup(visit, place):
    page = visit(place["server"])
    fill(page, "x", MARKUP)
    fill(page, "seed", "<b>")
    assert wrong(page).keys() >= {"wrong-seed"}
    page.get_by_role("link", name="A computation").click()
    said(page, "Computed.")
    for name in KINDS["graph"].fields:
        fill(page, name, MARKUP)
        assert wrong(page).keys() >= {f"wrong-{name}"}
    assert page.locator(".pb-own :is(img, b), .pb-shown img").count() == 0
    assert page.locator("#own-C").input_value() == MARKUP
    assert page.trouble == []


def only_the_other(page):
    """The place of the other steppers alone is shown, and the tabs of the network are not."""
    assert not page.locator(".pb-tabs").is_visible()
    (part,) = (one for one in page.locator(".pb-shown").all() if one.is_visible())
    assert part.get_attribute("data-show") == ""


@pytest.mark.parametrize("where", ["server", "disk"])
def test_every_stepper_opens_from_its_address_and_takes_other_numbers(visit, place, where):
    page = visit(place[where])
    for name, kind in KINDS.items():
        page.locator(".pb-presets").get_by_text(kind.title, exact=True).click()
        page.locator(f"input[name=show][value={name}]").wait_for(state="attached", timeout=90_000)
        said(page, "Computed.", 90_000)
        only_the_other(page)
        assert shown(page).get_attribute("data-name") == name
        assert shown(page).locator(".pb-say").text_content()
        assert page.url.split("#")[1] == as_in_the_book(name)
        same_as_python(page, page.url.split("#")[1])
        assert page.locator(".pb-shown .pb-error").count() == 0
    fill(page, "batch", "64")
    assert "batch=64" in page.url
    same_as_python(page, page.url.split("#")[1])
    page.get_by_role("link", name=next(iter(PRESETS))).click()
    page.locator("#own-sizes").wait_for()
    said(page, "Computed.")
    assert page.locator(".pb-tabs").is_visible()
    assert shown(page).get_attribute("data-name") == "backward"
    assert page.trouble == []


def test_a_link_leads_to_a_step_of_another_stepper(visit, place):
    page = visit(f"{place['server']}#show=convolution&x=3,1,2&w=1,-1&delta=1,1&stride=1&padding=0"
                 "&convolution-1=3")  # fmt: skip
    said(page, "Computed.")
    only_the_other(page)
    assert shown(page).get_attribute("data-frame") == "3"
    assert page.locator("#own-x").input_value() == "3, 1, 2"
    shown(page).get_by_text("Link to this step").click()
    assert page.url.endswith("&convolution-1=3")
    assert page.trouble == []


def test_what_is_wrong_with_a_link_to_another_stepper_is_told(visit, place):
    page = visit(f"{place['server']}#show=race&lr=fast&steps=1e999")
    said(page, "Not yet: Learning rates; Steps.")
    assert wrong(page).keys() == {"wrong-lr", "wrong-steps"}
    assert not page.locator(".pb-tabs").is_visible()
    assert page.locator(".pb-result").text_content() == ""
    fill(page, "lr", "0.1")
    fill(page, "steps", "5")
    assert wrong(page) == {}
    assert shown(page).get_attribute("data-name") == "race"
    other = visit(f"{place['server']}#show=lion")
    said(other, "“lion” is not known; choose one of forward")
    assert page.trouble == other.trouble == []


def test_the_chapters_lead_to_their_steppers_with_other_numbers(visit, place, server):
    for chapter, names in {
        "12_convolution": ["convolution"], "06_two_networks_by_hand": ["forward", "backward"],
        "05_training_loop": ["training"], "10_any_graph": ["graph"],
    }.items():  # fmt: skip
        for name in names:
            page = visit(f"{server}/book/{chapter}.html")
            part = page.locator(f'.pybackprop-interactive[data-name="{name}"]').first
            first = part.locator(":scope > script").text_content()
            part.get_by_role("link", name="Other numbers").click()
            said(page, "Computed.", 90_000)
            assert shown(page).get_attribute("data-name") == name
            if name in ("convolution", "backward"):  # others are too long for an address
                assert shown(page).locator(":scope > script").text_content() == first
            assert shown(page).get_by_role("link", name="Other numbers").count() == 0
            assert page.trouble == []


def test_nothing_of_python_is_loaded_before_it_is_asked_for(visit, place):
    page, asked = visit("about:blank"), []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.goto(place["server"])
    page.get_by_role("radio", name="Chain rule").check()
    assert shown(page).get_attribute("data-name") == "derivation"
    page.locator("#own-lr").fill("0.1")
    page.locator("#own-lr").blur()
    said(page, "Press Compute")
    assert [name for name in asked if name.startswith("python-")] == []


def test_the_texts_are_copied(visit, place):
    page = visit(place["server"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name, sign in {"NumPy": "np.array", "pybackprop": "pb.Network", "LaTeX": "aligned"}.items():
        page.get_by_text(f"As {name}", exact=True).click()
        page.get_by_role("button", name=f"Copy as {name}").click()
        said(page, "Copied.")
        assert sign in page.evaluate("navigator.clipboard.readText()")


def test_the_largest_network_is_answered(visit, place):
    page = visit(place["server"])
    fill(page, "sizes", "8-8-8-8-8-8")
    assert wrong(page) == {}
    page.get_by_role("radio", name="Chain rule").check()
    page.get_by_text("up to 100 weights and biases").wait_for(timeout=60_000)
    assert page.trouble == []


def test_without_a_script_one_network_is_read_whole(visit, place):
    page = visit(place["server"], script=False)
    assert page.get_by_text("this page needs JavaScript").is_visible()
    assert page.locator(".pb-shown .pb-say").count() == len(SHOWN)
    assert all(part.is_visible() for part in page.locator(".pb-shown:has(.pb-say)").all())
    assert not page.locator("#own-form").is_visible()
    assert page.get_by_role("cell", name="0.298371109").is_visible()


@pytest.mark.parametrize("kind", ["graph", "attention", "race"])
def test_the_form_of_another_stepper_fits_a_phone_and_a_screen_reader(visit, place, kind):
    page = visit(f"{place['server']}#show={kind}", width=360, scheme="dark")
    said(page, "Computed.", 90_000)
    assert page.evaluate(SIDEWAYS) == []
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_a_keyboard_and_a_screen_reader(visit, place, scheme):
    page = visit(place["server"], width=360, scheme=scheme)
    fill(page, "sizes", "8-8-2")
    fill(page, "b1", "many")
    page.locator(".pb-own details").evaluate_all("all => all.forEach((e) => { e.open = true; })")
    assert page.evaluate(SIDEWAYS) == []
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN) == []
    page.locator("#own-b1").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "own-phi2"
