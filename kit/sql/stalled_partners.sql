-- Who is not in production, where did each stop, since when, and with how much of our work?
-- Grain: one row per partner registered and not in production by $next_day, nor offboarded; the dearest first.
with work as (
    select partner_id, sum(hours) as hours, sum(cost) as cost, max(date) as last_work
    from onboarding_work
    where date < $next_day
    group by partner_id
),

calls as (
    select partner_id, max(last_day) as last_call
    from traffic
    where fate = 'used' and first_day < $next_day
    group by partner_id
)

select
    stages.partner_id,
    stages.name,
    stages.segment,
    stages.plan,
    case
        when stages.first_call_date < $next_day then 'First API call'
        when stages.sandbox_date < $next_day then 'Active in sandbox'
        else 'Registered'
    end as stopped_at,
    case stopped_at
        when 'First API call' then stages.first_call_date
        when 'Active in sandbox' then stages.sandbox_date
        else stages.registered_date
    end as since,
    ($as_of::date - since)::integer as days,
    coalesce(work.hours, 0)::decimal(38, 12) as hours,
    coalesce(work.cost, 0)::decimal(38, 12) as cost,
    work.last_work,
    calls.last_call
from stages
inner join registry
    on registry.partner_id = stages.partner_id
left join work
    on work.partner_id = stages.partner_id
left join calls
    on calls.partner_id = stages.partner_id
where stages.registered_date < $next_day
    and coalesce(stages.production_date >= $next_day, true)
    and coalesce(registry.offboarded_at >= $next_day, true)
order by cost desc, since, stages.name, stages.partner_id
