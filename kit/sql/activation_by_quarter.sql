-- How many partners had reached each stage by the end of each quarter?
-- Grain: one row per quarter.
select
    quarters.quarter,
    count(*) filter (where stages.registered_date < quarters.next_day) as registered,
    count(*) filter (where stages.sandbox_date < quarters.next_day) as sandbox,
    count(*) filter (where stages.first_call_date < quarters.next_day) as first_call,
    count(*) filter (where stages.production_date < quarters.next_day) as production
from quarters
left join stages
    on stages.registered_date < quarters.next_day
group by quarters.quarter, quarters.first_day
order by quarters.first_day
