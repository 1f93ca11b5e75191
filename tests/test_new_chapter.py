"""A chapter that is begun runs, keeps every rule and stands in the table of contents."""

import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import ROOT

from tools import chapter_rules
from tools.new_chapter import begin
from tools.notebooks import execute, normalise


@pytest.fixture
def book(tmp_path) -> Path:
    """A copy of what a new chapter touches."""
    for name in ("book/_toc.yml", "notebooks/01_properties.ipynb"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_it_stands_behind_the_last_numbered_chapter(book):
    begin("07_anomalies", "Anomalies", book)
    contents = yaml.safe_load((book / "book/_toc.yml").read_text(encoding="utf-8"))
    files = [entry["file"] for entry in contents["parts"][0]["chapters"]]
    assert files.index("notebooks/07_anomalies") == files.index("notebooks/06_generating") + 1


@pytest.mark.reexecution
def test_once_run_it_keeps_every_rule(book):
    path = begin("07_anomalies", "Anomalies", book)
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, path.parent)
    normalise(notebook)
    wrong = [sentence for rule in chapter_rules.RULES for sentence in rule(notebook)]
    assert wrong == []


@pytest.mark.parametrize("name", ["", "5 Variational", "../elsewhere", "05-variational"])
def test_a_name_that_is_none_is_refused_and_nothing_is_written(book, name):
    with pytest.raises(SystemExit, match=r"CHAPTER must be small letters, digits and _"):
        begin(name, "Title", book)
    assert len(list((book / "notebooks").iterdir())) == 1


def test_a_chapter_that_is_there_is_not_written_over(book):
    before = (book / "notebooks/01_properties.ipynb").read_bytes()
    with pytest.raises(SystemExit, match="01_properties is there already"):
        begin("01_properties", "Title", book)
    assert (book / "notebooks/01_properties.ipynb").read_bytes() == before
