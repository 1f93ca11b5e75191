"""A claim prints what is true, stops what is not, and keeps the numbers of both."""

import io
import math
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.claims import ClaimError, ClaimRecord, claim, recorded_claims


@pytest.mark.parametrize("condition", [True, np.bool_(True)])
def test_a_true_claim_prints_its_sentence_with_a_tick(capsys, condition):
    claim("Two is more than one.", condition, two=2)
    assert capsys.readouterr().out == "✓ Two is more than one.\n"


@pytest.mark.parametrize("condition", [False, np.bool_(False), np.float64("nan") < 1])
def test_a_false_claim_raises_with_its_sentence_and_the_numbers(capsys, condition):
    with pytest.raises(
        ClaimError, match=r"✗ The error is below 1\.\nMeasured: error = 1\.25, n = 3"
    ):
        claim("The error is below 1.", condition, error=1.25, n=3)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("condition", [1, None, "yes", np.array([True]), np.array([True, False])])
def test_a_condition_that_is_no_single_truth_value_is_refused(condition):
    with pytest.raises(ValueError, match="condition must be one truth value"):
        claim("It holds.", condition)


@pytest.mark.parametrize("sentence", ["", "  ", None, 3])
def test_a_claim_without_a_sentence_is_refused(sentence):
    with pytest.raises(ValueError, match="sentence must be a sentence"):
        claim(sentence, True)


def test_claims_are_recorded_in_order_and_those_that_fail_before_they_raise():
    before = recorded_claims()
    claim("One.", True, a=1, b=[1, 2.5])
    with pytest.raises(ClaimError):
        claim("Two.", np.bool_(False), a=0.1 + 0.2)
    claim("Three.", True)
    assert recorded_claims()[len(before) :] == [
        ClaimRecord("One.", True, {"a": 1, "b": [1, 2.5]}),
        ClaimRecord("Two.", False, {"a": 0.1 + 0.2}),
        ClaimRecord("Three.", True, {}),
    ]
    recorded_claims().clear()  # a copy
    assert len(recorded_claims()) == len(before) + 3


def recorded(value):
    claim("It holds.", True, value=value)
    return recorded_claims()[-1].measured["value"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (3, 3),
        (10**30, 10**30),
        (0.1, 0.1),
        (-math.inf, -math.inf),
        (np.int8(3), 3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float64(1) / 3, 1 / 3),
        (np.array(2.5), 2.5),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ([1, 2.5], [1, 2.5]),
        ((np.float32(0.5), 2), [0.5, 2]),
        (range(3), [0, 1, 2]),
        ([], []),
        (tf.constant([0.1]), [float(np.float32(0.1))]),
        (keras.ops.cast([1.5], "bfloat16"), [1.5]),
    ],
    ids=str,
)
def test_values_are_kept_unrounded_as_numbers_of_python(value, kept):
    found = recorded(value)
    assert found == kept
    assert type(found) is type(kept)
    assert recorded(math.nan) != recorded(math.nan)


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.bool_(False),
        [True, False],
        "7.8",
        ["7.8"],
        None,
        {"error": 7.8},
        {7.8},
        1j,
        10**400,
        [[1, 2], [3]],
        object(),
        np.ma.masked_values([1.0, -9999.0], -9999.0),
        np.datetime64("2026-01-31"),
        (number for number in (1, 2)),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("condition", [True, False])
def test_what_is_no_number_is_refused_by_its_name_before_anything_is_kept(capsys, value, condition):
    before = recorded_claims()
    with pytest.raises(ValueError, match=r"error must (?:hold|be one array of) "):
        claim("It holds.", condition, error=value)
    assert recorded_claims() == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("utf-8", "✓ At σ = 0.5 – ½ × 1."),
        ("utf-16", "✓ At σ = 0.5 – ½ × 1."),
        ("cp1252", "OK At \\u03c3 = 0.5 – ½ × 1."),
        ("latin-1", "OK At \\u03c3 = 0.5 \\u2013 ½ × 1."),
        ("ascii", "OK At \\u03c3 = 0.5 \\u2013 \\xbd \\xd7 1."),
    ],
)
def test_a_claim_prints_in_any_encoding(encoding, printed):
    code = "from helpers.claims import claim; claim('At σ = 0.5 – ½ × 1.', True, half=0.5)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode(encoding).rstrip("\r\n") == printed


class Plain:
    """A stream that can do nothing but write."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


@pytest.mark.parametrize("stream", [io.StringIO(), Plain()], ids=lambda stream: type(stream))
def test_a_claim_prints_to_a_stream_without_an_encoding(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdout", stream)
    claim("At σ = 0.5.", True, sigma=0.5)
    text = stream.text if isinstance(stream, Plain) else stream.getvalue()
    assert text == "✓ At σ = 0.5.\n"


def test_a_record_holds_what_a_claim_keeps():
    for wrong in (
        (None, True, {}),
        ("It holds.", 1, {}),
        ("It holds.", True, {"value": "much"}),
        ("It holds.", True, {"value": [1, [True]]}),
    ):
        with pytest.raises(ValueError, match="a record must hold a sentence"):
            ClaimRecord(*wrong)
