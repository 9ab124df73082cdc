"""Chapters of two pages: old links find what moved, and a reader turns from one to the other."""

import json
import re

import paper
import pytest
import yaml
from paths import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
SECOND = {
    chapter["file"]: [page["file"] for page in chapter["sections"]]
    for part in TOC["parts"]
    for chapter in part["chapters"]
    if "sections" in chapter
}
PAIRS = [(first, second) for first, further in SECOND.items() for second in further]
PLACE = re.compile(
    r'<(?:section|span|div)[^>]* id="([a-z][\w-]*)"|id="((?:exercise|check)-[\w-]+)"'
)
MOVED = re.compile(r"\}\)\((\{.*\})\);")


def places(html):
    """Return what a link into a page can name, with the numbers of its steppers."""
    article = html[html.index("<article") : html.index("</article>")]
    names = re.findall(r'data-kind="stepper" data-name="([\w-]+)"', article)
    found = {one or other for one, other in PLACE.findall(article)}
    return found | {f"{name}-{k + 1}" for name in names for k in range(names.count(name))}


def lost(html, others):
    """Return the places on a chapter's other pages to which its first page does not lead."""
    moved = json.loads(MOVED.search(html)[1])
    own = places(html)
    return [
        f"{address}#{place}"
        for address, other in others.items()
        for place in sorted(places(other) - own)
        if place not in moved.get(address, [])
    ]


@pytest.mark.parametrize("first", SECOND)
def test_every_place_of_a_second_page_is_known_to_the_first(site, first):
    html = (site / f"{first}.html").read_text(encoding="utf-8")
    others = {
        f"{second}.html".removeprefix("book/"): (site / f"{second}.html").read_text("utf-8")
        for second in SECOND[first]
    }
    assert lost(html, others) == []
    (address,) = others
    assert len(places(others[address])) > 10
    for place in ("summary", next(p for p in places(others[address]) if p.startswith("exercise"))):
        assert lost(html.replace(f'"{place}"', '"elsewhere"'), others) == [f"{address}#{place}"]


STEPPERS = {"book/04_sgd_vs_adam": ["race-1=12,0"]}


@pytest.mark.parametrize("where", ["server", "disk"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_an_old_link_lands_at_what_moved(visit, server, site, where, first, second):
    address = {"server": server, "disk": site.as_uri()}[where]
    there = (site / f"{second}.html").read_text(encoding="utf-8")
    page = visit("about:blank")
    heading, *_ = re.findall(r'<section id="([\w-]+)">\s*<h2', there)
    kinds = "check-", "equation-", "exercise-"
    kinds = [next(p for p in sorted(places(there)) if p.startswith(kind)) for kind in kinds]
    for place in (heading, *kinds, *STEPPERS.get(first, [])):
        page.goto(f"{address}/{first}.html#{place}", wait_until="commit")
        page.wait_for_url(f"**/{second}.html#{place}", wait_until="load")
        if "=" not in place:
            part = page.locator(f"[id='{place}']")
            part.wait_for(state="attached")
            box = part.evaluate("(e) => e.getBoundingClientRect().top")
            assert -1 <= box < 800, place
    page.goto(f"{address}/{first}.html", wait_until="load")
    page.evaluate(f"location.hash = '{heading}'")
    page.wait_for_url(f"**/{second}.html#{heading}")
    assert [t for t in page.trouble if not t.startswith("failed: ")] == []


def test_what_did_not_move_stays_where_it_is(visit, server):
    for place in ("index-by-index", "no-such-place", "constructor", "%", "derivation-1=3,0"):
        page = visit(f"{server}/book/03_delta.html#{place}")
        assert page.url == f"{server}/book/03_delta.html#{place}"


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_without_a_script_the_first_page_shows_a_link_to_the_second(visit, server, first, second):
    name = second.removeprefix("book/")
    page = visit(f"{server}/{first}.html#summary", script=False)
    link = page.locator(f"article a[href='{name}.html']").first
    assert link.is_visible()
    page.goto(f"{server}/{first}.html")
    assert page.locator(f"article a[href='{name}.html']").first.bounding_box()["y"] < 1000


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_numbers_go_on_and_the_pages_follow_each_other(visit, server, first, second):
    page = visit(f"{server}/{first}.html")
    number = page.locator("h1 .section-number").inner_text().strip(". ")
    heads = page.locator("h2 .section-number").all_text_contents()
    there = f"{second.removeprefix('book/')}.html"
    assert page.locator(f"nav.bd-links a[href='{there}']").is_visible()
    page.locator(".prev-next-area a.right-next").click()
    page.wait_for_url(f"**/{there}")
    assert page.locator("h1 .section-number").count() == 0
    assert page.locator("nav.bd-links li.current.active a").last.get_attribute("href") == "#"
    heads += page.locator("h2 .section-number").all_text_contents()
    assert [head.strip() for head in heads] == [f"{number}.{k}." for k in range(1, len(heads) + 1)]
    back = page.locator(".prev-next-area a.left-prev").get_attribute("href")
    assert back == f"{first.removeprefix('book/')}.html"


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_on_paper_the_second_page_follows_the_first(first, second):
    names = [name for _, pages in paper.contents() for name in pages]
    assert names[names.index(first) + 1] == second
