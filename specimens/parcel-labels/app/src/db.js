'use strict';

const { Pool } = require('pg');
const { databaseUrl } = require('./config');

const pool = new Pool({ connectionString: databaseUrl, max: 5 });

async function keepParcel({ parcel, weightGrams, country }) {
  await pool.query(
    `INSERT INTO parcels (id, weight_grams, country) VALUES ($1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET weight_grams = excluded.weight_grams`,
    [parcel, weightGrams, country],
  );
}

async function keepLabel(parcel, label) {
  await pool.query(
    'INSERT INTO labels (parcel_id, tracking, price_cents) VALUES ($1, $2, $3)',
    [parcel, label.tracking, label.priceCents],
  );
}

module.exports = { pool, keepParcel, keepLabel };
