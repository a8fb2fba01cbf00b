-- How many calls were logged on each day, a repeated request counted once?
-- Grain: one row per day with calls that [exclude] does not leave out by their operation, product or key.
select day, sum(calls)::bigint as calls
from file_usage
where not is_repeat
    and not exists (
        select 1
        from excluded
        where (excluded.field = 'operation' and excluded.value = file_usage.operation)
            or (excluded.field = 'product' and excluded.value = file_usage.product)
            or (excluded.field = 'api_key' and excluded.value = file_usage.api_key)
    )
group by day
order by day
