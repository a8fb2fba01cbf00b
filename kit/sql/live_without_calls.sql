-- Which partners are live by the registry, and never made a production call that the logs tell of?
-- Grain: one row per partner that the logs could tell of for $grace days by the day looked at, and for $grace_before if it
-- went live before they begin; none that had left by then.
select
    registry.partner_id,
    registry.name,
    registry.production_at,
    registry.production_at < call_days.first_day as is_before
from registry
cross join call_days
cross join (select unnest([true, false]) as is_before, unnest([$grace_before, $grace]) as days) as grace
anti join production_usage
    on production_usage.partner_id = registry.partner_id
where not registry.is_test
    and grace.is_before = (registry.production_at < call_days.first_day)
    and least($last_day::date, call_days.last_day, coalesce(registry.offboarded_at, '9999-12-31'::date))
    - greatest(registry.production_at, call_days.first_day) >= grace.days
order by registry.production_at, registry.partner_id
