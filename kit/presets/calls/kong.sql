-- Kong's log of requests, versions 0.x to 3.x: one row per request.
-- Export: the file-log or http-log plugin, enabled globally; take its files as they are, gzipped or not.
-- Switch on: an authentication plugin (key-auth, jwt, …) on every route that partners call, or no call has a partner.
-- Environment: the workspace, if it is called production or sandbox; else say `set = { environment = "production" }`.
-- Partner: the credential (authenticated_entity), looked up in `keys`; else the consumer's custom_id or username.
--| hint = "Kong: enable an authentication plugin on every route; where the workspace is not called production or sandbox, set = { environment = \"production\" }."
--| keys = ["started_at", "request", "response.status"]
--| [json]
--| started_at = "BIGINT"
--| request = "STRUCT(id VARCHAR)"
--| response = "STRUCT(status INTEGER)"
--| route = "STRUCT(name VARCHAR)"
--| service = "STRUCT(name VARCHAR)"
--| api = "STRUCT(name VARCHAR)"
--| consumer = "STRUCT(id VARCHAR, username VARCHAR, custom_id VARCHAR)"
--| authenticated_entity = "STRUCT(id VARCHAR, consumer_id VARCHAR, custom_id VARCHAR, username VARCHAR)"
--| workspace_name = "VARCHAR"
select
    to_timestamp(started_at / 1000) as called_at,
    authenticated_entity.id as api_key,
    coalesce(
        consumer.custom_id, consumer.username, authenticated_entity.custom_id, authenticated_entity.username
    ) as partner_id,
    if(lower(workspace_name) in ('production', 'sandbox'), lower(workspace_name), null) as environment,
    response.status as status,
    coalesce(service.name, api.name) as product,
    route.name as operation,
    request.id as request_id,
    source,
    source_row
from raw
