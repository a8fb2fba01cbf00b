-- Where did the hours of onboarding go, quarter by quarter?
-- Grain: one row per quarter and activity or role, as `$by` says; the quarter's largest cost first.
select
    months.quarter,
    if($by = 'role', onboarding_work.role, onboarding_work.activity) as part,
    sum(onboarding_work.hours)::decimal(38, 12) as hours,
    sum(onboarding_work.cost)::decimal(38, 12) as cost
from onboarding_work
inner join months
    on months.month = onboarding_work.month
where months.quarter in (select unnest($quarters::varchar[]))
group by months.quarter, part
order by min(months.month), cost desc, part
