import { MigrationInterface, QueryRunner } from 'typeorm';

export class Tables1735689600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE cars (
        id SERIAL PRIMARY KEY,
        plate varchar NOT NULL,
        free boolean NOT NULL DEFAULT true,
        mileage integer NOT NULL DEFAULT 0,
        version integer NOT NULL,
        CONSTRAINT cars_plate UNIQUE (plate)
      )`);
    await queryRunner.query(`
      CREATE TABLE rentals (
        id SERIAL PRIMARY KEY,
        car_id integer NOT NULL,
        driver_id integer NOT NULL,
        day varchar NOT NULL,
        code varchar NOT NULL UNIQUE
      )`);
    await queryRunner.query('CREATE UNIQUE INDEX rentals_driver_day ON rentals (driver_id, day)');
    await queryRunner.query(`
      CREATE TABLE wallets (
        id SERIAL PRIMARY KEY,
        driver_id integer NOT NULL UNIQUE,
        cents integer NOT NULL DEFAULT 0
      )`);
    await queryRunner.query(`
      CREATE TABLE top_ups (
        id SERIAL PRIMARY KEY,
        charge_id varchar NOT NULL UNIQUE,
        state varchar NOT NULL,
        serial bigint NOT NULL DEFAULT 0
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE top_ups, wallets, rentals, cars');
  }
}
