CREATE TABLE "articles" (
    "id" SERIAL NOT NULL,
    "sku" TEXT NOT NULL,
    "stock" INTEGER NOT NULL DEFAULT 0,
    "views" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,
    "tags" JSONB NOT NULL DEFAULT '[]',
    CONSTRAINT "articles_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "parcels" (
    "id" SERIAL NOT NULL,
    "article_id" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'packed',
    "state_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "parcels_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "dealers" (
    "id" SERIAL NOT NULL,
    "vat_id" TEXT NOT NULL,
    "balance" INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT "dealers_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "carrier_events" (
    "id" SERIAL NOT NULL,
    "event_id" TEXT NOT NULL,
    CONSTRAINT "carrier_events_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "articles_sku_key" ON "articles"("sku");
CREATE UNIQUE INDEX "parcels_label_key" ON "parcels"("label");
CREATE UNIQUE INDEX "dealers_vat_id_key" ON "dealers"("vat_id");
CREATE UNIQUE INDEX "carrier_events_event_id_key" ON "carrier_events"("event_id");
