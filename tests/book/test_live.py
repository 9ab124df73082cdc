"""Notebooks as single files: what tests/live.py takes for wrong."""

import live

WIDGET = {live.VIEW: {}, "text/html": "<img>", "text/plain": "a stepper"}


def shown(**changes):
    data = {kind: value for kind, value in (WIDGET | changes).items() if value is not None}
    return {"output_type": "display_data", "data": data}


def test_a_widget_without_its_picture_or_text_and_a_warning_are_seen():
    assert live.what_is_wrong([shown(), {"name": "stdout", "text": "x"}]) == []
    for kind in ("text/html", "text/plain"):
        assert live.what_is_wrong([shown(**{kind: None})]) == [f"a widget has no {kind}"]
    assert live.what_is_wrong([{"name": "stderr", "text": "careful"}]) == ["stderr: careful"]
