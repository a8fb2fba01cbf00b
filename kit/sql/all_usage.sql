-- What do all logs tell, and what of it again?
-- Grain: that of daily usage, of each log, apart for what is told again; what another log tells in its place is left out.
with told as (
    select
        logs.log,
        days.* exclude (file)
    from days
    inner join logs using (file)
    union all by name
    select log, place, day, api_key, partner_id, system, environment, product, operation, status_class,
        false as is_repeat, -calls as calls, -units as units, -row_count as row_count
    from taken_out
    union all by name
    select log, place, day, api_key, partner_id, system, environment, product, operation, status_class,
        true as is_repeat, calls, units, row_count
    from taken_out
    where is_repeat
)

select
    log,
    place,
    day,
    api_key,
    partner_id,
    system,
    environment::varchar as environment,
    product,
    operation,
    status_class,
    is_repeat,
    sum(calls)::bigint as calls,
    sum(units)::decimal(38, 9) as units,
    sum(row_count)::bigint as row_count
from told
group by all
having sum(row_count) <> 0
order by all
