-- What did each partner bring in each month, in the words of the program's stage?
-- Grain: one row per partner and month with any; `$basis` is recognised, transacted or unrealized (the base case).
with amounts as (
    select partner_id, month, amount from recognised_revenue where $basis = 'recognised'
    union all
    select partner_id, month, amount from transaction_value where $basis = 'transacted'
    union all
    select partner_id, month, amount from unrealized_revenue where $basis = 'unrealized' and is_base
)

select
    amounts.partner_id,
    coalesce(any_value(registry.name), masked_key(amounts.partner_id)) as name,
    any_value(registry.segment) as segment,
    amounts.month,
    sum(amounts.amount)::decimal(38, 12) as amount
from amounts
left join registry
    on registry.partner_id = amounts.partner_id
where amounts.month <= $last_month
group by amounts.partner_id, amounts.month
having sum(amounts.amount) <> 0
order by amounts.month, amounts.partner_id
