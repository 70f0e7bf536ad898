"""Who may speak to the gateway at all: requests that a web page in the user's browser sends are refused.

A page of any origin can send requests to loopback, and a name of its own can be made to resolve to it (DNS rebinding).
So the Host has to be ours, and what a browser says of where a request comes from (Origin, Sec-Fetch-Site, Referer) must
not be another place. https://developer.mozilla.org/en-US/docs/Glossary/Fetch_metadata_request_header
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

HOSTS = ("127.0.0.1", "[::1]", "localhost")
BELOW = ".localhost"
"""Names below it are loopback's too: SDKs put a bucket's name before it (RFC 6761)."""
SIDE_DOORS = ("/_watchkeeper/", "/_ministack/", "/_localstack/", "/health")
OPEN = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")
"""Side doors whose address is a secret of its own."""
BLANKET = frozenset(
    {
        b"access-control-allow-methods",
        b"access-control-allow-headers",
        b"access-control-expose-headers",
        b"access-control-max-age",
        b"access-control-allow-origin",
    }
)
_EVERY_METHOD = b"GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH"


@dataclass(frozen=True)
class Guard:
    """``hosts`` and ``origins`` are allowed besides our own: names without a port, and ``https://host[:port]``."""

    port: int
    secret: str
    hosts: Collection[str] = ()
    origins: Collection[str] = ()

    def refusal(self, headers: Mapping[str, str]) -> str:
        """Why a request is refused, in a sentence that says what to do; empty when it is not."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return (
                f"the Host {host!r} is not this server's. Ask 127.0.0.1:{self.port} or localhost:{self.port}, or start "
                "it with --allow-host <name>."
            )
        origin = headers.get("origin", "")
        if origin and not self._allowed(origin):
            return _from_elsewhere(f"the Origin {origin!r}")
        referer = headers.get("referer", "")
        if referer and not self._allowed(referer):
            return _from_elsewhere("another page (Referer)")
        if headers.get("sec-fetch-site") == "cross-site" and not (origin and self._allowed(origin)):
            return _from_elsewhere("another site (Sec-Fetch-Site)")
        return ""

    def opens(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a request may use this path: a side door asks for the secret, as ``Authorization: Bearer``."""
        if not path.startswith(SIDE_DOORS) or path.startswith(OPEN):
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and hmac.compare_digest(given.encode(), self.secret.encode())

    def _is_ours(self, host: str) -> bool:
        name, _, port = host.lower().rpartition(":")
        if name in self.hosts or host.lower() in self.hosts:
            return True
        return port == str(self.port) and (name in HOSTS or name.endswith(BELOW))

    def _allowed(self, address: str) -> bool:
        """Whether an origin, or the origin of an address, is ours or allowed."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return self._is_ours(parts.netloc) or f"{parts.scheme}://{parts.netloc}" in self.origins


def without_blanket_cors(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers without those that would let every origin read every answer; a bucket's own CORS rules stay."""
    given = {name.lower(): value for name, value in headers}
    alone = not (given.keys() & (BLANKET - {b"access-control-allow-origin"}))
    everything = given.get(b"access-control-allow-methods") == _EVERY_METHOD
    if given.get(b"access-control-allow-origin") != b"*" or not (alone or everything):
        return headers
    return [(name, value) for name, value in headers if name.lower() not in BLANKET]


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """A request's headers by their names in lower case; of one that is there twice, both."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers", ()):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _from_elsewhere(what: str) -> str:
    return (
        f"it comes from {what}. A page in a browser may not use this server, unless it is started with "
        "--allow-origin <origin>."
    )
