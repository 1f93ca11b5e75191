"""Every chapter keeps the rules, and each rule notices a chapter that breaks it."""

import base64
import copy
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT
from IPython.core.inputtransformer2 import TransformerManager
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import chapter_rules
from tools.notebooks import (
    CHECKED,
    NOTEBOOK_METADATA,
    claims_of,
    execute_and_measure,
    measured,
    normalise,
)
from tools.written_numbers import number_of

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PIXEL = "iVBORw0KGgo="


def read(path):
    return nbformat.read(path, as_version=4)


def test_there_are_chapters():
    assert CHAPTERS


@pytest.mark.parametrize("rule", chapter_rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_keeps_the_rule(path, rule):
    wrong = rule(read(path))
    assert not wrong, "\n".join([f"{path.name}:", *wrong])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_is_stored_byte_for_byte_in_its_normal_form(path):
    assert normalise(read(path)) == path.read_text(encoding="utf-8")


# Seconds on two idle cores that the plan of the book gives each chapter: 1,010 together.
PLANNED = {
    "01_properties": 130,
    "02_architecture": 180,
    "03_denoising": 140,
    "04_learned_from_noise": 140,
    "05_sparse": 180,
    "06_generating": 130,
    "when_it_does_not_work": 110,
}
# What they took together when this was written, on a slow machine. It may only fall, to the plan.
MOST_SECONDS = 1280


def test_each_chapter_was_measured_and_is_planned():
    assert list(measured()) == [path.stem for path in CHAPTERS], "run `make notebooks`"
    assert list(PLANNED) == [path.stem for path in CHAPTERS]


@pytest.mark.parametrize("name", PLANNED)
def test_a_chapter_takes_less_than_two_gigabytes(name):
    assert measured()[name]["peak_bytes"] < 2e9


def test_the_chapters_together_do_not_get_slower():
    took = {name: found["seconds"] for name, found in measured().items()}
    assert sum(PLANNED.values()) <= MOST_SECONDS
    assert sum(took.values()) <= MOST_SECONDS, f"store them on an idle machine: {took}"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_minutes_that_a_chapter_and_the_front_page_promise_are_those_it_took(path):
    minutes = measured()[path.stem]["seconds"] / 60
    front = (ROOT / "book" / "intro.md").read_text(encoding="utf-8")
    own = "".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    for text in (front.partition(f":link: /notebooks/{path.stem}\n")[2], own):
        promised = re.search(r"runs\s+in\s+about\s+(\w+)\s+minutes", text, re.IGNORECASE)
        assert number_of(promised[1]) == round(minutes)


@pytest.mark.slow
def test_a_kernel_is_measured_at_its_peak_and_the_notebook_left_as_it_is(tmp_path):
    source = "import time\nheld = bytearray(b'.' * 400_000_000)\ndel held\ntime.sleep(1)"
    notebook = new_notebook(cells=[new_code_cell(source)])
    more = bytearray(b"." * 1_000_000_000)  # of this process, which starts the kernel
    found = execute_and_measure(notebook, tmp_path)
    del more
    assert 400e6 < found["peak_bytes"] < 1e9
    assert 1 < found["seconds"] < 60
    assert [cell.source for cell in notebook.cells] == [source]
    with pytest.raises(CellExecutionError):
        execute_and_measure(broken := new_notebook(cells=[new_code_cell("1 / 0")]), tmp_path)
    assert [cell.source for cell in broken.cells] == ["1 / 0"]


def claim_cell(notebook):
    return next(cell for cell in chapter_rules.code_cells(notebook) if "claim(" in cell.source)


def figure_cell(notebook):
    return next(
        cell
        for cell in chapter_rules.code_cells(notebook)
        if any("image/png" in output.get("data", {}) for output in cell.outputs)
    )


def plain_cell(notebook):
    return chapter_rules.code_cells(notebook)[1]


def run_twice(notebook):
    plain_cell(notebook).execution_count = 99


def not_run(notebook):
    claim_cell(notebook).execution_count = None


def untagged_claim(notebook):
    claim_cell(notebook).metadata.tags = []


def claim_without_stored_text(notebook):
    claim_cell(notebook).outputs = []


def number_in_a_compared_cell(notebook):
    claim_cell(notebook).outputs[0].text += "error 7.80\n"


def printed_tick(notebook):
    plain_cell(notebook).source += "\nprint('✓ It holds.')"


def claim_under_a_condition(notebook):
    cell = claim_cell(notebook)
    cell.source = "if True:\n    claim('It holds.', True)"
    cell.outputs[0].text = "✓ It holds.\n"


def claim_with_a_computed_sentence(notebook):
    cell = claim_cell(notebook)
    cell.source = "claim(f'The error is {error}.', True)"
    cell.outputs[0].text = "✓ The error is 7.8.\n"


def claim_by_its_full_name(notebook):
    plain_cell(notebook).source += "\nclaims.claim('It holds.', True)"


def claim_without_a_value(notebook):
    claim_cell(notebook).source += "\nclaim('It holds.', 2 > 1)"


def claim_without_a_value_in_an_unpacked_dictionary(notebook):
    claim_cell(notebook).source += "\nclaim('It holds.', 2 > 1, **{})"


def claim_with_a_rounded_value(notebook):
    claim_cell(notebook).source += "\nclaim('It holds.', 2 > 1, two=[np.float64(two).round(1)])"


def claim_with_a_value_rounded_by_python(notebook):
    claim_cell(notebook).source += "\nclaim('It holds.', 2 > 1, two=round(two, 1))"


def unknown_tag(notebook):
    plain_cell(notebook).metadata.tags = ["pytest-validate-ignore-output"]


def hidden_warnings(notebook):
    plain_cell(notebook).source += "\nimport warnings\nwarnings.simplefilter('ignore')"


def warning_in_html(notebook):
    html = {"text/html": "<b>DeprecationWarning: old</b>"}
    plain_cell(notebook).outputs = [new_output("display_data", html)]


def no_claims(notebook):
    notebook.cells = [cell for cell in notebook.cells if CHECKED not in chapter_rules.tags(cell)]


def raises_exception(notebook):
    plain_cell(notebook).metadata.tags = ["raises-exception"]


def skipping_comment(notebook):
    plain_cell(notebook).source += "\n# NBVAL_SKIP"


def unknown_magic(notebook):
    plain_cell(notebook).source += "\n%matplotlb inline"


def shell_command(notebook):
    plain_cell(notebook).source += "\nfiles = !ls"


def figure_without_alt_text(notebook):
    del figure_cell(notebook).metadata["mystnb"]


def alt_text_that_says_nothing(notebook):
    figure_cell(notebook).metadata.mystnb.image.alt = "A figure " + "that shows the results " * 3


def two_figures_in_a_cell(notebook):
    figure_cell(notebook).outputs.append(new_output("display_data", {"image/png": PIXEL}))


def markdown_picture_without_alt_text(notebook):
    notebook.cells[0].source += "\n![](picture.png)"


def stored_warning(notebook):
    plain_cell(notebook).outputs = [
        new_output("stream", name="stderr", text="UserWarning: the loss is NaN\n")
    ]


def warning_on_standard_output(notebook):
    plain_cell(notebook).outputs = [new_output("stream", name="stdout", text="FutureWarning: x\n")]


def stored_traceback(notebook):
    plain_cell(notebook).outputs = [
        new_output("error", ename="ValueError", evalue="no", traceback=[])
    ]


def machine_path_in_output(notebook):
    text = "saved to /home/someone/model.keras\n"
    plain_cell(notebook).outputs = [new_output("stream", name="stdout", text=text)]


def machine_path_in_text(notebook):
    notebook.cells[0].source += "\nSee C:\\Users\\someone."


def misquoted_figure_in_text(notebook):
    notebook.cells[0].source += "\nIt takes 0.01 (long run speed: simple.epoch.ours) seconds."


def misquoted_figure_in_output(notebook):
    text = "error 0.01 (long run deep_30: error.600)\n"
    plain_cell(notebook).outputs = [new_output("stream", name="stdout", text=text)]


def role_that_colab_does_not_know(notebook):
    notebook.cells[0].source += "\nIt takes {result}`speed simple.epoch.ours .2f` seconds."


def role_for_a_fact(notebook):
    notebook.cells[0].source += "\nIt took {fact}`speed minutes` minutes."


def no_title(notebook):
    notebook.cells[0].source = "Properties"


def other_address_in_the_install_cell(notebook):
    install = chapter_rules.code_cells(notebook)[0]
    install.source = install.source.replace("/autoencoder-book", "/some-fork")


def editor_metadata(notebook):
    notebook.metadata["vscode"] = {"version": 1}


def table_without_a_header(notebook):
    rows = "".join(f"{name:10}{number:6.2f}\n" for number, name in enumerate("abcd"))
    plain_cell(notebook).outputs = [new_output("stream", name="stdout", text=rows)]


def cell_metadata(notebook):
    plain_cell(notebook).metadata["collapsed"] = True


def split_streams(notebook):
    cell = claim_cell(notebook)
    cell.outputs.append(new_output("stream", name="stdout", text="✓ More.\n"))


def large_file(notebook):
    figure_cell(notebook).outputs[0].data["image/png"] = PIXEL * 150_000


FAULTS = {
    run_twice: "was_run_once_from_top_to_bottom",
    not_run: "every_claim_is_checked",
    untagged_claim: "every_claim_is_checked",
    claim_without_stored_text: "every_claim_is_checked",
    number_in_a_compared_cell: "every_claim_is_checked",
    no_claims: "every_claim_is_checked",
    printed_tick: "every_claim_is_checked",
    claim_under_a_condition: "every_claim_is_checked",
    claim_with_a_computed_sentence: "every_claim_is_checked",
    claim_by_its_full_name: "every_claim_is_checked",
    claim_without_a_value: "every_claim_passes_its_values",
    claim_without_a_value_in_an_unpacked_dictionary: "every_claim_passes_its_values",
    claim_with_a_rounded_value: "every_claim_passes_its_values",
    claim_with_a_value_rounded_by_python: "every_claim_passes_its_values",
    unknown_tag: "nothing_passes_unseen",
    hidden_warnings: "nothing_passes_unseen",
    warning_in_html: "outputs_are_clean",
    raises_exception: "nothing_passes_unseen",
    skipping_comment: "nothing_passes_unseen",
    unknown_magic: "nothing_passes_unseen",
    shell_command: "nothing_passes_unseen",
    figure_without_alt_text: "every_figure_has_alt_text",
    alt_text_that_says_nothing: "every_figure_has_alt_text",
    two_figures_in_a_cell: "every_figure_has_alt_text",
    markdown_picture_without_alt_text: "every_figure_has_alt_text",
    stored_warning: "outputs_are_clean",
    warning_on_standard_output: "outputs_are_clean",
    stored_traceback: "outputs_are_clean",
    machine_path_in_output: "outputs_are_clean",
    machine_path_in_text: "outputs_are_clean",
    misquoted_figure_in_text: "quoted_figures_are_the_stored_ones",
    misquoted_figure_in_output: "quoted_figures_are_the_stored_ones",
    role_that_colab_does_not_know: "quoted_figures_are_the_stored_ones",
    role_for_a_fact: "quoted_figures_are_the_stored_ones",
    table_without_a_header: "tables_have_headers",
    no_title: "begins_with_title_and_install_cell",
    other_address_in_the_install_cell: "begins_with_title_and_install_cell",
    editor_metadata: "is_normalised",
    cell_metadata: "is_normalised",
    split_streams: "is_normalised",
    large_file: "is_small",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_noticed(fault):
    notebook = copy.deepcopy(read(CHAPTERS[0]))
    rule = getattr(chapter_rules, FAULTS[fault])
    assert rule(notebook) == []
    fault(notebook)
    assert rule(notebook)


def test_a_cell_that_is_not_python_stops_no_rule():
    notebook = copy.deepcopy(read(CHAPTERS[0]))
    unknown_magic(notebook)
    assert [rule for rule in chapter_rules.RULES if rule(notebook)] == [
        chapter_rules.nothing_passes_unseen
    ]


def test_lint_checks_the_rules_and_fails_where_one_is_broken(monkeypatch):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lint = makefile.partition("\nlint: ")[2].partition("\n\n")[0]
    assert "-m tools.chapter_rules" in lint
    chapter_rules.main()
    monkeypatch.setattr(chapter_rules, "RULES", [lambda _notebook: ["mend this"]])
    with pytest.raises(SystemExit, match=r"01_properties\.ipynb: mend this"):
        chapter_rules.main()


def run_install_cell(folder, *options, **variables):
    """Run the install cell outside Colab, as a script in a folder of its own."""
    code = TransformerManager().transform_cell(chapter_rules.INSTALL_CELL)
    environment = {name: value for name, value in os.environ.items() if "COLAB" not in name}
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=folder,
        env={**environment, **variables},
        text=True,
        capture_output=True,
        check=False,
    )


def test_the_install_cell_does_nothing_where_the_helpers_are_installed(tmp_path):
    done = run_install_cell(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_install_cell_says_what_to_do_where_they_are_not(tmp_path):
    done = run_install_cell(tmp_path, "-S")  # without what is installed
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: No module named 'helpers'. This chapter needs the book's")
    assert f"pip install git+{chapter_rules.ADDRESS} and restart" in last
    assert "During handling" not in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("helpers.py", "'helpers' is not a package"),
        ("helpers/__init__.py", "No module named 'helpers.claims'"),
        ("helpers/notes.txt", "No module named 'helpers.claims'"),
    ],
)
def test_the_install_cell_says_so_where_the_helpers_are_the_readers_own(tmp_path, name, said):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    # A folder without Python in it hides nothing that is installed.
    done = run_install_cell(tmp_path, *(["-S"] if name.endswith(".txt") else []))
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert said in last
    assert "If a file or folder of your own is called helpers, rename it: it hides them." in last


