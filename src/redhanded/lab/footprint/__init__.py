"""What a message reads and writes: rows of tables, keys of Redis."""

from __future__ import annotations

from redhanded.lab.footprint.builtins import CHANNEL
from redhanded.lab.footprint.catalogue import (
    CATALOGUE_QUERY,
    UNKNOWN,
    Catalogue,
    read_catalogue,
)
from redhanded.lab.footprint.keys import KeySpecifications, located, located_key, pattern
from redhanded.lab.footprint.queries import resource_name
from redhanded.lab.footprint.shape import ANYTHING
from redhanded.lab.footprint.sql import Footprint, fingerprint, footprint, footprints

__all__ = [
    "ANYTHING",
    "CATALOGUE_QUERY",
    "CHANNEL",
    "UNKNOWN",
    "Catalogue",
    "Footprint",
    "KeySpecifications",
    "fingerprint",
    "footprint",
    "footprints",
    "located",
    "located_key",
    "pattern",
    "read_catalogue",
    "resource_name",
]
