-- How many calls did each key make in each stretch of days, a repeated request counted once?
-- Grain: that of usage, with a stretch of days of one owner in place of the day.
select
    periods.period,
    periods.month,
    min(file_usage.day) as first_day,
    max(file_usage.day) as last_day,
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
inner join periods
    on periods.day = file_usage.day
where not is_repeat
group by all
