-- Which days do the call logs cover, and for how many days in a row are they silent at most?
-- Grain: one row; silence is that of the ninety days before the last call.
with days as (
    select day from periods
),

recent_days as (
    select day from periods where day > (select max(periods.day) from periods) - 90
),

gaps as (
    select day - lag(day) over (order by day) - 1 as silent_days
    from recent_days
)

select
    (select min(day) from days) as first_day,
    (select max(day) from days) as last_day,
    coalesce((select max(silent_days) from gaps), 0)::integer as silent_days,
    (
        select steps.day
        from (select days.day, days.day - lag(days.day) over (order by days.day) as days_since from days) as steps
        where days_since > 731
        order by steps.day
        limit 1
    ) as day_after_two_years
