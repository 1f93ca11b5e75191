"""The book's figures. They take arrays and names, never models.

What holds for each of them:

- All arguments are checked before anything is drawn: a refused call leaves no figure behind.
- Numbers that are no pixels may be whole ones.
- Grey runs from black at 0 to white at 1, so that images compare. What noise or a network takes
  beyond is drawn black or white. Images whose mean is below -0.5 or above 1.5 are on another scale,
  and refused.
- A line has the colour that `COLOURS` holds for its name. A name of one's own gets the first of
  `OTHER_COLOURS` that is free, in the order of the names; so does a name of the book whose colour
  stands for another name in the same figure. Two names never share a colour.
- Numbers are written with one decimal; with two digits where they are below 0.1, or all below 1.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import ArrayLike

from helpers.checks import as_array, check_array, check_choice, check_count, check_same_shape

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
# For names of one's own: first colours that nothing in the book has, then the book's.
OTHER_COLOURS = (
    "#882255",
    "#7B68EE",
    "#117733",
    "#332288",
    "#661100",
    *dict.fromkeys(COLOURS.values()),
)
WIDTH = 5.2  # inches; see book.mplstyle


def use_book_style() -> None:
    """Give every figure drawn from here on the style of the book."""
    plt.style.use(STYLE)


def code_journey(image: np.ndarray, code: np.ndarray, reconstruction: np.ndarray) -> Figure:
    """One image, its code as bars, and the image rebuilt from it, from left to right.

    Args:
        image: `(height, width, 1)` or `(height, width)`, pixels in [0, 1].
        code: `(code_size,)`.
        reconstruction: as the image, and as large.

    Returns:
        The figure.

    Raises:
        ValueError: an array has another shape, does not hold numbers, is not finite or, of the
            images, not floating point.
    """
    image, reconstruction = _grey(image, "image"), _grey(reconstruction, "reconstruction")
    check_same_shape(image, reconstruction, ("image", "reconstruction"))
    code = _list(code, "code")
    figure, (left, down, middle, up, right) = plt.subplots(
        1, 5, figsize=(WIDTH, 1.8), width_ratios=[1, 0.55, 1.4, 0.55, 1]
    )
    for axes, picture, name in ((left, image, "image"), (right, reconstruction, "reconstruction")):
        _draw_image(axes, picture)
        axes.set_title(name)
        axes.set_xlabel(f"{picture.size} numbers")
    highest = np.abs(code).max() or 1
    _draw_bars(middle, code, highest, aspect=1 / 1.4)
    middle.set_title("code")
    middle.set_xlabel(f"{len(code)} numbers")
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
    """An autoencoder from left to right: each layer a bar as high as it has numbers.

    Args:
        encoder_shapes: the input's shape without the batch axis, then one for each layer; the last
            is the code's. `helpers.models.layer_shapes` gives them.
        decoder_shapes: the code's shape, then one for each layer.

    Returns:
        The figure.

    Raises:
        ValueError: a half has no layer, a shape is no tuple of whole numbers of at least 1, or the
            decoder does not begin with the encoder's code.
    """
    encoder_shapes = _shapes(encoder_shapes, "encoder_shapes")
    decoder_shapes = _shapes(decoder_shapes, "decoder_shapes")
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
    for position, name, colour in (
        (0, "input", COLOURS["pixels"]),
        (code / 2, "encoder", COLOURS["autoencoder"]),
        (code, "code", COLOURS["code"]),
        ((code + last) / 2, "decoder", COLOURS["autoencoder"]),
        (last, "output", COLOURS["pixels"]),
    ):
        axes.text(position, 0.55, name, ha="center", va="bottom", color=colour)
    axes.set(xlim=(-0.5, last + 0.5), ylim=(-0.8, 0.7))
    axes.set_axis_off()
    return figure


def image_rows(
    rows: Mapping[str, np.ndarray],
    errors: Mapping[str, Sequence[float]] | None = None,
    *,
    columns: Sequence[str] = (),
) -> Figure:
    """Rows of images, one below the other, each named at its left; codes are drawn as bars.

    Args:
        rows: by name, images `(n, height, width, 1)` with pixels in [0, 1], or codes
            `(n, code_size)`. Every row has the same n.
        errors: by the name of a row, n numbers to write under its images.
        columns: what stands above the columns, n names or fewer that n is a multiple of; each
            stands above the middle of as many columns. Empty for none.

    Returns:
        The figure.

    Raises:
        ValueError: there is no row, the rows differ in length, an array has another shape or is not
            finite, images are not floating point, an error's row is unknown or of another length,
            or the columns cannot share the names.
    """
    rows, errors = _named(rows, "rows", _images_or_codes), _by_name(errors, "errors", _list)
    lengths = {name: len(row) for name, row in rows.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"rows must all have the same number of images; got {lengths}")
    length = next(iter(lengths.values()))
    for name, numbers in errors.items():
        if name not in rows or len(numbers) != length:
            raise ValueError(
                f"errors must give {length} numbers for each of the rows {list(rows)}; "
                f"got {len(numbers)} for {name!r}"
            )
    columns = _names(columns, "columns")
    if columns and length % len(columns):
        raise ValueError(
            f"columns must be names that {length} columns can share evenly; got {len(columns)}"
        )
    write = _writer(list(errors.values()))
    figure, grid = plt.subplots(len(rows), length, figsize=(WIDTH, 0.8 * len(rows)), squeeze=False)
    for axes_row, (name, row) in zip(grid, rows.items(), strict=True):
        highest = np.abs(row).max() or 1
        for column, (axes, item) in enumerate(zip(axes_row, row, strict=True)):
            if item.ndim == 1:
                _draw_bars(axes, item, highest)
            else:
                _draw_image(axes, item)
            if name in errors:
                axes.set_xlabel(write(errors[name][column]), labelpad=2)
        axes_row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for name, group in zip(columns, np.split(grid[0], len(columns) or 1), strict=False):
        middle = len(group) // 2
        # Between two columns where their number is even.
        at = 0.5 if len(group) % 2 else -0.08
        group[middle].set_title(name, x=at)
    return figure


def learning_curves(
    curves: Mapping[str, Sequence[float]],
    levels: Mapping[str, float] | None = None,
    *,
    unit: str = "squared error per image",
) -> Figure:
    """Error over epochs: training solid, validation dashed, rivals that do not train as levels.

    Where no number is negative, the axis begins at 0.

    Args:
        curves: by name, one number an epoch. A name may end in ", training" or ", validation":
            then what stands before has the colour, so that the two have the same. A curve is dashed
            where its name contains "validation" behind its last comma, if it has any. "training"
            and "validation" alone are the autoencoder's.
        levels: by name, a number to draw as a horizontal line.
        unit: what the numbers are, written at the axis.

    Returns:
        The figure; a curve of one epoch is a dot.

    Raises:
        ValueError: there is no curve, a curve is empty, a number is not finite, or there are more
            names than colours.
    """
    curves, levels = _named(curves, "curves", _list), _by_name(levels, "levels", _number)
    colours = _colours([*map(_who_learns, curves), *levels], "curves and levels")
    lowest = min(*(numbers.min() for numbers in curves.values()), *levels.values(), 0)
    figure, axes = plt.subplots()
    for name, numbers in curves.items():
        axes.plot(
            np.arange(1, len(numbers) + 1),
            numbers,
            "--" if "validation" in name.rpartition(",")[2] else "-",
            color=colours[_who_learns(name)],
            marker="o" if len(numbers) == 1 else "",
            label=name,
        )
    for name, level in levels.items():
        axes.axhline(level, color=colours[name], linewidth=1.5, label=name)
    axes.set(xlabel="epoch", ylabel=unit)
    if lowest == 0:
        axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    return figure


def error_table(
    errors: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, names: tuple[str, str]
) -> Figure:
    """A table of errors as a picture; in each column, the smallest is framed.

    The shade compares a number with the others of its column: columns differ in how hard they are.

    Args:
        errors: `(number of rows, number of columns)`, positive.
        rows: what each row is called.
        columns: what each column is called.
        names: what the rows are, and what the columns are.

    Returns:
        The figure.

    Raises:
        ValueError: the errors are not positive and finite, or have another shape than the names; or
            names are no strings, or the same.
    """
    errors, *texts = _table(errors, "errors", rows, columns, names)
    smallest = _positive(errors, "errors").min(axis=0)
    return _draw_table(errors, np.log(errors / smallest), *texts)


def psnr_table(
    psnrs: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, names: tuple[str, str]
) -> Figure:
    """A table of PSNR in dB as a picture; in each column, the largest is framed.

    The shade says how far a number is below the largest of its column.

    Args:
        psnrs: `(number of rows, number of columns)`, in dB.
        rows: what each row is called.
        columns: what each column is called.
        names: what the rows are, and what the columns are.

    Returns:
        The figure.

    Raises:
        ValueError: the numbers are not finite, or have another shape than the names; or names are
            no strings, or the same.
    """
    psnrs, *texts = _table(psnrs, "psnrs", rows, columns, names)
    return _draw_table(psnrs, psnrs.max(axis=0) - psnrs, *texts)


def pictures(named: Mapping[str, np.ndarray]) -> Figure:
    """Large grey pictures side by side on one scale, each with its name above.

    Args:
        named: by name, `(height, width)` or `(height, width, 1)`, pixels in [0, 1].

    Returns:
        The figure.

    Raises:
        ValueError: there is no picture, or one has another shape, is not finite or not floating
            point.
    """
    named = _named(named, "named", _grey)
    heights, widths = zip(*(picture.shape for picture in named.values()), strict=True)
    figure, row = plt.subplots(
        1,
        len(named),
        figsize=(WIDTH, WIDTH * max(heights) / sum(widths) + 0.35),
        width_ratios=widths,
        squeeze=False,
    )
    for axes, (name, picture) in zip(row[0], named.items(), strict=True):
        _draw_image(axes, picture)
        axes.set_title(name)
    return figure


def error_spread(errors: np.ndarray, *, unit: str = "squared error of an image") -> Figure:
    """How an error is spread over images: a histogram with best, median and worst marked.

    Where no error is negative, the axis begins at 0.

    Args:
        errors: `(n,)`; the smallest is the best.
        unit: what the numbers are, written at the axis.

    Returns:
        The figure.

    Raises:
        ValueError: the errors have another shape, or are not finite.
    """
    errors = _list(errors, "errors").astype(float)
    low, high = errors.min(), errors.max()
    largest = max(abs(low), abs(high))
    if high - low <= 1e-3 * largest:  # bins between them would be too narrow to be seen
        low, high = low - (largest or 1) / 2, high + (largest or 1) / 2
    counts, edges = np.histogram(errors, 60, (low, high))
    marks = {"best": errors.min(), "median": np.median(errors), "worst": errors.max()}
    write = _writer(list(marks.values()))
    figure, axes = plt.subplots(figsize=(WIDTH, 2.3))
    axes.hist(edges[:-1], edges, weights=counts, color=COLOURS["autoencoder"])
    if errors.min() >= 0:
        axes.set_xlim(left=0)
    for (name, value), align in zip(marks.items(), ("left", "left", "right"), strict=True):
        axes.axvline(value, color="black", linewidth=1)
        axes.annotate(
            f"{name}\n{write(value)}",
            (value, 1),
            xytext=(4 if align == "left" else -4, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=align,
            va="top",
        )
    axes.set(xlabel=unit, ylabel="images")
    return figure


def rate_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    lossless: Mapping[str, float] | None = None,
) -> Figure:
    """Squared error against bytes per image, both in powers: lower and further left is better.

    Args:
        curves: by name, bytes per image and squared error per image, point by point.
        lossless: by name, bytes per image of what makes no error; marked at the lower edge.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, a number is not positive and finite, or there are more names
            than colours.
    """
    curves = _named(curves, "curves", _points)
    lossless = _by_name(lossless, "lossless", _positive_number)
    colours = _colours([*curves, *lossless], "curves and lossless")
    figure, axes = _draw_on_logarithmic_axes(curves, colours)
    for name, size in lossless.items():
        at_the_edge = {"clip_on": False, "transform": axes.get_xaxis_transform()}
        label = f"{name}, no error"
        axes.plot(size, 0, "^", color=colours[name], markersize=9, label=label, **at_the_edge)
    _name_logarithmic_axes(axes, "bytes per image")
    return figure


def frontier(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    marks: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Squared error against active units on logarithmic axes: lower and further left is better.

    Args:
        curves: by name, active units per image and squared error per image, point by point.
        marks: points to name in the figure, by the text that stands beside them.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, a number is not positive and finite, or there are more names
            than colours.
    """
    curves, marks = _named(curves, "curves", _points), _by_name(marks, "marks", _point)
    figure, axes = _draw_on_logarithmic_axes(curves, _colours(curves, "curves"))
    left, right = np.log(axes.get_xlim())
    for text, point in marks.items():
        axes.plot(*point, "o", color="black", markersize=9, fillstyle="none")
        # Beside a falling curve there is room above it on the right, and on its left.
        side = 1 if np.log(point[0]) < (left + right) / 2 else -1
        axes.annotate(
            text,
            point,
            xytext=(8, 4) if side > 0 else (-9, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="bottom" if side > 0 else "center",
        )
    _name_logarithmic_axes(axes, "active units per image")
    return figure


def activation_spread(codes: Mapping[str, np.ndarray], *, bins: int = 60) -> Figure:
    """How a code's activations are distributed: how many numbers of a code fall into each bin.

    Args:
        codes: by name, `(n, code_size)`, not negative.
        bins: how many, over the range of all.

    Returns:
        The figure; zeros are left out, since a logarithm would hide how many there are, and their
        share stands in the legend.

    Raises:
        ValueError: there is no code, there are more names than colours, or a code has another
            shape, is negative, not finite or 0 throughout; or bins is not a whole number of at
            least 1.
    """
    codes, bins = _named(codes, "codes", _activations), check_count(bins, "bins")
    colours = _colours(codes, "codes")
    highest = max(float(code.max()) for code in codes.values())
    edges = np.linspace(0, highest, bins + 1)
    figure, axes = plt.subplots()
    for name, code in codes.items():
        counts, _ = np.histogram(code[code > 0], edges)
        label = f"{name}: {np.mean(code == 0):.1%} are 0"
        axes.stairs(counts / len(code), edges, color=colours[name], linewidth=2, label=label)
    axes.set(yscale="log", xlabel="activation", ylabel="units per image")
    axes.set_xlim(left=0)
    axes.legend()
    return figure


def spread_curves(
    positions: Sequence[float],
    curves: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    yscale: str = "linear",
) -> Figure:
    """The mean over draws as a line, and one standard deviation to either side as a band.

    Args:
        positions: `(points,)`, where the points stand on a logarithmic axis: positive, rising.
        curves: by name, `(draws, points)`.
        xlabel: what the positions are.
        ylabel: what the numbers are.
        yscale: "linear", or "log" for positive numbers that run over powers of ten.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, one has another number of points or is not finite, or not
            positive where yscale is "log"; the positions are not positive and rising; there are
            more names than colours; or yscale is another.
    """
    check_choice(yscale, ("linear", "log"), "yscale")
    positions = _positive(_list(positions, "positions"), "positions")
    if (np.diff(positions) <= 0).any():
        raise ValueError(f"positions must rise from one to the next; got {positions.tolist()}")
    curves = _named(curves, "curves", _array)
    for name, draws in curves.items():
        if draws.shape[1:] != positions.shape:
            raise ValueError(
                f"curves[{name!r}] must have shape (draws, {len(positions)}); got {draws.shape}"
            )
        if yscale == "log":
            _positive(draws, f"curves[{name!r}]")
    colours = _colours(curves, "curves")
    figure, axes = plt.subplots()
    for name, draws in curves.items():
        mean, deviation = draws.mean(axis=0), draws.std(axis=0)
        axes.plot(positions, mean, color=colours[name], marker="o", label=name)
        axes.fill_between(
            positions, mean - deviation, mean + deviation, color=colours[name], alpha=0.2
        )
    axes.set(xscale="log", yscale=yscale, xlabel=xlabel, ylabel=ylabel)
    if yscale == "log":
        _write_powers(axes.yaxis)
    axes.set_xticks(positions, [f"{position:,g}" for position in positions])
    axes.minorticks_off()
    axes.legend()
    return figure


def seed_dots(
    errors: Mapping[str, Sequence[float]], levels: Mapping[str, float] | None = None
) -> Figure:
    """Designs below one another, a dot for each seed, and the mean as a bar and a number.

    Args:
        errors: by design, the squared error per image for each seed.
        levels: by name, an error to draw as a vertical line: a rival that has no seed.

    Returns:
        The figure.

    Raises:
        ValueError: there is no design, a number is negative or not finite, or there are more levels
            than colours.
    """
    errors = _named(errors, "errors", _not_negative_list)
    levels = _by_name(levels, "levels", _not_negative_number)
    colours = _colours(["autoencoder", *levels], "levels")
    write = _writer([numbers.mean() for numbers in errors.values()])
    # The legend of one level has room; each further one makes its own.
    height = 0.34 * len(errors) + 0.9 + 0.25 * max(len(levels) - 1, 0)
    figure, axes = plt.subplots(figsize=(WIDTH, height))
    for row, numbers in enumerate(errors.values()):
        mean, colour = numbers.mean(), colours["autoencoder"]
        axes.barh(row, mean, height=0.6, color=colour, alpha=0.25)
        axes.plot(numbers, np.full(len(numbers), row), "o", color=colour, markersize=4)
        axes.text(1, row, f" {write(mean)}", va="center", transform=axes.get_yaxis_transform())
    for name, level in levels.items():
        axes.axvline(level, color=colours[name], linewidth=1.5, zorder=0, label=name)
    axes.set(yticks=range(len(errors)), yticklabels=errors, xlabel="squared error per image")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    if levels:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def image_grid(images: np.ndarray, *, xlabel: str, ylabel: str) -> Figure:
    """Small images side by side without gaps, as many rows and columns as the array has.

    Args:
        images: `(rows, columns, height, width, 1)`, pixels in [0, 1]; the first row at the bottom.
        xlabel: what grows from left to right.
        ylabel: what grows from bottom to top.

    Returns:
        The figure.

    Raises:
        ValueError: the array has another shape, is not finite or not floating point.
    """
    images = _pixels(images, "images")
    if images.ndim != 5 or images.shape[-1] != 1:
        raise ValueError(
            f"images must have shape (rows, columns, height, width, 1); got {images.shape}"
        )
    rows, columns, height, width, _ = images.shape
    picture = images[::-1, ..., 0].swapaxes(1, 2).reshape(rows * height, columns * width)
    figure, axes = plt.subplots(figsize=(WIDTH, WIDTH * rows * height / (columns * width)))
    _draw_image(axes, picture)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def code_map(codes: np.ndarray, labels: np.ndarray) -> Figure:
    """Codes of two numbers as points in the plane, coloured by label, each label at its median.

    Args:
        codes: `(n, 2)`.
        labels: `(n,)`, whole numbers 0 to 9, as integers or floats.

    Returns:
        The figure.

    Raises:
        ValueError: the codes have another shape or are not finite, there are not as many labels, or
            one is no whole number from 0 to 9.
    """
    codes = _array(codes, "codes")
    labels = as_array(labels, "labels", "whole numbers from 0 to 9")
    if codes.shape[1:] != (2,) or labels.shape != (len(codes),):
        raise ValueError(
            f"codes and labels must have shapes (n, 2) and (n,); got {codes.shape}, {labels.shape}"
        )
    fit = np.isin(labels, np.arange(10)) & (labels.dtype != bool)
    if not fit.all():
        raise ValueError(f"labels must be whole numbers from 0 to 9; got {labels[~fit][0]}")
    labels = labels.astype(int)  # a colour map takes a float for a share of its range
    figure, axes = plt.subplots(figsize=(WIDTH, 4.2))
    colours = plt.get_cmap("tab10")
    for label in np.unique(labels):
        chosen = codes[labels == label]
        axes.scatter(*chosen.T, s=3, color=colours(label), alpha=0.5, linewidths=0)
    for label in np.unique(labels):
        axes.text(
            *np.median(codes[labels == label], axis=0),
            str(label),
            fontsize=14,
            weight="bold",
            ha="center",
            va="center",
            color=colours(label),
            path_effects=[withStroke(linewidth=4, foreground="white")],
        )
    axes.set(xlabel="first number of the code", ylabel="second number of the code")
    return figure


def filters(named: Mapping[str, np.ndarray]) -> Figure:
    """What units of a first layer look for: their weights as small images, one panel a model.

    Grey is 0, white positive, black negative; each filter by its own largest weight.

    Args:
        named: by name, `(rows, columns, height, width)`, weights.

    Returns:
        The figure.

    Raises:
        ValueError: there is no panel, or an array has another shape or is not finite.
    """
    named = _named(named, "named", _weights)
    figure, panels = plt.subplots(1, len(named), figsize=(WIDTH, WIDTH / len(named)), squeeze=False)
    for axes, (name, weights) in zip(panels[0], named.items(), strict=True):
        largest = np.abs(weights).max(axis=(2, 3), keepdims=True)
        scaled = np.divide(weights, 2 * largest, out=np.zeros_like(weights), where=largest > 0)
        framed = np.pad(0.5 + scaled, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=1)
        rows, columns, height, width = framed.shape
        _draw_image(axes, framed.swapaxes(1, 2).reshape(rows * height, columns * width))
        axes.images[0].set_interpolation("nearest")  # smoothed, the weights' noise fills the file
        axes.set_title(name)
    return figure


def arrows(points: np.ndarray, positions: np.ndarray, fields: Mapping[str, np.ndarray]) -> Figure:
    """Fields of arrows in the plane over the points that data lies on, one panel a field.

    Args:
        points: `(n, 2)`, where clean data lies; drawn in the colour of the truth.
        positions: `(m, 2)`, where the arrows start.
        fields: by name, `(m, 2)`, how far each arrow goes, in units of the plane.

    Returns:
        The figure.

    Raises:
        ValueError: there is no field, or an array has another shape or is not finite.
    """
    points, positions = _array(points, "points"), _array(positions, "positions")
    fields = _named(fields, "fields", _array)
    for name, array in {"points": points, "positions": positions}.items():
        if array.shape != (len(array), 2):
            raise ValueError(f"{name} must have shape (n, 2); got {array.shape}")
    for name, field in fields.items():
        if field.shape != positions.shape:
            raise ValueError(
                f"fields[{name!r}] must have shape {positions.shape}, one arrow a position; "
                f"got {field.shape}"
            )
    figure, panels = plt.subplots(
        1, len(fields), figsize=(WIDTH, WIDTH / len(fields) + 0.3), squeeze=False
    )
    for axes, (name, field) in zip(panels[0], fields.items(), strict=True):
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
        axes.update_datalim(positions + field)  # the tips, too
        axes.set(title=name, xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set_visible(False)
    return figure


def _by_name(
    items: Mapping[str, Any] | None, argument: str, check: Callable[[Any, str], Any]
) -> dict[str, Any]:
    """What an argument holds by name, each checked; nothing, where it is left out."""
    if items is None:
        return {}
    if not isinstance(items, Mapping):
        raise ValueError(f"{argument} must be a dictionary; got {type(items).__name__}")
    for name in items:
        if not isinstance(name, str):
            raise ValueError(f"{argument} must have strings as names; got {name!r}")
    return {name: check(item, f"{argument}[{name!r}]") for name, item in items.items()}


def _named(
    items: Mapping[str, Any], argument: str, check: Callable[[Any, str], Any]
) -> dict[str, Any]:
    """What an argument holds by name, one thing at least, each checked."""
    found = _by_name(items, argument, check)
    if not found:
        raise ValueError(f"{argument} must name at least one thing to draw; got none")
    return found


def _names(names: Sequence[str], argument: str) -> list[str]:
    if not isinstance(names, str) and isinstance(names, Iterable):
        names = list(names)
        if all(isinstance(name, str) for name in names):
            return names
    raise ValueError(f"{argument} must be a list of strings; got {names!r}")


def _plain(values: ArrayLike, argument: str) -> np.ndarray:
    """Numbers that are no pixels, so that whole ones will do."""
    array = as_array(values, argument, "real numbers")
    return array.astype(float) if np.issubdtype(array.dtype, np.integer) else array


def _array(values: ArrayLike, argument: str) -> np.ndarray:
    return check_array(_plain(values, argument), argument)


def _list(values: ArrayLike, argument: str) -> np.ndarray:
    array = _plain(values, argument)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{argument} must have shape (n,) with n at least 1; got shape {array.shape}"
        )
    return check_array(array[np.newaxis], argument)[0]


def _number(value: float, argument: str) -> float:
    array = _plain([value], argument)
    if array.ndim != 1:
        raise ValueError(f"{argument} must be one number; got shape {array.shape[1:]}")
    return float(_list(array, argument)[0])


def _positive(numbers: np.ndarray, argument: str) -> np.ndarray:
    if np.min(numbers) <= 0:
        raise ValueError(f"{argument} must be positive; got {np.min(numbers):g}")
    return numbers


def _positive_number(value: float, argument: str) -> float:
    return _positive(_number(value, argument), argument)


def _not_negative(numbers: np.ndarray, argument: str) -> np.ndarray:
    if np.min(numbers) < 0:
        raise ValueError(f"{argument} must not be negative; got {np.min(numbers):g}")
    return numbers


def _not_negative_list(values: ArrayLike, argument: str) -> np.ndarray:
    return _not_negative(_list(values, argument), argument)


def _not_negative_number(value: float, argument: str) -> float:
    return _not_negative(_number(value, argument), argument)


def _points(points: ArrayLike, argument: str) -> np.ndarray:
    points = _array(points, argument)
    if points.ndim != 2 or len(points) != 2:
        raise ValueError(
            f"{argument} must be two lists of the same length, across and up; "
            f"got shape {points.shape}"
        )
    return _positive(points, argument)


def _point(point: ArrayLike, argument: str) -> np.ndarray:
    point = _list(point, argument)
    if len(point) != 2:
        raise ValueError(f"{argument} must be two numbers, across and up; got {len(point)}")
    return _positive(point, argument)


def _activations(code: ArrayLike, argument: str) -> np.ndarray:
    code = _array(code, argument)
    if code.ndim != 2 or code.min() < 0 or code.max() == 0:
        raise ValueError(
            f"{argument} must have shape (n, code_size) and hold activations of at least 0, some "
            f"above; got shape {code.shape}, {code.min():g} to {code.max():g}"
        )
    return code


def _weights(weights: ArrayLike, argument: str) -> np.ndarray:
    weights = _array(weights, argument)
    if weights.ndim != 4:
        raise ValueError(
            f"{argument} must have shape (rows, columns, height, width); got {weights.shape}"
        )
    return weights


def _table(
    numbers: np.ndarray,
    argument: str,
    rows: Sequence[str],
    columns: Sequence[str],
    names: tuple[str, str],
) -> tuple[np.ndarray, list[str], list[str], list[str]]:
    rows, columns, names = _names(rows, "rows"), _names(columns, "columns"), _names(names, "names")
    for name, texts in (("rows", rows), ("columns", columns)):
        if len(set(texts)) < len(texts):
            raise ValueError(f"{name} must have different names; got {texts}")
    if len(names) != 2:
        raise ValueError(f"names must be two, of the rows and of the columns; got {names}")
    numbers = _array(numbers, argument)
    if numbers.shape != (len(rows), len(columns)):
        raise ValueError(
            f"{argument} must be {len(rows)} rows of {len(columns)} numbers; "
            f"got shape {numbers.shape}"
        )
    return numbers, rows, columns, names


def _pixels(images: np.ndarray, argument: str) -> np.ndarray:
    images = check_array(images, argument, pixels=True)
    # Noise of whatever strength leaves the mean where it is; another scale does not.
    mean = images.mean()
    if not -0.5 <= mean <= 1.5:
        hint = "; divide pixels 0–255 by 255" if mean > 1.5 else ""
        raise ValueError(
            f"{argument} must hold pixels in [0, 1]; got values from {images.min():g} to "
            f"{images.max():g}, {mean:g} on average{hint}"
        )
    return images


def _grey(image: np.ndarray, argument: str) -> np.ndarray:
    """An image without its axis of channels: `(height, width)`."""
    image = _pixels(image, argument)
    if image.ndim != 2 and (image.ndim != 3 or image.shape[-1] != 1):
        raise ValueError(
            f"{argument} must be a grey image of shape (height, width, 1) or (height, width); "
            f"got shape {image.shape}"
        )
    return image.reshape(image.shape[:2])


def _images_or_codes(row: np.ndarray, argument: str) -> np.ndarray:
    """Images `(n, height, width)`, or codes `(n, code_size)`."""
    if _plain(row, argument).ndim == 2:
        return _array(row, argument)
    row = _pixels(row, argument)
    if row.ndim != 3 and (row.ndim != 4 or row.shape[-1] != 1):
        raise ValueError(
            f"{argument} must hold grey images of shape (n, height, width, 1) or codes of shape "
            f"(n, code_size); got shape {row.shape}"
        )
    return row.reshape(row.shape[:3])


def _shapes(shapes: Sequence[tuple[int, ...]], argument: str) -> list[tuple[int, ...]]:
    """Of an input and of one layer at least."""
    if not isinstance(shapes, tuple | list) or len(shapes) < 2:
        raise ValueError(
            f"{argument} must hold the shapes of an input and of one layer at least; got {shapes!r}"
        )
    for shape in shapes:
        if not isinstance(shape, tuple | list) or not shape:
            raise ValueError(
                f"{argument} must hold shapes, each a tuple as (28, 28, 1) or (32,); got {shape!r}"
            )
    each = f"each size in {argument}"
    return [tuple(check_count(size, each) for size in shape) for shape in shapes]


def _who_learns(name: str) -> str:
    """Whose learning curve it is: "PCA" of "PCA, validation"."""
    who, _, part = name.rpartition(",")
    if part.strip() not in ("training", "validation"):
        return name
    return who or "autoencoder"


def _colours(names: Iterable[str], argument: str) -> dict[str, str]:
    """A colour for each name, by the rule at the top of this module."""
    names = list(dict.fromkeys(names))
    if len(names) > len(OTHER_COLOURS):
        raise ValueError(
            f"{argument} must have at most {len(OTHER_COLOURS)} names, one for each colour; "
            f"got {len(names)}"
        )
    chosen: dict[str, str] = {}
    for name in sorted(names, key=lambda name: name not in COLOURS):  # the book's come first
        if not name or name.startswith("_"):
            raise ValueError(
                f"{argument} must have names that a legend shows, not empty and without an "
                f"underscore at the beginning; got {name!r}"
            )
        taken = set(chosen.values())
        wanted = (COLOURS[name], *OTHER_COLOURS) if name in COLOURS else OTHER_COLOURS
        chosen[name] = next(colour for colour in wanted if colour not in taken)
    return chosen


def _writer(numbers: Sequence[np.ndarray]) -> Callable[[float], str]:
    """How a figure writes its numbers, by the rule at the top of this module."""
    small = np.max(np.abs(numbers), initial=0) < 1
    return lambda number: f"{number:.2g}" if small or 0 < abs(number) < 0.1 else f"{number:.1f}"


def _draw_table(
    numbers: np.ndarray,
    behind: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    names: tuple[str, str],
) -> Figure:
    """A table of numbers shaded by how far each is behind the best of its column."""
    figure, axes = plt.subplots(figsize=(WIDTH, 0.75 * len(rows) + 0.9))
    axes.imshow(behind, cmap="Blues", vmin=0, vmax=1.6 * behind.max() or 1, aspect="auto")
    write = _writer(numbers)
    for (row, column), number in np.ndenumerate(numbers):
        axes.text(column, row, write(number), ha="center", va="center", fontsize=14)
    for row, column in np.argwhere(behind == 0):
        frame = Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, linewidth=2.5)
        axes.add_patch(frame)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set(ylabel=names[0], xlabel=names[1])
    axes.spines[:].set_visible(False)
    return figure


def _write_powers(axis: Axis) -> None:
    """Numbers as 1, 2, 5, 10 on a logarithmic axis; others where these are too many or too few."""
    low, high = axis.get_view_interval()
    locator = LogLocator(subs=(1, 2, 5) if high < 1e4 * low else (1,))
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
        axes.plot(*points, color=colours[name], marker="o", markersize=4, label=name)
    axes.set(xscale="log", yscale="log")
    return figure, axes


def _name_logarithmic_axes(axes: Axes, across: str) -> None:
    axes.set(xlabel=across, ylabel="squared error per image")
    for axis in (axes.xaxis, axes.yaxis):
        _write_powers(axis)
    axes.legend()


def _draw_image(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image, vmin=0, vmax=1, cmap="gray", origin="upper")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_bars(axes: Axes, code: np.ndarray, highest: float, aspect: float = 1) -> None:
    axes.bar(np.arange(len(code)), code, width=1, color=COLOURS["code"])
    axes.set(xticks=[], yticks=[], ylim=(min(0, -highest * (code < 0).any()), highest))
    axes.set_box_aspect(aspect)
    axes.spines["left"].set_visible(False)
