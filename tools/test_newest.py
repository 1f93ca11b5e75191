"""Run the tests of what computes with the newest packages, before readers meet these.

Makes a throw-away environment with the newest release of every package that `helpers` needs,
without upper bounds, and runs there the tests of models, sparsity, training, corruption, metrics
and variational autoencoders. What runs the tests keeps its locked version.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUBJECTS = ("models", "sparsity", "training", "corruption", "metrics", "variational")
TEST_TOOLS = ("pytest", "pytest-xdist", "hypothesis", "nbval")


def names_of(requirements: list[str]) -> list[str]:
    """The packages alone, without the versions that are asked for."""
    return [re.findall(r"^[\w.-]+", requirement)[0] for requirement in requirements]


def locked(names: tuple[str, ...], lock: str) -> list[str]:
    """Packages with the versions that the lock has."""
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    return [f"{name}=={pins[name]}" for name in names]


def main() -> None:
    """Make the environment, say what is in it, and run the tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = names_of(project["dependencies"])
    tools = locked(TEST_TOOLS, (ROOT / "requirements.txt").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="newest-") as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        pip: list[str | Path] = [python, "-m", "pip"]
        subprocess.run([*pip, "install", "--quiet", "--upgrade", *newest, *tools], check=True)
        for line in subprocess.check_output([*pip, "freeze"], text=True).splitlines():
            if line.partition("==")[0].lower() in {name.lower() for name in newest}:
                print(line, flush=True)
        tests = [ROOT / "tests" / f"test_{subject}.py" for subject in SUBJECTS]
        parallel = ["--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # helpers as they lie here
        run: list[str | Path] = [python, "-m", "pytest", "-p", "no:cacheprovider"]
        run += [*parallel, *tests]
        sys.exit(subprocess.run(run, cwd=ROOT, env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
