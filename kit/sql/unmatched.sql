-- What leads to no partner in a quarter, by calls, money and hours?
-- Grain: table and id as it is written there, masked where it looks like a key; `amount` is successful production
-- calls, program currency, or hours.
with found as (
    select
        'calls' as table_name,
        coalesce(api_key, logged_id, '(no key)') as id,
        sum(calls) as amount,
        min(traffic.first_day) as first_day,
        max(traffic.last_day) as last_day
    from traffic
    where fate = 'unmatched' and is_successful and environment = 'production'
        and traffic.first_day between $first_day and $last_day
    group by all
    union all
    select 'invoices', partner_id, sum(amount), min(month), max(month)
    from recognised_revenue
    where month between $first_day and $last_day and partner_id not in (select registry.partner_id from registry)
    group by all
    union all
    select 'transactions', partner_id, sum(amount), min(day), max(day)
    from transaction_value
    where day between $first_day and $last_day and partner_id not in (select registry.partner_id from registry)
    group by all
    union all
    select 'attributed', partner_id, sum(amount), min(date), max(date)
    from attributed_revenue
    where date between $first_day and $last_day and partner_id not in (select registry.partner_id from registry)
    group by all
    union all
    select 'worklogs', partner_id, sum(hours), min(date), max(date)
    from onboarding_work
    where date between $first_day and $last_day
        and partner_id is not null and partner_id not in (select registry.partner_id from registry)
    group by all
)

select table_name, masked_key(id) as id, amount::decimal(38, 12) as amount, first_day, last_day
from found
order by table_name, abs(amount) desc, id
