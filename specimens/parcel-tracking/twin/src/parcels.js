'use strict';

const { pool } = require('./postgres');
const { log } = require('./log');

/** Keeps a scan of a carrier and moves the parcel to what it says. */
async function record(scan) {
  const kept = await pool.query(
    `INSERT INTO scans (scan_id, tracking_number, status, place, scanned_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (scan_id) DO NOTHING`,
    [scan.scanId, scan.trackingNumber, scan.status, scan.place, scan.scannedAt],
  );
  if (kept.rowCount === 0) {
    log(`scan ${scan.scanId} was sent before`);
    return;
  }
  const before = await statusOf(scan.trackingNumber);
  if (!(await move(scan))) {
    log(`parcel ${scan.trackingNumber} is past ${scan.status}`);
    return;
  }
  log(`parcel ${scan.trackingNumber}: ${before || 'new'} -> ${scan.status}`);
}

async function statusOf(trackingNumber) {
  const { rows } = await pool.query('SELECT status FROM parcels WHERE tracking_number = $1', [
    trackingNumber,
  ]);
  return rows.length > 0 ? rows[0].status : null;
}

async function move({ trackingNumber, carrier, status, scannedAt }) {
  const { rowCount } = await pool.query(
    `INSERT INTO parcels (tracking_number, carrier, status, scanned_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tracking_number)
     DO UPDATE SET status = EXCLUDED.status, scanned_at = EXCLUDED.scanned_at, updated_at = now()
     WHERE parcels.scanned_at < EXCLUDED.scanned_at`,
    [trackingNumber, carrier, status, scannedAt],
  );
  return rowCount > 0;
}

module.exports = { record };
