"""Landscape photographs in grey: patches in three splits, and each photograph whole."""

import math

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

from helpers.checks import check_choice, check_count
from helpers.datasets.image_set import ImageSet, check_images
from helpers.datasets.patches import PATCH_SIZE
from helpers.seeds import check_seed, spawn_seeds

PHOTOS = ("china.jpg", "flower.jpg")
PHOTO_SHAPE = (427, 640)
# Columns, from the first to the one past the last, over the whole height of both photographs. A
# patch lies inside one band; between the bands of two splits a patch's width stays unused.
BANDS = {
    "train": ((0, 92), (272, 368), (548, 640)),
    "validation": ((120, 168), (396, 444)),
    "test": ((196, 244), (472, 520)),
}


def load_photos(
    train_count: int = 20_000,
    validation_count: int = 2_000,
    test_count: int = 2_000,
    seed: int | None = None,
) -> ImageSet:
    """Grey patches of two photographs, a temple by a lake and a flower, without labels.

    The splits share no pixel: each has vertical bands of its own (`BANDS`), 28 columns or more
    from those of another split. Every split has both photographs, and in each of them bands
    through the temple or the flower and bands beside it. Patches of one split may overlap; no two
    have the same place. Many are almost flat, as sky and a blurred background are.

    Args:
        train_count: how many patches to train on.
        validation_count: how many to make choices by.
        test_count: how many to report on.
        seed: draws the places; None for the default seed.

    Returns:
        The patches as float32 images in [0, 1]. Image i of a split lies where row i of
        `patch_positions(split, count, seed)` says.

    Raises:
        ValueError: a count is below 1 or above the number of places, or the seed is not valid.

    Source:
        china.jpg and flower.jpg come with scikit-learn, CC BY 2.0; their credits are in LICENSE.
    """
    counts = {"train": train_count, "validation": validation_count, "test": test_count}
    for split, count in counts.items():
        _check_places(split, count, f"{split}_count")
    positions = {split: patch_positions(split, count, seed) for split, count in counts.items()}
    photos = np.stack([whole_photo(name) for name in PHOTOS])
    windows = np.lib.stride_tricks.sliding_window_view(photos, (PATCH_SIZE, PATCH_SIZE), (1, 2))
    patches = {split: windows[tuple(places.T)] for split, places in positions.items()}
    return ImageSet(
        **{split: check_images(images[..., np.newaxis], split) for split, images in patches.items()}
    )


def patch_positions(split: str, count: int, seed: int | None = None) -> np.ndarray:
    """Where the patches of a split lie, drawn without repetition.

    Args:
        split: "train", "validation" or "test".
        count: how many.
        seed: draws the places; None for the default seed.

    Returns:
        Integers `(count, 3)`: the number of the photograph in `PHOTOS`, the patch's top row and its
        left column. A smaller count gives the first ones.

    Raises:
        ValueError: there is no such split, the count is below 1 or above the number of places, or
            the seed is not valid.
    """
    count = _check_places(check_choice(split, BANDS, "split"), count, "count")
    split_seed = spawn_seeds(check_seed(seed), len(BANDS))[list(BANDS).index(split)]
    shape = _places(split)
    drawn = np.random.default_rng(split_seed).permutation(math.prod(shape))[:count]
    photo, top, left = np.unravel_index(drawn, shape)
    return np.stack([photo, top, _lefts(split)[left]], axis=1)


def whole_photo(name: str) -> np.ndarray:
    """A whole photograph in grey, to be cut with `to_patches` and rebuilt with `from_patches`.

    Columns inside the bands of "train" (`BANDS`) were trained on by what trained on `load_photos`.

    Args:
        name: "china.jpg" or "flower.jpg".

    Returns:
        float32 `(427, 640)`, luma (ITU-R 601) in [0, 1], in steps of 1/255.

    Raises:
        ValueError: there is no such photograph.

    Source:
        The photographs come with scikit-learn, CC BY 2.0; their credits are in LICENSE.
    """
    check_choice(name, PHOTOS, "name")
    grey = Image.fromarray(load_sample_image(name)).convert("L")
    return np.asarray(grey, dtype=np.float32) / 255


def _lefts(split: str) -> np.ndarray:
    """The left columns that a patch of a split may have."""
    return np.concatenate([np.arange(first, end - PATCH_SIZE + 1) for first, end in BANDS[split]])


def _places(split: str) -> tuple[int, int, int]:
    """How many photographs, top rows and left columns there are to choose from."""
    return len(PHOTOS), PHOTO_SHAPE[0] - PATCH_SIZE + 1, len(_lefts(split))


def _check_places(split: str, count: int, name: str) -> int:
    count, places = check_count(count, name), math.prod(_places(split))
    if count > places:
        raise ValueError(
            f"{name} must be at most {places}, the number of places in {split!r}; got {count}"
        )
    return count
