"""Make the stored results: run experiments and chapters, each over its seeds.

    python -m tools.results [NAME …]     all of them, or those named

A chapter is run to its end, so that every claim in it holds under each seed or the run stops; then
its headline numbers, which experiments/headlines.toml names, are read off, and so are its claims
with the values that they rest on.

A seed that is done is kept in experiments/unfinished, so that an interrupted run goes on where it
stopped. When the last seed is done, the result is written to helpers/results.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import ClassVar, TypedDict

import nbformat
import tensorflow as tf
from nbformat.v4 import new_code_cell

from helpers.claims import ClaimRecord, recorded_claims
from helpers.stored import RESULTS, Result, Run, load_result, store_result, write_whole
from tools.digests import (
    CHAPTERS,
    EXPERIMENTS,
    ROOT,
    Digests,
    chapter_digests,
    chapters,
    headlines,
    script_digests,
    scripts,
)
from tools.notebooks import execute

UNFINISHED = EXPERIMENTS / "unfinished"
PACKAGES = ("tensorflow", "keras", "numpy")
# Appended to a chapter. Its names begin with _, so that the chapter's own stay as they are.
READ_OFF = """import json as _json
from dataclasses import asdict as _asdict
from helpers.claims import recorded_claims as _recorded_claims
_measured = {{{numbers}}}
_claims = [_asdict(_record) for _record in _recorded_claims()]
print()
print(_json.dumps({{"measured": _measured, "claims": _claims}}))"""


class Surroundings(TypedDict):
    """What a run is made with, under the names that `Run` has for it."""

    versions: dict[str, str]
    cores: int
    device: str


class Chapter:
    """A chapter as an experiment: under each seed its headline numbers.

    Args:
        path: the notebook.
        headlines: expressions in the chapter's variables, by the name of the number.
    """

    SEEDS: ClassVar = (0, 1, 2, 3, 4)
    FULL: ClassVar = None

    def __init__(self, path: Path, headlines: dict[str, str]) -> None:
        self.path, self.headlines = path, headlines

    def run(self, seed: int) -> tuple[dict[str, float], tuple[ClaimRecord, ...]]:
        """Run the chapter under a seed; a claim that does not hold stops it.

        Args:
            seed: what BOOK_SEED is set to.

        Returns:
            The headline numbers, and the claims with the values that they rest on.

        Raises:
            CellExecutionError: a cell failed.
        """
        notebook = nbformat.read(self.path, as_version=4)
        numbers = ", ".join(f"{name!r}: float({text})" for name, text in self.headlines.items())
        notebook.cells.append(new_code_cell(READ_OFF.format(numbers=numbers)))
        execute(notebook, self.path.parent, BOOK_SEED=str(seed))
        return read_off(notebook.cells[-1].outputs)


def read_off(
    outputs: list[nbformat.NotebookNode],
) -> tuple[dict[str, float], tuple[ClaimRecord, ...]]:
    """The headline numbers and claims that a chapter's appended cell has printed.

    Args:
        outputs: of that cell. They stand in the last line; what the expressions themselves printed
            may stand before it, and a long text comes in several pieces.
    """
    pieces = [output.text for output in outputs if output.get("name") == "stdout"]
    found = json.loads("".join(pieces).splitlines()[-1])
    return found["measured"], tuple(ClaimRecord(**record) for record in found["claims"])


def load_chapter(name: str) -> Chapter:
    """A chapter with the headline numbers that are read off it."""
    return Chapter(CHAPTERS / f"{name}.ipynb", headlines()[name])


def load(name: str, folder: Path = EXPERIMENTS) -> ModuleType:
    """An experiment's script: `SEEDS`, `FULL`, `SMOKE` and `measure(seed, settings)`."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None  # a file that ends in .py has one, and a loader
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def surroundings() -> Surroundings:
    """What a run is made with, where it is made."""
    accelerators = [device.device_type for device in tf.config.list_physical_devices()[1:]]
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return {
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "cores": cores,
        "device": accelerators[0] if accelerators else "CPU",
    }


