from pydantic import BaseModel, Field


class Scan(BaseModel):
    code: str = Field(max_length=64)
    depot: str = "north"


class ParcelView(BaseModel):
    code: str
    depot: str
