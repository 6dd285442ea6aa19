"""Which source line sent a message: preloads for the processes, and the reader of what they say."""

from __future__ import annotations

from redhanded.lab.tracers.preloads import environment
from redhanded.lab.tracers.reader import TraceReader

__all__ = ["TraceReader", "environment"]
