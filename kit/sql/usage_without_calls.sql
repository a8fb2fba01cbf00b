-- Which usage was billed for a month in which the partner made no calls?
-- Grain: one row per partner and month that the logs cover whole; calls of the month before count too, for usage that is
-- invoiced in arrears.
with called as (
    select distinct partner_id, month from traffic where fate = 'used' and environment = 'production'
),

spine as (
    select month, next_month, name, lag(month) over (order by month) as month_before from months
)

select
    lines.partner_id,
    registry.name,
    spine.name as month,
    sum(lines.amount)::decimal(38, 12) as amount
from recognised_revenue as lines
inner join registry
    on registry.partner_id = lines.partner_id
inner join spine
    on spine.month = lines.month
inner join call_days
    on call_days.first_day <= coalesce(spine.month_before, spine.month)
    and call_days.last_day >= spine.next_month - 1 - least(call_days.silent_days, 4)
left join called
    on called.partner_id = lines.partner_id and called.month in (spine.month, spine.month_before)
where lines.month between $first_day and $last_day
    and lines.kind in ('usage', 'overage')
    and called.partner_id is null
group by lines.partner_id, registry.name, spine.name
having sum(lines.amount) > 0
order by amount desc, lines.partner_id, month
