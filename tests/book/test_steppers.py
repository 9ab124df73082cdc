"""Steppers in headless Chromium: every frame and control, on their own page and in the book."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import pytest
from paths import ROOT
from playwright.sync_api import expect
from test_accessibility import AXE, RUN

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import content_at, num
from pybackprop.course.steppers.one_example import by_unit
from pybackprop.optimizers import SGD
from pybackprop.stopping import LossBelow, MaxIterations
from pybackprop.training import train

NET = pb.Network([2, 3, 1], rng=0)
TOKENS = np.array([[1.0, 0.0], [0.0, -2.0], [1.0, 0.5]])
X, Y = [[0.5, 1.0]], [[1.0]]
PARTS = {
    "forward": lambda: steppers.forward_stepper(NET, X, Y),
    "backward": lambda: steppers.backward_stepper(NET, X, Y, lr=[0.1, 0.5]),
    "derivation": lambda: steppers.derivation_stepper(NET, X, Y, start="W[1][0, 1]"),
    "activation": lambda: steppers.activation_explorer(["sigmoid", "tanh", "relu"]),
    "loss": lambda: steppers.loss_explorer(["half_sse", "bce"]),
    "race": lambda: steppers.optimizer_race(["long bowl", "saddle"], [0.05, 0.2], steps=20),
    "attention": lambda: steppers.attention_stepper(TOKENS, TOKENS, TOKENS, TOKENS),
    "gradient-check": lambda: steppers.gradient_check_stepper(NET, X, Y),
    "recurrence": lambda: steppers.recurrence_stepper(1.0, 0.5, 0.0, [1.0, 0.0], [0.0, 1.0]),
    "workers": lambda: steppers.workers_explorer(1e-5, 235_146, 512),
    "convolution": lambda: steppers.convolution_stepper(
        [1.0, 2.0, 4.0], [1.0, -1.0], delta=[1.0, -0.5, 2.0, 0.5], padding=1
    ),
}


def trained():
    """Train the exclusive or for 40 updates and return the history."""
    net = pb.Network([2, 3, 1], "tanh", rng=1)
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = np.array([[0.0], [1.0], [1.0], [0.0]])
    stop = [MaxIterations(40), LossBelow(0.01)]
    given: dict[str, Any] = {"optimizer": SGD(1.0), "batch_size": None, "stop": stop}
    return train(net, inputs, targets, epochs=1000, record=True, **given)


PARTS["training"] = lambda: steppers.training_stepper(trained())
PARTS["learning"] = lambda: steppers.learning_stepper(trained())
FOLLOW = """(hash) => new Promise((done) => {
    addEventListener("hashchange", () => done(), { once: true });
    location.hash = hash;
})"""
FADED = "Promise.allSettled(document.getAnimations().map((fade) => fade.finished))"
WALK = """(choices) => {
    const part = document.querySelector(".pybackprop-interactive"), shown = [];
    const text = (mark) => [...part.querySelectorAll(`[data-${mark}]`)]
        .map((e) => [e.getAttribute(`data-${mark}`).split(" ")[0], e.textContent]);
    for (const chosen of choices) {
        part.querySelectorAll(".pb-head select").forEach((select, c) => {
            select.value = chosen[c];
            select.dispatchEvent(new Event("change"));
        });
        const slider = part.querySelector("input[type=range]");
        for (let frame = 0; frame <= +slider.max; frame++) {
            slider.value = frame;
            slider.dispatchEvent(new Event("input"));
            shown.push([...text("t"), ["count", part.querySelector(".pb-count").textContent]]);
        }
    }
    return shown;
}"""

WIDEST = """() => {
    const slider = document.querySelector("input[type=range]"), widths = [];
    for (let frame = 0; frame <= +slider.max; frame++) {
        slider.value = frame;
        slider.dispatchEvent(new Event("input"));
        widths.push(document.documentElement.scrollWidth);
    }
    return Math.max(...widths);
}"""
PLACES = """() => ["t", "at", "d", "w", "k", "run", "trail"]
    .flatMap((mark) => [...document.querySelectorAll(`[data-${mark}]`)])
    .map((e) => [e.childElementCount ? "" : e.textContent, e.style.display, e.namespaceURI,
        ...["data-t", "data-on", "transform", "d", "points", "class", "textLength", "stroke-width",
            "stroke-dasharray"].map((name) => e.getAttribute(name))])"""


def page_of(*parts, theme="light"):
    """Return a page as the book makes them: style sheet, deferred classic script, static parts."""
    colors = "#000; background: #fff" if theme == "light" else "#fff; background: #121212"
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Steppers</title>'
        f"<style>{steppers.style()} body {{ color: {colors}; margin: 8px; }}</style>"
        f"<script>{steppers.page_script()}</script></head><body><main><h1>Steppers</h1>"
        + "".join(part.to_html() for part in parts)
        + "</main></body></html>"
    )


@pytest.fixture
def show(visit, tmp_path):
    """A function that opens a page with these parts, from disk."""

    def open_parts(*parts, theme="light", address="", **more):
        file = tmp_path / "page.html"
        file.write_text(page_of(*parts, theme=theme), encoding="utf-8")
        page = visit(file.as_uri() + address, **more)
        page.set_default_timeout(5000)
        return page

    return open_parts


def every_choice(data):
    """Return all combinations of options, the last one changing fastest."""
    return [list(index) for index in np.ndindex(*(len(one["options"]) for one in data["choices"]))]


def plain(part, run, frame):
    """Return a tree, as it was sent to the page, as text, with the values of its places."""
    if isinstance(part, str):
        return part
    if len(part) != 3 or not isinstance(part[1], dict):
        return "".join(plain(child, run, frame) for child in part)
    column = part[1].get("data-t")
    inside = part[2] if column is None else content_at(run, column.split(" ")[0], frame)
    return plain(inside, run, frame)


def check_walk(page, data):
    """Step through all frames of all runs; compare all that is shown with what Python computed."""
    shown = iter(page.evaluate(WALK, every_choice(data)))
    frames = 0
    for run in data["runs"]:
        columns = {**data["cols"], **run["cols"]}
        for frame in range(run["n"]):
            for name, text in next(shown):
                if name == "count":
                    place = content_at(columns, "where", frame) if "where" in columns else None
                    assert text == (place or f"{frame + 1} / {run['n']}")
                else:
                    expected = plain(content_at(columns, name, frame), columns, frame)
                    assert text == expected, (name, frame)
            frames += 1
    assert next(shown, None) is None
    return frames


@pytest.mark.parametrize("kind", PARTS)
def test_every_frame_shows_what_python_computed(show, kind):
    part = PARTS[kind]()
    page = show(part)
    assert page.locator("[data-ready=stepper]").count() == 1
    assert check_walk(page, part.data) == sum(run["n"] for run in part.data["runs"])
    assert page.trouble == []


@pytest.mark.parametrize("kind", ["forward", "race"])
def test_a_wrong_number_on_the_page_is_caught(show, kind):
    part = PARTS[kind]()
    page = show(part)
    page.evaluate(
        """() => {
            const say = document.querySelector(".pb-say");
            new MutationObserver(() => 0).observe(say, { childList: true });
            Object.defineProperty(say, "textContent", { set() {}, get: () => "0.1234" });
        }"""
    )
    with pytest.raises(AssertionError, match="say"):
        check_walk(page, part.data)


def bold_numbers(page, steps):
    """Step with the Next button and return the result of each equation."""
    results = []
    for _ in range(steps - 1):
        page.get_by_role("button", name="Next").click()
        results += page.locator(".pb-math b").all_inner_texts()
    return results


def test_forward_shows_the_packages_numbers(show):
    trace = pb.backprop(NET, X, Y)
    expected = [
        v for l in (1, 2) for pair in zip(trace.z[l][0], trace.a[l][0], strict=True) for v in pair
    ]
    page = show(PARTS["forward"]())
    assert bold_numbers(page, 10) == [num(value) for value in [*expected, trace.loss]]
    for l in (1, 2):
        for j, value in enumerate(trace.a[l][0]):
            assert page.locator(f"svg [data-t^='a{l}.{j} ']").text_content() == num(value)


def test_backward_shows_the_packages_numbers(show):
    trace = pb.backprop(NET, X, Y)
    old, slopes = NET.params.theta, trace.grad.theta
    new = old - 0.1 * slopes
    every = [entry.index for entry in by_unit(NET)]
    backward = [e.index for e in sorted(by_unit(NET), key=lambda entry: -entry.layer)]
    after = pb.evaluate(NET.with_params(new), X, Y)
    expected = [*trace.delta[2][0], *trace.delta[1][0], *slopes[backward], *new[every], after]
    page = show(PARTS["backward"]())
    assert bold_numbers(page, 32) == [num(value) for value in expected]
    for k in every:
        cells = [page.locator(f"td[data-t='{kind}{k}']").text_content() for kind in "vgn"]
        assert cells == [num(vector[k]) for vector in (old, slopes, new)]
    # The last step's picture is a new forward pass, in the color of new values.
    assert page.locator("[data-k=nC] [data-t^='C ']").text_content() == num(after)
    assert page.locator("[data-k=nC]").get_attribute("data-on") == "updated"
    hidden = pb.forward(NET.with_params(new), X).a[1][0]
    for j, value in enumerate(hidden):
        assert page.locator(f"svg [data-t^='a1.{j} ']").text_content() == num(value)


def test_clicking_a_weight_shows_its_chain(show):
    trace = pb.backprop(NET, X, Y)
    page = show(PARTS["derivation"]())
    for entry in NET.params.entries():
        mark = (
            f"text[data-k='p{entry.index}']" if entry.i is None else f"g[data-k='e{entry.index}']"
        )
        page.locator(mark).dispatch_event("click")
        selected = page.locator(".pb-head select").evaluate("s => s.selectedOptions[0].textContent")
        assert selected.startswith(f"{entry} = ")
        page.get_by_role("button", name="Last").click()
        assert page.locator(".pb-math b").inner_text() == num(trace.grad.theta[entry.index])
    page.locator("[data-k='e0'] .pb-hit").click(position=None, force=True)
    assert page.locator(".pb-count").inner_text() == "1 / 6"


def test_dragging_in_the_chart_chooses_the_place(show):
    page = show(PARTS["activation"]())
    area = page.locator("[data-drag]").first.bounding_box()
    middle = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + area["width"] / 4, middle)
    page.mouse.down()
    assert page.locator(".pb-count").inner_text() == "z = −3"
    page.mouse.move(area["x"] + area["width"] * 3 / 4, middle)
    assert page.locator(".pb-count").inner_text() == "z = 3"
    page.mouse.up()
    page.mouse.move(area["x"], middle)
    assert page.locator(".pb-count").inner_text() == "z = 3"
    a, slope, fifth = page.locator(".pb-math b").all_inner_texts()
    sigmoid = 1 / (1 + np.exp(-3.0))
    expected = [sigmoid, sigmoid * (1 - sigmoid), (sigmoid * (1 - sigmoid)) ** 5]
    assert [a, slope, fifth] == [num(value) for value in expected]


def test_the_race_shows_the_optimizers_numbers(show):
    page = show(steppers.optimizer_race(["long bowl"], 0.05, steps=12))
    theta, momentum = np.array([-3.5, 1.2]), SGD(0.05, momentum=0.9)
    for step in range(1, 13):
        before = theta.copy()
        momentum.update(theta, theta * [1.0, 20.0])
        page.get_by_role("button", name="Next").click()
        cells = page.locator(".pb-math tbody tr").nth(1).locator("td").all_inner_texts()
        height = (theta[0] ** 2 + 20 * theta[1] ** 2) / 2
        rest = [height, np.hypot(*(theta - before)), np.hypot(*momentum.state()["u"])]
        where = ", ".join(num(round(v, 2), 3) for v in theta.tolist())
        assert cells == [where, *(num(v, 3) for v in rest)], step
        assert (
            page.locator(".pb-trail, [data-trail]").nth(1).get_attribute("points").count(",")
            == step + 1
        )


def test_training_shows_the_histories_numbers(show):
    history = trained()
    page = show(PARTS["training"]())
    updated = ".pb-rule[data-on=updated]"
    cells = """() => Object.fromEntries(
        [...document.querySelectorAll("td")].map((cell) => [cell.dataset.t, cell.textContent]))"""
    for step in range(40):
        loss, size = page.locator(".pb-math b").all_inner_texts()
        assert loss == num(history.losses[step])
        assert size == num(float(np.linalg.norm(history.record.grad[step])))
        expected = {}
        vectors = zip(history.record.theta[step], history.record.grad[step], strict=True)
        for k, (value, slope) in enumerate(vectors):
            expected[f"p{k}"] = num(round(value, 3), 6)
            expected[f"g{k}"] = num(round(slope, 4), 6)
        assert page.evaluate(cells) == expected
        assert page.locator(updated).count() == 0
        page.get_by_role("button", name="Next").click()
    assert page.locator(updated).text_content() == "iterations reached: 40? now 40"
    assert "iterations reached: 40" in page.get_by_role("status").inner_text()


# Controls


def frame_of(page, which=0):
    return int(page.locator(".pybackprop-interactive").nth(which).get_attribute("data-frame"))


def test_buttons_keys_and_slider(show):
    page = show(PARTS["forward"]())
    for name, expected in [("Next", 1), ("Next", 2), ("Previous", 1), ("Last", 9), ("Next", 9)]:
        page.get_by_role("button", name=name).click()
        assert frame_of(page) == expected
    page.get_by_role("button", name="First").click()
    page.locator(".pb-poster").focus()
    keys = [
        ("ArrowRight", 1),
        ("ArrowUp", 2),
        ("ArrowLeft", 1),
        ("End", 9),
        ("ArrowDown", 8),
        ("Home", 0),
    ]
    for key, expected in [*keys, ("ArrowLeft", 0)]:
        page.keyboard.press(key)
        assert frame_of(page) == expected
    slider = page.locator("input[type=range]")
    slider.fill("5")
    assert frame_of(page) == 5
    assert slider.get_attribute("aria-valuetext") == "step 6 of 10"
    slider.press("ArrowRight")
    assert frame_of(page) == 6


def test_space_plays_at_the_chosen_speed_and_stops_at_the_end(show):
    page = show(PARTS["forward"]())
    page.clock.install()
    page.get_by_label("Speed").select_option("4")
    page.get_by_role("button", name="Last").click()
    page.get_by_role("button", name="Previous").click()
    page.locator(".pb-poster").focus()
    page.keyboard.press("Space")
    assert page.locator(".pb-say").get_attribute("aria-live") == "off"
    page.get_by_role("button", name="Play").wait_for()
    assert frame_of(page) == 9
    assert page.locator(".pb-say").get_attribute("aria-live") == "polite"
    page.keyboard.press("Space")
    assert frame_of(page) == 0
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    page.clock.fast_forward(60_000)
    assert frame_of(page) == 0


def test_every_state_is_said_once_politely(show):
    page = show(PARTS["forward"]())
    say = page.get_by_role("status")
    assert say.count() == 1
    before = say.inner_text()
    page.get_by_role("button", name="Next").click()
    assert say.inner_text() != before
    assert say.inner_text().endswith(".")


def test_a_link_reopens_the_same_step(show):
    page = show(PARTS["forward"](), PARTS["backward"](), PARTS["forward"]())
    page.locator(".pb-head select").select_option("1")
    for _ in range(3):
        page.get_by_role("button", name="Next").nth(1).click()
    link = page.get_by_role("link", name="Link to this step").nth(1)
    assert link.get_attribute("href") == "#backward-1=3,1"
    link.click()
    assert page.url.endswith("#backward-1=3,1")
    again = show(
        PARTS["forward"](), PARTS["backward"](), PARTS["forward"](), address="#backward-1=3,1"
    )
    assert [frame_of(again, which) for which in range(3)] == [0, 3, 0]
    assert again.locator(".pb-head select").input_value() == "1"
    again.evaluate("location.hash = '#forward-2=4'")
    again.wait_for_function(
        "document.querySelectorAll('.pybackprop-interactive')[2].dataset.frame == 4"
    )
    again.evaluate("location.hash = '#forward-2=4000'")
    again.wait_for_function(
        "document.querySelectorAll('.pybackprop-interactive')[2].dataset.frame == 9"
    )
    assert frame_of(again, 0) == 0


@pytest.mark.parametrize(
    ("address", "frame"),
    [
        ("#100%", 0),
        ("#%E0%A4%A", 0),
        ("#forward-1=1.5", 1),
        ("#forward-1=-3", 0),
        ("#forward-1=NaN", 0),
        ("#forward-1=Infinity", 9),
        ("#forward-1=1e3", 9),
        ("#forward-1=", 0),
        ("#forward-1", 0),
        ("#forward-1=4=7,,x", 4),
        ("#forward-1=4%2C1", 4),
        ("#forward-1=4,length,__proto__", 4),
        ("#=", 0),
        ("#'\"<img src=x>", 0),
        ("#forward-2=4", 0),
    ],
)
def test_any_address_leads_to_a_step(show, address, frame):
    page = show(PARTS["forward"](), address=address)
    assert page.trouble == []
    assert page.get_by_role("alert").count() == 0
    assert frame_of(page) == frame
    assert page.locator(".pb-count").inner_text() == f"{frame + 1} / 10"
    # The same when the page is open already, and a choice that is none leaves the chosen one.
    page = show(PARTS["backward"](), address="#backward-1=2,1")
    page.evaluate(FOLLOW, address.replace("forward", "backward"))
    assert page.trouble == []
    assert page.locator(".pb-head select").input_value() == "1"


def test_text_of_ones_own_is_shown_as_it_is(show):
    hostile = "<img src=x onerror=document.title='XSS'> & \"'{say}{0.5}{}"
    sine = pb.Activation(hostile, np.sin, lambda z, a: np.cos(z), symbol=hostile)
    stop = lambda now: hostile if now.history.iterations == 3 else None  # noqa: E731
    net = pb.Network([2, 2, 1], sine, rng=0)
    given: dict[str, Any] = {"optimizer": SGD(0.1), "epochs": 9, "batch_size": None}
    history = train(net, X, Y, stop=stop, record=True, **given)
    parts = [
        steppers.forward_stepper(net, X, Y),
        steppers.activation_explorer([sine]),
        steppers.training_stepper(history),
        steppers.attention_stepper(TOKENS[:2], TOKENS[:2], TOKENS[:2], TOKENS[:2], [hostile, "b"]),
    ]
    for part in parts:
        page = show(part)
        check_walk(page, part.data)
        shown = [
            text for frame in page.evaluate(WALK, every_choice(part.data)) for _, text in frame
        ]
        assert any(hostile in text for text in shown)
        assert page.title() == "Steppers"
        assert page.locator("img").count() == 0
        assert page.trouble == []


def test_several_on_a_page_do_not_disturb_each_other(show):
    page = show(PARTS["forward"](), PARTS["forward"]())
    page.get_by_role("button", name="Last").nth(1).click()
    assert [frame_of(page, 0), frame_of(page, 1)] == [0, 9]


def test_touch(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(page_of(PARTS["forward"]()), encoding="utf-8")
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(file.as_uri())
    page.get_by_role("button", name="Next").tap()
    assert frame_of(page) == 1
    for box in page.locator(".pb-controls :is(button, select, input)").all():
        assert box.bounding_box()["height"] >= 36
    context.close()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_what_plays_by_itself_waits_to_be_seen_and_leaves_those_alone_who_want_no_motion(
    browser, tmp_path, motion
):
    file = tmp_path / "page.html"
    html = page_of(PARTS["learning"]()).replace("<main>", "<main><p style='height: 2000px'>far</p>")
    file.write_text(html, encoding="utf-8")
    context = browser.new_context(reduced_motion=motion)
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator("[data-ready]").wait_for(state="attached")
    page.wait_for_timeout(400)
    assert frame_of(page) == 0
    assert page.get_by_role("button", name="Pause").count() == 0
    page.locator(".pb-poster").scroll_into_view_if_needed()
    if motion == "reduce":
        page.wait_for_timeout(400)
        assert frame_of(page) == 0
    else:
        page.get_by_role("button", name="Pause").click()
        page.locator(".pb-say[aria-live=polite]").wait_for()
    before = frame_of(page)
    page.get_by_role("button", name="Next").click()
    page.wait_for_timeout(300)
    assert frame_of(page) == before + 1  # who steps is not played away from
    context.close()


def test_a_link_to_a_step_is_not_played_away_from(show):
    page = show(PARTS["learning"](), address="#learning-1=7")
    page.wait_for_timeout(400)
    assert frame_of(page) == 7


def test_reduced_motion(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(page_of(PARTS["forward"]()), encoding="utf-8")
    durations = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(file.as_uri())
        durations[motion] = page.locator(".pb-edge").first.evaluate(
            "e => getComputedStyle(e).transitionDuration"
        )
        context.close()
    assert durations["reduce"] == "0s"
    assert durations["no-preference"] != "0s"


# Where it stands


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", PARTS)
def test_axe_finds_nothing(show, kind, theme):
    part = PARTS[kind]()
    page = show(part, theme=theme, width=360 if theme == "dark" else 1280)
    page.add_script_tag(path=AXE)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    slider = page.locator("input[type=range]")
    for frame in (0, part.data["runs"][0]["n"] // 2, part.data["runs"][0]["n"] - 1):
        slider.fill(str(frame))
        page.evaluate(FADED)
        assert page.evaluate(RUN) == []


@pytest.mark.parametrize("kind", PARTS)
def test_a_phone_needs_no_sideways_scrolling(show, kind):
    page = show(PARTS[kind](), width=360)
    assert page.evaluate(WIDEST) <= 360
    assert page.evaluate(SMALL) == []
    assert page.evaluate(OUTSIDE) == []


def test_text_that_a_picture_cuts_is_caught(show):
    page = show(PARTS["training"](), width=360)
    page.add_style_tag(content=".pb-picture .pb-tick { font-size: 30px !important; }")
    assert page.evaluate(OUTSIDE)


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("width", [480, 768, 1280])
def test_text_in_a_picture_is_large_enough_at_every_width(show, kind, width):
    assert show(PARTS[kind](), width=width).evaluate(SMALL) == []


def test_small_text_in_a_picture_is_caught(show):
    page = show(PARTS["forward"](), width=360)
    page.add_style_tag(content=".pb-picture .pb-name tspan { font-size: 8px !important; }")
    small = page.evaluate(SMALL)
    assert small
    assert all(text in {"1", "2", "3", "[1]", "[2]"} and size < 9 for text, size in small)


def test_a_picture_wider_than_a_phone_scrolls_in_its_own_place(show):
    deep = pb.Network([2, 2, 2, 2, 2, 1], rng=0)
    page = show(steppers.backward_stepper(deep, X, Y), width=360)
    assert page.evaluate(WIDEST) <= 360
    assert page.evaluate(SMALL) == []
    picture = page.locator(".pb-picture")
    assert picture.get_attribute("tabindex") == "0"
    picture.focus()
    before = frame_of(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.pb-picture').scrollLeft > 0")
    assert frame_of(page) == before
    assert show(PARTS["forward"](), width=360).locator(".pb-picture[tabindex]").count() == 0


SMALL = """() => [...document.querySelectorAll(".pb-picture text")]
    .filter((text) => text.textContent.trim() && text.getClientRects().length
        && getComputedStyle(text).visibility === "visible")
    .flatMap((text) => [text, ...text.querySelectorAll("tspan")].map((part) => {
        const { a, b } = text.getScreenCTM();
        return [part.textContent, parseFloat(getComputedStyle(part).fontSize) * Math.hypot(a, b)];
    }))
    .filter(([, size]) => size < 8.99)"""
OUTSIDE = """() => {
    const picture = document.querySelector(".pb-picture svg").getBoundingClientRect();
    return [...document.querySelectorAll(".pb-picture text")]
        .map((text) => [text.textContent, text.getBoundingClientRect()])
        .filter(([text, box]) => text.trim() && box.width
            && (box.left < picture.left - 1 || box.right > picture.right + 1
                || box.bottom > picture.bottom + 2))
        .map(([text]) => text);
}"""
CONTRAST = """() => {
    const numbers = (color) => {
        const [r, g, b, a = 1] = color.match(/[\\d.e-]+/g).map(Number);
        return (color.startsWith("color") ? [r, g, b] : [r, g, b].map((v) => v / 255)).concat(a);
    };
    const light = ([r, g, b]) => [r, g, b]
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
    const page = getComputedStyle(document.querySelector(".pb-poster")).backgroundColor;
    return [...document.querySelectorAll(".pb-picture text")]
        .filter((text) => text.textContent && text.getClientRects().length
            && getComputedStyle(text).visibility === "visible")
        .map((text) => {
            const node = text.classList.contains("pb-in") && text.parentElement;
            const inside = node && node.querySelector("circle, rect");
            const below = inside ? getComputedStyle(inside).fill : page;
            const [a, b] = [getComputedStyle(text).fill, below].map((c) => light(numbers(c)));
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return [text.textContent, text.getAttribute("class"), Math.round(100 * ratio) / 100];
        });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", PARTS)
def test_every_label_in_a_picture_can_be_read(show, kind, theme):
    """Axe does not look at text in pictures."""
    part = PARTS[kind]()
    page = show(part, theme=theme)
    page.add_style_tag(content="* { transition: none !important; }")
    slider, seen = page.locator("input[type=range]"), 0
    for frame in range(0, part.data["runs"][0]["n"], max(1, part.data["runs"][0]["n"] // 40)):
        slider.fill(str(frame))
        labels = page.evaluate(CONTRAST)
        seen += len(labels)
        assert [label for label in labels if not label[2] >= 4.5] == []
    assert seen > 4


def test_a_pale_label_is_caught(show):
    page = show(PARTS["forward"]())
    page.add_style_tag(content=".pb-picture .pb-name { fill: #8a8f98 !important; }")
    pale = [label for label in page.evaluate(CONTRAST) if label[2] < 4.5]
    assert {label[1] for label in pale} == {"pb-name"}


WIDE = """() => [...document.querySelectorAll(".pb-node")]
    .map((node) => [node.querySelector("circle, rect"), node.querySelector(".pb-in")])
    .filter(([shape, text]) => text && text.textContent)
    .map(([shape, text]) => [shape, text].map((e) => e.getBoundingClientRect()).concat(text))
    .filter(([shape, box]) => box.left < shape.left - 0.5 || box.right > shape.right + 0.5)
    .map(([, , text]) => text.textContent)"""
OVERLAPS = """() => {
    const box = (e) => e.getBoundingClientRect();
    const circles = [...document.querySelectorAll(".pb-node")].map((node) => ({
        circle: box(node.querySelector("circle, rect")), inside: box(node.querySelector(".pb-in")),
        text: node.querySelector(".pb-in").textContent,
    }));
    const wide = circles.filter(({ circle, inside }) =>
        inside.width && (inside.left < circle.left - 0.5 || inside.right > circle.right + 0.5));
    const lit = [...document.querySelectorAll(".pb-w[data-on], .pb-under[data-on]")]
        .filter((text) => text.textContent);
    // Over a node: the middle of the text's height, at either of its ends, lies in the circle.
    const over = lit.filter((text) => circles.some(({ circle }) => {
        const t = box(text), y = t.top + t.height / 2, r = circle.width / 2;
        const [cx, cy] = [circle.left + r, circle.top + circle.height / 2];
        return [t.left, t.right].some((x) => Math.hypot(x - cx, y - cy) < r - 1);
    }));
    const meet = lit.filter((one) => lit.some((other) => {
        const [a, b] = [box(one), box(other)], slack = 0.35 * a.height;
        return one !== other && a.left < b.right && b.left < a.right
            && a.top + slack < b.bottom && b.top + slack < a.bottom;
    }));
    return [...wide.map((one) => one.text), ...[...over, ...meet].map((text) => text.textContent)];
}"""


@pytest.mark.parametrize("kind", ["attention", "convolution", "recurrence", "learning"])
def test_numbers_of_other_pictures_stay_in_their_places(show, kind):
    part = PARTS[kind]()
    page = show(part, width=360)
    slider = page.locator("input[type=range]")
    for frame in range(part.data["runs"][0]["n"]):
        slider.fill(str(frame))
        assert (frame, page.evaluate(WIDE)) == (frame, [])


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("sizes", [(2, 3, 1), (3, 2, 1), (2, 3, 2)])
def test_numbers_stay_in_their_circles_and_labels_off_the_nodes(show, sizes, width):
    net = pb.Network(sizes, rng=0)
    x, y = np.linspace(-0.12345, 1.12345, sizes[0]), np.eye(sizes[-1])[0]
    part = steppers.backward_stepper(net, x, y)
    page = show(part, width=width)
    slider = page.locator("input[type=range]")
    for frame in range(part.data["runs"][0]["n"]):
        slider.fill(str(frame))
        assert (frame, page.evaluate(OVERLAPS)) == (frame, [])


def test_a_number_too_wide_for_its_circle_is_caught(show):
    page = show(PARTS["forward"]())
    page.get_by_role("button", name="Last").click()
    page.add_style_tag(content=".pb-picture .pb-in { font-size: 20px !important; }")
    assert page.evaluate(OVERLAPS)


@pytest.mark.parametrize("kind", PARTS)
def test_without_javascript_there_are_picture_sentence_and_table(show, kind):
    part = PARTS[kind]()
    page = show(part, script=False)
    assert page.locator(".pb-picture svg[role=img]").is_visible()
    assert len(page.locator(".pb-say").inner_text()) > 20
    assert page.locator(".pb-numbers table").first.is_visible()
    assert page.locator("button").count() == 0


@pytest.mark.parametrize("kind", PARTS)
def test_the_still_is_drawn_the_same_by_python_and_by_the_page(show, kind):
    part = PARTS[kind]()
    still = show(part, script=False)
    before = still.evaluate(PLACES)
    page = show(part)
    if not part.data["start"]:
        page.get_by_role("button", name="Last").click()
    assert page.evaluate(PLACES) == before
    assert len(before) > 5


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text.replace('{"choices"', '{"choices'), "JSON"),
        (
            lambda text: re.sub(r'"runs":\[.*\],"start"', '"runs":[],"start"', text),
            "there are no frames",
        ),
        (lambda text: text.replace('data-kind="stepper"', 'data-kind="poem"'), 'kind "poem"'),
    ],
    ids=["broken JSON", "no frames", "unknown kind"],
)
def test_bad_data_leaves_the_still_and_a_reason(visit, tmp_path, spoil, reason):
    file = tmp_path / "page.html"
    good = page_of(PARTS["forward"]())
    bad = spoil(good)
    assert bad != good
    file.write_text(bad, encoding="utf-8")
    page = visit(file.as_uri())
    assert reason in page.get_by_role("alert").inner_text()
    assert page.locator(".pb-picture svg").is_visible()
    assert page.locator(".pb-numbers table").is_visible()


