-- CreateTable
CREATE TABLE "deposits" (
    "id" SERIAL NOT NULL,
    "reference" TEXT NOT NULL,
    "skipper_id" INTEGER NOT NULL,
    "cents" INTEGER NOT NULL,

    CONSTRAINT "deposits_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "deposits_reference_key" ON "deposits"("reference");

-- AddForeignKey
ALTER TABLE "deposits" ADD CONSTRAINT "deposits_skipper_id_fkey" FOREIGN KEY ("skipper_id") REFERENCES "skippers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
