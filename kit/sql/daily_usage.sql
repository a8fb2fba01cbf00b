-- How many calls does a log tell of on each day?
-- Grain: file, key, partner as logged, system, environment, product, operation, status class, and day in the program's
-- zone.
select
    place,
    coalesce(zone_days.day, (called_at at time zone (select timezone from settings))::date) as day,
    api_key,
    partner_id,
    system,
    environment,
    product,
    operation,
    status // 100 as status_class,
    false as is_repeat,
    sum(calls)::bigint as calls,
    sum(coalesce(units, calls))::decimal(38, 9) as units,
    count(*) as row_count,
    count(request) as request_count,
    count(*) filter (where is_faulty) as faulty_count
from calls_of_log
left join zone_days
    on zone_days.quarter_hour = epoch_us(called_at) // 900000000
group by all
