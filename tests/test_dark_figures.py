"""Each figure has a dark copy for the site, and neither it nor the light one alters data."""

import base64
import io
import itertools
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pydata_sphinx_theme
import pytest
from conftest import ROOT
from IPython.core import pylabtools
from matplotlib.colors import to_hex, to_rgb
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from helpers import plots
from tools import notebooks
from tools.dark_figures import INK, READABLE, SURFACE, contrast, dark, draw_dark
from tools.figures import FIGURES
from tools.notebooks import DARK, dark_copies, dark_copy_of, execute, keep_dark_copies, pictures_of

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BOOK = [*dict.fromkeys([*plots.COLOURS.values(), *plots.OTHER_COLOURS])]

# As a chapter does: figures shown at a cell's end and by name, and random numbers between them.
CELLS = {
    "grey": """import matplotlib.pyplot as plt
import numpy as np
from helpers.plots import use_book_style
use_book_style()
figure, axes = plt.subplots(figsize=(2, 2))
axes.imshow(np.full((3, 3), 0.5), vmin=0, vmax=1, cmap="gray")
axes.set(xticks=[], yticks=[], title="grey");""",
    "again": "figure",
    "random": "import random\nprint(random.random(), np.random.rand(), sorted(globals()))",
    "empty": "plt.figure();",
    "line": "plt.plot(np.random.rand(9), label='line'); plt.legend();",
    "last": "print(random.random(), np.random.rand())\nrandom.random()",
}


def run(folder, dark_folder=None):
    cells = [new_code_cell(source, id=name) for name, source in CELLS.items()]
    notebook = new_notebook(cells=cells)
    # The seeds come first, in a cell of their own.
    seeds = "import random, numpy\nrandom.seed(1)\nnumpy.random.seed(1)"
    notebook.cells.insert(0, new_code_cell(seeds, id="seeds"))
    execute(notebook, folder, dark_folder)
    for cell in notebook.cells:
        cell.metadata = {}  # when it ran
    return notebook


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A notebook run as tests and Colab run it, the same run for storing, and its dark copies."""
    folder, drawn = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("dark")
    plain, stored = run(folder), run(folder, drawn)
    return plain, stored, drawn


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def drawn_both(figure):
    """A figure's pixels, light and dark, as a notebook shows it."""
    light = pylabtools.print_figure(figure)
    copy = draw_dark(figure, pylabtools.print_figure)
    plt.close(figure)
    return pixels(light), pixels(copy)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_figure_has_its_dark_copy(path):
    wanted = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for picture in pictures_of(cell):
            light = Image.open(io.BytesIO(base64.b64decode(picture)))
            wanted[dark_copy_of(path.stem, cell.id)] = light.size
    found = {}
    for copy in DARK.glob(f"{path.stem}-*.png"):
        with Image.open(copy) as dark:
            found[copy] = dark.size
    assert found == wanted, f"run `make notebooks CHAPTER={path.stem}`"


def test_no_dark_copy_is_of_no_chapter():
    names = {path.stem for path in CHAPTERS}
    assert {path.stem.partition("-")[0] for path in DARK.glob("*")} <= names, "remove it"


@pytest.mark.slow
def test_a_run_for_storing_leaves_all_as_it_is_without_the_dark_copies(runs):
    plain, stored, _ = runs
    assert stored == plain
    assert [bool(pictures_of(cell)) for cell in stored.cells] == [0, 1, 1, 0, 0, 1, 0]


