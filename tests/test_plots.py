"""Figures show what they were given, and refuse what they cannot show."""

import inspect
import re
import subprocess
import sys
import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers import plots

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((3, 28, 28, 1))
CODES = RANDOM.random((3, 5))
FROM_TO = ("from", "to")


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
    assert written_at_ends(figure) == {"JPEG", "PNG, no error"}


def test_errors_over_seconds_are_drawn_as_given():
    axes = plots.time_curves({"deep": ([2, 30], [9, 4]), "wide": ([1, 20], [8, 5])}).axes[0]
    found = [line.get_xydata().tolist() for line in axes.lines]
    assert found == [[[2, 9], [30, 4]], [[1, 8], [20, 5]]]
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_errors_over_the_noise_gain_are_drawn_as_given():
    axes = plots.gain_curves({"noise": ([2, 30], [9, 4]), "neither": ([40], [3])}).axes[0]
    assert [line.get_xydata().tolist() for line in axes.lines] == [[[2, 9], [30, 4]], [[40, 3]]]
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_the_frontier_is_drawn_as_given_with_its_marks():
    figure = plots.frontier({"L1": ([5, 50], [20, 8])}, {"1e-3": (5, 20), "1e-5": (50, 8)})
    curve, *marks = figure.axes[0].lines
    np.testing.assert_array_equal(curve.get_xydata(), [[5, 20], [50, 8]])
    np.testing.assert_array_equal([mark.get_xydata()[0] for mark in marks], [[5, 20], [50, 8]])
    left, right = figure.axes[0].texts[:2]
    assert (left.get_text(), left.get_ha(), left.get_va()) == ("1e-3", "left", "bottom")
    assert (right.get_text(), right.get_ha(), right.get_va()) == ("1e-5", "right", "center")
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"


def test_rates_and_distortions_are_drawn_as_given_with_their_marks():
    curves = {"over beta": ([9, 40], [95, 60]), "plain": ([35], [70])}
    axes = plots.rate_distortion(curves, {"beta 1": (40, 60)}).axes[0]
    found = [line.get_xydata().tolist() for line in axes.lines]
    assert found == [[[9, 95], [40, 60]], [[35, 70]], [[40, 60]]]
    assert axes.texts[0].get_text() == "beta 1"
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_activations_are_counted_per_image_and_zeros_named():
    code = np.array([[0.0, 1.0, 3.9], [0.0, 0.1, 4.0]])
    axes = plots.activation_spread({"sparse": code}, bins=4).axes[0]
    values, edges, _ = axes.patches[0].get_data()
    np.testing.assert_array_equal(edges, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(values, [0.5, 0.5, 0, 1])
    assert written_at_ends(axes.figure) == {"sparse:\n33.3% are 0"}


def test_spread_curves_show_mean_and_one_standard_deviation():
    draws = np.array([[1.0, 4.0], [3.0, 8.0]])
    figure = plots.spread_curves([10, 100], {"PCA": draws}, xlabel="labels", ylabel="percent")
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[10, 2], [100, 6]])
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 8)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("labels", "percent")


@pytest.mark.parametrize("count", [3, 10, 11, 200])
def test_the_words_below_spread_curves_stand_apart_however_many_points_there_are(count):
    figure = plots.spread_curves(
        np.arange(1, count + 1), {"PCA": np.ones((2, count))}, xlabel="direction", ylabel="value"
    )
    figure.canvas.draw()
    axis = figure.axes[0].xaxis
    low, high = axis.get_view_interval()
    drawn = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    boxes = sorted((each.get_window_extent() for each in drawn), key=lambda box: box.x0)
    assert len(drawn) == count if count <= 10 else 3 <= len(drawn) < 10
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_the_code_map_puts_every_code_in_its_place_and_names_each_class():
    labels = np.repeat([3, 8], 25)
    codes = RANDOM.random((50, 2)) + labels[:, np.newaxis]
    axes = plots.code_map(codes, labels).axes[0]
    np.testing.assert_array_equal(
        np.concatenate([points.get_offsets() for points in axes.collections]), codes
    )
    assert [text.get_text() for text in axes.texts] == ["3", "8"]
    places = [text.get_transform().transform(text.get_position()) for text in axes.texts]
    medians = [np.median(codes[labels == label], axis=0) for label in (3, 8)]
    np.testing.assert_allclose(axes.transData.inverted().transform(places), medians, atol=0.01)


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
    assert {axes.title.get_position()[0] for axes in figure.axes} == {0.5}
    figure = plots.image_rows({"a": np.zeros((4, 4, 4, 1))}, columns=["left", "right"])
    # Between the first and the second of two columns.
    titles = [axes.title for axes in figure.axes]
    assert [title.get_text() for title in titles] == ["", "left", "", "right"]
    assert {title.get_position()[0] < 0 for title in titles if title.get_text()} == {True}


def test_a_curve_has_the_colour_of_what_stands_before_its_last_comma():
    curves = {"fresh noise, validation": [2, 1], "noise drawn once, training": [3, 2]}
    lines = plots.learning_curves(curves).axes[0].lines
    wanted = ["fresh noise", "noise drawn once"]
    assert [line.get_color() for line in lines] == [plots.COLOURS[name] for name in wanted]
    assert [line.get_linestyle() for line in lines] == ["--", "-"]
    lines = plots.learning_curves({"training": [2, 1], "validation": [3, 2]}).axes[0].lines
    assert [line.get_color() for line in lines] == 2 * [plots.COLOURS["autoencoder"]]
    assert [line.get_linestyle() for line in lines] == ["-", "--"]


def test_only_training_and_validation_share_a_colour():
    curves = {"mine, k = 2": [3, 2], "mine, k = 4": [2, 1]}
    curves |= {"cross-validation, training": [5, 4], "cross-validation, validation": [6, 5]}
    lines = plots.learning_curves(curves).axes[0].lines
    first, second, third, fourth = [line.get_color() for line in lines]
    assert len({first, second, third}) == 3
    assert third == fourth
    assert [line.get_linestyle() for line in lines] == ["-", "-", "-", "--"]


def colours_by_name(figure):
    return {name: to_hex(line.get_color()).upper() for name, line in named_lines(figure).items()}


def named_lines(figure):
    """The lines of a figure by the names that the caller gave them."""
    lines, names = figure.axes[0].get_legend_handles_labels()
    names = [name.partition(":")[0].removesuffix(", no error") for name in names]
    return dict(zip(names, lines, strict=True))


def labels_at_ends(figure):
    """The texts at the right of a figure's axes."""
    (axes,) = figure.axes
    return [text for text in axes.texts if getattr(text, "xy", (0, 0))[0] == 1]


def written_at_ends(figure):
    return {text.get_text() for text in labels_at_ends(figure)}


def text_box(text):
    """Where a text lies in the figure, without a line that leads to it."""
    return plt.Text.get_window_extent(text)


def two_points(*names):
    return {name: ([1, 2], [3, 4]) for name in names}


DRAWN_WITH_OWN_NAMES = {
    "learning_curves": lambda *names: plots.learning_curves({name: [2, 1] for name in names}),
    "levels": lambda *names: plots.learning_curves({"PCA": [2, 1]}, dict.fromkeys(names, 1.5)),
    "rate_curves": lambda *names: plots.rate_curves(two_points(*names)),
    "lossless": lambda *names: plots.rate_curves(two_points("PCA"), dict.fromkeys(names, 5)),
    "time_curves": lambda *names: plots.time_curves(two_points(*names)),
    "gain_curves": lambda *names: plots.gain_curves(two_points(*names)),
    "frontier": lambda *names: plots.frontier(two_points(*names)),
    "rate_distortion": lambda *names: plots.rate_distortion(two_points(*names)),
    "activation_spread": lambda *names: plots.activation_spread(
        {name: np.ones((2, 3)) for name in names}
    ),
    "spread_curves": lambda *names: plots.spread_curves(
        [1, 2], {name: np.ones((3, 2)) for name in names}, xlabel="a", ylabel="b"
    ),
    "seed_dots": lambda *names: plots.seed_dots({"a": [1.0]}, dict.fromkeys(names, 2.0)),
}


@pytest.mark.parametrize("draw", DRAWN_WITH_OWN_NAMES.values(), ids=DRAWN_WITH_OWN_NAMES)
def test_names_of_one_s_own_have_the_same_colours_in_every_figure(draw):
    found = colours_by_name(draw("my model", "PCA", "another"))
    assert found["PCA"] == plots.COLOURS["PCA"]
    assert (found["my model"], found["another"]) == plots.OTHER_COLOURS[:2]
    assert not set(plots.OTHER_COLOURS[:5]) & set(plots.COLOURS.values())


@pytest.mark.parametrize("draw", DRAWN_WITH_OWN_NAMES.values(), ids=DRAWN_WITH_OWN_NAMES)
def test_no_two_names_have_the_same_colour(draw):
    own = [f"model {number}" for number in range(10)]
    found = colours_by_name(draw("L1", "sparse", *own))
    assert len({found[name] for name in ("L1", "sparse", *own)}) == 12


LINES = {name: draw for name, draw in DRAWN_WITH_OWN_NAMES.items() if name != "seed_dots"}
SIX = ["PCA", "mine", "JPEG", "a", "b", "WebP"]


