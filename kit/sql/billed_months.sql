-- For which months are there invoices, whenever they were written?
-- Grain: one row per month for which at least half as much is billed as for the larger of the months beside it; one
-- contract that is billed by the year does not speak for all.
with billed as (
    select months.month, coalesce(sum(abs(recognised_revenue.amount)), 0) as amount
    from months
    left join recognised_revenue
        on recognised_revenue.month = months.month
    group by months.month
),

neighbours as (
    select
        month,
        amount,
        greatest(lag(amount) over (order by month), lead(amount) over (order by month)) as beside
    from billed
)

select month
from neighbours
where amount > 0 and amount >= 0.5 * coalesce(beside, 0)
order by month
