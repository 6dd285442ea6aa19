CREATE TABLE statements (
  meter text NOT NULL,
  number integer NOT NULL,
  watt_hours integer NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (meter, number)
);