@pytest.mark.parametrize("draw", DRAWN_WITH_OWN_NAMES.values(), ids=DRAWN_WITH_OWN_NAMES)
def test_no_two_curves_have_the_same_marker(draw):
    marker = {
        name: line.get_marker()
        for name, line in named_lines(draw(*SIX)).items()
        if line.get_marker() not in ("None", "^")  # levels, and what is lossless
    }
    assert len(set(marker.values())) == len(marker)
    assert {
        name: plots.MARKERS[plots.COLOURS[name]] for name in marker if name in plots.COLOURS
    } == {name: found for name, found in marker.items() if name in plots.COLOURS}


def test_each_colour_has_a_marker_of_its_own():
    assert plots.MARKERS.keys() == set(plots.OTHER_COLOURS)
    assert len(set(plots.MARKERS.values())) == len(plots.MARKERS)


def test_long_curves_have_few_markers_at_different_points():
    curves = {"training": np.ones(40), "validation": np.ones(40), "PCA": np.ones(40)}
    training, validation, pca = plots.learning_curves(curves).axes[0].lines
    found = [line.get_markevery() for line in (training, validation, pca)]
    assert found == [(0, 4), (1, 4), (2, 4)]
    assert training.get_marker() == validation.get_marker() != pca.get_marker()
    assert training.get_markerfacecolor() == training.get_color()
    assert validation.get_markerfacecolor() == "white"


def crowded(names):
    """Figures whose lines end at one place."""
    return {
        "learning_curves": plots.learning_curves(
            {f"{name}, validation": [9, 2, 1] for name in names}, dict.fromkeys(names, 1)
        ),
        "rate_curves": plots.rate_curves(two_points(*names), dict.fromkeys(names, 1.9)),
        "time_curves": plots.time_curves({name: ([9, 1], [1e-4, 1e3]) for name in names}),
        "gain_curves": plots.gain_curves({name: ([9, 1], [1e-4, 1e3]) for name in names}),
        "frontier": plots.frontier({name: ([9, 1], [1e-4, 1e3]) for name in names}),
        "rate_distortion": plots.rate_distortion({n: ([9, 1], [1e-4, 1e3]) for n in names}),
        "activation_spread": plots.activation_spread(dict.fromkeys(names, CODES)),
        "spread_curves": plots.spread_curves(
            [1, 900], dict.fromkeys(names, np.ones((3, 2))), xlabel="a", ylabel="b", yscale="log"
        ),
    }


# Of forty characters, with and without a place to break; and short names, for comparison.
LONG = "a name of forty characters, word by word"
UNBROKEN = "a_name_of_forty_characters_without_space"


@pytest.mark.parametrize(
    "names",
    [["a"], SIX, [LONG], [LONG, UNBROKEN, *(f"{number} {LONG[:38]}" for number in range(4))]],
    ids=["one", "six", "one long", "six long"],
)
def test_labels_of_lines_overlap_nothing_and_stay_inside(names):
    plt.rcParams["figure.dpi"] = 72
    for figure in crowded(names).values():
        figure.canvas.draw()
        (axes,) = figure.axes
        named = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
        labels = sorted(labels_at_ends(figure), key=lambda text: text.xy[1])
        assert len(labels) == len(named)
        boxes = [text_box(text) for text in labels]
        assert all(low.y1 < high.y0 for low, high in pairwise(boxes))
        for box in boxes:
            assert axes.bbox.x1 < box.x0 < box.x1 <= figure.bbox.x1  # so over no curve
            assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert axes.bbox.width > 0.4 * figure.bbox.width


def test_labels_stand_level_with_the_ends_of_their_lines_where_there_is_room():
    curves = {"PCA": ([30, 1], [2, 300]), "L1": ([1, 9], [50, 40]), "KL": ([1, 30], [9, 11])}
    figure = plots.frontier(curves)
    figure.canvas.draw()
    (axes,) = figure.axes
    ends = {"PCA": (30, 2), "L1": (9, 40), "KL": (30, 11)}
    leaders = {tuple(np.round(line.get_xydata()[0], 6)): line for line in figure.artists}
    for text in axes.texts:
        end = (axes.transData - axes.transAxes).transform(ends[text.get_text()])
        assert text.xy[1] == pytest.approx(end[1])
        leader = leaders[tuple(np.round(end, 6))]
        assert leader.get_marker() == named_lines(figure)[text.get_text()].get_marker()
        assert leader.get_xydata()[1, 1] == pytest.approx(text.xy[1])
        assert (leader.get_linestyle(), leader.get_markevery()) == (":", [1])


def test_things_in_a_row_are_moved_only_as_far_as_they_must_be():
    sizes = np.array([1.0, 1, 2])
    np.testing.assert_allclose(plots._spread(np.array([1.0, 4, 7]), sizes, 0, 9), [1, 4, 7])
    np.testing.assert_allclose(
        plots._spread(np.array([4.0, 4, 4]), sizes, 0, 9), np.array([8.5, 11.5, 16]) / 3
    )
    np.testing.assert_allclose(plots._spread(np.array([-5.0, 0, 9]), sizes, 0, 9), [0.5, 1.5, 8])
    np.testing.assert_allclose(plots._spread(np.zeros(3), sizes, 0, 2), [0.5, 1.5, 3])


@pytest.mark.parametrize("where", [(0, 0), (-9, 3), (9, 3), (50, -50)])
def test_labels_of_classes_do_not_overlap(where):
    centres = np.full((10, 2), where) + 0.01 * RANDOM.normal(size=(10, 2))
    centres[:2] = where  # two at one place
    centres[2] = -60, 60
    codes = np.concatenate([centres, np.repeat([[-60.0, 60.0], [50, -50]], 5, axis=0)])
    figure = plots.code_map(codes, np.tile(np.arange(10), 2))
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [text.get_tightbbox() for text in axes.texts]
    for number, box in enumerate(boxes):
        assert axes.bbox.x0 <= box.x0 < box.x1 <= axes.bbox.x1 + 1
        assert not any(box.overlaps(other) for other in boxes[:number])
    again = plots.code_map(codes, np.tile(np.arange(10), 2)).axes[0]
    assert [a.get_position() for a in again.texts] == [a.get_position() for a in axes.texts]


@pytest.mark.parametrize(
    ("draw", "numbers", "best"),
    [
        (
            plots.error_table,
            [[7.2, 102.0], [7.249, 30], [9, 30.02]],
            {(0, 0), (0, 1), (1, 1), (1, 2)},
        ),
        (plots.psnr_table, [[18.04, 9], [17.96, 9.04], [3, 9.06]], {(0, 0), (0, 1), (1, 2)}),
    ],
)
def test_numbers_that_are_written_like_the_best_are_framed_too(draw, numbers, best):
    axes = draw(numbers, ["a", "b", "c"], ["x", "y"], names=FROM_TO).axes[0]
    framed = {tuple(np.round(frame.get_center()).astype(int)) for frame in axes.patches}
    assert framed == best


NAMED_BY = {
    "learning_curves": "curves and levels",
    "levels": "curves and levels",
    "rate_curves": "curves and lossless",
    "lossless": "curves and lossless",
    "time_curves": "curves",
    "gain_curves": "curves",
    "frontier": "curves",
    "rate_distortion": "curves",
    "activation_spread": "codes",
    "spread_curves": "curves",
    "seed_dots": "levels",
}


@pytest.mark.parametrize("where", DRAWN_WITH_OWN_NAMES)
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            [f"model {number}" for number in range(14)],
            r"at most 13 names, one for each colour; got (14|15)$",
        ),
        (
            ["_hidden"],
            "names that are not empty and do not begin with an underscore; got '_hidden'$",
        ),
        ([""], "names that are not empty .*; got ''$"),
    ],
)
def test_names_that_could_not_be_told_apart_are_refused(where, names, message):
    with pytest.raises(ValueError, match=f"^{NAMED_BY[where]} must have .*{message}"):
        DRAWN_WITH_OWN_NAMES[where](*names)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("curves", "levels"),
    [
        ({"a": [-1.0, -2.0, -3.0]}, {}),
        ({"a": [1.0, 2.0]}, {"below": -5.0, "above": 100.0}),
        ({"a": [1e-9, 2e-9]}, {}),
        ({"a": [1, -4], "b": [7]}, {"above": 9}),
    ],
)
def test_the_axis_holds_every_curve_and_level(curves, levels):
    axes = plots.learning_curves(curves, levels).axes[0]
    low, high = axes.get_ylim()
    numbers = [number for line in axes.lines for number in line.get_ydata()]
    assert low < min(numbers) <= max(numbers) < high
    assert (low == 0) == (min(numbers) >= 0)
    assert not axes.yaxis_inverted()


def test_a_curve_of_one_epoch_is_a_marker():
    (line,) = plots.learning_curves({"PCA": [2.0]}).axes[0].lines
    assert (line.get_marker(), line.get_markevery()) == ("s", (0, 1))
    axes = plots.learning_curves({"a": [2.0]}).axes[0]
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]


