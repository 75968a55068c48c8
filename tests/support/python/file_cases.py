"""What the file system says, as JSON: the same on CPython and in the gateway."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def told(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except OSError as error:
        return type(error).__name__


def links(folder: Path, outside: Path) -> Any:
    """What each way to look at an entry says, for links of every kind."""
    (folder / "real").mkdir()
    (folder / "real" / "file").write_text("text")
    targets = {
        "to_file": "real/file",
        "to_folder": "real",
        "to_link": "to_folder",
        "up": "real/../real",
        "absolute": str(folder / "real"),
        "dangling": "nowhere",
        "circle": "circle",
        "outside": str(outside),
        "outside_file": str(outside / "kept"),
    }
    for name, target in targets.items():
        os.symlink(target, folder / name)
    seen: dict[str, Any] = {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = entry.path
        seen[entry.name] = [
            entry.is_symlink(),
            told(entry.is_dir),
            entry.is_dir(follow_symlinks=False),
            stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode),
            stat.S_IFMT(os.lstat(path).st_mode),
            told(lambda path=path: stat.S_IFMT(os.stat(path).st_mode)),
            os.path.islink(path),
            os.path.exists(path),
            os.path.lexists(path),
            os.path.isfile(path),
            told(lambda path=path: os.readlink(path)),
            os.path.realpath(path),
            told(lambda path=path: sorted(os.listdir(path))),
            told(lambda path=path: Path(path).read_text()),
            told(lambda path=path: os.close(os.open(path, os.O_RDONLY | os.O_NOFOLLOW))),
        ]
    return seen


def walks(folder: Path, outside: Path) -> Any:
    links(folder, outside)
    return [
        sorted(str(path) for path, _, _ in os.walk(folder)),
        sorted(str(path) for path in folder.rglob("*")),
        sorted(str(path) for path in folder.glob("**/file")),
    ]


def removes(folder: Path, outside: Path) -> Any:
    """A folder goes, and what its links lead to stays."""
    links(folder, outside)
    shutil.copytree(folder, folder / "copy", symlinks=True, ignore=shutil.ignore_patterns("copy"))
    copied = {path.name: path.is_symlink() for path in (folder / "copy").iterdir()}
    shutil.rmtree(folder)
    with tempfile.TemporaryDirectory() as temporary:
        os.symlink(outside, Path(temporary) / "link")
        os.symlink("nowhere", Path(temporary) / "dangling")
    return [copied, folder.exists(), Path(temporary).exists(), (outside / "kept").read_text()]


def changes(folder: Path, outside: Path) -> Any:
    links(folder, outside)
    os.rename(folder / "to_folder", folder / "moved")
    os.replace(folder / "real" / "file", folder / "to_file")
    os.unlink(folder / "dangling")
    return [
        told(lambda: os.rmdir(folder / "moved")),
        told(lambda: shutil.rmtree(folder / "moved")),
        os.readlink(folder / "moved"),
        (folder / "to_file").is_symlink(),
        os.listdir(folder / "real"),
        told(lambda: os.symlink("other", folder / "moved")),
        told(lambda: os.mkdir(folder / "circle")),
        sorted(os.listdir(folder)),
    ]


def masks(folder: Path, _: Path) -> Any:
    """The permissions that new files and folders have."""
    before = os.umask(0o022)
    modes: list[Any] = []
    for mask in (0o000, 0o022, 0o077, 0o027):
        modes.append(os.umask(mask))
        path = folder / oct(mask)
        path.mkdir()
        (path / "open").touch()
        os.close(os.open(path / "executable", os.O_CREAT | os.O_WRONLY, 0o777))
        os.makedirs(path / "a" / "b", mode=0o750)
        modes += [oct(os.stat(path / name).st_mode) for name in (".", "open", "executable", "a", "a/b")]
    os.chmod(folder / "0o77" / "open", 0o640)
    modes.append(oct(os.stat(folder / "0o77" / "open").st_mode))
    os.umask(before)
    return [modes, os.umask(before) == before]


def locks(folder: Path, _: Path) -> Any:
    path = folder / "locked"
    path.touch()
    os.symlink("locked", folder / "link")
    exclusive, shared, at_once, free = fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_NB, fcntl.LOCK_UN
    seen: list[Any] = []
    with contextlib.ExitStack() as stack:
        one, two, three = (stack.enter_context(open(name)) for name in (path, path, folder / "link"))

        def lock(file: Any, operation: int) -> None:
            seen.append(told(lambda: fcntl.flock(file, operation)))

        lock(one, exclusive)
        lock(two, exclusive | at_once)
        lock(three, shared | at_once)
        lock(one, shared | at_once)
        lock(three, shared | at_once)
        lock(one, exclusive | at_once)
        lock(three, free)
        lock(one, exclusive | at_once)
        copy = os.dup(one.fileno())
        one.close()
        lock(two, shared | at_once)
        os.close(copy)
        lock(two, exclusive)
        lock(two, free)
        lock(three, exclusive | at_once)
        seen.append(told(lambda: fcntl.flock(9999, exclusive)))
    return seen


def special(_: Path, outside: Path) -> Any:
    """What others have made on the host is there: a named pipe."""
    path = str(outside / "pipe")
    return [
        os.path.exists(path),
        stat.S_ISFIFO(os.stat(path).st_mode),
        os.path.isfile(path),
        sorted(entry.name for entry in os.scandir(outside)),
    ]


CASES = (links, walks, removes, changes, masks, locks, special)


def outcomes(folder: str, outside: str) -> str:
    seen: dict[str, Any] = {}
    for case in CASES:
        own = Path(folder) / case.__name__
        own.mkdir()
        seen[case.__name__] = case(own, Path(outside))
    # A folder's name differs between two runs.
    return json.dumps(seen).replace(folder, "FOLDER").replace(outside, "OUTSIDE")


if __name__ == "__main__":
    print(outcomes(sys.argv[1], sys.argv[2]))
