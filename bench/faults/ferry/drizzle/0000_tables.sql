CREATE TABLE "crossings" ("id" serial PRIMARY KEY NOT NULL, "name" text NOT NULL, "places" integer NOT NULL);
--> statement-breakpoint
CREATE TABLE "passengers" ("id" serial PRIMARY KEY NOT NULL, "card" text NOT NULL, "points" integer DEFAULT 0 NOT NULL, CONSTRAINT "passengers_card_unique" UNIQUE("card"));
--> statement-breakpoint
CREATE TABLE "tickets" ("id" serial PRIMARY KEY NOT NULL, "crossing_id" integer NOT NULL, "passenger_id" integer NOT NULL, "code" text NOT NULL, CONSTRAINT "tickets_code_unique" UNIQUE("code"));
--> statement-breakpoint
CREATE TABLE "notices" ("notice_id" text PRIMARY KEY NOT NULL, "state" text NOT NULL, "tick" bigint NOT NULL);
--> statement-breakpoint
CREATE UNIQUE INDEX "tickets_once" ON "tickets" ("crossing_id","passenger_id");
