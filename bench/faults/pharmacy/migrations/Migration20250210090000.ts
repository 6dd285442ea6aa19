import { Migration } from '@mikro-orm/migrations';

export class Migration20250210090000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(
      `create table "batches" ("id" serial primary key, "drug" varchar(255) not null, "lot" varchar(255) not null, "units" int not null default 0, "scans" int not null default 0, "notes" jsonb null, "version" int not null default 1);`,
    );
    this.addSql(`alter table "batches" add constraint "batches_drug_lot_unique" unique ("drug", "lot");`);
    this.addSql(
      `create table "patients" ("id" serial primary key, "insurance_number" varchar(255) not null, "credit_cents" int not null default 0);`,
    );
    this.addSql(`alter table "patients" add constraint "patients_insurance_number_unique" unique ("insurance_number");`);
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "patients" cascade;`);
    this.addSql(`drop table if exists "batches" cascade;`);
  }
}
