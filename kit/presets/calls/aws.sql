-- Amazon API Gateway's access log in the console's JSON format: one row per request; every value is text.
-- Export: the stage's access log, from CloudWatch Logs or from Firehose's bucket, an object a line.
-- Switch on: add "stage":"$context.stage", "apiKeyId":"$context.identity.apiKeyId" and
-- "extendedRequestId":"$context.extendedRequestId" to the log format. Never log identity.apiKey: it is the secret.
-- Environment: a stage that begins with prod is production; one named sandbox, test, dev or staging is the sandbox.
--| hint = "Amazon API Gateway: add stage, apiKeyId and extendedRequestId to the log format; where the stage is not called prod or sandbox, set = { environment = \"production\" }."
--| keys = ["requestId", "status", ["requestTime", "requestTimeEpoch"], ["httpMethod", "routeKey"]]
--| [json]
--| requestId = "VARCHAR"
--| extendedRequestId = "VARCHAR"
--| requestTime = "VARCHAR"
--| requestTimeEpoch = "VARCHAR"
--| httpMethod = "VARCHAR"
--| resourcePath = "VARCHAR"
--| routeKey = "VARCHAR"
--| status = "VARCHAR"
--| stage = "VARCHAR"
--| apiKeyId = "VARCHAR"
--| apiId = "VARCHAR"
select
    coalesce(
        to_timestamp(try_cast(requestTimeEpoch as bigint) / 1000),
        try_strptime(requestTime, '%d/%b/%Y:%H:%M:%S %z')
    ) as called_at,
    nullif(apiKeyId, '-') as api_key,
    case
        when lower(stage) like 'prod%' then 'production'
        when regexp_matches(lower(stage), '^(sandbox|test|dev|staging)') then 'sandbox'
    end as environment,
    nullif(status, '-') as status,
    nullif(apiId, '-') as product,
    coalesce(nullif(routeKey, '-'), httpMethod || ' ' || resourcePath) as operation,
    coalesce(nullif(extendedRequestId, '-'), nullif(requestId, '-')) as request_id,
    source,
    source_row
from raw
