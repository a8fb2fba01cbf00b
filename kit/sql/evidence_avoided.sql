-- Which calls replaced manual work?
-- Grain: one row per month and [[avoidance]] block with such calls; `position` is the block's place, from 0.
select
    partner_usage.month,
    avoidance.rowid as position,
    avoidance.operation,
    sum(partner_usage.calls)::bigint as calls,
    sum(partner_usage.calls * avoidance.low)::decimal(38, 12) as low,
    sum(partner_usage.calls * avoidance.base)::decimal(38, 12) as base,
    sum(partner_usage.calls * avoidance.high)::decimal(38, 12) as high
from partner_usage
inner join avoidance
    on avoidance.operation = '*' or avoidance.operation = partner_usage.operation
where partner_usage.is_successful and partner_usage.environment = 'production'
    and partner_usage.month between $first_month and $last_month
group by partner_usage.month, avoidance.rowid, avoidance.operation
order by partner_usage.month, avoidance.rowid
