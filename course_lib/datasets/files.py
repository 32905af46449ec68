"""Finds the files of the real data: in `COURSE_DATA`, in the user's cache, or at their address."""

import gzip
import hashlib
import os
import posixpath
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import pooch

REGISTRY = Path(__file__).with_name("registry.txt")
PACKED = {".gif", ".jpeg", ".jpg", ".png", ".wav"}
UNPACKING_ERRORS = (EOFError, OSError, zipfile.BadZipFile, zlib.error)


class DataError(Exception):
    """Real data that cannot be had or cannot be read; the message says why and what to do."""


def storage():
    """Returns the `pooch.Pooch` that knows every file's checksum and address.

    Its folder is the user's cache, or the folder that the environment variable `COURSE_CACHE`
    names.
    """
    files = pooch.create(
        pooch.os_cache("course-lib"), base_url="", env="COURSE_CACHE", retry_if_failed=1
    )
    files.load_registry(REGISTRY)
    return files


def folders():
    """Returns the folders of the registry, one for each data set, sorted."""
    return sorted({file.split("/")[0] for file in storage().registry_files})


def files_of(folder):
    """Returns the registered files of one folder, as `"folder/file"`, in the registry's order."""
    files = [file for file in storage().registry_files if file.split("/")[0] == folder]
    if not files:
        raise ValueError(f"No real data are called {folder!r}. There are: {', '.join(folders())}.")
    return files


def find(file):
    """Returns the path of a registered file, unverified, or None if it is not on this machine."""
    folders = [os.environ["COURSE_DATA"]] if os.environ.get("COURSE_DATA") else []
    return next(
        (path for folder in [*folders, storage().path] if (path := Path(folder, file)).is_file()),
        None,
    )


def content_sha256(path):
    """Checksum of what a `.zip` or `.gz` file holds, however it was packed.

    Of a `.gz` file the unpacked bytes count. Of a `.zip` file its pictures and sounds count: their
    bytes and their names below the folder that they all share, so that neither the archive's own
    leading folder, nor the order of its members, nor other files beside them make a difference.

    Args:
        path: The file.

    Returns:
        Its sha256, in hexadecimal.

    Raises:
        ValueError: if it cannot be unpacked.
    """
    try:
        with open(path, "rb") as file:
            if file.read(2) == b"\x1f\x8b":
                with gzip.open(path) as unpacked:
                    return hashlib.sha256(unpacked.read()).hexdigest()
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
            names = sorted(name for name in names if name.suffix.lower() in PACKED)
            shared = posixpath.commonpath([name.parent for name in names]) if names else ""
            total = hashlib.sha256()
            for name in names:
                content = hashlib.sha256(archive.read(str(name))).hexdigest()
                total.update(f"{content}  {name.relative_to(shared)}\n".encode())
            return total.hexdigest()
    except UNPACKING_ERRORS as error:
        raise ValueError(f"it cannot be unpacked ({error})") from error


def _check(path, registered):
    """Raises ValueError if a file has another checksum than `"sha256:…"` of the registry."""
    kind, expected = registered.split(":")
    found = content_sha256(path) if kind == "content-sha256" else pooch.file_hash(path)
    if found != expected:
        raise ValueError(f"its {kind} is {found}, expected was {expected}")


def verify(file):
    """Checks a registered file's checksum.

    Args:
        file: `"folder/file"`, as in the registry.

    Returns:
        Its path, or None when it is not on this machine.

    Raises:
        DataError: if its checksum is another than the registered one.
    """
    if path := find(file):
        try:
            _check(path, storage().registry[file])
        except ValueError as error:
            raise DataError(
                f"{path} is not the registered file: {error}. "
                "Remove it, so that it is downloaded again, or put the right file in its place."
            ) from error
    return path


def fetch(file, progressbar=True):
    """Finds a file of the real data, downloads it where needed, and verifies it.

    Looked up in the folder `COURSE_DATA`, else in the user's cache, else downloaded into that
    cache. A download is written beside its place and moved there only when its checksum is right.

    Args:
        file: `"folder/file"`, as in the registry.
        progressbar: Whether a download shows a progress bar.

    Returns:
        The path of the verified file.

    Raises:
        DataError: if the file is damaged, cannot be downloaded, or cannot be stored.
    """
    if path := verify(file):
        return path
    files = storage()
    registered, files.registry[file] = files.registry[file], None  # checked by `download`

    def download(address, path, storage):
        pooch.HTTPDownloader(progressbar=progressbar)(address, path, storage)
        _check(path, registered)

    try:
        (files.abspath / file).parent.mkdir(parents=True, exist_ok=True)
        return Path(files.fetch(file, downloader=download))
    except (OSError, ValueError) as error:
        weights = file.endswith(".h5")
        instead = "" if weights else ", or work offline with source='synthetic'"
        folder = os.environ.get("COURSE_DATA") or "not set"
        raise DataError(
            f"{file} cannot be had: {error}\n"
            f"  address   {files.get_url(file)}\n"
            f"  checksum  {registered}\n"
            f"  looked in COURSE_DATA ({folder}) and {files.abspath}\n"
            f"Put the file there{instead}."
        ) from error
