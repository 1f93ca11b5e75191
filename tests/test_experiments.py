"""Long runs: small versions of each work, stored ones are current, interruption loses nothing."""

import ast
import builtins
import types
from dataclasses import replace

import keras
import nbformat
import numpy as np
import pytest
from conftest import ROOT
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook, new_output
from sklearn.decomposition import PCA

from helpers.claims import ClaimRecord, claim
from helpers.stored import RESULTS, load_result
from helpers.variational import (
    Bernoulli,
    dense_variational_autoencoder,
    importance_bounds,
    log_weights,
)
from tools import results
from tools.chapter_rules import code_cells, plain
from tools.digests import changes_since, chapters, digests_of, script_digests, scripts
from tools.results import Chapter, load, load_chapter, make_all, one_seed, read_off


def test_every_script_and_every_chapter_has_a_stored_result_and_nothing_else_has():
    assert scripts()
    assert chapters() == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert sorted(path.stem for path in RESULTS.glob("*.json")) == sorted(scripts() + chapters())


@pytest.mark.parametrize("name", scripts())
def test_no_script_has_changed_since_its_result_was_stored(name):
    stored = load_result(name)
    # Changed helpers are the business of `make release-check`.
    assert "code" not in changes_since(stored), f"run `make results ONLY={name}`"
    assert tuple(stored.runs) == load(name).SEEDS
    assert len(stored.runs) >= 3


@pytest.mark.reexecution
@pytest.mark.parametrize("name", scripts())
def test_a_small_run_works_and_measures_what_is_stored(name):
    experiment = load(name)
    run = one_seed(experiment, 0, experiment.SMOKE)
    assert sorted(run.measured) == sorted(load_result(name).keys)


@pytest.mark.parametrize("name", chapters())
def test_a_chapters_numbers_are_stored_under_five_seeds(name):
    # Whether its code has changed since, test_claim_rows.py looks at.
    stored = load_result(name)
    assert tuple(stored.runs) == load_chapter(name).SEEDS == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("name", chapters())
def test_headlines_are_made_of_what_the_chapter_defines(name):
    chapter = load_chapter(name)
    defined = set(dir(builtins))
    for cell in code_cells(nbformat.read(chapter.path, as_version=4)):
        for node in ast.walk(ast.parse(plain(cell))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                defined.add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.alias):
                defined.add(getattr(node, "asname", None) or node.name)
    for expression in chapter.headlines.values():
        used = {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}
        assert used <= defined, expression


def chapter_of(folder, *code, **headlines):
    """A chapter with some code cells."""
    path = folder / "chapter.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in code]), path)
    return Chapter(path, headlines)


def test_a_chapter_is_run_under_its_seed_and_its_numbers_are_read_off(tmp_path):
    code = "from helpers.seeds import default_seed", "twice = 2 * default_seed()"
    chapter = chapter_of(tmp_path, *code, error="twice + 0.5")
    assert chapter.run(4) == ({"error": 8.5}, ())
    assert len(nbformat.read(chapter.path, as_version=4).cells) == 2


def test_a_chapters_claims_are_read_off_with_their_values(tmp_path):
    code = (
        "from helpers.claims import claim\nfrom helpers.seeds import default_seed",
        "import numpy as np\njson = 2\nnumbers = np.linspace(0, default_seed(), 20_000)",
        "claim('One – σ.', True, third=1 / 3, none=float('nan'), numbers=numbers)",
        "claim('Two.', True, **{'a name': np.float32(0.1)})\nprint('more', end='')",
    )
    chapter = chapter_of(tmp_path, *code, error="json")
    first, second = one_seed(chapter, 3, chapter.FULL).claims
    assert first.sentence == "One – σ."
    assert first.measured["third"] == 1 / 3
    assert np.isnan(first.measured["none"])
    np.testing.assert_array_equal(first.measured["numbers"], np.linspace(0, 3, 20_000))
    assert second == ClaimRecord("Two.", True, {"a name": float(np.float32(0.1))})


def test_numbers_and_claims_are_read_out_of_all_else_that_was_printed(tmp_path):
    chapter = chapter_of(tmp_path, "import sys", error="print('a bar', end='') or 2")
    assert chapter.run(0) == ({"error": 2.0}, ())
    outputs = [
        new_output("stream", name="stderr", text="a warning\n"),
        new_output("stream", name="stdout", text='a bar\n{"measured": {"error": 2.0}, "cla'),
        new_output("stream", name="stderr", text="another\n"),
        new_output("stream", name="stdout", text='ims": []}\n'),
        new_output("display_data", {"text/plain": "a figure"}),
    ]
    assert read_off(outputs) == ({"error": 2.0}, ())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["speed", "01_properties"])
