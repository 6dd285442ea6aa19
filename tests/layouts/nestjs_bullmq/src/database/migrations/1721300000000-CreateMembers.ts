import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMembers1721300000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "member" (
        "id" SERIAL PRIMARY KEY,
        "badge" character varying NOT NULL,
        "visits" integer NOT NULL DEFAULT 0,
        "last_gate" character varying
      )`);
    await queryRunner.query(
      'ALTER TABLE "member" ADD CONSTRAINT "UQ_member_badge" UNIQUE ("badge")',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE "member"');
  }
}