def test_small_numbers_are_not_written_as_zero():
    numbers = np.array([0.0123, 0.5, 0.0])
    figure = plots.image_rows({"a": IMAGES}, {"a": numbers})
    assert [axes.get_xlabel() for axes in figure.axes] == ["0.012", "0.5", "0"]
    figure = plots.image_rows({"a": IMAGES}, {"a": 10 + numbers})
    assert [axes.get_xlabel() for axes in figure.axes] == ["10.0", "10.5", "10.0"]
    table = plots.error_table(
        [[20.44, 0.12], [0.0312, 0.09]], ["a", "b"], ["c", "d"], names=FROM_TO
    )
    assert [text.get_text() for text in table.axes[0].texts] == ["20.4", "0.1", "0.031", "0.09"]
    dots = plots.seed_dots({"a": [0.001, 0.002], "b": [0.91]}).axes[0]
    assert [text.get_text().strip() for text in dots.texts] == ["0.0015", "0.91"]
    marks = plots.error_spread(np.array([0.01, 0.02, 0.041])).axes[0]
    assert [text.get_text() for text in marks.texts] == [
        "best\n0.01",
        "median\n0.02",
        "worst\n0.041",
    ]
    psnrs = plots.psnr_table([[-0.04], [-3.0]], ["a", "b"], ["c"], names=("x", "y")).axes[0]
    assert [text.get_text() for text in psnrs.texts] == ["-0.04", "-3.0"]


@pytest.mark.parametrize(
    "errors",
    [
        [5.0],
        [0, 0],
        [-5, -3, -1],
        [-0.5, 3],
        [1e20] * 3,
        [0.3, 0.1 + 0.2],
        np.float32([50, 50.00001]),
        [2, 9],
    ],
)
def test_the_spread_shows_every_error(errors):
    axes = plots.error_spread(np.array(errors)).axes[0]
    left, right = axes.get_xlim()
    bars = [bar for bar in axes.patches if bar.get_height()]
    assert sum(bar.get_height() for bar in bars) == len(errors)
    assert all(bar.get_width() > (right - left) / 1000 for bar in bars)
    assert left <= np.min(errors) <= np.max(errors) < right
    assert (left == 0) == (np.min(errors) >= 0)


def test_all_that_are_best_of_a_column_are_framed():
    numbers, rows, columns = [[1, 5], [1, 6], [2, 5]], ["a", "b", "c"], ["x", "y"]
    for draw, best in (
        (plots.error_table, {(0, 0), (0, 1), (1, 0), (1, 2)}),
        (plots.psnr_table, {(0, 2), (1, 1)}),
    ):
        axes = draw(numbers, rows, columns, names=("p", "q")).axes[0]
        assert {tuple(np.round(frame.get_center()).astype(int)) for frame in axes.patches} == best


def test_equal_errors_are_shaded_alike_and_worse_ones_darker():
    equal = plots.error_table(np.full((2, 2), 3), ["a", "b"], ["x", "y"], names=("p", "q"))
    assert not equal.axes[0].images[0].get_array().any()
    errors = np.array([[1.0, 20.0], [2.0, 80.0]])
    image = plots.error_table(errors, ["a", "b"], ["x", "y"], names=("p", "q")).axes[0].images[0]
    np.testing.assert_allclose(image.get_array(), [[0, 0], np.log([2, 4])])
    low, high = image.get_clim()
    assert low == 0
    assert high > np.log(4)  # the darkest blue would hide the number
    assert image.get_cmap().name == "Blues"


def test_pictures_of_different_shapes_have_one_scale():
    shapes = {"wide": (20, 40), "high": (60, 20), "small": (10, 10, 1), "larger": (15, 20)}
    figure = plots.pictures({name: np.ones(shape) for name, shape in shapes.items()})
    figure.canvas.draw()
    for axes, (height, width, *_) in zip(figure.axes, shapes.values(), strict=True):
        corners = axes.transData.transform([(-0.5, -0.5), (width - 0.5, height - 0.5)])
        scale = (corners[1] - corners[0]) / (width, -height) * 60 / figure.dpi
        np.testing.assert_allclose(scale, plots.WIDTH, rtol=0.06)  # 40 and 20 pixels are widest
        (left, low), (right, high) = axes.get_window_extent().get_points()
        assert left - 1 <= corners[0, 0] < corners[1, 0] <= right + 1
        assert low - 1 <= corners[1, 1] < corners[0, 1] <= high + 1


@pytest.mark.parametrize(
    ("shape", "count", "columns"),
    [((42, 64), 3, 2), ((42, 64), 1, 1), ((30, 30), 3, 2), ((40, 30), 2, 2), ((40, 30), 1, 1)],
)
def test_pictures_stand_two_a_row(shape, count, columns):
    named = {str(number): np.full(shape, number / 9) for number in range(count)}
    figure = plots.pictures(named)
    sizes = drawn_sizes(figure)
    assert len(sizes) == count
    assert (sizes[:, 0] > 0.92 * plots.WIDTH / columns).all()
    np.testing.assert_allclose(sizes[:, 1] / sizes[:, 0], shape[0] / shape[1], rtol=0.01)
    lefts = {round(axes.get_window_extent().x0) for axes in figure.axes}
    assert len(lefts) == columns
    assert [axes.get_title() for axes in figure.axes] == list(named)


def test_points_of_the_code_map_are_small_and_translucent_and_its_labels_stand_out():
    axes = plots.code_map(RANDOM.random((10, 2)), np.repeat([2, 5], 5)).axes[0]
    for points in axes.collections:
        assert (points.get_alpha(), list(points.get_sizes())) == (0.5, [3])
        assert list(points.get_linewidths()) == [0]
    for label in axes.texts:
        (halo,) = label.get_path_effects()
        assert halo._gc == {"linewidth": 3, "foreground": "white"}
        assert (label.get_fontsize(), label.get_weight()) == (14, "bold")
        assert (label.get_ha(), label.get_va()) == ("center", "center")


def test_marks_are_large_enough_to_be_told_from_points():
    rates = plots.rate_curves({"JPEG": ([1, 10], [9, 3])}, {"PNG": 160}).axes[0]
    frontier = plots.frontier({"L1": ([1, 10], [9, 3])}, {"a": (1, 9)}).axes[0]
    for axes in (rates, frontier):
        curve, mark = axes.lines
        assert (curve.get_markersize(), mark.get_markersize()) == (7, 9)
    arrows = plots.arrows(CODES[:, :2], CODES[:, 2:4], {"a": CODES[:, :2]}).axes[0]
    assert arrows.lines[0].get_markersize() == 1.5


def test_labels_as_floats_have_a_colour_each():
    codes = RANDOM.random((10, 2))
    for labels in (np.arange(10.0), np.arange(10, dtype="uint8"), list(range(10))):
        axes = plots.code_map(codes, labels).axes[0]
        names = {text.get_text(): text.get_color() for text in axes.texts}
        palette = plt.get_cmap("tab10").colors
        assert list(names) == [str(digit) for digit in range(10)]
        np.testing.assert_allclose(list(names.values()), 0.65 * np.array(palette))
        dots = [tuple(points.get_facecolor()[0, :3]) for points in axes.collections]
        assert dots == list(palette)


@pytest.mark.parametrize(
    ("labels", "came"),
    [
        (np.arange(10), "10"),
        ([-1, 0], "-1"),
        ([0, 1.5], "1.5"),
        ([np.nan, 0], "nan"),
        ([True, False], "True"),
    ],
)
def test_labels_without_a_colour_are_refused(labels, came):
    labels = [*labels, 10] if came == "10" else labels
    codes = np.ones((len(labels), 2))
    with pytest.raises(ValueError, match=f"labels must be whole numbers from 0 to 9; got {came}"):
        plots.code_map(codes, labels)
    assert plt.get_fignums() == []


def test_whole_numbers_will_do_where_no_pixels_are_meant():
    codes = np.arange(6).reshape(3, 2)
    heights = [
        bar.get_height() for axes in plots.image_rows({"a": codes}).axes for bar in axes.patches
    ]
    assert heights == [0, 1, 2, 3, 4, 5]
    picture = plots.filters({"a": np.array([[[[-2, 0], [1, 2]]]])}).axes[0].images[0].get_array()
    np.testing.assert_array_equal(picture[1:3, 1:3], [[0, 0.5], [0.75, 1]])
    plots.code_journey(IMAGES[0], np.arange(3), IMAGES[1])
    plots.code_map(codes, [1, 2, 3])
    plots.arrows(codes, codes, {"a": codes})
    plots.activation_spread({"plain": codes})
    plots.spread_curves([1, 2], {"PCA": codes}, xlabel="a", ylabel="b")
    with pytest.raises(ValueError, match=r"rows\['a'\] must hold floating.* divide pixels 0–255"):
        plots.image_rows({"a": np.full((2, 4, 4, 1), 255)})


def test_noise_beyond_black_and_white_is_drawn_and_another_scale_refused():
    noisy = IMAGES + np.random.default_rng(1).normal(0, 2, IMAGES.shape)
    shown = plots.image_rows({"noisy": noisy}).axes[0].images[0]
    np.testing.assert_array_equal(shown.get_array(), noisy[0, ..., 0])
    assert shown.get_clim() == (0, 1)
    plt.close("all")
    grid = 255 * IMAGES[np.newaxis]
    for call in (
        lambda: plots.image_rows({"a": 255 * IMAGES}),
        lambda: plots.code_journey(255 * IMAGES[0], CODES[0], IMAGES[0]),
        lambda: plots.pictures({"a": 255 * IMAGES[0]}),
        lambda: plots.image_grid(grid, xlabel="a", ylabel="b"),
    ):
        with pytest.raises(ValueError, match=r"pixels in \[0, 1\]; got .* divide pixels 0–255"):
            call()
        assert plt.get_fignums() == []
    for mean in (-0.4, 1.4):
        plots.pictures({"a": np.full((3, 3), mean)})
    for mean in (-0.6, 1.6):
        with pytest.raises(ValueError, match=f"{mean} on average"):
            plots.pictures({"a": np.full((3, 3), mean)})
    with pytest.raises(ValueError, match=r"values from -2 to -2, -2 on average$"):
        plots.pictures({"a": np.full((3, 3), -2.0)})


