-- Which kind of invoice line, recognised in each of six months, has none from then on in months that invoices reach?
-- Grain: one row per kind and month of the quarter that is over, where the last of the six is in the quarter or just
-- before it; `usual` is their median.
with spine as (
    select month, next_month, name, quarter, row_number() over (order by month) as position from months
),

billed as (
    select spine.position, recognised_revenue.kind, sum(recognised_revenue.amount)::decimal(38, 12) as amount
    from recognised_revenue
    inner join spine
        on spine.month = recognised_revenue.month
    group by spine.position, recognised_revenue.kind
),

six as (
    select latest.kind, latest.position, median(billed.amount)::decimal(38, 12) as usual
    from billed as latest
    inner join billed
        on billed.kind = latest.kind
        and billed.position between latest.position - 5 and latest.position
    group by latest.kind, latest.position
    having count(*) = 6
)

select six.kind, spine.month, spine.next_month, spine.name, spine.quarter, six.usual
from spine
inner join call_days
    on call_days.last_day >= spine.next_month - 1 - least(call_days.silent_days, 4)
inner join six
    on six.position < spine.position
    and six.position >= (select min(first.position) from spine as first where first.month >= $first_day) - 1
anti join billed
    on billed.kind = six.kind
    and billed.position > six.position
    and billed.position <= spine.position
where spine.month between $first_day and $last_day
    and spine.month <= (select max(invoiced_at) from invoices)
    and six.usual > 0
order by six.usual desc, six.kind, spine.position
