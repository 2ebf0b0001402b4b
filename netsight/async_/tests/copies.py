"""Copies of a database, as a backup makes them of one that is in use."""

import shutil
from contextlib import suppress


def copy_database(source, target):
    """Copy FileStorage and blobs of one ZopeServer for another one.

    The source may run meanwhile.  Blobs come last: all that the file refers
    to are there then.
    """
    shutil.copyfile(source.data, target.data)
    shutil.copytree(
        source.blobs,
        target.blobs,
        copy_function=copy_if_there,
        ignore=shutil.ignore_patterns("tmp"),
        dirs_exist_ok=True,
    )


def copy_if_there(source, target):
    """Copy a file, unless a commit that is rolled back removes it."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)