# In the book


def test_the_book_shows_the_picture_in_place_of_the_stored_image():
    from pybackprop_book import bring_to_life  # the live notebooks below have no such module

    scripts: list[str] = []
    parts = [PARTS["forward"](), PARTS["race"]()]
    context = {"body": "<p>".join(part.to_html(stored=True) for part in parts)}
    bring_to_life(SimpleNamespace(add_js_file=scripts.append), "page", "", context, None)
    assert context["body"] == "<p>".join(part.to_html() for part in parts)
    assert scripts == ["interactive.js"]


def test_every_stepper_of_a_page_steps_through_all_its_frames(visit, server, site, name):
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    if 'data-kind="stepper"' not in text:
        return
    page = visit(f"{server}/{name}.html")
    parts = page.locator(".pybackprop-interactive[data-kind=stepper]")
    assert parts.count() == page.locator("[data-ready=stepper]").count()
    for which in range(parts.count()):
        data = json.loads(parts.nth(which).locator("> script").text_content())
        parts.nth(which).evaluate("(part) => { part.remove(); document.body.prepend(part); }")
        check_walk(page, data)
    assert page.trouble == []


# Live, in JupyterLab

CELLS = {
    "prepare": (
        "import pybackprop as pb\n"
        "from pybackprop.course import steppers\n"
        "net = pb.Network([2, 3, 1], rng=0)\n"
        "part = steppers.backward_stepper(net, [0.5, 1.0], [1.0], lr=0.5)"
    ),
    "show": "part",
    "ask": "print('frame', part.widget.frame)",
    "two": "steppers.activation_explorer(['sigmoid', 'relu'])",
}
ALL = {
    "prepare": (
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_steppers import PARTS\nparts = iter(PARTS.values())"
    ),
    "show": "next(parts)()",
}


