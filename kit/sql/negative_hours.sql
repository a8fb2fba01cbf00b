-- Which entries of onboarding work hold hours below zero that take back no other entry?
-- Grain: one row per entry, the furthest below zero first.
select
    entries.date,
    entries.role,
    entries.activity,
    entries.hours
from onboarding_work as entries
where entries.date between $first_day and $last_day
    and entries.hours < 0
    and not exists (
        select 1
        from onboarding_work as corrected
        where corrected.hours = -entries.hours
            and corrected.role = entries.role
            and corrected.partner_id is not distinct from entries.partner_id
    )
order by entries.hours, entries.date
