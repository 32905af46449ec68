"""Real downloads, from a real HTTP server on loopback that misbehaves on demand."""

import gzip
import hashlib
import http.server
import io
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pooch
import pytest

from course_lib import datasets
from course_lib.datasets import DataError, files

CONTENT = np.random.default_rng(0).bytes(200_000)


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.content`; `/truncated` breaks off, `/damaged` sends another file."""

    def do_GET(self):
        self.server.requests.append(self.path)
        content = self.server.content.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.path == "/truncated":
            content = content[: len(content) // 2]
        self.wfile.write(content[::-1] if self.path == "/damaged" else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        server.content = dict.fromkeys(["/good", "/truncated", "/damaged"], CONTENT)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def registry(server, tmp_path, monkeypatch):
    """A registry of the files `set/good`, `set/missing`, …, served by the server."""
    checksum = pooch.file_hash(_write(tmp_path / "content", CONTENT))
    names = ("good", "truncated", "damaged", "missing")
    address = f"http://127.0.0.1:{server.server_port}"
    lines = [f"set/{name} sha256:{checksum} {address}/{name}" for name in names]
    path = tmp_path / "registry.txt"
    path.write_text("\n".join(lines))
    monkeypatch.setattr(files, "REGISTRY", path)
    return path


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _nothing_left(cache):
    return not [path for path in cache.rglob("*") if path.is_file()]


def test_a_file_is_downloaded_once(registry, server, cache):
    path = files.fetch("set/good")
    assert path == cache / "set" / "good"
    assert path.read_bytes() == CONTENT
    assert files.fetch("set/good") == path
    assert server.requests == ["/good"]


def test_a_download_shows_its_progress(registry, capfd):
    files.fetch("set/good")
    assert "100%" in capfd.readouterr().err


def test_course_data_comes_first(registry, server, tmp_path, monkeypatch):
    path = _write(tmp_path / "data" / "set" / "good", CONTENT)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    assert files.fetch("set/good") == path
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing", "404"), ("truncated", "set/truncated"), ("damaged", "its sha256 is")],
)
def test_a_failed_download_is_explained_and_leaves_nothing(
    registry, cache, monkeypatch, name, reason
):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(DataError) as error:
        files.fetch(f"set/{name}", progressbar=False)
    message = str(error.value)
    assert reason in message
    for part in (f"/{name}", "sha256:", str(cache), "source='synthetic'"):
        assert part in message
    assert _nothing_left(cache)


def test_weights_have_no_synthetic_alternative(server, tmp_path, monkeypatch):
    path = tmp_path / "registry.txt"
    path.write_text(f"net/weights.h5 sha256:0 http://127.0.0.1:{server.server_port}/missing")
    monkeypatch.setattr(files, "REGISTRY", path)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(DataError, match=r"Put the file there\.$"):
        files.fetch("net/weights.h5", progressbar=False)


def test_no_network_is_explained(registry, server, cache):
    server.shutdown()
    server.server_close()
    with pytest.raises(DataError, match=r"set/good cannot be had(.|\n)*synthetic"):
        files.fetch("set/good", progressbar=False)
    assert _nothing_left(cache)


def test_an_unwritable_cache_is_explained(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(_write(tmp_path / "file", b"") / "below"))
    with pytest.raises(DataError, match=r"set/good cannot be had"):
        files.fetch("set/good")


def test_a_damaged_file_is_named_and_kept(registry, server, cache):
    path = _write(cache / "set" / "good", b"something of the user's")
    with pytest.raises(DataError, match=r"is not the registered file.*Remove it"):
        files.fetch("set/good")
    assert path.read_bytes() == b"something of the user's"
    assert server.requests == []


def zipped(members, **options):
    """Bytes of a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


PICTURES = {"test/a/1.jpg": b"one", "train/a/2.jpg": b"two", "train/b/3.jpg": CONTENT}
SAME_CONTENT = {
    "stored": zipped(PICTURES),
    "deflated": zipped(PICTURES, compression=zipfile.ZIP_DEFLATED),
    "in another order": zipped(dict(reversed(PICTURES.items()))),
    "in a repository's folder": zipped(
        {"set-1a2b/README.md": "About", "set-1a2b/": ""}
        | {f"set-1a2b/{name}": content for name, content in PICTURES.items()}
    ),
}
OTHER_CONTENT = {
    "one byte differs": zipped(PICTURES | {"test/a/1.jpg": b"One"}),
    "a picture is missing": zipped(dict(list(PICTURES.items())[:2])),
    "a picture has another name": zipped(
        {name.replace("/a/1", "/b/1"): content for name, content in PICTURES.items()}
    ),
    "truncated": zipped(PICTURES)[:-100],
    "not packed": CONTENT,
}


@pytest.fixture
def packed(server, tmp_path, monkeypatch):
    """A registry of `set/pictures.zip` and `set/bytes.gz`, of which only the content counts."""
    of_zip = files.content_sha256(_write(tmp_path / "pictures", SAME_CONTENT["stored"]))
    of_gz = hashlib.sha256(CONTENT).hexdigest()
    address = f"http://127.0.0.1:{server.server_port}"
    path = tmp_path / "registry.txt"
    path.write_text(
        f"set/pictures.zip content-sha256:{of_zip} {address}/pictures\n"
        f"set/bytes.gz content-sha256:{of_gz} {address}/bytes\n"
    )
    monkeypatch.setattr(files, "REGISTRY", path)


@pytest.mark.parametrize("packing", SAME_CONTENT)
def test_the_same_pictures_count_however_they_are_packed(packed, server, cache, packing):
    server.content["/pictures"] = SAME_CONTENT[packing]
    path = files.fetch("set/pictures.zip", progressbar=False)
    assert path == cache / "set" / "pictures.zip"
    assert path.read_bytes() == SAME_CONTENT[packing]
    assert files.fetch("set/pictures.zip") == path
    assert server.requests == ["/pictures"]


@pytest.mark.parametrize("fault", OTHER_CONTENT)
def test_other_pictures_are_refused(packed, server, cache, monkeypatch, fault):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server.content["/pictures"] = OTHER_CONTENT[fault]
    with pytest.raises(DataError, match=r"cannot be had: it(s content-sha256 is| cannot be unp)"):
        files.fetch("set/pictures.zip", progressbar=False)
    assert _nothing_left(cache)
    path = _write(cache / "set" / "pictures.zip", OTHER_CONTENT[fault])
    with pytest.raises(DataError, match=r"pictures\.zip is not the registered file"):
        files.verify("set/pictures.zip")
    assert path.exists()


@pytest.mark.parametrize("level", [1, 9])
def test_the_same_bytes_count_however_they_are_gzipped(packed, server, level):
    server.content["/bytes"] = gzip.compress(CONTENT, level, mtime=level)
    assert files.fetch("set/bytes.gz", progressbar=False).read_bytes() == server.content["/bytes"]


@pytest.mark.parametrize(
    "content", [gzip.compress(b"other"), gzip.compress(CONTENT)[:-9]], ids=["other", "cut off"]
)
def test_other_gzipped_bytes_are_refused(packed, cache, content):
    _write(cache / "set" / "bytes.gz", content)
    with pytest.raises(DataError, match=r"bytes\.gz is not the registered file"):
        files.fetch("set/bytes.gz")


@pytest.mark.parametrize("folder", files.folders())
def test_the_registry_has_the_real_files(real_data, folder):
    assert all(files.verify(file) for file in files.files_of(folder))


def test_two_processes_fetch_at_once(registry, cache):
    code = (
        "import sys, pathlib; from course_lib.datasets import files;"
        "files.REGISTRY = pathlib.Path(sys.argv[1]);"
        "print(files.fetch('set/good', progressbar=False))"
    )
    run = [sys.executable, "-c", code, str(registry)]
    both = [subprocess.Popen(run, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in both] == [str(cache / "set/good")] * 2
    assert [path.name for path in (cache / "set").iterdir()] == ["good"]


def test_an_unknown_folder_is_refused(registry):
    with pytest.raises(ValueError, match=r"'sets'.*There are: set"):
        files.files_of("sets")


def test_real_data_are_loaded_through_a_download(server, write_real_files, tmp_path, monkeypatch):
    drawn = datasets.load("school", seed=3)
    folder = tmp_path / "served"
    folder.mkdir()
    lines = []
    for path in write_real_files(folder, drawn):
        server.content[f"/{path.name}"] = path.read_bytes()
        address = f"http://127.0.0.1:{server.server_port}/{path.name}"
        lines.append(f"school/{path.name} sha256:{pooch.file_hash(path)} {address}")
    registry = tmp_path / "registry.txt"
    registry.write_text("\n".join(lines))
    monkeypatch.setattr(files, "REGISTRY", registry)
    read = datasets.load("school", source="real")
    assert np.array_equal(read.y, drawn.y)
    assert len(server.requests) == 11
