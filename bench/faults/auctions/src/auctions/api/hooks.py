from __future__ import annotations

import json
from datetime import datetime

from fastapi import APIRouter

from auctions.api.dependencies import Jobs, Signed, Work

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post("/deposits", status_code=202)
async def deposit(body: Signed, jobs: Jobs) -> None:
    event = json.loads(body)
    await jobs.enqueue_job(
        "book_deposit", event["id"], event["account"], event["cents"], _job_id=f"deposit-{event['id']}"
    )


@router.post("/shipments", status_code=204)
async def shipment(body: Signed, work: Work) -> None:
    event = json.loads(body)
    async with work:
        await work.shipments.moved(event["tracking"], event["status"], datetime.fromisoformat(event["at"]))
        await work.commit()
