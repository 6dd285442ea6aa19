import httpx
from apscheduler.schedulers.blocking import BlockingScheduler

from campsite.actors.mails import confirm
from campsite.config import Config
from campsite.locks import only_one
from campsite.models import Pitch
from campsite.services import stays

scheduler = BlockingScheduler()


@scheduler.scheduled_job("interval", minutes=10)
def confirm_again():
    for stay_id in stays.unconfirmed():
        confirm.send(stay_id)


@scheduler.scheduled_job("cron", hour=22)
def close_gate():
    with only_one("gate", 600) as mine:
        if not mine:
            return
        tents = [(pitch.name, pitch.tents) for pitch in Pitch.select()]
        httpx.post(f"{Config.GATE_URL}/close", json=tents, timeout=60)


if __name__ == "__main__":
    scheduler.start()
