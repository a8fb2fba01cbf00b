-- What is the recognised revenue made of?
-- Grain: one row per month and kind that has any.
select
    recognised_revenue.month,
    recognised_revenue.kind,
    sum(recognised_revenue.amount)::decimal(38, 12) as amount
from recognised_revenue
group by recognised_revenue.month, recognised_revenue.kind
order by recognised_revenue.month, recognised_revenue.kind
