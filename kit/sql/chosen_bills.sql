-- Which plan is each active partner on in each month, and what does that bill?
-- Grain: one row per case, partner and month that has a plan; the cheapest of those that the partner may be on.
-- `is_exempt` is a partner that is not billed by its contract.
with of_case as (
    select
        plan_bills.*,
        coalesce(exceptions.is_exempt, false) as is_exempt,
        case
            when exceptions.plan is not null then plan_bills.plan = exceptions.plan
            when cases.assign = 'plan' then plan_bills.plan = registry.plan
            when cases.assign = 'segment' then (plan_bills.case_name, plan_bills.position, registry.segment) in (
                select (segments.case_name, segments.position, segments.segment) from pricing_segments as segments
            )
            else true
        end as is_open
    from plan_bills
    inner join pricing_cases as cases
        on cases.case_name = plan_bills.case_name
    inner join registry
        on registry.partner_id = plan_bills.partner_id
    left join pricing_exceptions as exceptions
        on exceptions.case_name = plan_bills.case_name and exceptions.partner_id = plan_bills.partner_id
),

cheapest as (
    select
        case_name,
        partner_id,
        month,
        is_exempt,
        is_internal,
        min({
            'bill': bill, 'position': position, 'units': units, 'plan_fee': plan_fee, 'charges': charges
        }) as least
    from of_case
    where is_open
    group by case_name, partner_id, month, is_exempt, is_internal
)

select
    cheapest.* exclude (least),
    cheapest.least.position as position,
    plans.plan,
    cheapest.least.units as units,
    cheapest.least.bill as bill,
    cheapest.least.plan_fee as plan_fee,
    cheapest.least.charges as charges
from cheapest
inner join pricing_plans as plans
    on plans.case_name = cheapest.case_name and plans.position = cheapest.least.position
