-- What would each active partner's month cost on each plan?
-- Grain: one row per case, plan, partner and month; `is_internal` are test partners, who are billed nowhere.
select * exclude (basis), basis = 'internal' as is_internal
from bills_of('metered_usage')
