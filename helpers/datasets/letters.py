"""Printed letters: the capitals A to Z in fonts that come with matplotlib."""

import string
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from helpers.checks import check_choice, check_count
from helpers.datasets.image_set import IMAGE_SHAPE, LabelledImageSet, check_images
from helpers.seeds import check_seed, spawn_seeds

LETTERS = string.ascii_uppercase
# Each typeface upright and slanted, named one by one: some of matplotlib's fonts draw no ordinary
# letters, and its set differs between versions.
TYPEFACES = {
    "DejaVu Sans": ("DejaVuSans.ttf", "DejaVuSans-Oblique.ttf"),
    "DejaVu Sans bold": ("DejaVuSans-Bold.ttf", "DejaVuSans-BoldOblique.ttf"),
    "DejaVu Sans Mono": ("DejaVuSansMono.ttf", "DejaVuSansMono-Oblique.ttf"),
    "DejaVu Sans Mono bold": ("DejaVuSansMono-Bold.ttf", "DejaVuSansMono-BoldOblique.ttf"),
    "DejaVu Serif": ("DejaVuSerif.ttf", "DejaVuSerif-Italic.ttf"),
    "DejaVu Serif bold": ("DejaVuSerif-Bold.ttf", "DejaVuSerif-BoldItalic.ttf"),
    "STIX General": ("STIXGeneral.ttf", "STIXGeneralItalic.ttf"),
    "STIX General bold": ("STIXGeneralBol.ttf", "STIXGeneralBolIta.ttf"),
}
SPLITS = ("train", "validation", "test")

HEIGHTS = (14, 20)  # of a capital H, in pixels
LARGEST = 24  # side of the middle square that all ink stays in, in pixels
SLANT = 0.2  # pixels to the right for each pixel up, at most, to either side
SHIFT = 3  # pixels from the middle, at most
FONT_SIZE = 110
OVERSAMPLING = 4


def load_letters(
    train_count: int = 20_000,
    validation_count: int = 2_000,
    test_count: int = 2_000,
    seed: int | None = None,
) -> LabelledImageSet:
    """Printed capitals, white on black, at varied size, weight, slant and place.

    The splits share no image: a letter of a typeface, upright and slanted, belongs to one split
    (`split_glyphs`). Every split has all 26 letters and all eight typefaces, so a test letter is
    one whose shape in that typeface was never trained on.

    Args:
        train_count: how many letters to train on.
        validation_count: how many to make choices by.
        test_count: how many to report on.
        seed: draws letters, fonts, sizes, slants and places; None for the default seed.

    Returns:
        The letters as float32 images in [0, 1], outermost pixels 0, with integer labels 0 (A) to
        25 (Z).

    Raises:
        ValueError: a count is below 1, or the seed is not valid.

    Source:
        The fonts DejaVu and STIX as they come with matplotlib, under the licences that stand
        beside them.
    """
    counts = dict(zip(SPLITS, (train_count, validation_count, test_count), strict=True))
    for split, count in counts.items():
        check_count(count, f"{split}_count")
    seeds = spawn_seeds(check_seed(seed), len(SPLITS))
    parts: dict[str, np.ndarray] = {}
    for (split, count), split_seed in zip(counts.items(), seeds, strict=True):
        images, labels = _draw_split(split_glyphs(split), count, split_seed)
        parts |= {split: images, f"{split}_labels": labels}
    return LabelledImageSet(**parts)


def split_glyphs(split: str) -> list[tuple[str, str]]:
    """Which letters of which fonts a split is drawn from.

    Of the eight typefaces, each letter leaves one to validation and another to test; which ones
    moves on from letter to letter.

    Args:
        split: "train", "validation" or "test".

    Returns:
        Pairs of a letter and the name of a font file: 312 for train, 52 each for the others.

    Raises:
        ValueError: there is no such split.
    """
    check_choice(split, SPLITS, "split")
    held_out = {0: "test", len(TYPEFACES) // 2: "validation"}
    return [
        (letter, font)
        for label, letter in enumerate(LETTERS)
        for number, fonts in enumerate(TYPEFACES.values())
        if held_out.get((label + number) % len(TYPEFACES), "train") == split
        for font in fonts
    ]


def _draw_split(
    glyphs: list[tuple[str, str]], count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    fonts = {font: _load_font(font) for _, font in glyphs}
    shapes = [_draw_glyph(letter, fonts[font]) for letter, font in glyphs]
    capitals = {name: _draw_glyph("H", font).height for name, font in fonts.items()}
    labels = np.array([LETTERS.index(letter) for letter, _ in glyphs])
    draws = np.random.default_rng(seed).random((count, 5))
    picks = (draws[:, 0] * len(glyphs)).astype(int)
    heights = HEIGHTS[0] + (HEIGHTS[1] - HEIGHTS[0]) * draws[:, 1]
    slants = SLANT * (2 * draws[:, 2] - 1)
    shifts = 2 * draws[:, 3:] - 1
    images = np.empty((count, *IMAGE_SHAPE), np.float32)
    for image, pick, height, slant, shift in zip(
        images, picks, heights, slants, shifts, strict=True
    ):
        scale = height / capitals[glyphs[pick][1]]
        image[..., 0] = np.asarray(_place(shapes[pick], scale, slant, shift))
    return check_images(images / 255, "letters"), labels[picks]


def _load_font(name: str) -> ImageFont.FreeTypeFont:
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name
    return ImageFont.truetype(path, FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def _draw_glyph(letter: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    left, top, right, bottom = font.getbbox(letter)
    canvas = Image.new("L", (int(right - left), int(bottom - top)))
    ImageDraw.Draw(canvas).text((-left, -top), letter, fill=255, font=font)
    return canvas.crop(canvas.getbbox())


def _place(glyph: Image.Image, scale: float, slant: float, shift: np.ndarray) -> Image.Image:
    """The glyph scaled, slanted and moved by shift, -1 to 1, of the room it has."""
    width, height = glyph.size
    slanted_width = width + abs(slant) * height
    scale = min(scale, LARGEST / slanted_width, LARGEST / height)
    extent = scale * np.array([slanted_width, height])
    side = IMAGE_SHAPE[0]
    x, y = OVERSAMPLING * (side / 2 + shift * np.minimum(SHIFT, (LARGEST - extent) / 2))
    # Pillow asks, for a pixel of the new image, which one of the old it shows.
    step = 1 / (OVERSAMPLING * scale)
    backwards = (
        *(step, slant * step, width / 2 - step * (x + slant * y)),
        *(0, step, height / 2 - step * y),
    )
    large = (OVERSAMPLING * side, OVERSAMPLING * side)
    placed = glyph.transform(large, Image.Transform.AFFINE, backwards, Image.Resampling.BILINEAR)
    return placed.reduce(OVERSAMPLING)
