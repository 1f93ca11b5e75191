"""The book's figures. They take arrays and names, never models.

What holds for each of them:

- All arguments are checked before anything is drawn: a call that raises leaves no figure behind.
- Images have one channel and are grey, or three and are red, green and blue. They may have any
  height and width, and their pixels are drawn square.
- Pixels run from 0 (black) to 1 in every image, so that images can be compared. Values outside,
  which noise or a network produces, are drawn as the nearer of the two. Images whose mean is below
  -0.5 or above 1.5 are on another scale, and refused.
- Arrays that are not images may hold integers.
- A line has the colour that `COLOURS` holds for its name. A name that is not there gets the first
  free colour of `OTHER_COLOURS`, in the order of the names; so does one whose colour another name
  of the same figure has taken. Two names never share a colour.
- A line has the marker of its colour too, and its name at its right end: no colour has to be seen.
- Numbers are written with one decimal place, or with two digits if they are below 0.1 or if all
  numbers of the figure are below 1.
- A name that is too long for its place is broken into lines, and the figure grows where it must.
"""

import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextPath
from matplotlib.ticker import Locator, LogLocator, MaxNLocator
from numpy.typing import ArrayLike

from helpers.checks import as_array, check_choice, check_count, check_same_shape
from helpers.plot_arguments import (
    check_activations,
    check_by_name,
    check_filters,
    check_grid,
    check_image,
    check_images_or_codes,
    check_layer_shapes,
    check_line,
    check_names,
    check_not_negative_line,
    check_not_negative_number,
    check_number,
    check_numbers,
    check_point,
    check_points,
    check_positive,
    check_positive_number,
    check_some_by_name,
    check_table,
)

STYLE = Path(__file__).parent / "book.mplstyle"
# The same colour for the same thing in every chapter, from the palette of Okabe and Ito.
COLOURS = {
    "autoencoder": "#0072B2",
    "PCA": "#D55E00",
    "code": "#009E73",
    "pixels": "#000000",
    "JPEG": "#CC79A7",
    "WebP": "#E69F00",
    "PNG": "#56B4E9",
    "fresh noise": "#0072B2",
    "noise drawn once": "#D55E00",
    "truth": "#000000",
    "L1": "#0072B2",
    "KL": "#CC79A7",
    "top-k": "#D55E00",
    "plain": "#999999",
    "sparse": "#0072B2",
    "perfect copy": "#000000",
}
# For names that are not in COLOURS: first colours that no name there has, then those of the book.
OTHER_COLOURS = (
    "#882255",
    "#7B68EE",
    "#117733",
    "#332288",
    "#661100",
    *dict.fromkeys(COLOURS.values()),
)
# To each colour its marker, so that a line can be told without its colour.
MARKERS = dict(zip(OTHER_COLOURS, ">p*hdos^DvPX<", strict=True))
WIDTH = 5.2  # inches; see book.mplstyle
LINE = 0.19  # inches from one line of text to the next
MOST_TICKS = 10  # of one axis, where each point could have its own


def use_book_style() -> None:
    """Draw every figure from now on in the style of the book."""
    plt.style.use(STYLE)


def code_journey(image: ArrayLike, code: ArrayLike, reconstruction: ArrayLike) -> Figure:
    """One image, its code as bars, and its reconstruction, from left to right.

    Args:
        image: `(height, width, 1)`, `(height, width, 3)` or `(height, width)`, pixels in [0, 1].
        code: `(code_size,)`.
        reconstruction: of the same shape as the image.

    Returns:
        The figure.

    Raises:
        ValueError: an array has another shape, does not hold numbers or is not finite, or an image
            is not floating point.
    """
    image = check_image(image, "image")
    reconstruction = check_image(reconstruction, "reconstruction")
    check_same_shape(image, reconstruction, ("image", "reconstruction"))
    code = check_line(code, "code")
    proportion = _proportion(image)
    figure, (left, down, middle, up, right) = plt.subplots(
        1, 5, figsize=(WIDTH, 0.65 + 1.15 * proportion), width_ratios=[1, 0.55, 1.4, 0.55, 1]
    )
    for axes, picture, name in ((left, image, "image"), (right, reconstruction, "reconstruction")):
        _draw_image(axes, picture)
        axes.set_title(name)
        axes.set_xlabel(f"{picture.size:,} numbers")
    highest = np.abs(code).max() or 1
    _draw_bars(middle, code, highest, aspect=proportion / 1.4)  # as high as the images
    middle.set_title("code")
    middle.set_xlabel(f"{len(code):,} numbers")
    for axes, name in ((down, "encoder"), (up, "decoder")):
        axes.set_axis_off()
        axes.text(0.5, 0.56, name, ha="center", fontsize=9, transform=axes.transAxes)
        axes.annotate(
            "",
            (1, 0.5),
            (0, 0.5),
            "axes fraction",
            arrowprops={"arrowstyle": "->", "linewidth": 1.5},
        )
    return figure


