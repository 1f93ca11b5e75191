"""Numbers of stored results in a page, so that nobody types them by hand; links to what made them.

{result}`speed simple.epoch.plain .2f` is the median over the seeds of the run, and
{mean}`01_properties error .2f` the mean over the seeds and their standard deviation.
{fact}`speed date` and the other facts of a run stand as they are. {since}`speed` says what of its
code and helpers has changed since the run. {script}`speed` links to the script.
{colab}`keras` is the version that the book is tested with as Colab has it.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from helpers.stored import Result, load_result
from tools.digests import changes_since

COLAB = Path(__file__).parents[2] / "tests" / "colab" / "constraints.txt"


class StoredNumber(SphinxRole):
    """A role that writes a number of a stored result, as one of the result's methods writes it."""

    def __init__(self, method, *wanted):
        super().__init__()
        self.method, self.wanted = method, ("an experiment", *wanted)

    def run(self):
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

    def run(self):
        """Called by docutils for each use of the role."""
        try:
            changed = changes_since(load_result(self.text))
        except ValueError as error:
            return _problem(self, error)
        text = f"{' and '.join(changed)} changed since" if changed else "current"
        return [nodes.Text(text)], []


class Script(SphinxRole):
    """A link to an experiment's script where the repository lies."""

    def run(self):
        """Called by docutils for each use of the role."""
        try:
            load_result(self.text)
        except ValueError as error:
            return _problem(self, error)
        theme = self.config.html_theme_options
        place = f"{theme['repository_url']}/blob/{theme['repository_branch']}/experiments"
        return [nodes.reference("", self.text, refuri=f"{place}/{self.text}.py")], []


class ColabVersion(SphinxRole):
    """The version of a package in Colab."""

    def run(self):
        """Called by docutils for each use of the role."""
        pins = dict(line.split("==") for line in COLAB.read_text().split() if "==" in line)
        if self.text not in pins:
            return _problem(self, f"{self.text!r} is not among the packages of {COLAB.name}")
        return [nodes.Text(pins[self.text])], []


def _problem(role, error):
    message = role.inliner.reporter.warning(str(error), line=role.lineno)
    return [role.inliner.problematic(role.rawtext, role.rawtext, message)], [message]


def setup(app):
    """Called by Sphinx."""
    app.add_role("result", StoredNumber(Result.median_text, "a key", "a format"))
    app.add_role("mean", StoredNumber(Result.mean_text, "a key", "a format"))
    app.add_role("fact", StoredNumber(Result.fact, "a fact"))
    app.add_role("since", Since())
    app.add_role("script", Script())
    app.add_role("colab", ColabVersion())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
