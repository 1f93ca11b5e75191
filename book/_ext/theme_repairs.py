"""What the theme gets wrong, mended: here, in `book/_templates` and in `book/_static/book.css`."""

import re


def drop_empty_header(app, config):
    """Leave out the header bar that would hold nothing but a second search button."""
    config.html_theme_options.setdefault("navbar_persistent", [])


def load_mathematics_where_there_is_some(app, env):
    """Let a page without a formula load no MathJax, which Jupyter Book loads everywhere."""
    app.set_html_assets_policy("per_page")


def say_what_parts_are(app, pagename, templatename, context, doctree):
    """Give what a screen reader reads out the names and roles that the standards know."""
    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        body = body.replace(' aria-label="Toggle hidden content"', "")
        context["body"] = re.sub("<th[^>]*><p></p></th>", "<td></td>", body)


def setup(app):
    """Called by Sphinx."""
    app.connect("config-inited", drop_empty_header)
    app.connect("env-updated", load_mathematics_where_there_is_some)
    app.connect("html-page-context", say_what_parts_are)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