def architecture(
    encoder_shapes: Sequence[tuple[int, ...]], decoder_shapes: Sequence[tuple[int, ...]]
) -> Figure:
    """An autoencoder from left to right: a bar for each layer, its height the layer's size.

    Args:
        encoder_shapes: the input's shape without the batch axis, then one for each layer; the last
            is the code's. `helpers.models.layer_shapes` returns them.
        decoder_shapes: the code's shape, then one for each layer.

    Returns:
        The figure.

    Raises:
        ValueError: a half has no layer, a shape is not a tuple of whole numbers of at least 1, or
            the decoder does not begin with the encoder's code.
    """
    encoder_shapes = check_layer_shapes(encoder_shapes, "encoder_shapes")
    decoder_shapes = check_layer_shapes(decoder_shapes, "decoder_shapes")
    code = len(encoder_shapes) - 1
    if encoder_shapes[code] != decoder_shapes[0]:
        raise ValueError(
            f"decoder_shapes must begin with the code's shape, {encoder_shapes[code]}; "
            f"got {decoder_shapes[0]}"
        )
    shapes = [*encoder_shapes, *decoder_shapes[1:]]
    sizes = [math.prod(shape) for shape in shapes]
    heights = np.array(sizes) / max(sizes)
    last, half = len(shapes) - 1, 0.08  # half a bar's thickness
    figure, axes = plt.subplots(figsize=(WIDTH, 2.7))
    for left, (before, after) in enumerate(pairwise(heights)):
        corners = [(left + half, before / 2), (left + 1 - half, after / 2)]
        below = [(x, -y) for x, y in reversed(corners)]
        axes.add_patch(Polygon(corners + below, color=COLOURS["autoencoder"], alpha=0.18, lw=0))
    for position, (shape, size, height) in enumerate(zip(shapes, sizes, heights, strict=True)):
        at_an_end = position in (0, last)
        name = "code" if position == code else "pixels" if at_an_end else "autoencoder"
        bar = Rectangle((position - half, -height / 2), 2 * half, height, color=COLOURS[name], lw=1)
        axes.add_patch(bar)
        written = f"{size:,}"
        if len(shape) > 1:
            written += "\n" + "×".join(map(str, shape))
        axes.text(position, -0.55, written, ha="center", va="top", fontsize=9)
    for across, name, colour in (
        (0, "input", COLOURS["pixels"]),
        (code / 2, "encoder", COLOURS["autoencoder"]),
        (code, "code", COLOURS["code"]),
        ((code + last) / 2, "decoder", COLOURS["autoencoder"]),
        (last, "output", COLOURS["pixels"]),
    ):
        axes.text(across, 0.55, name, ha="center", va="bottom", color=colour)
    axes.set(xlim=(-0.5, last + 0.5), ylim=(-0.8, 0.7))
    axes.set_axis_off()
    return figure


def image_rows(
    rows: Mapping[str, ArrayLike],
    errors: Mapping[str, ArrayLike] | None = None,
    *,
    columns: Sequence[str] = (),
) -> Figure:
    """Rows of images, one below the other, each named at its left; codes are drawn as bars.

    Args:
        rows: by name, images `(n, height, width, 1)` or `(n, height, width, 3)` with pixels in
            [0, 1], or codes `(n, code_size)`. Every row has the same n; images of different shapes
            may stand in different rows.
        errors: by the name of a row, n numbers to write under its images.
        columns: names to write above the columns: n of them, or fewer if they divide n, each above
            the middle of its share of the columns. None by default.

    Returns:
        The figure.

    Raises:
        ValueError: there is no row, the rows differ in length, an array has another shape or is not
            finite, images are not floating point, errors are given for an unknown row or in another
            number, or the number of names does not divide the number of columns.
    """
    rows = check_some_by_name(rows, "rows", check_images_or_codes)
    errors = check_by_name(errors, "errors", check_line)
    lengths = {name: len(row) for name, row in rows.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"rows must all have the same number of images; got {lengths}")
    length = next(iter(lengths.values()))
    for name, numbers in errors.items():
        check_choice(name, rows, "each name in errors")
        if len(numbers) != length:
            raise ValueError(
                f"errors[{name!r}] must have {length} numbers, as the row has images; "
                f"got {len(numbers)}"
            )
    columns = check_names(columns, "columns")
    if columns and length % len(columns):
        raise ValueError(
            f"columns must be names whose number divides the {length} images of a row; "
            f"got {len(columns)}"
        )
    columns = _wrap_all(columns, (WIDTH - 1.5) / (len(columns) or 1))
    write = _writer(list(errors.values()))
    # Text takes 0.2 inches of a row's height whatever the proportion of its images.
    heights = [0.2 + 0.6 * _proportion(row[0]) for row in rows.values()]
    figure, grid = plt.subplots(
        len(rows),
        length,
        figsize=(WIDTH, sum(heights) + _height_of_more_lines(columns)),
        height_ratios=heights,
        squeeze=False,
    )
    for axes_row, (name, row) in zip(grid, rows.items(), strict=True):
        highest = np.abs(row).max() or 1
        for column, (axes, item) in enumerate(zip(axes_row, row, strict=True)):
            if item.ndim == 1:
                _draw_bars(axes, item, highest)
            else:
                _draw_image(axes, item)
            if name in errors:
                axes.set_xlabel(write(errors[name][column]), labelpad=2)
        axes_row[0].set_ylabel(_wrap(name, 1.3), rotation=0, ha="right", va="center")
    for name, group in zip(columns, np.split(grid[0], len(columns) or 1), strict=False):
        middle = len(group) // 2
        # Between the two in the middle where the number of columns is even.
        at = 0.5 if len(group) % 2 else -0.08
        group[middle].set_title(name, x=at)
    return figure


