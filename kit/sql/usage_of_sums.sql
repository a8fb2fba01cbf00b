-- How many calls do exports of sums tell of on each day?
-- Grain: that of the usage of all files.
select
    compared_calls.log as file_id,
    (compared_calls.called_at at time zone (select timezone from settings))::date as day,
    compared_calls.api_key,
    compared_calls.partner_id,
    compared_calls.system,
    compared_calls.environment,
    compared_calls.product,
    compared_calls.operation,
    compared_calls.status // 100 as status_class,
    coalesce(repeated_calls.is_repeat, false) as is_repeat,
    sum(compared_calls.calls)::bigint as calls,
    sum(coalesce(compared_calls.units, compared_calls.calls))::decimal(38, 9) as units,
    sum(compared_calls.counted)::bigint as row_count
from compared_calls
left join repeated_calls
    on repeated_calls.log is not distinct from compared_calls.log and repeated_calls.line = compared_calls.line
group by all
