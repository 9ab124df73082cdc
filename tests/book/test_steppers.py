"""Steppers in headless Chromium: every frame and control, on their own page and in the book."""

import html
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from paths import ROOT
from playwright.sync_api import expect
from test_accessibility import AXE, OF_THE_THEME, RUN

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage.stepper import num, text_at
from pybackprop.course.steppers import network_steps
from pybackprop.optimizers import SGD
from pybackprop.training import LossBelow, MaxIterations, train

NET = pb.Network([2, 3, 1], rng=0)
X, Y = [[0.5, 1.0]], [[1.0]]
PARTS = {
    "forward": lambda: steppers.forward_stepper(NET, X, Y),
    "backward": lambda: steppers.backward_stepper(NET, X, Y, lr=[0.1, 0.5]),
    "derivation": lambda: steppers.derivation_stepper(NET, X, Y, start="W[1][0, 1]"),
    "activation": lambda: steppers.activation_explorer(["sigmoid", "tanh", "relu"]),
    "loss": lambda: steppers.loss_explorer(["half_sse", "bce"]),
    "race": lambda: steppers.optimizer_race(["long bowl", "saddle"], [0.05, 0.2], steps=20),
    "gradient-check": lambda: steppers.gradient_check_stepper(NET, X, Y),
}


def trained():
    """Train the exclusive or for 40 updates and return what a training stepper takes."""
    net = pb.Network([2, 3, 1], "tanh", rng=1)
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = np.array([[0.0], [1.0], [1.0], [0.0]])
    stop = [MaxIterations(40), LossBelow(0.01)]
    given: dict[str, Any] = {"optimizer": SGD(1.0), "batch_size": None, "stop": stop}
    history = train(net, inputs, targets, epochs=1000, record=True, **given)
    return net, history, inputs, targets, stop


def training():
    *given, stop = trained()
    return steppers.training_stepper(*given, stop=stop)


