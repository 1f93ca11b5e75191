"""Printed letters: every one is readable, inside the image, and in one split."""

import functools
import inspect
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import map_coordinates
from sklearn.metrics import pairwise_distances_argmin

from helpers.datasets.letters import (
    LETTERS,
    TYPEFACES,
    _draw_glyph,
    _load_font,
    _place,
    load_letters,
    split_glyphs,
)
from tests.surroundings import generators_go_on

SPLITS = ("train", "validation", "test")
FONTS = [font for pair in TYPEFACES.values() for font in pair]


@pytest.fixture(scope="module")
def letters():
    return load_letters(4000, 600, 600, seed=1)


@pytest.fixture(scope="module")
def everything(letters):
    images = np.concatenate([letters.train, letters.validation, letters.test])
    labels = np.concatenate([letters.train_labels, letters.validation_labels, letters.test_labels])
    return images[..., 0], labels


def stretched(picture):
    """The ink of a picture, stretched to 20×20."""
    return np.ravel(picture.crop(picture.getbbox()).resize((20, 20))) / 255


@functools.cache
def alphabet(font):
    """All letters of a font, stretched: `(26, 400)`."""
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / font
    shapes = []
    for letter in LETTERS:
        canvas = Image.new("L", (200, 200))
        ImageDraw.Draw(canvas).text((50, 50), letter, fill=255, font=ImageFont.truetype(path, 80))
        shapes.append(stretched(canvas))
    return np.array(shapes)


def letters_recognised(font):
    """The share of a font's letters that look most like the same letter of the other fonts."""
    others = np.mean([alphabet(other) for other in FONTS if other != font], axis=0)
    distances = np.square(alphabet(font)[:, np.newaxis] - others).sum(axis=2)
    return np.mean(distances.argmin(axis=1) == np.arange(26))


def ink_boxes(images):
    """First and last row and column with ink of each image, as four arrays."""
    inked = images > 0.25
    rows, columns = inked.any(axis=2), inked.any(axis=1)
    last = images.shape[1] - 1
    return (
        rows.argmax(axis=1),
        last - rows[:, ::-1].argmax(axis=1),
        columns.argmax(axis=1),
        last - columns[:, ::-1].argmax(axis=1),
    )


@pytest.mark.parametrize("font", FONTS)
def test_every_font_draws_26_distinct_ordinary_letters(font):
    assert len(np.unique(alphabet(font), axis=0)) == 26
    assert letters_recognised(font) > 0.8


@pytest.mark.parametrize("font", ["cmsy10.ttf", "cmex10.ttf"])
def test_a_font_without_ordinary_letters_would_be_noticed(font):
    assert letters_recognised(font) < 0.8


@pytest.mark.parametrize(("name", "fonts"), TYPEFACES.items())
def test_a_typeface_is_named_as_its_fonts_are_upright_before_slanted(name, fonts):
    (family, upright), (other_family, slanted) = (_load_font(font).getname() for font in fonts)
    family_named = name.removesuffix(" bold").replace(" ", "")
    assert family.replace(" ", "") == other_family.replace(" ", "") == family_named
    for style in (upright, slanted):
        assert ("bold" in style.lower()) == name.endswith(" bold")
    assert upright in ("Book", "Regular", "Bold")
    assert re.search("Oblique|Italic", slanted)