def test_the_install_cell_installs_in_colab_alone(tmp_path):
    asked = run_install_cell(tmp_path, COLAB_RELEASE_TAG="release-test")
    assert asked.returncode == 1
    assert "get_ipython" in asked.stderr.splitlines()[-1]  # which a script lacks


def small_notebook(*cells, tags=(CHECKED,)):
    notebook = nbformat.v4.new_notebook(metadata=nbformat.from_dict(NOTEBOOK_METADATA))
    for number, (source, text) in enumerate(cells, start=1):
        outputs = [new_output("stream", name="stdout", text=text)] if text else []
        cell = nbformat.v4.new_code_cell(source, outputs=outputs, execution_count=number)
        cell.metadata.tags = list(tags)
        notebook.cells.append(cell)
    return notebook


def rerun(notebook, folder, *options):
    """How the project's own pytest settings judge a notebook; None stands for a pass."""
    nbformat.write(notebook, folder / "chapter.ipynb")
    shutil.copy(ROOT / "pyproject.toml", folder)
    command = [sys.executable, "-m", "pytest", "-q", *options, "chapter.ipynb"]
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    return done.stdout if done.returncode else None


@pytest.mark.slow
def test_a_claim_that_prints_what_is_stored_passes(tmp_path):
    assert rerun(small_notebook(("print('✓ It holds.')", "✓ It holds.\n")), tmp_path) is None


