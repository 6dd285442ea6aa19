from campsite.database import db
from campsite.models import Guest, Payment


def book(reference, guest_id, cents):
    with db.atomic():
        made = (
            Payment.insert(reference=reference, guest=guest_id, cents=cents)
            .on_conflict_ignore()
            .returning(Payment.id)
            .execute()
        )
        if not list(made):
            return
        Guest.update(balance=Guest.balance + cents).where(Guest.id == guest_id).execute()


def advance(reference, state, step):
    Payment.update(state=state, step=step).where(Payment.reference == reference, Payment.step < step).execute()
