CREATE TABLE garages (
    id serial PRIMARY KEY,
    name text NOT NULL,
    free integer NOT NULL
);

CREATE TABLE stays (
    id serial PRIMARY KEY,
    garage_id integer NOT NULL REFERENCES garages,
    plate text NOT NULL,
    ticket text NOT NULL UNIQUE,
    ended_at timestamptz
);

CREATE UNIQUE INDEX stays_one_per_plate ON stays (garage_id, plate);

CREATE TABLE accounts (
    plate text PRIMARY KEY,
    cents integer NOT NULL DEFAULT 0
);

CREATE TABLE deposits (
    deposit_id text PRIMARY KEY,
    state text NOT NULL DEFAULT 'new',
    moment bigint NOT NULL DEFAULT 0
);
