"""The page: its form, its steppers, and the answer to each entry."""

from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from ...activations import ACTIVATIONS
from ...losses import LOSSES
from ...optimizers import OPTIMIZERS
from ..stage.display import Interactive
from ..stage.drawing import sym, table, var
from ..stage.stepper import num
from ..stage.tree import Markup, Node, Part, node, write
from ..steppers.backward import backward_stepper
from ..steppers.derivation import MOST_CHAINS, derivation_stepper
from ..steppers.explorers import gradient_check_stepper
from ..steppers.forward import forward_stepper
from ..steppers.one_example import by_unit
from . import kinds
from .kinds import KINDS, Entered
from .state import MOST_LAYERS, MOST_UNITS, SHOWN, State, parts, read
from .texts import TEXTS

PRESETS = {
    "2-2-2, weights 0.15 to 0.55, biases held": "sizes=2-2-2&phi1=sigmoid&phi2=sigmoid"
    "&loss=half_sse&W1=.15,.2;.25,.3&b1=.35,.35&W2=.4,.45;.5,.55&b2=.6,.6&x=.05,.1&y=.01,.99"
    "&optimizer=sgd&lr=0.5&fixed=b&show=backward",
    "The first network of chapter 6, 2-3-1": "sizes=2-3-1&phi1=sigmoid&phi2=sigmoid&loss=bce"
    "&W1=.1,.2;.3,.4;.5,.6&b1=.1,.2,.3&W2=.4,.5,.6&b2=.1&x=.5,1&y=1&optimizer=sgd&lr=0.5"
    "&show=backward",
    "The second network of chapter 6, 3-2-1": "sizes=3-2-1&phi1=sigmoid&phi2=sigmoid&loss=sse"
    "&W1=.2,-.5,.1;-.3,.4,.2&b1=.3,-.1&W2=.5,.2&b2=.1&x=2,3,-1&y=1&optimizer=sgd&lr=0.1"
    "&show=backward",
    "XOR, 2-2-1": "sizes=2-2-1&phi1=relu&phi2=identity&loss=half_sse&W1=1,1;1,1&b1=0,-1"
    "&W2=1,-2&b2=0&x=1,1&y=0&optimizer=sgd&lr=0.1&show=forward",
}
"""What the page calls a network -> its address. XOR's weights solve it: max(x1 + x2, 0) minus
twice max(x1 + x2 - 1, 0)."""

DEFAULT = next(iter(PRESETS.values()))


def answer(address: str, changed: str = "") -> dict[str, Any]:
    """Return what the page shows for an address, or for the fields of its form.

    Parameters
    ----------
    address : str
        What stands behind the # of a link, or the form in the same way.
    changed : str, optional
        The name of the field that has changed; "" for a link.

    Returns
    -------
    dict
        ``errors`` by field; ``show``, which stepper; ``fields``, the form, where other fields are
        needed than before; and where nothing is wrong ``address``, ``result`` and ``stepper``.
    """
    kind = kind_of(address)
    if kind:
        return answer_kind(kind, parts(address), changed)
    state = read(address, changed)
    show = state.fields["show"]
    report: dict[str, Any] = {"errors": state.errors}
    if show in SHOWN:
        report["show"] = show
    if changed in ("", "sizes", "seed") and state.sizes:
        report["fields"] = write(fields(state))
    if not state.errors:
        try:
            with np.errstate(all="ignore"):  # float32 ends at 1e38
                report["stepper"] = stepper(state, show).to_html()
        except ValueError:
            state.errors["x"] = (
                "This stepper cannot show the large numbers that these lead to; smaller ones help."
            )
            return report
        report |= {"address": state.address, "result": write(result(state))}
    return report


def kind_of(address: str) -> str:
    """Return the name of the stepper that an address is for; "" for a network's."""
    try:
        show = parts(address).get("show", "")
    except ValueError:
        return ""
    return show if show in KINDS else ""


def wrong(address: str) -> dict[str, str]:
    """Return what is wrong with an address, by field."""
    kind = kind_of(address)
    return kinds.read(kind, parts(address)).errors if kind else read(address).errors


def answer_kind(name: str, given: dict[str, str], changed: str) -> dict[str, Any]:
    """Return what the page shows for a stepper that is no network's."""
    entered = kinds.read(name, given)
    report: dict[str, Any] = {"errors": entered.errors, "show": name}
    if not entered.errors and (part := kinds.made(name, entered)):
        report["address"] = part.address
        chapter = node("a", "its place in the book", href=f"{KINDS[name].page}.html")
        report["result"] = write(node("p", f"{KINDS[name].title}: see ", chapter, "."))
        report["stepper"] = replace(part, address="").to_html()
    if not changed:
        report["fields"] = write(fields_of(name, entered))
    return report


