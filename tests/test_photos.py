"""Photographs: patches of two splits never touch, and lie where they say."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from helpers.datasets.photos import BANDS, PHOTOS, load_photos, patch_positions, whole_photo
from tests.surroundings import generators_go_on

SPLITS = ("train", "validation", "test")
PLACES = {"train": 159_200, "validation": 33_600, "test": 33_600}


@pytest.fixture(scope="module")
def photos():
    return load_photos(300, 200, 100, seed=1)


def test_image_sets_are_as_large_as_asked_float32_and_in_0_to_1(photos):
    assert photos.train.shape == (300, 28, 28, 1)
    assert photos.validation.shape == (200, 28, 28, 1)
    assert photos.test.shape == (100, 28, 28, 1)
    for split in SPLITS:
        images = getattr(photos, split)
        assert images.dtype == np.float32
        assert 0 <= images.min() < images.max() <= 1


@pytest.mark.parametrize("split", SPLITS)
def test_each_patch_is_the_piece_of_its_photograph_that_its_position_names(photos, split):
    images = getattr(photos, split)
    whole = [whole_photo(name) for name in PHOTOS]
    positions = patch_positions(split, len(images), seed=1)
    for image, (photo, top, left) in zip(images, positions, strict=True):
        np.testing.assert_array_equal(image[..., 0], whole[photo][top : top + 28, left : left + 28])


@pytest.mark.parametrize(
    ("one", "other"), [("train", "validation"), ("train", "test"), ("validation", "test")]
)
def test_all_places_of_two_splits_are_a_patch_apart(one, other):
    columns = {}
    for split in (one, other):
        lefts = np.unique(patch_positions(split, PLACES[split])[:, 2])
        columns[split] = np.unique(lefts[:, np.newaxis] + np.arange(28))
    distances = np.abs(columns[one][:, np.newaxis] - columns[other])
    assert distances.min() > 28


@pytest.mark.parametrize("split", SPLITS)
def test_every_place_is_inside_a_band_and_no_place_comes_twice(split):
    positions = patch_positions(split, PLACES[split])
    assert len(np.unique(positions, axis=0)) == PLACES[split]
    assert positions[:, 1].min() == 0
    assert positions[:, 1].max() == 427 - 28
    lefts = positions[:, 2, np.newaxis]
    firsts, ends = np.array(BANDS[split]).T
    inside = (lefts >= firsts) & (lefts + 28 <= ends)
    assert (inside.sum(axis=1) == 1).all()
    assert inside.any(axis=0).all()


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_has_as_much_of_one_photograph_as_of_the_other(split):
    photo = patch_positions(split, PLACES[split])[:, 0]
    np.testing.assert_array_equal(np.bincount(photo), [PLACES[split] // 2] * 2)


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_has_flat_patches_and_rich_ones(split):
    spread = getattr(load_photos(500, 500, 500), split).std(axis=(1, 2, 3))
    assert (spread < 0.03).mean() > 0.2
    assert (spread > 0.1).mean() > 0.2


def test_fewer_patches_are_the_first_ones():
    np.testing.assert_array_equal(
        patch_positions("test", 5, seed=3), patch_positions("test", 50, seed=3)[:5]
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(photos):
    again, other = load_photos(300, 200, 100, seed=1), load_photos(300, 200, 100, seed=2)
    for split in SPLITS:
        assert getattr(photos, split).tobytes() == getattr(again, split).tobytes()
        assert getattr(photos, split).tobytes() != getattr(other, split).tobytes()


def test_without_a_seed_it_is_book_seed(monkeypatch):
    monkeypatch.setenv("BOOK_SEED", "7")
    np.testing.assert_array_equal(patch_positions("test", 9), patch_positions("test", 9, seed=7))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_whole_photograph_is_its_luma(name):
    photo = whole_photo(name)
    luma = load_sample_image(name) @ [0.299, 0.587, 0.114]
    assert photo.dtype == np.float32
    assert photo.shape == (427, 640)
    np.testing.assert_allclose(photo * 255, luma, atol=0.51)


@pytest.mark.parametrize("name", ["train_count", "validation_count", "test_count"])
@pytest.mark.parametrize("count", [0, -1, 1.5, True, "many"])
def test_a_bad_count_is_refused(name, count):
    with pytest.raises(ValueError, match=f"^{name} must be a whole number of at least 1; got"):
        load_photos(**{name: count})


@pytest.mark.parametrize("split", SPLITS)
def test_more_patches_than_places_are_refused(split):
    with pytest.raises(ValueError, match=f"^count must be at most {PLACES[split]}, .* '{split}'"):
        patch_positions(split, PLACES[split] + 1)
    with pytest.raises(ValueError, match=f"^{split}_count must be at most {PLACES[split]}"):
        load_photos(**{f"{split}_count": PLACES[split] + 1})


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "one"])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must"):
        load_photos(seed=seed)
    with pytest.raises(ValueError, match="seed must"):
        patch_positions("train", 1, seed=seed)


def test_an_unknown_split_or_photograph_is_refused():
    with pytest.raises(ValueError, match=r"split must be one of .*'valid'"):
        patch_positions("valid", 1)
    with pytest.raises(ValueError, match=r"name must be one of .*'cat.jpg'"):
        whole_photo("cat.jpg")


@pytest.mark.parametrize("value", [["train"], None, np.array(["train", "test"]), {}, 0])
def test_an_odd_split_or_photograph_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^split must be one of"):
        patch_positions(value, 1)
    with pytest.raises(ValueError, match=r"^name must be one of"):
        whole_photo(value)


def test_loading_leaves_the_generators_of_the_process_alone():
    with generators_go_on():
        load_photos(3, 3, 3)
