-- How much usage do calls make that don't count where they are told?
-- Grain: that of daily usage, of each log.
select
    log,
    place,
    (called_at at time zone (select timezone from settings))::date as day,
    api_key,
    partner_id,
    system,
    environment::varchar as environment,
    product,
    operation,
    status // 100 as status_class,
    is_repeat,
    sum(calls)::bigint as calls,
    sum(coalesce(units, calls))::decimal(38, 9) as units,
    count(*) as row_count
from leaving
group by all
