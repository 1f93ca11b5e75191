"""What the doors let in and what they turn away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.checks import check_array, check_count, check_images, is_number
from helpers.seeds import check_seed, default_seed, spawn_seeds

images = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    st.tuples(st.integers(1, 3), st.just(28), st.just(28), st.just(1)),
    elements=st.floats(0, 1, width=32),
    fill=st.just(0.5),
)


@given(images)
def test_images_in_range_come_back_as_float32_unchanged(array):
    checked = check_images(array)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, array)


@given(images, st.floats(-(2.0**90), 2.0**90, width=32).filter(lambda value: not 0 <= value <= 1))
def test_one_pixel_out_of_range_is_refused(array, value):
    array[-1, 27, 27, 0] = value
    with pytest.raises(ValueError, match=r"images must hold pixels in \[0, 1\]; got values from"):
        check_images(array)


@given(images, st.sampled_from([np.nan, np.inf, -np.inf]))
def test_one_pixel_that_is_not_finite_is_refused(array, value):
    array[0, 0, 0, 0] = value
    with pytest.raises(ValueError, match=r"photos must be finite; got \d+ NaN and \d+ infinite of"):
        check_images(array, "photos")


@given(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=30))
def test_images_of_another_shape_are_refused(shape):
    if len(shape) == 4 and shape[1:] == (28, 28, 1) and shape[0] > 0:
        return
    with pytest.raises(ValueError, match=r"images must have shape \(n, 28, 28, 1\)") as raised:
        check_images(np.zeros(shape, np.float32))
    assert str(shape) in str(raised.value)


def test_pixels_from_0_to_255_are_refused_with_the_cure():
    with pytest.raises(ValueError, match="got dtype uint8; divide pixels 0–255 by 255"):
        check_images(np.zeros((1, 28, 28, 1), np.uint8))
    with pytest.raises(ValueError, match="from 0 to 255; divide pixels 0–255 by 255"):
        check_images(np.linspace(0, 255, 784, dtype=np.float32).reshape(1, 28, 28, 1))


@pytest.mark.parametrize("shape", [(), (3,), (0, 4), (3, 0)])
def test_arrays_without_examples_are_refused(shape):
    with pytest.raises(ValueError, match="codes must have shape"):
        check_array(np.zeros(shape), "codes")


@given(st.integers(1, 10**9))
def test_counts_from_one_up_pass(value):
    assert check_count(value, "epochs") == value
    assert check_count(np.int64(value), "epochs") == value


@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, "3", None, True, float("nan")])
def test_other_counts_are_refused(value):
    with pytest.raises(ValueError, match="epochs must be a whole number of at least 1; got") as e:
        check_count(value, "epochs")
    assert repr(value) in str(e.value)


def test_the_environment_shifts_the_default_seed(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    assert default_seed() == check_seed(None) == 0
    monkeypatch.setenv("BOOK_SEED", "3")
    assert default_seed() == check_seed(None) == 3
    assert check_seed(7) == 7


@pytest.mark.parametrize("text", ["", "-1", "two", "1.0", "٣", str(2**32)])
def test_an_environment_seed_that_is_no_seed_is_refused(monkeypatch, text):
    monkeypatch.setenv("BOOK_SEED", text)
    with pytest.raises(ValueError, match="BOOK_SEED must be an integer") as raised:
        default_seed()
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", True])
def test_a_seed_that_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be an integer from 0"):
        check_seed(seed)


def test_spawned_seeds_differ_and_keep_their_beginning():
    assert len({*spawn_seeds(0, 8), *spawn_seeds(1, 8)}) == 16
    assert spawn_seeds(0, 8)[:2] == spawn_seeds(0, 2)


@pytest.mark.parametrize("value", [1, 0.5, -2, np.float32(0.5), np.int64(3), np.nan, np.inf])
def test_real_numbers_are_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1j, [1.0], np.ones(1)])
def test_what_is_no_real_number_is_none(value):
    assert not is_number(value)
