"""Bytes: what a quantiser keeps, and what files really weigh."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from helpers.compression import (
    CODECS,
    LONGEST_SIDE,
    Quantiser,
    RatePoint,
    codec_mosaic,
    codec_points,
    error_within,
    frontier,
    rate_points,
)
from helpers.datasets import ImageSet, load_mnist
from helpers.metrics import squared_error, squared_errors

LOSSLESS = [("PNG", None), ("WebP", None), ("JPEG 2000", None)]
LOSSY = [("JPEG", 10), ("WebP", 10), ("JPEG 2000", 30), ("AVIF", 10)]
# What makes a file of each kind: written out here, so that a changed setting is noticed.
OPTIONS = {
    ("PNG", None): {"optimize": True},
    ("WebP", None): {"lossless": True, "method": 4, "quality": 100},
    ("JPEG", 10): {"quality": 10, "optimize": True},
    ("WebP", 10): {"quality": 10, "method": 6},
    ("JPEG 2000", None): {"irreversible": False},
    ("JPEG 2000", 30): {"quality_mode": "dB", "quality_layers": [30], "irreversible": True},
    ("AVIF", 10): {"quality": 10, "speed": 6, "max_threads": 1},
}


@pytest.fixture(scope="module")
def digits():
    return load_mnist().test[:100]


def file_of(picture, codec, quality):
    file = io.BytesIO()
    pixels = np.uint8(np.round(255 * picture))
    Image.fromarray(pixels).save(file, codec.replace(" ", ""), **OPTIONS[codec, quality])
    return file.getvalue()


def rounding_of(codes):
    """What float32 may round off each code number; near 0, its smallest number."""
    float32 = np.finfo(np.float32)
    largest = np.abs(codes).max(axis=0).astype(float)
    return float32.eps * largest + float(float32.smallest_subnormal)


codes_of_any_range = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)


@settings(deadline=None)
@given(codes_of_any_range, st.integers(1, 16))
def test_codes_inside_the_range_come_back_within_half_a_step(codes, bits):
    restored = Quantiser.fit(codes, bits)
    restored = restored.decode(restored.encode(codes))
    lowest, highest = codes.min(axis=0).astype(float), codes.max(axis=0).astype(float)
    half_step = (highest - lowest) / (2**bits - 1) / 2
    assert (np.abs(restored - codes.astype(float)) <= half_step + rounding_of(codes)).all()


@settings(deadline=None)
@given(codes_of_any_range, st.integers(1, 16))
def test_the_first_and_last_level_are_the_ends_of_the_range(codes, bits):
    levels = np.stack([np.zeros(codes.shape[1], int), np.full(codes.shape[1], 2**bits - 1)])
    ends = Quantiser.fit(codes, bits).decode(levels).astype(float)
    expected = np.stack([codes.min(axis=0), codes.max(axis=0)]).astype(float)
    assert (np.abs(ends - expected) <= rounding_of(codes)).all()


def test_whole_numbers_from_0_to_255_are_their_own_levels_at_8_bits():
    codes = np.arange(256.0)[:, np.newaxis]
    quantiser = Quantiser.fit(codes, 8)
    np.testing.assert_array_equal(quantiser.encode(codes), codes)
    np.testing.assert_array_equal(quantiser.decode(quantiser.encode(codes)), codes)


def test_one_bit_tells_the_lower_half_of_the_range_from_the_upper():
    quantiser = Quantiser.fit(np.array([[-1.0], [3.0]]), 1)
    levels = quantiser.encode(np.array([[-1.0], [0.9], [1.1], [3.0]]))
    np.testing.assert_array_equal(levels, [[0], [0], [1], [1]])
    np.testing.assert_array_equal(quantiser.decode(levels), [[-1], [-1], [3], [3]])


def test_each_code_number_has_its_own_range():
    codes = np.array([[0.0, -100.0], [1.0, 100.0]])
    levels = Quantiser.fit(codes, 2).encode(np.array([[1 / 3, 100 / 3]]))
    np.testing.assert_array_equal(levels, [[1, 2]])


def test_codes_beyond_the_range_become_its_ends():
    quantiser = Quantiser.fit(np.array([[0.0], [1.0]]), 4)
    levels = quantiser.encode(np.array([[-5.0], [7.0]]))
    np.testing.assert_array_equal(levels, [[0], [15]])
    np.testing.assert_array_equal(quantiser.decode(levels), [[0], [1]])


def test_a_code_number_that_never_changes_comes_back_as_it_is():
    codes = np.array([[0.7, 0.0], [0.7, 1.0]], np.float32)
    quantiser = Quantiser.fit(codes, 8)
    np.testing.assert_array_equal(quantiser.decode(quantiser.encode(codes)), codes)
    np.testing.assert_array_equal(quantiser.encode(codes + np.float32(9))[:, 0], [0, 0])


def test_convolutional_codes_keep_their_shape():
    codes = np.random.default_rng(0).normal(size=(5, 7, 7, 3))
    quantiser = Quantiser.fit(codes, 16)
    np.testing.assert_allclose(quantiser.decode(quantiser.encode(codes)), codes, atol=1e-4)
    assert quantiser.bytes_per_image == 7 * 7 * 3 * 2


@pytest.mark.parametrize(
    ("code_size", "bits", "expected"), [(30, 8, 30), (30, 6, 22.5), (1, 1, 0.125), (2, 16, 4)]
)
def test_bytes_are_numbers_times_bits_over_8(code_size, bits, expected):
    assert Quantiser.fit(np.zeros((2, code_size)), bits).bytes_per_image == expected


@pytest.mark.parametrize("bits", [0, -1, 17, 8.0, True, "8"])
def test_bad_bits_are_refused(bits):
    with pytest.raises(ValueError, match="bits must"):
        Quantiser.fit(np.zeros((2, 3)), bits)


@pytest.mark.parametrize(
    "codes", [np.zeros((0, 3)), np.zeros(3), np.zeros((2, 3), int), np.full((2, 3), np.nan)]
)
def test_bad_codes_are_refused(codes):
    with pytest.raises(ValueError, match="codes must"):
        Quantiser.fit(codes, 8)
    with pytest.raises(ValueError, match="codes must"):
        Quantiser.fit(np.zeros((2, 3)), 8).encode(codes)


def test_codes_and_levels_of_another_size_are_refused():
    quantiser = Quantiser.fit(np.zeros((2, 3)), 8)
    with pytest.raises(ValueError, match=r"codes must have shape \(n, 3\).* got shape \(2, 1\)"):
        quantiser.encode(np.zeros((2, 1)))
    for shape in ((2, 4), (3,), (0, 3)):
        with pytest.raises(ValueError, match=r"levels must have shape \(n, 3\)"):
            quantiser.decode(np.zeros(shape, int))


@pytest.mark.parametrize("levels", [[[0.0]], [[-1]], [[256]]])
def test_bad_levels_are_refused(levels):
    with pytest.raises(ValueError, match="levels must"):
        Quantiser.fit(np.zeros((2, 1)), 8).decode(levels)


@pytest.mark.parametrize(("codec", "quality"), LOSSLESS + LOSSY)
def test_bytes_of_a_mosaic_are_the_length_of_its_file(digits, codec, quality):
    rows = [[image[..., 0] for image in digits[start : start + 4]] for start in (0, 4, 8)]
    content = file_of(np.block(rows), codec, quality)
    assert codec_mosaic(digits[:12], codec, quality).bytes_per_image == len(content) / 12


@pytest.mark.parametrize("count", [1, 2, 5, 16])
@pytest.mark.parametrize(("codec", "quality"), LOSSLESS)
def test_lossless_codecs_return_exactly_the_digits(digits, count, codec, quality):
    images = codec_mosaic(digits[:count], codec, quality).images
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images, digits[:count])


@pytest.mark.parametrize(("codec", "quality"), LOSSLESS)
def test_all_256_grey_levels_survive_a_lossless_codec(codec, quality):
    levels = np.resize(np.arange(256, dtype=np.float32), (1, 28, 28, 1)) / 255
    np.testing.assert_array_equal(codec_mosaic(levels, codec, quality).images, levels)


def test_other_pixels_are_rounded_to_the_nearest_level():
    images = np.full((3, 28, 28, 1), 100.7 / 255, np.float32)
    np.testing.assert_allclose(codec_mosaic(images, "PNG").images, 101 / 255, rtol=1e-6)


@pytest.mark.parametrize(("codec", "quality"), LOSSY)
def test_images_of_a_lossy_codec_come_back_in_their_places(digits, codec, quality):
    images = codec_mosaic(digits[:11], codec, quality).images
    assert images.shape == (11, 28, 28, 1)
    assert 0 < squared_errors(digits[:11], images).max() < 10
    assert squared_errors(digits[:11], np.roll(images, 1, axis=0)).min() > 20


@pytest.mark.parametrize("codec", ["JPEG", "WebP"])
def test_a_higher_quality_costs_more_bytes_and_leaves_less_error(digits, codec):
    results = [codec_mosaic(digits, codec, quality) for quality in (0, 30, 90)]
    sizes = [result.bytes_per_image for result in results]
    errors = [squared_error(digits, result.images) for result in results]
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("images", [np.zeros((0, 28, 28, 1)), np.full((1, 28, 28, 1), 2.0)])
def test_bad_images_are_refused(images):
    with pytest.raises(ValueError, match="images must"):
        codec_mosaic(images, "PNG")


@pytest.mark.parametrize(
    ("codec", "quality", "message"),
    [
        ("GIF", None, "codec must be one of .*'GIF'"),
        ("PNG", 10, "quality must be None for PNG"),
        ("JPEG", None, "quality must be from 0 to 100 for JPEG"),
        ("JPEG", 101, "quality must be a whole number from 0 to 100; got 101"),
        ("WebP", -1, "quality must be a whole number"),
        ("WebP", 10.0, "quality must be a whole number"),
        ("WebP", True, "quality must be a whole number"),
    ],
)
def test_a_bad_codec_or_quality_is_refused(codec, quality, message):
    with pytest.raises(ValueError, match=message):
        codec_mosaic(np.zeros((1, 28, 28, 1)), codec, quality)


@pytest.mark.parametrize("place", [0, 1e6, -1e6, 1e9])
@pytest.mark.parametrize("bits", [1, 8, 12])
def test_far_from_0_codes_come_back_within_half_a_step_too(place, bits):
    codes = place + np.linspace(0, 1, 101)[:, np.newaxis]
    quantiser = Quantiser.fit(codes, bits)
    restored = quantiser.decode(quantiser.encode(codes))
    assert restored.dtype == np.float64
    half_step = 1 / (2**bits - 1) / 2
    assert np.abs(restored - codes).max() <= half_step + 4 * np.spacing(abs(place) + 1)


@pytest.mark.parametrize("span", [1e-323, 1e-320, 1e-310, 1e-300, 1e300, 1.7e308])
def test_ranges_of_any_size_keep_their_levels(span):
    codes = np.linspace(0, 1, 256)[:, np.newaxis] * span
    quantiser = Quantiser.fit(codes, 8)
    with np.errstate(all="raise"):
        restored = quantiser.decode(quantiser.encode(codes))
    assert np.abs(restored - codes).max() <= span / 255 / 2 + 5e-324
    assert restored.max() == codes.max()


def test_numbers_far_beyond_a_range_become_its_ends():
    quantiser = Quantiser.fit(np.array([[-1e300], [1e300]]), 8)
    np.testing.assert_array_equal(quantiser.encode([[-1.7e308], [1.7e308]]), [[0], [255]])
    tiny = Quantiser.fit(np.array([[0.0], [1e-310]]), 8)
    np.testing.assert_array_equal(tiny.encode([[-1.0], [1.0]]), [[0], [255]])


def test_a_range_that_no_float_holds_is_refused():
    with pytest.raises(ValueError, match=r"codes must have ranges that a float can hold; got"):
        Quantiser.fit(np.array([[-1.7e308], [1.7e308]]), 8)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_codes_of_any_precision_are_quantised_as_their_values_are(dtype):
    codes = np.random.default_rng(0).normal(size=(20, 3)).astype(dtype)
    quantiser = Quantiser.fit(codes, 6)
    levels = quantiser.encode(codes)
    wide = codes.astype(np.float64)
    np.testing.assert_array_equal(levels, Quantiser.fit(wide, 6).encode(wide))
    assert np.abs(quantiser.decode(levels) - wide).max() <= quantiser.step.max() / 2 + 1e-12
    np.testing.assert_allclose(quantiser.step, np.ptp(wide, axis=0) / 63)


@pytest.mark.parametrize(
    "levels", [None, "x", [[None]], [[1j]], [[True]], np.ma.masked_all((1, 1))]
)
def test_levels_that_are_no_integers_are_refused_by_name(levels):
    with pytest.raises(ValueError, match=r"^levels must"):
        Quantiser.fit(np.zeros((2, 1)), 8).decode(levels)


def test_more_pixels_than_pillow_reads_back_are_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 84 * 84)
    images = np.zeros((16, 28, 28, 1), np.float32)
    assert codec_mosaic(images[:8], "PNG").images.shape == (8, 28, 28, 1)
    with pytest.raises(ValueError, match=r"^images as a mosaic must have .* got 112×112"):
        codec_mosaic(images, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert codec_mosaic(images, "PNG").images.shape == images.shape


@pytest.mark.parametrize("codec", [["PNG"], None, np.array(["PNG", "WebP"]), {}, "png", 0])
def test_an_odd_codec_is_refused_by_name(codec):
    with pytest.raises(ValueError, match=r"^codec must be one of"):
        codec_mosaic(np.zeros((1, 28, 28, 1)), codec)


@pytest.mark.parametrize("codec", ["WebP", "JPEG", "AVIF"])
def test_a_mosaic_longer_than_a_file_may_be_is_refused(codec, monkeypatch):
    monkeypatch.setitem(LONGEST_SIDE, codec, 84)
    images = np.zeros((10, 28, 28, 1), np.float32)
    assert codec_mosaic(images[:9], codec, 5).images.shape == (9, 28, 28, 1)
    with pytest.raises(ValueError, match=rf"at most 84 pixels a side.* {codec} holds.*84×112"):
        codec_mosaic(images, codec, 5)


def test_a_shrunk_mosaic_is_written_smaller_and_comes_back_in_its_places(digits):
    whole, half = codec_mosaic(digits, "PNG"), codec_mosaic(digits, "PNG", shrink=2)
    assert half.bytes_per_image < 0.7 * whole.bytes_per_image
    assert half.images.shape == digits.shape
    errors = squared_errors(digits, half.images)
    assert 1 < errors.mean() < 20
    assert (errors < squared_errors(digits, np.roll(half.images, 1, axis=0))).all()
    even = np.full((4, 28, 28, 1), 100 / 255, np.float32)
    np.testing.assert_array_equal(codec_mosaic(even, "PNG", shrink=14).images, even)


@pytest.mark.parametrize("shrink", [0, 3, 28, -1, 2.0, True, None, "2"])
def test_a_bad_factor_is_refused(shrink):
    with pytest.raises(ValueError, match=r"^shrink must be one of \(1, 2, 4, 7, 14\); got"):
        codec_mosaic(np.zeros((1, 28, 28, 1)), "PNG", shrink=shrink)


@pytest.mark.parametrize("codec", ["JPEG", "AVIF"])
def test_a_codec_that_is_never_lossless_wants_a_quality(codec):
    with pytest.raises(ValueError, match=f"quality must be from 0 to 100 for {codec}, which is"):
        codec_mosaic(np.zeros((1, 28, 28, 1)), codec)


@pytest.mark.parametrize("codec", CODECS[1:])
def test_the_points_of_a_codec_are_those_of_its_mosaics(digits, codec):
    sizes, errors = codec_points(digits, codec, (40, 10))
    files = [codec_mosaic(digits, codec, quality) for quality in (10, 40)]
    np.testing.assert_allclose(sizes, sorted(file.bytes_per_image for file in files))
    wanted = sorted((squared_error(digits, file.images) for file in files), reverse=True)
    np.testing.assert_allclose(errors, wanted)
    with pytest.raises(ValueError, match="qualities must hold at least one"):
        codec_points(digits, codec, ())


@pytest.mark.parametrize("codec", ["JPEG 2000", "AVIF"])
def test_a_codec_that_pillow_lacks_is_named(codec, monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    with pytest.raises(ValueError, match=rf"^codec must be one .* got '{codec}', which Pillow"):
        codec_mosaic(np.zeros((1, 28, 28, 1)), codec, 10)
    assert codec_mosaic(np.zeros((1, 28, 28, 1)), "JPEG", 10).images.shape == (1, 28, 28, 1)


def whole_images(count, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28, 1)).astype(np.float32) / 255


def test_a_code_that_holds_every_pixel_loses_its_rounding_alone():
    ends = np.zeros((2, 28, 28, 1), np.float32)
    ends[1] = 1
    images = ImageSet(ends, whole_images(20, 0), whole_images(20, 1))
    points = rate_points(
        lambda part: part.reshape(-1, 784),
        lambda codes: codes.astype(np.float32).reshape(-1, 28, 28, 1),
        images,
        bits=(1, 2, 4),
    )
    assert [point.bytes_per_image for point in points] == [98, 196, 392]
    # Uniform numbers that are rounded to steps of s are off by s² / 12 on average.
    for point, bits in zip(points, (1, 2, 4), strict=True):
        expected = 784 / (2**bits - 1) ** 2 / 12
        for found in (point.validation_error, point.test_error):
            assert found == pytest.approx(expected, rel=0.05)


def test_the_range_of_a_code_is_that_of_training_images():
    dark, bright = np.zeros((2, 28, 28, 1), np.float32), np.ones((2, 28, 28, 1), np.float32)
    train = np.concatenate([dark, bright / 2])
    (point,) = rate_points(
        lambda part: part[:, 0, 0],
        lambda codes: np.broadcast_to(codes[:, None, None], (len(codes), 28, 28, 1)),
        ImageSet(train, dark, bright),
        bits=(8,),
    )
    assert point == RatePoint(1, 0, 784 / 4)


def test_a_frontier_keeps_what_no_smaller_point_beats_on_validation_images():
    points = [
        RatePoint(4, 5, 50),
        RatePoint(1, 9, 90),
        RatePoint(2, 9, 10),
        RatePoint(3, 5, 55),
        RatePoint(8, 4, 56),
        RatePoint(9, 4.5, 1),
    ]
    np.testing.assert_array_equal(frontier(points), [[1, 3, 8], [90, 55, 56]])
    np.testing.assert_array_equal(frontier(iter(points)), frontier(points[::-1]))
    with pytest.raises(ValueError, match="points must hold at least one"):
        frontier([])


def test_the_error_within_a_size_is_that_of_the_last_point_that_fits():
    curve = [[1.0, 3.0, 8.0], [90.0, 55.0, 56.0]]
    assert [error_within(curve, size) for size in (1, 2.9, 3, 100)] == [90, 90, 55, 56]
    assert error_within(curve, 0.5) == np.inf


@pytest.mark.parametrize(
    ("curve", "size", "message"),
    [
        ([[1.0, 2.0]], 1, r"^curve must have shape \(2, points\); got shape \(1, 2\)"),
        ([[1.0], [np.nan]], 1, "^curve must"),
        ([[2.0, 1.0], [1.0, 2.0]], 1, "^curve must have rising bytes"),
        ([[1.0], [2.0]], "1", "^size must be a finite number"),
        ([[1.0], [2.0]], np.inf, "^size must be a finite number"),
    ],
)
def test_a_bad_curve_or_size_is_refused(curve, size, message):
    with pytest.raises(ValueError, match=message):
        error_within(curve, size)