@pytest.mark.slow
def test_one_changed_letter_in_a_claim_fails(tmp_path):
    failure = rerun(small_notebook(("print('✓ It holds.')", "✓ It holds!\n")), tmp_path)
    assert "Cell outputs differ" in failure


@pytest.mark.slow
def test_a_claim_that_raises_fails_in_an_unchecked_cell_too(tmp_path):
    source = "from helpers.claims import claim\nclaim('One is more than two.', 1 > 2, one=1)"
    failure = rerun(small_notebook((source, ""), tags=()), tmp_path)
    assert "One is more than two." in failure
    assert "one = 1" in failure


@pytest.mark.slow
def test_a_chapter_that_takes_too_long_fails(tmp_path):
    notebook = small_notebook(("import time; time.sleep(60)", ""), ("print(1)", "1\n"))
    assert "Timeout" in rerun(notebook, tmp_path, "--nbval-cell-timeout=2")


def test_normalising_keeps_what_a_terminal_would_show():
    noise = (
        "WARNING: All log messages before absl::InitializeLog() is called\n"
        "I0000 00:00:1700000000.000000  1 port.cc:153] oneDNN custom operations are on.\n"
        "2026-01-01 00:00:00.000000: E external/cuda.cc:1] failed call to cuInit\n"
        "To enable the following instructions: AVX2\n"
        "\r  0%|      | 0/2 [00:00<?, ?epoch/s]I0000 00:00:1700000000.000000  1 service.cc] XLA\n"
    )
    bar = "\r  0%|     | 0/2\r100%|█████| 2/2\r               \r"
    notebook = small_notebook(("train()", "loss 1\nloss"), tags=())
    cell = notebook.cells[0]
    cell.outputs += [
        new_output("stream", name="stderr", text=noise + bar),
        new_output("stream", name="stdout", text=" 2\n"),
    ]
    normalise(notebook)
    assert [output.text for output in cell.outputs] == ["loss 1\nloss 2\n"]


