-- How much did each partner use in production in each month, and was it active?
-- Grain: one row per partner and month with a successful production call; `all_units` counts the failed ones too.
select
    partner_id,
    month,
    (sum(calls) filter (where is_successful))::bigint as calls,
    (sum(units) filter (where is_successful))::decimal(38, 9) as units,
    sum(units)::decimal(38, 9) as all_units,
    (sum(calls) filter (where is_successful)) >= (select min_calls from settings) as is_active
from partner_usage
where environment = 'production'
group by partner_id, month
having count(*) filter (where is_successful) > 0
