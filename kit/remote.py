"""Exports that are kept elsewhere: each a path in the program's folder, and fetched there when it is to be read."""

import hashlib
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from kit.errors import ReviewError
from kit.stores import STORES, attempt, is_missing, matching, open_store
from kit.urls import WEB, is_mark, name_of, parts_of, refusal

CONTENT_HASH = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")  # what S3 calls an ETag: MD5, or that of its parts' MD5
# The times of web servers count seconds, so a file may change twice in one without its mark doing so.
SETTLED = timedelta(minutes=2)
PARTS = "parts"  # what is on its way
GIVEN_UP = 600  # seconds without a byte: whoever was fetching that was killed


@dataclass(frozen=True)
class Remote:
    """A file elsewhere: its url, its length in bytes if said, and its mark, which is another for another content.

    Without a mark nothing tells whether it is the one fetched before, and each run fetches it anew.
    """

    url: str
    size: int | None
    mark: str | None
    is_hash: bool = False

    @property
    def fingerprint(self) -> str | None:
        """What the content is known by: under any url where the mark is a hash of it, else under its own."""
        if self.mark is None:
            return None
        return f"{self.mark} {self.size}" if self.is_hash else f"{self.url} {self.mark} {self.size}"


# Within a process every path that files_at gave leads back to its file, and every pattern is listed once.
_remotes: dict[Path, Remote] = {}
_listed: dict[tuple[Path, str], list[Path] | ReviewError] = {}
# What stands for a mark where there is none: a name for the last time that the stores were asked.
_looks: dict[Path, str] = {}


# What is there


def look_anew(folder: Path) -> None:
    """Let the stores be asked again what they hold for a program."""
    for key in [key for key in _listed if key[0] == folder]:
        del _listed[key]
    _looks[folder] = uuid.uuid4().hex
    open_store.cache_clear()  # keys may be others now


def files_at(folder: Path, url: str) -> list[Path]:
    """Where each file that a url or pattern leads to is in a program's folder, once fetched; nothing is fetched.

    A path is always the same for the same content at the same url. ReviewError if nothing is found, or not to be had.
    """
    if (folder, url) not in _listed:
        try:
            _listed[folder, url] = [_enter(folder, remote) for remote in _found(url)]
        except ReviewError as error:
            _listed[folder, url] = error
    found = _listed[folder, url]
    if isinstance(found, ReviewError):
        raise ReviewError(str(found))
    return found


def _enter(folder: Path, remote: Remote) -> Path:
    mark = remote.mark or _looks.setdefault(folder, uuid.uuid4().hex)
    url, version = (
        hashlib.sha256(text.encode()).hexdigest()[:24] for text in (remote.url, f"{mark} {remote.size}")
    )
    path = folder / ".usage" / "remote" / url / version / name_of(remote.url)
    _remotes[path] = remote
    return path


def _found(url: str) -> list[Remote]:
    if reason := refusal(url):
        raise ReviewError(reason)
    scheme, bucket, path = parts_of(url)
    store = attempt(url, lambda: open_store(scheme))
    asked = url if scheme in WEB else f"{bucket}/{path}"
    entries = attempt(url, lambda: list(matching(store, asked)))
    found = [_remote(scheme, entry) for entry in entries]
    named = [each for each in found if name_of(each.url) and not is_mark(name_of(each.url))]
    shown = [each for each in named if _is_hidden(url) or not _is_hidden(each.url)]
    if not shown and scheme not in WEB and is_missing(store, bucket):
        raise ReviewError(f"there is no bucket {bucket}, or not for these keys. {STORES[scheme].keys}")
    if not shown:
        raise ReviewError("no such file there.")
    return shown


def _is_hidden(url: str) -> bool:
    return any(part.startswith(".") for part in parts_of(url)[2].split("/"))


def _remote(scheme: str, entry: dict[str, Any]) -> Remote:
    """A file as its store describes it; each has another word for what changes with the content."""
    url = entry["name"] if scheme in WEB else f"{scheme}://{entry['name']}"
    if md5 := entry.get("md5Hash"):
        return Remote(url, entry["size"], f"md5 {md5}", is_hash=True)
    etag = str(entry.get("ETag") or entry.get("etag") or "").strip('"')
    if scheme == "s3":
        return Remote(
            url, entry["size"], f"etag {etag}" if etag else None, bool(CONTENT_HASH.fullmatch(etag))
        )
    if scheme in WEB:
        return Remote(url, entry["size"], _web_mark(etag, entry.get("Last-Modified")))
    mark = entry.get("generation") or etag
    return Remote(url, entry["size"], f"version {mark}" if mark else None)


