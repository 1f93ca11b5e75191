"""The judge is the one that was stored, and what is said of it is so."""

import hashlib
import shutil

import keras
import numpy as np
import pytest

from helpers import judge as module
from helpers.corruption import GaussianNoise
from helpers.judge import JUDGE_PATH, JUDGE_SHA256, TRUSTED_SHARE, build_judge, load_judge
from tests.surroundings import generators_go_on
from tools import make_judge


@pytest.fixture(scope="module")
def judge():
    return load_judge()


def test_the_file_is_the_one_whose_hash_is_written_down():
    assert hashlib.sha256(JUDGE_PATH.read_bytes()).hexdigest() == JUDGE_SHA256


def test_it_misreads_as_many_test_digits_as_it_says(judge, digits):
    found = np.mean(judge.read(digits.test) != digits.test_labels)
    assert found == pytest.approx(judge.test_error, abs=2e-4)
    assert judge.test_error < 0.015


def test_it_trusts_the_share_of_validation_digits_that_it_says(judge, digits):
    found = judge.trusts(digits.validation).mean()
    assert found == pytest.approx(TRUSTED_SHARE, abs=1e-3)


def test_what_it_trusts_it_reads_better_than_the_rest(judge, digits):
    wrong = judge.read(digits.test) != digits.test_labels
    trusted = judge.trusts(digits.test)
    assert wrong[trusted].mean() < wrong[~trusted].mean() / 5


def test_its_answers_are_the_last_layer_on_its_features(judge, digits):
    images = digits.test[:1200]  # more than are taken at once
    features, probabilities = judge.features(images), judge.probabilities(images)
    assert features.shape == (1200, 64)
    assert features.min() >= 0
    weights, biases = judge.classifier.layers[-1].get_weights()
    scores = np.exp(features.astype("float64") @ weights + biases)
    expected = scores / scores.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    np.testing.assert_array_equal(judge.read(images), expected.argmax(axis=1))
    np.testing.assert_array_equal(judge.trusts(images), expected.max(axis=1) >= judge.threshold)


def test_noisy_digits_are_trusted_less(judge, digits):
    noisy = GaussianNoise(0.5, clip=True).corrupt(digits.test[:1000], seed=0)
    assert judge.trusts(noisy).mean() < judge.trusts(digits.test[:1000]).mean() - 0.2


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 28, 28)), r"images must have shape \(n, 28, 28, 1\)"),
        (np.zeros((0, 28, 28, 1)), "images"),
        (np.full((3, 28, 28, 1), 1.5), "images"),
        (np.full((3, 28, 28, 1), np.nan), "images"),
        (np.zeros((3, 28, 28, 1), int), "images must hold floating-point numbers"),
    ],
)
@pytest.mark.parametrize("method", ["probabilities", "read", "trusts", "features"])
def test_what_are_no_images_is_refused(judge, method, images, message):
    with pytest.raises(ValueError, match=message):
        getattr(judge, method)(images)


def test_a_missing_file_is_named_with_the_way_to_restore_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"git checkout -- helpers/judge\.npz"):
        load_judge(tmp_path / "judge.npz")


def test_an_altered_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "judge.npz"
    with np.load(JUDGE_PATH) as arrays:
        altered = dict(arrays) | {"threshold": 0.5}
    np.savez_compressed(path, **altered)
    size = path.stat().st_size
    with pytest.raises(ValueError, match=r"cut or altered: SHA-256 .* `git checkout"):
        load_judge(path)
    assert path.stat().st_size == size


def test_a_copy_of_the_file_will_do(tmp_path, judge, digits):
    copy = load_judge(shutil.copy(JUDGE_PATH, tmp_path))
    np.testing.assert_array_equal(
        copy.probabilities(digits.test[:10]), judge.probabilities(digits.test[:10])
    )


@pytest.mark.parametrize("path", [3, None, b"judge.npz", ["judge.npz"], True])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(ValueError, match="path must be the path of a file; got"):
        load_judge(path)


def test_loading_leaves_the_generators_of_the_process_alone():
    with generators_go_on():
        load_judge()


def test_first_weights_follow_the_seed():
    first, again, other = (build_judge(seed)[0].get_weights() for seed in (1, 1, 2))
    assert all((one == twin).all() for one, twin in zip(first, again, strict=True))
    assert not (first[0] == other[0]).all()


def test_it_is_the_same_where_keras_is_set_to_other_formats(judge, digits):
    expected = judge.probabilities(digits.test[:5])
    keras.config.set_image_data_format("channels_first")
    try:
        found = load_judge().probabilities(digits.test[:5])
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_made_anew_it_is_stored_whole_with_its_hash(tmp_path, monkeypatch):
    path, code = tmp_path / "judge.npz", tmp_path / "judge.py"
    code.write_text('JUDGE_SHA256 = "0"\nFEATURES = 64\n', encoding="utf-8")
    monkeypatch.setattr(module, "JUDGE_PATH", path)
    monkeypatch.setattr(module, "__file__", str(code))
    found = make_judge.store({"weights_0": np.ones(3), "threshold": 0.9, "test_error": 0.1})
    assert hashlib.sha256(path.read_bytes()).hexdigest() == found
    assert code.read_text(encoding="utf-8") == f'JUDGE_SHA256 = "{found}"\nFEATURES = 64\n'
    assert sorted(each.name for each in tmp_path.iterdir()) == ["judge.npz", "judge.py"]
    with np.load(path) as arrays:
        assert set(arrays) == {"weights_0", "threshold", "test_error"}
