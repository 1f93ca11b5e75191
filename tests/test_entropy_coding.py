"""Entropy coding: round trips, lengths against probabilities, bins against SciPy, bad arguments."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import xlogy

from helpers.entropy_coding import Coins, NormalBins, Stack, Uniform, bin_centres
from helpers.variational import dense_variational_autoencoder, log_weights

WHOLE = 2**24  # the range of NormalBins

probabilities = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.5, 1e-9, 1 - 1e-9])
means = st.floats(-50, 50)
deviations = st.floats(-12, 12).map(np.exp) | st.sampled_from([1e-300, 1e-5, 1.0, 1e5, 1e300])


@st.composite
def distributions(draw, lanes):
    """A distribution, and what symbols it has."""
    kind = draw(st.sampled_from([Coins, Uniform, NormalBins]))
    if kind is Coins:
        return Coins(draw(st.lists(probabilities, min_size=lanes, max_size=lanes))), 2
    bits = draw(st.integers(1, 32 if kind is Uniform else 16))
    if kind is Uniform:
        return Uniform(bits), 2**bits
    each = {"min_size": lanes, "max_size": lanes}
    return NormalBins(draw(st.lists(means, **each)), draw(st.lists(deviations, **each)), bits), (
        2**bits
    )


@st.composite
def pushes(draw):
    """How many lanes, and what is pushed one after the other: symbols and their distribution."""
    lanes = draw(st.integers(1, 5))
    pushed = []
    for _ in range(draw(st.integers(1, 30))):
        distribution, count = draw(distributions(lanes))
        symbol = st.integers(0, count - 1) | st.sampled_from([0, count - 1])
        pushed.append((draw(st.lists(symbol, min_size=lanes, max_size=lanes)), distribution))
    return lanes, pushed


def coins(lanes, count, seed=0):
    """Symbols `(count, lanes)`, and the probabilities they are drawn with."""
    random = np.random.default_rng(seed)
    rates = random.uniform(0.02, 0.98, lanes)
    return (random.random((count, lanes)) < rates).astype(int), rates


# Round trips


@settings(deadline=None, max_examples=60)
@given(pushes(), st.integers(0, 3), st.booleans())
def test_what_is_pushed_is_popped_in_reverse_and_the_stack_is_as_it_was(given, words, as_file):
    lanes, pushed = given
    stack = Stack(lanes, words, seed=1)
    before = stack.to_bytes()
    for symbols, distribution in pushed:
        stack.push(symbols, distribution)
    if as_file:
        stack = Stack.from_bytes(stack.to_bytes())
    for symbols, distribution in reversed(pushed):
        popped = stack.pop(distribution)
        assert popped.dtype == np.int64
        np.testing.assert_array_equal(popped, symbols)
    assert stack.to_bytes() == before


@settings(deadline=None, max_examples=40)
@given(pushes())
def test_what_is_popped_and_pushed_again_leaves_the_stack_as_it_was(given):
    lanes, pushed = given
    stack = Stack(lanes, 200, seed=2)
    before = stack.to_bytes()
    popped = [(stack.pop(distribution), distribution) for _, distribution in pushed]
    assert stack.to_bytes() != before
    for symbols, distribution in reversed(popped):
        stack.push(symbols, distribution)
    assert stack.to_bytes() == before


def test_many_symbols_of_many_lanes_come_back():
    symbols, rates = coins(100, 2000)
    stack = Stack(100)
    for row in symbols:
        stack.push(row, Coins(rates))
    stack = Stack.from_bytes(stack.to_bytes())
    for row in symbols[::-1]:
        np.testing.assert_array_equal(stack.pop(Coins(rates)), row)
    assert (stack.words, stack.bits) == (0, 0)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64, np.int64])
def test_symbols_may_be_whole_numbers_of_any_kind(dtype):
    stack = Stack(3)
    stack.push(np.array([1, 0, 1], dtype), Coins([0.5, 0.1, 0.9]))
    np.testing.assert_array_equal(stack.pop(Coins([0.5, 0.1, 0.9])), [1, 0, 1])


def test_a_file_is_the_number_of_lanes_then_theirs_then_the_tail():
    stack = Stack(3, 5, seed=0)
    data = stack.to_bytes()
    assert len(data) == 4 + 3 * 8 + 5 * 4
    assert data[:4] == (3).to_bytes(4, "little")
    heads = np.frombuffer(data[4:28], "<u8")
    assert ((heads >= 2**32) & (heads < 2**33)).all()
    assert data[28:] == np.random.default_rng(0).bytes(20)
    again = Stack.from_bytes(data)
    assert (again.lanes, again.words) == (3, 5)
    assert again.bits == pytest.approx(160 + np.log2(heads / 2**32).sum())
    assert again.to_bytes() == data
    assert Stack(3).to_bytes() == data[:4] + 3 * (2**32).to_bytes(8, "little")


def test_one_seed_lays_the_same_bits_at_the_bottom_another_seed_others(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    zero, default, one = (Stack(2, 9, seed).to_bytes() for seed in (0, None, 1))
    assert zero == default
    assert zero != one
    monkeypatch.setenv("BOOK_SEED", "1")
    assert Stack(2, 9).to_bytes() == one


# Lengths


def test_coins_grow_the_stack_by_the_information_of_the_probabilities_in_65536ths():
    symbols, rates = coins(50, 4000)
    stack = Stack(50)
    for row in symbols:
        stack.push(row, Coins(rates))
    ones = np.rint(rates * 2**16) / 2**16
    expected = -np.log2(np.where(symbols == 1, ones, 1 - ones)).sum()
    assert stack.bits == pytest.approx(expected, rel=1e-6)


def test_bins_grow_the_stack_by_the_information_of_their_shares():
    random = np.random.default_rng(0)
    stack, expected = Stack(40), 0.0
    for _ in range(300):
        centres, spreads = random.normal(size=40), np.exp(random.uniform(-4, 1, 40))
        distribution = NormalBins(centres, spreads, 12)
        symbols = np.digitize(centres + spreads * random.normal(size=40), bin_edges(12)[1:-1])
        _, shares = distribution.intervals(symbols)
        expected -= np.log2(shares / WHOLE).sum()
        stack.push(symbols, distribution)
    assert stack.bits == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("bits", [1, 7, 16, 24])
def test_uniform_symbols_take_exactly_their_bits(bits):
    random = np.random.default_rng(0)
    stack = Stack(10)
    for _ in range(100):
        stack.push(random.integers(2**bits, size=10), Uniform(bits))
    assert stack.bits == pytest.approx(10 * 100 * bits, rel=2e-4 if bits == 24 else 1e-5)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 4).flatmap(lambda lanes: st.tuples(st.just(lanes), distributions(lanes))),
    st.data(),
)
def test_a_push_never_grows_a_lane_by_more_than_information_and_rounding(given, data):
    lanes, (distribution, count) = given
    assume(distribution.bits < 32)
    stack = Stack(lanes, 40, seed=3)
    for _ in range(data.draw(st.integers(0, 3))):
        stack.pop(Uniform(16))  # so that a lane's number is not at its least
    symbols = np.array(
        data.draw(st.lists(st.integers(0, count - 1), min_size=lanes, max_size=lanes))
    )
    _, shares = distribution.intervals(symbols)
    before = stack.bits
    stack.push(symbols, distribution)
    information = distribution.bits * lanes - np.log2(shares).sum()
    rounding = lanes * np.log2(1 + 2.0 ** (distribution.bits - 31))
    assert stack.bits - before == pytest.approx(information, abs=2 * rounding + 1e-9)


def test_a_certain_symbol_is_next_to_free_and_an_impossible_one_dear():
    stack = Stack(1)
    stack.push([1], Uniform(31))
    before = stack.bits
    stack.push([1], Coins(1.0))
    assert stack.bits - before == pytest.approx(-np.log2(1 - 2**-16), abs=1e-6)
    stack.push([0], Coins(1.0))
    assert stack.bits - before == pytest.approx(16, abs=1e-3)


def test_bits_are_those_of_the_file_less_what_its_lanes_begin_with():
    symbols, rates = coins(20, 500)
    stack = Stack(20)
    assert (stack.lanes, stack.words, stack.bits) == (20, 0, 0)
    for row in symbols:
        stack.push(row, Coins(rates))
    assert 0 <= 8 * len(stack.to_bytes()) - stack.bits <= 32 + 20 * 64


def test_random_bits_make_symbols_as_likely_as_the_distribution_has_them():
    stack = Stack(1000, 100_000, seed=0)
    rates = np.linspace(0, 1, 1000)
    first = bin_centres(stack.pop(NormalBins(np.full(1000, 2.0), np.full(1000, 0.1), 16)), 16)
    assert stats.kstest((first - 2) / 0.1, "norm").pvalue > 1e-4
    heads = sum(stack.pop(Coins(rates)) for _ in range(400))
    allowed = 6 * np.sqrt(rates * (1 - rates) / 400) + 0.01
    assert (abs(heads / 400 - rates) < allowed).all()
    drawn = np.concatenate(
        [
            bin_centres(stack.pop(NormalBins(np.full(1000, 0.5), np.full(1000, 0.3), 14)), 14)
            for _ in range(20)
        ]
    )
    assert stats.kstest((drawn - 0.5) / 0.3, "norm").pvalue > 1e-4


# Bins


def bin_edges(bin_bits):
    return stats.norm.ppf(np.arange(2**bin_bits + 1) / 2**bin_bits)


@settings(deadline=None, max_examples=40)
@given(means, deviations, st.integers(1, 16))
def test_bins_tile_the_range_and_none_is_impossible(mean, deviation, bin_bits):
    count = 2**bin_bits
    distribution = NormalBins(np.full(count, mean), np.full(count, deviation), bin_bits)
    starts, shares = distribution.intervals(np.arange(count))
    assert starts[0] == 0
    assert (shares >= 1).all()
    np.testing.assert_array_equal(starts[1:], (starts + shares)[:-1])
    assert shares.sum() == WHOLE
    for places in (starts, starts + shares - 1, starts + shares // 2):
        np.testing.assert_array_equal(distribution.symbols(places), np.arange(count))


@settings(deadline=None, max_examples=60)
@given(st.floats(-50, 50), st.floats(-7, 7).map(np.exp), st.integers(1, 16))
def test_shares_of_bins_are_scipys_masses(mean, deviation, bin_bits):
    count = 2**bin_bits
    distribution = NormalBins(np.full(count, mean), np.full(count, deviation), bin_bits)
    _, shares = distribution.intervals(np.arange(count))
    masses = np.diff(stats.norm.cdf(bin_edges(bin_bits), mean, deviation))
    # One place is each bin's own, the others are shared by mass and rounded.
    np.testing.assert_allclose(shares, 1 + masses * (WHOLE - count), atol=1.01)


@pytest.mark.parametrize("bin_bits", [1, 5, 16])
def test_under_the_standard_normal_itself_all_bins_are_equal(bin_bits):
    count = 2**bin_bits
    _, shares = NormalBins(np.zeros(count), np.ones(count), bin_bits).intervals(np.arange(count))
    np.testing.assert_allclose(shares, WHOLE / count, atol=1)


@pytest.mark.parametrize("bin_bits", [1, 4, 16])
def test_bins_are_stood_for_by_their_medians(bin_bits):
    count = 2**bin_bits
    centres = bin_centres(np.arange(count), bin_bits)
    assert centres.dtype == np.float64
    np.testing.assert_allclose(stats.norm.cdf(centres), (np.arange(count) + 0.5) / count)
    edges = bin_edges(bin_bits)
    assert ((edges[:-1] < centres) & (centres < edges[1:])).all()
    assert bin_centres(np.zeros((2, 3), np.uint8), bin_bits).shape == (2, 3)


def test_coins_share_the_range_by_their_probabilities():
    rates = np.array([0.0, 1e-9, 0.25, 0.5, 1.0])
    zeros = Coins(rates).intervals(np.zeros(5, int))
    ones = Coins(rates).intervals(np.ones(5, int))
    np.testing.assert_array_equal(ones[1], [1, 1, 2**14, 2**15, 2**16 - 1])
    np.testing.assert_array_equal(zeros[1] + ones[1], 2**16)
    np.testing.assert_array_equal(zeros[0], 0)
    np.testing.assert_array_equal(ones[0], zeros[1])


# Bits back


def codable(count):
    """Images of 0 and 1: a pattern or its negative, in which each pixel is wrong once in ten."""
    random = np.random.default_rng(0)
    pattern = np.random.default_rng(1).random(36) < 0.5
    rates = np.where(pattern ^ (random.random((count, 1)) < 0.5), 0.9, 0.1)
    return (random.random(rates.shape) < rates).astype(np.float32)


def a_model(images):
    """Trained as little as it takes for posteriors that differ from image to image."""
    model = dense_variational_autoencoder(3, [12], shape=(36,), seed=0)
    model.compile("adam", jit_compile=False)
    model.optimizer.learning_rate = 0.02
    model.fit(images, epochs=3, batch_size=50, shuffle=False, verbose=0)
    return model


@pytest.mark.slow
def test_bits_back_restores_images_and_takes_no_more_than_the_bound():
    """J. Townsend, T. Bird and D. Barber, "Practical lossless compression …", 2019."""
    lanes, rounds, bin_bits, code_size = 200, 10, 12, 3
    images = codable(lanes * rounds)
    model = a_model(images)
    means, spreads = model.encode(images)
    assert spreads.min() < 0.7  # the code tells of the image
    batches = np.arange(lanes * rounds).reshape(rounds, lanes)
    stack = Stack(lanes, 2000, seed=0)
    before, file_before = stack.bits, stack.to_bytes()

    def posterior(batch, unit):
        return NormalBins(means[batch, unit], spreads[batch, unit], bin_bits)

    def pixels(symbols):
        return model.decode(bin_centres(symbols, bin_bits).astype(np.float32)).astype(np.float64)

    information = 0.0
    for batch in batches:
        symbols = np.stack([stack.pop(posterior(batch, unit)) for unit in range(code_size)], 1)
        for values, rates in zip(images[batch].T, pixels(symbols).T, strict=True):
            stack.push(values.astype(int), Coins(rates))
        for unit, column in enumerate(symbols.T):
            stack.push(column, Uniform(bin_bits))
            _, shares = posterior(batch, unit).intervals(column)
            information += bin_bits * lanes + np.log2(shares / WHOLE).sum()
        rates = np.rint(pixels(symbols) * 2**16) / 2**16
        information -= np.log2(np.where(images[batch] == 1, rates, 1 - rates)).sum()
    found = stack.bits - before
    bound = -log_weights(model, images, 50).astype(np.float64).mean() * images.shape[0] / np.log(2)
    assert found == pytest.approx(information, rel=1e-4)
    assert found == pytest.approx(bound, rel=0.01)
    assert found < 0.8 * images.size  # in plain bits, a pixel each
    entropy = -sum(xlogy(p, p) for p in (0.1, 0.9)) / np.log(2)
    assert found > entropy * images.size * 0.98

    stack = Stack.from_bytes(stack.to_bytes())
    for batch in batches[::-1]:
        symbols = np.stack([stack.pop(Uniform(bin_bits)) for _ in range(code_size)][::-1], 1)
        rates = pixels(symbols).T
        columns = [stack.pop(Coins(each)) for each in rates[::-1]][::-1]
        np.testing.assert_array_equal(np.stack(columns, 1), images[batch])
        for unit in reversed(range(code_size)):
            stack.push(symbols[:, unit], posterior(batch, unit))
    assert stack.to_bytes() == file_before


# Bad arguments


def test_what_was_never_pushed_cannot_be_popped_and_nothing_is_lost():
    stack = Stack(3)
    with pytest.raises(ValueError, match=r"the stack must hold the bits .* has 0 words, and 3 are"):
        stack.pop(Coins([0.5, 0.5, 0.5]))
    stack.push([1, 0, 1], Coins([0.5, 0.1, 0.9]))
    before = stack.to_bytes()
    with pytest.raises(
        ValueError, match=r"the stack must hold .* push first, or begin with random"
    ):
        stack.pop(Uniform(32))
    assert stack.to_bytes() == before
    np.testing.assert_array_equal(stack.pop(Coins([0.5, 0.1, 0.9])), [1, 0, 1])
    few = Stack(3, 2, seed=0)
    before = few.to_bytes()
    with pytest.raises(ValueError, match="has 2 words, and 3 are wanted"):
        few.pop(Uniform(16))
    assert few.to_bytes() == before


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        (
            [0, 1],
            r"symbols must be whole numbers, one for each of 3 lanes; got int64 of shape \(2,",
        ),
        ([[0, 1, 0]], r"one for each of 3 lanes; got int64 of shape \(1, 3\)"),
        ([], r"one for each of 3 lanes; got float64 of shape \(0,\)"),
        (1, r"one for each of 3 lanes; got int64 of shape \(\)"),
        ([0.0, 1.0, 0.7], "symbols must be whole numbers, one .*; got float64 of shape"),
        (np.array([np.nan] * 3), "symbols must be whole numbers, one .*; got float64 of shape"),
        ([True, False, True], "symbols must be whole numbers, one .*; got bool of shape"),
        (["a", "b", "c"], "symbols must hold whole numbers; got dtype <U1"),
        (None, "symbols must be one array of numbers, held in memory; got None"),
        ([[0], [1, 0], 1], r"symbols must hold arrays of one shape; got shapes \(1,\) and \(2,\)"),
        ([0, 1, 2], "symbols must be from 0 to 1; got 0 to 2"),
        ([0, 1, -1], "symbols must be from 0 to 1; got -1 to 1"),
    ],
)
def test_symbols_that_cannot_be_pushed_are_refused_and_nothing_is_put(symbols, message):
    stack = Stack(3, 4)
    before = stack.to_bytes()
    with pytest.raises(ValueError, match=message):
        stack.push(symbols, Coins([0.5, 0.5, 0.5]))
    assert stack.to_bytes() == before


@pytest.mark.parametrize(
    ("distribution", "highest"),
    [(Uniform(3), 7), (NormalBins([0.0], [1.0], 4), 15), (Coins([0.5]), 1)],
)
def test_a_symbol_beyond_the_last_is_refused(distribution, highest):
    stack = Stack(1)
    stack.push([highest], distribution)
    with pytest.raises(ValueError, match=f"symbols must be from 0 to {highest}; got {highest + 1}"):
        stack.push([highest + 1], distribution)


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_a_distribution_of_other_lanes_is_refused_and_nothing_is_lost(lanes):
    stack = Stack(3, 20)
    before = stack.to_bytes()
    even = np.full(lanes, 0.5)
    for distribution in (Coins(even), NormalBins(even, even, 3)):
        with pytest.raises(
            ValueError,
            match=f"distribution must have as many lanes as the stack, 3; got .* {lanes}",
        ):
            stack.pop(distribution)
        with pytest.raises(ValueError, match=rf"symbols must be whole numbers of shape \({lanes},"):
            stack.push([0, 0, 0], distribution)
    assert stack.to_bytes() == before


@pytest.mark.parametrize("count", [0, -1, 2.0, True, "3", None, np.nan])
def test_counts_that_are_none_are_refused(count):
    calls = {
        "lanes": lambda: Stack(count),
        "bits": lambda: Uniform(count),
        "bin_bits": lambda: NormalBins([0.0], [1.0], count),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1; got"):
            call()
    with pytest.raises(ValueError, match="bin_bits must be a whole number of at least 1; got"):
        bin_centres([0], count)


def test_more_bits_than_there_are_is_refused():
    with pytest.raises(ValueError, match="bits must be at most 32; got 33"):
        Uniform(33)
    for call in (lambda: NormalBins([0.0], [1.0], 17), lambda: bin_centres([0], 17)):
        with pytest.raises(ValueError, match="bin_bits must be at most 16; got 17"):
            call()


@pytest.mark.parametrize("words", [-1, 2.0, True, "3", None])
def test_random_words_that_are_none_are_refused(words):
    with pytest.raises(ValueError, match="random_words must be a whole number of at least 0; got"):
        Stack(1, words)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", True])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed must be an integer from 0 .*; got"):
        Stack(1, 1, seed)


BAD_LANES = [
    ([[0.5, 0.5]], r"must be one number for each lane; got shape \(1, 2\)"),
    ([], r"must be one number for each lane; got shape \(0,\)"),
    ([0.5, np.nan], "must be finite; got 1 NaN and 0 infinite of 2 numbers"),
    ([0.5, np.inf], "must be finite; got 0 NaN and 1 infinite of 2 numbers"),
    ([0, 1], "must hold floating-point numbers; got dtype int64"),
    ([True, False], "must hold floating-point numbers; got dtype bool"),
    ([[0.5], [0.5, 0.5]], r"must hold arrays of one shape; got shapes \(1,\) and \(2,\)"),
    (np.ma.masked_array([0.5, 0.5], [True, False]), "must hold no masked numbers.*; got 1"),
    (None, "must be one array of numbers, held in memory; got None"),
    ("half", "must be one array of numbers, held in memory; got str"),
]


@pytest.mark.parametrize(("numbers", "message"), BAD_LANES)
def test_numbers_of_lanes_that_are_none_are_refused(numbers, message):
    with pytest.raises(ValueError, match=f"probabilities {message}"):
        Coins(numbers)
    with pytest.raises(ValueError, match=f"means {message}"):
        NormalBins(numbers, [1.0, 1.0], 4)
    with pytest.raises(ValueError, match=f"deviations {message}"):
        NormalBins([0.0, 0.0], numbers, 4)


@pytest.mark.parametrize("bad", [-0.1, 1.5])
def test_probabilities_outside_0_to_1_are_refused(bad):
    with pytest.raises(ValueError, match="probabilities must be from 0 to 1; got"):
        Coins([0.5, bad])


def test_deviations_that_are_not_positive_or_of_other_lanes_are_refused():
    with pytest.raises(ValueError, match=r"deviations must be positive, .* 2 means; got 2.* -1"):
        NormalBins([0.0, 0.0], [1.0, -1.0], 4)
    with pytest.raises(ValueError, match=r"deviations must be positive, .*smallest 0"):
        NormalBins([0.0, 0.0], [1.0, 0.0], 4)
    with pytest.raises(ValueError, match="one for each of 2 means; got 3, the smallest 1"):
        NormalBins([0.0, 0.0], [1.0, 1.0, 1.0], 4)


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ([0.5], r"symbols must be whole numbers of shape \(1,\); got float64 of shape \(1,\)"),
        ([True], r"symbols must be whole numbers of shape \(1,\); got bool of shape \(1,\)"),
        ([16], "symbols must be from 0 to 15; got 16 to 16"),
        ([-1, 3], "symbols must be from 0 to 15; got -1 to 3"),
        (["a"], "symbols must hold whole numbers; got dtype <U1"),
        (None, "symbols must be one array of numbers, held in memory; got None"),
    ],
)
def test_bins_that_are_not_there_have_no_centre(symbols, message):
    with pytest.raises(ValueError, match=message):
        bin_centres(symbols, 4)


def bad_files():
    good = Stack(2, 3).to_bytes()
    return {
        "nothing": b"",
        "no lanes": bytes(24),
        "cut lanes": good[:12],
        "cut words": good[:-1],
        "a lane too small": good[:4] + bytes(8) + good[12:],
        "a text": "stack",
        "an array": bytearray(good),
        "None": None,
    }


@pytest.mark.parametrize("name", bad_files())
def test_what_is_no_stack_is_refused(name):
    data = bad_files()[name]
    got = f"{len(data)} other bytes" if isinstance(data, bytes) else type(data).__name__
    with pytest.raises(ValueError, match=f"data must be what to_bytes of a stack .*; got {got}"):
        Stack.from_bytes(data)
