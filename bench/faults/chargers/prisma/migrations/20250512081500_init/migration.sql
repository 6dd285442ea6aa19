-- CreateEnum
CREATE TYPE "ConnectorState" AS ENUM ('free', 'busy', 'broken');

-- CreateTable
CREATE TABLE "drivers" (
    "id" SERIAL NOT NULL,
    "phone" TEXT NOT NULL,
    "credit_cents" INTEGER NOT NULL DEFAULT 0,
    "starts" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "drivers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "top_ups" (
    "id" SERIAL NOT NULL,
    "intent_id" TEXT NOT NULL,
    "driver_id" INTEGER NOT NULL,
    "cents" INTEGER NOT NULL,

    CONSTRAINT "top_ups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "connectors" (
    "id" SERIAL NOT NULL,
    "station" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "state" "ConnectorState" NOT NULL DEFAULT 'free',
    "uses" INTEGER NOT NULL DEFAULT 0,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "revision" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "connectors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "connector_id" INTEGER NOT NULL,
    "driver_id" INTEGER NOT NULL,
    "watt_hours" INTEGER NOT NULL DEFAULT 0,
    "meter_number" INTEGER NOT NULL DEFAULT 0,
    "ended_at" TIMESTAMP(3),
    "billed" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "drivers_phone_key" ON "drivers"("phone");

-- CreateIndex
CREATE UNIQUE INDEX "top_ups_intent_id_key" ON "top_ups"("intent_id");

-- CreateIndex
CREATE UNIQUE INDEX "connectors_station_number_key" ON "connectors"("station", "number");

-- AddForeignKey
ALTER TABLE "top_ups" ADD CONSTRAINT "top_ups_driver_id_fkey" FOREIGN KEY ("driver_id") REFERENCES "drivers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_connector_id_fkey" FOREIGN KEY ("connector_id") REFERENCES "connectors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_driver_id_fkey" FOREIGN KEY ("driver_id") REFERENCES "drivers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
