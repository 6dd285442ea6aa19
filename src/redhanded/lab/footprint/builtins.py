"""Functions of PostgreSQL that write no table, by name.

Used where the database's own list of functions is not at hand. A name that is missing here costs
precision only: its caller is then taken to write anything.
"""

from __future__ import annotations

ADVISORY = "advisory lock"
"""Resource of ``pg_advisory_lock`` and its relatives; columns of the row: ``key 1``, ``key 2``."""

CHANNEL = "channel"
"""Resource of ``NOTIFY``; the row's column is ``name``."""

DEFINITIONS = "definitions"
"""Resource of what ``information_schema`` tells and a definition of a table changes; columns of
the row: ``table_schema``, ``table_name``."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def is_builtin(name: str) -> bool:
    """Whether an unqualified function name, lower case, is a known built-in without writes."""
    return name in _NAMES or name.startswith(_PREFIXES)


def is_advisory_lock(name: str) -> bool:
    """Whether it takes or gives back an advisory lock."""
    return name.startswith(("pg_advisory_", "pg_try_advisory_"))


_PREFIXES = (
    "array_", "bit_", "bool_", "current_", "date_", "encode", "format_", "gin_", "has_", "hash",
    "inet_",
    "json_", "jsonb_", "make_", "pg_get_", "pg_is_", "pg_stat_", "pg_size_", "pg_table_",
    "pg_total_", "pg_typeof", "pg_column_", "pg_relation_", "pg_database_", "pg_encoding_",
    "pg_snapshot_", "pg_current_", "pg_last_", "pg_postmaster_", "pg_sleep", "pg_backend_",
    "pg_blocking_", "pg_input_", "pg_describe_", "pg_identify_", "pg_index_", "pg_my_", "range_",
    "regexp_", "regr_", "row_to_", "session_", "sha", "st_", "string_", "strict_word_", "stddev",
    "to_", "ts_", "tsquery_", "tsvector_", "txid_", "uuid_", "uuidv", "var_", "websearch_",
    "word_similarity", "xml",
)  # fmt: skip

_NAMES = _words(
    """
    abs acos age any_value ascii asin atan atan2 avg btrim cardinality cbrt ceil ceiling
    char_length character_length chr clock_timestamp coalesce col_description concat concat_ws
    convert convert_from convert_to corr cos cot count covar_pop covar_samp crypt cume_dist
    currval daterange decode degrees dense_rank digest div enum_first enum_last enum_range every
    exp extract factorial first_value floor format gcd gen_random_bytes gen_random_uuid gen_salt
    generate_series generate_subscripts greatest hmac host hstore initcap int4range int8range
    int4multirange int8multirange isempty isfinite jsonb justify_days justify_hours
    justify_interval lag last_value lastval lcm lead least left length like_escape ln
    localtime localtimestamp log log10 lower lower_inc lower_inf lpad ltrim mask masklen max md5
    min mod mode netmask network nextval normalize now nth_value ntile nullif num_nonnulls
    num_nulls numnode numrange obj_description octet_length overlay parse_ident percent_rank
    percentile_cont percentile_disc pi plainto_tsquery phraseto_tsquery position power querytree
    quote_ident quote_literal quote_nullable radians rank random random_normal repeat replace
    reverse right round row row_number rpad rtrim scale set_bit set_byte set_config setseed
    setval setweight shobj_description sign similarity sin split_part sqrt starts_with
    statement_timestamp strip strpos substr substring sum tan text timeofday timezone
    transaction_timestamp translate trim trim_scale trunc tsrange tstzrange unistr unnest upper
    upper_inc upper_inf user version width_bucket broadcast family abbrev set_masklen
    array any all some values exists cast grouping isnull notnull unaccent immutable_unaccent
    show_trgm show_limit lquery ltree nlevel subpath subltree earth_distance ll_to_earth
    digest_text bigint int integer numeric float8 float4 int4 int8 int2 bool boolean date
    timestamp timestamptz time interval uuid varchar char regclass regtype oid
    """
)
