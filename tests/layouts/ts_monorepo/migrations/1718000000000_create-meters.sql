-- Up Migration
CREATE TABLE meters (
  id bigserial PRIMARY KEY,
  serial text NOT NULL,
  reading_count integer NOT NULL DEFAULT 0,
  total_kwh numeric(12, 3) NOT NULL DEFAULT 0,
  last_seen_at timestamptz,
  CONSTRAINT meters_serial_key UNIQUE (serial)
);

-- Down Migration
DROP TABLE meters;
