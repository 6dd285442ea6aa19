"""Names that the reader and the writer of ``redhanded.toml`` share."""

from __future__ import annotations

FILE_NAME = "redhanded.toml"

KINDS_BY_NAME = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "pg": "postgres",
    "redis": "redis",
    "valkey": "redis",
}
"""Service names that say their kind."""

SIGNATURE_SCHEMES = ("stripe", "github", "hmac-sha256")

SERVICE_PLACES = ("url", "host", "port", "user", "password", "db")
"""What ``{…}`` may stand for in a service's ``env``."""

SECURE_SERVICE_PLACES = (*SERVICE_PLACES, "ca")
"""The same of a service with ``tls = true``."""

STUB_PLACES = ("url", "host", "port")
