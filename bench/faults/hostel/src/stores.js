import knexFactory from 'knex';
import PgBoss from 'pg-boss';

export const knex = knexFactory({ client: 'pg', connection: process.env.DATABASE_URL });
export const boss = new PgBoss(process.env.DATABASE_URL);
