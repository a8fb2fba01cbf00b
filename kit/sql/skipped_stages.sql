-- Who reached a later stage with nothing to show for an earlier one?
-- Grain: one row per partner and stage for which neither the registry has a date nor the calls have evidence by $next_day.
with seen as (
    select
        partner_id,
        min(first_day) filter (where environment = 'sandbox') as sandbox_seen,
        min(first_day) filter (where is_successful) as first_call_seen
    from traffic
    where fate = 'used' and first_day < $next_day
    group by partner_id
),

own as (
    select
        stages.*,
        least(registry.sandbox_at, seen.sandbox_seen) as own_sandbox,
        least(registry.first_call_at, seen.first_call_seen) as own_first_call
    from stages
    inner join registry
        on registry.partner_id = stages.partner_id
    left join seen
        on seen.partner_id = stages.partner_id
)

select partner_id, name, segment, 'Active in sandbox' as skipped, first_call_date as reached_next
from own
where first_call_date < $next_day and coalesce(own_sandbox >= $next_day, true)
union all
select partner_id, name, segment, 'First API call', production_date
from own
where production_date < $next_day and coalesce(own_first_call >= $next_day, true)
order by skipped, reached_next, name, partner_id
