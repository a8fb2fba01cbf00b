-- What did the program cost, and what did it give?
-- Grain: one row per quarter; attributed revenue at the low, base and high share credited to the program.
with cost as (
    select months.quarter, sum(amount) as cost
    from program_costs
    inner join months using (month)
    group by months.quarter
),

direct as (
    select months.quarter, sum(amount) as direct
    from recognised_revenue
    inner join months using (month)
    group by months.quarter
),

attributed as (
    select months.quarter, sum(amount)::decimal(38, 12) as attributed
    from attributed_revenue
    inner join months using (month)
    group by months.quarter
),

avoided as (
    select months.quarter, sum(low) as low, sum(base) as base, sum(high) as high
    from avoided_work
    inner join months using (month)
    group by months.quarter
),

shares as (
    select coalesce(max(low), 0) as low, coalesce(max(base), 0) as base, coalesce(max(high), 0) as high
    from attribution
)

select
    quarters.quarter,
    coalesce(cost.cost, 0)::decimal(38, 12) as cost,
    coalesce(direct.direct, 0)::decimal(38, 12) as direct,
    times(coalesce(attributed.attributed, 0), shares.base) as attributed,
    coalesce(avoided.base, 0)::decimal(38, 12) as avoided,
    (times(coalesce(attributed.attributed, 0), shares.low) + coalesce(avoided.low, 0))::decimal(38, 12) as soft_low,
    (times(coalesce(attributed.attributed, 0), shares.high) + coalesce(avoided.high, 0))::decimal(38, 12) as soft_high
from quarters
cross join shares
left join cost using (quarter)
left join direct using (quarter)
left join attributed using (quarter)
left join avoided using (quarter)
order by quarters.first_day