@pytest.mark.parametrize("letter", ["R", "W", "I"])
@pytest.mark.parametrize(
    ("scale", "slant", "shift"),
    [(0.2, 0.15, (0.5, -0.25)), (0.23, -0.2, (-1, 1)), (5, 0.1, (1, -1)), (0.18, 0, (0, 0))],
)
def test_a_letter_is_scaled_slanted_and_moved_as_asked(letter, scale, slant, shift):
    glyph = _draw_glyph(letter, _load_font("DejaVuSerif.ttf"))
    ink = np.asarray(glyph, float)
    height, width = ink.shape
    # No wider and no higher than 24 pixels; moved by 3 pixels at most, and never out of these 24.
    wide, high = width + abs(slant) * height, height
    scale_used = min(scale, 24 / wide, 24 / high)
    room = [min(3, 12 - scale_used * size / 2) for size in (wide, high)]
    middle = 14 + np.multiply(shift, room)
    # Sixteen points in each pixel, a quarter of a pixel apart.
    down, across = np.mgrid[:112, :112] / 4 + 1 / 8
    down, across = (down - middle[1]) / scale_used, (across - middle[0]) / scale_used
    down, across = height / 2 + down, width / 2 + across + slant * down
    inside = (down >= 0) & (down < height) & (across >= 0) & (across < width)
    expected = inside * map_coordinates(ink, (down - 0.5, across - 0.5), order=1, mode="nearest")
    expected = expected.reshape(28, 4, 28, 4).mean(axis=(1, 3))
    found = np.asarray(_place(glyph, scale, slant, np.array(shift)), float)
    np.testing.assert_allclose(found, expected, atol=1.5)


def test_image_sets_are_as_large_as_asked_float32_and_in_0_to_1(letters):
    for split, count in zip(SPLITS, (4000, 600, 600), strict=True):
        images, labels = getattr(letters, split), getattr(letters, f"{split}_labels")
        assert images.shape == (count, 28, 28, 1)
        assert images.dtype == np.float32
        assert images.min() == 0
        assert images.max() == 1
        assert labels.shape == (count,)
        np.testing.assert_array_equal(np.unique(labels), np.arange(26))


def test_every_letter_has_ink_and_touches_no_border(everything):
    images, _ = everything
    assert (images.max(axis=(1, 2)) > 0.5).all()
    assert (images.sum(axis=(1, 2)) > 10).all()
    for border in (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]):
        assert not border.any()


def test_an_h_is_14_to_20_pixels_high_and_its_middle_at_most_3_from_the_middle(everything):
    images, labels = everything
    top, bottom, left, right = ink_boxes(images[labels == LETTERS.index("H")])
    heights = bottom - top + 1
    assert 13 <= heights.min() <= 15
    assert 19 <= heights.max() <= 21
    for middle in ((top + bottom) / 2, (left + right) / 2):
        assert -4 <= (middle - 13.5).min() < -2
        assert 2 < (middle - 13.5).max() <= 4


def leans_of(images):
    """How many pixels to the right the ink of each image goes for each pixel up."""
    leans = []
    for image in images.astype(float):
        down, right = np.indices(image.shape).reshape(2, -1)
        covariance = np.cov(down, right, aweights=image.ravel())
        leans.append(-covariance[0, 1] / covariance[0, 0])
    return leans


def test_size_slant_and_place_are_drawn_independently(everything):
    images, labels = everything
    images = images[labels == LETTERS.index("H")]
    top, bottom, left, right = ink_boxes(images)
    drawn = [bottom - top, leans_of(images), left + right, top + bottom]
    correlations = np.corrcoef(drawn) - np.eye(4)
    assert np.abs(correlations).max() < 0.3


def test_without_counts_there_are_20_000_letters_to_train_on_and_2_000_for_each_other_split():
    parameters = inspect.signature(load_letters).parameters
    counts = [parameters[f"{split}_count"].default for split in SPLITS]
    assert counts == [20_000, 2_000, 2_000]


@pytest.mark.parametrize("font", FONTS)
def test_a_glyph_is_drawn_more_than_three_times_as_large_as_it_is_shown(font):
    assert 3 * 20 < _draw_glyph("H", _load_font(font)).height < 5 * 20


def test_letters_lean_to_either_side(everything):
    images, labels = everything
    leans = leans_of(images[labels == LETTERS.index("I")])
    assert min(leans) == pytest.approx(-0.2, abs=0.05)
    # An oblique font leans by about 0.2 itself.
    assert max(leans) == pytest.approx(0.4, abs=0.08)


