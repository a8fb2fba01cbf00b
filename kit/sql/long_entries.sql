-- Which entries of onboarding work hold more hours than anybody works in a day?
-- Grain: one row per entry of more than $hours, the longest first.
select
    onboarding_work.date,
    onboarding_work.role,
    onboarding_work.activity,
    coalesce(registry.name, masked_key(onboarding_work.partner_id)) as name,
    onboarding_work.hours,
    onboarding_work.cost
from onboarding_work
left join registry
    on registry.partner_id = onboarding_work.partner_id
where onboarding_work.date between $first_day and $last_day and onboarding_work.hours > $hours::integer
order by onboarding_work.hours desc, onboarding_work.date, name
