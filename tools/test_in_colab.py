"""Run every chapter as Colab would: Colab's package versions, the chapter's own install cell.

    python -m tools.test_in_colab [CHAPTER …]       run what has changed since it passed, or these

Makes a fresh environment from tests/colab/constraints.txt without this project on its path, and
lets each chapter's install cell fetch the helpers. Git is told to answer the book's address with a
snapshot of this folder, so the cell runs unchanged and what is here is what is tested. Chapters run
side by side, each in an environment and on processor cores of its own. tests/colab/passed.json has
a hash, by chapter, of all that could alter how it last passed: while the hash is the same, the
chapter is skipped, unless the variable ALL is set. Needs Python 3.13, as Colab has it, and nothing
else.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from tools.fingerprints import (
    CONSTRAINTS,
    MEASURED,
    PASSED,
    ROOT,
    address,
    fingerprint,
    plan,
    read_passed,
    read_seconds,
    write_passed,
)

MOST_WORKERS = 4
SECONDS_TO_STOP = 20  # a kernel is given several before it is killed


class Outcome(NamedTuple):
    """How a chapter's run ended, and what it printed."""

    chapter: str
    passed: bool
    report: str


def side_by_side(
    chapters: Sequence[str],
    runners: Sequence[Callable[[str], Outcome]],
    stop: Callable[[], None] = lambda: None,
) -> Generator[Outcome, None, None]:
    """Run chapters on several runners at once; each next one goes to the first that is free.

    Args:
        chapters: in the order in which they begin.
        runners: what runs a chapter; each has a thread of its own. Where one raises, that chapter
            failed.
        stop: ends what the runners have started; called at the end, however it comes.

    Yields:
        Each chapter's outcome as soon as it is there.
    """
    waiting, outcomes = deque(chapters), SimpleQueue[Outcome]()

    def work(runner: Callable[[str], Outcome]) -> None:
        while True:
            try:
                chapter = waiting.popleft()
            except IndexError:
                return
            try:
                outcome = runner(chapter)
            except Exception as error:  # whatever it is, the other chapters are still to be run
                outcome = Outcome(chapter, False, f"{chapter}: failed, {error}\n")
            outcomes.put(outcome)

    threads = [threading.Thread(target=work, args=[runner]) for runner in runners]
    try:
        for thread in threads:
            thread.start()
        for _ in chapters:
            yield outcomes.get()
    finally:
        waiting.clear()
        stop()
        for thread in threads:
            thread.join()


def report(
    chapters: Sequence[str],
    outcomes: Iterable[Outcome],
    fingerprints: Mapping[str, str],
    path: Path,
) -> list[str]:
    """Print each outcome when it comes, whole, and keep the record of what passed.

    Args:
        chapters: those that are run.
        outcomes: theirs, in any order.
        fingerprints: of each chapter there is.
        path: the record.

    Returns:
        What went wrong: which chapters failed, and which were not run to their end.
    """
    failed, unfinished = set(), set(chapters)
    with suppress(KeyboardInterrupt):
        for chapter, passed, text in outcomes:
            print(text, end="", flush=True)
            record = read_passed(path)
            record.pop(chapter, None)
            if passed:
                record[chapter] = fingerprints[chapter]
            else:
                failed.add(chapter)
            write_passed(path, record)
            unfinished.remove(chapter)
    named = {"failed": sorted(failed), "interrupted": sorted(unfinished - failed)}
    return [f"{word}: {', '.join(names)}" for word, names in named.items() if names]


class Ended(NamedTuple):
    """Whether a command succeeded, and what it printed."""

    well: bool
    output: str
    errors: str