def learning_curves(
    curves: Mapping[str, ArrayLike],
    levels: Mapping[str, float] | None = None,
    *,
    unit: str = "squared error per image",
) -> Figure:
    """Error over epochs: training solid, validation dashed, rivals that do not train as levels.

    The vertical axis begins at 0 unless a number is negative. Markers are hollow on dashed curves,
    and stand at some of the epochs only.

    Args:
        curves: by name, one number per epoch. The part of a name after its last comma says which
            images the curve is of. "PCA, training" and "PCA, validation" share the colour of "PCA";
            "training" and "validation" alone have that of the autoencoder. A curve is dashed if
            that part, or a name without a comma, contains "validation".
        levels: by name, a number to draw as a horizontal line.
        unit: what the numbers are, written at the axis.

    Returns:
        The figure; a curve of one epoch is a marker.

    Raises:
        ValueError: there is no curve, a curve is empty, a number is not finite, or there are more
            names than colours.
    """
    curves = check_some_by_name(curves, "curves", check_line)
    levels = check_by_name(levels, "levels", check_number)
    parts = {name: _parts_of_curve(name) for name in curves}
    colours = _colours([*(who for who, _ in parts.values()), *levels], "curves and levels")
    lowest = min(*(numbers.min() for numbers in curves.values()), *levels.values(), 0)
    figure, axes = plt.subplots()
    for name, numbers in curves.items():
        who, is_validation = parts[name]
        _draw_line(axes, np.arange(1, len(numbers) + 1), numbers, name, colours[who], is_validation)
    for name, level in levels.items():
        axes.axhline(level, color=colours[name], linewidth=1.5, label=name)
    axes.set(xlabel="epoch", ylabel=_wrap_beside(unit, figure))
    if lowest == 0:
        axes.set_ylim(bottom=0)
    axes.locator_params("x", integer=True, min_n_ticks=1)
    _label_ends(figure, axes)
    return figure


def error_table(
    errors: ArrayLike, rows: Sequence[str], columns: Sequence[str], *, names: tuple[str, str]
) -> Figure:
    """A table of errors as a picture; in each column, the smallest is framed.

    So is any other that is written alike. The shade says how many times as large as the smallest of
    its column a number is: some columns are harder than others.

    Args:
        errors: `(number of rows, number of columns)`, positive.
        rows: what each row is called.
        columns: what each column is called.
        names: what the rows are, and what the columns are.

    Returns:
        The figure.

    Raises:
        ValueError: the errors are not positive and finite, their shape is not that of the names,
            two rows or two columns have the same name, or a name is not a string.
    """
    errors, *texts = check_table(errors, "errors", rows, columns, names)
    smallest = check_positive(errors, "errors").min(axis=0)
    return _draw_table(errors, np.log(errors / smallest), *texts)


def psnr_table(
    psnrs: ArrayLike, rows: Sequence[str], columns: Sequence[str], *, names: tuple[str, str]
) -> Figure:
    """A table of PSNR in dB as a picture; in each column, the largest is framed.

    So is any other that is written alike. The shade says how far a number is below the largest of
    its column.

    Args:
        psnrs: `(number of rows, number of columns)`, in dB.
        rows: what each row is called.
        columns: what each column is called.
        names: what the rows are, and what the columns are.

    Returns:
        The figure.

    Raises:
        ValueError: the numbers are not finite, their shape is not that of the names, two rows or
            two columns have the same name, or a name is not a string.
    """
    psnrs, *texts = check_table(psnrs, "psnrs", rows, columns, names)
    return _draw_table(psnrs, psnrs.max(axis=0) - psnrs, *texts)


def pictures(named: Mapping[str, ArrayLike]) -> Figure:
    """Large pictures on one scale, two a row, each with its name above.

    Args:
        named: by name, `(height, width)`, `(height, width, 1)` or `(height, width, 3)`, pixels in
            [0, 1].

    Returns:
        The figure.

    Raises:
        ValueError: there is no picture, or one has another shape, is not finite or not floating
            point.
    """
    named = check_some_by_name(named, "named", check_image)
    heights, widths = np.transpose([picture.shape[:2] for picture in named.values()])
    columns = min(len(named), 2)
    across = [widths[column::columns].max() for column in range(columns)]
    down = [heights[first : first + columns].max() for first in range(0, len(named), columns)]
    scale = WIDTH / sum(across)  # inches per pixel
    names = [_wrap(name, scale * across[n % columns] - 0.1) for n, name in enumerate(named)]
    title = 0.35 + _height_of_more_lines(names)
    figure, grid = plt.subplots(
        len(down),
        columns,
        figsize=(WIDTH, scale * sum(down) + title * len(down)),
        width_ratios=across,
        height_ratios=down,
        squeeze=False,
    )
    for (row, column), axes in np.ndenumerate(grid):
        place = row * columns + column
        if place == len(named):
            axes.remove()
            break
        _draw_image(axes, list(named.values())[place])
        axes.set_title(names[place])
        # Room around a picture that is smaller than its place, which would enlarge it.
        aside, above = across[column] - widths[place], down[row] - heights[place]
        axes.set_xlim(-(aside + 1) / 2, widths[place] + (aside - 1) / 2)
        axes.set_ylim(heights[place] + (above - 1) / 2, -(above + 1) / 2)
    return figure


