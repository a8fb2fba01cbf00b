-- What would each partner be billed in a month by a pricing case, and how much more is that than now?
-- Grain: one row per partner that has a plan, the dearest bill first; internal partners are left out.
select
    chosen.partner_id,
    registry.name,
    registry.segment,
    chosen.plan,
    chosen.units,
    if(chosen.is_exempt, 0, chosen.bill)::decimal(38, 12) as bill,
    coalesce(recognised.amount, 0)::decimal(38, 12) as billed_now,
    (if(chosen.is_exempt, 0, chosen.bill) - billed_now)::decimal(38, 12) as increase
from chosen_bills as chosen
inner join registry
    on registry.partner_id = chosen.partner_id
left join (
    select partner_id, sum(amount) as amount
    from recognised_revenue
    where month = $month
    group by partner_id
) as recognised
    on recognised.partner_id = chosen.partner_id
where chosen.case_name = $case_name and chosen.month = $month and not chosen.is_internal
order by bill desc, chosen.partner_id
