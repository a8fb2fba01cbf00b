-- How much did each partner use in production in each month, and was it active?
-- Grain: one row per partner and month with a successful production call.
select
    partner_id,
    month,
    sum(calls)::bigint as calls,
    sum(units)::decimal(38, 9) as units,
    sum(calls) >= (select min_calls from settings) as is_active
from partner_usage
where is_successful and environment = 'production'
group by partner_id, month
