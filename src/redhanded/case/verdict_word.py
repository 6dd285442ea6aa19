"""How sure it is what caused a failure."""

from __future__ import annotations

from typing import Literal

VerdictWord = Literal["CONFIRMED", "REFUTED", "UNDECIDED"]
