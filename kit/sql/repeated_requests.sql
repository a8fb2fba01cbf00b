-- How many requests are logged again with something else in them, though their id is the same?
-- Grain: one row.
select count(*) as requests
from (
    select request_id
    from (select distinct * exclude (file_id, source_row) from calls where request_id is not null) as different
    group by request_id
    having count(*) > 1
) as contradictory
