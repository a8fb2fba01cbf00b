-- On which day of the program's zone is each quarter of an hour?
-- Grain: one row per quarter of an hour counted from 1970 in UTC; those in which the day changes are left out.
with quarter_hours as (
    select unnest(range($first_quarter_hour, $end_quarter_hour)) as quarter_hour
),

days as (
    select
        quarter_hour,
        (make_timestamptz(quarter_hour * 900000000) at time zone (select timezone from settings))::date as day,
        (make_timestamptz(quarter_hour * 900000000 + 899999999) at time zone (select timezone from settings))::date
            as last_day
    from quarter_hours
)

select quarter_hour, day
from days
where day = last_day