def error_spread(errors: ArrayLike, *, unit: str = "squared error of an image") -> Figure:
    """How errors are distributed over images: a histogram with best, median and worst marked.

    Their numbers stand above the axes. The horizontal axis begins at 0 unless an error is negative.

    Args:
        errors: `(n,)`; the smallest is the best.
        unit: what the numbers are, written at the axis.

    Returns:
        The figure.

    Raises:
        ValueError: the errors have another shape, or are not finite.
    """
    errors = check_line(errors, "errors").astype(float)
    low, high = errors.min(), errors.max()
    largest = max(abs(low), abs(high))
    if high - low <= 1e-3 * largest:  # the bins would be too narrow to be seen
        low, high = low - (largest or 1) / 2, high + (largest or 1) / 2
    counts, edges = np.histogram(errors, 60, (low, high))
    marks = {"best": errors.min(), "median": np.median(errors), "worst": errors.max()}
    write = _writer(list(marks.values()))
    figure, axes = plt.subplots(figsize=(WIDTH, 2.6))
    axes.hist(edges[:-1], edges.tolist(), weights=counts, color=COLOURS["autoencoder"])
    if errors.min() >= 0:
        axes.set_xlim(left=0)
    axes.set(xlabel=_wrap_below(unit), ylabel="images")
    texts = [f"{name}\n{write(value)}" for name, value in marks.items()]
    sizes = np.array([0.15 + max(map(_width, text.split("\n"))) for text in texts])
    width, _ = _size(figure, axes)
    ends = [(axes.transData - axes.transAxes).transform((value, 0)) for value in marks.values()]
    wanted = width * np.array(ends)[:, 0]
    moves = _spread(wanted, sizes, -0.3, width) - wanted  # the first may begin beside the axes
    for text, value, move in zip(texts, marks.values(), moves, strict=True):
        axes.axvline(value, color="black", linewidth=1)
        axes.annotate(
            text,
            (value, 1),
            xytext=(72 * move, 6),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            arrowprops={"arrowstyle": "-", "shrinkA": 0, "shrinkB": 0},
        )
    return figure


def rate_curves(
    curves: Mapping[str, ArrayLike],
    lossless: Mapping[str, float] | None = None,
) -> Figure:
    """Squared error against bytes per image on logarithmic axes: lower and further left is better.

    Args:
        curves: by name, the bytes per image and the squared errors per image of its points.
        lossless: by name, the bytes per image of a code without error; marked at the lower edge.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, a number is not positive and finite, or there are more names
            than colours.
    """
    curves = check_some_by_name(curves, "curves", check_points)
    lossless = check_by_name(lossless, "lossless", check_positive_number)
    colours = _colours([*curves, *lossless], "curves and lossless")
    figure, axes = _draw_on_logarithmic_axes(curves, colours)
    for name, size in lossless.items():
        axes.plot(
            size,
            0,
            "^",
            color=colours[name],
            markersize=9,
            label=f"{name}, no error",
            clip_on=False,
            transform=axes.get_xaxis_transform(),
        )
    _name_logarithmic_axes(figure, axes, "bytes per image")
    return figure


def time_curves(curves: Mapping[str, ArrayLike]) -> Figure:
    """Squared error against seconds of training, on logarithmic axes: lower and left is better.

    Args:
        curves: by name, the seconds and the squared errors per image of its points.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, a number is not positive and finite, or there are more names
            than colours.
    """
    curves = check_some_by_name(curves, "curves", check_points)
    figure, axes = _draw_on_logarithmic_axes(curves, _colours(curves, "curves"))
    _name_logarithmic_axes(figure, axes, "seconds of training")
    return figure


def gain_curves(curves: Mapping[str, ArrayLike]) -> Figure:
    """Squared error against the noise gain, on logarithmic axes: lower and left is better.

    Args:
        curves: by name, the noise gains in percent and the squared errors per image of its points.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, a number is not positive and finite, or there are more names
            than colours.
    """
    curves = check_some_by_name(curves, "curves", check_points)
    figure, axes = _draw_on_logarithmic_axes(curves, _colours(curves, "curves"))
    _name_logarithmic_axes(figure, axes, "noise gain, percent")
    return figure


def frontier(
    curves: Mapping[str, ArrayLike],
    marks: Mapping[str, ArrayLike] | None = None,
) -> Figure:
    """Squared error against active units on logarithmic axes: lower and further left is better.

    Args:
        curves: by name, the active units and the squared errors per image of its points.
        marks: points to name in the figure, by the text to write beside them.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, a number is not positive and finite, or there are more names
            than colours.
    """
    curves = check_some_by_name(curves, "curves", check_points)
    marks = check_by_name(marks, "marks", check_point)
    figure, axes = _draw_on_logarithmic_axes(curves, _colours(curves, "curves"))
    _mark(axes, marks)
    _name_logarithmic_axes(figure, axes, "active units per image")
    return figure


def rate_distortion(
    curves: Mapping[str, ArrayLike],
    marks: Mapping[str, ArrayLike] | None = None,
) -> Figure:
    """What pixels cost once the code is known, against what the code costs, on logarithmic axes.

    Lower and further left is better: what both come to is the length of a message.

    Args:
        curves: by name, the rates and the distortions of its points, in nats per image.
        marks: points to name in the figure, by the text to write beside them.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, a number is not positive and finite, or there are more names
            than colours.
    """
    curves = check_some_by_name(curves, "curves", check_points)
    marks = check_by_name(marks, "marks", check_point)
    figure, axes = _draw_on_logarithmic_axes(curves, _colours(curves, "curves"))
    _mark(axes, marks)
    _name_logarithmic_axes(figure, axes, "rate: nats for the code", "distortion: nats for pixels")
    return figure


