-- Who came, came back and left, month by month?
-- Grain: one row per month and partner that was active in it or in the month before; kept partners are no movement.
with spine as (
    select month, lag(month) over (order by month) as earlier_month from months
),

active as (
    select partner_id, month, min(month) over (partition by partner_id) as first_month
    from production_usage
    where is_active
),

came as (
    select spine.month, now.partner_id, if(now.month = now.first_month, 'new', 'returned') as movement
    from active as now
    inner join spine
        on spine.month = now.month
    left join active as earlier
        on earlier.partner_id = now.partner_id and earlier.month = spine.earlier_month
    where earlier.partner_id is null
),

went as (
    select spine.month, earlier.partner_id, 'lost' as movement
    from active as earlier
    inner join spine
        on spine.earlier_month = earlier.month
    left join active as now
        on now.partner_id = earlier.partner_id and now.month = spine.month
    where now.partner_id is null
),

movements as (
    select * from came
    union all
    select * from went
)

select movements.month, movements.partner_id, registry.name, movements.movement
from movements
inner join registry
    on registry.partner_id = movements.partner_id
where movements.month between $first_month and $last_month
order by movements.month, movements.movement, registry.name, movements.partner_id
