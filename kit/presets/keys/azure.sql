-- Azure API Management's subscriptions: one row per subscription, whose id is the key in the gateway's log.
-- Export: az rest on .../service/<name>/subscriptions?api-version=2022-08-01, all pages, as JSON; the list as it is.
-- The keys themselves are in no such list, and none is read. Environment: the product of the scope, if it is called
-- production or sandbox. Partner: the owner, looked up in `aliases`; without owner, the subscription's display name.
-- A subscription that ended was still good for calls on its last day.
--| keys = [["properties.scope", "scope"]]
--| required = ["name"]
--| optional = ["owner", "scope", "display_name", "started_at", "ended_at"]
--| records = "value"
--| [aliases]
--| owner = ["properties.ownerId", "ownerId"]
--| scope = ["properties.scope", "scope"]
--| display_name = ["properties.displayName", "displayName"]
--| started_at = ["properties.startDate", "startDate", "properties.createdDate", "createdDate"]
--| ended_at = ["properties.endDate", "endDate"]
select
    "name" as api_key,
    coalesce(nullif(regexp_extract(owner, '[^/]+$'), ''), display_name) as partner_id,
    if(
        regexp_matches(lower(scope), '/products/(production|sandbox)$'), regexp_extract(lower(scope), '[^/]+$'), null
    ) as environment,
    started_at as valid_from,
    try_cast(ended_at as timestamptz) + interval 1 day as valid_to,
    source,
    source_row
from raw
