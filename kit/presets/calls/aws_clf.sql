-- Amazon API Gateway's access log in the console's CLF format: one row per request.
-- Export: the stage's access log, from CloudWatch Logs or from Firehose's bucket, a request a line.
-- Switch on: add $context.stage $context.identity.apiKeyId $context.extendedRequestId, in that order, at the end of the
-- log format. Never log identity.apiKey: it is the secret.
-- Environment: a stage that begins with prod is production; one named sandbox, test, dev or staging is the sandbox.
--| recognise = '^\S+ \S+ \S+ \[\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}\] "[^"]*" \S+ \S+ [^\s"]+'
--| format = "lines"
--| hint = "Amazon API Gateway: add $context.stage $context.identity.apiKeyId $context.extendedRequestId at the end of the log format."
with fields as (
    select
        regexp_extract(
            line,
            '^\S+ \S+ \S+ \[([^\]]+)\] "(\S+) (\S+) [^"]*" (\S+) \S+ (\S+)(?: (\S+) (\S+)(?: (\S+))?)?\s*$',
            ['time', 'method', 'path', 'status', 'request_id', 'stage', 'key_id', 'extended_id']
        ) as field,
        source,
        source_row
    from raw
)

select
    try_strptime(field.time, '%d/%b/%Y:%H:%M:%S %z') as called_at,
    nullif(field.key_id, '-') as api_key,
    case
        when lower(field.stage) like 'prod%' then 'production'
        when regexp_matches(lower(field.stage), '^(sandbox|test|dev|staging)') then 'sandbox'
    end as environment,
    nullif(field.status, '-') as status,
    field.method || ' ' || field.path as operation,
    coalesce(nullif(nullif(field.extended_id, '-'), ''), field.request_id) as request_id,
    source,
    source_row
from fields
