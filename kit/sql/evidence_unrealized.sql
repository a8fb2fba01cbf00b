-- What would each active partner have been billed by the base case, beyond what was recognised from it?
-- Grain: one row per partner and month with a plan; `kept_bill` is of the use that stays at these prices.
select
    unrealized_revenue.month,
    unrealized_revenue.partner_id,
    registry.name,
    unrealized_revenue.plan,
    unrealized_revenue.units,
    unrealized_revenue.kept_bill,
    unrealized_revenue.recognised,
    unrealized_revenue.amount
from unrealized_revenue
left join registry
    on registry.partner_id = unrealized_revenue.partner_id
where unrealized_revenue.is_base and unrealized_revenue.month between $first_month and $last_month
order by unrealized_revenue.month, unrealized_revenue.partner_id
