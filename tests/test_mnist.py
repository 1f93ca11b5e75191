"""The digits are the published ones, whole, and split without overlap."""

import hashlib
import shutil

import numpy as np
import pytest

from helpers.datasets.mnist import MNIST_PATH, load_mnist
from tests.surroundings import generators_go_on

# SHA-256 of the bytes of each array as Keras and the original IDX files hold them.
PUBLISHED = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_file_holds_the_published_arrays(name):
    with np.load(MNIST_PATH) as arrays:
        assert hashlib.sha256(arrays[name].tobytes()).hexdigest() == PUBLISHED[name]


def test_splits_have_their_sizes_and_form(digits):
    sizes = {"train": 55_000, "validation": 5_000, "test": 10_000}
    for name, size in sizes.items():
        images, labels = getattr(digits, name), getattr(digits, f"{name}_labels")
        assert images.shape == (size, 28, 28, 1)
        assert images.dtype == np.float32
        assert images.min() == 0
        assert images.max() == 1
        assert labels.shape == (size,)
        assert set(labels) == set(range(10))


def test_validation_digits_stand_at_even_places_where_digits_have_less_ink(digits):
    with np.load(MNIST_PATH) as arrays:
        pixels, labels = arrays["x_train"], arrays["y_train"]
    even, odd = (pixels[first::2].astype(float).mean() for first in (0, 1))
    assert even < 0.95 * odd
    assert np.array_equal(digits.validation_labels, labels[::2][::6])
    assert digits.validation.mean() < 0.95 * digits.train.mean()


@pytest.mark.slow
def test_training_and_validation_are_the_60000_training_images_once_each(digits):
    with np.load(MNIST_PATH) as arrays:
        pixels, labels = arrays["x_train"], arrays["y_train"]
    split = np.concatenate([digits.train, digits.validation])
    split_labels = np.concatenate([digits.train_labels, digits.validation_labels])
    seen = sorted(
        zip(np.round(split * 255).astype(np.uint8).reshape(60_000, -1), split_labels, strict=True),
        key=lambda pair: (pair[0].tobytes(), pair[1]),
    )
    wanted = sorted(
        zip(pixels.reshape(60_000, -1), labels, strict=True),
        key=lambda pair: (pair[0].tobytes(), pair[1]),
    )
    assert all(
        label == other and (image == twin).all()
        for (image, label), (twin, other) in zip(seen, wanted, strict=True)
    )


def test_test_images_are_the_published_ones_in_order(digits):
    with np.load(MNIST_PATH) as arrays:
        np.testing.assert_allclose(digits.test[..., 0] * 255, arrays["x_test"], atol=1e-4)
        np.testing.assert_array_equal(digits.test_labels, arrays["y_test"])


def test_a_missing_file_is_named_with_the_way_to_restore_it(tmp_path):
    path = tmp_path / "mnist.npz"
    with pytest.raises(
        FileNotFoundError, match=r"git checkout -- helpers/datasets/mnist\.npz"
    ) as e:
        load_mnist(path)
    assert str(path) in str(e.value)


def test_a_cut_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "mnist.npz"
    path.write_bytes(MNIST_PATH.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=r"cut or altered: SHA-256 .* `git checkout") as raised:
        load_mnist(path)
    assert str(path) in str(raised.value)
    assert path.stat().st_size == MNIST_PATH.stat().st_size - 1000


@pytest.mark.slow
def test_a_file_with_one_altered_pixel_is_refused(tmp_path):
    with np.load(MNIST_PATH) as arrays:
        altered = dict(arrays)
    altered["x_train"][0, 0, 0] = 1
    np.savez_compressed(tmp_path / "mnist.npz", **altered)
    with pytest.raises(ValueError, match="cut or altered"):
        load_mnist(tmp_path / "mnist.npz")


def test_a_copy_of_the_file_will_do(tmp_path, digits):
    copy = shutil.copy(MNIST_PATH, tmp_path)
    np.testing.assert_array_equal(load_mnist(copy).test, digits.test)


@pytest.mark.parametrize("path", [3, None, b"mnist.npz", ["mnist.npz"], True])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(ValueError, match="path must be the path of a file; got"):
        load_mnist(path)


def test_loading_leaves_the_generators_of_the_process_alone():
    with generators_go_on():
        load_mnist()
