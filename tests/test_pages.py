"""The pages without code show every stored result."""

import pytest
from conftest import ROOT

from tools.digests import chapters, scripts


@pytest.mark.parametrize("name", scripts() + chapters())
def test_the_status_page_has_a_row_for_each_chapter_and_each_long_run(name):
    rows = (ROOT / "book" / "status.md").read_text(encoding="utf-8").splitlines()
    wanted = f"{{fact}}`{name} date` | {{since}}`{name}` |"
    assert len([row for row in rows if name in row and row.endswith(wanted)]) == 1


def test_the_status_page_says_what_changed_code_fails():
    text = (ROOT / "book" / "status.md").read_text(encoding="utf-8")
    assert "Changed code of a chapter or of a long run fails `make test`" in text
    assert "changed helpers fail `make release-check` alone" in text


@pytest.mark.parametrize("name", [*scripts(), *chapters()[:4]])
def test_the_pages_of_numbers_show_each_experiment(name):
    pages = ("results", "conclusion")
    text = "".join((ROOT / "book" / f"{page}.md").read_text(encoding="utf-8") for page in pages)
    assert f"{{mean}}`{name} " in text
