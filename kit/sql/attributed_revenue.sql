-- What revenue did partners drive, before any share is credited to the program?
-- Grain: one row per amount of a partner that is not a test.
with owned as (
    select attributed.* replace (resolve(partner_id, system, date) as partner_id)
    from attributed
)

select
    owned.date,
    months.month,
    owned.partner_id,
    owned.currency,
    owned.amount as original_amount,
    times(owned.amount, rate_of(owned.currency, calendar_month(owned.date))) as amount
from owned
inner join months
    on owned.date >= months.month and owned.date < months.next_month
left join registry
    on registry.partner_id = owned.partner_id
where not coalesce(registry.is_test, false)
