-- What did it cost to bring partners to production, each quarter?
-- Grain: one row per quarter, quarters without work included.
with work as (
    select months.quarter, sum(cost) as cost, sum(hours) as hours
    from onboarding_work
    inner join months using (month)
    group by months.quarter
),

onboarded as (
    select quarters.quarter, count(*) as partners
    from stages
    inner join quarters
        on stages.production_date >= quarters.first_day and stages.production_date < quarters.next_day
    group by quarters.quarter
)

select
    quarters.quarter,
    coalesce(work.cost, 0)::decimal(38, 12) as cost,
    coalesce(work.hours, 0)::decimal(38, 12) as hours,
    coalesce(onboarded.partners, 0) as partners
from quarters
left join work using (quarter)
left join onboarded using (quarter)
order by quarters.first_day
