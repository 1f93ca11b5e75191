"""Numbers of stored results in a page, so that nobody types them by hand; links to what made them.

{result}`speed simple.epoch.plain .2f` is the median over the seeds of the run, and
{mean}`01_properties error .2f` the mean over the seeds and their standard deviation.
{fact}`speed date` and the other facts of a run stand as they are. {since}`speed` says what of its
code and helpers has changed since the run. {script}`speed` links to the script.
{took}`01_properties seconds` is what a chapter took when its outputs were stored, and
{took}`01_properties memory` the most its kernel held, in GB.
{colab}`keras` is the version that the book is tested with as Colab has it.
"""

from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole
from sphinx.util.typing import ExtensionMetadata

from helpers.stored import Result, load_result
from tools.digests import changes_since
from tools.notebooks import measured

# What docutils puts into the page for a role, and what it says of it.
Written = tuple[list[nodes.Node], list[nodes.system_message]]
COLAB = Path(__file__).parents[2] / "tests" / "colab" / "constraints.txt"


class StoredNumber(SphinxRole):
    """A role that writes a number of a stored result, as one of the result's methods writes it."""

    def __init__(self, method: Callable[..., str], *wanted: str) -> None:
        super().__init__()
        self.method, self.wanted = method, ("an experiment", *wanted)

    def run(self) -> Written:
        """Called by docutils for each use of the role."""
        words = self.text.split()
        try:
            if not 2 <= len(words) <= len(self.wanted):
                raise ValueError(f"wanted: {', '.join(self.wanted)}; got {self.text!r}")
            text = self.method(load_result(words[0]), *words[1:])
            return [nodes.Text(text.replace(" ", "\xa0"))], []  # 7.98 ± 0.03 stays on a line
        except ValueError as error:
            return _problem(self, error)


class Since(SphinxRole):
    """What has changed since a result was stored."""

    def run(self) -> Written:
        """Called by docutils for each use of the role."""
        try:
            changed = changes_since(load_result(self.text))
        except ValueError as error:
            return _problem(self, error)
        text = f"{' and '.join(changed)} changed since" if changed else "current"
        return [nodes.Text(text)], []


class Script(SphinxRole):
    """A link to an experiment's script where the repository lies."""

    def run(self) -> Written:
        """Called by docutils for each use of the role."""
        try:
            load_result(self.text)
        except ValueError as error:
            return _problem(self, error)
        theme = self.config.html_theme_options
        place = f"{theme['repository_url']}/blob/{theme['repository_branch']}/experiments"
        return [nodes.reference("", self.text, refuri=f"{place}/{self.text}.py")], []


class Took(SphinxRole):
    """What a chapter took when its outputs were stored."""

    def run(self) -> Written:
        """Called by docutils for each use of the role."""
        name, _, what = self.text.partition(" ")
        took = measured().get(name)
        if took is None:
            return _problem(self, f"{name!r} is none of the measured chapters")
        texts = {
            "seconds": f"{took['seconds']:.0f}",
            "memory": f"{took['peak_bytes'] / 1e9:.3f}",
        }
        if what not in texts:
            return _problem(self, f"a chapter took {', '.join(texts)}; got {what!r}")
        return [nodes.Text(texts[what])], []


def colab_versions() -> dict[str, str]:
    """By package, the versions with which the book is tested as Colab has them."""
    return dict(line.split("==") for line in COLAB.read_text().split() if "==" in line)


class ColabVersion(SphinxRole):
    """The version of a package in Colab."""

    def run(self) -> Written:
        """Called by docutils for each use of the role."""
        pins = colab_versions()
        if self.text not in pins:
            return _problem(self, f"{self.text!r} is not among the packages of {COLAB.name}")
        return [nodes.Text(pins[self.text])], []


def _problem(role: SphinxRole, error: ValueError | str) -> Written:
    message = role.inliner.reporter.warning(str(error), line=role.lineno)
    return [role.inliner.problematic(role.rawtext, role.rawtext, message)], [message]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_role("result", StoredNumber(Result.median_text, "a key", "a format"))
    app.add_role("mean", StoredNumber(Result.mean_text, "a key", "a format"))
    app.add_role("fact", StoredNumber(Result.fact, "a fact"))
    app.add_role("since", Since())
    app.add_role("script", Script())
    app.add_role("took", Took())
    app.add_role("colab", ColabVersion())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
