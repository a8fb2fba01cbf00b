-- What would the use that stays be billed?
-- Grain: one row per case, partner and month where prices have an effect on use; a bill for each response.
select
    case_name,
    partner_id,
    month,
    any_value(bill) filter (where basis = 'low') as low,
    any_value(bill) filter (where basis = 'base') as base,
    any_value(bill) filter (where basis = 'high') as high
from bills_of('kept_usage')
group by case_name, partner_id, month
