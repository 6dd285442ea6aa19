CREATE TABLE accounts (
  id serial PRIMARY KEY,
  mail text NOT NULL UNIQUE,
  code text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE attempts (
  id serial PRIMARY KEY,
  mail text NOT NULL,
  device text,
  accepted boolean NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX attempts_by_mail ON attempts (mail, at);
