-- Up Migration
CREATE TABLE readings (
  id bigserial PRIMARY KEY,
  meter_id bigint NOT NULL REFERENCES meters (id),
  kwh numeric(12, 3) NOT NULL,
  taken_at timestamptz NOT NULL
);
CREATE INDEX readings_by_meter ON readings (meter_id, taken_at);

-- Down Migration
DROP TABLE readings;