def stepper(state: State, show: str) -> Interactive:
    """Return the stepper that is asked for; the backward one for too many chains."""
    net, trace = state.net, state.trace
    if show == "forward":
        part = forward_stepper(net, trace)
    elif show == "gradient-check":
        sample = MOST_CHECKED if net.params.theta.size > MOST_CHECKED else None
        part = gradient_check_stepper(net, trace.a[0], trace.y, sample=sample)
    elif show == "derivation" and len(by_unit(net)) <= MOST_CHAINS:
        part = derivation_stepper(net, trace)
    else:
        part = backward_stepper(net, trace, lr=state.lr, optimizer=state.fields["optimizer"])
    return replace(part, address="")  # the page has it


MOST_CHECKED = 20
"""So many entries the gradient check takes of a large network."""


# The form

Entries = State | Entered


def labelled(state: Entries, name: str, label: Part, control: Node, hint: Part = ()) -> Node:
    """Return a field with its label, and the place where it is told what is wrong with it."""
    wrong = state.errors.get(name, "")
    more = {"id": f"own-{name}", "name": name, "aria-describedby": f"wrong-{name}"}
    if wrong:
        more["aria-invalid"] = "true"
    return node(
        "div",
        node("label", label, for_=f"own-{name}"),
        Node(control.tag, more | control.attributes, control.children),
        node("span", hint, class_="pb-hint") if hint else (),
        node("span", wrong, id=f"wrong-{name}", class_="pb-wrong"),
        class_="pb-one",
    )


def menu(state: Entries, name: str, label: Part, options: dict[str, str]) -> Node:
    """Return a field to choose from."""
    chosen = state.fields.get(name, "")
    parts = [
        node("option", text, value=value, selected="" if value == chosen else None)
        for value, text in options.items()
    ]
    return labelled(state, name, label, node("select", *parts))


def line(state: Entries, name: str, label: Part, hint: Part = ()) -> Node:
    """Return a field of one line."""
    text = state.fields.get(name, "")
    plain = {"type": "text", "value": text, "autocomplete": "off", "spellcheck": "false"}
    return labelled(state, name, label, node("input", **plain), hint)


def rows(state: Entries, name: str, label: Part, high: int, hint: Part = ()) -> Node:
    """Return a field of several lines."""
    text = state.fields.get(name, "")
    plain = {"rows": high, "autocomplete": "off", "spellcheck": "false", "wrap": "off"}
    return labelled(state, name, label, node("textarea", text, **plain), hint)


def named(table: dict[str, Any]) -> dict[str, str]:
    """Return the names of a table as options."""
    return {name: name for name in table}


def fields(state: State) -> Markup:
    """Return all fields of the form."""
    sizes, L = state.sizes, len(state.sizes) - 1
    shape = group(
        "Network",
        line(
            state, "sizes", "Units of each layer, inputs first",
            f"1 to {MOST_LAYERS} layers after the inputs, up to {MOST_UNITS} units each",
        ),
        line(state, "seed", "Seed of what is drawn", "a new seed draws all weights anew"),
    )  # fmt: skip
    layers = []
    for l in range(1, L + 1):
        every = {k: v for k, v in named(ACTIVATIONS).items() if k != "softmax" or l == L}
        wide = f"{sizes[l]} row{'s' * (sizes[l] > 1)} of {sizes[l - 1]}"
        layers.append(
            group(
                f"Layer {l}" + ", the output" * (l == L),
                menu(state, f"phi{l}", "Activation", every),
                rows(state, f"W{l}", ["Weights ", sym("W", l), f": {wide}"], sizes[l]),
                line(state, f"b{l}", ["Biases ", sym("b", l), f": {sizes[l]}"]),
            )
        )
    losses = {"": "the one that fits the output"} | named(LOSSES)
    example = group(
        "Example and loss",
        line(state, "x", ["Input ", var("x"), f": {sizes[0]}"]),
        line(state, "y", ["Target ", var("y"), f": {sizes[-1]}"]),
        menu(state, "loss", "Loss", losses),
    )
    step = group(
        "Step",
        menu(state, "optimizer", "Optimizer", named(OPTIMIZERS)),
        line(state, "lr", ["Learning rate ", var("η")]),
        menu(state, "fixed", "Biases", {"": "learn, too", "b": "are held"}),
    )
    return Markup(shape, layers, example, step)


def fields_of(name: str, entered: Entered) -> Markup:
    """Return all fields of a stepper that is no network's."""
    controls: list[Part] = []
    for key, one in KINDS[name].fields.items():
        if one.options:
            controls.append(menu(entered, key, one.label, named(dict.fromkeys(one.options))))
        elif one.lines > 1:
            controls.append(rows(entered, key, one.label, one.lines, one.hint))
        else:
            controls.append(line(entered, key, one.label, one.hint))
    chosen = node("input", type="hidden", name="show", value=name)
    return Markup(group(KINDS[name].title, *controls), chosen)


def group(name: str, *parts: Part) -> Node:
    """Return fields that belong together."""
    return node("fieldset", node("legend", name), node("div", *parts, class_="pb-several"))


