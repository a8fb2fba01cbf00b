-- Clockify's detailed report: one row per time entry.
-- Export: Reports > Detailed > the onboarding projects > Export, CSV. Say how the account writes days, such as
-- `dates = "%m/%d/%Y"`: 03/04/2026 alone does not tell March from April.
-- Partner: the client, by its name in `aliases`; no client is work for no partner in particular.
-- Activity: the task. Role: the first tag, looked up in [[rate]]. The decimal hours are rounded, and are not read.
--| required = ["Start Date", "Duration (h)", "Task", "Tags"]
--| optional = ["Client"]
--| [aliases]
--| Task = ["Activity"]
with timed as (
    select
        *,
        try_cast(split_part("Duration (h)", ':', 1) as bigint) * 3600
        + try_cast(split_part("Duration (h)", ':', 2) as bigint) * 60
        + try_cast(split_part("Duration (h)", ':', 3) as bigint) as seconds
    from raw
)

select
    "Start Date" as date,
    "Client" as partner_id,
    lower(trim("Task")) as activity,
    trim(split_part("Tags", ',', 1)) as role,
    hours_of(seconds) as hours,
    source,
    source_row
from timed
