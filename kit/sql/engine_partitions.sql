-- Which days does an engine's table hold?
-- Grain: one row per value of its column of days, null too.
select
    $day as partition_day,
    count(*) as row_count
from logs
group by $day
