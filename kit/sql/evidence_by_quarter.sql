-- On how much of what was exported does each figure rest?
-- Grain: one row per quarter. Amounts are in the program's currency, credits as so much; `_matched` leads to a partner.
-- `usage_billed` are the months of which the logs tell, `usage_seen` those of it with calls in them or the month before.
-- `has_soft_value` says whether attributed or avoided value counts in the quarter.
-- `costs_expected` is how many months should have costs: null where they are not booked each month.
with calls as (
    select
        months.quarter,
        sum(traffic.calls) as calls_all,
        sum(traffic.calls) filter (where traffic.fate <> 'unmatched') as calls_matched
    from traffic
    inner join months using (month)
    where traffic.fate <> 'excluded' and traffic.is_successful and traffic.environment = 'production'
    group by months.quarter
),

called as (
    select distinct partner_id, month from traffic where fate = 'used' and environment = 'production'
    union
    select traffic.partner_id, after.month
    from traffic
    inner join months using (month)
    inner join months as after
        on after.month = months.next_month
    where traffic.fate = 'used' and traffic.environment = 'production'
),

invoices as (
    select
        months.quarter,
        sum(abs(lines.amount)) as invoices_all,
        sum(abs(lines.amount)) filter (where lines.status = 'paid') as invoices_paid,
        sum(abs(lines.amount)) filter (where registry.partner_id is not null) as invoices_matched,
        sum(abs(lines.amount)) filter (
            where lines.kind in ('usage', 'overage')
            and registry.partner_id is not null
            and lines.month >= call_days.first_day and lines.month <= call_days.last_day
        ) as usage_billed,
        sum(abs(lines.amount)) filter (
            where lines.kind in ('usage', 'overage')
            and called.partner_id is not null
            and lines.month >= call_days.first_day and lines.month <= call_days.last_day
        ) as usage_seen
    from recognised_revenue as lines
    inner join months using (month)
    cross join call_days
    left join registry
        on registry.partner_id = lines.partner_id
    left join called
        on called.partner_id = lines.partner_id and called.month = lines.month
    group by months.quarter
),

transactions as (
    select
        months.quarter,
        sum(abs(transaction_value.amount)) as transactions_all,
        sum(abs(transaction_value.amount)) filter (where registry.partner_id is not null) as transactions_matched
    from transaction_value
    inner join months using (month)
    left join registry
        on registry.partner_id = transaction_value.partner_id
    group by months.quarter
),

attributed as (
    select
        months.quarter,
        sum(attributed_revenue.amount) as attributed_net,
        sum(abs(attributed_revenue.amount)) as attributed_all,
        sum(abs(attributed_revenue.amount)) filter (where registry.partner_id is not null) as attributed_matched
    from attributed_revenue
    inner join months using (month)
    left join registry
        on registry.partner_id = attributed_revenue.partner_id
    group by months.quarter
),

avoided as (
    select months.quarter, sum(avoided_work.base) as amount
    from avoided_work
    inner join months using (month)
    group by months.quarter
),

-- More hours than a week has in one entry are a sum or an estimate, not work as it was logged.
work as (
    select
        months.quarter,
        sum(onboarding_work.hours) as hours_all,
        sum(onboarding_work.hours) filter (
            where onboarding_work.partner_id is null or registry.partner_id is not null
        ) as hours_matched,
        sum(onboarding_work.hours) filter (where onboarding_work.hours <= 40) as hours_logged
    from onboarding_work
    inner join months using (month)
    left join registry
        on registry.partner_id = onboarding_work.partner_id
    group by months.quarter
),

booked as (
    select
        quarters.quarter,
        count(distinct months.month) as months_begun,
        count(distinct months.month) filter (
            where months.month in (select program_costs.month from program_costs)
        ) as cost_months
    from quarters
    cross join call_days
    inner join months
        on months.quarter = quarters.quarter and months.month <= call_days.last_day
    group by quarters.quarter
),

habits as (
    select
        quarters.quarter,
        median(earlier.cost_months) > 1 as is_monthly
    from quarters
    inner join quarters as before
        on before.first_day < quarters.first_day and before.first_day >= quarters.first_day - interval 400 day
    inner join booked as earlier
        on earlier.quarter = before.quarter and earlier.cost_months > 0
    group by quarters.quarter
),

live as (
    select
        quarters.quarter,
        count(*) as live_all,
        count(*) filter (
            where exists (
                select 1
                from production_usage
                where production_usage.partner_id = stages.partner_id and production_usage.month < quarters.next_day
            )
        ) as live_seen
    from stages
    cross join call_days
    inner join quarters
        on stages.production_date < quarters.next_day
    where stages.production_date >= call_days.first_day
    group by quarters.quarter
)

select
    quarters.quarter,
    coalesce(calls.calls_all, 0)::bigint as calls_all,
    coalesce(calls.calls_matched, 0)::bigint as calls_matched,
    coalesce(invoices.invoices_all, 0)::decimal(38, 12) as invoices_all,
    coalesce(invoices.invoices_paid, 0)::decimal(38, 12) as invoices_paid,
    coalesce(invoices.invoices_matched, 0)::decimal(38, 12) as invoices_matched,
    coalesce(invoices.usage_billed, 0)::decimal(38, 12) as usage_billed,
    coalesce(invoices.usage_seen, 0)::decimal(38, 12) as usage_seen,
    coalesce(transactions.transactions_all, 0)::decimal(38, 12) as transactions_all,
    coalesce(transactions.transactions_matched, 0)::decimal(38, 12) as transactions_matched,
    coalesce(attributed.attributed_all, 0)::decimal(38, 12) as attributed_all,
    coalesce(attributed.attributed_matched, 0)::decimal(38, 12) as attributed_matched,
    coalesce(attributed.attributed_net, 0) <> 0 and coalesce((select max(base) from attribution), 0) > 0
    or coalesce(avoided.amount, 0) <> 0 as has_soft_value,
    coalesce(work.hours_all, 0)::decimal(38, 12) as hours_all,
    coalesce(work.hours_matched, 0)::decimal(38, 12) as hours_matched,
    coalesce(work.hours_logged, 0)::decimal(38, 12) as hours_logged,
    coalesce(booked.cost_months, 0) as cost_months,
    if(coalesce(habits.is_monthly, booked.cost_months > 1), booked.months_begun, null) as costs_expected,
    coalesce(live.live_all, 0) as live_all,
    coalesce(live.live_seen, 0) as live_seen
from quarters
left join calls using (quarter)
left join invoices using (quarter)
left join transactions using (quarter)
left join attributed using (quarter)
left join avoided using (quarter)
left join work using (quarter)
left join booked using (quarter)
left join habits using (quarter)
left join live using (quarter)
order by quarters.first_day
