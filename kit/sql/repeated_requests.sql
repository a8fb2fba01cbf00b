-- How many requests are logged again with something else in them, though their id is the same?
-- Grain: one row.
select count(*) as requests
from (
    select request_id
    from calls
    where request_id is not null
    group by request_id
    having count(distinct (called_at, api_key, partner_id, environment, status, product, operation, calls, units)) > 1
) as contradictory