def activation_spread(codes: Mapping[str, ArrayLike], *, bins: int = 60) -> Figure:
    """How activations are distributed: the number of units per image in each bin.

    Args:
        codes: by name, `(n, code_size)`, not negative.
        bins: the number of bins, between 0 and the largest activation of all codes.

    Returns:
        The figure; zeros are not drawn, since the logarithmic axis would hide how many there are.
        Their share stands at the curve's end.

    Raises:
        ValueError: there is no code, there are more names than colours, a code has another shape,
            is negative, not finite or 0 throughout, or bins is not a whole number of at least 1.
    """
    codes, bins = check_some_by_name(codes, "codes", check_activations), check_count(bins, "bins")
    colours = _colours(codes, "codes")
    highest = max(float(code.max()) for code in codes.values())
    edges = np.linspace(0, highest, bins + 1)
    figure, axes = plt.subplots()
    for name, code in codes.items():
        counts, _ = np.histogram(code[code > 0], edges)
        axes.stairs(counts / len(code), edges, color=colours[name], linewidth=2)
        middles, label = (edges[:-1] + edges[1:]) / 2, f"{name}:\n{np.mean(code == 0):.1%} are 0"
        found = counts > 0
        _draw_line(axes, middles[found], counts[found] / len(code), label, colours[name])
        axes.lines[-1].set_linestyle("")
    axes.set(yscale="log", xlabel="activation", ylabel="units per image")
    axes.set_xlim(left=0)
    _label_ends(figure, axes)
    return figure


def spread_curves(
    positions: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    ylabel: str,
    yscale: str = "linear",
) -> Figure:
    """The mean over draws as a line, and one standard deviation to either side as a band.

    Args:
        positions: `(points,)`, where the points lie on a logarithmic axis: positive, rising. Up to
            ten are written below the axis, one by one.
        curves: by name, `(draws, points)`.
        xlabel: what the positions are.
        ylabel: what the numbers are.
        yscale: "linear", or "log" for positive numbers over several powers of ten.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve; one has another number of points, is not finite, or is not
            positive although yscale is "log"; the positions are not positive and rising; there are
            more names than colours; or yscale is neither "linear" nor "log".
    """
    check_choice(yscale, ("linear", "log"), "yscale")
    positions = check_positive(check_line(positions, "positions"), "positions")
    if (np.diff(positions) <= 0).any():
        raise ValueError(f"positions must rise from one to the next; got {positions.tolist()}")
    curves = check_some_by_name(curves, "curves", check_numbers)
    for name, draws in curves.items():
        if draws.shape[1:] != positions.shape:
            raise ValueError(
                f"curves[{name!r}] must have shape (draws, {len(positions)}); "
                f"got shape {draws.shape}"
            )
        if yscale == "log":
            check_positive(draws, f"curves[{name!r}]")
    colours = _colours(curves, "curves")
    figure, axes = plt.subplots()
    for name, draws in curves.items():
        mean, deviation = draws.mean(axis=0), draws.std(axis=0)
        _draw_line(axes, positions, mean, name, colours[name])
        axes.fill_between(
            positions, mean - deviation, mean + deviation, color=colours[name], alpha=0.2
        )
    axes.set(xscale="log", yscale=yscale, xlabel=_wrap_below(xlabel))
    axes.set_ylabel(_wrap_beside(ylabel, figure))
    if yscale == "log":
        _write_powers(axes.yaxis)
    if len(positions) <= MOST_TICKS:
        axes.set_xticks(positions, [f"{position:,g}" for position in positions])
    else:
        _write_powers(axes.xaxis)
    axes.minorticks_off()
    _label_ends(figure, axes)
    return figure


def seed_dots(errors: Mapping[str, ArrayLike], levels: Mapping[str, float] | None = None) -> Figure:
    """Designs one below the other: a dot for each seed, and their mean as a bar and a number.

    Args:
        errors: by design, the squared error per image under each seed.
        levels: by name, an error to draw as a vertical line: a rival without a seed.

    Returns:
        The figure.

    Raises:
        ValueError: there is no design, a number is negative or not finite, or there are more levels
            than colours.
    """
    errors = check_some_by_name(errors, "errors", check_not_negative_line)
    levels = check_by_name(levels, "levels", check_not_negative_number)
    colours = _colours(["autoencoder", *levels], "levels")
    write = _writer([numbers.mean() for numbers in errors.values()])
    designs, rivals = _wrap_all(errors, 1.6), _wrap_all(levels, 2.6)
    # The legend has room for one level in one line; the figure grows for the others.
    height = (0.34 + _height_of_more_lines(designs)) * len(errors) + 0.9
    height += 0.25 * max(len(levels) - 1, 0) + LINE * "".join(rivals).count("\n")
    figure, axes = plt.subplots(figsize=(WIDTH, height))
    for row, numbers in enumerate(errors.values()):
        mean, colour = numbers.mean(), colours["autoencoder"]
        axes.barh(row, mean, height=0.6, color=colour, alpha=0.25)
        axes.plot(numbers, np.full(len(numbers), row), "o", color=colour, markersize=4)
        axes.text(1, row, f" {write(mean)}", va="center", transform=axes.get_yaxis_transform())
    for (name, level), label in zip(levels.items(), rivals, strict=True):
        line = axes.axvline(level, color=colours[name], linewidth=1.5, zorder=0, label=label)
        line.set(marker=MARKERS[colours[name]], markevery=[1], clip_on=False)
    axes.set(yticks=range(len(errors)), yticklabels=designs, xlabel="squared error per image")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    if levels:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def image_grid(images: ArrayLike, *, xlabel: str, ylabel: str) -> Figure:
    """Small images in rows and columns without gaps.

    Args:
        images: `(rows, columns, height, width, 1)` or `(rows, columns, height, width, 3)`, pixels
            in [0, 1]; the first row is drawn at the bottom.
        xlabel: what grows from left to right.
        ylabel: what grows from bottom to top.

    Returns:
        The figure.

    Raises:
        ValueError: the array has another shape, is not finite or not floating point.
    """
    picture = _tile(check_grid(images, "images")[::-1])
    height, width = picture.shape[:2]
    figure, axes = plt.subplots(figsize=(WIDTH, WIDTH * height / width))
    _draw_image(axes, picture)
    axes.set(xlabel=_wrap_below(xlabel), ylabel=_wrap_beside(ylabel, figure))
    return figure


