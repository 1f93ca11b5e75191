"""One address, one version, a lock that fits, set-up that explains itself."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import helpers

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
ADDRESS = CONFIG["repository"]["url"]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
TEXTS = ["README.md", "CITATION.cff", "CONTRIBUTING.md", "pyproject.toml"]


def test_every_mention_of_the_repository_is_the_address_in_the_configuration():
    for name in [*TEXTS, *(str(path) for path in (ROOT / "book").glob("*.md"))]:
        text = (ROOT / name).read_text(encoding="utf-8")
        for owner in re.findall(r"github\.com/([\w.-]+)/autoencoder-book", text):
            assert f"https://github.com/{owner}/autoencoder-book" == ADDRESS, name


def test_readme_and_citation_give_the_address():
    assert f"git clone {ADDRESS}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert CITATION["repository-code"] == ADDRESS


def test_the_sites_address_is_where_pages_publishes_the_repository():
    owner, name = ADDRESS.removeprefix("https://github.com/").split("/")
    assert CONFIG["html"]["baseurl"] == f"https://{owner.lower()}.github.io/{name}/"
    assert CONFIG["html"]["baseurl"] == CONFIG["sphinx"]["config"]["ogp_site_url"]


def test_the_front_page_leads_to_the_pdf_where_make_lays_it():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = re.search(r"tools\.paper _build/html _build/html/(\S+)", makefile)[1]
    text = (ROOT / "book" / "intro.md").read_text(encoding="utf-8")
    assert f"({CONFIG['html']['baseurl']}{made})" in text


@pytest.mark.slow
def test_the_test_task_reruns_every_chapter():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\t$(PYTHON_IN_VENV) -m pytest $(IN_PARALLEL)\n" in makefile
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "pytest"
    ]
    assert settings["ini_options"]["testpaths"] == ["tests", "notebooks"]
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "notebooks"]
    done = subprocess.run(collect, cwd=ROOT, text=True, capture_output=True, check=True)
    for chapter in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{chapter.name}::Cell 0" in done.stdout


@pytest.mark.parametrize(
    ("workflow", "commands"),
    [
        ("test", ["bash .ci/run", "make test"]),
        ("publish", ["make test", "make pdf"]),
        ("colab", ["make test-colab"]),
        ("audit", ["make audit"]),
        ("newest", ["make test-newest"]),
    ],
)
def test_each_workflow_runs_its_tasks(workflow, commands):
    text = (ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text(encoding="utf-8")
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == commands


def test_the_site_is_built_with_warnings_as_errors():
    build = re.search(r"jupyter-book build (.*)", (ROOT / "Makefile").read_text())[1].split()
    assert {"-W", "-n", "--keep-going"} <= set(build)


def test_the_version_stands_in_one_place_and_the_changelog_begins_with_it():
    assert helpers.__version__ == version("autoencoder-book") == PROJECT["version"]
    assert "version" not in CITATION
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d\S*)", changes, re.MULTILINE)[0] == PROJECT["version"]


def test_a_copied_folder_of_helpers_that_nobody_installed_imports(tmp_path):
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers", ignore=lambda *_: ["datasets"])
    code = "import helpers; print(helpers.__version__, helpers.__file__)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],  # without what is installed
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout == f"unknown {tmp_path / 'helpers' / '__init__.py'}\n"


def locked():
    """The versions the lock allows, by canonical name."""
    pins = {}
    for name, pin in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE):
        pins.setdefault(canonicalize_name(name), []).append(pin)
    return pins


def test_the_lock_holds_every_dependency_in_the_range_that_is_asked_for():
    pins = locked()
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in (Requirement(text) for group in groups for text in group):
        found = pins.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement.name} is not in requirements.txt: run `make lock`"
        for pin in found:
            assert pin in requirement.specifier, f"{requirement.name}: run `make lock`"


def test_every_locked_package_has_hashes_and_none_names_where_it_is_fetched():
    for entry in re.split(r"\n(?=[\w.-]+==)", LOCK)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in LOCK
    assert "--index" not in LOCK


def test_what_is_installed_is_what_is_locked():
    pins = locked()
    for name in ("tensorflow", "keras", "numpy", "nbval", "jupyter-book"):
        assert version(name) in pins[name], f"{name}: run `make setup`"


def test_each_dependency_is_explained_in_contributing():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in (Requirement(text) for group in groups for text in group):
        assert f"`{requirement.name}`" in text, f"say in CONTRIBUTING.md why: {requirement.name}"


def make_help():
    done = subprocess.run(["make", "help"], cwd=ROOT, text=True, capture_output=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    "task",
    ["book", "test", "test-colab", "notebooks", "release-check", "lint", "lock", "help", "setup"],
)
def test_make_help_names_the_task(task):
    assert re.search(rf"^make {task} +\S", make_help(), re.MULTILINE)


def test_each_task_that_a_text_names_exists():
    tasks = set(re.findall(r"^make ([\w-]+)", make_help(), re.MULTILINE))
    for name in ["README.md", "CONTRIBUTING.md", "book/intro.md", ".ci/run"]:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"`make ([a-z-]+)", text)) <= tasks, name


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def find_python(*arguments, path=None, **variables):
    """Runs the finder with nothing on the path but the shell's own tools and what is given."""
    environment = {"PATH": path or os.defpath, "HOME": "/", **variables}
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "find_python.sh"), *arguments],
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )


def path_with(folder: Path, **programs: str) -> str:
    """A path that holds `sed` and these programs, and no Python besides."""
    for name, script in {
        "sed": 'exec /usr/bin/env -i "$(command -pv sed)" "$@"',
        **programs,
    }.items():
        executable(folder / name, script)
    return str(folder)


