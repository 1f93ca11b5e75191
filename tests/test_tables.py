"""Tables that a cell shows: as text and as HTML, and what they refuse."""

import numpy as np
import pytest
from bs4 import BeautifulSoup

from helpers.stored import load_result
from helpers.tables import Table

ROWS = {"PCA": [13.2, 0.714], "autoencoder": [7.986, None]}
COLUMNS = ["error", "SSIM"]


def made(**changed):
    arguments = {"rows": ROWS, "columns": COLUMNS, "caption": "On test images"} | changed
    return Table(arguments.pop("rows"), arguments.pop("columns"), **arguments)


def parsed(table):
    return BeautifulSoup(table._repr_html_(), "html.parser")


def test_as_text_names_stand_left_and_numbers_right():
    assert repr(made()).splitlines() == [
        "On test images",
        "             error  SSIM",
        "PCA          13.20  0.71",
        "autoencoder   7.99",
    ]


def test_as_html_every_cell_has_a_header_of_its_row_and_its_column():
    page = parsed(made(corner="model"))
    assert page.caption.text == "On test images"
    assert [cell.text for cell in page.select("thead th[scope=col]")] == ["model", *COLUMNS]
    rows = page.select("tbody tr")
    assert [row.select_one("th[scope=row]").text for row in rows] == list(ROWS)
    assert [[cell.text for cell in row("td")] for row in rows] == [["13.20", "0.71"], ["7.99", ""]]


def test_a_corner_without_a_name_is_no_header():
    assert [cell.name for cell in parsed(made()).thead.tr(["td", "th"])] == ["td", "th", "th"]


def test_html_and_text_say_the_same():
    table = made(
        formats=[".1f", "+.3f"], rows={"a < b & c": (np.float32(1), "0 ± 1"), "d": (2, -0.5)}
    )
    cells = [cell.text for cell in parsed(table).tbody(["th", "td"])]
    assert cells == ["a < b & c", "1.0", "0 ± 1", "d", "2.0", "-0.500"]
    assert all(cell in repr(table) for cell in cells)


def test_rows_of_an_array_are_taken():
    assert repr(made(rows={"a": np.array([1, 2])})).splitlines()[-1] == "a   1.00  2.00"


def test_a_quoted_number_names_its_run_in_the_caption_and_not_its_key():
    quoted = load_result("deep_30").quote("error.600")
    table = made(rows={"deep": [quoted, 1]})
    page = parsed(table)
    assert quoted in repr(table)
    assert page.td.find_next("td").text == quoted.split(" ")[0] + "*"
    assert "from the long run deep_30" in page.caption.text
    assert "error.600" not in page.text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rows": {}}, "rows must be at least one row"),
        ({"rows": [[1, 2]]}, "rows must be at least one row"),
        ({"rows": {"a": [1]}}, "a cell for each of the 2 columns; got 1 in 'a'"),
        ({"rows": {"a": 1}}, "a cell for each of the 2 columns; got 1 in 'a'"),
        ({"rows": {"a": "12"}}, "a cell for each of the 2 columns; got 1 in 'a'"),
        ({"rows": {"a": [1, True]}}, "rows must hold numbers, texts and None; got True"),
        ({"rows": {"a": [1, [2]]}}, r"rows must hold numbers, texts and None; got \[2\]"),
        ({"rows": {" ": [1, 2]}}, "a row's name must be a text"),
        ({"rows": {3: [1, 2]}}, "a row's name must be a text that says something; got 3"),
        ({"columns": []}, "columns must be a list of at least one name"),
        ({"columns": "ab"}, "columns must be a list of at least one name; got 'ab'"),
        ({"columns": ["a", "a"]}, "columns must have names of their own"),
        ({"columns": ["a", ""]}, "a column's name must be a text"),
        ({"caption": ""}, "caption must be a text that says something; got ''"),
        ({"corner": None}, "corner must be a text; got None"),
        ({"formats": [".1f"]}, "one for each of the 2 columns; got 1"),
        ({"formats": "d"}, "formats must be made for any number"),
        ({"formats": "2 f"}, "formats must be made for any number"),
        ({"formats": [".1f", None]}, "formats must be made for any number"),
        ({"formats": 3}, "formats must be"),
    ],
)
def test_what_is_no_table_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        made(**changed)