def test_normalising_keeps_a_warning_for_the_rules_to_find():
    notebook = small_notebook(("train()", ""), tags=())
    warning = "cell.py:1: UserWarning: the loss is NaN\n"
    notebook.cells[0].outputs = [new_output("stream", name="stderr", text=warning)]
    normalise(notebook)
    assert chapter_rules.outputs_are_clean(notebook)


def test_normalising_twice_changes_nothing_more():
    for path in CHAPTERS:
        notebook = read(path)
        once = normalise(notebook)
        assert normalise(notebook) == once


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_pictures_at_the_head_and_on_the_front_page_are_the_one_the_chapter_made(path):
    notebook = read(path)
    maker, place = (
        next(cell for cell in notebook.cells if tag in chapter_rules.tags(cell))
        for tag in ("makes-answer-picture", "answer-picture")
    )
    made = maker.outputs[0].data["image/png"].replace("\n", "")
    alt = maker.metadata.mystnb.image.alt
    assert place.source == f"![{alt}](data:image/png;base64,{made})"
    picture = ROOT / "book" / "_static" / "chapters" / f"{path.stem}.png"
    assert picture.read_bytes() == base64.b64decode(made)
    assert f":img-alt: {alt}\n" in (ROOT / "book" / "intro.md").read_text(encoding="utf-8")


