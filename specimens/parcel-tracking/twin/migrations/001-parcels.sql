CREATE TABLE parcels (
    tracking_number text PRIMARY KEY,
    carrier text NOT NULL,
    status text NOT NULL,
    scanned_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE scans (
    scan_id text PRIMARY KEY,
    tracking_number text NOT NULL,
    status text NOT NULL,
    place text,
    scanned_at timestamptz NOT NULL
);

CREATE INDEX scans_by_parcel ON scans (tracking_number, scanned_at);