class Processes:
    """Processes that several threads run, and that are stopped together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen] = set()
        self._stopped = False

    def run(
        self, *command: str | Path, folder: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a command to its end.

        Args:
            command: its words.
            folder: where it runs; None is here.
            env: its variables; None are those there are.

        Raises:
            RuntimeError: `stop` has been called.
        """
        # Files, since a pipe stays open while anything holds it that the command left behind.
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            with self._lock:
                if self._stopped:
                    raise RuntimeError("interrupted")
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,  # Ctrl-C reaches it through `stop` alone
                )
                self._running.add(process)
            process.wait()
            with self._lock:
                self._running.discard(process)
            texts = []
            for file in (output, errors):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "replace"))
            return Ended(process.returncode == 0, *texts)

    def stop(self) -> None:
        """End what is running, with what it started, and start nothing any more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        # nbclient ends its kernel, which has a session of its own, before it ends itself.
        for process in running:
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # of which macOS raises the second
        os.killpg(process.pid, number)


@dataclass(frozen=True)
class Worker:
    """What runs one chapter at a time, in an environment and on processor cores of its own.

    Attributes:
        python: the environment's.
        cores: the processor cores for it; none where they cannot be chosen.
        book: the folder that holds the snapshot, from which chapters are copied.
        folder: where it works: empty, and away from the helpers.
        environment: the variables for what it starts.
        processes: which runs what it starts.
    """

    python: Path
    cores: set[int]
    book: Path
    folder: Path
    environment: dict[str, str] = field(repr=False)
    processes: Processes

    def run(self, chapter: str) -> Outcome:
        """Run a chapter, install cell and all.

        Raises:
            RuntimeError: the environment is not as it has to be before a chapter.
        """
        if self.cores:
            os.sched_setaffinity(0, self.cores)  # for this thread, and for what it starts
        pip = (self.python, "-m", "pip")
        gone = self._run(*pip, "uninstall", "--quiet", "--yes", "autoencoder-book")
        if not gone.well:
            raise RuntimeError(f"the helpers cannot be uninstalled:\n{gone.errors}")
        if self._run(self.python, "-c", "import helpers").well:
            raise RuntimeError("helpers can be imported before the install cell ran")
        tool = shutil.copy(self.book / "tools" / "notebooks.py", self.folder)
        copy = shutil.copy(self.book / "notebooks" / f"{chapter}.ipynb", self.folder)
        passed, output, errors = self._run(self.python, tool, "check", copy)
        if passed:  # what TensorFlow says as it starts is of no use then
            return Outcome(chapter, True, output)
        return Outcome(chapter, False, f"{errors}{output or f'{chapter}: failed'}\n")

    def _run(self, *command: str | Path) -> Ended:
        return self.processes.run(*command, folder=self.folder, env=self.environment)


def shares(cores: Sequence[int], chapters: int) -> list[set[int]]:
    """The processor cores that are there, shared out among workers.

    Args:
        cores: their numbers.
        chapters: how many there are to run.

    Returns:
        The cores of each worker: one, where there are chapters enough for all.
    """
    workers = min(len(cores), MOST_WORKERS, chapters)
    return [set(cores[number::workers]) for number in range(workers)]


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command; stop with its output where it fails."""
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def snapshot(root: Path, folder: Path) -> Path:
    """Take a snapshot of the book, uncommitted changes included.

    Args:
        root: the folder in which the book lies: a git checkout.
        folder: where the snapshot goes.

    Returns:
        A bare repository that has the snapshot as the one commit on main.
    """
    index = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_INDEX_FILE": str(folder / "index"),
    }
    git = partial(run, "git", "-C", root, env=index)
    if Path(git("rev-parse", "--show-toplevel")).resolve() != root.resolve():
        sys.exit(f"{root} is not a git checkout of its own: clone the book, then run this there")
    git("add", "--all")
    tree = git("write-tree")
    identity = ("-c", "user.name=snapshot", "-c", "user.email=snapshot@example.invalid")
    commit = git(*identity, "commit-tree", tree, "-m", "snapshot")
    bare = folder / "snapshot.git"
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", bare)
    # pip clones with a filter, which a repository has to allow.
    run("git", "-C", bare, "config", "uploadpack.allowFilter", "true")
    no_hooks = ("-c", "core.hooksPath=/dev/null")
    git(*no_hooks, "push", "--quiet", bare, f"{commit}:refs/heads/main")
    return bare


def colabs_environment(constraints: Path, folder: Path) -> Path:
    """Make an environment with Colab's versions in a new folder."""
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-r", constraints)
    run(python, "-m", "pip", "check")
    return folder