def test_claims_are_read_from_checked_cells_alone():
    notebook = small_notebook(("claim()", "✓ It holds.\n"))
    notebook.cells += small_notebook(("print(7.8)", "7.8\n"), tags=()).cells
    assert claims_of(notebook) == ["✓ It holds.\n"]


def test_pages_quote_only_claims_that_a_chapter_prints():
    printed = "".join(text for path in CHAPTERS for text in claims_of(read(path)))
    quoted = [
        line.removeprefix("> ")
        for page in (ROOT / "book").glob("*.md")
        for line in page.read_text(encoding="utf-8").splitlines()
        if "✓" in line
    ]
    assert quoted
    assert [line for line in quoted if f"{line}\n" not in printed] == []


def check(notebook, folder):
    path = folder / "chapter.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, ROOT / "tools" / "notebooks.py", "check", path]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "stored", "passes"),
    [
        ("print('✓ It holds.')", "✓ It holds.\n", True),
        ("print('✓ It holds.', end='')", "✓ It holds.\n", True),
        ("print('✓ It holds.')", "✓ It holds!\n", False),
        ("raise ValueError('broken')", "✓ It holds.\n", False),
        ("pass", "✓ It holds.\n", False),
    ],
)
def test_checking_a_copy_passes_only_where_the_stored_claims_come_out(
    tmp_path, source, stored, passes
):
    done = check(small_notebook((source, stored)), tmp_path)
    assert (done.returncode == 0) == passes, done.stdout + done.stderr
    assert f"{int(passes)} passed, {int(not passes)} failed" in done.stdout


def test_checking_a_copy_without_claims_fails(tmp_path):
    done = check(small_notebook(("print(1)", "1\n"), tags=()), tmp_path)
    assert done.returncode == 1
    assert "without a stored claim, or none at all" in done.stdout


def test_storing_an_unknown_chapter_names_the_known_ones():
    command = [sys.executable, ROOT / "tools" / "notebooks.py", "store", "07_diffusion"]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert "CHAPTER must be one of 01_properties" in done.stderr
    assert "got 07_diffusion" in done.stderr
