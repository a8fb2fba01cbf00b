-- Apigee's apps and their credentials: one row per consumer key.
-- Export: GET /v1/organizations/<org>/apps?expand=true of the Apigee API, all pages, as JSON.
-- The credentials' other half is never read. Partner: the app's developer or app group, looked up in `aliases`.
-- A key holds from the day it was issued; one that expired was still good for calls on its last day.
--| keys = ["app.credentials.consumerKey"]
--| [json]
--| app = "STRUCT(name VARCHAR, developerId VARCHAR, appGroup VARCHAR, companyName VARCHAR, credentials STRUCT(consumerKey VARCHAR, issuedAt VARCHAR, expiresAt VARCHAR)[])[]"
with apps as (
    select unnest(app) as entry, source, source_row
    from raw
),

entries as (
    select entry, unnest(entry.credentials) as credential, source, source_row
    from apps
)

select
    credential.consumerKey as api_key,
    coalesce(entry.appGroup, entry.companyName, entry.developerId) as partner_id,
    make_timestamp(try_cast(credential.issuedAt as bigint) * 1000) at time zone 'UTC' as valid_from,
    if(
        try_cast(credential.expiresAt as bigint) > 0,
        make_timestamp(try_cast(credential.expiresAt as bigint) * 1000) at time zone 'UTC' + interval 1 day,
        null
    ) as valid_to,
    source,
    source_row
from entries
