-- Which partners are live by the registry, and never made a production call?
-- Grain: one row per partner that went live since the logs begin, and at least $grace days before the day looked at.
select registry.partner_id, registry.name, registry.production_at
from registry
inner join call_days
    on registry.production_at >= call_days.first_day
    and registry.production_at <= least($last_day::date, call_days.last_day) - $grace::integer
anti join production_usage
    on production_usage.partner_id = registry.partner_id
where not registry.is_test
order by registry.production_at, registry.partner_id