def test_a_result_is_stored_with_the_hashes_that_it_is_checked_against(name):
    experiment = load(name) if name in scripts() else load_chapter(name)
    assert results.digests(experiment) == digests_of(name)


def test_what_is_left_is_estimated_from_the_mean_of_the_seeds_done(tmp_path):
    stored = load_result("speed").runs[0]
    done = [replace(stored, seconds=seconds) for seconds in (100.0, 140.0)]
    text = results._estimate("speed", done, 3, tmp_path)
    assert text == "3 to run, about 6 minutes left"


def test_a_claim_that_does_not_hold_under_a_seed_stops_the_run(tmp_path):
    code = "from helpers.claims import claim", "claim('It holds.', False, error=9)"
    with pytest.raises(CellExecutionError, match="error = 9"):
        chapter_of(tmp_path, *code, error="1").run(0)


@pytest.fixture
def tiny(tmp_path):
    """An experiment that counts its runs, and stops before the seed it is told."""
    script = tmp_path / "tiny.py"
    script.write_text("import helpers.seeds\none = 'script'\n")
    ran = []

    def measure(seed, _settings):
        if seed == experiment.stop_at:
            raise KeyboardInterrupt
        ran.append(seed)
        claim("It counts.", True, seed=seed)
        return {"error": 10.0 + seed}

    experiment = types.SimpleNamespace(
        __file__=str(script), SEEDS=(0, 1, 2), FULL=None, measure=measure, ran=ran, stop_at=None
    )
    return experiment


def made(tiny, tmp_path):
    make_all({"tiny": tiny}, tmp_path / "unfinished", tmp_path / "results")
    return load_result("tiny", tmp_path / "results")


def test_a_result_has_a_run_a_seed_its_claims_and_both_hashes(tiny, tmp_path, capsys):
    result = made(tiny, tmp_path)
    assert list(result.values("error")) == [10.0, 11.0, 12.0]
    assert result.claims == ["It counts."]
    assert list(result.claim_values(0, "seed")) == [0, 1, 2]
    assert (result.code_sha256, result.helpers_sha256) == script_digests(tmp_path / "tiny.py")
    assert not list((tmp_path / "unfinished").iterdir())
    assert "tiny: seed 1, 2 to run, about 0 minutes left" in capsys.readouterr().out


def test_code_that_changes_while_it_runs_is_not_stored_as_what_made_the_result(tiny, tmp_path):
    def change_and_measure(seed, _settings):
        (tmp_path / "tiny.py").write_text(f"another = {seed}\n")
        return {"error": 10.0}

    tiny.measure = change_and_measure
    with pytest.raises(SystemExit, match=r"changed since this began.* seed 0 was made with"):
        made(tiny, tmp_path)
    assert not list(tmp_path.rglob("*.json"))


def test_code_that_changes_while_an_earlier_experiment_runs_is_noticed_too(tiny, tmp_path):
    second = types.SimpleNamespace(**{**vars(tiny), "__file__": str(tmp_path / "second.py")})
    (tmp_path / "second.py").write_text("second = 1\n")

    def change_the_other(seed, _settings):
        (tmp_path / "second.py").write_text("second = 2\n")
        return {"error": float(seed)}

    second.measure, tiny.measure = tiny.measure, change_the_other
    folders = tmp_path / "unfinished", tmp_path / "results"
    with pytest.raises(SystemExit, match=r"^second: its code or a helper has changed"):
        make_all({"tiny": tiny, "second": second}, *folders)


def test_seeds_made_with_other_helpers_are_not_mixed_in(tiny, tmp_path, monkeypatch):
    tiny.stop_at = 1
    with pytest.raises(KeyboardInterrupt):
        made(tiny, tmp_path)
    changed = script_digests(tmp_path / "tiny.py")._replace(helpers="0" * 64)
    monkeypatch.setattr(results, "digests", lambda _experiment: changed)
    tiny.stop_at = None
    assert made(tiny, tmp_path).helpers_sha256 == "0" * 64
    assert tiny.ran == [0, 0, 1, 2]


