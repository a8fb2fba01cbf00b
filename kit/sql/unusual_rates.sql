-- Which rates of exchange are more than three times those of the months around them, or less than a third?
-- Grain: one row per currency, month and table that has amounts in it; usual is the median of a year around.
with rates as (
    select currency, month, any_value(rate) as rate
    from fx
    group by currency, month
),

around as (
    select
        currency,
        month,
        rate,
        median(rate) over half_a_year_each_way as usual,
        count(*) over half_a_year_each_way as rate_count
    from rates
    window
        half_a_year_each_way as (
            partition by currency order by month
            range between interval 6 month preceding and interval 6 month following
        )
),

in_use as (
    select distinct 'invoices' as table_name, currency, fx_month as month from recognised_revenue
    union all
    select distinct 'transactions', currency, calendar_month(day) from transaction_value
    union all
    select distinct 'costs', currency, calendar_month(date) from program_costs
    union all
    select distinct 'attributed', currency, calendar_month(date) from attributed_revenue
)

select in_use.table_name, around.currency, around.month, around.rate, around.usual::decimal(38, 12) as usual
from around
inner join in_use
    on in_use.currency = around.currency and in_use.month = around.month
where around.rate_count >= 4
    and around.month between calendar_month($first_day::date) and $last_day
    and around.currency <> (select settings.currency from settings)
    and (around.rate > around.usual * 3 or around.rate < around.usual / 3)
order by around.month, around.currency, in_use.table_name
