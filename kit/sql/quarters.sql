-- Which quarters are there?
-- Grain: one row per fiscal quarter.
select
    quarter,
    min(month) as first_day,
    max(next_month) as next_day,
    max(month) as last_month
from months
group by quarter
