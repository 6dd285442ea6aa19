from fastapi import APIRouter, Depends, HTTPException, status
from sqlalchemy.orm import Session

from parcelpoint import jobs
from parcelpoint.database import get_session
from parcelpoint.models import Depot
from parcelpoint.queue import scans
from parcelpoint.schemas import Scan

router = APIRouter()


@router.post("", status_code=status.HTTP_202_ACCEPTED)
def receive_scan(scan: Scan, session: Session = Depends(get_session)) -> dict[str, str]:
    if session.get(Depot, scan.depot) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no depot {scan.depot}")
    scans.enqueue(jobs.record_scan, scan.code, scan.depot)
    return {"code": scan.code, "status": "queued"}
