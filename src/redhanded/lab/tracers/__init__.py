"""Which source line sent a message: preloads for the processes, and the reader of what they say.

The preload that keeps a process on the lab's clock comes the same way.
"""

from __future__ import annotations

from redhanded.lab.tracers.preloads import clock_environment, environment
from redhanded.lab.tracers.reader import TraceReader

__all__ = ["TraceReader", "clock_environment", "environment"]