@pytest.mark.parametrize(
    ("across", "up"),
    [([3, 3.5], [3, 3.2]), ([5], [7]), ([0.001, 4000], [1, 2]), ([2.1, 4.9], [12, 13])],
)
def test_logarithmic_axes_name_two_numbers_at_least(across, up):
    for draw in (plots.rate_curves, plots.frontier):
        figure = draw({"PCA": (across, up)}, {"a": (6, 8)} if draw is plots.frontier else None)
        figure.canvas.draw()
        axes = figure.axes[0]
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            shown = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
            assert 2 <= len(shown) <= 12


def test_powers_are_named_as_1_2_5():
    axes = plots.rate_curves({"PCA": ([1, 90], [0.2, 40])}).axes[0]
    shown = [tick for tick in axes.get_xticks() if 1 <= tick <= 90]
    np.testing.assert_allclose(shown, [1, 2, 5, 10, 20, 50])
    wide = plots.rate_curves({"PCA": ([0.01, 5000], [0.2, 40])}).axes[0]
    shown = [tick for tick in wide.get_xticks() if 0.01 <= tick <= 5000]
    np.testing.assert_allclose(shown, [0.01, 0.1, 1, 10, 100, 1000])
    for width, factor in ((9_500, 2), (10_500, 10)):  # up to four powers of ten, and beyond
        axes.set_xlim(1, width)
        plots._write_powers(axes.xaxis)
        first, second = [tick for tick in axes.get_xticks() if tick >= 1][:2]
        assert second / first == pytest.approx(factor)
    assert axes.xaxis.get_major_formatter()(0.2) == "0.2"
    assert axes.xaxis.get_minor_formatter()(3) == ""


def test_axes_hold_what_is_far_from_the_curves():
    axes = plots.rate_curves({"PCA": ([10, 20], [3, 4])}, {"far": 5000, "near": 0.1}).axes[0]
    left, right = axes.get_xlim()
    assert left < 0.1 < 5000 < right
    marks = {"a": (0.01, 300), "b": (900, 0.02)}
    axes = plots.frontier({"L1": ([10, 20], [3, 4])}, marks).axes[0]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert left < 0.01 < 900 < right
    assert low < 0.02 < 300 < high
    axes = plots.seed_dots({"a": [1, 7]}, {"PCA": 90}).axes[0]
    assert axes.get_xlim()[0] == 0
    assert axes.get_xlim()[1] > 90


