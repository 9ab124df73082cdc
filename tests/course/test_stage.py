"""The stage: the tree and its three types, columns, the still, and both displays."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.course.stage import display
from pybackprop.course.stage.display import Interactive, live_class, to_json
from pybackprop.course.stage.stepper import (
    Moment,
    columns,
    content_at,
    declared,
    num,
    packed,
    rounded,
    stepper,
    value_at,
)
from pybackprop.course.stage.tree import Markup, Template, node, write

HOSTILE = "<img src=x onerror=alert(1)> & {say} {0.5} {} \"'}{"
"""What no text may become: an element, an attribute, a template."""

# The tree


def test_text_never_becomes_markup():
    part = node("p", HOSTILE, [HOSTILE, node("b", HOSTILE)], title=HOSTILE)
    text = write(part)
    assert "<img" not in text
    assert re.findall("<[^>]*>", text.replace(unescape(text), "")) == [
        f'<p title="{text.split(chr(34))[1]}">', "<b>", "</b>", "</p>",
    ]  # fmt: skip
    assert unescape(re.sub("<[^>]*>", "", text)) == HOSTILE * 3
    assert unescape(text.split('"')[1]) == HOSTILE


def test_given_text_never_becomes_a_template():
    run = {"t": [1, 2], "say": declared("say", Template("{name}: {t}", name=HOSTILE))}
    assert content_at(run, "say", 1) == f"{HOSTILE}: 2"
    assert content_at({"say": HOSTILE}, "say", 0) == HOSTILE


def test_parts_in_parts_are_laid_out_flat():
    flat = Markup("a", ["b", ["c", Markup("d")]], node("i", ["e"]), ())
    assert flat == ("a", "b", "c", "d", node("i", "e"))


def test_marked_elements_are_followed_wherever_they_stand():
    inner = Markup("now ", node("b", data_t="x"))
    run = {"math": declared("math", inner), "x": [1, 2.5], "lit": ["", "x:delta"]}
    part = node("div", node("p", data_t="math"), node("g", data_at="x 1 2", data_k="x"))
    assert write(part, Moment(run, 1, 0).fill) == (
        '<div><p data-t="math">now <b data-t="x">2.5</b></p>'
        '<g data-at="x 1 2" data-k="x" transform="translate(6,0)" data-on="delta"></g></div>'
    )
    hidden = write(node("g", data_run="0 2"), Moment({}, 0, 1).fill)
    assert hidden == '<g data-run="0 2" style="display:none"></g>'
    gone = write(node("g", data_at="x 0 1 y 0 1"), Moment({"x": 1, "y": None}, 0, 0).fill)
    assert "display:none" in gone


def test_long_numbers_are_pressed_into_their_circle():
    part = node("text", data_t="a 7 50")
    wide, narrow = (write(part, Moment({"a": a}, 0, 0).fill) for a in ("−0.02712", "0.2712"))
    assert 'textLength="50"' in wide
    assert "textLength" not in narrow


# Columns


def test_columns_give_back_the_frames():
    rng = np.random.default_rng(0)
    frames = [{"a": int(rng.integers(3)), "b": int(i > 7), "c": "same"} for i in range(20)]
    assert [
        {key: value_at(column, i) for key, column in columns(frames).items()} for i in range(20)
    ] == frames


def test_what_columns_hold_is_declared_and_survives_json():
    part = node("b", "1 < 2", class_="x")
    run = {
        "text": ["{t}", "<b>"],
        "math": [Markup(part), Markup("a", part)],
        "say": Template("loss {loss} at {t}"),
        "loss": [0.25, -1e-7],
        "t": 3,
    }
    sent = json.loads(to_json({name: declared(name, column) for name, column in run.items()}))
    assert sent["text"] == ["{t}", "<b>"]
    assert sent["math"] == {"markup": [[["b", {"class": "x"}, ["1 < 2"]]],
                                       ["a", ["b", {"class": "x"}, ["1 < 2"]]]]}  # fmt: skip
    assert [content_at(sent, "say", i) for i in (0, 1)] == ["loss 0.25 at 3", "loss −1×10⁻⁷ at 3"]


def test_a_column_is_of_one_type():
    with pytest.raises(TypeError, match="column 'say' mixes text, markup and templates"):
        declared("say", ["text", Markup("markup")])


@pytest.mark.parametrize("exponent", range(-12, 12))
def test_num_keeps_four_digits(read, exponent):
    for value in np.random.default_rng(exponent + 12).uniform(-10, 10, 50) * 10.0**exponent:
        assert read.number(num(value)) == pytest.approx(value, rel=5e-4)
        assert read.number(num(value)) == float(f"{value:.4g}")


def test_the_page_writes_numbers_as_python_does():
    """num() here and show() in stepper.js, over all sizes and the edges between their forms."""
    rng = np.random.default_rng(0)
    sizes = rng.uniform(-1, 1, 4000) * 10.0 ** rng.integers(-15, 16, 4000)
    edges = [0, 1e-4, 9.999e-5, -1e-4, 999999, 1e6, -1e6, 1234567, 1e15, 1e21, 0.5, -3, 12345.678]
    values = [rounded(value, digits) for value in [*sizes, *edges] for digits in (3, 4, 12)]
    source = display.read("stepper.js")
    script = source[source.index("const SUPERSCRIPT") : source.index("const ICONS")]
    script += f"console.log(JSON.stringify({json.dumps(values)}.map(show)))"
    node_js = shutil.which("node")
    if node_js is None:
        pytest.skip("no node on PATH")
    done = subprocess.run([node_js], input=script, capture_output=True, text=True, check=True)
    written = json.loads(done.stdout)
    assert written == [content_at({"v": value}, "v", 0) for value in values]
    assert len(set(written)) > 8000


@pytest.mark.parametrize("value", [12.345, -123.456, 0.0, 12345.678, 1e-5, 0.001])
def test_a_packed_column_gives_back_its_decimals(read, value):
    column = packed([1.0, value], decimals=5)
    assert value_at(column, 1) == value
    assert read.number(content_at({"w": column}, "w", 1)) == value


def test_no_frames_too_many_frames_and_runs_that_do_not_match():
    def make_run(n):
        return {"n": n, "say": "", "math": ""}

    with pytest.raises(ValueError, match="1 to 2000 frames, got 0; give it something to show"):
        stepper("t", "T", node("svg"), [make_run(0)], table="")
    with pytest.raises(ValueError, match="got 5000; take every k-th"):
        stepper("t", "T", node("svg"), [make_run(5000)], table="")
    with pytest.raises(ValueError, match="2 runs for 1 combinations"):
        stepper("t", "T", node("svg"), [make_run(1)] * 2, table="")


# Displays


def make(data=None, **more):
    return Interactive(
        "stepper", "test", data or {"a": 1}, '<div class="pb-poster">x</div>', "A test", **more
    )


def test_static_display_is_html_with_escaped_data(monkeypatch):
    monkeypatch.setenv(steppers.STATIC, "1")
    bundle = make({"b": "</script><b>", "a": "−½"})._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == "A test"
    assert bundle["text/html"] == (
        '<div class="pybackprop-interactive" data-kind="stepper" data-name="test">'
        '<div class="pb-poster">x</div><script type="application/json">'
        '{"a":"−½","b":"\\u003c/script>\\u003cb>"}</script></div>'
    )


def test_the_variable_asks_for_the_static_display(monkeypatch):
    monkeypatch.setenv(steppers.STATIC, "0")
    assert not display.is_static()
    display.make_static()
    assert display.is_static()


def test_live_display_is_a_widget_with_the_same_data_and_a_still_beside_it(monkeypatch):
    monkeypatch.delenv(steppers.STATIC, raising=False)
    part = make()
    data, _ = part._repr_mimebundle_()
    assert data[display.VIEW]["model_id"] == part.widget.model_id
    assert data["text/html"] == part.poster
    assert data["text/plain"] == "A test"
    assert part.widget.data == {"a": 1}
    assert part.widget.poster == part.poster
    assert part.widget.frame is None


def test_the_view_is_that_of_the_widget_with_its_controls(monkeypatch):
    monkeypatch.delenv(steppers.STATIC, raising=False)
    part = steppers.forward_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0])
    data, _ = part._repr_mimebundle_()
    assert part.live is not part.widget
    assert data["text/html"] == part.stored
    assert part.stored.count("<img") == 1
    assert data[display.VIEW]["model_id"] == part.live.model_id


@pytest.mark.parametrize("pair", [True, False])
def test_what_a_front_end_asks_of_widgets_is_kept(monkeypatch, pair):
    """Colab puts metadata into the widget's own bundle; a box of ipywidgets 7 has no bundle."""
    monkeypatch.delenv(steppers.STATIC, raising=False)
    part = steppers.forward_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0])
    view = {"version_major": 2, "version_minor": 0, "model_id": "its own"}
    asked = {display.VIEW: {"colab": {"custom_widget_manager": {"url": "x"}}}}
    made = ({display.VIEW: view}, asked) if pair else {display.VIEW: view}
    monkeypatch.setattr(type(part.widget), "_repr_mimebundle_", lambda self, **_: made)
    monkeypatch.setattr(type(part.live), "_repr_mimebundle_", None, raising=False)
    data, metadata = part._repr_mimebundle_()
    assert metadata == (asked if pair else {})
    assert data[display.VIEW] == view | {"model_id": part.live.model_id}


