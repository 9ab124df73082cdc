"""Python on the page in Firefox, from a server and from disk, with other hosts out of reach."""

import pytest
from firefox import FIREFOX, firefox

PRESS = """async (name, code) => {
    const part = document.getElementById("exercise-03-sigmoid_prime");
    const stop = part.querySelector("[aria-disabled]");
    const press = (label) => [...part.querySelectorAll("button")]
        .find((button) => button.textContent === label).click();
    const field = part.querySelector("textarea");
    field.value = code;
    field.dispatchEvent(new Event("input"));
    press(name);
    const line = part.querySelector(".pb-progress-line"), said = new Set();
    while (stop.getAttribute("aria-disabled") === "false") {
        said.add(line.textContent);
        if (code.includes("while True") && line.textContent.startsWith("Running")) press("Stop");
        await new Promise((later) => setTimeout(later, 5));
    }
    const text = (selector) => part.querySelector(selector).textContent;
    return [part.dataset.status ?? "", text(".pb-reply"), text(".pb-printed"), [...said]];
}"""
ALIVE = """async () => {
    while (!document.querySelector(".pb-field")) {
        await new Promise((later) => setTimeout(later, 5));
    }
}"""
EDITOR = """async () => {
    const part = document.getElementById("exercise-03-sigmoid_prime");
    part.querySelector("textarea").dispatchEvent(new Event("focus"));
    while (!part.querySelector(".cm-content")) {
        await new Promise((later) => setTimeout(later, 5));
    }
    return part.querySelector(".cm-content").textContent;
}"""
RIGHT = "def sigmoid_prime(z):\n    a = 1 / (1 + np.exp(-z))\n    return a * (1 - a)"
WRONG = "def sigmoid_prime(z):\n    return 1 / (1 + np.exp(-z))"


@pytest.fixture(scope="module")
def window():
    if FIREFOX is None:
        pytest.skip("no firefox-esr or firefox on PATH")
    with firefox() as window:
        yield window


@pytest.mark.parametrize("place", ["server", "disk"])
def test_an_exercise_is_missed_stopped_and_solved(window, server, site, place):
    address = {"server": server, "disk": site.as_uri()}[place]
    window.go(f"{address}/book/03_delta.html")
    window.run(ALIVE)
    status, reply, _, said = window.run(PRESS, "Check", WRONG)
    assert (status, reply) == (
        "tried",
        "✗ Not yet: that is σ(z) itself; its derivative is asked for. sigma itself",
    )
    assert any("Starting Python" in line for line in said)
    assert window.run(PRESS, "Run", "while True: pass")[1] == "Stopped"
    assert "line 1" in window.run(PRESS, "Run", "print(1 / 0)")[2]
    assert window.run(PRESS, "Run", "print('<b>')")[2] == "<b>\n"
    status, reply, *_ = window.run(PRESS, "Check", RIGHT)
    assert status == "solved"
    assert reply.startswith("✓ Right: The slope of the sigmoid, on all")
    assert window.run(EDITOR).endswith("return a * (1 - a)")
    assert window.run("() => fetch('https://example.org/').then(() => 1, () => 0)") == 0
