"""A program whose output depends on the port it talks to."""

from __future__ import annotations

import os
import sys

sys.stdout.write(os.environ["DATABASE_URL"] + "\n")
