-- What revenue did each partner drive, before it is converted and a share of it credited?
-- Grain: month, partner, currency and month of the exchange rate.
select
    attributed_revenue.month,
    attributed_revenue.partner_id,
    any_value(registry.name) as name,
    attributed_revenue.currency,
    calendar_month(attributed_revenue.date) as fx_month,
    sum(attributed_revenue.original_amount)::decimal(38, 12) as original_amount,
    sum(attributed_revenue.amount)::decimal(38, 12) as amount
from attributed_revenue
left join registry
    on registry.partner_id = attributed_revenue.partner_id
where attributed_revenue.month between $first_month and $last_month
group by attributed_revenue.month, attributed_revenue.partner_id, attributed_revenue.currency, fx_month
order by attributed_revenue.month, attributed_revenue.partner_id, attributed_revenue.currency, fx_month