def linked_copy(environment: Path, folder: Path) -> Path:
    """Make an environment in a new folder whose packages are hard links to those of another one.

    It takes two seconds and no room, where to install TensorFlow once more takes minutes and
    gigabytes. Pip replaces and removes files and never writes into one, so that what is installed
    in one environment is in no other. Programs are left out, since they name their environment;
    `python -m pip` runs.

    Returns:
        The new environment's Python.
    """
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    for part in ("lib", "etc", "share"):
        if (environment / part).is_dir():
            shutil.copytree(
                environment / part,
                folder / part,
                symlinks=True,
                copy_function=os.link,
                dirs_exist_ok=True,
            )
    return folder / "bin" / "python"


def make_workers(chapters: int, bare: Path, book: Path, processes: Processes) -> list[Worker]:
    """Make the workers, each with its environment, beside the snapshot.

    Args:
        chapters: how many there are to run.
        bare: the snapshot as a repository.
        book: the snapshot as a folder.
        processes: which runs what the workers start.
    """
    can_choose = hasattr(os, "sched_setaffinity")
    cores = sorted(os.sched_getaffinity(0)) if can_choose else range(os.cpu_count() or 1)
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "JUPYTER", "BOOK_")) and name != "VIRTUAL_ENV"
    }
    variables |= {
        "COLAB_RELEASE_TAG": "release-test",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{bare}.insteadOf",
        "GIT_CONFIG_VALUE_0": address(book),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    packages = colabs_environment(book / CONSTRAINTS, book.with_name("packages"))
    workers = []
    for number, share in enumerate(shares(cores, chapters), start=1):
        python = linked_copy(packages, book.with_name(f"environment-{number}"))
        folder = book.with_name(f"work-{number}")
        folder.mkdir()
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        workers.append(
            Worker(
                python=python,
                cores=share if can_choose else set(),
                book=book,
                folder=folder,
                environment={**variables, "PATH": path},
                processes=processes,
            )
        )
    return workers


def run_what_changed(
    root: Path,
    chosen: Sequence[str] = (),
    everything: bool = False,
    workers_for: Callable[[int, Path, Path, Processes], Sequence[Worker]] = make_workers,
) -> None:
    """Take a snapshot, and run those of its chapters that have to be run.

    Args:
        root: the folder in which the book lies: a git checkout.
        chosen: chapters to run, changed or not, and no others.
        everything: whether those run, too, that have not changed since they passed.
        workers_for: as `make_workers`.

    Raises:
        ValueError: what says which chapters to run cannot be read, or a chosen one is not there.
        SystemExit: a chapter failed, or not all have run.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="colab-") as temporary:
        bare, book = snapshot(root, Path(temporary)), Path(temporary) / "book"
        # All that is hashed and run is this copy: who edits a file meanwhile changes neither.
        run("git", "-c", "core.hooksPath=/dev/null", "clone", "--quiet", bare, book)
        chapters = sorted(path.stem for path in (book / "notebooks").glob("*.ipynb"))
        fingerprints = {name: fingerprint(name, book) for name in chapters}
        passed = read_passed(root / PASSED)
        todo = plan(fingerprints, passed, read_seconds(root / MEASURED), chosen, everything)
        write_passed(root / PASSED, {name: passed[name] for name in chapters if name in passed})
        for name in todo.skipped:
            print(f"{name}: unchanged since its last pass, skipped (ALL=1 runs it)")
        if not todo.run:
            print("Nothing to run: no chapter has changed since it passed in Colab's versions")
            return
        processes = Processes()
        workers = workers_for(len(todo.run), bare, book, processes)
        seconds = time.monotonic() - started
        print(f"Colab's environment: ready, {len(workers)} times, {seconds:.0f} s", flush=True)
        runners = [worker.run for worker in workers]
        with closing(side_by_side(todo.run, runners, processes.stop)) as outcomes:
            wrong = report(todo.run, outcomes, fingerprints, root / PASSED)
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(todo.run)} passed, {len(todo.skipped)} skipped")


def main() -> None:
    """Read the command line, and clean up whatever happens."""
    if sys.version_info[:2] != (3, 13):
        sys.exit(f"Colab has Python 3.13; this is {sys.version.split()[0]}")
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER")
    chosen = parser.parse_args().chapters
    # As Ctrl-C does: what was started is ended first.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        run_what_changed(ROOT, chosen, os.environ.get("ALL", "") not in ("", "0"))
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted")


if __name__ == "__main__":
    main()
