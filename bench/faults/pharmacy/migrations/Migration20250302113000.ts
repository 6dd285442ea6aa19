import { Migration } from '@mikro-orm/migrations';

export class Migration20250302113000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(
      `create table "orders" ("id" serial primary key, "code" varchar(255) not null, "prescription" varchar(255) not null, "patient_id" int not null, "batch_id" int not null, "units" int not null, "state" text check ("state" in ('placed', 'sent', 'refunded')) not null default 'placed', "sent_at" timestamptz null);`,
    );
    this.addSql(`create index "orders_state_index" on "orders" ("state");`);
    this.addSql(`alter table "orders" add constraint "orders_code_unique" unique ("code");`);
    this.addSql(`alter table "orders" add constraint "orders_prescription_unique" unique ("prescription");`);
    this.addSql(
      `create table "claims" ("id" serial primary key, "insurer_reference" varchar(255) not null, "patient_id" int not null, "cents" int not null, "status" varchar(255) not null default 'received', "revision" int not null default 0);`,
    );
    this.addSql(`alter table "claims" add constraint "claims_insurer_reference_unique" unique ("insurer_reference");`);
    this.addSql(
      `alter table "orders" add constraint "orders_patient_id_foreign" foreign key ("patient_id") references "patients" ("id") on update cascade;`,
    );
  }
}
