import base64
import io
import time

import pytest
from jupyter_client.session import Session
from PIL import Image

from classroom.cleaning import (
    BoundedSession,
    clean_line,
    clean_markdown,
    clean_output,
    clean_pictures,
    clean_text,
    make_error,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain ü € 漢\n\ttext", "plain ü € 漢\n\ttext"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]0;title", ""),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\ud800b", "a?b"),
        ("a\x00b\x9bc", "a\ufffdb\ufffdc"),
        ("gpj\u202e.exe", "gpj\ufffd.exe"),
        ("1 %\r2 %\r\n", "1 %\n2 %\n"),
    ],
)
def test_text_is_cleaned(text, cleaned):
    assert clean_text(text) == cleaned


def test_a_line_is_one_line():
    assert clean_line(" a\r\n\tb\u2028 \x1b[31mc\n") == "a b c"
    assert clean_line("a\n" * 1000, 9) == "a a a a …"


def test_text_is_cut():
    assert clean_text("x" * 10_000_000, 10) == "xxxxxxxxx…"
    assert clean_text("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a < b, *so* $a<1$ `x<y`", "a < b, *so* $a<1$ `x< y`"),
        ("<script>alert(1)</script>", "< script>alert(1)< /script>"),
        ("<!-- x -->", "< !-- x -->"),
        ("[see](https://example.org) [up](#task)", "[see](https://example.org) [up](#task)"),
        ("![figure](attachment:a.png)", "![figure] (attachment:a.png)"),
        ("[x](javascript:alert(1))", "[x] (javascript:alert(1))"),
        ("[x]( &#106;avascript:alert(1))", "[x] ( &#106;avascript:alert(1))"),
        ("[x](<javascript:alert(1)>)", "[x] (< javascript:alert(1)>)"),
        ("![x](data:image/svg+xml;base64,AA)", "![x] (data:image/svg+xml;base64,AA)"),
        ("[x]: javascript:alert(1)", "[x] : javascript:alert(1)"),
        ("[x]: https://example.org", "[x]: https://example.org"),
    ],
)
def test_markdown_is_made_inert(text, cleaned):
    assert clean_markdown(text) == cleaned


PIECES = ["](", "]:", " ", "\n", "<", "[", "](attachment:", "\x1b]", "\x1b["]


@pytest.mark.parametrize("piece", PIECES)
def test_markdown_takes_time_in_proportion_to_its_length(piece):
    """With backtracking, ten thousand blanks took nine seconds."""
    start = time.process_time()
    clean_markdown("](" + piece * (300_000 // len(piece)) + "x")
    assert time.process_time() - start < 10


def test_only_pictures_that_are_there_are_linked():
    text = "![a](attachment:a%20b.png) ![b](attachment:b.svg) [c]: attachment:c.png"
    cleaned = "![a](attachment:a%20b.png) ![b] (attachment:b.svg) [c] : attachment:c.png"
    assert clean_markdown(text, {"a b.png": {}}) == cleaned


def picture(format):
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, format)
    return base64.b64encode(file.getvalue()).decode()


def test_of_what_is_shown_text_and_pictures_stay():
    data = {
        "text/plain": "a",
        "text/html": "<script>",
        "application/javascript": "alert(1)",
        "image/svg+xml": "<svg/>",
        "application/vnd.jupyter.widget-view+json": {},
        "image/png": picture("png"),
        "image/jpeg": picture("jpeg"),
    }
    output = clean_output("display_data", {"data": data, "metadata": {"x": "<b>"}})
    assert set(output.data) == {"text/plain", "image/png", "image/jpeg"}
    assert output.metadata == {}


@pytest.mark.parametrize("forged", ["<svg/>", "no base64", picture("gif"), 1, None, ["a"]])
def test_what_is_no_picture_is_dropped(forged):
    assert clean_pictures({"image/png": forged}) == {}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("display_data", {}),
        ("display_data", {"data": [1]}),
        ("execute_result", {"data": {"text/html": "<b>"}}),
        ("comm_open", {"data": {"text/plain": "a"}}),
        ("update_display_data", {"data": {"text/plain": "a"}}),
        ("status", {}),
    ],
)
def test_anything_else_is_dropped(kind, content):
    assert clean_output(kind, content) is None


def test_errors_are_short_and_plain():
    error = make_error("E" * 1000, "\x1b[31m" + "A" * 40_000_000, "\x1b[0;31mB\x1b[0m" * 1_000_000)
    assert len(error.ename) == 100
    assert len(error.evalue) == 1000
    assert len(error.traceback[0]) == 1000
    assert "\x1b" not in str(error)
    assert make_error("KeyError", "'x'").traceback == ["KeyError: 'x'"]


def send(session, kind, content, *buffers):
    _, *frames = session.serialize(session.msg(kind, content))
    return [*frames, *buffers]


@pytest.fixture
def sessions():
    theirs = Session(key=b"key")
    return theirs, BoundedSession(key=b"key")


def test_messages_have_their_size_with_buffers(sessions):
    theirs, ours = sessions
    message = ours.deserialize(send(theirs, "stream", {"text": "a"}, b"x" * 5000))
    assert message["content"] == {"text": "a"}
    assert message["size"] > 5000
    assert "x" * 100 not in str(message)


def test_a_large_message_is_not_parsed(sessions, monkeypatch):
    theirs, ours = sessions
    frames = send(theirs, "display_data", {"data": {"text/plain": "a" * 2_000_000}})
    parsed, unpack = [], ours.unpack
    monkeypatch.setattr(ours, "unpack", lambda text: parsed.append(len(text)) or unpack(text))
    message = ours.deserialize(frames)
    assert "bytes was left out" in message["content"]["text"]
    assert message["msg_type"] == "stream"
    assert max(parsed) < 1000


def test_the_reply_to_a_question_is_left_unread(sessions):
    theirs, ours = sessions
    message = ours.deserialize(send(theirs, "execute_reply", {"a": "x" * 2_000_000}))
    assert message["content"] == {}
    assert len(message["raw"]) > 2_000_000


@pytest.mark.parametrize(
    "damage",
    [
        lambda frames: frames[:3],
        lambda frames: [b"", *frames[1:]],
        lambda frames: [b"forged", *frames[1:]],
        lambda frames: [*frames[:4], b"no JSON"],
        lambda frames: [frames[0], b"x" * 2_000_000, *frames[2:]],
        lambda frames: [],
    ],
)
def test_a_damaged_message_is_one_that_nobody_waits_for(sessions, damage):
    theirs, ours = sessions
    message = ours.deserialize(damage(send(theirs, "stream", {"text": "a"})))
    assert message["parent_header"] == {}
    assert message["msg_type"] == ""


def test_content_that_is_no_dictionary_is_damaged(sessions):
    theirs, ours = sessions
    _, *frames = theirs.serialize({**theirs.msg("stream"), "content": b"[1]"})
    assert ours.deserialize(frames)["msg_type"] == ""
