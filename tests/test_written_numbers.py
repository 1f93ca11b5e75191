"""Numbers as sentences have them."""

import pytest

from tools.written_numbers import number_of, numbers_in, rounds_to


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It has 7.99, and PCA 11.9.", ["7.99", "11.9"]),
        ("With 1,000, or with 23, of 5,000,000.", ["1,000", "23", "5,000,000"]),
        ("In 784-32-784 all 55,000 images count.", ["784", "32", "784", "55,000"]),
        ("Half of it, twice as much, doubled.", ["Half", "twice", "doubled"]),
        (
            "Less than three quarters, a third or two-thirds.",
            ["three quarters", "a third", "two-thirds"],
        ),
        ("At 10 % and 2.5% of ten.", ["10 %", "2.5%", "ten"]),
        ("With $\\sigma = 0.2$ and 1e-4.", ["0.2", "1e-4"]),
        ("The third one, of a kind, often.", []),
        ("By {result}`deep_30 error.600 .2f` of {cite:t}`Hinton2006`.", []),
        ("In [the figure](#figure-1-curves) and chapter03.", []),
        ("*Two* **bold 3** numbers", ["Two", "3"]),
    ],
)
def test_each_number_is_found(sentence, found):
    assert numbers_in(sentence) == found


@pytest.mark.parametrize(
    ("text", "number"),
    [("three quarters", 0.75), ("a fifth", 0.2), ("Half", 0.5), ("44 %", 44), ("1,600", 1600)],
)
def test_a_number_is_read(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7.986, "7.99"),
        (7.95, "8"),
        (0.0, "0"),
        (43.6, "44 %"),
        (353_482, "350,000"),
        (353_482, "353,482"),
        (104, "100"),
        (0.46, "half"),
        (2.19, "twice"),
        (0.74, "three quarters"),
        (-0.3, "-0.3"),
        (1.05e-4, "1e-4"),
    ],
)
def test_a_measured_value_is_rounded_as_it_is_written(value, text):
    assert rounds_to(value, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7.98, "7.99"),
        (8.6, "8"),
        (42.9, "44 %"),
        (343_000, "350,000"),
        (353_490, "353,482"),
        (94, "100"),
        (0.44, "half"),
        (2.3, "twice"),
        (1.2e-4, "1e-4"),
        (float("nan"), "half"),
    ],
)
def test_a_measured_value_that_is_another_is_none(value, text):
    assert not rounds_to(value, text)
