-- What manual work did successful production calls replace?
-- Grain: one row per month and operation named; a call may replace several kinds of work.
select
    partner_usage.month,
    avoidance.operation,
    sum(partner_usage.calls * avoidance.low)::decimal(38, 12) as low,
    sum(partner_usage.calls * avoidance.base)::decimal(38, 12) as base,
    sum(partner_usage.calls * avoidance.high)::decimal(38, 12) as high
from partner_usage
inner join avoidance
    on avoidance.operation = '*' or avoidance.operation = partner_usage.operation
where partner_usage.is_successful and partner_usage.environment = 'production'
group by partner_usage.month, avoidance.operation
