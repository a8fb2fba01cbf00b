-- What would each active partner have been billed, beyond what was recognised from it?
-- Grain: one row per case, partner and month that has a plan and is not exempt.
-- `bill` is that of the use seen; low, amount and high are of the use that stays, times the share expected to be billed.
with recognised as (
    select partner_id, month, sum(amount)::decimal(38, 12) as amount
    from recognised_revenue
    group by partner_id, month
),

expected as (
    select
        chosen.case_name,
        cases.is_base,
        chosen.partner_id,
        chosen.month,
        chosen.plan,
        chosen.units,
        chosen.bill,
        coalesce(kept_bills.base, chosen.bill) as kept_bill,
        chosen.plan_fee,
        coalesce(recognised.amount, 0)::decimal(38, 12) as recognised,
        times(coalesce(kept_bills.low, chosen.bill), cases.low) as low,
        times(coalesce(kept_bills.base, chosen.bill), cases.base) as base,
        times(coalesce(kept_bills.high, chosen.bill), cases.high) as high
    from chosen_bills as chosen
    inner join pricing_cases as cases
        on cases.case_name = chosen.case_name
    left join kept_bills
        on kept_bills.case_name = chosen.case_name
        and kept_bills.partner_id = chosen.partner_id and kept_bills.month = chosen.month
    left join recognised
        on recognised.partner_id = chosen.partner_id and recognised.month = chosen.month
    where not chosen.is_exempt and not chosen.is_internal
)

select
    * exclude (low, base, high),
    greatest(low - recognised, 0)::decimal(38, 12) as low,
    greatest(base - recognised, 0)::decimal(38, 12) as amount,
    greatest(high - recognised, 0)::decimal(38, 12) as high
from expected
