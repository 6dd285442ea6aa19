"""Heights of the tide from a few harmonic constituents, above chart datum."""

from datetime import datetime, timedelta
from math import cos, radians

HARBOURS = {
    "brest": (4.13, ((2.05, 28.984, 138.5), (0.75, 30.0, 178.0), (0.42, 28.44, 119.0))),
    "heysham": (5.05, ((3.15, 28.984, 325.0), (1.02, 30.0, 8.0), (0.61, 28.44, 301.0))),
    "vlissingen": (2.47, ((1.75, 28.984, 58.0), (0.48, 30.0, 116.0), (0.29, 28.44, 34.0))),
}
EPOCH = datetime(2000, 1, 1)


def heights(harbour: str, day: datetime) -> list[tuple[str, float]]:
    """Every half hour of a day, metres."""
    moments = [day + timedelta(minutes=30 * step) for step in range(48)]
    return [(f"{each:%H:%M}", round(height(harbour, each), 2)) for each in moments]


def height(harbour: str, moment: datetime) -> float:
    mean, constituents = HARBOURS[harbour]
    hours = (moment - EPOCH).total_seconds() / 3600
    return mean + sum(
        amplitude * cos(radians(speed * hours - phase)) for amplitude, speed, phase in constituents
    )
