import { bigint, integer, pgTable, serial, text, uniqueIndex } from 'drizzle-orm/pg-core';

export const crossings = pgTable('crossings', {
  id: serial('id').primaryKey(),
  name: text('name').notNull(),
  places: integer('places').notNull(),
});

export const passengers = pgTable('passengers', {
  id: serial('id').primaryKey(),
  card: text('card').notNull().unique(),
  points: integer('points').notNull().default(0),
});

export const tickets = pgTable('tickets', {
  id: serial('id').primaryKey(),
  crossingId: integer('crossing_id').notNull(),
  passengerId: integer('passenger_id').notNull(),
  code: text('code').notNull().unique(),
}, (table) => [uniqueIndex('tickets_once').on(table.crossingId, table.passengerId)]);

export const notices = pgTable('notices', {
  noticeId: text('notice_id').primaryKey(),
  state: text('state').notNull(),
  tick: bigint('tick', { mode: 'number' }).notNull(),
});
