"""Figures show what they were given, and refuse what they cannot show."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

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


def test_the_table_writes_each_number_and_frames_the_smallest_of_each_column():
    errors = np.array([[1.0, 20.0, 3.0], [2.0, 10.04, 4.0]])
    figure = plots.error_table(errors, ["a", "b"], ["x", "y", "z"], names=("from", "to"))
    axes = figure.axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {
        (column, row): f"{error:.1f}" for (row, column), error in np.ndenumerate(errors)
    }
    framed = {tuple(np.round(frame.get_center()).astype(int)) for frame in axes.patches}
    assert framed == {(0, 0), (1, 1), (2, 0)}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("from", "to")


def test_each_seed_is_a_dot_in_its_design_s_row_and_the_mean_a_bar():
    errors = {"wide": [3.0, 5.0, 4.0], "deep": [8.0, 8.5, 9.0]}
    axes = plots.seed_dots(errors, levels={"PCA": 6.0}).axes[0]
    *dots, level = axes.lines
    for row, (line, numbers) in enumerate(zip(dots, errors.values(), strict=True)):
        np.testing.assert_array_equal(line.get_xydata(), [[number, row] for number in numbers])
    assert [bar.get_width() for bar in axes.patches] == [4.0, 8.5]
    assert [bar.get_y() + bar.get_height() / 2 for bar in axes.patches] == [0, 1]
    assert [text.get_text().strip() for text in axes.texts] == ["4.0", "8.5"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["wide", "deep"]
    assert set(level.get_xdata()) == {6.0}
    assert axes.get_xlim()[0] == 0
    assert axes.yaxis_inverted()
    assert axes.get_xlabel() == "squared error per image"


def test_large_pictures_stand_in_the_order_given():
    first, second = RANDOM.random((2, 56, 84))
    figure = plots.pictures({"first": first, "second": second})
    shown = [axes.images[0].get_array() for axes in figure.axes]
    np.testing.assert_array_equal(shown, [first, second])
    assert [axes.get_title() for axes in figure.axes] == ["first", "second"]


def test_the_spread_marks_best_median_and_worst():
    errors = np.arange(1, 102) / 10
    axes = plots.error_spread(errors).axes[0]
    assert [line.get_xdata()[0] for line in axes.lines] == [0.1, 5.1, 10.1]
    assert sum(bar.get_height() for bar in axes.patches) == len(errors)


def test_rates_are_drawn_as_given_with_what_is_lossless_at_the_edge():
    figure = plots.rate_curves({"JPEG": ([1, 10, 100], [9, 3, 1])}, {"PNG": 160})
    curve, edge = figure.axes[0].lines
    np.testing.assert_array_equal(curve.get_xydata(), [[1, 9], [10, 3], [100, 1]])
    np.testing.assert_array_equal(edge.get_xydata(), [[160, 0]])
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"
    assert [text.get_text() for text in figure.axes[0].get_legend().texts] == [
        "JPEG",
        "PNG, no error",
    ]


def test_the_frontier_is_drawn_as_given_with_its_marks():
    figure = plots.frontier({"L1": ([5, 50], [20, 8])}, {"1e-3": (5, 20), "1e-5": (50, 8)})
    curve, *marks = figure.axes[0].lines
    np.testing.assert_array_equal(curve.get_xydata(), [[5, 20], [50, 8]])
    np.testing.assert_array_equal([mark.get_xydata()[0] for mark in marks], [[5, 20], [50, 8]])
    left, right = figure.axes[0].texts
    assert (left.get_text(), left.get_ha(), left.get_va()) == ("1e-3", "left", "bottom")
    assert (right.get_text(), right.get_ha(), right.get_va()) == ("1e-5", "right", "center")
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"


def test_activations_are_counted_per_image_and_zeros_named():
    code = np.array([[0.0, 1.0, 3.9], [0.0, 0.1, 4.0]])
    axes = plots.activation_spread({"sparse": code}, bins=4).axes[0]
    values, edges, _ = axes.patches[0].get_data()
    np.testing.assert_array_equal(edges, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(values, [0.5, 0.5, 0, 1])
    assert [text.get_text() for text in axes.get_legend().texts] == ["sparse: 33.3% are 0"]


def test_spread_curves_show_mean_and_one_standard_deviation():
    draws = np.array([[1.0, 4.0], [3.0, 8.0]])
    figure = plots.spread_curves([10, 100], {"PCA": draws}, xlabel="labels", ylabel="percent")
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[10, 2], [100, 6]])
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 8)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("labels", "percent")


def test_the_code_map_puts_every_code_in_its_place_and_names_each_class():
    codes, labels = RANDOM.random((50, 2)), np.repeat([3, 8], 25)
    axes = plots.code_map(codes, labels).axes[0]
    np.testing.assert_array_equal(
        np.concatenate([points.get_offsets() for points in axes.collections]), codes
    )
    named = {text.get_text(): text.get_position() for text in axes.texts}
    assert named == {
        "3": tuple(np.median(codes[:25], axis=0)),
        "8": tuple(np.median(codes[25:], axis=0)),
    }


DENSE = ([(28, 28, 1), (196,), (8,)], [(8,), (196,), (28, 28, 1)])


def test_the_architecture_is_drawn_to_scale_with_its_shapes():
    axes = plots.architecture(*DENSE).axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [bar.get_height() for bar in bars] == [1, 196 / 784, 8 / 784, 196 / 784, 1]
    texts = [text.get_text() for text in axes.texts]
    assert texts[:5] == ["784\n28×28×1", "196", "8", "196", "784\n28×28×1"]
    middles = {text.get_text(): text.get_position()[0] for text in axes.texts[5:]}
    assert middles == {"input": 0, "encoder": 1, "code": 2, "decoder": 3, "output": 4}


def test_the_largest_layer_sets_the_scale():
    shapes = [(14, 14, 16), (5,)]
    axes = plots.architecture([(28, 28, 1), *shapes], [*shapes[::-1], (28, 28, 1)]).axes[0]
    bars = [patch.get_height() for patch in axes.patches if isinstance(patch, Rectangle)]
    assert bars == [0.25, 1, 5 / 3136, 1, 0.25]


def test_the_grid_begins_at_the_lower_left():
    images = np.zeros((2, 3, 4, 4, 1))
    images[0, 0] = 0.2
    images[1, 2] = 0.9
    picture = plots.image_grid(images, xlabel="a", ylabel="b").axes[0].images[0].get_array()
    assert picture.shape == (8, 12)
    assert (picture[4:, :4] == 0.2).all()
    assert (picture[:4, 8:] == 0.9).all()
    assert picture.sum() == pytest.approx(16 * (0.2 + 0.9))


def test_spread_curves_can_run_over_powers():
    axes = plots.spread_curves(
        [1, 10], {"PCA": np.ones((2, 2))}, xlabel="a", ylabel="b", yscale="log"
    ).axes[0]
    assert axes.get_yscale() == "log"


def test_names_stand_above_the_middle_of_their_columns():
    figure = plots.image_rows({"a": np.zeros((6, 4, 4, 1))}, columns=["left", "right"])
    assert [axes.get_title() for axes in figure.axes] == ["", "left", "", "", "right", ""]
    figure = plots.image_rows({"a": np.zeros((4, 4, 4, 1))}, columns=["left", "right"])
    # Between the first and the second of two columns.
    titles = [axes.title for axes in figure.axes]
    assert [title.get_text() for title in titles] == ["", "left", "", "right"]
    assert {title.get_position()[0] < 0 for title in titles if title.get_text()} == {True}


def test_a_curve_has_the_colour_of_what_stands_before_its_last_comma():
    curves = {"fresh noise, validation": [2, 1], "noise drawn once, training": [3, 2], "b": [1, 1]}
    lines = plots.learning_curves(curves).axes[0].lines
    wanted = ["fresh noise", "noise drawn once", "autoencoder"]
    assert [line.get_color() for line in lines] == [plots.COLOURS[name] for name in wanted]


def test_the_table_of_psnr_frames_the_largest_of_each_column_and_shades_what_is_behind():
    psnrs = np.array([[18.0, 9.0], [15.0, 10.04]])
    axes = plots.psnr_table(psnrs, ["a", "b"], ["x", "y"], names=("trained", "tested")).axes[0]
    framed = {tuple(np.round(frame.get_center()).astype(int)) for frame in axes.patches}
    assert framed == {(0, 0), (1, 1)}
    assert {text.get_text() for text in axes.texts} == {"18.0", "9.0", "15.0", "10.0"}
    np.testing.assert_allclose(axes.images[0].get_array(), [[0, 1.04], [3, 0]])


def test_filters_lie_side_by_side_with_zero_as_grey():
    weights = RANDOM.normal(size=(2, 3, 4, 5))
    weights[1, 2] = 0
    axes = plots.filters({"a": weights}).axes[0]
    picture = axes.images[0].get_array()
    assert picture.shape == (2 * 6, 3 * 7)
    assert axes.images[0].get_interpolation() == "nearest"
    for row, column in np.ndindex(2, 3):
        shown = picture[6 * row + 1 : 6 * row + 5, 7 * column + 1 : 7 * column + 6]
        largest = np.abs(weights[row, column]).max() or 1
        np.testing.assert_allclose(shown, 0.5 + weights[row, column] / largest / 2)
    assert axes.get_title() == "a"


def test_arrows_start_where_they_should_and_are_drawn_to_scale():
    points, positions = RANDOM.random((7, 2)), RANDOM.random((3, 2))
    fields = {"one": RANDOM.random((3, 2)), "two": 3 * RANDOM.random((3, 2))}
    figure = plots.arrows(points, positions, fields)
    for axes, (name, field) in zip(figure.axes, fields.items(), strict=True):
        quiver = axes.collections[0]
        np.testing.assert_allclose(quiver.XY, positions)
        np.testing.assert_allclose(np.stack([quiver.U, quiver.V], axis=1), field)
        assert (quiver.scale, quiver.scale_units, quiver.angles) == (1, "xy", "xy")
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), points)
        assert axes.get_title() == name
        tips = positions + field
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert left < tips[:, 0].min() < tips[:, 0].max() < right
        assert low < tips[:, 1].min() < tips[:, 1].max() < high


def test_no_text_is_smaller_than_eight_points():
    figures = [
        plots.code_journey(IMAGES[0], CODES[0], IMAGES[1]),
        plots.image_rows({"image": IMAGES}, errors={"image": [1, 2, 3]}),
        plots.learning_curves({"model": [3, 2]}),
        plots.error_table(np.ones((1, 1)), ["a"], ["b"], names=("from", "to")),
        plots.pictures({"a": IMAGES[0]}),
        plots.error_spread(np.arange(1.0, 9)),
        plots.rate_curves({"PCA": ([1, 2], [2, 1])}, {"PNG": 3}),
        plots.frontier({"top-k": ([1, 2], [2, 1])}, {"a": (1, 2)}),
        plots.activation_spread({"plain": np.ones((2, 3))}),
        plots.spread_curves([1], {"PCA": np.ones((2, 1))}, xlabel="a", ylabel="b"),
        plots.code_map(np.ones((3, 2)), np.arange(3)),
        plots.architecture(*DENSE),
        plots.image_grid(np.ones((1, 1, 2, 2, 1)), xlabel="a", ylabel="b"),
        plots.psnr_table(np.ones((1, 1)), ["a"], ["b"], names=("x", "y")),
        plots.filters({"a": np.ones((1, 1, 2, 2))}),
        plots.arrows(np.ones((1, 2)), np.ones((1, 2)), {"a": np.ones((1, 2))}),
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
        (
            lambda: plots.error_table(np.ones((2, 2)), ["a"], ["b", "c"], names=("x", "y")),
            r"errors must be 1 rows of 2 positive numbers; got shape \(2, 2\)",
        ),
        (
            lambda: plots.error_table(np.zeros((1, 1)), ["a"], ["b"], names=("x", "y")),
            "positive numbers; .* smallest 0",
        ),
        (lambda: plots.pictures({}), "named must hold at least one picture"),
        (lambda: plots.pictures({"a": np.ones((2, 3, 3))}), r"named\['a'\] must hold grey images"),
        (lambda: plots.error_spread(np.ones((2, 2))), r"errors must have shape \(n,\)"),
        (lambda: plots.error_spread(np.array([np.nan])), "errors must be finite"),
        (lambda: plots.rate_curves({"GIF": ([1], [1])}), "one that has a colour, .*; got 'GIF'"),
        (lambda: plots.pictures({"a": np.full((3, 3), np.nan)}), r"named\['a'\] must be finite"),
        (
            lambda: plots.code_journey(np.zeros((28, 28), np.uint8), CODES[0], IMAGES[0]),
            "image must hold floating-point",
        ),
        (lambda: plots.rate_curves({}), "curves must name at least one curve"),
        (
            lambda: plots.rate_curves({"PCA": ([1], [0])}),
            r"curves\['PCA'\] must be positive; got 0",
        ),
        (lambda: plots.frontier({}), "curves must name at least one curve"),
        (lambda: plots.frontier({"L2": ([1], [1])}), "one that has a colour, .*; got 'L2'"),
        (lambda: plots.frontier({"L1": ([0], [1])}), r"curves\['L1'\] must be positive; got 0"),
        (
            lambda: plots.frontier({"L1": ([1], [1])}, {"a": (1, -1)}),
            r"marks\['a'\] must be positive; got -1",
        ),
        (
            lambda: plots.frontier({"L1": ([1, 2], [1])}),
            r"curves\['L1'\] must be two lists of the same length, .* got lengths \[2, 1\]",
        ),
        (
            lambda: plots.frontier({"L1": ([1], [1])}, {"a": (1, 2, 3)}),
            r"marks\['a'\] must be two lists",
        ),
        (
            lambda: plots.activation_spread({"plain": np.ones((2, 2))}, bins=0),
            "bins must be a whole number of at least 1; got 0",
        ),
        (lambda: plots.activation_spread({}), "codes must name at least one model"),
        (
            lambda: plots.activation_spread({"plain": np.zeros((2, 3))}),
            r"codes\['plain'\] must have shape .* got shape \(2, 3\), 0 to 0",
        ),
        (
            lambda: plots.activation_spread({"plain": np.ones(3)}),
            r"codes\['plain'\] must have shape \(n, …\)",
        ),
        (
            lambda: plots.spread_curves([1], {"PCA": np.ones((2, 2))}, xlabel="", ylabel=""),
            r"curves\['PCA'\] must have shape \(draws, 1\); got \(2, 2\)",
        ),
        (lambda: plots.spread_curves([1], {}, xlabel="", ylabel=""), "must name at least one"),
        (
            lambda: plots.code_map(np.ones((3, 3)), np.arange(3)),
            r"codes and labels must have shapes \(n, 2\) and \(n,\); got \(3, 3\), \(3,\)",
        ),
        (lambda: plots.code_map(np.ones((3, 2)), np.arange(2)), r"got \(3, 2\), \(2,\)"),
        (lambda: plots.architecture([(3,)], DENSE[1]), "encoder_shapes must hold the shapes of"),
        (lambda: plots.architecture(DENSE[0], [(8,), (0,)]), "decoder_shapes must hold the shapes"),
        (
            lambda: plots.architecture(DENSE[0], [(9,), (784,)]),
            r"decoder_shapes must begin with the code's shape, \(8,\); got \(9,\)",
        ),
        (lambda: plots.seed_dots({}), "errors must name at least one design"),
        (lambda: plots.seed_dots({"a": []}), r"errors\['a'\] must have shape"),
        (lambda: plots.seed_dots({"a": [-1.0]}), r"errors\['a'\] must not be negative; got -1"),
        (lambda: plots.seed_dots({"a": [[1.0]]}), r"errors\['a'\] must be a list of numbers"),
        (lambda: plots.seed_dots({"a": [1.0]}, {"PCA": np.nan}), r"levels\['PCA'\] must be finite"),
        (lambda: plots.seed_dots({"a": [1.0]}, {"GIF": 1.0}), "one that has a colour"),
        (
            lambda: plots.image_grid(IMAGES, xlabel="", ylabel=""),
            r"images must have shape \(rows, columns, height, width, 1\); got \(3, 28, 28, 1\)",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES}, columns=["left", "right"]),
            "columns must be names that 3 columns can share evenly; got 2",
        ),
        (
            lambda: plots.psnr_table(np.ones((2, 2)), ["a"], ["b", "c"], names=("x", "y")),
            r"psnrs must be 1 rows of 2 numbers; got shape \(2, 2\)",
        ),
        (
            lambda: plots.psnr_table(np.full((1, 1), np.inf), ["a"], ["b"], names=("x", "y")),
            "psnrs must be finite",
        ),
        (lambda: plots.filters({}), "named must hold the filters of at least one model"),
        (
            lambda: plots.filters({"a": IMAGES[..., 0]}),
            r"named\['a'\] must have shape \(rows, columns, height, width\); got \(3, 28, 28\)",
        ),
        (lambda: plots.arrows(CODES[:, :2], CODES[:, :2], {}), "fields must name at least one"),
        (
            lambda: plots.arrows(CODES, CODES[:, :2], {"a": CODES[:, :2]}),
            r"points must have shape \(n, 2\); got \(3, 5\)",
        ),
        (
            lambda: plots.arrows(CODES[:, :2], CODES[:, :2], {"a": CODES[:2, :2]}),
            r"fields\['a'\] must have shape \(3, 2\), one arrow a position; got \(2, 2\)",
        ),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_importing_plots_does_not_import_tensorflow():
    script = "import sys, helpers.plots; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
