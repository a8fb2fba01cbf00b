-- How many calls did each key make on each day, a repeated request counted once?
-- Grain: key, partner as logged, system, environment, product, operation, success, and day in the program's zone.
select
    day,
    api_key,
    partner_id,
    system,
    environment::environment as environment,
    product,
    operation,
    status_class between 2 and 3 as is_successful,
    sum(calls)::bigint as calls,
    sum(units)::decimal(38, 9) as units
from file_usage
where not is_repeat
group by all
