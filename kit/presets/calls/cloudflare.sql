-- Cloudflare's Logpush of HTTP requests, NDJSON: one row per request of a client; a Worker's subrequests are left out.
-- Export: a Logpush job for http_requests with the fields RayID, EdgeStartTimestamp, EdgeResponseStatus,
-- ClientRequestHost, ClientRequestMethod, ClientRequestPath, ParentRayID and WorkerSubrequest; times in any format.
-- Switch on: a custom field for the request header X-Consumer-Id, an id that `keys` knows; never the key itself.
-- Environment: a host whose first name is sandbox, staging, test or dev is the sandbox; for the others say
-- `set = { environment = "production" }`. A job with sample_rate 0.1 counts with `set = { calls = "10" }`.
--| hint = "Cloudflare: add a custom field for the request header X-Consumer-Id to the Logpush job, and set the environment of the hosts."
--| required = ["EdgeStartTimestamp", "EdgeResponseStatus"]
--| optional = ["RayID", "ParentRayID", "WorkerSubrequest", "ClientRequestHost", "ClientRequestMethod", "ClientRequestPath", "Consumer"]
--| [aliases]
--| Consumer = ["RequestHeaders.x-consumer-id", "RequestHeaders.X-Consumer-Id"]
select
    case
        when regexp_full_match("EdgeStartTimestamp", '\d{17,19}')
            then make_timestamp("EdgeStartTimestamp"::bigint // 1000) at time zone 'UTC'
        when regexp_full_match("EdgeStartTimestamp", '\d{9,11}')
            then make_timestamp("EdgeStartTimestamp"::bigint * 1000000) at time zone 'UTC'
        else try_cast("EdgeStartTimestamp" as timestamptz)
    end as called_at,
    "Consumer" as api_key,
    if(regexp_matches(lower("ClientRequestHost"), '^(sandbox|staging|test|dev)[.-]'), 'sandbox', null) as environment,
    "EdgeResponseStatus" as status,
    "ClientRequestHost" as product,
    "ClientRequestMethod" || ' ' || "ClientRequestPath" as operation,
    "RayID" as request_id,
    source,
    source_row
from raw
where "WorkerSubrequest" is distinct from 'true'
    and coalesce("ParentRayID", '') in ('', '00')
