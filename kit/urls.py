"""The addresses of files elsewhere, as program.toml may hold them: their parts, and which are refused."""

import re
from urllib.parse import parse_qsl, unquote

from kit.mistakes import nearest
from kit.stores import STORES

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
WEB = ("https", "http")
THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")
SECRET = re.compile(
    r"(?i)^(x-(amz|goog)-(signature|credential|security-token)|awsaccesskeyid|signature|sig|.*token|.*password|.*secret"
    r"|api_?key)$"
)
LONGEST_NAME = 200  # bytes


def is_remote(text: str) -> bool:
    """Whether a path of program.toml is the address of a file elsewhere."""
    return URL.match(text) is not None


def refusal(url: str) -> str:
    """Why a url may not stand in program.toml; empty if it may."""
    scheme, host, path = parts_of(url)
    if has_secret(url):
        return "a password, a token or a signature in an address. Take it out: " + (
            STORES[scheme].keys if scheme in STORES else "keys come from the environment."
        )
    if scheme not in STORES:
        allowed = ", ".join(f"{name}://" for name in STORES if name != "http")
        return f"not a store that can be read. Allowed: {allowed}.{nearest(scheme, STORES)}"
    if scheme == "http" and re.sub(r":\d*$", "", host) not in THIS_MACHINE:
        return (
            "not encrypted: whoever is on the way could change it. Allowed: https://; http:// on localhost."
        )
    if scheme in WEB and "*" in path:
        return "the web has no lists of files. Allowed: one address a file, or several in a list."
    if not host or not name_of(url):
        return f"names no file. Write it like {scheme}://{host or 'bucket'}/logs/2026-03.jsonl.gz."
    return ""


def has_secret(url: str) -> bool:
    """Whether a url holds a password or a signature, which are not for a file that others read."""
    scheme, host, _ = parts_of(url)
    query = url.partition("?")[2].partition("#")[0] if scheme in WEB else ""
    return "@" in host or any(SECRET.match(name) for name, _ in parse_qsl(query))


def parts_of(url: str) -> tuple[str, str, str]:
    """A url's scheme, its host or bucket, and the path there."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return scheme.lower(), host, path


def name_of(url: str) -> str:
    """The file's own name: its ending tells the format."""
    scheme, _, path = parts_of(url)
    if scheme in WEB:
        path = unquote(re.split(r"[?#]", path)[0])
    name = path.rsplit("/", 1)[-1].replace("\0", "")
    return "" if name in (".", "..") else name.encode()[-LONGEST_NAME:].decode(errors="ignore")


def is_mark(name: str) -> bool:
    """Whether a file only marks that Spark or Hadoop wrote those beside it: _SUCCESS, _committed_123."""
    return re.fullmatch(r"_(SUCCESS|started_\d+|committed_\d+|metadata|common_metadata)", name) is not None
