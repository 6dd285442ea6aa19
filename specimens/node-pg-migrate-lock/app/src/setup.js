const database = require('./database');

database.query(`
  CREATE TABLE workspaces (
    name text PRIMARY KEY,
    plan text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now()
  )
`).then(() => database.end());
