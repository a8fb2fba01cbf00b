-- How many requests are logged again with something else in them, though their id is the same?
-- Grain: one row.
select coalesce(sum(requests), 0)::bigint as requests
from contradictory_requests
