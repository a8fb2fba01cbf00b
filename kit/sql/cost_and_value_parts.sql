-- What is the quarter's cost made of, and its value; and what are both over four quarters?
-- Grain: one row per cost category, the largest first, and per kind of value, the surest first.
with parts as (
    select
        'Cost' as side,
        upper(category[1]) || category[2:] as part,
        false as is_estimate,
        0 as position,
        quarters.quarter,
        program_costs.amount
    from program_costs
    inner join quarters
        on program_costs.month >= quarters.first_day and program_costs.month < quarters.next_day
    where program_costs.month between $first_day and $last_day

    union all
    select 'Value', 'Direct revenue', false, 1, quarters.quarter, recognised_revenue.amount
    from recognised_revenue
    inner join quarters
        on recognised_revenue.month >= quarters.first_day and recognised_revenue.month < quarters.next_day
    where recognised_revenue.month between $first_day and $last_day

    union all
    select 'Value', 'Partner-attributed', true, 2, quarters.quarter, times(attributed_revenue.amount, attribution.base)
    from attributed_revenue
    cross join attribution
    inner join quarters
        on attributed_revenue.month >= quarters.first_day and attributed_revenue.month < quarters.next_day
    where attributed_revenue.month between $first_day and $last_day

    union all
    select 'Value', 'Cost avoidance', true, 3, quarters.quarter, avoided_work.base
    from avoided_work
    inner join quarters
        on avoided_work.month >= quarters.first_day and avoided_work.month < quarters.next_day
    where avoided_work.month between $first_day and $last_day
)

select
    side,
    part,
    is_estimate,
    position,
    coalesce(sum(amount) filter (where quarter = $quarter), 0)::decimal(38, 12) as amount,
    sum(amount)::decimal(38, 12) as four_quarters
from parts
group by side, part, is_estimate, position
order by side, position, amount desc, part
