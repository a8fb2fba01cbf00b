-- Which costs are in the books twice?
-- Grain: one row per category, and what it equals in two months of the quarter or more: `hours` for the onboarding work
-- at loaded rates, where other costs of people stand beside it; `source` for a category of another block of exports.
-- Amounts that are the same each month may be equal by chance, but for those of one category in three months.
with booked as (
    select
        coalesce(files.block, 0) as block,
        lower(costs.category) as category,
        months.month,
        sum(times(costs.amount, rate_of(costs.currency, calendar_month(costs.date)))) as amount
    from costs
    inner join months
        on costs.date >= months.month and costs.date < months.next_month
    left join files
        on files.file_id = costs.file_id
    where months.month between $first_day and $last_day
    group by coalesce(files.block, 0), lower(costs.category), months.month
),

worked as (
    select month, sum(cost) as amount from onboarding_work group by month
)

select 'hours' as kind, booked.category, null as other, count(*) as months, sum(booked.amount)::decimal(38, 12) as amount
from booked
inner join worked
    on worked.month = booked.month and abs(booked.amount - worked.amount) <= booked.amount / 100
where exists (
    select 1
    from booked as people
    where people.month = booked.month and people.category <> booked.category
        and regexp_matches(people.category, 'people|person|staff|salar|payroll|wage|team|headcount')
)
group by booked.category
having count(*) >= 2 and max(booked.amount) > min(booked.amount) * 1.02
union all
select 'source', booked.category, again.category as other, count(*), sum(booked.amount)::decimal(38, 12)
from booked
inner join booked as again
    on again.month = booked.month and again.block > booked.block
    and booked.amount > 0 and abs(again.amount - booked.amount) <= booked.amount / 200
group by booked.category, again.category
having
    count(*) >= 2 and max(booked.amount) > min(booked.amount) * 1.02
    or count(*) >= 3 and booked.category = again.category
order by kind, amount desc, booked.category
