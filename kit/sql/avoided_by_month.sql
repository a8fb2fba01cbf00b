-- How much manual work did calls replace, kind by kind?
-- Grain: one row per month and [[avoidance]] block; hours and money at its shares.
select
    partner_usage.month,
    avoidance.operation,
    sum(partner_usage.calls)::bigint as calls,
    sum(partner_usage.calls * avoidance.hours)::decimal(38, 12) as hours,
    any_value(avoidance.capacity) as capacity,
    sum(partner_usage.calls * avoidance.low)::decimal(38, 12) as low,
    sum(partner_usage.calls * avoidance.base)::decimal(38, 12) as base,
    sum(partner_usage.calls * avoidance.high)::decimal(38, 12) as high
from partner_usage
inner join avoidance
    on avoidance.operation = '*' or avoidance.operation = partner_usage.operation
where partner_usage.is_successful and partner_usage.environment = 'production'
    and partner_usage.month in (select month from months where quarter = $quarter)
group by partner_usage.month, avoidance.rowid, avoidance.operation
order by partner_usage.month, avoidance.rowid
