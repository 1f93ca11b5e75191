"""Run every chapter as Colab would: Colab's package versions, the chapter's own install cell.

Makes a fresh environment from tests/colab/constraints.txt without this project on its path, and
lets each chapter's install cell fetch the helpers. Git is told to answer the book's address with a
snapshot of this folder, so the cell runs unchanged and what is here is what is tested. Needs
Python 3.13, as Colab has it, and nothing else.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "tests" / "colab" / "constraints.txt"


def run(*command: str | Path, **options) -> str:
    """Run a command; stop with its output where it fails."""
    done = subprocess.run(
        [str(word) for word in command], text=True, capture_output=True, check=False, **options
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def git(*words: str | Path, **options) -> str:
    """Run git in this repository."""
    return run("git", "-C", ROOT, *words, **options)


def snapshot(folder: Path) -> Path:
    """A bare repository whose one commit on main is this folder, uncommitted changes included."""
    index = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_INDEX_FILE": str(folder / "index"),
    }
    if Path(git("rev-parse", "--show-toplevel", env=index)).resolve() != ROOT:
        sys.exit(f"{ROOT} is not a git checkout of its own: clone the book, then run this there")
    git("add", "--all", env=index)
    tree = git("write-tree", env=index)
    identity = ("-c", "user.name=snapshot", "-c", "user.email=snapshot@example.invalid")
    commit = git(*identity, "commit-tree", tree, "-m", "snapshot", env=index)
    bare = folder / "snapshot.git"
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", bare)
    # pip clones with a filter, which a repository has to allow.
    run("git", "-C", bare, "config", "uploadpack.allowFilter", "true")
    no_hooks = ("-c", "core.hooksPath=/dev/null")
    git(*no_hooks, "push", "--quiet", bare, f"{commit}:refs/heads/main", env=index)
    return bare


def address() -> str:
    """The book's address, from _config.yml."""
    return re.search(r"^repository:\n  url: (\S+)$", (ROOT / "_config.yml").read_text(), re.M)[1]


def main() -> None:
    """Make the environment and run the chapters in it."""
    if sys.version_info[:2] != (3, 13):
        sys.exit(f"Colab has Python 3.13; this is {sys.version.split()[0]}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="colab-") as temporary:
        folder = Path(temporary)
        run(sys.executable, "-m", "venv", folder / "venv")
        python = folder / "venv" / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "-r", CONSTRAINTS)
        run(python, "-m", "pip", "check")
        print(f"Colab's environment: ready, {time.monotonic() - started:.0f} s", flush=True)

        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "JUPYTER", "BOOK_")) and name != "VIRTUAL_ENV"
        }
        environment |= {
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
            "COLAB_RELEASE_TAG": "release-test",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{snapshot(folder)}.insteadOf",
            "GIT_CONFIG_VALUE_0": address(),
            "JUPYTER_PREFER_ENV_PATH": "1",
        }
        work = folder / "work"
        work.mkdir()
        shutil.copy(ROOT / "tools" / "notebooks.py", work)
        failed = 0
        for chapter in sorted((ROOT / "notebooks").glob("*.ipynb")):
            uninstall = [python, "-m", "pip", "uninstall", "--quiet", "--yes", "autoencoder-book"]
            subprocess.run(uninstall, check=True, capture_output=True)
            before = subprocess.run(
                [python, "-c", "import helpers"], cwd=work, env=environment, capture_output=True
            )
            if before.returncode == 0:
                sys.exit("helpers can be imported before the install cell ran: nothing is tested")
            copy = shutil.copy(chapter, work)
            check = [python, work / "notebooks.py", "check", copy]
            failed += subprocess.run(check, cwd=work, env=environment, check=False).returncode != 0
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