def test_levels_of_their_own_leave_the_dots_their_room():
    one, three = (
        plots.seed_dots({"a": [1.0]}, dict.fromkeys(names, 2.0)) for names in ("a", "abc")
    )
    for figure in (one, three):
        figure.canvas.draw()
    heights = [f.axes[0].get_window_extent().height / f.dpi for f in (one, three)]
    assert heights[1] > 0.9 * heights[0] > 0.2


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
        plots.time_curves({"deep": ([1, 2], [2, 1])}),
        plots.gain_curves({"deep": ([1, 2], [2, 1])}),
        plots.frontier({"top-k": ([1, 2], [2, 1])}, {"a": (1, 2)}),
        plots.rate_distortion({"plain": ([1, 2], [2, 1])}, {"a": (1, 2)}),
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
        (
            lambda: plots.image_rows({}),
            "rows must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES, "b": IMAGES[:2]}),
            "rows must all have the same number of images; got {'a': 3, 'b': 2}",
        ),
        (
            lambda: plots.image_rows({"a": np.full((2, 4), np.nan)}),
            "rows['a'] must be finite; got 8 NaN and 0 infinite of 8 numbers",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES}, {"b": [1, 2, 3]}),
            "each name in errors must be one of ['a']; got 'b'",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES}, {"a": [1]}),
            "errors['a'] must have 3 numbers, as the row has images; got 1",
        ),
        (
            lambda: plots.code_journey(IMAGES[0], CODES, IMAGES[0]),
            "code must have shape (n,) with n at least 1; got shape (3, 5)",
        ),
        (
            lambda: plots.learning_curves({}),
            "curves must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.learning_curves({"a": []}),
            "curves['a'] must have shape (n,) with n at least 1; got shape (0,)",
        ),
        (
            lambda: plots.error_table(np.ones((2, 2)), ["a"], ["b", "c"], names=("x", "y")),
            "errors must have shape (1, 2), as rows and columns do; got shape (2, 2)",
        ),
        (
            lambda: plots.error_table(np.zeros((1, 1)), ["a"], ["b"], names=("x", "y")),
            "errors must be positive; got 0",
        ),
        (
            lambda: plots.pictures({}),
            "named must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.error_spread(np.ones((2, 2))),
            "errors must have shape (n,) with n at least 1; got shape (2, 2)",
        ),
        (
            lambda: plots.error_spread(np.array([np.nan])),
            "errors must be finite; got 1 NaN and 0 infinite of 1 numbers",
        ),
        (
            lambda: plots.pictures({"a": np.full((3, 3), np.nan)}),
            "named['a'] must be finite; got 9 NaN and 0 infinite of 9 numbers",
        ),
        (
            lambda: plots.code_journey(np.zeros((28, 28), np.uint8), CODES[0], IMAGES[0]),
            "image must hold floating-point numbers; got dtype uint8; divide pixels 0–255 by 255",
        ),
        (
            lambda: plots.rate_curves({}),
            "curves must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.rate_curves({"PCA": ([1], [1])}, {"PNG": 0}),
            "lossless['PNG'] must be positive; got 0",
        ),
        (
            lambda: plots.rate_curves({"PCA": [1, 2, 3]}),
            "curves['PCA'] must be two lists of equal length, horizontal and vertical "
            "positions; got shape (3,)",
        ),
        (
            lambda: plots.rate_curves({"PCA": np.ones((3, 2))}),
            "curves['PCA'] must be two lists of equal length, horizontal and vertical "
            "positions; got shape (3, 2)",
        ),
        (
            lambda: plots.seed_dots({"a": [1.0]}, {"PCA": -0.5}),
            "levels['PCA'] must not be negative; got -0.5",
        ),
        (
            lambda: plots.code_journey(IMAGES[0], CODES[0], IMAGES[0, :20]),
            "image and reconstruction must have the same shape; got (28, 28) and (20, 28)",
        ),
        (
            lambda: plots.spread_curves([0, 1], {"PCA": np.ones((1, 2))}, xlabel="", ylabel=""),
            "positions must be positive; got 0",
        ),
        (
            lambda: plots.spread_curves([2, 2], {"PCA": np.ones((1, 2))}, xlabel="", ylabel=""),
            "positions must rise from one to the next; got [2.0, 2.0]",
        ),
        (
            lambda: plots.spread_curves(
                [1], {"PCA": np.zeros((1, 1))}, xlabel="", ylabel="", yscale="log"
            ),
            "curves['PCA'] must be positive; got 0",
        ),
        (
            lambda: plots.activation_spread({"plain": np.array([[-1.0, 2.0]])}),
            "codes['plain'] must hold activations of at least 0, not all of them 0; got values "
            "from -1 to 2",
        ),
        (
            lambda: plots.error_table(np.ones((2, 1)), ["a", "a"], ["b"], names=("x", "y")),
            "rows must have different names; got ['a', 'a']",
        ),
        (
            lambda: plots.psnr_table(np.ones((1, 2)), ["a"], ["b", "b"], names=("x", "y")),
            "columns must have different names; got ['b', 'b']",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES}, columns="abc"),
            "columns must be a list of strings; got 'abc'",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES}, columns=list("abcdef")),
            "columns must be names whose number divides the 3 images of a row; got 6",
        ),
        (
            lambda: plots.rate_curves({"PCA": ([1], [0])}),
            "curves['PCA'] must be positive; got 0",
        ),
        (
            lambda: plots.time_curves({}),
            "curves must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.time_curves({"deep": ([0], [1])}),
            "curves['deep'] must be positive; got 0",
        ),
        (
            lambda: plots.gain_curves({"noise": ([0], [1])}),
            "curves['noise'] must be positive; got 0",
        ),
        (
            lambda: plots.frontier({}),
            "curves must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.frontier({"L1": ([0], [1])}),
            "curves['L1'] must be positive; got 0",
        ),
        (
            lambda: plots.frontier({"L1": ([1], [1])}, {"a": (1, -1)}),
            "marks['a'] must be positive; got -1",
        ),
        (
            lambda: plots.frontier({"L1": ([1, 2], [1])}),
            "curves['L1'] must hold arrays of one shape; got shapes (2,) and (1,)",
        ),
        (
            lambda: plots.frontier({"L1": ([1], [1])}, {"a": (1, 2, 3)}),
            "marks['a'] must be two numbers, a horizontal and a vertical position; got shape (3,)",
        ),
        (
            lambda: plots.rate_distortion({"plain": ([0], [90])}),
            "curves['plain'] must be positive; got 0",
        ),
        (
            lambda: plots.activation_spread({"plain": np.ones((2, 2))}, bins=0),
            "bins must be a whole number of at least 1; got 0",
        ),
        (
            lambda: plots.activation_spread({}),
            "codes must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.activation_spread({"plain": np.zeros((2, 3))}),
            "codes['plain'] must hold activations of at least 0, not all of them 0; got values "
            "from 0 to 0",
        ),
        (
            lambda: plots.activation_spread({"plain": np.ones(3)}),
            "codes['plain'] must have shape (n, code_size); got shape (3,)",
        ),
        (
            lambda: plots.spread_curves([1], {"PCA": np.ones((2, 2))}, xlabel="", ylabel=""),
            "curves['PCA'] must have shape (draws, 1); got shape (2, 2)",
        ),
        (
            lambda: plots.spread_curves([1], {}, xlabel="", ylabel=""),
            "curves must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.code_map(np.ones((3, 3)), np.arange(3)),
            "codes and labels must have shapes (n, 2) and (n,); got shapes (3, 3) and (3,)",
        ),
        (
            lambda: plots.code_map(np.ones((3, 2)), np.arange(2)),
            "codes and labels must have shapes (n, 2) and (n,); got shapes (3, 2) and (2,)",
        ),
        (
            lambda: plots.architecture([(3,)], DENSE[1]),
            "encoder_shapes must hold the shapes of an input and of at least one layer; got [(3,)]",
        ),
        (
            lambda: plots.architecture(DENSE[0], [(8,), (0,)]),
            "each size in decoder_shapes must be a whole number of at least 1; got 0",
        ),
        (
            lambda: plots.architecture([784, 32], [32, 784]),
            "encoder_shapes must hold shapes, tuples such as (28, 28, 1) or (32,); got 784",
        ),
        (
            lambda: plots.architecture(DENSE[0], [(9,), (784,)]),
            "decoder_shapes must begin with the code's shape, (8,); got (9,)",
        ),
        (
            lambda: plots.seed_dots({}),
            "errors must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.seed_dots({"a": []}),
            "errors['a'] must have shape (n,) with n at least 1; got shape (0,)",
        ),
        (
            lambda: plots.seed_dots({"a": [-1.0]}),
            "errors['a'] must not be negative; got -1",
        ),
        (
            lambda: plots.seed_dots({"a": [[1.0]]}),
            "errors['a'] must have shape (n,) with n at least 1; got shape (1, 1)",
        ),
        (
            lambda: plots.seed_dots({"a": [1.0]}, {"PCA": np.nan}),
            "levels['PCA'] must be finite; got 1 NaN and 0 infinite of 1 numbers",
        ),
        (
            lambda: plots.image_grid(IMAGES, xlabel="", ylabel=""),
            "images must have shape (rows, columns, height, width, channels) with 1 or 3 "
            "channels; got shape (3, 28, 28, 1)",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES}, columns=["left", "right"]),
            "columns must be names whose number divides the 3 images of a row; got 2",
        ),
        (
            lambda: plots.psnr_table(np.ones((2, 2)), ["a"], ["b", "c"], names=("x", "y")),
            "psnrs must have shape (1, 2), as rows and columns do; got shape (2, 2)",
        ),
        (
            lambda: plots.psnr_table(np.full((1, 1), np.inf), ["a"], ["b"], names=("x", "y")),
            "psnrs must be finite; got 0 NaN and 1 infinite of 1 numbers",
        ),
        (
            lambda: plots.filters({}),
            "named must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.filters({"a": IMAGES[..., 0]}),
            "named['a'] must have shape (rows, columns, height, width) or (rows, columns, "
            "height, width, channels) with 1 or 3 channels; got shape (3, 28, 28)",
        ),
        (
            lambda: plots.arrows(CODES[:, :2], CODES[:, :2], {}),
            "fields must name at least one thing to draw; got none",
        ),
        (
            lambda: plots.arrows(CODES, CODES[:, :2], {"a": CODES[:, :2]}),
            "points must have shape (n, 2); got shape (3, 5)",
        ),
        (
            lambda: plots.arrows(CODES[:, :2], CODES[:, :2], {"a": CODES[:2, :2]}),
            "fields['a'] must have shape (3, 2), an arrow for each position; got shape (2, 2)",
        ),
        (
            lambda: plots.image_rows({"a": np.zeros((2, 28, 28, 2))}),
            "rows['a'] must hold images of shape (n, height, width, channels) with 1 or 3 "
            "channels, or codes of shape (n, code_size); got shape (2, 28, 28, 2)",
        ),
        (
            lambda: plots.image_rows({"a": np.zeros((2, 140, 1))}),
            "rows['a'] must hold images of shape (n, height, width, channels) with 1 or 3 "
            "channels, or codes of shape (n, code_size); got shape (2, 140, 1)",
        ),
        (
            lambda: plots.image_rows({"a": np.zeros((2, 3, 28, 28))}),
            "rows['a'] must hold images of shape (n, height, width, channels) with 1 or 3 "
            "channels, or codes of shape (n, code_size); got shape (2, 3, 28, 28)",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES, 2: IMAGES}),
            "rows must have strings as names; got 2",
        ),
        (
            lambda: plots.image_rows([IMAGES]),
            "rows must be a dictionary; got list",
        ),
        (
            lambda: plots.image_rows({"a": IMAGES}, columns=["left", 2, "right"]),
            "columns must be a list of strings; got ['left', 2, 'right']",
        ),
        (
            lambda: plots.pictures({"a": np.ones((5, 6, 4))}),
            "named['a'] must have shape (height, width) or (height, width, channels) with 1 or "
            "3 channels; got shape (5, 6, 4)",
        ),
        (
            lambda: plots.pictures({"a": np.ones((1, 5, 6, 3))}),
            "named['a'] must have shape (height, width) or (height, width, channels) with 1 or "
            "3 channels; got shape (1, 5, 6, 3)",
        ),
        (
            lambda: plots.code_journey(np.ones((5, 6, 3)), CODES[0], np.ones((5, 6))),
            "image and reconstruction must have the same shape; got (5, 6, 3) and (5, 6)",
        ),
        (
            lambda: plots.image_grid(np.ones((1, 2, 5, 6, 4)), xlabel="", ylabel=""),
            "images must have shape (rows, columns, height, width, channels) with 1 or 3 "
            "channels; got shape (1, 2, 5, 6, 4)",
        ),
        (
            lambda: plots.filters({"a": np.ones((1, 2, 5, 6, 2))}),
            "named['a'] must have shape (rows, columns, height, width) or (rows, columns, "
            "height, width, channels) with 1 or 3 channels; got shape (1, 2, 5, 6, 2)",
        ),
        (
            lambda: plots.filters({"a": np.ones((1, 2, 5, 6, 3, 1))}),
            "named['a'] must have shape (rows, columns, height, width) or (rows, columns, "
            "height, width, channels) with 1 or 3 channels; got shape (1, 2, 5, 6, 3, 1)",
        ),
        (
            lambda: plots.learning_curves({"a": [1]}, {"PCA": [1, 2]}),
            "levels['PCA'] must be one number; got shape (2,)",
        ),
        (
            lambda: plots.error_table(np.ones((1, 1)), ["a"], ["b"], names=("x", "y", "z")),
            "names must be two, of the rows and of the columns; got ['x', 'y', 'z']",
        ),
        (
            lambda: plots.architecture([(28, 28), ()], DENSE[1]),
            "encoder_shapes must hold shapes, tuples such as (28, 28, 1) or (32,); got ()",
        ),
        (
            lambda: plots.spread_curves(
                [1], {"PCA": [[1.0]]}, xlabel="", ylabel="", yscale="cubic"
            ),
            "yscale must be one of ['linear', 'log']; got 'cubic'",
        ),
        (
            lambda: plots.frontier({"L1": ([1], [1])}, {"a": [[1, 2]]}),
            "marks['a'] must be two numbers, a horizontal and a vertical position; "
            "got shape (1, 2)",
        ),
        (
            lambda: plots.arrows(CODES[:, :2], CODES, {"a": CODES[:, :2]}),
            "positions must have shape (n, 2); got shape (3, 5)",
        ),
        (
            lambda: plots.code_map(np.ones((2, 2)), [0, 11]),
            "labels must be whole numbers from 0 to 9; got 11",
        ),
        (
            lambda: plots.activation_spread({"plain": -np.ones((2, 2))}),
            "codes['plain'] must hold activations of at least 0, not all of them 0; got values "
            "from -1 to -1",
        ),
        (
            lambda: plots.rate_curves({"PCA": np.ones((2, 2, 2))}),
            "curves['PCA'] must be two lists of equal length, horizontal and vertical "
            "positions; got shape (2, 2, 2)",
        ),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()
    assert plt.get_fignums() == []


