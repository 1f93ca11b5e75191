"""What several test files share."""

import subprocess
from pathlib import Path

import pytest

from helpers.data import ImageSet, load_mnist

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def digits() -> ImageSet:
    return load_mnist()


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site, made by the command the README gives."""
    built = subprocess.run(["make", "book"], cwd=ROOT, text=True, capture_output=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    index = ROOT / "_build" / "html" / "index.html"
    assert f"Open file://{index}" in built.stdout
    return index.parent
