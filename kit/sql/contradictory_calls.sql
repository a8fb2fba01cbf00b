-- Which requests stand for several, though they have one id?
-- Grain: one row per request, twenty at most.
select
    request,
    count(*) as row_count,
    case
        when count(distinct coalesce(api_key, '')) > 1 then 'for several keys'
        when count(distinct coalesce(partner_id, '')) > 1 then 'for several partners'
        when count(distinct environment) > 1 then 'in several environments'
        when max(called_at) - min(called_at) > interval 1 day then 'more than a day apart'
    end as why,
    list(distinct [log, place]) as places
from repeated_calls
group by request
having why is not null
order by request
limit 20
