-- When did each partner reach each stage?
-- Grain: one row per partner that is no test; `partners` is 1. Later than `$last_day` is not reached yet.
select
    partner_id,
    name,
    segment,
    1::bigint as partners,
    registered_date,
    if(sandbox_date <= $last_day, sandbox_date, null) as sandbox_date,
    if(first_call_date <= $last_day, first_call_date, null) as first_call_date,
    if(production_date <= $last_day, production_date, null) as production_date
from stages
where registered_date <= $last_day
order by registered_date, partner_id
