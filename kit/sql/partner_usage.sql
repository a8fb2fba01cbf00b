-- Which calls count, and whose are they?
-- Grain: partner, month, environment, product, operation and success.
select
    partner_id,
    month,
    environment,
    product,
    operation,
    is_successful,
    sum(calls)::bigint as calls,
    sum(units)::decimal(38, 9) as units
from traffic
where fate = 'used' and month is not null
group by all
