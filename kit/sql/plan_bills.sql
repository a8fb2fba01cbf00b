-- What would each active partner's month cost on each plan?
-- Grain: one row per case, plan, partner and month.
select * exclude (response)
from bills_of('metered_usage')
