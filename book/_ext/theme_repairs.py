"""What the theme gets wrong, mended: here, in `book/_templates` and in `book/_static/book.css`."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata


def drop_what_nobody_needs(app: Sphinx, config: Config) -> None:
    """Leave out a bar that holds but a second search button, and what each browser has."""
    config.html_theme_options.setdefault("navbar_persistent", [])
    config.html_theme_options.setdefault("use_fullscreen_button", False)


def load_mathematics_where_there_is_some(app: Sphinx, env: BuildEnvironment) -> None:
    """Let a page without a formula load no MathJax, which Jupyter Book loads everywhere."""
    app.set_html_assets_policy("per_page")


def say_what_parts_are(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give what a screen reader reads out the names and roles that the standards know."""
    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        body = body.replace(' aria-label="Toggle hidden content"', "")
        body = re.sub("<th[^>]*><p></p></th>", "<td></td>", body)
        body = re.sub(r"(<a [^>]*>) (?=Exercise )", r" \1", body)  # no blank is underlined
        # As attributes they give a picture's shape, which a narrow page keeps.
        body = re.sub(r'style="width: (\d+)px; height: (\d+)px;"', r'width="\1" height="\2"', body)
        # Of a figure's two copies a browser then fetches the one that is shown.
        context["body"] = re.sub(
            '<img (?=[^>]*"only-(?:light|dark)")', '<img loading="lazy" ', body
        )


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.connect("config-inited", drop_what_nobody_needs)
    app.connect("env-updated", load_mathematics_where_there_is_some)
    app.connect("html-page-context", say_what_parts_are)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