def test_bold_letters_have_more_ink_than_light_ones(everything):
    images, labels = everything
    ink = images[labels == LETTERS.index("H")].sum(axis=(1, 2))
    assert ink.max() > 3 * ink.min()


@pytest.mark.parametrize("split", SPLITS)
def test_the_label_is_that_of_the_printed_letter_most_alike(letters, split):
    printed = np.concatenate([alphabet(font) for font in FONTS])
    images = np.uint8(255 * getattr(letters, split)[:300, ..., 0])
    shapes = np.array([stretched(Image.fromarray(image)) for image in images])
    nearest = pairwise_distances_argmin(shapes, printed) % 26
    assert np.mean(nearest == getattr(letters, f"{split}_labels")[:300]) > 0.85


def test_every_glyph_belongs_to_one_split():
    glyphs = [glyph for split in SPLITS for glyph in split_glyphs(split)]
    assert len(glyphs) == len(set(glyphs)) == 26 * 16
    assert set(glyphs) == {(letter, font) for letter in LETTERS for font in FONTS}


@pytest.mark.parametrize(("split", "typefaces"), [("train", 6), ("validation", 1), ("test", 1)])
def test_every_split_has_all_letters_and_all_fonts(split, typefaces):
    glyphs = split_glyphs(split)
    assert {font for _, font in glyphs} == set(FONTS)
    for letter in LETTERS:
        fonts = {font for other, font in glyphs if other == letter}
        whole = [pair for pair in TYPEFACES.values() if set(pair) <= fonts]
        assert len(whole) == typefaces
        assert len(fonts) == 2 * typefaces


def test_the_splits_share_no_image(letters):
    train, validation, test = (
        {image.tobytes() for image in getattr(letters, split)} for split in SPLITS
    )
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    first, again, other = (load_letters(50, 50, 50, seed=seed) for seed in (1, 1, 2))
    for part in (*SPLITS, *(f"{split}_labels" for split in SPLITS)):
        assert getattr(first, part).tobytes() == getattr(again, part).tobytes()
        assert getattr(first, part).tobytes() != getattr(other, part).tobytes()


def test_without_a_seed_it_is_book_seed(monkeypatch):
    monkeypatch.setenv("BOOK_SEED", "7")
    np.testing.assert_array_equal(load_letters(9, 1, 1).train, load_letters(9, 1, 1, seed=7).train)


@pytest.mark.parametrize("name", ["train_count", "validation_count", "test_count"])
@pytest.mark.parametrize("count", [0, -1, 1.5, True, "many"])
def test_a_bad_count_is_refused(name, count):
    with pytest.raises(ValueError, match=f"{name} must"):
        load_letters(**{name: count})


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "one"])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must"):
        load_letters(seed=seed)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match=r"split must be one of .*'valid'"):
        split_glyphs("valid")


@pytest.mark.parametrize("font", FONTS)
def test_the_loader_draws_26_different_letters_of_a_font(font):
    loaded = _load_font(font)
    shapes = [stretched(_draw_glyph(letter, loaded)) for letter in LETTERS]
    for number, shape in enumerate(shapes):
        for other in shapes[:number]:
            assert np.abs(shape - other).mean() > 0.005


@pytest.mark.parametrize("value", [["train"], None, np.array(["train", "test"]), {}, "valid"])
def test_an_odd_split_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^split must be one of"):
        split_glyphs(value)


@pytest.mark.parametrize("name", ["train_count", "validation_count", "test_count"])
@pytest.mark.parametrize("count", [2.0, np.float64(2), "2", None, [2], 10**30])
def test_an_odd_count_is_refused_by_name(name, count):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        load_letters(**{name: count})


def test_loading_leaves_the_generators_of_the_process_alone():
    with generators_go_on():
        load_letters(3, 3, 3)
