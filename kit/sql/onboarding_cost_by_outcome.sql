-- What became of the partners that a quarter's onboarding work was for?
-- Grain: one row per outcome by the quarter's end that has any work in it.
select
    case
        when stages.partner_id is null then 'no partner in particular'
        when stages.production_date >= $first_day and stages.production_date < $next_day then 'live this quarter'
        when stages.production_date < $first_day then 'live before'
        when registry.offboarded_at < $next_day then 'left without going live'
        else 'not live yet'
    end as outcome,
    count(distinct stages.partner_id) as partners,
    sum(onboarding_work.hours)::decimal(38, 12) as hours,
    sum(onboarding_work.cost)::decimal(38, 12) as cost
from onboarding_work
left join stages
    on stages.partner_id = onboarding_work.partner_id
left join registry
    on registry.partner_id = onboarding_work.partner_id
where onboarding_work.date >= $first_day and onboarding_work.date < $next_day
group by outcome
order by cost desc, outcome
