-- Which category of costs, booked in each of the six months before, has none in a month that has others?
-- Grain: one row per category and month of the quarter that is over; `usual` is the median of those six.
with spine as (
    select month, next_month, name, row_number() over (order by month) as position from months
),

booked as (
    select spine.position, program_costs.category, sum(program_costs.amount)::decimal(38, 12) as amount
    from program_costs
    inner join spine
        on spine.month = program_costs.month
    group by spine.position, program_costs.category
),

expected as (
    select spine.position, spine.name, booked.category, median(booked.amount)::decimal(38, 12) as usual
    from spine
    inner join call_days
        on call_days.last_day >= spine.next_month - 1 - least(call_days.silent_days, 4)
    inner join booked
        on booked.position between spine.position - 6 and spine.position - 1
    where spine.month between $first_day and $last_day
        and spine.position in (select others.position from booked as others)
    group by spine.position, spine.name, booked.category
    having count(*) = 6
)

select expected.category, expected.name as month, expected.usual
from expected
anti join booked
    on booked.position = expected.position and booked.category = expected.category
where expected.usual > 0
order by expected.position, expected.usual desc, expected.category
