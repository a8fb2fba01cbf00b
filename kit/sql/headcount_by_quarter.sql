-- How many people did the teams have in each quarter?
-- Grain: one row per quarter with any headcount; full-time equivalents, the mean of the months that have some.
with by_month as (
    select months.quarter, headcount.month, sum(headcount.fte) as fte
    from headcount
    inner join months
        on headcount.month >= months.month and headcount.month < months.next_month
    group by months.quarter, headcount.month
)

select quarter, (sum(fte) / count(*))::double as fte
from by_month
group by quarter
order by min(month)
