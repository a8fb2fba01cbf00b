-- What did each partner take that went live in a quarter?
-- Grain: one row per partner that reached production in it, the slowest first; hours are all that were booked on it by
-- the quarter's end.
with work as (
    select partner_id, activity, sum(hours) as hours, sum(cost) as cost
    from onboarding_work
    where date < $next_day
    group by partner_id, activity
),

by_partner as (
    select
        partner_id,
        sum(hours)::decimal(38, 12) as hours,
        sum(cost)::decimal(38, 12) as cost,
        arg_max(activity, (hours, activity)) as most_hours_on,
        max(hours)::decimal(38, 12) as hours_on_that
    from work
    group by partner_id
)

select
    stages.partner_id,
    stages.name,
    stages.segment,
    stages.registered_date,
    stages.production_date,
    (stages.production_date - stages.registered_date)::integer as days,
    coalesce(by_partner.hours, 0)::decimal(38, 12) as hours,
    coalesce(by_partner.cost, 0)::decimal(38, 12) as cost,
    by_partner.most_hours_on,
    by_partner.hours_on_that
from stages
left join by_partner
    on by_partner.partner_id = stages.partner_id
where stages.production_date >= $first_day and stages.production_date < $next_day
order by days desc, stages.name, stages.partner_id
