"""What the source shows and what ran, in sentences."""

from __future__ import annotations

from redhanded.case.overlay import Laid, Overlay

SHOWN_MAX = 40
UNSEEN = "Ran, and was not seen in the source"
IDLE = "Seen in the source, and did not run in the order that failed"


def summary(overlay: Overlay) -> str:
    """One sentence for the whole."""
    entries = ", ".join(overlay.entries)
    blind = (
        f"; of {overlay.without_line} operations the line is not known"
        if overlay.without_line
        else ""
    )
    return (
        f"The source of {entries} laid over the run that failed: {_calls(overlay.met)} read and "
        f"ran, {_calls(len(overlay.seen_idle))} read and did not run, {_sent(overlay)}{blind}."
    )


def parts(overlay: Overlay) -> tuple[tuple[str, tuple[Laid, ...]], ...]:
    """Titles and their lines, at most ``SHOWN_MAX`` each; without those that have none."""
    both = ((UNSEEN, overlay.ran_unseen), (IDLE, overlay.seen_idle))
    return tuple((title, lines[:SHOWN_MAX]) for title, lines in both if lines)


def _sent(overlay: Overlay) -> str:
    lines = len({one.location for one in overlay.ran_unseen})
    return f"{lines} line{'' if lines == 1 else 's'} sent what was not read"


def _calls(number: int) -> str:
    return f"{number} call was" if number == 1 else f"{number} calls were"