def code_map(codes: ArrayLike, labels: ArrayLike) -> Figure:
    """Codes of two numbers as points in the plane, coloured by label; each label at its median.

    Labels that would overlap are pushed apart.

    Args:
        codes: `(n, 2)`.
        labels: `(n,)`, whole numbers from 0 to 9, as integers or floats.

    Returns:
        The figure.

    Raises:
        ValueError: the codes have another shape or are not finite, their number is not that of the
            labels, or a label is not a whole number from 0 to 9.
    """
    codes = check_numbers(codes, "codes")
    labels = as_array(labels, "labels", "whole numbers from 0 to 9")
    if codes.shape[1:] != (2,) or labels.shape != (len(codes),):
        raise ValueError(
            "codes and labels must have shapes (n, 2) and (n,); "
            f"got shapes {codes.shape} and {labels.shape}"
        )
    fit = np.isin(labels, np.arange(10)) & (labels.dtype != bool)
    if not fit.all():
        raise ValueError(f"labels must be whole numbers from 0 to 9; got {labels[~fit][0]}")
    labels = labels.astype(int)  # a colour map reads a float as a fraction of its range
    figure, axes = plt.subplots(figsize=(WIDTH, 4.2))
    colours = plt.get_cmap("tab10")
    for label in np.unique(labels):
        chosen = codes[labels == label]
        axes.scatter(chosen[:, 0], chosen[:, 1], s=3, color=colours(label), alpha=0.5, linewidths=0)
    axes.set(xlabel="first number of the code", ylabel="second number of the code")
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
    inches, in_axes = np.array(_size(figure, axes)), axes.transData - axes.transAxes
    medians = [np.median(codes[labels == label], axis=0) for label in np.unique(labels)]
    places = _push_apart(in_axes.transform(medians) * inches, np.array([0.2, 0.22]), inches)
    for label, place in zip(np.unique(labels), places / inches, strict=True):
        axes.text(
            place[0],
            place[1],
            str(label),
            fontsize=14,
            weight="bold",
            ha="center",
            va="center",
            color=0.65 * np.array(colours(label)[:3]),  # the points' own is too pale for a text
            path_effects=[withStroke(linewidth=3, foreground="white")],
            transform=axes.transAxes,
        )
    return figure


def filters(named: Mapping[str, ArrayLike]) -> Figure:
    """What units of a first layer respond to: weights as small images, a panel for each model.

    Grey is 0. White is positive and black negative, relative to a filter's own largest weight;
    filters of colour images are coloured.

    Args:
        named: by name, weights `(rows, columns, height, width)`, or with a last axis of 1 or 3
            channels.

    Returns:
        The figure.

    Raises:
        ValueError: there is no panel, or an array has another shape or is not finite.
    """
    named = check_some_by_name(named, "named", check_filters)
    names = _wrap_all(named, WIDTH / len(named) - 0.1)
    rows, columns, high, wide = np.transpose([weights.shape[:4] for weights in named.values()])
    proportion = max(rows * (high + 2) / (columns * (wide + 2)))  # with the filters' frames
    figure, panels = plt.subplots(
        1,
        len(named),
        figsize=(WIDTH, proportion * WIDTH / len(named) + 0.3 + _height_of_more_lines(names)),
        squeeze=False,
    )
    for axes, name, weights in zip(panels[0], names, named.values(), strict=True):
        of_a_filter = tuple(range(2, weights.ndim))
        largest = np.abs(weights).max(axis=of_a_filter, keepdims=True)
        scaled = np.divide(weights, 2 * largest, out=np.zeros_like(weights), where=largest > 0)
        frame = ((0, 0), (0, 0), (1, 1), (1, 1), (0, 0))[: weights.ndim]
        _draw_image(axes, _tile(np.pad(0.5 + scaled, frame, constant_values=1)))
        axes.images[0].set_interpolation("nearest")  # smoothed, the weights' noise fills the file
        axes.set_title(name)
    return figure


