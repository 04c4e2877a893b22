"""A key, and where it may travel to."""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from klaviyo_client.errors import DeniedError

if TYPE_CHECKING:
    import ssl


def host_of(url: str) -> str:
    """The host, and its port where one is named.

    Raises:
        DeniedError: not https, nor a loopback address.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise DeniedError(
            f"api_url is {parts.scheme or 'no URL'}://…: the key would travel in clear. Use https "
            "(plain http only to this machine)."
        )
    return f"{host}:{parts.port}" if parts.port else host


def cleaned(api_key: str) -> str:
    """The key without what copying put around it: one read from a file ends in a newline.

    Raises:
        DeniedError: it cannot be a key.
    """
    api_key = api_key.strip()
    if not api_key.isascii() or not api_key.isprintable():
        raise DeniedError("The API key holds characters that no key has; copy it again.")
    return api_key


@cache
def trusted() -> ssl.SSLContext:
    """Whom to trust: reading the certificates takes longer than a request, so once a process."""
    return httpx.create_ssl_context()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
