-- Which partners are there?
-- Grain: one row per partner, merged rows as one with the earliest of their dates.
with rows_by_partner as (
    select resolve(partner_id, system, date '9999-12-30') as owner, *
    from partners
)

select
    owner as partner_id,
    arg_max(name, partner_id = owner) as name,
    min(registered_at) as registered_at,
    min(sandbox_at) as sandbox_at,
    min(first_call_at) as first_call_at,
    min(production_at) as production_at,
    arg_max(offboarded_at, partner_id = owner) as offboarded_at,
    bool_or(is_test) as is_test,
    arg_max(segment, partner_id = owner) as segment,
    arg_max(plan, partner_id = owner) as plan
from rows_by_partner
group by owner
