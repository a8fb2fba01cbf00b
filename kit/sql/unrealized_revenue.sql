-- What would each active partner have been billed, beyond what was recognised from it?
-- Grain: one row per case, partner and month; on the cheapest plan, or on the partner's own.
with cheapest as (
    select
        plan_bills.case_name,
        plan_bills.partner_id,
        plan_bills.month,
        min({
            'bill': plan_bills.bill,
            'position': plan_bills.position,
            'units': plan_bills.units,
            'plan_fee': plan_bills.plan_fee
        }) as least
    from plan_bills
    inner join pricing_cases
        on pricing_cases.case_name = plan_bills.case_name
    inner join registry
        on registry.partner_id = plan_bills.partner_id
    where pricing_cases.assign = 'cheapest' or registry.plan = plan_bills.plan
    group by plan_bills.case_name, plan_bills.partner_id, plan_bills.month
),

chosen as (
    select cheapest.* exclude (least), plans.plan, least.units, least.bill, least.plan_fee
    from cheapest
    inner join pricing_plans as plans
        on plans.case_name = cheapest.case_name and plans.position = cheapest.least.position
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
