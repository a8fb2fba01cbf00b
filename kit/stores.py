"""Stores of files elsewhere, through fsspec: what they hold, and what is said when they don't answer."""

import errno
import functools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any, TypeVar

from kit.errors import ReviewError

MAGIC = re.compile(r"[*?\[]")
DENIED = (401, 403)
FROM_THE_STORE = (408, 425, 429)  # besides 5xx: the server asks to come again
NO_KEYS = ("Credentials", "ClientAuthentication", "GoogleAuth", "RefreshError", "Unauthorized")
Got = TypeVar("Got")


@dataclass(frozen=True)
class Store:
    """A kind of store: the extra that brings its package, where its keys come from, and how it is read."""

    extra: str
    keys: str
    options: dict[str, Any] = field(default_factory=dict)
    # One stream a file, so that memory is bounded whatever its size.
    reading: dict[str, Any] = field(default_factory=dict)
    attempts: int = 3


WEB = Store(
    "https", "A web address is read without a password, or with the one that ~/.netrc has for its host."
)
STORES = {
    "s3": Store(
        "s3",
        "Keys come from the environment (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) or the"
        " machine's role; for a public bucket set FSSPEC_S3_ANON=true.",
        {"config_kwargs": {"retries": {"max_attempts": 2, "mode": "standard"}, "read_timeout": 60}},
        {"max_concurrency": 1},
    ),
    "gs": Store(
        "gcs",
        "Keys come from the environment: GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login.",
        {},
        {"concurrency": 1},
        attempts=1,  # its package tries again by itself, for a minute
    ),
    "az": Store(
        "azure",
        "Keys come from the environment: AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME and"
        " AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or az login.",
        {},
        {"max_concurrency": 1},
    ),
    "https": WEB,
    "http": WEB,
}


@functools.cache
def open_store(scheme: str) -> Any:
    """The fsspec file system of a scheme; ReviewError if its package is not installed."""
    store = STORES[scheme]
    try:
        import fsspec  # Few programs read from elsewhere, and these packages take a second to import.

        options = store.options or (_web_options() if store.extra == "https" else {})
        return fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False, **options)
    except ImportError:
        raise ReviewError(
            f'{scheme}:// needs a package that is not installed. Install it: pip install "api-review[{store.extra}]".'
        ) from None


def _web_options() -> dict[str, Any]:
    from aiohttp import ClientTimeout

    # Bytes as they are: a .gz that a server calls "encoded" would be unpacked on the way, and a large file may take
    # longer than the five minutes that are otherwise allowed.
    session = {
        "timeout": ClientTimeout(total=None, sock_connect=15, sock_read=60),
        "auto_decompress": False,
        "trust_env": True,
        "headers": {"Accept-Encoding": "identity"},
    }
    return {"client_kwargs": session}


def matching(store: Any, path: str) -> Iterator[dict[str, Any]]:
    """What a store says of each file that a path, or a pattern such as bucket/logs/**/*.gz, leads to."""
    if "*" not in path and (found := _file(store, path)):  # a name may hold a [ or a ? itself
        yield found
    elif MAGIC.search(path):
        bucket, *parts = path.split("/")
        yield from _below(store, bucket, parts)


def _file(store: Any, path: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = store.info(path)
    except FileNotFoundError as error:
        if _status(error) or _is_passing(error):
            raise  # of the web, this is what any failure is called
        return None
    return found if found["type"] == "file" else None


def _below(store: Any, folder: str, parts: list[str]) -> Iterator[dict[str, Any]]:
    """The files below a folder whose path there matches; fsspec's own glob leaves out what it could not list."""
    part, *rest = parts
    if rest and part != "**" and not MAGIC.search(part):
        yield from _below(store, f"{folder}/{part}", rest)
        return
    entries = _entries(store, folder)
    if part == "**" and rest:
        yield from _below(store, folder, rest)
    for name, entry in entries.items():
        if entry["type"] != "file" and part == "**":
            yield from _below(store, f"{folder}/{name}", parts)
        elif re.match(translate(part), name) and (entry["type"] == "file") == (not rest):
            yield from _below(store, f"{folder}/{name}", rest) if rest else [entry]


def _entries(store: Any, folder: str) -> dict[str, dict[str, Any]]:
    """What is in a folder, by name; nothing if there is no such folder."""
    try:
        listed = store.ls(folder, detail=True)
    except FileNotFoundError:
        return {}
    start = f"{folder}/"
    named = {entry["name"].rstrip("/").removeprefix(start): entry for entry in listed}
    # A folder may be listed in itself, as an object whose name ends in a stroke.
    return {name: entry for name, entry in named.items() if name and "/" not in name}


def is_missing(store: Any, bucket: str) -> bool:
    """Whether a store says that there is no such bucket; one that may not be asked is taken to be there."""
    try:
        store.info(bucket)
    except FileNotFoundError:
        return True
    except Exception:  # whoever may read the files may not always look at the bucket
        return False
    return False


def attempt(url: str, action: Callable[[], Got]) -> Got:
    """What an action on a store gives, tried again after a passing failure; ReviewError says what to do about it."""
    attempts = STORES[url.partition("://")[0].lower()].attempts
    for number in range(attempts):
        try:
            return action()
        except ReviewError:
            raise
        except Exception as error:  # each store's packages have errors of their own
            if number + 1 == attempts or not _is_passing(error):
                raise ReviewError(_sentence(url, error)) from error
            time.sleep(0.2 * 4**number)
    raise AssertionError("unreachable")


def _sentence(url: str, error: Exception) -> str:
    scheme = url.partition("://")[0].lower()
    name, said = type(error).__name__, " ".join(str(_root(error)).split())[:200]
    if isinstance(error, FileNotFoundError) and not _status(error):
        return "no such file there."
    if _is_denied(error) or name.startswith(NO_KEYS) or "NoCredentials" in name or "credentials" in said:
        return f"no access ({said}). {STORES[scheme].keys}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no room left on this machine's disk."
    if status := _status(error):
        return f"the server answers with status {status}. Open the address in a browser to see why."
    if _is_passing(error):
        return f"the server does not answer, or breaks off ({said}). Check the network and the address, and run again."
    return f"cannot be read: {name}: {said}"


def _root(error: BaseException) -> BaseException:
    """The error that a missing file of the web stands for, or the error itself."""
    cause = error.__cause__
    return cause if isinstance(error, FileNotFoundError) and cause is not None else error


def _status(error: BaseException) -> int | None:
    """The status other than 404 that a server gave; None where there was none."""
    root = _root(error)
    names = ("status", "status_code", "code")  # of aiohttp, azure-core, gcsfs
    status = next((getattr(root, name) for name in names if hasattr(root, name)), None)
    return status if isinstance(status, int) and status != 404 else None


def _is_denied(error: BaseException) -> bool:
    return isinstance(error, PermissionError) or _status(error) in DENIED


def _is_passing(error: BaseException) -> bool:
    """Whether it may work a moment later."""
    status = _status(error)
    if status is not None:
        return status >= 500 or status in FROM_THE_STORE
    root = _root(error)
    names = " ".join(kind.__name__ for kind in type(root).__mro__)
    return (
        isinstance(root, ConnectionError | TimeoutError)
        or bool(re.search(r"Connect|Timeout|HTTPClientError|IncompleteRead|Payload|Disconnected", names))
        or (
            isinstance(root, OSError) and root.errno in (errno.EREMOTEIO, errno.EBUSY)
        )  # S3's InternalError and SlowDown
    )
