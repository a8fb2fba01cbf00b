-- In which stretch of days, all of one owner, is each day with calls?
-- Grain: one row per day. A stretch begins with a month, or where a key or an alias begins or ceases to be somebody's;
-- it has the name of its first day.
with boundaries as (
    select month as first_day from months
    union
    select valid_from from keys
    union
    select valid_to from keys
    union
    select valid_from from alias_paths
    union
    select valid_to from alias_paths
),

days as (
    select distinct day
    from file_usage
    where not is_repeat
)

select days.day, coalesce(boundaries.first_day, days.day) as period, months.month
from days
asof left join boundaries
    on days.day >= boundaries.first_day
left join months
    on days.day >= months.month and days.day < months.next_month