def test_nothing_live_is_made_for_the_static_display(monkeypatch):
    monkeypatch.setenv(steppers.STATIC, "1")
    part = make()
    part._repr_mimebundle_()
    assert "widget" not in part.__dict__


def test_without_anywidget_the_still_is_shown(monkeypatch):
    monkeypatch.delenv(steppers.STATIC, raising=False)
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    live_class.cache_clear()
    bundle = make()._repr_mimebundle_()
    assert bundle["text/html"] == '<div class="pb-poster">x</div>'
    assert "anywidget" in bundle["text/plain"]


def test_a_stored_picture_is_an_image_and_stands_on_the_page_as_it_was(monkeypatch):
    monkeypatch.setenv(steppers.STATIC, "1")
    part = steppers.forward_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0], [1.0])
    text = part._repr_mimebundle_()["text/html"]
    assert "<svg" not in text
    (alt, source) = re.search(
        r'<img class="pb-still" alt="([^"]*)".*base64,([^"]*)">', text
    ).groups()
    assert alt == "The network 2-3-1 with its weights and values"
    picture = ElementTree.fromstring(base64.b64decode(source))  # well-formed, as images have to be
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert "0.5715" in "".join(picture.itertext())
    assert display.with_pictures(text) == part.to_html() != text


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_named_in_both_displays(bad):
    with pytest.raises(ValueError, match=r'data\["runs"\]\[1\]\["z"\] is (nan|inf)'):
        make({"runs": [{}, {"z": bad}]})


