"""Patches: cut and put together again without loss."""

import numpy as np
import pytest

from helpers.datasets.patches import from_patches, to_patches


def picture_of(height, width):
    return np.random.default_rng(0).random((height, width), dtype=np.float32)


def test_patches_are_cut_row_by_row_from_the_top_left():
    picture = picture_of(60, 90)
    expected = [
        picture[top : top + 28, left : left + 28, np.newaxis]
        for top in (0, 28)
        for left in (0, 28, 56)
    ]
    np.testing.assert_array_equal(to_patches(picture), expected)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (56, 140), (83, 57)])
def test_putting_patches_together_gives_the_picture_without_what_was_left_over(height, width):
    picture = picture_of(height, width)
    rebuilt = from_patches(to_patches(picture), (height, width))
    np.testing.assert_array_equal(rebuilt, picture[: height // 28 * 28, : width // 28 * 28])


def test_patches_outside_0_and_1_are_put_together_too():
    patches = np.full((2, 28, 28, 1), -1.5)
    np.testing.assert_array_equal(from_patches(patches, (28, 56)), np.full((28, 56), -1.5))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((27, 28)),
        np.zeros((28, 27)),
        np.zeros((28, 28, 1)),
        np.zeros(28),
        np.zeros((28, 28), int),
        np.full((28, 28), np.nan),
    ],
)
def test_a_bad_picture_is_refused(picture):
    with pytest.raises(ValueError, match="picture must"):
        to_patches(picture)


@pytest.mark.parametrize(
    "patches",
    [
        np.zeros((1, 28, 28)),
        np.zeros((1, 28, 27, 1)),
        np.zeros((0, 28, 28, 1)),
        np.zeros((1, 28, 28, 1), int),
        np.full((1, 28, 28, 1), np.inf),
    ],
)
def test_bad_patches_are_refused(patches):
    with pytest.raises(ValueError, match="patches must"):
        from_patches(patches, (28, 28))


@pytest.mark.parametrize("shape", [(28, 28), (56, 84), (84, 28), (27, 56), (-28, -56)])
def test_a_shape_that_does_not_hold_the_patches_is_refused(shape):
    with pytest.raises(ValueError, match="shape must hold"):
        from_patches(np.zeros((2, 28, 28, 1)), shape)


@pytest.mark.parametrize(
    "shape", [(60, 90, 3), (60,), 60, None, "60", (60.0, 90), ("60", "90"), {28, 56}, (True, 56)]
)
def test_a_shape_that_is_no_height_and_width_is_refused(shape):
    with pytest.raises(ValueError, match=r"^shape must be .height, width. in .*pixels; got"):
        from_patches(np.zeros((2, 28, 28, 1)), shape)


@pytest.mark.parametrize("shape", [[28, 56], np.array([28, 56]), (np.int64(28), 56)])
def test_a_shape_may_be_any_two_whole_numbers(shape):
    assert from_patches(np.zeros((2, 28, 28, 1)), shape).shape == (28, 56)


def test_whole_numbers_are_answered_with_what_to_do():
    with pytest.raises(
        ValueError, match=r"picture must .* got dtype uint8; divide pixels 0–255 by"
    ):
        to_patches(np.zeros((28, 28), np.uint8))
    with pytest.raises(ValueError, match=r"patches must .* got dtype uint8; divide pixels 0–255"):
        from_patches(np.zeros((1, 28, 28, 1), np.uint8), (28, 28))
    with pytest.raises(ValueError, match="picture must be one array of numbers"):
        to_patches(None)
