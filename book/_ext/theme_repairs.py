"""What the theme gets wrong, mended: here, in `book/_templates` and in `book/_static/book.css`."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.typing import ExtensionMetadata


def choose_what_the_theme_shows(app: Sphinx, config: Config) -> None:
    """The book's title under its logo; no bar that holds but a second search button."""
    config.html_theme_options.setdefault("logo", {"text": config.html_title, "alt_text": ""})
    config.html_theme_options.setdefault("navbar_persistent", [])
    config.html_theme_options.setdefault("primary_sidebar_end", [])  # for advertisements
    config.html_theme_options.setdefault("use_fullscreen_button", False)


def say_what_parts_are(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give what a screen reader reads out the names and roles that the standards know."""
    if pagename == app.config.root_doc:
        context["docstitle"] = ""  # which is its title already
    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        body = body.replace(' aria-label="Toggle hidden content"', "")
        body = re.sub("<th[^>]*><p></p></th>", "<td></td>", body)
        body = re.sub(r"(<a [^>]*>) (?=Exercise )", r" \1", body)  # no blank is underlined
        # As attributes they give a picture's shape, which a narrow page keeps.
        body = re.sub(r'style="width: (\d+)px; height: (\d+)px;"', r'width="\1" height="\2"', body)
        context["body"] = body


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.connect("config-inited", choose_what_the_theme_shows)
    app.connect("html-page-context", say_what_parts_are)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
