"""What the pages without code say of stored results is true under every seed."""

import numpy as np
import pytest
from conftest import ROOT

from helpers.stored import load_result
from tools.digests import chapters, scripts

KINDS = ("pca", "narrow", "wide", "denoising", "l1", "top_k")
WINNERS = {
    "error": "wide",
    "noisy_error": "denoising",
    "gain": "pca",
    "active": "top_k",
    "probe": "l1",
}


def kinds(measure: str) -> dict[str, np.ndarray]:
    """One measure of every kind, under each seed."""
    stored = load_result("kinds")
    return {name: stored.values(f"{name}.{measure}") for name in KINDS}


def test_in_each_column_of_the_conclusion_another_kind_wins():
    for measure, winner in WINNERS.items():
        found = kinds(measure)
        best = found.pop(winner)
        assert all((best < other).all() for other in found.values()), measure


def test_the_wide_kind_is_nearly_a_copy():
    assert (kinds("gain")["wide"] > 50).all()


def test_only_the_denoising_kind_is_better_on_noisy_digits():
    clean, noisy = kinds("error"), kinds("noisy_error")
    for name in KINDS:
        better = noisy[name] < clean[name]
        assert better.all() if name == "denoising" else not better.any()


def test_the_denoising_kind_and_then_pca_are_the_worst_on_clean_digits():
    found = kinds("error")
    denoising, pca = found.pop("denoising"), found.pop("pca")
    assert (denoising > pca).all()
    assert all((pca > other).all() for other in found.values())


def test_the_sparse_kinds_have_a_smaller_error_than_pca_and_a_larger_gain():
    error, gain = kinds("error"), kinds("gain")
    for name in ("l1", "top_k"):
        assert (error[name] < 2 / 3 * error["pca"]).all()
        assert (gain[name] > 2 * gain["pca"]).all()


def test_ten_minutes_of_training_beat_print_and_a_narrow_code_beats_pca():
    deep, properties = load_result("deep_30"), load_result("01_properties")
    assert (deep.values("error.600") < deep.values("published.deep")).all()
    for small, pca in (("autoencoder", "pca_clipped"), ("two", "two_pca")):
        assert (properties.values(f"error.{small}") < properties.values(f"error.{pca}")).all()


def test_at_256_numbers_pca_is_ahead_of_the_briefly_trained_network():
    architecture = load_result("02_architecture")
    assert (architecture.values("pca.256") < architecture.values("size.256")).all()


def test_the_network_is_ahead_of_the_affine_map_and_that_of_the_noisy_digits():
    noise = load_result("03_denoising")
    assert (noise.values("psnr.noisy") < noise.values("psnr.affine")).all()
    assert (noise.values("psnr.affine") < noise.values("psnr.autoencoder")).all()
    assert (noise.values("wrong.made_up") > 0.5).all()  # percent


def test_a_sparse_code_is_easier_to_read_than_pixels():
    sparse = load_result("04_sparse")
    assert (sparse.values("probe.k25") < sparse.values("probe.pixels")).all()


@pytest.mark.parametrize("name", scripts() + chapters())
def test_the_status_page_has_a_row_for_each_chapter_and_each_long_run(name):
    rows = (ROOT / "book" / "status.md").read_text(encoding="utf-8").splitlines()
    wanted = f"{{fact}}`{name} date` | {{since}}`{name}` |"
    assert len([row for row in rows if name in row and row.endswith(wanted)]) == 1


def test_the_status_page_says_what_changed_code_fails():
    text = (ROOT / "book" / "status.md").read_text(encoding="utf-8")
    assert "changed code fails\n`make release-check`, not `make test`" in text


@pytest.mark.parametrize("name", [*scripts(), *chapters()[:4]])
def test_the_pages_of_numbers_show_each_experiment(name):
    pages = ("results", "conclusion")
    text = "".join((ROOT / "book" / f"{page}.md").read_text(encoding="utf-8") for page in pages)
    assert f"{{mean}}`{name} " in text


def test_train_is_faster_than_plain_fit_with_one_keyword():
    speed = load_result("speed")
    for name in ("simple", "deep"):
        assert (speed.values(f"{name}.epoch.times_keyword") > 1).all()


def test_who_missed_a_published_quality_is_counted_as_the_page_says():
    speed = load_result("speed")
    missed = {
        (name, way): int((reached > speed.values(f"{name}.quality.wanted")).sum())
        for name in ("simple", "deep", "dertat")
        for way in ("ours", "plain")
        for reached in [speed.values(f"{name}.quality.{way}")]
    }
    assert len(speed.runs) == 3
    assert {who: count for who, count in missed.items() if count} == {
        ("simple", "ours"): 1,
        ("dertat", "ours"): 1,
        ("dertat", "plain"): 2,
    }
