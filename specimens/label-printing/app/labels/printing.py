"""What the workers do: one label after the other, as fast as the printer takes them."""

import time

from rq import get_current_job

from labels import settings


def print_labels(shipment: str, count: int) -> int:
    job = get_current_job()
    for number in range(1, count + 1):
        feed(f"{shipment} {number}/{count}")
        job.meta["printed"] = number
        job.save_meta()
    return count


def feed(text: str) -> None:
    """The printer has no queue of its own: it takes the next label once it has cut the last."""
    print(f"printed {text}", flush=True)
    time.sleep(settings.PRINTER_S_PER_LABEL)
