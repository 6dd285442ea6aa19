from tortoise import BaseDBAsyncClient


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "members" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "email" VARCHAR(200) NOT NULL UNIQUE,
    "credit_cents" INT NOT NULL DEFAULT 0,
    "boxes" INT NOT NULL DEFAULT 0,
    "wishes" JSONB NOT NULL,
    "revision" INT NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS "crops" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(80) NOT NULL UNIQUE,
    "kilos" INT NOT NULL,
    "cents" INT NOT NULL,
    "sold" INT NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS "boxes" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "code" VARCHAR(40) NOT NULL UNIQUE,
    "week" VARCHAR(8) NOT NULL,
    "kilos" INT NOT NULL,
    "packed" BOOL NOT NULL DEFAULT False,
    "crop_id" INT NOT NULL REFERENCES "crops" ("id") ON DELETE CASCADE,
    "member_id" INT NOT NULL REFERENCES "members" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_boxes_member__5f1c0e" UNIQUE ("member_id", "week")
);
CREATE TABLE IF NOT EXISTS "trucks" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "plate" VARCHAR(16) NOT NULL UNIQUE,
    "state" VARCHAR(16) NOT NULL DEFAULT 'parked',
    "sequence" INT NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS "aerich" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "version" VARCHAR(255) NOT NULL,
    "app" VARCHAR(100) NOT NULL,
    "content" JSONB NOT NULL
);"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        """
