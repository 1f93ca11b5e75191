"""Begin a chapter: a notebook that runs, keeps the rules and shows where everything goes.

    python -m tools.new_chapter 07_anomalies "Anomalies"

It writes notebooks/07_anomalies.ipynb and lists it in book/_toc.yml. `make notebooks` runs it.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.notebooks import CHECKED, ROOT, normalise

FIGURE = "Two rows of six test digits, 0 to 9 mixed: the images, and below them softer copies."
OPENING = """# {title}

What does the chapter ask? One question, and its answer in one picture:"""
ANSWER = "![The answer picture, drawn further down, stands here after the first run.](picture.png)"
TIME = """*What to look at in the picture.*

The chapter runs in about one minute on two processor cores."""
IMPORTS = """from helpers import plots
from helpers.claims import claim
from helpers.datasets import load_mnist
from helpers.metrics import squared_error
from helpers.models import dense_autoencoder
from helpers.tables import Table
from helpers.training import train

plots.use_book_style()
digits = load_mnist()
learn = digits.train[:5000]"""
IDEA = """## The idea

Words, a picture, mathematics, with the symbols of {{doc}}`/book/notation`. Then plain Keras.

**Expected:** what should come out, and why, before it is run."""
EXPERIMENT = """autoencoder = dense_autoencoder(16)
train(autoencoder, learn, epochs=5)
rebuilt = autoencoder.predict(digits.test, verbose=0)
error = squared_error(digits.test, rebuilt)
mean_error = squared_error(
    digits.test, 0 * rebuilt + learn.mean(axis=0, keepdims=True)
)
Table(
    {"autoencoder": [error], "mean digit": [mean_error]},
    ["squared error"],
    caption="Squared error per test image",
    formats=".1f",
)"""
PICTURE = 'plots.image_rows({"image": digits.test[:6], "rebuilt": rebuilt[:6]});'
CLAIM = """claim(
    "The error is below that of the mean digit.",
    error < mean_error,
    autoencoder=error,
    mean_digit=mean_error,
)"""
EXERCISE = """## Exercises

```{{exercise}} A smaller code
:label: {label}

What should the reader find out? Write down what you expect.
```"""
SOLUTION = """smaller = dense_autoencoder(4)
train(smaller, learn, epochs=5)
smaller_error = squared_error(
    digits.test, smaller.predict(digits.test, verbose=0)
)
print(f"4 numbers  {smaller_error:6.1f}")
print(f"16 numbers {error:6.1f}")"""
ENDING = """## What to remember

- Three to five lines.

## Further reading

- {{cite:t}}`HintonSalakhutdinov2006`: what is worth reading next, and why.

**Next:** {{doc}}`what was shown </book/conclusion>`."""


def skeleton(name: str, title: str, install_cell: str) -> str:
    """The text of a notebook with every part that a chapter has, not yet run."""
    label = name.replace("_", "-") + "-exercise"
    alt = {"mystnb": {"image": {"alt": FIGURE}}, "tags": ["makes-answer-picture"]}
    cells = [
        new_markdown_cell(OPENING.format(title=title), id="title"),
        new_markdown_cell(ANSWER, id="answer", metadata={"tags": ["answer-picture"]}),
        new_markdown_cell(TIME, id="time"),
        new_code_cell(install_cell, id="install"),
        new_code_cell(IMPORTS, id="imports"),
        new_markdown_cell(IDEA.format(), id="idea"),
        new_code_cell(EXPERIMENT, id="experiment"),
        new_code_cell(PICTURE, id="picture", metadata=alt),
        new_markdown_cell("*One sentence under the figure says what to see.*", id="caption"),
        new_code_cell(CLAIM, id="claims", metadata={"tags": [CHECKED]}),
        new_markdown_cell("Did it come as expected?", id="verdict"),
        new_markdown_cell(EXERCISE.format(label=label), id="exercises"),
        new_markdown_cell(
            f"```{{solution-start}} {label}\n:class: dropdown\n```", id="solution-start"
        ),
        new_code_cell(SOLUTION, id="solution"),
        new_markdown_cell("```{solution-end}\n```", id="solution-end"),
        new_markdown_cell(ENDING.format(), id="remember"),
    ]
    return normalise(new_notebook(cells=cells))


def begin(name: str, title: str, root: Path) -> Path:
    """Write the notebook, and list it behind the last numbered chapter."""
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name):
        sys.exit(f"CHAPTER must be small letters, digits and _, as 07_anomalies; got {name!r}")
    path = root / "notebooks" / f"{name}.ipynb"
    if path.exists():
        sys.exit(f"CHAPTER must be a new one; {name} is there already")
    contents = root / "book" / "_toc.yml"
    lines = contents.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if "file: notebooks/0" in line)
    first = nbformat.read(root / "notebooks" / "01_properties.ipynb", as_version=4)
    install_cell = next(cell.source for cell in first.cells if cell.cell_type == "code")
    path.write_text(skeleton(name, title, install_cell), encoding="utf-8")
    lines.insert(last + 1, f"      - file: notebooks/{name}\n")
    contents.write_text("".join(lines), encoding="utf-8")
    return path


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", metavar="CHAPTER")
    parser.add_argument("title", metavar="TITLE")
    arguments = parser.parse_args()
    path = begin(arguments.name, arguments.title, ROOT)
    print(f"{path.relative_to(ROOT)} is begun. Run it: make notebooks CHAPTER={arguments.name}")


if __name__ == "__main__":
    main()
