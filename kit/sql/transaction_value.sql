-- What did partners' customers transact through the API?
-- Grain: one row per transaction of a partner that is not a test.
with dated as (
    select *, (transacted_at at time zone (select timezone from settings))::date as day
    from transactions
),

owned as (
    select *, resolve(partner_id, system, day) as owner
    from dated
)

select
    owned.owner as partner_id,
    owned.day,
    months.month,
    owned.currency,
    owned.amount as original_amount,
    times(owned.amount, rate_of(owned.currency, calendar_month(owned.day))) as amount
from owned
inner join months
    on owned.day >= months.month and owned.day < months.next_month
left join registry
    on registry.partner_id = owned.owner
where not coalesce(registry.is_test, false)
