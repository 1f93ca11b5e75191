"""Run chapters and store their outputs, or check them against their stored claims.

    python tools/notebooks.py store [CHAPTER …]     re-run chapters in notebooks/, store outputs
    python tools/notebooks.py check NOTEBOOK …      run copies elsewhere, compare their claims

Outputs are stored in one normal form, so that a second run without a change leaves no difference.
A dark copy of each figure is stored in book/_static/figures, for the site's dark mode.
What a chapter took, on two processor cores, is stored beside it, in notebooks/measured.json.
"""

import argparse
import base64
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "notebooks"
PICTURES = ROOT / "book" / "_static" / "chapters"  # for the front page and for shared links
DARK = ROOT / "book" / "_static" / "figures"  # the figures' dark copies
MEASURED = CHAPTERS / "measured.json"
CORES = 2  # on which a chapter is timed, of however many there are
CHECKED = "nbval-check-output"
KEPT_CELL_METADATA = ("tags", "mystnb")
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# Appended to a chapter. On Linux getrusage would count what the kernel was forked from as well;
# macOS has no /proc, and counts in bytes.
PEAK = """import re as _re, resource as _resource
from pathlib import Path as _Path
_status = _Path("/proc/self/status")
if _status.exists():
    print(1024 * int(_re.search(r"VmHWM:\\s+(\\d+) kB", _status.read_text())[1]))
else:
    print(_resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss)"""
# What TensorFlow's C++ side writes at import and when XLA starts, there behind a progress bar;
# nothing in the environment silences it.
TENSORFLOW_NOISE = re.compile(
    r"(\s*\d+%\|[^|]*\| \d+/\d+ \[[^\]]*\])?"
    r"(WARNING: All log messages before absl|To enable the following instructions"
    r"|[IWE]0000 |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] )"
)


def execute(
    notebook: nbformat.NotebookNode, folder: Path, dark: Path | None = None, **environment: str
) -> None:
    """Run a notebook's cells in order, in place, with `folder` as the working directory.

    The kernel leaves a dark copy of each figure in `dark`, if that is given.
    """
    surroundings, extra_arguments = {**os.environ, **environment}, []
    if dark:
        paths = [str(ROOT), *filter(None, [surroundings.get("PYTHONPATH")])]
        surroundings |= {"DARK_FIGURES": str(dark), "PYTHONPATH": os.pathsep.join(paths)}
        extra_arguments = ["--IPKernelApp.extra_extensions=tools.dark_figures"]
    NotebookClient(
        notebook,
        timeout=1200,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=extra_arguments,
    ).execute(env=surroundings)


def execute_and_measure(
    notebook: nbformat.NotebookNode, folder: Path, dark: Path | None = None
) -> dict[str, float]:
    """Run a notebook as `execute` does, and measure its kernel.

    Returns:
        `{"seconds": how long it ran, "peak_bytes": the most memory the kernel held}`.
    """
    started = time.monotonic()
    notebook.cells.append(new_code_cell(PEAK))
    try:
        execute(notebook, folder, dark)
    finally:
        last = notebook.cells.pop()
    peak = "".join(output.text for output in last.outputs if output.get("name") == "stdout")
    return {"seconds": round(time.monotonic() - started, 1), "peak_bytes": int(peak)}


def normalise(notebook: nbformat.NotebookNode) -> str:
    """The notebook's text in the form in which it is committed; changes the notebook in place."""
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
        )
        cell.source = cell.source.strip("\n")
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = nbformat.from_dict({})
    _place_answer_picture(notebook)
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return text + "\n"


def _place_answer_picture(notebook: nbformat.NotebookNode) -> None:
    """Show at the head of the chapter the picture that a cell further down makes.

    It goes into the Markdown itself, since a link to a file would be broken in Colab.
    """
    for picture in answer_pictures(notebook):
        alt = _tagged(notebook, "makes-answer-picture")[0].metadata.mystnb.image.alt
        for place in _tagged(notebook, "answer-picture"):
            place.source = f"![{alt}](data:image/png;base64,{picture})"


