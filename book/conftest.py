"""Notebooks are compared with what is stored, so they run as `make refresh` ran them."""

import pytest


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """Keep the cells of a notebook together when tests are spread over workers."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.xdist_group(item.path.name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Ask for static displays while a notebook's kernel starts, and only then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYBACKPROP_STATIC", "1")
        return (yield)
