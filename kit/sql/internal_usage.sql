-- What did test partners use in production?
-- Grain: partner, month, product, operation and success.
select
    traffic.partner_id,
    traffic.month,
    traffic.product,
    traffic.operation,
    traffic.is_successful,
    sum(traffic.calls)::bigint as calls,
    sum(traffic.units)::decimal(38, 9) as units
from traffic
where traffic.fate = 'test' and traffic.environment = 'production' and traffic.month is not null
group by all
