-- Which amounts have no rate that turns them into the program's currency, or hours into cost?
-- Grain: one row per table, currency or role, and month that has such rows. Nothing needs no rate.
with missing as (
    select 'invoices' as table_name, currency as name, month from recognised_revenue
    where amount is null and original_amount <> 0
    union all
    select 'transactions', currency, month from transaction_value
    where amount is null and original_amount <> 0
    union all
    select 'costs', currency, month from program_costs
    where amount is null and original_amount <> 0
    union all
    select 'attributed', currency, month from attributed_revenue
    where amount is null and original_amount <> 0
    union all
    select 'worklogs', role, month from onboarding_work
    where cost is null and hours <> 0
)

select
    missing.table_name,
    missing.name,
    months.name as month,
    count(*) as row_count
from missing
inner join months using (month)
where missing.month between $first_month and $last_month
group by missing.table_name, missing.name, months.name, months.month
order by months.month, missing.table_name, missing.name
