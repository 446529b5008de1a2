"""What can be said of a web address without asking anybody. Light."""

import ipaddress
from urllib.parse import quote, urlsplit

MAX_SHOWN = 300  # characters
PORTS = {"http": 80, "https": 443}


def host_key(address: str) -> str:
    """Scheme, host and port: what two addresses have in common that are served by the same. "" where there is none."""
    try:
        parts = urlsplit(address)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.scheme}://{(parts.hostname or '').rstrip('.')}:{port}" if parts.hostname else ""


def is_loopback(address: str) -> bool:
    """Whether it is this computer."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_carry_token(address: str) -> bool:
    """Whether nobody on the way can read along."""
    return address.startswith("https://") or (address.startswith("http://") and is_loopback(address))


def is_web(address: str) -> bool:
    """Whether it is an address of the web with a host."""
    return address.startswith(("http://", "https://")) and bool(host_key(address)) and not any(ord(one) <= 32 for one in address)


def shown(address: str) -> str:
    """An address as it may be shown and logged: without a password, and without the signature that makes it somebody's own."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return address.partition("?")[0].rpartition("@")[2][:MAX_SHOWN]
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    return f"{parts.scheme}://{host}{port}{parts.path}"[:MAX_SHOWN] if host else address[:MAX_SHOWN]


def shown_site(address: str) -> str:
    """Scheme and host of an address, as they may be shown."""
    scheme, between, rest = shown(address).partition("://")
    return scheme + between + rest.partition("/")[0]


def file_address(kind: str, site: str, repository: str, revision: str, path: str) -> str:
    """Where a hub serves a file of a repository."""
    between, newest = ("models/", "master") if kind == "modelscope" else ("", "main")
    return f"{site}/{between}{quote(repository)}/resolve/{quote(revision or newest, safe='')}/{quote(path)}"
