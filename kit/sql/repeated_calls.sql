-- Which calls are of requests logged several times, and which of these are told of again?
-- Grain: one row per call, the first of each request by its time, then by its log and its place there.
select
    compared_calls.*,
    row_number() over (partition by compared_calls.request order by called_at, log, line) > 1 as is_repeat
from compared_calls
semi join repeated using (request)
