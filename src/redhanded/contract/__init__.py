"""``redhanded.toml``: how the system under test is run, what the world sends it, what goes wrong.

``read`` turns the file into a ``System``; ``guess`` writes a first one for a project without.
"""

from __future__ import annotations

from redhanded.contract.names import FILE_NAME
from redhanded.contract.reading import read

__all__ = ["FILE_NAME", "read"]
