-- When did each partner reach each stage?
-- Grain: one row per partner; a stage is reached at the earliest of the registry's date and the calls' evidence,
-- and no later than any stage after it.
with evidence as (
    select
        partner_id,
        min(first_day) filter (where environment = 'sandbox') as sandbox_seen,
        min(first_day) filter (where is_successful) as first_call_seen,
        min(first_day) filter (where is_successful and environment = 'production') as production_seen
    from traffic
    where fate = 'used'
    group by partner_id
)

select
    registry.partner_id,
    registry.name,
    registry.segment,
    registry.plan,
    registry.region,
    least(registry.production_at, evidence.production_seen) as production_date,
    least(registry.first_call_at, evidence.first_call_seen, production_date) as first_call_date,
    least(registry.sandbox_at, evidence.sandbox_seen, first_call_date) as sandbox_date,
    least(registry.registered_at, sandbox_date) as registered_date
from registry
left join evidence
    on evidence.partner_id = registry.partner_id
where not registry.is_test
