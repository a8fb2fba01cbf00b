-- What did the program cost?
-- Grain: one row per cost booked, in the program's currency, at the share that the program bears.
select
    costs.date,
    months.month,
    costs.category,
    costs.currency,
    costs.amount as original_amount,
    costs.allocation,
    times(times(costs.amount, rate_of(costs.currency, calendar_month(costs.date))), costs.allocation) as amount
from costs
inner join months
    on costs.date >= months.month and costs.date < months.next_month
