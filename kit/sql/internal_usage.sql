-- What did test partners use in production?
-- Grain: partner, month, product, operation and success.
select
    traffic.partner_id,
    months.month,
    traffic.product,
    traffic.operation,
    traffic.is_successful,
    sum(traffic.calls)::bigint as calls,
    sum(traffic.units)::decimal(38, 9) as units
from traffic
inner join months
    on traffic.day >= months.month and traffic.day < months.next_month
where traffic.fate = 'test' and traffic.environment = 'production'
group by all
