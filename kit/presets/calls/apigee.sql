-- Apigee's analytics export: one row per request that reached a proxy.
-- Export: the asynchronous data export to Cloud Storage, CSV or JSON lines, with the dimensions named below. A file
-- delimited by | or tabs needs `delimiter`; times without offset are in `timezone`, or as `dates` says.
-- Switch on: a VerifyAPIKey or OAuthV2 policy in every proxy that partners call, or no call has a client_id.
-- Key: the app's consumer key, looked up in `keys`; "(not set)" is none. Product: the proxy.
-- Environment: one that begins with prod is production; sandbox, test, dev and staging are the sandbox.
--| hint = "Apigee: put a VerifyAPIKey or OAuthV2 policy in every proxy, and export the dimensions environment and client_id."
--| required = ["client_received_start_timestamp", "response_status_code", "client_id", "environment"]
--| optional = ["apiproxy", "request_verb", "request_path", "gateway_flow_id"]
with named as (
    select
        nullif("client_received_start_timestamp", '(not set)') as received_at,
        nullif(nullif("client_id", '(not set)'), 'null') as client_id,
        lower("environment") as environment,
        nullif(nullif("response_status_code", '(not set)'), 'null') as status,
        nullif("apiproxy", '(not set)') as apiproxy,
        nullif("request_verb", '(not set)') as verb,
        nullif("request_path", '(not set)') as path,
        nullif("gateway_flow_id", '(not set)') as flow_id,
        source,
        source_row
    from raw
)

select
    -- Milliseconds since 1970, or text as it is.
    if(
        regexp_full_match(received_at, '\d{13}'),
        make_timestamp(try_cast(received_at as bigint) * 1000)::varchar || 'Z',
        received_at
    ) as called_at,
    client_id as api_key,
    case
        when environment like 'prod%' then 'production'
        when regexp_matches(environment, '^(sandbox|test|dev|staging)') then 'sandbox'
    end as environment,
    status,
    apiproxy as product,
    verb || ' ' || path as operation,
    flow_id as request_id,
    source,
    source_row
from named
