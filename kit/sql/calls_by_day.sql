-- How many calls were logged on each day, a repeated request counted once?
-- Grain: one row per day with calls that [exclude] does not leave out by their operation, product or key.
select day, sum(calls)::bigint as calls
from file_usage
where not is_repeat
    and coalesce(operation not in (select value from excluded where field = 'operation'), true)
    and coalesce(product not in (select value from excluded where field = 'product'), true)
    and coalesce(api_key not in (select value from excluded where field = 'api_key'), true)
group by day
order by day
