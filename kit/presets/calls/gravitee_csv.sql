-- Gravitee's metrics in CSV, versions 2 and 4: one row per request. The files have no header: columns go by place.
-- Export: the file reporter with output csv, its files metrics-* as they are, named *.csv.
-- Switch on: a plan with a key, JWT or OAuth2 on every API that partners call; calls of a keyless plan have no key.
-- Key: the application, looked up in `keys`; application 1 stands for none.
-- Environment: its id, if it is called production or sandbox; else say `set = { environment = "production" }`.
--| recognise = '^"[^"]*";"[^"]*";\d{13};"'
--| hint = "Gravitee: give every API a plan with a key, JWT or OAuth2, and name the environment of these files with set."
--| header = false
--| delimiter = ";"
--| names = ["transaction_id", "request_id", "time", "remote", "local", "api_id", "api_name", "org_id", "env_id", "application_id", "plan_id", "subscription_id", "user", "tenant", "uri", "path_info", "mapped_path", "method", "status"]
--| required = ["request_id", "time", "api_name", "env_id", "application_id", "uri", "mapped_path", "method", "status"]
select
    make_timestamp(try_cast("time" as bigint) * 1000) at time zone 'UTC' as called_at,
    nullif("application_id", '1') as api_key,
    if(lower("env_id") in ('production', 'sandbox'), lower("env_id"), null) as environment,
    "status",
    "api_name" as product,
    "method" || ' ' || regexp_replace(coalesce(nullif("mapped_path", ''), "uri"), '\?.*', '') as operation,
    "request_id",
    source,
    source_row
from raw
