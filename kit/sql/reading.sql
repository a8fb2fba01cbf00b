-- How text becomes a value; null where it is no such value.

-- A number in one notation: digits, one decimal mark, and thousands in threes where a mark is declared.
create macro read_number(text, decimal_mark, thousands_mark) as (
    case
        when regexp_full_match(
            text,
            '[+-]?(\d+'
            || if(thousands_mark = '', '', '|\d{1,3}(' || regexp_escape(thousands_mark) || '\d{3})+')
            || ')?(' || regexp_escape(decimal_mark) || '\d+)?([eE]-?\d{1,2})?'
        )
            then case
                when abs(try_cast(replace(replace(text, thousands_mark, ''), decimal_mark, '.') as decimal(38, 12))) < 1e15
                    then try_cast(replace(replace(text, thousands_mark, ''), decimal_mark, '.') as decimal(38, 12))
            end
    end
);

-- Text without outer space, null where nothing is left. Hardly any has some, and to see that takes a sixth of the time.
create macro trimmed(text) as if(
    text >= '!' and not ends_with(text, ' ') and strlen(text) = length(text), text, nullif(trim(text), '')
);

create macro hash_and_end(text) as concat('…', right(text, 4), ' (', left(md5(text), 16), ')');

-- What stands for a key that opens something: its last four signs and a hash. The same as masked_key in kit/masks.py.
-- Most ids are short or UUIDs, and to see that is a quarter of the cost of looking for the patterns.
create macro masked_key(text) as case
    when strlen(text) < 16 and not contains(text, '@') then text
    when text like '________-____-____-____-____________' and not contains(text, '@') then text
    when contains(text, '@') and regexp_matches(text, '[^\s/@]+@[^\s/@]+\.[A-Za-z]{2,}') then hash_and_end(text)
    when strlen(text) < 16 then text
    when regexp_full_match(text, '001[A-Za-z0-9]{15}|….{4} \([0-9a-f]{16}\)') then text
    when not regexp_matches(text, '[0-9]') or lower(text) = upper(text) then text
    when regexp_matches(text, '[A-Za-z0-9+/]{16}') then hash_and_end(text)
    when regexp_matches(text, '^(xox[a-z]|[sprw]k|gh[a-z]|glpat|SG|whsec|shpat|npm|hf|dop_v1)[-_.]') then hash_and_end(text)
    else text
end;

create macro without_address(text) as if(
    contains(text, '@'), regexp_replace(text, '[^\s/@]+@[^\s/@]+\.[A-Za-z]{2,}', '…', 'g'), text
);

-- An operation without what its query says, which may be anybody's, nor addresses of e-mail.
create macro without_query(text) as without_address(
    if(contains(text, '?'), nullif(rtrim(split_part(text, '?', 1)), ''), text)
);

-- A number as an id is written: 1001, whatever type it was given.
create macro whole_text(number) as if(
    number = trunc(number) and abs(number) < 1e15, number::bigint::varchar, number::varchar
);

create macro in_range(number) as if(abs(number) < 1e15, number, null);

create macro this_age(instant) as if(year(instant) >= 1900, instant, null);

-- A call's time; the year 1 and the year 9999 are written where there is none.
create macro of_this_age(instant) as if(
    instant >= timestamptz '1900-01-01 00:00:00+00' and instant < timestamptz '2200-01-01 00:00:00+00', instant, null
);

-- A whole number.
create macro read_whole(text, decimal_mark, thousands_mark) as (
    case
        when regexp_full_match(text, '[+-]?\d+') then try_cast(text as bigint)
        when read_number(text, decimal_mark, thousands_mark) = trunc(read_number(text, decimal_mark, thousands_mark))
            then try_cast(read_number(text, decimal_mark, thousands_mark) as bigint)
    end
);

-- An amount in whichever notation, if only one reading of it is possible: a mark before three digits has two.
create macro read_unmistakable(text) as try_cast(
    case
        when regexp_full_match(text, '-?\d+(\.(\d{1,2}|\d{4,}))?') then text
        when regexp_full_match(text, '-?\d+,\d{1,2}') then replace(text, ',', '.')
        when regexp_full_match(text, '-?\d{1,3}(\.\d{3})+,\d{1,2}') then replace(replace(text, '.', ''), ',', '.')
        when regexp_full_match(text, '-?\d{1,3}(,\d{3})+\.\d{1,2}') then replace(text, ',', '')
    end as decimal(38, 12)
);

-- Hours to the twelfth decimal, in whole numbers throughout.
create macro hours_of(seconds) as (
    ((seconds::hugeint * 1000000000000 + 1800) // 3600)::decimal(38, 0) * 0.000000000001::decimal(12, 12)
);

create macro read_boolean(text) as (
    case
        when lower(text) in ('true', 't', 'yes', 'y', '1') then true
        when lower(text) in ('false', 'f', 'no', 'n', '0') then false
    end
);

-- A date and a time on a clock; a fraction's seventh digit and beyond is dropped.
create macro read_clock(text) as regexp_replace(
    regexp_replace(upper(text), '(\.\d{6})\d+', '\1'), ' ?([+-]\d{2})(\d{2})$', '\1:\2'
);

create macro is_clock(text) as regexp_full_match(
    text, '(?i)\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?'
);

create macro has_offset(text) as regexp_full_match(
    text, '(?i)\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|UTC|GMT|[+-](0\d|1[0-4])(:?[0-5]\d)?)'
);

create macro is_day(text) as regexp_full_match(text, '\d{4}-\d{2}-\d{2}');

-- The time on the clock as it is written, whatever its zone; midnight for a day alone.
create macro written_clock(text) as (
    case
        when is_day(text) then try_cast(text as timestamp)
        when has_offset(text) or is_clock(text)
            then try_cast(
                replace(
                    regexp_extract(upper(text), '^[\d-]{10}[ T]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?'), ',', '.'
                ) as timestamp
            )
    end
);

-- The day in UTC on which something is billed there, or the text itself where it is no time.
create macro utc_day(written) as coalesce(
    try_cast(try_cast(written::varchar as timestamptz) as date)::varchar, written::varchar
);

-- A day alone is a day in the program's zone; a time without offset is one in the export's zone.
create macro read_instant(text, export_zone, program_zone) as (
    case
        -- The form of most logs, for which patterns would take five times as long.
        when (text like '____-__-__T__:__:__Z' or text like '____-__-__T__:__:__.___Z')
            and text >= '0' and not contains(text, ' ')
            then try_cast(text as timestamptz)
        when is_day(text) then try_cast(text as timestamp) at time zone program_zone
        when has_offset(text) then try_cast(read_clock(text) as timestamptz)
        when is_clock(text) then try_cast(read_clock(text) as timestamp) at time zone export_zone
    end
);

create macro read_day(text, export_zone, program_zone) as (
    case
        when is_day(text) then try_cast(text as date)
        else (read_instant(text, export_zone, program_zone) at time zone program_zone)::date
    end
);

-- What one of an amount's smallest units is worth: a cent for most currencies.
create macro minor_unit(of_currency) as coalesce(
    (select unit from minor_units where minor_units.currency = of_currency), 0.01
);

-- Money times a rate, a price or a share, back to twelve decimals. Whole units and the rest are multiplied apart:
-- together they would leave fourteen digits before the point.
create macro times(amount, factor) as (
    trunc(amount)::decimal(26, 0) * factor::decimal(38, 12)
    + ((amount - trunc(amount))::decimal(12, 12) * factor::decimal(38, 12))::decimal(38, 12)
)::decimal(38, 12);
