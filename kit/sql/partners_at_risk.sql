-- Whose use is falling?
-- Grain: one row per partner active in the last twelve months whose calls fell in each of the last months, two at least,
-- up to the last; months without a call count as none.
with recent as (
    select month, row_number() over (order by month desc) as back
    from months
    where month <= $last_month
    qualify back <= 13
),

partners_used as (
    select distinct partner_id from production_usage where is_active and month in (select month from recent where back <= 12)
),

use_by_month as (
    select
        partners_used.partner_id,
        recent.back,
        recent.month,
        coalesce(production_usage.calls, 0) as calls
    from partners_used
    cross join recent
    left join production_usage
        on production_usage.partner_id = partners_used.partner_id and production_usage.month = recent.month
),

changes as (
    select *, calls < lag(calls) over (partition by partner_id order by month) as has_fallen
    from use_by_month
),

falls as (
    select partner_id, min(back) filter (where not has_fallen or has_fallen is null) - 1 as months_falling
    from changes
    group by partner_id
),

ends as (
    select
        partner_id,
        max(calls) filter (where back = 1) as calls,
        max(month) filter (where calls > 0) as last_month_used
    from use_by_month
    group by partner_id
)

select
    falls.partner_id,
    registry.name,
    registry.segment,
    falls.months_falling,
    before.calls as calls_before,
    ends.calls,
    (ends.calls - before.calls) / before.calls as change_share,
    ends.last_month_used
from falls
inner join ends
    on ends.partner_id = falls.partner_id
inner join use_by_month as before
    on before.partner_id = falls.partner_id and before.back = falls.months_falling + 1
inner join registry
    on registry.partner_id = falls.partner_id
where falls.months_falling >= 2
order by before.calls - ends.calls desc, registry.name, falls.partner_id
