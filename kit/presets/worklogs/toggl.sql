-- Toggl Track's detailed report: one row per time entry.
-- Export: Reports > Detailed > the onboarding projects > Export, CSV.
-- Partner: the client, by its name in `aliases`. Activity: the task. Role: the first tag, looked up in [[rate]].
-- An entry counts on the day it starts; a timer that still runs has no end and is left out.
--| required = ["Client", "Task", "Start date", "End date", "Duration", "Tags"]
with timed as (
    select
        *,
        try_cast(split_part("Duration", ':', 1) as bigint) * 3600
        + try_cast(split_part("Duration", ':', 2) as bigint) * 60
        + try_cast(split_part("Duration", ':', 3) as bigint) as seconds
    from raw
    where nullif(trim("End date"), '') is not null
)

select
    "Start date" as date,
    "Client" as partner_id,
    lower(trim("Task")) as activity,
    trim(split_part("Tags", ',', 1)) as role,
    hours_of(seconds) as hours,
    source,
    source_row
from timed
