"""Make the stored results: run experiments, each over its seeds.

    python tools/results.py [NAME …]     all experiments, or those named

A seed that is done is kept in experiments/unfinished, so that an interrupted run goes on where it
stopped. When the last seed of an experiment is done, its result is written to helpers/results.
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
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import tensorflow as tf

from helpers.results import (
    RESULTS,
    Result,
    Run,
    load_result,
    script_hash,
    store_result,
    write_whole,
)

ROOT = Path(__file__).resolve().parent.parent
EXPERIMENTS = ROOT / "experiments"
UNFINISHED = EXPERIMENTS / "unfinished"
PACKAGES = ("tensorflow", "keras", "numpy")


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


def make(name: str, experiment: ModuleType, unfinished: Path, results: Path) -> Path:
    """Run what is missing of an experiment, then store its result.

    The seeds stay where they are kept; the folder is returned.

    A seed that an earlier, interrupted call finished is taken over if script, versions, cores and
    device are still the same; otherwise it is left where it is, and the seed runs anew.
    """
    digest = script_hash(Path(experiment.__file__))
    here = surroundings()
    # One folder for one script in one environment: nothing of another is mixed in or written over.
    made_by = json.dumps([digest, here])
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
    stored = store_result(Result(name, digest, runs), results)
    print(
        f"{name}: stored in {stored.relative_to(ROOT) if stored.is_relative_to(ROOT) else stored}"
    )
    return folder


def make_all(experiments: dict[str, ModuleType], unfinished: Path, results: Path) -> None:
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
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        sys.exit(f"ONLY must be one of {', '.join(names())}; got {', '.join(unknown)}")
    make_all({name: load(name) for name in wanted or names()}, UNFINISHED, RESULTS)


if __name__ == "__main__":
    main()
