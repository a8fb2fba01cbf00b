-- Of the partners registered in each quarter, how many are in production, and how many were so within a number of days?
-- Grain: one row per quarter up to $next_day in which a partner registered; a cohort is mature when each of its partners
-- has had that many days.
select
    coalesce(quarters.quarter, 'earlier') as cohort,
    count(*) as registered,
    count(*) filter (where stages.production_date < $next_day) as production,
    count(*) filter (
        where stages.production_date < $next_day
            and stages.production_date - stages.registered_date <= $days
    ) as production_in_time,
    coalesce(quarters.next_day - 1 + $days <= $as_of::date, true) as is_mature
from stages
left join quarters
    on stages.registered_date >= quarters.first_day and stages.registered_date < quarters.next_day
where stages.registered_date < $next_day
group by quarters.quarter, quarters.first_day, quarters.next_day
order by quarters.first_day nulls first