OLD = 'case "$2" in *version*) echo 3.9;; esac'
NO_VENV = 'case "$2" in *version*) echo 3.12;; *venv*) exit 1;; esac'
GOOD = 'case "$2" in *version*) echo 3.12;; *executable*) echo /found/python;; esac'


def test_a_python_that_is_too_old_is_named_with_what_to_install(tmp_path):
    done = find_python("PYTHON", "3.11", "3.12", "3.13", path=path_with(tmp_path, python3=OLD))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "needs a Python of version 3.11 or 3.12 or 3.13. Found: python3 is 3.9;" in done.stderr
    assert "Install one" in done.stderr


def test_no_python_at_all_is_said(tmp_path):
    done = find_python("PYTHON", "3.13", path=path_with(tmp_path))
    assert done.returncode == 1
    assert "Found: none;" in done.stderr


def test_a_missing_venv_module_is_named_with_its_package(tmp_path):
    done = find_python("PYTHON", "3.11", "3.12", path=path_with(tmp_path, python3=NO_VENV))
    assert done.returncode == 1
    assert "python3 (Python 3.12) lacks the module venv" in done.stderr
    assert "apt install python3.12-venv" in done.stderr


def test_a_later_python_is_taken_where_the_first_is_too_old(tmp_path):
    programs = {"python3": OLD, "python3.12": GOOD}
    done = find_python("PYTHON", "3.11", "3.12", path=path_with(tmp_path, **programs))
    assert (done.returncode, done.stdout) == (0, "/found/python\n")


def test_pyenvs_pythons_are_looked_at(tmp_path):
    binary = tmp_path / "versions" / "3.12.1" / "bin"
    binary.mkdir(parents=True)
    executable(binary / "python", GOOD)
    done = find_python("PYTHON", "3.12", path=path_with(tmp_path, pyenv=f"echo {tmp_path}"))
    assert (done.returncode, done.stdout) == (0, "/found/python\n")


def test_a_named_python_that_does_not_run_is_said(tmp_path):
    done = find_python(
        "COLAB_PYTHON", "3.13", path=path_with(tmp_path, python3=GOOD), COLAB_PYTHON="/no/python"
    )
    assert done.returncode == 1
    assert "COLAB_PYTHON=/no/python does not run" in done.stderr
    assert "make COLAB_PYTHON=" in done.stderr


def setup_copy(folder: Path) -> Path:
    """A folder that holds what set-up reads, with a requirements.txt that cannot be met."""
    (folder / "tools").mkdir()
    for name in ("tools/setup.sh", "tools/find_python.sh", "pyproject.toml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "requirements.txt").write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64)
    return folder


def run_setup(folder: Path):
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PYTHON": sys.executable}
    return subprocess.run(
        ["/bin/sh", "tools/setup.sh"],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )


def test_setup_leaves_alone_an_environment_it_did_not_make(tmp_path):
    folder = setup_copy(tmp_path)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "precious").write_text("mine")
    done = run_setup(folder)
    assert done.returncode == 1
    assert "There is a .venv here that make did not make" in done.stderr
    assert (folder / ".venv" / "precious").read_text() == "mine"


@pytest.mark.slow
def test_setup_that_failed_is_not_taken_for_done(tmp_path):
    folder = setup_copy(tmp_path)
    for _ in range(2):
        done = run_setup(folder)
        assert done.returncode != 0
        assert "no-such-package" in done.stderr
        assert "Setting up .venv" in done.stdout


def test_setup_does_nothing_the_second_time():
    before = {path: path.stat().st_mtime_ns for path in (ROOT / ".venv").iterdir()}
    done = subprocess.run(["make", "setup"], cwd=ROOT, text=True, capture_output=True, check=True)
    assert done.stdout == ""
    assert {path: path.stat().st_mtime_ns for path in (ROOT / ".venv").iterdir()} == before


def test_ci_runs_the_makefiles_own_tasks_and_fails_when_any_fails(tmp_path):
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    makefile = "%:\n\t@echo ran $@\n"
    for broken in (None, "lint", "test-colab"):
        text = makefile if broken is None else f"{broken}:\n\t@exit 1\n{makefile}"
        (tmp_path / "Makefile").write_text(text)
        done = subprocess.run(
            ["bash", ".ci/run"], cwd=tmp_path, text=True, capture_output=True, check=False
        )
        assert (done.returncode == 0) == (broken is None)
        for task in ("lint", "test", "book", "test-colab"):
            assert (f"ran {task}\n" in done.stdout) == (task != broken)
            assert re.search(rf"^make {task}: \d+ s$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("user", "there", "installs"),
    [
        (0, ["apt-get"], True),
        (0, ["apt-get", "chromium"], False),
        (0, ["apt-get", "google-chrome"], False),
        (0, [], False),
        (1000, ["apt-get"], False),
    ],
)
def test_ci_installs_a_browser_where_debian_has_none(tmp_path, user, there, installs):
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
    for name, script in {
        "id": f"echo {user}",
        **dict.fromkeys([*there, "make"], "echo $0 $@"),
    }.items():
        executable(tmp_path / name, script)
    done = subprocess.run(
        [shutil.which("bash"), tmp_path / ".ci" / "run"],
        env={"PATH": str(tmp_path)},
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stderr == ""
    assert ("apt-get install --yes" in done.stdout) == installs
    assert "all passed" in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=str)
def test_every_action_is_pinned_by_commit(path):
    uses = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    for action in uses:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action


def test_colabs_versions_are_among_those_supported():
    pins = dict(
        line.split("==")
        for line in (ROOT / "tests/colab/constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for requirement in map(Requirement, PROJECT["dependencies"]):
        assert pins[requirement.name] in requirement.specifier, requirement.name
