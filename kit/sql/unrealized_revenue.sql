-- What would each active partner have been billed, beyond what was recognised from it?
-- Grain: one row per case, partner and month; on the cheapest plan, or on the partner's own.
with chosen as (
    select plan_bills.*
    from plan_bills
    inner join pricing_cases
        on pricing_cases.case_name = plan_bills.case_name
    inner join registry
        on registry.partner_id = plan_bills.partner_id
    where pricing_cases.assign = 'cheapest' or registry.plan = plan_bills.plan
    qualify row_number() over (
        partition by plan_bills.case_name, plan_bills.partner_id, plan_bills.month
        order by plan_bills.bill, plan_bills.position
    ) = 1
),

recognised as (
    select partner_id, month, sum(amount)::decimal(38, 12) as amount
    from recognised_revenue
    group by partner_id, month
)

select
    chosen.case_name,
    pricing_cases.is_base,
    chosen.partner_id,
    chosen.month,
    chosen.plan,
    chosen.units,
    chosen.bill,
    chosen.plan_fee,
    coalesce(recognised.amount, 0)::decimal(38, 12) as recognised,
    greatest(times(chosen.bill, pricing_cases.low) - coalesce(recognised.amount, 0), 0)::decimal(38, 12) as low,
    greatest(times(chosen.bill, pricing_cases.base) - coalesce(recognised.amount, 0), 0)::decimal(38, 12) as amount,
    greatest(times(chosen.bill, pricing_cases.high) - coalesce(recognised.amount, 0), 0)::decimal(38, 12) as high
from chosen
inner join pricing_cases
    on pricing_cases.case_name = chosen.case_name
left join recognised
    on recognised.partner_id = chosen.partner_id and recognised.month = chosen.month
