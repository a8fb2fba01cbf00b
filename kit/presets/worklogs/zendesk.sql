-- Zendesk's tickets: one row per ticket, each of a handling time that you state; Zendesk logs no hours.
-- Export: a view of the API program's tickets > Export CSV, or the account's CSV export.
-- Say `set = { hours = "0.5", activity = "support", role = "support" }`, and `timezone` for the account's zone.
-- A ticket counts on the day it was created. Deleted tickets and those merged into others are left out.
-- Partner: the organization, or the requester's domain where it has none, by that name in `aliases`.
--| required = ["Id", "Status", "Created at"]
--| optional = ["Organization", "Requester domain", "Tags"]
select
    "Created at" as date,
    coalesce(nullif(nullif(trim("Organization"), ''), '-'), "Requester domain") as partner_id,
    source,
    source_row
from raw
where lower("Status") <> 'deleted'
    and not regexp_matches(coalesce("Tags", ''), '\bclosed_by_merge\b')