def one_seed(experiment: ModuleType | Chapter, seed: int, settings: object) -> Run:
    """A run of an experiment under one seed, timed and dated."""
    started = time.monotonic()
    if isinstance(experiment, Chapter):
        measured, claims = experiment.run(seed)
    else:
        before = len(recorded_claims())
        measured = experiment.measure(seed, settings)
        claims = tuple(recorded_claims()[before:])
    seconds = round(time.monotonic() - started, 1)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return Run(measured, seconds, today, **surroundings(), claims=claims)


def digests(experiment: ModuleType | Chapter) -> Digests:
    """The hashes by which a stored result knows whether what made it has changed."""
    if isinstance(experiment, Chapter):
        return chapter_digests(experiment.path, experiment.headlines)
    assert experiment.__file__  # `load` read it from a file
    return script_digests(Path(experiment.__file__))


def make(
    name: str,
    experiment: ModuleType | Chapter,
    made_of: Digests,
    unfinished: Path,
    results: Path,
) -> Path:
    """Run what is missing of an experiment, then store its result.

    The seeds stay where they are kept; the folder is returned.

    A seed that an earlier, interrupted call finished is taken over if code, helpers, versions,
    cores and device are still the same; otherwise it is left where it is, and the seed runs anew.
    """
    # One folder for one code in one environment: nothing of another is mixed in or written over.
    made_by = json.dumps([made_of, surroundings()])
    folder = unfinished / f"{name}-{hashlib.sha256(made_by.encode()).hexdigest()[:12]}"
    runs = {}
    for number, seed in enumerate(experiment.SEEDS):
        path = folder / f"seed_{seed}.json"
        if path.is_file():
            runs[seed] = Run.from_json(path.read_text(encoding="utf-8"))
            print(f"{name}: seed {seed} was done on {runs[seed].date}", flush=True)
            continue
        left = len(experiment.SEEDS) - number
        print(
            f"{name}: seed {seed}, {_estimate(name, list(runs.values()), left, results)}",
            flush=True,
        )
        runs[seed] = one_seed(experiment, seed, experiment.FULL)
        if digests(experiment) != made_of:
            sys.exit(
                f"{name}: its code or a helper has changed since this began, so nobody knows what "
                f"seed {seed} was made with. Run it again: make results ONLY={name}"
            )
        Result(name, *made_of, runs)  # what is wrong with the runs is said now, not after the last
        write_whole(path, runs[seed].to_json())
        print(f"{name}: seed {seed} took {runs[seed].seconds:.0f} s", flush=True)
    stored = store_result(Result(name, *made_of, runs), results)
    print(
        f"{name}: stored in {stored.relative_to(ROOT) if stored.is_relative_to(ROOT) else stored}"
    )
    return folder


def make_all(experiments: dict[str, ModuleType | Chapter], unfinished: Path, results: Path) -> None:
    """Make the results of some experiments, and forget their seeds when the last one is stored."""
    # Taken at once, since a helper is imported once: later it may not be what its file says.
    made_of = {name: digests(experiment) for name, experiment in experiments.items()}
    folders = [
        make(name, experiment, made_of[name], unfinished, results)
        for name, experiment in experiments.items()
    ]
    for folder in folders:
        shutil.rmtree(folder)


def _estimate(name: str, done: list[Run], left: int, results: Path) -> str:
    """How long the seeds that are left will take, from those done or from the stored result."""
    if not done:
        try:
            done = list(load_result(name, results).runs.values())
        except ValueError:  # there is none, or it is damaged and about to be made anew
            done = []
    if not done:
        return f"{left} to run, nobody knows yet how long"
    minutes = left * sum(run.seconds for run in done) / len(done) / 60
    return f"{left} to run, about {minutes:.0f} minutes left"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    wanted = parser.parse_args().names
    known = dict.fromkeys(scripts(), load) | dict.fromkeys(chapters(), load_chapter)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"ONLY must be one of {', '.join(known)}; got {', '.join(unknown)}")
    make_all({name: known[name](name) for name in wanted or known}, UNFINISHED, RESULTS)


if __name__ == "__main__":
    main()
