-- What does each row of an engine's table say, in the canonical columns, and which of them keeps it from being counted?
-- Grain: one row per row of the table in the days asked for and those looked back to; `day` is in the program's zone.
with given as (
    select
        $day as partition_day,
        cast($called_at as timestamptz) as called_at,
        nullif(trim(cast($api_key as varchar)), '') as api_key,
        nullif(trim(cast($partner_id as varchar)), '') as partner_id,
        lower(nullif(trim(cast($environment as varchar)), '')) as environment,
        cast($status as integer) as status,
        nullif(trim(cast($product as varchar)), '') as product,
        nullif(trim(cast($operation as varchar)), '') as operation,
        nullif(trim(cast($request_id as varchar)), '') as request_id,
        coalesce(cast($calls as bigint), 1) as calls,
        coalesce(cast($units as decimal(38, 9)), cast($calls as decimal(38, 9)), 1) as units
    from logs
    where $day between $earliest and $last
)

select
    *,
    cast(called_at at time zone $program_zone as date) as day,
    status // 100 as status_class,
    case
        when called_at is null then 'called_at'
        when environment is null or environment not in ('production', 'sandbox') then 'environment'
        when status is null then 'status'
    end as problem
from given