# One call of each function that draws.
LEGAL = {
    plots.code_journey: {"image": IMAGES[0], "code": CODES[0], "reconstruction": IMAGES[1]},
    plots.architecture: {"encoder_shapes": DENSE[0], "decoder_shapes": DENSE[1]},
    plots.image_rows: {
        "rows": {"a": IMAGES},
        "errors": {"a": [1, 2, 3]},
        "columns": ["a", "b", "c"],
    },
    plots.learning_curves: {"curves": {"a": [2, 1]}, "levels": {"PCA": 1}},
    plots.error_table: {
        "errors": np.ones((1, 1)),
        "rows": ["a"],
        "columns": ["b"],
        "names": FROM_TO,
    },
    plots.psnr_table: {"psnrs": np.ones((1, 1)), "rows": ["a"], "columns": ["b"], "names": FROM_TO},
    plots.pictures: {"named": {"a": IMAGES[0]}},
    plots.error_spread: {"errors": np.arange(1.0, 9)},
    plots.rate_curves: {"curves": {"PCA": ([1, 2], [2, 1])}, "lossless": {"PNG": 3}},
    plots.time_curves: {"curves": {"deep": ([1, 2], [2, 1])}},
    plots.gain_curves: {"curves": {"deep": ([1, 2], [2, 1])}},
    plots.frontier: {"curves": {"top-k": ([1, 2], [2, 1])}, "marks": {"a": (1, 2)}},
    plots.rate_distortion: {"curves": {"plain": ([1, 2], [2, 1])}, "marks": {"a": (1, 2)}},
    plots.activation_spread: {"codes": {"plain": np.ones((2, 3))}, "bins": 9},
    plots.spread_curves: {
        "positions": [1, 2],
        "curves": {"PCA": np.ones((3, 2))},
        "yscale": "log",
        "xlabel": "a",
        "ylabel": "b",
    },
    plots.seed_dots: {"errors": {"a": [1, 2]}, "levels": {"PCA": 1}},
    plots.image_grid: {"images": np.ones((1, 1, 2, 2, 1)), "xlabel": "a", "ylabel": "b"},
    plots.code_map: {"codes": np.ones((3, 2)), "labels": np.arange(3)},
    plots.filters: {"named": {"a": np.ones((1, 1, 2, 2))}},
    plots.arrows: {
        "points": np.ones((1, 2)),
        "positions": np.ones((1, 2)),
        "fields": {"a": np.ones((1, 2))},
    },
}


def hostile_values(value):
    """What may not stand in the place of a legal argument, by the kind of thing that it is."""
    if isinstance(value, dict):
        inner = next(iter(value.values()))
        yield from ([inner], 3, "text", {3: inner}, {None: inner}, lambda: None)
        for within in hostile_values(inner):
            yield {"PCA": within}
    elif isinstance(value, str):
        yield from (None, 3, "cubic", ["log"])
    elif isinstance(value, int):
        yield from (None, np.nan, np.inf, "3", True, [[1, 2]], 1j, np.ma.masked)
    elif isinstance(value[0], str):
        yield from (None, 3, "text", [1], [None], ["a", 2], ["a", "a", "a", "a"])
    elif isinstance(value[0], tuple):
        yield from (None, 3, "text", [], [784, 32], [(784,)], [(784,), ()], [(None, 784), (3,)])
        yield from ([(7.5,), (3,)], [(True,), (3,)], [(3,), "32"], [(0,), (3,)], iter(value))
    else:
        shape = np.shape(value)
        yield from (None, 3.0, "text", [], {}, object(), iter([1.0]), {1.0, 2.0}, [[1], [1, 2]])
        yield from (np.zeros(shape, bool), np.full(shape, "a"), np.full(shape, 1j))
        yield from (np.full(shape, np.nan), np.full(shape, np.inf), np.full(shape, None))
        yield np.ma.masked_equal(np.ones(shape), 1)
        yield np.ones((*shape, 2))
        yield np.ones(shape)[..., np.newaxis, np.newaxis, np.newaxis]
        yield np.ones((0, *shape[1:]))


ARGUMENTS = [
    pytest.param(draw, argument, id=f"{draw.__name__}-{argument}")
    for draw, legal in LEGAL.items()
    for argument in legal
    if argument not in ("xlabel", "ylabel")
]


@pytest.mark.parametrize(("draw", "argument"), ARGUMENTS)
def test_whatever_is_refused_is_named_and_leaves_no_figure(draw, argument):
    for value in hostile_values(LEGAL[draw][argument]):
        with pytest.raises(ValueError, match=rf"^(\w+ and |each size in )?{argument}\b"):
            draw(**LEGAL[draw] | {argument: value})
        assert plt.get_fignums() == []


AXES = {
    plots.learning_curves: ("epoch", "squared error per image"),
    plots.error_table: FROM_TO[::-1],
    plots.psnr_table: FROM_TO[::-1],
    plots.error_spread: ("squared error of an image", "images"),
    plots.rate_curves: ("bytes per image", "squared error per image"),
    plots.time_curves: ("seconds of training", "squared error per image"),
    plots.gain_curves: ("noise gain, percent", "squared error per image"),
    plots.frontier: ("active units per image", "squared error per image"),
    plots.rate_distortion: ("rate: nats for the code", "distortion: nats for pixels"),
    plots.activation_spread: ("activation", "units per image"),
    plots.spread_curves: ("a", "b"),
    plots.seed_dots: ("squared error per image", ""),
    plots.image_grid: ("a", "b"),
    plots.code_map: ("first number of the code", "second number of the code"),
}


@pytest.mark.parametrize("draw", AXES, ids=lambda draw: draw.__name__)
def test_each_axis_says_what_its_numbers_are(draw):
    axes = draw(**LEGAL[draw]).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == AXES[draw]


def test_the_unit_stands_at_the_axis():
    axes = plots.learning_curves({"a": [2, 1]}, unit="nats").axes[0]
    assert axes.get_ylabel() == "nats"
    assert plots.error_spread([1, 2], unit="nats").axes[0].get_xlabel() == "nats"


@pytest.mark.parametrize("draw", LEGAL, ids=lambda draw: draw.__name__)
def test_each_figure_is_as_wide_as_the_text(draw):
    assert draw(**LEGAL[draw]).get_figwidth() == plots.WIDTH


@pytest.mark.parametrize(
    "draw", [plots.code_journey, plots.image_rows, plots.pictures, plots.image_grid, plots.filters]
)
def test_images_have_no_ticks_and_no_frame(draw):
    for axes in draw(**LEGAL[draw]).axes:
        if axes.images:
            assert (list(axes.get_xticks()), list(axes.get_yticks())) == ([], [])
            assert not any(spine.get_visible() for spine in axes.spines.values())


def test_the_journey_leads_from_the_image_through_the_code():
    axes = plots.code_journey(IMAGES[0], [-1, 0, 3], IMAGES[1]).axes
    assert [each.get_title() for each in axes] == ["image", "", "code", "", "reconstruction"]
    assert [each.get_xlabel() for each in axes[::2]] == ["784 numbers", "3 numbers", "784 numbers"]
    for arrow, name in ((axes[1], "encoder"), (axes[3], "decoder")):
        above, head = arrow.texts
        assert (above.get_text(), above.get_position()) == (name, (0.5, 0.56))
        assert head.get_text() == ""
        assert (head.xy, head.get_position(), head.xycoords) == (
            (1, 0.5),
            (0, 0.5),
            "axes fraction",
        )
        assert not arrow.axison
    assert axes[2].get_ylim() == (-3, 3)
    assert plots.code_journey(IMAGES[0], [0, 0], IMAGES[1]).axes[2].get_ylim() == (0, 1)
    assert axes[2].get_box_aspect() == pytest.approx(1 / 1.4)


def test_bars_of_a_row_of_codes_compare():
    codes = np.array([[1.0, 2.0], [-4.0, 1.0], [0.0, 0.5]])
    axes = plots.image_rows({"code": codes}).axes
    assert [each.get_ylim() for each in axes] == [(0, 4), (-4, 4), (0, 4)]
    for each in axes:
        assert [bar.get_x() + bar.get_width() / 2 for bar in each.patches] == [0, 1]
        assert {to_hex(bar.get_facecolor()).upper() for bar in each.patches} == {"#009E73"}
        assert {bar.get_width() for bar in each.patches} == {1}
        assert (list(each.get_xticks()), list(each.get_yticks())) == ([], [])
        assert each.get_box_aspect() == 1
    assert [axes.get_ylim() for axes in plots.image_rows({"code": 0 * codes}).axes] == 3 * [(0, 1)]


def test_a_row_is_named_at_its_left_and_its_errors_stand_below():
    left, *others = plots.image_rows({"a": IMAGES}, {"a": [1, 2, 3]}).axes
    assert (left.yaxis.label.get_rotation(), left.yaxis.label.get_ha()) == (0, "right")
    assert left.yaxis.label.get_va() == "center"
    assert [axes.get_ylabel() for axes in others] == ["", ""]
    assert left.xaxis.labelpad == 2


