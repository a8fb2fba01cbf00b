-- What did each entry of onboarding work cost?
-- Grain: one row per worklog entry, but for test partners; work for no partner in particular counts.
with owned as (
    select worklogs.* replace (resolve(partner_id, system, date) as partner_id)
    from worklogs
)

select
    owned.date,
    months.month,
    owned.partner_id,
    owned.activity,
    owned.role,
    owned.hours,
    rates.hourly,
    times(owned.hours, rates.hourly) as cost
from owned
inner join months
    on owned.date >= months.month and owned.date < months.next_month
left join registry
    on registry.partner_id = owned.partner_id
asof left join rates
    on rates.role = lower(owned.role) and rates.valid_from <= owned.date
where not coalesce(registry.is_test, false)
