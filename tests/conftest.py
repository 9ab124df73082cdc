"""What holds for all tests."""

import signal

import pytest


@pytest.fixture(autouse=True)
def interruptible():
    """Ctrl+C interrupts, also where the test run itself ignores it: `nohup make test`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