def test_a_measurement_called_as_a_fact_is_said_after_the_first_seed(tiny, tmp_path):
    tiny.measure = lambda seed, _settings: tiny.ran.append(seed) or {"minutes": 1.0}
    with pytest.raises(ValueError, match=r"not be called as a fact.*\['minutes'\] in tiny"):
        made(tiny, tmp_path)
    assert tiny.ran == [0]


def test_an_interrupted_experiment_goes_on_where_it_stopped(tiny, tmp_path, capsys):
    tiny.stop_at = 2
    with pytest.raises(KeyboardInterrupt):
        made(tiny, tmp_path)
    assert not (tmp_path / "results").exists()
    tiny.stop_at = None
    assert list(made(tiny, tmp_path).runs) == [0, 1, 2]
    assert tiny.ran == [0, 1, 2]
    assert "tiny: seed 1 was done on" in capsys.readouterr().out


def test_an_experiment_that_is_done_is_not_run_again_when_the_next_is_interrupted(tiny, tmp_path):
    def stop(_seed, _settings):
        raise KeyboardInterrupt

    other = types.SimpleNamespace(**{**vars(tiny), "measure": stop})
    folders = tmp_path / "unfinished", tmp_path / "results"
    with pytest.raises(KeyboardInterrupt):
        make_all({"tiny": tiny, "other": other}, *folders)
    other.measure = lambda seed, _settings: {"error": float(seed)}
    make_all({"tiny": tiny, "other": other}, *folders)
    assert tiny.ran == [0, 1, 2]
    assert list(load_result("other", folders[1]).values("error")) == [0, 1, 2]
    assert not list(folders[0].iterdir())


def test_a_damaged_result_is_made_anew(tiny, tmp_path):
    made(tiny, tmp_path)
    (tmp_path / "results" / "tiny.json").write_text('{"name": "ti')
    assert list(made(tiny, tmp_path).values("error")) == [10, 11, 12]


def test_an_interrupted_experiment_leaves_the_stored_result(tiny, tmp_path):
    before = made(tiny, tmp_path)
    tiny.stop_at = 1
    with pytest.raises(KeyboardInterrupt):
        made(tiny, tmp_path)
    assert load_result("tiny", tmp_path / "results") == before


def test_seeds_of_another_script_are_not_mixed_in_and_not_lost(tiny, tmp_path):
    tiny.stop_at = 1
    with pytest.raises(KeyboardInterrupt):
        made(tiny, tmp_path)
    (tmp_path / "tiny.py").write_text("another = 'script'\n")
    tiny.stop_at = None
    made(tiny, tmp_path)
    assert tiny.ran == [0, 0, 1, 2]
    assert [path.name for path in (tmp_path / "unfinished").rglob("*.json")] == ["seed_0.json"]


def test_unfinished_runs_are_not_committed():
    assert "/experiments/unfinished/" in (ROOT / ".gitignore").read_text().split()


def test_what_counts_as_local_and_as_oriented():
    photo_edges = load("photo_edges")
    up, across = np.mgrid[:14, :14] - 6.5
    near = np.exp(-(up**2 + across**2) / (2 * 1.5**2))
    stripes = np.cos(1.2 * (up + across))
    noise = np.random.default_rng(0).normal(size=(14, 14))
    atoms = np.stack([near * stripes, stripes, near, noise])
    # A short slanted edge, stripes all over, a round spot, noise.
    assert photo_edges.is_local(atoms).tolist() == [True, False, True, False]
    assert photo_edges.is_oriented(atoms).tolist() == [True, True, False, False]


def test_whitening_leaves_equal_variances_in_the_directions_kept():
    photo_edges = load("photo_edges")
    random = np.random.default_rng(0)
    patches = random.normal(size=(5000, 196)) * np.geomspace(1, 0.01, 196)
    pca = PCA(photo_edges.DIRECTIONS, svd_solver="covariance_eigh")
    pca.fit(photo_edges.without_mean(patches))
    white = photo_edges.whiten(patches, pca)
    np.testing.assert_allclose(white.std(axis=(1, 2, 3)), 1, rtol=1e-4)
    variances = np.linalg.eigvalsh(np.cov(white.reshape(len(white), -1).T))[::-1]
    assert variances[99] > 0.7 * variances[0]
    assert variances[100] < 1e-6 * variances[0]


def rivals_codes():
    codes = [[0.9, 0.1, 0.8, -1.0], [0.7, 0.6, 0.0, 0.2], [0.05, 0.5, 0.3, 0.4]]
    return np.array(codes, "float32")


