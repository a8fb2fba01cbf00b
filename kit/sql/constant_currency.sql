-- What would each month's revenue be at the rates of one month?
-- Grain: one row per month and currency; null where the one month has no rate for it.
select
    months.month,
    months.name,
    recognised_revenue.currency,
    sum(recognised_revenue.original_amount)::decimal(38, 12) as original_amount,
    sum(recognised_revenue.amount)::decimal(38, 12) as reported,
    times(
        sum(recognised_revenue.original_amount)::decimal(38, 12), any_value(rate_of(recognised_revenue.currency, $rate_month))
    ) as constant
from recognised_revenue
inner join months
    on months.month = recognised_revenue.month
where months.month between $first_month and $last_month
group by months.month, months.name, recognised_revenue.currency
order by months.month, recognised_revenue.currency
