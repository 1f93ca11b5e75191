"""What several test files share, and a core for each of several workers."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest
from browsing import serving

from helpers.datasets import ImageSet, load_mnist
from tools.browser import find_browser

ROOT = Path(__file__).resolve().parent.parent

# Two chapters on a core each are done sooner than one after the other on both. What a worker
# starts, such as a chapter's kernel, inherits its core.
if "PYTEST_XDIST_WORKER" in os.environ and hasattr(os, "sched_setaffinity"):
    CORES = sorted(os.sched_getaffinity(0))
    NUMBER = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    os.sched_setaffinity(0, {CORES[NUMBER % len(CORES)]})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
            item.add_marker("site")


@pytest.fixture(scope="session")
def digits() -> ImageSet:
    return load_mnist()


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """The folder of the built site, made by the command the README gives, once for all workers."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent  # which the workers share
    index = ROOT / "_build" / "html" / "index.html"
    with (folder / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "site.done").exists():
            built = subprocess.run(
                ["make", "book"], cwd=ROOT, text=True, capture_output=True, check=False
            )
            assert built.returncode == 0, built.stdout + built.stderr
            assert f"Open file://{index}" in built.stdout
            (folder / "site.done").touch()
    return index.parent


@pytest.fixture(scope="module")
def browser():
    # Here, since the tests of what computes also run where there is no browser.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = find_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(site):
    with serving(site) as address:
        yield address
