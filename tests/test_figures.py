"""Each figure looks as it did when somebody last looked at it.

The pixels of a text depend on the versions of Matplotlib and of the FreeType it was built with. The
stored pictures were drawn in the environment that `make setup` makes, and there they are always
compared. Elsewhere they are compared if these two versions are the same.
"""

import inspect
import io
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import ROOT
from matplotlib.testing.compare import compare_images
from PIL import Image

from helpers import plots
from tools import figures

# Root of the mean squared difference, of pixels from 0 to 255. In the locked environment it is 0;
# a line that is a quarter thinner or a label that moves by a pixel makes more than 1.
TOLERANCE = 1
IN_THE_LOCKED_ENVIRONMENT = Path(sys.prefix).resolve() == (ROOT / ".venv").resolve()


def stored(name):
    return figures.FOLDER / f"{name}.png"


def drawn_by(path):
    """The versions of Matplotlib and FreeType that drew a picture."""
    with Image.open(path) as picture:
        return picture.info["Software"]


def difference(name, png, folder):
    """What Matplotlib says of a picture that is not the stored one; None where it is."""
    found = folder / f"{name}.png"
    found.write_bytes(png)
    return compare_images(str(stored(name)), str(found), TOLERANCE)


@pytest.mark.parametrize("name", figures.FIGURES)
def test_the_figure_looks_as_its_stored_picture(name, tmp_path):
    assert stored(name).exists(), f"run `python -m tools.figures {name}` and look at {stored(name)}"
    versions = drawn_by(stored(name))
    if versions != figures.SOFTWARE and not IN_THE_LOCKED_ENVIRONMENT:
        pytest.skip(f"the pictures were drawn by {versions}; here is {figures.SOFTWARE}")
    assert versions == figures.SOFTWARE, "run `python -m tools.figures` and look at each picture"
    found = difference(name, figures.draw(name), tmp_path)
    assert found is None, f"{found}\nIf it is meant: `python -m tools.figures {name}`"


def test_the_pictures_were_drawn_by_the_locked_matplotlib():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    (locked,) = re.findall(r"^matplotlib==(\S+)", lock, re.MULTILINE)
    for path in figures.FOLDER.glob("*.png"):
        assert drawn_by(path).startswith(f"Matplotlib {locked}, "), "run `python -m tools.figures`"


def test_every_figure_function_has_a_picture_and_every_picture_is_drawn():
    public = {
        name
        for name, function in inspect.getmembers(plots, inspect.isfunction)
        if function.__module__ == plots.__name__ and not name.startswith("_")
    }
    assert {name.partition("-")[0] for name in figures.FIGURES} == public - {"use_book_style"}
    assert {path.stem for path in figures.FOLDER.iterdir()} == figures.FIGURES.keys()


def test_the_pictures_take_little_room():
    sizes = [path.stat().st_size for path in figures.FOLDER.glob("*.png")]
    assert max(sizes) < 30_000
    assert sum(sizes) < 500_000


def test_a_picture_is_as_wide_as_in_a_chapter():
    # 5.2 inches at 180 dots, less the margin that the layout leaves and plus the one that
    # Matplotlib adds around what is drawn.
    with Image.open(io.BytesIO(figures.draw("learning_curves"))) as picture:
        assert abs(picture.width - 5.2 * 180) <= 40


def test_a_figure_does_not_depend_on_the_reader_s_settings():
    with plt.rc_context({"font.size": 20, "savefig.dpi": 50, "axes.grid": True}):
        assert figures.draw("arrows") == figures.draw("arrows")
        inside = figures.draw("psnr_table")
        assert plt.rcParams["font.size"] == 20
    assert inside == figures.draw("psnr_table")
    assert plt.get_fignums() == []


def labels_move_by_two_points(axes):
    for text in axes.texts:
        text.set_position(np.add(text.get_position(), (0, 2)))


def ticks_are_longer(axes):
    axes.tick_params(length=6)


def bars_are_a_little_darker(axes):
    for bar in axes.patches:
        bar.set_facecolor("#0064a0")


def the_label_is_nearer(axes):
    axes.xaxis.labelpad -= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [labels_move_by_two_points, ticks_are_longer, bars_are_a_little_darker, the_label_is_nearer],
)
def test_a_small_change_is_seen(change, tmp_path, monkeypatch):
    def changed():
        figure = original()
        change(figure.axes[0])
        return figure

    original = figures.FIGURES["error_spread"]
    assert difference("error_spread", figures.draw("error_spread"), tmp_path) is None
    monkeypatch.setitem(figures.FIGURES, "error_spread", changed)
    assert difference("error_spread", figures.draw("error_spread"), tmp_path) is not None


def test_drawing_anew_writes_what_is_asked_for_and_removes_what_nothing_draws(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(figures, "FOLDER", tmp_path / "pictures")
    figures.main(["arrows"])
    (tmp_path / "pictures" / "gone.png").touch()
    figures.main(["filters"])
    assert {path.name for path in figures.FOLDER.iterdir()} == {"arrows.png", "filters.png"}
    assert stored("arrows").read_bytes() == figures.draw("arrows")
    assert capsys.readouterr().out == "drew arrows.png\nremoved gone.png\ndrew filters.png\n"
    with pytest.raises(SystemExit, match=r"^There is no figure nothing; there are code_journey, "):
        figures.main(["nothing"])
