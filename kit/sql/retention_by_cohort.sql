-- Of the partners first active in a quarter, how many are active in each month after?
-- Grain: one row per cohort and number of months since each partner's first active month, as far as all of the cohort
-- can have reached it by the last month.
with spine as (
    select month, quarter, row_number() over (order by month) as place from months
),

active as (
    select production_usage.partner_id, spine.place, min(spine.place) over (partition by partner_id) as first_place
    from production_usage
    inner join spine
        on spine.month = production_usage.month
    where production_usage.is_active and spine.month <= $last_month
),

cohorts as (
    select distinct active.partner_id, active.first_place, spine.quarter
    from active
    inner join spine
        on spine.place = active.first_place
),

sizes as (
    select quarter, count(*) as partners, max(first_place) as last_first_place from cohorts group by quarter
)

select
    sizes.quarter as cohort,
    sizes.partners,
    ages.age as months_since,
    count(active.partner_id) as active_partners
from sizes
cross join (select unnest(range(0, $most_months)) as age) as ages
inner join cohorts
    on cohorts.quarter = sizes.quarter
left join active
    on active.partner_id = cohorts.partner_id and active.place = active.first_place + ages.age
where sizes.last_first_place + ages.age <= (select place from spine where month = $last_month)
group by sizes.quarter, sizes.partners, sizes.last_first_place, ages.age
order by sizes.last_first_place, ages.age