@pytest.mark.slow
def test_each_shown_figure_has_a_copy_of_the_same_size(runs):
    _, stored, drawn = runs
    copies = dark_copies(stored, drawn)
    assert list(copies) == ["grey", "again", "line"]
    assert copies["grey"] == copies["again"]
    assert len(list(drawn.glob("*.png"))) == 2
    for cell in stored.cells:
        for picture in pictures_of(cell):
            light, copy = pixels(base64.b64decode(picture)), pixels(copies[cell.id])
            assert light.shape == copy.shape
            assert (light[0, 0] == 255).all()
            assert to_hex(copy[0, 0] / 255) == to_hex(SURFACE)
    for name, ground in (("light", pictures_of(stored.cells[1])[0]), ("dark", copies["grey"])):
        png = base64.b64decode(ground) if name == "light" else ground
        middle = pixels(png)[pixels(png).shape[0] // 2]
        assert abs(middle[len(middle) // 2] - 128).max() <= 1, name


def test_a_png_without_a_dark_copy_is_named_and_nothing_is_stored(tmp_path, monkeypatch):
    picture = base64.b64encode(b"a PNG that Matplotlib did not draw").decode()
    shown = new_output("display_data", data={"image/png": picture})
    notebook = new_notebook(cells=[new_code_cell("show()", id="mine", outputs=[shown])])
    (tmp_path / "a.ipynb").write_text(before := notebooks.normalise(notebook))
    for name in ("CHAPTERS", "PICTURES", "DARK"):
        monkeypatch.setattr(notebooks, name, tmp_path)
    monkeypatch.setattr(notebooks, "MEASURED", tmp_path / "measured.json")
    monkeypatch.setattr(notebooks, "execute_and_measure", lambda *_: {})
    monkeypatch.delenv("BOOK_SEED", raising=False)
    monkeypatch.setattr(notebooks.os, "sched_setaffinity", lambda *_: None, raising=False)
    with pytest.raises(
        SystemExit, match=r"a is left as it was.*'mine' shows a PNG that has no dark"
    ):
        notebooks.store(["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]
    assert (tmp_path / "a.ipynb").read_text() == before


@pytest.mark.slow
def test_what_went_wrong_with_a_dark_copy_is_said_and_the_chapter_runs_on(tmp_path):
    source = """import matplotlib.pyplot as plt
from tools import dark_figures
def fail(*arguments, **named):
    raise RuntimeError("no dark today")
dark_figures.draw_dark = fail
plt.plot([1, 2]);"""
    notebook = new_notebook(cells=[new_code_cell(source, id="plot")])
    execute(notebook, tmp_path, tmp_path)
    assert pictures_of(notebook.cells[0])
    with pytest.raises(ValueError, match=r"(?s)'plot'.*RuntimeError: no dark today"):
        dark_copies(notebook, tmp_path)


@pytest.mark.slow
def test_two_pngs_in_a_cell_are_refused(runs):
    _, stored, drawn = runs
    cell = new_code_cell("", id="both", outputs=stored.cells[1].outputs + stored.cells[5].outputs)
    with pytest.raises(ValueError, match="'both' shows two PNGs"):
        dark_copies(new_notebook(cells=[cell]), drawn)


def test_copies_of_cells_and_chapters_that_are_gone_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "DARK", tmp_path / "figures")
    keep_dark_copies("01_a", {"one-figure": b"1", "two": b"2"}, ["01_a", "02_b"])
    keep_dark_copies("02_b", {"one": b"3"}, ["01_a", "02_b"])
    keep_dark_copies("01_a", {"two": b"4"}, ["01_a", "02_b"])
    found = {path.name: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert found == {"01_a-two.png": b"4", "02_b-one.png": b"3"}
    keep_dark_copies("02_b", {}, ["02_b"])
    assert not list((tmp_path / "figures").iterdir())


def test_stored_pictures_have_the_same_pixels_in_fewer_bytes():
    random = np.random.default_rng(0)
    for colours in (random.integers(0, 256, (40, 40, 1)).repeat(3, 2), random.random((40, 40, 3))):
        png = io.BytesIO()
        plt.imsave(png, np.uint8(colours) if colours.max() > 1 else colours, format="png")
        output = new_output(
            "display_data", {"image/png": base64.b64encode(png.getvalue()).decode()}
        )
        cell = new_code_cell("1", outputs=[output])
        notebooks.keep_pictures_small(new_notebook(cells=[cell]))
        small = base64.b64decode(cell.outputs[0].data["image/png"])
        assert len(small) < len(png.getvalue())
        shown = [
            np.asarray(Image.open(io.BytesIO(f)).convert("RGBA")) for f in (png.getvalue(), small)
        ]
        np.testing.assert_array_equal(*shown)


def test_a_copy_in_few_bytes_has_the_same_pixels():
    rng = np.random.default_rng(1)
    for picture, mode in (
        (np.full((8, 8, 3), 40, np.uint8), "P"),
        (rng.integers(0, 256, (40, 40, 3), np.uint8), "RGB"),
        (rng.integers(0, 256, (8, 8, 4), np.uint8), "RGBA"),
    ):
        png = io.BytesIO()
        Image.fromarray(picture).save(png, "png")
        stored = Image.open(io.BytesIO(notebooks._in_few_bytes(png.getvalue())))
        assert stored.mode == mode
        assert stored.convert("RGBA").tobytes() == Image.open(png).convert("RGBA").tobytes()


def test_the_dark_ground_is_that_of_the_theme():
    styles = Path(pydata_sphinx_theme.__file__).parent.rglob("pydata-sphinx-theme.css")
    (css,) = {path.read_text(encoding="utf-8") for path in styles}
    dark_theme = css[css.index("html[data-theme=dark]{") :]
    assert f"--pst-color-background:{to_hex(SURFACE)};" in dark_theme
    assert f"--pst-color-text-base:{to_hex(INK)};" in dark_theme


def test_a_text_and_a_line_stand_out_from_the_dark_ground():
    assert dark((1.0, 1.0, 1.0)) == SURFACE
    assert dark((0.0, 0.0, 0.0, 0.5)) == (*INK, 0.5)
    assert contrast(INK, SURFACE) >= READABLE
    assert all(contrast(dark(to_rgb(colour)), SURFACE) >= 3 for colour in BOOK)


def test_the_books_colours_can_be_told_apart_on_the_dark_ground():
    shades = [rgb2lab(dark(to_rgb(colour))) for colour in BOOK]
    assert min(deltaE_ciede2000(*pair) for pair in itertools.combinations(shades, 2)) > 16


def test_pixels_and_colours_of_a_colour_map_stay_and_what_lies_on_an_image_too():
    numbers = np.arange(12.0).reshape(3, 4)
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 2))
    left.imshow(numbers, cmap="Blues", aspect="auto")
    left.plot([0.2, 2.8], [0.5, 1.5], "o-", color="black")
    left.text(2, 1, "text", color="black")
    right.scatter([1, 2, 3], [1, 2, 3], c=[1, 2, 3], s=400, cmap="Reds", linewidths=0)
    for axes in (left, right):
        axes.set_axis_off()
    # Pixels at the rims of what is drawn are mixed with what lies around it.
    light, copy = drawn_both(figure)
    half = light.shape[1] // 2
    data = (light != 255).any(axis=2)
    same = (light == copy).all(axis=2)
    assert same[:, : half - 20][data[:, : half - 20]].mean() > 0.98
    assert same[data].mean() > 0.95
    assert (copy[~data] == (20, 24, 30)).all()


@pytest.mark.parametrize("ground", ["white", "#ffe9a8", "#56B4E9", "#0072B2", "black"])
def test_a_text_can_be_read_on_what_lies_below_it(ground):
    figure = plt.figure(figsize=(2, 1), facecolor=ground)
    figure.add_axes((0, 0, 1, 1)).set_axis_off()
    figure.text(0.2, 0.5, "■■", color="white" if ground == "black" else "black", fontsize=20)
    figure.text(0.6, 0.9, "■■", color="black", fontsize=20, rotation=-60, va="top")
    _, copy = drawn_both(figure)
    colours = np.unique(copy.reshape(-1, 3), axis=0, return_counts=True)
    below, text = (colours[0][place] / 255 for place in np.argsort(-colours[1])[:2])
    assert contrast(tuple(text), tuple(below)) >= READABLE


@pytest.mark.parametrize(
    "name", ["image_rows-errors", "learning_curves", "error_table", "pictures", "code_map"]
)
def test_a_figure_is_as_it_was_when_its_dark_copy_is_drawn(name):
    with plt.rc_context():
        plt.switch_backend("agg")
        plots.use_book_style()
        shown = []
        for draws_dark in (False, True):
            figure = FIGURES[name]()
            for _ in range(2):
                shown.append(pylabtools.print_figure(figure))
                if draws_dark:
                    copy = draw_dark(figure, pylabtools.print_figure)
                    assert pixels(copy).shape == pixels(shown[-1]).shape
            plt.close(figure)
    assert shown[:2] == shown[2:]
