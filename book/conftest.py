"""Notebooks are compared with what is stored, so they run as `make refresh` ran them."""

import pytest
from optional import not_run

from pybackprop.course.stage.display import STATIC

collect_ignore = [f"{name}.ipynb" for name in not_run()]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Spread tests over workers one by one, but keep the cells of a notebook together."""
    from xdist.scheduler import LoadGroupScheduling

    class ByNotebook(LoadGroupScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return file if file.endswith(".ipynb") else super()._split_scope(nodeid)

    return ByNotebook(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """`make test` has run the notebooks while it built the book: tests/book/test_outputs.py."""
    for item in items:
        if ".ipynb::" in item.nodeid:
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Ask for static displays while a notebook's kernel starts, and only then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATIC, "1")
        return (yield)
