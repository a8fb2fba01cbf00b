-- How many rows of each export are in the figures of a quarter?
-- Grain: one row per export with any; of calls, all that are somebody's and no test, as often as they were logged once.
-- An invoice line counts where a part of it is recognised, whenever it was invoiced.
with unused as (
    select distinct period, api_key, logged_id, system, product, operation
    from traffic
    where fate <> 'used'
),

calls_of_quarter as (
    select 'calls' as table_name, sum(file_usage.row_count) as row_count
    from file_usage
    left join periods
        on periods.day = file_usage.day
    left join unused
        on unused.period = periods.period
        and unused.api_key is not distinct from file_usage.api_key
        and unused.logged_id is not distinct from file_usage.partner_id
        and unused.system is not distinct from file_usage.system
        and unused.product is not distinct from file_usage.product
        and unused.operation is not distinct from file_usage.operation
    where not file_usage.is_repeat and unused.period is null and file_usage.day between $first_day and $last_day
),

others as (
    select 'invoices' as table_name, count(distinct line_id) as row_count
    from recognised_revenue
    where month between $first_day and $last_day
    union all
    select 'transactions', count(*) from transaction_value where month between $first_day and $last_day
    union all
    select 'worklogs', count(*) from onboarding_work where month between $first_day and $last_day
    union all
    select 'attributed', count(*) from attributed_revenue where month between $first_day and $last_day
    union all
    select 'costs', count(*) from program_costs where month between $first_day and $last_day
)

select table_name, row_count::bigint as row_count
from calls_of_quarter
where row_count > 0
union all
select table_name, row_count
from others
where row_count > 0
