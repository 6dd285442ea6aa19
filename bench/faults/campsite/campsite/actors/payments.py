import dramatiq

from campsite.services import payments


@dramatiq.actor(max_retries=20, min_backoff=1000)
def book_payment(reference, guest_id, cents):
    payments.book(reference, guest_id, cents)
