-- Which category of costs, booked in each of six months, has none from then on in months that have others?
-- Grain: one row per category and month of the quarter that is over, where the last of the six is in the quarter or just
-- before it; `usual` is their median.
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

six as (
    select latest.category, latest.position, median(booked.amount)::decimal(38, 12) as usual
    from booked as latest
    inner join booked
        on booked.category = latest.category
        and booked.position between latest.position - 5 and latest.position
    group by latest.category, latest.position
    having count(*) = 6
)

select six.category, spine.name as month, six.usual
from spine
inner join call_days
    on call_days.last_day >= spine.next_month - 1 - least(call_days.silent_days, 4)
inner join six
    on six.position < spine.position
    and six.position >= (select min(first.position) from spine as first where first.month >= $first_day) - 1
anti join booked
    on booked.category = six.category
    and booked.position > six.position
    and booked.position <= spine.position
where spine.month between $first_day and $last_day
    and spine.position in (select others.position from booked as others)
    and six.usual > 0
order by six.usual desc, six.category, spine.position