def arrows(points: ArrayLike, positions: ArrayLike, fields: Mapping[str, ArrayLike]) -> Figure:
    """Arrows in the plane over the points on which data lies, a panel for each field of arrows.

    Args:
        points: `(n, 2)`, on which clean data lies; drawn in the colour of the truth.
        positions: `(m, 2)`, where the arrows start.
        fields: by name, `(m, 2)`, how far each arrow goes, in units of the plane.

    Returns:
        The figure.

    Raises:
        ValueError: there is no field, or an array has another shape or is not finite.
    """
    points, positions = check_numbers(points, "points"), check_numbers(positions, "positions")
    fields = check_some_by_name(fields, "fields", check_numbers)
    for name, array in {"points": points, "positions": positions}.items():
        if array.shape != (len(array), 2):
            raise ValueError(f"{name} must have shape (n, 2); got shape {array.shape}")
    for name, field in fields.items():
        if field.shape != positions.shape:
            raise ValueError(
                f"fields[{name!r}] must have shape {positions.shape}, an arrow for each position; "
                f"got shape {field.shape}"
            )
    names = _wrap_all(fields, WIDTH / len(fields) - 0.1)
    figure, panels = plt.subplots(
        1,
        len(fields),
        figsize=(WIDTH, WIDTH / len(fields) + 0.3 + _height_of_more_lines(names)),
        squeeze=False,
    )
    for axes, name, field in zip(panels[0], names, fields.values(), strict=True):
        axes.plot(*points.T, ".", color=COLOURS["truth"], markersize=1.5)
        axes.quiver(
            *positions.T,
            *field.T,
            color=COLOURS["autoencoder"],
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.006,
        )
        axes.update_datalim(positions + field)  # so that the tips lie inside too
        axes.set(title=name, xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set_visible(False)
    return figure


def _parts_of_curve(name: str) -> tuple[str, bool]:
    """Whose learning curve a name stands for, and whether it is one of validation images."""
    who, _, images = name.rpartition(",")
    who = who or "autoencoder" if images.strip() in ("training", "validation") else name
    return who, "validation" in images


def _colours(names: Iterable[str], argument: str) -> dict[str, str]:
    """A colour for each name, by the rule at the top of this module."""
    names = list(dict.fromkeys(names))
    if len(names) > len(OTHER_COLOURS):
        raise ValueError(
            f"{argument} must have at most {len(OTHER_COLOURS)} names, one for each colour; "
            f"got {len(names)}"
        )
    chosen: dict[str, str] = {}
    for name in sorted(names, key=lambda name: name not in COLOURS):  # those of the book first
        if not name or name.startswith("_"):
            raise ValueError(
                f"{argument} must have names that are not empty and do not begin with an "
                f"underscore; got {name!r}"
            )
        taken = set(chosen.values())
        wanted = (COLOURS[name], *OTHER_COLOURS) if name in COLOURS else OTHER_COLOURS
        chosen[name] = next(colour for colour in wanted if colour not in taken)
    return chosen


def _writer(numbers: ArrayLike) -> Callable[[float], str]:
    """What turns a figure's numbers into text, by the rule at the top of this module."""
    small = np.max(np.abs(numbers), initial=0) < 1
    return lambda number: f"{number:.2g}" if small or 0 < abs(number) < 0.1 else f"{number:.1f}"


def _proportion(item: np.ndarray) -> float:
    """How high the place of an image is, as a multiple of its width; a code's is square."""
    return float(np.clip(item.shape[0] / item.shape[1], 0.3, 3)) if item.ndim > 1 else 1


def _tile(images: np.ndarray) -> np.ndarray:
    """Images `(rows, columns, height, width, …)` as one picture, the first row at the top."""
    rows, columns, height, width, *channels = images.shape
    return images.swapaxes(1, 2).reshape(rows * height, columns * width, *channels)


def _wrap(text: str, inches: float) -> str:
    """A text in lines that fit into so many inches; its own breaks stay."""
    lines = []
    for line in text.split("\n"):
        width = _width(line)
        if width > inches:
            line = textwrap.fill(line, max(int(len(line) * inches / width), 5))
        lines.append(line)
    return "\n".join(lines)


def _width(line: str) -> float:
    """How wide a line of text is drawn, in inches."""
    if not line.strip():
        return 0
    outline = TextPath((0, 0), line, size=plt.rcParams["font.size"])  # in points
    return float(np.ptp(outline.vertices[:, 0])) / 72


def _wrap_all(texts: Iterable[str], inches: float) -> list[str]:
    return [_wrap(text, inches) for text in texts]


def _wrap_below(text: str) -> str:
    return _wrap(text, WIDTH - 1.5)


def _wrap_beside(text: str, figure: Figure) -> str:
    return _wrap(text, max(figure.get_figheight() - 0.4, 1))


def _height_of_more_lines(texts: Iterable[str]) -> float:
    """The inches that a row of titles needs beyond those for one line."""
    return LINE * max((text.count("\n") for text in texts), default=0)


def _draw_table(
    numbers: np.ndarray,
    behind: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    names: Sequence[str],
) -> Figure:
    """A table of numbers shaded by how far each is behind the best of its column."""
    rows, columns = _wrap_all(rows, 1.3), _wrap_all(columns, (WIDTH - 1.5) / len(columns))
    # The margin of a table has room for two lines at the head of a column.
    height = 0.75 * len(rows) + 0.9 + max(_height_of_more_lines(columns) - LINE, 0)
    figure, axes = plt.subplots(figsize=(WIDTH, height))
    axes.imshow(behind, cmap="Blues", vmin=0, vmax=1.6 * behind.max() or 1, aspect="auto")
    written = np.vectorize(_writer(numbers))(numbers)
    for (row, column), text in np.ndenumerate(written):
        axes.text(column, row, text, ha="center", va="center", fontsize=14)
    best = written[behind.argmin(axis=0), range(len(columns))]
    for row, column in np.argwhere(written == best):
        frame = Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, linewidth=2.5)
        axes.add_patch(frame)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set(ylabel=_wrap(names[0], 0.9 * len(rows)), xlabel=_wrap_below(names[1]))
    axes.spines[:].set_visible(False)
    return figure


def _write_powers(axis: Axis) -> None:
    """Write 1, 2, 5, 10 on a logarithmic axis, or others where these are too many or too few."""
    low, high = axis.get_view_interval()
    locator: Locator = LogLocator(subs=(1, 2, 5) if high < 1e4 * low else (1,))
    if sum(low <= tick <= high for tick in locator.tick_values(low, high)) < 2:
        locator = MaxNLocator(4)
    axis.set_major_locator(locator)
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(lambda *_: "")


def _draw_on_logarithmic_axes(
    curves: Mapping[str, np.ndarray], colours: Mapping[str, str]
) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    for name, points in curves.items():
        _draw_line(axes, points[0], points[1], name, colours[name])
    axes.set(xscale="log", yscale="log")
    axes.margins(0.03)
    return figure, axes


