"""What the doors let in and what they turn away."""

import decimal
from fractions import Fraction

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from helpers.checks import (
    as_array,
    check_array,
    check_choice,
    check_count,
    check_list,
    check_same_shape,
    is_number,
    is_whole,
)
from helpers.datasets.image_set import check_images
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


@pytest.mark.parametrize(
    ("lowest", "highest", "hinted"),
    [(0, 2, True), (0, 1.5, False), (-1, 255, False)],
)
def test_the_cure_is_given_for_what_looks_like_pixels_alone(lowest, highest, hinted):
    images = np.linspace(lowest, highest, 784).reshape(1, 28, 28, 1)
    with pytest.raises(ValueError, match="images must hold pixels in") as raised:
        check_images(images)
    assert ("divide pixels" in str(raised.value)) is hinted


@pytest.mark.parametrize("shape", [(), (3,), (0, 4), (3, 0)])
def test_arrays_without_examples_are_refused(shape):
    with pytest.raises(ValueError, match="codes must have shape"):
        check_array(np.zeros(shape), "codes")


def test_the_hint_about_pixels_is_given_where_pixels_are_meant_alone():
    whole = np.ones((2, 3), int)
    with pytest.raises(ValueError, match=r"got dtype int64; divide pixels 0–255 by 255$"):
        check_array(whole, "images", pixels=True)
    with pytest.raises(
        ValueError, match=r"codes must hold floating-point numbers; got dtype int64$"
    ):
        check_array(whole, "codes")
    with pytest.raises(ValueError, match=r"got dtype bool$"):
        check_array(whole > 0, "images", pixels=True)


def a_graph_tensor():
    kept = []

    @tf.function
    def trace(tensor):
        kept.append(tensor)
        return tensor

    trace(tf.ones((2, 3)))
    return kept[0]


NO_ARRAYS = {
    "NoneType": (None, "None"),
    "text": ("x", "str"),
    "bytes": (b"x", "bytes"),
    "dictionary": ({"a": [1.0]}, "dict"),
    "set": ({1.0}, "set"),
    "generator": ((float(i) for i in range(3)), "generator"),
    "dataset": (tf.data.Dataset.from_tensor_slices(np.ones((4, 3))).batch(2), "_BatchDataset"),
    "iterator": (iter([[1.0]]), "list_iterator"),
    "sparse matrix": (sparse.csr_array(np.eye(3)), "csr_array"),
    "sparse tensor": (tf.sparse.from_dense(np.eye(3)), "SparseTensor"),
    "ragged tensor": (tf.ragged.constant([[1.0], [1.0, 2.0]]), "RaggedTensor"),
    "Keras tensor": (keras.Input((3,)), "KerasTensor"),
    "graph tensor": (a_graph_tensor(), "SymbolicTensor"),
    "module": (np, "module"),
}


@pytest.mark.parametrize(("value", "kind"), NO_ARRAYS.values(), ids=NO_ARRAYS)
@pytest.mark.parametrize("check", [check_array, check_images])
def test_what_is_no_array_is_named_by_its_type(check, value, kind):
    wanted = f"^photos must be one array of numbers, held in memory; got {kind}$"
    with pytest.raises(ValueError, match=wanted):
        check(value, "photos")


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (np.ones((2, 3), complex), "complex128"),
        (np.ones((2, 3), object), "object"),
        ([[decimal.Decimal(1)]], "object"),
        (np.array([["a", "b"]]), "<U1"),
        (np.zeros((2, 3), "M8[s]"), r"datetime64\[s\]"),
    ],
)
def test_arrays_of_other_things_than_numbers_are_refused_by_dtype(value, dtype):
    with pytest.raises(ValueError, match=f"^codes must hold floating-point .* got dtype {dtype}$"):
        check_array(value, "codes")


