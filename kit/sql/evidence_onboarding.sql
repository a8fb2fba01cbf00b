-- Which hours of onboarding are in the cost per partner, and at which rate?
-- Grain: date, partner, activity and role; `rate_from` is the day from which the rate is in force.
select
    work.date,
    work.month,
    work.partner_id,
    any_value(registry.name) as name,
    work.activity,
    work.role,
    any_value(rates.role) as rate_role,
    any_value(rates.valid_from) as rate_from,
    any_value(work.hourly) as hourly,
    sum(work.hours)::decimal(38, 12) as hours,
    sum(work.cost)::decimal(38, 12) as cost
from onboarding_work as work
left join registry
    on registry.partner_id = work.partner_id
asof left join rates
    on rates.role = lower(work.role) and rates.valid_from <= work.date
where work.month between $first_month and $last_month
group by work.date, work.month, work.partner_id, work.activity, work.role
order by work.date, work.partner_id nulls last, work.activity, work.role
