"""Notebooks are compared with what is stored, so they run as `make refresh` ran them."""

import os
from tempfile import TemporaryDirectory

import nbval.kernel
import pytest
from jupyter_client import KernelManager
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
        if os.name != "nt":
            patch.setattr(nbval.kernel, "KernelManager", through_files)
        return (yield)


def through_files(**settings):
    """Return a kernel's manager that speaks with it through files.

    Ports are found by looking for a free one: two kernels that start at the same moment may find
    the same, and one of them never answers.
    """
    folder = TemporaryDirectory(prefix="kernel-")
    manager = KernelManager(transport="ipc", ip=f"{folder.name}/socket", **settings)
    manager.folder = folder  # which goes away with it
    return manager
