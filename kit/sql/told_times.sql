-- Between which times does a file tell of calls that have no id of their own?
-- Grain: one row per file that has some.
select
    place,
    min(called_at) as told_first,
    max(called_at) as told_last
from calls_of_log
where request is null
group by place
