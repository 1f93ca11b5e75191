"""The browser in which the site is read by tests, and formulas are drawn."""

import os
import shutil
from pathlib import Path


def find_browser(own: str, path: str | None = None) -> str:
    """The browser that BROWSER_PATH names, else the system's, else Playwright's own.

    Args:
        own: where Playwright keeps its own.
        path: the folders to look in, as in the environment variable PATH, which None stands for.

    Raises:
        FileNotFoundError: there is none.
    """
    names = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
    found = [os.environ.get("BROWSER_PATH"), *(shutil.which(name, path=path) for name in names)]
    program = next(filter(None, found), own)
    if not Path(program).is_file():
        raise FileNotFoundError(
            f"The site is read in Chromium or Chrome, and there is none at {program}. Install one "
            "(on Debian: apt install chromium), name one in the environment variable BROWSER_PATH, "
            "or run: .venv/bin/playwright install chromium"
        )
    return program
