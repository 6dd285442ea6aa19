"""The mechanisms as rules over the events of a program: one file each, one line in `RULES`."""

from redhanded.hunt.suspect.rules import (
    check_then_create,
    missing_job_deduplication,
    read_modify_write,
    retry_of_non_idempotent_job,
    webhook_without_idempotency,
)
from redhanded.hunt.suspect.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    check_then_create,
    missing_job_deduplication,
    read_modify_write,
    retry_of_non_idempotent_job,
    webhook_without_idempotency,
)
