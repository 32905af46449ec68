"""The one door for what a student wrote or made a kernel show: bounded, and inert where it is read.

Text loses what could steer a terminal or stop a writer; Markdown, tags and links that a browser
would run; outputs, all but text and pictures.
"""

import base64
import logging
import re
from urllib.parse import unquote

from jupyter_client.session import Session

from classroom.compat.nbformat import from_dict

log = logging.getLogger(__name__)

# Characters of an error's text; bytes of a message that is looked at, beside answers to checks.
LONGEST_ERROR = 1000
LARGEST_PARSED = 1_000_000
PICTURES = {"image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff"}
TOO_LARGE = "[An output of {:,} bytes was left out.]\n"

# Colours, titles and other sequences of terminals, and what is left of control characters. Marks
# that reverse the order of letters make a name look like another one.
_SEQUENCES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?|\x1b[@-_]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Where Markdown lets HTML begin, and links that are neither of the web nor of the notebook.
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\]\((?!\s{0,20}<?\s{0,20}(?:https?://|attachment:|#))")
_REFERENCE = re.compile(r"\]:(?!\s{0,20}<?\s{0,20}(?:https?://|#))")
_ATTACHMENT = re.compile(r"\]\((?=\s{0,20}<?\s{0,20}attachment:([^)>\s]{0,200}))")


def clean_text(text, most=None):
    """Makes text fit for a page, a file and a terminal.

    Args:
        text: A string, whatever it holds.
        most: Characters that are kept; all if None.

    Returns:
        The text. Lone surrogates have become `?` and control characters `\\ufffd`; sequences of
        terminals are gone.
    """
    cut = text if most is None else text[: 2 * most]
    cut = cut.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    cut = _CONTROLS.sub("\ufffd", _SEQUENCES.sub("", cut))
    return cut if most is None or len(cut) <= most else f"{cut[: most - 1]}…"


def clean_line(text, most=None):
    """Does as `clean_text`, and puts the text on one line."""
    return " ".join(clean_text(text, most).split())


def clean_markdown(text, attachments=()):
    """Makes Markdown inert: no HTML, and no links but to the web and within the notebook.

    Args:
        text: Markdown.
        attachments: Names of the pictures that the cell holds. A link to another one would stop
            whatever makes a page of it.

    Returns:
        The Markdown with a space after each `<` with which a tag could begin, and between a link's
        text and an address that it may not have.
    """

    def keep(match):
        return match[0] if unquote(match[1]) in attachments else "] ("

    text = _REFERENCE.sub("] :", _LINK.sub("] (", _TAG.sub("< ", clean_text(text))))
    return _ATTACHMENT.sub(keep, text)


def clean_output(kind, content):
    """Makes an output of a notebook from a kernel's message.

    Args:
        kind: Type of the message.
        content: Its content, whatever it holds.

    Returns:
        An output, or None if nothing of the message is kept.
    """
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        text = clean_text(str(content.get("text", "")))
        return from_dict({"output_type": "stream", "name": name, "text": text})
    if kind == "error":
        lines = content.get("traceback")
        return make_error(
            str(content.get("ename", "")),
            str(content.get("evalue", "")),
            "\n".join(map(str, lines)) if isinstance(lines, list) else "",
        )
    data = content.get("data")
    kept = _clean_data(data) if isinstance(data, dict) else {}
    if kind in ("display_data", "execute_result") and kept:
        count = {"execution_count": None} if kind == "execute_result" else {}
        return from_dict({"output_type": kind, "data": kept, "metadata": {}, **count})
    return None


def make_error(name, message, traceback=""):
    """Makes the output of an error, of at most `LONGEST_ERROR` characters in each part.

    Args:
        name: Name of the error's class.
        message: Its message.
        traceback: Its traceback, of which the end is kept; name and message if empty.

    Returns:
        An output.
    """
    name, message = clean_text(name, 100), clean_text(message, LONGEST_ERROR)
    end = clean_text(traceback[-20 * LONGEST_ERROR :])[-LONGEST_ERROR:] or f"{name}: {message}"
    error = {"ename": name, "evalue": message, "traceback": [end]}
    return from_dict({"output_type": "error", **error})


def clean_pictures(data):
    """Keeps the pictures of an output or an attachment.

    Args:
        data: Dictionary from MIME types to contents, whatever they hold.

    Returns:
        Dictionary of those that are PNG or JPEG pictures in base64.
    """
    return {
        kind: data[kind]
        for kind, start in PICTURES.items()
        if isinstance(data.get(kind), str) and _is_picture(data[kind], start)
    }


def _clean_data(data):
    text = data.get("text/plain")
    kept = {"text/plain": clean_text(text)} if isinstance(text, str) else {}
    return kept | clean_pictures(data)


def _is_picture(text, start):
    try:
        return base64.b64decode(text.replace("\n", ""), validate=True).startswith(start)
    except ValueError:
        return False


class BoundedSession(Session):
    """Reads a kernel's messages, which anything in its process may have sent.

    What is larger than `LARGEST_PARSED` or damaged is not parsed, and becomes a message that says
    so or that nobody waits for. A message has its `size` in bytes, and its content unread, `raw`.
    """

    def deserialize(self, msg_list, content=True, copy=True):
        """Reads a message.

        Args:
            msg_list: Its parts, as bytes or frames of ZeroMQ.
            content: Ignored: what is small enough is always parsed.
            copy: Ignored: parts are always copied.

        Returns:
            The message as a dictionary.
        """
        frames = [bytes(getattr(frame, "bytes", frame)) for frame in msg_list]
        size = sum(map(len, frames))
        try:
            if sum(map(len, frames[:4])) > LARGEST_PARSED:
                raise ValueError(f"{size} bytes of headers")
            message = super().deserialize(frames[:5], content=False, copy=True)
            raw = message["content"]
            message["content"] = self.unpack(raw) if size <= LARGEST_PARSED else {}
            if not isinstance(message["content"], dict):
                raise ValueError("its content is no dictionary")
        except Exception as error:
            log.info("A message of a kernel was damaged: %r", error)
            return {"msg_type": "", "header": {}, "parent_header": {}, "content": {}}
        message["raw"], message["size"] = raw, size
        if size > LARGEST_PARSED and not message["msg_type"].endswith("_reply"):
            message["msg_type"] = message["header"]["msg_type"] = "stream"
            message["content"] = {"text": TOO_LARGE.format(size)}
        return message
