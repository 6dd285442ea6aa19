-- CreateTable
CREATE TABLE "berths" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "free_metres" INTEGER NOT NULL,
    "boats" INTEGER NOT NULL DEFAULT 0,
    "rules" JSONB NOT NULL DEFAULT '{}',
    "revision" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "berths_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "skippers" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "balance_cents" INTEGER NOT NULL DEFAULT 0,
    "nights" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "skippers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bookings" (
    "id" SERIAL NOT NULL,
    "code" TEXT NOT NULL,
    "berth_id" INTEGER NOT NULL,
    "skipper_id" INTEGER NOT NULL,
    "night" TEXT NOT NULL,
    "metres" INTEGER NOT NULL,
    "gate_open" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "bookings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "passages" (
    "id" SERIAL NOT NULL,
    "vessel" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'announced',
    "number" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "passages_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "berths_name_key" ON "berths"("name");

-- CreateIndex
CREATE UNIQUE INDEX "skippers_email_key" ON "skippers"("email");

-- CreateIndex
CREATE UNIQUE INDEX "bookings_code_key" ON "bookings"("code");

-- CreateIndex
CREATE UNIQUE INDEX "bookings_skipper_id_night_key" ON "bookings"("skipper_id", "night");

-- CreateIndex
CREATE UNIQUE INDEX "passages_vessel_key" ON "passages"("vessel");

-- AddForeignKey
ALTER TABLE "bookings" ADD CONSTRAINT "bookings_berth_id_fkey" FOREIGN KEY ("berth_id") REFERENCES "berths"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bookings" ADD CONSTRAINT "bookings_skipper_id_fkey" FOREIGN KEY ("skipper_id") REFERENCES "skippers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
