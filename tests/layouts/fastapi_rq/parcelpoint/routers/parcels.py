from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcelpoint.database import get_session
from parcelpoint.models import Parcel
from parcelpoint.schemas import ParcelView

router = APIRouter()


@router.get("/{code}")
def show_parcel(code: str, session: Session = Depends(get_session)) -> ParcelView:
    parcel = session.scalar(select(Parcel).where(Parcel.code == code))
    if parcel is None:
        raise HTTPException(404, f"no parcel {code}")
    return ParcelView(code=parcel.code, depot=parcel.depot)
