-- Gravitee's metrics in JSON, versions 2 and 4: one row per request; lines that index for Elasticsearch are left out.
-- Export: the file reporter with output json or elasticsearch, its files metrics-* as they are, named *.json or *.jsonl.
-- Switch on: a plan with a key, JWT or OAuth2 on every API that partners call; calls of a keyless plan have no key.
-- Key: the application, looked up in `keys`; application 1 stands for none.
-- Environment: its id, if it is called production or sandbox; else say `set = { environment = "production" }`.
--| keys = [["applicationId", "application-id", "application"]]
--| hint = "Gravitee: give every API a plan with a key, JWT or OAuth2, and name the environment of these files with set."
--| required = ["timestamp", "status"]
--| optional = ["requestId", "apiName", "environmentId", "applicationId", "httpMethod", "mappedPath", "uri", "index"]
--| [aliases]
--| timestamp = ["@timestamp"]
--| requestId = ["request-id", "id", "transaction"]
--| apiName = ["api-name"]
--| environmentId = ["env-id"]
--| applicationId = ["application-id", "application"]
--| httpMethod = ["http-method", "method"]
--| mappedPath = ["mapped-path"]
select
    if(
        regexp_full_match("timestamp", '\d+'),
        make_timestamp(try_cast("timestamp" as bigint) * 1000) at time zone 'UTC',
        try_cast("timestamp" as timestamptz)
    ) as called_at,
    nullif("applicationId", '1') as api_key,
    if(lower("environmentId") in ('production', 'sandbox'), lower("environmentId"), null) as environment,
    "status",
    "apiName" as product,
    coalesce(
        ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'][try_cast("httpMethod" as integer)],
        "httpMethod"
    ) || ' ' || regexp_replace(coalesce(nullif("mappedPath", ''), "uri"), '\?.*', '') as operation,
    "requestId" as request_id,
    source,
    source_row
from raw
where "index" is null