PARTS["training"] = training
WALK = """(choices) => {
    const part = document.querySelector(".pybackprop-interactive"), shown = [];
    const text = (places) => [...part.querySelectorAll(`[data-${places}]`)]
        .map((e) => [e.getAttribute(`data-${places}`), e.textContent]);
    for (const chosen of choices) {
        part.querySelectorAll(".pb-head select").forEach((select, c) => {
            select.value = chosen[c];
            select.dispatchEvent(new Event("change"));
        });
        const slider = part.querySelector("input[type=range]");
        for (let frame = 0; frame <= +slider.max; frame++) {
            slider.value = frame;
            slider.dispatchEvent(new Event("input"));
            shown.push([...text("t"), ...text("h"),
                ["count", part.querySelector(".pb-count").textContent]]);
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
PLACES = """() => [..."thxyd", "trail"]
    .flatMap((place) => [...document.querySelectorAll(`[data-${place}]`)])
    .map((e) => [e.childElementCount ? "" : e.textContent, e.style.display,
        ...["data-t", "transform", "d", "points"].map((name) => e.getAttribute(name))])"""


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


def plain(markup):
    return html.unescape(re.sub("<[^>]*>", "", markup))


def check_walk(page, data):
    """Step through all frames of all runs; compare all that is shown with what Python computed."""
    shown = iter(page.evaluate(WALK, every_choice(data)))
    frames = 0
    for run in data["runs"]:
        columns = {**data["cols"], **run["cols"]}
        for frame in range(run["n"]):
            for name, text in next(shown):
                if name == "count":
                    place = text_at(columns, "where", frame) if "where" in columns else None
                    assert text == (place or f"{frame + 1} / {run['n']}")
                else:
                    expected = text_at(columns, name, frame)
                    assert text == (plain(expected) if name == "math" else expected), (name, frame)
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
            assert page.locator(f"svg [data-t='a{l}.{j}']").text_content() == num(value)


def test_backward_shows_the_packages_numbers(show):
    trace = pb.backprop(NET, X, Y)
    new = pb.Params(NET.sizes, NET.params.theta - 0.1 * trace.grad.theta)
    every = list(network_steps.parameters(NET))
    backward = sorted(every, key=lambda one: -one[1])
    expected = [*trace.delta[2][0], *trace.delta[1][0]]
    expected += [network_steps.entry(trace.grad, l, j, i) for _, l, j, i in backward]
    expected += [network_steps.entry(new, l, j, i) for _, l, j, i in every]
    expected.append(pb.evaluate(NET.with_params(new.theta), X, Y))
    page = show(PARTS["backward"]())
    assert bold_numbers(page, 32) == [num(value) for value in expected]
    for name, l, j, i in every:
        cells = [page.locator(f"td[data-t='{k}{name}']").text_content() for k in "vgn"]
        assert cells == [
            num(network_steps.entry(p, l, j, i)) for p in (NET.params, trace.grad, new)
        ]


def test_clicking_a_weight_shows_its_chain(show):
    trace = pb.backprop(NET, X, Y)
    page = show(PARTS["derivation"]())
    for name, l, j, i in network_steps.parameters(NET):
        kind = "text" if name[0] == "b" else "g"
        place = page.locator(f"{kind}[data-k='{name if kind == 'text' else 'e' + name[1:]}']")
        place.dispatch_event("click")
        selected = page.locator(".pb-head select").evaluate("s => s.selectedOptions[0].textContent")
        assert selected.startswith(network_steps.code_of(name) + " = ")
        page.get_by_role("button", name="Last").click()
        slope = network_steps.entry(trace.grad, l, j, i)
        assert page.locator(".pb-math b").inner_text() == num(slope)
    page.locator("[data-k='e1.0.0'] .pb-hit").click(position=None, force=True)
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
        rest = [height, np.hypot(*(theta - before)), np.hypot(*momentum.u)]
        where = ", ".join(num(round(v, 2), 3) for v in theta)
        assert cells == [where, *(num(v, 3) for v in rest)], step
        assert (
            page.locator(".pb-trail, [data-trail]").nth(1).get_attribute("points").count(",")
            == step + 1
        )


def test_training_shows_the_histories_numbers(show):
    net, history, *_ = trained()
    page = show(PARTS["training"]())
    cells = """() => Object.fromEntries(
        [...document.querySelectorAll("td")].map((cell) => [cell.dataset.t, cell.textContent]))"""
    for step in range(40):
        loss, size = page.locator(".pb-math b").all_inner_texts()
        assert loss == num(history.losses[step])
        assert size == num(float(np.linalg.norm(history.record.grad[step])))
        expected = {}
        for name, l, j, i in network_steps.parameters(net):
            value, slope = (
                network_steps.entry(pb.Params(net.sizes, vectors[step]), l, j, i)
                for vectors in (history.record.theta, history.record.grad)
            )
            expected[name] = num(round(value, 3), 6)
            expected[f"g{name}"] = num(round(slope, 4), 6)
        assert page.evaluate(cells) == expected
        assert page.locator(".pb-rule.pb-on").count() == 0
        page.get_by_role("button", name="Next").click()
    assert page.locator(".pb-rule.pb-on").inner_text() == "iterations reached: 40?"
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
    page.wait_for_timeout(600)
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
        page.wait_for_timeout(200)  # colors fade in
        assert page.evaluate(RUN, OF_THE_THEME) == []


@pytest.mark.parametrize("kind", PARTS)
def test_a_phone_needs_no_sideways_scrolling(show, kind):
    page = show(PARTS[kind](), width=360)
    assert page.evaluate(WIDEST) <= 360
    small = page.locator("svg text").evaluate_all(
        "texts => texts.filter(t => t.textContent && getComputedStyle(t).visibility === 'visible'"
        " && t.getClientRects().length && t.getBoundingClientRect().height < 9).length"
    )
    assert small == 0


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
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, "JupyterLab ended at once"
                time.sleep(0.5)
        yield f"{address}/lab/tree/live.ipynb"
    finally:
        server.terminate()
        server.wait(20)


def run_cell(page, k):
    """Run a cell and wait until its prompt says so: a key pressed too early is lost."""
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").nth(k)
    for _ in range(4):
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
    cell = part.locator("td[data-t='nw1.0.0']")
    trace = pb.backprop(NET, X, Y)
    old, slope = NET.params.W[1][0, 0], trace.grad.W[1][0, 0]
    assert cell.text_content() == num(old - 0.5 * slope)
    page.locator(".jp-OutputArea .widget-slider .noUi-handle").first.press("ArrowRight")
    page.wait_for_function(
        "(text) => document.querySelector(`td[data-t='nw1.0.0']`)?.textContent === text",
        arg=num(old - 10 ** (np.log10(0.5) + 0.1) * slope),
    )
    assert part.get_attribute("data-frame") == "31"
    assert part.locator(".pb-controls").count() == 1

    run_cell(page, 3)
    second = page.locator(".jp-OutputArea .pybackprop-interactive").nth(1)
    second.locator(".pb-controls").wait_for()
    assert second.locator(".pb-count").inner_text() == "z = 0"
    assert [trouble for trouble in page.trouble if "request" in trouble] == []
