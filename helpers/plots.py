"""The book's figures. They take arrays and names, never models."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, MaxNLocator

from helpers.checks import check_array, check_count

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
}
WIDTH = 5.2  # inches; see book.mplstyle


def use_book_style() -> None:
    """Give every figure drawn from here on the style of the book."""
    plt.style.use(STYLE)


def code_journey(image: np.ndarray, code: np.ndarray, reconstruction: np.ndarray) -> Figure:
    """One image, its code as bars, and the image rebuilt from it, from left to right.

    Args:
        image: `(height, width, 1)` or `(height, width)`, pixels in [0, 1].
        code: `(code_size,)`.
        reconstruction: the shape of the image.

    Returns:
        The figure.

    Raises:
        ValueError: an array has another shape, is not floating point or is not finite.
    """
    code = np.asarray(code)
    if code.ndim != 1:
        raise ValueError(f"code must have shape (code_size,); got shape {code.shape}")
    code = check_array(code[np.newaxis], "code")[0]
    figure, (left, down, middle, up, right) = plt.subplots(
        1, 5, figsize=(WIDTH, 1.8), width_ratios=[1, 0.55, 1.4, 0.55, 1]
    )
    for axes, picture, name in ((left, image, "image"), (right, reconstruction, "reconstruction")):
        _draw_image(axes, picture, name)
        axes.set_title(name)
        axes.set_xlabel(f"{np.size(picture)} numbers")
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
        ValueError: a half has no layer, a size is not positive, or the decoder does not begin with
            the encoder's code.
    """
    for name, shapes in (("encoder_shapes", encoder_shapes), ("decoder_shapes", decoder_shapes)):
        if len(shapes) < 2 or any(size < 1 for shape in shapes for size in shape):
            raise ValueError(
                f"{name} must hold the shapes of an input and of one layer at least; got {shapes!r}"
            )
    code = len(encoder_shapes) - 1
    if tuple(encoder_shapes[code]) != tuple(decoder_shapes[0]):
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
        ValueError: there is no row, the rows differ in length, an array has another shape, an
            error's row is unknown or of another length, or the columns cannot share the names.
    """
    errors = errors or {}
    if not rows:
        raise ValueError("rows must name at least one row of images; got none")
    rows = {name: check_array(row, f"rows[{name!r}]") for name, row in rows.items()}
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
    if columns and length % len(columns):
        raise ValueError(
            f"columns must be names that {length} columns can share evenly; got {len(columns)}"
        )
    figure, grid = plt.subplots(len(rows), length, figsize=(WIDTH, 0.8 * len(rows)), squeeze=False)
    for axes_row, (name, row) in zip(grid, rows.items(), strict=True):
        highest = np.abs(row).max() or 1
        for column, (axes, item) in enumerate(zip(axes_row, row, strict=True)):
            if item.ndim == 1:
                _draw_bars(axes, item, highest)
            else:
                _draw_image(axes, item, f"rows[{name!r}]")
            if name in errors:
                axes.set_xlabel(f"{errors[name][column]:.1f}", labelpad=2)
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

    Args:
        curves: by name, one number an epoch; a name that contains "validation" is drawn dashed.
            What stands before its last comma may have a colour of its own, "fresh noise,
            validation"; other curves have the colour of autoencoders.
        levels: by name, a number to draw as a horizontal line.
        unit: what the numbers are, written at the axis.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, or a curve is empty or not finite.
    """
    if not curves:
        raise ValueError("curves must name at least one curve; got none")
    figure, axes = plt.subplots()
    for name, numbers in curves.items():
        numbers = check_array(np.asarray(numbers, dtype=float)[np.newaxis], f"curves[{name!r}]")[0]
        style = "--" if "validation" in name else "-"
        epochs = np.arange(1, len(numbers) + 1)
        colour = COLOURS.get(name.rpartition(",")[0], COLOURS["autoencoder"])
        axes.plot(epochs, numbers, style, color=colour, label=name)
    for name, level in (levels or {}).items():
        axes.axhline(level, color=COLOURS.get(name, "black"), linewidth=1.5, label=name)
    axes.set(xlabel="epoch", ylabel=unit)
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
        ValueError: the errors are not positive and finite, or have another shape than the names.
    """
    errors = check_array(np.asarray(errors), "errors")
    if errors.shape != (len(rows), len(columns)) or errors.min() <= 0:
        raise ValueError(
            f"errors must be {len(rows)} rows of {len(columns)} positive numbers; "
            f"got shape {errors.shape}, smallest {errors.min():g}"
        )
    return _draw_table(errors, np.log(errors / errors.min(axis=0)), rows, columns, names)


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
        ValueError: the numbers are not finite, or have another shape than the names.
    """
    psnrs = check_array(np.asarray(psnrs), "psnrs")
    if psnrs.shape != (len(rows), len(columns)):
        raise ValueError(
            f"psnrs must be {len(rows)} rows of {len(columns)} numbers; got shape {psnrs.shape}"
        )
    return _draw_table(psnrs, psnrs.max(axis=0) - psnrs, rows, columns, names)


