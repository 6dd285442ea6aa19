import dramatiq
import httpx

from campsite.config import Config
from campsite.models import Guest, Stay


@dramatiq.actor(max_retries=5, time_limit=60_000)
def confirm(stay_id):
    stay = Stay.select(Stay, Guest).join(Guest).where(Stay.id == stay_id).get()
    if stay.confirmed:
        return
    answer = httpx.post(
        f"{Config.MAIL_URL}/messages",
        json={"to": stay.guest.email, "text": f"See you on {stay.night}: {stay.code}"},
        headers={"Idempotency-Key": f"confirm-{stay.code}"},
        timeout=10,
    )
    answer.raise_for_status()
    Stay.update(confirmed=True).where(Stay.id == stay_id).execute()
