"""The pictures with which the book's figures are compared: each figure function on small input.

    python -m tools.figures [NAME …]     draw them anew into tests/figures: all, or some

tests/test_figures.py draws them again and compares. Look at those that changed before you commit.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import __version__, ft2font
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from helpers import plots

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "figures"
# What decides where the pixels of a text lie; written into each picture.
SOFTWARE = f"Matplotlib {__version__}, FreeType {ft2font.__freetype_version__}"


def _images(count: int, height: int, width: int, channels: int = 1) -> np.ndarray:
    """Ramps that rise in another direction in each image and in each channel."""
    turns = np.arange(count)[:, np.newaxis] + 2 * np.arange(channels)
    down, across = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    rise = np.einsum("nc,h->nhc", np.sin(turns), down)[:, :, np.newaxis]
    run = np.einsum("nc,w->nwc", np.cos(turns), across)[:, np.newaxis]
    ramps: np.ndarray = 0.5 + (rise + run) / 3
    return ramps


def _waves(count: int, size: int) -> np.ndarray:
    """Rows of numbers between -1 and 1, each row a wave of its own."""
    return np.sin(np.outer(1 + np.arange(count), 1 + np.arange(size)))


GREY, COLOUR = _images(6, 8, 8), _images(6, 6, 9, 3)
CODES = _waves(6, 7)
POSITIVE = np.maximum(CODES, 0)
LONG = "a name that is longer than its place"
# 16 points on a circle, and so many inside it that a change of their size shows.
TURNS = np.arange(16) * np.pi / 8
CIRCLE = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)
DISC = np.concatenate([radius * CIRCLE for radius in np.arange(1, 21) / 20])

# By name: the function, and behind a hyphen which of its branches is drawn.
FIGURES: dict[str, Callable[[], Figure]] = {
    "code_journey": lambda: plots.code_journey(GREY[0], POSITIVE[0], GREY[1]),
    "code_journey-colour": lambda: plots.code_journey(COLOUR[0], CODES[0], COLOUR[1]),
    "architecture": lambda: plots.architecture([(28, 28, 1), (8,)], [(8,), (300,), (28, 28, 1)]),
    "architecture-larger_inside": lambda: plots.architecture(
        [(4, 4, 1), (2, 2, 16), (3,)], [(3,), (16,)]
    ),
    "image_rows": lambda: plots.image_rows({"image": GREY, "rebuilt": GREY[::-1]}),
    "image_rows-errors": lambda: plots.image_rows(
        {"image": GREY[:3], "code": CODES[:3], "rebuilt": 1.2 * GREY[3:]},
        {"rebuilt": [1, 20.04, 0.05]},
        columns=["a", "b", "c"],
    ),
    "image_rows-shared_columns": lambda: plots.image_rows(
        {"image": GREY[:4]}, {"image": [0.1, 0.25, 0, 0.5]}, columns=["left", "right"]
    ),
    "image_rows-colour": lambda: plots.image_rows(
        {"colour": COLOUR, "high": COLOUR.swapaxes(1, 2), "grey": GREY, "code": POSITIVE}
    ),
    "image_rows-long_names": lambda: plots.image_rows(
        {LONG: GREY[:4], "": GREY[1:5]}, columns=[LONG, "short"]
    ),
    "learning_curves": lambda: plots.learning_curves(
        {"PCA, training": [5, 3, 2.5, 2], "PCA, validation": [6, 4, 3.5, 4]}, {"truth": 1.5}
    ),
    "learning_curves-one_epoch": lambda: plots.learning_curves(
        {"training": [2], "validation": [3], "mine": [-1], "yours": [1]}, unit="nats"
    ),
    "learning_curves-long_names": lambda: plots.learning_curves(
        {LONG + ", validation": [3, 2, 3]}, {LONG: 1}, unit=LONG + " beside an axis"
    ),
    "error_table": lambda: plots.error_table(
        [[1.0, 20], [2.0, 10.04], [4.0, 40]],
        ["digits", "letters", "photos"],
        ["digits", "letters"],
        names=("trained on", "tested on"),
    ),
    "error_table-long_names": lambda: plots.error_table(
        [[0.5, 0.25, 0.5]], [LONG], ["a", LONG, "two\nlines"], names=(LONG, "columns")
    ),
    "psnr_table": lambda: plots.psnr_table(
        [[18, 9.5], [15, -0.04]], ["a", "b"], ["c\nnoisy: 9.0", "d"], names=("rows", "columns")
    ),
    "pictures": lambda: plots.pictures({"wide": GREY[0, :4], "high": GREY[1, :, :3], "": GREY[2]}),
    "pictures-colour": lambda: plots.pictures({LONG: COLOUR[0], "brighter": 1.5 * COLOUR[1]}),
    "error_spread": lambda: plots.error_spread(np.arange(1, 21) ** 2 / 10),
    "error_spread-equal": lambda: plots.error_spread([0.5, 0.5], unit="nats"),
    "error_spread-negative": lambda: plots.error_spread([-3, 1, 2]),
    "rate_curves": lambda: plots.rate_curves(
        {"JPEG": ([2, 10, 90], [40, 12, 5]), "mine": ([4, 30], [30, 9])}, {"PNG": 60}
    ),
    "rate_curves-narrow": lambda: plots.rate_curves({"PCA": ([3.1, 3.6], [3.2, 3.4])}),
    "rate_curves-wide": lambda: plots.rate_curves({"WebP": ([0.01, 5000], [1, 30])}),
    "gain_curves": lambda: plots.gain_curves(
        {"with noise": ([4.1, 3.2, 2.5], [4.4, 5.1, 6.6]), "neither": ([5], [3.9])}
    ),
    "time_curves": lambda: plots.time_curves(
        {"one layer": ([2, 10, 40], [9, 5, 4]), "two": ([3, 15, 60], [12, 6, 3.9])}
    ),
    "frontier": lambda: plots.frontier(
        {"L1": ([5, 20, 80], [20, 9, 4]), "top-k": ([6, 60], [15, 3])},
        {"left": (6, 15), "right": (60, 3)},
    ),
    "rate_distortion": lambda: plots.rate_distortion(
        {"over beta": ([9, 18, 31, 52], [95, 77, 61, 52]), "plain": ([35, 70, 104], [110, 70, 62])},
        {"beta of 1": (18, 77)},
    ),
    "activation_spread": lambda: plots.activation_spread(
        {"plain": np.abs(CODES), "sparse": 2 * POSITIVE}, bins=8
    ),
    "activation_spread-dead_units": lambda: plots.activation_spread(
        {"my model": POSITIVE * (np.arange(7) < 3)}
    ),
    "spread_curves": lambda: plots.spread_curves(
        [10, 100, 2500],
        {"pixels": 80 + 9 * _waves(4, 3), "code": 60 + 9 * _waves(3, 3)},
        xlabel="labels",
        ylabel="percent",
    ),
    "spread_curves-many_points": lambda: plots.spread_curves(
        np.arange(1, 101),
        {"deep": np.outer([2, 3], 1 / np.arange(1, 101))},
        xlabel="direction",
        ylabel="singular value",
    ),
    "spread_curves-logarithmic": lambda: plots.spread_curves(
        [2, 8, 32], {"PCA": [[40, 12, 3]], LONG: [[30, 9, 2]]}, xlabel="a", ylabel="b", yscale="log"
    ),
    "seed_dots": lambda: plots.seed_dots({"wide": [3, 5, 4], "deep": [8, 8.5, 9]}),
    "seed_dots-levels": lambda: plots.seed_dots(
        {"wide": [0.3, 0.5], LONG: [0.01, 0.02]}, {"PCA": 0.4, "mine": 0.6, LONG: 0.1}
    ),
    "image_grid": lambda: plots.image_grid(
        GREY[:, :4].reshape(2, 3, 4, 8, 1), xlabel="across", ylabel="up"
    ),
    "image_grid-colour": lambda: plots.image_grid(COLOUR[np.newaxis], xlabel="a", ylabel=LONG),
    "code_map": lambda: plots.code_map(
        np.concatenate([DISC, 2 + DISC / 2]), np.repeat([0, 7], len(DISC))
    ),
    "filters": lambda: plots.filters(
        {"atoms": _waves(6, 20).reshape(2, 3, 4, 5), f"{LONG}, by far": np.zeros((1, 1, 4, 5))}
    ),
    "filters-colour": lambda: plots.filters({"atoms": COLOUR.reshape(2, 3, 6, 9, 3) - 0.5}),
    "arrows": lambda: plots.arrows(
        DISC, CIRCLE[::4] / 2, {"in": -CIRCLE[::4] / 4, f"{LONG}, by far": CIRCLE[::4]}
    ),
}


def draw(name: str) -> bytes:
    """One of the figures as a PNG, in the size in which a chapter stores it.

    Args:
        name: one of `FIGURES`.

    Returns:
        The file's bytes.
    """
    with plt.rc_context():
        plt.switch_backend("agg")
        plt.rcdefaults()
        plots.use_book_style()
        figure = FIGURES[name]()
        try:
            return as_png(figure)
        finally:
            plt.close(figure)


def as_png(figure: Figure) -> bytes:
    """A figure as a PNG, in the size in which a chapter stores it and in few bytes.

    Args:
        figure: drawn in the style of the book.

    Returns:
        The file's bytes.
    """
    drawn, stored = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, bbox_inches="tight")  # as a notebook does
    picture = Image.open(drawn).convert("RGB")
    few_colours = picture.quantize(256, dither=Image.Dither.NONE)
    # A palette more than halves the file. Where colours run into each other, it would show.
    colours = np.asarray(picture), np.asarray(few_colours.convert("RGB"))
    difference = np.subtract(*colours, dtype=float)
    if np.sqrt(np.mean(difference**2)) < 0.5:
        picture = few_colours
    facts = PngInfo()
    facts.add_text("Software", SOFTWARE)
    picture.save(stored, "png", optimize=True, pnginfo=facts)
    return stored.getvalue()


def main(names: list[str]) -> None:
    """Draw pictures anew, and remove those that nothing draws any more.

    Args:
        names: which of `FIGURES`; empty for all.
    """
    unknown = set(names) - FIGURES.keys()
    if unknown:
        sys.exit(
            f"There is no figure {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}."
        )
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.png"):
        if path.stem not in FIGURES:
            path.unlink()
            print(f"removed {path.name}")
    for name in names or FIGURES:
        (FOLDER / f"{name}.png").write_bytes(draw(name))
        print(f"drew {name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