def answer_pictures(notebook: nbformat.NotebookNode) -> list[str]:
    """The stored PNG, as base64, of the cell that makes the answer picture: one, or none."""
    return [
        picture
        for cell in _tagged(notebook, "makes-answer-picture")
        for picture in pictures_of(cell)
    ]


def pictures_of(cell: nbformat.NotebookNode) -> list[str]:
    """The PNGs among a cell's outputs, as base64."""
    return [
        output.data["image/png"].replace("\n", "")
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


def dark_copy_of(chapter: str, cell: str) -> Path:
    """Where the dark copy of a figure is stored.

    Args:
        chapter: its name, such as `01_properties`.
        cell: the id of the cell that shows the figure.
    """
    return DARK / f"{chapter}-{cell}.png"


def dark_copies(notebook: nbformat.NotebookNode, drawn: Path) -> dict[str, bytes]:
    """By cell id, the dark copies that a kernel left in the folder `drawn` for a notebook's PNGs.

    Raises:
        ValueError: a cell shows two PNGs, or one without a dark copy of the same size.
    """
    copies = {}
    for cell in notebook.cells:
        for picture in pictures_of(cell):
            if cell.id in copies:
                raise ValueError(
                    f"Cell {cell.id!r} shows two PNGs: split it, since a cell has one dark copy."
                )
            light = base64.b64decode(picture)
            copy = drawn / f"{hashlib.sha256(light).hexdigest()}.png"
            if not copy.exists():
                problem = copy.with_suffix(".txt")
                raise ValueError(
                    f"Cell {cell.id!r} shows a PNG that has no dark copy: let Matplotlib's inline "
                    "backend show the figure, or mend tools/dark_figures.py.\n"
                    + (problem.read_text(encoding="utf-8") if problem.exists() else "")
                )
            copies[cell.id] = _in_few_bytes(copy.read_bytes())
            sizes = [Image.open(io.BytesIO(png)).size for png in (light, copies[cell.id])]
            if sizes[0] != sizes[1]:
                raise ValueError(
                    f"The dark copy of cell {cell.id!r} has {sizes[1]} pixels, the PNG it shows "
                    f"{sizes[0]}: mend tools/dark_figures.py."
                )
    return copies


def _in_few_bytes(png: bytes) -> bytes:
    """The same pixels, without opacity where all are opaque, and in a palette if it holds all."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    if picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
        few = picture.quantize(256, dither=Image.Dither.NONE)
        if few.convert("RGB").tobytes() == picture.tobytes():
            picture = few
    stored = io.BytesIO()
    picture.save(stored, "png", optimize=True)
    return stored.getvalue()


def keep_pictures_small(notebook: nbformat.NotebookNode) -> None:
    """Write a notebook's PNGs in fewer bytes, where no pixel is changed by it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                png = base64.b64decode(output.data["image/png"])
                small = min(png, _in_few_bytes(png), key=len)
                output.data["image/png"] = base64.b64encode(small).decode("ascii")


def keep_dark_copies(chapter: str, copies: dict[str, bytes], chapters: list[str]) -> None:
    """Store a chapter's dark copies, by cell id; remove its others, and those of no chapter."""
    DARK.mkdir(parents=True, exist_ok=True)
    for cell, copy in copies.items():
        _write_whole(dark_copy_of(chapter, cell), copy)
    for path in DARK.glob("*.png"):
        of_chapter, _, cell = path.stem.partition("-")
        if of_chapter not in chapters or (of_chapter == chapter and cell not in copies):
            path.unlink()


def _tagged(notebook: nbformat.NotebookNode, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def _merge_streams(outputs: list) -> list:
    merged: list[nbformat.NotebookNode] = []
    streams: dict[str, nbformat.NotebookNode] = {}
    for output in outputs:
        if output.output_type != "stream":
            merged.append(output)
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = output
            merged.append(output)
    for stream in streams.values():
        stream.text = _as_shown(stream.text)
    return [output for output in merged if output.output_type != "stream" or output.text]


def _as_shown(text: str) -> str:
    """Text as a terminal leaves it: what a carriage return overwrote is gone, and so is noise."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        if not TENSORFLOW_NOISE.match(shown):
            lines.append(shown.rstrip())
    return "\n".join(lines).lstrip("\n")


def claims_of(notebook: nbformat.NotebookNode) -> list[str]:
    """The printed claims, a text for each checked cell."""
    return [
        "".join(_as_shown(output.text) for output in cell.outputs if output.get("name") == "stdout")
        for cell in _tagged(notebook, CHECKED)
    ]


def _lines(texts: list[str]) -> list[list[str]]:
    return [text.splitlines() for text in texts]


def store(names: list[str]) -> None:
    """Run chapters and write each whole, once it has run to its end."""
    known = sorted(path.stem for path in CHAPTERS.glob("*.ipynb"))
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"CHAPTER must be one of {', '.join(known)}; got {', '.join(unknown)}")
    if "BOOK_SEED" in os.environ:
        sys.exit("Stored outputs are those of the default seed: unset BOOK_SEED to store any.")
    if hasattr(os, "sched_setaffinity"):  # inherited by the kernels
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    for name in names or known:
        path = CHAPTERS / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as drawn:
            took = execute_and_measure(notebook, CHAPTERS, Path(drawn))
            try:
                copies = dark_copies(notebook, Path(drawn))
            except ValueError as error:
                sys.exit(f"{name} is left as it was stored. {error}")
        keep_pictures_small(notebook)
        text = normalise(notebook)
        nbformat.validate(notebook)
        _write_whole(path, text.encode())
        for picture in answer_pictures(notebook):
            _write_whole(PICTURES / f"{name}.png", base64.b64decode(picture))
        keep_dark_copies(name, copies, known)
        _keep_measured(name, took, known)
        seconds, memory = f"{took['seconds']:.0f} s", f"{took['peak_bytes'] / 1e9:.2f} GB of memory"
        print(f"{name}: stored, {seconds}, {memory}, {len(text) / 1e6:.2f} MB on disk", flush=True)


def measured() -> dict[str, dict[str, float]]:
    """By chapter what `execute_and_measure` found when its outputs were stored."""
    return json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}


def _keep_measured(name: str, took: dict[str, float], known: list[str]) -> None:
    kept = {**measured(), name: took}
    text = json.dumps({name: kept[name] for name in known if name in kept}, indent=1)
    _write_whole(MEASURED, f"{text}\n".encode())


def _write_whole(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(content)
    os.replace(draft, path)


def check(paths: list[str]) -> None:
    """Run copies of notebooks in an empty folder; exit with 1 unless each prints its claims."""
    failed = 0
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        wanted = claims_of(notebook)
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                execute(notebook, Path(folder))
                problem = None
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                problem = str(error)
        found = claims_of(notebook)
        # A kernel short of time may hand out a text without its last line's end.
        if problem is None and _lines(found) != _lines(wanted):
            problem = "\n".join(
                f"stored claim:\n{old}now printed:\n{new}"
                for old, new in zip(wanted, found, strict=True)
                if old.splitlines() != new.splitlines()
            )
        if problem is None and not all(wanted or [""]):
            problem = "it has a checked cell without a stored claim, or none at all"
        failed += problem is not None
        name, seconds = Path(path).stem, time.monotonic() - started
        count = sum(text.count("✓") for text in wanted)
        print(f"{name}: {'failed' if problem else f'{count} claims hold'}, {seconds:.0f} s")
        if problem:
            print(problem)
    print(f"{len(paths) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["store", "check"])
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    (store if arguments.action == "store" else check)(arguments.names)


if __name__ == "__main__":
    main()
