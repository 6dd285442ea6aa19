"""Moving articles from bin to bin."""

import logging

from django.db import transaction

from stock.models import Move, Shelf

log = logging.getLogger("stock.moving")


class TooFew(Exception):
    pass


def shelf(place: str, article: str) -> Shelf:
    """Bins are put on record when somebody first uses them."""
    found, _ = Shelf.objects.get_or_create(bin=place, article=article)
    return found


def move(article: str, source: str, target: str, quantity: int) -> Move:
    shelf(source, article)
    shelf(target, article)
    with transaction.atomic():
        from_shelf = Shelf.objects.select_for_update().get(bin=source, article=article)
        if from_shelf.quantity < quantity:
            raise TooFew(f"only {from_shelf.quantity} of {article} in {source}")
        to_shelf = Shelf.objects.select_for_update().get(bin=target, article=article)
        from_shelf.quantity -= quantity
        from_shelf.save(update_fields=["quantity"])
        to_shelf.quantity += quantity
        to_shelf.save(update_fields=["quantity"])
        made = Move.objects.create(article=article, source=source, target=target, quantity=quantity)
    log.info("%d of %s from %s to %s", quantity, article, source, target)
    return made
