-- What manual work did successful production calls replace?
-- Grain: one row per month and kind of work; a call may replace several kinds.
select
    partner_usage.month,
    avoidance.operation,
    sum(partner_usage.calls)::bigint as calls,
    (sum(partner_usage.calls) * any_value(avoidance.low))::decimal(38, 12) as low,
    (sum(partner_usage.calls) * any_value(avoidance.base))::decimal(38, 12) as base,
    (sum(partner_usage.calls) * any_value(avoidance.high))::decimal(38, 12) as high
from partner_usage
inner join avoidance
    on avoidance.operation = '*' or avoidance.operation = partner_usage.operation
where partner_usage.is_successful and partner_usage.environment = 'production'
group by partner_usage.month, avoidance.operation
