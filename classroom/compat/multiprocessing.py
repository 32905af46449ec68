"""The folder of sockets that `multiprocessing` makes for itself; there is no setting for it."""

from multiprocessing import current_process


def keep_sockets_in(folder):
    """Chooses the folder, unless this process has one already.

    Args:
        folder: Path of the folder, which lasts as long as the process.
    """
    current_process()._config.setdefault("tempdir", folder)
