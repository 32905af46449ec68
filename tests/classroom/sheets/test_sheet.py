"""Tables come back byte for byte, whatever their encoding, separator, quotes and ends of lines."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.sheets.sheet import read_sheet

TABLE = 'Name;"Größe; cm";Note\r\n"Ada ""A"" Berg";170,5;\r\n\r\nBob;;"2"\r\n'


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "cp1252"),
    ],
)
def test_cells_are_read_and_written_in_every_encoding(mark, encoding):
    sheet = read_sheet(mark + TABLE.encode(encoding), "x.csv")
    assert sheet.headings == ["Name", "Größe; cm", "Note"]
    assert sheet.column(0) == ['Ada "A" Berg', "Bob"]
    assert sheet.column(2) == ["", "2"]
    ada, bob = sheet.rows
    assert (sheet.line_of(ada), sheet.line_of(bob)) == (2, 4)
    filled = sheet.fill([(bob[2], "1,5"), (ada[2], "3")])
    expected = TABLE.replace("170,5;\r", "170,5;3\r").replace('"2"', '"1,5"')
    assert filled == mark + expected.encode(encoding)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines_are_found_out(separator, end):
    lines = [["Name, first", "Mail", "x"], ["Berg, Ada", "a@b", "1,5"], ["Kim", "k@b", ""]]
    quote = '"{}"'.format
    text = end.join(separator.join(map(quote, line)) for line in lines)
    sheet = read_sheet(text.encode(), "x.csv")
    assert sheet.separator == separator
    assert sheet.column(2) == ["1,5", ""]


def test_decimal_commas_are_quoted_where_commas_separate():
    sheet = read_sheet(b"Name,Note\nAda,\nBob,", "x.csv")
    assert sheet.fill([(sheet.rows[0][1], "1,5")]) == b'Name,Note\nAda,"1,5"\nBob,'


def test_a_line_for_excel_tells_the_separator_and_stays():
    sheet = read_sheet(b"sep=;\r\nName, first;Note\r\nAda;1\r\n", "x.csv")
    assert sheet.headings == ["Name, first", "Note"]
    assert sheet.fill([]) == b"sep=;\r\nName, first;Note\r\nAda;1\r\n"


def test_quotes_that_php_leaves_single_do_not_end_a_cell():
    sheet = read_sheet(b'Name,Text,Note\n"Ada","a \\"b\\" c, d",1\nBob,"two\nlines",2\n', "x.csv")
    assert sheet.column(1) == ['a \\"b\\" c, d', "two\nlines"]
    assert sheet.column(2) == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04xl", "workbook"),
        (b"\xd0\xcf\x11\xe0", "workbook"),
        (b"", "no table of people"),
        (b"Name\nAda\n", "no table of people"),
        (b"Name,Note\n", "no table of people"),
        (b"\xff\xfea", "no text"),
        (b"a\0b,c\n\n", "no text"),
    ],
)
def test_what_is_no_table_is_named(content, words):
    with pytest.raises(ValueError, match=rf"^x.csv .*{words}"):
        read_sheet(content, "x.csv")


TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=",;\t|"), max_size=8
)
CELL = st.tuples(TEXT, st.booleans(), st.sampled_from(["", ",", ";", '"', "\n", "\r\n", '""', ","]))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    places=st.sets(st.tuples(st.integers(0, 5), st.integers(1, 2))),
)
def test_only_the_cells_that_change_differ(rows, separator, end, encoding, places):
    rows = [[("p", *row[0][1:]), *row[1:]] for row in rows]
    values = {place: "7.5" for place in places if place[0] < len(rows)}

    def write(cell, value=None):
        text, quoted, sign = cell
        quoted = quoted or any(one in text + sign for one in (separator, *'"\r\n'))
        text = text + sign if value is None else value
        return '"' + text.replace('"', '""') + '"' if quoted else text

    def compose(values):
        lines = [
            [write(cell, values.get((r, c))) for c, cell in enumerate(row)]
            for r, row in enumerate(rows)
        ]
        lines = [["Name", "Mail", "Note"], *lines, [""]]
        return end.join(separator.join(line) for line in lines).encode(encoding)

    sheet = read_sheet(compose({}), "x.csv")
    assert [sheet.rows[r][c].text for r in range(len(rows)) for c in range(3)] == [
        text + sign for row in rows for text, _, sign in row
    ]
    cells = [(sheet.rows[r][c], value) for (r, c), value in values.items()]
    assert sheet.fill(cells) == compose(values)
