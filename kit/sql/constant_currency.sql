-- What would each month's revenue be at the rates of one month?
-- Grain: one row per month; `constant` is null where the one month has no rate for a currency of it.
with by_currency as (
    select
        month,
        currency,
        sum(amount) as reported,
        times(sum(original_amount)::decimal(38, 12), any_value(rate_of(currency, $rate_month))) as constant
    from recognised_revenue
    group by month, currency
)

select
    months.month,
    months.name,
    coalesce(sum(by_currency.reported), 0)::decimal(38, 12) as reported,
    if(
        count(by_currency.currency) = count(by_currency.constant),
        coalesce(sum(by_currency.constant), 0)::decimal(38, 12),
        null
    ) as constant
from months
left join by_currency
    on by_currency.month = months.month
where months.month between $first_month and $last_month
group by months.month, months.name
order by months.month
