"""The role `result`: a number of a stored result in a page, so that nobody types it by hand.

{result}`speed simple.epoch.plain .2f` is the median over the seeds of the run; {result}`speed date`
and the other facts of a run stand as they are.
"""

from docutils import nodes

from helpers.results import load_result


def result_role(_name, rawtext, text, lineno, inliner, _options=None, _content=()):
    """What docutils calls for each use of the role."""
    words = text.split()
    try:
        if len(words) not in (2, 3):
            raise ValueError(f"wanted: an experiment, a key and a number format; got {text!r}")
        shown = load_result(words[0]).text(*words[1:])
    except ValueError as error:
        message = inliner.reporter.warning(str(error), line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    return [nodes.Text(shown)], []


def setup(app):
    """Called by Sphinx."""
    app.add_role("result", result_role)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