def test_controls_remake_the_data():
    net = pb.Network([2, 3, 1], rng=0)
    part = steppers.backward_stepper(net, [0.5, 1.0], [1.0], lr=0.5)
    slider, message, widget = part.live.children
    before = widget.data
    slider.value = 1.0
    assert widget.data != before
    assert widget.data == dict(steppers.backward_stepper(net, [0.5, 1.0], [1.0], lr=1.0).data)
    assert message.value == ""


def test_a_control_out_of_range_says_so():
    def remake(x):
        raise ValueError("x < 0")

    import ipywidgets

    part = make(controls=lambda: {"x": ipywidgets.FloatText(1.0)}, remake=remake)
    control, message, _ = part.live.children
    control.value = -1
    assert message.value == "x &lt; 0"


def test_static_html_does_not_change_between_runs():
    net = pb.Network([2, 3, 1], rng=0)
    first, second = (steppers.backward_stepper(net, [0.5, 1.0], [1.0]).to_html() for _ in range(2))
    assert first == second


def test_names_in_a_still_are_escaped():
    run = {"n": 1, "say": HOSTILE, "math": Markup(node("i", "x"))}
    part = stepper(
        "t", HOSTILE, node("svg"), [run], table=HOSTILE, caption=HOSTILE,
    )  # fmt: skip
    assert "<img" not in part.to_html()
    assert part.poster.count("&lt;img") == 5  # title, sentence, table, caption, and its label
    assert "<i>x</i>" in part.poster


def test_json_of_a_stepper_reads_back():
    part = steppers.forward_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0], [1.0])
    text = re.search(r'<script type="application/json">(.*)</script>', part.to_html())[1]
    assert json.loads(text) == json.loads(json.dumps(part.data))


def test_front_end_is_small():
    weight = len(gzip.compress((steppers.page_script() + steppers.style()).encode()))
    assert weight <= 13_900
