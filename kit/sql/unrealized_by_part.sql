-- How much of the unrealized revenue is plan fees, and how much is usage above the plan?
-- Grain: one row per month; what was already recognised from a partner is taken off its usage first.
select
    months.month,
    coalesce(sum(least(times(unrealized.plan_fee, cases.base), unrealized.amount)), 0)::decimal(38, 12) as plan_fees,
    (coalesce(sum(unrealized.amount), 0) - plan_fees)::decimal(38, 12) as usage_above
from months
left join unrealized_revenue as unrealized
    on unrealized.month = months.month and unrealized.is_base
left join pricing_cases as cases
    on cases.case_name = unrealized.case_name
group by months.month
order by months.month
