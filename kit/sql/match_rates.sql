-- How much of each export leads to a partner in a quarter?
-- Grain: one row per export with anything in the quarter; hours of no partner in particular are matched to none.
-- `total` and `unmatched` are successful production calls, program currency (credits as so much), or hours.
with parts as (
    select 'calls' as table_name, sum(calls) as amount, fate = 'unmatched' as is_unmatched
    from traffic
    where fate <> 'excluded' and is_successful and environment = 'production' and first_day between $first_day and $last_day
    group by all
    union all
    select 'invoices', sum(abs(amount)), partner_id not in (select registry.partner_id from registry)
    from recognised_revenue
    where month between $first_day and $last_day
    group by all
    union all
    select 'transactions', sum(abs(amount)), partner_id not in (select registry.partner_id from registry)
    from transaction_value
    where day between $first_day and $last_day
    group by all
    union all
    select 'attributed', sum(abs(amount)), partner_id not in (select registry.partner_id from registry)
    from attributed_revenue
    where date between $first_day and $last_day
    group by all
    union all
    select
        'worklogs',
        sum(hours),
        coalesce(partner_id not in (select registry.partner_id from registry), false)
    from onboarding_work
    where date between $first_day and $last_day
    group by all
)

select
    table_name,
    sum(amount)::decimal(38, 12) as total,
    coalesce(sum(amount) filter (where is_unmatched), 0)::decimal(38, 12) as unmatched,
    (unmatched / nullif(total, 0))::double as unmatched_share
from parts
group by table_name
order by table_name
