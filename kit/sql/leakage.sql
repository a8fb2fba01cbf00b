-- What was each partner's use worth by a pricing case, and what was invoiced to it?
-- Grain: one row per partner with a bill or an invoice between two months, the largest difference first.
-- `verdict` is unbilled, under-billed, over-billed or agrees; `leak` is what should have been invoiced and was not.
with rated as (
    select partner_id, sum(if(is_exempt, 0, bill)) as amount
    from chosen_bills
    where case_name = $case_name and month between $first_month and $last_month and not is_internal
    group by partner_id
),

invoiced as (
    select partner_id, sum(amount) as amount
    from recognised_revenue
    where month between $first_month and $last_month
    group by partner_id
),

both_sides as (
    select
        coalesce(rated.partner_id, invoiced.partner_id) as partner_id,
        coalesce(rated.amount, 0)::decimal(38, 12) as rated,
        coalesce(invoiced.amount, 0)::decimal(38, 12) as invoiced
    from rated
    full join invoiced
        on invoiced.partner_id = rated.partner_id
)

select
    both_sides.partner_id,
    registry.name,
    both_sides.rated,
    both_sides.invoiced,
    case
        when abs(both_sides.rated - both_sides.invoiced) <= $tolerance then 'agrees'
        when both_sides.rated > both_sides.invoiced
            then if(both_sides.invoiced = 0, 'unbilled', 'under-billed')
        else 'over-billed'
    end as verdict,
    if(
        verdict in ('unbilled', 'under-billed'), both_sides.rated - both_sides.invoiced, 0
    )::decimal(38, 12) as leak
from both_sides
left join registry
    on registry.partner_id = both_sides.partner_id
order by abs(both_sides.rated - both_sides.invoiced) desc, both_sides.partner_id
