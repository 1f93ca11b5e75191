"""Figures show what they were given, and refuse what they cannot show."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import plots

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((3, 28, 28, 1))
CODES = RANDOM.random((3, 5))


@pytest.fixture(autouse=True)
def clean_figures():
    with plt.rc_context():
        plt.switch_backend("agg")
        plots.use_book_style()
        yield
        plt.close("all")


def test_rows_show_each_image_code_and_error_in_its_place():
    rows = {"image": IMAGES, "code": CODES, "rebuilt": IMAGES[::-1]}
    figure = plots.image_rows(rows, errors={"rebuilt": [1, 2, 3.26]})
    grid = np.reshape(figure.axes, (3, 3))
    for column in range(3):
        np.testing.assert_array_equal(grid[0, column].images[0].get_array(), IMAGES[column, ..., 0])
        assert [bar.get_height() for bar in grid[1, column].patches] == list(CODES[column])
        np.testing.assert_array_equal(
            grid[2, column].images[0].get_array(), IMAGES[2 - column, ..., 0]
        )
    assert [axes.get_ylabel() for axes in grid[:, 0]] == list(rows)
    assert [axes.get_xlabel() for axes in grid[2]] == ["1.0", "2.0", "3.3"]


def test_grey_means_the_same_in_every_image():
    figure = plots.image_rows({"dark": IMAGES / 10, "bright": IMAGES})
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0, 1)}


def test_the_journey_shows_image_code_and_reconstruction():
    figure = plots.code_journey(IMAGES[0], CODES[0], IMAGES[1])
    left, _, middle, _, right = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), IMAGES[0, ..., 0])
    np.testing.assert_array_equal(right.images[0].get_array(), IMAGES[1, ..., 0])
    assert [bar.get_height() for bar in middle.patches] == list(CODES[0])
    assert middle.get_xlabel() == "5 numbers"


def test_training_is_solid_validation_dashed_rivals_level():
    figure = plots.learning_curves(
        {"model, training": [3, 2], "model, validation": [4, 3]}, levels={"PCA": 2.5}
    )
    training, validation, pca = figure.axes[0].lines
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    np.testing.assert_array_equal(validation.get_xydata(), [[1, 4], [2, 3]])
    assert set(pca.get_ydata()) == {2.5}
    assert figure.axes[0].get_ylabel() == "squared error per image"


def test_no_text_is_smaller_than_eight_points():
    figures = [
        plots.code_journey(IMAGES[0], CODES[0], IMAGES[1]),
        plots.image_rows({"image": IMAGES}, errors={"image": [1, 2, 3]}),
        plots.learning_curves({"model": [3, 2]}),
    ]
    for figure in figures:
        assert min(text.get_fontsize() for text in figure.findobj(plt.Text)) >= 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.image_rows({}), "rows must name at least one row"),
        (
            lambda: plots.image_rows({"a": IMAGES, "b": IMAGES[:2]}),
            "rows must all have the same number of images; got {'a': 3, 'b': 2}",
        ),
        (
            lambda: plots.image_rows({"a": np.zeros((2, 28, 28, 3))}),
            r"rows\['a'\] must hold grey images .* got shape \(28, 28, 3\)",
        ),
        (lambda: plots.image_rows({"a": np.full((2, 4), np.nan)}), r"rows\['a'\] must be finite"),
        (lambda: plots.image_rows({"a": IMAGES}, {"b": [1, 2, 3]}), "got 3 for 'b'"),
        (lambda: plots.image_rows({"a": IMAGES}, {"a": [1]}), "got 1 for 'a'"),
        (lambda: plots.code_journey(IMAGES[0], CODES, IMAGES[0]), "code must have shape"),
        (lambda: plots.learning_curves({}), "curves must name at least one curve"),
        (lambda: plots.learning_curves({"a": []}), r"curves\['a'\] must have shape"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_importing_plots_does_not_import_tensorflow():
    script = "import sys, helpers.plots; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
