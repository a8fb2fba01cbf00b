-- What would each pricing case have brought in each quarter?
-- Grain: one row per case and quarter in which it prices a partner.
select
    unrealized_revenue.case_name,
    months.quarter,
    min(months.month) as first_month,
    count(distinct unrealized_revenue.partner_id) as partners,
    sum(unrealized_revenue.low)::decimal(38, 12) as low,
    sum(unrealized_revenue.amount)::decimal(38, 12) as amount,
    sum(unrealized_revenue.high)::decimal(38, 12) as high
from unrealized_revenue
inner join months
    on months.month = unrealized_revenue.month
group by unrealized_revenue.case_name, months.quarter
order by unrealized_revenue.case_name, first_month
