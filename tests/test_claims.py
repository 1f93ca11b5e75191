"""A claim prints what is true and stops what is not."""

import numpy as np
import pytest

from helpers.claims import ClaimError, claim


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
