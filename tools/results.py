"""Make the stored results: run experiments and chapters, each over its seeds.

    python -m tools.results [NAME …]     all of them, or those named

A chapter is run to its end, so that every claim in it holds under each seed or the run stops; then
its headline numbers, which experiments/headlines.toml names, are read off.

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
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import nbformat
import tensorflow as tf
from nbformat.v4 import new_code_cell

from helpers.results import (
    RESULTS,
    Result,
    Run,
    load_result,
    script_hash,
    store_result,
    write_whole,
)
from tools.notebooks import CHAPTERS, execute

ROOT = Path(__file__).resolve().parent.parent
EXPERIMENTS = ROOT / "experiments"
UNFINISHED = EXPERIMENTS / "unfinished"
HEADLINES = EXPERIMENTS / "headlines.toml"
PACKAGES = ("tensorflow", "keras", "numpy")


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

    def digest(self) -> str:
        """The SHA-256 of what decides the numbers: the chapter's code, not its text or outputs."""
        cells = nbformat.read(self.path, as_version=4).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        return hashlib.sha256(json.dumps([code, self.headlines]).encode()).hexdigest()

    def measure(self, seed: int, _settings: None) -> dict[str, float]:
        """Run the chapter under a seed; a claim that does not hold stops it.

        Args:
            seed: what BOOK_SEED is set to.

        Returns:
            The headline numbers.

        Raises:
            CellExecutionError: a cell failed.
        """
        notebook = nbformat.read(self.path, as_version=4)
        numbers = ", ".join(f"{name!r}: float({text})" for name, text in self.headlines.items())
        notebook.cells.append(new_code_cell(f"import json\nprint(json.dumps({{{numbers}}}))"))
        execute(notebook, self.path.parent, BOOK_SEED=str(seed))
        return json.loads(notebook.cells[-1].outputs[0].text)


def chapters() -> list[str]:
    """The chapters whose headline numbers are stored."""
    return list(tomllib.loads(HEADLINES.read_text(encoding="utf-8")))


def load_chapter(name: str) -> Chapter:
    """A chapter with the headline numbers that are read off it."""
    headlines = tomllib.loads(HEADLINES.read_text(encoding="utf-8"))[name]
    return Chapter(CHAPTERS / f"{name}.ipynb", headlines)


def names() -> list[str]:
    """The experiments there are: one script each."""
    return sorted(path.stem for path in EXPERIMENTS.glob("*.py"))


def load(name: str, folder: Path = EXPERIMENTS) -> ModuleType:
    """An experiment's script: `SEEDS`, `FULL`, `SMOKE` and `measure(seed, settings)`."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def surroundings() -> dict[str, object]:
    """What a run is made with, where it is made."""
    accelerators = [device.device_type for device in tf.config.list_physical_devices()[1:]]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "cores": cores,
        "device": accelerators[0] if accelerators else "CPU",
    }


def one_seed(measure: Callable[[], dict[str, float]]) -> Run:
    """A run of an experiment under one seed, timed and dated."""
    started = time.monotonic()
    measured = measure()
    seconds = round(time.monotonic() - started, 1)
    return Run(measured, seconds, f"{datetime.now(UTC):%Y-%m-%d}", **surroundings())


def digest(experiment: ModuleType | Chapter) -> str:
    """The hash by which a stored result knows whether what made it has changed."""
    if isinstance(experiment, Chapter):
        return experiment.digest()
    return script_hash(Path(experiment.__file__))


def make(name: str, experiment: ModuleType | Chapter, unfinished: Path, results: Path) -> Path:
    """Run what is missing of an experiment, then store its result.

    The seeds stay where they are kept; the folder is returned.

    A seed that an earlier, interrupted call finished is taken over if script, versions, cores and
    device are still the same; otherwise it is left where it is, and the seed runs anew.
    """
    made_of = digest(experiment)
    here = surroundings()
    # One folder for one script in one environment: nothing of another is mixed in or written over.
    made_by = json.dumps([made_of, here])
    folder = unfinished / f"{name}-{hashlib.sha256(made_by.encode()).hexdigest()[:12]}"
    runs = {}
    for number, seed in enumerate(experiment.SEEDS):
        path = folder / f"seed_{seed}.json"
        if path.is_file():
            runs[seed] = Run(**json.loads(path.read_text(encoding="utf-8")))
            print(f"{name}: seed {seed} was done on {runs[seed].date}", flush=True)
            continue
        left = len(experiment.SEEDS) - number
        print(
            f"{name}: seed {seed}, {_estimate(name, list(runs.values()), left, results)}",
            flush=True,
        )
        runs[seed] = one_seed(lambda seed=seed: experiment.measure(seed, experiment.FULL))
        write_whole(path, json.dumps(asdict(runs[seed]), indent=1) + "\n")
        print(f"{name}: seed {seed} took {runs[seed].seconds:.0f} s", flush=True)
    stored = store_result(Result(name, made_of, runs), results)
    print(
        f"{name}: stored in {stored.relative_to(ROOT) if stored.is_relative_to(ROOT) else stored}"
    )
    return folder


def make_all(experiments: dict[str, ModuleType | Chapter], unfinished: Path, results: Path) -> None:
    """Make the results of some experiments, and forget their seeds when the last one is stored."""
    folders = [make(name, script, unfinished, results) for name, script in experiments.items()]
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
    known = dict.fromkeys(names(), load) | dict.fromkeys(chapters(), load_chapter)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"ONLY must be one of {', '.join(known)}; got {', '.join(unknown)}")
    make_all({name: known[name](name) for name in wanted or known}, UNFINISHED, RESULTS)


if __name__ == "__main__":
    main()
