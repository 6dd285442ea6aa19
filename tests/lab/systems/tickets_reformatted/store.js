const { Pool } = require("pg");

/** One more column is read, and everything is spelled as a mapper of another version spells it. */
const pool = new Pool({
  max: 4,
  connectionString: process.env.TICKETS_DB,
});

const find = (holder) =>
  pool
    .query(
      `SELECT "t"."holder" AS "holder", "t"."id" AS "id"
         FROM "public"."tickets" AS "t"
        WHERE ("t"."holder" = $1::text)
        LIMIT 1`,
      [holder],
    )
    .then((found) => found.rows[0]);

const insert = (holder) =>
  pool
    .query('insert into tickets("holder") values ( $1 ) returning "tickets".*', [holder])
    .then((made) => made.rows[0]);

const viewed = (page) =>
  pool
    .query(
      `select name
            , p.views -- of all days
         from pages p
        where p.name = $1`,
      [page],
    )
    .then((found) =>
      pool.query('UPDATE "pages" /* count */ SET "views"=$2 WHERE "pages"."name"=$1', [
        page,
        found.rows[0].views + 1,
      ]),
    );

module.exports = { find, insert, viewed };
