-- How many calls did each key make, by the days of an engine's table, a repeated request told from its first?
-- Grain: partition, day in the program's zone, key, partner, environment, product, operation, class of status, repeat.
with wanted as (
    select *
    from calls
    where
        partition_day in ($days)
        and problem is null
),

-- A day once read stays as it is: what a later one holds, even with an earlier time, is the repeat.
first_deliveries as (
    select
        request_id,
        min(partition_day) as first_day
    from calls
    where
        problem is null
        and request_id in (select request_id from wanted where request_id is not null)
    group by request_id
),

-- Calls without an id stand apart, for one group of them all would be sorted by one machine.
requests as (
    select
        wanted.*,
        first_deliveries.first_day < wanted.partition_day
        or row_number() over (
            partition by wanted.partition_day, wanted.request_id
            order by
                wanted.called_at, wanted.status, wanted.api_key, wanted.partner_id, wanted.environment,
                wanted.product, wanted.operation, wanted.calls, wanted.units
        ) > 1 as is_repeat
    from wanted
    inner join first_deliveries on wanted.request_id = first_deliveries.request_id
    union all
    select
        wanted.*,
        false as is_repeat
    from wanted
    where wanted.request_id is null
)

select
    requests.partition_day,
    requests.day,
    requests.api_key,
    requests.partner_id,
    requests.environment,
    requests.product,
    requests.operation,
    requests.status_class,
    requests.is_repeat,
    sum(requests.calls) as calls,
    sum(requests.units) as units,
    count(*) as row_count
from requests
group by
    requests.partition_day,
    requests.day,
    requests.api_key,
    requests.partner_id,
    requests.environment,
    requests.product,
    requests.operation,
    requests.status_class,
    requests.is_repeat
