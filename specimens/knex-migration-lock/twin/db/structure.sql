CREATE TABLE plans (
  name text PRIMARY KEY,
  price integer NOT NULL,
  seats integer
);

CREATE TABLE subscriptions (
  id serial PRIMARY KEY,
  customer text NOT NULL,
  plan text NOT NULL REFERENCES plans (name),
  renews_at timestamptz NOT NULL DEFAULT now() + interval '1 month'
);

CREATE TABLE knex_migrations (
  id serial PRIMARY KEY,
  name varchar(255),
  batch integer,
  migration_time timestamptz
);

CREATE TABLE knex_migrations_lock (
  index serial PRIMARY KEY,
  is_locked integer
);

INSERT INTO knex_migrations (name, batch, migration_time)
VALUES ('20210804090000_plans_and_subscriptions.js', 1, '2021-08-04 09:12:44Z');

INSERT INTO knex_migrations_lock (is_locked) VALUES (0);

INSERT INTO plans (name, price) VALUES ('starter', 900), ('team', 2900);
