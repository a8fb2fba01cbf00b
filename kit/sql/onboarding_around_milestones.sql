-- What did onboarding cost before and after each milestone?
-- Grain: one row per milestone with $days days of work logs before it; `is_whole` if as many lie after it.
with spans as (
    select distinct
        milestones.date,
        milestones.label,
        milestones.date - $days::integer as before_from,
        least(milestones.date + $days::integer, $next_day::date) as after_to
    from milestones
    where milestones.date < $next_day
        and milestones.date - $days::integer >= (select min(date) from worklogs)
),

work as (
    select
        spans.date,
        spans.label,
        sum(onboarding_work.cost) filter (where onboarding_work.date < spans.date) as cost_before,
        sum(onboarding_work.cost) filter (where onboarding_work.date >= spans.date) as cost_after
    from spans
    left join onboarding_work
        on onboarding_work.date >= spans.before_from and onboarding_work.date < spans.after_to
    group by spans.date, spans.label
),

live as (
    select
        spans.date,
        spans.label,
        count(*) filter (where stages.production_date < spans.date) as partners_before,
        count(*) filter (where stages.production_date >= spans.date) as partners_after
    from spans
    left join stages
        on stages.production_date >= spans.before_from and stages.production_date < spans.after_to
    group by spans.date, spans.label
)

select
    spans.date,
    spans.label as milestone,
    (spans.after_to - spans.date)::integer as days_after,
    spans.after_to - spans.date = $days as is_whole,
    coalesce(live.partners_before, 0) as partners_before,
    coalesce(live.partners_after, 0) as partners_after,
    coalesce(work.cost_before, 0)::decimal(38, 12) as cost_before,
    coalesce(work.cost_after, 0)::decimal(38, 12) as cost_after
from spans
left join work
    on work.date = spans.date and work.label = spans.label
left join live
    on live.date = spans.date and live.label = spans.label
order by spans.date, spans.label