# What comes of it


def result(state: State) -> Markup:
    """Return outputs and losses with many digits, and the texts to take along."""
    net, trace = state.net, state.trace
    lines = [
        (f"output {k + 1}", num(a, 9), num(y, 9))
        for k, (a, y) in enumerate(zip(trace.a[net.L][0], trace.y[0], strict=True))
    ]
    losses = [
        ("before the step", num(trace.loss, 9)),
        ("after the step", num(state.new_loss, 9)),
    ]
    texts = [
        node(
            "details",
            node("summary", f"As {name}"),
            node("button", f"Copy as {name}", type="button", class_="pb-button pb-copy"),
            node("pre", node("code", make(state)), tabindex="0", role="region", aria_label=name),
        )
        for name, make in TEXTS.items()
    ]
    note: Part = ()
    if state.fields["show"] == "derivation" and len(by_unit(net)) > MOST_CHAINS:
        note = node(
            "p",
            f"The chain rule is shown for networks of up to {MOST_CHAINS} weights and biases; "
            "here is the backward pass.",
        )
    return Markup(
        node(
            "div",
            table(["unit", "activation", "target"], lines),
            table(["loss", net.loss.name], losses),
            class_="pb-scroll",
        ),
        texts,
        note,
    )


def tabs(show: str) -> Node:
    """Return the choice of what is stepped through."""
    choices = [
        node(
            "label",
            node(
                "input", type="radio", name="show", value=value, form="own-form",
                checked="" if value == show else None,
            ),
            node("span", text),
        )
        for value, text in SHOWN.items()
    ]  # fmt: skip
    return node("fieldset", node("legend", "Step through"), *choices, class_="pb-tabs")


def static_page(python: bool) -> str:
    """Return the page as the build writes it: one network, all its steppers, the links.

    Parameters
    ----------
    python : bool
        Whether the book has Python for its pages; without it there is nothing to enter.
    """
    state = read(DEFAULT)
    links = [node("li", node("a", name, href=f"#{where}")) for name, where in PRESETS.items()]
    others = [
        node("li", node("a", kind.title, href=f"#show={name}")) for name, kind in KINDS.items()
    ]
    state.fields["show"] = "backward"
    head: list[Part] = []
    if python:
        head = [
            node("p", WITHOUT_SCRIPT, class_="pb-without"),
            node("p", "Begin with a network:", class_="pb-live"),
            node("ul", links, class_="pb-live pb-presets"),
            node("p", "or with another stepper of the book:", class_="pb-live"),
            node("ul", others, class_="pb-live pb-presets"),
            node(
                "form", node("div", fields(state), class_="pb-fields"),
                id="own-form", class_="pb-live",
            ),
            node(
                "p",
                node("button", "Compute", type="submit", form="own-form", class_="pb-button"),
                node("button", "Stop", type="button", class_="pb-button pb-stop"),
                node("a", "Link to these numbers", href=f"#{state.address}", class_="pb-share"),
                node("span", role="status", class_="pb-progress-line"),
                class_="pb-live pb-row",
            ),
        ]  # fmt: skip
    else:
        head = [node("p", WITHOUT_PYTHON)]
    body = node("div", *head, node("div", result(state), class_="pb-result"), class_="pb-poster")
    pieces = [
        f'<div class="pb-shown" data-show="{show}">{stepper(state, show).to_html()}</div>'
        for show in SHOWN
    ]
    pieces.append('<div class="pb-shown" data-show="" hidden></div>' if python else "")
    chooser = write(node("div", tabs("backward"), class_="pb-live")) if python else ""
    return (
        '<div class="pybackprop-interactive pb-own" data-ready="numbers" '
        f'data-address="{escape(state.address)}">{write(body)}{chooser}</div>' + "".join(pieces)
    )


def reference() -> str:
    """Return a list of the other steppers: the parts of their addresses, and those of the book."""
    lines = []
    for name, kind in KINDS.items():
        inside = [
            node("li", node("code", key), ": ", one.label, "; ", one.hint)
            for key, one in kind.fields.items()
        ]
        own = kinds.as_in_the_book(name)
        link = node("a", node("code", own), href=f"#{own}", class_="pb-address")
        head = node("summary", kind.title, ": ", node("code", f"show={name}"))
        rest = node("p", "The numbers of the book: ", link)
        lines.append(node("details", head, node("ul", inside), rest))
    return write(Markup(lines))


WITHOUT_SCRIPT = (
    "To enter numbers of your own, this page needs JavaScript. Without it, here is one network "
    "that is worked by hand in many places, with all its numbers."
)
WITHOUT_PYTHON = (
    "This copy of the book was built without Python for its pages, so numbers of your own cannot "
    "be entered here. In a notebook the same steppers take any network: "
    "steppers.backward_stepper(net, x, y). Below stands one network that is worked by hand in many "
    "places, with all its numbers."
)
