"""The lab: what its page loads, and a table of the networks that run in it.

`lab-networks` is the table, read from book/lab/networks.json, which `make lab` writes.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

PAGE = "book/lab"
FACTS = Path(__file__).resolve().parent.parent / "lab" / "networks.json"
# In the order in which they run.
SCRIPTS = (
    "network",
    "pictures",
    "models/facts",
    "models/pictures",
    "page",
    "drawing",
    "section_properties",
    "section_architecture",
    "section_denoising",
    "section_learned_from_noise",
    "section_sparse",
    "section_generating",
)
# Where in the lab a chapter can be tried.
PLACES = {
    "01_properties": "properties",
    "02_architecture": "architecture",
    "03_denoising": "denoising",
    "04_learned_from_noise": "learned-from-noise",
    "05_sparse": "sparse-codes",
    "06_generating": "generating",
}
HEADERS = ("network", "layers", "trained", "rounded")


class LabNetworks(Directive):
    """A row for each network: its layers, and its error before and after it was rounded."""

    def run(self) -> list[nodes.Node]:
        """Called by docutils for the directive."""
        return [nodes.raw("", table(), format="html")]


def table() -> str:
    """The networks as a table of the page."""
    networks = json.loads(FACTS.read_text(encoding="utf-8"))["networks"]
    head = "".join(f'<th scope="col">{header}</th>' for header in HEADERS)
    rows = [
        f'<tr><th scope="row"><a href="../_static/lab/models/{name}.keras" download>'
        f"{name}.keras</a></th><td>{' · '.join(map(str, fact['layers']))}</td>"
        f"<td>{fact['trained_error']:.2f}</td><td>{fact['error']:.2f}</td></tr>"
        for name, fact in networks.items()
    ]
    caption = "Squared error per test image, as trained and with rounded weights"
    return (
        f'<table class="measured lab-networks"><caption>{caption}</caption><thead><tr>{head}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table>"
    )


def load_lab(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the lab's style sheet and scripts to its page alone."""
    if pagename == PAGE:
        app.add_css_file("lab/lab.css")
        for name in SCRIPTS:
            app.add_js_file(f"lab/{name}.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_directive("lab-networks", LabNetworks)
    app.connect("html-page-context", load_lab)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