def _web_mark(etag: str, modified: str | None) -> str | None:
    """What a web server says of a file's version; None if nothing, or if it has only just changed."""
    try:
        is_settled = not modified or datetime.now(UTC) - parsedate_to_datetime(modified) > SETTLED
    except (ValueError, TypeError):  # no time, or one of no zone
        is_settled = bool(etag)
    said = " ".join(part for part in (etag, modified) if part)
    return said if said and is_settled else None


# What it is called


def url_of(path: Path) -> str | None:
    """The url of a file from elsewhere; None for one of this machine."""
    remote = _remotes.get(path)
    return remote.url if remote else None


def fingerprint_of(path: Path) -> str | None:
    """What tells a remote file's content without fetching it; None for a local one, and for one without a mark."""
    remote = _remotes.get(path)
    return remote.fingerprint if remote else None


def bytes_of(path: Path) -> int | None:
    """How many bytes a file from elsewhere has, if its store says; None for one of this machine."""
    remote = _remotes.get(path)
    return remote.size if remote else None


def with_urls(message: str) -> str:
    """A message with the urls of files in place of where they are kept."""
    for path, remote in _remotes.items():
        message = message.replace(str(path), remote.url)
    return message


# Fetching


class Stopped(Exception):
    """A download is given up because another failed, or whoever waits for it has left."""


def fetch(paths: Sequence[Path], workers: int = 8) -> None:
    """Download the remote ones of the files that are not here yet, several at a time, each whole or not at all.

    ReviewError names the url that could not be had; what was fetched before it stays.
    """
    wanted = [path for path in dict.fromkeys(paths) if path in _remotes and not _is_here(path)]
    if not wanted:
        return
    _make_room(wanted)
    stop = threading.Event()
    with ThreadPoolExecutor(min(workers, len(wanted))) as pool:
        try:
            for done in as_completed([pool.submit(_download, path, stop) for path in wanted]):
                done.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def forget(paths: Sequence[Path]) -> None:
    """Delete those of the files that were fetched: raw logs are large, and what they say is kept."""
    for path in paths:
        if path in _remotes:
            path.unlink(missing_ok=True)


def _is_here(path: Path) -> bool:
    size = _remotes[path].size
    return path.is_file() and size in (None, path.stat().st_size)


def _make_room(paths: Sequence[Path]) -> None:
    """Make the folder for what is fetched; ReviewError if that cannot be, or has too little room for it."""
    cache = paths[0].parents[2]
    try:
        (cache / PARTS).mkdir(parents=True, exist_ok=True)
        (cache / ".gitignore").write_text("*\n", encoding="utf-8")  # these are raw exports
        for part in (cache / PARTS).iterdir():
            if time.time() - part.stat().st_mtime > GIVEN_UP:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise ReviewError(
            f"{cache}: remote files are kept there, and it cannot be written: {error}"
        ) from None
    needed, free = sum(_remotes[path].size or 0 for path in paths), shutil.disk_usage(cache).free
    if needed > free:
        raise ReviewError(f"{cache}: {needed:,} bytes are to be fetched, and there is room for {free:,}.")


def _download(path: Path, stop: threading.Event) -> None:
    remote = _remotes[path]
    part = path.parents[2] / PARTS / uuid.uuid4().hex
    try:
        attempt(remote.url, lambda: _copy(remote, part, stop))
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)
    except ReviewError as error:
        raise ReviewError(f"{remote.url}: {error}") from None
    except OSError as error:
        raise ReviewError(f"{remote.url}: cannot be kept in {path.parent}: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    for version in path.parent.parent.iterdir():
        if version != path.parent:
            shutil.rmtree(version, ignore_errors=True)


def _copy(remote: Remote, part: Path, stop: threading.Event) -> None:
    scheme, bucket, path = parts_of(remote.url)
    store, asked = open_store(scheme), remote.url if scheme in WEB else f"{bucket}/{path}"
    store.get_file(asked, str(part), callback=_watch(stop), **STORES[scheme].reading)
    if remote.mark is not None and _remote(scheme, store.info(asked)) != remote:
        raise ReviewError("changed since it was listed. Run again, when nothing writes it.")
    with part.open("rb+") as stream:
        if remote.size not in (None, length := stream.seek(0, os.SEEK_END)):
            raise ConnectionError(f"{length:,} of {remote.size:,} bytes came")
        os.fsync(stream.fileno())


def _watch(stop: threading.Event) -> Any:
    """What fsspec calls after each block: Stopped, if that is wished."""
    from fsspec.callbacks import Callback

    class Watch(Callback):  # type: ignore[misc]  # fsspec says no types
        def relative_update(self, inc: int = 1) -> None:
            if stop.is_set():
                raise Stopped

    return Watch()
