"""The pages without code show every stored result, and what code they print runs."""

import re

import numpy as np
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


def test_the_recipe_s_code_builds_and_trains_for_images_of_any_shape():
    text = (ROOT / "book" / "recipe.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    code = code.replace("3000, 90", "30, 5")
    images = np.random.default_rng(0).random((20, 6, 5, 2), dtype=np.float32)
    found = {"images": images}
    exec(code, found)
    model, optimizer = found["autoencoder"], found["autoencoder"].optimizer
    assert model.output_shape == (None, 6, 5, 2)
    assert found["encoder"].output_shape == (None, 8)
    rates = [float(found["step_size"](step)) for step in range(31)]
    assert int(optimizer.iterations) == 32  # eight epochs of four steps
    assert rates[0] == 0
    assert max(rates) == pytest.approx(0.016)
    assert rates.index(max(rates)) == 3
    assert rates[30] == pytest.approx(0, abs=1e-9)
