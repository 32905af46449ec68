"""Finds the files of the real data: in `COURSE_DATA`, in the user's cache, or at their address."""

import os
from pathlib import Path

import pooch

REGISTRY = Path(__file__).with_name("registry.txt")


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


def verify(file):
    """Checks a registered file's sha256.

    Args:
        file: `"folder/file"`, as in the registry.

    Returns:
        Its path, or None when it is not on this machine.

    Raises:
        DataError: if its checksum is another than the registered one.
    """
    path, expected = find(file), storage().registry[file].removeprefix("sha256:")
    if path and (found := pooch.file_hash(path)) != expected:
        raise DataError(
            f"{path} is not the registered file: its sha256 is {found}, expected was {expected}. "
            "Remove it, so that it is downloaded again, or put the right file in its place."
        )
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
    try:
        (files.abspath / file).parent.mkdir(parents=True, exist_ok=True)
        return Path(files.fetch(file, progressbar=progressbar))
    except (OSError, ValueError) as error:
        name = file.split("/")[0]
        folder = os.environ.get("COURSE_DATA") or "not set"
        raise DataError(
            f"{file} cannot be had: {error}\n"
            f"  address   {files.get_url(file)}\n"
            f"  checksum  {files.registry[file]}\n"
            f"  looked in COURSE_DATA ({folder}) and {files.abspath}\n"
            f"Put the file there, or work offline with load({name!r}, source='synthetic')."
        ) from error
