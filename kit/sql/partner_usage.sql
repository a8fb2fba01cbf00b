-- Which calls count, and whose are they?
-- Grain: partner, day, environment, product, operation and success.
select
    partner_id,
    day,
    months.month,
    environment,
    product,
    operation,
    is_successful,
    sum(calls)::bigint as calls,
    sum(units)::decimal(38, 9) as units
from traffic
inner join months
    on traffic.day >= months.month and traffic.day < months.next_month
where fate = 'used'
group by all
