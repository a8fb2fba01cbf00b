-- How many calls does a log tell of on each day, whose rows alike stand as one?
-- Grain: one row per row given. Where values differ in nothing but outer space, there are several of one grain.
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
    calls,
    calls::decimal(38, 9) as units,
    calls as row_count,
    0 as request_count,
    is_faulty::integer as faulty_count
from calls_of_log
left join zone_days
    on zone_days.quarter_hour = epoch_us(called_at) // 900000000
