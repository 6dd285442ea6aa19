"""The mechanisms as rules over the events of a program: one file each, one line in `RULES`."""

from redhanded.hunt.suspect.rules import (
    check_then_create,
    create_without_unique_constraint,
    find_or_create_without_unique_index,
    id_collision,
    job_enqueued_before_commit,
    missing_job_deduplication,
    model_unique_not_migrated,
    out_of_order_event_applied,
    read_modify_write,
    retry_of_non_idempotent_job,
    row_committed_enqueue_lost,
    webhook_without_idempotency,
)
from redhanded.hunt.suspect.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    missing_job_deduplication,
    webhook_without_idempotency,
    check_then_create,
    create_without_unique_constraint,
    model_unique_not_migrated,
    find_or_create_without_unique_index,
    job_enqueued_before_commit,
    row_committed_enqueue_lost,
    retry_of_non_idempotent_job,
    out_of_order_event_applied,
    id_collision,
    read_modify_write,
)
