CREATE TABLE tariffs (
  name text PRIMARY KEY,
  cents integer NOT NULL
);
INSERT INTO tariffs (name, cents) VALUES ('standard', 2500), ('premiere', 4800);

CREATE TABLE prices (
  show text PRIMARY KEY,
  cents integer NOT NULL,
  set_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE bookings (
  id bigserial PRIMARY KEY,
  show text NOT NULL,
  seats integer NOT NULL,
  email text NOT NULL,
  total_cents integer NOT NULL,
  booked_at timestamptz NOT NULL DEFAULT now()
);
