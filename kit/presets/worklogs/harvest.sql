-- Harvest's detailed time report: one row per time entry.
-- Export: Reports > Detailed time > the onboarding projects, all tasks > Export, CSV.
-- Partner: the client, by its name in `aliases`; no client is work for no partner in particular.
-- Role: Roles, looked up in [[rate]]; Harvest's own cost rates are often zero and are not read.
-- An account that writes 2,5 hours or 31/12/2026 needs `decimal` and `dates`.
--| required = ["Date", "Client", "Task", "Hours", "Roles"]
select
    "Date" as date,
    "Client" as partner_id,
    lower(trim("Task")) as activity,
    trim("Roles") as role,
    "Hours" as hours,
    source,
    source_row
from raw
