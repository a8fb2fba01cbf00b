-- What is there to bill of each partner, if the calls of one operation are free?
-- Grain: that of production_usage; whoever is active stays so.
select
    usage.* replace (
        (usage.units - coalesce(free.units, 0))::decimal(38, 9) as units,
        (usage.all_units - coalesce(free.all_units, 0))::decimal(38, 9) as all_units
    )
from main.production_usage as usage
left join (
    select partner_id, month, sum(units) filter (where is_successful) as units, sum(units) as all_units
    from main.partner_usage
    where environment = 'production' and operation = $free
    group by partner_id, month
) as free
    on free.partner_id = usage.partner_id and free.month = usage.month
