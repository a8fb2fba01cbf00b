-- Which partners are there?
-- Grain: one row per partner, merged rows as one with the earliest of their dates.
with rows_by_partner as (
    select resolve(partner_id, system, date '9999-12-30') as owner, *
    from partners
)

select
    owner as partner_id,
    coalesce(any_value(name) filter (where partner_id = owner), any_value(name)) as name,
    min(registered_at) as registered_at,
    min(sandbox_at) as sandbox_at,
    min(first_call_at) as first_call_at,
    min(production_at) as production_at,
    if(
        bool_or(partner_id = owner),
        any_value(offboarded_at) filter (where partner_id = owner),
        max(offboarded_at)
    ) as offboarded_at,
    bool_or(is_test) as is_test,
    coalesce(any_value(segment) filter (where partner_id = owner), any_value(segment)) as segment,
    coalesce(any_value(plan) filter (where partner_id = owner), any_value(plan)) as plan,
    coalesce(any_value(region) filter (where partner_id = owner), any_value(region)) as region
from rows_by_partner
group by owner
