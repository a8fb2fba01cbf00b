-- Where does usage come to many times what any partner was billed in a month of the year before?
-- Grain: one row per partner and month; none unless three months of that year had revenue.
with billed as (
    select
        partner_id,
        month,
        sum(amount) as amount,
        sum(amount) filter (where kind in ('usage', 'overage')) as usage_amount
    from recognised_revenue
    group by partner_id, month
),

before as (
    select max(amount) as largest
    from billed
    where month < $first_day and month >= $first_day::date - interval 1 year
    having count(distinct month) >= 3
)

select
    billed.partner_id,
    coalesce(registry.name, billed.partner_id) as partner,
    months.month,
    months.next_month,
    months.name,
    months.quarter,
    billed.usage_amount::decimal(38, 12) as amount,
    before.largest::decimal(38, 12) as largest
from billed
cross join before
inner join months
    on months.month = billed.month
left join registry
    on registry.partner_id = billed.partner_id
where billed.month between $first_day and $last_day
    and before.largest > 0 and billed.usage_amount > $times::integer * before.largest
order by billed.usage_amount desc, billed.partner_id, months.month