def test_the_architecture_s_bars_stand_side_by_side_joined_by_shades():
    axes = plots.architecture(*DENSE).axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    joints = [patch for patch in axes.patches if not isinstance(patch, Rectangle)]
    np.testing.assert_allclose([bar.get_center() for bar in bars], [(n, 0) for n in range(5)])
    np.testing.assert_allclose([bar.get_width() for bar in bars], 0.16)
    names = ["pixels", "autoencoder", "code", "autoencoder", "pixels"]
    wanted = [plots.COLOURS[name] for name in names]
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == wanted
    for number, joint in enumerate(joints):
        left, right = bars[number], bars[number + 1]
        corners = [
            (left.get_x() + left.get_width(), left.get_y() + left.get_height()),
            (right.get_x(), right.get_y() + right.get_height()),
            (right.get_x(), right.get_y()),
            (left.get_x() + left.get_width(), left.get_y()),
        ]
        np.testing.assert_allclose(joint.get_xy()[:4], corners)
        assert joint.get_alpha() < 0.5
    assert len(joints) == 4
    below, above = axes.texts[:5], axes.texts[5:]
    assert [text.get_position()[0] for text in below] == [0, 1, 2, 3, 4]
    assert {(text.get_ha(), text.get_va()) for text in below} == {("center", "top")}
    assert {(text.get_ha(), text.get_va()) for text in above} == {("center", "bottom")}
    assert {text.get_position()[1] for text in below} == {-0.55}
    assert {text.get_position()[1] for text in above} == {0.55}
    colours = {text.get_text(): text.get_color() for text in above}
    assert colours == {
        "input": plots.COLOURS["pixels"],
        "encoder": plots.COLOURS["autoencoder"],
        "code": plots.COLOURS["code"],
        "decoder": plots.COLOURS["autoencoder"],
        "output": plots.COLOURS["pixels"],
    }
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 4.5), (-0.8, 0.7))
    assert not axes.axison


def test_halves_of_different_depth_have_their_names_in_their_middles():
    axes = plots.architecture([(9,), (2,)], [(2,), (3,), (4,), (1000,)]).axes[0]
    middles = {text.get_text(): text.get_position()[0] for text in axes.texts[5:]}
    assert middles == {"input": 0, "encoder": 0.5, "code": 1, "decoder": 2.5, "output": 4}
    assert axes.texts[4].get_text() == "1,000"


def test_epochs_are_whole_and_levels_black_where_the_book_has_them_so():
    axes = plots.learning_curves({"a": [3, 2], "b": [2, 1]}, {"perfect copy": 0.5}).axes[0]
    axes.figure.canvas.draw()
    assert all(tick == round(tick) for tick in axes.get_xticks())
    assert axes.lines[-1].get_color() == "#000000"
    assert written_at_ends(axes.figure) == {"a", "b", "perfect copy"}


@pytest.mark.parametrize(
    "errors", [np.arange(1.0, 9), [5, 5.01, 5.02], [0.8, 7.3, 36], [1, 35.9, 36], [3], [-9, -8, 40]]
)
def test_the_words_at_the_marks_of_the_spread_stand_above_the_bars_and_apart(errors):
    figure = plots.error_spread(errors)
    figure.canvas.draw()
    (axes,) = figure.axes
    words = [text.get_text().partition("\n")[0] for text in axes.texts]
    assert words == ["best", "median", "worst"]
    assert all(left.x1 < right.x0 for left, right in pairwise(map(text_box, axes.texts)))
    assert min(text_box(text).y0 for text in axes.texts) >= axes.bbox.y1
    assert figure.bbox.x0 <= text_box(axes.texts[0]).x0
    assert text_box(axes.texts[2]).x1 <= figure.bbox.x1
    for text, line in zip(axes.texts, axes.lines, strict=True):
        assert text.xy == (line.get_xdata()[0], 1)


def test_marks_of_the_frontier_are_rings_and_stand_out_of_the_curve_s_way():
    axes = plots.frontier({"L1": ([1, 100], [20, 8])}, {"a": (9, 9), "b": (11, 9)}).axes[0]
    for ring, text, sign in zip(axes.lines[1:], axes.texts[:2], (1, -1), strict=True):
        assert (ring.get_color(), ring.get_marker(), ring.get_fillstyle()) == ("black", "o", "none")
        assert np.sign(text.xyann[0]) == sign
        assert text.anncoords == "offset points"
    assert axes.texts[2].get_text() == "L1"


def test_what_is_lossless_lies_on_the_lower_edge():
    axes = plots.rate_curves({"JPEG": ([1, 10], [9, 3])}, {"PNG": 160}).axes[0]
    edge = axes.lines[1]
    assert edge.get_marker() == "^"
    assert not edge.get_clip_on()
    shown = edge.get_transform().transform(edge.get_xydata())[0]
    np.testing.assert_allclose(
        shown, [axes.transData.transform((160, 1))[0], axes.transAxes.transform((0, 0))[1]]
    )


def test_positions_are_written_out():
    figure = plots.spread_curves([10, 2500], {"PCA": np.ones((2, 2))}, xlabel="a", ylabel="b")
    axes = figure.axes[0]
    assert list(axes.get_xticks()) == [10, 2500]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10", "2,500"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert list(axes.get_xticks(minor=True)) == []
    assert (axes.lines[0].get_marker(), axes.collections[0].get_alpha()) == ("s", 0.2)
    assert to_hex(axes.collections[0].get_facecolor()).upper() == plots.COLOURS["PCA"]
    assert written_at_ends(figure) == {"PCA"}


def test_activations_begin_at_zero_and_are_counted_on_a_logarithmic_axis():
    axes = plots.activation_spread({"plain": np.ones((2, 3)), "mine": np.eye(3)}).axes[0]
    assert axes.get_xlim()[0] == 0
    assert axes.get_yscale() == "log"
    assert written_at_ends(axes.figure) == {"plain:\n0.0% are 0", "mine:\n66.7% are 0"}
    assert len(axes.patches[0].get_data().values) == 60


def test_the_means_of_the_seeds_stand_at_the_right_edge():
    axes = plots.seed_dots({"a": [3.0, 5.0], "b": [2.0]}, {"PCA": 4}).axes[0]
    assert [text.get_position() for text in axes.texts] == [(1, 0), (1, 1)]
    assert all(text.get_transform() == axes.get_yaxis_transform() for text in axes.texts)
    assert [text.get_va() for text in axes.texts] == ["center", "center"]
    blue = plots.COLOURS["autoencoder"]
    assert {line.get_color() for line in axes.lines[:2]} == {blue}
    assert {to_hex(bar.get_facecolor()).upper() for bar in axes.patches} == {blue}
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], 0.6)
    assert axes.lines[2].get_zorder() < axes.patches[0].get_zorder()
    assert (axes.lines[2].get_marker(), axes.lines[2].get_markevery()) == ("s", [1])
    assert [text.get_text() for text in axes.get_legend().texts] == ["PCA"]
    axes.figure.canvas.draw()
    assert axes.get_legend().get_window_extent().y0 >= axes.get_window_extent().y1
    assert plots.seed_dots({"a": [3.0]}).axes[0].get_legend() is None


def test_the_columns_of_a_table_are_named_above_it():
    axes = plots.error_table(np.ones((1, 2)), ["a"], ["x", "y"], names=FROM_TO).axes[0]
    axes.figure.canvas.draw()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y"]
    assert (list(axes.get_xticks()), list(axes.get_yticks())) == ([0, 1], [0])
    assert axes.xaxis.get_ticks_position() == axes.xaxis.get_label_position() == "top"
    for text in axes.texts:
        assert (text.get_ha(), text.get_va()) == ("center", "center")
    for frame in axes.patches:
        assert not frame.get_fill()
        assert 0.8 < frame.get_height() < frame.get_width() < 1
    assert not any(spine.get_visible() for spine in axes.spines.values())


def test_filters_are_framed_in_white():
    picture = plots.filters({"a": np.zeros((2, 2, 3, 3))}).axes[0].images[0].get_array()
    lines = [0, 4, 5, 9]
    assert (picture[lines] == 1).all()
    assert (picture[:, lines] == 1).all()
    inside = np.delete(np.delete(picture, lines, axis=0), lines, axis=1)
    assert (inside == 0.5).all()


def test_arrows_and_points_have_the_colours_of_network_and_truth():
    axes = plots.arrows(CODES[:, :2], CODES[:, 2:4], {"a": CODES[:, :2]}).axes[0]
    assert (axes.lines[0].get_color(), axes.lines[0].get_marker()) == (plots.COLOURS["truth"], ".")
    quiver = axes.collections[0]
    assert to_hex(quiver.get_facecolor()[0]).upper() == plots.COLOURS["autoencoder"]
    assert axes.get_aspect() == 1
    assert (list(axes.get_xticks()), list(axes.get_yticks())) == ([], [])
    assert not any(spine.get_visible() for spine in axes.spines.values())


def test_the_grid_has_the_shape_of_its_images():
    figure = plots.image_grid(np.ones((2, 4, 3, 3, 1)), xlabel="a", ylabel="b")
    assert figure.get_figheight() == pytest.approx(plots.WIDTH / 2)


@pytest.mark.slow
@pytest.mark.parametrize("draw", LEGAL, ids=lambda draw: draw.__name__)
def test_each_function_draws_one_figure_without_a_warning(draw):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw(**LEGAL[draw])
        figure.canvas.draw()
    assert plt.get_fignums() == [figure.number]


def test_no_function_that_draws_is_left_out():
    public = {
        function
        for name, function in vars(plots).items()
        if inspect.isfunction(function)
        and function.__module__ == plots.__name__
        and not name.startswith("_")
    }
    assert public == LEGAL.keys() | {plots.use_book_style}


def test_importing_plots_does_not_import_tensorflow():
    script = "import sys, helpers.plots; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


