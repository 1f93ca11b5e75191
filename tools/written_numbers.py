"""Numbers as sentences have them: found, read, and held against what was measured."""

import re

# What is no text: roles, whose numbers the site reads off the results, and targets of links.
NO_TEXT = re.compile(r"\{[\w:-]+\}`[^`]*`|\]\([^)]*\)")
UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
UNITS += ["eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"]
UNITS += ["nineteen", "twenty"]
WORDS = {word: float(number) for number, word in enumerate(UNITS) if number > 1} | {
    "thirty": 30.0,
    "forty": 40.0,
    "fifty": 50.0,
    "hundred": 100.0,
    "thousand": 1000.0,
    "million": 1e6,
    "half": 1 / 2,
    "halve": 2.0,
    "halves": 2.0,
    "halved": 2.0,
    "twice": 2.0,
    "double": 2.0,
    "doubles": 2.0,
    "doubled": 2.0,
    "triple": 3.0,
}
PARTS = {
    "third": 3,
    "quarter": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "twentieth": 20,
    "hundredth": 100,
}
PART = rf"(?:\b(?P<count>an?|{'|'.join(UNITS[1:10])})[ -])(?P<part>{'|'.join(PARTS)})s?\b"
NUMBER = re.compile(
    rf"{PART}|\b(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})\b"
    r"|(?<![\w.])-?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:e-?\d+)?(?: ?%)?",
    re.IGNORECASE,
)
NEAR = 0.1  # a number written as a word is within this share of what was measured


def words_of(sentence: str) -> str:
    """A sentence without the stars of its italics, which may enclose several."""
    return " ".join(sentence.replace("*", "").split())


def text_of_sentence(sentence: str) -> str:
    """What a reader reads of a sentence that somebody typed: no roles, no targets of links."""
    return NO_TEXT.sub(" ", words_of(sentence))


def numbers_in(sentence: str) -> list[str]:
    """Every number in a sentence as it is written there, half and twice, too."""
    return [found[0] for found in NUMBER.finditer(text_of_sentence(sentence))]


def number_of(text: str) -> float:
    """What a number is, however it is written: `three quarters` is .75, `44 %` is 44."""
    part = re.fullmatch(PART, text, re.IGNORECASE)
    if part:
        count = part["count"].lower()
        return (1 if count in ("a", "an") else UNITS.index(count)) / PARTS[part["part"].lower()]
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    return float(text.replace(",", "").replace("%", ""))


def rounds_to(value: float, text: str) -> bool:
    """Whether a measured value is what a sentence writes, rounded to the digits that it has.

    Of large round numbers two digits count, as in 350,000; a word is near enough within a tenth.
    """
    written = number_of(text)
    digits = text.replace(",", "").strip(" %")
    if not re.fullmatch(r"-?[\d.]+", digits):
        return bool(abs(value - written) <= NEAR * abs(written))
    whole, _, decimals = digits.lstrip("-").partition(".")
    places = len(decimals)
    if not decimals:
        places = -max(0, min(len(whole) - len(whole.rstrip("0")), len(whole) - 2))
    return bool(round(float(value), places) == written)
