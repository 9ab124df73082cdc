"""Notebooks are compared with what is stored, so they run as `make refresh` ran them."""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Ask for static displays while a notebook's kernel starts, and only then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYBACKPROP_STATIC", "1")
        return (yield)
