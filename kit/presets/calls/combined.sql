-- The combined access log of NGINX, Apache or Traefik: one row per request.
-- Export: the log files as they are, rotated and gzipped ones too; one block per environment, which
-- `set = { environment = "production" }` names.
-- Switch on: the log names no partner unless you log one. Add "$http_x_consumer_id" "$request_id" at the end of NGINX's
-- log_format, or "%{X-Consumer-Id}i" "%{UNIQUE_ID}e" at the end of Apache's LogFormat: an id of the consumer that
-- `keys` knows, never the key itself. Without it the user of HTTP authentication is the partner.
-- Traefik's router is the product. Operation: method and path, without the query.
--| recognise = '^\S+ \S+ [^\[]+ \[\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}\] ".*" \d{3} \S+ "'
--| format = "lines"
--| hint = "Add an id of the consumer to the log format, as the preset's comment says, and set the environment of these files."
with fields as (
    select
        regexp_extract(
            line,
            '^\S+ \S+ (.+?) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) \S+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"(.*)$',
            ['user', 'time', 'request', 'status', 'rest']
        ) as field,
        source,
        source_row
    from raw
),

added as (
    select
        field,
        regexp_extract(
            field.rest, '^ "((?:[^"\\]|\\.)*)"(?: "((?:[^"\\]|\\.)*)")?\s*$', ['consumer', 'request_id']
        ) as own,
        regexp_extract(field.rest, '^ \d+ "([^"]*)" "[^"]*" \d+ms\s*$', 1) as router,
        regexp_extract(field.request, '^([A-Z]+) ([^ ?]+)', ['method', 'path']) as request,
        source,
        source_row
    from fields
)

select
    try_strptime(field.time, '%d/%b/%Y:%H:%M:%S %z') as called_at,
    nullif(nullif(own.consumer, '-'), '') as api_key,
    nullif(field.user, '-') as partner_id,
    field.status,
    nullif(router, '-') as product,
    if(request.path = '', null, request.method || ' ' || request.path) as operation,
    nullif(nullif(own.request_id, '-'), '') as request_id,
    source,
    source_row
from added
