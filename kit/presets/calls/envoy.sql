-- Envoy's access log in the default text format, or in JSON: one row per request.
-- Export: the files of the file or stdout access logger, a request a line; `set = { environment = "production" }`.
-- Switch on: add "%REQ(X-CONSUMER-ID)%" at the end of the text format, or consumer to the JSON one: an id that `keys`
-- knows, put there by your authentication filter. Never log the key itself.
-- JSON keys are those of Istio: start_time, method, path, response_code, authority, request_id.
-- A request whose client left has the code 0, and is no success. Product: the authority. Operation: method and path.
--| recognise = '^(\[\d{4}-\d\d-\d\dT[^\]]+\] "|\{(?=.*"start_time")(?=.*"response_code"))'
--| format = "lines"
--| hint = "Envoy: add %REQ(X-CONSUMER-ID)% to the access log's format, and set the environment of these files."
with parsed as (
    select
        regexp_extract(
            line,
            '^\[([^\]]+)\] "(\S+) (\S+) [^"]*" (\d+) \S+ \d+ \d+ \d+ \S+'
            || ' "[^"]*" ".*?" "([^"]*)" "([^"]*)" "[^"]*"(?: "([^"]*)")?\s*$',
            ['start_time', 'method', 'path', 'response_code', 'request_id', 'authority', 'consumer']
        ) as field,
        if(line like '{%' and json_valid(line), line, null)::json as object,
        source,
        source_row
    from raw
),

fields as (
    select
        coalesce(object ->> 'start_time', field.start_time) as start_time,
        coalesce(object ->> 'consumer', field.consumer) as consumer,
        coalesce(object ->> 'response_code', field.response_code) as response_code,
        coalesce(object ->> 'authority', field.authority) as authority,
        coalesce(object ->> 'method', field.method) as method,
        regexp_replace(coalesce(object ->> 'path', field.path), '\?.*', '') as path,
        coalesce(object ->> 'request_id', field.request_id) as request_id,
        source,
        source_row
    from parsed
)

select
    start_time as called_at,
    nullif(consumer, '-') as api_key,
    response_code as status,
    nullif(authority, '-') as product,
    nullif(method || ' ' || path, ' ') as operation,
    nullif(request_id, '-') as request_id,
    source,
    source_row
from fields