def test_batch_top_k_shares_its_units_in_training_and_has_one_threshold_otherwise():
    layer = load("sparse_rivals").BatchTopK(2)
    codes = rivals_codes()
    kept = np.asarray(layer(codes, training=True))
    assert np.array_equal(kept, np.where(codes >= 0.4, codes, 0))  # 6 of 12, 2 of one row, 3, 1
    assert layer.threshold.numpy() == pytest.approx(0.01 * 0.4)
    layer.threshold.assign(0.65)
    assert np.array_equal(np.asarray(layer(codes)), np.where(codes >= 0.65, codes, 0))


def test_a_growing_penalty_is_the_mean_sum_of_absolute_values_and_grows_in_equal_steps():
    rivals = load("sparse_rivals")
    layer = rivals.GrowingL1(0.8)
    codes = rivals_codes()
    layer(codes)
    assert float(layer.losses[0]) == 0
    grow = rivals.Grow(layer, 4)
    for epoch, strength in enumerate((0, 0.2, 0.4, 0.6)):
        grow.on_epoch_begin(epoch)
        assert layer.strength.numpy() == pytest.approx(strength)
    grow.on_train_end()
    layer(codes)
    cost = 0.8 * np.abs(codes).sum(axis=1).mean()
    assert float(layer.losses[-1]) == pytest.approx(cost, rel=1e-6)


def test_refit_and_pursuit_among_orthogonal_atoms_leave_what_the_coefficients_say():
    rivals = load("sparse_rivals")
    random = np.random.default_rng(0)
    atoms = np.linalg.qr(random.normal(size=(784, 12)))[0].T
    offset = random.normal(size=784)
    coefficients = random.normal(size=(5, 12))
    images = (coefficients @ atoms + offset).reshape(5, 28, 28, 1)

    chosen = random.uniform(size=(5, 12)) < 0.5
    refit = rivals.least_squares(chosen, atoms, offset, images)
    expected = (coefficients * chosen) @ atoms + offset
    assert np.allclose(refit.reshape(5, 784), expected)

    found = rivals.pursued(atoms, offset, 4, rivals.Sets(images, images, images))
    smallest = np.sort(coefficients**2, axis=1)[:, :8]  # what four atoms leave
    assert found["error"] == pytest.approx(smallest.sum(axis=1).mean())
    assert found["validation"] == pytest.approx(found["error"])
    assert found["active"] == 4


def test_the_rate_of_levels_is_their_cross_entropy_number_by_number():
    rate = load("rate_distortion").rate
    random = np.random.default_rng(0)
    shares = np.array([[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4]])
    known = np.stack([random.choice(4, 200_000, p=each) for each in shares], axis=1)
    own = np.stack([random.choice(4, 200_000, p=each) for each in shares], axis=1)
    assert rate(known, own, 4) == pytest.approx(-(shares * np.log(shares)).sum(), rel=0.01)
    # A level that was never seen counts as seen once.
    unseen = rate(np.zeros((98, 1), int), np.ones((5, 1), int), 2)
    assert unseen == pytest.approx(np.log(100))


def test_one_operation_of_adam_moves_weights_as_kerass_own_does():
    fused = load("variational").FusedAdam
    random = np.random.default_rng(0)
    start = random.normal(size=(30, 4)).astype("float32")
    gradients = random.normal(size=(6, 30, 4)).astype("float32")
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 6)
    ended = []
    for kind in (keras.optimizers.Adam, fused):
        optimizer, weight = kind(schedule), keras.Variable(start)
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        ended.append(keras.ops.convert_to_numpy(weight.value))
    assert np.abs(ended[0] - start).mean() > 0.01
    assert ended[1] == pytest.approx(ended[0], abs=1e-6)


def test_the_importance_weighted_loss_is_the_bound_of_that_many_codes():
    experiment = load("variational")
    model = dense_variational_autoencoder(2, (8,), shape=(4, 4, 1), seed=0)
    for weight in model.trainable_variables:
        weight.assign(2 * weight)
    images = np.random.default_rng(0).integers(0, 2, (3, 4, 4, 1)).astype("float32")
    weights = log_weights(model, images, 20_000, seed=1)
    one, several = (-importance_bounds(weights, codes).mean() for codes in (1, 5))

    weighted = experiment.ImportanceWeighted(model.encoder, model.decoder, seed=2)
    weighted.compile(loss=Bernoulli())
    losses = weighted.compute_loss(np.repeat(images, 20_000, axis=0))
    assert one - several > 0.2
    assert float(losses) == pytest.approx(several, abs=0.02)
