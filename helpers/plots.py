"""The book's figures. They take arrays and names, never models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.checks import check_array

STYLE = Path(__file__).parent / "book.mplstyle"
# The same colour for the same thing in every chapter, from the palette of Okabe and Ito.
COLOURS = {"autoencoder": "#0072B2", "PCA": "#D55E00", "code": "#009E73"}


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
        1, 5, figsize=(5.2, 1.8), width_ratios=[1, 0.55, 1.4, 0.55, 1]
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


def image_rows(
    rows: Mapping[str, np.ndarray], errors: Mapping[str, Sequence[float]] | None = None
) -> Figure:
    """Rows of images, one below the other, each named at its left; codes are drawn as bars.

    Args:
        rows: by name, images `(n, height, width, 1)` with pixels in [0, 1], or codes
            `(n, code_size)`. Every row has the same n.
        errors: by the name of a row, n numbers to write under its images.

    Returns:
        The figure.

    Raises:
        ValueError: there is no row, the rows differ in length, an array has another shape, or an
            error's row is unknown or of another length.
    """
    errors = errors or {}
    if not rows:
        raise ValueError("rows must name at least one row of images; got none")
    rows = {name: check_array(row, f"rows[{name!r}]") for name, row in rows.items()}
    lengths = {name: len(row) for name, row in rows.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"rows must all have the same number of images; got {lengths}")
    columns = next(iter(lengths.values()))
    for name, numbers in errors.items():
        if name not in rows or len(numbers) != columns:
            raise ValueError(
                f"errors must give {columns} numbers for each of the rows {list(rows)}; "
                f"got {len(numbers)} for {name!r}"
            )
    figure, grid = plt.subplots(len(rows), columns, figsize=(5.2, 0.8 * len(rows)), squeeze=False)
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
        axes.plot(epochs, numbers, style, color=COLOURS["autoencoder"], label=name)
    for name, level in (levels or {}).items():
        axes.axhline(level, color=COLOURS.get(name, "black"), linewidth=1.5, label=name)
    axes.set(xlabel="epoch", ylabel=unit)
    axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    return figure


def _draw_image(axes: Axes, image: np.ndarray, name: str) -> None:
    image = np.asarray(image)
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[-1] != 1):
        raise ValueError(
            f"{name} must hold grey images of shape (height, width, 1); got shape {image.shape}"
        )
    axes.imshow(image.reshape(image.shape[:2]), vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_bars(axes: Axes, code: np.ndarray, highest: float, aspect: float = 1) -> None:
    axes.bar(np.arange(len(code)), code, width=1, color=COLOURS["code"])
    axes.set(xticks=[], yticks=[], ylim=(min(0, -highest * (code < 0).any()), highest))
    axes.set_box_aspect(aspect)
    axes.spines["left"].set_visible(False)
