-- What is billed each month, by kind, and what would be, by part of the plan?
-- Grain: one row per month, bar and part that has any; what was recognised from a partner is taken off usage first.
-- Nothing is unrealized in quarters of which too few calls, or once the program bills too few invoices, lead to a partner.
with withheld as (
    select months.month
    from evidence_by_quarter as evidence
    inner join months
        on months.quarter = evidence.quarter
    cross join settings
    inner join limits
        on (limits.table_name = 'calls' and evidence.calls_matched < limits.least * evidence.calls_all)
        or (
            limits.table_name = 'invoices' and settings.stage = 'monetized'
            and evidence.invoices_matched < limits.least * evidence.invoices_all
        )
),

billed as (
    select month, kind::varchar as part, sum(amount) as amount
    from recognised_revenue
    group by month, kind
),

unrealized as (
    select
        unrealized_revenue.month,
        sum(least(times(unrealized_revenue.plan_fee, pricing_cases.base), unrealized_revenue.amount)) as plan_fees,
        sum(unrealized_revenue.amount) as amount
    from unrealized_revenue
    inner join pricing_cases
        on pricing_cases.case_name = unrealized_revenue.case_name and pricing_cases.is_base
    where unrealized_revenue.month not in (select withheld.month from withheld)
    group by unrealized_revenue.month
)

select month, 'billed' as bar, part, amount::decimal(38, 12) as amount, false as is_estimate
from billed
union all
select month, 'unrealized', 'plan fees', plan_fees::decimal(38, 12), true
from unrealized
union all
select month, 'unrealized', 'usage above plan', (amount - plan_fees)::decimal(38, 12), true
from unrealized
order by month, bar, part