COLOURED = RANDOM.random((3, 33, 47, 3)).astype("float32")
GREY = RANDOM.random((3, 33, 47, 1)).astype("float32")


def test_colour_is_drawn_as_it_is_beside_grey_and_codes():
    rows = {"colour": COLOURED, "grey": GREY, "code": CODES, "high": COLOURED.swapaxes(1, 2)}
    grid = np.reshape(plots.image_rows(rows, {"grey": [1, 2, 3]}).axes, (4, 3))
    for column in range(3):
        shown = [axes.images[0].get_array() for axes in grid[[0, 1, 3], column]]
        np.testing.assert_array_equal(shown[0], COLOURED[column])
        np.testing.assert_array_equal(shown[1], GREY[column, ..., 0])
        np.testing.assert_array_equal(shown[2], COLOURED[column].swapaxes(0, 1))
        assert [bar.get_height() for bar in grid[2, column].patches] == list(CODES[column])
    pictures = plots.pictures({"colour": COLOURED[0], "grey": GREY[0]}).axes
    np.testing.assert_array_equal(pictures[0].images[0].get_array(), COLOURED[0])
    np.testing.assert_array_equal(pictures[1].images[0].get_array(), GREY[0, ..., 0])
    journey = plots.code_journey(COLOURED[0], CODES[0], COLOURED[1]).axes
    np.testing.assert_array_equal(journey[0].images[0].get_array(), COLOURED[0])
    np.testing.assert_array_equal(journey[4].images[0].get_array(), COLOURED[1])
    assert journey[0].get_xlabel() == journey[4].get_xlabel() == "4,653 numbers"


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_colour_beyond_black_and_white_is_cut_off(kind, caplog):
    picture = np.array([[[-0.5, 0.25, 1.5]]], kind)
    figure = plots.pictures({"a": picture})
    figure.canvas.draw()
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), [[[0, 0.25, 1]]])
    assert caplog.text == ""  # Matplotlib would log that it cuts off


def test_a_grid_of_colour_begins_at_the_lower_left():
    images = RANDOM.random((2, 3, 5, 7, 3))
    figure = plots.image_grid(images, xlabel="a", ylabel="b")
    picture = figure.axes[0].images[0].get_array()
    assert picture.shape == (10, 21, 3)
    for row, column in np.ndindex(2, 3):
        place = picture[5 * (1 - row) :, 7 * column :][:5, :7]
        np.testing.assert_array_equal(place, images[row, column])
    assert figure.get_figheight() == pytest.approx(plots.WIDTH * 10 / 21)


def test_filters_of_colour_images_share_one_scale_over_their_channels():
    weights = RANDOM.normal(size=(1, 2, 3, 4, 3))
    picture = plots.filters({"a": weights}).axes[0].images[0].get_array()
    assert picture.shape == (5, 12, 3)
    for column in range(2):
        shown = picture[1:4, 6 * column + 1 : 6 * column + 5]
        wanted = 0.5 + weights[0, column] / np.abs(weights[0, column]).max() / 2
        np.testing.assert_allclose(shown, wanted)
    assert (picture[[0, 4]] == 1).all()
    grey = plots.filters({"a": weights[..., :1]}).axes[0].images[0].get_array()
    assert grey.shape == (5, 12)


def drawn_sizes(figure):
    """Width and height in inches of each image of a figure, as it is drawn."""
    figure.canvas.draw()
    places = [axes.get_window_extent() for axes in figure.axes if axes.images]
    return np.array([place.size for place in places]) / figure.dpi


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(33, 47), (47, 33), (6, 60), (60, 6)])
def test_an_image_that_is_not_square_is_not_stretched_and_fills_its_place(shape):
    images = np.full((7, *shape, 3), 0.5)
    rows = plots.image_rows({"a": images, "b": images}, {"b": np.arange(7)})
    journey = plots.code_journey(images[0], CODES[0], images[1])
    for figure in (rows, journey):
        sizes = drawn_sizes(figure)
        np.testing.assert_allclose(sizes[:, 1] / sizes[:, 0], shape[0] / shape[1], rtol=0.02)
    # Of a row's width and height, its images take most of one.
    for width, height in drawn_sizes(rows):
        share = 7 * width / plots.WIDTH, 2 * height / rows.get_figheight()
        assert max(share) > 0.6
    middle = journey.axes[2].get_window_extent()
    if 0.5 < shape[0] / shape[1] < 2:
        assert middle.height / journey.dpi == pytest.approx(drawn_sizes(journey)[0, 1], rel=0.1)


NAMED = {
    "image_rows": lambda a, b: plots.image_rows({a: IMAGES, b: IMAGES}, columns=[a, b, a]),
    "image_rows of seven": lambda a, b: plots.image_rows(
        {a: np.ones((7, 4, 4, 1))}, {a: [1] * 7}, columns=[a, b, a, b, a, b, a]
    ),
    "learning_curves": lambda a, b: plots.learning_curves(
        {f"{a}, training": [2, 1], f"{a}, validation": [3, 2]}, {b: 1}, unit=a
    ),
    "error_table": lambda a, b: plots.error_table(
        np.ones((2, 3)), [a, b], [a, b, "c"], names=(a, b)
    ),
    "psnr_table": lambda a, b: plots.psnr_table(
        np.ones((1, 6)), [a], [f"{number}{b}" for number in range(6)], names=(a, b)
    ),
    "pictures": lambda a, b: plots.pictures({a: IMAGES[0], b: IMAGES[1], "c": IMAGES[2]}),
    "error_spread": lambda a, b: plots.error_spread([1, 2], unit=f"{a}{b}"),
    "rate_curves": lambda a, b: plots.rate_curves(two_points(a, b), {f"{a}'s": 2}),
    "time_curves": lambda a, b: plots.time_curves(two_points(a, b)),
    "gain_curves": lambda a, b: plots.gain_curves(two_points(a, b)),
    "frontier": lambda a, b: plots.frontier(two_points(a, b), {a: (1, 3), b: (2, 4)}),
    "rate_distortion": lambda a, b: plots.rate_distortion(two_points(a, b), {a: (1, 3), b: (2, 4)}),
    "activation_spread": lambda a, b: plots.activation_spread({a: CODES, b: CODES}),
    "spread_curves": lambda a, b: plots.spread_curves(
        [1, 2, 3, 4, 5], {a: CODES, b: CODES}, xlabel=a, ylabel=b
    ),
    "seed_dots": lambda a, b: plots.seed_dots({a: [1.0], b: [2.0]}, {a: 1, b: 2, f"{a}'s": 3}),
    "image_grid": lambda a, b: plots.image_grid(np.ones((1, 6, 4, 4, 1)), xlabel=a, ylabel=b),
    "filters": lambda a, b: plots.filters(dict.fromkeys((a, b, "c"), np.ones((2, 2, 3, 3)))),
    "arrows": lambda a, b: plots.arrows(
        CODES[:, :2], CODES[:, 1:3], {a: CODES[:, :2], b: CODES[:, 3:]}
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("draw", NAMED.values(), ids=NAMED)
def test_names_of_forty_characters_have_room(draw):
    assert len(LONG) == len(UNBROKEN) == 40
    plt.rcParams["figure.dpi"] = 72  # sizes in inches stay, and it is quicker
    short, long = draw("one", "two"), draw(LONG, UNBROKEN)
    sizes = []
    for figure in (short, long):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a layout that collapsed would warn
            figure.canvas.draw()
        sizes.append([axes.get_window_extent().size / figure.dpi for axes in figure.axes])
    sizes = np.array(sizes)
    assert (sizes[1] > 0.45 * sizes[0]).all()
    left, bottom, right, top = figure.get_tightbbox().extents
    assert -0.25 <= left < right <= figure.get_figwidth() + 0.25
    assert -0.25 <= bottom < top <= figure.get_figheight() + 0.25


def test_long_names_are_broken_between_words_and_short_ones_stay_as_they_are():
    names = plots.error_table(
        np.ones((1, 2)), [LONG], ["two\nlines", f"{LONG}\nbelow"], names=FROM_TO
    ).axes[0]
    (row,) = names.get_yticklabels()
    assert row.get_text() == "a name of forty\ncharacters, word\nby word"
    first, second = names.get_xticklabels()
    assert first.get_text() == "two\nlines"
    assert second.get_text() == "a name of forty\ncharacters, word by\nword\nbelow"


@pytest.mark.parametrize("name", ["pictures", "filters", "arrows", "image_rows"])
def test_names_above_columns_do_not_run_into_each_other(name):
    figure = NAMED[name](LONG, UNBROKEN)
    figure.canvas.draw()
    titles = [axes.title.get_window_extent() for axes in figure.axes if axes.get_title()]
    for left, right in pairwise(titles):
        assert left.x1 < right.x0 or left.y0 > right.y1


def test_images_are_grey_and_upright_whatever_matplotlib_is_told():
    picture = np.array([[1.0, 0.0], [0.0, 0.0]])  # white at the upper left
    with plt.rc_context({"image.cmap": "viridis", "image.origin": "lower"}):
        image = plots.pictures({"a": picture}).axes[0].images[0]
    assert image.origin == "upper"
    np.testing.assert_allclose(image.cmap(image.norm(picture))[0, :, :3], [[1, 1, 1], [0, 0, 0]])