class Frame:
    """What NumPy reads as pandas's frames: through `__array__`."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def test_frames_are_read_as_numpy_reads_them():
    np.testing.assert_array_equal(check_array(Frame([[1.5, 2.0]]), "codes"), [[1.5, 2.0]])
    with pytest.raises(ValueError, match="got dtype object in Frame"):
        check_array(Frame(np.array([["a", 1.0]], object)), "codes")


@pytest.mark.parametrize(
    ("rows", "shapes"),
    [
        ([np.zeros((28, 28, 1)), np.zeros((30, 28, 1))], ((28, 28, 1), (30, 28, 1))),
        ([[1.0, 2.0], [3.0]], ((2,), (1,))),
        ([[[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0, 4.0]]], ((2,), (1,))),
        ([np.zeros((2, 2)), None], ((2, 2), ())),
        ((tf.zeros((2, 2)), tf.zeros((3, 2))), ((2, 2), (3, 2))),
    ],
)
def test_rows_of_different_shapes_are_named_with_these(rows, shapes):
    with pytest.raises(ValueError, match=r"^images must hold arrays of one shape; got") as raised:
        check_array(rows, "images")
    assert str(raised.value).endswith(f"got shapes {shapes[0]} and {shapes[1]}")


def test_masked_numbers_are_refused_and_their_arrays_accepted_where_none_is():
    whole = np.ma.masked_values([[1.0, 2.0], [3.0, 4.0]], -9999)
    np.testing.assert_array_equal(check_array(whole, "codes"), [[1, 2], [3, 4]])
    assert type(check_array(whole, "codes")) is np.ndarray
    partly = np.ma.masked_values([[1.0, -9999.0], [3.0, 4.0]], -9999)
    for hidden in (partly, list(partly), [[1.0, np.ma.masked]], (partly[0], partly[1])):
        with pytest.raises(ValueError, match=r"^codes must hold no masked numbers.*; got 1: "):
            check_array(hidden, "codes")
    with pytest.raises(ValueError, match="images must hold no masked numbers"):
        check_images(np.ma.masked_less(np.zeros((1, 28, 28, 1)), 1))


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn"])
def test_floats_of_few_bits_become_float32_unchanged(dtype):
    values = np.array([[0.5, -1.75, 0.0]])
    narrow = np.asarray(keras.ops.cast(values, dtype))
    checked = check_array(narrow, "codes")
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, values)
    with pytest.raises(ValueError, match="codes must be finite; got 1 NaN"):
        check_array(np.asarray(keras.ops.cast([[np.nan]], dtype)), "codes")


def test_longdouble_becomes_float64_and_what_float64_cannot_hold_is_refused():
    checked = check_array(np.array([[0.1, 2]], np.longdouble), "codes")
    assert checked.dtype == np.float64
    np.testing.assert_array_equal(checked, [[np.float64(np.longdouble(0.1)), 2]])
    huge = np.array([[1e300]], np.longdouble) * np.array(1e300, np.longdouble)
    with pytest.raises(ValueError, match="codes must be finite; got 0 NaN and 1 infinite"):
        check_array(huge, "codes")


ACCEPTED = {
    "float16": np.eye(3, dtype=np.float16),
    "big-endian": np.eye(3, dtype=">f4"),
    "reversed": np.eye(3)[::-1],
    "Fortran order": np.asfortranarray(np.eye(3)),
    "read-only": np.broadcast_to(np.eye(3), (3, 3)),
    "matrix of lists": np.eye(3).tolist(),
    "tensor": tf.eye(3),
    "variable": keras.Variable(np.eye(3)),
    "list of tensors": list(tf.eye(3)),
    "tuple of arrays": tuple(np.eye(3)),
}


@pytest.mark.parametrize("array", ACCEPTED.values(), ids=ACCEPTED)
@pytest.mark.filterwarnings("default:__array__ implementation:DeprecationWarning")
def test_what_numpy_reads_as_floats_passes_with_its_dtype(array):
    checked = check_array(array, "codes")
    assert checked.dtype == np.asarray(array).dtype
    np.testing.assert_array_equal(checked, np.asarray(array))


def test_memory_maps_pass(tmp_path):
    np.save(tmp_path / "codes.npy", np.eye(3))
    mapped = np.load(tmp_path / "codes.npy", mmap_mode="r")
    np.testing.assert_array_equal(check_array(mapped, "codes"), np.eye(3))


def test_integers_are_arrays_too_where_they_are_wanted():
    assert as_array([[1, 2]], "levels", "integers").dtype.kind == "i"
    with pytest.raises(ValueError, match="levels must hold integers; got dtype object"):
        as_array([[None]], "levels", "integers")


def test_tiny_pixels_are_images_whatever_numpy_is_told_to_raise():
    images = np.full((1, 28, 28, 1), 1e-300)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(check_images(images), 0)


def test_arrays_of_two_shapes_are_refused_by_name():
    check_same_shape(np.ones((2, 3)), np.ones((2, 3)), ("one", "other"))
    with pytest.raises(ValueError, match=r"one and other must .* got \(2, 3\) and \(1, 3\)"):
        check_same_shape(np.ones((2, 3)), np.ones((1, 3)), ("one", "other"))


@pytest.mark.parametrize("values", [[1, 2], (1, 2), range(1, 3), np.array([1, 2])])
def test_values_in_an_order_are_a_list(values):
    assert check_list(values, "widths", "a list") == [1, 2]


@pytest.mark.parametrize(
    "values", [None, 3, "12", b"12", {1, 2}, {1: 2}, np.eye(2), np.array(3), iter([1])]
)
def test_values_without_an_order_are_no_list(values):
    with pytest.raises(ValueError, match="widths must be a list of widths; got"):
        check_list(values, "widths", "a list of widths")


def test_a_choice_is_one_of_the_names():
    assert check_choice("b", ("a", "b"), "letter") == "b"
    assert check_choice(np.str_("b"), {"a": 1, "b": 2}, "letter") == "b"


@pytest.mark.parametrize("value", ["c", "", None, 0, ["a"], ("a", "b"), np.array(["a"]), {}, "ab"])
def test_another_choice_is_refused(value):
    with pytest.raises(ValueError, match=r"letter must be one of \['a', 'b'\]; got") as raised:
        check_choice(value, ("a", "b"), "letter")
    assert repr(value) in str(raised.value)


@pytest.mark.parametrize("value", [1, -3, 0, np.int8(4), 10**30])
def test_whole_numbers_are_whole(value):
    assert is_whole(value)


@pytest.mark.parametrize("value", [True, np.True_, 1.0, "1", None, np.array(1), Fraction(2, 1)])
def test_what_is_no_whole_number_is_not(value):
    assert not is_whole(value)


@pytest.mark.parametrize("value", [2**31, 10**30])
def test_counts_that_tensorflow_cannot_count_are_refused(value):
    assert check_count(2**31 - 1, "epochs") == 2**31 - 1
    with pytest.raises(ValueError, match=f"epochs must be at most 2147483647; got {value}"):
        check_count(value, "epochs")


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


@pytest.mark.parametrize("text", ["", "-1", "two", "1.0", "٣", str(2**32), "9" * 5000, "1_0"])
def test_an_environment_seed_that_is_no_seed_is_refused(monkeypatch, text):
    monkeypatch.setenv("BOOK_SEED", text)
    with pytest.raises(ValueError, match="BOOK_SEED must be an integer") as raised:
        default_seed()
    assert repr(text) in str(raised.value)


NO_SEEDS = [-1, 2**32, 1.5, np.float64(3), "1", True, np.True_, [1], np.array([1]), 1j, b"1"]


@pytest.mark.parametrize("seed", NO_SEEDS)
def test_a_seed_that_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be an integer from 0"):
        check_seed(seed)
    with pytest.raises(ValueError, match="seed must be an integer from 0"):
        spawn_seeds(seed, 2)


@pytest.mark.parametrize("seed", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_whole_numbers_of_any_kind_are_seeds(seed):
    assert check_seed(seed) == 3
    assert type(check_seed(seed)) is int
    assert check_seed(2**32 - 1) == 2**32 - 1


@pytest.mark.parametrize("count", [0, -1, 1.0, None, True])
def test_seeds_are_spawned_in_whole_numbers(count):
    with pytest.raises(ValueError, match="count must be a whole number of at least 1"):
        spawn_seeds(0, count)


def test_seeds_are_spawned_from_the_default_seed_where_none_is_given(monkeypatch):
    monkeypatch.setenv("BOOK_SEED", "007")
    assert spawn_seeds(None, 3) == spawn_seeds(7, 3) != spawn_seeds(0, 3)


def test_spawned_seeds_differ_and_keep_their_beginning():
    assert len({*spawn_seeds(0, 8), *spawn_seeds(1, 8)}) == 16
    assert spawn_seeds(0, 8)[:2] == spawn_seeds(0, 2)


@pytest.mark.parametrize("value", [1, 0.5, -2, np.float32(0.5), np.int64(3), np.nan, np.inf])
def test_real_numbers_are_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize(
    "value", [True, np.True_, "1", None, 1j, [1.0], np.ones(1), 10**400, Fraction(10**400)]
)
def test_what_is_no_real_number_is_none(value):
    assert not is_number(value)


def test_pixels_that_float32_rounds_to_one_pass_and_those_above_are_shown_as_they_are():
    images = np.ones((2, 28, 28, 1))
    np.testing.assert_array_equal(check_images(images * (1 + 1e-12)), images)
    with pytest.raises(ValueError, match=r"got values from 1\.00000024 to 1\.00000024"):
        check_images(np.nextafter(np.nextafter(images.astype(np.float32), 2), 2))