def pictures(named: Mapping[str, np.ndarray]) -> Figure:
    """Large grey pictures side by side, each with its name above.

    Args:
        named: by name, `(height, width)`, pixels in [0, 1].

    Returns:
        The figure.

    Raises:
        ValueError: there is no picture, or one has another shape.
    """
    if not named:
        raise ValueError("named must hold at least one picture; got none")
    height, width = np.shape(next(iter(named.values())))[:2]
    each = WIDTH / len(named)
    figure, row = plt.subplots(
        1, len(named), figsize=(WIDTH, each * height / width + 0.35), squeeze=False
    )
    for axes, (name, picture) in zip(row[0], named.items(), strict=True):
        _draw_image(axes, picture, f"named[{name!r}]")
        axes.set_title(name)
    return figure


def error_spread(errors: np.ndarray, *, unit: str = "squared error of an image") -> Figure:
    """How an error is spread over images: a histogram with best, median and worst marked.

    Args:
        errors: `(n,)`.
        unit: what the numbers are, written at the axis.

    Returns:
        The figure.

    Raises:
        ValueError: the errors have another shape, or are not finite.
    """
    errors = np.asarray(errors)
    if errors.ndim != 1:
        raise ValueError(f"errors must have shape (n,); got shape {errors.shape}")
    errors = check_array(errors[np.newaxis], "errors")[0]
    figure, axes = plt.subplots(figsize=(WIDTH, 2.3))
    axes.hist(errors, bins=60, color=COLOURS["autoencoder"])
    axes.set_xlim(left=0)
    marks = {"best": errors.min(), "median": np.median(errors), "worst": errors.max()}
    for (name, value), align in zip(marks.items(), ("left", "left", "right"), strict=True):
        axes.axvline(value, color="black", linewidth=1)
        axes.annotate(
            f"{name}\n{value:.1f}",
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
        ValueError: there is no curve, or a number is not positive and finite.
    """
    figure, axes = _draw_on_logarithmic_axes(curves)
    for name, size in (lossless or {}).items():
        at_the_edge = {"clip_on": False, "transform": axes.get_xaxis_transform()}
        label = f"{name}, no error"
        axes.plot(size, 0, "^", color=_colour(name), markersize=9, label=label, **at_the_edge)
    axes.set(xlabel="bytes per image", ylabel="squared error per image")
    for axis in (axes.xaxis, axes.yaxis):
        _write_powers(axis)
    axes.legend()
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
        ValueError: there is no curve, a name has no colour, or a number is not positive and finite.
    """
    figure, axes = _draw_on_logarithmic_axes(curves)
    left, right = np.log(axes.get_xlim())
    for text, point in (marks or {}).items():
        point = _positive(np.reshape(point, (-1, 1)), f"marks[{text!r}]")[:, 0]
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
    axes.set(xlabel="active units per image", ylabel="squared error per image")
    for axis in (axes.xaxis, axes.yaxis):
        _write_powers(axis)
    axes.legend()
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
        ValueError: there is no code, a name has no colour, or a code has another shape, is
            negative, not finite or 0 throughout; or bins is not a whole number of at least 1.
    """
    if not codes:
        raise ValueError("codes must name at least one model; got none")
    bins = check_count(bins, "bins")
    codes = {name: check_array(code, f"codes[{name!r}]") for name, code in codes.items()}
    highest = 0.0
    for name, code in codes.items():
        if code.ndim != 2 or code.min() < 0 or code.max() == 0:
            raise ValueError(
                f"codes[{name!r}] must have shape (n, code_size) and hold activations of at least "
                f"0, some above; got shape {code.shape}, {code.min():g} to {code.max():g}"
            )
        highest = max(highest, float(code.max()))
    edges = np.linspace(0, highest, bins + 1)
    figure, axes = plt.subplots()
    for name, code in codes.items():
        counts, _ = np.histogram(code[code > 0], edges)
        label = f"{name}: {np.mean(code == 0):.1%} are 0"
        axes.stairs(counts / len(code), edges, color=_colour(name), linewidth=2, label=label)
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
        positions: `(points,)`, where the points stand on a logarithmic axis.
        curves: by name, `(draws, points)`.
        xlabel: what the positions are.
        ylabel: what the numbers are.
        yscale: "linear", or "log" for numbers that run over powers of ten.

    Returns:
        The figure.

    Raises:
        ValueError: there is no curve, or one has another number of points or is not finite.
    """
    if not curves:
        raise ValueError("curves must name at least one curve; got none")
    figure, axes = plt.subplots()
    for name, draws in curves.items():
        draws = check_array(draws, f"curves[{name!r}]")
        if draws.shape[1:] != (len(positions),):
            raise ValueError(
                f"curves[{name!r}] must have shape (draws, {len(positions)}); got {draws.shape}"
            )
        mean, deviation = draws.mean(axis=0), draws.std(axis=0)
        axes.plot(positions, mean, color=_colour(name), marker="o", label=name)
        axes.fill_between(
            positions, mean - deviation, mean + deviation, color=_colour(name), alpha=0.2
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
        ValueError: there is no design, a number is negative or not finite, or a level's name has
            no colour.
    """
    if not errors:
        raise ValueError("errors must name at least one design; got none")
    figure, axes = plt.subplots(figsize=(WIDTH, 0.34 * len(errors) + 0.9))
    for row, (name, numbers) in enumerate(errors.items()):
        numbers = _not_negative(numbers, f"errors[{name!r}]")
        mean, colour = numbers.mean(), COLOURS["autoencoder"]
        axes.barh(row, mean, height=0.6, color=colour, alpha=0.25)
        axes.plot(numbers, np.full(len(numbers), row), "o", color=colour, markersize=4)
        axes.text(1, row, f" {mean:.1f}", va="center", transform=axes.get_yaxis_transform())
    for name, level in (levels or {}).items():
        _not_negative([level], f"levels[{name!r}]")
        axes.axvline(level, color=_colour(name), linewidth=1.5, zorder=0, label=name)
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
        ValueError: the array has another shape or is not finite.
    """
    images = check_array(images, "images")
    if images.ndim != 5 or images.shape[-1] != 1:
        raise ValueError(
            f"images must have shape (rows, columns, height, width, 1); got {images.shape}"
        )
    rows, columns, height, width, _ = images.shape
    picture = images[::-1, ..., 0].swapaxes(1, 2).reshape(rows * height, columns * width)
    figure, axes = plt.subplots(figsize=(WIDTH, WIDTH * rows * height / (columns * width)))
    _draw_image(axes, picture, "images")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def code_map(codes: np.ndarray, labels: np.ndarray) -> Figure:
    """Codes of two numbers as points in the plane, coloured by label, each label at its median.

    Args:
        codes: `(n, 2)`.
        labels: `(n,)`, integers 0 to 9.

    Returns:
        The figure.

    Raises:
        ValueError: the codes have another shape or are not finite, or there are not as many labels.
    """
    codes, labels = check_array(codes, "codes"), np.asarray(labels)
    if codes.shape[1:] != (2,) or labels.shape != (len(codes),):
        raise ValueError(
            f"codes and labels must have shapes (n, 2) and (n,); got {codes.shape}, {labels.shape}"
        )
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
    if not named:
        raise ValueError("named must hold the filters of at least one model; got none")
    figure, panels = plt.subplots(1, len(named), figsize=(WIDTH, WIDTH / len(named)), squeeze=False)
    for axes, (name, weights) in zip(panels[0], named.items(), strict=True):
        weights = check_array(weights, f"named[{name!r}]")
        if weights.ndim != 4:
            raise ValueError(
                f"named[{name!r}] must have shape (rows, columns, height, width); "
                f"got {weights.shape}"
            )
        largest = np.abs(weights).max(axis=(2, 3), keepdims=True)
        scaled = np.divide(weights, 2 * largest, out=np.zeros_like(weights), where=largest > 0)
        framed = np.pad(0.5 + scaled, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=1)
        rows, columns, height, width = framed.shape
        _draw_image(axes, framed.swapaxes(1, 2).reshape(rows * height, columns * width), name)
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
    if not fields:
        raise ValueError("fields must name at least one field; got none")
    points, positions = check_array(points, "points"), check_array(positions, "positions")
    fields = {name: check_array(field, f"fields[{name!r}]") for name, field in fields.items()}
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
        axes.autoscale_view()
        axes.set(title=name, xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set_visible(False)
    return figure


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
    for (row, column), number in np.ndenumerate(numbers):
        axes.text(column, row, f"{number:.1f}", ha="center", va="center", fontsize=14)
    for column, row in enumerate(behind.argmin(axis=0)):
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
    """Numbers as 1, 2, 5, 10 on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(lambda *_: "")


def _draw_on_logarithmic_axes(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> tuple[Figure, Axes]:
    if not curves:
        raise ValueError("curves must name at least one curve; got none")
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    for name, points in curves.items():
        points = _positive(points, f"curves[{name!r}]")
        axes.plot(*points, color=_colour(name), marker="o", markersize=4, label=name)
    axes.set(xscale="log", yscale="log")
    return figure, axes


def _positive(points: Sequence[Sequence[float]], name: str) -> np.ndarray:
    lengths = [np.size(row) for row in points]
    if len(lengths) != 2 or lengths[0] != lengths[1]:
        raise ValueError(
            f"{name} must be two lists of the same length, across and up; got lengths {lengths}"
        )
    points = check_array(np.asarray(points, dtype=float), name)
    if points.min() <= 0:
        raise ValueError(f"{name} must be positive; got {points.min():g}")
    return points


def _not_negative(numbers: Sequence[float], name: str) -> np.ndarray:
    numbers = np.asarray(numbers, dtype=float)
    if numbers.ndim != 1:
        raise ValueError(f"{name} must be a list of numbers; got shape {numbers.shape}")
    numbers = check_array(numbers[np.newaxis], name)[0]
    if numbers.min() < 0:
        raise ValueError(f"{name} must not be negative; got {numbers.min():g}")
    return numbers


def _colour(name: str) -> str:
    if name not in COLOURS:
        raise ValueError(f"name must be one that has a colour, {list(COLOURS)}; got {name!r}")
    return COLOURS[name]


def _draw_image(axes: Axes, image: np.ndarray, name: str) -> None:
    image = np.asarray(image)
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[-1] != 1):
        raise ValueError(
            f"{name} must hold grey images of shape (height, width, 1); got shape {image.shape}"
        )
    image = check_array(image, name)
    axes.imshow(image.reshape(image.shape[:2]), vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_bars(axes: Axes, code: np.ndarray, highest: float, aspect: float = 1) -> None:
    axes.bar(np.arange(len(code)), code, width=1, color=COLOURS["code"])
    axes.set(xticks=[], yticks=[], ylim=(min(0, -highest * (code < 0).any()), highest))
    axes.set_box_aspect(aspect)
    axes.spines["left"].set_visible(False)
