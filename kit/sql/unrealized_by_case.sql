-- What would each pricing case have brought, beyond what was recognised?
-- Grain: one row per case and month; a case without active partners in a month has no row.
select
    case_name,
    is_base,
    month,
    count(*) as partners,
    sum(amount)::decimal(38, 12) as amount
from unrealized_revenue
group by case_name, is_base, month
order by month, is_base desc, case_name
