-- pg_dump --schema-only --no-owner tax_rules
CREATE TABLE public.knex_migrations (
    id serial PRIMARY KEY,
    name character varying(255),
    batch integer,
    migration_time timestamp with time zone
);

CREATE TABLE public.knex_migrations_lock (
    index serial PRIMARY KEY,
    is_locked integer
);

CREATE TABLE public.rules (
    country character(2) NOT NULL,
    goods text NOT NULL,
    percent numeric(4, 1) NOT NULL,
    PRIMARY KEY (country, goods)
);
