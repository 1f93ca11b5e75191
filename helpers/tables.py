"""A table of numbers as an object: plain text in a terminal, a table with headers on a page."""

from collections.abc import Mapping, Sequence
from html import escape

from helpers.checks import is_number
from helpers.stored import QUOTED

Cell = float | str | None


class Table:
    """Rows of numbers under named columns, which a notebook shows as the last line of a cell.

    Where only text is shown it is aligned text; where HTML is shown it is a table whose cells a
    screen reader reads out with their row's and their column's name. A cell that quotes a long run,
    as `Result.quote` writes it, has a star there, and the caption names the run.

    Args:
        rows: by its name the cells of each row, one for each column: numbers, texts that stand as
            they are, or None for an empty cell.
        columns: the columns' names, each with its unit where the caption does not say it.
        caption: what the numbers are, with the unit that they share.
        formats: how numbers are written, as `".2f"`: one for all, or one for each column.
        corner: what the rows' names are, over them; may stay empty.

    Raises:
        ValueError: there is no row or no column; a name, the caption or the corner is no text or,
            but for the corner, an empty one; two columns have one name; a row has more or fewer
            cells than there are columns, or a cell of another kind; a format is none for numbers,
            or there are more or fewer than columns.

    Example:
        >>> Table(
        ...     {"PCA": [13.2, 0.71], "autoencoder": [7.99, None]},
        ...     ["error", "SSIM"],
        ...     caption="On test images",
        ... )
        On test images
                      error  SSIM
        PCA           13.20  0.71
        autoencoder    7.99
    """

    def __init__(
        self,
        rows: Mapping[str, Sequence[Cell]],
        columns: Sequence[str],
        *,
        caption: str,
        formats: str | Sequence[str] = ".2f",
        corner: str = "",
    ) -> None:
        self.caption = _check_text(caption, "caption")
        self.columns = _check_columns(columns)
        if not isinstance(corner, str):
            raise ValueError(f"corner must be a text; got {corner!r}")
        self.corner = corner
        forms = _check_formats(formats, len(self.columns))
        if not isinstance(rows, Mapping) or not rows:
            raise ValueError(f"rows must be at least one row of cells by its name; got {rows!r}")
        self.rows = {
            _check_text(name, "a row's name"): _written_row(name, cells, forms)
            for name, cells in rows.items()
        }

    def __repr__(self) -> str:
        """The table as aligned text: names at the left, cells at the right of their column."""
        lines = [(self.corner, *self.columns), *((name, *row) for name, row in self.rows.items())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        written = [
            "  ".join(
                [line[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.caption, *written])

    def _repr_html_(self) -> str:
        """The table as HTML, each name a header of its row or its column."""
        head = _in_tags('th scope="col"', self.corner) if self.corner else "<td></td>"
        head += "".join(_in_tags('th scope="col"', column) for column in self.columns)
        body = "\n".join(
            "<tr>"
            + _in_tags('th scope="row"', name)
            + "".join(_in_tags("td", QUOTED.sub(r"\g<text>*", cell)) for cell in row)
            + "</tr>"
            for name, row in self.rows.items()
        )
        cells = " ".join(cell for row in self.rows.values() for cell in row)
        runs = dict.fromkeys(found["name"] for found in QUOTED.finditer(cells))
        caption = self.caption
        if runs:
            caption += f" (* from the long run {', '.join(runs)})"
        return (
            f'<table class="measured">\n{_in_tags("caption", caption)}\n'
            f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )


def _check_text(text: str, name: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} must be a text that says something; got {text!r}")
    return text


def _check_columns(columns: Sequence[str]) -> list[str]:
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
        raise ValueError(f"columns must be a list of at least one name; got {columns!r}")
    names = [_check_text(column, "a column's name") for column in columns]
    if len(set(names)) < len(names):
        raise ValueError(f"columns must have names of their own; got {names}")
    return names


def _check_formats(formats: str | Sequence[str], count: int) -> list[str]:
    if not isinstance(formats, str | Sequence):
        raise ValueError(f"formats must be a text or a list of them; got {formats!r}")
    forms = [formats] * count if isinstance(formats, str) else list(formats)
    if len(forms) != count:
        raise ValueError(
            f"formats must be one, or one for each of the {count} columns; got {len(forms)}"
        )
    for form in forms:
        try:
            format(1.5, form)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"formats must be made for any number, as '.2f' or ',.0f'; got {form!r}"
            ) from error
    return forms


def _written_row(name: str, cells: Sequence[Cell], forms: list[str]) -> list[str]:
    row: list = [cells] if isinstance(cells, str) or not hasattr(cells, "__len__") else list(cells)
    if len(row) != len(forms):
        raise ValueError(
            f"rows must have a cell for each of the {len(forms)} columns; got {len(row)} "
            f"in {name!r}"
        )
    return [_written(name, cell, form) for cell, form in zip(row, forms, strict=True)]


def _written(name: str, cell: Cell, form: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if not is_number(cell):
        raise ValueError(f"rows must hold numbers, texts and None; got {cell!r} in {name!r}")
    return format(float(cell), form)


def _in_tags(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text, quote=False)}</{tag.split()[0]}>"
