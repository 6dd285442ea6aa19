"""All families of questions, one line each."""

from __future__ import annotations

from redhanded.logs.difference.attributes import attributes
from redhanded.logs.difference.counts import counts, repetitions
from redhanded.logs.difference.joins import alone, disagreements
from redhanded.logs.difference.latency import latencies
from redhanded.logs.difference.missing import missing
from redhanded.logs.difference.order import orders
from redhanded.logs.difference.questions import Family

FAMILIES: tuple[Family, ...] = (
    counts,
    repetitions,
    missing,
    orders,
    latencies,
    alone,
    disagreements,
    attributes,
)
