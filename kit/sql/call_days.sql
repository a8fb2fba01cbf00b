-- Which days do the call logs cover, and for how many days in a row are they silent at most?
-- Grain: one row; silence is that of the ninety days before the last call.
with days as (
    select distinct day from usage
),

gaps as (
    select day - lag(day) over (order by day) - 1 as silent_days
    from days
    where day > (select max(day) from days) - 90
)

select
    (select min(day) from days) as first_day,
    (select max(day) from days) as last_day,
    coalesce((select max(silent_days) from gaps), 0)::integer as silent_days
