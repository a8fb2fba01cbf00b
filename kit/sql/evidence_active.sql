-- Who used the API in production in each month, and how much?
-- Grain: one row per partner and month with a successful production call; `partners` is 1.
select
    production_usage.month,
    production_usage.partner_id,
    registry.name,
    1::bigint as partners,
    production_usage.calls,
    production_usage.units,
    production_usage.is_active
from production_usage
left join registry
    on registry.partner_id = production_usage.partner_id
where production_usage.month between $first_month and $last_month
order by production_usage.month, production_usage.partner_id
