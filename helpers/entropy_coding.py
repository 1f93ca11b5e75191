"""Entropy coding: symbols as bits, as few as their probabilities allow, last in, first out.

Asymmetric numeral systems with ranges (rANS), in many lanes at once. A lane holds one large whole
number. To push a symbol of probability p makes the number about 1/p times larger, to pop one makes
it so much smaller; what does not fit into 64 bits goes to a tail that all lanes share.

Source:
    J. Duda, "Asymmetric numeral systems", 2013; in lanes: F. Giesen, "Interleaved entropy coders",
    2014.
"""

from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from helpers.checks import as_array, check_array, check_count, is_whole
from helpers.seeds import check_seed

WORD_BITS = 32  # what moves between a lane and the tail
WORD_BYTES = WORD_BITS // 8
LEAST = np.uint64(2**32)  # a lane's number is never smaller
COIN_BITS = 16
NORMAL_BITS = 24
MOST_BIN_BITS = 16


class Distribution(Protocol):
    """Of one symbol for each lane: how much of the range from 0 to 2 ** `bits` each symbol has.

    Attributes:
        bits: the range's logarithm, 1 to 32.
    """

    bits: int

    def intervals(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the symbols' shares begin and how large they are, each `(lanes,)`."""

    def symbols(self, places: np.ndarray) -> np.ndarray:
        """The symbols in whose shares these places lie, `(lanes,)`."""


class Coins:
    """Symbols 0 and 1.

    Args:
        probabilities: `(lanes,)`, of a 1, from 0 to 1. What is rarer than once in 65,536 is coded
            as if it were not, since no symbol may be impossible.

    Raises:
        ValueError: they have another shape, or one is not from 0 to 1.
    """

    bits = COIN_BITS

    def __init__(self, probabilities: ArrayLike) -> None:
        shares = _check_lane(probabilities, "probabilities")
        if not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError(
                f"probabilities must be from 0 to 1; got {shares.min():g} to {shares.max():g}"
            )
        whole = 2**self.bits
        ones = np.clip(np.rint(shares * whole), 1, whole - 1)
        self.zeros = (whole - ones).astype(np.int64)

    def intervals(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As in `Distribution`."""
        _check_symbols(symbols, 2, self.zeros.shape)
        ones = symbols == 1
        whole = 2**self.bits
        return np.where(ones, self.zeros, 0), np.where(ones, whole - self.zeros, self.zeros)

    def symbols(self, places: np.ndarray) -> np.ndarray:
        """As in `Distribution`."""
        _check_places(places, self.zeros.shape)
        symbols: np.ndarray = (places >= self.zeros).astype(np.int64)
        return symbols


class Uniform:
    """Symbols from 0 to 2 ** `bits` - 1, all equally likely.

    Args:
        bits: how many bits a symbol has, 1 to 32.

    Raises:
        ValueError: it is no such number.
    """

    def __init__(self, bits: int) -> None:
        self.bits = check_count(bits, "bits")
        if bits > WORD_BITS:
            raise ValueError(f"bits must be at most {WORD_BITS}; got {bits}")

    def intervals(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As in `Distribution`."""
        _check_symbols(symbols, 2**self.bits, symbols.shape)
        return symbols, np.ones_like(symbols)

    def symbols(self, places: np.ndarray) -> np.ndarray:
        """As in `Distribution`."""
        return places


class NormalBins:
    """Numbers in bins that are equally likely under a standard normal distribution.

    The symbol is the number of the bin, from 0 to 2 ** `bin_bits` - 1, and its share that of a
    normal distribution with another mean and deviation. Under the standard normal itself bins are
    `Uniform(bin_bits)`.

    Args:
        means: `(lanes,)`.
        deviations: `(lanes,)`, positive.
        bin_bits: the logarithm of the number of bins, 1 to 16.

    Raises:
        ValueError: an array has another shape, a deviation is not positive, or a number is not
            finite.
    """

    bits = NORMAL_BITS

    def __init__(self, means: ArrayLike, deviations: ArrayLike, bin_bits: int) -> None:
        self.means = _check_lane(means, "means")
        self.deviations = _check_lane(deviations, "deviations")
        if self.means.shape != self.deviations.shape or not (self.deviations > 0).all():
            raise ValueError(
                f"deviations must be positive, one for each of {len(self.means)} means; got "
                f"{len(self.deviations)}, the smallest {self.deviations.min():g}"
            )
        self.bin_bits = _check_bin_bits(bin_bits)

    def _starts(self, symbols: np.ndarray) -> np.ndarray:
        """Each bin has a place of its own, and what is left is shared by probability."""
        edges = ndtri(symbols / 2**self.bin_bits)
        with np.errstate(over="ignore"):  # infinity, below which is nothing or all
            below = ndtr((edges - self.means) / self.deviations)
        left = 2**self.bits - 2**self.bin_bits
        starts: np.ndarray = symbols + np.floor(left * below).astype(np.int64)
        return starts

    def intervals(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As in `Distribution`."""
        _check_symbols(symbols, 2**self.bin_bits, self.means.shape)
        starts = self._starts(symbols)
        return starts, self._starts(symbols + 1) - starts

    def symbols(self, places: np.ndarray) -> np.ndarray:
        """As in `Distribution`, by halving the bins that remain."""
        _check_places(places, self.means.shape)
        found = np.zeros(self.means.shape, np.int64)
        for bit in reversed(range(self.bin_bits)):
            further = found + 2**bit
            found = np.where(self._starts(further) <= places, further, found)
        return found


def bin_centres(symbols: ArrayLike, bin_bits: int) -> np.ndarray:
    """The numbers that stand for bins: the median of a standard normal within each.

    Args:
        symbols: numbers of bins, of any shape, as in `NormalBins`.
        bin_bits: as in `NormalBins`.

    Returns:
        float64 of the same shape.

    Raises:
        ValueError: the symbols are not whole numbers, or there are no so many bins.
    """
    count = 2 ** _check_bin_bits(bin_bits)
    symbols = as_array(symbols, "symbols", "whole numbers")
    _check_symbols(symbols, count, symbols.shape)
    centres: np.ndarray = ndtri((symbols + 0.5) / count)
    return centres


class Stack:
    """A stack of symbols, written as bits.

    Args:
        lanes: how many symbols are pushed or popped at once. Each lane takes 8 bytes at the end.
        random_words: how many 32-bit words of random bits lie at the bottom, for who pops before
            having pushed; if there are any, the lanes' numbers begin with random bits too.
        seed: of these bits; None is the book's default seed.

    Raises:
        ValueError: lanes is not a whole number of at least 1, random_words not one of at least 0,
            or the seed is not valid.
    """

    def __init__(self, lanes: int, random_words: int = 0, seed: int | None = None) -> None:
        lanes = check_count(lanes, "lanes")
        if not is_whole(random_words) or random_words < 0:
            raise ValueError(
                f"random_words must be a whole number of at least 0; got {random_words!r}"
            )
        random = np.random.default_rng(check_seed(seed))
        self._heads = np.full(lanes, LEAST)
        self._tail = bytearray(random.bytes(WORD_BYTES * random_words))
        if random_words:  # or the first symbols popped would all be the first of their distribution
            self._heads += random.integers(2**WORD_BITS, size=lanes, dtype=np.uint64)

    @property
    def lanes(self) -> int:
        """How many symbols are pushed or popped at once."""
        return len(self._heads)

    @property
    def words(self) -> int:
        """How many 32-bit words lie in the tail."""
        return len(self._tail) // WORD_BYTES

    @property
    def bits(self) -> float:
        """The information that the stack holds: what its lanes' numbers have above an empty one's.

        `to_bytes` takes up to 64 bits a lane more.
        """
        return float(np.log2(self._heads / LEAST).sum()) + WORD_BITS * self.words

    def push(self, symbols: ArrayLike, distribution: Distribution) -> None:
        """Put one symbol on each lane.

        Args:
            symbols: whole numbers `(lanes,)`.
            distribution: of the symbols; `pop` needs the same.

        Raises:
            ValueError: the symbols are not whole numbers, there are more or fewer than lanes, or
                one that the distribution does not know, or it has other lanes. Nothing is put then.
        """
        symbols = as_array(symbols, "symbols", "whole numbers")
        if symbols.dtype.kind not in "iu" or symbols.shape != self._heads.shape:
            raise ValueError(
                f"symbols must be whole numbers, one for each of {self.lanes} lanes; got "
                f"{symbols.dtype} of shape {symbols.shape}"
            )
        starts, shares = distribution.intervals(symbols.astype(np.int64))
        shares, bits = shares.astype(np.uint64), np.uint64(distribution.bits)
        full = self._heads >> (np.uint64(64) - bits) >= shares
        self._tail += self._heads[full].astype("<u4").tobytes()
        heads = np.where(full, self._heads >> np.uint64(WORD_BITS), self._heads)
        self._heads = (heads // shares << bits) + heads % shares + starts.astype(np.uint64)

    def pop(self, distribution: Distribution) -> np.ndarray:
        """Take one symbol from each lane: what was pushed last, if it was under this distribution.

        Of bits that nobody pushed, random ones for instance, it makes symbols that are as likely as
        the distribution has them.

        Args:
            distribution: of the symbols.

        Returns:
            int64 `(lanes,)`.

        Raises:
            ValueError: the stack holds too few bits, or the distribution has other lanes. Nothing
                is taken then.
        """
        bits = np.uint64(distribution.bits)
        places = (self._heads & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
        symbols = distribution.symbols(places)
        starts, shares = distribution.intervals(symbols)
        heads = shares.astype(np.uint64) * (self._heads >> bits)
        heads += (places - starts).astype(np.uint64)
        short = heads < LEAST
        words = self._fetch(int(short.sum()))
        heads[short] = heads[short] << np.uint64(WORD_BITS) | words
        self._heads = heads
        return symbols

    def to_bytes(self) -> bytes:
        """All of it, as a file holds it: the number of lanes, their numbers, and the tail."""
        lanes = self.lanes.to_bytes(WORD_BYTES, "little")
        return lanes + self._heads.astype("<u8").tobytes() + bytes(self._tail)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The stack whose `to_bytes` this is.

        Args:
            data: the bytes.

        Returns:
            A stack that pops what was pushed.

        Raises:
            ValueError: it is no such stack.
        """
        lanes = int.from_bytes(data[:WORD_BYTES], "little") if isinstance(data, bytes) else 0
        end = WORD_BYTES + 8 * lanes
        if not lanes or len(data) < end or len(data) % WORD_BYTES:
            raise ValueError(f"data must be what to_bytes of a stack returned; got {_what(data)}")
        heads = np.frombuffer(data[WORD_BYTES:end], "<u8").astype(np.uint64)
        if (heads < LEAST).any():
            raise ValueError(f"data must be what to_bytes of a stack returned; got {_what(data)}")
        stack = cls(lanes)
        stack._heads, stack._tail = heads, bytearray(data[end:])
        return stack

    def _fetch(self, count: int) -> np.ndarray:
        start = len(self._tail) - WORD_BYTES * count
        if start < 0:
            raise ValueError(
                f"the stack must hold the bits that are popped; its tail has {self.words} words, "
                f"and {count} are wanted: push first, or begin with random_words"
            )
        words = np.frombuffer(bytes(self._tail[start:]), "<u4").astype(np.uint64)
        del self._tail[start:]
        return words


def _what(data: object) -> str:
    return f"{len(data)} other bytes" if isinstance(data, bytes) else type(data).__name__


def _check_lane(numbers: ArrayLike, name: str) -> np.ndarray:
    numbers = np.atleast_1d(as_array(numbers, name))
    if numbers.ndim != 1 or not numbers.size:
        raise ValueError(f"{name} must be one number for each lane; got shape {numbers.shape}")
    return check_array(numbers[:, np.newaxis], name)[:, 0].astype(np.float64)


def _check_symbols(symbols: np.ndarray, count: int, shape: tuple[int, ...]) -> None:
    if symbols.dtype.kind not in "iu" or symbols.shape != shape:
        raise ValueError(
            f"symbols must be whole numbers of shape {shape}; got {symbols.dtype} of shape "
            f"{symbols.shape}"
        )
    if symbols.size and not 0 <= symbols.min() <= symbols.max() < count:
        raise ValueError(
            f"symbols must be from 0 to {count - 1}; got {symbols.min()} to {symbols.max()}"
        )


def _check_places(places: np.ndarray, shape: tuple[int, ...]) -> None:
    if places.shape != shape:
        raise ValueError(
            f"distribution must have as many lanes as the stack, {places.size}; got one of "
            f"{shape[0]}"
        )


def _check_bin_bits(bin_bits: int) -> int:
    if check_count(bin_bits, "bin_bits") > MOST_BIN_BITS:
        raise ValueError(f"bin_bits must be at most {MOST_BIN_BITS}; got {bin_bits}")
    return int(bin_bits)
