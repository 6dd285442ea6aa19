CREATE TABLE parcels (
  id text PRIMARY KEY,
  weight_grams integer NOT NULL,
  country text NOT NULL,
  packed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE labels (
  id bigserial PRIMARY KEY,
  parcel_id text NOT NULL UNIQUE REFERENCES parcels (id),
  tracking text NOT NULL,
  price_cents integer NOT NULL,
  bought_at timestamptz NOT NULL DEFAULT now()
);
