-- How many rows of the days asked for can be counted, and which column keeps the others from it?
-- Grain: one row per partition and column at fault, the column null where there is none.
select
    partition_day,
    problem,
    count(*) as row_count,
    min(environment) as least_environment
from calls
where partition_day in ($days)
group by
    partition_day,
    problem