def _mark(axes: Axes, marks: Mapping[str, np.ndarray]) -> None:
    """Name points of falling curves on logarithmic axes."""
    left, right = np.log(axes.get_xlim())
    for text, point in marks.items():
        axes.plot(*point, "o", color="black", markersize=9, fillstyle="none")
        # A falling curve leaves room at the right above a point, and at its left.
        side = 1 if np.log(point[0]) < (left + right) / 2 else -1
        axes.annotate(
            _wrap(text, 1.9),
            (point[0], point[1]),
            xytext=(8, 4) if side > 0 else (-9, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="bottom" if side > 0 else "center",
            path_effects=[withStroke(linewidth=3, foreground="white")],  # over a curve
        )


def _name_logarithmic_axes(
    figure: Figure, axes: Axes, across: str, up: str = "squared error per image"
) -> None:
    axes.set(xlabel=across, ylabel=up)
    for axis in (axes.xaxis, axes.yaxis):
        _write_powers(axis)
    _label_ends(figure, axes)


def _draw_line(
    axes: Axes, across: np.ndarray, up: np.ndarray, name: str, colour: str, hollow: bool = False
) -> None:
    """A line with its marker at about ten of its points, at others than the line before has them.

    A hollow one is dashed.
    """
    step = math.ceil(len(across) / 10)
    axes.plot(
        across,
        up,
        "--" if hollow else "-",
        color=colour,
        label=name,
        marker=MARKERS[colour],
        markersize=7,
        markerfacecolor="white" if hollow else colour,
        markeredgecolor=colour if hollow else "white",
        markeredgewidth=1.2 if hollow else 0.5,
        markevery=(len(axes.lines) % step, step),
    )


def _label_ends(figure: Figure, axes: Axes) -> None:
    """Write the name of each line at the right of the axes, as level with its end as others allow.

    A dotted line leads there from the end, with the line's marker at the name. The figure grows if
    the names need more height. Nothing that changes the limits of the axes may follow.
    """
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
    found = []
    for line in axes.lines:
        if (name := str(line.get_label())).startswith("_"):
            continue  # not named by the caller
        points = (line.get_transform() - axes.transAxes).transform(line.get_xydata())
        text = axes.annotate(
            _wrap(name, 1.3), (1, 0.5), (15, 0), "axes fraction", "offset points", va="center"
        )
        found.append((*points[points[:, 0].argmax()], line, text))
    # From the bottom upwards; of two ends at one height, the one at the left leads to the upper.
    found.sort(key=lambda each: (each[1], -each[0]))
    sizes = np.array([0.05 + LINE * (1 + each[-1].get_text().count("\n")) for each in found])
    lacking = sizes.sum() - LINE - _size(figure, axes)[1]
    if lacking > 0:
        figure.set_figheight(figure.get_figheight() + lacking)
    width, height = _size(figure, axes)
    wanted = height * np.array([up for _, up, *_ in found])
    places = _spread(wanted, sizes, -LINE / 2, height + LINE / 2) / height
    for (across, up, line, text), place in zip(found, places, strict=True):
        text.xy = (1, place)
        leader = Line2D([across, 1 + 0.1 / width], [up, place])
        leader.update_from(line)
        leader.set(transform=axes.transAxes, clip_on=False, markevery=[1], lw=1, linestyle=":")
        figure.add_artist(leader)


def _size(figure: Figure, axes: Axes) -> tuple[float, float]:
    """The width and height of the axes in inches, once the layout has set them."""
    figure.draw_without_rendering()
    return axes.bbox.width / figure.dpi, axes.bbox.height / figure.dpi


def _spread(wanted: np.ndarray, sizes: np.ndarray, low: float, high: float) -> np.ndarray:
    """Middles of things in a row, as near to the wanted ones, which rise, as their sizes allow.

    The things lie between `low` and `high` if all fit.
    """
    # Where the middles are if nothing is left between the things; how much is left may not fall.
    close = low + sizes.cumsum() - sizes / 2
    left, count = wanted - close, len(wanted)
    rising = [
        max(min(left[first : end + 1].mean() for end in range(n, count)) for first in range(n + 1))
        for n in range(count)
    ]
    spread: np.ndarray = close + np.clip(rising, 0, max(high - low - sizes.sum(), 0))
    return spread


def _push_apart(points: np.ndarray, size: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Middles of boxes of one size: each the nearest to its point where it overlaps none before it.

    The boxes lie between 0 and `high`.
    """
    steps = np.stack(np.meshgrid(*2 * [np.arange(-40, 41) / 20]), axis=-1).reshape(-1, 2)
    steps = steps[np.argsort(np.hypot(*steps.T), kind="stable")]
    found: list[np.ndarray] = []
    for point in points:
        places = np.clip(point + steps, size / 2, high - size / 2)
        free = [(abs(places - other) >= size).any(axis=1) for other in found]
        found.append(places[np.all(free, axis=0).argmax()])
    return np.array(found)


def _draw_image(axes: Axes, image: np.ndarray) -> None:
    # Matplotlib cuts grey off at both ends by itself, and complains about colour.
    shown = image if image.ndim == 2 else image.clip(0, 1)
    axes.imshow(shown, vmin=0, vmax=1, cmap="gray", origin="upper")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_bars(axes: Axes, code: np.ndarray, highest: float, aspect: float = 1) -> None:
    axes.bar(np.arange(len(code)), code, width=1, color=COLOURS["code"])
    axes.set(xticks=[], yticks=[], ylim=(min(0, -highest * (code < 0).any()), highest))
    axes.set_box_aspect(aspect)
    axes.spines["left"].set_visible(False)
