-- What became of the calls read?
-- Grain: one row per reason, but for repeated requests.
select
    fate,
    sum(calls)::bigint as calls
from traffic
group by fate
