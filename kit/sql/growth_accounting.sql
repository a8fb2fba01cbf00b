-- Who is new, returned, kept and lost between the last months of two quarters?
-- Grain: one row; returned partners were active in some month before the earlier of the two, but not in it.
with active_now as (
    select partner_id from production_usage where is_active and month = $month
),

active_then as (
    select partner_id from production_usage where is_active and month = $earlier_month
),

active_before as (
    select distinct partner_id from production_usage where is_active and month <= $earlier_month
)

select
    count(*) filter (where active_now.partner_id is not null and active_then.partner_id is not null) as kept,
    count(*) filter (
        where active_now.partner_id is not null and active_then.partner_id is null
            and active_now.partner_id not in (from active_before)
    ) as new,
    count(*) filter (
        where active_now.partner_id is not null and active_then.partner_id is null
            and active_now.partner_id in (from active_before)
    ) as returned,
    count(*) filter (where active_now.partner_id is null) as lost
from active_now
full join active_then
    on active_then.partner_id = active_now.partner_id
