-- Whose calls are they?
-- Grain: one row per partner with successful production calls in a quarter, the most first.
select
    production_usage.partner_id,
    registry.name,
    registry.segment,
    sum(production_usage.calls)::bigint as calls,
    sum(production_usage.calls) / sum(sum(production_usage.calls)) over () as calls_share
from production_usage
inner join registry
    on registry.partner_id = production_usage.partner_id
inner join months
    on months.month = production_usage.month
where months.quarter = $quarter
group by production_usage.partner_id, registry.name, registry.segment
order by calls desc, registry.name, production_usage.partner_id
