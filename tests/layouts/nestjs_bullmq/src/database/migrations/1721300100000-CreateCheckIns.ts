import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCheckIns1721300100000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "check_in" (
        "id" SERIAL PRIMARY KEY,
        "member_id" integer NOT NULL REFERENCES "member" ("id"),
        "gate" character varying NOT NULL,
        "at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE "check_in"');
  }
}
