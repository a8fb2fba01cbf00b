-- What was booked as the program's cost, before it is converted, and at which share?
-- Grain: day, category, currency and share that the program bears; the fiscal month, and the month of the rate.
select
    month,
    date,
    calendar_month(date) as fx_month,
    category,
    currency,
    allocation,
    sum(original_amount)::decimal(38, 12) as original_amount,
    sum(amount)::decimal(38, 12) as amount
from program_costs
where month between $first_month and $last_month
group by month, date, fx_month, category, currency, allocation
order by month, date, fx_month, category, currency, allocation
