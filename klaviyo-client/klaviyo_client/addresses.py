"""Where a key may travel to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from klaviyo_client.errors import DeniedError


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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
