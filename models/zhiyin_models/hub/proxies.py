"""Which proxy stands between us and an address, by the settings or by the environment, and the way through it."""

import ssl
from collections.abc import Mapping
from urllib.request import getproxies, proxy_bypass

import httpx2

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.addresses import is_loopback, shown
from zhiyin_models.hub.settings import HubSettings

SCHEMES = ("http", "https")
LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=15.0)


def proxies_of(settings: HubSettings) -> Mapping[str, str]:
    """The proxy for each scheme that has one. The environment's ``all_proxy`` counts only where there is none for the scheme itself."""
    if settings.proxy != "system":
        return dict.fromkeys(SCHEMES, settings.proxy) if settings.proxy else {}
    found = getproxies()
    return {scheme: _complete(proxy) for scheme in SCHEMES if (proxy := found.get(scheme) or found.get("all") or "")}


def proxy_for(settings: HubSettings, address: str) -> str:
    """The one that stands between us and an address; "" where none does: never before this computer itself."""
    scheme, _, rest = address.partition("://")
    if is_loopback(address) or (settings.proxy == "system" and proxy_bypass(rest.partition("/")[0].rpartition("@")[2])):
        return ""
    return proxies_of(settings).get(scheme, "")


class Ways(httpx2.BaseTransport):
    """The direct way, and one through each proxy. A proxy that cannot be used is an error only for those who need it."""

    def __init__(self, settings: HubSettings, verify: ssl.SSLContext) -> None:
        self._settings = settings
        self._direct = httpx2.HTTPTransport(verify=verify, limits=LIMITS)
        self._through = {proxy: _way(proxy, verify) for proxy in set(proxies_of(settings).values())}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """By the way that leads there. Raises ModelError NETWORK_PROXY."""
        proxy = proxy_for(self._settings, str(request.url))
        way = self._through.get(proxy, self._direct) if proxy else self._direct
        if isinstance(way, ModelError):
            raise way
        return way.handle_request(request)

    def close(self) -> None:
        """Close every connection that waits for being used again."""
        for way in (self._direct, *self._through.values()):
            if not isinstance(way, ModelError):
                way.close()


def _way(proxy: str, verify: ssl.SSLContext) -> httpx2.HTTPTransport | ModelError:
    try:
        return httpx2.HTTPTransport(verify=verify, limits=LIMITS, proxy=httpx2.Proxy(proxy))
    except ImportError:  # SOCKS without its package
        return ModelError(Code.NETWORK_PROXY, address=shown(proxy), detail="SOCKS")
    except (ValueError, httpx2.InvalidURL):  # no address, or a kind of proxy that nobody here speaks with
        return ModelError(Code.NETWORK_PROXY, address=shown(proxy), detail=proxy.partition(":")[0][:20])


def _complete(proxy: str) -> str:
    """As programs write it into the environment: without a scheme, or as ``socks://``."""
    scheme, between, rest = proxy.partition("://")
    if not between:
        return f"http://{proxy}"
    return f"socks5://{rest}" if scheme == "socks" else proxy
