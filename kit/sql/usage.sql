-- How many calls did each key make on each day, a repeated request counted once?
-- Grain: key, partner as logged, system, environment, product, operation, success, and day in the program's zone.
with requests as (
    select *
    from calls
    qualify request_id is null or row_number() over (partition by request_id order by called_at, file_id, rowid) = 1
)

select
    (called_at at time zone (select timezone from settings))::date as day,
    api_key,
    partner_id,
    system,
    environment,
    product,
    operation,
    status between 200 and 399 as is_successful,
    sum(calls)::bigint as calls,
    sum(coalesce(units, calls))::decimal(38, 9) as units
from requests
group by all
