"""The one tree of errors that redhanded raises on purpose.

A message says what happened, where, and what to do next. The faces (command line, report) print it
as it is; no traceback reaches a user for any of these.
"""

from __future__ import annotations


class RedhandedError(Exception):
    """Anything redhanded refuses or fails at knowingly."""

    exit_code = 2


class UsageError(RedhandedError):
    """The command was called in a way that cannot be carried out."""


class InputError(RedhandedError):
    """A file, a configuration or an address that was given cannot be used."""


class LabError(RedhandedError):
    """The system under test could not be run, or did not behave so that a result can be stated."""

    exit_code = 3


class WireError(LabError):
    """Bytes on a connection that are not the protocol they should be."""
