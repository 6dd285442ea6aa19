CREATE TABLE handovers (
  id serial PRIMARY KEY,
  invoice text NOT NULL,
  recipient text NOT NULL,
  worker text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
