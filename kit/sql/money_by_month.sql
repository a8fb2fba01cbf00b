-- How much revenue, transaction value and unrealized revenue belongs to each month?
-- Grain: one row per month, months without any included.
with recognised as (
    select month, sum(amount) as recognised from recognised_revenue group by month
),

transacted as (
    select month, sum(amount) as transacted from transaction_value group by month
),

unrealized as (
    select month, sum(low) as low, sum(amount) as base, sum(high) as high
    from unrealized_revenue
    where is_base
    group by month
)

select
    months.month,
    months.name,
    months.quarter,
    coalesce(recognised.recognised, 0)::decimal(38, 12) as recognised,
    coalesce(transacted.transacted, 0)::decimal(38, 12) as transacted,
    coalesce(unrealized.base, 0)::decimal(38, 12) as unrealized,
    coalesce(unrealized.low, 0)::decimal(38, 12) as unrealized_low,
    coalesce(unrealized.high, 0)::decimal(38, 12) as unrealized_high
from months
left join recognised using (month)
left join transacted using (month)
left join unrealized using (month)
order by months.month