@pytest.fixture
def lab(tmp_path, request):
    """JupyterLab with a notebook of the given cells; the value is the notebook's address."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed (test requirement)")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source, id=name) for name, source in request.param.items()
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(notebook, tmp_path / "live.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if key != steppers.STATIC}
    environment |= {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    settings = {
        "ServerApp.port": port,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.root_dir": tmp_path,
        "IdentityProvider.token": "",
        "LabApp.news_url": "",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    server = subprocess.Popen(
        [*command, *(f"--{name}={value}" for name, value in settings.items())],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until_it_answers(f"{address}/api", server)
        yield f"{address}/lab/tree/live.ipynb"
    finally:
        server.terminate()
        server.wait(20)


def until_it_answers(address, server):
    """Ask again as long as nobody listens there, and the server has not ended."""
    while server.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=60).close()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    pytest.fail("JupyterLab ended at once")


def run_cell(page, k):
    """Run a cell and wait until its prompt says so: a key pressed too early is lost."""
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").nth(k)
    question = page.locator(".jp-Dialog .jp-mod-accept")
    for _ in range(4):
        if question.count():  # on a slow machine JupyterLab asks which kernel it shall take
            question.first.click()
        page.locator(".jp-CodeCell .cm-content").nth(k).click()
        page.keyboard.press("Shift+Enter")
        try:
            expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=15_000)
            return
        except AssertionError:
            continue
    raise AssertionError(f"cell {k} did not run; its prompt says {prompt.inner_text()!r}")


def open_lab(visit, lab):
    """Open the notebook, wait for its kernel and run its first cell."""
    page = visit(lab, width=1400)
    page.set_default_timeout(60_000)
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).wait_for()
    page.wait_for_function(
        "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'"
    )
    run_cell(page, 0)
    return page


@pytest.mark.long
@pytest.mark.parametrize("lab", [ALL], indirect=True, ids=["all kinds"])
def test_every_stepper_lives_in_jupyterlab(visit, lab):
    page = open_lab(visit, lab)
    part = page.locator(".jp-OutputArea .pybackprop-interactive")
    for make in PARTS.values():
        page.locator(".jp-CodeCell .cm-content").nth(1).click()
        page.keyboard.press("Control+Enter")
        part.locator(".pb-controls").wait_for()
        assert part.get_attribute("data-ready") == "stepper"
        check_walk(page, make().data)
        part.evaluate("(part) => part.remove()")
    assert [trouble for trouble in page.trouble if "request" in trouble] == []


@pytest.mark.parametrize("lab", [CELLS], indirect=True, ids=["one, in depth"])
def test_live_in_jupyterlab(visit, lab):
    page = open_lab(visit, lab)
    run_cell(page, 1)
    part = page.locator(".jp-OutputArea .pybackprop-interactive").first
    part.locator(".pb-controls").wait_for()
    expected = steppers.backward_stepper(NET, X, Y, lr=0.5)
    assert [part.get_attribute("data-ready"), part.get_attribute("data-frame")] == ["stepper", "0"]
    assert part.locator(".pb-link").count() == 0
    check_walk(page, expected.data)

    # Arrow keys step the part and leave the notebook's selected cell alone.
    part.get_by_role("button", name="First").click()
    part.locator(".pb-poster").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert part.get_attribute("data-frame") == "3"

    # The kernel knows the frame.
    run_cell(page, 2)
    page.locator(".jp-OutputArea-output", has_text="frame 3").wait_for()

    # A control recomputes the frames in Python; the part stays at its frame.
    part.get_by_role("button", name="Last").click()
    cell = part.locator("td[data-t='n0']")
    trace = pb.backprop(NET, X, Y)
    old, slope = NET.params.W[1][0, 0], trace.grad.W[1][0, 0]
    assert cell.text_content() == num(old - 0.5 * slope)
    page.locator(".jp-OutputArea .widget-slider .noUi-handle").first.press("ArrowRight")
    page.wait_for_function(
        "(text) => document.querySelector(`td[data-t='n0']`)?.textContent === text",
        arg=num(old - 10 ** (np.log10(0.5) + 0.1) * slope),
    )
    assert part.get_attribute("data-frame") == "31"
    assert part.locator(".pb-controls").count() == 1

    run_cell(page, 3)
    second = page.locator(".jp-OutputArea .pybackprop-interactive").nth(1)
    second.locator(".pb-controls").wait_for()
    assert second.locator(".pb-count").inner_text() == "z = 0"
    assert [trouble for trouble in page.trouble if "request" in trouble] == []
