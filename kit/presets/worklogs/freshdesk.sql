-- Freshdesk's or Freshservice's tickets: one row per ticket, of the time tracked on it or of one that you state.
-- Export: Tickets > the API program's tickets > Export, CSV, with Created time, Status, Time tracked and Company name.
-- Say `set = { activity = "support", role = "support", hours = "0.5" }`: the hours stand in where no time was tracked;
-- without them such a ticket is an error. A ticket counts on the day it was created.
-- Partner: the company, by its name in `aliases`.
--| required = ["Ticket ID", "Status", "Created time"]
--| optional = ["Time tracked", "Company name"]
--| [aliases]
--| "Company name" = ["Company", "Department"]
with timed as (
    select
        *,
        if(
            regexp_full_match("Time tracked", '\d+:\d\d(:\d\d)?'),
            try_cast(split_part("Time tracked", ':', 1) as bigint) * 3600
            + try_cast(split_part("Time tracked", ':', 2) as bigint) * 60
            + coalesce(try_cast(split_part("Time tracked", ':', 3) as bigint), 0),
            null
        ) as seconds
    from raw
    where lower("Status") not in ('deleted', 'spam')
)

select
    "Created time" as date,
    "Company name" as partner_id,
    case
        when seconds > 0
            then hours_of(seconds)
        when seconds is null then try_cast(nullif("Time tracked", '') as decimal(38, 12))
    end as hours,
    source,
    source_row
from timed
